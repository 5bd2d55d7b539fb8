from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from bot.ads.morning.analysis import (
    AdDayCount,
    Benchmark,
    Proportion,
    analyse,
    anomaly,
    benchmark,
    changed,
    fatigue,
    sentiment,
    trends,
)
from bot.ads.morning.analysis import comment_sentiment as by_ad
from bot.language.money import Money
from memory.ads.ad_account import Comment
from memory.ads.figures import Figures

START = date(2026, 10, 1)


def euros(amount: float) -> Money:
    return Money(Decimal(str(amount)), "EUR")


def line(*, spend: float, impressions: int, clicks: int, chats: int, orders: int, revenue: float) -> Figures:
    return Figures(
        key="a", name="Summer", currency="EUR", since=START, until=START, spend=euros(spend), impressions=impressions,
        clicks=clicks, chats=chats, platform_chats=None, leads=0, orders=orders, revenue=euros(revenue),
        margin=euros(revenue * 0.3), elsewhere=(), moving=False,
    )  # fmt: skip


def steady(days: int, *, ctr: float = 0.02, chats: int = 20, impressions: int = 5000) -> list[AdDayCount]:
    clicks = int(impressions * ctr)
    return [AdDayCount(START + timedelta(days=day), 100.0, impressions, clicks, chats) for day in range(days)]


USUAL = Benchmark(ctr=0.02, cost_per_chat=2.0, chat_to_order=0.05, roas=3.0, of=9)


@pytest.mark.parametrize(("revenue", "status"), [(1000, "excellent"), (700, "good"), (600, "fair"), (300, "poor")])
def test_money_decides_the_status(revenue: float, status: str) -> None:
    found = line(spend=200, impressions=5000, clicks=100, chats=100, orders=5, revenue=revenue)
    assert analyse(found, USUAL, break_even_roas=3.0).status == status


def test_nothing_is_judged_before_there_is_enough() -> None:
    found = line(spend=20, impressions=5000, clicks=100, chats=29, orders=0, revenue=0)
    assert analyse(found, USUAL, break_even_roas=3.0).status == "too early"


def test_what_stands_out_is_said_with_its_numbers() -> None:
    found = line(spend=200, impressions=10_000, clicks=450, chats=100, orders=5, revenue=900)
    assert analyse(found, USUAL, break_even_roas=3.0).trends == ("CTR 4.5%, above the usual 2.0%",)


def test_the_benchmark_leaves_out_who_has_too_little() -> None:
    figures = [
        line(spend=100, impressions=2000, clicks=20, chats=50, orders=2, revenue=300),
        line(spend=100, impressions=2000, clicks=60, chats=50, orders=4, revenue=500),
        line(spend=1, impressions=10, clicks=9, chats=1, orders=1, revenue=900),
    ]
    usual = benchmark(figures)
    assert (usual.ctr, usual.cost_per_chat, usual.roas, usual.of) == (0.02, 2.0, 4.0, 2)


def test_only_significant_rate_changes_are_reported() -> None:
    assert trends(steady(7, ctr=0.03) + steady(7, ctr=0.02)) == [
        "CTR fell from 3.0% to 2.0% within a week",
        "chats per click rose from 13% to 20%",
    ]
    assert trends(steady(7, ctr=0.0200) + steady(7, ctr=0.0202)) == []


def test_few_steady_ads_look_tired_or_odd() -> None:
    """Over 300 steady ads, watched on one morning each."""
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(300):
        days = [
            AdDayCount(day.day, 100.0, 3000, int(rng.binomial(3000, 0.02)), int(rng.poisson(20))) for day in steady(40)
        ]
        alarms += (fatigue(days) is not None) + (anomaly(days) is not None)
    assert alarms <= 3


def test_an_ad_that_tires_is_seen() -> None:
    assert fatigue(steady(14, ctr=0.03) + steady(7, ctr=0.015)) == "it tires: CTR 1.5% this week, 3.0% in its best"
    assert fatigue(steady(3, ctr=0.03)) is None


def test_a_day_without_the_usual_chats_is_odd() -> None:
    days = [*steady(14, chats=60), AdDayCount(START + timedelta(days=14), 100.0, 5000, 100, 2)]
    assert anomaly(days) == "odd: 2 chats on 2026-10-15, about 60 expected for that spend"
    assert anomaly([]) is None


def test_without_tries_nothing_has_changed() -> None:
    assert changed(Proportion(0, 0), Proportion(3, 10)) == 0.0
    assert changed(Proportion(0, 50), Proportion(0, 50)) == 0.0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Love it, fast delivery", "praise"),
        ("¡Me encantan, gracias!", "praise"),
        ("बहुत बढ़िया", "praise"),
        ("Is this real?", "blame"),
        ("Great ad but nobody answers", "blame"),
        ("Péssimo, nunca chegou", "blame"),
        ("bakwas", "blame"),
        ("Price please", "neither"),
        ("Is it in black?", "neither"),
    ],
)
def test_how_people_speak(text: str, kind: str) -> None:
    assert getattr(sentiment([text]), kind) == 1


def test_comments_are_counted_by_ad() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    told = by_ad([Comment("1", "a", at, "Love it", False), Comment("2", "b", at, "Scam", False)])
    assert (told["a"].praise, told["b"].blame, told["b"].total) == (1, 1, 1)
