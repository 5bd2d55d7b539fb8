"""Daily figures agree with the figures of single periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.language.money import Money
from memory.ads.attribution import AdSale, Attribution, ChatDay, State
from memory.ads.campaigns import Campaigns
from memory.ads.daily_figures import Daily, daily
from memory.ads.figures import AdFigures, Figures
from tests.memory.ads.ad_account import BRAND, TODAY, account, reading, structure
from tests.memory.stores import Stores

EUROS = account("act_2", currency="EUR", zone="Pacific/Kiritimati")
OTHERS = account("act_3", brand="optics")


@pytest.fixture
def filled(stores: Stores) -> Stores:
    """Forty days of two accounts whose days differ, and of another brand's."""
    campaigns, attribution = Campaigns(stores.db, stores.clock), Attribution(stores.db, stores.clock)
    campaigns.store_structure(structure(("1", "Summer · security · video"), ("2", "Winter · price · image")))
    campaigns.store_structure(structure(("3", "Sale · gift · image"), of=EUROS))
    campaigns.store_structure(structure(("9", "Theirs · gift · image"), of=OTHERS))
    days = [TODAY - timedelta(days=back) for back in range(41)]
    for ad, of in (("1", account()), ("2", account()), ("3", EUROS), ("9", OTHERS)):
        campaigns.store_readings(
            of.brand,
            [reading(ad, day, account_id=of.id, currency=of.currency, spend=100 + 7 * n + int(ad), chats=5 + n % 3)
             for n, day in enumerate(days)],
        )  # fmt: skip
        attribution.store_chats(of.brand, [ChatDay(ad, day, 4 + n % 5, n % 2) for n, day in enumerate(days)])
        attribution.store_sales(of.brand, [_sale(ad, day, of.currency, n) for n, day in enumerate(days)])
    return stores


def _sale(ad: str, day: date, currency: str, n: int) -> AdSale:
    state: State = "cancelled" if n % 4 == 3 else "paid"
    value = Money(Decimal(300 + n), currency)
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return AdSale(f"{ad}-{n}", ad, day, at, value, Money(Decimal(100 + n), currency), state, day=day)


def _read(stores: Stores, days: int, account_id: str | None = None, apart: bool = True) -> Daily:
    return daily(
        stores.db, Campaigns(stores.db, stores.clock), stores.clock, BRAND, days, account_id=account_id, apart=apart
    )


def _figures(stores: Stores) -> AdFigures:
    return AdFigures(stores.db, Campaigns(stores.db, stores.clock), stores.clock)


@pytest.mark.parametrize("period", [1, 7, 30])
def test_a_stretch_of_days_is_what_the_figures_say(filled: Stores, period: int) -> None:
    figures = _figures(filled)
    accounts, campaigns = figures.of(BRAND, "account", period), figures.of(BRAND, "campaign", period)
    assert (len(accounts), len(campaigns)) == (2, 3)
    assert _read(filled, 30).last(period, "campaign") == campaigns
    assert _read(filled, 30).last(period, "account") == accounts
    assert _read(filled, 30, apart=False).last(period, "account") == accounts


def test_currencies_are_never_added(filled: Stores) -> None:
    lines = _read(filled, 7).last(7)
    assert {line.currency for line in lines} == {"INR", "EUR"}
    assert sum(line.spend.amount for line in lines if line.currency == "EUR") == sum(
        Decimal(103 + 7 * n) for n in _places_of_the_last_week(filled)
    )


def _places_of_the_last_week(stores: Stores) -> range:
    """At the tests' noon in London it is tomorrow on Kiritimati: today is its yesterday."""
    assert Campaigns(stores.db, stores.clock).today(BRAND)["act_2"] == TODAY + timedelta(days=1)
    return range(7)


def test_days_and_the_week_before_add_up(filled: Stores) -> None:
    read = _read(filled, 14)
    whole = {line.currency: line for line in read.last(14)}
    parts = [line for line in (*read.last(7), *read.last(7, back=7)) if line.currency == "INR"]
    days = [line for line in read.days() if line.currency == "INR"]
    for lines in (parts, days):
        assert sum(line.spend.amount for line in lines) == whole["INR"].spend.amount
        assert sum(line.orders for line in lines) == whole["INR"].orders
    assert [line.until for line in days] == sorted(line.until for line in days)
    assert len(days) == 14


def test_one_account_and_one_campaign_alone(filled: Stores) -> None:
    whole = _read(filled, 7)

    def names(lines: list[Figures]) -> set[str]:
        return {line.name for line in lines}

    assert names(whole.only(account_id="act_1").last(7, "campaign")) == {"Summer", "Winter"}
    assert names(whole.only(campaign_id="c-2").last(7, "campaign")) == {"Winter"}
    assert _read(filled, 7, account_id="act_2").rows == whole.only(account_id="act_2").rows


def test_another_brands_days_are_not_read(filled: Stores) -> None:
    assert "act_3" not in {row.account_id for row in _read(filled, 30).rows}
    assert daily(filled.db, Campaigns(filled.db, filled.clock), filled.clock, "nobody", 30).rows == ()
