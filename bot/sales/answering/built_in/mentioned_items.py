"""Finds the catalogue items that a text means."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bot.language.normalisation import fold
from bot.language.reading.extraction import PRICE
from bot.sales.answering.built_in.answer import BuiltInAnswer
from bot.sales.understanding import topics
from bot.shop.catalogue import parse_query
from memory.shop.catalogue_items import Item


def only_candidate(answer: BuiltInAnswer, part: str) -> list[Item]:
    """A single search result, else the single item shown."""
    found = found_by_words(answer, part)
    if len(found) == 1:
        return found
    return answer.shown if len(answer.shown) == 1 and not found else []


def names_goods(answer: BuiltInAnswer, part: str, plain: str) -> bool:
    """A category or a maker: cue words in the text may then be part of a product's name."""
    makers = {fold(maker) for maker in {item.maker for item in answer.items.values()} if maker}
    if answer.categories.named(part) or any(maker in plain for maker in makers):
        return True
    return answer.situation.catalogue.names_goods(part)


def pointed_at(answer: BuiltInAnswer, plain: str) -> list[Item]:
    """In the last list: "the second one", "2", "last"."""
    return [answer.items[sku] for sku in topics.ordinals_in(plain, [item.sku for item in answer.shown])]


def found_by_words(answer: BuiltInAnswer, part: str) -> list[Item]:
    query = parse_query(part, answer.situation.currency)
    return answer.situation.catalogue.search(part, currency=answer.situation.currency) if query.words else []


def meant(answer: BuiltInAnswer, plain: str) -> list[Item]:
    """Named, or referred to among the items shown last."""
    certain = list(_named(answer, plain)) or pointed_at(answer, plain)
    if certain:
        return certain
    last = answer.shown
    if len(last) > 1 and topics.CHEAPER.search(plain):
        return [min(last, key=answer.cost)]
    if len(last) > 1 and topics.DEARER.search(plain):
        return [max(last, key=answer.cost)]
    if not last and answer.situation.ad:
        return _items_of_ad(answer, plain)
    asks_about_it = topics.THAT.search(plain) or PRICE.search(plain)
    return last if len(last) == 1 and asks_about_it and not found_by_words(answer, plain) else []


def _items_of_ad(answer: BuiltInAnswer, plain: str) -> list[Item]:
    """ "Is this still available?" after a click on an ad."""
    lines = answer.situation.ad.splitlines()
    found = next(filter(None, map(answer.situation.catalogue.search, lines)), [])
    if not found or found_by_words(answer, plain):
        return []
    if topics.CHEAPER.search(plain):
        return [min(found, key=answer.cost)]
    if topics.DEARER.search(plain):
        return [max(found, key=answer.cost)]
    return found if topics.THAT.search(plain) or PRICE.search(plain) or topics.MORE.search(plain) else []


def _named(answer: BuiltInAnswer, plain: str) -> Iterator[Item]:
    # The longest title first: "Bolt 15 Pro" does not also name "Bolt 15".
    left = plain
    titled = [(title, item) for item in answer.items.values() for title in item.every_title]
    named: set[str] = set()
    for title, item in sorted(titled, key=lambda pair: -len(pair[0])):
        for name in _names(title, item.maker, item.sku):
            if len(name) > 3 and name in left and item.sku not in named:
                left = left.replace(name, " ")
                named.add(item.sku)
                yield item
                break


@lru_cache(maxsize=4096)
def _names(title: str, maker: str, sku: str) -> tuple[str, ...]:
    return fold(title), fold(sku), fold(title.removeprefix(maker)).strip()
