"""The categories and features that a text asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.language.texts import ReplyWording
from bot.shop.catalogue import Catalogue, parse_query
from bot.shop.categories import Categories
from bot.shop.exchange_rates import UnknownCurrency
from memory.people.facts import Interest


@dataclass(frozen=True, slots=True)
class CatalogueInterests:
    """The InterestFinder of one brand."""

    catalogue: Catalogue

    def find(self, text: str, *, language: str | None, named: bool) -> list[str]:
        catalogue = self.catalogue if language is None else self.catalogue.in_language(language)
        categories = catalogue.categories
        if named and not categories.named(text):
            return []
        query = parse_query(text, "EUR")
        try:
            found = catalogue.search(text, limit=3) if query.words else []
        except UnknownCurrency:  # of a price limit; what is asked about does not depend on it
            found = catalogue.search(" ".join(query.words), limit=3)
        return categories.named(text, [item.category for item in found]) if found else []


def last_interest(interests: Sequence[Interest], categories: Categories, wording: ReplyWording) -> str | None:
    """One phrase: "gaming laptops"."""
    if not interests:
        return None
    *features, phrase = [name_of(name, categories, wording) for name in _last(interests, categories)]
    for feature in reversed(features):
        phrase = wording.say("interest", use=feature, kind=phrase)
    return phrase


def name_of(interest: str, categories: Categories, wording: ReplyWording) -> str:
    return categories.name(interest, (wording.script, wording.policy_language))


def search_words(interests: Sequence[Interest], categories: Categories) -> str:
    return " ".join(map(categories.search_word, _last(interests, categories)))


def _last(interests: Sequence[Interest], categories: Categories) -> list[str]:
    """Of the latest message that had any, features first."""
    together = [each.name for each in interests if each.message_id == interests[0].message_id]
    return sorted(together, key=lambda name: not categories.is_feature(name))
