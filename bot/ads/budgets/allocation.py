"""Divides an account's daily budget among its ads at equal marginal return. Pure arithmetic."""

# Budgets follow expected values: Thompson sampling earned up to 7 points less in the benchmark. When money is short, ads
# with clearly less return rest; `losing_ad_test` stops ads for good.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import numpy as np

from bot.ads.budget_decision import BudgetReason, percent_moved, plain_amount
from bot.ads.budgets import losing_ad_test, order_delays, sale_rates, spend_response
from bot.ads.budgets.ad_history import AdHistory, Floats, Panel, check, first_free_day, panel
from bot.ads.budgets.losing_ad_test import LossVerdict
from memory.audit_log.account_changes import Cause

DAILY_STEP: Final = Decimal("0.20")  # of yesterday's budget, a day, up or down
ENTRY_SHARE: Final = Decimal("0.04")  # of the account's budget, for a new ad
ENTRY_MINIMUMS: Final = 40  # times the account's least budget, for a new ad where that is more: $10 to $50 a day
TARGET_RETURN: Final = Decimal("1.05")  # what the last unit of money must be expected to bring back
DRAWS: Final = 64
GRID_POINTS: Final = 25  # budgets that are tried per ad between its least and its most
BREAK_EVEN_RATE: Final = 0.03  # orders per chat that are assumed to pay for a chat where no margin of an order is known
PRIOR_RETURN: Final = 1.2  # return that an account is expected to make before it has orders
OPTIMISM: Final = 0.7  # standard deviations above its expected return by which a resting ad is judged
MAX_RESTS_A_DAY: Final = 3  # ads that are sent to rest at most in a day: the evidence of one day is thin
REUSABLE_SHARE: Final = 0.9  # of a resting ad's money, the part that others must be able to take up at once
RESTART_FACTOR: Final = 0.8  # what an ad that comes back brings while it learns again, against what it brought
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Allocation:
    name: str
    expected_profit: Decimal  # of tomorrow's spend, all its orders counted
    return_of_next: float  # what one further unit of money is expected to bring back
    chance: float  # that the next unit of money brings back more than itself, 0 to 1
    verdict: LossVerdict
    reason: BudgetReason

    @property
    def budget(self) -> Decimal:
        return self.reason.budget

    @property
    def pause(self) -> bool:
        return self.reason.cause is Cause.LOSING_MONEY

    @property
    def rests(self) -> bool:
        return self.reason.cause in (Cause.RESTING, Cause.NO_MONEY_LEFT)


@dataclass(frozen=True, slots=True)
class Plan:
    """In the order of the ads given."""

    allocations: tuple[Allocation, ...]
    budget: Decimal
    expected_profit: Decimal
    unspent: Decimal  # of the budget, deliberately
    unspent_reason: str  # empty where nothing is unspent
    angle_share: float  # how much of the ads' differences the angle explains, 0 to 1

    @property
    def total(self) -> Decimal:
        return sum((each.budget for each in self.allocations), Decimal(0))


def allocate(
    ads: Sequence[AdHistory],
    budget: Decimal,
    *,
    rng: np.random.Generator,
    today: date | None = None,
    minimum: Decimal = Decimal(0),
    order_margin: Decimal | None = None,
    referral_share: Decimal = Decimal(1),
    target: Decimal = TARGET_RETURN,
) -> Plan:
    """Budgets for `today` (default: the day after the last data), in the account's currency.

    `minimum`: of one ad. `order_margin`: the usual one, until the account has orders. `referral_share`: share of chats
    that arrive with a referral. `target`: least marginal return. `rng` only draws the reported chances.

    A running ad moves by at most a fifth, unless `minimum` or `budget` forces more. Raises Contradiction, ValueError.
    """
    today = today or first_free_day(ads)
    check(ads, today)
    _check_limits(budget, minimum, order_margin, referral_share, target)
    if not ads:
        return Plan((), budget, Decimal(0), budget, "the account has no ads", 0.0)
    ranked = sorted(range(len(ads)), key=lambda place: ads[place].name)
    plan = _plan([ads[place] for place in ranked], budget, rng, today, minimum, order_margin, referral_share, target)
    back = {place: plan.allocations[rank] for rank, place in enumerate(ranked)}
    return replace(plan, allocations=tuple(back[place] for place in range(len(ads))))


