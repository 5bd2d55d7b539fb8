from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.ads.morning.cycle import BrandMorning, Cycle, Morning, Step
from bot.ads.platform import Account, NotAuthorised
from bot.ads.practice import Book, PracticeAccount, read_practice
from memory.ads.morning_runs import Cycles
from memory.agents.memory_manager import MemoryManager
from memory.settings import MemorySettings
from memory.storage.database import Database
from memory.storage.errors import NotStorable
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

SIX = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # in Madrid
MADRID = BrandMorning("voyage", ZoneInfo("Europe/Madrid"), 7)


class Killed(BaseException):
    """The process ends here; nothing after this line is done."""


@pytest.fixture
def clock() -> TestClock:
    return TestClock(SIX)


@pytest.fixture
def accounts(tmp_path: Path, clock: TestClock) -> dict[str, Account]:
    specs = read_practice(Path(__file__).parents[3] / "data" / "practice.toml")[:2]
    book = Book(tmp_path / "practice.db")
    return {spec.id: PracticeAccount(replace(spec, ads=2), book, clock, SIX) for spec in specs}


@pytest.fixture
def cycle_of(tmp_path: Path, clock: TestClock, accounts: dict[str, Account]) -> Callable[..., Cycle]:
    """A cycle with these steps, as each process makes its own on the same file."""

    def make(steps: Sequence[Step], closing: Sequence[Step]) -> Cycle:
        db = migrated_database(tmp_path / "hawker.db")
        return Cycle(
            [MADRID],
            {"voyage": accounts},
            Cycles(db, clock),
            steps,
            closing,
            clock,
            clock,
            MemoryManager(MemorySettings(), db=db, clock=clock),
        )

    return make


def writing(log: list[str], name: str, note: Any = None) -> Step:
    def do(morning: Morning) -> Any:
        log.append(f"{name} {morning.account.describe().id if morning.account else 'all'}")
        return note

    return Step(name, do)


def test_a_morning_begins_at_its_hour_and_happens_once(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []
    cycle = cycle_of([writing(log, "pull"), writing(log, "act")], [writing(log, "report")])
    cycle.run()
    assert log == []
    clock.pass_by(hours=1)
    cycle.run()
    cycle.run()
    assert log == ["pull act_9001", "act act_9001", "pull act_9002", "act act_9002", "report all"]
    clock.pass_by(days=1)
    cycle.run()
    assert len(log) == 10


def test_a_cycle_that_died_goes_on_after_its_last_finished_step(
    cycle_of: Callable[..., Cycle], clock: TestClock
) -> None:
    log: list[str] = []

    def dies(morning: Morning) -> None:
        raise Killed

    clock.pass_by(hours=1)
    with pytest.raises(Killed):
        cycle_of([writing(log, "pull", {"readings": 3}), Step("act", dies)], [writing(log, "report")]).run()
    clock.pass_by(minutes=6)
    seen: list[Any] = []
    act = Step("act", lambda morning: seen.append(morning.notes))
    cycle_of([writing(log, "pull", {"readings": 3}), act], [writing(log, "report")]).run()
    assert log == ["pull act_9001", "pull act_9002", "report all"]
    assert seen == [{"pull": {"readings": 3}}, {"pull": {"readings": 3}}]


def test_two_clocks_share_a_morning(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []
    clock.pass_by(hours=1)

    def meanwhile(morning: Morning) -> None:
        log.append("pull")
        other.run()

    other = cycle_of([writing(log, "pull")], [writing(log, "report")])
    cycle_of([Step("pull", meanwhile)], [writing(log, "report")]).run()
    assert sorted(log) == ["pull", "pull act_9002", "report all"]


@pytest.mark.parametrize(
    "fault", [NotAuthorised("the token has expired: make a new one"), NotStorable("ad 7: told in USD, not in INR")]
)
def test_an_account_that_fails_is_named_and_the_others_go_on(
    cycle_of: Callable[..., Cycle], clock: TestClock, fault: Exception, tmp_path: Path
) -> None:
    log: list[str] = []

    def pull(morning: Morning) -> None:
        assert morning.account is not None
        if morning.account.describe().id == "act_9001":
            raise fault
        log.append(morning.account.describe().id)

    cycle = cycle_of([Step("pull", pull)], [writing(log, "report")])
    clock.pass_by(hours=1)
    cycle.run()
    assert log == ["act_9002"]
    stopped = Cycles(Database(tmp_path / "hawker.db"), clock).of_day("voyage", "act_9001", date(2026, 11, 21))
    assert stopped is not None
    assert stopped.fault == str(fault)
    clock.pass_by(hours=3)
    cycle.run()
    assert log == ["act_9002", "report all"]


def test_a_process_that_lost_its_morning_stops(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []
    clock.pass_by(hours=1)

    def sleeps(morning: Morning) -> None:
        clock.now += timedelta(minutes=6)
        other.run()

    other = cycle_of([writing(log, "pull"), writing(log, "act")], [writing(log, "report")])
    late = cycle_of([Step("pull", sleeps), writing(log, "late act")], [writing(log, "report")])
    late.run()
    assert [line for line in log if line.startswith("late")] == []
