"""What a numbering plan or a page of the provider does not know: kept, answered, shown to staff."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World


@pytest.mark.parametrize("more", [{}, {"ExternalUserId": "CI.AbCdEf123456"}])
def test_an_old_number_of_ivory_coast_is_answered_where_it_wrote_from(shop: World, more: dict[str, Any]) -> None:
    assert "Welcome" in shop.person("+22507123456").says("hi", **more)
    assert shop.contact("+2250707123456").address == "whatsapp:+22507123456"
    assert shop.get("/conversation/+22507123456")["messages"][0]["content"] == "hi"


@pytest.mark.parametrize("odd", ["+999123456789", "+225071234567"])
def test_a_number_of_no_country_is_answered_and_found(shop: World, odd: str) -> None:
    assert "Welcome" in shop.person(odd).says("hi")
    assert shop.get(f"/conversation/{odd}")["messages"][0]["content"] == "hi"


def test_contact_cards_are_named_and_the_desk_still_sells(shop: World) -> None:
    customer = shop.person()
    for _ in range(2):
        assert "contact card" in customer.says("", MessageType="contacts")
    assert "Kestrel" in customer.says("do you have gaming laptops?")


def test_a_cart_is_quoted(shop: World) -> None:
    cart = '[{"product_retailer_id": "NV-BOLT-15", "quantity": 2}]'
    assert "1,558" in shop.person().says("", MessageType="order", ProductItems=cart)


def test_a_poll_is_set_aside_for_staff_and_its_sender_is_told(shop: World) -> None:
    assert "I received a poll" in shop.person().says("", MessageType="poll")
    [form] = shop.memory.forms.set_aside()
    assert (form.set_aside, form.contact_id) == ("unknown_kind", shop.contact().id)
