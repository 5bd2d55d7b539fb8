"""Text made comparable. Three forms, for three kinds of readers:

`fold`            compares whole words and texts; the length may change, so places found in it mean nothing outside.
`fold_in_place`   keeps the length: amounts, numbers and names are cut out of the customer's own text by their place.
`plain_in_place`  keeps the length and the capitals: in a draft a capital tells a product's name from a common word.
"""

from __future__ import annotations

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
    """Small letters without Latin accents and invisible characters (joiners, marks of direction); Devanagari keeps its signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not ("\u0300" <= c <= "\u036f" or unicodedata.category(c) == "Cf"))


def composed(text: str) -> str:
    """NFC, in which an accented letter is one character: what the two functions below read."""
    return unicodedata.normalize("NFC", text)


def fold_in_place(text: str) -> str:
    """Small ASCII letters and digits, each in its place: precomposed Western European accents, full-width and Devanagari
    digits are replaced, all else stays."""
    return text.translate(_IN_PLACE)


def plain_in_place(text: str) -> str:
    """Composed text without Latin accents, with digits 0-9, plain apostrophes and dashes, and spaces for WhatsApp's marks."""
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
