"""Practice customers come through a practice ad and really buy at the desk."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.practice import DecisionsFile, PracticeAccount, SimulatedCustomers, read_practice
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from tests.world import MovableClock, World


@pytest.fixture
def account(tmp_path: Path, clock: MovableClock) -> PracticeAccount:
    spec = read_practice(Path(__file__).parents[2] / "data" / "practice.toml")[7]
    return PracticeAccount(replace(spec, ads=4), DecisionsFile(tmp_path / "practice.db"), clock, clock())


@pytest.fixture
def shoppers(shop: World, account: PracticeAccount, clock: MovableClock) -> SimulatedCustomers:
    return SimulatedCustomers(shop.twilio, [account], shop.memory.goods, clock, per_hour=60, seed=3)


def test_some_of_them_buy_and_the_ad_is_known(
    shop: World, shoppers: SimulatedCustomers, account: PracticeAccount, clock: MovableClock
) -> None:
    for _ in range(40):
        clock.passes(seconds=30)
        shoppers.tick()
        shop.settled()
    campaigns, attribution = Campaigns(shop.memory.db, clock), Attribution(shop.memory.db, clock)
    campaigns.store_structure(account.structure())
    attribution.attribute_desk_sales("voyage", margin_rate=Decimal("0.3"))
    today = campaigns.today("voyage")[account.spec.id]
    series = attribution.series("voyage", account.spec.id, today, today)
    assert sum(sum(ad.chats.values()) for ad in series.values()) >= 5
    assert sum(cohort.count for ad in series.values() for cohort in ad.orders) >= 1
    assert attribution.unknown("voyage") == []


def test_who_gets_no_answer_leaves(shop: World, shoppers: SimulatedCustomers, clock: MovableClock) -> None:
    shop.program.worker.stop()
    clock.passes(minutes=1)
    shoppers.tick()
    first = set(shop.twilio.chats.people)
    for _ in range(3):
        clock.passes(minutes=4)
        shoppers.tick()
    assert len(set(shop.twilio.chats.people) - first) >= 2


def test_where_no_ad_runs_nobody_comes(
    shop: World, shoppers: SimulatedCustomers, account: PracticeAccount, clock: MovableClock
) -> None:
    for campaign in account.structure().campaigns:
        account.set_status("campaign", campaign.id, "paused")
    before = set(shop.twilio.chats.people)
    clock.passes(minutes=2)
    shoppers.tick()
    assert set(shop.twilio.chats.people) == before
