"""New ads on practice accounts: launched once, within the cap, and judged on their day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.ads.changes.plans.plan import Actor
from bot.ads.changes.spend_limits import SpendLimits
from bot.ads.experiments.ad_tests import idea_of
from bot.ads.morning.cycle import Morning
from bot.ads.new_ads.compliance import ClaimCheck
from bot.ads.new_ads.launch import odds_of_losing
from bot.ads.new_ads.shop_claims import FactsCheck
from bot.ads.practice import PracticeAccount
from bot.ads.step_results import DecideResult, IdeasResult, LaunchResult, MorningResults, StepResult
from bot.brands import read_brands
from bot.language.money import Money
from bot.promises.facts import ReplyFacts
from bot.shop.catalogue import read_catalogue
from memory.ads.ad_account import AdAccount, Campaign
from memory.ads.ad_tests import AdTest, AdTestOutcome
from tests.ads.buying import SameLimits
from tests.ads.shop import BEGUN, DATA, AdShop

BRAND = read_brands(DATA / "brands.toml")["voyage"]
ITEMS = tuple(read_catalogue(DATA / "catalogue.csv").items)
FACTS = ReplyFacts.of(BRAND, ITEMS, today=BEGUN.date())
ASKED = "27 of 90 chats asked about cash on delivery"


@dataclass(frozen=True)
class SameClaims:
    check: ClaimCheck

    def of(self, brand: str) -> ClaimCheck:
        return self.check


class NobodyChats:
    """No ad may speak of a chat."""

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        return [("chat", "nobody is there")] if "chat" in text else []


@dataclass(frozen=True)
class Reserved:
    amount: Decimal

    def reserve(self, account: AdAccount) -> Decimal:
        return self.amount


def opened(folder: Path, *, known: bool = True, **how: Any) -> AdShop:
    shop = AdShop(folder, **{"places": (0,), "ads": 4, "claims": SameClaims(FactsCheck(FACTS)), "items": ITEMS, **how})
    if known:
        data = {"share": 0.3}
        shop.agency.memory.strategy.learn(
            "voyage", "audience_insight", ASKED, data, subject="objection:cash on delivery"
        )
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> AdShop:
    return opened(tmp_path)


def launched(account: PracticeAccount) -> list[Campaign]:
    """Campaigns that were not there from the beginning."""
    return [each for each in account.structure().campaigns if each.created_at > BEGUN]


def running(shop: AdShop) -> list[AdTest]:
    return shop.agency.memory.ad_tests.running("voyage", "act_9001")


def first(shop: AdShop) -> AdTest:
    """The oldest test."""
    return shop.agency.memory.ad_tests.of_brand("voyage")[0]


def outcome(shop: AdShop) -> str:
    """Of the oldest test, in the strategic memory."""
    entry = shop.agency.memory.strategy.entry("voyage", first(shop).decision_id)
    return str(entry.record["actual_outcome"])


def ideas(shop: AdShop) -> IdeasResult:
    found = shop.results(shop.accounts[0].spec.id).ideas
    assert found is not None
    return found


def launch(shop: AdShop) -> LaunchResult:
    found = shop.results(shop.accounts[0].spec.id).launch
    assert found is not None
    return found


def ended(shop: AdShop) -> tuple[str, ...]:
    found = shop.results(shop.accounts[0].spec.id).judge
    assert found is not None
    return found.ended


def again(shop: AdShop, name: str) -> StepResult:
    """The step once more, as after a crash before it was finished."""
    account = shop.accounts[0]
    day = shop.run(account.spec.id).day
    return shop.step(name).do(Morning("voyage", day, shop.clock(), account, shop.results(account.spec.id)))


def test_a_test_launches_with_brief_and_budget_below_cap(shop: AdShop) -> None:
    shop.morning(hours=3)
    account, memory = shop.accounts[0], shop.agency.memory
    (campaign,) = launched(account)
    structure = account.structure()
    (ad_set,) = [each for each in structure.ad_sets if each.campaign_id == campaign.id]
    assert campaign.effective_status == "active"
    assert campaign.name.startswith("Autumn · payment · image")
    assert ad_set.daily_budget is not None
    assert ad_set.daily_budget.amount == Decimal(1320)  # fifteen dollars at the market's rate
    assert (
        sum(each.daily_budget.amount for each in structure.ad_sets if each.daily_budget) * Decimal("1.75")
        <= account.spec.daily_cap
    )
    record = memory.records.launch("voyage", campaign.id)
    assert record is not None
    assert ASKED in record["campaign_data"]["brief"]["known"]
    assert record["campaign_data"]["objective"] == "engagement"
    (ad,) = [each for each in memory.campaigns.ads("voyage") if each.campaign_id == campaign.id]
    assert (ad.angle, ad.brief["argument"]) == ("payment", "payment")


def test_doing_the_steps_again_makes_nothing_twice(shop: AdShop) -> None:
    shop.morning(hours=3)
    before = launch(shop)
    assert again(shop, "launch") == before
    again(shop, "judge")
    assert len(launched(shop.accounts[0])) == 1
    assert len(running(shop)) == 1


def test_one_a_day_two_at_once_and_each_another(shop: AdShop) -> None:
    shop.morning(hours=3)
    for _ in range(3):
        shop.morning()
    arguments = [idea_of(test).argument for test in running(shop)]
    assert len(launched(shop.accounts[0])) == 2
    assert len(set(arguments)) == 2
    assert ideas(shop).why == "2 tests are running"


def test_nothing_is_launched_before_anything_is_known(tmp_path: Path) -> None:
    shop = opened(tmp_path, known=False)
    shop.morning(hours=3)
    assert launched(shop.accounts[0]) == []
    assert "nothing is known yet" in ideas(shop).why


def test_nothing_is_launched_without_a_cap(tmp_path: Path) -> None:
    shop = opened(tmp_path, capped=False)
    shop.morning(hours=3)
    assert launched(shop.accounts[0]) == []
    assert "without a daily cap" in ideas(shop).why


def test_what_breaks_a_rule_is_not_launched(tmp_path: Path) -> None:
    shop = opened(tmp_path, claims=SameClaims(NobodyChats()))
    shop.morning(hours=3)
    assert launched(shop.accounts[0]) == []
    dropped = ideas(shop).dropped
    assert dropped is not None
    assert dropped["unsupported claim"] >= 5


def test_everything_stopped_is_not_undone_by_a_launch(shop: AdShop) -> None:
    shop.agency.actions.stops.begin("voyage", "boss", "enough")
    shop.morning(hours=3)
    assert launched(shop.accounts[0]) == []
    assert "Everything is stopped" in launch(shop).refused
    assert running(shop) == []


def test_an_account_without_a_picture_asks_people_for_one(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    account = shop.accounts[0]
    with_pictures = account.structure()
    for creative in with_pictures.creatives:
        account._objects.creatives[creative.id] = replace(creative, image_hash=None)
    shop.morning(hours=3)
    assert launched(account) == []
    assert [need.key for need in launch(shop).needs] == ["picture"]
    assert running(shop) == []


def test_a_test_ends_on_its_day_with_its_outcome(shop: AdShop) -> None:
    shop.morning(hours=3)
    (campaign,) = launched(shop.accounts[0])
    for _ in range(14):
        shop.morning()
    test = first(shop)
    assert (test.key, test.campaign_id) == ("act_9001 2026-11-21 launch", campaign.id)
    assert test.ended_at is not None
    assert "chats" in outcome(shop)
    now = {each.id: each.status for each in shop.accounts[0].structure().campaigns}[campaign.id]
    assert (now == "active") == (test.outcome is AdTestOutcome.KEPT)
    assert test.outcome is AdTestOutcome.STOPPED or any(outcome(shop) in said for said in ended(shop))


def test_a_test_that_somebody_pauses_is_over(shop: AdShop) -> None:
    shop.morning(hours=3)
    (campaign,) = launched(shop.accounts[0])
    boss = Actor("boss", "admin")
    shop.agency.actions.pause("voyage", "act_9001", "campaign", campaign.id, boss, "not ours")
    shop.morning()
    assert first(shop).outcome is AdTestOutcome.STOPPED
    assert outcome(shop).startswith("stopped before its day")


def test_an_unreadable_test_is_left_to_people_once(shop: AdShop) -> None:
    shop.morning(hours=3)
    shop.agency.memory.db.run("UPDATE ad_tests SET idea = :idea", idea='{"concept": {"name": "Winter"}}')
    shop.morning()
    assert first(shop).outcome is AdTestOutcome.UNREADABLE
    [said] = [each for each in ended(shop) if "cannot be read" in each]
    assert outcome(shop) in said
    shop.morning()
    assert not any("cannot be read" in each for each in ended(shop))


def test_an_ad_is_paused_when_its_words_stop_being_true(shop: AdShop) -> None:
    shop.morning(hours=3)
    (campaign,) = launched(shop.accounts[0])
    memory = shop.agency.memory
    (ad,) = [each for each in memory.campaigns.ads("voyage") if each.campaign_id == campaign.id]
    ends = (shop.clock() + timedelta(hours=3)).date()
    memory.campaigns.label("voyage", ad.ad_id, brief={**ad.brief, "ends": ends.isoformat()})
    shop.morning()
    now = {each.id: each.status for each in shop.accounts[0].structure().campaigns}
    assert now[campaign.id] == "paused"
    assert f"what it says held until {ends}" in ended(shop)[0]
    shop.morning()
    assert first(shop).outcome is AdTestOutcome.STOPPED
    assert outcome(shop).startswith("stopped before its day")


@pytest.mark.parametrize(
    ("sales", "needed", "paused"),
    [(0, 0.1, False), (0, 3, True), (20, 20, False), (20, 25, True), (25, 20, False), (141, 120, False)],
)
def test_a_test_is_lost_from_four_to_one_on(sales: float, needed: float, paused: bool) -> None:
    assert (odds_of_losing(sales, needed) >= 4) == paused


def with_ideas(shop: AdShop) -> Morning:
    """Today's morning up to `ideas`."""
    found = again(shop, "ideas")
    assert isinstance(found, IdeasResult)
    now = shop.clock()
    return Morning("voyage", now.date(), now, shop.accounts[0], MorningResults(ideas=found))


