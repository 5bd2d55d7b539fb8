"""Reads facts that a text states about its writer; when in doubt, none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.language.languages import LETTERS
from bot.language.reading.birthdays import find_birthday
from bot.language.reading.names import (
    FROM,
    NOT_NAME_ENDINGS,
    PLACE_BEFORE_VERB,
    TOKENS,
    contains_any,
    find_city,
    find_name,
    find_place,
)
from bot.language.reading.patterns import one_of, said, subject_patterns
from bot.language.trades import TRADES, named
from bot.language.words import words_of_all


@dataclass(frozen=True, slots=True)
class Learned:
    predicate: str  # one of memory.people.facts.PREDICATES
    value: str
    ended: bool = False  # no longer true; an empty value: whatever it was
    confidence: float = 1.0
    said_by: str = "customer"


# Questions, suppositions, quotations and clauses about others are dropped; what remains must begin with the words of a
# claim from facts.toml: "I live in", "calzo un", "mere paas".
QUOTED = re.compile(r"“[^”]*”|«[^»]*»|\"[^\"\n]*\"|^\s*>.*$", re.MULTILINE)
SENTENCE = re.compile(r"[^.!?\n।…]*(?:\.(?=\w)[^.!?\n।…]*)*[.!?।…]*")

_one_of = subject_patterns("facts")
RELATIVE, DETERMINER = _one_of("relatives"), _one_of("determiners")


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# A new clause begins after a comma, after "and" or "but", and with a question or an order that follows without either.
CLAUSE = _pattern(
    rf"[,;:]\s+(?!(?:19|20)\d\d\b)|\s+[-–—]\s+|\s+{_one_of('clause_joiners')}\s+|\s+(?={_one_of('clause_starts')}\s+\w)"
)
# What follows one of these in a sentence is supposed, wished, an example, or told by another.
SUPPOSED = _pattern(_one_of("supposed"))
REPORTED = _pattern(rf"\b(?:{_one_of('reporters')}|{RELATIVE})(?: \w+)? {_one_of('reporting')}\b")
# Every match has one of these in it: see names.contains_any.
SUPPOSED_HINTS, REPORTED_HINTS = words_of_all("facts", "supposed_hints"), words_of_all("facts", "reporting_hints")
OTHERS = _pattern(rf"\b{_one_of('possessives')}\s+(?:\w+\s)?{RELATIVE}{one_of('names', 'genitives')}?(?!\w)")
LEAD = rf"^(?:{_one_of('leads')}[\s,!.:]+)*"
# Makes and products count as goods without a noun, whatever is sold here.
MAKES = named(name for trade in TRADES.values() for name in (*trade.makes, *trade.numbered))
GOODS = _pattern(rf"(?<!\w)(?:{_one_of('goods')}|{MAKES})(?!\w)")
SIZE = rf"(?:(?:EU|UK|US|BR|IND?)\s?)?\d{{1,2}}(?:[.,]5)?(?:\s?(?:EU|UK|US|BR))?|X{{0,4}}[SL]|[2-6]XL|M|{_one_of('size_words')}"
SHOES, CLOTHES, WORN = (_pattern(_one_of(key)) for key in ("shoes", "clothes", "worn"))
SIZE_NAMES = words_of_all("facts", "size_names")
SIZED_IF_WORN = frozenset(words_of_all("facts", "sized_if_worn"))
VISITS = _pattern(rf"\b{_one_of('visits')}\b")
DENIED = _pattern(rf"{_one_of('denials')}\b")
NO_TASTE = frozenset(words_of_all("facts", "no_taste"))

MOVED = _pattern(rf"{_one_of('moved')}\s+(?:{one_of('names', 'articles')} )?")
_CITY_ENDED = _pattern(rf"{LEAD}{_one_of('city_ended')}\s*$")
_SIZED = _pattern(rf"{LEAD}{_one_of('sized')}\s*[:=]?\s*(?P<size>{SIZE})(?P<rest>(?!\w).*)$")
_SIZE_ENDS = _pattern(rf"\s*(?:$|[.,!)(]|\b(?:eu|uk|us)\b|{_one_of('size_ends')})")
_LETTER_SIZE = _pattern(r"X{0,4}[SML]|[2-6]XL")
_OWNED = _pattern(rf"{LEAD}{_one_of('owned', determiner=DETERMINER)}")
_OWNED_NO_MORE = _pattern(rf"{LEAD}{_one_of('owned_no_more', determiner=DETERMINER)}")
_NOT_OWNED = _pattern(rf"\b{_one_of('not_owned')}\b")
_DISLIKED = _pattern(rf"{LEAD}{_one_of('disliked', determiner=DETERMINER)}$")
_LIKED = _pattern(rf"{LEAD}{_one_of('liked', determiner=DETERMINER)}\s*$")
_ADDRESS = _pattern(
    rf"{LEAD}{_one_of('address')}\s*[:,-]?\s*(?P<at>[^\s].*?)(?: {_one_of('sentence_ends')})?\s*$",
)
_PIECE = rf"[\w{LETTERS}'’+./-]+"  # \w knows no vowel signs
_AFTER_THING = _pattern(rf"\s*(?:$|[,.;:!?()]|\b{_one_of('after_thing')}\b)")

GUESS = 0.5  # the confidence of a name in words that mostly mean something else


def read_facts(text: str, language: str) -> list[Learned]:
    """In the order of PREDICATES. "is it good for Dubai?", "my brother lives in Dubai" state nothing."""
    spoken = [*sentences(text[:LONGEST_READ])]
    name = find_name(" ".join(spoken)) if spoken else None
    found = [Learned("name", name.name, confidence=1.0 if name.certain else GUESS)] if name else []
    for sentence in spoken:
        found += _facts_of_sentence(sentence, language)
    return list(dict.fromkeys(found))


def sentences(text: str) -> Iterator[str]:
    """In the writer's own voice: not quoted, supposed or about others."""
    own = QUOTED.sub(lambda quoted: quoted.group() if len(quoted.group().split()) < 3 else "\n", text)
    for found in SENTENCE.findall(own):
        asks = found.rstrip().endswith("?")
        sentence = _before(REPORTED, REPORTED_HINTS, _before(SUPPOSED, SUPPOSED_HINTS, found)).strip()
        if sentence:
            yield sentence if sentence == found.strip() or not asks else f"{sentence}, ?"


