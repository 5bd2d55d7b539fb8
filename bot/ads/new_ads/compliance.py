"""The review before a launch: lengths, true claims, ad policies."""

# Meta's Advertising Standards (transparency.meta.com/policies/ad-standards), as far as texts can violate them.

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from bot.ads.ad_idea import Concept
from bot.language.normalisation import fold
from bot.language.patterns import folded_words
from bot.language.words import alternatives

MAX_HEADLINE: Final = 40  # characters; more is cut off in most placements
MAX_BODY: Final = 500
MAX_GREETING: Final = 300
MAX_NAME: Final = 100
CATEGORIES: Final = ("CREDIT", "EMPLOYMENT", "HOUSING", "ISSUES_ELECTIONS_POLITICS")


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    words: str
    sentence: str


class ClaimCheck(Protocol):
    """Of one shop; implemented by `bot.ads.new_ads.shop_claims.FactsCheck`."""

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        """Claims that the shop's facts do not support: words, reason."""


class ClaimChecks(Protocol):
    """Implemented by `bot.ads.new_ads.shop_claims.ShopClaims`."""

    def of(self, brand: str) -> ClaimCheck: ...


def review(concept: Concept, claims: ClaimCheck) -> list[Violation]:
    """Empty if the concept may be launched."""
    violations = [*_lengths(concept), *_category(concept)]
    for text in concept.texts:
        violations += _broken_rules(text)
        violations += _shouting(text)
        violations += [
            Violation("unsupported claim", words, f"“{words}” is not true of the shop: {why}")
            for words, why in claims.unsupported(text)
        ]
    return list(dict.fromkeys(violations))


def _lengths(concept: Concept) -> Iterator[Violation]:
    limits = (
        ("name", concept.name, MAX_NAME),
        ("headline", concept.headline, MAX_HEADLINE),
        ("text", concept.body, MAX_BODY),
        ("greeting", concept.greeting, MAX_GREETING),
    )
    for part, text, most in limits:
        if not text.strip():
            yield Violation("length", "", f"the {part} is empty: write one")
        elif len(text) > most:
            yield Violation(
                "length", text[most - 10 : most + 10], f"the {part} has {len(text)} characters, at most {most}"
            )


def _category(concept: Concept) -> Iterator[Violation]:
    for name in concept.special_ad_categories:
        if name not in CATEGORIES:
            yield Violation("special ad category", name, f"{name} is no category; Meta has {', '.join(CATEGORIES)}")
    for name, pattern in _SPECIAL.items():
        found = next((match for text in concept.texts if (match := pattern.search(fold(text)))), None)
        if found and name not in concept.special_ad_categories:
            words = found.group().strip()
            yield Violation(
                "special ad category",
                words,
                f"“{words}” makes it an ad for {name.lower()}: declare {name}, or leave it out",
            )


def _broken_rules(text: str) -> Iterator[Violation]:
    plain = fold(text)
    for rule in _RULES:
        for match in rule.pattern.finditer(plain):
            words = match.group().strip()
            yield Violation(rule.name, words, f"“{words}”: {rule.instead}")


def _shouting(text: str) -> Iterator[Violation]:
    words = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word.upper() != word.lower()]
    loud = [word for word in words if word.isupper()]
    if len(loud) >= 3 and len(loud) > len(words) / 2:
        yield Violation(
            "grammar and symbols", " ".join(loud[:4]), "written in capitals throughout: write it in small letters"
        )
    if found := re.search(r"[!?]{3,}|\${2,}|(.)\1{5,}", text):
        yield Violation("grammar and symbols", found.group(), f"“{found.group()}”: one sign is enough")


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    instead: str
    pattern: re.Pattern[str]


_ATTRIBUTE: Final = f"(?:{alternatives('ad_policies', 'attributes')})"


def _words(key: str) -> re.Pattern[str]:
    return folded_words(alternatives("ad_policies", key).replace("{attribute}", _ATTRIBUTE))


_RULES: Final = tuple(
    _Rule(name, instead, _words(name.replace(" ", "_")))
    for name, instead in (
        ("personal attributes", "don't tell the reader what they are; speak of the product instead"),
        ("before and after", "no before and after, and no promise of what a body will look like"),
        ("prohibited goods", "Meta does not allow ads for this"),
        ("restricted goods", "needs Meta's written permission and an audience of legal age: leave it to a person"),
        ("misleading claims", "nobody can promise that: say what is true of the product"),
        ("brand use", "Meta's names may not appear as if Meta stood behind the ad"),
        ("profanity", "leave it out"),
        ("engagement bait", "don't ask for likes, shares or tags"),
    )
)
_SPECIAL: Final = {category: _words(f"special.{category.lower()}") for category in CATEGORIES}
