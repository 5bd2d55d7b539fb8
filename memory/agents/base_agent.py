"""The small base that an agent stands on: its own memory, and a record of what it did."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from memory.agents.memory_manager import MemoryManager
from memory.storage.json_values import check_name


class BaseAgent:
    """An agent with a name. It reaches its own memory and the shared one, never another agent's.

    `config` is the agent's own affair. Without a `memory_manager` it gets one that reads the environment.
    """

    def __init__(self, agent_id: str, config: Any = None, memory_manager: MemoryManager | None = None) -> None:
        self.agent_id = check_name("agent_id", agent_id)
        self.config = config
        self.memory_manager = memory_manager or MemoryManager()

    def save_to_memory(self, key: str, value: Any, memory_type: str = "short_term", ttl: int | None = None) -> bool:
        """Keep a JSON value; whether it was kept, and what is raised, as `MemoryManager.save`."""
        return self.memory_manager.save(self.agent_id, key, value, memory_type, ttl)

    def retrieve_from_memory(self, key: str, memory_type: str = "short_term") -> Any:
        """The own value, or the shared one; None where there is none."""
        return self.memory_manager.retrieve(self.agent_id, key, memory_type)

    def search_memory(self, query: str, top_k: int = 5) -> list[dict[str, Any]]:
        """The own and shared long-term memories nearest to `query`, best first."""
        return self.memory_manager.search_similar(self.agent_id, query, top_k)

    def save_execution_record(self, record: dict[str, Any], workflow_id: str | None = None) -> str:
        """Add to the own audit trail, as done in that workflow where one is named; the record's id."""
        if workflow_id is None:
            return self.memory_manager.save_execution_record(self.agent_id, record)
        return self.memory_manager.record_within(workflow_id, self.agent_id, record)

    def save_episode(self, workflow_id: str, outcome: str, summary: dict[str, Any]) -> None:
        """Keep how a workflow of one's own ended. Raises NotStorable."""
        self.memory_manager.save_episode(workflow_id, self.agent_id, outcome, summary)

    def get_episodes(self, limit: int = 20) -> list[dict[str, Any]]:
        """How one's own workflows ended, newest first."""
        return self.memory_manager.get_episodes(self.agent_id, limit)

    @contextmanager
    def execution(self, given: Any) -> Iterator[dict[str, Any]]:
        """Record what is done in the block: `input`, `output` (put it into the dict), `status`, `duration_ms`.

        A failure is recorded by its type, without its text, and rises.
        """
        record: dict[str, Any] = {"input": given, "output": None}
        began = time.monotonic()
        try:
            yield record
            record["status"] = "success"
        except BaseException as fault:
            record["status"] = f"failed: {type(fault).__name__}"
            raise
        finally:
            record["duration_ms"] = round((time.monotonic() - began) * 1000)
            self.save_execution_record(record)
