"""Search among an agent's memories: by words, and by meaning where vectors are wanted."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from memory.database import Database, Row
from memory.embeddings import embed, words
from memory.terms import is_telling, stem

Vectors = npt.NDArray[np.float32]
LEAST = 0.15  # scores below are noise: two unrelated texts reach this much by vectors alone
AT_ONCE = 500  # memories whose vectors are made in one go


class Similar:
    """Ranks memories for a query. `store` names the set of vectors; None searches by words alone.

    Vectors are made when somebody first searches, many at once, and kept: saving a memory stays cheap.
    """

    def __init__(self, db: Database, store: str | None) -> None:
        self._db = db
        self._store = store

    def best(self, query: str, agent_id: str, rows: Sequence[Row], most: int) -> list[tuple[int, float]]:
        """The places of the best `most` rows, this agent's and the shared ones, with their scores, 0 to 1."""
        if not rows:
            return []
        scores = _by_words(query, [readable(row) for row in rows])
        if self._store is not None:
            alike = np.clip(self._vectors(self._store, agent_id, rows) @ embed([query])[0], 0, 1)
            scores = (scores + alike) / 2
        order = np.argsort(-scores, kind="stable")[:most]
        return [(int(place), round(float(scores[place]), 4)) for place in order if scores[place] >= LEAST]

    def _vectors(self, store: str, agent_id: str, rows: Sequence[Row]) -> Vectors:
        known = self._known(store, agent_id)
        missing = [row for row in rows if row["id"] not in known]
        for start in range(0, len(missing), AT_ONCE):
            known |= self._make(store, missing[start : start + AT_ONCE])
        return np.stack([known[row["id"]] for row in rows])

    def _known(self, store: str, agent_id: str) -> dict[int, Vectors]:
        found = self._db.all(
            "SELECT v.memory_id, v.vector FROM memory_vectors v JOIN agent_memories m ON m.id = v.memory_id"
            " WHERE v.store = :store AND m.workflow_id = '' AND m.agent_id IN (:agent, '')",
            store=store,
            agent=agent_id,
        )
        return {row["memory_id"]: np.frombuffer(row["vector"], np.float16).astype(np.float32) for row in found}

    def _make(self, store: str, rows: Sequence[Row]) -> dict[int, Vectors]:
        made = embed([readable(row) for row in rows])
        with self._db.transaction():
            for row, vector in zip(rows, made, strict=True):
                self._db.run(
                    "INSERT INTO memory_vectors (store, memory_id, vector) SELECT :store, id, :vector"
                    " FROM agent_memories WHERE id = :id ON CONFLICT DO NOTHING",
                    store=store,
                    id=row["id"],
                    vector=vector.astype(np.float16).tobytes(),
                )
        return {row["id"]: vector for row, vector in zip(rows, made, strict=True)}


def readable(row: Row) -> str:
    """A memory as the text that is searched: its key and all words and numbers of its value."""
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
    """The share of the query's words that each text has, rare words counting more."""
    asked = _stems(query)
    have = [_stems(text) for text in texts]
    held = Counter(word for text in have for word in asked & text)
    weight = {word: math.log(1 + len(texts) / (held[word] or 0.5)) for word in asked}
    total = sum(weight.values()) or 1.0
    return np.array([sum(weight[word] for word in asked & text) / total for text in have], np.float32)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if is_telling(word)}
