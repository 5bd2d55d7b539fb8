"""The promises of the simulated queue with real processes on PostgreSQL, killed and stopped at random instants."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.channels.simulator import Pace
from tests.processes import Processes, processes
from tests.servers import PostgresServer
from tests.waiting import wait_until

UNSETTLED = "state IN ('waiting', 'ready', 'sending', 'unknown')"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(1, 6))])
def test_killed_and_stopped_workers_answer_each_message_once_in_order(
    tmp_path: Path, server: PostgresServer, seed: int
) -> None:
    chance = random.Random(seed)
    with processes(tmp_path, pace=Pace(0.01, 0.01, 0), DATABASE_URL=server.create(f"queue{seed}")) as shop:
        shop.start_web()
        workers = [shop.start_worker() for _ in range(2)]
        people = [shop.twilio.customer(f"+1415555{n:04d}") for n in range(12)]
        rounds = [f"convert {amount} usd to eur" for amount in (110, 120, 130)]

        def talk() -> None:
            for said in rounds:
                for person in people:
                    person.says(said)
                    pause.wait(chance.uniform(0.0, 0.1))

        pause = threading.Event()
        talking = threading.Thread(target=talk)
        talking.start()
        stopped = chance.choice(workers)
        busy = "SELECT count(*) FROM leases"
        wait_until(lambda: bool(shop.db.value(busy)))
        os.killpg(stopped.pid, signal.SIGSTOP)  # with leases in its hands, which end meanwhile
        wait_until(lambda: any(person.heard() for person in people))
        other = workers[1 - workers.index(stopped)]
        shop.kill(other)
        shop.start_worker()
        talking.join()
        wait_until(lambda: all(person.heard() for person in people))
        os.killpg(stopped.pid, signal.SIGCONT)
        wait_until(lambda: shop.db.value(f"SELECT count(*) FROM messages WHERE {UNSETTLED}") == 0)
        assert_promises_kept(shop, len(people) * len(rounds), stopped)


def assert_promises_kept(shop: Processes, written: int, stopped: subprocess.Popen[bytes]) -> None:
    assert stopped.poll() is None, "the stopped worker did not go on"
    rows = shop.db.all("SELECT id, contact_id, role, state, turn_id FROM messages ORDER BY id")
    theirs = [row for row in rows if row["role"] == "user"]
    assert len(theirs) == written
    assert {row["state"] for row in theirs} == {"handled"}
    answered = {row["turn_id"] for row in rows if row["role"] == "assistant"}
    assert {row["turn_id"] for row in theirs} <= answered
    letters = [letter for letter in shop.twilio.chats.letters.values() if letter.callback]
    by_row = Counter(int(parse_qs(urlsplit(str(letter.callback)).query)["outbox"][0]) for letter in letters)
    assert [row for row, times in by_row.items() if times > 1] == []
    ours = {row["id"] for row in rows if row["role"] == "assistant"}
    assert by_row.keys() == ours
    contact = {row["id"]: row["contact_id"] for row in rows}
    ordered: dict[int, list[int]] = {}
    for letter in sorted(letters, key=lambda one: one.ordinal):
        row = int(parse_qs(urlsplit(str(letter.callback)).query)["outbox"][0])
        ordered.setdefault(contact[row], []).append(row)
    assert all(earlier < later for sent in ordered.values() for earlier, later in pairwise(sent))
