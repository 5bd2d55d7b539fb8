"""Reads a message once: its type, facts about the writer, currency, budget, interests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.language.amounts import find_amounts, find_currencies
from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.reading.interests import InterestFinder
from bot.language.reading.message_type import Classification, classify_or_other
from bot.language.reading.statements import Learned, own_clauses, read_facts, sentences
from bot.language.words import folded_alternatives

SHOPPING = ("product_inquiry", "order", "pricing_discount")


def _cue(key: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w{LETTERS}]){folded_alternatives('topics', key)}(?![\w{LETTERS}])")


PRICE, BUDGET, NO_BUDGET = _cue("price"), _cue("budget"), _cue("no_budget")


@dataclass(frozen=True, slots=True)
class Extraction:
    classification: Classification
    learned: tuple[Learned, ...]  # of its writer, each once
    interests: tuple[str, ...]  # that it asked about


def read_message(text: str, language: str, shop: InterestFinder) -> Extraction:
    """Never raises on any text."""
    kind = classify_or_other(text)
    return Extraction(
        kind, tuple(dict.fromkeys(_learned(text, language, kind))), tuple(_interests(text, language, kind, shop))
    )


def _learned(text: str, language: str, kind: Classification) -> Iterator[Learned]:
    # A price limit is a budget, and its currency the preferred one.
    yield from read_facts(text, language)
    if NO_BUDGET.search(fold(text)):
        yield Learned("budget", "", ended=True)
        return
    currency = _currency(text, kind)
    if currency:
        yield Learned("currency", currency)
    budget = _budget(text, kind)
    if budget:
        yield Learned("budget", budget)


def _interests(text: str, language: str, kind: Classification, shop: InterestFinder) -> list[str]:
    # Only where a message asks for goods, or is hardly more than a word for them.
    if kind.message_type not in (*SHOPPING, "other"):
        return []
    return shop.find(text, language=language, named=kind.message_type == "other")


def _currency(text: str, kind: Classification) -> str | None:
    if kind.message_type == "currency_conversion":
        wished = kind.entities.get("to") or (kind.entities.get("from") if PRICE.search(fold(text)) else None)
        named = {mention.currency for mention in find_currencies(text)}
        if wished is None and kind.entities.get("amount") is None and len(named) == 1:
            return named.pop()
        return wished if isinstance(wished, str) else None
    named = {mention.currency for mention in find_currencies(text) if not mention.loose}
    return named.pop() if kind.message_type in SHOPPING and len(named) == 1 else None


def _budget(text: str, kind: Classification) -> str | None:
    amount, currency = kind.entities.get("budget"), kind.entities.get("currency")
    if not isinstance(amount, Decimal) and BUDGET.search(fold(text)):
        named = find_amounts("\n".join(sentences(text)))  # not in quotations, suppositions, or about others
        amount, currency = (named[0].value, named[0].currency) if named else (None, None)
    if not isinstance(amount, Decimal) or _of_another(text):  # "my brother's budget is 500"
        return None
    return f"{amount:f} {currency}" if currency else f"{amount:f}"


def _of_another(text: str) -> bool:
    return BUDGET.search(fold(text)) is not None and not any(
        BUDGET.search(fold(clause)) for sentence in sentences(text) for clause in own_clauses(sentence)
    )
