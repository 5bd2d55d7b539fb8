"""Account snapshots and restated insights."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.ads.ad_account import AdInsight
from memory.ads.campaigns import Campaigns, UnknownAd, UnknownAdAccount, angle_of
from memory.storage.errors import NotStorable
from tests.memory.ads.ad_account import ACCOUNT, BRAND, SEEN, TODAY, account, reading, structure
from tests.memory.stores import Stores

SUMMER = ("1", "Summer · security · video")
PRICE = ("2", "Summer · Lowest  Price ·k7q2")
PLAIN = ("3", "Winter ·k7q3")


@pytest.fixture
def campaigns(stores: Stores) -> Campaigns:
    campaigns = Campaigns(stores.db, stores.clock)
    campaigns.store_structure(structure(SUMMER, PRICE, PLAIN))
    return campaigns


def test_a_structure_comes_back_as_it_was_seen(campaigns: Campaigns) -> None:
    assert campaigns.structure(BRAND, ACCOUNT) == structure(SUMMER, PRICE, PLAIN)
    assert campaigns.accounts("other") == []
    with pytest.raises(UnknownAdAccount, match="act_9"):
        campaigns.structure(BRAND, "act_9")


def test_what_is_named_twice_is_one(campaigns: Campaigns) -> None:
    twice = structure(SUMMER, SUMMER, seen_at=SEEN + timedelta(days=1))
    campaigns.store_structure(twice)
    assert campaigns.structure(BRAND, ACCOUNT) == structure(SUMMER, seen_at=twice.seen_at)


def test_what_an_account_no_longer_holds_is_gone_but_known(campaigns: Campaigns) -> None:
    later = structure(SUMMER, seen_at=SEEN + timedelta(days=1))
    campaigns.store_structure(later)
    assert campaigns.structure(BRAND, ACCOUNT) == later
    assert {ad.ad_id: ad.gone for ad in campaigns.ads(BRAND)} == {"1": False, "2": True, "3": True}
    campaigns.store_structure(structure(SUMMER, PRICE, seen_at=SEEN + timedelta(hours=1)))
    assert campaigns.structure(BRAND, ACCOUNT) == later, "an answer that was long under way changed what is known"
    campaigns.store_structure(structure(SUMMER, PRICE, seen_at=SEEN + timedelta(days=2)))
    assert [ad.ad_id for ad in campaigns.ads(BRAND) if not ad.gone] == ["1", "2"]


def test_an_explicit_angle_wins_over_the_ads_name(campaigns: Campaigns) -> None:
    assert [ad.angle for ad in campaigns.ads(BRAND)] == ["security", "lowest price", "unlabelled"]
    campaigns.label(BRAND, "3", angle="Gifts", landing_page="https://shop.example.com/w", brief={"expect": "20 chats"})
    campaigns.store_structure(structure(SUMMER, PRICE, PLAIN, seen_at=SEEN + timedelta(days=1)))
    winter = campaigns.ads(BRAND)[2]
    assert (winter.angle, winter.landing_page, winter.brief) == (
        "gifts",
        "https://shop.example.com/w",
        {"expect": "20 chats"},
    )
    with pytest.raises(UnknownAd):
        campaigns.label("other", "3", angle="Gifts")


@pytest.mark.parametrize("name", ["", "Summer", " · ", "Summer · ", "Summer ·tok"])
def test_a_name_without_an_angle_is_unlabelled(name: str) -> None:
    assert angle_of(name) == "unlabelled"


def test_the_same_telling_is_stored_once_and_another_supersedes_it(campaigns: Campaigns) -> None:
    first = reading("1", TODAY, spend="99.50")
    again = replace(first, seen_at=SEEN + timedelta(hours=1))
    restated = reading("1", TODAY, spend="101.25", seen_at=SEEN + timedelta(hours=2))
    assert [campaigns.store_readings(BRAND, [each]) for each in (first, again, restated)] == [1, 0, 1]
    assert campaigns.insight_history(BRAND, "1", TODAY) == [first, restated]
    assert campaigns.readings(BRAND, TODAY, TODAY) == [restated]
    assert campaigns.readings(BRAND, TODAY, TODAY, as_of=SEEN + timedelta(hours=1)) == [first]
    assert campaigns.readings(BRAND, TODAY, TODAY, as_of=SEEN - timedelta(seconds=1)) == []
    assert campaigns.store_readings(BRAND, [first]) == 0, "an older answer came late and changed what is known"


def test_not_told_is_not_zero(campaigns: Campaigns) -> None:
    campaigns.store_readings(BRAND, [reading("1", TODAY, chats=None), reading("2", TODAY, chats=0)])
    assert [each.chats for each in campaigns.readings(BRAND, TODAY, TODAY)] == [None, 0]


def test_breakdowns_stand_beside_the_whole(campaigns: Campaigns) -> None:
    parts = [reading("1", TODAY, spend=60, breakdown=("country", country)) for country in ("BR", "IN")]
    campaigns.store_readings(BRAND, [reading("1", TODAY), *parts])
    assert campaigns.readings(BRAND, TODAY, TODAY) == [reading("1", TODAY)]
    assert campaigns.readings(BRAND, TODAY, TODAY, breakdown="country") == parts
    assert campaigns.readings(BRAND, TODAY, TODAY, breakdown="hour") == []


def test_readings_that_contradict_themselves_are_refused_whole(campaigns: Campaigns) -> None:
    wrong = [
        reading("1", TODAY, currency="EUR"),
        reading("1", TODAY, impressions=-1),
        replace(reading("1", TODAY), purchase_value=account(currency="EUR").min_daily_budget),
    ]
    for each in wrong:
        with pytest.raises(NotStorable, match="ad 1 on 2026-11-21"):
            campaigns.store_readings(BRAND, [reading("2", TODAY), each])
    with pytest.raises(UnknownAdAccount):
        campaigns.store_readings(BRAND, [reading("1", TODAY, account_id="act_9")])
    assert campaigns.readings(BRAND, TODAY, TODAY) == []


def test_an_ad_that_no_structure_named_keeps_its_readings(campaigns: Campaigns) -> None:
    campaigns.store_readings(BRAND, [reading("77", TODAY)])
    assert [each.ad_id for each in campaigns.readings(BRAND, TODAY, TODAY)] == ["77"]
    campaigns.store_structure(structure(("77", "Old · gifts"), seen_at=SEEN + timedelta(days=1)))
    assert {ad.ad_id: ad.angle for ad in campaigns.ads(BRAND)}["77"] == "gifts"


def test_young_and_restated_days_are_still_moving(campaigns: Campaigns, stores: Stores) -> None:
    days = [TODAY - timedelta(days=back) for back in (10, 9, 3, 2, 0)]
    campaigns.store_readings(BRAND, [reading("1", day, seen_at=SEEN - timedelta(days=5)) for day in days])
    campaigns.store_readings(BRAND, [reading("1", days[1], spend=120, seen_at=SEEN)])
    told = campaigns.days(BRAND, days[0], TODAY)
    assert list(zip(told.day, told.moving, strict=True)) == list(
        zip(days, [False, True, False, True, True], strict=True)
    )
    stores.clock.pass_by(days=4)
    assert campaigns.days(BRAND, days[0], TODAY).moving == [False] * 5


def test_one_brand_never_sees_anothers_account(campaigns: Campaigns) -> None:
    theirs = account(brand="other")
    campaigns.store_structure(structure(("1", "Theirs · gifts"), of=theirs))
    campaigns.store_readings("other", [reading("1", TODAY, spend=7)])
    assert campaigns.readings(BRAND, TODAY, TODAY) == []
    assert [ad.angle for ad in campaigns.ads("other")] == ["gifts"]
    assert campaigns.days(BRAND, TODAY, TODAY).spend == []


Tellings = list[tuple[str, int, int, int]]  # ad, days back, hour seen, spend
tellings = st.lists(
    st.tuples(st.sampled_from("12"), st.integers(0, 1), st.integers(0, 9), st.integers(0, 3)), max_size=12
)


@given(tellings, st.data())
def test_as_of_returns_the_last_insight_before_that_time(told: Tellings, data: st.DataObject) -> None:
    """In batches of any size, compared with a plain list."""
    told = sorted(told, key=lambda each: each[2])
    cut = data.draw(st.integers(0, len(told)))
    with TemporaryDirectory() as folder:
        stores = Stores(Path(folder) / "hawker.db")
        campaigns = Campaigns(stores.db, stores.clock)
        campaigns.store_structure(structure(SUMMER, PRICE))
        for batch in (told[:cut], told[cut:]):
            campaigns.store_readings(BRAND, [_reading(each) for each in batch])
        for hour in range(-1, 10):
            known = campaigns.readings(BRAND, TODAY - timedelta(days=1), TODAY, as_of=_moment(hour))
            assert {(each.ad_id, each.day): each.spend.amount for each in known} == _expected(told, hour)
            assert len(known) == len(_expected(told, hour)), "two insights of a day hold at once"
        now = campaigns.readings(BRAND, TODAY - timedelta(days=1), TODAY)
        assert {(each.ad_id, each.day): each.spend.amount for each in now} == _expected(told, 9)
        stores.db.close()


def _moment(hour: int) -> datetime:
    return SEEN + timedelta(hours=hour)


def _reading(told: tuple[str, int, int, int]) -> AdInsight:
    ad, back, hour, spend = told
    return reading(ad, TODAY - timedelta(days=back), spend=spend, seen_at=_moment(hour))


def _expected(told: Tellings, hour: int) -> dict[tuple[str, date], int]:
    return {(ad, TODAY - timedelta(days=back)): spend for ad, back, seen, spend in told if seen <= hour}
