"""Adds the terms of a quote or an order to a model's text."""

from __future__ import annotations

from collections.abc import Iterator

from bot.language.money import Money
from bot.language.texts import ReplyWording
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.reply_draft import ReplyDraft, wording_for
from bot.sales.situation import Situation
from bot.sales.understanding.order_replies import NO_PAYLOAD, YES_PAYLOAD
from memory.conversations.channel_messages import Button
from memory.shop.orders import Order, Quote


def with_terms(text: str, actions: Actions) -> ReplyDraft:
    situation = actions.situation
    wording = wording_for(situation)
    shown = skus_named(text, situation)
    quote, order = actions.quoted, actions.placed
    if quote is not None:
        # A yes orders only what the desk itself stated with its price; the model may have omitted or reworded it.
        return ReplyDraft(
            body=f"{text}\n\n{_quote(quote, actions, wording)}",
            buttons=(Button(wording.say("yes_button"), YES_PAYLOAD), Button(wording.say("no_button"), NO_PAYLOAD)),
            shown=(quote.sku,),
            asks_order=quote.sku,
            amounts=(quote.unit, quote.total),
        )
    if order is not None:
        return ReplyDraft(
            body=f"{text}\n\n{_order(order, actions, wording)}", shown=shown, amounts=(order.unit, order.total)
        )
    return ReplyDraft(body=text, shown=shown)


def skus_named(text: str, situation: Situation) -> tuple[str, ...]:
    """Skus by their titles in the order of the text: what "the second one" will mean."""
    return tuple(dict.fromkeys(sku for _, sku in sorted(_places(text.casefold(), situation))))


def _places(text: str, situation: Situation) -> Iterator[tuple[int, str]]:
    """(position, sku); the longest title wins."""
    titled = [(title.casefold(), item) for item in situation.catalogue.items() for title in item.every_title]
    for title, item in sorted(titled, key=lambda pair: -len(pair[0])):
        if title in text:
            yield text.index(title), item.sku
            text = text.replace(title, "\0" * len(title))


def _quote(quote: Quote, actions: Actions, wording: ReplyWording) -> str:
    return wording.say(
        "quote",
        quantity=quote.quantity,
        title=actions.situation.title_of(quote, wording.policy_language),
        unit=wording.money(quote.unit),
        total=wording.money(quote.total),
        about=_about(quote.total, actions, wording),
        delivery=actions.situation.brand.policy("delivery", wording.policy_language),
    )


def _about(price: Money, actions: Actions, wording: ReplyWording) -> str:
    currency = actions.situation.currency
    if price.currency == currency:
        return ""
    made = actions.convert(price.amount, price.currency, currency)  # recorded there for the promise check
    return wording.say("about", money=wording.money(made.result), date=wording.date(made.as_of))


def _order(order: Order, actions: Actions, wording: ReplyWording) -> str:
    return wording.say(
        "ordered",
        name="",
        number=order.number,
        quantity=order.quantity,
        title=actions.situation.title_of(order, wording.policy_language),
        total=wording.money(order.total),
        link=order.payment_link,
    )