def _check_limits(
    budget: Decimal, minimum: Decimal, order_margin: Decimal | None, referral_share: Decimal, target: Decimal
) -> None:
    if not budget.is_finite() or budget < 0:
        raise ValueError(f"a budget of {budget} cannot be divided: give 0 or more")
    if not minimum.is_finite() or minimum < 0:
        raise ValueError(f"a least budget of {minimum} makes no sense: give 0 or more")
    if order_margin is not None and (not order_margin.is_finite() or order_margin <= 0):
        raise ValueError(
            f"an order that leaves {order_margin} cannot pay for ads: give what an order leaves before ads"
        )
    if not 0 < referral_share <= 1:
        raise ValueError(
            f"a share of {referral_share} of chats cannot carry a referral: give more than 0 and at most 1"
        )
    if not target.is_finite() or target <= 0:
        raise ValueError(f"a target of {target} makes no sense: 1 is break-even")


def _plan(
    ads: Sequence[AdHistory],
    budget: Decimal,
    rng: np.random.Generator,
    today: date,
    minimum: Decimal,
    order_margin: Decimal | None,
    referral_share: Decimal,
    target: Decimal,
) -> Plan:
    known = panel(ads, today)
    margin = None if order_margin is None else float(order_margin)
    verdicts = losing_ad_test.verdicts(known, float(referral_share), margin)
    beliefs = believe(known, float(referral_share), margin, float(budget) / len(ads))
    stopped = [ad.state == "paused" or verdict.decision == "pause" for ad, verdict in zip(ads, verdicts, strict=True)]
    split = BudgetSplit(beliefs, float(budget), float(target))
    entry = _entry(ads, len(ads) - sum(stopped), budget, minimum)
    ranges = _with_rests(ads, _budget_ranges(ads, stopped, entry, budget, minimum, beliefs), entry, stopped, split)
    filled = split.fill(ranges)
    budgets = [
        min(max(Decimal(amount).quantize(CENT, ROUND_FLOOR), low), high)
        for amount, (low, high) in zip(filled.tolist(), ranges, strict=True)
    ]
    allocations = _allocations(ads, budgets, verdicts, beliefs, rng)
    profit = sum((each.expected_profit for each in allocations), Decimal(0))
    unspent = budget - sum(budgets, Decimal(0))
    reason = _why_unspent(allocations, unspent, budget, target, len(ads) - sum(stopped))
    return Plan(allocations, budget, profit, unspent, reason, beliefs.rates.angle_share())


BudgetRange = tuple[Decimal, Decimal]  # least and most of one ad
NO_BUDGET: Final[BudgetRange] = (Decimal(0), Decimal(0))


def _budget_ranges(
    ads: Sequence[AdHistory],
    stopped: Sequence[bool],
    entry: Decimal,
    budget: Decimal,
    minimum: Decimal,
    beliefs: Beliefs,
) -> list[BudgetRange]:
    ranges = [
        NO_BUDGET if stop or ad.rests else _range_of_running(ad, minimum) if ad.runs else (entry, entry)
        for ad, stop in zip(ads, stopped, strict=True)
    ]
    return _fitted_to_budget(ranges, budget, minimum, beliefs)


def _entry(ads: Sequence[AdHistory], ads_on: int, budget: Decimal, minimum: Decimal) -> Decimal:
    # `ENTRY_SHARE` of the account's budget beside running ads, more in a new account.
    share = budget / max(ads_on, 1)
    test = (
        ENTRY_SHARE * budget
        if any(ad.runs for ad in ads)
        else max(ENTRY_SHARE * budget, ENTRY_MINIMUMS * minimum, share / 2)
    )
    return max(min(share, test), minimum).quantize(CENT, ROUND_FLOOR)


def _range_of_running(ad: AdHistory, minimum: Decimal) -> BudgetRange:
    low = max(((1 - DAILY_STEP) * ad.budget).quantize(CENT, ROUND_CEILING), minimum)
    return low, max(((1 + DAILY_STEP) * ad.budget).quantize(CENT, ROUND_FLOOR), low)


def _fitted_to_budget(
    ranges: list[BudgetRange], budget: Decimal, minimum: Decimal, beliefs: Beliefs
) -> list[BudgetRange]:
    """The worst ads drop to zero first."""
    if sum(low for low, _ in ranges) <= budget:
        return ranges
    value = beliefs.expected_value() * beliefs.responses.fresh()
    best_first = sorted((place for place, (_, high) in enumerate(ranges) if high > 0), key=lambda place: -value[place])
    affordable = int(budget / minimum) if minimum > 0 else len(ranges)
    kept = set(best_first[:affordable])
    above = sum((ranges[place][0] - minimum for place in kept), Decimal(0))
    part = min((budget - minimum * len(kept)) / above, Decimal(1)) if above > 0 else Decimal(0)
    shrunk = [minimum + (low - minimum) * part for low, _ in ranges]
    cut = [amount.quantize(CENT, ROUND_FLOOR) if place in kept else Decimal(0) for place, amount in enumerate(shrunk)]
    return [(amount, amount) for amount in cut]


