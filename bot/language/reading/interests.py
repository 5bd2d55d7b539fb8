"""Finds a shop's categories, subcategories and features in a text, by its customers' words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.words import words_of_all

WORDS = re.compile(rf"[a-z0-9]+|[{LETTERS}]+")


class InterestFinder(Protocol):
    def find(self, text: str, *, language: str | None, named: bool) -> list[str]:
        """Interests, features first ("gaming", "laptops").

        `language`: the chat's, None if unknown. `named`: only words for goods count, no title or maker.
        """


@dataclass(frozen=True, slots=True)
class Term:
    """A category, subcategory or feature."""

    names: Mapping[str, str] = field(default_factory=dict)  # by language, in the plural: "I can show you laptops"
    words: tuple[str, ...] = ()  # single words, in whatever language; the first finds it again in the catalogue
    words_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # words of this language's chats alone

    def words_for(self, language: str | None) -> tuple[str, ...]:
        """None: of all languages."""
        own = [each for code, each in self.words_in.items() if language in (None, code)]
        return tuple(dict.fromkeys([*self.words, *chain.from_iterable(own)]))


class ShopWords:
    """Finds interest ids by word; immutable.

    A term without words matches its id and names ("cakes", "cake"). With a `language`, words of other languages are left
    out: "hp" is a phone in Indonesian, elsewhere a maker of laptops.
    """

    def __init__(
        self,
        categories: Mapping[str, Term],
        subcategories: Mapping[str, Term] | None = None,
        features: Mapping[str, Term] | None = None,
        language: str | None = None,
    ) -> None:
        self._all = (categories, subcategories or {}, features or {})
        self._in_language: dict[str | None, ShopWords] = {language: self}
        self._category_of, self._subcategory_of, self._feature_of = (
            dict(_by_word(each, language)) for each in self._all
        )

    @property
    def words(self) -> frozenset[str]:
        # Used by amounts: in "40 laptops" 40 is no amount.
        return frozenset([*self._category_of, *self._subcategory_of])

    @property
    def category_words(self) -> frozenset[str]:
        return frozenset(self._category_of)

    def category(self, word: str) -> str | None:
        """Of a folded word, singular or plural."""
        return _found(self._category_of, word)

    def subcategory(self, word: str) -> str | None:
        return _found(self._subcategory_of, word)

    def feature(self, word: str) -> str | None:
        return _found(self._feature_of, word)

    def named(self, text: str, found: Sequence[str] = ()) -> list[str]:
        """Interests, features first.

        `found`: categories of search results; the first stands in where no goods are named ("something for gaming").
        """
        words = WORDS.findall(fold(text))
        subcategories = [self.subcategory(word) for word in words]
        narrower = [kind or self.feature(word) for word, kind in zip(words, subcategories, strict=True)]
        kinds: Sequence[str | None] = [] if any(subcategories) else [*map(self.category, words)]
        if not any(kinds) and not any(subcategories):
            kinds = found[:1]
        return list(dict.fromkeys(each for each in (*narrower, *kinds) if each))

    def find(self, text: str, *, language: str | None, named: bool) -> list[str]:
        # Without a catalogue every interest is a named one.
        if language not in self._in_language:
            self._in_language[language] = ShopWords(*self._all, language)
        return self._in_language[language].named(text)


def singulars(word: str) -> Iterator[str]:
    """Of a folded word: "panes" pan, "pastries" pastry; some are no words."""
    for plural, ending in _SINGULARS:
        stem, found = plural.subn(ending, word)
        if found:
            yield stem


_SINGULARS = [
    (re.compile(plural), ending)
    for plural, _, ending in (rule.partition(" ") for rule in words_of_all("search", "singulars"))
]


def _by_word(terms: Mapping[str, Term], language: str | None) -> Iterator[tuple[str, str]]:
    """(folded word, id)."""
    for each, term in terms.items():
        if not term.words_for(None):
            names = [fold(text) for text in (each, *term.names.values()) if len(text.split()) == 1 and "-" not in text]
            yield from ((single, each) for name in names for single in (*singulars(name), name))
    for each, term in terms.items():
        yield from ((fold(word), each) for word in term.words_for(language))


def _found(ids: Mapping[str, str], word: str) -> str | None:
    return next((ids[each] for each in (word, *singulars(word)) if each in ids), None)
