"""Messages that no words came with: each is answered for what it is, and none silences the desk."""

from __future__ import annotations

import pytest

from bot.language.scripts import Script, script_of
from memory.conversations.channel_messages import CartItem
from tests.sales.shop import CUSTOMER, TestShop

BOLT = "NV-BOLT-15"
UNREADABLE = {
    "order": "I received a cart",
    "product": "I received an item from the catalogue",
    "contacts": "I received a contact card",
    "poll": "I received a poll",
    "interactive": "a message that I can't open",
    "other": "a message that I can't open",
    "text": "a message that I can't open",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_came_is_named_and_the_desk_goes_on(shop: TestShop, kind: str) -> None:
    for _ in range(3):
        assert UNREADABLE[kind] in shop.says("", kind=kind)
    assert shop.customer().failed_answers == 0
    assert "Norvik" in shop.says("do you have laptops?")


@pytest.mark.parametrize("kind", ["reaction", "system"])
@pytest.mark.parametrize("text", ["", "👍"])
def test_what_needs_no_answer_gets_none(shop: TestShop, kind: str, text: str) -> None:
    shop.says("I want to buy the Norvik Bolt 15")
    assert shop.says(text, kind=kind) == ""
    assert "Norvik" in shop.says("do you have laptops?")


@pytest.mark.parametrize("wordless", ["😂😂", "👀", "...", "؟", "🙄🙄🙄", "❤️‍🔥"])
def test_emoji_are_no_failed_answer(shop: TestShop, wordless: str) -> None:
    assert [shop.says(wordless) for _ in range(3)] == ["I can only read words here. What are you looking for?"] * 3
    assert shop.customer().failed_answers == 0


@pytest.mark.parametrize("foreign", ["هل لديكم هواتف؟", "есть ли у вас телефоны?", "有手机吗？", "υπάρχουν τηλέφωνα;"])
def test_a_script_that_nobody_here_reads_is_no_failed_answer(shop: TestShop, foreign: str) -> None:
    for _ in range(3):
        assert "here I can only read English, Spanish" in shop.says(foreign)
    assert "Norvik" in shop.says("do you have laptops?")


def test_two_questions_that_were_not_understood_still_bring_a_person(shop: TestShop) -> None:
    shop.says("blorf grumpf")
    assert "colleague" in shop.says("zibble zabble")


def test_a_cart_of_one_item_is_quoted_and_a_yes_orders_it(shop: TestShop) -> None:
    said = shop.says("", kind="order", items=(CartItem(BOLT, 2),))
    assert "2" in said and "Norvik Bolt 15" in said and "1,558" in said
    shop.says("yes")
    [order] = shop.orders()
    assert (order.title, order.quantity) == ("Norvik Bolt 15", 2)


@pytest.mark.parametrize(
    "items",
    [
        (CartItem(BOLT, 2), CartItem("VT-BUDS-2", 1)),
        (CartItem("NOT-OURS-1", 3),),
        (CartItem(BOLT, 0),),
        (CartItem(BOLT, 1), CartItem("NOT-OURS-1", 3)),
    ],
)
@pytest.mark.parametrize("note", ["", "please deliver on Friday"])
def test_any_other_cart_goes_to_a_colleague_with_its_contents(
    shop: TestShop, items: tuple[CartItem, ...], note: str
) -> None:
    said = shop.says(note, kind="order", items=items)
    assert "I received this from the catalogue" in said
    [notice] = shop.told_staff()
    for item in items:
        assert f"{item.quantity or '?'} × {item.sku}" in notice
    assert shop.orders(CUSTOMER) == []


@pytest.mark.parametrize("kind", ["text", "product"])
def test_a_question_about_an_item_of_the_catalogue_is_about_that_item(shop: TestShop, kind: str) -> None:
    shop.says("how much is the Aurel Zenith 9?")
    assert "Norvik Bolt 15" in shop.says("is it available?", kind=kind, items=(CartItem(BOLT, 1),))


def test_a_product_that_the_shop_does_not_have_is_for_a_colleague(shop: TestShop) -> None:
    assert "NOT-OURS-1" in shop.says("is it available?", kind="product", items=(CartItem("NOT-OURS-1", 1),))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", "none"),
        ("😂 !?", "none"),
        ("हाँ", "ours"),
        ("1", "ours"),
        ("да", "foreign"),
        ("да ok", "ours"),
        ("ñ", "ours"),
    ],
)
def test_scripts(text: str, script: Script) -> None:
    assert script_of(text) == script
