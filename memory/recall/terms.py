"""What a text is about, as terms: words without the small ones, cut to their stems, numbered for comparing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bot.language.embeddings import word_pieces, words

# One term of a text: the checksum of its stem, and its row in the table of embeddings (0: none, not one piece).
TERM = np.dtype([("stem", "<u4"), ("piece", "<u2")])
Terms = npt.NDArray[np.void]
MOST_TERMS = 400  # of one message: what follows in a longer one is not searched by word

_SMALL_WORDS = """
a about after again all also am an and any are aren as at be because been before being both but by can cannot
could did didn do does doesn doing don down during each ever few for from further get gets getting got had
hadn has hasn have haven having he her here hers herself hey hi him himself his how i if in into is isn it its
itself just kind let ll m many may me might more most much must my myself no nor not now of off oh ok okay on
once one only or other our ours out over own per re really s same she should shouldn so some such t than that
the their theirs them then there these they this those through to too under until up upon us ve very was wasn
we were weren what when where which while who whom whose why will with won would wouldn wow yeah yes you your
yours yourself d etc does thing things like likely lot lots go going went gone goes make makes made want wants
wanted el la los las un una de del que y en es por con para se su al lo como mas o no si me te mi tu o os as
um uma do da dos das em na nas nos e ou com sem seu sua meu minha foi ser eu voce hai hain ka ki ke ko se mein
main kya ye yeh wo woh aur bhi ho tha thi the nahi na है हैं का की के को से में और भी हो था थी थे ने यह वह
"""
STOP_WORDS = frozenset(_SMALL_WORDS.split())

IRREGULAR = {
    form: base
    for base, forms in {
        "begin": "began begun", "break": "broke broken", "bring": "brought", "build": "built", "buy": "bought",
        "catch": "caught", "choose": "chose chosen", "come": "came", "child": "children", "cost": "costs",
        "deal": "dealt", "draw": "drew drawn", "drink": "drank drunk", "drive": "drove driven", "eat": "ate eaten",
        "fall": "fell fallen", "feel": "felt", "fight": "fought", "find": "found", "fly": "flew flown",
        "forget": "forgot forgotten", "give": "gave given", "grow": "grew grown", "hear": "heard", "hide": "hid hidden",
        "hold": "held", "keep": "kept", "know": "knew known", "lead": "led", "learn": "learnt", "leave": "left",
        "lend": "lent", "lose": "lost", "man": "men", "mean": "meant", "meet": "met", "mouse": "mice", "pay": "paid",
        "person": "people", "ride": "rode ridden", "ring": "rang rung", "rise": "rose risen", "run": "ran",
        "say": "said", "see": "saw seen", "sell": "sold", "send": "sent", "shoot": "shot", "show": "shown",
        "sing": "sang sung", "sit": "sat", "sleep": "slept", "speak": "spoke spoken", "spend": "spent",
        "stand": "stood", "steal": "stole stolen", "swim": "swam swum", "take": "took taken", "teach": "taught",
        "tell": "told", "think": "thought", "throw": "threw thrown", "understand": "understood", "wake": "woke woken",
        "wear": "wore worn", "win": "won", "wife": "wives", "woman": "women", "write": "wrote written",
    }.items()
    for form in forms.split()
}  # fmt: skip


def terms(text: str) -> Terms:
    """The terms of a text in its order, as an array of `TERM`; at most `MOST_TERMS`."""
    return terms_of([word for word in words(text) if is_telling(word)])


def terms_of(telling: Sequence[str]) -> Terms:
    """One term for each of these words, `MOST_TERMS` at most."""
    return np.array([_term(word) for word in telling[:MOST_TERMS]], TERM)


def is_telling(word: str) -> bool:
    """Whether a lower-case word is more than a sign or a word that every text has."""
    return word[0].isalnum() and word not in STOP_WORDS and (len(word) > 1 or word.isdigit() or not word.isascii())


@lru_cache(maxsize=50_000)
def _term(word: str) -> tuple[int, int]:
    pieces = word_pieces(word)
    return crc32(stem(word).encode("utf-8", "surrogatepass")), pieces[0] if len(pieces) == 1 else 0


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The part of an English word that its forms share: bought, buying, buys → buy; hobbies, hobby → hobby."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if not word.isascii() or len(word) < 4:
        return word
    return _without_e(_without_ending(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word.removesuffix("s")


def _without_ending(word: str) -> str:
    for ending in ("ingly", "edly", "ing", "ed", "ly"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and any(vowel in rest for vowel in "aeiouy"):
            return _tidied(rest)
    return word


def _tidied(rest: str) -> str:
    """plann → plan, tri → try: what English does before an ending, undone."""
    if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz":
        return rest[:-1]
    return rest[:-1] + "y" if rest.endswith("i") else rest


def _without_e(word: str) -> str:
    return word.removesuffix("e") if len(word) > 3 else word
