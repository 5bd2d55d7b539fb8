"""Processes killed at any instant: nothing lost, nothing answered twice, others go on."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from bot.channels.simulator import Customer, Pace
from tests.processes import Processes, processes


def customers(shop: Processes, count: int) -> list[Customer]:
    return [shop.twilio.customer(f"+1415555{n:04d}") for n in range(count)]


def answered(shop: Processes, people: list[Customer], each: int, seconds: float) -> None:
    """Wait until everybody has heard `each` answers, then see that nobody heard more."""
    chats = shop.twilio.chats
    with chats.changed:
        chats.changed.wait_for(lambda: all(len(person.heard()) >= each for person in people), seconds)
    assert [len(person.heard()) for person in people] == [each] * len(people)


def nothing_left(shop: Processes, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (
            shop.db.value("SELECT count(*) FROM messages WHERE state IN ('waiting', 'ready', 'sending', 'unknown')")
            == 0
        ):
            return
        time.sleep(0.05)  # polling another process's file: nothing wakes us
    raise AssertionError(shop.db.all("SELECT state, count(*) AS n FROM messages GROUP BY state"))


def test_several_webs_and_workers_share_one_file(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web(workers=2)
        for _ in range(3):
            shop.start_worker()
        people = customers(shop, 30)
        for person in people:
            shop.twilio.fail("webhook_at_once", who=person.person.address.removeprefix("whatsapp:"))
            person.says("hello")
        answered(shop, people, 1, 30)
        nothing_left(shop)
        for person in people:
            person.says("do you have gaming laptops?")
        answered(shop, people, 2, 30)


def test_a_killed_workers_contacts_pass_to_another_within_fifteen_seconds(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web()
        first = shop.start_worker()
        person = shop.twilio.customer("+14155550001")
        person.wait_for_reply(person.says("hello"), timeout=20)
        shop.twilio.fail("hang", seconds=30, who="+14155550001")  # the worker waits for an answer that never comes
        person.says("do you have gaming laptops?")
        while shop.db.value("SELECT count(*) FROM messages WHERE state = 'sending'") == 0:
            time.sleep(0.02)  # polling another process's file: nothing wakes us
        shop.kill(first)
        shop.start_worker()
        answered(shop, [person], 2, 25)


@pytest.mark.parametrize("seed", range(2))
def test_workers_killed_at_random_instants_lose_nothing_and_answer_nothing_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with processes(tmp_path, pace=Pace(0.01, 0.01, 0)) as shop:
        shop.start_web()
        workers = [shop.start_worker() for _ in range(2)]
        people = customers(shop, 25)
        talking = threading.Thread(target=lambda: [person.says("hello") for person in people])
        talking.start()
        for _ in range(2):
            time.sleep(chance.uniform(0.8, 2.0))  # the instant is the point
            shop.kill(workers.pop(0))
            workers.append(shop.start_worker())
        talking.join()
        answered(shop, people, 1, 45)
        nothing_left(shop)


def test_a_web_process_killed_while_messages_arrive_loses_none(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        web = shop.start_web()
        shop.start_worker()
        people = customers(shop, 20)
        talking = threading.Thread(
            target=lambda: [
                person.says(
                    "hello",
                )
                for person in people
            ]
        )
        talking.start()
        time.sleep(0.3)  # somewhere in the middle of it
        shop.kill(web)
        shop.start_web()
        talking.join()
        answered(shop, people, 1, 30)


def test_what_the_webhook_never_delivered_is_caught_up_at_the_start_once(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web()
        person = shop.twilio.customer("+14155550001")
        shop.twilio.fail("webhook_never", times=2, who="+14155550001")
        person.says("hi")
        person.says("do you have gaming laptops?")
        shop.start_worker()
        answered(shop, [person], 1, 20)
        rows = shop.db.all("SELECT content FROM messages WHERE role = 'user' ORDER BY id")
        assert [row["content"] for row in rows] == ["hi", "do you have gaming laptops?"]
