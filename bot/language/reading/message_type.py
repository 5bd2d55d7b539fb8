"""Classifies a customer's message: rules first, then the fitted model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from bot.language.amounts import find_amounts
from bot.language.money_tokens import LONGEST_READ
from bot.language.normalisation import fold_in_place
from bot.language.reading.classifier import MESSAGE_TYPES, NEAREST_SHARE, load
from bot.language.reading.conversion import read_conversion
from bot.language.reading.opt_out import is_stop
from bot.language.reading.patterns import one_of, subject_patterns

CERTAIN = 0.97
LIKELY = 0.9
UNSURE = 0.25  # the confidence of text without known words
SURE_GREETING = 0.6  # "hello, how are you today?" has 0.84, a greeting before a question about goods 0.3 to 0.57


@dataclass(frozen=True, slots=True)
class Classification:
    """`entities` of currency_conversion: `amount` (Decimal or None), `from` and `to` (ISO codes or None); other types may
    have `order_number` (str), `quantity` (int), `budget` (Decimal) and `currency`.
    """

    message_type: str  # one of MESSAGE_TYPES
    confidence: float  # 0 to 1
    entities: dict[str, object] = field(default_factory=dict)


_one_of = subject_patterns("message_type")


def _unless(key: str) -> str:
    """The entry's words, without its exclusions."""
    return rf"^(?!.*{_one_of(f'{key}_unless')}).*{_one_of(key)}"


# Rules for what the words alone decide, tried in order. Each was written from how people ask, not fitted.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (message_type, re.compile(pattern))
    for message_type, pattern in (
        ("other", _one_of("sent")),  # what it refers to depends on the conversation
        ("other", _one_of("measures")),
        ("opt_out", _one_of("unsubscribes")),
        ("human_handoff", _one_of("wants_person")),
        # "contra reembolso" is no refund. Somebody who speaks of a refund besides is not asking how to pay.
        ("support_request", _unless("pays_on_delivery")),
        ("support_request", _unless("cancels")),
        ("pricing_discount", _one_of("instalments")),
        ("complaint_refund", _one_of("refunds")),
        ("product_inquiry", _one_of("asks_of_product")),
    )
)
MIN_PROBABILITY = {
    "other": 0.0,
    "support_request": 0.02,
    "complaint_refund": 0.25,
    "product_inquiry": 0.2,
    "human_handoff": 0.1,
    "opt_out": 0.1,
    "pricing_discount": 0.15,
}  # below it the model overrules a rule
ORDER_NUMBER = re.compile(
    rf"\b{_one_of('order_nouns')}\s*(?:{_one_of('order_number_words')}|[#:.])*\s*[#:]?\s*([a-z]{{0,4}}-?\d{{3,18}})\b"
    rf"(?!\s*(?:[$€£₹]|usd|eur|gbp|inr|aed|rs|{_one_of('currencies')}))|#\s?([a-z]{{0,4}}-?\d{{2,18}})\b"
)
QUANTITY = re.compile(
    rf"\b(\d{{1,3}})\s?{_one_of('units')}\b"
    rf"|\b{_one_of('takes')}\s+(\d{{1,2}})\b(?!\s?(?:%|k\b|gb|kg|x|\*|usd|eur|inr|rs|{_one_of('other_units')}))"
)
LIMIT = re.compile(_one_of("limits"))
GREETED = re.compile(
    rf"^\W*{one_of('topics', 'greeting')}\b(?:\W+{one_of('topics', 'greeting_beside')}\b)*\W*(?=(?:\w+\W+){{2}}\w)"
)  # and at least three words after it


def classify(text: str) -> Classification:
    """Deterministic, local, never raises; about 1 ms."""
    if is_stop(text):
        return Classification("opt_out", 1.0)
    conversion = read_conversion(text)
    if conversion:
        entities: dict[str, object] = {"amount": conversion.amount, "from": conversion.source, "to": conversion.target}
        return Classification("currency_conversion", CERTAIN, entities)
    plain = fold_in_place(text[:LONGEST_READ]).lower()
    message_type, confidence = _type_and_confidence(text, plain)
    return Classification(message_type, confidence, _entities(message_type, text, plain))


def classify_or_other(text: str) -> Classification:
    """ "other" below UNSURE: a reply to "zxcv" asks back."""
    found = classify(text)
    return found if found.confidence >= UNSURE else Classification("other", found.confidence, {})


def _type_and_confidence(text: str, plain: str) -> tuple[str, float]:
    linear, nearest = load().probabilities(text)
    probabilities = (1 - NEAREST_SHARE) * linear + NEAREST_SHARE * nearest
    by_rule = _type_by_rule(plain, probabilities)
    if by_rule:
        return by_rule, max(LIKELY, float(probabilities[MESSAGE_TYPES.index(by_rule)]))
    best = int(np.argmax(probabilities))
    if MESSAGE_TYPES[best] == "greeting" and probabilities[best] < SURE_GREETING and (greeted := GREETED.match(plain)):
        # "hi, is the norvik bolt 15 available?" is about what stands after the greeting
        rest = _type_and_confidence(text[greeted.end() :], plain[greeted.end() :])
        if rest[0] != "other" and rest[1] >= UNSURE:
            return rest
    return MESSAGE_TYPES[best], float(probabilities[best])


def _type_by_rule(plain: str, probabilities: np.ndarray) -> str | None:
    for message_type, pattern in RULES:
        if pattern.search(plain) and probabilities[MESSAGE_TYPES.index(message_type)] >= MIN_PROBABILITY[message_type]:
            return message_type
    return None


def _entities(message_type: str, text: str, plain: str) -> dict[str, object]:
    if message_type == "currency_conversion":
        return {"amount": None, "from": None, "to": None}
    found: dict[str, object] = {}
    number = ORDER_NUMBER.search(plain)
    if number:
        found["order_number"] = (number.group(1) or number.group(2)).upper()
    quantity = QUANTITY.search(plain) if message_type in ("order", "product_inquiry", "pricing_discount") else None
    if quantity:
        found["quantity"] = int(quantity.group(1) or quantity.group(2))
    if message_type in ("product_inquiry", "order", "pricing_discount") and LIMIT.search(plain):
        found |= _budget(text)
    return found


def _budget(text: str) -> dict[str, object]:
    """The largest limit: money, or a bare number from 100 on."""
    amounts = [a for a in find_amounts(text) if a.currency or a.value >= 100]
    if not amounts:
        return {}
    largest = max(amounts, key=lambda a: (a.currency is not None, a.value))
    return {"budget": largest.value, "currency": largest.currency}
