"""What Hawker remembers: the conversation, the people, the orders, the agents' own. Knows nothing of the bot."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memory.agent_memory import MemoryManager, SharedMemory
    from memory.agents import BaseAgent
    from memory.conversation import ConversationMemory, ConversationMessage, ConversationSession, UserProfile
    from memory.settings import MemorySettings
    from memory.workflows import SessionContext, create_session

__all__ = [
    "BaseAgent",
    "ConversationMemory",
    "ConversationMessage",
    "ConversationSession",
    "MemoryManager",
    "MemorySettings",
    "SessionContext",
    "SharedMemory",
    "UserProfile",
    "create_session",
]

# Loaded when first asked for: whoever imports `memory.moments` does not wait for numpy.
_HOMES = {
    "BaseAgent": "agents",
    "ConversationMemory": "conversation",
    "ConversationMessage": "conversation",
    "ConversationSession": "conversation",
    "MemoryManager": "agent_memory",
    "MemorySettings": "settings",
    "SessionContext": "workflows",
    "SharedMemory": "agent_memory",
    "UserProfile": "conversation",
    "create_session": "workflows",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"memory has no {name}; public are {', '.join(__all__)}")
    return getattr(import_module(f"memory.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
