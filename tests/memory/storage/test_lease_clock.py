"""The lease clock of each engine: it goes forward, and all connections read the same one."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from memory.storage.database import Database
from memory.storage.lease_clock import LeaseTime, machine_time
from tests.waiting import wait_until


def test_all_connections_read_one_clock_that_goes_forward(url: str) -> None:
    one, two = Database(url), Database(url)
    readings = [db.lease_time() for db in (one, two, one, two)]
    one.close()
    two.close()
    assert len({reading.clock_id for reading in readings}) == 1
    assert [reading.tick for reading in readings] == sorted(reading.tick for reading in readings)
    assert readings[0].clock_id


def test_it_counts_true_time() -> None:
    began = time.monotonic()
    first = machine_time()
    wait_until(lambda: (machine_time().since(first) or timedelta(0)) >= timedelta(milliseconds=20))
    passed = machine_time().since(first)
    assert passed is not None and passed <= timedelta(seconds=time.monotonic() - began)


def test_readings_of_two_clocks_are_not_compared() -> None:
    assert LeaseTime("this start", 5).since(LeaseTime("the last start", 3)) is None
    assert LeaseTime("this start", 5).since(None) is None


def test_without_a_boot_id_it_is_the_monotonic_clock(tmp_path: Path) -> None:
    nowhere = tmp_path / "boot_id"
    before = time.monotonic_ns() // 1000
    assert machine_time(nowhere).clock_id == "monotonic"
    assert before <= machine_time(nowhere).tick <= time.monotonic_ns() // 1000
