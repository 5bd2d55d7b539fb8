"""The order book: forward only, nobody else's, with the ads that brought the customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.money import Money
from memory.conversations.handovers import Handovers, UnknownHandover
from memory.people.contacts import Contact
from memory.shop.orders import STATES, Order, Orders, Quote, UnknownOrder, WrongState, can_move, new_number, read_number
from memory.storage.errors import AlreadyStored
from tests.memory.stores import BRAND, Stores

LIFE = ["placed", "paid", "shipped", "delivered"]


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_an_order_only_moves_forward(wishes: list[str]) -> None:
    state, seen = "placed", ["placed"]
    for wish in wishes:
        if can_move(state, wish):
            state = wish
            seen.append(wish)
    alive = [each for each in seen if each != "cancelled"]
    assert alive == sorted(alive, key=LIFE.index) and len(set(seen)) == len(seen)
    assert "cancelled" not in seen[:-1]
    assert not {"shipped", "delivered"} & set(seen) or "cancelled" not in seen


def test_numbers_tell_nothing_and_are_read_in_any_spelling() -> None:
    numbers = {new_number() for _ in range(500)}
    assert len(numbers) == 500
    for number in numbers:
        assert read_number(number.lower().replace("-", " ")) == number
        assert not any(character.isdigit() for character in number)


def test_each_step_is_kept_with_who_took_it_and_when(stores: Stores) -> None:
    orders, order = _placed(stores)
    stores.clock.pass_by(hours=1)
    orders.move(BRAND, order.number.lower(), "paid", "+919876500002")
    placed = [(event.state, event.by) for event in orders.events(order.id)]
    assert placed == [("quoted", "customer"), ("placed", "customer"), ("paid", "+919876500002")]
    assert orders.events(order.id)[-1].at == stores.clock.now


@pytest.mark.parametrize("state", ["placed", "quoted", "sold", ""])
def test_an_order_goes_nowhere_else(stores: Stores, state: str) -> None:
    orders, order = _placed(stores)
    with pytest.raises(WrongState):
        orders.move(BRAND, order.number, state, "staff")
    assert orders.by_number(BRAND, order.number).state == "placed"


def test_another_brand_has_no_such_order(stores: Stores) -> None:
    orders, order = _placed(stores)
    with pytest.raises(UnknownOrder):
        orders.by_number("other", order.number)
    with pytest.raises(UnknownOrder):
        orders.move("other", order.number, "paid", "staff")


def test_a_number_is_used_once(stores: Stores) -> None:
    orders, order = _placed(stores)
    with pytest.raises(AlreadyStored):
        orders.place(_contact(stores), _quote(stores), order.number, None)


def test_a_contact_has_one_quote_and_it_runs_out(stores: Stores) -> None:
    orders, contact = Orders(stores.db, stores.clock), _contact(stores)
    orders.keep_quote(contact, _quote(stores, quantity=1))
    orders.keep_quote(contact, _quote(stores, quantity=2))
    found = orders.open_quote(contact.id)
    assert found == _quote(stores, quantity=2)
    stores.clock.pass_by(minutes=29)
    assert orders.open_quote(contact.id) is not None
    stores.clock.pass_by(minutes=1)
    assert orders.open_quote(contact.id) is None


def test_placing_uses_the_quote_up(stores: Stores) -> None:
    orders, contact = Orders(stores.db, stores.clock), _contact(stores)
    orders.keep_quote(contact, _quote(stores))
    orders.place(contact, _quote(stores), new_number(), None)
    assert orders.open_quote(contact.id) is None


def test_a_handover_keeps_its_number_while_open(stores: Stores) -> None:
    handovers, contact = Handovers(stores.db, stores.clock), _contact(stores)
    first = handovers.open(contact, "complaint")
    stores.clock.pass_by(hours=3)
    assert handovers.open(contact, "again") == first
    stores.clock.pass_by(hours=3)
    assert handovers.get(BRAND, first).contact_id == contact.id
    stores.clock.pass_by(hours=1)
    assert handovers.current(contact.id) is None
    second = handovers.open(contact, "new")
    handovers.close(second, "+919876500002")
    assert second != first and handovers.list_open(BRAND) == []
    with pytest.raises(UnknownHandover):
        handovers.get(BRAND, second)


def _contact(stores: Stores) -> Contact:
    return stores.contacts.get(stores.messages.get(stores.hear("hi")).contact_id)


def _quote(stores: Stores, quantity: int = 1) -> Quote:
    return Quote("L1", "Volt 15", quantity, Money.from_minor(99900, "EUR"), "2-4 days", stores.clock.now)


def _placed(stores: Stores) -> tuple[Orders, Order]:
    orders = Orders(stores.db, stores.clock)
    return orders, orders.place(_contact(stores), _quote(stores), orders.new_number(), "https://pay.example.com/x")
