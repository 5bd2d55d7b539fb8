"""Agents' memory: short-term, long-term and shared values, execution records, episodes."""

from __future__ import annotations

import json
import logging
import secrets
from collections import OrderedDict
from pathlib import Path
from threading import local
from typing import Any

from memory.agents.memory_search import MemorySearch
from memory.agents.short_term import ShortTerm, open_short_term
from memory.people.contacts import case_of
from memory.settings import MemorySettings
from memory.storage.database import Database, Row
from memory.storage.errors import (
    DatabaseUnavailable,
    NotStorable,
    ReadOnlyMemory,
    ShortTermUnavailable,
    UnknownMemoryType,
)
from memory.storage.json_values import check_name, check_text, check_ttl, file_name, to_json
from memory.storage.migrations import STEPS
from memory.storage.table import JSON, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, ColumnType, Index, Table
from memory.storage.timestamps import Clock, now, to_text

log = logging.getLogger(__name__)

SHARED = ""  # the agent_id of shared memory: no agent can have this name
NO_WORKFLOW = ""  # the workflow_id of what belongs to none
CHECKED_JSON = ColumnType("TEXT", json.loads, to_json)  # raises NotStorable

AGENT_MEMORIES = Table(
    "agent_memories",
    Column("id", REUSED_ROW_ID),
    Column("workflow_id", TEXT),
    Column("agent_id", TEXT),
    Column("key", TEXT),
    Column("value", TEXT),  # JSON, as `to_json` makes it
    Column("at", TIMESTAMP),
    unique=["workflow_id, agent_id, key"],
)
EXECUTION_RECORDS = Table(
    "execution_records",
    Column("id", REUSED_ROW_ID),
    Column("record_id", TEXT, unique=True),
    Column("agent_id", TEXT),
    Column("workflow_id", TEXT),
    Column("at", TIMESTAMP),
    Column("record", CHECKED_JSON),
    indexes=[
        Index("execution_records_by_agent", "agent_id, id"),
        Index("execution_records_by_workflow", "workflow_id, at"),
    ],
)
# How a workflow ended: a row for each agent that took part.
EPISODES = Table(
    "episodes",
    Column("id", REUSED_ROW_ID),
    Column("workflow_id", TEXT),
    Column("agent_id", TEXT),
    Column("outcome", TEXT),
    Column("at", TIMESTAMP),
    Column("summary", JSON),
    indexes=[
        Index("episodes_by_agent", "agent_id, id"),
        Index("episodes_by_workflow", "workflow_id"),
    ],
)


