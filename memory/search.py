"""Finds, in everything ever said with one contact, the messages that matter for a query.

Every message has one row: its terms, its vector, its speaker and its minute. A recall reads the rows of one contact and
scores all of them exactly (memory/ranking.py): no index over several people, so nothing of another person can surface
or tilt a score, an erased person is one DELETE, and neighbours are compared when asked, so the newest message is as
searchable as the oldest. docs/recall.md tells why, and what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from memory.database import Database, EachInItsWay, Row
from memory.embeddings import DIMENSIONS, Vectors, embed
from memory.moments import from_text
from memory.ranking import Conversation, Query, marks, scores, understand
from memory.terms import TERM, terms

_ROWS = """CREATE TABLE search_rows (
    contact_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    told BLOB NOT NULL,
    terms BLOB NOT NULL,
    PRIMARY KEY (contact_id, message_id)
)"""
_PROGRESS = "CREATE TABLE search_progress (id INTEGER PRIMARY KEY CHECK (id = 1), message_id INTEGER NOT NULL)"
SEARCH_TABLES = (
    # Clustered by contact, so that a recall reads neighbouring pages however many other people the file holds.
    EachInItsWay(
        sqlite=(f"{_ROWS} WITHOUT ROWID",), postgresql=(_ROWS.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT"),)
    ),
    # Not copied to another engine: there, everything is indexed anew.
    EachInItsWay(sqlite=(_PROGRESS,), postgresql=(_PROGRESS.replace("INTEGER", "BIGINT"),)),
    "INSERT INTO search_progress (id, message_id) VALUES (1, 0)",
)

# `told`: the minute since 1970 (UTC), the marks and the vector. One column of them, as each costs a large recall 3 ms.
TOLD = np.dtype([("minute", "<i8"), ("marks", "u1"), ("vector", "i1", (DIMENSIONS,))])
WITHOUT_VECTOR = TOLD.itemsize - DIMENSIONS  # bytes of `told` where vectors are off

BATCH = 500  # messages indexed in one transaction: about 50 ms of work
SCALE = 400  # a unit vector of 256 numbers rarely has one above 127 / 400

Progress = Callable[[int, int], None]


class Search:
    """Recall over a contact's messages. `vectors=False` searches by words alone and keeps no vectors."""

    def __init__(self, db: Database, *, vectors: bool = True) -> None:
        self._db = db
        self._vectors = vectors

    def index(self, message_id: int, *, contact_id: int, at: datetime, speaker: str, text: str) -> None:
        """Make one message findable, or its changed text; joins the open transaction if there is one.

        `at` is aware; `speaker` is a name that queries may use for the writer, such as the contact's own.
        """
        self._keep(contact_id, message_id, at, speaker, text)

    def catch_up(self) -> int:
        """Index the next messages that are not indexed yet, `BATCH` at most; how many. Call until it gives 0.

        The rows and the mark of how far it came are one transaction: killed at any moment, it goes on from there.
        """
        with self._db.transaction():
            rows = self._db.all(
                "SELECT m.id, m.contact_id, m.role, m.content, m.at, c.name FROM messages m"
                " JOIN contacts c ON c.id = m.contact_id WHERE m.id > (SELECT message_id FROM search_progress)"
                " ORDER BY m.id LIMIT :batch",
                batch=BATCH,
            )
            for row in rows:
                self._keep(row["contact_id"], row["id"], from_text(row["at"]), _speaker(row), row["content"])
            if rows:
                self._db.run("UPDATE search_progress SET message_id = :id", id=rows[-1]["id"])
        return len(rows)

    def catch_up_fully(self) -> None:
        """Index everything that is not indexed yet."""
        while self.catch_up():
            pass

    def rebuild(self, progress: Progress = lambda done, total: None) -> None:
        """Index everything anew; recall goes on meanwhile. `progress` is told (messages done, messages in all)."""
        total = int(self._db.value("SELECT count(*) FROM messages"))
        with self._db.transaction():
            self._db.run("UPDATE search_progress SET message_id = 0")
            self._db.run("DELETE FROM search_rows WHERE message_id NOT IN (SELECT id FROM messages)")
        done = 0
        while batch := self.catch_up():
            done += batch
            progress(done, max(total, done))

    def recall(self, contact_id: int, query: str, limit: int = 10) -> list[int]:
        """The ids of the contact's messages that matter most for `query`, best first, `limit` at most.

        Empty where the query says nothing to go by. The same rows and query give the same order, always.
        """
        if limit < 1:
            raise ValueError(f"limit counts messages: give 1 or more, not {limit}")
        if not query.strip():
            return []
        conversation = self._conversation(contact_id)
        asked = understand(query, conversation.names)
        if not len(conversation.ids) or not _says_something(asked, conversation):
            return []
        newest_first = np.lexsort((-conversation.ids, -scores(conversation, asked)))
        return [int(i) for i in conversation.ids[newest_first[:limit]]]

    def erase(self, contact_id: int) -> int:
        """Forget a contact's rows; how many there were. The messages themselves are not touched."""
        return self._db.run("DELETE FROM search_rows WHERE contact_id = :id", id=contact_id)

    def _keep(self, contact_id: int, message_id: int, at: datetime, speaker: str, text: str) -> None:
        self._db.run(
            "INSERT INTO search_rows (contact_id, message_id, speaker, told, terms)"
            " VALUES (:contact_id, :message_id, :speaker, :told, :terms)"
            " ON CONFLICT (contact_id, message_id)"
            " DO UPDATE SET speaker = excluded.speaker, told = excluded.told, terms = excluded.terms",
            contact_id=contact_id,
            message_id=message_id,
            speaker=speaker,
            told=self._told(at, text),
            terms=terms(text).tobytes(),
        )

    def _told(self, at: datetime, text: str) -> bytes:
        row = np.zeros((), TOLD)
        row["minute"], row["marks"] = int(at.timestamp() // 60), marks(text)
        if not self._vectors:
            return row.tobytes()[:WITHOUT_VECTOR]
        row["vector"] = _rounded([text])[0]
        return row.tobytes()

    def _conversation(self, contact_id: int) -> Conversation:
        rows = self._db.all(
            "SELECT message_id, speaker, told, terms FROM search_rows WHERE contact_id = :id ORDER BY message_id",
            id=contact_id,
        )
        number = {name: i for i, name in enumerate(dict.fromkeys(row["speaker"] for row in rows))}
        # A message indexed while vectors were off has zeros: it is found by its words until a rebuild.
        told = np.frombuffer(b"".join(row["told"].ljust(TOLD.itemsize, b"\0") for row in rows), TOLD)
        return Conversation(
            ids=np.array([row["message_id"] for row in rows], np.int64),
            minutes=told["minute"],
            speakers=np.array([number[row["speaker"]] for row in rows], np.int64),
            names=tuple(number),
            marks=told["marks"].astype(np.int64),
            lengths=np.array([len(row["terms"]) for row in rows], np.int64) // TERM.itemsize,
            terms=np.frombuffer(b"".join(row["terms"] for row in rows), TERM),
            vectors=_unrounded(told["vector"]) if self._vectors else None,
        )


def as_stored(texts: Sequence[str]) -> Vectors:
    """The vectors of texts as a recall sees them, after rounding to 8 bits."""
    return _unrounded(_rounded(texts))


def _rounded(texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.clip(np.rint(embed(texts) * SCALE), -127, 127).astype(np.int8)


def _unrounded(stored: np.ndarray[tuple[int, ...], np.dtype[np.int8]]) -> Vectors:
    return stored.astype(np.float32) / np.float32(SCALE)


def _speaker(row: Row) -> str:
    if row["role"] == "user":
        return str(row["name"] or "customer")
    return str(row["role"])


def _says_something(query: Query, conversation: Conversation) -> bool:
    by_words = bool(len(query.terms) or query.named or query.months or query.years)
    return by_words or (conversation.vectors is not None and bool(embed([query.text]).any()))
