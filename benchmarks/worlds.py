"""Accounts to play on: those that the allocator was tuned on, and unseen ones."""

from __future__ import annotations

from dataclasses import replace
from math import erf, log, sqrt
from typing import Final

import numpy as np

from bot.ads.practice.market import LONGEST_DELAY, Delay, Scope, World, delay, draw, fading, hump

TUNED_ON: Final = (Scope(),)

# Other saturations, delays, rates, values and numbers of ads than Scope's own; nothing was tuned on these.
UNSEEN: Final = {
    "few ads, angles mean nothing, square-root saturation": Scope(
        ads=(5, 7), angle_spread=0.0, ad_spread=0.5, chat_cost=14.0, sale_rate=0.08, order_value=900.0,
        saturation=3_500.0, response=("root",), wear=(0.0, 0.01),
    ),
    "many ads, logarithmic saturation": Scope(
        ads=(20, 28), angles=(2, 7), chat_cost=8.0, sale_rate=0.02, order_value=2_200.0, saturation=2_000.0,
        response=("logarithmic",), clickbait=0.25,
    ),
    "hyperbolic saturation, angles mean much": Scope(
        ads=(9, 14), angle_spread=0.6, ad_spread=0.1, chat_cost=5.0, sale_rate=0.05, order_value=600.0,
        saturation=5_000.0, response=("hyperbolic",), lost_referrals=(0.0, 0.4),
    ),
    "sale rates change on the way, ads tire": Scope(
        ads=(8, 12), angle_spread=0.0, ad_spread=0.45, chat_cost=11.0, sale_rate=0.04, saturation=4_000.0, wear=(0.0, 0.06),
    ),
    "rare dear orders": Scope(
        ads=(6, 10), chat_cost=20.0, sale_rate=0.012, order_value=10_000.0, order_value_spread=0.5,
        saturation=5_000.0, response=("exponential", "root"),
    ),
}  # fmt: skip


def strange_delays() -> dict[str, Delay]:
    """Of other families than the market's usual ones."""
    ages = np.arange(LONGEST_DELAY + 1)
    below = np.array([0.5 * (1 + erf((log(age + 1) - log(2.5)) / (1.2 * sqrt(2)))) for age in ages])
    two_phase = 0.6 * fading(0.4) / fading(0.4).sum() + 0.4 * hump(12.0, 2.5)
    stretched = np.exp(-((ages / 4.0) ** 0.6))
    return {
        "lognormal": delay("lognormal", np.diff(np.concatenate([[0.0], below]))),
        "two phases": delay("two phases", two_phase),
        "stretched": delay("stretched", stretched),
    }


def tuned(count: int) -> list[World]:
    """Of the generator that the allocator's constants were chosen on."""
    return [draw(np.random.default_rng(1_000 + seed), TUNED_ON[0]) for seed in range(count)]


def unseen(count: int) -> list[World]:
    """Of other generators, in turn."""
    kinds, delays = list(UNSEEN), list(strange_delays().values())
    made = []
    for seed in range(count):
        rng = np.random.default_rng(90_000 + seed)
        kind = kinds[seed % len(kinds)]
        world = replace(draw(rng, UNSEEN[kind]), delay=delays[int(rng.integers(len(delays)))])
        made.append(_with_changed_sale_rates(world, rng) if kind.startswith("sale rates change") else world)
    return made


def _with_changed_sale_rates(world: World, rng: np.random.Generator) -> World:
    """On a day of the second third, every ad's sale rate changes for good."""
    factors = {ad.name: float(np.exp(rng.normal(-0.1, 0.4))) for ad in world.ads}
    return replace(world, drift={int(rng.integers(20, 40)): factors})
