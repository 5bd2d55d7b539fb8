"""Number words of every language, and parsing of digits."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.language.words import keyed_words, words_of_all


def _values(key: str) -> dict[str, Decimal]:
    return {word: Decimal(value) for value, word in keyed_words("numbers", key)}


UNITS = _values("units")
BEFORE_SCALE = _values("before_scale")
SCALES = {word: int(scale) for word, scale in _values("scales").items()}
ATTACHED_SCALES = {letter: int(scale) for letter, scale in _values("attached_scales").items()}
HUNDREDS = frozenset(words_of_all("numbers", "hundreds"))
STARTS_NUMBER = UNITS.keys() | BEFORE_SCALE.keys() | HUNDREDS | {*words_of_all("numbers", "alone")}
ARTICLES, JOINERS = (frozenset(words_of_all("numbers", key)) for key in ("articles", "joiners"))
HALVES, HALF_OF = (frozenset(words_of_all("numbers", key)) for key in ("halves", "half_of"))
COUNTING = {  # whole numbers from one on, as they stand before a unit of time or in "three left"
    word: int(value)
    for words in (_values("counting"), BEFORE_SCALE, UNITS)
    for word, value in words.items()
    if value >= 1 and value == int(value)
}
TENS, TEENS = (frozenset(words_of_all("numbers", key)) for key in ("tens", "teens"))


def parse_number(digits: str, *, scaled: bool = False) -> Decimal:
    """`scaled`: a scale word follows."""
    plain = re.sub(r"[\s\u00a0\u202f'’_]", "", digits)
    last = max(plain.rfind("."), plain.rfind(","))
    if last < 0:
        return Decimal(plain)
    mark, tail = plain[last], plain[last + 1 :]
    other = "," if mark == "." else "."
    # Three digits behind a single mark are thousands: 1.500; not 0.500, 1234.500 or "1.125 lakh".
    grouping = plain.count(mark) > 1 or (
        len(tail) == 3 and other not in plain and not plain.startswith("0") and last <= 3 and not scaled
    )
    whole = re.sub(r"[.,]", "", plain[:last])
    return Decimal(whole + tail) if grouping else Decimal(f"{whole}.{tail}")
