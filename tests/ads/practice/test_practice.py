from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.platform import RequestWrong, TryLater
from bot.ads.practice import DecisionsFile, PracticeAccount, PracticeClock, PracticeSpec, PracticeWrong, read_practice
from bot.language.money import Money
from memory.ads.ad_account import NewAd, NewAdSet, NewCampaign, NewCreative
from tests.memory.stores import TestClock

ROSTER = Path(__file__).parents[3] / "data" / "practice.toml"
BEGUN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def spec() -> PracticeSpec:
    """Small, so that sixty days are played quickly."""
    return replace(read_practice(ROSTER)[0], ads=6, daily_budget=Decimal(3000))


@pytest.fixture
def clock() -> TestClock:
    return TestClock(BEGUN)


@pytest.fixture
def opened(tmp_path: Path, spec: PracticeSpec, clock: TestClock) -> Callable[[], PracticeAccount]:
    """The same account, as each process opens it."""
    return lambda: PracticeAccount(spec, DecisionsFile(tmp_path / "practice.db"), clock, BEGUN)


def spent(account: PracticeAccount, day: date) -> Decimal:
    return sum((reading.spend.amount for reading in account.readings(day, day)), Decimal(0))


def test_the_roster_has_23_accounts_with_a_cap_each() -> None:
    specs = read_practice(ROSTER)
    assert len(specs) == 23
    assert all(each.daily_cap >= each.daily_budget * Decimal("1.75") for each in specs)


def test_a_wrong_roster_names_the_account(tmp_path: Path) -> None:
    wrong = tmp_path / "practice.toml"
    wrong.write_text('[[accounts]]\nid = "9001"\n')
    with pytest.raises(PracticeWrong, match=r"account 1 \(9001\)"):
        read_practice(wrong)


def test_sixty_days_are_there_from_the_start(opened: Callable[[], PracticeAccount]) -> None:
    days = {reading.day for reading in opened().readings(date(2026, 1, 1), date(2026, 12, 31))}
    assert {date(2026, 9, 22), date(2026, 11, 20)} <= days
    assert min(days) == date(2026, 9, 22)


