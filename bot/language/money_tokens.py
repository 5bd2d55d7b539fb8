"""Splits a text into words, numbers and signs, and finds its currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.language.currencies import AFTER_NUMBER, LEXICON, LOOSE_SYMBOLS, MOST_WORDS, WORDLIKE
from bot.language.detection import WORDS
from bot.language.languages import LANGUAGES, LETTERS
from bot.language.normalisation import fold_in_place
from bot.language.number_words import SCALES, UNITS
from bot.language.words import entry, words_of_all

LONGEST_READ = 2000  # characters; WhatsApp's own limit is 4096, and no amount that matters comes later
BETWEEN = frozenset(words_of_all("amounts", "into")) | {"="}
# By name: words of one language alone. Beside one of them the name is another word ("dong" in Indonesian).
NO_CURRENCY_BESIDE = {
    word: WORDS[language].difference({word}, *(WORDS[other] for other in LANGUAGES if other != language))
    for language in LANGUAGES
    for word in entry(language, "amounts", "no_currency").split()
}
TOKEN = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![\d.,]\d)|\d+(?:[.,'’_]\d+)*)"
    rf"|(?P<word>[a-z]+(?:\.(?=\s?\d))?|[{LETTERS}\u200c\u200d]+|[^\W\d_a-z]+)"
    r"|(?P<symbol>[$€£¥₹₽₩₺₫₪฿₱₦₴৳])"
    r"|(?P<other>\S)"
)


@dataclass(frozen=True, slots=True)
class CurrencyMention:
    currency: str
    span: tuple[int, int]
    loose: bool  # several currencies share it: a code beside it decides


@dataclass(frozen=True, slots=True)
class MoneyToken:
    kind: str  # a group of TOKEN
    text: str  # folded
    start: int
    end: int


class MoneyText:
    """A text's tokens and currencies; offsets hold for `raw` and `plain`."""

    def __init__(self, text: str) -> None:
        self.raw = text[:LONGEST_READ]
        self.plain = fold_in_place(self.raw)
        self.tokens = [
            MoneyToken(m.lastgroup or "other", m.group(), m.start(), m.end()) for m in TOKEN.finditer(self.plain)
        ]
        # By the index of the first token, with the index behind the last.
        self.currency_at: dict[int, tuple[CurrencyMention, int]] = {}
        self._find_mentions()
        self.mentions = [mention for mention, _ in self.currency_at.values()]

    def _find_mentions(self) -> None:
        index = 0
        while index < len(self.tokens):
            found = self._mention(index)
            if found:
                self.currency_at[index] = found
                index = found[1]
            else:
                index += 1

    def _mention(self, index: int) -> tuple[CurrencyMention, int] | None:
        first = self.tokens[index]
        if first.kind not in ("word", "symbol"):
            return None
        for length in range(min(MOST_WORDS, len(self.tokens) - index), 0, -1):
            last = self.tokens[index + length - 1]
            key = " ".join(self.plain[first.start : last.end].split())
            currency = LEXICON.get(key) or (self._currency_in_context(index) if length == 1 else None)
            if currency and not (
                key in NO_CURRENCY_BESIDE and any(each.text in NO_CURRENCY_BESIDE[key] for each in self.tokens)
            ):
                return CurrencyMention(currency, (first.start, last.end), key in LOOSE_SYMBOLS), index + length
        return None

    def _currency_in_context(self, index: int) -> str | None:
        token = self.tokens[index]
        if token.text in WORDLIKE:
            return WORDLIKE[token.text] if self._is_code_in_capitals(index) or self._money_between(index) else None
        return AFTER_NUMBER.get(token.text) if self._after_number(index) else None

    def _is_code_in_capitals(self, index: int) -> bool:
        token = self.tokens[index]
        before_number = index + 1 < len(self.tokens) and self.tokens[index + 1].kind == "number"
        return self.raw[token.start : token.end].isupper() and (before_number or not self.raw.isupper())

    def _after_number(self, index: int) -> bool:
        before = self.tokens[index - 1] if index else None
        return before is not None and (before.kind == "number" or before.text in SCALES or before.text in UNITS)

    def _money_between(self, index: int) -> bool:
        following = [token.text for token in self.tokens[index + 1 : index + 3]]
        return self._after_number(index) and len(following) == 2 and following[0] in BETWEEN and following[1] in LEXICON