def _before(pattern: re.Pattern[str], words: Sequence[str], text: str) -> str:
    return pattern.split(text, maxsplit=1)[0] if contains_any(text.casefold(), words) else text


def clauses(sentence: str) -> list[str]:
    """Statements about the writer: no question at the end, none about others."""
    parts = own_clauses(sentence, others=True)
    if sentence.rstrip().endswith("?"):
        parts = parts[:-1]
    return [part for part in parts if not OTHERS.search(part)]


def own_clauses(sentence: str, *, others: bool = False) -> list[str]:
    """With questions; `others`: also about other people."""
    parts = [part.strip() for part in CLAUSE.split(sentence) if part and part.strip()]
    return parts if others else [part for part in parts if not OTHERS.search(part)]


def _facts_of_sentence(sentence: str, language: str) -> Iterator[Learned]:
    address = _address(sentence)
    if address:
        yield Learned("address", address)
        return
    for clause in clauses(sentence):
        for read in (_city_ended, _city, _birthday, _size, _owned_no_more, _owned, _liked, _disliked):
            found = read(clause, language)
            if found is not None:
                yield found
                break


def _city(clause: str, language: str) -> Learned | None:
    own = re.sub(LEAD, "", clause, flags=re.IGNORECASE)
    moved = MOVED.match(own)
    if not (moved or FROM.match(own) or PLACE_BEFORE_VERB.match(own)) or VISITS.search(own):
        return None
    place = find_place(own[moved.end() :], language, sure=True) if moved else find_city(own, language)
    return Learned("city", place) if place else None


