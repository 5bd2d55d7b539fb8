"""A workflow's session: its agents' shared memory and messages, until it ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from memory.agents.memory_manager import CHECKED_JSON, EPISODES, MemoryManager
from memory.storage.errors import SessionOver
from memory.storage.json_values import check_name, check_text
from memory.storage.table import JSON_TUPLE, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import to_text

WORKFLOW_SESSIONS = Table(
    "workflow_sessions",
    Column("workflow_id", TEXT),
    Column("token", TEXT),
    Column("started_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    Column("metadata", CHECKED_JSON),
    Column("agents", JSON_TUPLE),
    key="workflow_id",
)
WORKFLOW_MESSAGES = Table(
    "workflow_messages",
    Column("id", REUSED_ROW_ID),
    Column("workflow_id", TEXT),
    Column("agent_id", TEXT),
    Column("role", TEXT),
    Column("content", TEXT),
    Column("metadata", CHECKED_JSON),
    Column("at", TIMESTAMP),
    indexes=[
        Index("workflow_messages_by_workflow", "workflow_id, id"),
    ],
)


@dataclass(frozen=True, slots=True)
class WorkflowSession:
    workflow_id: str
    token: str
    started_at: datetime
    metadata: dict[str, Any]
    agents: tuple[str, ...]


WORKFLOW_SESSION = WORKFLOW_SESSIONS.rows(WorkflowSession)
_SESSIONS = f"SELECT {WORKFLOW_SESSION.columns} FROM workflow_sessions"


def create_session(
    workflow_id: str, memory_manager: MemoryManager, metadata: dict[str, Any] | None = None
) -> SessionContext:
    """For a `with` block, or until `end_session`.

    Joins a session that is open; ends one that was silent too long first. Raises NotStorable.
    """
    return SessionContext(workflow_id, memory_manager, metadata)


class SessionContext:
    """Every method raises SessionOver once the session has ended or was silent too long."""

    def __init__(self, workflow_id: str, memory_manager: MemoryManager, metadata: dict[str, Any] | None = None) -> None:
        self.workflow_id = check_name("workflow_id", workflow_id)
        self.metadata = metadata or {}
        self._manager = memory_manager
        self._db = memory_manager.db
        self._token = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        session = self._open_session()
        if session is not None:
            close(self._manager, session, "completed" if kind is None else f"failed: {kind.__name__}")

    def save_agent_memory(
        self, agent_id: str, key: str, value: Any, memory_type: str = "short_term", ttl: int | None = None
    ) -> bool:
        """As `MemoryManager.save`, for this workflow only."""
        self._renewed(agent_id)
        return self._manager.save_within(self.workflow_id, agent_id, key, value, memory_type, ttl)

    def retrieve_agent_memory(self, agent_id: str, key: str, memory_type: str = "short_term") -> Any:
        """As `MemoryManager.retrieve`, of this workflow."""
        self._renewed(agent_id)
        return self._manager.retrieve_within(self.workflow_id, agent_id, key, memory_type)

    def add_conversation_message(
        self, agent_id: str, role: str, content: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Beyond MEMORY_MAX_CONVERSATION_HISTORY the oldest are deleted."""
        row = WORKFLOW_MESSAGES.stored(
            workflow_id=self.workflow_id,
            agent_id=agent_id,
            role=check_name("role", role),
            content=check_text("content", content),
            metadata=metadata or {},
            at=self._manager.clock(),
        )
        with self._db.transaction():
            self._renewed(agent_id)
            self._db.run(WORKFLOW_MESSAGES.insert(row), **row)
            self._delete_oldest()

    def get_conversation_history(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest, oldest first."""
        self._renewed()
        return self._manager.get_conversation_history(self.workflow_id, limit)

    def save_execution_record(self, agent_id: str, record: dict[str, Any]) -> str:
        """As `MemoryManager.save_execution_record`, with this workflow's id."""
        self._renewed(agent_id)
        return self._manager.record_within(self.workflow_id, agent_id, record)

    def get_session_summary(self) -> dict[str, Any]:
        """Agents, start, duration, numbers of messages and executions."""
        return summarise(self._manager, self._renewed())

    def end_session(self) -> None:
        """Keeps an episode; deletes the session's data where MEMORY_AUTO_CLEANUP is on."""
        close(self._manager, self._renewed(), "completed")

    def _open(self) -> str:
        token, now = secrets.token_hex(8), self._manager.clock()
        row = WORKFLOW_SESSIONS.stored(
            workflow_id=self.workflow_id,
            token=token,
            started_at=now,
            expires_at=self._expiry(now),
            metadata=self.metadata,
            agents=(),
        )
        silent = WORKFLOW_SESSION.one(
            self._db,
            f"{_SESSIONS} WHERE workflow_id = :workflow AND expires_at <= :now",
            workflow=self.workflow_id,
            now=to_text(now),
        )
        if silent is not None:
            close(self._manager, silent, "timed out")
        with self._db.transaction():
            self._db.hold(f"workflow {self.workflow_id}")
            joined: str | None = self._db.value(
                "SELECT token FROM workflow_sessions WHERE workflow_id = :workflow", workflow=self.workflow_id
            )
            if joined is None:
                self._db.run(WORKFLOW_SESSIONS.insert(row), **row)
        return joined or token

    def _open_session(self) -> WorkflowSession | None:
        return WORKFLOW_SESSION.one(
            self._db,
            f"{_SESSIONS} WHERE workflow_id = :workflow AND token = :token AND expires_at > :now",
            workflow=self.workflow_id,
            token=self._token,
            now=to_text(self._manager.clock()),
        )

    def _renewed(self, agent_id: str | None = None) -> WorkflowSession:
        """The session, its expiry moved on."""
        new = set() if agent_id is None else {check_name("agent_id", agent_id)}
        with self._db.transaction():
            self._db.hold(f"workflow {self.workflow_id}")
            session = self._open_session()
            if session is None:
                raise SessionOver(f"the session of workflow {self.workflow_id} is over; create a new one")
            used = WORKFLOW_SESSIONS.stored(
                expires_at=self._expiry(self._manager.clock()), agents=sorted(new | set(session.agents))
            )
            self._db.run(
                "UPDATE workflow_sessions SET expires_at = :expires_at, agents = :agents WHERE workflow_id = :workflow",
                workflow=self.workflow_id,
                **used,
            )
        return session

    def _delete_oldest(self) -> None:
        self._db.run(
            "DELETE FROM workflow_messages WHERE workflow_id = :workflow AND id <= (SELECT id FROM workflow_messages"
            " WHERE workflow_id = :workflow ORDER BY id DESC LIMIT 1 OFFSET :most)",
            workflow=self.workflow_id,
            most=self._manager.settings.max_conversation_history,
        )

    def _expiry(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._manager.settings.session_timeout)


def end_silent_sessions(memory_manager: MemoryManager) -> int:
    """Those silent for longer than MEMORY_SESSION_TIMEOUT; how many. A scheduled job."""
    silent = WORKFLOW_SESSION.all(
        memory_manager.db, f"{_SESSIONS} WHERE expires_at <= :now", now=to_text(memory_manager.clock())
    )
    for session in silent:
        close(memory_manager, session, "timed out")
    return len(silent)


def summarise(memory_manager: MemoryManager, session: WorkflowSession) -> dict[str, Any]:
    counts = {
        "messages": "SELECT count(*) FROM workflow_messages WHERE workflow_id = :workflow AND at >= :started",
        "executions": "SELECT count(*) FROM execution_records WHERE workflow_id = :workflow AND at >= :started",
    }
    started = to_text(session.started_at)
    lasted = memory_manager.clock() - session.started_at
    return {
        "workflow_id": session.workflow_id,
        "metadata": session.metadata,
        "agents": list(session.agents),
        "started_at": started,
        "duration_seconds": lasted.total_seconds(),
        **{
            name: memory_manager.db.value(sql, workflow=session.workflow_id, started=started)
            for name, sql in counts.items()
        },
    }


def close(memory_manager: MemoryManager, session: WorkflowSession, outcome: str) -> None:
    """An episode for each of its agents; the data goes where MEMORY_AUTO_CLEANUP is on."""
    with memory_manager.db.transaction():
        if memory_manager.db.run("DELETE FROM workflow_sessions WHERE token = :token", token=session.token):
            summary = summarise(memory_manager, session)
            for agent_id in session.agents:
                row = EPISODES.stored(
                    workflow_id=session.workflow_id,
                    agent_id=agent_id,
                    outcome=outcome,
                    at=memory_manager.clock(),
                    summary=summary,
                )
                memory_manager.db.run(EPISODES.insert(row), **row)
    if memory_manager.settings.auto_cleanup:
        memory_manager.clear_session(session.workflow_id)
