"""Phone numbers and WhatsApp user ids in free text, found as whole numbers and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import phonenumbers

from memory.people.contacts import canonical_phone
from memory.storage.errors import NotAnAddress

REDACTED = "[erased]"
SHORTEST, LONGEST = 7, 17  # digits; 15 and an international prefix of two
TAIL = 7  # digits that every spelling of a number ends with
# What people and address books put between the digits of a number.
_BETWEEN = r"[ \t().\-/\u00a0\u2009\u202f\u2010\u2011\u2012\u2013]{0,3}"
_NUMBER = re.compile(rf"(?<![A-Za-z\d])\+?\d+(?:{_BETWEEN}\d+)*(?![A-Za-z\d])")
_USER_ID = re.compile(r"(?<![\w.])[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}(?!\w)")
# As JSON escapes them: the search in the database goes through stored JSON.
_ESCAPED = ("\\u00a0", "\\u2009", "\\u202f", "\\u2010", "\\u2011", "\\u2012", "\\u2013")
_MARKS = (" ", "-", "(", ")", ".", "/", "\u00a0", "\u2009", "\u202f", "\u2010", "\u2011", "\u2012", "\u2013", *_ESCAPED)

Spot = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NumberMention:
    """Neighbouring groups of digits that may be a number; `first` where they begin the whole, `plus` with its sign."""

    spot: Spot
    digits: str
    first: bool
    plus: bool

    @property
    def numbers(self) -> frozenset[str]:
        """The identities that this may mean."""
        found = {f"+{self.digits.removeprefix('00')}"}
        with suppress(NotAnAddress):
            found.add(canonical_phone(next(iter(found))))
        return frozenset(found)


def numbers_in(text: str) -> Iterator[NumberMention]:
    """Every run of groups of digits that is long enough: "+91 98765 43210, 2 of them" has its number in it."""
    for whole in _NUMBER.finditer(text):
        groups = [*re.finditer(r"\d+", whole[0])]
        for first in range(len(groups)):
            digits = ""
            for last in range(first, len(groups)):
                digits += groups[last][0]
                if len(digits) > LONGEST:
                    break
                if len(digits) >= SHORTEST:
                    begin = whole.start() + (0 if first == 0 else groups[first].start())
                    yield NumberMention(
                        (begin, whole.start() + groups[last].end()), digits, first == 0, whole[0][0] == "+"
                    )


def user_ids_in(text: str) -> Iterator[str]:
    return (each[0] for each in _USER_ID.finditer(text))


def addresses_in(text: str) -> set[tuple[str, str]]:
    """Kind and value of every address that the text may name."""
    found = {("phone", number) for each in numbers_in(text) for number in each.numbers}
    return found | {("user_id", each) for each in user_ids_in(text)}


@dataclass(frozen=True)
class PersonMentions:
    """Where a text names one person. `longer`: numbers of others that contain one of theirs."""

    phones: frozenset[str]  # E.164
    user_ids: frozenset[str]
    longer: frozenset[str] = frozenset()

    def spots(self, text: str) -> list[Spot]:
        found = [each.span() for each in _USER_ID.finditer(text) if each[0] in self.user_ids]
        if self.phones:
            mentions = [*numbers_in(text)]
            others = [each.spot for each in mentions if each.numbers & self.longer]
            found += [
                each.spot
                for each in mentions
                if self._is_theirs(each) and not any(a <= each.spot[0] and each.spot[1] <= b for a, b in others)
            ]
        return sorted(found)

    def named_in(self, value: Any) -> bool:
        """Whether a text, or a text or key anywhere in JSON, names them."""
        return any(self.spots(text) for text in texts_of(value))

    def redacted(self, text: str) -> str:
        done, rest = "", 0
        for begin, end in self.spots(text):
            if begin >= rest:
                done += text[rest:begin] + REDACTED
            rest = max(rest, end)
        return done + text[rest:]

    def sql(self, columns: Iterable[str]) -> tuple[str, dict[str, str]]:
        """A condition that holds for every row that may name them, and its values; `spots` decides."""
        tails = {f"tail{n}": f"%{phone[-TAIL:]}%" for n, phone in enumerate(sorted(self.phones))}
        ids = {f"user{n}": f"%{user_id}%" for n, user_id in enumerate(sorted(self.user_ids))}
        conditions = []
        for column in columns:
            bare = column
            for mark in _MARKS:
                bare = f"replace({bare}, '{mark}', '')"
            conditions += [f"{bare} LIKE :{name}" for name in tails]
            conditions += [f"{column} LIKE :{name}" for name in ids]
        return " OR ".join(conditions) or "1 = 0", tails | ids

    @cached_property
    def _national(self) -> frozenset[str]:
        """The numbers as they are written in their own country, where these are long enough to be nobody else's."""
        found = set()
        for phone in self.phones:
            try:
                number = phonenumbers.national_significant_number(phonenumbers.parse(phone))
            except phonenumbers.NumberParseException:
                continue
            if len(number) >= 9:
                found |= {number, f"0{number}"}
        return frozenset(found)

    def _is_theirs(self, mention: NumberMention) -> bool:
        if mention.plus:  # written with its country code, which comes first
            return mention.first and bool(mention.numbers & self.phones)
        return bool(mention.numbers & self.phones) or mention.digits in self._national


def texts_of(value: Any) -> Iterator[str]:
    """Every text, number and key in a JSON value."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from texts_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with each text and key changed; a number becomes text where its digits change."""
    if isinstance(value, dict):
        return {change(str(key)): with_texts(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_texts(each, change) for each in value]
    if isinstance(value, str):
        return change(value)
    if isinstance(value, int) and not isinstance(value, bool):
        changed = change(str(value))
        return value if changed == str(value) else changed
    return value