@dataclass(frozen=True, slots=True)
class BudgetSplit:
    beliefs: Beliefs
    budget: float
    target: float

    def fill(self, ranges: Sequence[BudgetRange]) -> Floats:
        """At equal marginal return."""
        low = np.array([float(least) for least, _ in ranges])
        high = np.array([float(most) for _, most in ranges])
        grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, GRID_POINTS)
        returns = self.beliefs.expected_value()[:, None] * self.beliefs.responses.slopes(grid)
        level: Floats = water_fill(returns[None], grid, self.budget, self.target)[0]
        return level

    def fits(self, ranges: Sequence[BudgetRange]) -> bool:
        return float(sum((low for low, _ in ranges), Decimal(0))) <= self.budget

    def profit(self, budgets: Floats, factors: Floats) -> float:
        """Expected margin − `target` × money."""
        value = self.beliefs.expected_value() * factors
        return float((value * self.beliefs.responses.chats(budgets) - self.target * budgets).sum())

    def optimistic_return(self, budgets: Floats) -> Floats:
        some = np.maximum(budgets, 1.0)
        value = self.beliefs.expected_value() * np.exp(OPTIMISM * self.beliefs.uncertainty())
        share: Floats = value * self.beliefs.responses.chats(some) / some
        return share


def _with_rests(
    ads: Sequence[AdHistory], ranges: list[BudgetRange], entry: Decimal, stopped: Sequence[bool], split: BudgetSplit
) -> list[BudgetRange]:
    running = [place for place, ad in enumerate(ads) if ad.runs and ranges[place] != NO_BUDGET]
    awake = _sent_to_rest(ranges, running, split)
    resting = [place for place, ad in enumerate(ads) if ad.rests and not stopped[place]]
    return _called_back(ranges, resting, entry, split) if awake == ranges and resting else awake


def _sent_to_rest(ranges: list[BudgetRange], running: Sequence[int], split: BudgetSplit) -> list[BudgetRange]:
    returned = split.optimistic_return(np.array([float(low) for low, _ in ranges]))
    worst_first = sorted(running, key=lambda place: returned[place])
    for place in worst_first[: min(MAX_RESTS_A_DAY, len(running) - 1)]:
        without = [*ranges[:place], NO_BUDGET, *ranges[place + 1 :]]
        if not _earns_more_without(ranges, without, place, split):
            break
        ranges = without
    return ranges


def _earns_more_without(ranges: list[BudgetRange], without: list[BudgetRange], place: int, split: BudgetSplit) -> bool:
    before, after = split.fill(ranges), split.fill(without)
    if after.sum() < before.sum() - (1 - REUSABLE_SHARE) * before[place]:
        return False
    factors = np.ones(len(ranges))
    factors[place] = np.exp(OPTIMISM * split.beliefs.uncertainty()[place])  # it may be better than expected
    return split.profit(after, factors) > split.profit(before, factors)


def _called_back(
    ranges: list[BudgetRange], resting: Sequence[int], entry: Decimal, split: BudgetSplit
) -> list[BudgetRange]:
    returned = split.optimistic_return(np.full(len(ranges), float(entry)))
    best = max(resting, key=lambda place: float(returned[place]))
    back = [*ranges[:best], (entry, entry), *ranges[best + 1 :]]
    factors = np.ones(len(ranges))
    factors[best] = RESTART_FACTOR * np.exp(OPTIMISM * split.beliefs.uncertainty()[best])
    if not split.fits(back) or split.profit(split.fill(back), factors) <= split.profit(split.fill(ranges), factors):
        return ranges
    return back


def _allocations(
    ads: Sequence[AdHistory],
    budgets: Sequence[Decimal],
    verdicts: Sequence[LossVerdict],
    beliefs: Beliefs,
    rng: np.random.Generator,
) -> tuple[Allocation, ...]:
    amounts = np.array([float(amount) for amount in budgets])
    profit = beliefs.expected_value() * beliefs.responses.chats(amounts) - amounts
    following = beliefs.expected_value() * beliefs.responses.slopes(amounts[:, None])[:, 0]
    chances = beliefs.chances(amounts, rng)
    return tuple(
        Allocation(
            ad.name,
            Decimal(float(profit[place])).quantize(CENT),
            float(following[place]),
            float(chances[place]),
            verdict,
            BudgetReason(
                _cause(ad, amount, verdict),
                ad.budget,
                amount,
                verdict.chats,
                verdict.sales,
                verdict.expected,
                verdict.evidence,
                float(following[place]),
            ),
        )
        for place, (ad, amount, verdict) in enumerate(zip(ads, budgets, verdicts, strict=True))
    )


