"""Short-term memory: the same promises in the process and in Redis, and a Redis that goes away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memory.agents.short_term import InMemoryBackend, RedisBackend, ShortTerm
from memory.storage.errors import ShortTermUnavailable
from memory.storage.timestamps import now
from tests.memory.stores import TestClock
from tests.servers import RedisServer
from tests.waiting import wait_until


@pytest.fixture(params=["in-process", "redis"])
def short_term(request: pytest.FixtureRequest) -> ShortTerm:
    if request.param == "in-process":
        return InMemoryBackend(1000, now)
    server: RedisServer = request.getfixturevalue("redis")
    store = RedisBackend(server.url)
    for path in (("a",), ("b",)):
        store.drop(path)
    return store


def test_what_was_put_is_got_until_it_runs_out(short_term: ShortTerm) -> None:
    short_term.put(("a", "k"), "kept", 100)
    short_term.put(("a", "soon"), "gone", 100)
    assert [short_term.get(("a", "k")), short_term.get(("a", "soon")), short_term.get(("a", "x"))] == [
        "kept",
        "gone",
        None,
    ]
    short_term.put(("a", "soon"), "gone", 1)
    wait_until(lambda: short_term.get(("a", "soon")) is None)
    assert short_term.get(("a", "k")) == "kept"


def test_a_path_is_dropped_with_all_below_and_nothing_beside(short_term: ShortTerm) -> None:
    for path in (("a", "b", "c"), ("a", "b", "d"), ("a", "bb", "c"), ("a", "b/c"), ("a", "*", "c")):
        short_term.put(path, "text", 100)
    assert short_term.drop(("a", "b")) == 2
    assert short_term.drop(("a", "*")) == 1
    assert short_term.get(("a", "bb", "c")) == "text"
    assert short_term.get(("a", "b/c")) == "text"
    assert short_term.count() >= 2


def test_time_to_live_is_each_keys_own_and_starts_anew() -> None:
    clock = TestClock()
    store = InMemoryBackend(10, clock)
    store.put(("a",), "1", 10)
    store.put(("b",), "1", 20)
    clock.pass_by(seconds=9)
    store.put(("a",), "2", 10)
    clock.pass_by(seconds=9)
    assert (store.get(("a",)), store.get(("b",))) == ("2", "1")
    clock.pass_by(seconds=2)
    assert (store.get(("a",)), store.get(("b",)), store.count()) == (None, None, 0)


def test_when_full_expired_then_least_recently_used_values_go() -> None:
    clock = TestClock()
    store = InMemoryBackend(2, clock)
    store.put(("over",), "text", 1)
    store.put(("one",), "text", 100)
    clock.pass_by(seconds=2)
    store.put(("two",), "text", 100)
    assert store.get(("one",)) == "text"
    store.put(("three",), "text", 100)
    assert [store.get((key,)) for key in ("over", "one", "two", "three")] == [None, "text", None, "text"]


def test_processes_share_redis(redis: RedisServer) -> None:
    RedisBackend(redis.url).put(("a", "shared"), "text", 100)
    assert RedisBackend(redis.url).get(("a", "shared")) == "text"


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def test_a_redis_outage_is_named_and_recovered_from(own_redis: RedisServer) -> None:
    store = RedisBackend(own_redis.url)
    store.put(("a",), "before", 100)
    own_redis.kill()
    with pytest.raises(ShortTermUnavailable, match="tried again"):
        store.put(("a",), "meanwhile", 100)
    with pytest.raises(ShortTermUnavailable):
        store.get(("a",))
    own_redis.start()
    store.put(("a",), "after", 100)
    assert store.get(("a",)) == "after"
