"""Estimates come near the true response, sale rates and margins."""

from __future__ import annotations

import numpy as np
import pytest

from bot.ads.budgets import sale_rates, spend_response
from bot.ads.budgets.ad_history import OLDEST, Floats, Panel
from bot.ads.budgets.losing_ad_test import margin_per_order


def panel(spend: Floats, chats: Floats, orders: Floats | None = None, margin: float = 400.0) -> Panel:
    count = np.zeros_like(spend) if orders is None else orders
    return Panel(
        tuple(f"ad {n}" for n in range(len(spend))), np.zeros(len(spend), dtype=np.int64), ("one",), spend, chats,
        count, margin * count, margin**2 * count.sum(axis=1), np.zeros((len(spend), OLDEST + 1, OLDEST + 1)),
    )  # fmt: skip


@pytest.mark.parametrize("saturation", [800.0, 3_000.0, 20_000.0])
def test_saturation_is_found_from_days_of_different_spend(saturation: float) -> None:
    """Twelve ads, 40 days, spend up to a third around 1,000: the slope at 1,000 comes out within a quarter."""
    rng = np.random.default_rng(3)
    spend = 1_000 * rng.uniform(0.65, 1.35, (12, 40))
    chats = rng.poisson(0.2 * saturation * -np.expm1(-spend / saturation)).astype(np.float64)
    found = spend_response.learn(panel(spend, chats)).slopes(np.full((12, 1), 1_000.0)).mean()
    assert found == pytest.approx(0.2 * np.exp(-1_000 / saturation), rel=0.25)


def test_a_tiring_ad_is_believed_as_it_is_now() -> None:
    rng = np.random.default_rng(4)
    spend = 1_000 * rng.uniform(0.9, 1.1, (6, 40))
    chats = rng.poisson(0.1 * spend * 0.97 ** np.arange(40)).astype(np.float64)
    found = spend_response.learn(panel(spend, chats)).chats(np.full(6, 1_000.0))
    assert found.mean() == pytest.approx(100 * 0.97**40, rel=0.15)


def test_slopes_are_the_derivative_of_reach() -> None:
    spend, scale = np.linspace(1, 9_000, 40), np.full(40, 1_500.0)
    numeric = (spend_response.reach_at(spend + 0.01, scale) - spend_response.reach_at(spend - 0.01, scale)) / 0.02
    assert np.allclose(numeric, spend_response.slope_at(spend, scale), rtol=1e-5)


def test_sale_rates_shrink_to_the_account_with_few_orders() -> None:
    exposure = np.array([10_000.0, 10_000.0, 10_000.0, 5.0])
    orders = np.array([300.0, 320.0, 280.0, 0.0])
    rates = sale_rates.learn(orders, exposure, np.zeros(4, dtype=np.int64), np.zeros(4), 0.03).expected()
    assert rates[:3] == pytest.approx([0.030, 0.032, 0.028], rel=0.05)
    assert rates[3] == pytest.approx(0.03, rel=0.2)


def test_the_weight_of_angles_is_learned() -> None:
    angles = np.repeat([0, 1, 2], 4)
    exposure = np.full(12, 4_000.0)
    by_angle = np.repeat([40.0, 120.0, 300.0], 4)
    mixed = np.tile([40.0, 120.0, 300.0], 4)
    assert sale_rates.learn(by_angle, exposure, angles, np.zeros(12), 0.03).angle_share() > 0.8
    assert sale_rates.learn(mixed, exposure, angles, np.zeros(12), 0.03).angle_share() < 0.25


def test_cheap_chats_without_orders_lower_the_next_cheap_ad() -> None:
    cheapness = np.array([0.8, 0.7, 0.9, -0.8, -0.7, -0.9, 0.8, -0.8])
    exposure = np.array([3_000.0] * 6 + [1.0, 1.0])
    orders = np.array([20.0, 25.0, 18.0, 150.0, 140.0, 160.0, 0.0, 0.0])
    rates = sale_rates.learn(orders, exposure, np.arange(8), cheapness, 0.03).expected()
    assert rates[6] < 0.6 * rates[7]


def test_a_margin_is_the_accounts_until_the_ad_has_orders() -> None:
    spend = np.full((2, 10), 100.0)
    orders = np.vstack([np.full(10, 20.0), np.zeros(10)])
    known = margin_per_order(panel(spend, spend, orders, margin=300.0), 900.0)
    assert known is not None
    assert known[0] == pytest.approx([300, 300], rel=0.15)
    assert margin_per_order(panel(spend, spend), None) is None
    reckoned = margin_per_order(panel(spend, spend), 900.0)
    assert reckoned is not None
    assert reckoned[0] == pytest.approx([900, 900])


def test_beliefs_are_finite_where_nothing_is_known() -> None:
    nothing = spend_response.learn(panel(np.zeros((3, 1)), np.zeros((3, 1))), 500.0)
    assert np.isfinite(nothing.slopes(np.array([[0.0, 1e9]] * 3))).all()
    assert np.isfinite(sale_rates.learn(np.zeros(3), np.zeros(3), np.arange(3), np.zeros(3), 0.03).expected()).all()
