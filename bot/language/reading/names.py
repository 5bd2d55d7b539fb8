"""Reads the writer's name and city; when in doubt, none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

from bot.language.languages import LETTERS
from bot.language.reading.patterns import said, subject_patterns
from bot.language.words import REFERENCE, words_of_all

LETTER = r"[^\W\d_]"
BEYOND_ASCII = rf"[{LETTERS}]+|"  # \w knows no vowel signs: words of such letters are runs of them
WORD = rf"{BEYOND_ASCII}{LETTER}[^\W\d_{LETTERS}'’.-]*(?:['’-]{LETTER}[^\W\d_]*)*"
TOKENS = re.compile(rf"(?:{WORD})")

ONE_WORD = f"(?:{WORD})"
_one_of = subject_patterns("names")
NAMED = re.compile(rf"(?:{_one_of('named', word=ONE_WORD)}|{_one_of('named_if_called')})\s*[:=\-]?\s+", re.IGNORECASE)
CORRECTED = re.compile(_one_of("corrected", word=ONE_WORD), re.IGNORECASE)
CALLED = re.compile(rf"{_one_of('called', word=ONE_WORD)}\s*[:=\-]?\s+", re.IGNORECASE)
NAMED_LOOSELY = re.compile(rf"{_one_of('named_loosely')}\s*[:=\-]?\s+", re.IGNORECASE)
IF_CALLED = re.compile(_one_of("named_if_called"), re.IGNORECASE)
CALLED_SO = re.compile(rf"\s+{_one_of('calling')}", re.IGNORECASE)
MAYBE = re.compile(rf"{_one_of('maybe_named', word=ONE_WORD)}\s+", re.IGNORECASE)
ONLY_KNOWN = frozenset(words_of_all("names", "only_known_names"))
ENDS = re.compile(rf"\s*(?:$|[.,!?;:\n()😀-🙏🤀-🧿]|-\s|{_one_of('ends_of_names')}(?:\W|$))", re.IGNORECASE)
TITLES = re.compile(rf"{_one_of('titles')}\b\.?\s*", re.IGNORECASE)
GENITIVE = re.compile(rf"{_one_of('genitives')}$")
NOT_NAMES, KNOWN, NOT_PLACES = (
    frozenset(words_of_all("names", key)) for key in ("not_names", "known_names", "not_places")
)
NOT_NAME_ENDINGS = words_of_all("names", "endings_of_no_name")
PARTICLES = words_of_all("names", "particles")

FROM = re.compile(rf"{_one_of('lives_in')}\s+(?:{_one_of('articles')} )?", re.IGNORECASE)
PLACE_BEFORE_VERB = re.compile(_one_of("place_before_verb", word=WORD), re.IGNORECASE)
SURE_OF = words_of_all("names", "sure_of_place")

# Every match contains one of these. Looking for them first takes a tenth of the time, and most messages have none.
NAME_HINTS = words_of_all("names", "named_hints")
MAYBE_NAME_HINTS = words_of_all("names", "maybe_named_hints")


def contains_any(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


@dataclass(frozen=True, slots=True)
class OwnName:
    name: str  # with capitals
    certain: bool  # stated in unambiguous words; else a guess


def find_name(text: str) -> OwnName | None:
    all_capitals, folded = text.upper() == text, text.casefold()
    if contains_any(folded, NAME_HINTS):
        for read, pattern in (
            (_corrected, CORRECTED),
            (_stated, NAMED),
            (_called, CALLED),
            (_loosely_stated, NAMED_LOOSELY),
        ):
            found = next(filter(None, (read(text, intro, all_capitals) for intro in pattern.finditer(text))), None)
            if found is not None:
                return found
    maybe = MAYBE.finditer(text) if contains_any(folded, MAYBE_NAME_HINTS) else iter(())
    return next(filter(None, (_maybe_stated(text, intro, all_capitals) for intro in maybe)), None)


def _corrected(text: str, found: re.Match[str], all_capitals: bool) -> OwnName | None:
    name = said(found, "name") or ""
    return OwnName(_capitalised([name]), certain=True) if name.casefold() in KNOWN else None


def _stated(text: str, found: re.Match[str], all_capitals: bool) -> OwnName | None:
    behind, words = _after_intro(text, found)
    if not words or GENITIVE.search(words[0]):
        return None
    if IF_CALLED.fullmatch(found.group().strip()):
        called = CALLED_SO.match(behind[len(words[0]) :])
        return OwnName(_capitalised(words[:1]), certain=True) if called else None
    return OwnName(_sure_name(behind, words, all_capitals=all_capitals), certain=True)


def _called(text: str, found: re.Match[str], all_capitals: bool) -> OwnName | None:
    behind, words = _after_intro(text, found)
    if not words or GENITIVE.search(words[0]):
        return None
    if words[0].casefold() in KNOWN or (_is_capital(words[0]) and not all_capitals):
        return OwnName(_sure_name(behind, words, all_capitals=all_capitals), certain=True)
    alone = ENDS.match(behind[len(words[0]) :])
    return OwnName(_capitalised(words[:1]), certain=False) if alone else None


def _loosely_stated(text: str, found: re.Match[str], all_capitals: bool) -> OwnName | None:
    behind, words = _after_intro(text, found)
    if not words or GENITIVE.search(words[0]):
        return None
    return OwnName(_sure_name(behind, words, all_capitals=all_capitals), certain=False)


def _maybe_stated(text: str, found: re.Match[str], all_capitals: bool) -> OwnName | None:
    behind, words = _after_intro(text, found)
    name = _likely_name(behind, words, found.group().strip().casefold(), all_capitals=all_capitals) if words else None
    return OwnName(name, certain=False) if name else None


def _after_intro(text: str, found: re.Match[str]) -> tuple[str, list[str]]:
    behind = text[found.end() :]
    title = TITLES.match(behind)
    behind = behind[title.end() :] if title else behind
    return behind, _leading_words(behind)


def _leading_words(behind: str) -> list[str]:
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


def _sure_name(behind: str, words: list[str], *, all_capitals: bool) -> str:
    if _is_capital(words[0]) and not all_capitals:
        kept = _while_capital(words)
    else:
        whole = len(words) > 1 and ENDS.match(behind[len(" ".join(words)) :])
        kept = words if whole and len(words) == 2 else words[:1]
    return _capitalised(kept)


def _likely_name(behind: str, words: list[str], intro: str, *, all_capitals: bool) -> str | None:
    first = words[0]
    known = first.casefold() in KNOWN
    if GENITIVE.search(first) or (first.casefold().endswith(NOT_NAME_ENDINGS) and not known):
        return None
    capital = _is_capital(first) and not all_capitals and (len(first) == 1 or not first.isupper())
    if not known and (not capital or intro in ONLY_KNOWN):
        return None
    kept = _while_capital(words) if capital else words[:1]
    return _capitalised(kept) if ENDS.match(behind[len(" ".join(kept)) :]) else None


def _while_capital(words: list[str]) -> list[str]:
    until = next((at for at, word in enumerate(words) if not _is_capital(word)), len(words))
    if until < len(words) - 1 and words[until] in PARTICLES and _is_capital(words[until + 1]):
        until += 2
    return words[: max(until, 1)]


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _capitalised(words: list[str]) -> str:
    return " ".join(
        word if word in PARTICLES or not (word.islower() or word.isupper()) else word.capitalize() for word in words
    )


def find_city(text: str, language: str) -> str | None:
    """Where the writer lives or comes from; None for a country."""
    for said_so in FROM.finditer(text):
        sure = any(word in said_so.group().casefold() for word in SURE_OF)
        place = find_place(text[said_so.end() :], language, sure=sure)
        if place is not None:
            return place
    found = PLACE_BEFORE_VERB.search(text)
    before_verb = said(found, "place") if found else None
    if before_verb and before_verb.casefold() not in NOT_NAMES | NOT_PLACES | _countries(language):
        return _capitalised([before_verb])
    return None


def find_place(text: str, language: str, *, sure: bool) -> str | None:
    """The town at the start of `text`; one in lower case only if `sure`."""
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
    return _capitalised(kept) if phrase == " ".join(kept) else _capitalised(kept[:1])


@lru_cache(maxsize=8)
def _countries(language: str) -> frozenset[str]:
    names = {name for each in {REFERENCE, language} for name in Locale(each).territories.values()}
    return frozenset(name.casefold() for name in names) | {*words_of_all("names", "countries")}
