"""A situation: what of the past counts for this answer, and whose past it is."""

from __future__ import annotations

import json

import pytest

from bot.language.reading.message_type import classify
from bot.sales.answering.desk_actions import Actions, CannotDo, as_data
from bot.sales.situation import Situation
from tests.sales.shop import ANOTHER, CUSTOMER, TestShop


def situation(shop: TestShop, text: str, phone: str = CUSTOMER) -> Situation:
    shop.hear(text, phone=phone)
    contact = shop.customer(phone)
    waiting = shop.turns.waiting(contact.id)
    return shop.shop.situation(contact, waiting, classification=classify(text), language="en")


def test_history_is_the_session_before_the_waiting_messages(shop: TestShop) -> None:
    shop.says("show me sunglasses")
    shop.stores.clock.pass_by(hours=25)
    shop.says("show me gaming laptops")
    found = situation(shop, "the second one")
    assert [message.role for message in found.history] == ["user", "assistant"]
    assert found.shown[0] == "KR-RAPTOR-15" and found.text == "the second one"


def test_nothing_of_another_customer_is_in_it(shop: TestShop) -> None:
    shop.says("I'm Ana, show prices in GBP")
    shop.says("I want to buy the Kestrel Raptor 15")
    found = situation(shop, "yes", phone=ANOTHER)
    assert (found.name, found.currency, found.quote, found.history, found.shown) == (None, "EUR", None, (), ())


def test_a_quote_counts_only_while_it_was_said_last(shop: TestShop) -> None:
    shop.says("I want to buy the Kestrel Raptor 15")
    assert situation(shop, "hm").quote is not None
    shop.answer()
    assert situation(shop, "yes").quote is None


def test_actions_reach_only_the_customer_they_were_made_for(shop: TestShop) -> None:
    shop.says("I want to buy the Kestrel Raptor 15", phone=ANOTHER)
    shop.says("yes", phone=ANOTHER)
    [order] = shop.orders(ANOTHER)
    actions = Actions(situation(shop, "hello"), shop.shop)
    assert actions.order_status() == []
    for act in (actions.order_status, actions.cancel_order):
        with pytest.raises(CannotDo):
            act(order.number)
    with pytest.raises(CannotDo):
        actions.confirm_order()
    assert actions.changes == []


def test_what_actions_found_becomes_plain_data(shop: TestShop) -> None:
    actions = Actions(situation(shop, "hello"), shop.shop)
    [found] = as_data(actions.search_catalogue("Kestrel Raptor 15", limit=1))
    assert found["price"] == {"amount": "1199.00", "currency": "EUR"}
    assert json.loads(json.dumps(found)) == found


def test_the_currency_falls_back_to_the_brands(shop: TestShop) -> None:
    shop.says("hi")
    shop.stores.contacts.set_profile(shop.customer().id, preferred_currency="XXX")
    assert situation(shop, "hi").currency == "EUR"
