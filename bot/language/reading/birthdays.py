"""Reads the writer's birthday; ambiguous dates are ignored."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from babel import Locale

from bot.language.languages import LANGUAGES, LETTERS, about
from bot.language.reading.patterns import subject_patterns
from bot.language.words import keyed_words

_one_of = subject_patterns("facts")
_INTRO = re.compile(rf"^(?:\W*{_one_of('leads')}\W+)*{_one_of('birthday')}", re.IGNORECASE)
_DENIED = re.compile(rf"\s*{_one_of('denials')}\b", re.IGNORECASE)
_MONTH = rf"(?P<month>(?:[^\W\d_]|[{LETTERS}])+)\.?"
_OF = rf"(?:{_one_of('date_words')} )?"
_YEAR = rf"(?:\s*,?\s*{_OF}(?P<y>(?:19|20)\d\d))?"
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}}){_one_of('day_endings')}?\s+{_OF}{_MONTH}{_YEAR}", re.IGNORECASE)
_MONTH_DAY = re.compile(
    rf"{_MONTH}\s+(?:{_one_of('day_articles')} )?(?P<day>\d{{1,2}}){_one_of('day_endings')}?(?!\d){_YEAR}",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\b(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})(?:[/.-](?P<y>(?:19|20)\d\d))?\b")
_ISO = re.compile(r"\b(?P<y>(?:19|20)\d\d)-(?P<m>\d{2})-(?P<d>\d{2})\b")


def find_birthday(text: str) -> str | None:
    """ "1990-05-12", or "05-12" without a year."""
    found = _INTRO.match(text)
    if found is None or _DENIED.match(text, found.end()):
        return None
    return find_day(text[found.end() :])


def find_day(text: str) -> str | None:
    """The first date, in the same form; None for 5/6 (May or June)."""
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for said in pattern.finditer(text):
            month = _months().get(said["month"].casefold())
            if month is not None:
                return _iso_date(said["y"], month, int(said["day"]))
    iso = _ISO.search(text)
    if iso is not None:
        return _iso_date(iso["y"], int(iso["m"]), int(iso["d"]))
    numbers = _NUMBERS.search(text)
    return _numeric_date(numbers) if numbers is not None else None


def _numeric_date(said: re.Match[str]) -> str | None:
    one, other = int(said["a"]), int(said["b"])
    if one > 12 or one == other:
        return _iso_date(said["y"], other, one)
    return _iso_date(said["y"], one, other) if other > 12 else None


def _iso_date(year: str | None, month: int, day: int) -> str | None:
    try:
        day_of_birth = date(int(year) if year else 2000, month, day)  # a leap year: 29 February is a birthday
    except ValueError:
        return None
    return day_of_birth.isoformat() if year else f"{day_of_birth:%m-%d}"


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for language in LANGUAGES:
        months = Locale.parse(about(language).locale).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[form][width].items():
                    names[name.casefold().rstrip(".")] = number
    return {**names, **{word: int(number) for number, word in keyed_words("facts", "months")}}
