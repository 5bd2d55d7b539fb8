from __future__ import annotations

from datetime import date, timedelta

import pytest

from memory.ads.morning_runs import Cycles
from memory.storage.errors import CycleLost
from tests.memory.stores import Stores

DAY = date(2026, 11, 21)


@pytest.fixture
def cycles(stores: Stores) -> Cycles:
    return Cycles(stores.db, stores.clock, lease=timedelta(minutes=5))


def test_one_process_works_on_an_account_at_a_time(cycles: Cycles) -> None:
    assert cycles.claim("voyage", "act_1", DAY, "pull") is not None
    assert cycles.claim("voyage", "act_1", DAY, "pull") is None
    assert cycles.claim("voyage", "act_2", DAY, "pull") is not None


def test_who_takes_over_goes_on_where_the_other_stopped(cycles: Cycles, stores: Stores) -> None:
    first = cycles.claim("voyage", "act_1", DAY, "pull")
    assert first is not None
    first = cycles.finish_step(first, {"readings": 7}, "analyse")
    stores.clock.pass_by(minutes=6)
    second = cycles.claim("voyage", "act_1", DAY, "pull")
    assert second is not None
    assert (second.step, second.notes) == ("analyse", {"pull": {"readings": 7}})
    with pytest.raises(CycleLost):
        cycles.finish_step(first, {}, "act")


def test_a_step_that_takes_long_keeps_its_cycle(cycles: Cycles, stores: Stores) -> None:
    run = cycles.claim("voyage", "act_1", DAY, "pull")
    assert run is not None
    for _ in range(3):
        stores.clock.pass_by(minutes=4)
        cycles.renew(run)
        assert cycles.claim("voyage", "act_1", DAY, "pull") is None


def test_a_finished_day_is_not_done_again(cycles: Cycles, stores: Stores) -> None:
    run = cycles.claim("voyage", "act_1", DAY, "pull")
    assert run is not None
    cycles.end(run)
    stores.clock.pass_by(hours=1)
    assert cycles.claim("voyage", "act_1", DAY, "pull") is None
    assert cycles.claim("voyage", "act_1", DAY + timedelta(days=1), "pull") is not None


def test_a_failed_step_says_why_and_is_done_again(cycles: Cycles, stores: Stores) -> None:
    run = cycles.claim("voyage", "act_1", DAY, "pull")
    assert run is not None
    cycles.fail(run, "the token has expired", stores.clock() + timedelta(minutes=15))
    stores.clock.pass_by(minutes=14)
    assert cycles.claim("voyage", "act_1", DAY, "pull") is None
    stores.clock.pass_by(minutes=2)
    stopped = cycles.of_day("voyage", "act_1", DAY)
    assert stopped is not None
    assert stopped.fault == "the token has expired"
    again = cycles.claim("voyage", "act_1", DAY, "pull")
    assert again is not None
    assert (again.step, again.fault) == ("pull", None)


def test_a_brand_sees_its_own(cycles: Cycles) -> None:
    cycles.claim("voyage", "act_1", DAY, "pull")
    assert cycles.latest("other") == []
    assert [run.account_id for run in cycles.latest("voyage")] == ["act_1"]


def test_the_newest_cycle_is_the_latest_days_whoever_began_last(cycles: Cycles) -> None:
    assert cycles.newest_day("voyage") is None
    assert cycles.newest_of("voyage", "act_1") is None
    for account, day in (("act_1", DAY + timedelta(days=1)), ("act_1", DAY), ("act_2", DAY)):
        assert cycles.claim("voyage", account, day, "pull") is not None
    assert cycles.newest_day("voyage") == DAY + timedelta(days=1)
    newest = {name: cycles.newest_of("voyage", name) for name in ("act_1", "act_2")}
    assert [run and run.day for run in newest.values()] == [DAY + timedelta(days=1), DAY]
    assert cycles.newest_day("optics") is None
