"""What Hawker remembers: the conversation, the people, the orders, the agents' own. Knows nothing of the bot."""

from memory.agent_memory import MemoryManager, SharedMemory
from memory.agents import BaseAgent
from memory.settings import MemorySettings
from memory.workflows import SessionContext, create_session

__all__ = ["BaseAgent", "MemoryManager", "MemorySettings", "SessionContext", "SharedMemory", "create_session"]
