"""Reports are read whole; unknown fields stay unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.facebook import FacebookAccount
from bot.ads.facebook.insights import first_reported_day, readings
from bot.ads.platform import TryLater
from bot.language.money import Money
from memory.ads.ad_account import AdInsight
from tests.ads.facebook.graph_server import GraphServer, WaitingClock, refusing

START = date(2026, 11, 1)
CHAT = "onsite_conversion.messaging_conversation_started_7d"
REPORTS = "POST act_111/insights"


@dataclass
class InsightsAccount:
    """An account whose insights a test writes."""

    meta: GraphServer
    time: WaitingClock
    account: FacebookAccount
    notices: list[str]

    def row(self, **told: Any) -> AdInsight:
        """The one reading of a row with `told` in it."""
        self.meta.delivered("1", START, **{"spend": "10", "impressions": "100", **told})
        (reading,) = self.account.readings(START, START)
        return reading

    def fill(self, ads: int, days: int) -> set[tuple[str, date]]:
        """Insights for so many ads and days; which they are."""
        found = set()
        for n in range(ads):
            ad = self.meta.holds("ads", adset_id="1", creative={"id": "2"})
            for day in (START + timedelta(days=n) for n in range(days)):
                self.meta.delivered(ad, day, spend=f"{n}.50", impressions="10")
                found.add((ad, day))
        return found


@pytest.fixture
def books() -> Iterator[InsightsAccount]:
    time, notices = WaitingClock(), list[str]()
    with GraphServer(clock=time) as meta:
        meta.opens("act_111")
        yield InsightsAccount(
            meta, time, meta.account(graph=meta.graph(sleep=time.wait), notice=notices.append), notices
        )


def actions(**counts: str) -> list[dict[str, str]]:
    return [{"action_type": name, "value": value} for name, value in counts.items()]


# Rows


def test_a_row_is_read_as_it_stands(books: InsightsAccount) -> None:
    found = books.row(
        spend="123.45",
        impressions="1000",
        reach="900",
        inline_link_clicks="30",
        actions=[{"action_type": CHAT, "value": "7"}, *actions(link_click="30")],
    )
    assert found == AdInsight(
        account_id="act_111",
        ad_id="1",
        day=START,
        seen_at=datetime(2026, 11, 21, 6, 0, tzinfo=UTC),
        spend=Money(Decimal("123.45"), "INR"),
        impressions=1000,
        clicks=30,
        chats=7,
        reach=900,
    )
    assert books.notices == []


def test_what_was_left_out_is_not_zero(books: InsightsAccount) -> None:
    found = books.row()
    assert (found.chats, found.reach, found.purchases, found.purchase_value) == (None, None, None, None)


def test_an_action_list_without_chats_means_zero(books: InsightsAccount) -> None:
    found = books.row(actions=actions(link_click="3"))
    assert (found.chats, found.purchases) == (0, None)


@pytest.mark.parametrize(
    ("counts", "purchases"),
    [
        ({"omni_purchase": "5", "purchase": "4", "offsite_conversion.fb_pixel_purchase": "3"}, 5),
        ({"offsite_conversion.fb_pixel_purchase": "3", "purchase": "4"}, 4),
        ({"offsite_conversion.fb_pixel_purchase": "3", "link_click": "9"}, 3),
        ({"omni_purchase": "0", "purchase": "4"}, 0),
    ],
)
def test_purchases_are_one_tier_and_never_a_sum(books: InsightsAccount, counts: dict[str, str], purchases: int) -> None:
    values = {name: f"{count}000.50" for name, count in counts.items()}
    found = books.row(actions=actions(**counts), action_values=actions(**values))
    assert found.purchases == purchases
    assert found.purchase_value == Money(Decimal(f"{purchases}000.50"), "INR")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"ad_id": ""}, "names no ad"),
        ({"date_stop": "2026-11-05"}, "not about one day"),
        ({"account_currency": "USD"}, "in USD"),
        ({"spend": "a lot"}, "no spend"),
        ({"spend": "-4"}, "no spend"),
        ({"spend": None}, "no spend"),
        ({"impressions": "many"}, "no impressions"),
        ({"impressions": None}, "no impressions"),
        ({"impressions": "9" * 19}, "a number that is none"),
        ({"impressions": "9" * 5000}, "a number that is none"),
        ({"spend": "1e400"}, "no amount"),
    ],
)
def test_unusable_rows_are_reported_and_the_rest_stored(
    books: InsightsAccount, told: dict[str, Any], words: str
) -> None:
    books.meta.delivered("2", START, spend="7", impressions="70")
    row = books.meta.delivered("1", START, spend="10", impressions="100")
    row |= told
    assert [(each.ad_id, each.spend.amount) for each in books.account.readings(START, START)] == [("2", Decimal(7))]
    (notice,) = books.notices
    assert words in notice
    assert "act_111" in notice


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"inline_link_clicks": "101"}, "101 clicks on 100 impressions"),
        ({"reach": "101"}, "101 people reached by 100"),
        ({"actions": [], "action_values": [{"action_type": "purchase", "value": "9"}]}, "not how many"),
        ({"actions": [{"action_type": CHAT, "value": "-2"}]}, "number of chats"),
    ],
)
def test_a_contradiction_is_named_and_the_row_taken(books: InsightsAccount, told: dict[str, Any], words: str) -> None:
    found = books.row(**told)
    assert found.spend.amount == 10
    assert (found.purchase_value, found.purchases) == (None, None)
    assert words in "".join(books.notices)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"date_start": "2026-02-30", "date_stop": "2026-02-30"}, "not about one day"),
        ({"date_start": "today", "date_stop": "today"}, "not about one day"),
        ({"hourly_stats_aggregated_by_advertiser_time_zone": "noon"}, "its hour is none"),
    ],
)
def test_rows_without_day_or_hour_are_reported_and_skipped(told: dict[str, str], words: str) -> None:
    hour = {"hourly_stats_aggregated_by_advertiser_time_zone": "14:00:00 - 14:59:59"}
    row = {"ad_id": "1", "date_start": "2026-11-01", "spend": "10", "impressions": "100", **hour}
    seen, notices = datetime(2026, 11, 2, tzinfo=UTC), list[str]()
    rows = [{**row, **told}, {**row, "ad_id": "2"}]
    assert [each.ad_id for each in readings(rows, "act_111", "INR", "hour", seen, notices.append)] == ["2"]
    (notice,) = notices
    assert words in notice
    assert "ad 1" in notice


def test_a_day_told_twice_differently_is_named_and_told_once(books: InsightsAccount) -> None:
    books.meta.delivered("1", START, spend="10", impressions="100")
    books.meta.insights.append({**books.meta.insights[0], "spend": "11"})
    assert [each.spend.amount for each in books.account.readings(START, START)] == [Decimal(11)]
    assert "told twice" in books.notices[0]


def test_a_day_that_is_told_differently_later_is_read_so(books: InsightsAccount) -> None:
    first = books.row(actions=[{"action_type": CHAT, "value": "7"}])
    books.time.wait(86400)
    later = books.row(actions=[{"action_type": CHAT, "value": "9"}])
    assert (first.chats, later.chats) == (7, 9)
    assert later.seen_at - first.seen_at > timedelta(hours=23)


@pytest.mark.parametrize(
    ("breakdown", "parts", "part"),
    [
        ("country", {"country": "IN"}, "IN"),
        ("hour", {"hourly_stats_aggregated_by_advertiser_time_zone": "09:00:00 - 09:59:59"}, "9"),
        ("placement", {"publisher_platform": "instagram", "platform_position": "story"}, "instagram story"),
        ("product", {"product_id": "SKU-9"}, "SKU-9"),
    ],
)
def test_a_breakdown_says_its_part(books: InsightsAccount, breakdown: str, parts: dict[str, str], part: str) -> None:
    books.meta.delivered("1", START, spend="4", impressions="40", parts=parts)
    books.meta.delivered("1", START, spend="10", impressions="100")
    (found,) = books.account.readings(START, START, breakdown=breakdown)
    assert found.breakdown == (breakdown, part)
    assert found.spend.amount == 4


# Reports


def test_a_report_is_not_read_before_it_is_complete(books: InsightsAccount) -> None:
    found = books.fill(2, 2)
    books.meta.fates = ["lies"]
    assert {(each.ad_id, each.day) for each in books.account.readings(START, START + timedelta(days=1))} == found
    assert len(books.meta.asked(REPORTS)) == 1


@pytest.mark.parametrize("fate", ["fails", "skips", "hangs"])
def test_a_report_that_fails_is_made_of_smaller_ones(books: InsightsAccount, fate: str) -> None:
    found = books.fill(3, 4)
    books.meta.fates = [fate] * 3
    readings = books.account.readings(START, START + timedelta(days=3))
    assert sorted((each.ad_id, each.day) for each in readings) == sorted(found)


def test_a_stalled_report_is_given_up_after_ten_minutes(books: InsightsAccount) -> None:
    books.fill(1, 2)
    books.meta.fates = ["hangs"]
    books.account.readings(START, START + timedelta(days=1))
    assert 600 <= books.time.waited < 700


def test_stalled_reports_end_within_about_an_hour(books: InsightsAccount) -> None:
    books.fill(4, 8)
    books.meta.fates = ["hangs"] * 99
    with pytest.raises(TryLater, match=r"ten minutes|more than an hour"):
        books.account.readings(START, START + timedelta(days=7))
    assert books.time.waited < 4000


def test_a_report_that_crawls_is_given_up_after_an_hour(books: InsightsAccount) -> None:
    books.fill(1, 1)
    books.meta.fates = ["crawls"]
    with pytest.raises(TryLater, match="more than an hour"):
        books.account.readings(START, START)
    assert 3600 <= books.time.waited < 3700


@pytest.mark.parametrize("most", [1, 2, 3, 7, 50])
def test_too_much_data_is_split_by_days_then_ads(books: InsightsAccount, most: int) -> None:
    found = books.fill(5, 3)
    books.meta.most_rows = most
    readings = books.account.readings(START, START + timedelta(days=2))
    assert sorted((each.ad_id, each.day) for each in readings) == sorted(found)


def test_one_ads_day_that_is_too_much_is_a_fault(books: InsightsAccount) -> None:
    books.fill(1, 1)
    books.meta.plays(refusing(100, 1504018, on=REPORTS, times=9))
    with pytest.raises(TryLater, match="smaller"):
        books.account.readings(START, START)


def test_deleted_ads_are_in_the_cut_reports_too(books: InsightsAccount) -> None:
    found = books.fill(4, 1)
    for row in books.meta.living("ads")[:2]:
        row["status"] = "DELETED"
    books.meta.most_rows = 1
    assert {(each.ad_id, each.day) for each in books.account.readings(START, START)} == found


def test_a_month_is_one_report(books: InsightsAccount) -> None:
    books.fill(40, 28)
    assert len(books.account.readings(START, START + timedelta(days=27))) == 40 * 28
    assert len(books.meta.asked(REPORTS)) == 1


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(0, 4000))
def test_no_day_is_asked_for_that_meta_no_longer_has(today: date, back: int) -> None:
    since = today - timedelta(days=back)
    asked = first_reported_day(since, today)
    assert asked >= since
    months = (today.year - asked.year) * 12 + today.month - asked.month - (asked.day > today.day)
    assert months < 37
    assert asked == since or (today - asked).days > 37 * 30


def test_days_beyond_the_wall_are_left_out(books: InsightsAccount) -> None:
    books.fill(1, 1)
    assert len(books.account.readings(date(2019, 1, 1), START)) == 1
    assert books.account.readings(date(2019, 1, 1), date(2019, 2, 1)) == []
