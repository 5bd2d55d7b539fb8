"""How a day's money is divided among the ads of an account: to equal return on the last rupee, by what is believed today.

Beliefs come from the account's own history: chats per budget (`response`), orders per chat (`sales`), the delay of orders
(`delays`) and the margin of an order (`evidence.worth`). Several samples of the beliefs are each given the best division
inside the steps that are allowed, and the divisions are averaged: doubt about an ad becomes money to find out.
Whether an ad is stopped is a separate question (`evidence`). Pure arithmetic: no clock, no file, no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.ads import delays, evidence, response, sales
from bot.ads.evidence import Verdict
from bot.ads.history import Ad, Floats, Panel, check, first_free_day, panel

STEP: Final = 0.20  # of yesterday's budget, a day, up or down
ENTRY: Final = 0.04  # of the account's budget, for a new ad beside running ones
DRAWS: Final = 16
POINTS: Final = 25  # budgets that are tried per ad between its least and its most
BREAK_EVEN_RATE: Final = 0.03  # orders per chat that are assumed to pay for a chat where no margin of an order is known
HOPE: Final = 1.2  # return that an account is expected to make before it has orders


@dataclass(frozen=True, slots=True)
class Allocation:
    """Tomorrow's budget of one ad, and why in one sentence. `pause`: the evidence says stop; its budget is 0 then."""

    name: str
    budget: Decimal
    before: Decimal
    pause: bool
    expected_profit: Decimal  # of tomorrow's spend, all its orders counted
    return_of_next: float  # what one further unit of money is expected to bring back
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A day's budgets, in the order the ads were given."""

    allocations: tuple[Allocation, ...]
    budget: Decimal
    expected_profit: Decimal
    unspent: Decimal  # of the budget, deliberately
    unspent_reason: str  # empty where nothing is unspent
    angle_share: float  # how much of the ads' differences the angle explains, 0 to 1

    @property
    def total(self) -> Decimal:
        """The sum of all budgets of the day."""
        return sum((each.budget for each in self.allocations), Decimal(0))


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What is believed of each ad on this morning."""

    responses: response.Responses
    rates: sales.SaleRates
    margin: Floats  # of one order, per ad
    margin_error: Floats

    def expected_value(self) -> Floats:
        """Expected margin per chat of each ad."""
        value: Floats = self.rates.expected() * self.margin
        return value

    def drawn_value(self, rng: np.random.Generator, draws: int) -> Floats:
        """Samples of the margin per chat, draws × ads."""
        margin = self.margin + self.margin_error * rng.standard_normal((draws, len(self.margin)))
        value: Floats = self.rates.drawn(rng, draws) * np.maximum(margin, 0.0)
        return value


def believe(known: Panel, carried: float, order_margin: float | None) -> Beliefs:
    """The beliefs after a checked panel."""
    responses = response.learn(known)
    due = delays.learn(known.by_age.sum(axis=0)).by_age[np.minimum(known.watched, delays.AGES[-1])]
    exposure = np.maximum(known.chats, known.sales) @ due * carried
    cost = (known.spend.sum() + 1e-9) / max(known.chats.sum(), 1.0)
    worth = evidence.worth(known, order_margin)
    usual = cost / BREAK_EVEN_RATE
    margin, error = worth if worth is not None else (np.full(len(known.names), usual), np.zeros(len(known.names)))
    level = np.log(np.maximum(response.rng_free_levels(responses), 1e-9))
    cheapness = level - level.mean()
    rate = HOPE * cost / max(float(margin.mean()), 1e-9)
    rates = sales.learn(known.sales.sum(axis=1), exposure, known.angles, cheapness, min(max(rate, 1e-5), 0.5))
    return Beliefs(responses, rates, margin, error)


def water_fill(returns: Floats, grid: Floats, budget: float, target: float) -> Floats:
    """The budgets at which every ad's last unit of money returns the same, at least `target`, within `budget`.

    `returns` (draws × ads × points) falls along `grid` (ads × points, from each ad's least to its most). Gives draws × ads.
    """
    low, high = grid[:, 0], grid[:, -1]
    floor = np.full(len(returns), target)
    ceiling = np.maximum(returns.max(axis=(1, 2)), target) + 1e-9
    filled = _filled(returns, low, high, floor)
    if np.all(filled.sum(axis=1) <= budget):
        return filled
    for _ in range(40):
        level = 0.5 * (floor + ceiling)
        over = _filled(returns, low, high, level).sum(axis=1) > budget
        floor, ceiling = np.where(over, level, floor), np.where(over, ceiling, level)
    fits = filled.sum(axis=1) <= budget
    return np.where(fits[:, None], filled, _filled(returns, low, high, ceiling))


def _filled(returns: Floats, low: Floats, high: Floats, level: Floats) -> Floats:
    """How far each ad goes up before its return falls below `level` (one per draw), between points by a straight line."""
    above = returns > level[:, None, None]
    steps = above.sum(axis=2)
    points = returns.shape[2]
    last = np.clip(steps - 1, 0, points - 2)
    here = np.take_along_axis(returns, last[..., None], axis=2)[..., 0]
    after = np.take_along_axis(returns, last[..., None] + 1, axis=2)[..., 0]
    part = np.clip((here - level[:, None]) / np.maximum(here - after, 1e-12), 0, 1)
    share = np.where(steps == 0, 0.0, np.where(steps == points, 1.0, (last + part) / (points - 1)))
    filled: Floats = low + share * (high - low)
    return filled
