"""Patterns of claims in a reply, of all languages together.

Words are in `bot/language/words/*/claims.toml`; here are figures, signs and addresses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from babel.dates import get_day_names, get_month_names

from bot.language.languages import LANGUAGES, LETTERS, about
from bot.language.normalisation import plain_in_place
from bot.language.number_words import COUNTING
from bot.language.patterns import LETTER, whole_words
from bot.language.words import alternatives, entry, words_of_all

WORD: Final = rf"[a-z{LETTERS}]+"


def of_all(key: str, subject: str = "claims") -> str:
    """As one alternation."""
    return alternatives(subject, key)


def claim(key: str, subject: str = "claims") -> re.Pattern[str]:
    """As a whole-word pattern."""
    return whole_words(of_all(key, subject))


def claims_of(keys: Sequence[str], subject: str) -> re.Pattern[str]:
    """Several entries as one pattern: one search instead of several."""
    return whole_words("|".join(of_all(key, subject) for key in keys))


def by_language(key: str) -> dict[str, re.Pattern[str]]:
    """For words that are other words in another language: Spanish "no" denies, Portuguese "no" is "in the"."""
    return {language: whole_words("|".join(entry(language, "claims", key))) for language in LANGUAGES}


def _calendar(key: str, names_of: Callable[..., Mapping[int, str]]) -> dict[str, int]:
    """Weekdays or months from 0 on by spelling: CLDR's, and those of each folder."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        names = names_of("wide", locale=about(language).locale)
        for place, (number, spellings) in enumerate(zip(sorted(names), entry(language, "claims", key), strict=True)):
            for name in (plain_in_place(names[number]).lower(), *spellings.split()):
                found.setdefault(unicodedata.normalize("NFC", name), place)
    return found


