"""Each setting of memory, given two values, is seen to do what it says, through what everybody may call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from memory import ConversationMemory, MemoryManager, MemorySettings, RedisBackend, create_session
from memory.agents.workflows import end_silent_sessions
from memory.storage.errors import SessionOver
from tests.memory.stores import TestClock
from tests.migrated import place_migrated

ROOT = Path(__file__).parents[2]
PHONE = "+919876543210"
Make = Callable[..., MemoryManager]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def make(clock: TestClock, tmp_path: Path) -> Iterator[Make]:
    """Makes managers of one folder, each with its own settings."""
    made: list[MemoryManager] = []

    def make(**settings: str) -> MemoryManager:
        told = {"MEMORY_STORAGE_DIR": str(tmp_path), **settings}
        place_migrated(tmp_path / "hawker.db")
        made.append(MemoryManager(MemorySettings.from_environment(told), clock=clock))
        return made[-1]

    yield make
    for manager in made:
        manager.db.close()


def test_every_memory_setting_has_a_test_here() -> None:
    named = set(re.findall(r"^(MEMORY_\w+|SESSION_\w+|MAX_MESSAGES\w+)=", (ROOT / ".env.example").read_text(), re.M))
    tested = {name.removeprefix("test_").upper() for name in globals() if name.startswith("test_")}
    assert len(named) == 13
    assert named <= tested


def test_memory_storage_dir(make: Make, tmp_path: Path) -> None:
    for name in ("one", "other"):
        folder = tmp_path / name
        make(MEMORY_STORAGE_DIR=str(folder)).save("a", "k", name, "long_term")
        assert (folder / "hawker.db").exists()
        assert make(MEMORY_STORAGE_DIR=str(folder)).retrieve("a", "k", "long_term") == name


def test_memory_execution_records_dir(make: Make, tmp_path: Path) -> None:
    for told, folder in (("", tmp_path / "execution_records"), (str(tmp_path / "audit"), tmp_path / "audit")):
        manager = make(MEMORY_EXECUTION_RECORDS_DIR=told)
        manager.save_execution_record("a", {"status": "success"})
        assert manager.export_execution_records("a") == folder / "a.jsonl"


def test_memory_use_redis(make: Make) -> None:
    assert make(MEMORY_USE_REDIS="false").get_stats()["short_term_backend"] == "in-process"
    assert isinstance(make(MEMORY_USE_REDIS="true").short_term, RedisBackend)


def test_memory_short_term_ttl(make: Make, clock: TestClock) -> None:
    managers = make(MEMORY_SHORT_TERM_TTL="60"), make(MEMORY_SHORT_TERM_TTL="61")
    for manager in managers:
        manager.save("a", "k", "kept")
    clock.pass_by(seconds=60)
    assert [manager.retrieve("a", "k") for manager in managers] == [None, "kept"]


def test_memory_enable_vector_search(make: Make) -> None:
    found = []
    for told in ("true", "false"):
        manager = make(MEMORY_ENABLE_VECTOR_SEARCH=told)
        manager.save("a", "note", "Cheap flights sell on Tuesdays", "long_term")
        found.append(len(manager.search_similar("a", "inexpensive airfare")))
    assert found == [1, 0]


def test_memory_vector_store(make: Make) -> None:
    one, other = make(MEMORY_VECTOR_STORE="one"), make(MEMORY_VECTOR_STORE="other")
    one.save("a", "note", "Cheap flights sell on Tuesdays", "long_term")
    one.search_similar("a", "airfare")
    assert [one.get_stats()["vectors"], other.get_stats()["vectors"]] == [1, 0]


def test_memory_session_timeout(make: Make, clock: TestClock) -> None:
    short, long = (create_session(told, make(MEMORY_SESSION_TIMEOUT=told)) for told in ("100", "101"))
    clock.pass_by(seconds=100)
    assert long.save_agent_memory("a", "k", "v")
    with pytest.raises(SessionOver):
        short.save_agent_memory("a", "k", "v")
    assert end_silent_sessions(make()) == 1


def test_memory_auto_cleanup(make: Make) -> None:
    left = []
    for told in ("true", "false"):
        manager = make(MEMORY_AUTO_CLEANUP=told)
        with create_session("w", manager) as session:
            session.save_agent_memory("a", "k", "v")
            session.add_conversation_message("a", "user", "hello")
        left.append((len(manager.get_conversation_history("w")), manager.get_stats()["short_term_entries"]))
    assert left == [(0, 0), (1, 1)]


def test_memory_max_conversation_history(make: Make) -> None:
    kept = []
    for told in ("2", "3"):
        with create_session("w", make(MEMORY_MAX_CONVERSATION_HISTORY=told)) as session:
            for n in range(4):
                session.add_conversation_message("a", "user", str(n))
            kept.append([message["content"] for message in session.get_conversation_history()])
    assert kept == [["2", "3"], ["1", "2", "3"]]


def test_memory_cache_enabled(make: Make) -> None:
    cached = []
    for told in ("true", "false"):
        manager = make(MEMORY_CACHE_ENABLED=told)
        manager.save("a", "k", told, "long_term")
        assert manager.retrieve("a", "k", "long_term") == told
        cached.append(manager.get_stats()["cached_entries"])
    assert cached == [1, 0]


def test_memory_max_cache_size(make: Make) -> None:
    sizes = []
    for told in ("2", "3"):
        manager = make(MEMORY_MAX_CACHE_SIZE=told)
        for key in ("one", "two", "three", "four"):
            for kind in ("short_term", "long_term"):
                manager.save("a", key, key, kind)
        for key in ("one", "two", "three", "four"):
            assert manager.retrieve("a", key, "long_term") == key
        stats = manager.get_stats()
        sizes.append((stats["short_term_entries"], stats["cached_entries"]))
    assert sizes == [(2, 2), (3, 3)]


def test_session_timeout_hours(clock: TestClock, tmp_path: Path) -> None:
    totals = []
    for told in ("1", "2"):
        settings = MemorySettings.from_environment(
            {"MEMORY_STORAGE_DIR": str(tmp_path / told), "SESSION_TIMEOUT_HOURS": told}
        )
        memory = ConversationMemory(settings=settings, clock=clock)
        for ago in (timedelta(minutes=90), timedelta()):
            memory.add_message(PHONE, "user", "hello", timestamp=clock.now - ago)
        session = memory.get_session(PHONE)
        totals.append(session and session.total_messages)
    assert totals == [1, 2]


def test_max_messages_per_session(clock: TestClock, tmp_path: Path) -> None:
    shown = []
    for told in ("2", "3"):
        settings = MemorySettings.from_environment(
            {"MEMORY_STORAGE_DIR": str(tmp_path / told), "MAX_MESSAGES_PER_SESSION": told}
        )
        memory = ConversationMemory(settings=settings, clock=clock)
        for n in range(4):
            memory.add_message(PHONE, "user", f"message {n}")
        shown.append(memory.get_conversation_context(PHONE).count("USER: message"))
    assert shown == [2, 3]
