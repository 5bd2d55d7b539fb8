"""Delay from chat to order, estimated while most chats are still watched."""

# Product-limit estimate for right truncation (Lynden-Bell 1971), with pseudo-orders as the prior.

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.ads.budgets.ad_history import OLDEST, Floats

AGES: Final = np.arange(OLDEST + 1)


def _prior(at_once: float, mean_days: float) -> Floats:
    later = np.exp(-AGES / mean_days)
    shares: Floats = (1 - at_once) * later / later.sum()
    shares[0] += at_once
    return shares


USUAL: Final = _prior(
    0.4, 4.0
)  # after Chapelle (KDD 2014): a third within the hour, half within a day, a tail of weeks
SLOW: Final = _prior(0.4, 8.0)  # what a test must reckon with before it has seen better


@dataclass(frozen=True, slots=True)
class DelayCurve:
    by_age: Floats  # cumulative share of orders by age in days
    matured: float  # orders of chats a week old or older


def learn(by_age: Floats, prior: Floats = USUAL, weight: float = 6.0) -> DelayCurve:
    """`by_age`: orders by age and by days watched. `weight`: pseudo-orders of the prior."""
    came = by_age.sum(axis=1) + weight * prior
    upto = by_age.cumsum(axis=0)  # orders of age ≤ a, by window
    at_risk = np.array([upto[age, age:].sum() for age in AGES]) + weight * prior.cumsum()
    share = np.divide(came, at_risk, out=np.zeros_like(came), where=at_risk > 0)
    stay = np.log1p(-np.minimum(share, 1 - 1e-9))
    later = np.concatenate([np.cumsum(stay[::-1])[::-1][1:], [0.0]])
    return DelayCurve(np.exp(later), float(by_age[:, 7:].sum()))
