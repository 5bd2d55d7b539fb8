"""What a brand's goods are called: its categories, subcategories and features, by the words of its customers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.brands import Brand, Term
from bot.language.normalisation import fold
from bot.language.words import words_of_all


class Categories:
    """A brand's categories as its file and its catalogue have them; never changed.

    An id is what the catalogue's column, the brand's file and a stored interest say ("laptops"). A category that the
    file does not describe is found by its id ("cakes", "cake").
    """

    def __init__(self, brand: Brand, used: Iterable[str]) -> None:
        """`used` are the categories of the catalogue's items, which the brand's file need not name."""
        self.ids = tuple(dict.fromkeys([*used, *brand.categories]))
        self._features = frozenset(brand.features)
        self._terms: Mapping[str, Term] = {**brand.categories, **brand.subcategories, **brand.features}
        self._category_of = dict(_by_word({each: brand.categories.get(each, Term()) for each in self.ids}))
        self._subcategory_of = dict(_by_word(brand.subcategories))
        self._feature_of = dict(_by_word(brand.features))

    @property
    def words(self) -> frozenset[str]:
        """Every folded word that stands for a category or a subcategory: in "40 laptops" the number is no amount."""
        return frozenset([*self._category_of, *self._subcategory_of])

    @property
    def category_words(self) -> frozenset[str]:
        """Every folded word that stands for a category."""
        return frozenset(self._category_of)

    def category(self, word: str) -> str | None:
        """The category that a folded word stands for, in the singular or plural."""
        return _found(self._category_of, word)

    def subcategory(self, word: str) -> str | None:
        """The subcategory that a folded word stands for."""
        return _found(self._subcategory_of, word)

    def feature(self, word: str) -> str | None:
        """The feature that a folded word stands for."""
        return _found(self._feature_of, word)

    def is_feature(self, interest: str) -> bool:
        """Whether an interest is a feature, which says no kind of goods by itself: "gaming"."""
        return interest in self._features

    def synonyms(self, word: str) -> tuple[str, ...]:
        """The words of the feature that a folded word stands for; empty where it stands for none."""
        feature = self.feature(word)
        return self._terms[feature].words if feature else ()

    def name(self, interest: str, languages: Sequence[str]) -> str:
        """What replies call it, in the first of `languages` that has a name for it; else its id in plain words."""
        names = self._terms[interest].names if interest in self._terms else {}
        return next((names[each] for each in languages if each in names), interest.replace("-", " "))

    def search_word(self, interest: str) -> str:
        """A word that finds it in the catalogue."""
        words = self._terms[interest].words if interest in self._terms else ()
        return words[0] if words else interest.replace("-", " ")


def singulars(word: str) -> Iterator[str]:
    """What a folded word may be the plural of, in any of the languages: "cakes" cake, "panes" pan, "pastries" pastry."""
    for plural, ending in _SINGULARS:
        stem, found = plural.subn(ending, word)
        if found:
            yield stem


_SINGULARS = [
    (re.compile(plural), ending)
    for plural, _, ending in (rule.partition(" ") for rule in words_of_all("search", "singulars"))
]


def _by_word(terms: Mapping[str, Term]) -> Iterator[tuple[str, str]]:
    """Each folded word with the id it stands for; where no words were written down, the id and the names are."""
    for each, term in terms.items():
        if not term.words:
            names = [fold(text) for text in (each, *term.names.values()) if len(text.split()) == 1 and "-" not in text]
            yield from ((single, each) for name in names for single in (*singulars(name), name))
    for each, term in terms.items():
        yield from ((fold(word), each) for word in term.words)


def _found(ids: Mapping[str, str], word: str) -> str | None:
    return next((ids[each] for each in (word, *singulars(word)) if each in ids), None)
