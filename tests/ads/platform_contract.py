"""The contract of every ad platform, inherited by the tests of each.

class TestPracticeKeepsTheContract(AccountContract):
    @pytest.fixture
    def stage(self) -> Iterator[PlatformStage]:
        yield ...
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from bot.ads.platform import PlatformAccount, RequestWrong, TryLater, named
from bot.language.money import Money
from memory.ads.ad_account import (
    Ad,
    AdSet,
    BusinessEvent,
    Campaign,
    Creative,
    Kind,
    NewAd,
    NewAdSet,
    NewCampaign,
    NewCreative,
    Objective,
    Structure,
)

KINDS: tuple[Kind, ...] = ("campaign", "ad_set", "creative", "ad")
LAUNCHED: tuple[Objective, ...] = ("engagement", "leads", "sales", "traffic")
NOBODY = "99999999999"


class PlatformStage(Protocol):
    """An account, and what a test needs around it."""

    account: PlatformAccount
    image: str  # the hash of a picture that the account holds
    click: str  # a click id that the platform knows

    def now(self) -> datetime: ...

    def days_pass(self, days: int) -> None:
        """What runs is shown and spends."""
        ...


@dataclass(frozen=True)
class Launched:
    """The ids of one launch."""

    campaign: str
    ad_set: str
    creative: str
    ad: str

    def of(self, kind: Kind) -> str:
        return {"campaign": self.campaign, "ad_set": self.ad_set, "creative": self.creative, "ad": self.ad}[kind]


def launch(stage: PlatformStage, mark: str = "k7Q2", *, times: int = 3) -> Launched:
    """A paused campaign with one ad, its budget `times` the account's least."""
    account, told = stage.account, stage.account.describe()
    budget = Money(told.min_daily_budget.amount * times, told.currency)
    campaign = account.create(NewCampaign("Summer · security · picture"), mark)
    places = {"geo_locations": {"countries": ["IN"]}}
    ad_set = account.create(NewAdSet(campaign, "Adults", budget, places), mark)
    words = NewCreative("Lock", "Your door, safe at night.", "Safe at night", stage.image, "Hello! Ask us anything.")
    creative = account.create(words, mark)
    return Launched(campaign, ad_set, creative, account.create(NewAd(ad_set, creative, "Summer · security"), mark))


def publish(stage: PlatformStage, launched: Launched) -> None:
    """Top down, as the agent does it."""
    for kind in ("campaign", "ad_set", "ad"):
        stage.account.set_status(kind, launched.of(kind), "active")


def of(structure: Structure, kind: Kind, object_id: str) -> Campaign | AdSet | Creative | Ad:
    holds: dict[Kind, tuple[Campaign | AdSet | Creative | Ad, ...]] = {
        "campaign": structure.campaigns,
        "ad_set": structure.ad_sets,
        "creative": structure.creatives,
        "ad": structure.ads,
    }
    (found,) = [each for each in holds[kind] if each.id == object_id]
    return found


def budget_of(stage: PlatformStage, ad_set: str) -> Money | None:
    return next(each.daily_budget for each in stage.account.structure().ad_sets if each.id == ad_set)


