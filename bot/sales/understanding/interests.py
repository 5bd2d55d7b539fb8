"""What somebody is interested in: the kinds of thing a text asks for, and how to name them again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.texts import ReplyWording
from bot.shop.categories import Categories
from memory.people.facts import Interest


def read_interests(text: str, categories: Categories, found: Sequence[str] = ()) -> list[str]:
    """The interests a text speaks of, features before kinds ("gaming", "laptops"); `found` are the categories it found.

    The category of what was found stands in where the text names no kind: "something for gaming" found laptops.
    """
    words = re.findall(rf"[a-z0-9]+|[{LETTERS}]+", fold(text))
    narrower: list[str] = []  # features and subcategories, in the order of the text
    subcategories = False
    for word in words:
        subcategory = categories.subcategory(word)
        subcategories |= subcategory is not None
        narrower += [each for each in (subcategory or categories.feature(word),) if each]
    kinds = [kind for word in words if (kind := categories.category(word))]
    return list(dict.fromkeys([*narrower, *([] if subcategories else kinds or list(dict.fromkeys(found))[:1])]))


def last_interest(interests: Sequence[Interest], categories: Categories, words: ReplyWording) -> str | None:
    """What was asked about last, as one phrase of a language ("gaming laptops"); None where nothing was."""
    if not interests:
        return None
    *features, phrase = [name_of(name, categories, words) for name in _last(interests, categories)]
    for feature in reversed(features):
        phrase = words.say("interest", use=feature, kind=phrase)
    return phrase


def name_of(interest: str, categories: Categories, words: ReplyWording) -> str:
    """What replies call a category, subcategory or feature."""
    return categories.name(interest, (words.script, words.policy_language))


def search_words(interests: Sequence[Interest], categories: Categories) -> str:
    """Words that find again what was asked about last; empty where nothing was."""
    return " ".join(map(categories.search_word, _last(interests, categories)))


def _last(interests: Sequence[Interest], categories: Categories) -> list[str]:
    """What the last message that asked for goods asked for, features first."""
    together = [each.name for each in interests if each.message_id == interests[0].message_id]
    return sorted(together, key=lambda name: not categories.is_feature(name))
