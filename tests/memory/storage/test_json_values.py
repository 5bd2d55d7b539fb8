"""What agents may store, and what is refused without anything being written."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import MemoryManager, MemorySettings, create_session
from memory.storage.database import Database
from memory.storage.errors import NotStorable, UnknownMemoryType
from memory.storage.json_values import LONGEST_NAME

CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
MILLION = "x" * 1_000_000


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.fixture
def memory_manager(url: str, tmp_path: Path) -> MemoryManager:
    return MemoryManager(MemorySettings(storage_dir=str(tmp_path)), db=Database(url))


@pytest.mark.parametrize(
    "value",
    [{1, 2}, b"bytes", object(), math.nan, math.inf, {1: "a"}, {"a": {None: 1}}, CIRCLE, nested(5000), MILLION],
    ids=["set", "bytes", "object", "nan", "infinity", "number key", "inner key", "circle", "deep", "a million"],
)
def test_what_json_cannot_hold_is_refused_and_nothing_changes(memory_manager: MemoryManager, value: Any) -> None:
    for kind in ("short_term", "long_term"):
        memory_manager.save("a", "k", "before", kind)
        with pytest.raises(NotStorable):
            memory_manager.save("a", "k", value, kind)
        assert memory_manager.retrieve("a", "k", kind) == "before"
    with pytest.raises(NotStorable):
        memory_manager.save_execution_record("a", value)
    assert memory_manager.get_execution_records("a") == []


def test_bad_names_times_and_texts_are_refused(memory_manager: MemoryManager) -> None:
    session = create_session("w", memory_manager)
    attempts: list[Callable[[], object]] = [
        lambda: memory_manager.save("a\0", "k", 1),
        lambda: memory_manager.save("a", "k\0", 1, "long_term"),
        lambda: memory_manager.save("a", "k\ud800", 1, "long_term"),
        lambda: memory_manager.save("a", "k" * (LONGEST_NAME + 1), 1),
        lambda: memory_manager.save("a", "k", 1, ttl=-1),
        lambda: memory_manager.save("a", "k", 1, ttl=0),
        lambda: memory_manager.save("a", "k", 1, ttl=True),
        lambda: memory_manager.save("a", "k", 1, "long_term", ttl=5),
        lambda: session.add_conversation_message("a", "user", "NUL \0 inside"),
        lambda: session.add_conversation_message("a", "user", "half \ud800"),
        lambda: session.add_conversation_message("a", "user", MILLION),
        lambda: session.add_conversation_message("a", "user", "hello", {"set": {1}}),
        lambda: memory_manager.search_similar("a", MILLION),
    ]
    for attempt in attempts:
        with pytest.raises(NotStorable):
            attempt()
    stats = memory_manager.get_stats()
    assert (stats["short_term_entries"], stats["long_term_entries"], stats["conversation_messages"]) == (0, 0, 0)


def test_an_unknown_type_of_memory_is_named_with_those_there_are(memory_manager: MemoryManager) -> None:
    with pytest.raises(UnknownMemoryType, match="short_term or long_term"):
        memory_manager.save("a", "k", 1, "medium_term")
    with pytest.raises(UnknownMemoryType, match="shared"):
        memory_manager.retrieve("a", "k", "medium_term")


def test_nul_in_a_value_comes_back(memory_manager: MemoryManager) -> None:
    memory_manager.save("a", "k", {"text": "a\0b \ud800 ✓"}, "long_term")
    assert memory_manager.retrieve("a", "k", "long_term") == {"text": "a\0b \ud800 ✓"}
    assert memory_manager.search_similar("a", "text")[0]["key"] == "k"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(value=json_values)
def test_what_is_saved_is_what_is_retrieved(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    manager = MemoryManager(MemorySettings(storage_dir=str(folder)), db=Database(folder / "values.db"))
    for kind in ("short_term", "long_term"):
        manager.save("a", "k", value, kind)
        assert manager.retrieve("a", "k", kind) == value
