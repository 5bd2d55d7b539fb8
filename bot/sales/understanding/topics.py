"""Cues for shop topics, items and quantities, in all languages. `plain` is folded text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from bot.language.languages import LETTERS
from bot.language.words import folded_alternatives

_any = partial(folded_alternatives, "topics")
LETTER = rf"\w{LETTERS}"


def _cue(key: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![{LETTER}]){_any(key)}(?![{LETTER}])")


POLICIES = ("delivery", "returns", "warranty", "payment", "hours", "location")
TOPICS: dict[str, re.Pattern[str]] = {
    topic: _cue(f"topics.{topic}")
    for topic in ("returns", "warranty", "delivery", "payment", "hours", "location", "discount", "stock")
}
GREETING = _cue("greeting")
THANKS = _cue("thanks")
BYE = _cue("goodbye")
HUMAN = _cue("human")
COMPLAINT = _cue("complaint")
STATUS = _cue("order_status")
CODE = _cue("promo_code")
MORE = _cue("more")
ARRIVES = _cue("arrival")
OWN_ORDER = _cue("own_order")
HAVE = _cue("do_you_have")
TROUBLE = _cue("trouble")
CANCEL = _cue("cancel")
BUY = _cue("buy")
COMPARE = _cue("compare")
HOW_ARE_YOU = _cue("how_are_you")
WHO_ARE_YOU = _cue("who_are_you")
OFF_TOPIC = _cue("off_topic")
GIFT = _cue("gift")
THAT = _cue("that")
CHEAPER = _cue("cheaper")
DEARER = _cue("dearer")
ORDINALS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (place, _cue(f"ordinals.{name}"))
    for place, name in ((0, "first"), (1, "second"), (2, "third"), (3, "fourth"), (4, "fifth"), (-1, "last"))
)
TAKEN = re.compile(rf"{_any('take_number')}\s+{_any('article')}?\s*([1-9])$")
NUMBERED = re.compile(rf"(?:^|(?:{_any('number_label')}|#)\s*)([1-9])(?:$|[\s.,!?)])")
_COUNTS = {number: _any(f"counts.{number}") for number in (1, 2, 3, 4, 5, 6, 10)}
_COUNT = rf"(\d{{1,4}}|{'|'.join(_COUNTS.values())})"
_NO_COUNT_AFTER = rf"(?:gb|tb|k\b|%|eur|usd|inr|rs|€|\$|₹|{_any('no_count_after')})"
_COUNT_BEFORE = re.compile(rf"{_any('count_before')}\s+{_COUNT}(?![\d.,]*\s?{_NO_COUNT_AFTER})(?![{LETTER}])")
_COUNT_UNIT = re.compile(
    rf"(?<![{LETTER}]){_COUNT}\s*(?:x|×|{_any('pieces')})(?![{LETTER}])"
    rf"|(?:x|×|{_any('quantity')})\s*(\d{{1,4}})(?![{LETTER}])"
)
_AND = _any("and")
_PARTS = re.compile(
    rf"(?<=[?!।])\s+|(?<=[a-z{LETTERS})])\.\s+|\n+"
    rf"|[,;]\s*{_AND}\s+(?={_any('question_after_comma')}\b)|\s+{_AND}\s+(?={_any('question_after_and')}\b)",
    re.IGNORECASE,
)
_ITEMS = re.compile(rf"\s+(?:{_AND}|{_any('also')})\s+|\s*[,+&]\s*")
_NOT_IN_A_GREETING = re.compile(rf"[^a-z{LETTERS}]+|{_any('greeting_beside')}")
# The predicates of facts, each with the words for what they tell.
_TOLD = {
    ("shoe_size", "clothing_size", "size"): "size",
    ("address",): "address",
    ("city",): "city",
    ("birthday",): "birthday",
    ("budget",): "budget",
    ("name",): "name",
}
ASKED_FACTS = tuple(
    (predicates, re.compile(_any("asked_back").replace("{fact}", _any(f"facts.{fact}"))))
    for predicates, fact in _TOLD.items()
)


def parts_of(text: str) -> list[str]:
    return [part.strip() for part in _PARTS.split(text) if part and part.strip(" .,!")]


def is_greeting(plain: str) -> bool:
    """Names aside: "hi, i'm back", "hola, soy ana"."""
    rest = GREETING.sub(" ", plain)
    return rest != plain and not _NOT_IN_A_GREETING.sub("", rest)


def topics_in(plain: str) -> list[str]:
    return [topic for topic, cue in TOPICS.items() if cue.search(plain)]


def items_of(plain: str) -> list[str]:
    """Each may name an item: "the bolt 15 and the mouse"."""
    return _ITEMS.split(plain)


def takes_number(plain: str) -> bool:
    """Ends with a choice by number: "i'll take 2"."""
    return TAKEN.search(plain.strip(" .!")) is not None


def count_in(plain: str) -> int:
    """1 if none is given."""
    found = _COUNT_UNIT.search(plain) or _COUNT_BEFORE.search(plain)
    if found is None:
        return 1
    word = next(group for group in found.groups() if group)
    if word.isdigit():
        return max(int(word), 1)
    return next(number for number, words in _COUNTS.items() if re.fullmatch(words, word))


def ordinals_in(plain: str, shown: Sequence[str]) -> list[str]:
    """Skus by position ("the second one", "2", "last")."""
    places = [place for place, cue in ORDINALS if cue.search(plain)]
    places += [int(found) - 1 for found in NUMBERED.findall(plain)]
    if len(shown) > 1:
        places += [int(found) - 1 for found in TAKEN.findall(plain.strip(" .!"))]
    return [shown[place] for place in dict.fromkeys(places) if shown and place < len(shown)]


def asked_facts(plain: str) -> tuple[str, ...]:
    """Predicates of the facts that a text asks about."""
    return next((predicates for predicates, pattern in ASKED_FACTS if pattern.search(plain)), ())
