"""The morning steps `judge`, `ideas` and `launch`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.ads.ad_idea import Idea
from bot.ads.changes.plans.plan import AGENT, Audience, Launch, amount_text
from bot.ads.changes.plans.refusals import ChangeRefused, NeedsApproval, NothingToDo
from bot.ads.experiments.ad_tests import AT_ONCE, AdTestLifecycle, day_of, idea_of
from bot.ads.morning.cycle import Morning
from bot.ads.new_ads.compliance import ClaimChecks
from bot.ads.new_ads.ideas import LOSING_ODDS, MIN_CHATS, AccountKnowledge, AdWriter, propose, season_of
from bot.ads.new_ads.selling_points import PROOF_DAYS, ShopFacts
from bot.ads.platform import PlatformAccount, TryLater
from bot.ads.step_results import IdeasResult, JudgeResult, LaunchResult
from bot.brands import Brand
from bot.language.money import Money
from memory.ads.ad_account import AdAccount, Structure
from memory.ads.ad_tests import AdTest, AdTestOutcome
from memory.ads.campaigns import Campaigns, KnownAd
from memory.ads.figures import AdFigures, Figures
from memory.ads.learnings.strategy import Strategy
from memory.ads.tasks import Need
from memory.audit_log.account_changes import Cause, Change
from memory.shop.catalogue_items import Goods
from memory.storage.dataclass_json import Unreadable

EXTENSION: Final = timedelta(days=7)  # for a test with too few chats on its day
WINDOW: Final = 30


@dataclass(frozen=True, slots=True)
class Judge:
    """Ends tests that are due, and pauses ads with outdated texts."""

    lifecycle: AdTestLifecycle
    figures: AdFigures
    campaigns: Campaigns

    def judge(self, morning: Morning) -> JudgeResult:
        about = morning.ad_account.describe()
        today = morning.now.astimezone(ZoneInfo(about.time_zone)).date()
        running = self.lifecycle.tests.running(morning.brand, about.id)
        said = [self._judge_readable(morning, about, today, test) for test in running]
        return JudgeResult((*filter(None, said), *self._outdated(morning.brand, about.id, today)))

    def _judge_readable(self, morning: Morning, about: AdAccount, today: date, test: AdTest) -> str | None:
        try:
            return self._judge(morning, about, today, test)
        except Unreadable as fault:  # left to people, once; the other tests are judged
            sentence = f"left to you, as what it tests cannot be read ({fault})"
            self.lifecycle.set_aside(test, sentence)
            return f"The test “{test.key}” is {sentence}"

    def _judge(self, morning: Morning, about: AdAccount, today: date, test: AdTest) -> str | None:
        change = self.lifecycle.change_of(test)
        if change is None or change.state not in ("open", "done"):
            return self._never_launched(morning, test, change)
        if change.state == "open":
            return None
        self.lifecycle.register(test, change.object_id)
        figures = self._figures(morning.brand, about.id, change.object_id, (today - test.begun_at.date()).days)
        ads = self.lifecycle.ads_of(test, change.object_id)
        if ads and not any(_runs(ad) for ad in ads):
            return self._end(test, AdTestOutcome.STOPPED, f"stopped before its day; {_figures_text(figures)}", figures)
        due = idea_of(test).brief.judged_on
        few = (0 if figures is None else figures.chats) < MIN_CHATS
        if today < (due + EXTENSION if few else due):
            return None
        return self._verdict(morning, test, change, figures)

    def _verdict(self, morning: Morning, test: AdTest, change: Change, figures: Figures | None) -> str:
        what = f"judged {test.decision_id}"
        if figures is None or not figures.chats:
            why = "the test's day has come and nobody wrote through it"
            self._pause(test.brand, test.account_id, change.object_id, why, what, Cause.TEST_LOST)
            return self._end(test, AdTestOutcome.NOBODY_WROTE, f"paused: {why}; {_figures_text(figures)}", figures)
        sales, needed = self._orders_and_needed(morning, test.account_id, change.object_id)
        odds = odds_of_losing(sales, needed)
        why = f"{sales:.0f} orders, {needed:.1f} needed by now to pay for itself; {_figures_text(figures)}"
        if odds < LOSING_ODDS:
            return self._end(test, AdTestOutcome.KEPT, f"kept, an ordinary ad from now on: {why}", figures)
        why = f"the test's day has come and it is {min(odds, 999):.0f} to 1 that it loses money: {why}"
        self._pause(test.brand, test.account_id, change.object_id, why, what, Cause.TEST_LOST)
        return self._end(test, AdTestOutcome.LOST, f"paused: {why}", figures)

    def _never_launched(self, morning: Morning, test: AdTest, change: Change | None) -> str | None:
        if self.lifecycle.waits(test) or test.key == key_of(morning, test.account_id):
            return None
        sentence = f"not launched: {change.outcome if change else 'it was not approved, or the morning was cut off'}"
        self.lifecycle.end(test, AdTestOutcome.NOT_LAUNCHED, sentence)
        return f"“{idea_of(test).concept.name}” {sentence}"

    def _end(self, test: AdTest, outcome: AdTestOutcome, sentence: str, figures: Figures | None) -> str:
        earned = figures is not None and figures.profit.amount > 0
        kept = outcome is AdTestOutcome.KEPT
        self.lifecycle.end(test, outcome, sentence, worked=kept if kept == earned else None)
        return f"“{idea_of(test).concept.name}” {sentence}"

    def _orders_and_needed(self, morning: Morning, account_id: str, campaign_id: str) -> tuple[float, float]:
        structure = self.campaigns.structure(morning.brand, account_id)
        lines = {each.id for each in structure.ad_sets if each.campaign_id == campaign_id} | {campaign_id}
        if morning.results.decide is None:
            raise ValueError("nothing was decided this morning, so nothing was counted")
        # Looked at once, on a day named before, so it needs no sequential test.
        reasons = [each.reason for each in morning.results.decide.decisions if each.id in lines]
        return sum(each.sales for each in reasons), sum(each.needed for each in reasons)

    def _figures(self, brand: str, account_id: str, campaign_id: str, days: int) -> Figures | None:
        lines = self.figures.of(brand, "campaign", max(days, 1), account_id=account_id)
        return next((line for line in lines if line.key == campaign_id), None)

    def _outdated(self, brand: str, account_id: str, today: date) -> list[str]:
        said = []
        for ad in self.campaigns.ads(brand, account_id=account_id):
            ends = day_of(ad.brief.get("ends"))
            if ends is not None and ends < today and _runs(ad) and ad.campaign_id:
                why, what = f"what it says held until {ends}", f"ends {ad.ad_id}"
                self._pause(brand, account_id, ad.campaign_id, why, what, Cause.OFFER_ENDED)
                said.append(f"“{ad.name}” was paused: what it says held until {ends}")
        return said

    def _pause(self, brand: str, account_id: str, campaign_id: str, why: str, what: str, cause: Cause) -> None:
        key = f"{account_id} {what}"
        try:
            self.lifecycle.actions.pause(brand, account_id, "campaign", campaign_id, AGENT, why, key=key, cause=cause)
        except NothingToDo:
            return  # a person was faster


@dataclass(frozen=True, slots=True)
class ProposeTest:
    """Changes nothing."""

    lifecycle: AdTestLifecycle
    figures: AdFigures
    campaigns: Campaigns
    strategy: Strategy
    brands: Mapping[str, Brand]
    goods: Goods
    claims: ClaimChecks
    writer: AdWriter | None  # None: templates

    def propose_test(self, morning: Morning) -> IdeasResult:
        structure = morning.ad_account.structure()
        budget, why = self._test_budget(morning, structure.account)
        if budget is None:
            return IdeasResult(None, why)
        known = self._known(morning, structure.account, budget)
        if not known.brief.worked and not known.brief.failed and not known.asked():
            return IdeasResult(None, "nothing is known yet of what works here; there are ideas from tomorrow on")
        found = propose(known, self.claims.of(morning.brand), self.writer)
        return IdeasResult(
            chosen=found.ideas[0] if found.ideas else None,
            why="" if found.ideas else "every idea was tried, or did not pass its review",
            budget=budget.amount,
            ideas=tuple(f"{idea.concept.name}: {idea.concept.headline}" for idea in found.ideas),
            writer=found.writer,
            dropped=found.dropped,
            reasons=found.reasons,
        )

    def _test_budget(self, morning: Morning, account: AdAccount) -> tuple[Money | None, str]:
        budget = self.lifecycle.budget(account)
        if budget is None:
            return None, "without a daily cap, or a rate for the currency, nothing is launched"
        if len(self.lifecycle.tests.running(morning.brand, account.id)) >= AT_ONCE:
            return None, f"{AT_ONCE} tests are running"
        waiting = self.lifecycle.actions.approvals.waiting(morning.brand)
        if any(approval.account_id == account.id for approval in waiting):
            return None, "another question waits for an admin"
        room = self.lifecycle.actions.room(morning.brand, account.id)
        if room.amount < budget.amount:
            return None, f"the cap leaves {amount_text(room)} a day, a test takes {amount_text(budget)}"
        return budget, ""

    def _known(self, morning: Morning, account: AdAccount, budget: Money) -> AccountKnowledge:
        brand = self.brands[morning.brand]
        day = morning.now.astimezone(ZoneInfo(account.time_zone)).date()
        lines = self.figures.of(brand.id, "account", WINDOW)
        own = next((line for line in lines if line.key == account.id), None)
        assert PROOF_DAYS == WINDOW, "orders are counted over the days that the ad names"
        return AccountKnowledge(
            facts=ShopFacts(brand, day, self.goods.items(brand.id), sum(line.orders for line in lines)),
            language=self._language(brand, account.id, day),
            season=season_of(day, account.time_zone),
            brief=self.strategy.brief_for(brand.id, most=50),
            tried=self.lifecycle.tried(brand.id, account.id),
            budget=budget,
            cost_per_chat=own.cost_per_chat if own else None,
            chat_to_order=own.chat_to_order if own else None,
        )

    def _language(self, brand: Brand, account_id: str, day: date) -> str:
        since = day - timedelta(days=WINDOW)
        found = self.figures.segments(brand.id, "language", since, day, account_id=account_id)
        spoken = [line for line in found if line.value in brand.languages]
        return max(spoken, key=lambda line: line.chats or 0).value if spoken else brand.languages[0]


@dataclass(frozen=True, slots=True)
class LaunchTest:
    lifecycle: AdTestLifecycle
    figures: AdFigures
    campaigns: Campaigns

    def launch(self, morning: Morning) -> LaunchResult:
        ideas = morning.results.ideas
        if ideas is None or ideas.chosen is None or ideas.budget is None:
            return LaunchResult()
        structure = morning.ad_account.structure()
        model = self._best_ad(morning.brand, structure)
        if model is None:
            return LaunchResult(needs=(_picture_task(ideas.chosen, structure.account, morning.ad_account.rules.pages),))
        budget = Money(ideas.budget, structure.account.currency)
        launch = _launch_of(ideas.chosen, budget, *model)
        return self._launch(morning, morning.ad_account, ideas.chosen, launch, budget)

    def _launch(
        self, morning: Morning, account: PlatformAccount, idea: Idea, launch: Launch, budget: Money
    ) -> LaunchResult:
        account_id = account.describe().id
        key = key_of(morning, account_id)
        test = self.lifecycle.begin(morning.brand, account_id, key, idea, budget)
        try:
            change = self.lifecycle.actions.launch(morning.brand, account_id, launch, AGENT, key=key)
        except NeedsApproval as waits:
            return LaunchResult(waiting=waits.approval.id)
        except ChangeRefused as refused:
            self.lifecycle.end(test, AdTestOutcome.NOT_LAUNCHED, f"not launched: {refused}")
            return LaunchResult(refused=str(refused))
        if change.state == "open":
            raise TryLater(f"The launch of “{launch.name}” is not finished yet; it is looked up again.")
        if change.state != "done":
            self.lifecycle.end(test, AdTestOutcome.NOT_LAUNCHED, f"not launched: {change.outcome}")
            return LaunchResult(refused=change.outcome)
        self.campaigns.store_structure(account.structure())
        self.lifecycle.register(test, change.object_id)
        return LaunchResult(
            launched=launch.name, campaign=change.object_id, budget=amount_text(budget), brief=idea.brief
        )

    def _best_ad(self, brand: str, structure: Structure) -> tuple[str, Mapping[str, Any]] | None:
        earned = {
            line.key: line.profit.amount
            for line in self.figures.of(brand, "ad", WINDOW, account_id=structure.account.id)
        }
        pictures = {each.id: each.image_hash for each in structure.creatives if each.image_hash}
        audiences = {each.id: each.targeting for each in structure.ad_sets}
        known = [ad for ad in structure.ads if ad.creative_id in pictures and ad.ad_set_id in audiences]
        if not structure.account.practice:
            known = [ad for ad in known if audiences[ad.ad_set_id].get("geo_locations")]
        if not known:
            return None
        lowest = min(earned.values(), default=0)
        best = max(known, key=lambda ad: (earned.get(ad.id, lowest), ad.id))
        return str(pictures[best.creative_id]), audiences[best.ad_set_id]


def key_of(morning: Morning, account_id: str) -> str:
    """One launch per day and account."""
    return f"{account_id} {morning.day} launch"


def odds_of_losing(sales: float, needed: float) -> float:
    """To one, that the true number of orders is below `needed`."""
    # The root of a count is about normal with a standard deviation of ½.
    loses = NormalDist().cdf(2 * (math.sqrt(needed) - math.sqrt(sales + 3 / 8)))
    return loses / max(1 - loses, 1e-9)


def _launch_of(idea: Idea, budget: Money, image_hash: str, targeting: Mapping[str, Any]) -> Launch:
    concept = idea.concept
    audience = Audience(
        name=concept.name,
        daily_budget=budget,
        targeting=targeting,
        ad_name=concept.name,
        body=concept.body,
        headline=concept.headline,
        image_hash=image_hash,
        greeting=concept.greeting,
    )
    why = f"a test: {idea.brief.known[0]}"
    return Launch(concept.name, (audience,), why, special_ad_categories=concept.special_ad_categories)


def _picture_task(idea: Idea, account: AdAccount, pages: str) -> Need:
    return Need(
        key="picture",
        title=f"A picture for the ad “{idea.concept.headline}”",
        why="An ad is ready and passed its review; it can't be launched without.",
        what=f"{account.name} has no picture that a new ad could use, or no audience: make an ad with one in"
        f" {pages}, paused; the next morning goes on from there."
        f" The ad says: {idea.concept.headline} / {idea.concept.body}",
    )


def _runs(ad: KnownAd) -> bool:
    return not ad.gone and ad.effective_status not in (
        "paused",
        "campaign_paused",
        "ad_set_paused",
        "archived",
        "deleted",
    )


def _figures_text(figures: Figures | None) -> str:
    if figures is None:
        return "nothing was spent on it"
    return (
        f"{amount_text(figures.spend)} spent, {figures.chats} chats, {figures.orders} orders so far,"
        f" {amount_text(figures.profit)} profit"
    )
