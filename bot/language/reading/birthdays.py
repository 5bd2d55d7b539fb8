"""Reads the writer's birthday out of chat text, in the words of four languages; a date that could be two days is none."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from babel import Locale

_INTRO = re.compile(
    r"^(?:\W*(?:hi|hey|and|btw|by the way|also|hola|oi|y|e|aur)\W+)*"
    r"(?:my (?:birthday|b-?day|date of birth|dob)(?: is|['’]s|:)(?: on)?|i was born(?: on| in)?|i['’]?m born on|born on"
    r"|mi cumplea[nñ]os(?: es|:)|(?:yo )?nac[ií](?: el| en)?|cumplo a[nñ]os"
    r"|(?:o )?meu anivers[aá]rio(?: [eé]|:)|(?:eu )?nasci(?: em| no| a)?|fa[cç]o anos"
    r"|mer[aei] (?:birthday|janamdin|janmdin|bday)|मेरा (?:जन्मदिन|बर्थडे|जन्म))",
    re.IGNORECASE,
)
_YEAR = r"(?:\s*,?\s*(?:de |del |of |in )?(?P<{}>(?:19|20)\d\d))?"
_DAY_MONTH = re.compile(
    r"\b(?P<day>\d{1,2})(?:st|nd|rd|th|º|ª)?\s+(?:de |of |do )?(?P<month>[^\W\d_]+[\u093e-\u094d\u0902]*[^\W\d_]*)\.?"
    + _YEAR.format("y"),
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    r"(?P<month>[^\W\d_]+)\.?\s+(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?(?!\d)" + _YEAR.format("y"), re.IGNORECASE
)
_NUMBERS = re.compile(r"\b(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})(?:[/.-](?P<y>(?:19|20)\d\d))?\b")
_ISO = re.compile(r"\b(?P<y>(?:19|20)\d\d)-(?P<m>\d{2})-(?P<d>\d{2})\b")


def find_birthday(text: str) -> str | None:
    """`1990-05-12`, or `05-12` where no year is told; None where the writer tells no birthday of their own."""
    found = _INTRO.match(text)
    if found is None or re.match(r"\s*(?:not|no|n[aã]o)\b", text[found.end() :], re.IGNORECASE):
        return None
    return find_day(text[found.end() :])


def find_day(text: str) -> str | None:
    """The first date in `text` in the same form; None where there is none, or 5/6 could be May or June."""
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for said in pattern.finditer(text):
            month = _months().get(said["month"].casefold())
            if month is not None:
                return _written(said["y"], month, int(said["day"]))
    iso = _ISO.search(text)
    if iso is not None:
        return _written(iso["y"], int(iso["m"]), int(iso["d"]))
    numbers = _NUMBERS.search(text)
    return _of_numbers(numbers) if numbers is not None else None


def _of_numbers(said: re.Match[str]) -> str | None:
    one, other = int(said["a"]), int(said["b"])
    if one > 12 or one == other:
        return _written(said["y"], other, one)
    return _written(said["y"], one, other) if other > 12 else None


def _written(year: str | None, month: int, day: int) -> str | None:
    try:
        told = date(int(year) if year else 2000, month, day)  # a leap year: 29 February is a birthday
    except ValueError:
        return None
    return told.isoformat() if year else f"{told:%m-%d}"


@cache
def _months() -> dict[str, int]:
    """Names of months in every language we speak, short and long, with the spellings of Hindi in Latin letters."""
    names: dict[str, int] = {}
    for tongue in ("en", "es", "pt", "hi"):
        for width in ("wide", "abbreviated"):
            for form in ("format", "stand-alone"):
                for number, name in Locale(tongue).months[form][width].items():
                    names[name.casefold().rstrip(".")] = number
    latin = "janvari farvari march aprail mai joon julai agast sitambar aktubar navambar disambar"
    return {**{name: n for n, name in enumerate(latin.split(), 1)}, **names, "sept": 9, "set": 9}
