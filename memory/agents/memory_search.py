"""Searches an agent's memories by words and by embeddings."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.language.embeddings import embed, split_words
from memory.recall.english_stemmer import stem
from memory.recall.terms import is_telling
from memory.storage.database import Database, Row
from memory.storage.table import BLOB, INTEGER, TEXT, Column, Index, Table

Vectors = npt.NDArray[np.float32]
MIN_SCORE = 0.15  # scores below are noise: two unrelated texts reach this much by vectors alone
BATCH = 500  # memories whose vectors are made in one go

_INSERT = (
    "INSERT INTO memory_vectors (store, memory_id, vector) SELECT :store, id, :vector"
    " FROM agent_memories WHERE id = :id ON CONFLICT DO NOTHING"
)
# Also as bytes, so that a copy into a SQLite file has them.
_INSERT_IN_SERVER = (
    "INSERT INTO memory_vectors (store, memory_id, vector, meaning) SELECT :store, id, :vector,"
    " CAST(:meaning AS halfvec) FROM agent_memories WHERE id = :id"
    " ON CONFLICT (store, memory_id) DO UPDATE SET meaning = excluded.meaning"
)


MEMORY_VECTORS = Table(
    "memory_vectors",
    Column("store", TEXT),
    Column("memory_id", INTEGER, references="agent_memories (id) ON DELETE CASCADE"),
    Column("vector", BLOB),
    key="store, memory_id",
    indexes=[
        Index("memory_vectors_by_memory", "memory_id"),
    ],
)


class MemorySearch:
    """`store` names the set of vectors; None searches by words alone.

    Saving a memory stays cheap: vectors are made at the next search, many at once, and kept.
    """

    def __init__(self, db: Database, store: str | None) -> None:
        self._db = db
        self._store = store

    def best(self, query: str, agent_id: str, rows: Sequence[Row], most: int) -> list[tuple[int, float]]:
        """(index into `rows`, score 0 to 1), best first."""
        if not rows:
            return []
        scores = _by_words(query, [readable(row) for row in rows])
        if self._store is not None:
            alike = np.clip(self._similarities(self._store, agent_id, rows, embed([query])[0]), 0, 1)
            scores = ((scores + alike) / 2).astype(np.float32)
        order = np.argsort(-scores, kind="stable")[:most]
        return [(int(place), round(float(scores[place]), 4)) for place in order if scores[place] >= MIN_SCORE]

    @cached_property
    def _in_server(self) -> bool:
        return self._db.has_column("memory_vectors", "meaning")

    def _similarities(self, store: str, agent_id: str, rows: Sequence[Row], asked: Vectors) -> Vectors:
        known = self._stored_similarities(store, agent_id, asked)
        missing = [row for row in rows if row["id"] not in known]
        for start in range(0, len(missing), BATCH):
            known |= self._embed_and_store(store, missing[start : start + BATCH], asked)
        return np.array([known[row["id"]] for row in rows], np.float32)

    def _stored_similarities(self, store: str, agent_id: str, asked: Vectors) -> dict[int, float]:
        compared = "inner_product(v.meaning, CAST(:asked AS halfvec))" if self._in_server else "v.vector"
        more = {"asked": str(asked.tolist())} if self._in_server else {}
        found = self._db.all(
            f"SELECT v.memory_id, {compared} AS kept FROM memory_vectors v JOIN agent_memories m ON m.id = v.memory_id"
            " WHERE v.store = :store AND m.workflow_id = '' AND m.agent_id IN (:agent, '')",
            store=store,
            agent=agent_id,
            **more,
        )
        if self._in_server:  # None: copied from a SQLite file, which has bytes only
            return {row["memory_id"]: row["kept"] for row in found if row["kept"] is not None}
        return {row["memory_id"]: float(np.frombuffer(row["kept"], np.float16) @ asked) for row in found}

    def _embed_and_store(self, store: str, rows: Sequence[Row], asked: Vectors) -> dict[int, float]:
        made = embed([readable(row) for row in rows])
        with self._db.transaction():
            for row, vector in zip(rows, made, strict=True):
                more = {"meaning": str(vector.tolist())} if self._in_server else {}
                self._db.run(
                    _INSERT_IN_SERVER if self._in_server else _INSERT,
                    store=store,
                    id=row["id"],
                    vector=vector.astype(np.float16).tobytes(),
                    **more,
                )
        return {row["id"]: float(vector @ asked) for row, vector in zip(rows, made, strict=True)}


def readable(row: Row) -> str:
    """The text that is searched: the key, and all words and numbers of the value."""
    return " ".join([row["key"].replace("_", " "), *_leaves(json.loads(row["value"]))])


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key.replace("_", " ")
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif value is not None:
        yield str(value)


def _by_words(query: str, texts: Sequence[str]) -> Vectors:
    """The share of the query's words in each text; rare words count more."""
    asked = _stems(query)
    have = [_stems(text) for text in texts]
    held = Counter(word for text in have for word in asked & text)
    weight = {word: math.log(1 + len(texts) / (held[word] or 0.5)) for word in asked}
    total = sum(weight.values()) or 1.0
    return np.array([sum(weight[word] for word in asked & text) / total for text in have], np.float32)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in split_words(text) if is_telling(word)}
