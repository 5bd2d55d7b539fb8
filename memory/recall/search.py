"""Finds the messages of one contact that matter for a query; see docs/recall.md."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.language.embeddings import DIMENSIONS, Vectors, embed
from memory.conversations.failed_readings import FailedReadings, ReadingKind
from memory.recall.ranking import LEAST_LENGTH, Conversation, Floats, Query, centred_cosines, marks, scores, understand
from memory.recall.terms import TERM, terms
from memory.storage.database import Database, Row
from memory.storage.migrations.release_0_1_0 import VECTORS_IN_SERVER
from memory.storage.table import BLOB, INTEGER, ROW_ID, TEXT, Column, Index, Table
from memory.storage.timestamps import from_text

log = logging.getLogger(__name__)

# A recall reads the rows of one contact and scores all of them (ranking.py). There is no index over several people:
# nothing of another person can surface or tilt a score, an erased person is one DELETE, and the newest message is as
# searchable as the oldest.
# What is not indexed yet is in `search_waiting`, written by the database in the message's transaction. A high-water mark
# would not do: PostgreSQL hands out ids before it commits, so a message may appear below a mark that has passed it.
_WAITING = "INSERT INTO search_waiting (contact_id, message_id)"

# `told`: the minute since 1970 (UTC), the marks and the vector. One column of them, as each costs a large recall 3 ms.
ROW_FEATURES = np.dtype([("minute", "<i8"), ("marks", "u1"), ("vector", "i1", (DIMENSIONS,))])
WITHOUT_VECTOR = ROW_FEATURES.itemsize - DIMENSIONS  # bytes of `told` where vectors are off

BATCH = 500  # messages indexed in one transaction: about 50 ms of work
SCALE = 400  # to int8: a unit vector of 256 numbers rarely has one above 127 / 400

Progress = Callable[[int, int], None]
Numbers = npt.NDArray[np.int64]
Rounded = npt.NDArray[np.int8]


# Clustered by contact, so that a recall reads neighbouring pages however many other people the file holds.
SEARCH_ROWS = Table(
    "search_rows",
    Column("contact_id", INTEGER),
    Column("message_id", INTEGER),
    Column("speaker", TEXT),
    Column("told", BLOB),
    Column("terms", BLOB),
    key="contact_id, message_id",
    without_rowid=True,
)
# Ids are never reused: a slow reader must not take a new row for the one it read.
SEARCH_WAITING = Table(
    "search_waiting",
    Column("id", ROW_ID),
    Column("contact_id", INTEGER),
    Column("message_id", INTEGER),
    indexes=[
        Index("search_waiting_by_contact", "contact_id"),
    ],
)


class Search:
    """`vectors=False` searches by words alone and stores no vectors."""

    def __init__(self, db: Database, *, vectors: bool = True) -> None:
        self._db = db
        self._vectors = vectors
        self._failed = FailedReadings(db)

    def on(self, db: Database) -> Search:
        return Search(db, vectors=self._vectors)

    def index(self, message_id: int, *, contact_id: int, at: datetime, speaker: str, text: str) -> None:
        """Upserts a message's row, in the open transaction if there is one.

        `at` is aware; `speaker` is a name that queries may use for the writer, such as the contact's own.
        """
        self._db.run(self._write, **self._columns(contact_id, message_id, at, speaker, text))

    def catch_up(self, contact_id: int | None = None) -> int:
        """Index the next messages that wait, `BATCH` at most; returns how many. Call until it returns 0.

        `contact_id`: only this contact's, so that a recall need not wait for an imported million. A kill loses nothing;
        several processes may do it at once. A message that cannot be indexed three times is left out.
        """
        waiting = self._waiting(contact_id)
        if not waiting:
            return 0
        made: dict[int, dict[str, Any]] = {}
        failed = set()
        for row in waiting:
            if row["content"] is None or row["message_id"] in made:
                continue
            try:
                made[row["message_id"]] = self._row(row)
            except Exception as fault:  # the outermost edge of a row: the others are indexed
                log.exception("message %s was not indexed", row["message_id"])
                if not self._failed.count(ReadingKind.SEARCH, row["contact_id"], row["message_id"], fault):
                    failed.add(row["id"])
        # Nothing is locked while texts are read. Here the rows still waiting are taken and indexed in one transaction.
        with self._db.transaction():
            taken = self._take_waiting([row["id"] for row in waiting if row["id"] not in failed])
            for message_id in sorted({row["message_id"] for row in waiting if row["id"] in taken} & set(made)):
                self._db.run(self._write, **made[message_id])
        return len(taken)

    def catch_up_fully(self, contact_id: int | None = None) -> None:
        """Everything that waits, or everything of one contact."""
        while self.catch_up(contact_id):
            pass

    def rebuild(self, progress: Progress = lambda done, total: None) -> None:
        """Index everything again, while recall goes on. `progress`: (messages done, messages in all).

        Also moves the vectors into a server that has got pgvector since; restart the program before.
        """
        self._db.apply(VECTORS_IN_SERVER)
        vars(self).pop("_in_server", None)
        vars(self).pop("_write", None)
        self._db.run("DELETE FROM search_rows WHERE message_id NOT IN (SELECT id FROM messages)")
        total, done, last = int(self._db.value("SELECT count(*) FROM messages")), 0, 0
        while page := self._ids_after(last):
            self._db.run(
                f"{_WAITING} SELECT contact_id, id FROM messages WHERE id > :last AND id <= :upto",
                last=last,
                upto=page[-1],
            )
            self.catch_up_fully()
            done, last = done + len(page), page[-1]
            progress(done, max(total, done))

    def recall(self, contact_id: int, query: str, limit: int = 10) -> list[int]:
        """Message ids, best first; empty where the query has nothing to search for.

        The same rows and query give the same order.
        """
        if limit < 1:
            raise ValueError(f"limit counts messages: give 1 or more, not {limit}")
        if not query.strip():
            return []
        conversation = self._conversation(contact_id)
        asked = understand(query, conversation.names)
        if not len(conversation.ids) or not _is_searchable(asked, conversation):
            return []
        newest_first = np.lexsort((-conversation.ids, -scores(conversation, asked)))
        return [int(i) for i in conversation.ids[newest_first[:limit]]]

    def erase(self, contact_id: int) -> int:
        """How many there were; the messages stay."""
        return self._db.run("DELETE FROM search_rows WHERE contact_id = :id", id=contact_id)

    @cached_property
    def _in_server(self) -> bool:
        """The server compares the vectors."""
        return self._vectors and self._db.has_column("search_rows", "vector")

    @cached_property
    def _write(self) -> str:
        more = {"vector": "CAST(:vector AS halfvec)"} if self._in_server else {}
        values = {name: f":{name}" for name in SEARCH_ROWS.columns} | more
        return (
            f"INSERT INTO search_rows ({', '.join(values)}) VALUES ({', '.join(values.values())})"
            f" {SEARCH_ROWS.update_on_conflict(values)}"
        )

    def _waiting(self, contact_id: int | None) -> list[Row]:
        whose = "" if contact_id is None else " WHERE w.contact_id = :contact_id"
        return self._db.all(
            "SELECT w.id, w.message_id, m.contact_id, m.role, m.content, m.at, c.name FROM search_waiting w"
            " LEFT JOIN messages m ON m.id = w.message_id LEFT JOIN contacts c ON c.id = m.contact_id"
            f"{whose} ORDER BY w.id LIMIT :batch",
            batch=BATCH,
            **({} if contact_id is None else {"contact_id": contact_id}),
        )

    def _take_waiting(self, waiting: Sequence[int]) -> set[int]:
        # Those that no other process took before.
        ids = {f"id_{n}": waiting_id for n, waiting_id in enumerate(waiting)}
        rows = self._db.all(
            f"DELETE FROM search_waiting WHERE id IN (SELECT w.id FROM search_waiting w WHERE w.id IN"
            f" ({', '.join(':' + name for name in ids)}) {self._db.lock_rows('w', skip_locked=True)}) RETURNING id",
            **ids,
        )
        return {row["id"] for row in rows}

    def _ids_after(self, last: int) -> list[int]:
        rows = self._db.all("SELECT id FROM messages WHERE id > :last ORDER BY id LIMIT :batch", last=last, batch=BATCH)
        return [row["id"] for row in rows]

    def _row(self, row: Row) -> dict[str, Any]:
        return self._columns(row["contact_id"], row["message_id"], from_text(row["at"]), _speaker(row), row["content"])

    def _columns(self, contact_id: int, message_id: int, at: datetime, speaker: str, text: str) -> dict[str, Any]:
        told = np.zeros((), ROW_FEATURES)
        told["minute"], told["marks"] = int(at.timestamp() // 60), marks(text)
        row: dict[str, Any] = {"contact_id": contact_id, "message_id": message_id, "speaker": speaker}
        row["terms"] = terms(text).tobytes()
        if self._vectors:
            told["vector"] = _rounded([text])[0]
        if self._in_server:
            row["vector"] = str(told["vector"].tolist())
        whole = self._vectors and not self._in_server
        return row | {"told": told.tobytes() if whole else told.tobytes()[:WITHOUT_VECTOR]}

    def _conversation(self, contact_id: int) -> Conversation:
        ids, spoken, told, held = (
            self._db.columns(
                "SELECT message_id, speaker, told, terms FROM search_rows WHERE contact_id = :id ORDER BY message_id",
                id=contact_id,
            )
            or [[]] * 4
        )
        number = {name: i for i, name in enumerate(dict.fromkeys(spoken))}
        facts = _row_features(told)
        places = np.array(ids, np.int64)
        return Conversation(
            ids=places,
            minutes=facts["minute"],
            speakers=np.array([number[name] for name in spoken], np.int64),
            names=tuple(number),
            marks=facts["marks"].astype(np.int64),
            lengths=np.array(list(map(len, held)), np.int64) // TERM.itemsize,
            terms=np.frombuffer(b"".join(held), TERM),
            likeness=self._likeness(contact_id, places, facts["vector"]) if self._vectors else None,
        )

    def _likeness(self, contact_id: int, ids: Numbers, stored: Rounded) -> Callable[[Floats], Floats]:
        if self._in_server:
            return partial(self._cosines_in_server, contact_id, ids)
        return partial(centred_cosines, _unrounded(stored))

    def _cosines_in_server(self, contact_id: int, ids: Numbers, asked: Floats) -> Floats:
        """As `centred_cosines`, by pgvector: an exact scan of the contact's rows."""
        vectors = range(len(asked))
        products = "".join(f", inner_product(vector, CAST(:asked_{i} AS halfvec)) AS asked_{i}" for i in vectors)
        whole = "".join(f", inner_product(mean, CAST(:asked_{i} AS halfvec)) AS asked_{i}" for i in vectors)
        cosines = "".join(f" || float8send((p.asked_{i} - whole.asked_{i}) / p.length)" for i in vectors)
        found = self._db.value(
            "WITH middle AS (SELECT avg(vector) AS mean FROM search_rows WHERE contact_id = :id),"
            f" whole AS (SELECT inner_product(mean, mean) AS own{whole} FROM middle),"
            " products AS (SELECT message_id, sqrt(greatest(inner_product(vector, vector)"
            f" - 2 * inner_product(vector, mean) + whole.own, :least)) AS length{products}"
            " FROM search_rows, middle, whole WHERE contact_id = :id AND vector IS NOT NULL)"
            f" SELECT string_agg(int8send(message_id){cosines}, ''::bytea ORDER BY message_id) FROM products p, whole",
            id=contact_id,
            least=(LEAST_LENGTH * SCALE) ** 2,
            **{f"asked_{i}": str(vector.tolist()) for i, vector in enumerate(asked)},
        )
        compared = np.frombuffer(found or b"", np.dtype([("id", ">i8"), ("cosines", ">f8", (len(asked),))]))
        # Messages that were indexed while vectors were off have none; what came since `ids` were read is not asked for.
        cosines_here = np.zeros((len(asked), len(ids)), np.float32)
        _, here, there = np.intersect1d(ids, compared["id"], assume_unique=True, return_indices=True)
        cosines_here[:, here] = compared["cosines"][there].T
        return cosines_here


def _row_features(told: Sequence[bytes]) -> npt.NDArray[np.void]:
    """As `ROW_FEATURES`; zeros for a vector that a row lacks: its words find it."""
    joined = b"".join(told)
    if len(joined) != len(told) * ROW_FEATURES.itemsize:
        joined = b"".join(row.ljust(ROW_FEATURES.itemsize, b"\0") for row in told)
    return np.frombuffer(joined, ROW_FEATURES)


def as_stored(texts: Sequence[str]) -> Vectors:
    """As a recall sees them, rounded to 8 bits."""
    return _unrounded(_rounded(texts))


def _rounded(texts: Sequence[str]) -> Rounded:
    return np.clip(np.rint(embed(texts) * SCALE), -127, 127).astype(np.int8)


def _unrounded(stored: Rounded) -> Vectors:
    return stored.astype(np.float32) / np.float32(SCALE)


def _speaker(row: Row) -> str:
    if row["role"] == "user":
        return str(row["name"] or "customer")
    return str(row["role"])


def _is_searchable(query: Query, conversation: Conversation) -> bool:
    by_words = bool(len(query.terms) or query.named or query.months or query.years)
    return by_words or (conversation.likeness is not None and bool(embed([query.without_names]).any()))
