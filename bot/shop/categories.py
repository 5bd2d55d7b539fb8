"""A brand's categories, subcategories and features: found in texts, named in replies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.brands import Brand
from bot.language.reading.interests import ShopWords, Term


class Categories(ShopWords):
    """Ids are the catalogue's categories, the keys in the brand's file and the stored interests ("laptops").

    One that the file does not describe is found by itself ("cakes", "cake"). Immutable.
    """

    def __init__(self, brand: Brand, used: Iterable[str], language: str | None = None) -> None:
        """`used`: by items. Without a `language` of the brand's, words of all languages match."""
        self.ids = tuple(dict.fromkeys([*used, *brand.categories]))
        self._features = frozenset(brand.features)
        self._terms: Mapping[str, Term] = {**brand.categories, **brand.subcategories, **brand.features}
        categories = {each: brand.categories.get(each, Term()) for each in self.ids}
        super().__init__(
            categories, brand.subcategories, brand.features, language if language in brand.languages else None
        )

    def is_feature(self, interest: str) -> bool:
        # A feature names no kind of goods by itself: "gaming".
        return interest in self._features

    def synonyms(self, word: str) -> tuple[str, ...]:
        """Other words for the feature that a folded word names."""
        feature = self.feature(word)
        return self._terms[feature].words_for(None) if feature else ()

    def name(self, interest: str, languages: Sequence[str]) -> str:
        """In the first of `languages` that has a name, else the id in plain words."""
        names = self._terms[interest].names if interest in self._terms else {}
        return next((names[each] for each in languages if each in names), interest.replace("-", " "))

    def search_word(self, interest: str) -> str:
        words = self._terms[interest].words if interest in self._terms else ()
        return words[0] if words else interest.replace("-", " ")
