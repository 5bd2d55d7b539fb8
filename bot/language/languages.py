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
    locale: str  # CLDR's name of the locale whose numbers and dates its readers expect: "pt_BR"
    money_locales: Mapping[
        str, str
    ]  # currency → the locale in which its readers expect amounts, where another than theirs
    second_script: (
        str  # "latin" where it is written in Latin letters, too: replies-latin.toml; empty where there is none
    )
    second_script_reads: str  # the language of policies, money and dates for its writers
    currency: str  # default currency of its speakers; empty: the shop's
    calling_code: str  # "+91": phone numbers with that default currency in any language; may be empty
    letters: str  # letters beside a-z, as a regular expression class: "\\u0900-\\u097f"

    def owns(self, phone: str) -> bool:
        """Whether an E.164 number has its calling code."""
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


# The characters beside a-z that words of any of our languages are made of, for a regular expression's class.
LETTERS = "".join(about(language).letters for language in LANGUAGES)
