"""A workflow's session: what its agents remember, say and do together, until it ends."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from memory.agents.memory_manager import MemoryManager
from memory.storage.database import Row
from memory.storage.errors import SessionOver
from memory.storage.json_values import check_name, check_text, to_json
from memory.storage.table import JSON, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import from_text, to_text

WORKFLOW_SESSIONS = Table(
    "workflow_sessions",
    Column("workflow_id", TEXT),
    Column("token", TEXT),
    Column("started_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    Column("metadata", JSON),
    Column("agents", JSON),
    key="workflow_id",
)
WORKFLOW_MESSAGES = Table(
    "workflow_messages",
    Column("id", REUSED_ROW_ID),
    Column("workflow_id", TEXT),
    Column("agent_id", TEXT),
    Column("role", TEXT),
    Column("content", TEXT),
    Column("metadata", JSON),
    Column("at", TIMESTAMP),
    indexes=[
        Index("workflow_messages_by_workflow", "workflow_id, id"),
    ],
)
# One row for each agent that took part.
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


def create_session(
    workflow_id: str, memory_manager: MemoryManager, metadata: dict[str, Any] | None = None
) -> SessionContext:
    """Open a workflow's session, for a `with` block or until `end_session`.

    One that is open already is joined; one that was silent too long is ended first. Raises NotStorable.
    """
    return SessionContext(workflow_id, memory_manager, metadata)


class SessionContext:
    """The memory of one workflow. Every method raises SessionOver once the session has ended or was silent too long."""

    def __init__(self, workflow_id: str, memory_manager: MemoryManager, metadata: dict[str, Any] | None = None) -> None:
        self.workflow_id = check_name("workflow_id", workflow_id)
        self.metadata = metadata or {}
        self._manager = memory_manager
        self._db = memory_manager.db
        self._token = self._open(to_json(self.metadata))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        row = self._row()
        if row is not None:
            close(self._manager, row, "completed" if kind is None else f"failed: {kind.__name__}")

    def save_agent_memory(
        self, agent_id: str, key: str, value: Any, memory_type: str = "short_term", ttl: int | None = None
    ) -> bool:
        """As `MemoryManager.save`, readable in this workflow only."""
        self._go_on(agent_id)
        return self._manager.save_within(self.workflow_id, agent_id, key, value, memory_type, ttl)

    def retrieve_agent_memory(self, agent_id: str, key: str, memory_type: str = "short_term") -> Any:
        """As `MemoryManager.retrieve`, of what was saved in this workflow."""
        self._go_on(agent_id)
        return self._manager.retrieve_within(self.workflow_id, agent_id, key, memory_type)

    def add_conversation_message(
        self, agent_id: str, role: str, content: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Add to what is said in this workflow; beyond MEMORY_MAX_CONVERSATION_HISTORY the oldest go."""
        values = {
            "role": check_name("role", role),
            "content": check_text("content", content),
            "metadata": to_json(metadata or {}),
        }
        with self._db.transaction():
            self._go_on(agent_id)
            self._db.run(
                "INSERT INTO workflow_messages (workflow_id, agent_id, role, content, metadata, at)"
                " VALUES (:workflow, :agent, :role, :content, :metadata, :now)",
                workflow=self.workflow_id,
                agent=agent_id,
                now=to_text(self._manager.clock()),
                **values,
            )
            self._forget_oldest()

    def get_conversation_history(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The newest `limit` messages of this workflow, oldest first."""
        self._go_on()
        return self._manager.get_conversation_history(self.workflow_id, limit)

    def save_execution_record(self, agent_id: str, record: dict[str, Any]) -> str:
        """As `MemoryManager.save_execution_record`, with this workflow's id."""
        self._go_on(agent_id)
        return self._manager.record_within(self.workflow_id, agent_id, record)

    def get_session_summary(self) -> dict[str, Any]:
        """Who did how much since when."""
        return summarise(self._manager, self._go_on())

    def end_session(self) -> None:
        """End it: what happened is kept as an episode; the session's data goes where MEMORY_AUTO_CLEANUP is on."""
        close(self._manager, self._go_on(), "completed")

    def _open(self, metadata: str) -> str:
        self._end_what_is_silent()
        now = to_text(self._manager.clock())
        with self._db.transaction():
            self._db.hold(f"workflow {self.workflow_id}")
            joined: str | None = self._db.value(
                "SELECT token FROM workflow_sessions WHERE workflow_id = :workflow", workflow=self.workflow_id
            )
            return joined or self._begin(now, metadata)

    def _end_what_is_silent(self) -> None:
        row = self._db.one(
            "SELECT * FROM workflow_sessions WHERE workflow_id = :workflow AND expires_at <= :now",
            workflow=self.workflow_id,
            now=to_text(self._manager.clock()),
        )
        if row is not None:
            close(self._manager, row, "timed out")

    def _begin(self, now: str, metadata: str) -> str:
        token = secrets.token_hex(8)
        self._db.run(
            "INSERT INTO workflow_sessions (workflow_id, token, started_at, expires_at, metadata, agents)"
            " VALUES (:workflow, :token, :now, :expires, :metadata, '[]')",
            workflow=self.workflow_id,
            token=token,
            now=now,
            expires=self._expiry(),
            metadata=metadata,
        )
        return token

    def _row(self) -> Row | None:
        return self._db.one(
            "SELECT * FROM workflow_sessions WHERE workflow_id = :workflow AND token = :token AND expires_at > :now",
            workflow=self.workflow_id,
            token=self._token,
            now=to_text(self._manager.clock()),
        )

    def _go_on(self, agent_id: str | None = None) -> Row:
        """Note that the session is in use, and by whom."""
        new = set() if agent_id is None else {check_name("agent_id", agent_id)}
        with self._db.transaction():
            self._db.hold(f"workflow {self.workflow_id}")
            row = self._row()
            if row is None:
                raise SessionOver(f"the session of workflow {self.workflow_id} is over; create a new one")
            self._db.run(
                "UPDATE workflow_sessions SET expires_at = :expires, agents = :agents WHERE workflow_id = :workflow",
                expires=self._expiry(),
                agents=json.dumps(sorted(new | set(json.loads(row["agents"])))),
                workflow=self.workflow_id,
            )
        return row

    def _forget_oldest(self) -> None:
        self._db.run(
            "DELETE FROM workflow_messages WHERE workflow_id = :workflow AND id <= (SELECT id FROM workflow_messages"
            " WHERE workflow_id = :workflow ORDER BY id DESC LIMIT 1 OFFSET :most)",
            workflow=self.workflow_id,
            most=self._manager.settings.max_conversation_history,
        )

    def _expiry(self) -> str:
        return to_text(self._manager.clock() + timedelta(seconds=self._manager.settings.session_timeout))


def end_silent_sessions(memory_manager: MemoryManager) -> int:
    """End the sessions that were silent for longer than MEMORY_SESSION_TIMEOUT; how many. The clock does this."""
    rows = memory_manager.db.all(
        "SELECT * FROM workflow_sessions WHERE expires_at <= :now", now=to_text(memory_manager.clock())
    )
    for row in rows:
        close(memory_manager, row, "timed out")
    return len(rows)


def summarise(memory_manager: MemoryManager, row: Row) -> dict[str, Any]:
    """What a session came to so far."""
    counts = {
        "messages": "SELECT count(*) FROM workflow_messages WHERE workflow_id = :workflow AND at >= :started",
        "executions": "SELECT count(*) FROM execution_records WHERE workflow_id = :workflow AND at >= :started",
    }
    lasted = memory_manager.clock() - from_text(row["started_at"])
    return {
        "workflow_id": row["workflow_id"],
        "metadata": json.loads(row["metadata"]),
        "agents": json.loads(row["agents"]),
        "started_at": row["started_at"],
        "duration_seconds": lasted.total_seconds(),
        **{
            name: memory_manager.db.value(sql, workflow=row["workflow_id"], started=row["started_at"])
            for name, sql in counts.items()
        },
    }


def close(memory_manager: MemoryManager, row: Row, outcome: str) -> None:
    """Keep how a session ended as an episode of each of its agents; forget its data where that is wished."""
    with memory_manager.db.transaction():
        if memory_manager.db.run("DELETE FROM workflow_sessions WHERE token = :token", token=row["token"]):
            _keep_episodes(memory_manager, summarise(memory_manager, row), outcome)
    if memory_manager.settings.auto_cleanup:
        memory_manager.clear_session(row["workflow_id"])


def _keep_episodes(memory_manager: MemoryManager, summary: dict[str, Any], outcome: str) -> None:
    for agent_id in summary["agents"]:
        memory_manager.db.run(
            "INSERT INTO episodes (workflow_id, agent_id, outcome, at, summary)"
            " VALUES (:workflow, :agent, :outcome, :now, :summary)",
            workflow=summary["workflow_id"],
            agent=agent_id,
            outcome=outcome,
            now=to_text(memory_manager.clock()),
            summary=json.dumps(summary),
        )
