from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.morning.cycle import Morning
from bot.ads.morning.pull import Pull
from bot.ads.practice import DecisionsFile, PracticeAccount, read_practice
from bot.ads.step_results import PullResult
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from tests.ads.shop import AdShop
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

BEGUN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
AUTUMN = (date(2026, 9, 1), date(2026, 12, 31))


@pytest.fixture
def clock() -> TestClock:
    return TestClock(BEGUN)


@pytest.fixture
def account(tmp_path: Path, clock: TestClock) -> PracticeAccount:
    spec = read_practice(Path(__file__).parents[3] / "data" / "practice.toml")[0]
    small = replace(spec, ads=5, daily_budget=Decimal(4000))
    return PracticeAccount(small, DecisionsFile(tmp_path / "practice.db"), clock, BEGUN)


@pytest.fixture
def pull(tmp_path: Path, clock: TestClock) -> Pull:
    db = migrated_database(tmp_path / "hawker.db")
    return Pull(Campaigns(db, clock), Attribution(db, clock))


def pulled(pull: Pull, account: PracticeAccount, clock: TestClock) -> PullResult:
    return pull.pull(Morning("voyage", clock().date(), clock(), account))


def known_sales(pull: Pull, account: PracticeAccount) -> int:
    series = pull.attribution.series("voyage", account.spec.id, *AUTUMN)
    return sum(cohort.count for ad in series.values() for cohort in ad.orders)


def test_memory_holds_what_the_account_says(pull: Pull, account: PracticeAccount, clock: TestClock) -> None:
    pulled(pull, account, clock)
    told = account.readings(*AUTUMN)
    kept = pull.campaigns.readings("voyage", *AUTUMN)
    assert {(each.ad_id, each.day, each.spend) for each in kept} == {
        (each.ad_id, each.day, each.spend) for each in told
    }
    assert {ad.ad_id for ad in pull.campaigns.ads("voyage")} == {ad.id for ad in account.structure().ads}


def test_only_sales_that_carried_their_referral_are_an_ads(
    pull: Pull, account: PracticeAccount, clock: TestClock
) -> None:
    result = pulled(pull, account, clock)
    sold = account.sales(AUTUMN[0])
    kept = [sale for sale in sold if sale.ad_id is not None and sale.returned_at is None]
    assert known_sales(pull, account) == len(kept)
    assert 0 < result.carried < 1


def test_a_step_that_is_done_again_stores_nothing_twice(pull: Pull, account: PracticeAccount, clock: TestClock) -> None:
    pulled(pull, account, clock)
    before = known_sales(pull, account), pull.attribution.series("voyage", account.spec.id, *AUTUMN)
    assert pulled(pull, account, clock).readings == 0
    assert (known_sales(pull, account), pull.attribution.series("voyage", account.spec.id, *AUTUMN)) == before


def test_new_orders_are_added_and_returns_subtracted(pull: Pull, account: PracticeAccount, clock: TestClock) -> None:
    for _ in range(4):
        pulled(pull, account, clock)
        clock.pass_by(days=7)
    pulled(pull, account, clock)
    sold = account.sales(date(2026, 9, 1))
    assert any(sale.returned_at for sale in sold)
    kept = [sale for sale in sold if sale.ad_id is not None and sale.returned_at is None]
    assert known_sales(pull, account) == len(kept)
    chats = {(each.ad_id, each.day): each.chats for each in account.chats(date(2026, 9, 23))}
    series = pull.attribution.series("voyage", account.spec.id, date(2026, 9, 23), date(2026, 12, 31))
    assert {(ad, day): count for ad, one in series.items() for day, count in one.chats.items()} == chats
    assert clock() - BEGUN == timedelta(days=28)


def test_the_hour_brings_the_day_up_to_date_between_mornings(
    pull: Pull, account: PracticeAccount, clock: TestClock
) -> None:
    pulled(pull, account, clock)
    clock.pass_by(hours=20)
    pull.refresh("voyage", account, clock())
    yesterday = date(2026, 11, 21)
    told = {each.ad_id: each.spend for each in account.readings(yesterday, yesterday)}
    assert {each.ad_id: each.spend for each in pull.campaigns.readings("voyage", yesterday, yesterday)} == told
    series = pull.attribution.series("voyage", account.spec.id, yesterday, yesterday)
    assert sum(sum(ad.chats.values()) for ad in series.values()) == sum(each.chats for each in account.chats(yesterday))


def test_unstorable_figures_of_one_account_do_not_block_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = AdShop(tmp_path)
    shop.morning(hours=3)
    india, spain = shop.accounts
    shop.clock.pass_by(hours=24)
    structure = india.structure()
    campaigns = shop.agency.memory.campaigns
    campaigns.store_structure(replace(structure, account=replace(structure.account, currency="USD")))
    shop.agency.each_hour()
    today = shop.clock().date()
    assert {each.account_id for each in campaigns.readings("voyage", today, today)} == {spain.describe().id}
    assert f"ad {structure.ads[0].id} on " in caplog.text
