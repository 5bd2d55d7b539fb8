"""The whole program on PostgreSQL and Redis, as real processes: killed, restarted under, and each thing done once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.channels.simulator import Customer, Pace
from bot.delivery.worker import Worker
from memory.storage.database import Database
from tests.delivery.message_path import open_line
from tests.delivery.test_sorter import arrive, contents, sort_together, spoil
from tests.processes import Processes, processes
from tests.servers import PostgresServer, RedisServer
from tests.waiting import wait_until

numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that may be stopped without taking other tests with it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.create(f"shop{next(numbers)}")


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def people_of(shop: Processes, many: int) -> list[Customer]:
    return [shop.twilio.customer(f"+1415555{n:04d}") for n in range(many)]


def nothing_left(shop: Processes) -> bool:
    unsettled = "state IN ('waiting', 'ready', 'sending', 'unknown')"
    return bool(shop.db.value(f"SELECT count(*) FROM messages WHERE {unsettled}") == 0)


def leader(shop: Processes) -> int:
    """The server's process of whoever has the clock; 0 where nobody has."""
    found = shop.db.value(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND (classid::bigint << 32) | objid::bigint = hashtextextended('clock', 0)"
    )
    return int(found or 0)


def asked(amount: int) -> str:
    return f"convert {amount} usd to eur"


def test_a_killed_worker_and_a_redis_that_goes_cost_nobody_an_answer_and_change_no_order(
    tmp_path: Path, url: str, redis: RedisServer
) -> None:
    amounts = ("110", "120", "130")
    with processes(tmp_path, DATABASE_URL=url, REDIS_URL=redis.url) as shop:
        shop.start_web(workers=2)
        first = shop.start_worker()
        wait_until(lambda: leader(shop) != 0)
        clock = leader(shop)
        shop.start_worker()
        people = people_of(shop, 16)
        for round_, amount in enumerate(amounts, start=1):
            for person in people:
                person.says(f"convert {amount} usd to eur")
                if round_ == 2 and person is people[8]:
                    shop.kill(first)  # with turns in its hands, and the clock
            if round_ == 1:
                assert leader(shop) == clock
                redis.kill()
            shop.answered(people, round_)
        wait_until(lambda: nothing_left(shop) and leader(shop) not in (0, clock))
        for person in people:
            assert [amount for said in person.heard() for amount in amounts if amount in said] == list(amounts)
        assert shop.db.value("SELECT count(*) FROM messages WHERE role = 'user'") == len(people) * len(amounts)


@pytest.mark.exhaustive
def test_a_database_that_restarts_under_load_costs_nobody_an_answer_and_gives_nobody_two(
    tmp_path: Path, server: PostgresServer, url: str
) -> None:
    with processes(tmp_path, pace=Pace(0.01, 0.01, 0), DATABASE_URL=url) as shop:
        shop.start_web(workers=2)
        for _ in range(2):
            shop.start_worker()
        people = people_of(shop, 45)

        def talk(some: list[Customer]) -> None:
            for person in some:
                person.says("hello")

        for some, restart in ((people[:15], stop_and_start), (people[15:30], crash), (people[30:], stay_away)):
            talking = threading.Thread(target=talk, args=(some,))
            talking.start()
            wait_until(lambda some=some: any(person.heard() for person in some))  # type: ignore[misc]
            restart(server, shop)
            talking.join()
        shop.answered(people, 1)
        wait_until(lambda: nothing_left(shop))


def stop_and_start(server: PostgresServer, shop: Processes) -> None:
    """As an administrator does."""
    server.stop()
    server.start()


def crash(server: PostgresServer, shop: Processes) -> None:
    """What was not waited for at the commit is lost."""
    server.kill()
    server.start()


def stay_away(server: PostgresServer, shop: Processes) -> None:
    """Until a webhook was told to come again."""
    server.kill()
    wait_until(lambda: "a webhook could not be stored" in shop.log())
    server.start()


def test_several_sorters_on_a_server_make_each_message_once_and_in_order(url: str) -> None:
    with open_line(url, running=False) as line:
        for n in range(120):
            arrive(line, f"SM{n}", body=str(n), From=f"whatsapp:+1415555{n % 7:04d}")
        spoil(line, "SM60")
        sort_together(line, 3)
        assert contents(line) == [str(n) for n in range(120) if n != 60]
        assert [form.provider_id for form in line.forms.set_aside()] == ["SM60"]
        line.db.close()


def test_a_commit_elsewhere_wakes_a_worker_that_looks_once_an_hour_by_itself(url: str) -> None:
    heard_of = threading.Event()
    elsewhere = Database(url)
    with open_line(url, running=False) as line:
        worker = Worker(line.worker._parts, heard_of, pause=3600)
        elsewhere.wake(heard_of)
        worker.start()
        try:
            person = line.customer()
            [answer] = person.wait_for_reply(person.says("STOP"))  # due at once: no quiet time has to pass
            assert answer.body == "You said: STOP"
        finally:
            worker.stop()
            elsewhere.close()
            line.db.close()
