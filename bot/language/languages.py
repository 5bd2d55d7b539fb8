"""The one list of languages, made from the folders in `words/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bot.language.words import entry, folders

LANGUAGES: tuple[str, ...] = folders()
FIRST = LANGUAGES[0]  # the default


@dataclass(frozen=True, slots=True)
class About:
    code: str  # ISO 639-1
    english_name: str  # "Hindi"
    in_chat: str  # the model's language instruction for chats
    in_print: str  # and in an ad: "Hindi, in Devanagari"
    locale: str  # CLDR's name, for numbers and dates: "pt_BR"
    money_locales: Mapping[str, str]  # by currency: the locale its amounts are written in, where it is another
    second_script: str  # "latin": replies-latin.toml exists; may be empty
    second_script_reads: str  # language of policies, money and dates for those who write the second script
    currency: str  # default currency of its speakers; empty: the shop's
    calling_code: str  # "+91": numbers that get `currency` in whatever language they write; may be empty
    letters: str  # letters beside a-z, as a regular expression class: "\\u0900-\\u097f"

    def calls_from(self, phone: str) -> bool:
        return bool(self.calling_code) and phone.startswith(self.calling_code)


@cache
def about(language: str) -> About:
    """Raises MissingWords for a language outside `LANGUAGES`."""
    return About(
        code=language,
        english_name=entry(language, "about", "english_name"),
        in_chat=entry(language, "about", "in_chat"),
        in_print=entry(language, "about", "in_print"),
        locale=entry(language, "about", "locale"),
        money_locales=dict(pair.split() for pair in entry(language, "about", "money_locales")),
        second_script=entry(language, "about", "second_script"),
        second_script_reads=entry(language, "about", "second_script_reads"),
        currency=entry(language, "about", "currency"),
        calling_code=entry(language, "about", "calling_code"),
        letters=entry(language, "about", "letters"),
    )


# Letters beside a-z in any of our languages, for a regular expression's class.
LETTERS = "".join(about(language).letters for language in LANGUAGES)
