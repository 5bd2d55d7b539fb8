"""The base class of agents: own memory, and records of what was done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from memory.agents.memory_manager import MemoryManager
from memory.storage.json_values import check_name


class BaseAgent:
    """Reaches its own memory and the shared one, never another agent's.

    `config` is the agent's own affair. Without a `memory_manager` it makes one from the environment.
    """

    def __init__(self, agent_id: str, config: Any = None, memory_manager: MemoryManager | None = None) -> None:
        self.agent_id = check_name("agent_id", agent_id)
        self.config = config
        self.memory_manager = memory_manager or MemoryManager()

    def save_to_memory(self, key: str, value: Any, memory_type: str = "short_term", ttl: int | None = None) -> bool:
        """As `MemoryManager.save`."""
        return self.memory_manager.save(self.agent_id, key, value, memory_type, ttl)

    def retrieve_from_memory(self, key: str, memory_type: str = "short_term") -> Any:
        """Own or shared; None where there is none."""
        return self.memory_manager.retrieve(self.agent_id, key, memory_type)

    def search_memory(self, query: str, top_k: int = 5) -> list[dict[str, Any]]:
        """Own and shared long-term memories, best first."""
        return self.memory_manager.search_similar(self.agent_id, query, top_k)

    def save_execution_record(self, record: dict[str, Any], workflow_id: str | None = None) -> str:
        """Returns the record's id. `workflow_id`: what it was done for."""
        if workflow_id is None:
            return self.memory_manager.save_execution_record(self.agent_id, record)
        return self.memory_manager.record_within(workflow_id, self.agent_id, record)

    def save_episode(self, workflow_id: str, outcome: str, summary: dict[str, Any]) -> None:
        """How a workflow of its own ended. Raises NotStorable."""
        self.memory_manager.save_episode(workflow_id, self.agent_id, outcome, summary)

    def get_episodes(self, limit: int = 20) -> list[dict[str, Any]]:
        """Newest first."""
        return self.memory_manager.get_episodes(self.agent_id, limit)

    @contextmanager
    def execution(self, given: Any) -> Iterator[dict[str, Any]]:
        """Records the block: `input`, `output` (to be set in the dict), `status`, `duration_ms`.

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
