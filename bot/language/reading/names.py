"""Reads how somebody calls themselves and where they live out of chat text; rather nothing than wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from babel import Locale

from bot.language.languages import LETTERS
from bot.language.reading.patterns import said, subject_patterns
from bot.language.words import REFERENCE, words_of_all

LETTER = r"[^\W\d_]"
BEYOND_ASCII = rf"[{LETTERS}]+|"  # \w knows no vowel signs: words of such letters are runs of them
WORD = rf"{BEYOND_ASCII}{LETTER}[^\W\d_{LETTERS}'’.-]*(?:['’-]{LETTER}[^\W\d_]*)*"
TOKENS = re.compile(rf"(?:{WORD})")

_one_of = subject_patterns("names")
NAMED = re.compile(rf"(?:{_one_of('named')}|{_one_of('named_if_called')})\s*[:=\-]?\s+", re.IGNORECASE)
IF_CALLED = re.compile(_one_of("named_if_called"), re.IGNORECASE)
CALLED_SO = re.compile(rf"\s+{_one_of('calling')}", re.IGNORECASE)
MAYBE = re.compile(rf"{_one_of('maybe_named')}\s+", re.IGNORECASE)
ONLY_KNOWN = frozenset(words_of_all("names", "only_known_names"))
ENDS = re.compile(rf"\s*(?:$|[.,!?;:\n()😀-🙏🤀-🧿]|-\s|{_one_of('ends_of_names')}(?:\W|$))", re.IGNORECASE)
TITLES = re.compile(rf"{_one_of('titles')}\b\.?\s*", re.IGNORECASE)
GENITIVE = re.compile(rf"{_one_of('genitives')}$")
NOT_NAMES, KNOWN, NOT_PLACES = (
    frozenset(words_of_all("names", key)) for key in ("not_names", "known_names", "not_places")
)
NO_NAME_ENDS_SO = words_of_all("names", "endings_of_no_name")
PARTICLES = words_of_all("names", "particles")

FROM = re.compile(rf"{_one_of('lives_in')}\s+(?:{_one_of('articles')} )?", re.IGNORECASE)
PLACE_BEFORE_VERB = re.compile(_one_of("place_before_verb", word=WORD), re.IGNORECASE)
SURE_OF = words_of_all("names", "sure_of_place")

# Every match has one of these in it. Most messages have none, which is known in a tenth of the time of a search.
NAMED_BY = words_of_all("names", "named_hints")
MAYBE_BY = words_of_all("names", "maybe_named_hints")


def hints(text: str, words: Iterable[str]) -> bool:
    """Whether one of `words` stands anywhere in the text, which is in small letters."""
    return any(word in text for word in words)


def find_name(text: str) -> str | None:
    """What the writer wants to be called, as it would be written on a letter; None where they do not say."""
    quiet, small = text.upper() == text, text.casefold()
    for pattern, words, sure in ((NAMED, NAMED_BY, True), (MAYBE, MAYBE_BY, False)):
        for intro in pattern.finditer(text) if hints(small, words) else ():
            name = _name_at(text, intro, sure=sure, quiet=quiet)
            if name is not None:
                return name
    return None


def _name_at(text: str, found: re.Match[str], *, sure: bool, quiet: bool) -> str | None:
    behind = text[found.end() :]
    title = TITLES.match(behind)
    behind = behind[title.end() :] if title else behind
    words = _leading_words(behind)
    if not words:
        return None
    intro = found.group().strip().casefold()
    if IF_CALLED.fullmatch(intro) and not CALLED_SO.match(behind[len(words[0]) :]):
        return None
    if sure:
        return _sure_name(behind, words, quiet=quiet)
    return _likely_name(behind, words, intro, quiet=quiet)


def _leading_words(behind: str) -> list[str]:
    """Up to three words with nothing but spaces between them, before the first that can be in no name."""
    words: list[str] = []
    at = 0
    while len(words) < 3:
        found = TOKENS.match(behind, at)
        if found is None or found.group().casefold() in NOT_NAMES:
            break
        words.append(found.group())
        at = found.end()
        if behind[at : at + 1] != " ":
            break
        at += 1
    return words


def _sure_name(behind: str, words: list[str], *, quiet: bool) -> str | None:
    if GENITIVE.search(words[0]):
        return None
    if _is_capital(words[0]) and not quiet:
        kept = _while_capital(words)
    else:
        whole = len(words) > 1 and ENDS.match(behind[len(" ".join(words)) :])
        kept = words if whole and len(words) == 2 else words[:1]
    return _written(kept)


def _likely_name(behind: str, words: list[str], intro: str, *, quiet: bool) -> str | None:
    first = words[0]
    known = first.casefold() in KNOWN
    if GENITIVE.search(first) or (first.casefold().endswith(NO_NAME_ENDS_SO) and not known):
        return None
    capital = _is_capital(first) and not quiet and (len(first) == 1 or not first.isupper())
    if not known and (not capital or intro in ONLY_KNOWN):
        return None
    kept = _while_capital(words) if capital else words[:1]
    return _written(kept) if ENDS.match(behind[len(" ".join(kept)) :]) else None


def _while_capital(words: list[str]) -> list[str]:
    until = next((at for at, word in enumerate(words) if not _is_capital(word)), len(words))
    if until < len(words) - 1 and words[until] in PARTICLES and _is_capital(words[until + 1]):
        until += 2
    return words[: max(until, 1)]


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _written(words: list[str]) -> str:
    return " ".join(
        word if word in PARTICLES or not (word.islower() or word.isupper()) else word.capitalize() for word in words
    )


def find_city(text: str, language: str) -> str | None:
    """The town the writer says they live in or come from; None where they name none, or name a country."""
    for said_so in FROM.finditer(text):
        sure = any(word in said_so.group().casefold() for word in SURE_OF)
        place = find_place(text[said_so.end() :], language, sure=sure)
        if place is not None:
            return place
    found = PLACE_BEFORE_VERB.search(text)
    before_verb = said(found, "place") if found else None
    if before_verb and before_verb.casefold() not in NOT_NAMES | NOT_PLACES | _countries(language):
        return _written([before_verb])
    return None


def find_place(text: str, language: str, *, sure: bool) -> str | None:
    """The town that `text` begins with; one in small letters only where what stood before it is `sure` to name a place."""
    place = _place_at(text, sure=sure)
    return place if place is not None and place.casefold() not in _countries(language) else None


def _place_at(behind: str, *, sure: bool) -> str | None:
    words = TOKENS.findall(behind.split("\n")[0][:60])
    if not words or words[0].casefold() in (NOT_PLACES | NOT_NAMES) - {"new"}:
        return None
    if not behind.startswith(words[0]) or not (sure or _is_capital(words[0])):
        return None
    kept = _while_capital(words[:3]) if _is_capital(words[0]) else words[: 2 if words[0] == "new" else 1]
    phrase = behind[: behind.index(kept[-1]) + len(kept[-1])]
    return _written(kept) if phrase == " ".join(kept) else _written(kept[:1])


@lru_cache(maxsize=8)
def _countries(language: str) -> frozenset[str]:
    names = {name for each in {REFERENCE, language} for name in Locale(each).territories.values()}
    return frozenset(name.casefold() for name in names) | {*words_of_all("names", "countries")}
