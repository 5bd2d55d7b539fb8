"""Finds the catalogue's items by name in a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.language.normalisation import composed, plain_in_place
from memory.shop.catalogue_items import Item


@dataclass(frozen=True, slots=True)
class ItemMention:
    item: Item
    start: int
    end: int


class ItemNames:
    """Finds items by title, title without maker, sku, or an unmistakable beginning; the longest name wins."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items: dict[str, Item] = {}
        for names in (_beginnings, _own_names, _full_names):  # a surer kind of name overrides
            owners: dict[str, list[Item]] = {}
            for item in items:
                for name in set(names(item)):
                    owners.setdefault(name, []).append(item)
            self._items |= {name: found[0] for name, found in owners.items() if len(found) == 1}
        ordered = sorted(self._items, key=len, reverse=True)
        spaced = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in ordered)
        self._pattern = (
            re.compile(rf"(?<![\w-])(?:{spaced})(?!(?!-?nya\b)[\w-]*\w)", re.IGNORECASE) if ordered else None
        )
        self.makers = {plain_in_place(item.maker).lower() for item in items if item.maker}
        self.series = {word for item in items if (word := _series(item))}

    def find(self, plain: str) -> tuple[ItemMention, ...]:
        if self._pattern is None:
            return ()
        return tuple(
            ItemMention(item, match.start(), match.end())
            for match in self._pattern.finditer(plain)
            if (item := self._meant(match.group()))
        )

    def _meant(self, name: str) -> Item | None:
        # A one-word name needs a capital: 'Marina' is an item, 'marina' a place.
        key = re.sub(r"[\s-]+", " ", name.lower())
        item = (
            self._items.get(key) or self._items.get(name.lower()) or self._items.get(re.sub(r"\s+", " ", name.lower()))
        )
        single = " " not in key and not any(c.isdigit() for c in key)
        return None if single and name[:1].islower() else item


def _full_names(item: Item) -> Iterator[str]:
    yield from (_plain(title) for title in item.every_title)
    yield item.sku.lower()


def _own_names(item: Item) -> Iterator[str]:
    """The title without its maker, unless that leaves one short word."""
    for title in item.every_title:
        own = _own_words(item, title)
        if len(own) > 1 or len(own[0]) > 4:
            yield " ".join(own)


def _beginnings(item: Item) -> Iterator[str]:
    maker = _plain(item.maker)
    for title in item.every_title:
        own = _own_words(item, title)
        for length in range(len(own) - 1, 1, -1):
            yield " ".join(own[:length])
            yield f"{maker} {' '.join(own[:length])}".strip()
        if maker:  # one word without a maker is no name: the 'chocolate' of 'Chocolate Cake'
            yield f"{maker} {own[0]}"


def _plain(title: str) -> str:
    return plain_in_place(composed(title)).lower()


def _own_words(item: Item, title: str) -> list[str]:
    words, maker = _plain(title).split(), _plain(item.maker).split()
    return words[len(maker) :] if maker and len(words) > len(maker) and words[: len(maker)] == maker else words


def _series(item: Item) -> str | None:
    """'raptor' of 'Kestrel Raptor 15'."""
    words, own = _plain(item.title).split(), _own_words(item, item.title)
    return own[0] if len(words) > len(own) > 1 and own[1][0].isdigit() else None
