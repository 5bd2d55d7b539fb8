"""What `from memory import …` offers is what is meant to be public, and costs nothing until it is used."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import memory

PUBLIC = {
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
}


def test_public_is_exactly_what_is_meant_to_be() -> None:
    assert set(memory.__all__) == PUBLIC
    assert set(memory.__all__) <= set(dir(memory))
    named = {name: getattr(memory, name) for name in memory.__all__}
    assert {name: thing.__name__ for name, thing in named.items()} == {name: name for name in PUBLIC}
    assert all(inspect.getdoc(thing) for thing in named.values())


@pytest.mark.parametrize("wrong", ["Memory", "_private"])
def test_what_is_not_there_is_named(wrong: str) -> None:
    with pytest.raises(AttributeError, match=wrong):
        getattr(memory, wrong)


def test_nothing_slow_is_loaded_before_it_is_used() -> None:
    code = "import sys, memory; print({'numpy', 'sqlite_utils', 'redis', 'psycopg'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
