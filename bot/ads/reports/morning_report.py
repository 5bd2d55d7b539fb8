"""The morning step `report`: the card for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final, Protocol

from bot.ads.budget_decision import BudgetDecision
from bot.ads.morning.cycle import WHOLE_BRAND, Morning
from bot.ads.staff_messenger import StaffMessenger
from bot.ads.step_results import MorningResults, ReportResult
from bot.language.money import Money
from bot.language.texts import report_wording
from memory.ads.figures import AdFigures, Figures
from memory.ads.morning_runs import CycleRun, Cycles

MOST_CHANGES: Final = 5  # told in the card; the rest is one question away


class BrandCharts(Protocol):
    """Implemented by `bot.ads.reports.answers.Answers`."""

    def chart_url(self, brand: str) -> str | None:
        """None if there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class MorningReport:
    """Not idempotent (`once`)."""

    cycles: Cycles
    figures: AdFigures
    staff: StaffMessenger
    charts: BrandCharts

    def report(self, morning: Morning) -> ReportResult:
        runs = [run for run in self.cycles.of_brand(morning.brand, morning.day) if run.account_id != WHOLE_BRAND]
        card = morning_card(runs, self.figures.of(morning.brand, "account", 1, until=morning.day - timedelta(days=1)))
        self.staff.tell(morning.brand, card, self.charts.chart_url(morning.brand))
        return ReportResult(len(runs))


def morning_card(runs: Sequence[CycleRun], yesterday: Sequence[Figures]) -> str:
    results = [MorningResults.of_notes(run.notes) for run in runs]
    done = changes_done(results)
    parts = [
        "*Good morning. Yesterday's ads:*",
        *(f"• {_total(currency, yesterday)}" for currency in dict.fromkeys(each.currency for each in yesterday)),
        f"*{done} changes today.*" if done else "*No budget changed today.*",
        *_changes(results),
        *_waiting(results),
        *dict.fromkeys(each.decide.closed for each in results if each.decide is not None and each.decide.closed),
        *(f"⚠️ {run.account_id}: {run.fault}" for run in runs if run.fault),
    ]
    return "\n".join(parts)


def _total(currency: str, figures: Sequence[Figures]) -> str:
    ours = [each for each in figures if each.currency == currency]
    spend = _sum(currency, [each.spend for each in ours])
    revenue, margin = _sum(currency, [each.revenue for each in ours]), _sum(currency, [each.margin for each in ours])
    chats, orders = sum(each.chats for each in ours), sum(each.orders for each in ours)
    profit = Money(margin.amount - spend.amount, currency)
    text = report_wording("en").money
    return f"{text(spend)} spent, {chats} chats, {orders} orders, {text(revenue)} sold, {text(profit)} profit after ads"


def changes_done(results: Sequence[MorningResults]) -> int:
    return sum(each.act.done for each in results if each.act is not None)


def _changes(results: Sequence[MorningResults]) -> list[str]:
    decisions, more = largest_changes(results, MOST_CHANGES)
    lines = [f"• {each.sentence}" for each in decisions]
    return [*lines, f"… and {more} more; ask “why”."] if more else lines


def largest_changes(results: Sequence[MorningResults], most: int) -> tuple[list[BudgetDecision], int]:
    """Pauses first; and the number of further changes."""
    moved = [
        (abs(each.reason.budget - each.reason.before) / max(each.reason.before, Decimal(1)), each)
        for result in results
        if result.act is not None and result.act.done and result.decide is not None
        for each in result.decide.decisions
        if each.reason.budget != each.reason.before
    ]
    moved.sort(key=lambda pair: (not pair[1].pause, -pair[0], pair[1].id))
    shown = [each for _size, each in moved[:most]]
    return shown, max(changes_done(results) - len(shown), 0)


def _waiting(results: Sequence[MorningResults]) -> list[str]:
    numbers = [each.act.waiting for each in results if each.act is not None and each.act.waiting is not None]
    return [f"*Waits for an admin:* approve {number}, or reject {number} and why" for number in numbers]


def _sum(currency: str, amounts: Sequence[Money]) -> Money:
    return Money(sum((each.amount for each in amounts), Decimal(0)), currency)
