"""The life cycle of an ad test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final

from bot.ads.ad_idea import Idea, concept_subject
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.refusals import NoLimits
from bot.ads.changes.spend_limits import AccountLimits
from bot.ads.practice import PracticeSpec
from bot.language.money import CurrencyConverter, Money
from memory.ads.ad_account import AdAccount
from memory.ads.ad_tests import AdTest, AdTestOutcome, AdTests
from memory.ads.campaigns import Campaigns, KnownAd
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Strategy
from memory.audit_log.account_changes import Change
from memory.storage.database import Database
from memory.storage.dataclass_json import from_json, to_json

LAUNCH: Final = "campaign_launch"  # the strategic decision
OBJECTIVE: Final = "engagement"
AT_ONCE: Final = 2  # tests in one account
SHARE: Final = Decimal("0.1")  # of what an account may plan for a day, so that a small one does not live for its tests


@dataclass(frozen=True, slots=True)
class AdTestLifecycle:
    db: Database
    tests: AdTests
    strategy: Strategy
    records: CampaignRecords
    campaigns: Campaigns
    actions: AccountActions
    limits: AccountLimits
    rates: CurrencyConverter
    practice: Mapping[str, PracticeSpec]  # by account id; their markets have a rate of their own
    test_budget_usd: Mapping[str, Decimal]  # by brand

    def begin(self, brand: str, account_id: str, key: str, idea: Idea, budget: Money) -> AdTest:
        """Idempotent under `key`."""
        for test in self.tests.running(brand, account_id):
            if test.key == key:
                return test
        context = {
            "objective": OBJECTIVE,
            "budget": {"daily_budget": str(budget.amount), "currency": budget.currency},
            "account": account_id,
            "campaign": idea.concept.name,
        }
        reasoning = f"{'; '.join(idea.brief.known)}. {idea.brief.principle}".strip()
        with self.db.transaction():
            decision = self.strategy.decide(brand, LAUNCH, context, reasoning, expected=idea.brief.expected)
            return self.tests.begin(brand, account_id, key, decision, budget, to_json(idea))

    def change_of(self, test: AdTest) -> Change | None:
        """None before the launch was requested or approved."""
        change = self.actions.changes.by_key(test.key)
        if change is not None:
            return change
        approval = self.actions.approvals.of_key(test.account_id, test.key)
        made = self.actions.changes.of_approval(approval.id) if approval else []
        return made[0] if made else None

    def waits(self, test: AdTest) -> bool:
        approval = self.actions.approvals.of_key(test.account_id, test.key)
        return approval is not None and approval.state in ("waiting", "approved")

    def register(self, test: AdTest, campaign_id: str) -> None:
        """Idempotent."""
        idea = idea_of(test)
        brief = to_json(idea.brief)
        if test.campaign_id != campaign_id:
            self.tests.launched(test.brand, test.id, campaign_id)
        if self.records.launch(test.brand, campaign_id) is None:
            data = {
                "name": idea.concept.name,
                "objective": OBJECTIVE,
                "expected_outcome": idea.brief.expected,
                "budget": {"daily_budget": str(test.budget.amount), "currency": test.budget.currency},
                "brief": brief,
                "creative": to_json(idea.concept),
            }
            self.records.launched(test.brand, campaign_id, data)
        for ad in self.ads_of(test, campaign_id):
            if not ad.brief:
                label = {"argument": idea.argument, "language": idea.concept.language, **brief}
                self.campaigns.label(test.brand, ad.ad_id, angle=idea.concept.angle, brief=label)

    def ads_of(self, test: AdTest, campaign_id: str) -> list[KnownAd]:
        known = self.campaigns.ads(test.brand, account_id=test.account_id)
        return [ad for ad in known if ad.campaign_id == campaign_id]

    def tried(self, brand: str, account_id: str) -> frozenset[str]:
        """Arguments of this account's past and running ads."""
        ran = {str(ad.brief.get("argument", "")) for ad in self.campaigns.ads(brand, account_id=account_id)}
        running = {idea_of(test).argument for test in self.tests.running(brand, account_id)}
        return frozenset((ran | running) - {""})

    def end(self, test: AdTest, outcome: AdTestOutcome, sentence: str, *, worked: bool | None = None) -> None:
        """`worked` (unless None) is stored as a pattern for later ideas."""
        idea = idea_of(test)
        with self.db.transaction():
            self.tests.end(test.brand, test.id, outcome)
            self.strategy.close_decision(test.brand, test.decision_id, sentence)
            if worked is not None:
                subject = concept_subject(idea.argument, idea.concept.language)
                text = f"The test “{idea.concept.name}” ({idea.argument}): {sentence}"
                self.strategy.pattern(test.brand, SUCCESS if worked else FAILURE, text, {}, subject=subject)

    def set_aside(self, test: AdTest, sentence: str) -> None:
        """Its ads stay as they are."""
        with self.db.transaction():
            self.tests.end(test.brand, test.id, AdTestOutcome.UNREADABLE)
            self.strategy.close_decision(test.brand, test.decision_id, sentence)

    def budget(self, account: AdAccount) -> Money | None:
        """A test's daily budget; None without limits or an exchange rate."""
        try:
            most = self.limits.limits_of(account).most_planned.amount
        except NoLimits:
            return None
        wanted = self._wanted(account, self.test_budget_usd[account.brand])
        if wanted is None:
            return None
        amount = min(wanted.amount, most * SHARE).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
        return Money(
            max(Money(amount, account.currency).rounded().amount, account.min_daily_budget.amount), account.currency
        )

    def _wanted(self, account: AdAccount, dollars: Decimal) -> Money | None:
        spec = self.practice.get(account.id)
        if spec is not None:
            return spec.from_dollars(dollars)
        return self.rates.in_currency(Money(dollars, "USD"), account.currency)

    def reserve(self, account: AdAccount) -> Decimal:
        """Daily budget kept for the next test; 0 while `AT_ONCE` tests run."""
        budget = self.budget(account)
        if budget is None or len(self.tests.running(account.brand, account.id)) >= AT_ONCE:
            return Decimal(0)
        return budget.amount


def idea_of(test: AdTest) -> Idea:
    return from_json(Idea, test.idea)


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
