from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ads.morning.cycle import BrandMorning, Cycle, Morning, MorningStep
from bot.ads.platform import NotAuthorised, PlatformAccount
from bot.ads.practice import DecisionsFile, PracticeAccount, read_practice
from bot.ads.step_results import ActResult, MorningResults, PullResult, ReportResult, StepResult
from memory.ads.morning_runs import Cycles
from memory.agents.memory_manager import MemoryManager
from memory.settings import MemorySettings
from memory.storage.database import Database
from memory.storage.errors import NotStorable
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

SIX = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # in Madrid
MADRID = BrandMorning("voyage", ZoneInfo("Europe/Madrid"), 7)


class CycleKilled(BaseException):
    """The process ends here."""


@pytest.fixture
def clock() -> TestClock:
    return TestClock(SIX)


@pytest.fixture
def accounts(tmp_path: Path, clock: TestClock) -> dict[str, PlatformAccount]:
    specs = read_practice(Path(__file__).parents[3] / "data" / "practice.toml")[:2]
    decisions = DecisionsFile(tmp_path / "practice.db")
    return {spec.id: PracticeAccount(replace(spec, ads=2), decisions, clock, SIX) for spec in specs}


@pytest.fixture
def cycle_of(tmp_path: Path, clock: TestClock, accounts: dict[str, PlatformAccount]) -> Callable[..., Cycle]:
    """Each process makes its own on the same file."""

    def make(steps: Sequence[MorningStep], closing: Sequence[MorningStep]) -> Cycle:
        db = migrated_database(tmp_path / "hawker.db", lease_clock=clock.lease_time)
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


PULLED = PullResult(ads=2, readings=3, carried=Decimal("0.8"))
RESULTS: Mapping[str, StepResult] = {"pull": PULLED, "act": ActResult(done=1), "report": ReportResult(accounts=2)}


def writing(log: list[str], name: str) -> MorningStep:
    def do(morning: Morning) -> StepResult:
        log.append(f"{name} {morning.account.describe().id if morning.account else 'all'}")
        return RESULTS[name]

    return MorningStep(name, do)


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


def test_a_killed_cycle_resumes_after_its_last_step(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []

    def dies(morning: Morning) -> StepResult:
        raise CycleKilled

    clock.pass_by(hours=1)
    with pytest.raises(CycleKilled):
        cycle_of([writing(log, "pull"), MorningStep("act", dies)], [writing(log, "report")]).run()
    clock.pass_by(minutes=6)
    seen: list[MorningResults] = []

    def act(morning: Morning) -> StepResult:
        seen.append(morning.results)
        return ActResult(done=0)

    cycle_of([writing(log, "pull"), MorningStep("act", act)], [writing(log, "report")]).run()
    assert log == ["pull act_9001", "pull act_9002", "report all"]
    assert seen == [MorningResults(pull=PULLED)] * 2


def test_a_step_whose_result_cannot_be_read_is_done_again(
    cycle_of: Callable[..., Cycle], clock: TestClock, tmp_path: Path
) -> None:
    log: list[str] = []
    cycle = cycle_of([writing(log, "pull"), writing(log, "act")], [writing(log, "report")])
    clock.pass_by(hours=1)
    cycles = Cycles(Database(tmp_path / "hawker.db", lease_clock=clock.lease_time), clock)
    run = cycles.claim("voyage", "act_9001", date(2026, 11, 21), "pull")
    assert run is not None
    cycles.finish_step(run, {"readings": "many, said another release"}, "act")
    clock.pass_by(minutes=6)
    cycle.run()
    assert log == ["pull act_9001", "act act_9001", "pull act_9002", "act act_9002", "report all"]
    done = cycles.newest_of("voyage", "act_9001")
    assert done is not None
    assert MorningResults.of_notes(done.notes) == MorningResults(pull=PULLED, act=ActResult(done=1))


def test_what_closes_a_morning_is_not_done_again(
    cycle_of: Callable[..., Cycle], clock: TestClock, tmp_path: Path
) -> None:
    log: list[str] = []
    once = [replace(writing(log, "report"), once=True), replace(writing(log, "act"), once=True)]
    cycle = cycle_of([writing(log, "pull")], once)
    clock.pass_by(hours=1)
    cycles = Cycles(Database(tmp_path / "hawker.db", lease_clock=clock.lease_time), clock)
    run = cycles.claim("voyage", "*", date(2026, 11, 21), "report")
    assert run is not None
    cycles.finish_step(run, {"cards": "told by another release"}, "act")
    clock.pass_by(minutes=6)
    cycle.run()
    assert log == ["pull act_9001", "pull act_9002", "act all"]


def test_two_clocks_share_a_morning(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []
    clock.pass_by(hours=1)

    def meanwhile(morning: Morning) -> StepResult:
        log.append("pull")
        other.run()
        return PULLED

    other = cycle_of([writing(log, "pull")], [writing(log, "report")])
    cycle_of([MorningStep("pull", meanwhile)], [writing(log, "report")]).run()
    assert sorted(log) == ["pull", "pull act_9002", "report all"]


@pytest.mark.parametrize(
    "fault", [NotAuthorised("the token has expired: make a new one"), NotStorable("ad 7: told in USD, not in INR")]
)
def test_a_failing_account_is_named_and_others_go_on(
    cycle_of: Callable[..., Cycle], clock: TestClock, fault: Exception, tmp_path: Path
) -> None:
    log: list[str] = []

    def pull(morning: Morning) -> StepResult:
        if morning.ad_account.describe().id == "act_9001":
            raise fault
        log.append(morning.ad_account.describe().id)
        return PULLED

    cycle = cycle_of([MorningStep("pull", pull)], [writing(log, "report")])
    clock.pass_by(hours=1)
    cycle.run()
    assert log == ["act_9002"]
    stopped = Cycles(Database(tmp_path / "hawker.db", lease_clock=clock.lease_time), clock).of_day(
        "voyage", "act_9001", date(2026, 11, 21)
    )
    assert stopped is not None
    assert stopped.fault == str(fault)
    clock.pass_by(hours=3)
    cycle.run()
    assert log == ["act_9002", "report all"]


def test_a_process_that_lost_its_morning_stops(cycle_of: Callable[..., Cycle], clock: TestClock) -> None:
    log: list[str] = []
    clock.pass_by(hours=1)

    late: list[str] = []

    def sleeps(morning: Morning) -> StepResult:
        clock.now += timedelta(minutes=6)
        other.run()
        return PULLED

    other = cycle_of([writing(log, "pull"), writing(log, "act")], [writing(log, "report")])
    cycle_of([MorningStep("pull", sleeps), writing(late, "act")], [writing(log, "report")]).run()
    assert late == []
