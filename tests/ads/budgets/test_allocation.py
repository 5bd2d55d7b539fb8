"""Invariants of the allocation for any history, and where it moves money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.budgets.ad_history import AdDay, AdHistory, AdOrders, AdState, Contradiction
from bot.ads.budgets.allocation import Plan, allocate, water_fill
from memory.audit_log.account_changes import Cause
from tests.ads.accounts import FIRST, ad, new

CENT = Decimal("0.01")


def plan(ads: list[AdHistory], budget: int = 10_000, minimum: int = 50, seed: int = 1) -> Plan:
    return allocate(
        ads, Decimal(budget), rng=np.random.default_rng(seed), minimum=Decimal(minimum), order_margin=Decimal(500)
    )


def budgets(of: Plan) -> dict[str, Decimal]:
    return {each.name: each.budget for each in of.allocations}


amounts = st.integers(0, 5_000).map(Decimal)
days = st.lists(st.tuples(amounts, st.integers(0, 300), st.integers(0, 5), st.integers(-900, 2_000)), max_size=25)


@st.composite
def accounts(draw: st.DrawFn) -> list[AdHistory]:
    """Any account: spend without chats, orders without chats, losses, ads without a past."""
    made = []
    for place in range(draw(st.integers(1, 6))):
        series = draw(days)
        insights = tuple(
            AdDay(FIRST + timedelta(day), spend, 1_000, 500, chats) for day, (spend, chats, _, _) in enumerate(series)
        )
        orders = tuple(
            AdOrders(FIRST + timedelta(day), 0, Decimal(margin), count)
            for day, (_, _, count, margin) in enumerate(series)
            if count
        )
        state = draw(st.sampled_from(["new", "learning", "active", "resting", "paused"]))
        angle = draw(st.sampled_from(["price", "proof", "speed"]))
        made.append(AdHistory(f"ad {place}", angle, draw(amounts), state, insights, orders))  # type: ignore[arg-type]
    return made


@given(accounts(), st.integers(0, 20_000), st.sampled_from([0, 50, 400]))
def test_any_account_gets_a_plan_inside_its_limits(ads: list[AdHistory], budget: int, minimum: int) -> None:
    made = plan(ads, budget, minimum)
    assert made.total <= budget
    assert made.unspent == budget - made.total
    floor = sum(max(Decimal("0.8") * each.budget, Decimal(minimum)) for each in ads if each.runs)
    entering = sum(not each.runs and each.state != "paused" for each in ads)
    for before, each in zip(ads, made.allocations, strict=True):
        assert each.budget >= 0
        assert f"Ad {each.name}" in each.reason.sentence(each.name)
        assert each.expected_profit.is_finite()
        assert 0 <= each.chance <= 1
        assert each.rests == (each.budget == 0 and not each.pause and before.state != "paused")
        if before.state == "paused" or each.pause:
            assert each.budget == 0
        elif before.runs:
            assert each.budget <= max(before.budget * Decimal("1.2"), Decimal(minimum))
            if not each.rests and not entering and floor <= budget:
                assert each.budget >= before.budget * Decimal("0.8")


@given(accounts(), st.randoms(use_true_random=False))
def test_the_order_in_which_ads_are_listed_changes_nothing(ads: list[AdHistory], random: Random) -> None:
    shuffled = random.sample(ads, len(ads))
    made, again = ({each.name: each for each in plan(listed).allocations} for listed in (ads, shuffled))
    assert made == again


def test_the_same_history_and_seed_give_the_same_plan() -> None:
    ads = [ad("A", orders=3), ad("B", orders=1), new("C")]
    assert plan(ads) == plan(ads)


@pytest.mark.parametrize("budget", [1_500, 3_000, 9_000])
def test_a_better_ad_gets_no_less(budget: int) -> None:
    rates = [0.5, 1.0, 2.0, 3.0, 4.0]
    made = plan([ad(f"sells {rate}", orders=rate) for rate in rates], budget)
    given_out = [each.budget for each in made.allocations]
    assert given_out == sorted(given_out)
    assert given_out[-1] > given_out[0]


def test_what_an_order_leaves_counts_and_not_only_how_many() -> None:
    made = budgets(plan([ad("few dear", orders=1, margin=3_000), ad("many cheap", orders=3, margin=300)], 2_000))
    assert made["few dear"] > 1_000 > made["many cheap"]


def test_chats_that_buy_nothing_earn_no_money() -> None:
    made = budgets(plan([ad("bait", chats=200, orders=0.3), ad("honest", chats=60, orders=4)], 2_000))
    assert made["honest"] > made["bait"]


def test_orders_that_cannot_have_come_yet_are_not_missed() -> None:
    """Two equally good ads; the young one has had two days, and orders take three."""
    old = ad("old", orders=4, days=30, age=3)
    young = ad("young", orders=4, days=2)
    young = replace(young, orders=(), days=tuple(replace(day, day=day.day + timedelta(28)) for day in young.days))
    verdict = next(each.verdict for each in plan([old, young]).allocations if each.name == "young")
    assert verdict.sales == 0
    assert verdict.expected < 2.5  # four days' worth of spend would need four
    assert budgets(plan([old, young]))["young"] >= 800


def test_an_angle_lends_its_strength_to_a_new_ad() -> None:
    ads = [ad(f"good {n}", "proof", orders=5) for n in range(4)] + [ad(f"bad {n}", "price", orders=1) for n in range(4)]
    made = plan([*ads, new("fresh proof", "proof"), new("fresh price", "price")])
    following = {each.name: each.return_of_next for each in made.allocations}
    assert following["fresh proof"] > 1.3 * following["fresh price"]
    assert made.angle_share > 0.5


def test_an_angle_that_means_nothing_lends_nothing() -> None:
    ads = [ad(f"{angle} {n}", angle, orders=1 + 2 * (n % 2)) for angle in ("proof", "price") for n in range(4)]
    assert plan(ads).angle_share < 0.3


def test_an_account_that_loses_everywhere_spends_less_and_says_why() -> None:
    made = plan([ad(f"ad {n}", orders=0.8, days=12) for n in range(3)], 3_000)
    assert made.total < Decimal(2_500)
    assert "would bring back" in made.unspent_reason


def test_a_new_account_starts_with_tests_and_not_with_everything() -> None:
    made = plan([new(f"ad {n}") for n in range(4)], 60_000)
    assert all(0 < each.budget <= 15_000 for each in made.allocations)
    assert made.total < 60_000
    assert "new ads start small" in made.unspent_reason


def test_a_new_ad_beside_running_ones_enters_at_four_percent() -> None:
    made = plan([ad("A", orders=4), ad("B", orders=4), new("C")])
    assert budgets(made)["C"] == 400


def test_a_budget_too_small_for_all_goes_to_the_best() -> None:
    made = budgets(plan([ad("good", orders=4), ad("fair", orders=2), ad("poor", orders=0.2)], 250, minimum=100))
    assert made["poor"] == 0
    assert made["good"] >= 100
    assert made["fair"] >= 100


def crowded() -> list[AdHistory]:
    """Six ads that sell well and two that sell too little, at budgets that bring 15 chats a day."""
    good = [ad(f"good {n}", orders=1, chats=15, spend=200) for n in range(6)]
    return [*good, *(ad(f"poor {n}", orders=0.3, chats=15, spend=200) for n in range(2))]


def test_where_money_is_short_ads_that_sell_little_rest() -> None:
    rested = [each for each in plan(crowded(), 1_400).allocations if each.rests]
    assert rested
    assert all(each.name.startswith("poor") and each.budget == 0 and not each.pause for each in rested)
    assert all(each.reason.cause is Cause.RESTING for each in rested)


def test_no_ad_rests_whose_money_others_could_not_take_up() -> None:
    assert not any(each.rests for each in plan(crowded(), 20_000).allocations)


def test_the_last_ad_never_rests() -> None:
    assert budgets(plan([ad("only", orders=2)], 1_000))["only"] > 0


def test_a_resting_ad_comes_back_when_the_others_disappoint() -> None:
    rests = replace(ad("rests", orders=4), state="resting")
    beside_poor = plan([rests, *(ad(f"poor {n}", orders=1.2) for n in range(2))], 2_000)
    beside_good = plan([rests, *(ad(f"good {n}", orders=8) for n in range(2))], 2_000)
    assert budgets(beside_poor)["rests"] == 80
    assert "starts again at 80" in beside_poor.allocations[0].reason.sentence("rests")
    assert beside_good.allocations[0].rests


def test_an_ad_without_budget_that_ran_is_resting() -> None:
    states: tuple[AdState, ...] = ("active", "resting")
    ran, told = (replace(ad("A", orders=0.2), budget=Decimal(0), state=state) for state in states)
    others = [ad("B", orders=4), ad("C", orders=4)]
    assert budgets(plan([ran, *others], 2_000)) == budgets(plan([told, *others], 2_000))


def test_nothing_to_divide() -> None:
    assert plan([]).unspent_reason == "the account has no ads"
    assert plan([ad("A")], 0).total == 0


def test_the_reason_is_one_sentence_with_its_numbers() -> None:
    reason = plan([ad("B", orders=1), ad("A", orders=4)]).allocations[0].reason.sentence("B")
    assert reason.startswith("Ad B: 1800 chats, 30 sales, 5")
    assert "that it loses money" in reason
    assert "cut 20 % to 800, will pause at 20 to 1" in reason or "paused" in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ([replace(ad("A"), budget=Decimal(-1))], "ad A: a budget of -1"),
        ([replace(ad("A"), budget=Decimal("NaN"))], "no budget"),
        ([ad("A"), ad("A")], "ad A is listed twice"),
        ([replace(ad("A"), days=ad("A").days * 2)], "one day appears twice"),
        ([replace(ad("A"), days=(AdDay(FIRST, Decimal(-5)),))], "spend must be 0 or more"),
        ([replace(ad("A"), days=(AdDay(FIRST, Decimal(5), 10, 20, 1),))], "20 clicks on 10 impressions"),
        ([replace(ad("A"), days=(AdDay(FIRST, Decimal(5), 10, 2, -1),))], "negative"),
        ([replace(ad("A"), orders=(AdOrders(FIRST, -2, Decimal(1)),))], "2 days before its chat"),
        ([replace(ad("A"), orders=(AdOrders(FIRST, 0, Decimal(1), 0),))], "leave out rows"),
        ([replace(ad("A"), orders=(AdOrders(FIRST, 0, Decimal("NaN")),))], "is no number"),
        ([replace(ad("A"), state="asleep")], "state 'asleep'"),  # type: ignore[arg-type]
    ],
)
def test_a_history_that_cannot_be_true_is_refused(wrong: list[AdHistory], says: str) -> None:
    with pytest.raises(Contradiction, match=says):
        plan(wrong)


def test_a_day_that_is_not_over_is_refused() -> None:
    with pytest.raises(Contradiction, match="not over"):
        allocate([ad("A", days=3)], Decimal(100), rng=np.random.default_rng(0), today=FIRST + timedelta(2))
    late = replace(ad("A", days=1), orders=(AdOrders(FIRST, 9, Decimal(1)),))
    with pytest.raises(Contradiction, match="future"):
        allocate([late], Decimal(100), rng=np.random.default_rng(0), today=FIRST + timedelta(2))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"budget": Decimal(-1)}, "cannot be divided"),
        ({"minimum": Decimal(-1)}, "least budget"),
        ({"order_margin": Decimal(0)}, "cannot pay for ads"),
        ({"referral_share": Decimal(0)}, "carry a referral"),
        ({"target": Decimal(0)}, "1 is break-even"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Decimal], says: str) -> None:
    given_limits = {"budget": Decimal(100), **limits}
    budget = given_limits.pop("budget")
    with pytest.raises(ValueError, match=says):
        allocate([ad("A")], budget, rng=np.random.default_rng(0), **given_limits)  # type: ignore[arg-type]


@given(
    st.lists(
        st.tuples(st.floats(0.1, 5), st.floats(10, 1_000), st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=5
    ),
    st.floats(0, 3_000),
)
def test_water_stands_level(ads: list[tuple[float, float, float, float]], more: float) -> None:
    grid = np.array([np.linspace(low, low + span, 21) for _, _, low, span in ads])
    returns = np.array([[level * np.exp(-point / scale) for point in row]
                        for (level, scale, _, _), row in zip(ads, grid, strict=True)])  # fmt: skip
    budget = grid[:, 0].sum() + more
    filled = water_fill(returns[None], grid, budget, 1.0)[0]
    assert filled.sum() <= budget + 1e-6
    last = np.array([np.interp(amount, row, values) for amount, row, values in zip(filled, grid, returns, strict=True)])
    could_rise = filled < grid[:, -1] - 1e-6
    was_raised = filled > grid[:, 0] + 1e-6
    assert np.all(last[was_raised] >= 1.0 - 0.01)
    if could_rise.any() and was_raised.any():
        assert last[could_rise].max() <= last[was_raised].min() + 0.02 or last[could_rise].max() <= 1.01
