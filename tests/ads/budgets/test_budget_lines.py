from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.budgets.ad_history import check
from bot.ads.budgets.budget_lines import BudgetLine, budget_lines
from bot.ads.morning.cycle import Morning
from bot.ads.morning.pull import Pull
from bot.ads.practice import DecisionsFile, PracticeAccount, read_practice
from bot.language.money import Money
from memory.ads.ad_account import Ad, AdAccount, AdInsight, AdSet, Campaign, Structure
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from memory.storage.database import Database
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

BEGUN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.fixture
def clock() -> TestClock:
    return TestClock(BEGUN)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return migrated_database(tmp_path / "hawker.db")


@pytest.fixture
def account(tmp_path: Path, clock: TestClock) -> PracticeAccount:
    spec = read_practice(Path(__file__).parents[3] / "data" / "practice.toml")[0]
    small = replace(spec, ads=5, daily_budget=Decimal(4000))
    return PracticeAccount(small, DecisionsFile(tmp_path / "practice.db"), clock, BEGUN)


def read(db: Database, clock: TestClock, account: PracticeAccount) -> list[BudgetLine]:
    campaigns, attribution = Campaigns(db, clock), Attribution(db, clock)
    Pull(campaigns, attribution).pull(Morning("voyage", TODAY, clock(), account))
    return budget_lines(campaigns, attribution, "voyage", account.spec.id, TODAY)


def test_every_ad_set_is_a_line_with_its_ads_history(db: Database, clock: TestClock, account: PracticeAccount) -> None:
    found = read(db, clock, account)
    assert [line.id for line in found] == sorted(each.id for each in account.structure().ad_sets)
    told = account.readings(date(2026, 9, 1), TODAY - timedelta(days=1))
    assert sum(day.spend for line in found for day in line.ad.days) == sum(each.spend.amount for each in told)
    sold = [sale for sale in account.sales(date(2026, 9, 1)) if sale.ad_id and not sale.returned_at]
    before_today = [sale for sale in sold if sale.ordered_at.astimezone(account._zone).date() < TODAY]
    assert sum(row.count for line in found for row in line.ad.orders) == len(before_today)


def test_the_deciding_finds_no_contradiction_in_it(db: Database, clock: TestClock, account: PracticeAccount) -> None:
    check([line.ad for line in read(db, clock, account)], TODAY)


def test_what_is_paused_does_not_run(db: Database, clock: TestClock, account: PracticeAccount) -> None:
    ad = account.structure().ads[0]
    account.set_status("ad", ad.id, "paused")
    states = {line.id: line.ad.state for line in read(db, clock, account)}
    assert states[ad.ad_set_id] == "paused"


def test_a_campaign_that_holds_the_budget_is_the_line(db: Database, clock: TestClock) -> None:
    whole = Money(Decimal(900), "INR")
    account = AdAccount("act_1", "voyage", "A", "INR", "Asia/Kolkata", "active", Money(Decimal(90), "INR"))
    structure = Structure(
        account=account,
        campaigns=(Campaign("c", "act_1", "Summer", "sales", "active", "active", whole, BEGUN),),
        ad_sets=tuple(AdSet(f"s{n}", "act_1", "c", f"Set {n}", "active", "active", None) for n in (1, 2)),
        creatives=(),
        ads=tuple(Ad(f"a{n}", "act_1", f"s{n}", "k", f"Summer · angle {n}", "active", "active") for n in (1, 2)),
        seen_at=BEGUN,
    )
    campaigns = Campaigns(db, clock)
    campaigns.store_structure(structure)
    day = TODAY - timedelta(days=1)
    spends = {"a1": 100, "a2": 300}
    campaigns.store_readings(
        "voyage",
        [
            AdInsight("act_1", ad, day, BEGUN, Money(Decimal(spend), "INR"), 1000, 50, None)
            for ad, spend in spends.items()
        ],
    )
    (line,) = budget_lines(campaigns, Attribution(db, clock), "voyage", "act_1", TODAY)
    assert (line.kind, line.id, line.budget, line.ad_ids) == ("campaign", "c", whole, ("a1", "a2"))
    assert line.ad.days[0].spend == 400
    assert line.ad.angle == "angle 2"
