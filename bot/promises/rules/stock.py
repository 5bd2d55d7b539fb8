"""Checks stock, remaining quantities, and restock dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.promises import claims
from bot.promises.facts import STOCK, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item


def check_stock(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    back = claims.RESTOCK.search(sentence.plain)
    if back and not sentence.denies(back.start(), back.end()) and not sentence.asks:
        why = "nobody knows when it comes back"
        yield back.start(), Breach(STOCK, sentence.cut(*back.span()), why, "say that it is out of stock now")
    if sentence.asks or (claims.UNSURE.search(sentence.plain) and not claims.COUNT_LEFT.search(sentence.bare)):
        return
    for items, start, end in _stock_clauses(sentence):
        for at, said, wrong in _stock_faults(sentence.bare[start:end], items):
            right = ", ".join(f"{item.title}: {item.stock} in stock" for item in items)
            yield start + at, Breach(STOCK, said, wrong, right)


def _stock_clauses(sentence: Sentence) -> Iterator[tuple[list[Item], int, int]]:
    """(items, start, end) of a sentence's parts: with several items, each from its name to the next one."""
    if len(sentence.items) < 2:
        items = sentence.items or ([sentence.subject] if sentence.subject else [])
        yield items, 0, len(sentence.plain)
        return
    starts = [mention.start for mention in sentence.mentions]
    yield sentence.items, 0, starts[0]
    for mention, end in zip(sentence.mentions, [*starts[1:], len(sentence.plain)], strict=True):
        yield [mention.item], mention.start, end


def _stock_faults(plain: str, items: Sequence[Item]) -> Iterator[tuple[int, str, str]]:
    if not items:
        return
    gone = claims.OUT_OF_STOCK.search(plain)
    if gone:
        if any(item.stock for item in items):
            yield gone.start(), gone.group(), "it is in stock"
        return
    counted = [match for match in claims.COUNT_LEFT.finditer(plain) if _count(match) is not None]
    for match in counted:
        if not any(item.stock == _count(match) for item in items):
            yield match.start(), match.group().strip(), "this is not the number in stock"
    last = claims.LAST_ONE.search(plain)
    if last and not counted and not any(item.stock == 1 for item in items):
        yield last.start(), last.group(), "it is not the last one"
    there = claims.IN_STOCK.search(plain)
    denied = there and claims.NEGATED.search(plain[max(0, there.start() - 25) : there.start()])
    if there and not denied and not counted and not all(item.stock for item in items):
        yield there.start(), there.group(), "it is out of stock"


def _count(match: re.Match[str]) -> int | None:
    word = next((value for value in match.groups() if value), None)
    return None if word is None else claims.NUMBER_WORDS.get(word.lower()) or (int(word) if word.isdigit() else None)


def check_quantities(sentences: Sequence[Sentence], facts: ReplyFacts) -> PlacedBreaches:
    """More than there is must not be agreed to, be it named in the draft or in the basket."""
    draft = "\n".join(sentence.plain for sentence in sentences)
    agrees = claims.AFFIRMS.search(draft) or claims.PLENTY.search(draft)
    why, right = "there are not so many", "say how many there are"
    said_less = claims.OUT_OF_STOCK.search(draft) or any(
        claims.DENIALS[sentence.language].search(sentence.plain) for sentence in sentences
    )
    if agrees and not said_less:
        for item in _meant(sentences, facts):
            wanted = max([quantity for each, quantity in facts.basket if each.sku == item.sku] or [1])
            if wanted > item.stock and not re.search(rf"(?<!\d){item.stock}(?![\d.,]*\d)", draft):
                yield 0, Breach(STOCK, sentences[0].text.strip(), why, f"{right}: {item.title}: {item.stock}")
                return
    for sentence in sentences:
        for mention in sentence.mentions:
            before = _COUNT_BEFORE.search(sentence.plain[: mention.start])
            count = _number(before["count"]) if before else 0
            if before and count > mention.item.stock and not sentence.denied(before.start(), mention.end) and agrees:
                right = f"{right}: {mention.item.title}: {mention.item.stock}"
                yield sentence.start + before.start(), Breach(STOCK, sentence.cut(*before.span()), why, right)


_COUNT_BEFORE = re.compile(
    rf"(?<![\w.,€$£₹-])(?P<count>{claims.COUNT}) (?:x |units? of |pieces? of |unidades (?:de |d[ao] )?|unit |buah )?(?:the |los |las |os |as )?[*_ ]*$",
    re.IGNORECASE,
)


def _number(word: str) -> int:
    return int(word) if word.isdigit() and len(word) < 4 else 0 if word.isdigit() else claims.number(word)


def _meant(sentences: Sequence[Sentence], facts: ReplyFacts) -> list[Item]:
    """The items that a draft speaks of: those it names, else those of the customer and the basket."""
    named = [item for sentence in sentences for item in sentence.items]
    return named or [*facts.customer_items, *(item for item, _ in facts.basket)]


def check_last_few(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for found in claims.LAST_FEW.finditer(sentence.plain):
        count = _count(found)
        items = sentence.items or ([sentence.subject] if sentence.subject else list(facts.items))
        if count is not None and not any(item.stock == count for item in items):
            yield (
                found.start(),
                Breach(STOCK, sentence.cut(*found.span()), "there are not just so many left", "leave it out"),
            )


def check_few_left(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    found = None if sentence.items else claims.FEW_LEFT.search(sentence.plain)
    meant = [sentence.subject] if sentence.subject else facts.items
    if found and not any(item.stock == int(found[1]) for item in meant):
        why = "no item has just so many left"
        yield found.start(), Breach(STOCK, sentence.cut(*found.span()), why, "name the item, and what is left of it")
