"""A sale at the desk reaches the platform once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from bot.ads.platform import AdsFault, NotAuthorised, OutcomeUnknown, PlatformAccount, RequestWrong, TryLater
from bot.ads.practice import PracticeAccount
from bot.ads.sales_feedback import Feedback
from bot.language.money import Money
from memory.ads.ad_account import BusinessEvent, EventOutcome
from memory.ads.attribution import Attribution
from memory.ads.conversion_events import ConversionEvents
from memory.people.address import Referral
from memory.shop.orders import Orders, Quote
from tests.ads.shop import AdShop
from tests.memory.stores import Stores

PHONE = "+919876543210"


class FaultyAccount:
    """A connection to a practice account, with faults on request; and the events that arrived."""

    def __init__(self, account: PracticeAccount) -> None:
        self._account = account
        self.faults: list[AdsFault] = []
        self.arrived: list[BusinessEvent] = []

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        if self.faults:
            raise self.faults.pop(0)
        self.arrived += events
        return self._account.send_events(events)


class SellingDesk:
    """A desk that sells through one ad."""

    def __init__(self, folder: Path) -> None:
        self.ads = AdShop(folder, places=(0,), ads=2)
        self.ads.agency.first_read()
        self.stores = Stores(folder / "hawker.db", self.ads.clock)
        self.orders = Orders(self.stores.db, self.ads.clock)
        self.account = self.ads.accounts[0]
        self.line = FaultyAccount(self.account)
        self.events = ConversionEvents(self.ads.db, self.ads.clock)
        accounts = {"voyage": {self.account.spec.id: cast(PlatformAccount, self.line)}}
        book = Attribution(self.ads.db, self.ads.clock)
        self.feedback = Feedback(accounts, book, self.events, {"voyage": Decimal("0.3")})

    def sells(self, clid: str | None = "clid-1") -> str:
        ad = self.account.structure().ads[0].id
        message = self.stores.hear("hello", phone=PHONE)
        contact = self.stores.contacts.find("voyage", PHONE)
        raw = {"ReferralSourceId": ad}
        self.stores.contacts.touch(contact.id, "voyage", message, Referral(ad, "ad", clid, None, None, None, raw))
        quote = Quote("SKU1", "Camera", 1, Money(Decimal(1500), "INR"), "in 2 days", self.ads.clock())
        number = self.orders.new_number()
        self.orders.place(self.stores.contacts.get(contact.id), quote, number, None)
        self.orders.move("voyage", number, "paid", "staff")
        return number

    def states(self, number: str) -> list[tuple[str, str]]:
        return [(told.name, told.state) for told in self.events.of_order("voyage", number)]


@pytest.fixture
def desk(tmp_path: Path) -> SellingDesk:
    return SellingDesk(tmp_path)


def test_a_sale_is_told_once_and_its_return_too(desk: SellingDesk) -> None:
    number = desk.sells()
    desk.feedback.run()
    desk.feedback.run()
    assert desk.states(number) == [("Purchase", "accepted")]
    assert [(event.name, event.clid, event.value) for event in desk.line.arrived] == [
        ("Purchase", "clid-1", Money(Decimal("1500.00"), "INR"))
    ]
    desk.orders.move("voyage", number, "cancelled", "staff")
    desk.feedback.run()
    assert desk.states(number) == [("Purchase", "accepted"), ("OrderCanceled", "accepted")]


def test_without_a_click_id_nothing_is_told(desk: SellingDesk) -> None:
    number = desk.sells(clid=None)
    desk.feedback.run()
    assert desk.states(number) == []
    assert desk.line.arrived == []


@pytest.mark.parametrize("fault", [TryLater("too many calls"), NotAuthorised("the token has expired")])
def test_what_was_certainly_not_sent_is_sent_later(desk: SellingDesk, fault: AdsFault) -> None:
    number = desk.sells()
    desk.line.faults = [fault]
    desk.feedback.run()
    assert desk.states(number) == [("Purchase", "planned")]
    desk.feedback.run()
    assert desk.states(number) == [("Purchase", "accepted")]


def test_what_may_have_arrived_is_never_sent_again(desk: SellingDesk) -> None:
    number = desk.sells()
    desk.line.faults = [OutcomeUnknown("the answer was lost")]
    desk.feedback.run()
    desk.feedback.run()
    assert desk.states(number) == [("Purchase", "sent")]
    assert desk.line.arrived == []


def test_what_is_refused_for_good_is_kept_with_the_reason(desk: SellingDesk) -> None:
    number = desk.sells()
    desk.line.faults = [RequestWrong("the dataset is gone: make a new one")]
    desk.feedback.run()
    (told,) = desk.events.of_order("voyage", number)
    assert (told.state, told.why) == ("refused", "the dataset is gone: make a new one")


def test_a_week_after_the_click_it_is_too_late(desk: SellingDesk) -> None:
    number = desk.sells()
    desk.ads.clock.pass_by(days=8)
    desk.feedback.run()
    assert desk.line.arrived == []
    assert desk.states(number) == [("Purchase", "too_late")]
