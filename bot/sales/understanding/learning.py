"""What one message teaches about its writer: what it states of them, their currency and budget, their interests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bot.language.amounts import find_amounts, find_currencies
from bot.language.normalisation import fold
from bot.language.reading.message_type import Classification
from bot.language.reading.statements import Learned, own_clauses, read_facts, sentences
from bot.sales.understanding.interests import read_interests
from bot.sales.understanding.topics import BUDGET, NO_BUDGET, PRICE
from bot.shop.catalogue import Catalogue, read_wish

SHOPPING = ("product_inquiry", "order", "pricing_discount")


def learn(text: str, language: str, kind: Classification) -> Iterator[Learned]:
    """The facts that a message tells, each once; a price limit is a budget, its currency the preferred one."""
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


def interests(text: str, kind: Classification, catalogue: Catalogue) -> list[str]:
    """What a message asks about; empty where it asks about nothing that is sold here."""
    categories = catalogue.categories
    if kind.message_type not in SHOPPING and not (kind.message_type == "other" and read_interests(text, categories)):
        return []
    wish = read_wish(text, "EUR")
    found = catalogue.search(text, limit=3) if wish.words else []
    return read_interests(text, categories, [item.category for item in found]) if found else []


def _currency(text: str, kind: Classification) -> str | None:
    """The currency a conversion leads to ("how much is it in dollars"), or that a price is asked or limited in."""
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
        named = find_amounts(_own_words(text))
        amount, currency = (named[0].value, named[0].currency) if named else (None, None)
    if not isinstance(amount, Decimal) or _of_another(text):
        return None
    return f"{amount:f} {currency}" if currency else f"{amount:f}"


def _own_words(text: str) -> str:
    """Without what is quoted, supposed, or told of another person."""
    return "\n".join(sentences(text))


def _of_another(text: str) -> bool:
    """Whether the budget in a text is somebody else's: "my brother's budget is 500"."""
    return BUDGET.search(fold(text)) is not None and not any(
        BUDGET.search(fold(clause)) for sentence in sentences(text) for clause in own_clauses(sentence)
    )
