"""The lease clock of each engine: it goes forward, and all connections read the same one."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from memory.storage import lease_clock
from memory.storage.database import Database
from memory.storage.lease_clock import LeaseTime, machine_time


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
    time.sleep(0.02)
    passed = machine_time().since(first)
    assert passed is not None
    assert timedelta(seconds=0.02) <= passed <= timedelta(seconds=time.monotonic() - began)


def test_readings_of_two_clocks_are_not_compared() -> None:
    assert LeaseTime("this start", 5).since(LeaseTime("the last start", 3)) is None
    assert LeaseTime("this start", 5).since(None) is None


def test_without_a_boot_id_it_is_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_clock, "_boot_id", lambda: None)
    before = time.monotonic_ns() // 1000
    assert machine_time().clock_id == "monotonic"
    assert before <= machine_time().tick <= time.monotonic_ns() // 1000
