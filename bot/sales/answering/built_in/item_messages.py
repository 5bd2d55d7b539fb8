"""Texts and buttons for items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.sales.answering.built_in.answer import BuiltInAnswer
from bot.sales.answering.desk_actions import listed_price
from bot.sales.understanding.order_replies import BUY_PAYLOAD
from memory.conversations.channel_messages import Button
from memory.shop.catalogue_items import Item

FEW: Final = 3  # pieces left that are worth a remark
MOST_BUTTONS: Final = 3


def _price(answer: BuiltInAnswer, item: Item) -> tuple[str, str]:
    price = listed_price(answer.situation, item)
    return answer.wording.money(price), answer.converted_price(price)


def item_list(answer: BuiltInAnswer, items: Sequence[Item], *remarks: str) -> str:
    """Sets the draft's `shown` and buttons."""
    answer.draft.shown = tuple(item.sku for item in items)
    answer.draft.buttons = tuple(
        Button(answer.say("buy_button", n=number), BUY_PAYLOAD + item.sku)
        for number, item in enumerate(items[:MOST_BUTTONS], start=1)
        if item.stock
    )
    lines = [_line(answer, number, item) for number, item in enumerate(items, start=1)]
    return "\n".join([*lines, *remarks, answer.say("choose")])


def _line(answer: BuiltInAnswer, number: int, item: Item) -> str:
    price, about = _price(answer, item)
    stock = answer.say("sold_out") if not item.stock else ""
    if 0 < item.stock <= FEW:
        stock = answer.say("last_ones", left=item.stock)
    return answer.say("line", n=number, title=answer.title(item), price=price, about=about, stock=stock)


def details(answer: BuiltInAnswer, item: Item) -> str:
    price, about = _price(answer, item)
    told = answer.say(
        "details",
        title=answer.title(item),
        price=price,
        about=about,
        description=item.description_in(answer.wording.policy_language),
        link=item.link,
    )
    return told + "\n" + offer(answer, item)


def stock(answer: BuiltInAnswer, item: Item) -> str:
    if not item.stock:
        return offer(answer, item)
    line = "in_stock" if item.stock > FEW else "few_in_stock"
    return answer.say(line, title=answer.title(item), left=item.stock) + " " + offer(answer, item)


def offer(answer: BuiltInAnswer, item: Item) -> str:
    """A yes to it gets a quote, not an order."""
    answer.draft.shown = (item.sku,)
    if not item.stock:
        return answer.say("not_in_stock", title=answer.title(item))
    answer.draft.offers = item.sku
    answer.draft.buttons = (Button(answer.say("buy_one_button"), BUY_PAYLOAD + item.sku),)
    return answer.say("order_hint")
