"""What a customer's message is about: certain rules first, then the fitted model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from bot.language.amounts import LONGEST_READ, find_amounts
from bot.language.normalisation import fold_in_place
from bot.language.reading.classifier import MESSAGE_TYPES, NEAREST_SHARE, load
from bot.language.reading.conversion import Conversion, read_conversion
from bot.language.reading.opt_out import is_stop

CERTAIN = 0.97
LIKELY = 0.9
UNSURE = 0.25  # what text of no known word reaches


@dataclass(frozen=True, slots=True)
class Classification:
    """What one message is about.

    `message_type` is one of MESSAGE_TYPES, `confidence` from 0 to 1. `entities` holds what could be read with
    certainty: for currency_conversion always `amount` (Decimal or None), `from` and `to` (ISO codes or None);
    for other types `order_number` (str), `quantity` (int), `budget` (Money-like pair: `budget`, `currency`).
    """

    message_type: str
    confidence: float
    entities: dict[str, object] = field(default_factory=dict)


# Paying at the door: "contra reembolso" is no refund. Somebody who speaks of a refund besides is not asking how to pay.
ON_DELIVERY = (
    r"^(?!.*\b(?:refund\w*|devol\w+|money back|(?:place|want to|book) (?:my |an? |the )?order|quiero (?:el|mi|un) reembolso)\b)"
    r".*(?:\bcontra[ -]?(?:r?reembolso|entrega)\b"
    r"|\b(?:pay|cash|payment|card) on delivery\b|\bc\.?o\.?d\.? (?:available|possible|ok|hai|milega|accepted|chalega)"
    r"|\b(?:paga\w*|efectivo|dinheiro) (?:na|no ato da|a la|al recibir|en la) ?entrega\b|\bpagar al recibir\b"
    r"|^\W*(?:is |do you (?:have|take|accept|do) )?cod\W*$)"
)
# Taking back what was ordered. Somebody who wants no more messages says so, or STOP.
NO_MORE_ORDER = (
    r"^(?!.*\b(?:mensa\w+|messages?|msgs?|news ?letter|subscri\w+|suscri\w+|inscri\w+|assinatura|promo\w*|sms"
    r"|e?-?mails?|boleti[nm]|noise|ruidos?|flight|class|appointment|alarm|ofertas"
    r"|refund\w*|reembols\w+|money|dinero|dinheiro|paise|paisa)\b|सदस्यता|पैसे)"
    r".*(?:\b(?:cancel(?:a(?:r|lo|la|rlo|rla)?|e|o|l?ed|ad[oa])?|anula\w*)\b|रद्द|कैंसिल|\b(?:no (?:lo |la |los |las )?(?:quiero|necesito)|nao (?:o |a )?quero) mai?s\b"
    r"|\b(?:ya no (?:lo |la |los |las )?quiero|(?:don'?t|do not) want (?:it|this|that|the order|my order) any ?more)\b)"
)
# Rules for what the words alone decide, tried in order. Each was written from how people ask, not fitted.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("other", re.compile(r"^\W*(?:i(?: have|'ve)? )?sent\W*$")),  # of what, and by whom, only the conversation knows
    (
        "other",
        re.compile(
            r"\b(?:kilos?|kgs?|grams?|ounces?|miles?|km|inch(?:es)?|feet|celsius|litres?|liters?|gallons?|cups?)\b.{0,12}\b(?:to|in|into|are in)\b.{0,8}"
            r"\b(?:pounds?|kilos?|kgs?|kilograms?|grams?|ounces?|miles?|km|kilomet\w+|cm|centimet\w+|met(?:er|re)s?|fahrenheit|litres?|liters?|gallons?|cups?)\b"
        ),
    ),
    ("opt_out", re.compile(r"\b(?:unsub\w*|opt(?:ing)? out)\b|\bnews ?letter\b.*\b(?:stop|cancel\w*|remove)\b|\b(?:stop|cancel\w*|remove)\b.*\bnews ?letter\b")),
    (
        "human_handoff",
        re.compile(
            r"\b(?:talk|speak|chat|connect|transfer|baat)\b.{0,25}\b(?:agent|human|person|executive|operator|representative|manager|someone|somebody|assistant)\b"
            r"|\bcall me\b|\b(?:customer care|contact|helpline|toll free) (?:no|number|num)\b"
        ),
    ),
    ("support_request", re.compile(ON_DELIVERY)),
    ("support_request", re.compile(NO_MORE_ORDER)),
    ("pricing_discount", re.compile(r"\be\.?m\.?i\b(?!.{0,30}\b(?:return|refund|exchange)\b)")),
    ("complaint_refund", re.compile(r"\b(?:refund|reimburse|money back|reembols|devolucion|devoluca)\w*\b")),
    ("product_inquiry", re.compile(r"\bexp(?:iry|iration|ire)\b.{0,12}\b(?:date|day|kab|kya)\b|\b(?:original|genuine|authentic)\b.{0,20}\b(?:product|hai|or)\b")),
)  # fmt: skip
OVERRULED = {
    "other": 0.0,
    "support_request": 0.02,
    "complaint_refund": 0.25,
    "product_inquiry": 0.2,
    "human_handoff": 0.1,
    "opt_out": 0.1,
    "pricing_discount": 0.15,
}  # the least share the model must leave a rule's type
ORDER_NUMBER = re.compile(
    r"\b(?:order|purchase|pedido|compra|invoice|bill|tracking|awb)\s*(?:no|number|num|id|numero|#|:|\.|is|status)*\s*[#:]?\s*([a-z]{0,4}-?\d{3,18})\b(?!\s*(?:[$€£₹]|usd|eur|gbp|inr|aed|rs|dollars?|euros?|rupees?|pounds?|reais|pesos))"
    r"|#\s?([a-z]{0,4}-?\d{2,18})\b"
)
QUANTITY = re.compile(
    r"\b(\d{1,3})\s?(?:pcs?|pieces?|units?|nos|boxes|box|packs?|packets?|bottles?|pairs?|tablets|unidades|piezas|peças|pecas|piece)\b"
    r"|\b(?:order|buy|take|send me|give me|want|need|quiero|quero|book)\s+(\d{1,2})\b(?!\s?(?:%|k\b|gb|kg|inch|year|days?|lakh|x|\*|usd|eur|inr|rs|dollar|euro|rupee|percent))"
)
LIMIT = re.compile(
    r"\b(?:under|below|less than|upto|up to|within|budget|max|maximum|cheaper than|around|about|for|menos de|hasta|ate|abaixo de|tak|ke andar|andar)\b|से कम|तक"
)


def classify(text: str) -> Classification:
    """The type of a message, how sure, and what could be read from it.

    Deterministic, local and safe on any text; about a millisecond. An empty message is `other`.
    """
    if is_stop(text):
        return Classification("opt_out", 1.0)
    conversion = read_conversion(text)
    if conversion:
        return Classification("currency_conversion", CERTAIN, _conversion_entities(conversion))
    plain = fold_in_place(text[:LONGEST_READ]).lower()
    message_type, confidence = _judged(text, plain)
    return Classification(message_type, confidence, _entities(message_type, text, plain))


def believed(text: str) -> Classification:
    """As `classify`, but `other` where that was a mere guess: a reply to "zxcv" asks back, it does not convert money."""
    found = classify(text)
    return found if found.confidence >= UNSURE else Classification("other", found.confidence, {})


def _judged(text: str, plain: str) -> tuple[str, float]:
    linear, nearest = load().shares(text)
    shares = (1 - NEAREST_SHARE) * linear + NEAREST_SHARE * nearest
    ruled = _ruled(plain, shares)
    if ruled:
        return ruled, max(LIKELY, float(shares[MESSAGE_TYPES.index(ruled)]))
    best = int(np.argmax(shares))
    return MESSAGE_TYPES[best], float(shares[best])


def _ruled(plain: str, shares: np.ndarray) -> str | None:
    """The first rule that matches, unless the model gives its type next to nothing."""
    for message_type, pattern in RULES:
        if pattern.search(plain) and shares[MESSAGE_TYPES.index(message_type)] >= OVERRULED[message_type]:
            return message_type
    return None


def _conversion_entities(conversion: Conversion) -> dict[str, object]:
    return {"amount": conversion.amount, "from": conversion.source, "to": conversion.target}


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
    """The largest amount of a stated limit: money named as such, or a bare number no smaller than 100."""
    amounts = [a for a in find_amounts(text) if a.currency or a.value >= 100]
    if not amounts:
        return {}
    largest = max(amounts, key=lambda a: (a.currency is not None, a.value))
    return {"budget": largest.value, "currency": largest.currency}
