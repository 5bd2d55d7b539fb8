"""Input of the allocation: insights and orders per ad."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OLDEST: Final = 35  # days; an order later than this after its chat is not looked for
# "resting": without budget until it is expected to bring more than others again; "paused": stopped, and stays so.
AdState = Literal["new", "learning", "active", "resting", "paused"]


@dataclass(frozen=True, slots=True)
class AdDay:
    """As last restated."""

    day: date
    spend: Decimal
    impressions: int = 0
    clicks: int = 0
    chats: int = 0  # conversations that the ad started, as the platform counts them


@dataclass(frozen=True, slots=True)
class AdOrders:
    chat_day: date
    age: int  # days from the chat to the order
    margin: Decimal  # net of returns; may be negative
    count: int = 1


@dataclass(frozen=True, slots=True)
class AdHistory:
    """Money in the account's currency."""

    name: str
    angle: str
    budget: Decimal  # yesterday's, a day
    state: AdState = "active"
    days: tuple[AdDay, ...] = ()
    orders: tuple[AdOrders, ...] = ()

    @property
    def runs(self) -> bool:
        return self.state not in ("resting", "paused") and self.budget > 0

    @property
    def rests(self) -> bool:
        stopped = self.budget == 0 and any(day.spend > 0 for day in self.days)
        return self.state == "resting" or (stopped and self.state != "paused")


class Contradiction(ValueError):
    """The text names the ad and what to check."""


def check(ads: Sequence[AdHistory], today: date) -> None:
    """Raises Contradiction."""
    names = [ad.name for ad in ads]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Contradiction(f"ad {min(twice)} is listed twice: give each ad once, with all its days")
    for ad in ads:
        for wrong in _wrongs(ad, today):
            raise Contradiction(f"ad {ad.name}: {wrong}")


def first_free_day(ads: Iterable[AdHistory]) -> date:
    """1970-01-01 without any data."""
    last = [day.day for ad in ads for day in ad.days]
    last += [row.chat_day + timedelta(days=row.age) for ad in ads for row in ad.orders]
    return max(last) + timedelta(days=1) if last else date(1970, 1, 1)


def _wrongs(ad: AdHistory, today: date) -> Iterable[str]:
    if ad.state not in get_args(AdState):
        yield f"state {ad.state!r} is not one of {', '.join(get_args(AdState))}"
    if not ad.budget.is_finite() or ad.budget < 0:
        yield f"a budget of {ad.budget} is no budget: it must be 0 or more"
    if len({day.day for day in ad.days}) != len(ad.days):
        yield "one day appears twice in its insights: keep the latest reading of each day"
    for day in ad.days:
        yield from _wrong_day(day, today)
    for row in ad.orders:
        yield from _wrong_orders(row, today)


def _wrong_day(day: AdDay, today: date) -> Iterable[str]:
    if day.day >= today:
        yield f"it has insights for {day.day}, which is not over on the morning of {today}"
    if not day.spend.is_finite() or day.spend < 0:
        yield f"it spent {day.spend} on {day.day}: spend must be 0 or more"
    if min(day.impressions, day.clicks, day.chats) < 0:
        yield f"a count of {day.day} is negative: read that day's insights again"
    if day.clicks > day.impressions > 0:
        yield f"{day.day} has {day.clicks} clicks on {day.impressions} impressions: read that day's insights again"


def _wrong_orders(row: AdOrders, today: date) -> Iterable[str]:
    if row.age < 0:
        yield f"an order lies {-row.age} days before its chat of {row.chat_day}: check which chat it belongs to"
    elif row.chat_day + timedelta(days=row.age) >= today:
        yield f"an order of {row.chat_day + timedelta(days=row.age)} lies in the future on the morning of {today}"
    if row.count < 1:
        yield f"{row.count} orders from {row.chat_day}: leave out rows without orders"
    if not row.margin.is_finite():
        yield f"the margin of orders from {row.chat_day} is no number"


@dataclass(frozen=True, slots=True)
class Panel:
    """The histories as arrays."""

    names: tuple[str, ...]
    angles: NDArray[np.int64]  # per ad, a number from 0
    angle_names: tuple[str, ...]
    spend: Floats  # ads × days
    chats: Floats  # ads × days
    sales: Floats  # ads × chat day: orders so far of the chats of that day
    margin: Floats  # ads × chat day: their margin
    squares: Floats  # per ad: sum of (a row's margin)² ÷ its orders, for the spread of order values
    by_age: Floats  # ads × age × window: orders of that age among chats that have been watched for `window` days

    @property
    def days_watched(self) -> NDArray[np.int64]:
        """Per day: days until yesterday, the greatest possible age of an order."""
        return np.arange(self.spend.shape[1])[::-1]


def panel(ads: Sequence[AdHistory], today: date) -> Panel:
    """From the first day with data up to yesterday."""
    known = [day.day for ad in ads for day in ad.days] + [row.chat_day for ad in ads for row in ad.orders]
    days = max((today - min(known)).days, 1) if known else 1
    angle_names = tuple(sorted({ad.angle for ad in ads}))
    shape = (len(ads), days)
    made = Panel(
        tuple(ad.name for ad in ads),
        np.array([angle_names.index(ad.angle) for ad in ads], dtype=np.int64),
        angle_names,
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(len(ads)),
        np.zeros((len(ads), OLDEST + 1, OLDEST + 1)),
    )
    for place, ad in enumerate(ads):
        _fill(made, place, ad, today, days)
    return made


def _fill(made: Panel, place: int, ad: AdHistory, today: date, days: int) -> None:
    for day in ad.days:
        column = days - (today - day.day).days
        made.spend[place, column] = float(day.spend)
        made.chats[place, column] = day.chats
    for row in ad.orders:
        if row.age <= OLDEST:
            ago = (today - row.chat_day).days
            made.sales[place, days - ago] += row.count
            made.margin[place, days - ago] += float(row.margin)
            made.squares[place] += float(row.margin) ** 2 / row.count
            made.by_age[place, row.age, min(ago - 1, OLDEST)] += row.count
