"""Transliterates Devanagari as Hindi speakers type it in Latin letters."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[\u0900-\u0965\u0970-\u097f\u200c\u200d]+")
CONSONANTS = dict(zip("कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसह", (
    "k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th", "d", "dh", "n", "p", "f",
    "b", "bh", "m", "y", "r", "l", "w", "sh", "sh", "s", "h",
), strict=True))  # fmt: skip
LONG = "+"  # a long a: aa in a word of one closed syllable (baat), else a (karna)
VOWELS = dict(zip("अआइईउऊऋएऐऑओऔ", ("a", "aa", "i", "i", "u", "u", "ri", "e", "ai", "o", "o", "au"), strict=True))
SIGNS = dict(zip("ािीुूृेैॉोौ", (LONG, "i", "i", "u", "u", "ri", "e", "ai", "o", "o", "au"), strict=True))
OTHER_SIGNS = {"\u0902": "n", "\u0901": "n", "\u0903": "h"}
NUKTA, VIRAMA = "\u093c", "\u094d"
INHERENT = "*"  # a consonant's own a, until it is known whether it is spoken
SCHWA_DELETION = re.compile(
    r"\*$|(?<=[aeiou+*][^aeiou+*])\*(?=[^aeiou+*]h?[aeiou+])|(?<=[aeiou+*][^aeiou+*]h)\*(?=[^aeiou+*]h?[aeiou+])"
)
CLOSED = re.compile(r"^([^aeiou+*]+)\+([^aeiou+*]+)$")


def in_latin(word: str) -> str:
    """करना → karna."""
    letters: list[str] = []
    for sign in unicodedata.normalize("NFD", word):
        if sign in SIGNS or sign == VIRAMA:
            if letters and letters[-1] == INHERENT:
                letters.pop()
            letters.append(SIGNS.get(sign, ""))
        elif sign in CONSONANTS:
            letters += [CONSONANTS[sign], INHERENT]
        elif sign == NUKTA:
            letters[-2:-1] = ["z" if letter == "j" else letter for letter in letters[-2:-1]]
        else:
            letters.append(VOWELS.get(sign) or OTHER_SIGNS.get(sign, ""))
    spoken = SCHWA_DELETION.sub("", "".join(letters)).replace(INHERENT, "a")
    return CLOSED.sub(r"\1aa\2", spoken).replace(LONG, "a")
