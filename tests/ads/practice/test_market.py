"""The simulated market: saturation, overspend, delays, restatement, determinism."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.ads.practice.market import HOURS, OVERSPEND, RESPONSES, Market, Scope, World, draw, usual_delays


def world(seed: int = 1) -> World:
    return draw(np.random.default_rng(seed), Scope())


def played(of: World, days: int, budget: float = 1_000.0, seed: int = 7) -> Market:
    market = Market(of, np.random.default_rng(seed))
    for _ in range(days):
        market.step(np.full(len(of.ads), budget))
    return market


def test_the_same_seed_gives_the_same_days() -> None:
    one, two = played(world(), 10), played(world(), 10)
    assert [day.orders for day in one.days] == [day.orders for day in two.days]
    assert all(np.array_equal(a.chats, b.chats) for a, b in zip(one.days, two.days, strict=True))


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_starts_at_one_for_one_and_flattens(name: str) -> None:
    spend, scale = np.array([1e-3, 500.0, 1_000.0, 2_000.0]), np.full(4, 1_000.0)
    effective = RESPONSES[name](spend, scale)
    assert effective[0] == pytest.approx(1e-3, rel=1e-3)
    assert np.all(np.diff(effective / spend) < 0)
    assert np.all(np.diff(effective) > 0)


def test_meta_overspends_a_day_but_not_a_week() -> None:
    market = played(replace(world(), first_weekday=6), 28)
    spend = np.array([day.spend for day in market.days])
    assert spend.max() <= 1_000 * OVERSPEND
    assert spend.max() > 1_200
    assert spend.reshape(4, 7, -1).sum(axis=1).max() <= 7_000 + 1e-6


def test_orders_follow_their_chats_at_the_true_rate() -> None:
    market = played(world(), 60, 2_000)
    orders = [order for day in market.days for order in day.orders] + list(market.still_to_come())
    assert all(order.day >= order.chat_day for order in orders)
    brought = sum(order.margin_on(10_000) for order in orders)
    assert brought == pytest.approx(sum(day.expected_margin.sum() for day in market.days), rel=0.15)


def test_some_orders_lose_their_ad_and_some_come_back() -> None:
    market = played(world(), 60, 2_000)
    orders = [order for day in market.days for order in day.orders]
    lost = sum(not order.has_referral for order in orders) / len(orders)
    assert lost == pytest.approx(market.world.lost_referrals, abs=0.05)
    back = next(order for order in orders if order.returned_on is not None)
    assert back.returned_on is not None
    assert back.margin_on(back.returned_on - 1) == back.margin
    assert back.margin_on(back.returned_on) == 0


def test_only_budget_changes_above_a_fifth_restart_learning() -> None:
    market = played(world(), 30)
    count = len(market.world.ads)
    assert not market.step(np.full(count, 1_200.0)).learning.any()
    assert market.step(np.full(count, 1_800.0)).learning.all()


def test_insights_are_short_at_first_and_settle() -> None:
    market = played(world(), 10)
    fresh, old = market.insights(9), market.insights(3)
    assert not fresh.settled
    assert fresh.spend.sum() < market.days[9].spend.sum()
    assert old.settled
    assert np.array_equal(old.chats, market.days[3].chats)


def test_an_ad_wears_out() -> None:
    fresh = world()
    tiring = replace(fresh, ads=tuple(replace(ad, wear=0.1) for ad in fresh.ads))
    lasting = replace(fresh, ads=tuple(replace(ad, wear=0.0) for ad in fresh.ads))
    assert played(tiring, 60).days[-1].chats.sum() < 0.9 * played(lasting, 60).days[-1].chats.sum()


def test_a_paused_ad_does_nothing() -> None:
    market = Market(world(), np.random.default_rng(0))
    day = market.step(np.zeros(len(market.world.ads)))
    assert day.spend.sum() == day.impressions.sum() == day.chats.sum() == 0
    assert day.orders == ()


@pytest.mark.parametrize(("budgets", "says"), [([1.0], "one per ad"), ([-1.0], "from 0 up"), ([np.nan], "from 0 up")])
def test_budgets_that_make_no_sense_are_refused(budgets: list[float], says: str) -> None:
    market = Market(world(), np.random.default_rng(0))
    asked = np.array(budgets) if says == "one per ad" else np.full(len(market.world.ads), budgets[0])
    with pytest.raises(ValueError, match=says):
        market.step(asked)


def test_duplicate_names_and_unknown_responses_are_refused() -> None:
    some = world()
    with pytest.raises(ValueError, match="one name"):
        replace(some, ads=(some.ads[0], some.ads[0]))
    with pytest.raises(ValueError, match="choose one of exponential"):
        replace(some, response="cubic")


def test_shares_sum_to_one() -> None:
    assert sum(HOURS) == pytest.approx(1.0)
    assert all(sum(curve.shares) == pytest.approx(1.0) for curve in usual_delays().values())