class MemoryManager:
    """The memory of all agents of a program: made once, handed to each.

    Without arguments it reads the environment (`MEMORY_…`, `DATABASE_URL`, `REDIS_URL`) and keeps its file under `data/`.
    `backend`: for short-term values, whatever the settings say. All methods but the `save`s may raise DatabaseUnavailable,
    those for short-term memory ShortTermUnavailable.
    """

    def __init__(
        self,
        settings: MemorySettings | None = None,
        *,
        db: Database | None = None,
        backend: ShortTerm | None = None,
        clock: Clock = now,
    ) -> None:
        self.settings = settings or MemorySettings.from_environment()
        self.db = db or Database(self.settings.database_url, key=self.settings.database_key)
        self.db.migrate(STEPS)
        self.clock = clock
        self.short_term = backend or open_short_term(
            self.settings.redis_url, most=self.settings.max_cache_size, clock=clock
        )
        self._cache = LongTermCache(self.db, self.settings.max_cache_size if self.settings.cache_enabled else 0)
        self._search = MemorySearch(self.db, self.settings.vector_store if self.settings.enable_vector_search else None)

    def save(
        self, agent_id: str, key: str, value: Any, memory_type: str = "short_term", ttl: int | None = None
    ) -> bool:
        """Upsert a JSON value; False, with a warning in the log, where Redis or the database cannot be reached.

        In an open transaction that raises DatabaseUnavailable instead, so that all of it is rolled back. `ttl`: seconds, for
        short-term values only; by default MEMORY_SHORT_TERM_TTL. Raises NotStorable, UnknownMemoryType, ReadOnlyMemory.
        """
        return self.save_within(NO_WORKFLOW, agent_id, key, value, memory_type, ttl)

    def retrieve(self, agent_id: str, key: str, memory_type: str = "short_term") -> Any:
        """The agent's own, or the operator's (`shared`); None where there is none. Raises UnknownMemoryType."""
        return self.retrieve_within(NO_WORKFLOW, agent_id, key, memory_type)

    def save_within(
        self, workflow_id: str, agent_id: str, key: str, value: Any, memory_type: str, ttl: int | None = None
    ) -> bool:
        """As `save`, in one workflow; see `create_session`."""
        owner = _owner(agent_id, key)
        text = to_json(value)
        if memory_type not in ("short_term", "long_term"):
            raise _wrong_type(memory_type)
        if memory_type == "long_term" and ttl is not None:
            raise NotStorable("only short_term memory runs out; leave ttl out, or save as short_term")
        try:
            if memory_type == "short_term":
                life = self.settings.short_term_ttl if ttl is None else ttl
                check_ttl(life)
                self.short_term.put((workflow_id, *owner), text, life)
            else:
                keep(self.db, self.clock, workflow_id, *owner, text)
                self._cache.forget(workflow_id, *owner)
        except (ShortTermUnavailable, DatabaseUnavailable) as fault:
            if self.db.in_transaction and isinstance(fault, DatabaseUnavailable):
                raise
            log.warning("%s of %s was not saved: %s", memory_type, agent_id, fault)
            return False
        return True

    def retrieve_within(self, workflow_id: str, agent_id: str, key: str, memory_type: str) -> Any:
        """As `retrieve`, in one workflow."""
        owner = _owner(agent_id, key)
        if memory_type == "short_term":
            text = self.short_term.get((workflow_id, *owner))
        elif memory_type == "long_term":
            text = self._cache.get(workflow_id, *owner)
        elif memory_type == "shared":
            text = self._cache.get(NO_WORKFLOW, SHARED, key)
        else:
            raise _wrong_type(memory_type, reading=True)
        return None if text is None else json.loads(text)

    def search_similar(
        self, agent_id: str, query: str, top_k: int = 5, filter_metadata: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The agent's own and the shared long-term memories by words and, with MEMORY_ENABLE_VECTOR_SEARCH, by embeddings.

        Best first: `key`, `value`, `score` (0 to 1) and `metadata` (agent_id, key, memory_type, saved_at, and the fields of a
        value that is a dict). `filter_metadata`: fields that the metadata must have.
        """
        rows = self.db.all(
            "SELECT * FROM agent_memories WHERE workflow_id = '' AND agent_id IN (:agent, '') ORDER BY id",
            agent=check_name("agent_id", agent_id),
        )
        if filter_metadata:
            rows = [row for row in rows if _has(row, filter_metadata)]
        found = self._search.best(check_text("the query", query), agent_id, rows, max(0, top_k))
        return [{**_entry(rows[place]), "score": score} for place, score in found]

    def get_conversation_history(self, workflow_id: str, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest, oldest first; by default all that are kept."""
        check_name("workflow_id", workflow_id)
        most = self.settings.max_conversation_history
        rows = self.db.all(
            "SELECT * FROM workflow_messages WHERE workflow_id = :workflow ORDER BY id DESC LIMIT :limit",
            workflow=workflow_id,
            limit=most if limit is None else max(0, min(limit, most)),
        )
        return [_message_data(row) for row in reversed(rows)]

    def save_execution_record(self, agent_id: str, record: dict[str, Any]) -> str:
        """Returns the record's id. Raises NotStorable."""
        return self.record_within(NO_WORKFLOW, agent_id, record)

    def record_within(self, workflow_id: str, agent_id: str, record: dict[str, Any]) -> str:
        """As `save_execution_record`, in one workflow."""
        record_id = secrets.token_hex(16)
        row = EXECUTION_RECORDS.stored(
            record_id=record_id,
            agent_id=check_name("agent_id", agent_id),
            workflow_id=workflow_id,
            at=self.clock(),
            record=record,
        )
        self.db.run(EXECUTION_RECORDS.insert(row), **row)
        return record_id

    def get_execution_records(self, agent_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """The newest, oldest first."""
        rows = self.db.all(
            "SELECT * FROM execution_records WHERE agent_id = :agent ORDER BY id DESC LIMIT :limit",
            agent=check_name("agent_id", agent_id),
            limit=limit,
        )
        return [recorded(row) for row in reversed(rows)]

    def export_execution_records(self, agent_id: str, folder: Path | None = None) -> Path:
        """JSONL, in MEMORY_EXECUTION_RECORDS_DIR by default; an earlier export is replaced at once or not at all."""
        home = folder or self.settings.records_folder
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"{file_name(check_name('agent_id', agent_id))}.jsonl"
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="utf-8") as lines:
            last = 0
            while page := self._page_of_records(agent_id, last):
                lines.writelines(json.dumps(recorded(row)) + "\n" for row in page)
                last = page[-1]["id"]
        return unfinished.replace(path)

    def get_episodes(self, agent_id: str, limit: int = 20) -> list[dict[str, Any]]:
        """How the agent's workflows ended, newest first."""
        rows = self.db.all(
            "SELECT * FROM episodes WHERE agent_id = :agent ORDER BY id DESC LIMIT :limit",
            agent=check_name("agent_id", agent_id),
            limit=limit,
        )
        return [{**json.loads(row["summary"]), "outcome": row["outcome"], "ended_at": row["at"]} for row in rows]

    def save_episode(self, workflow_id: str, agent_id: str, outcome: str, summary: dict[str, Any]) -> None:
        """For a workflow without a session of its own, such as a customer's case. Raises NotStorable."""
        row = EPISODES.stored(
            workflow_id=check_name("workflow_id", workflow_id),
            agent_id=check_name("agent_id", agent_id),
            outcome=check_name("outcome", outcome),
            at=self.clock(),
        )
        row["summary"] = to_json({"workflow_id": workflow_id, **summary})
        self.db.run(EPISODES.insert(row), **row)

    def clear_session(self, workflow_id: str) -> bool:
        """Delete a workflow's short-term values and messages; False when there was nothing.

        Long-term values, execution records and episodes stay.
        """
        check_name("workflow_id", workflow_id)
        with self.db.transaction():
            rows = [
                self.db.run(f"DELETE FROM {table} WHERE workflow_id = :workflow", workflow=workflow_id)
                for table in ("workflow_messages", "workflow_sessions")
            ]
        return self.short_term.drop((workflow_id,)) + sum(rows) > 0

    def get_stats(self) -> dict[str, Any]:
        counts = {
            "long_term_entries": "SELECT count(*) FROM agent_memories WHERE agent_id <> ''",
            "shared_entries": "SELECT count(*) FROM agent_memories WHERE agent_id = ''",
            "conversation_messages": "SELECT count(*) FROM workflow_messages",
            "execution_records": "SELECT count(*) FROM execution_records",
            "episodes": "SELECT count(DISTINCT workflow_id || at) FROM episodes",
        }
        vectors = "SELECT count(*) FROM memory_vectors WHERE store = :store"
        return {
            "short_term_backend": self.short_term.name,
            "short_term_entries": self.short_term.count(),
            "cached_entries": len(self._cache),
            **{name: self.db.value(sql) for name, sql in counts.items()},
            "vectors": self.db.value(vectors, store=self.settings.vector_store),
            "active_sessions": self.db.value(
                "SELECT count(*) FROM workflow_sessions WHERE expires_at > :now", now=to_text(self.clock())
            ),
        }

    def _page_of_records(self, agent_id: str, after: int) -> list[Row]:
        return self.db.all(
            "SELECT * FROM execution_records WHERE agent_id = :agent AND id > :after ORDER BY id LIMIT 1000",
            agent=agent_id,
            after=after,
        )


class SharedMemory:
    """What every agent may read: product documentation, guidelines. Only the operator's commands write it."""

    def __init__(self, db: Database, clock: Clock = now) -> None:
        self._db = db
        self._clock = clock

    def publish(self, key: str, value: Any) -> None:
        """Raises NotStorable."""
        keep(self._db, self._clock, NO_WORKFLOW, SHARED, check_name("key", key), to_json(value))

    def withdraw(self, key: str) -> bool:
        """False where there was none."""
        return forget(self._db, NO_WORKFLOW, SHARED, key)


class LongTermCache(local):
    """This thread's cache of long-term values; emptied as soon as anybody else commits."""

    def __init__(self, db: Database, most: int) -> None:
        self._db = db
        self._most = most
        self._texts: OrderedDict[tuple[str, str, str], str | None] = OrderedDict()
        self._as_of = -1

    def get(self, workflow_id: str, agent_id: str, key: str) -> str | None:
        owner = (workflow_id, agent_id, key)
        if not self._most or self._db.in_transaction:  # what is written here may yet be rolled back
            return self._read(*owner)
        self._empty_if_outdated()
        if owner not in self._texts:
            self._texts[owner] = self._read(*owner)
        self._texts.move_to_end(owner)
        if len(self._texts) > self._most:
            self._texts.popitem(last=False)
        return self._texts[owner]

    def __len__(self) -> int:
        return len(self._texts)

    def forget(self, workflow_id: str, agent_id: str, key: str) -> None:
        self._texts.pop((workflow_id, agent_id, key), None)

    def _empty_if_outdated(self) -> None:
        as_of = self._db.changed_elsewhere()
        if as_of != self._as_of:
            self._texts.clear()
            self._as_of = as_of

    def _read(self, workflow_id: str, agent_id: str, key: str) -> str | None:
        found: str | None = self._db.value(
            "SELECT value FROM agent_memories WHERE workflow_id = :workflow AND agent_id = :agent AND key = :key",
            workflow=workflow_id,
            agent=agent_id,
            key=key,
        )
        return found


def cases_of(db: Database, contact_id: int) -> list[dict[str, Any]]:
    """How this contact's cases ended, oldest first."""
    rows = db.all("SELECT * FROM episodes WHERE workflow_id = :case ORDER BY id", case=case_of(contact_id))
    return [
        {**json.loads(row["summary"]), "agent_id": row["agent_id"], "outcome": row["outcome"], "ended_at": row["at"]}
        for row in rows
    ]


def keep(db: Database, clock: Clock, workflow_id: str, agent_id: str, key: str, text: str) -> None:
    """A search makes the vectors anew."""
    with db.transaction():
        forget(db, workflow_id, agent_id, key)
        row = AGENT_MEMORIES.stored(workflow_id=workflow_id, agent_id=agent_id, key=key, value=text, at=clock())
        db.run(AGENT_MEMORIES.insert(row), **row)


def forget(db: Database, workflow_id: str, agent_id: str, key: str) -> bool:
    """With its vectors; False where there was none."""
    with db.transaction():
        db.hold(f"memory {workflow_id}/{agent_id}/{key}")
        return (
            db.run(
                "DELETE FROM agent_memories WHERE workflow_id = :workflow AND agent_id = :agent AND key = :key",
                workflow=workflow_id,
                agent=agent_id,
                key=key,
            )
            > 0
        )


def _owner(agent_id: str, key: str) -> tuple[str, str]:
    return check_name("agent_id", agent_id), check_name("key", key)


def _wrong_type(memory_type: str, *, reading: bool = False) -> UnknownMemoryType | ReadOnlyMemory:
    if memory_type == "shared":
        return ReadOnlyMemory("agents only read shared memory; the operator writes it with SharedMemory.publish")
    types = "short_term, long_term or shared" if reading else "short_term or long_term"
    return UnknownMemoryType(f"there is no memory of this type; use {types}")


def _entry(row: Row) -> dict[str, Any]:
    value = json.loads(row["value"])
    own = value if isinstance(value, dict) else {}
    where = {
        "agent_id": row["agent_id"],
        "key": row["key"],
        "memory_type": "long_term" if row["agent_id"] else "shared",
        "saved_at": row["at"],
    }
    return {"key": row["key"], "value": value, "metadata": {**own, **where}}


def _has(row: Row, wanted: dict[str, Any]) -> bool:
    metadata = _entry(row)["metadata"]
    return all(name in metadata and metadata[name] == value for name, value in wanted.items())


def _message_data(row: Row) -> dict[str, Any]:
    return {
        "agent_id": row["agent_id"],
        "role": row["role"],
        "content": row["content"],
        "metadata": json.loads(row["metadata"]),
        "timestamp": row["at"],
    }


def recorded(row: Row) -> dict[str, Any]:
    """As shown and exported: what the agent recorded, and which record it is."""
    told = json.loads(row["record"])
    workflow = row["workflow_id"] or told.get("workflow_id")
    where = {"record_id": row["record_id"], "agent_id": row["agent_id"], "timestamp": row["at"]}
    where |= {"workflow_id": workflow} if workflow is not None else {}
    return {**{name: value for name, value in told.items() if name not in where}, **where}