def test_two_processes_see_one_market(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    one, other = opened(), opened()
    ad_set = one.structure().ad_sets[0]
    one.set_budget("ad_set", ad_set.id, Money(Decimal(900), "INR"))
    clock.pass_by(days=5)
    other.set_status("campaign", ad_set.campaign_id, "paused")
    clock.pass_by(days=5)
    late = opened()
    assert one.sales(date(2026, 9, 1)) == other.sales(date(2026, 9, 1)) == late.sales(date(2026, 9, 1))
    assert one.structure() == late.structure()


def test_a_file_of_version_0_1_0_goes_on(opened: Callable[[], PracticeAccount], tmp_path: Path) -> None:
    account = opened()
    made = account.create(NewCampaign("Summer", "sales"), "k7Q2")
    account.set_status("campaign", made, "active")
    with closing(sqlite3.connect(tmp_path / "practice.db")) as file:
        file.execute("UPDATE decisions SET value = upper(value) WHERE field = 'status'")
        file.execute("UPDATE decisions SET value = replace(value, 'sales', 'OUTCOME_SALES') WHERE field = 'made'")
        file.execute("PRAGMA user_version = 0")
        file.commit()
    read = next(each for each in opened().structure().campaigns if each.id == made)
    assert (read.objective, read.status) == ("sales", "active")
    opened().set_status("campaign", made, "paused")
    assert next(each for each in opened().structure().campaigns if each.id == made).status == "paused"


def test_a_paused_account_spends_nothing_from_then_on(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    for campaign in account.structure().campaigns:
        account.set_status("campaign", campaign.id, "paused")
    clock.pass_by(days=3)
    assert spent(account, date(2026, 11, 22)) == 0
    assert spent(account, date(2026, 11, 20)) > 0


def test_pausing_at_noon_leaves_the_morning_spent(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    clock.pass_by(hours=5)
    for campaign in account.structure().campaigns:
        account.set_status("campaign", campaign.id, "paused")
    clock.pass_by(days=3)
    assert 0 < spent(account, date(2026, 11, 21)) < spent(account, date(2026, 11, 20))


def test_more_budget_brings_more_chats(opened: Callable[[], PracticeAccount], clock: TestClock, tmp_path: Path) -> None:
    account = opened()
    for ad_set in account.structure().ad_sets:
        account.set_budget("ad_set", ad_set.id, Money(Decimal(2500), "INR"))
    clock.pass_by(days=8)
    before = account.readings(date(2026, 11, 14), date(2026, 11, 20))
    after = account.readings(date(2026, 11, 22), date(2026, 11, 28))
    assert sum(each.chats or 0 for each in after) > sum(each.chats or 0 for each in before)


def test_a_day_is_told_differently_until_it_settles(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    first = spent(account, date(2026, 11, 20))
    clock.pass_by(days=4)
    assert spent(account, date(2026, 11, 20)) > first


def test_the_shop_counts_the_chats_that_carried_their_referral(opened: Callable[[], PracticeAccount]) -> None:
    account = opened()
    counted = account.chats(date(2026, 11, 1))
    told = account.readings(date(2026, 11, 1), date(2026, 11, 20))
    assert {each.day for each in counted} == {each.day for each in told}
    assert sum(each.chats for each in counted) < sum(each.chats or 0 for each in told)
    assert all(0 <= each.leads <= each.chats for each in counted)


def test_some_customers_buy_again(opened: Callable[[], PracticeAccount]) -> None:
    sold = opened().sales(date(2026, 9, 1))
    buyers = {sale.buyer for sale in sold}
    assert 0.7 * len(sold) < len(buyers) < len(sold)


def test_a_new_ad_is_paused_and_found_by_its_token(opened: Callable[[], PracticeAccount]) -> None:
    account = opened()
    campaign = account.create(NewCampaign("Winter"), "k7Q2")
    ad_set = account.create(NewAdSet(campaign, "Winter", Money(Decimal(500), "INR"), {}), "k7Q3")
    creative = account.create(NewCreative("Winter", "Body", "Headline", "hash", "Hello"), "k7Q4")
    ad = account.create(NewAd(ad_set, creative, "Winter · style · image"), "k7Q5")
    assert account.find("ad", "k7Q5") == [ad]
    assert account.find("ad", "k7Q4") == []
    made = next(each for each in account.structure().ads if each.id == ad)
    assert made.status == "paused"


def test_what_a_colleague_does_is_told_apart(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    ad_set = account.structure().ad_sets[0]
    account.edit_by_hand("Ana", "ad_set", ad_set.id, "budget", "70000")
    account.set_status("ad_set", ad_set.id, "paused")
    told = account.activities(BEGUN)
    assert [(each.actor, each.ours, each.what) for each in told] == [
        ("Ana", False, "budget"),
        ("Hawker", True, "status"),
    ]
    assert [each.after for each in told] == ["700.00", "paused"]
    assert [each.before for each in told] == [str(ad_set.daily_budget and ad_set.daily_budget.amount), "active"]
    assert account.structure().ad_sets[0].daily_budget == Money(Decimal(700), "INR")


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [(Money(Decimal(1), "INR"), "least daily budget"), (Money(Decimal(900), "EUR"), "pays in INR")],
)
def test_a_budget_that_cannot_be(opened: Callable[[], PracticeAccount], amount: Money, sentence: str) -> None:
    account = opened()
    with pytest.raises(RequestWrong, match=sentence):
        account.set_budget("ad_set", account.structure().ad_sets[0].id, amount)


def test_a_fifth_change_within_the_hour_waits(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    ad_set = account.structure().ad_sets[0]
    for amount in (600, 700, 800, 900):
        account.set_budget("ad_set", ad_set.id, Money(Decimal(amount), "INR"))
    with pytest.raises(TryLater) as refused:
        account.set_budget("ad_set", ad_set.id, Money(Decimal(950), "INR"))
    assert refused.value.until == BEGUN + timedelta(hours=1)


def test_the_spend_rule_works_without_us(opened: Callable[[], PracticeAccount], clock: TestClock) -> None:
    account = opened()
    account.guard_spend(Money(Decimal(600), "INR"))
    clock.pass_by(hours=12)
    assert {campaign.status for campaign in account.structure().campaigns} == {"paused"}


def test_an_account_without_ads_is_empty_and_well(spec: PracticeSpec, tmp_path: Path, clock: TestClock) -> None:
    account = PracticeAccount(replace(spec, ads=0), DecisionsFile(tmp_path / "practice.db"), clock, BEGUN)
    assert account.readings(date(2026, 9, 1), date(2026, 11, 21)) == []
    assert account.structure().ads == ()


def test_practice_time_stands_still_while_nobody_ticks(tmp_path: Path) -> None:
    real = TestClock(BEGUN)
    clock = PracticeClock(DecisionsFile(tmp_path / "practice.db"), real, days_per_hour=4)
    real.pass_by(seconds=15)
    clock.tick()
    assert clock() - BEGUN == timedelta(minutes=24)
    real.pass_by(hours=9)
    clock.start()
    assert clock() - BEGUN == timedelta(minutes=24)
    clock.skip(timedelta(days=1))
    assert clock() - BEGUN == timedelta(days=1, minutes=24)
