"""Cuts English words to their stems; most others stay as they are."""

from __future__ import annotations

from functools import lru_cache

from bot.language.words import keyed_words

# Other languages may list irregular forms in recall.toml; their endings are not cut.
IRREGULAR = {form: base for base, form in keyed_words("recall", "irregular")}


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What the forms of a word share: bought, buying, buys → buy; hobbies, hobby → hobby."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if not word.isascii() or len(word) < 4:
        return word
    return _without_e(_without_ending(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word.removesuffix("s")


def _without_ending(word: str) -> str:
    for ending in ("ingly", "edly", "ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and any(vowel in rest for vowel in "aeiouy"):
            return _respelled(rest)
    return word


def _respelled(rest: str) -> str:
    """plann → plan, tri → try."""
    if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz":
        return rest[:-1]
    return rest[:-1] + "y" if rest.endswith("i") else rest


def _without_e(word: str) -> str:
    return word.removesuffix("e") if len(word) > 3 else word
