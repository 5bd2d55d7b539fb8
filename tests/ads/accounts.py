"""Ad histories without chance, for tests of decisions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from bot.ads.budgets.ad_history import AdDay, AdHistory, AdOrders

FIRST = date(2026, 3, 2)


def ad(
    name: str,
    angle: str = "price",
    *,
    spend: int = 1_000,
    chats: int = 60,
    orders: float = 2.0,
    days: int = 30,
    margin: int = 500,
    budget: int | None = None,
    age: int = 0,
) -> AdHistory:
    """The same chats each day; an order whenever the sum of `orders` a day passes a whole number."""
    insights = tuple(
        AdDay(FIRST + timedelta(day), Decimal(spend), 10 * max(chats, 10), 2 * max(chats, 5), chats)
        for day in range(days)
    )
    rows = tuple(
        AdOrders(FIRST + timedelta(day), age, Decimal(margin * count), count)
        for day in range(days - age)
        if (count := int(orders * (day + 1)) - int(orders * day))
    )
    return AdHistory(name, angle, Decimal(spend if budget is None else budget), "active", insights, rows)


def new(name: str, angle: str = "price") -> AdHistory:
    """An ad that has never run."""
    return AdHistory(name, angle, Decimal(0), "new")
