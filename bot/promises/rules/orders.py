"""Checks order numbers, order states and refunds."""

from __future__ import annotations

from bot.promises import claims
from bot.promises.facts import ORDER, Breach, OrderFact, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

_STATES_FROM = {
    "paid": ("paid", "shipped", "delivered"),
    "shipped": ("shipped", "delivered"),
    "delivered": ("delivered",),
}


def check_orders(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    known = " ".join(order.number for order in facts.orders) + " " + facts.customer
    skus = {item.sku for item in facts.items}
    codes = {discount.code for discount in facts.discounts}
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), sentence.plain)
    for match in claims.ORDER_NUMBER.finditer(plain):
        number = match.group().lstrip("# ")
        if number not in known and number not in skus | codes and number.lower() not in facts.vocabulary:
            right = ", ".join(order.number for order in facts.orders) or "there is no order yet"
            yield match.start(), Breach(ORDER, match.group(), "the order book has no such number", right)


def check_order_states(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """An order said to be placed, paid, shipped or delivered must be so in the order book."""
    if sentence.asks or claims.CONDITIONAL.search(sentence.plain):
        return
    for state, claim in claims.ORDER_STATES.items():
        found = claim.search(sentence.plain)
        if found and not any(_carries(order, state) for order in facts.orders):
            known = ", ".join(f"{order.number} is {order.state}" for order in facts.orders if order.state)
            why = f"no order of this customer is {state}"
            yield (
                found.start(),
                Breach(ORDER, sentence.cut(*found.span()), why, known or "nothing has been ordered yet"),
            )


def _carries(order: OrderFact, state: str) -> bool:
    if state == "placed":  # said of a delivered order, it would claim a new one
        return order.state in ("placed", "paid", "shipped")
    return order.state in _STATES_FROM[state]


def check_refunds(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    # The desk moves no money, so a reported refund is never true.
    found = claims.REFUNDED.search(sentence.plain)
    if found and not claims.CONDITIONAL.search(sentence.plain):
        why = "the desk cannot refund, and nothing says that somebody did"
        yield found.start(), Breach(ORDER, sentence.cut(*found.span()), why, "a colleague looks into the refund")
