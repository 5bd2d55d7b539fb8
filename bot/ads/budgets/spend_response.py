"""Chats per budget: a saturating curve per ad, learned from days of different spend."""

# A day's chats are counts around `level × shape(spend)`. The level has a Gamma prior around the account's; shapes are
# weighted by predictive likelihood. Old days fade (`MEMORY`); effects common to all ads on a day are divided out.

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.ads.budgets.ad_history import Floats, Panel

MEMORY: Final = 0.94  # weight of a day against the day after it
# Saturations that are thought possible, as multiples of the usual spend of an ad.
SCALES: Final = np.exp(np.linspace(np.log(0.15), np.log(40.0), 13))
# How the slope falls: (1 + spend / saturation) to minus this power, between a logarithm (1) and a hyperbola (2). Letting
# each account find its own between 0.5 and 3 earned no more over four kinds of saturation.
BEND: Final = 1.5
DECAYS: Final = np.array([0.0, 0.01, 0.02, 0.04])  # share of chats lost per day to wear
LIKELY_SCALE: Final = 3.5  # before any data: saturation at this multiple of the usual spend,
SCALE_SPREAD: Final = 1.2  # give or take this much, in logarithms
LEVEL_SPREAD: Final = 0.5  # how far ads' levels lie apart, in logarithms
POOL: Final = 1.5  # ads' worth of belief in the prior over shapes


@dataclass(frozen=True, slots=True)
class Responses:
    """Posterior over shapes per ad."""

    scales: Floats  # saturation of each shape, in money
    weights: Floats  # ads × shapes, rows sum to 1
    levels: Floats  # ads × shapes: chats per unit of spend, tiny budget, tomorrow
    counts: Floats  # ads: how many chats the level stands on; its relative variance is 1 / counts

    def slopes(self, budgets: Floats) -> Floats:
        """Chats per further unit of money at budgets (ads × grid)."""
        slope = slope_at(budgets[:, :, None], self.scales)
        mean: Floats = np.einsum("igk,ik->ig", slope, self.weights * self.levels)
        return mean

    def chats(self, budgets: Floats) -> Floats:
        """Per day, one budget per ad."""
        reach = reach_at(budgets[:, None], self.scales)
        mean: Floats = (reach * self.weights * self.levels).sum(axis=1)
        return mean

    def fresh(self) -> Floats:
        """Chats per unit of spend at a tiny budget."""
        mean: Floats = (self.levels * self.weights).sum(axis=1)
        return mean

    def drawn_slopes(self, budgets: Floats, rng: np.random.Generator, draws: int) -> Floats:
        """Draws × ads."""
        ads = len(self.weights)
        cut = self.weights.cumsum(axis=1)
        picks = (rng.random((draws, ads, 1)) > cut[None, :, :-1]).sum(axis=2)
        level = np.take_along_axis(self.levels[None], picks[..., None], axis=2)[..., 0]
        shape = np.maximum(self.counts, 0.5)
        slope = slope_at(budgets, self.scales[picks])
        return level * slope * rng.gamma(shape, 1 / shape, (draws, ads))


def reach_at(spend: Floats, scale: Floats) -> Floats:
    """Effective spend: linear at first, then saturating."""
    power = 1.0 - BEND
    reach: Floats = scale * np.expm1(power * np.log1p(spend / scale)) / power
    return reach


def slope_at(spend: Floats, scale: Floats) -> Floats:
    """Derivative of `reach_at`."""
    slope: Floats = (1 + spend / scale) ** -BEND
    return slope


def learn(known: Panel, first_budget: float = 1.0) -> Responses:
    """`first_budget`: of an ad in an account without history."""
    usual = _usual_spend(known, first_budget)
    scales, decays = (axis.ravel() for axis in np.meshgrid(SCALES * usual, DECAYS, indexing="ij"))
    adjusted = exposure = _exposure(known, scales, decays)
    fit = _fit(known, exposure)
    for _ in range(2):
        adjusted = exposure * _day_effects(known, exposure, fit)[None, :, None]
        fit = _fit(known, adjusted)
    levels, weights, counts = fit
    return Responses(scales, weights, levels, counts)


def _usual_spend(known: Panel, first_budget: float) -> float:
    ran = known.spend[known.spend > 0]
    return float(np.median(ran)) if ran.size else max(first_budget, 1.0)


