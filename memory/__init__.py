"""What Hawker remembers: the conversation, the people, the orders, the agents' own. Knows nothing of the bot."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memory.agents.base_agent import BaseAgent
    from memory.agents.memory_manager import MemoryManager, SharedMemory
    from memory.agents.short_term import InMemoryBackend, RedisBackend
    from memory.agents.workflows import SessionContext, create_session
    from memory.conversation import ConversationMemory, ConversationMessage, ConversationSession, UserProfile
    from memory.settings import MemorySettings

__all__ = [
    "BaseAgent",
    "ConversationMemory",
    "ConversationMessage",
    "ConversationSession",
    "InMemoryBackend",
    "MemoryManager",
    "MemorySettings",
    "RedisBackend",
    "SessionContext",
    "SharedMemory",
    "UserProfile",
    "create_session",
]

# Loaded when first asked for: whoever imports `memory.storage.timestamps` does not wait for numpy.
_HOMES = {
    "BaseAgent": "agents.base_agent",
    "ConversationMemory": "conversation",
    "ConversationMessage": "conversation",
    "ConversationSession": "conversation",
    "InMemoryBackend": "agents.short_term",
    "MemoryManager": "agents.memory_manager",
    "MemorySettings": "settings",
    "RedisBackend": "agents.short_term",
    "SessionContext": "agents.workflows",
    "SharedMemory": "agents.memory_manager",
    "UserProfile": "conversation",
    "create_session": "agents.workflows",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"memory has no {name}; public are {', '.join(__all__)}")
    return getattr(import_module(f"memory.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