def _longest_first(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


SENTENCE_END = re.compile(r"\n+|(?:(?<=[!?।])|(?<=\S\.))[\"')]*\s+(?=[^\d₹$€£\s])")

NUMBER_WORDS: Final = {unicodedata.normalize("NFC", word): number for word, number in COUNTING.items()}
COUNT: Final = r"\d+|" + _longest_first(NUMBER_WORDS)
HOURS: Final = {"hour": 1, "day": 24, "week": 168, "month": 720, "year": 8640}
UNITS: Final = {word: hours for unit, hours in HOURS.items() for word in words_of_all("claims", f"units.{unit}")}
WEEKDAY_NAMES: Final = _calendar("weekday_spellings", get_day_names)  # Monday is 0
MONTH_NAMES: Final = _calendar("month_spellings", get_month_names)  # January is 0
DURATION = whole_words(
    rf"(?:(?P<low>{COUNT})\s?(?:-|{of_all('between_numbers')})\s?)?(?P<high>\d+|(?:{COUNT})(?=[ -]))[ -]?"
    rf"(?:(?:{of_all('kinds_of_days')}) )?(?P<unit>{_longest_first(UNITS)})"
)


def durations(plain: str) -> Iterator[tuple[re.Match[str], tuple[int, int]]]:
    """Time spans in a plain text, each with least and most hours."""
    for match in DURATION.finditer(plain):
        unit = UNITS[match["unit"].lower()]
        most = number(match["high"]) * unit
        yield match, (number(match["low"]) * unit if match["low"] else most, most)


def number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS[word.lower()]


WEEKDAYS = whole_words(rf"(?:{_longest_first(WEEKDAY_NAMES)})s?")
WEEKDAY_RANGE: Final = frozenset({"-", *words_of_all("claims", "weekday_range")})
_ORDINAL = f"(?:{of_all('ordinal_endings')})?"
_MONTH = f"(?:{_longest_first(MONTH_NAMES)})(?![{LETTER}])"  # by name, or "arrives 24 November" reads "arrives 24"
DATED = re.compile(
    rf"(?P<day>\d{{1,2}}){_ORDINAL}\.?\s(?:(?:{of_all('of_month')})\s)?(?P<month>{_MONTH})"
    rf"|(?<![{LETTER}])(?P<month2>{_MONTH})\s(?P<day2>\d{{1,2}}){_ORDINAL}(?!\d)"
    r"|(?<![\d/])(?P<day3>\d{1,2})/(?P<month3>\d{1,2})(?:/\d{2,4})?(?![\d/])"
    r"|(?P<year4>20\d\d)-(?P<month4>\d\d)-(?P<day4>\d\d)",
    re.IGNORECASE,
)


def month_day(match: re.Match[str]) -> tuple[int, int] | None:
    """Of a match of DATED."""
    groups = {name: value for name, value in match.groupdict().items() if value}
    day = int(next(value for name, value in groups.items() if name.startswith("day")))
    month = next(value for name, value in groups.items() if name.startswith("month")).lower()
    number = int(month) if month.isdigit() else MONTH_NAMES.get(month, -1) + 1
    return (number, day) if 1 <= number <= 12 and 1 <= day <= 31 else None


PERCENT = re.compile(
    rf"(?P<digits>\d+(?:[.,]\d+)?)\s?(?:%|(?:{of_all('percent')})(?![{LETTER}]))".replace(" ?", r"\s*")
    + rf"|(?P<words>{WORD}(?:[ -]{WORD})?)\s(?:{of_all('percent')})".replace(" ?", r"\s*"),
    re.IGNORECASE,
)
PERCENT_OF_THING = claim("percent_of_thing")
DEAL = claim("deal")
DISCOUNT = claim("discount")
LIMITED = claim("limited_time")
OFF_AMOUNT = claim("off")
FREE = claim("free")
NOT_FREE = claim("not_free_before")
NOT_FREE_BEHIND = claim("not_free_behind")
DELIVERS = claim("delivers")
RETURNS = claim("returns")
WARRANTY = claim("warranty")
SOON = claim("soon")
ARRIVES_SOON = claim("arrives_soon")
TODAY = re.compile(of_all("today"))
TOMORROW = re.compile(of_all("tomorrow"))
AFTER_ORDERING = whole_words(rf"(?:{of_all('counted_from')})(?: (?:[a-z]+|{of_all('counted_from_rest')})){{0,3}}")
IN_STOCK = claim("in_stock")
OUT_OF_STOCK = claim("out_of_stock")
COUNT_LEFT = whole_words(
    of_all("count_left").replace("{count}", f"((?<![.,])(?:{COUNT}))")
)  # one group per way to say it
LAST_FEW = whole_words(of_all("last_few").replace("{count}", f"({COUNT})"))
LAST_ONE = claim("last_one")
RESTOCK = claim("restock")
UNSURE = claim("unsure")
NOT_SOLD = claim("not_sold")
COMPARED = claim("compared")
NEGATED = claim("negated")
NEGATED_BEHIND = re.compile(of_all("negated_behind"))
AFFIRMS = claim("affirms")
PLENTY = claim("plenty")
EARLIEST = claim("earliest")
BATTERY = claim("battery")
BEFORE = claim("before_it")
CANCELS = claim("cancels")
DENIALS: Final = by_language("denials")
VERB_LAST: Final = frozenset(
    each for each in LANGUAGES if entry(each, "claims", "negated_behind")
)  # denies behind a list
CONDITIONS: Final = by_language("conditions")
INSTEAD: Final = by_language("instead")
HARD_BREAK = re.compile(rf"[;:!?()\n।]|\.\s| -+ | (?:{of_all('but')}) ")
NEW_CLAUSE = re.compile(rf"[,;:]| (?:{of_all('but')}) ")
LIMIT = claim("limit")
STARTS_AT = claim("starts_at")
APPROXIMATE = claim("approximate")
APPROXIMATE_SIGN = re.compile(r"[~≈]\s?$")
PRICED = claim("priced")
NOT_MONEY_AFTER = re.compile(
    r"\W{0,3}(?:gb|tb|mb|\"|hz|ghz|mhz|mah|mp|w\b|kg|g\b|cm|mm|m\b|dpi|nits|am\b|pm\b|h\b|x\b|%|k mah"
    rf"|{of_all('counted')})",
    re.IGNORECASE,
)
LINK = re.compile(
    r"(?:https?|ftp)\s?://[^\s<>\"']+|www\.[^\s<>\"']+"
    r"|(?<![\w@.])[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|in|id|io|co|shop|store|es|br|mx|de|uk|ly|me|app|link|xyz|site|online|info|biz|dev|pt|eu|ru|cn|gl"
    r"|page|top|club|click|to|cc|pay|deals|sale|market|tech|ai|ae|us|fr|it|web|live|world|today|gle|tv|gg|be)(?![\w@])(?:[/?#:][^\s<>\"']*)?"
    r"|(?<![\w@.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/[^\s<>\"']+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|[\w-]+\s?[\[(]\s?(?:{of_all('dot')}|\.)\s?[\])]\s?[a-z]{{2,}}\S*"
)
MODEL_LIKE = re.compile(
    r"(?<![\w@./-])(?P<name>[a-z]?[A-Z][A-Za-z]{2,}(?: [A-Z][A-Za-z]+){0,2})[ -](?P<number>[A-Z]{0,3}\d{1,4}[A-Za-z]{0,2})(?![\w%])"
)
CAPITALISED_NEXT = re.compile(r"[\s]+(?P<next>[A-Z0-9][\w-]*)(?:[\s]+(?P<more>[A-Z0-9][\w-]*))?")
QUALIFIER_NEXT = re.compile(
    r"[\s-]+(?P<next>Pro|Plus|Max|Mini|Ultra|Lite|SE|Air|FE|Neo|X|XL|Turbo|Deluxe|2|3)(?![\w.,]*\d)(?!\w)"
)
ORDINARY_NAMES: Final = frozenset([*words_of_all("claims", "ordinary_names"), *WEEKDAY_NAMES, *MONTH_NAMES])
ORDERING = claim("ordering")
PAYS = claim("pays")
COMPARES = claim("compares")
ARTICLES: Final = frozenset(words_of_all("claims", "articles"))
ORDER_NUMBER = re.compile(
    r"(?<![\w/.-])(?:[A-Z]{1,4}-?\d{4,}|#\s?\d{3,}|[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4})(?![\w])"
)
# What a reply may say of an order that is in this state, or has been.
ORDER_STATES: Final = {state: claim(f"order_states.{state}") for state in ("placed", "paid", "shipped", "delivered")}
CONDITIONAL = claim("conditional")
REFUNDED = claim("refunded")
FEW_LEFT = whole_words(rf"(?:{of_all('few_left_before')}) (\d{{1,3}}) ?(?:{of_all('few_left_behind')})")
CODE_NAMED = re.compile(rf"(?<![{LETTER}])(?:{of_all('code')})\s+[\"'“”‘’*_]*([A-Z][A-Z0-9]{{3,14}})\b")
CODE_WORD = claim("code")
CODE_LIKE = re.compile(r"(?<![\w/.-])(?=[A-Z]*\d)[A-Z]{3,12}\d{1,3}(?![\w-])")
CODE_TYPED = re.compile(
    rf"(?<![{LETTER}])(?:{of_all('code')})\s+[\"'“”‘’*_]*([A-Za-z]*\d+[A-Za-z\d]*)\b", re.IGNORECASE
)
SPELT_ADDRESS = whole_words(
    rf"[a-z0-9-]{{2,30}}(?: ?[\[({{]? ?(?:{of_all('dot')}) ?[\])}}]? ?| \. ?| ?\. |[\[({{]\.[\])}}])"
    r"(?:com|net|org|in|id|br|io|shop|store|co|info|biz|link|app|site|online|xyz|top|pay|mx|page|club|live|world|page)"
    rf"|[a-z0-9-]{{2,30}} (?<!\bel\s)(?<!\bun\s)(?<!\bal\s)(?:{of_all('dot')}) (?:es|me|de|pt|us|uk)(?= ?(?:$|[.,!?)/]))"
    rf"|[a-z0-9-]+ (?:{of_all('dot')}) [a-z0-9-]+ (?:{of_all('dot')}) [a-z]+"
)
# What makes one amount the other's worth: "50 USD is about 90 EUR", "50 USD = 90 EUR".
SAME_WORTH = re.compile(
    rf"\s*(?:=|≈|~|→)?\s*(?:{of_all('amounts_equal')})?\s*(?:=|≈|~|→)?\s*(?:{of_all('amounts_roughly')})?\s*"
)
