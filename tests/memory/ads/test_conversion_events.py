"""Each event is sent once, or the reason is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.language.money import Money
from memory.ads.ad_account import EventOutcome
from memory.ads.conversion_events import ConversionEvents
from tests.memory.ads.ad_account import ACCOUNT, BRAND, TODAY, reading
from tests.memory.ads.test_attribution import PHONES, AttributedShop
from tests.memory.stores import Stores


@pytest.fixture
def shop(stores: Stores) -> AttributedShop:
    return AttributedShop(stores)


@pytest.fixture
def events(stores: Stores) -> ConversionEvents:
    return ConversionEvents(stores.db, stores.clock)


def told(events: ConversionEvents, number: str) -> list[tuple[str, str]]:
    return [(each.name, each.state) for each in events.of_order(BRAND, number)]


def test_a_sale_is_told_once(shop: AttributedShop, events: ConversionEvents, stores: Stores) -> None:
    number = shop.order(shop.click("1", clid="ARAk"))
    shop.take()
    assert [events.plan(BRAND), events.plan(BRAND)] == [1, 0]
    [event] = events.claim(BRAND, ACCOUNT)
    assert (event.name, event.clid, event.value) == ("Purchase", "ARAk", Money(Decimal("1000.00"), "INR"))
    assert event.at == stores.clock()
    assert ConversionEvents(stores.db, stores.clock).claim(BRAND, ACCOUNT) == []
    assert told(events, number) == [("Purchase", "sent")]
    events.settle(BRAND, [EventOutcome(event.id, True, "")])
    events.settle(BRAND, [EventOutcome(event.id, False, "the answer to somebody's second call")])
    assert events.plan(BRAND) == 0
    assert events.counts(BRAND) == {"accepted": 1}
    assert events.counts("other") == {}


def test_several_that_report_at_once_hand_out_each_event_once(shop: AttributedShop, stores: Stores) -> None:
    for n in range(12):
        shop.order(shop.click("1", phone=f"+9198765432{n:02d}"))
    shop.take()

    def report(_: int) -> list[str]:
        mine = ConversionEvents(stores.db, stores.clock)
        mine.plan(BRAND)
        return [event.id for _ in range(4) for event in mine.claim(BRAND, ACCOUNT, most=2)]

    with ThreadPoolExecutor(4) as threads:
        handed = [each for ids in threads.map(report, range(4)) for each in ids]
    assert len(handed) == len(set(handed)) == 12


def test_what_was_certainly_not_sent_is_handed_out_again(shop: AttributedShop, events: ConversionEvents) -> None:
    shop.order(shop.click("1"))
    shop.take()
    events.plan(BRAND)
    handed = events.claim(BRAND, ACCOUNT)
    events.release(handed)
    assert events.claim(BRAND, ACCOUNT) == handed
    events.settle(BRAND, [EventOutcome(handed[0].id, False, "2804087: unknown click id")])
    events.release(handed)
    assert events.claim(BRAND, ACCOUNT) == [], "what was refused came back"


def test_without_a_click_id_no_event_is_sent(shop: AttributedShop, events: ConversionEvents) -> None:
    shop.order(shop.click("1", clid=None))
    shop.order(shop.click("1", clid="", phone=PHONES[1]))
    shop.take()
    assert events.plan(BRAND) == 0


def test_a_cancellation_follows_the_sale_it_takes_back(shop: AttributedShop, events: ConversionEvents) -> None:
    contact = shop.click("1")
    kept, returned, never_told = (shop.order(contact) for _ in range(3))
    shop.orders.move(BRAND, never_told, "cancelled", "customer")
    shop.take()
    events.plan(BRAND)
    shop.orders.move(BRAND, kept, "cancelled", "customer")
    shop.take()
    shop.scope.move(BRAND, returned, "returned")
    assert events.plan(BRAND) == 2
    assert [event.name for event in events.claim(BRAND, ACCOUNT)] == ["Purchase"] * 2 + [
        "OrderCanceled",
        "OrderReturned",
    ]
    assert told(events, never_told) == []
    assert events.plan(BRAND) == 0


def test_more_than_seven_days_after_the_click_is_too_late(
    shop: AttributedShop, events: ConversionEvents, stores: Stores
) -> None:
    contact = shop.click("1")
    stores.clock.pass_by(days=6, hours=23)
    early = shop.order(contact)
    shop.take()
    events.plan(BRAND)
    assert len(events.claim(BRAND, ACCOUNT)) == 1
    stores.clock.pass_by(hours=2)
    late = shop.order(contact)
    shop.take()
    events.plan(BRAND)
    assert events.claim(BRAND, ACCOUNT) == []
    assert (told(events, early), told(events, late)) == ([("Purchase", "sent")], [("Purchase", "too_late")])


def test_the_day_is_reconciled_with_the_sales_that_are_missing(
    shop: AttributedShop, events: ConversionEvents, stores: Stores
) -> None:
    counted = shop.order(shop.click("1", clid="good"))
    refused = shop.order(shop.click("1", clid="bad", phone=PHONES[1]))
    silent = shop.order(shop.click("2", clid=None, phone="+14155550101"))
    shop.take()
    events.plan(BRAND)
    outcomes = [
        EventOutcome(each.id, each.clid == "good", "" if each.clid == "good" else "unknown click id")
        for each in events.claim(BRAND, ACCOUNT)
    ]
    events.settle(BRAND, outcomes)
    assert events.reconciliation(BRAND, ACCOUNT, TODAY).platform is None
    shop.campaigns.store_readings(BRAND, [reading("1", TODAY, purchases=1)])
    found = events.reconciliation(BRAND, ACCOUNT, TODAY)
    assert (found.sold, found.platform) == (3, 1)
    assert [(each.number, each.why) for each in found.uncounted] == [
        (refused, "unknown click id"),
        (silent, "it came without a click id, so it can't be told"),
    ]
    assert counted not in [each.number for each in found.uncounted]
    assert events.reconciliation(BRAND, ACCOUNT, TODAY - timedelta(days=1)).sold == 0


def test_an_erased_person_is_told_of_no_more(shop: AttributedShop, events: ConversionEvents, stores: Stores) -> None:
    contact = shop.click("1", clid="ARAk")
    shop.order(contact)
    shop.take()
    events.plan(BRAND)
    handed = events.claim(BRAND, ACCOUNT)
    shop.order(contact)
    shop.take()
    events.plan(BRAND)
    stores.contacts.erase(contact)
    assert events.claim(BRAND, ACCOUNT) == []
    assert events.plan(BRAND) == 0
    events.settle(BRAND, [EventOutcome(handed[0].id, True, "")])
    assert events.counts(BRAND) == {"accepted": 1}
    [row] = stores.db.all("SELECT * FROM ad_events")
    assert (row["clid"], row["contact_id"]) == ("", None)
