"""Answers about quotes and orders."""

from __future__ import annotations

from bot.language.reading.message_type import Classification
from bot.sales.answering.built_in import item_messages, mentioned_items, shop_answers
from bot.sales.answering.built_in.answer import BuiltInAnswer
from bot.sales.answering.desk_actions import CannotDo, PriceChanged, TooFewLeft
from bot.sales.situation import cart_of
from bot.sales.understanding import topics
from bot.sales.understanding.order_replies import (
    BUY_PAYLOAD,
    NO_PAYLOAD,
    YES_PAYLOAD,
    find_order_number,
    says_half_yes,
    says_no,
    says_yes,
)
from memory.conversations.channel_messages import Button
from memory.shop.catalogue_items import Item
from memory.shop.orders import Quote


def reply_to_quote(answer: BuiltInAnswer) -> list[str]:
    """[] after anything but a yes or no, which drops the open quote."""
    quote, messages = answer.situation.quote, answer.situation.messages
    if quote is None:
        return _reply_to_offer(answer)
    if says_yes(messages):
        return [_confirm(answer)]
    if says_no(messages):
        answer.actions.cancel_quote()
        return [answer.say("quote_dropped")]
    if says_half_yes(messages):
        return [ask_again(answer, quote)]
    answer.actions.cancel_quote()
    return []


def _reply_to_offer(answer: BuiltInAnswer) -> list[str]:
    # A yes gets a quote, not an order.
    messages = answer.situation.messages
    offered = answer.last_note("offers")
    if offered in answer.items and (says_yes(messages) or says_half_yes(messages)):
        return _quote(answer, answer.items[offered], 1)
    if says_yes(messages):
        return [answer.say("nothing_to_confirm")]
    if says_half_yes(messages) or says_no(messages):
        return [answer.say("at_hand")]
    return []


def reply_to_cart(answer: BuiltInAnswer) -> list[str]:
    """Of the WhatsApp catalogue: one item is quoted; several, and unknown ones, go to a colleague.

    A question about a known item is answered by its words.
    """
    cart = cart_of(answer.situation.messages)
    is_cart = any(message.kind == "order" for message in answer.situation.messages)
    asks = answer.situation.text and not is_cart and all(each.sku in answer.items for each in cart)
    if not cart or asks:
        return []
    if answer.situation.quote is not None:
        answer.actions.cancel_quote()
    [first, *others] = cart
    if not others and not answer.situation.text and first.sku in answer.items and first.quantity:
        return _quote(answer, answer.items[first.sku], first.quantity)
    named = [f"{each.quantity or '?'} × {_named(answer, each.sku)}" for each in cart]
    wanted = ", ".join(f"{each.quantity or '?'} × {each.sku}" for each in cart)
    return [answer.hand_over(f"a cart: {wanted}", "cart", items=", ".join(named))]


def _named(answer: BuiltInAnswer, sku: str) -> str:
    item = answer.items.get(sku)
    return sku if item is None else answer.title(item)


def reply_to_button(answer: BuiltInAnswer) -> list[str]:
    pressed = str(answer.situation.messages[-1].metadata.get("payload") or "")
    sku = pressed.removeprefix(BUY_PAYLOAD)
    if pressed in (YES_PAYLOAD, NO_PAYLOAD):  # of a quote that is over
        return [answer.say("nothing_to_confirm")]
    return _quote(answer, answer.items[sku], 1) if sku != pressed and sku in answer.items else []


def ask_again(answer: BuiltInAnswer, quote: Quote) -> str:
    _wait_for_yes(answer, quote)
    return answer.say(
        "quote_again",
        quantity=quote.quantity,
        title=answer.situation.title_of(quote, answer.wording.policy_language),
        total=answer.wording.money(quote.total),
    )


def _wait_for_yes(answer: BuiltInAnswer, quote: Quote) -> None:
    answer.draft.asks_order = quote.sku
    answer.draft.shown = (quote.sku,)
    answer.draft.amounts += (quote.unit, quote.total)
    answer.draft.buttons = (
        Button(answer.say("yes_button"), YES_PAYLOAD),
        Button(answer.say("no_button"), NO_PAYLOAD),
    )


