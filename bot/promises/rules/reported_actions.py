"""Checks what is reported as done for the customer, what is given away, and what presses them."""

from __future__ import annotations

import re

from bot.promises import claims
from bot.promises.facts import DISCOUNT, ORDER, STOCK, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

_REPORTED = claims.claim("reported")
_COLLEAGUES = claims.claim("colleagues")
_GIFTS = claims.claim("gifts")
_URGENCY = claims.claim("urgency")


def check_reported_actions(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """The desk places orders and hands over; whatever else is reported as done was not done by it."""
    cancelled = any(order.state == "cancelled" for order in facts.orders)
    for found in _REPORTED.finditer(sentence.plain):
        clause = re.split(r"[,;:.!?]", sentence.plain[: found.start()])[-1]
        open_yet = claims.CONDITIONS[sentence.language].search(clause) or claims.NEGATED.search(clause)
        if (
            sentence.asked(found.end())
            or sentence.denied(*found.span())
            or open_yet
            or (cancelled and claims.CANCELS.search(found.group()))
        ):
            continue
        if _COLLEAGUES.search(sentence.plain) and not re.search(r"\d{3}", found.group()):
            continue
        why = "nothing shows that this was done"
        yield found.start(), Breach(ORDER, sentence.cut(*found.span()), why, "say what can be done, or hand over")


def check_gifts(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for found in _GIFTS.finditer(sentence.plain):
        known = found.group().lower() in facts.policy_words
        if not known and not facts.delivery.free and not sentence.denied_in(found) and not sentence.asked(found.end()):
            why = "nothing is given away and no fee is taken off"
            yield found.start(), Breach(DISCOUNT, sentence.cut(*found.span()), why, "name the price as it is")


def check_urgency(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for found in _URGENCY.finditer(sentence.plain):
        if not sentence.denied_in(found) and not sentence.asked(found.end()):
            why = "nothing shows that it will be gone"
            yield found.start(), Breach(STOCK, sentence.cut(*found.span()), why, "leave out what presses the customer")
