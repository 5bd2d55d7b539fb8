"""What agents remember, under the names of the first design; the work is done in `memory.agents`."""

from __future__ import annotations

from memory.agents.base_agent import BaseAgent
from memory.agents.memory_manager import MemoryManager, SharedMemory
from memory.agents.short_term import InMemoryBackend, RedisBackend
from memory.agents.workflows import SessionContext, create_session

__all__ = [
    "BaseAgent",
    "InMemoryBackend",
    "MemoryManager",
    "RedisBackend",
    "SessionContext",
    "SharedMemory",
    "create_session",
]
