"""Attribution of chats, leads and orders, also after erasure and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.money import Money
from memory.ads.attribution import AdSale, Attribution, ChatDay, Cohort, UnknownSale
from memory.ads.campaigns import Campaigns
from memory.ads.figures import AdFigures
from memory.people.address import Referral
from memory.shop.orders import Orders, Quote
from tests.memory.ads.ad_account import ACCOUNT, BRAND, SEEN, TODAY, account, reading, rupees, structure
from tests.memory.stores import Stores

HALF = Decimal("0.5")
PHONES = ("+919876543210", "+34611222333")


class NinetyRupees:
    """One unit of any currency is ninety rupees; nothing else has a rate."""

    def in_currency(self, money: Money, currency: str) -> Money | None:
        return Money(money.amount * 90, currency) if currency == "INR" else None


class AttributedShop:
    """A desk that takes orders, and its attribution."""

    def __init__(self, stores: Stores, **scope: Any) -> None:
        numbers = (f"{letter * 4}-BBBB" for letter in "BCDFGHJKLMNPQRSTVWXZ")
        self.stores = stores
        self.orders = Orders(stores.db, stores.clock, number=lambda: next(numbers))
        self.campaigns = Campaigns(stores.db, stores.clock)
        self.scope = Attribution(stores.db, stores.clock, **scope)
        self.figures = AdFigures(stores.db, self.campaigns, stores.clock)
        self.campaigns.store_structure(structure(("1", "Summer · security"), ("2", "Summer · price")))

    def click(self, ad: str, *, phone: str = PHONES[0], kind: str = "ad", clid: str | None = "c1") -> int:
        """Somebody writes through an ad; their contact's id."""
        message = self.stores.hear("hello", phone=phone)
        contact = self.stores.contacts.find(BRAND, phone)
        raw = {"ReferralSourceId": ad}
        self.stores.contacts.touch(contact.id, BRAND, message, Referral(ad, kind, clid, None, None, None, raw))
        return contact.id

    def order(self, contact_id: int, amount: int = 1000, currency: str = "INR") -> str:
        contact = self.stores.contacts.get(contact_id)
        unit = Money(Decimal(amount), currency)
        quote = Quote("SKU1", "Camera", 1, unit, "in 2 days", self.stores.clock())
        return self.orders.place(contact, quote, self.orders.new_number(), None).number

    def take(self) -> int:
        return self.scope.attribute_desk_sales(BRAND, margin_rate=HALF)

    def sold(self, ad: str, **how: Any) -> Sequence[Cohort]:
        found = self.scope.series(BRAND, ACCOUNT, TODAY - timedelta(days=60), TODAY + timedelta(days=60), **how)
        return found[ad].orders if ad in found else ()


@pytest.fixture
def shop(stores: Stores) -> AttributedShop:
    return AttributedShop(stores)


def test_orders_count_by_ad_chat_day_and_age(shop: AttributedShop) -> None:
    contact = shop.click("1")
    shop.stores.clock.pass_by(days=3)
    shop.order(contact)
    assert shop.take() == 2
    assert shop.take() == 0
    assert shop.sold("1") == (Cohort(TODAY, 3, 1, Decimal("500.00")),)
    assert shop.scope.series(BRAND, ACCOUNT, TODAY, TODAY)["1"].chats == {TODAY: 1}
    assert shop.scope.series("other", ACCOUNT, TODAY, TODAY) == {}


def test_first_and_last_touch_may_be_different_ads(shop: AttributedShop) -> None:
    shop.click("1")
    shop.stores.clock.pass_by(days=2)
    contact = shop.click("2", clid="c2")
    shop.order(contact)
    shop.take()
    assert [each.age for each in shop.sold("2")] == [0]
    assert shop.sold("1") == ()
    assert [each.age for each in shop.sold("1", touch="first")] == [2]


def test_an_organic_post_is_no_ad(shop: AttributedShop) -> None:
    contact = shop.click("1", kind="post")
    shop.order(contact)
    assert shop.take() == 0
    assert shop.sold("1") == ()


def test_the_day_is_that_of_the_ads_account(shop: AttributedShop) -> None:
    shop.stores.clock.now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)  # half past one at night in Kolkata
    shop.click("1")
    shop.take()
    assert list(shop.scope.series(BRAND, ACCOUNT, TODAY, TODAY + timedelta(days=1))["1"].chats) == [date(2026, 11, 22)]


def test_the_same_person_is_one_chat_a_day(shop: AttributedShop) -> None:
    shop.click("1")
    shop.click("1")
    shop.take()
    shop.click("1")
    shop.click("1", phone=PHONES[1])
    shop.take()
    shop.stores.clock.pass_by(days=1)
    shop.click("1")
    shop.take()
    chats = shop.scope.series(BRAND, ACCOUNT, TODAY, TODAY + timedelta(days=1))["1"].chats
    assert chats == {TODAY: 2, TODAY + timedelta(days=1): 1}