def _cause(ad: AdHistory, amount: Decimal, verdict: LossVerdict) -> Cause:
    if ad.state == "paused":
        return Cause.STAYS_PAUSED
    if verdict.decision == "pause":
        return Cause.LOSING_MONEY
    new = not verdict.chats and not ad.runs
    if amount == 0:
        return Cause.NO_MONEY_LEFT if new else Cause.RESTING
    if not ad.runs:
        return Cause.NEW if new else Cause.CALLED_BACK
    moved = percent_moved(ad.budget, amount)
    return Cause.KEPT if moved == 0 else Cause.RAISED if moved > 0 else Cause.CUT


def _why_unspent(
    allocations: Sequence[Allocation], unspent: Decimal, budget: Decimal, target: Decimal, running: int
) -> str:
    if unspent <= CENT * max(len(allocations), 1):
        return ""
    if not running:
        return f"{plain_amount(unspent)} of {plain_amount(budget)} is not spent: no ad is running"
    best = max((each for each in allocations if each.budget > 0), key=lambda each: each.return_of_next, default=None)
    if best is not None and best.return_of_next > float(target):
        return (
            f"{plain_amount(unspent)} of {plain_amount(budget)} is not spent yet: budgets rise by at most a fifth a day, "
            f"and new ads start small"
        )
    following = 100 * best.return_of_next if best is not None else 0.0
    return (
        f"{plain_amount(unspent)} of {plain_amount(budget)} is not spent: a further 100 would bring back {following:.0f} at most, "
        f"and it should bring {100 * target:.0f}"
    )


@dataclass(frozen=True, slots=True)
class Beliefs:
    """Posterior per ad."""

    responses: spend_response.Responses
    rates: sale_rates.SaleRates
    margin: Floats  # of one order, per ad
    margin_error: Floats

    def expected_value(self) -> Floats:
        """Margin per chat."""
        value: Floats = self.rates.expected() * self.margin
        return value

    def uncertainty(self) -> Floats:
        """Standard deviation of the log return, at most 2."""
        margin = self.margin_error / np.maximum(self.margin, 1e-9)
        chats = 1 / np.maximum(self.responses.counts, 1.0)
        unsure: Floats = np.minimum(np.sqrt(self.rates.variance() + margin**2 + chats), 2.0)
        return unsure

    def chances(self, budgets: Floats, rng: np.random.Generator) -> Floats:
        """Probability that the next unit of money returns more than itself."""
        margin = self.margin + self.margin_error * rng.standard_normal((DRAWS, len(self.margin)))
        returns = self.rates.drawn(rng, DRAWS) * margin * self.responses.drawn_slopes(budgets, rng, DRAWS)
        chance: Floats = (returns > 1).mean(axis=0)
        return chance


def believe(known: Panel, referral_share: float, order_margin: float | None, first_budget: float) -> Beliefs:
    responses = spend_response.learn(known, first_budget)
    due = order_delays.learn(known.by_age.sum(axis=0)).by_age[np.minimum(known.days_watched, order_delays.AGES[-1])]
    exposure = np.maximum(known.chats, known.sales) @ due * referral_share
    cost = float(known.spend.sum()) / max(float(known.chats.sum()), 1.0) or 1.0
    worth = losing_ad_test.margin_per_order(known, order_margin)
    usual = cost / BREAK_EVEN_RATE
    margin, error = worth if worth is not None else (np.full(len(known.names), usual), np.zeros(len(known.names)))
    level = np.log(np.maximum(responses.fresh(), 1e-9))
    cheapness = level - level.mean()
    rate = PRIOR_RETURN * cost / max(float(margin.mean()), 1e-9)
    rates = sale_rates.learn(known.sales.sum(axis=1), exposure, known.angles, cheapness, min(max(rate, 1e-5), 0.5))
    return Beliefs(responses, rates, margin, error)


def water_fill(returns: Floats, grid: Floats, budget: float, target: float) -> Floats:
    """Budgets (draws × ads) of equal marginal return ≥ `target`, summing to at most `budget`.

    `returns` (draws × ads × points) decreases along `grid` (ads × points).
    """
    low, high = grid[:, 0], grid[:, -1]
    floor = np.full(len(returns), target)
    ceiling = np.maximum(returns.max(axis=(1, 2)), target) + 1e-9
    filled = _crossing(returns, low, high, floor)
    if np.all(filled.sum(axis=1) <= budget):
        return filled
    for _ in range(40):
        level = 0.5 * (floor + ceiling)
        over = _crossing(returns, low, high, level).sum(axis=1) > budget
        floor, ceiling = np.where(over, level, floor), np.where(over, ceiling, level)
    fits = filled.sum(axis=1) <= budget
    return np.where(fits[:, None], filled, _crossing(returns, low, high, ceiling))


def _crossing(returns: Floats, low: Floats, high: Floats, level: Floats) -> Floats:
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
