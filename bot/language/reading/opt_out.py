"""STOP and START in all languages, only as whole messages."""

from __future__ import annotations

import re

from bot.language.languages import LETTERS
from bot.language.normalisation import fold
from bot.language.words import words_of_all

STOP = frozenset(words_of_all("opt_out", "stop"))
START = frozenset(words_of_all("opt_out", "start"))
LONGEST = 40  # characters; longer than any stop word, so long messages are not folded
INVISIBLE = str.maketrans("", "", "\u200b\u200d\ufe0f\ufeff")
SURROUNDING = re.compile(rf"^[\W_]+|(?<![{LETTERS}])[\W_]+$|[\s.!?।,]+$")


def is_stop(text: str) -> bool:
    """Ignores case, accents and punctuation: not "don't stop"."""
    return _whole(text) in _FOLDED_STOP


def is_start(text: str) -> bool:
    return _whole(text) in _FOLDED_START


def _whole(text: str) -> str:
    if len(text) > LONGEST:
        return ""
    return " ".join(SURROUNDING.sub("", _folded(text)).split())


def _folded(text: str) -> str:
    return fold(text).translate(INVISIBLE)


_FOLDED_STOP = frozenset(" ".join(_folded(phrase).split()) for phrase in STOP)
_FOLDED_START = frozenset(" ".join(_folded(phrase).split()) for phrase in START)
