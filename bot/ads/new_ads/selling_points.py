"""Arguments for an ad from the brand's facts, with the marketing psychology behind each."""

# Scarcity only if it is true; social proof only with its number.

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from babel.dates import format_date

from bot.ads.morning.objections import Topic
from bot.brands import Brand, Discount
from bot.language.languages import about
from bot.language.words import entry
from memory.shop.catalogue_items import Item

LONGEST_QUOTE: Final = 380  # characters of a policy; with the invitation behind it an ad's text stays below 500
LONG_ENOUGH: Final = timedelta(days=14)  # that a code still holds; a test runs so long
PROOF_DAYS: Final = 30
PROOF_FROM: Final = 50  # orders in these days; fewer prove nothing
TENS: Final = 10  # models are told in whole tens, so that a sale does not make an ad untrue


@dataclass(frozen=True, slots=True)
class ShopFacts:
    brand: Brand
    today: date  # in the brand's calendar
    items: Sequence[Item]
    orders: int  # within the last 30 days

    @property
    def discount(self) -> Discount | None:
        """The largest valid code."""
        valid = [each for each in self.brand.discounts if each.valid_until >= self.today]
        return max(valid, key=lambda each: each.percent, default=None)

    @property
    def models(self) -> int:
        """Below the number in stock, in whole tens: “more than n”."""
        return (sum(item.stock > 0 for item in self.items) - 1) // TENS * TENS


@dataclass(frozen=True, slots=True)
class AdTexts:
    headline: str
    body: str
    greeting: str
    ends: date | None = None  # the last day on which they are true


Write = Callable[[ShopFacts, str], AdTexts | None]  # language → the words; None where it would not be true


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason to buy."""

    name: str
    angle: str
    principle: str  # of marketing psychology, in plain words
    answers: tuple[Topic, ...]
    write: Write


def _policy(topic: str) -> Write:
    def write(facts: ShopFacts, language: str) -> AdTexts:
        return _words(language, _say(language, topic), _quoted(facts.brand.policy(topic, language)))

    return write


def _quoted(text: str) -> str:
    sentences = re.split(r"(?<=[.!?।])\s+", text)
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + 1 + len(sentence) > LONGEST_QUOTE:
            break
        kept = f"{kept} {sentence}"
    return kept


def _say(language: str, line: str, **blanks: object) -> str:
    text: str = entry(language, "selling_points", line)
    return text.format(**blanks)


def _date(language: str, day: date) -> str:
    return str(format_date(day, "long", locale=about(language).locale))


def _words(language: str, headline: str, body: str) -> AdTexts:
    return AdTexts(headline, f"{body} {_say(language, 'invitation')}", _say(language, "greeting"))


def _said(language: str, line: str, **blanks: object) -> AdTexts:
    return _words(language, _say(language, line, **blanks), _say(language, f"{line}_text", **blanks))


def _discount(facts: ShopFacts, language: str) -> AdTexts | None:
    discount = facts.discount
    if discount is None or discount.valid_until - facts.today < LONG_ENOUGH:
        return None
    until = _date(language, discount.valid_until)
    said = _said(language, "discount", percent=f"{discount.percent:f}", code=discount.code, until=until)
    return replace(said, ends=discount.valid_until)


def _range(facts: ShopFacts, language: str) -> AdTexts | None:
    return _said(language, "range", n=facts.models) if facts.models >= TENS else None


def _proof(facts: ShopFacts, language: str) -> AdTexts | None:
    if facts.orders < PROOF_FROM:
        return None
    since = _date(language, facts.today - timedelta(days=PROOF_DAYS))
    return _said(language, "proof", n=facts.orders, since=since)


def _advice(_facts: ShopFacts, language: str) -> AdTexts:
    return _said(language, "advice")


ARGUMENTS: Final[tuple[Argument, ...]] = (
    Argument("returns", "security", "reassurance: the way back is open", ("returns", "is it genuine", "size and fit"),
             _policy("returns")),
    Argument("warranty", "quality", "reassurance: somebody stands behind it", ("warranty", "is it genuine"),
             _policy("warranty")),
    Argument("delivery", "delivery", "certainty: a known day is worth more than a maybe", ("delivery time",),
             _policy("delivery")),
    Argument("payment", "payment", "control: people buy where they know how they pay",
             ("cash on delivery", "installments"), _policy("payment")),
    Argument("discount", "money-saving", "scarcity, and it is true: the code ends on its day",
             ("discount", "price too high"), _discount),
    Argument("advice", "expert-advice", "reciprocity: help comes first", ("size and fit",), _advice),
    Argument("range", "style", "choice, narrowed down for them", (), _range),
    Argument("orders", "social-proof", "social proof, with its number", ("is it genuine",), _proof),
)  # fmt: skip
