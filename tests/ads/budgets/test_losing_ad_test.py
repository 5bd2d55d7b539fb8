"""The losing-ad test keeps its error rate, waits for late orders, and finds losers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from benchmarks.worlds import strange_delays
from bot.ads.budget_decision import PAUSE_EVIDENCE, BudgetReason, odds_text
from bot.ads.budgets.ad_history import OLDEST, AdHistory, first_free_day, panel
from bot.ads.budgets.losing_ad_test import MIN_DAYS, LossVerdict, evidence_of_loss, judge, margin_per_order
from bot.ads.budgets.order_delays import SLOW, USUAL, learn
from bot.ads.practice.market import usual_delays
from memory.audit_log.account_changes import Cause
from tests.ads.accounts import FIRST, ad


def verdict(ads: list[AdHistory], name: str = "B") -> LossVerdict:
    return next(each for each in judge(ads, order_margin=Decimal(500)) if each.name == name)


def test_a_clear_loser_is_paused_and_a_winner_kept() -> None:
    ads = [ad("A", orders=4), ad("B", orders=0.5)]
    assert verdict(ads).decision == "pause"
    assert verdict(ads, "A").decision == "keep"


def test_spend_without_a_single_sale_is_a_loss_too() -> None:
    assert verdict([ad("A", orders=4), ad("B", orders=0)]).decision == "pause"


def test_no_ad_is_paused_in_the_first_three_weeks() -> None:
    young = [ad("A", orders=40, days=MIN_DAYS), ad("B", orders=0, days=MIN_DAYS)]
    seen = verdict(young)
    assert seen.evidence > PAUSE_EVIDENCE
    assert (seen.may_pause, seen.decision) == (False, "watch")
    old = [ad("A", orders=40, days=MIN_DAYS + 1), ad("B", orders=0, days=MIN_DAYS + 1)]
    assert verdict(old).decision == "pause"


def test_nothing_is_paused_on_a_handful_of_orders() -> None:
    assert not verdict([ad("A", orders=0.2, days=40), ad("B", orders=0.0, days=40)]).may_pause


def test_orders_that_take_long_are_waited_for() -> None:
    """If orders take ten days, ten days of spend without one say little; if they come at once, much."""
    slow = ad("A", orders=4, days=40, age=10)
    quick = ad("A", orders=4, days=40, age=0)
    late = ad("B", orders=0, days=10)
    moved = AdHistory("B", "price", late.budget, "active",
               tuple(type(day)(day.day + timedelta(30), day.spend, day.impressions, day.clicks, day.chats)
                     for day in late.days))  # fmt: skip
    assert verdict([slow, moved]).expected < 6
    assert verdict([quick, moved]).expected > 15
    assert verdict([slow, moved]).evidence < verdict([quick, moved]).evidence / 10


def test_lost_referrals_are_not_held_against_the_ad() -> None:
    ads = [ad("A", orders=3), ad("B", orders=1.5)]
    half = judge(ads, order_margin=Decimal(500), referral_share=Decimal("0.5"))
    assert half[1].expected == pytest.approx(verdict(ads).expected / 2)
    assert half[1].evidence < verdict(ads).evidence


def test_break_even_ads_reach_20_in_at_most_5_percent() -> None:
    """Ville's inequality: 20,000 runs of 60 looks."""
    rng = np.random.default_rng(11)
    expected = rng.uniform(0.2, 2.0, (20_000, 60))
    sales = rng.poisson(expected).cumsum(axis=1)
    evidence = evidence_of_loss(sales.astype(float), expected.cumsum(axis=1))
    assert (evidence.max(axis=1) >= PAUSE_EVIDENCE).mean() <= 0.05
    assert evidence[:, 9].mean() == pytest.approx(1.0, abs=0.1)


def test_more_sales_mean_less_evidence_and_more_expected_means_more() -> None:
    sales, expected = np.arange(30.0), np.full(30, 12.0)
    assert np.all(np.diff(evidence_of_loss(sales, expected)) < 0)
    assert np.all(np.diff(evidence_of_loss(expected, np.arange(30.0))) > 0)
    assert np.isfinite(evidence_of_loss(np.array([0.0]), np.array([1e6]))).all()


@pytest.mark.parametrize("name", ["fast", "days", "slow", "bimodal", "lognormal"])
def test_the_delay_curve_is_found_again(name: str) -> None:
    curve = {**usual_delays(), **strange_delays()}[name]
    rng = np.random.default_rng(5)
    counts = np.zeros((OLDEST + 1, OLDEST + 1))
    for window in range(OLDEST + 1):
        seen = rng.multinomial(40, curve.shares)
        counts[: window + 1, window] = seen[: window + 1]
    found = learn(counts, SLOW).by_age
    assert np.abs(found - curve.by_age())[2:].max() < 0.08
    assert np.all(np.diff(found) >= 0)
    assert found[-1] == pytest.approx(1.0)


def test_without_orders_the_curve_is_the_prior() -> None:
    empty = np.zeros((OLDEST + 1, OLDEST + 1))
    for prior in (USUAL, SLOW):
        assert np.allclose(learn(empty, prior).by_age, prior.cumsum())


def test_young_orders_alone_do_not_make_the_curve_fast() -> None:
    """An account of two days has only seen orders of age 0 and 1."""
    counts = np.zeros((OLDEST + 1, OLDEST + 1))
    counts[0, 0], counts[0, 1], counts[1, 1] = 20, 20, 5
    assert learn(counts, SLOW).by_age[1] < 0.75


def test_the_facts_read_as_a_sentence() -> None:
    said = BudgetReason(Cause.KEPT, Decimal(80), Decimal(80), 61, 1.0, 2.1, 4.2, 0.67).sentence("B")
    assert said == (
        "Ad B: 61 chats, 1 sale, 2.1 needed by now to pay for itself; evidence 4 to 1 that it loses money;"
        " the next 100 bring 67; kept at 80."
    )


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (0.4, "none"),
        (1.04, "none"),
        (1.05, "1.1 to 1"),
        (1.94, "1.9 to 1"),
        (1.95, "2 to 1"),
        (23.0, "23 to 1"),
        (999.0, "999 to 1"),
        (1000.0, "over 1,000 to 1"),
    ],
)
def test_odds_are_said_as_exactly_as_they_are_known(evidence: float, words: str) -> None:
    assert odds_text(evidence) == words


def test_no_orders_and_no_reckoned_margin_say_nothing() -> None:
    seen = judge([ad("B", orders=0)])[0]
    assert (seen.expected, seen.evidence, seen.decision) == (0.0, 1.0, "keep")


def test_the_shops_margin_counts_where_nothing_was_sold() -> None:
    low, high = (judge([ad("B", orders=0)], order_margin=Decimal(margin))[0].expected for margin in (250, 500))
    assert high > 0
    assert low == pytest.approx(2 * high)


def margins_of(*ads: AdHistory) -> list[float]:
    known = margin_per_order(panel(ads, first_free_day(ads)), None)
    assert known is not None
    return [float(margin) for margin in known[0]]


def test_ads_with_many_orders_keep_their_own_margins() -> None:
    assert margins_of(ad("A", orders=4, margin=200), ad("B", orders=4, margin=2000)) == pytest.approx(
        [200, 2000], abs=5
    )


def test_one_order_each_says_nothing_about_an_ads_margin() -> None:
    once = [ad(name, orders=1 / 30, margin=margin) for name, margin in (("A", 200), ("B", 2000))]
    assert margins_of(*once) == pytest.approx([1100, 1100], abs=5)


def test_days_before_the_first_are_no_matter() -> None:
    assert judge([], today=FIRST) == []
