"""Text made comparable: small letters, no accents. Two functions: take `fold` unless positions in the text matter."""

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
    """Small letters without Latin accents; Devanagari keeps its signs. For comparing: the length may change.

    Characters that nobody sees (joiners, marks of direction) are left out: they only keep words from being found.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not ("\u0300" <= c <= "\u036f" or unicodedata.category(c) == "Cf"))


def fold_in_place(text: str) -> str:
    """The same length, so that spans found in it are true of `text`: small ASCII letters, no accents, ASCII digits.

    Only what one character can replace: precomposed accents of Western Europe, digits of full width and of Devanagari.
    """
    return text.translate(_IN_PLACE)


def plain_in_place(text: str) -> str:
    """The same length, capitals kept: for reading what a draft claims, where a capital tells a name.

    Give it composed text (NFC). Latin accents go, digits of every script become 0-9, typographic apostrophes and dashes
    plain ones; WhatsApp's bold and code marks become spaces.
    """
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
