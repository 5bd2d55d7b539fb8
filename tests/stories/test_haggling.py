"""A yes that is none, goods that run out, prices that change, messages that come in pieces."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.language.money import Money
from tests.memory.stores import TestClock
from tests.model_server import ModelServer, Reply, Request, says
from tests.waiting import HANG_SECONDS, wait_until
from tests.world import JOHN, MARIA, Chat, World, open_shop


def quoted(shop: World, phone: str = JOHN) -> Chat:
    """Somebody who has been asked whether to order one Norvik Bolt 15."""
    customer = shop.person(phone)
    customer.says("I'll take the norvik bolt 15")
    return customer


@pytest.mark.parametrize(
    "text",
    [
        "ok", "👍", "yes?", "yes but in blue?", "hmm maybe", "yes or no?", "what if I say yes", "yes, and how much is shipping",
        "great", "sí?", "ठीक है", "theek hai", "I said yes to my wife", "not yes", "yesterday",
    ],
)  # fmt: skip
def test_an_ambiguous_yes_orders_nothing(shop: World, text: str) -> None:
    quoted(shop).says(text)
    assert shop.orders() == []


def test_a_thumb_is_asked_once_more_and_a_yes_then_orders(shop: World) -> None:
    customer = quoted(shop)
    again = customer.says("👍")
    assert "Norvik Bolt 15" in again and "€779" in again
    customer.says("yes please")
    assert [order.sku for order in shop.orders()] == ["NV-BOLT-15"]


def test_a_question_about_the_shop_keeps_the_quote_open(shop: World) -> None:
    customer = quoted(shop)
    answer = customer.says("how long does delivery take?")
    assert "2-4 days" in answer and "Norvik Bolt 15" in answer
    customer.says("yes")
    assert len(shop.orders()) == 1


def test_a_yes_to_nothing_orders_nothing(shop: World) -> None:
    customer = shop.person()
    customer.says("hi")
    customer.says("yes")
    assert shop.orders() == []


def test_a_yes_after_something_else_was_shown_orders_nothing(shop: World) -> None:
    customer = quoted(shop)
    customer.says("actually, show me sunglasses")
    customer.says("yes")
    assert shop.orders() == []


def test_a_quantity_is_multiplied_and_taken_from_stock(shop: World) -> None:
    customer = shop.person()
    quote = customer.says("I want two of the norvik bolt 15")
    assert "2 × Norvik Bolt 15" in quote and "€1,558" in quote
    customer.says("yes")
    [order] = shop.orders()
    assert order.total == Money(Decimal(1558), "EUR")
    assert shop.memory.goods.stock("voyage", "NV-BOLT-15") == 10


def test_what_ran_out_between_quote_and_yes_is_not_sold(shop: World) -> None:
    """One Pixon Fold 2 is left, and two people were asked whether they want it."""
    john, maria = shop.person(JOHN), shop.person(MARIA)
    john.says("I'll take the pixon fold 2")
    maria.says("I'll take the pixon fold 2")
    assert "https://pay.example.com/" in maria.says("yes")
    answer = john.says("yes")
    assert "Pixon Fold 2" in answer and "out of stock" in answer and "https://pay" not in answer
    assert shop.orders(JOHN) == []
    assert shop.memory.goods.stock("voyage", "PX-FOLD-2") == 0


def test_two_who_say_yes_at_the_same_instant_buy_one(shop: World) -> None:
    john, maria = shop.person(JOHN), shop.person(MARIA)
    for each in (john, maria):
        each.says("I'll take the pixon fold 2")
    answers: list[str] = []
    both = [threading.Thread(target=lambda who=who: answers.append(who.says("yes"))) for who in (john, maria)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted("https://pay" in answer for answer in answers) == [False, True]
    assert len(shop.orders(JOHN)) + len(shop.orders(MARIA)) == 1


def test_what_is_out_of_stock_cannot_be_ordered(shop: World) -> None:
    customer = shop.person()
    assert "out of stock" in customer.says("I'll take the norvik storm g18 max")
    customer.says("yes")
    assert shop.orders() == []


def test_a_price_that_changed_since_the_quote_is_asked_anew(shop: World) -> None:
    customer = quoted(shop)
    items = [item for item in shop.memory.goods.items("voyage") if item.sku != "NV-BOLT-15"]
    [bolt] = [item for item in shop.memory.goods.items("voyage") if item.sku == "NV-BOLT-15"]
    dearer = replace(bolt, prices={**bolt.prices, "EUR": Money(Decimal(829), "EUR")})
    shop.memory.goods.replace([*items, dearer], "corrected")
    answer = customer.says("yes")
    assert "€829" in answer and "https://pay" not in answer
    assert shop.orders() == []
    customer.says("yes")
    assert [order.unit for order in shop.orders()] == [Money(Decimal(829), "EUR")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("the second one", "Kestrel Talon 14"),
        ("2", "Kestrel Talon 14"),
        ("the last one", "Norvik Bolt 15"),
        ("the cheapest", "Norvik Bolt 15"),
        ("number 3 please", "Norvik Storm G16"),
    ],
)
def test_the_second_one_is_the_second_that_was_shown(shop: World, text: str, title: str) -> None:
    customer = shop.person()
    customer.says("gaming laptop under 1500 euros")
    answer = customer.says(text)
    others = ("Kestrel Raptor 15", "Kestrel Talon 14", "Norvik Storm G16", "Norvik Bolt 15")
    assert [other for other in others if other in answer] == [title]


def test_a_message_in_three_pieces_gets_one_reply(tmp_path: Path) -> None:
    clock = TestClock()
    with open_shop(tmp_path, clock=clock) as shop:
        customer = shop.person()
        first, *_ = [customer.phone.says(text) for text in ("hi", "i want", "a gaming laptop")]
        wait_until(lambda: shop.memory.db.value("SELECT count(*) FROM messages") == 3)
        clock.pass_by(seconds=1)
        [answer] = customer.phone.wait_for_reply(first)
        shop.settled()
        assert "Kestrel Raptor 15" in answer.body
        assert len(customer.phone.heard()) == 1


def test_a_message_that_comes_while_a_slow_model_writes_is_folded_in(model_shop: World, model: ModelServer) -> None:
    writing, written = threading.Event(), threading.Event()

    def answer(request: Request) -> Reply:
        writing.set()
        written.wait(HANG_SECONDS)
        knows = [title for title in ("Raptor 15", "Solenne Marina") if title.lower() in request.last.lower()]
        return says(f"You ask about: {', '.join(knows)}.")

    model.rule = answer
    customer = model_shop.person()
    first = customer.phone.says("is the kestrel raptor 15 good for games?")
    assert writing.wait(HANG_SECONDS)
    customer.phone.says("and what about the solenne marina?")
    wait_until(lambda: model_shop.memory.db.value("SELECT count(*) FROM messages WHERE role = 'user'") == 2)
    written.set()
    [reply] = customer.phone.wait_for_reply(first)
    model_shop.settled()
    assert reply.body == "You ask about: Raptor 15, Solenne Marina."
    assert len(customer.phone.heard()) == 1
