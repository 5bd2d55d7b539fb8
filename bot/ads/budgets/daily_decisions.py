"""The middle of a morning: what each line's budget should be, and having it done; every decision kept with its reasons."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from bot.ads.budgets.allocation import Allocation, Plan, allocate
from bot.ads.budgets.budget_lines import Line, lines
from bot.ads.budgets.order_margins import OrderMargins
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.orders import PlanOutcome
from bot.ads.changes.plan import AGENT, Pause, Resume, SetBudget, Step, from_json, to_json
from bot.ads.changes.refusals import NoLimits
from bot.ads.changes.spend_limits import AccountLimits
from bot.ads.morning.cycle import Morning
from bot.ads.platform import without_token
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.audit_log.account_changes import Cause, Change, Changes
from memory.storage.database import Database

WORTH_A_CHANGE: Final = Decimal("0.02")  # of the budget; a smaller move is not worth one of Meta's four edits an hour


class ReserveForTests(Protocol):
    """Keeps money free for new ads; `bot.ads.experiments.ad_tests.Trials` does."""

    def reserve(self, account: AdAccount) -> Decimal:
        """How much of what may be planned for a day, in the account's currency."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Divides what an account may spend among its lines. Reads memory, changes nothing."""

    campaigns: Campaigns
    attribution: Attribution
    limits: AccountLimits
    margins: OrderMargins
    tests: ReserveForTests | None  # None: no new ads are made
    changes: Changes

    def __call__(self, morning: Morning) -> dict[str, Any]:
        """The steps to take, and one decision per line with its sentence; why there are none, where there are none."""
        if morning.account is None:
            raise ValueError("there is nothing to decide without an account")
        account = self.campaigns.account(morning.brand, morning.account.describe().id)
        try:
            limits = self.limits.limits_of(account)
        except NoLimits as closed:
            return {"closed": str(closed), "steps": "[]", "decisions": []}
        today = morning.now.astimezone(ZoneInfo(account.time_zone)).date()
        known = lines(self.campaigns, self.attribution, morning.brand, account.id, today)
        found = [with_rest(line, self._last_change(morning.brand, line)) for line in known]
        carried = Decimal(morning.notes.get("pull", {}).get("carried", "1"))
        reserved = self.tests.reserve(account) if self.tests is not None else 0
        plan = self._plan(account, found, limits.most_planned.amount - reserved, today, carried)
        return _note(account, found, plan)

    def _last_change(self, brand: str, line: Line) -> Change | None:
        return next(iter(self.changes.page(brand, object_id=line.id, limit=1)), None)

    def _plan(self, account: AdAccount, found: Sequence[Line], budget: Decimal, today: date, carried: Decimal) -> Plan:
        seed = zlib.crc32(f"{account.id} {today}".encode())
        return allocate(
            [line.ad for line in found],
            budget,
            rng=np.random.default_rng(seed),
            today=today,
            carried=carried,
            minimum=account.min_daily_budget.amount,
            order_margin=self.margins.usual(account),
        )


def with_rest(line: Line, last: Change | None) -> Line:
    """A paused line whose last change sent it to rest may come back; paused for any other reason it stays so."""
    if line.ad.state != "paused" or last is None or last.what != "pause" or last.cause is not Cause.RESTING:
        return line
    return replace(line, ad=replace(line.ad, state="resting"))


def _note(account: AdAccount, found: Sequence[Line], plan: Plan) -> dict[str, Any]:
    pairs = [pair for pair in zip(found, plan.allocations, strict=True) if pair[0].runs or pair[1].budget]
    steps = [step for line, allocation in pairs for step in _steps(account, line, allocation)]
    return {
        "steps": to_json(steps),
        "decisions": [_decision(line, allocation) for line, allocation in pairs],
        "currency": account.currency,
        "expected_profit": str(round(plan.expected_profit, 2)),
        "unspent": str(plan.unspent),
        "unspent_reason": plan.unspent_reason,
    }


