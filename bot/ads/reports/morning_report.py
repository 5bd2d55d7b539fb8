"""What staff are told of the ads: the morning's card, and the words in which figures are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from bot.ads.morning.cycle import WHOLE_BRAND, Morning
from bot.ads.staff_messenger import StaffMessenger
from bot.language.money import Money
from bot.language.texts import report_wording
from memory.ads.figures import AdFigures, Figures
from memory.ads.morning_runs import CycleRun, Cycles

MOST_CHANGES: Final = 5  # told in the card; the rest is one question away


class BrandCharts(Protocol):
    """Draws a brand's last days; `bot.ads.reports.answers.Answers` does."""

    def chart_url(self, brand: str) -> str | None:
        """The address of the chart's picture; None where there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class MorningReport:
    """The closing step of a brand's morning. Run in one transaction with its being noted, so staff hear it once."""

    cycles: Cycles
    figures: AdFigures
    staff: StaffMessenger
    charts: BrandCharts

    def __call__(self, morning: Morning) -> dict[str, Any]:
        """Sends the card."""
        runs = [run for run in self.cycles.of_brand(morning.brand, morning.day) if run.account_id != WHOLE_BRAND]
        card = morning_card(runs, self.figures.of(morning.brand, "account", 1, until=morning.day - timedelta(days=1)))
        self.staff.tell(morning.brand, card, self.charts.chart_url(morning.brand))
        return {"accounts": len(runs)}


def morning_card(runs: Sequence[CycleRun], yesterday: Sequence[Figures]) -> str:
    """The card: yesterday by currency, what was changed and why, what waits, what failed."""
    done = sum(run.notes.get("act", {}).get("done", 0) for run in runs)
    parts = [
        "*Good morning. Yesterday's ads:*",
        *(f"• {_total(currency, yesterday)}" for currency in dict.fromkeys(each.currency for each in yesterday)),
        f"*{done} changes today.*" if done else "*No budget changed today.*",
        *_changes(runs),
        *_waiting(runs),
        *_closed(runs),
        *(f"⚠️ {run.account_id}: {run.fault}" for run in runs if run.fault),
    ]
    return "\n".join(parts)


def _total(currency: str, figures: Sequence[Figures]) -> str:
    ours = [each for each in figures if each.currency == currency]
    spend = _sum(currency, [each.spend for each in ours])
    revenue, margin = _sum(currency, [each.revenue for each in ours]), _sum(currency, [each.margin for each in ours])
    chats, orders = sum(each.chats for each in ours), sum(each.orders for each in ours)
    profit = Money(margin.amount - spend.amount, currency)
    return f"{said(spend)} spent, {chats} chats, {orders} orders, {said(revenue)} sold, {said(profit)} profit after ads"


def _changes(runs: Sequence[CycleRun]) -> list[str]:
    told, more = changes_told(runs, MOST_CHANGES)
    lines = [f"• {with_name(name, reason)}" for name, reason in told]
    return [*lines, f"… and {more} more; ask “why”."] if more else lines


def changes_told(runs: Sequence[CycleRun], most: int) -> tuple[list[tuple[str, str]], int]:
    """Name and reason of the largest moves of money, pauses first, and how many more there were."""
    moved = [
        (abs(Decimal(each["budget"]) - Decimal(each["before"])) / max(Decimal(each["before"]), Decimal(1)), each)
        for run in runs
        if run.notes.get("act", {}).get("done")
        for each in run.notes.get("decide", {}).get("decisions", [])
        if each["budget"] != each["before"]
    ]
    moved.sort(key=lambda pair: (not pair[1]["pause"], -pair[0], pair[1]["id"]))
    told = [(each["name"], each["reason"]) for _size, each in moved[:most]]
    return told, max(sum(run.notes.get("act", {}).get("done", 0) for run in runs) - len(told), 0)


def with_name(name: str, reason: str) -> str:
    """The reason, with the name before it where it does not say it itself."""
    return reason if name in reason else f"{name}: {reason}"


def _waiting(runs: Sequence[CycleRun]) -> list[str]:
    numbers = [number for run in runs if (number := run.notes.get("act", {}).get("waiting")) is not None]
    return [f"*Waits for an admin:* approve {number}, or reject {number} and why" for number in numbers]


def _closed(runs: Sequence[CycleRun]) -> list[str]:
    return list(dict.fromkeys(closed for run in runs if (closed := run.notes.get("decide", {}).get("closed"))))


def said(money: Money, language: str | None = "en") -> str:
    """An amount as readers of this language write it: whole units from a hundred on."""
    return report_wording(language).money(money)


def _sum(currency: str, amounts: Sequence[Money]) -> Money:
    return Money(sum((each.amount for each in amounts), Decimal(0)), currency)
