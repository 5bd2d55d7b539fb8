"""Reads amounts of money in chat text: digits, number words, currency names, signs, slang."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.language.currencies import AMOUNT_SLANG
from bot.language.money_tokens import CurrencyMention, MoneyText, MoneyToken
from bot.language.number_words import (
    ARTICLES,
    ATTACHED_SCALES,
    BEFORE_SCALE,
    HALF_OF,
    HALVES,
    HUNDREDS,
    JOINERS,
    SCALES,
    STARTS_NUMBER,
    TEENS,
    TENS,
    UNITS,
    parse_number,
)
from bot.language.words import alternatives, words_of_all

MOST_DIGITS = 24
BEFORE_CURRENCY = frozenset(words_of_all("amounts", "of")) | {"(", "/", "-"}
ATTACHED_UNIT = re.compile(rf"[x×*:#%°\"]|/(?!-)|\s?(?:{alternatives('numbers', 'percent')})\b|-?\d")


@dataclass(frozen=True, slots=True)
class AmountMention:
    value: Decimal
    currency: str | None
    span: tuple[int, int]  # of number and currency


def find_amounts(text: str) -> list[AmountMention]:
    """In the order of the text: 1,299.99, 1.299,99, 1 299,99, 1'299.99, 1,29,999; with k, lakh, mil; number words.

    A separator before exactly three digits groups thousands (1.500 is 1500) unless a scale follows (1.125 lakh). No amounts:
    percentages, sizes (78x60), ids (#123), times, phone numbers, digits glued to letters (16gb).
    """
    return list(_amounts(MoneyText(text)))


def find_currencies(text: str) -> list[CurrencyMention]:
    """In the order of the text; a code and a sign around one amount are two."""
    return MoneyText(text).mentions


def _amounts(text: MoneyText) -> Iterator[AmountMention]:
    index = 0
    while index < len(text.tokens):
        read = _number_at(text, index)
        if read is None:
            index += 1
            continue
        value, following = read
        amount = _with_currency(text, value, index, following)
        if amount:
            yield amount
        index = max(following, index + 1)


def _number_at(text: MoneyText, index: int) -> tuple[Decimal, int] | None:
    """With the index behind it."""
    token = text.tokens[index]
    if token.text in AMOUNT_SLANG:
        return AMOUNT_SLANG[token.text][0], index + 1
    if token.kind == "number":
        return _digits_at(text, index)
    if token.kind == "word" and token.text in STARTS_NUMBER:
        return _words_at(text, index)
    return None


def _digits_at(text: MoneyText, index: int) -> tuple[Decimal, int] | None:
    token = text.tokens[index]
    if len(token.text) > MOST_DIGITS or not _stands_alone(text, index):
        return None
    scale, following = _scale_at(text, index + 1)
    return parse_number(token.text, scaled=scale > 1) * scale, following


def _scale_at(text: MoneyText, index: int) -> tuple[int, int]:
    scale = 1
    tokens = text.tokens
    if index < len(tokens) and tokens[index].start == tokens[index - 1].end and tokens[index].text in ATTACHED_SCALES:
        return ATTACHED_SCALES[tokens[index].text], index + 1
    # "lakh crore": scales multiply.
    while index < len(tokens) and (tokens[index].text in SCALES or tokens[index].text in HUNDREDS):
        scale *= SCALES.get(tokens[index].text, 100)
        index += 1
    return scale, index


def _stands_alone(text: MoneyText, index: int) -> bool:
    """Not part of a size, id, time, percentage or model name."""
    token, plain = text.tokens[index], text.plain
    if ATTACHED_UNIT.match(plain, token.end) or (token.start and plain[token.start - 1] in "#x×*:+@"):
        return False
    before = text.tokens[index - 1] if index else None
    glued = before and before.end == token.start and before.kind == "word" and not _currency_ending(text, index)
    after = text.tokens[index + 1] if index + 1 < len(text.tokens) else None
    if after and after.start == token.end and after.kind == "word":
        known = after.text in ATTACHED_SCALES or after.text in SCALES or index + 1 in text.currency_at
        return known and not glued
    return not glued


def _currency_ending(text: MoneyText, index: int) -> CurrencyMention | None:
    for start in range(max(0, index - 4), index):
        found = text.currency_at.get(start)
        if found and found[1] == index:
            gap = text.plain[found[0].span[1] : text.tokens[index].start]
            return found[0] if gap.strip(" .:\u00a0\u202f") == "" else None
    return None


def _words_at(text: MoneyText, index: int) -> tuple[Decimal, int] | None:
    total, group, start = Decimal(0), Decimal(0), index
    digit = Decimal(0)  # a number of one digit right before
    tokens = text.tokens
    while index < len(tokens):
        word = tokens[index].text
        ahead = tokens[index + 1].text if index + 1 < len(tokens) else ""
        before, digit = digit, Decimal(0)
        if word in UNITS:
            group += UNITS[word]
            digit = UNITS[word] if UNITS[word] < 10 else digit
        elif word in TENS and before:
            group += before * 9  # "dua puluh": 2 is in the group already, nine times more make 20
        elif word in TEENS and before:
            group += 10
        elif word in HUNDREDS:
            group = (group or Decimal(1)) * 100
        elif word in SCALES:
            total, group = total + (group or Decimal(1)) * SCALES[word], Decimal(0)
        elif word in BEFORE_SCALE and _leads_number(text, index):
            group = group or BEFORE_SCALE[word]
        elif not (word in JOINERS and index > start and (ahead in UNITS or ahead in HUNDREDS)):
            break
        index += 1
    value = total + group
    return (value, index) if index > start else None


def _leads_number(text: MoneyText, index: int) -> bool:
    """ "a", "half", "do": before a scale, or (articles) a currency."""
    tokens = text.tokens
    ahead = index + 1
    if tokens[index].text in HALVES and ahead < len(tokens) and tokens[ahead].text in HALF_OF:
        ahead += 1
    if ahead >= len(tokens):
        return False
    if tokens[ahead].text in SCALES or tokens[ahead].text in HUNDREDS:
        return tokens[ahead].text != "k"
    # "a R$ 309": the currency is the amount's behind it.
    return (
        tokens[index].text in ARTICLES
        and ahead in text.currency_at
        and not _leads_own_number(text, text.currency_at[ahead][0])
    )


def _with_currency(text: MoneyText, value: Decimal, index: int, following: int) -> AmountMention | None:
    tokens = text.tokens
    start, end = tokens[index].start, tokens[following - 1].end
    if tokens[index].text in AMOUNT_SLANG:
        return AmountMention(value, AMOUNT_SLANG[tokens[index].text][1], (start, end))
    ahead, behind = _currency_ending(text, index), _currency_following(text, following)
    if ahead and behind and not ahead.loose:
        is_code = len(text.plain[slice(*ahead.span)]) <= 3
        behind = None if _has_own_number(text, behind) or is_code else behind
    chosen = behind or ahead
    if chosen is None and not _plausible_alone(tokens[index], value):
        return None
    # Lakh and crore are counted in rupees unless another currency is named.
    in_lakhs = any(SCALES.get(token.text) in (100_000, 10_000_000) for token in tokens[index:following])
    currency = chosen.currency if chosen else "INR" if in_lakhs else None
    spans = [mention.span for mention in (ahead, behind) if mention and (mention.loose or mention is chosen)]
    return AmountMention(
        value,
        currency,
        (min([start, *(s for s, _ in spans)]), max([end, *(e for _, e in spans)])),
    )


def _has_own_number(text: MoneyText, mention: CurrencyMention) -> bool:
    return bool(re.match(r"\s?\d", text.plain[mention.span[1] :]))


def _currency_following(text: MoneyText, index: int) -> CurrencyMention | None:
    """ "50 euros", "30usd", "999 (sek)", "500/- rs"."""
    tokens = text.tokens
    while index < len(tokens) and tokens[index].text in BEFORE_CURRENCY:
        index += 1
    found = text.currency_at.get(index)
    if found is None or (found[0].loose and _has_own_number(text, found[0])) or _leads_own_number(text, found[0]):
        return None
    return found[0]


def _leads_own_number(text: MoneyText, mention: CurrencyMention) -> bool:
    """Apart from what stands before it, close to the number behind: "in 2026 (€1 = …"."""
    start, end = mention.span
    signed = not text.plain[start:end].isalpha()
    apart = text.plain[start - 1 : start] in (" ", "(", "\u00a0", "/")
    return signed and apart and bool(re.match(r"[ \u00a0\u202f]?\d" if end - start > 1 else r"\d", text.plain[end:]))


def _plausible_alone(token: MoneyToken, value: Decimal) -> bool:
    # Without a currency, a telephone or order number is no amount, nor is "one".
    if token.kind == "word":
        return value > 1
    return not (token.text.isdigit() and len(token.text) >= 9)
