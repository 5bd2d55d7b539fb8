r"""Whole-word patterns for scripts that `\w` and `\b` cover only in part."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bot.language.languages import LETTERS

LETTER: Final = rf"\w{LETTERS}"  # \w leaves out the vowel signs of Devanagari and others
BESIDE: Final = rf"[^\W_]|[{LETTERS}]" if LETTERS else r"[^\W_]"  # letters and digits; _ is WhatsApp's mark of italics
NEVER: Final = r"(?!)"  # for an entry without words


def whole_words(words: str) -> re.Pattern[str]:
    """`|`-separated phrases in NFC text, any case; a space matches any white space."""
    return re.compile(_whole(unicodedata.normalize("NFC", words), r"\s"), re.IGNORECASE)


def folded_words(words: str) -> re.Pattern[str]:
    """`|`-separated phrases in folded text; a comma or dash separates words, too."""
    return re.compile(_whole(unicodedata.normalize("NFKD", words), r"[\s,\-–—]"))


def folded_pieces(words: str) -> re.Pattern[str]:
    """`|`-separated patterns in folded text, which define their own word boundaries."""
    return re.compile(unicodedata.normalize("NFKD", words) or NEVER)


def _whole(words: str, gap: str) -> str:
    spaced = words.replace(" ?", f"{gap}*").replace(" ", f"{gap}+")
    return rf"(?<!{BESIDE})(?:{spaced})(?!{BESIDE})" if words else NEVER
