"""Processes killed at any instant: nothing lost, nothing answered twice, others go on."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.simulator import Customer, Pace
from bot.channels.simulator.fault_injection import InjectedFault
from tests.processes import Processes, processes
from tests.waiting import wait_until


def customers(shop: Processes, count: int) -> list[Customer]:
    return [shop.twilio.customer(f"+1415555{n:04d}") for n in range(count)]


def nothing_left(shop: Processes) -> None:
    unsettled = "SELECT count(*) FROM messages WHERE state IN ('waiting', 'ready', 'sending', 'unknown')"
    wait_until(
        lambda: shop.db.value(unsettled) == 0,
        lambda: shop.db.all("SELECT state, count(*) AS n FROM messages GROUP BY state"),
    )


def test_several_webs_and_workers_share_one_file(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web(workers=2)
        for _ in range(3):
            shop.start_worker()
        people = customers(shop, 30)
        for person in people:
            shop.twilio.fail("webhook_at_once", who=person.person.address.removeprefix("whatsapp:"))
            person.says("hello")
        shop.answered(people, 1)
        nothing_left(shop)
        for person in people:
            person.says("do you have gaming laptops?")
        shop.answered(people, 2)


def test_a_killed_workers_contacts_pass_to_another_when_its_lease_ends(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web()
        first = shop.start_worker()
        person = shop.twilio.customer("+14155550001")
        person.wait_for_reply(person.says("hello"))
        shop.twilio.fail("hang", seconds=30, who="+14155550001")  # the worker waits for an answer that never comes
        person.says("do you have gaming laptops?")
        wait_until(lambda: not shop.twilio.faults.listed())  # it is waiting now
        shop.kill(first)
        held_until = shop.db.value("SELECT max(expires_tick) FROM leases")
        assert held_until <= shop.db.lease_time().plus(timedelta(seconds=15)).tick
        shop.start_worker()
        shop.answered([person], 2)


def test_a_worker_that_is_stopped_just_before_sending_sends_nothing_twice(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web()
        first = shop.start_worker()
        person = shop.twilio.customer("+14155550001")
        person.wait_for_reply(person.says("hello"))
        # Its reply has buttons: the worker asks for them after it has marked the message, and before it sends it.
        shop.twilio.faults.add(InjectedFault("hang", address="content", seconds=2))
        person.says("do you have gaming laptops?")
        wait_until(lambda: shop.db.value("SELECT count(*) FROM messages WHERE state = 'sending'"), shop.log)
        os.kill(first.pid, signal.SIGSTOP)
        shop.start_worker()
        over = "SELECT count(*) FROM leases WHERE expires_tick < :now"
        wait_until(lambda: shop.db.value(over, now=shop.db.lease_time().tick))
        other = shop.twilio.customer("+14155550002")
        other.wait_for_reply(other.says("hello"))  # the second worker works, and lets this message alone
        wait_until(lambda: shop.db.value("SELECT count(*) FROM messages WHERE state = 'sending'") == 1)
        assert len(person.heard()) == 1
        os.kill(first.pid, signal.SIGCONT)
        shop.answered([person], 2)
        nothing_left(shop)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(1, 8))])
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
        shop.answered(people, 1)
        nothing_left(shop)


def test_a_web_process_killed_while_messages_arrive_loses_none(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        web = shop.start_web()
        shop.start_worker()
        people = customers(shop, 20)
        talking = threading.Thread(target=lambda: [person.says("hello") for person in people])
        talking.start()
        time.sleep(0.3)  # somewhere in the middle of it
        shop.kill(web)
        shop.start_web()
        talking.join()
        shop.answered(people, 1)


def test_what_the_webhook_never_delivered_is_caught_up_at_the_start_once(tmp_path: Path) -> None:
    with processes(tmp_path) as shop:
        shop.start_web()
        person = shop.twilio.customer("+14155550001")
        shop.twilio.fail("webhook_never", times=2, who="+14155550001")
        person.says("hi")
        person.says("do you have gaming laptops?")
        shop.start_worker()
        shop.answered([person], 1)
        rows = shop.db.all("SELECT content FROM messages WHERE role = 'user' ORDER BY id")
        assert [row["content"] for row in rows] == ["hi", "do you have gaming laptops?"]
