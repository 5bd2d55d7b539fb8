"""Text normalisation, in four forms:

`fold`            to compare words and texts; changes the length, so offsets are invalid outside.
`fold_in_place`   keeps the length: amounts, numbers and names are cut out of the original by offset.
`plain_in_place`  keeps length and case: in a draft a capital tells a product's name from a common word.
`undisguised`     what a reader sees of styled letters and digits; changes the length.
"""

from __future__ import annotations

import re
import unicodedata

SPACES = frozenset("*~`\u00a0\u202f\u2009\u200b\u2060\ufeff")  # WhatsApp's bold and code marks, spaces of typographers
APOSTROPHES = frozenset("’‘ʼ")
DASHES = frozenset("–—‑−")
_LETTERS = str.maketrans(
    "áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ", "aaaaaeeeeiiiiooooouuuucnaaaaaeeeeiiiiooooouuuucn"
)
_DIGITS = {first + digit: str(digit) for first in (0x966, 0xFF10) for digit in range(10)}  # Devanagari, full width
_IN_PLACE = _LETTERS | _DIGITS | {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def fold(text: str) -> str:
    """Lower case without Latin accents and invisible characters; Devanagari keeps its signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not ("\u0300" <= c <= "\u036f" or unicodedata.category(c) == "Cf"))


def composed(text: str) -> str:
    """NFC: an accented letter is one character, as the next two functions expect."""
    return unicodedata.normalize("NFC", text)


def fold_in_place(text: str) -> str:
    """Lower case, ASCII digits, no Western European accents; the length stays."""
    return text.translate(_IN_PLACE)


def plain_in_place(text: str) -> str:
    """No Latin accents, digits 0-9, plain quotes and dashes, spaces for WhatsApp's marks; expects NFC."""
    return "".join(map(_plain, text))


def _plain(character: str) -> str:
    if character.isascii():
        return " " if character in SPACES else character
    if character in SPACES:
        return " "
    if character in APOSTROPHES:
        return "'"
    if character in DASHES:
        return "-"
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return unicodedata.normalize("NFKD", character)[0] if "À" <= character <= "ɏ" else character


_KEYCAP = {0xFE0E, 0xFE0F, 0x20E3}
# Letters of other scripts that look like Latin ones
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАЕОРСУХІЈЅКМТВНοαρεντικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeopcyxijsdhlkmtbhAEOPCYXIJSKMTBHoapevtikABEZHIKMNOPTYX"
)
_MIXED_WORD = re.compile(r"[^\W\d_]*(?:[A-Za-z][Ͱ-ӿ]|[Ͱ-ӿ][A-Za-z])[^\W\d_]*")


def undisguised(text: str) -> str:
    """Without styled letters and digits (full-width, mathematical, circled, keycap), invisible signs and look-alikes.

    The length changes. Devanagari stays.
    """
    shown = "".join(map(_undisguised, text)) if not text.isascii() else text
    return _MIXED_WORD.sub(lambda word: word.group().translate(_LOOKALIKES), shown)


def _undisguised(character: str) -> str:
    if character.isascii():
        return character
    code = ord(character)
    if code in _KEYCAP or unicodedata.category(character) == "Cf":
        return ""
    if 0xFF01 <= code <= 0xFF5E or 0x1D400 <= code <= 0x1D7FF or 0x2070 <= code <= 0x2089:
        return unicodedata.normalize("NFKC", character)
    if 0x2460 <= code <= 0x24FF or 0x1F100 <= code <= 0x1F189:  # in circles, brackets or with a full stop
        return unicodedata.normalize("NFKC", character).strip("().,")
    return character