def _steps(account: AdAccount, line: Line, allocation: Allocation) -> list[Step]:
    reason, cause = _reason(line, allocation), allocation.reason.cause
    if not allocation.budget:
        return [Pause(line.kind, line.id, reason, cause=cause)]
    amount = _payable(account, allocation.budget)
    moved = abs(amount.amount - line.budget.amount) >= max(line.budget.amount * WORTH_A_CHANGE, Decimal("0.01"))
    budget = SetBudget(line.kind, line.id, amount, reason, seen=line.budget, cause=cause)
    change: list[Step] = [budget] if moved else []
    return change if line.runs else [*change, Resume(line.kind, line.id, reason, cause=cause)]


def _reason(line: Line, allocation: Allocation) -> str:
    """With the name that staff know; the deciding goes by ids, since names may repeat."""
    return allocation.reason.sentence(f"“{without_token(line.name)}”")


def _payable(account: AdAccount, amount: Decimal) -> Money:
    """Rounded down to what can be paid, and never below the account's least."""
    rounded = Money(amount.quantize(Decimal("0.01"), rounding=ROUND_DOWN), account.currency).rounded()
    return rounded if rounded.amount >= account.min_daily_budget.amount else account.min_daily_budget


def _decision(line: Line, allocation: Allocation) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "id": line.id,
        "name": without_token(line.name),
        "angle": line.ad.angle,
        "before": str(line.budget.amount),
        "budget": str(allocation.budget),
        "pause": allocation.pause,
        "expected_profit": str(round(allocation.expected_profit, 2)),
        "evidence": round(allocation.verdict.evidence, 2),
        "sales": round(allocation.verdict.sales, 2),
        "needed": round(allocation.verdict.expected, 2),
        "reason": _reason(line, allocation),
    }


@dataclass(frozen=True, slots=True)
class Act:
    """Has the steps done, through the actions and their limits, and writes down what was changed and why."""

    db: Database
    actions: AccountActions
    records: CampaignRecords
    strategy: Strategy
    campaigns: Campaigns

    def __call__(self, morning: Morning) -> dict[str, Any]:
        """What was done, refused, and what waits for a person."""
        if morning.account is None:
            raise ValueError("there is nothing to act on without an account")
        account_id = morning.account.describe().id
        decided = morning.notes["decide"]
        steps = from_json(decided["steps"])
        if not steps:
            return {"done": 0, "refused": [], "waiting": None}
        key = f"{account_id} {morning.day}"
        outcome = self.actions.carry_out(morning.brand, account_id, steps, AGENT, key=key)
        if outcome.fault is not None:
            raise outcome.fault
        self._remember(morning, account_id, decided, outcome)
        return {
            "done": len(outcome.done),
            "refused": [f"{_subject(step)}: {refused}" for step, refused in outcome.refused],
            "waiting": outcome.waiting.id if outcome.waiting else None,
        }

    def _remember(self, morning: Morning, account_id: str, decided: dict[str, Any], outcome: PlanOutcome) -> None:
        """One optimisation for each change; those that an earlier try has written are left alone."""
        reasons = {each["id"]: each for each in decided["decisions"]}
        campaign_of = self._campaigns_of_lines(morning.brand, account_id)
        with self.db.transaction():
            known = {entry.record.get("change") for entry in self.records.optimizations(morning.brand, most=2000)}
            for change in outcome.done:
                if change.id in known or change.object_id not in reasons:
                    continue
                decision = reasons[change.object_id]
                self.records.optimization(
                    morning.brand,
                    campaign_of.get(change.object_id, change.object_id),
                    "pause" if decision["pause"] else "budget",
                    decision["reason"],
                    f"{decision['expected_profit']} {decided['currency']} a day",
                    change=change.id,
                    line=change.object_id,
                    before=decision["before"],
                    after=decision["budget"],
                )

    def _campaigns_of_lines(self, brand: str, account_id: str) -> dict[str, str]:
        structure = self.campaigns.structure(brand, account_id)
        return {each.id: each.campaign_id for each in structure.ad_sets} | {
            each.id: each.id for each in structure.campaigns
        }


def _subject(step: Step) -> str:
    return str(getattr(step, "object_id", "")) or str(getattr(step, "name", ""))
