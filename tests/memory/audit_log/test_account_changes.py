"""What the ad agent's limits stand on, on each engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.ads.alarms.rules import AlarmActions, overloaded_desk
from memory.ads.emergency_stop import Alarms, HeldObject, Stops
from memory.audit_log.account_changes import AccountHeld, AccountLeases, Changes
from memory.audit_log.approvals import Approvals, CannotApprove
from memory.audit_log.creation_intents import Intents, Part, new_token
from memory.conversations.turns import Pressure
from memory.storage.database import Database
from tests.ads.buying import ANA, BRAND, CYCLE, SAM, Buying, idea, rupees
from tests.memory.stores import TestClock

DAY = date(2026, 11, 21)


@pytest.fixture
def buying(url: str) -> Iterator[Buying]:
    shop = Buying(url)
    yield shop
    shop.db.close()


@pytest.fixture
def db(buying: Buying) -> Database:
    return buying.db


@pytest.fixture
def watch(buying: Buying) -> TestClock:
    return buying.clock


def at_once(count: int, do: Callable[[int], object]) -> None:
    """Each in a thread of its own, started together."""
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        do(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_day_of_buying_ads(buying: Buying) -> None:
    line = buying.account.line("1000", "Delhi")
    actions = buying.actions
    actions.set_budget(BRAND, "act_1", "ad_set", line, rupees(1500), SAM, "it sells", key="once")
    actions.launch(BRAND, "act_1", idea("Winter", "200", "100"), CYCLE)
    with pytest.raises(Exception, match="waits for an admin"):
        actions.set_budget(BRAND, "act_1", "ad_set", line, rupees(2500), SAM, "it sells")
    (approval,) = actions.approvals.waiting(BRAND)
    actions.approvals.ask(BRAND, approval.id, ANA.who)
    actions.approve(BRAND, approval.id, ANA)
    actions.undo(BRAND, SAM)
    buying.clock.pass_by(hours=2)
    AlarmActions(actions).apply(BRAND, [overloaded_desk(Pressure(90, 0, timedelta(0)), ["act_1"])])
    assert buying.account.budget(line) == 750
    AlarmActions(actions).apply(BRAND, [overloaded_desk(Pressure(0, 0, timedelta(0)), ["act_1"])])
    assert buying.emergency_stop.stop_everything(BRAND, ANA, "fire").complete
    assert len(buying.emergency_stop.resume_everything(BRAND, ANA).resumed) == 2
    assert actions.sweep(BRAND, "act_1") == [] and actions.recover(BRAND, "act_1") == []
    assert buying.account.planned() == 1800
    assert {change.state for change in actions.changes.page(BRAND)} == {"done"}


def test_one_of_many_takes_the_turn_at_an_account(db: Database, watch: TestClock) -> None:
    leases = AccountLeases(db, timedelta(minutes=3))
    won: list[int] = []

    def take(number: int) -> None:
        try:
            leases.take("act_1", str(number))
        except AccountHeld:
            return
        won.append(number)

    at_once(8, take)
    assert len(won) == 1
    watch.pass_by(minutes=3)
    leases.take("act_1", "next")
    with pytest.raises(AccountHeld):
        leases.renew("act_1", str(won[0]))
    leases.give_back("act_1", str(won[0]))
    with pytest.raises(AccountHeld):
        leases.take("act_1", "third")


def test_an_approval_is_used_by_one_of_many(db: Database, watch: TestClock) -> None:
    approvals = Approvals(db, watch)
    number = approvals.propose(BRAND, "act_1", "[]", "all", by="cycle", role="agent", asked_of=ANA.who).id
    given: list[int] = []

    def approve(_number: int) -> None:
        try:
            given.append(approvals.approve(BRAND, number, ANA.who).id)
        except CannotApprove:
            return

    at_once(6, approve)
    assert given == [number]


def test_plans_proposed_together_leave_one_question(db: Database, watch: TestClock) -> None:
    approvals = Approvals(db, watch)
    at_once(6, lambda n: approvals.propose(BRAND, "act_1", f"[{n}]", "all", by="cycle", role="agent"))
    assert len(approvals.waiting(BRAND)) == 1


def test_a_token_is_nobodys_twice(db: Database, watch: TestClock) -> None:
    intents = Intents(db, watch)
    parts = [Part(f"ad {number}", "ad", {"name": "x"}) for number in range(50)]
    launch = intents.plan(BRAND, "act_1", 1, "Winter", parts)
    first, *_rest = intents.parts(launch.id)
    assert len(intents.tokens("act_1")) == 50
    assert len({new_token() for _ in range(10_000)}) == 10_000
    assert [intents.ask(first.id), intents.ask(first.id)] == [True, False]
    intents.made(first.id, "77")
    assert intents.tokens("act_1")[first.token].object_id == "77"


def test_one_stop_at_a_time(db: Database, watch: TestClock) -> None:
    stops = Stops(db, watch)
    at_once(5, lambda n: stops.begin(BRAND, str(n), "fire"))
    assert db.value("SELECT count(*) FROM ad_stops") == 1
    stop = stops.in_force(BRAND)
    assert stop is not None and stops.in_force("zen") is None
    assert [stops.end(stop, "a"), stops.end(stop, "b")] == [True, False]
    assert stops.begin(BRAND, "c", "again").id != stop.id


def test_news_is_told_once(db: Database, watch: TestClock) -> None:
    alarms = Alarms(db, watch)
    at_once(5, lambda n: alarms.raise_(BRAND, "desk", "the desk drowns"))
    (notice,) = alarms.unsent_notices(BRAND)
    alarms.mark_sent(notice.id)
    assert alarms.unsent_notices(BRAND) == []
    (record,) = alarms.all_active(BRAND)
    for _ in range(2):
        alarms.end(record, "it is over")
    assert [each.sentence for each in alarms.unsent_notices(BRAND)] == ["it is over"]


def test_what_runs_again_is_held_again(db: Database, watch: TestClock) -> None:
    stops = Stops(db, watch)
    thing = HeldObject(BRAND, "alarm 1", "act_1", "ad_set", "7", "Delhi", was=rupees("10.50"), becomes=rupees(5))
    stops.hold([thing])
    stops.mark(thing, "paused")
    assert [each.state for each in stops.holding("act_1", "7")] == ["paused"]
    stops.hold([thing])
    assert stops.held("alarm 1", "to_pause") == [thing]


def test_the_most_of_a_day_is_kept(db: Database, watch: TestClock) -> None:
    changes = Changes(db, watch)
    for amount in ("100", "300.50", "200"):
        changes.note_peak("act_1", DAY, {"7": Decimal(amount)})
    assert changes.peaks("act_1", DAY) == {"7": Decimal("300.50")}
    assert changes.peaks("act_1", DAY + timedelta(days=1)) == {}
    assert changes.forget_peaks("act_1", DAY + timedelta(days=1)) == 1


def test_a_key_is_one_change_and_settling_happens_once(buying: Buying) -> None:
    line = buying.account.line("1000")
    for _ in range(2):
        buying.actions.set_budget(BRAND, "act_1", "ad_set", line, rupees(900), SAM, "why", key="monday")
    change = buying.actions.changes.by_key("monday")
    assert change is not None
    assert not buying.actions.changes.settle(change.id, "refused")
    assert buying.actions.changes.get(BRAND, change.id).state == "done"
