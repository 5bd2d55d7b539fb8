from __future__ import annotations

import multiprocessing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from memory.storage.database import Database
from memory.storage.quotas import Limits
from tests.memory.stores import TestClock
from tests.migrated import migrated_database, place_migrated
from tests.waiting import HANG_SECONDS

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.fixture
def watch() -> TestClock:
    return TestClock(NOON)


@pytest.fixture
def limits(tmp_path: Path, watch: TestClock) -> Limits:
    return Limits(migrated_database(tmp_path / "h.db"), watch)


def noon() -> datetime:
    return NOON


def ask_often(path: str, answers: multiprocessing.Queue[tuple[int, int]]) -> None:
    limits = Limits(Database(path), noon)
    allowed = sum(limits.allow("model:7", 50, 60) for _ in range(20))
    reserved = sum(limits.reserve("acme", TODAY, 30, 1000) for _ in range(20))
    answers.put((allowed, reserved))


def test_eight_processes_together_get_exactly_what_is_allowed(tmp_path: Path) -> None:
    path = str(tmp_path / "h.db")
    place_migrated(Path(path))
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[tuple[int, int]] = context.Queue()
    processes = [context.Process(target=ask_often, args=(path, answers)) for _ in range(8)]
    for process in processes:
        process.start()
    counted = [answers.get(timeout=HANG_SECONDS) for _ in processes]
    for process in processes:
        process.join()
    assert sum(allowed for allowed, _ in counted) == 50
    assert sum(reserved for _, reserved in counted) == 1000 // 30
    assert Limits(Database(path), noon).spent("acme", TODAY) == 990


def test_the_next_window_starts_afresh_and_the_old_one_goes(limits: Limits, watch: TestClock) -> None:
    assert [limits.allow("model:7", 2, 60) for _ in range(3)] == [True, True, False]
    watch.pass_by(seconds=59)
    assert not limits.allow("model:7", 2, 60)
    watch.pass_by(seconds=1)
    assert limits.allow("model:7", 2, 60)
    assert limits.forget_windows(watch.now) == 0


def test_names_do_not_share_a_limit(limits: Limits) -> None:
    assert limits.allow("model:7", 1, 60)
    assert limits.allow("model:8", 1, 60)


def test_what_is_not_allowed_is_not_counted(limits: Limits) -> None:
    assert not limits.allow("model:7", 0, 60)
    assert limits.reserve("acme", TODAY, 900, 1000)
    assert not limits.reserve("acme", TODAY, 200, 1000)
    assert limits.spent("acme", TODAY) == 900
    assert limits.reserve("acme", TODAY, 100, 1000)


def test_what_was_set_aside_is_corrected_to_what_it_cost(limits: Limits) -> None:
    limits.reserve("acme", TODAY, 900, 1000)
    limits.add_spend("acme", TODAY, 40 - 900)
    assert limits.spent("acme", TODAY) == 40
    assert limits.reserve("acme", TODAY, 960, 1000)


def test_each_brand_and_each_day_has_its_own_budget(limits: Limits, watch: TestClock) -> None:
    assert limits.reserve("acme", TODAY, 1000, 1000)
    assert limits.reserve("zen", TODAY, 1000, 1000)
    assert limits.today() == TODAY
    watch.pass_by(hours=12)
    assert limits.reserve("acme", limits.today(), 1000, 1000)
    assert limits.spent("acme", TODAY) == 1000
    assert limits.spent("acme", date(2026, 11, 22)) == 1000


def test_old_windows_are_forgotten_and_budgets_stay(limits: Limits, watch: TestClock) -> None:
    limits.allow("model:7", 2, 60)
    limits.add_spend("acme", TODAY, 5)
    assert limits.forget_windows(watch.now + timedelta(days=2)) == 1
    assert limits.spent("acme", TODAY) == 5