def test_an_approved_launch_is_registered_once_it_runs(tmp_path: Path) -> None:
    shop = opened(tmp_path, known=False)
    shop.morning(hours=3)
    opened_later = {"share": 0.3}
    memory = shop.agency.memory
    memory.strategy.learn("voyage", "audience_insight", ASKED, opened_later, subject="objection:cash on delivery")
    account, actions = shop.accounts[0], shop.agency.actions
    actions.checks.limits = SameLimits(
        SpendLimits(Money(account.spec.daily_cap, "INR"), account.rules.worst_day, Money(Decimal(1), "INR"))
    )
    shop.clock.pass_by(hours=23)
    morning = with_ideas(shop)
    told = shop.step("launch").do(morning)
    assert shop.step("launch").do(morning) == told
    assert isinstance(told, LaunchResult) and told.waiting is not None
    assert told.launched is None
    assert launched(account) == []
    again(shop, "judge")
    assert len(running(shop)) == 1
    actions.approvals.ask("voyage", told.waiting, "boss")
    actions.approve("voyage", told.waiting, Actor("boss", "admin"))
    (campaign,) = launched(account)
    shop.morning(hours=1)
    record = memory.records.launch("voyage", campaign.id)
    assert record is not None
    assert record["campaign_data"]["name"] == "Autumn · payment · image"