def test_what_is_cancelled_or_returned_is_taken_off_again(shop: AttributedShop) -> None:
    contact = shop.click("1")
    numbers = [shop.order(contact) for _ in range(3)]
    shop.take()
    shop.orders.move(BRAND, numbers[0], "cancelled", "customer")
    shop.orders.move(BRAND, numbers[1], "delivered", "staff")
    assert shop.take() == 2
    assert [each.count for each in shop.sold("1")] == [2]
    shop.scope.move(BRAND, numbers[1], "returned")
    assert shop.take() == 0, "the desk knows no returns, and must not undo one"
    assert shop.sold("1") == (Cohort(TODAY, 0, 1, Decimal("500.00")),)
    with pytest.raises(UnknownSale):
        shop.scope.move("other", numbers[2], "paid")


def test_a_referral_from_an_unknown_ad_is_listed(shop: AttributedShop) -> None:
    contact = shop.click("999")
    shop.order(contact)
    shop.take()
    [unknown] = shop.scope.unknown(BRAND)
    assert (unknown.ad_id, unknown.chats, unknown.orders, unknown.first_day) == ("999", 1, 1, TODAY)
    assert shop.scope.unknown("other") == []
    shop.campaigns.store_structure(structure(("999", "Old · gifts"), seen_at=SEEN + timedelta(days=1)))
    assert shop.scope.unknown(BRAND) == []
    assert len(shop.sold("999")) == 1


def test_money_is_converted_by_a_rate_or_stays_apart(stores: Stores) -> None:
    shop = AttributedShop(stores)
    shop.order(shop.click("1"), 10, "EUR")
    shop.take()
    found = shop.scope.series(BRAND, ACCOUNT, TODAY, TODAY)["1"]
    assert found.orders == (Cohort(TODAY, 0, 1, Decimal(0)),)
    assert found.elsewhere == (Money(Decimal("5.00"), "EUR"),)


def test_a_known_rate_brings_a_sale_into_the_accounts_currency(stores: Stores) -> None:
    shop = AttributedShop(stores, rates=NinetyRupees())
    shop.order(shop.click("1"), 10, "EUR")
    shop.take()
    assert shop.sold("1") == (Cohort(TODAY, 0, 1, Decimal("450.00")),)


def test_a_chat_that_asks_the_price_becomes_a_lead(shop: AttributedShop) -> None:
    shop.click("1")
    message = shop.stores.hear("how much is it?")
    shop.click("2", phone=PHONES[1])
    shop.take()
    shop.stores.db.run("UPDATE messages SET message_type = 'pricing_discount' WHERE id = :id", id=message)
    shop.take()
    shop.stores.clock.pass_by(days=1)
    assert {line.key: line.leads for line in shop.figures.of(BRAND, "ad", 1)} == {"1": 1, "2": 0}


def test_an_erased_person_leaves_figures_and_nothing_else(shop: AttributedShop) -> None:
    contact = shop.click("1")
    shop.order(contact)
    shop.order(contact)
    shop.take()
    shop.stores.contacts.erase(contact)
    rows = shop.stores.db.all("SELECT * FROM ad_sales") + shop.stores.db.all("SELECT * FROM ad_chats")
    assert {row["contact_id"] for row in rows} == {None}
    assert {row.get("number") or row.get("touch_id") for row in rows} == {None}
    assert shop.take() == 0
    assert [each.count for each in shop.sold("1")] == [2]
    [won] = shop.figures.lifetime(BRAND, "ad")
    assert (won.buyers, won.returned, won.orders) == (1, 1, 2)


def test_two_contacts_that_were_one_person_are_one_customer(shop: AttributedShop) -> None:
    shop.order(shop.click("1"))
    shop.order(shop.click("1", phone=PHONES[1]))
    shop.take()
    kept, other = (shop.stores.contacts.find(BRAND, phone).id for phone in PHONES)
    shop.stores.contacts.join(kept, other)
    [won] = shop.figures.lifetime(BRAND, "ad")
    assert (won.buyers, won.returned, won.orders) == (1, 1, 2)
    assert shop.take() == 0


def test_figures_are_those_of_whole_days_in_the_accounts_currency(shop: AttributedShop) -> None:
    yesterday = TODAY - timedelta(days=1)
    shop.campaigns.store_readings(
        BRAND,
        [
            reading("1", yesterday, spend=300, chats=12),
            reading("1", yesterday - timedelta(days=5), spend=700),
            reading("1", TODAY, spend=5000),
            reading("2", yesterday, spend=100, chats=None),
        ],
    )
    shop.scope.store_chats(BRAND, [ChatDay("1", yesterday, 10, 4)])
    shop.scope.store_sales(
        BRAND,
        [
            AdSale(f"N{n}", "1", yesterday, datetime(2026, 11, 20, 12, tzinfo=UTC), rupees(900), rupees(400))
            for n in range(2)
        ],
    )
    first, second = shop.figures.of(BRAND, "ad", 1)
    assert (first.key, first.spend, first.chats, first.platform_chats, first.leads) == (
        "1",
        rupees("300.00"),
        10,
        12,
        4,
    )
    assert (first.orders, first.revenue, first.profit) == (2, rupees("1800.00"), rupees("500.00"))
    assert (first.roas, first.cost_per_chat, first.cpc) == (Decimal(6), rupees(25), rupees(10))
    assert (first.ctr, first.chat_to_order, first.moving) == (0.03, 0.2, True)
    assert (second.platform_chats, second.cost_per_chat, second.roas) == (None, None, Decimal(0))
    [week] = shop.figures.of(BRAND, "account", 7)
    assert (week.spend, week.since, week.until) == (rupees("1100.00"), TODAY - timedelta(days=7), yesterday)
    assert [line.key for line in shop.figures.of(BRAND, "angle", 7)] == ["security", "price"]
    assert shop.figures.of("other", "ad", 30) == []


