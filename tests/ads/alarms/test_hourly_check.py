"""The hourly check on practice accounts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.ads.practice import PracticeAccount
from memory.conversations.turns import Pressure
from tests.ads.shop import AdShop


@pytest.fixture
def shop(tmp_path: Path) -> AdShop:
    shop = AdShop(tmp_path, places=(0,), ads=4)
    shop.agency.first_read()
    return shop


def running(account: PracticeAccount) -> set[str]:
    return {ad.id for ad in account.structure().ads if ad.effective_status == "active"}


def test_a_quiet_hour_changes_nothing(shop: AdShop) -> None:
    before = shop.accounts[0].structure()
    shop.agency.hourly_check.run()
    assert shop.accounts[0].structure().ad_sets == before.ad_sets
    assert shop.heard == []


def test_ads_pause_without_stock_and_resume_with_it(shop: AdShop) -> None:
    account = shop.accounts[0]
    ad = sorted(running(account))[0]
    shop.agency.memory.campaigns.label("voyage", ad, brief={"sku": "SUN-1"})
    before = running(account)
    shop.stocks["SUN-1"] = 0
    shop.clock.pass_by(hours=6)
    shop.agency.hourly_check.run()
    shop.agency.hourly_check.run()
    assert running(account) == before - {ad}
    assert len([text for _brand, text in shop.heard if "SUN-1 is sold out" in text]) == 1
    shop.stocks["SUN-1"] = 9
    shop.agency.hourly_check.run()
    assert running(account) == before
    assert "SUN-1 is in stock again" in shop.heard[-1][1]


def test_while_the_desk_drowns_budgets_are_halved_and_come_back(shop: AdShop) -> None:
    account = shop.accounts[0]
    before = {each.id: each.daily_budget for each in account.structure().ad_sets}
    shop.desk = Pressure(waiting=60, replies=30, slow_reply=timedelta(minutes=20))
    shop.agency.hourly_check.run()
    during = {each.id: each.daily_budget for each in account.structure().ad_sets}
    assert during != before
    assert "The desk can't keep up: 60 customers wait" in shop.heard[0][1]
    shop.desk = Pressure(waiting=0, replies=30, slow_reply=timedelta(seconds=5))
    shop.clock.pass_by(hours=2)
    shop.agency.hourly_check.run()
    assert {each.id: each.daily_budget for each in account.structure().ad_sets} == before


def test_a_notice_is_said_once_and_a_warning_too(shop: AdShop) -> None:
    shop.agency.hourly_check.warn_staff("the API version ends in 60 days")
    shop.agency.hourly_check.warn_staff("the API version ends in 60 days")
    shop.agency.hourly_check.warn_staff(None)
    assert shop.heard == [("voyage", "⚠️ the API version ends in 60 days")]


def test_settling_and_sweeping_find_nothing_in_good_order(shop: AdShop) -> None:
    shop.agency.hourly_check.recover_changes()
    shop.agency.hourly_check.archive_orphans()
    assert shop.heard == []