class AccountContract:
    """Inherit, and give a fixture `stage`."""

    # Reading

    def test_an_account_describes_its_currency_and_time_zone(self, stage: PlatformStage) -> None:
        told = stage.account.describe()
        assert told.id
        assert told.brand
        assert told.status == "active"
        assert ZoneInfo(told.time_zone)
        assert told.min_daily_budget.currency == told.currency
        assert told.min_daily_budget.amount > 0

    def test_it_gives_its_platforms_rules(self, stage: PlatformStage) -> None:
        rules = stage.account.rules
        assert rules.worst_day >= 1
        assert rules.budget_changes_an_hour >= 1
        assert rules.pages

    def test_everything_made_is_in_the_structure_paused_and_tied_together(self, stage: PlatformStage) -> None:
        made = launch(stage)
        seen = stage.account.structure()
        assert seen.account == stage.account.describe()
        assert {of(seen, kind, made.of(kind)).account_id for kind in KINDS} == {seen.account.id}
        campaign, ad_set, ad = (of(seen, kind, made.of(kind)) for kind in ("campaign", "ad_set", "ad"))
        assert isinstance(campaign, Campaign) and isinstance(ad_set, AdSet) and isinstance(ad, Ad)
        assert (campaign.status, ad_set.status, ad.status) == ("paused", "paused", "paused")
        assert (ad.ad_set_id, ad.creative_id, ad_set.campaign_id) == (made.ad_set, made.creative, made.campaign)
        assert campaign.daily_budget is None
        assert ad_set.targeting["geo_locations"] == {"countries": ["IN"]}

    def test_a_creative_says_what_people_see_and_opens_the_chat(self, stage: PlatformStage) -> None:
        made = launch(stage)
        creative = of(stage.account.structure(), "creative", made.creative)
        assert isinstance(creative, Creative)
        assert (creative.body, creative.headline) == ("Your door, safe at night.", "Safe at night")
        assert (creative.format, creative.landing_page) == ("image", None)

    def test_what_was_taken_away_is_not_in_the_structure(self, stage: PlatformStage) -> None:
        made = launch(stage)
        stage.account.set_status("ad", made.ad, "deleted")
        stage.account.set_status("campaign", made.campaign, "archived")
        seen = stage.account.structure()
        assert made.ad not in [ad.id for ad in seen.ads]
        assert made.campaign not in [campaign.id for campaign in seen.campaigns]

    # Making

    @pytest.mark.parametrize("kind", KINDS)
    def test_objects_are_found_only_by_their_own_token(self, stage: PlatformStage, kind: Kind) -> None:
        made, other = launch(stage, "k7Q2"), launch(stage, "k7Q3")
        assert stage.account.find(kind, "k7Q2") == [made.of(kind)]
        assert stage.account.find(kind, "k7Q3") == [other.of(kind)]
        assert stage.account.find(kind, "7Q2") == []

    @pytest.mark.parametrize("objective", LAUNCHED)
    def test_a_campaign_keeps_its_objective(self, stage: PlatformStage, objective: Objective) -> None:
        made = stage.account.create(NewCampaign("Summer", objective), "k7Q2")
        campaign = of(stage.account.structure(), "campaign", made)
        assert isinstance(campaign, Campaign)
        assert campaign.objective == objective

    def test_an_objective_that_is_never_launched_is_refused(self, stage: PlatformStage) -> None:
        with pytest.raises(RequestWrong):
            stage.account.create(NewCampaign("Summer", "other"), "k7Q2")
        assert stage.account.find("campaign", "k7Q2") == []

    def test_the_token_stands_behind_the_name(self, stage: PlatformStage) -> None:
        made = launch(stage, "k7Q2")
        assert of(stage.account.structure(), "ad", made.ad).name == named("Summer · security", "k7Q2")

    def test_nothing_is_made_below_a_parent_that_is_not_there(self, stage: PlatformStage) -> None:
        made = launch(stage)
        least = stage.account.describe().min_daily_budget
        with pytest.raises(RequestWrong):
            stage.account.create(NewAdSet(NOBODY, "Lost", least, {"geo_locations": {"countries": ["IN"]}}), "k7Q4")
        with pytest.raises(RequestWrong):
            stage.account.create(NewAd(NOBODY, made.creative, "Lost"), "k7Q4")
        assert stage.account.find("ad_set", "k7Q4") == stage.account.find("ad", "k7Q4") == []

    def test_ad_sets_below_minimum_or_in_other_currency_are_refused(self, stage: PlatformStage) -> None:
        campaign = launch(stage).campaign
        least = stage.account.describe().min_daily_budget
        places = {"geo_locations": {"countries": ["IN"]}}
        for budget in (Money(least.amount - 1, least.currency), Money(least.amount, other_than(least.currency))):
            with pytest.raises(RequestWrong):
                stage.account.create(NewAdSet(campaign, "Poor", budget, places), "k7Q5")
        assert stage.account.find("ad_set", "k7Q5") == []

    # Changing

    def test_an_ad_runs_when_everything_above_it_runs(self, stage: PlatformStage) -> None:
        made = launch(stage)
        stage.account.set_status("ad", made.ad, "active")
        ad = of(stage.account.structure(), "ad", made.ad)
        assert isinstance(ad, Ad)
        assert ad.status == "active"
        assert ad.effective_status != "active"
        publish(stage, made)
        ad = of(stage.account.structure(), "ad", made.ad)
        assert isinstance(ad, Ad)
        assert ad.effective_status == "active"

    @pytest.mark.parametrize(("above", "word"), [("campaign", "campaign_paused"), ("ad_set", "ad_set_paused")])
    def test_an_ad_says_what_above_it_is_paused(self, stage: PlatformStage, above: Kind, word: str) -> None:
        made = launch(stage)
        publish(stage, made)
        stage.account.set_status(above, made.of(above), "paused")
        ad = of(stage.account.structure(), "ad", made.ad)
        assert isinstance(ad, Ad)
        assert (ad.status, ad.effective_status) == ("active", word)

    def test_a_status_set_twice_is_set_once(self, stage: PlatformStage) -> None:
        made = launch(stage)
        publish(stage, made)
        stage.account.set_status("ad", made.ad, "paused")
        once = stage.account.structure()
        stage.account.set_status("ad", made.ad, "paused")
        assert replace(stage.account.structure(), seen_at=once.seen_at) == once

    def test_setting_a_budget_is_exact_and_idempotent(self, stage: PlatformStage) -> None:
        made = launch(stage)
        least = stage.account.describe().min_daily_budget
        for times in (2, 7, 123):
            wanted = Money(least.amount * times, least.currency)
            for _ in range(2):
                stage.account.set_budget("ad_set", made.ad_set, wanted)
                assert budget_of(stage, made.ad_set) == wanted
            stage.days_pass(1)

    def test_a_budget_changed_too_often_waits(self, stage: PlatformStage) -> None:
        made = launch(stage)
        least, often = stage.account.describe().min_daily_budget, stage.account.rules.budget_changes_an_hour
        budgets = [Money(least.amount * (4 + n), least.currency) for n in range(often + 1)]
        for budget in budgets[:often]:
            stage.account.set_budget("ad_set", made.ad_set, budget)
        with pytest.raises(TryLater):
            stage.account.set_budget("ad_set", made.ad_set, budgets[often])
        stage.days_pass(1)
        assert budget_of(stage, made.ad_set) == budgets[often - 1]
        stage.account.set_budget("ad_set", made.ad_set, budgets[often])

    def test_invalid_budgets_change_nothing(self, stage: PlatformStage) -> None:
        made = launch(stage)
        before = budget_of(stage, made.ad_set)
        least = stage.account.describe().min_daily_budget
        wrong = [
            Money(least.amount - 1, least.currency),
            Money(Decimal(0), least.currency),
            Money(-least.amount * 5, least.currency),
            Money(least.amount * 1000, other_than(least.currency)),
        ]
        for budget in wrong:
            with pytest.raises(RequestWrong):
                stage.account.set_budget("ad_set", made.ad_set, budget)
        assert budget_of(stage, made.ad_set) == before

    def test_who_holds_no_budget_is_given_none(self, stage: PlatformStage) -> None:
        made = launch(stage)
        budget = Money(stage.account.describe().min_daily_budget.amount * 2, stage.account.describe().currency)
        for kind in ("campaign", "creative", "ad"):
            with pytest.raises(RequestWrong):
                stage.account.set_budget(kind, made.of(kind), budget)

    @pytest.mark.parametrize("kind", ["campaign", "ad_set", "ad"])
    def test_an_id_that_nobody_knows_is_refused(self, stage: PlatformStage, kind: Kind) -> None:
        least = stage.account.describe().min_daily_budget
        with pytest.raises(RequestWrong):
            stage.account.set_status(kind, NOBODY, "paused")
        with pytest.raises(RequestWrong):
            stage.account.set_budget(kind, NOBODY, least)

    def test_our_own_changes_are_in_the_log_as_ours(self, stage: PlatformStage) -> None:
        made = launch(stage)
        stage.days_pass(1)
        since, least = stage.now(), stage.account.describe().min_daily_budget
        stage.account.set_budget("ad_set", made.ad_set, Money(least.amount * 4, least.currency))
        log = [each for each in stage.account.activities(since - timedelta(seconds=1)) if each.object_id == made.ad_set]
        (change,) = [each for each in log if each.what == "budget"]
        assert change.ours
        assert change.kind == "ad_set"
        assert Decimal(change.before or "") == least.amount * 3
        assert Decimal(change.after or "") == least.amount * 4
        stage.account.set_status("ad", made.ad, "active")
        log = stage.account.activities(since - timedelta(seconds=1))
        (switch,) = [each for each in log if each.object_id == made.ad and each.what == "status"]
        assert (switch.before, switch.after) == ("paused", "active")

    # Readings

    def test_each_ad_and_day_that_ran_has_one_reading(self, stage: PlatformStage) -> None:
        made, idle = launch(stage, "k7Q2"), launch(stage, "k7Q3")
        publish(stage, made)
        start = self._today(stage)
        stage.days_pass(4)
        readings = stage.account.readings(start, self._today(stage))
        keys = [(each.ad_id, each.day) for each in readings]
        assert len(keys) == len(set(keys))
        assert {(made.ad, start + timedelta(days=n)) for n in (1, 2, 3)} <= set(keys)
        assert idle.ad not in {ad for ad, _ in keys}
        currency = stage.account.describe().currency
        assert {each.spend.currency for each in readings} == {currency}
        assert all(each.spend.amount >= 0 and each.impressions >= each.clicks >= 0 for each in readings)
        assert all(each.account_id == stage.account.describe().id for each in readings)

    def test_only_the_days_that_were_asked_for_are_told(self, stage: PlatformStage) -> None:
        publish(stage, launch(stage))
        start = self._today(stage)
        stage.days_pass(5)
        second, third = start + timedelta(days=2), start + timedelta(days=3)
        assert {each.day for each in stage.account.readings(second, third)} == {second, third}
        assert stage.account.readings(third, second) == []

    def test_a_day_read_again_is_a_reading_of_its_own(self, stage: PlatformStage) -> None:
        publish(stage, launch(stage))
        start = self._today(stage)
        stage.days_pass(3)
        first = stage.account.readings(start, start + timedelta(days=2))
        stage.days_pass(1)
        again = stage.account.readings(start, start + timedelta(days=2))
        assert {(each.ad_id, each.day) for each in first} <= {(each.ad_id, each.day) for each in again}
        assert min(each.seen_at for each in again) > max(each.seen_at for each in first)

    def test_breakdown_rows_name_their_value_and_unknown_breakdowns_are_refused(self, stage: PlatformStage) -> None:
        publish(stage, launch(stage))
        start = self._today(stage)
        stage.days_pass(2)
        readings = stage.account.readings(start, self._today(stage), breakdown="placement")
        assert readings
        assert all(each.breakdown and each.breakdown[0] == "placement" and each.breakdown[1] for each in readings)
        with pytest.raises(RequestWrong):
            stage.account.readings(start, start, breakdown="browser")

    def test_comments_are_asked_for_ads_that_are_there(self, stage: PlatformStage) -> None:
        made = launch(stage)
        assert all(each.ad_id == made.ad for each in stage.account.comments([made.ad], stage.now() - timedelta(days=9)))
        with pytest.raises(RequestWrong):
            stage.account.comments([NOBODY], stage.now())

    # Limits and events

    def test_the_rule_against_overspending_replaces_itself(self, stage: PlatformStage) -> None:
        told = stage.account.describe()
        first = stage.account.guard_spend(Money(told.min_daily_budget.amount * 50, told.currency))
        assert first
        assert stage.account.guard_spend(Money(told.min_daily_budget.amount * 60, told.currency)) == first
        with pytest.raises(RequestWrong):
            stage.account.guard_spend(Money(told.min_daily_budget.amount * 60, other_than(told.currency)))

    def test_each_event_has_one_outcome_in_its_place(self, stage: PlatformStage) -> None:
        value = Money(Decimal("1499.50"), stage.account.describe().currency)
        good = BusinessEvent("order-1", "Purchase", stage.now() - timedelta(hours=1), stage.click, value)
        events = [
            replace(good, id="no-click", clid=""),
            good,
            replace(good, id="no-such-event", name="Lead"),
            replace(good, id="too-late", at=stage.now() - timedelta(days=8)),
            replace(good, id="order-2"),
        ]
        outcomes = stage.account.send_events(events)
        assert [each.id for each in outcomes] == [each.id for each in events]
        assert [each.accepted for each in outcomes] == [False, True, False, False, True]
        assert all(bool(each.why) != each.accepted for each in outcomes)

    def test_a_healthy_account_has_nothing_for_the_doctor(self, stage: PlatformStage) -> None:
        findings = stage.account.examine()
        assert findings
        assert [each for each in findings if not each.ok or not each.sentence] == []

    def _today(self, stage: PlatformStage) -> date:
        return stage.now().astimezone(ZoneInfo(stage.account.describe().time_zone)).date()


def other_than(currency: str) -> str:
    return "EUR" if currency != "EUR" else "USD"