def test_two_currencies_are_two_lines(shop: AttributedShop) -> None:
    euros = account("act_2", currency="EUR", zone="Europe/Madrid")
    shop.campaigns.store_structure(structure(("9", "Verano · security"), of=euros))
    yesterday = TODAY - timedelta(days=1)
    shop.campaigns.store_readings(
        BRAND,
        [reading("1", yesterday), reading("9", yesterday, spend=20, account_id="act_2", currency="EUR")],
    )
    lines = shop.figures.of(BRAND, "angle", 7)
    assert [(line.key, line.spend.currency, int(line.spend.amount)) for line in lines] == [
        ("security", "INR", 100),
        ("security", "EUR", 20),
    ]


def test_segments_are_what_is_really_known(shop: AttributedShop) -> None:
    indian, spanish = (shop.click("1", phone=phone) for phone in PHONES)
    shop.order(indian)
    shop.order(spanish, 10, "EUR")
    shop.order(spanish)
    shop.stores.contacts.set_profile(spanish, language="es")
    shop.take()

    def of(by: Any) -> list[tuple[str, int | None, int]]:
        return [(each.value, each.chats, each.orders) for each in shop.figures.segments(BRAND, by, TODAY, TODAY)]

    assert of("country") == [("ES", 1, 2), ("IN", 1, 1)]
    assert of("language") == [("es", 1, 2), ("unknown", 1, 1)]
    assert of("product") == [("SKU1", None, 3)]
    assert of("returning") == [("new", 2, 2), ("returning", 0, 1)]
    assert of("hour") == [("17", 2, 3)]
    spain = shop.figures.segments(BRAND, "country", TODAY, TODAY)[0]
    assert [money.currency for money in spain.revenue] == ["EUR", "INR"]


def test_lifetime_is_of_the_ad_that_won_the_customer(shop: AttributedShop) -> None:
    contact = shop.click("1")
    shop.order(contact)
    shop.stores.clock.pass_by(days=10)
    shop.click("2")
    shop.order(contact)
    shop.order(shop.click("2", phone=PHONES[1]))
    shop.take()
    security, price = shop.figures.lifetime(BRAND, "angle")
    assert (security.key, security.buyers, security.returned, security.orders) == ("security", 1, 1, 2)
    assert security.margin == (rupees("1000.00"),)
    assert (price.key, price.buyers, price.return_rate) == ("price", 1, 0.0)


def test_a_practice_buyer_belongs_to_the_first_orders_ad(shop: AttributedShop) -> None:
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    later = at + timedelta(days=9)
    sales = [
        AdSale("N2", "2", later.date(), later, rupees(500), rupees(200), buyer="b"),
        AdSale("N1", "1", at.date(), at, rupees(900), rupees(400), buyer="b"),
    ]
    shop.scope.store_sales(BRAND, sales)
    [won] = shop.figures.lifetime(BRAND, "ad")
    assert (won.key, won.buyers, won.returned, won.revenue) == ("1", 1, 1, (rupees("1400.00"),))


steps = st.lists(
    st.tuples(st.sampled_from(["ordered", "paid", "cancelled", "returned"]), st.integers(0, 3)), max_size=8
)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 90)), max_size=12), steps)
def test_the_book_adds_up(sold: list[tuple[int, int, int]], moves: list[tuple[Any, int]]) -> None:
    """The cohorts hold exactly what is neither cancelled nor returned."""
    with TemporaryDirectory() as folder:
        shop = AttributedShop(Stores(Path(folder) / "hawker.db"))
        numbers = count()
        margins: dict[str, int] = {}
        for back, age, margin in sold:
            number, day = f"N{next(numbers)}", TODAY - timedelta(days=back)
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=age)
            sale = AdSale(number, "1", day, at, rupees(100), rupees(margin))
            shop.scope.store_sales(BRAND, [sale, sale])
            margins[number] = margin
        for state, which in moves:
            if f"N{which}" in margins:
                shop.scope.move(BRAND, f"N{which}", state)
        last = {f"N{which}": state for state, which in moves}
        kept = {
            number: margin for number, margin in margins.items() if last.get(number) not in ("cancelled", "returned")
        }
        cohorts = shop.sold("1")
        assert sum(each.count for each in cohorts) == len(kept)
        assert sum(each.margin for each in cohorts) == sum(kept.values())
        shop.stores.db.close()
