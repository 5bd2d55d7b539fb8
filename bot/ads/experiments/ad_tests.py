"""The book of tests: new ads that run on a small budget until the day their brief names. At most two in an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.refusals import NoLimits
from bot.ads.changes.spend_limits import AccountLimits
from bot.ads.new_ads.ideas import Idea
from bot.ads.practice import PracticeSpec
from bot.language.money import CurrencyConverter, Money
from memory.ads.ad_account import AdAccount
from memory.ads.campaigns import Campaigns, KnownAd
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import DECISIONS, FAILURE, SUCCESS, Entry, Strategy
from memory.audit_log.account_changes import Change
from memory.storage.database import Database
from memory.storage.dataclass_json import to_json

LAUNCH: Final = "campaign_launch"
AT_ONCE: Final = 2  # tests in one account
SHARE: Final = Decimal("0.1")  # of what an account may plan for a day, so that a small one does not live for its tests


@dataclass(frozen=True, slots=True)
class Trials:
    """Tests as the strategic memory keeps them: open launch decisions with the idea and the key of its launch."""

    db: Database
    strategy: Strategy
    records: CampaignRecords
    campaigns: Campaigns
    actions: AccountActions
    limits: AccountLimits
    rates: CurrencyConverter
    practice: Mapping[str, PracticeSpec]  # by account id; their markets have a rate of their own
    test_budget_usd: Mapping[str, Decimal]  # by brand

    def running(self, brand: str, account_id: str) -> list[Entry]:
        """The tests that are not judged yet, or not even launched."""
        return [
            entry
            for entry in self.strategy.entries(brand, DECISIONS)
            if entry.type == LAUNCH and entry.record["context"].get("test") == account_id
        ]

    def begin(self, brand: str, account_id: str, key: str, idea: Idea, budget: Money) -> Entry:
        """Write down that this is about to be launched; the same key is one test."""
        for entry in self.running(brand, account_id):
            if entry.record["context"]["key"] == key:
                return entry
        context = {
            "test": account_id,
            "key": key,
            "objective": "engagement",
            "budget": {"daily_budget": str(budget.amount), "currency": budget.currency},
            "idea": to_json(idea),
        }
        reasoning = f"{'; '.join(idea.brief.known)}. {idea.brief.principle}".strip()
        number = self.strategy.decide(brand, LAUNCH, context, reasoning, expected=idea.brief.expected)
        return self.strategy.entry(brand, number)

    def change_of(self, entry: Entry) -> Change | None:
        """The launch itself, as it was asked for or approved; None where neither has happened."""
        context = entry.record["context"]
        change = self.actions.changes.by_key(context["key"])
        if change is not None:
            return change
        approval = self.actions.approvals.of_key(context["test"], context["key"])
        made = self.actions.changes.of_approval(approval.id) if approval else []
        return made[0] if made else None

    def waits(self, entry: Entry) -> bool:
        """Whether an admin has been asked, and may still say yes."""
        context = entry.record["context"]
        approval = self.actions.approvals.of_key(context["test"], context["key"])
        return approval is not None and approval.state in ("waiting", "approved")

    def register(self, brand: str, entry: Entry, campaign_id: str) -> None:
        """Remember a launched test: the campaign with its brief, and on its ads what they are about. Once or often."""
        context = entry.record["context"]
        idea, brief = context["idea"], context["idea"]["brief"]
        if self.records.launch(brand, campaign_id) is None:
            data = {
                "name": idea["concept"]["name"],
                "objective": context["objective"],
                "expected_outcome": brief["expected"],
                "budget": context["budget"],
                "brief": brief,
                "creative": idea["concept"],
            }
            self.records.launched(brand, campaign_id, data)
        known = self.ads_of(brand, context["test"], campaign_id)
        for ad in known:
            if not ad.brief:
                told = {"argument": idea["argument"], "language": idea["concept"]["language"], **brief}
                self.campaigns.label(brand, ad.ad_id, angle=idea["concept"]["angle"], brief=told)

    def ads_of(self, brand: str, account_id: str, campaign_id: str) -> list[KnownAd]:
        """The ads of a campaign."""
        return [ad for ad in self.campaigns.ads(brand, account_id=account_id) if ad.campaign_id == campaign_id]

    def tried(self, brand: str, account_id: str) -> frozenset[str]:
        """The arguments that this account has run, or is about to."""
        ran = {str(ad.brief.get("argument", "")) for ad in self.campaigns.ads(brand, account_id=account_id)}
        return frozenset(
            {*ran, *(str(each.record["context"]["idea"]["argument"]) for each in self.running(brand, account_id))}
            - {""}
        )

    def end(self, brand: str, entry: Entry, outcome: str, *, worked: bool | None = None) -> None:
        """Close a test with what came of it; `worked` makes it a pattern that later ideas go by."""
        idea = entry.record["context"]["idea"]
        with self.db.transaction():
            self.strategy.turned_out(brand, entry.id, outcome)
            if worked is not None:
                subject = f"concept:{idea['argument']}:{idea['concept']['language']}"
                text = f"The test “{idea['concept']['name']}” ({idea['argument']}): {outcome}"
                self.strategy.pattern(brand, SUCCESS if worked else FAILURE, text, {}, subject=subject)

    def budget(self, account: AdAccount) -> Money | None:
        """What a test may cost a day here; None where nothing may be written, or nobody knows the rate."""
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
        """What the deciding leaves free for the next test; nothing while two are running."""
        budget = self.budget(account)
        if budget is None or len(self.running(account.brand, account.id)) >= AT_ONCE:
            return Decimal(0)
        return budget.amount


def day_of(text: str | None) -> date | None:
    """A day as a brief holds it."""
    return None if text is None else date.fromisoformat(text)
