"""The morning steps `decide` and `act`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from bot.ads.budget_decision import BudgetDecision
from bot.ads.budgets.allocation import Allocation, Plan, allocate
from bot.ads.budgets.budget_lines import BudgetLine, budget_lines
from bot.ads.budgets.order_margins import OrderMargins
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.plan import AGENT, Pause, Resume, SetBudget, Step, from_json, to_json
from bot.ads.changes.plans.plan_outcome import PlanOutcome
from bot.ads.changes.plans.refusals import NoLimits
from bot.ads.changes.spend_limits import AccountLimits
from bot.ads.morning.cycle import Morning
from bot.ads.platform import without_token
from bot.ads.step_results import ActResult, DecideResult
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.audit_log.account_changes import Cause, Change, Changes
from memory.storage.database import Database

WORTH_A_CHANGE: Final = Decimal("0.02")  # of the budget; a smaller move is not worth one of the few edits an hour


class ReserveForTests(Protocol):
    """Implemented by `bot.ads.experiments.ad_tests.AdTestLifecycle`."""

    def reserve(self, account: AdAccount) -> Decimal:
        """Part of the daily budget kept for new ads."""


@dataclass(frozen=True, slots=True)
class Decide:
    campaigns: Campaigns
    attribution: Attribution
    limits: AccountLimits
    margins: OrderMargins
    tests: ReserveForTests | None  # None: no new ads are made
    changes: Changes

    def decide(self, morning: Morning) -> DecideResult:
        account = self.campaigns.account(morning.brand, morning.ad_account.describe().id)
        try:
            limits = self.limits.limits_of(account)
        except NoLimits as closed:
            return DecideResult(closed=str(closed))
        today = morning.now.astimezone(ZoneInfo(account.time_zone)).date()
        known = budget_lines(self.campaigns, self.attribution, morning.brand, account.id, today)
        found = [
            with_resting_state(line, self._last_change(morning.brand, line)) if line.ad.state == "paused" else line
            for line in known
        ]
        pulled = morning.results.pull
        referral_share = Decimal(1) if pulled is None else pulled.carried
        reserved = self.tests.reserve(account) if self.tests is not None else 0
        plan = self._plan(account, found, limits.most_planned.amount - reserved, today, referral_share)
        return _result(account, found, plan)

    def _last_change(self, brand: str, line: BudgetLine) -> Change | None:
        return next(iter(self.changes.page(brand, object_id=line.id, limit=1)), None)

    def _plan(
        self, account: AdAccount, found: Sequence[BudgetLine], budget: Decimal, today: date, referral_share: Decimal
    ) -> Plan:
        seed = zlib.crc32(f"{account.id} {today}".encode())
        return allocate(
            [line.ad for line in found],
            budget,
            rng=np.random.default_rng(seed),
            today=today,
            referral_share=referral_share,
            minimum=account.min_daily_budget.amount,
            order_margin=self.margins.usual(account),
        )


def with_resting_state(line: BudgetLine, last: Change | None) -> BudgetLine:
    if last is None or last.what != "pause" or last.cause is not Cause.RESTING:
        return line
    return replace(line, ad=replace(line.ad, state="resting"))


def _result(account: AdAccount, found: Sequence[BudgetLine], plan: Plan) -> DecideResult:
    pairs = [
        (line, _decision(line, allocation))
        for line, allocation in zip(found, plan.allocations, strict=True)
        if line.runs or allocation.budget
    ]
    return DecideResult(
        steps=to_json([step for line, decision in pairs for step in steps_of(account, line, decision)]),
        decisions=tuple(decision for _line, decision in pairs),
        currency=account.currency,
        expected_profit=round(plan.expected_profit, 2),
        unspent=plan.unspent,
        unspent_reason=plan.unspent_reason,
    )


def steps_of(account: AdAccount, line: BudgetLine, decision: BudgetDecision) -> list[Step]:
    sentence, reason = decision.sentence, decision.reason
    if not reason.budget:
        return [Pause(line.kind, line.id, sentence, cause=reason.cause)]
    amount = _payable(account, reason.budget)
    moved = abs(amount.amount - line.budget.amount) >= max(line.budget.amount * WORTH_A_CHANGE, Decimal("0.01"))
    budget = SetBudget(line.kind, line.id, amount, sentence, seen=line.budget, cause=reason.cause)
    change: list[Step] = [budget] if moved else []
    return change if line.runs else [*change, Resume(line.kind, line.id, sentence, cause=reason.cause)]


def _payable(account: AdAccount, amount: Decimal) -> Money:
    rounded = Money(amount.quantize(Decimal("0.01"), rounding=ROUND_DOWN), account.currency).rounded()
    return rounded if rounded.amount >= account.min_daily_budget.amount else account.min_daily_budget


def _decision(line: BudgetLine, allocation: Allocation) -> BudgetDecision:
    return BudgetDecision(
        line.kind,
        line.id,  # names may repeat
        without_token(line.name),
        line.ad.angle,
        allocation.pause,
        allocation.expected_profit,
        allocation.reason,
    )


@dataclass(frozen=True, slots=True)
class CarryOut:
    db: Database
    actions: AccountActions
    records: CampaignRecords
    campaigns: Campaigns

    def act(self, morning: Morning) -> ActResult:
        """Idempotent for one account and day."""
        account_id = morning.ad_account.describe().id
        decided = morning.results.decide
        if decided is None:
            raise ValueError("nothing was decided this morning")
        steps = from_json(decided.steps)
        if not steps:
            return ActResult(done=0)
        key = f"{account_id} {morning.day}"
        outcome = self.actions.carry_out(morning.brand, account_id, steps, AGENT, key=key)
        if outcome.fault is not None:
            raise outcome.fault
        self._remember(morning, account_id, decided, outcome)
        return ActResult(
            done=len(outcome.done),
            refused=tuple(f"{_subject(step)}: {refused}" for step, refused in outcome.refused),
            waiting=outcome.waiting.id if outcome.waiting else None,
        )

    def _remember(self, morning: Morning, account_id: str, decided: DecideResult, outcome: PlanOutcome) -> None:
        decisions = {each.id: each for each in decided.decisions}
        campaign_of = self._campaigns_of_lines(morning.brand, account_id)
        with self.db.transaction():
            known = {entry.record.get("change") for entry in self.records.optimizations(morning.brand, most=2000)}
            for change in outcome.done:
                if change.id in known or change.object_id not in decisions:
                    continue
                decision = decisions[change.object_id]
                self.records.optimization(
                    morning.brand,
                    campaign_of.get(change.object_id, change.object_id),
                    "pause" if decision.pause else "budget",
                    decision.sentence,
                    f"{decision.expected_profit} {decided.currency} a day",
                    change=change.id,
                    line=change.object_id,
                    before=str(decision.reason.before),
                    after=str(decision.reason.budget),
                )

    def _campaigns_of_lines(self, brand: str, account_id: str) -> dict[str, str]:
        structure = self.campaigns.structure(brand, account_id)
        return {each.id: each.campaign_id for each in structure.ad_sets} | {
            each.id: each.id for each in structure.campaigns
        }


def _subject(step: Step) -> str:
    return str(getattr(step, "object_id", "")) or str(getattr(step, "name", ""))
