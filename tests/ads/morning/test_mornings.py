"""A whole morning on practice accounts: read, decide, act within the limits, tell staff once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.budget_decision import BudgetDecision, BudgetReason
from bot.ads.budgets.ad_history import AdHistory
from bot.ads.budgets.budget_lines import BudgetLine, budget_lines
from bot.ads.budgets.daily_decisions import steps_of, with_resting_state
from bot.ads.changes.plans.plan import AGENT, Actor, Pause
from bot.ads.morning.cycle import Morning
from bot.ads.practice import PracticeAccount
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.audit_log.account_changes import Cause, Changes, Intention
from tests.ads.shop import BEGUN, AdShop
from tests.memory.stores import TestClock
from tests.migrated import migrated_database


@pytest.fixture
def shop(tmp_path: Path) -> AdShop:
    return AdShop(tmp_path)


def budgets(account: PracticeAccount) -> dict[str, Decimal]:
    return {each.id: each.daily_budget.amount for each in account.structure().ad_sets if each.daily_budget}


def test_budgets_move_at_most_a_fifth_below_the_cap(shop: AdShop) -> None:
    before = {account.spec.id: budgets(account) for account in shop.accounts}
    shop.morning(hours=3)
    for account in shop.accounts:
        now = budgets(account)
        least = account.describe().min_daily_budget.amount
        for ad_set, amount in now.items():
            was = before[account.spec.id][ad_set]
            assert min(was * Decimal("0.79"), least) <= amount <= was * Decimal("1.2")
        assert sum(now.values()) * Decimal("1.75") <= account.spec.daily_cap
    assert any(budgets(account) != before[account.spec.id] for account in shop.accounts)


def test_staff_hear_one_card_with_what_was_changed(shop: AdShop) -> None:
    shop.morning(hours=3)
    shop.agency.cycle.run()
    assert len(shop.heard) == 1
    brand, card = shop.heard[0]
    assert brand == "voyage"
    assert "INR spent" in card
    assert "EUR spent" in card
    assert f"*{shop.changes_done()} changes today.*" in card


def test_every_change_is_remembered_with_its_reason(shop: AdShop) -> None:
    shop.morning(hours=3)
    kept = shop.agency.memory.records.optimizations("voyage")
    assert len(kept) == shop.changes_done()
    assert all("chats" in entry.record["reasoning"] and entry.record["expected_impact"] for entry in kept)


def test_the_audit_trail_holds_every_morning(shop: AdShop) -> None:
    shop.morning(hours=3)
    records = shop.agents.get_execution_records("ad agent")
    assert {(each["input"]["account"], each["status"]) for each in records} == {
        ("act_9001", "success"),
        ("act_9008", "success"),
        ("*", "success"),
    }
    assert all(each["output"] for each in records)


def test_acting_again_after_a_crash_changes_nothing(shop: AdShop) -> None:
    shop.morning(hours=3)
    account = shop.accounts[0]
    before, run = budgets(account), shop.run(account.spec.id)
    act = shop.step("act")
    results = replace(shop.results(account.spec.id), act=None)
    act.do(Morning("voyage", run.day, shop.clock(), account, results))
    assert budgets(account) == before
    assert len(shop.agency.memory.records.optimizations("voyage")) == shop.changes_done()


def test_without_a_cap_nothing_is_written_and_staff_are_told(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, places=(0,), capped=False)
    before = shop.accounts[0].structure()
    shop.morning(hours=3)
    assert budgets(shop.accounts[0]) == {
        each.id: each.daily_budget.amount for each in before.ad_sets if each.daily_budget
    }
    assert "has no daily cap, so nothing is changed there" in shop.heard[0][1]


def test_three_weeks_of_mornings_earn_more_than_leaving_it_alone(tmp_path: Path) -> None:
    (tmp_path / "led").mkdir()
    (tmp_path / "left").mkdir()
    led, left = AdShop(tmp_path / "led", places=(0,), ads=8), AdShop(tmp_path / "left", places=(0,), ads=8)
    led.morning(hours=3)
    for _ in range(21):
        led.morning()
    left.clock.pass_by(hours=3 + 21 * 24)
    last_week = led.clock().date() - timedelta(days=7)
    assert _profit(led.accounts[0], last_week) > _profit(left.accounts[0], last_week)


def _profit(account: PracticeAccount, since: date) -> Decimal:
    spent = sum((each.spend.amount for each in account.readings(since, date(2027, 1, 1))), Decimal(0))
    sold = [sale for sale in account.sales(since) if sale.ordered_at.date() >= since and not sale.returned_at]
    return sum((sale.margin.amount for sale in sold), Decimal(0)) - spent


def test_resting_ads_may_return_and_paused_ads_do_not(tmp_path: Path) -> None:
    shop = AdShop(tmp_path, places=(0,), ads=4)
    shop.agency.first_read()
    account = shop.accounts[0]
    first, second = (each.id for each in account.structure().ad_sets[:2])
    actions = shop.agency.actions
    actions.pause("voyage", "act_9001", "ad_set", first, AGENT, "others bring more", cause=Cause.RESTING)
    actions.pause("voyage", "act_9001", "ad_set", second, Actor("+34600000000", "staff"), "rests over the holidays")
    shop.agency.memory.campaigns.store_structure(account.structure())
    decide = shop.deciding()
    known = budget_lines(decide.campaigns, decide.attribution, "voyage", "act_9001", date(2026, 11, 21))
    states = {
        line.id: with_resting_state(line, decide._last_change("voyage", line)).ad.state
        for line in known
        if line.id in (first, second)
    }
    assert (states[first], states[second]) == ("resting", "paused")


ACCOUNT = AdAccount(
    "act_1", "voyage", "Voyage India", "INR", "Asia/Kolkata", "active", Money(Decimal(80), "INR"), practice=True
)
NAMES = [
    "Interests · video", "rests", "Rests", "Forests · image", "Crests & shields", "arrests", "Interests rests",
    "rests: other ads are expected to bring more for the same money", "Wrests · carousel", "INTERESTS", "it rests.",
    "Ad rests", "resting", "new and rests", "Prestressed", "Lookalike interests 3 %", "“rests”", "; rests: other ads",
    "paused.", "intereſts · vidéo",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_losing_ad_stays_paused_whatever_its_name(name: str, tmp_path: Path) -> None:
    db = migrated_database(tmp_path / "hawker.db")
    changes = Changes(db, TestClock())
    states = {}
    for cause in (Cause.LOSING_MONEY, Cause.RESTING):
        reason = BudgetReason(cause, Decimal(900), Decimal(0), 2520, 32, 62.0, 5000.0, 0.66)
        line = paused_line(cause, name)
        decision = BudgetDecision("ad_set", line.id, name, "security", cause is Cause.LOSING_MONEY, Decimal(0), reason)
        [step] = steps_of(ACCOUNT, line, decision)
        assert isinstance(step, Pause)
        change = changes.intend(intention(step, name))
        states[cause] = with_resting_state(line, changes.get("voyage", change.id)).ad.state
    assert states == {Cause.LOSING_MONEY: "paused", Cause.RESTING: "resting"}


def paused_line(object_id: str, name: str) -> BudgetLine:
    ad = AdHistory(object_id, "security", Decimal(900), "paused")
    return BudgetLine("ad_set", object_id, name, Money(Decimal(900), "INR"), ("1",), ad)


def intention(step: Pause, name: str) -> Intention:
    return Intention(
        brand="voyage",
        account_id="act_1",
        who=AGENT.who,
        role=AGENT.role,
        why=step.why,
        what="pause",
        kind=step.kind,
        object_id=step.object_id,
        name=name,
        was="active",
        becomes="paused",
        raises=Money(Decimal(0), "INR"),
        account_at=BEGUN,
        cause=step.cause,
    )
