"""Reads questions about the ads by rules, in all languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.ads.campaign_lookup import name_words, similar_word
from bot.language.detection import detect
from bot.language.normalisation import fold
from bot.language.patterns import BESIDE, folded_pieces
from bot.language.words import alternatives

Asked = Literal[
    "overview", "money", "campaign", "why", "chart", "learned", "pages", "angles", "formats", "again", "waiting",
    "tasks", "act", "unread",
]  # fmt: skip

_ASKED: Final[Sequence[Asked]] = (  # in the order in which they are tried
    "pages", "again", "learned", "chart", "waiting", "tasks", "why", "angles", "formats", "money", "overview",
)  # fmt: skip
_PATTERNS: Final = tuple((asked, folded_pieces(alternatives("staff_questions", asked))) for asked in _ASKED)


def _ordered(command: str) -> re.Pattern[str]:
    polite, first, anywhere = (
        alternatives("staff_questions", key)
        for key in ("polite", f"orders.{command}_first", f"orders.{command}_anywhere")
    )
    return folded_pieces(rf"^(?:(?:{polite})\s*)*(?:{first})\b" + (f"|{anywhere}" if anywhere else ""))


_ACTS: Final = tuple((command, _ordered(command)) for command in ("pause", "resume", "budget"))
_PERIODS: Final = tuple(
    (days, folded_pieces(alternatives("staff_questions", f"periods.{period}")))
    for days, period in ((1, "day"), (7, "week"), (30, "month"))
)
_DAYS: Final = re.compile(rf"(\d{{1,3}})\s*(?:{alternatives('staff_questions', 'days')})(?!{BESIDE})")
DEFAULT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Question:
    asked: Asked
    language: str  # of the text
    name: str = ""  # the words that belong to a campaign's or account's name
    word: str = ""  # an angle or format that is named
    days: int | None = None
    command: str = ""  # what an order in plain words would be as a command


def read(text: str, names: Iterable[str], words: Iterable[str]) -> Question:
    """`names`: of campaigns and accounts. `words`: angles and formats."""
    plain = fold(text)
    language = detect(text)
    said = name_words(text)
    name, word = _named(said, names), _word(said, words)
    days = _days(plain)
    for command, pattern in _ACTS:
        if pattern.search(plain):
            return Question("act", language, name, word, days, command)
    found: list[Asked] = [asked for asked, pattern in _PATTERNS if pattern.search(plain)]
    asked = found[0] if found else "unread"
    if name and asked in ("overview", "unread"):
        asked = "campaign"
    return Question(asked, language, name, word, days)


def _named(said: Sequence[str], names: Iterable[str]) -> str:
    lists = [set(name_words(name)) for name in names]
    everywhere = set.intersection(*lists) if len(lists) > 1 else set()
    known = set().union(*lists) - everywhere
    return " ".join(word for word in said if any(similar_word(word, each) for each in known))


def _word(said: Sequence[str], words: Iterable[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        parts = name_words(word.replace("-", " "))
        if parts and all(any(similar_word(each, part) for each in said) for part in parts):
            return word
    return next((word for word in words for part in name_words(word.replace("-", " "))
                 if len(part) > 4 and any(similar_word(each, part) for each in said)), "")  # fmt: skip


def _days(plain: str) -> int | None:
    written = _DAYS.search(plain)
    if written:
        return max(1, int(written[1]))
    return next((days for days, pattern in _PERIODS if pattern.search(plain)), None)
