"""Orders per chat of each ad: a hierarchical model of account, angle and ad."""

# Log rates are normal. Ads of one angle share part of their deviation, ads with cheap chats another (clickbait).
# Variances are integrated over a grid, weighted by Laplace's approximation.

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.ads.budgets.ad_history import Floats

ANGLE_SIZES: Final = (0.0, 0.25, 0.5, 0.9)
AD_SIZES: Final = (0.1, 0.3, 0.6, 1.0)
ACCOUNT_SIZE: Final = 0.8  # how unsure the account's own level is at first, in logarithms
COST_SIZE: Final = 0.5  # how strongly the price of a chat may foretell its worth


@dataclass(frozen=True, slots=True)
class SaleRates:
    """A mixture of one normal per variance candidate, of log orders per chat."""

    weights: Floats  # candidates
    means: Floats  # candidates × ads
    covariances: Floats  # candidates × ads × ads

    def expected(self) -> Floats:
        spread = np.einsum("hii->hi", self.covariances)
        mean: Floats = self.weights @ np.exp(self.means + 0.5 * np.minimum(spread, 2.0))
        return mean

    def variance(self) -> Floats:
        """Of each ad's log rate."""
        spread = np.einsum("hii->hi", self.covariances)
        mean = self.weights @ self.means
        variance: Floats = self.weights @ (spread + (self.means - mean) ** 2)
        return variance

    def drawn(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draws × ads."""
        picks = rng.choice(len(self.weights), size=draws, p=self.weights)
        roots = np.linalg.cholesky(self.covariances)
        chance = rng.standard_normal((draws, self.means.shape[1]))
        sample: Floats = np.exp(self.means[picks] + np.einsum("hij,hj->hi", roots[picks], chance))
        return sample

    def angle_share(self) -> float:
        """Share of the ads' differences, 0 to 1."""
        sizes = np.array(list(product(ANGLE_SIZES, AD_SIZES)))
        return float(self.weights @ (sizes[:, 0] ** 2 / (sizes**2).sum(axis=1)))


def learn(sales: Floats, exposure: Floats, angles: NDArray[np.int64], cheapness: Floats, usual: float) -> SaleRates:
    """One value per ad. `exposure`: matured chats. `usual`: the prior rate.

    `cheapness`: log of an ad's chats per unit of money against the account's.
    """
    priors = _priors(angles, cheapness)
    precision = np.linalg.inv(priors).astype(np.float64)
    centre = float(np.log(usual))
    modes = _modes(sales, exposure, precision, centre)
    mean = exposure * np.exp(modes)
    curvature = precision + mean[:, :, None] * np.eye(len(sales))
    off = modes - centre
    score = (sales * modes - mean).sum(axis=1) - 0.5 * np.einsum("hi,hij,hj->h", off, precision, off)
    score -= 0.5 * (np.linalg.slogdet(priors)[1] + np.linalg.slogdet(curvature)[1])
    weights: Floats = np.exp(score - score.max())
    return SaleRates(weights / weights.sum(), modes, np.linalg.inv(curvature).astype(np.float64))


def _priors(angles: NDArray[np.int64], cheapness: Floats) -> Floats:
    same = (angles[:, None] == angles[None, :]).astype(np.float64)
    shared = ACCOUNT_SIZE**2 + COST_SIZE**2 * np.outer(cheapness, cheapness)
    alone = np.eye(len(angles))
    return np.stack([shared + a**2 * same + i**2 * alone for a, i in product(ANGLE_SIZES, AD_SIZES)])


def _modes(sales: Floats, exposure: Floats, precision: Floats, centre: float) -> Floats:
    pooled = (sales.sum() + 1.0) / (exposure.sum() + 1.0 / np.exp(centre))
    start = np.log((sales + 2.0) / (exposure + 2.0 / pooled))
    modes: Floats = np.broadcast_to(start, (len(precision), len(sales))).copy()
    for _ in range(12):
        mean = exposure * np.exp(modes)
        slope = sales - mean - np.einsum("hij,hj->hi", precision, modes - centre)
        curvature = precision + mean[:, :, None] * np.eye(len(sales))
        modes = modes + np.clip(np.linalg.solve(curvature, slope[..., None])[..., 0], -1.0, 1.0)
    return modes
