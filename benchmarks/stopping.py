"""How often the losing-ad test pauses ads that pay and ads that do not, in 30 mornings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.worlds import strange_delays
from bot.ads.budgets import losing_ad_test
from bot.ads.budgets.ad_history import OLDEST, Floats, Panel
from bot.ads.practice.market import Delay, delay, fading, hump, usual_delays

# One ad of nine sells at a set share of its break-even rate, the others around break-even: 60 chats a day each, 3 orders
# per 100 chats at break-even. Nothing is known of the delay on the first day.
RUNS: Final = 200
DAYS: Final = 30
ADS: Final = 9
CHATS: Final = 60
RATE: Final = 0.03
MARGIN: Final = 400.0
VALUE_SPREAD: Final = 0.4


def delays() -> dict[str, Delay]:
    """By name; those the test is held to."""
    late = delay("mostly after two weeks", 0.3 * fading(0.5) / fading(0.5).sum() + 0.7 * hump(14.0, 3.0))
    slower = delay("days, twice as slow", 0.5 * fading(1.6) / fading(1.6).sum() + 0.5 * fading(6.0) / fading(6.0).sum())
    return {**usual_delays(), **strange_delays(), late.name: late, slower.name: slower}


def stopping(progress: Callable[[str], None]) -> list[Figure]:
    """False pauses and found losers, by delay curve."""
    figures = []
    for name, curve in delays().items():
        progress(f"stopping test, delay: {name}")
        false, found = (_paused(curve, share) for share in (1.0, 0.6))
        figures.append(Figure(f"delay {name}: break-even ad paused in 30 days", f"{false:.1%}", "≤ 5 %", false <= 0.05))
        figures.append(Figure(f"delay {name}: loser (0.6) paused in 30 days", f"{found:.1%}", "≥ 70 %", found >= 0.7))
    return figures


def _paused(curve: Delay, share: float) -> float:
    """The share of runs that pause the first ad."""
    rng = np.random.default_rng(3)
    return float(np.mean([_is_paused(rng, curve, share) for _ in range(RUNS)]))


def _is_paused(rng: np.random.Generator, curve: Delay, share: float) -> bool:
    shares = np.concatenate([[share], np.exp(rng.normal(0, 0.3, ADS - 1))])
    chats = rng.poisson(CHATS, (ADS, DAYS)).astype(np.float64)
    mean = chats[:, :, None] * RATE * shares[:, None, None] * np.array(curve.shares)[:DAYS]
    orders = rng.poisson(mean)
    values = MARGIN * rng.lognormal(-0.5 * VALUE_SPREAD**2, VALUE_SPREAD, (ADS, DAYS, DAYS))
    return any(
        losing_ad_test.verdicts(_seen(chats, orders, values, morning), 1.0, None)[0].decision == "pause"
        for morning in range(losing_ad_test.MIN_DAYS + 1, DAYS + 1)
    )


def _seen(chats: Floats, orders: NDArray[np.int64], values: Floats, morning: int) -> Panel:
    """As on a morning; all orders of one chat day and age have one value."""
    watched = np.arange(morning)[::-1]
    shown = orders[:, :morning] * (np.arange(DAYS) <= watched[:, None])
    by_age = np.zeros((ADS, OLDEST + 1, OLDEST + 1))
    for column, window in enumerate(watched):
        by_age[:, :DAYS, window] += shown[:, column]
    worth = values[:, :morning]
    return Panel(
        tuple(f"ad {place}" for place in range(ADS)), np.zeros(ADS, dtype=np.int64), ("angle",),
        np.full((ADS, morning), CHATS * RATE * MARGIN), chats[:, :morning], shown.sum(axis=2).astype(np.float64),
        (shown * worth).sum(axis=2), (shown * worth**2).sum(axis=(1, 2)), by_age,
    )  # fmt: skip
