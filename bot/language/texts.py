"""The built-in writer's words: one file of lines for each language, filled in with names, money and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from babel.dates import format_date, format_skeleton

from bot.language.languages import about
from bot.language.money import Money
from bot.language.money_text import format_money
from bot.language.words import table

HINDI_IN_LATIN = "hi-latin"


@dataclass(frozen=True, slots=True)
class Wording:
    """The lines of one language, or of one way to write it."""

    lines: Mapping[str, str]
    language: str  # en, es, pt, hi
    script: str  # the name of the file

    def say(self, line: str, **words: object) -> str:
        """The line with its blanks filled in; a missing line or word is an error, not a blank."""
        return self.lines[line].format(**words)

    def money(self, money: Money) -> str:
        """Money as this language's readers write it; Hindi in Latin letters writes it as Indian English does."""
        return format_money(money, self.policy_language)

    def date(self, day: date) -> str:
        """A day with its month in words, so that no two countries read it differently."""
        return str(format_date(day, "d MMM y", locale=about(self.policy_language).locale))

    def birthday(self, day: str) -> str:
        """A birthday as facts keep it, `1990-05-12` or `05-12`, with its month in words."""
        locale = about(self.policy_language).locale
        if len(day) > len("05-12"):
            return str(format_date(date.fromisoformat(day), "long", locale=locale))
        in_a_leap_year = date.fromisoformat(f"2000-{day}")
        return str(format_skeleton("MMMMd", in_a_leap_year, locale=locale))

    @property
    def policy_language(self) -> str:
        """The language of the brand's texts that these readers can read: Devanagari only to those who write it."""
        return "en" if self.script == HINDI_IN_LATIN else self.language

    def listed(self, names: list[str]) -> str:
        """Several names in a row: "laptops, glasses and phones"."""
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + self.lines["and"] + names[-1]


@lru_cache(maxsize=16)
def wording(language: str, *, latin: bool = False) -> Wording:
    """The lines of a language; `latin` for Hindi that is written in Latin letters."""
    script = HINDI_IN_LATIN if language == "hi" and latin else language
    subject = "replies-latin" if script == HINDI_IN_LATIN else "replies"
    return Wording(table(language, subject), language, script)


def writes_latin(text: str) -> bool:
    """Whether a text has no letter of Devanagari."""
    return not any("\u0900" <= character <= "\u097f" for character in text)
