"""Whether a text is written in letters that speakers of the desk's languages use, and what languages are called."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from babel import Locale

from bot.language.languages import LANGUAGES, about
from bot.language.words import entry

_OWN: Final = [re.compile(script) for language in LANGUAGES if (script := entry(language, "detection", "script"))]


class Script(StrEnum):
    NONE = "none"  # no letter and no digit: emoji, punctuation
    OURS = "ours"
    FOREIGN = "foreign"


def script_of(text: str) -> Script:
    """OURS where at least one letter or digit is Latin or of a desk language's own script."""
    signs = [sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign)[0] in "LN"]
    if not signs:
        return Script.NONE
    return Script.OURS if any(map(_is_ours, signs)) else Script.FOREIGN


def language_name(language: str, reader: str) -> str:
    """As a reader of the language `reader` calls it."""
    name = Locale.parse(about(language).locale).get_language_name(about(reader).locale)
    return about(language).english_name if name is None else name


def _is_ours(sign: str) -> bool:
    if sign.isdigit() or unicodedata.name(sign, "").startswith("LATIN"):
        return True
    return any(script.match(sign) for script in _OWN)
