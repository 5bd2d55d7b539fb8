"""Whether an ad loses money: a sequential test, repeated every morning."""

# An e-process against “this ad at least breaks even” (Ville 1939; Ramdas et al. 2023): such an ad ever reaches 20 with a
# probability of at most 5 %.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

import numpy as np

from bot.ads.budget_decision import PAUSE_EVIDENCE
from bot.ads.budgets import order_delays
from bot.ads.budgets.ad_history import AdHistory, Floats, Panel, check, first_free_day, panel

WATCH_EVIDENCE: Final = 5.0
MIN_MATURE_ORDERS: Final = 15  # orders from chats a week old or older, over all ads: before that no ad is paused
# Days from the account's first chat to its first pause. In an account of nine ads where most orders came two weeks after
# the chat, 33 of 100 break-even ads were paused when only MIN_MATURE_ORDERS was asked for, and 2 with this.
MIN_DAYS: Final = 21
# What is bet on: the ad sells this share of its break-even, with these stakes. Most on the losers that are hard to tell,
# since the clear ones are found anyway. Against equal stakes on .2 to .9 it found 8 to 10 of 100 more losers in 30 days.
BETS: Final = ((0.30, 0.08), (0.55, 0.30), (0.65, 0.37), (0.75, 0.25))

LossAction = Literal["keep", "watch", "pause"]


@dataclass(frozen=True, slots=True)
class LossVerdict:
    name: str
    chats: int
    sales: float  # orders that carry the ad's referral
    expected: float  # as many should have come by now if the ad just paid for itself
    evidence: float  # to one, that it loses money
    may_pause: bool  # whether the delay curve is known well enough to pause anything
    decision: LossAction


def evidence_of_loss(sales: Floats, expected: Floats) -> Floats:
    """E-value against break-even or better; exact for Poisson orders. Arguments and result have one shape.

    `expected`: orders at break-even by now.
    """
    shares = np.array([share for share, _ in BETS])
    stakes = np.array([stake for _, stake in BETS])
    exponent = np.asarray(sales)[..., None] * np.log(shares) + (1 - shares) * np.asarray(expected)[..., None]
    value: Floats = np.exp(np.minimum(exponent, 300.0)) @ stakes
    return value


def judge(
    ads: Sequence[AdHistory],
    *,
    today: date | None = None,
    referral_share: Decimal = Decimal(1),
    order_margin: Decimal | None = None,
) -> list[LossVerdict]:
    """Arguments as in `allocation.allocate`. Raises Contradiction."""
    today = today or first_free_day(ads)
    check(ads, today)
    return verdicts(panel(ads, today), float(referral_share), None if order_margin is None else float(order_margin))


def verdicts(known: Panel, referral_share: float, order_margin: float | None) -> list[LossVerdict]:
    # A slow prior: expected sales from too fast a curve make good ads look bad.
    curve = order_delays.learn(known.by_age.sum(axis=0), prior=order_delays.SLOW)
    expected = break_even_orders(known, curve.by_age, referral_share, order_margin)
    sales = known.sales.sum(axis=1)
    value = evidence_of_loss(sales, expected)
    may_pause = curve.matured >= MIN_MATURE_ORDERS and known.spend.shape[1] > MIN_DAYS
    return [
        LossVerdict(name, int(chats), float(sold), float(need), float(e), may_pause, _decision(float(e), may_pause))
        for name, chats, sold, need, e in zip(known.names, known.chats.sum(axis=1), sales, expected, value, strict=True)
    ]


def break_even_orders(known: Panel, by_age: Floats, referral_share: float, order_margin: float | None) -> Floats:
    """Orders with a referral that break-even takes by now."""
    due = by_age[np.minimum(known.days_watched, len(by_age) - 1)]
    margin = margin_per_order(known, order_margin)
    if margin is None:
        return np.zeros(len(known.names))
    due_spend: Floats = known.spend @ due
    return due_spend * referral_share / np.maximum(margin[0], 1e-9)


def margin_per_order(known: Panel, order_margin: float | None, weight: float = 5.0) -> tuple[Floats, Floats] | None:
    """Mean margin of an order and its standard error per ad, shrunk to the account's mean (empirical Bayes).

    `order_margin` counts as `weight` orders. None without either.
    """
    count, total = known.sales.sum(axis=1), known.margin.sum(axis=1)
    prior = weight if order_margin is not None else 0.0
    everything = count.sum() + prior
    if everything <= 0:
        return None
    mean = (total.sum() + prior * (order_margin or 0.0)) / everything
    variance = max(float(known.squares.sum() - count.sum() * mean**2) / max(count.sum() - 1, 1), (0.3 * mean) ** 2)
    own = np.divide(total, count, out=np.full(len(count), mean), where=count > 0)
    between = max(_variance_between_ads(own, count, mean, variance), (0.05 * mean) ** 2)
    trust = between / (between + variance / np.maximum(count, 1e-9))
    error = np.sqrt(trust * variance / np.maximum(count, 1e-9) + (1 - trust) * variance / everything)
    return mean + trust * (own - mean), error


def _variance_between_ads(own: Floats, count: Floats, mean: float, variance: float) -> float:
    """Method of moments (DerSimonian and Laird 1986)."""
    weights = count / variance
    total = float(weights.sum())
    if (count > 0).sum() < 2:
        return 0.0
    surplus = float((weights * (own - mean) ** 2).sum()) - (int((count > 0).sum()) - 1)
    return max(surplus / (total - float((weights**2).sum()) / total), 0.0)


def _decision(evidence: float, may_pause: bool) -> LossAction:
    if evidence >= PAUSE_EVIDENCE and may_pause:
        return "pause"
    return "watch" if evidence >= WATCH_EVIDENCE else "keep"