def _exposure(known: Panel, scales: Floats, decays: Floats) -> Floats:
    """Ads × days × shapes."""
    reach = reach_at(known.spend[:, :, None], scales)
    ago = known.days_watched[None, :, None] + 1.0
    exposure: Floats = reach * np.exp(decays * np.minimum(ago, 60.0))
    return exposure


def _fit(known: Panel, exposure: Floats) -> tuple[Floats, Floats, Floats]:
    """(levels, weights, counts)."""
    faded = MEMORY ** known.days_watched.astype(np.float64)
    noise = _dispersion(known, exposure)
    chats = (known.chats * faded) @ np.ones(known.chats.shape[1]) / noise
    reached = np.einsum("idk,d->ik", exposure, faded) / noise[:, None]
    centre = _centre(chats, reached)
    worth = 1 / LEVEL_SPREAD**2
    shape = chats + worth
    rate = reached + worth / centre
    levels = shape[:, None] / rate
    score = _score(known, exposure, faded, noise, levels) + worth * (np.log(levels / centre) - levels / centre)
    return levels, _weights(score), shape


def _centre(chats: Floats, reached: Floats) -> Floats:
    total, reach = chats.sum(), reached.sum(axis=0)
    own = (chats[:, None] + 2.0) / (reached + 2.0 * np.maximum(reach, 1e-9) / max(total, 1e-9))
    ran = reached[:, 0] > 0
    if not ran.any() or total <= 0:
        return np.full(reached.shape[1], 1.0 / max(float(reach.max()), 1.0))
    centre: Floats = np.exp(np.log(own[ran]).mean(axis=0))
    return centre


def _dispersion(known: Panel, exposure: Floats) -> Floats:
    """Per ad, at least 1."""
    middle = exposure[:, :, exposure.shape[2] // 2]
    level = (known.chats.sum(axis=1) + 1) / (middle.sum(axis=1) + 1e-9)
    mean = np.maximum(level[:, None] * middle, 1e-9)
    ran = known.spend > 0
    excess = np.where(ran, ((known.chats - mean) ** 2 - mean), 0.0).sum()
    spread = max(float(excess) / max(float(np.where(ran, mean**2, 0.0).sum()), 1e-9), 0.0)
    spread = min(spread, 0.25)
    daily = np.divide((mean * ran).sum(axis=1), np.maximum(ran.sum(axis=1), 1))
    dispersion: Floats = 1 + spread * daily
    return dispersion


def _score(known: Panel, exposure: Floats, faded: Floats, noise: Floats, levels: Floats) -> Floats:
    """Ads × shapes."""
    mean = np.maximum(levels[:, None, :] * exposure, 1e-9)
    ran = (known.spend > 0)[:, :, None]
    fits = np.where(ran, known.chats[:, :, None] * np.log(mean) - mean, 0.0)
    score: Floats = np.einsum("idk,d->ik", fits, faded) / noise[:, None]
    return score


def _prior() -> Floats:
    spread = np.exp(-0.5 * ((np.log(SCALES) - np.log(LIKELY_SCALE)) / SCALE_SPREAD) ** 2)
    worn = np.array([0.4, 0.3, 0.2, 0.1])
    prior: Floats = np.outer(spread, worn).ravel()
    prior /= prior.sum()
    return prior


def _weights(score: Floats) -> Floats:
    base = _prior()
    common = base
    likelihood: Floats = np.exp(score - score.max(axis=1, keepdims=True))
    weights = likelihood
    for _ in range(15):
        weights = likelihood * common
        weights /= weights.sum(axis=1, keepdims=True)
        common = (weights.sum(axis=0) + POOL * base) / (len(score) + POOL)
    return weights


def _day_effects(known: Panel, exposure: Floats, fit: tuple[Floats, Floats, Floats]) -> Floats:
    levels, weights, _ = fit  # weekday, festival, weather: common to all ads
    mean = np.einsum("idk,ik->d", exposure, levels * weights)
    raw = (known.chats.sum(axis=0) + 20.0) / (mean + 20.0)
    padded = np.pad(raw, 3, mode="reflect" if raw.size > 3 else "edge")
    around = np.convolve(padded, np.ones(7) / 7, "valid")
    effects: Floats = np.clip(raw / around, 0.5, 2.0)
    return effects
