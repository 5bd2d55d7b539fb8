"""The memory of agents: the seed's examples, isolation, time, settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memory import BaseAgent, MemoryManager, MemorySettings, SharedMemory, create_session
from memory.agents.workflows import end_silent_sessions
from memory.storage.errors import NotStorable, ReadOnlyMemory, SessionOver, ShortTermUnavailable, WrongMemorySetting
from memory.storage.json_values import MOST_CHARACTERS
from tests.memory.stores import TestClock
from tests.servers import RedisServer
from tests.waiting import wait_until

Make = Callable[..., MemoryManager]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def make(url: str, clock: TestClock, tmp_path: Path) -> Iterator[Make]:
    """Makes managers that share one database and one folder, each with its own settings."""
    made = []

    def make(**settings: str) -> MemoryManager:
        told = {"MEMORY_STORAGE_DIR": str(tmp_path), "DATABASE_URL": url, **settings}
        made.append(MemoryManager(MemorySettings.from_environment(told), clock=clock))
        return made[-1]

    yield make
    for manager in made:
        manager.db.close()


@pytest.fixture
def memory_manager(make: Make) -> MemoryManager:
    return make()


# The seed's examples, as they stand.


def test_basic_usage(memory_manager: MemoryManager) -> None:
    memory_manager.save(
        agent_id="marketing_strategy_agent",
        key="current_campaign",
        value={"name": "Q1 Launch", "budget": 50000},
        memory_type="short_term",
    )
    campaign = memory_manager.retrieve(
        agent_id="marketing_strategy_agent",
        key="current_campaign",
        memory_type="short_term",
    )
    assert campaign == {"name": "Q1 Launch", "budget": 50000}
    saved = memory_manager.save(
        agent_id="marketing_strategy_agent",
        key="best_practices",
        value=["Personalize emails", "A/B test headlines"],
        memory_type="long_term",
    )
    assert saved is True
    kept = memory_manager.retrieve("marketing_strategy_agent", "best_practices", "long_term")
    assert kept == ["Personalize emails", "A/B test headlines"]


def test_session_context(memory_manager: MemoryManager) -> None:
    with create_session(
        workflow_id="campaign_001",
        memory_manager=memory_manager,
        metadata={"user": "john@example.com"},
    ) as session:
        session.save_agent_memory(
            agent_id="content_agent",
            key="draft",
            value="Campaign headline draft",
        )
        session.add_conversation_message(
            agent_id="content_agent",
            role="assistant",
            content="Draft headline created",
        )
        history = session.get_conversation_history()
        assert [(m["agent_id"], m["role"], m["content"]) for m in history] == [
            ("content_agent", "assistant", "Draft headline created")
        ]
        assert session.retrieve_agent_memory("content_agent", "draft") == "Campaign headline draft"
    assert memory_manager.get_conversation_history("campaign_001") == []
    with create_session("campaign_001", memory_manager) as again:
        assert again.retrieve_agent_memory("content_agent", "draft") is None


def test_track_important_executions(memory_manager: MemoryManager) -> None:
    record_id = memory_manager.save_execution_record(
        agent_id="analytics_agent",
        record={"status": "success", "input": "clicks", "output": [1, 2], "duration_ms": 12},
    )
    [record] = memory_manager.get_execution_records("analytics_agent")
    assert (record["record_id"], record["status"], record["output"]) == (record_id, "success", [1, 2])


def test_use_semantic_search_for_insights(memory_manager: MemoryManager) -> None:
    for key, value in {
        "email_2025": "The newsletter with first names in the subject doubled its open rate",
        "tv_2025": "Television spots brought nobody",
        "office": "The coffee machine was repaired",
    }.items():
        memory_manager.save("strategy_agent", key, value, "long_term")
    similar = memory_manager.search_similar(
        agent_id="strategy_agent",
        query="successful email campaigns",
        top_k=5,
    )
    assert similar[0]["key"] == "email_2025"
    assert similar[0]["value"].startswith("The newsletter")
    assert "office" not in [entry["key"] for entry in similar]


def test_monitor_memory_usage(memory_manager: MemoryManager) -> None:
    memory_manager.save("a", "k", 1)
    memory_manager.save("a", "k", 1, "long_term")
    session = create_session("w", memory_manager)
    stats = memory_manager.get_stats()
    assert (stats["short_term_entries"], stats["long_term_entries"], stats["active_sessions"]) == (1, 1, 1)
    session.end_session()
    assert memory_manager.get_stats()["active_sessions"] == 0


def test_integration_with_base_agent(memory_manager: MemoryManager) -> None:
    class MarketingStrategyAgent(BaseAgent):
        pass

    agent = MarketingStrategyAgent(
        agent_id="strategy_001",
        config={},
        memory_manager=memory_manager,
    )
    agent.save_to_memory("key", "value", memory_type="short_term")
    value = agent.retrieve_from_memory("key", memory_type="short_term")
    assert value == "value"


def test_without_arguments_everything_is_below_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "MEMORY_STORAGE_DIR", "MEMORY_USE_REDIS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    MemoryManager().save("a", "k", "kept", "long_term")
    assert MemoryManager().retrieve("a", "k", "long_term") == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


# Whose memory it is.


def test_no_agent_and_no_workflow_reads_anothers(memory_manager: MemoryManager) -> None:
    with create_session("w1", memory_manager) as one, create_session("w2", memory_manager) as other:
        for kind in ("short_term", "long_term"):
            one.save_agent_memory("a", "k", "one", kind)
            memory_manager.save("a", "k", "outside", kind)
            readings = [
                one.retrieve_agent_memory("a", "k", kind),
                other.retrieve_agent_memory("a", "k", kind),
                one.retrieve_agent_memory("b", "k", kind),
                memory_manager.retrieve("a", "k", kind),
                memory_manager.retrieve("b", "k", kind),
                memory_manager.retrieve("w1/a", "k", kind),
            ]
            assert readings == ["one", None, None, "outside", None, None]
        one.add_conversation_message("a", "user", "hello")
        assert other.get_conversation_history() == []
    assert memory_manager.search_similar("b", "one outside") == []


@pytest.mark.parametrize("nobody", ["", "  ", None])
def test_leaving_the_owner_out_reads_nothing(memory_manager: MemoryManager, nobody: Any) -> None:
    memory_manager.save("a", "k", "secret", "long_term")
    for ask in (
        lambda: memory_manager.retrieve(nobody, "k", "long_term"),
        lambda: memory_manager.search_similar(nobody, "secret"),
        lambda: memory_manager.get_execution_records(nobody),
        lambda: memory_manager.get_episodes(nobody),
        lambda: memory_manager.get_conversation_history(nobody),
        lambda: memory_manager.clear_session(nobody),
        lambda: create_session(nobody, memory_manager),
        lambda: BaseAgent(nobody, None, memory_manager),
    ):
        with pytest.raises(NotStorable, match="owner"):
            ask()


def test_agents_read_shared_memory_and_cannot_write_it(memory_manager: MemoryManager) -> None:
    SharedMemory(memory_manager.db).publish("tone", "Friendly, never pushy")
    agent = BaseAgent("a", None, memory_manager)
    assert agent.retrieve_from_memory("tone", "shared") == "Friendly, never pushy"
    assert [entry["metadata"]["memory_type"] for entry in agent.search_memory("never pushy")] == ["shared"]
    with pytest.raises(ReadOnlyMemory):
        agent.save_to_memory("tone", "Pushy", "shared")
    assert agent.retrieve_from_memory("tone", "shared") == "Friendly, never pushy"


def test_what_is_withdrawn_is_no_longer_shared(memory_manager: MemoryManager) -> None:
    shared = SharedMemory(memory_manager.db)
    shared.publish("tone", "Friendly")
    assert [shared.withdraw("tone"), shared.withdraw("tone")] == [True, False]
    assert memory_manager.retrieve("a", "tone", "shared") is None


# Time.


def test_a_key_lives_as_long_as_it_was_given(make: Make, clock: TestClock) -> None:
    manager = make(MEMORY_SHORT_TERM_TTL="60")
    manager.save("a", "default", 1)
    manager.save("a", "short", 1, ttl=10)
    manager.save("a", "long", 1, "long_term")
    clock.pass_by(seconds=10)
    assert [manager.retrieve("a", "default"), manager.retrieve("a", "short")] == [1, None]
    clock.pass_by(seconds=50)
    assert [manager.retrieve("a", "default"), manager.retrieve("a", "long", "long_term")] == [None, 1]


def test_a_silent_session_is_over(make: Make, clock: TestClock) -> None:
    manager = make(MEMORY_SESSION_TIMEOUT="100")
    session = create_session("w", manager)
    for _ in range(3):
        clock.pass_by(seconds=99)
        session.save_agent_memory("a", "k", "v")
    clock.pass_by(seconds=100)
    with pytest.raises(SessionOver, match="create a new one"):
        session.retrieve_agent_memory("a", "k")
    assert manager.get_stats()["active_sessions"] == 0
    assert end_silent_sessions(manager) == 1
    [episode] = manager.get_episodes("a")
    assert (episode["workflow_id"], episode["outcome"]) == ("w", "timed out")
    assert create_session("w", manager).retrieve_agent_memory("a", "k") is None


def test_the_agents_of_a_workflow_keep_its_outcome(memory_manager: MemoryManager) -> None:
    with pytest.raises(RuntimeError), create_session("w1", memory_manager, {"goal": "sell"}) as session:
        session.save_execution_record("a", {"status": "success"})
        session.add_conversation_message("b", "assistant", "Done.")
        summary = session.get_session_summary()
        assert (summary["agents"], summary["messages"], summary["executions"]) == (["a", "b"], 1, 1)
        raise RuntimeError("no money left")
    with create_session("w2", memory_manager) as other:
        other.save_agent_memory("b", "k", 1)
    [of_a] = memory_manager.get_episodes("a")
    assert (of_a["workflow_id"], of_a["outcome"], of_a["metadata"]) == ("w1", "failed: RuntimeError", {"goal": "sell"})
    assert [each["outcome"] for each in memory_manager.get_episodes("b")] == ["completed", "failed: RuntimeError"]
    with pytest.raises(SessionOver):
        session.end_session()


def test_a_session_with_the_longest_metadata_ends(memory_manager: MemoryManager) -> None:
    metadata = {"notes": "x" * (MOST_CHARACTERS - len('{"notes": ""}'))}
    with create_session("w", memory_manager, metadata) as session:
        session.save_agent_memory("a", "k", 1)
    [episode] = memory_manager.get_episodes("a")
    assert (episode["outcome"], episode["metadata"]) == ("completed", metadata)


def test_cleanup_is_left_out_where_it_is_not_wished(make: Make) -> None:
    manager = make(MEMORY_AUTO_CLEANUP="false")
    with create_session("w", manager) as session:
        session.add_conversation_message("a", "user", "hello")
    assert len(manager.get_conversation_history("w")) == 1
    assert [manager.clear_session("w"), manager.clear_session("w")] == [True, False]
    assert manager.get_conversation_history("w") == []


def test_only_the_newest_of_a_conversation_stay(make: Make) -> None:
    manager = make(MEMORY_MAX_CONVERSATION_HISTORY="3")
    with create_session("w", manager) as session:
        for n in range(5):
            session.add_conversation_message("a", "user", str(n), {"n": n})
        assert [m["content"] for m in session.get_conversation_history()] == ["2", "3", "4"]
        assert [m["metadata"] for m in session.get_conversation_history(limit=1)] == [{"n": 4}]
        assert manager.db.value("SELECT count(*) FROM workflow_messages") == 3


# Settings.


def test_short_term_keeps_no_more_than_the_cache_size(make: Make) -> None:
    manager = make(MEMORY_MAX_CACHE_SIZE="2")
    for key in ("one", "two", "three"):
        manager.save("a", key, key)
    assert [manager.retrieve("a", key) for key in ("one", "two", "three")] == [None, "two", "three"]


@pytest.mark.parametrize("cached", ["true", "false"])
def test_a_value_that_somebody_else_changed_is_read_anew(make: Make, cached: str) -> None:
    manager, elsewhere = make(MEMORY_CACHE_ENABLED=cached), make()
    manager.save("a", "k", "old", "long_term")
    assert manager.retrieve("a", "k", "long_term") == "old"
    elsewhere.retrieve("a", "k", "long_term")
    elsewhere.save("a", "k", "new", "long_term")
    wait_until(lambda: manager.retrieve("a", "k", "long_term") == "new")  # between machines, a notice takes a moment


def test_what_was_rolled_back_was_never_read(memory_manager: MemoryManager) -> None:
    memory_manager.save("a", "k", "kept", "long_term")
    with pytest.raises(RuntimeError), memory_manager.db.transaction():
        memory_manager.save("a", "k", "dropped", "long_term")
        assert memory_manager.retrieve("a", "k", "long_term") == "dropped"
        raise RuntimeError
    assert memory_manager.retrieve("a", "k", "long_term") == "kept"


def test_search_works_without_vectors_and_each_store_has_its_own(make: Make) -> None:
    by_words = make(MEMORY_ENABLE_VECTOR_SEARCH="false")
    by_words.save("a", "note", {"lesson": "Cheap flights sell on Tuesdays", "year": 2025}, "long_term")
    assert [entry["key"] for entry in by_words.search_similar("a", "flight on tuesday")] == ["note"]
    assert by_words.search_similar("a", "inexpensive airfare") == []
    assert by_words.db.value("SELECT count(*) FROM memory_vectors") == 0
    for store in ("agent_memory", "second"):
        by_meaning = make(MEMORY_VECTOR_STORE=store)
        assert [entry["key"] for entry in by_meaning.search_similar("a", "inexpensive airfare")] == ["note"]
    stores = by_words.db.all("SELECT DISTINCT store FROM memory_vectors ORDER BY store")
    assert [row["store"] for row in stores] == ["agent_memory", "second"]
    by_words.save("a", "note", "Something else", "long_term")
    assert by_words.db.value("SELECT count(*) FROM memory_vectors") == 0


def test_search_keeps_to_the_metadata_that_was_asked_for(memory_manager: MemoryManager) -> None:
    memory_manager.save("a", "note", {"lesson": "Cheap flights sell", "year": 2025}, "long_term")
    for wanted, found in (({"year": 2024}, 0), ({"year": 2025, "memory_type": "long_term"}, 1), ({"none": None}, 0)):
        assert len(memory_manager.search_similar("a", "cheap flights", filter_metadata=wanted)) == found
    assert memory_manager.search_similar("a", "cheap flights", top_k=0) == []


def test_execution_records_are_exported_as_jsonl_under_a_safe_name(make: Make, tmp_path: Path) -> None:
    manager = make(MEMORY_EXECUTION_RECORDS_DIR=str(tmp_path / "records"))
    with manager.db.transaction():
        ids = [manager.save_execution_record("../agent", {"n": n, "text": "नमस्ते"}) for n in range(1100)]
    manager.save_execution_record("other", {"n": -1})
    path = manager.export_execution_records("../agent")
    assert path.parent == tmp_path / "records"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["record_id"] for line in lines] == ids
    assert {line["text"] for line in lines} == {"नमस्ते"}


def test_an_execution_is_recorded_with_its_end(memory_manager: MemoryManager) -> None:
    agent = BaseAgent("a", None, memory_manager)
    with agent.execution({"goal": "reply"}) as record:
        record["output"] = "Hello"
    with pytest.raises(ValueError, match="secret"), agent.execution("again"):
        raise ValueError("secret")
    good, bad = memory_manager.get_execution_records("a")
    assert (good["input"], good["output"], good["status"]) == ({"goal": "reply"}, "Hello", "success")
    assert bad["status"] == "failed: ValueError"
    assert "secret" not in json.dumps(bad)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MEMORY_SHORT_TERM_TTL", "-1"),
        ("MEMORY_MAX_CACHE_SIZE", "0"),
        ("MEMORY_USE_REDIS", "maybe"),
        ("MEMORY_SESSION_TIMEOUT", "1h"),
    ],
)
def test_a_wrong_setting_is_named(name: str, text: str) -> None:
    with pytest.raises(WrongMemorySetting, match=name):
        MemorySettings.from_environment({name: text})


def test_redis_is_used_where_it_is_asked_for() -> None:
    assert MemorySettings.from_environment({}).redis_url is None
    assert MemorySettings.from_environment({"MEMORY_USE_REDIS": "true"}).redis_url == "redis://127.0.0.1:6379/0"
    assert MemorySettings.from_environment({"REDIS_URL": "rediss://cache/1"}).redis_url == "rediss://cache/1"


def test_two_programs_share_short_term_memory_through_redis(make: Make) -> None:
    with RedisServer() as server:
        one, other = make(REDIS_URL=server.url), make(REDIS_URL=server.url)
        with create_session("w", one) as session:
            session.save_agent_memory("a", "k", {"headline": "Summer flights"})
            one.save("a", "k", "outside")
            assert create_session("w", other).retrieve_agent_memory("a", "k") == {"headline": "Summer flights"}
        assert other.retrieve("a", "k") == "outside"
        assert other.get_stats()["short_term_entries"] == 1
        server.kill()
        with pytest.raises(ShortTermUnavailable):
            one.retrieve("a", "k")
        one.save("a", "k", "still works", "long_term")