def _confirm(answer: BuiltInAnswer) -> str:
    try:
        order = answer.actions.confirm_order()
    except TooFewLeft as short:
        answer.actions.cancel_quote()
        return _too_few(answer, short.item)
    except PriceChanged as changed:
        anew = _quote(answer, changed.item, changed.quantity)
        return "\n\n".join([answer.say("price_changed"), *anew])
    except CannotDo:
        answer.actions.cancel_quote()
        return answer.say("nothing_to_confirm")
    answer.draft.amounts += (order.unit, order.total)
    return answer.say(
        "ordered",
        name=answer.name_suffix,
        number=order.number,
        quantity=order.quantity,
        title=answer.situation.title_of(order, answer.wording.policy_language),
        total=answer.wording.money(order.total),
        link=order.payment_link,
    )


def _quote(answer: BuiltInAnswer, item: Item, quantity: int) -> list[str]:
    try:
        quote = answer.actions.quote(item.sku, quantity)
    except TooFewLeft as short:
        return [_too_few(answer, short.item)]
    except CannotDo:
        return [answer.hand_over("large order", "too_many")]
    _wait_for_yes(answer, quote)
    return [
        answer.say(
            "quote",
            quantity=quantity,
            title=answer.situation.title_of(quote, answer.wording.policy_language),
            unit=answer.wording.money(quote.unit),
            total=answer.wording.money(quote.total),
            about=answer.converted_price(quote.total),
            delivery=answer.policy("delivery"),
        )
    ]


def _too_few(answer: BuiltInAnswer, item: Item) -> str:
    answer.draft.shown = (item.sku,)
    if item.stock == 0:
        return answer.say("not_in_stock", title=answer.title(item))
    return answer.say("too_few", left=item.stock, title=answer.title(item))


def offer_again(answer: BuiltInAnswer) -> list[str]:
    """So that a later yes refers to the offer."""
    item = answer.items.get(answer.last_note("offers") or "")
    if item is None or not item.stock:
        return []
    item_messages.offer(answer, item)
    return [answer.say("order_hint_again", title=answer.title(item))]


def status(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    number = find_order_number(part, [order.number for order in answer.situation.orders])
    wanted = kind.message_type == "order_status" or topics.STATUS.search(plain)
    if not number and shop_answers.asks_delivery_terms(answer, plain):
        return []
    if topics.CANCEL.search(plain) or not (wanted or number):
        return []
    if number and all(order.number != number for order in answer.situation.orders):
        return [answer.say("not_yours")]
    orders = answer.actions.order_status(number)
    if not orders:
        return [answer.say("no_orders")]
    said = []
    for order in orders[:3]:
        answer.draft.amounts += (order.unit, order.total)
        line = answer.say(
            f"status_{order.state}",
            number=order.number,
            quantity=order.quantity,
            title=answer.situation.title_of(order, answer.wording.policy_language),
            total=answer.wording.money(order.total),
            link=order.payment_link,
        )
        said.append(line)
    return said


def cancel(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    """Hands over an order that is paid."""
    if not topics.CANCEL.search(plain) or kind.message_type == "opt_out":
        return []
    number = find_order_number(part, [order.number for order in answer.situation.orders])
    running = [order for order in answer.situation.orders if order.state not in ("cancelled", "delivered")]
    if number is None and answer.situation.quote is not None:
        return [answer.say("quote_dropped")]
    chosen = [order for order in answer.situation.orders if order.number == number] or running
    if not chosen or (number is None and len(running) > 1):
        return [answer.say("not_yours" if number else "no_orders")]
    try:
        answer.actions.cancel_order(chosen[0].number)
    except CannotDo:
        return [answer.hand_over("wants to cancel an order", "cannot_cancel", number=chosen[0].number)]
    return [answer.say("cancelled", number=chosen[0].number)]


def purchase(answer: BuiltInAnswer, part: str, plain: str, kind: Classification) -> list[str]:
    if kind.message_type != "order" and not topics.BUY.search(plain):
        return []
    first, *others = topics.items_of(plain)
    meant = mentioned_items.meant(answer, first) or mentioned_items.only_candidate(answer, first)
    if len(meant) == 1:
        by_number = len(answer.shown) > 1 and topics.takes_number(first)
        quoted = _quote(answer, meant[0], 1 if by_number else topics.count_in(first))
        another = any(
            mentioned_items.meant(answer, each) or mentioned_items.found_by_words(answer, each) for each in others
        )
        return [answer.say("one_at_a_time"), *quoted] if another else quoted
    return [answer.say("which")] if answer.shown and not mentioned_items.found_by_words(answer, part) else []