def _city_ended(clause: str, _language: str) -> Learned | None:
    return _ended("city", _CITY_ENDED.match(clause))


def _ended(predicate: str, found: re.Match[str] | None) -> Learned | None:
    if found is None:
        return None
    named = said(found, "place") or ""
    return Learned(predicate, " ".join(named.split()[:6]), ended=True)


def _birthday(clause: str, _language: str) -> Learned | None:
    day = find_birthday(clause)
    return Learned("birthday", day) if day else None


def _size(clause: str, _language: str) -> Learned | None:
    found = _SIZED.match(clause)
    if found is None or not _SIZE_ENDS.match(found["rest"]) or _weighs_or_counts(found):
        return None
    size = " ".join(found["size"].replace(",", ".").split())
    size = size if size.islower() and len(size) > 3 else size.upper()
    if SHOES.search(clause):
        return Learned("shoe_size", size)
    clothes = CLOTHES.search(clause) or _LETTER_SIZE.fullmatch(size) or size.islower()
    return Learned("clothing_size" if clothes else "size", size)


def _weighs_or_counts(found: re.Match[str]) -> bool:
    # "main 2 …" needs a word for wearing, and "I take 2" is a quantity, not a size.
    intro = found.group()[: found.start("size") - found.start()].casefold().split()
    if intro and intro[-1] in SIZED_IF_WORN:
        return not WORN.search(found["rest"])
    digits = re.sub(r"\D", "", found["size"])
    return len(digits) == 1 and not any(name in word for word in intro for name in SIZE_NAMES)


def _owned(clause: str, _language: str) -> Learned | None:
    thing = _thing(_OWNED.match(clause))
    return Learned("owns", thing) if thing and GOODS.search(thing) else None


def _owned_no_more(clause: str, _language: str) -> Learned | None:
    thing = _thing(_OWNED_NO_MORE.match(clause))
    return (
        Learned("owns", thing, ended=True) if thing and (GOODS.search(thing) or re.search(r"[A-Z\d]", thing)) else None
    )


def _thing(found: re.Match[str] | None) -> str | None:
    if found is None or _NOT_OWNED.search(found.group()):
        return None
    words = re.match(rf"{_PIECE}(?: {_PIECE}){{0,4}}", (said(found, "thing") or "").strip())
    if words is None:
        return None
    kept: list[str] = []
    for word in words.group().rstrip(".").split():
        if kept and _AFTER_THING.match(word):
            break
        kept.append(word)
    return " ".join(kept)


def _disliked(clause: str, _language: str) -> Learned | None:
    thing = _taste(_DISLIKED.match(clause))
    return Learned("disliked", thing) if thing else None


def _liked(clause: str, _language: str) -> Learned | None:
    thing = _taste(_LIKED.match(clause))
    return Learned("disliked", thing, ended=True) if thing else None


def _taste(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    thing = _thing(found)
    words = re.sub(rf"^{DETERMINER} ", "", thing or "", flags=re.IGNORECASE).rstrip(".").split()
    telling = (
        words and not NO_TASTE & {words[0].casefold(), words[-1].casefold()} and not words[0].endswith(NOT_NAME_ENDINGS)
    )
    return " ".join(words) if telling else None


def _address(sentence: str) -> str | None:
    # A place with a house number; its commas are part of it.
    found = _ADDRESS.match(sentence.strip())
    if found is None or sentence.rstrip().endswith("?") or OTHERS.search(sentence[: found.start("at")]):
        return None
    place = found["at"].strip(" .!।,")
    denied = DENIED.match(place)
    is_place = (
        not denied and re.search(r"\d", place) and TOKENS.search(place) and "@" not in place and "://" not in place
    )
    return place[:LONGEST_ADDRESS] if is_place and len(place.split()) > 1 else None


LONGEST_ADDRESS = 160  # characters
LONGEST_READ = 4000  # characters of a message: nobody introduces themselves behind them

Reading = Callable[[str, str], Learned | None]
