"""STOP in every language, only as a whole message; START; and what still may not be said to who opted out."""

from __future__ import annotations

import pytest

from memory.people.contacts import OptOutCause
from tests.waiting import wait_until
from tests.world import ADMIN, JOHN, MARIA, STAFF, World


@pytest.mark.parametrize(
    "word", ["STOP", "stop.", "Unsubscribe", "BAJA", "parar", "SAIR", "रोकें", "बंद करो", "band karo"]
)
def test_stop_silences_at_once_and_is_confirmed_once(shop: World, word: str) -> None:
    john = shop.person()
    john.says("hi")
    assert "START" in john.says(word)
    assert shop.contact().opted_out_at is not None
    heard = john.phone.heard()
    for text in (word, "how much is the raptor 15?", "hello?"):
        john.phone.says(text)
    shop.settled()
    assert john.phone.heard() == heard


@pytest.mark.parametrize(
    "text", ["don't stop", "stop by tomorrow?", "does it stop working?", "no pares", "cancel", "please don't stop now"]
)
def test_stop_inside_a_sentence_is_none(shop: World, text: str) -> None:
    john = shop.person()
    john.says("hi")
    assert john.says(text)
    assert shop.contact().opted_out_at is None


@pytest.mark.parametrize("word", ["START", "alta", "शुरू करो"])
def test_start_brings_the_messages_back(shop: World, word: str) -> None:
    john = shop.person()
    john.says("STOP")
    assert john.says(word)
    assert shop.contact().opted_out_at is None
    assert "€779" in john.says("how much is the norvik bolt 15?")


def test_what_staff_tell_who_opted_out_is_not_sent(shop: World) -> None:
    john, staff = shop.person(), shop.person(STAFF)
    john.says("I'll take the norvik bolt 15")
    john.says("yes")
    [order] = shop.orders()
    john.says("STOP")
    heard = john.phone.heard()
    staff.says(f"paid {order.number}")
    shop.settled()
    assert john.phone.heard() == heard
    assert shop.orders()[0].state == "paid"
    last = shop.memory.messages.history(shop.contact().id)[-1]
    assert (order.number in last.content, last.state) == (True, "suppressed")


def test_stop_ends_an_open_quote(shop: World) -> None:
    john = shop.person()
    john.says("I'll take the norvik bolt 15")
    john.says("STOP")
    john.says("START")
    john.says("yes")
    assert shop.orders(JOHN) == []


def test_stop_while_a_person_answers_counts(shop: World) -> None:
    john = shop.person()
    john.says("I want to talk to a human")
    assert "START" in john.says("STOP")
    assert shop.contact().opted_out_at is not None


def test_who_blocked_us_and_writes_again_is_answered(shop: World) -> None:
    john = shop.person()
    john.says("hi")
    shop.twilio.fail("fail", who=JOHN, code=63014)
    john.phone.says("do you have laptops?")
    wait_until(lambda: shop.contact().opted_out_at is not None, lambda: "the block was not noted")
    assert shop.contact().opt_out_cause is OptOutCause.BLOCKED
    assert "€779" in john.says("how much is the norvik bolt 15?")
    assert shop.contact().opted_out_at is None


def test_stop_outlives_a_block(shop: World) -> None:
    john = shop.person()
    john.says("STOP")
    shop.memory.contacts.opt_out(shop.contact().id, OptOutCause.BLOCKED)
    heard = john.phone.heard()
    john.phone.says("how much is the norvik bolt 15?")
    shop.settled()
    assert (john.phone.heard(), shop.contact().opt_out_cause) == (heard, OptOutCause.PERSON)


def test_who_is_opted_out_at_the_provider_is_told_once_how_to_come_back(shop: World) -> None:
    maria, admin = shop.person(MARIA), shop.person(ADMIN)
    admin.says("open")
    maria.says("hola, ¿tenéis portátiles?")
    shop.twilio.fail("fail", who=MARIA, code=21610)
    maria.phone.says("¿y móviles?")
    wait_until(lambda: shop.contact(MARIA).opted_out_at is not None, lambda: "the opt-out was not noted")
    assert "START" in maria.says("¿hola?")
    maria.phone.says("¿hay alguien?")
    shop.settled()
    last = [each.content for each in shop.memory.messages.history(shop.contact(MARIA).id)]
    assert sum("Envía START" in each for each in last) == 1
    assert "opted out" in admin.hears(2)[-1]
    assert maria.says("START")
    assert shop.contact(MARIA).opted_out_at is None