def test_a_launch_that_is_refused_is_over(tmp_path: Path) -> None:
    shop = opened(tmp_path, known=False)
    shop.morning(hours=3)
    data = {"share": 0.3}
    shop.agency.memory.strategy.learn("voyage", "audience_insight", ASKED, data, subject="objection:cash on delivery")
    account, actions = shop.accounts[0], shop.agency.actions
    actions.checks.limits = SameLimits(
        SpendLimits(Money(account.spec.daily_cap, "INR"), account.rules.worst_day, Money(Decimal(1), "INR"))
    )
    shop.clock.pass_by(hours=23)
    told = shop.step("launch").do(with_ideas(shop))
    assert isinstance(told, LaunchResult) and told.waiting is not None
    actions.approvals.ask("voyage", told.waiting, "boss")
    actions.reject("voyage", told.waiting, Actor("boss", "admin"), "not now")
    shop.morning(hours=24)
    assert first(shop).outcome is AdTestOutcome.NOT_LAUNCHED
    assert outcome(shop) == "not launched: it was not approved, or the morning was cut off"


def test_without_room_under_the_cap_nothing_is_launched(tmp_path: Path) -> None:
    shop = opened(tmp_path)
    account = shop.accounts[0]
    planned = sum(each.daily_budget.amount for each in account.structure().ad_sets if each.daily_budget)
    tight = Money(planned * account.rules.worst_day + 500, "INR")
    shop.agency.actions.checks.limits = SameLimits(
        SpendLimits(tight, account.rules.worst_day, Money(Decimal(10**6), "INR"))
    )
    shop.morning(hours=3)
    assert launched(account) == []
    assert ideas(shop).why.startswith("the cap leaves")


def test_the_decision_reserves_budget_until_two_tests_run(shop: AdShop) -> None:
    shop.agency.first_read()
    account = shop.accounts[0]
    decide = shop.deciding()
    assert decide.tests is not None
    assert decide.tests.reserve(account.describe()) == Decimal(1320)
    morning = Morning("voyage", shop.clock().date(), shop.clock(), account)
    nearly_all = account.spec.daily_cap / Decimal("1.75") - 300
    freely, held = (
        _decided(decide.decide(morning)),
        _decided(replace(decide, tests=Reserved(nearly_all)).decide(morning)),
    )
    assert held <= 300 < freely
    for hours in (3, 24, 24):
        shop.morning(hours=hours)
    assert len(running(shop)) == 2
    assert decide.tests.reserve(account.describe()) == 0


def _decided(result: DecideResult) -> Decimal:
    return sum((each.reason.budget for each in result.decisions), Decimal(0))
