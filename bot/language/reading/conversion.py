"""Reads currency conversions: "50 quid in euros", "usd to inr", "show prices in GBP"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.language.amounts import AmountMention, find_amounts, find_currencies
from bot.language.currencies import AMOUNT_SLANG
from bot.language.money_tokens import LONGEST_READ, CurrencyMention
from bot.language.normalisation import fold_in_place
from bot.language.words import alternatives, words_of_all


def _any(key: str) -> str:
    return f"(?:{alternatives('conversion', key)})"


CONNECTOR = re.compile(
    rf"[\s,()]*(?:{_any('links')}\s+)*(?:[-=]*>|→|=\s*\??|/|-|:|\?|{_any('into')})[\s(]*(?:{_any('determiners')}\s+)*"
)
CUE, RATE, HOW_MANY = (re.compile(_any(key)) for key in ("cues", "rates", "how_many"))
PRICE_VERB, RATE_OF = (re.compile(_any(key)) for key in ("price_verbs", "rate_of"))
# A story tells of a payment or an order: it asks for no conversion, unless outright.
STORY, ASKED_OUTRIGHT, WEIGHTS, CONVERTS = (
    re.compile(rf"\b{_any(key)}\b") for key in ("story", "asked_outright", "weights", "converts")
)
# "how much is that in euros": the price just told.
ANAPHORA = re.compile(
    rf"\b{_any('anaphora')}\b(?:\s+{_any('anaphora_verbs')})*\s+{_any('anaphora_into')}\s+(?:{_any('articles')}\s+)?$"
    rf"|{_any('anaphora_alone')}"
)
SHOW_PRICES = re.compile(
    rf"\b{_any('prices')}\b\s*(?:{_any('of_what')}\s*)?{_any('shown')}?\s*{_any('shown_in')}\s+(?:{_any('possessives')} )?$"
    rf"|{_any('shows_prices')}"
)
NUMBER_INTO = re.compile(rf"\s*(?:{_any('number_links')}\s+)?(?:=|->|→|{_any('number_into')})\s*(?:\?\s*)?")
RATE_BEHIND = re.compile(rf"\s*\b(?:{_any('rate_before')} )*{_any('rate_names')}\b")
BESIDE = frozenset(words_of_all("conversion", "beside")) | {""}


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """`amount` None: all prices. A currency None: not named."""

    amount: Decimal | None
    source: str | None
    target: str | None


def read_conversion(text: str) -> ConversionRequest | None:
    """A question about a rate has the amount 1. No conversions: price limits ("laptop under 1500 euros"), failed
    payments, weights ("kilos to pounds").
    """
    plain = fold_in_place(text[:LONGEST_READ])
    mentions = [*find_currencies(text)]
    if not mentions and not any(word in plain for word in AMOUNT_SLANG):
        return None
    if WEIGHTS.search(plain):
        return None
    amounts = find_amounts(text)
    named = _merged_mentions(mentions, amounts)
    if len({mention.currency for mention in named}) >= 2:
        return _between_two_currencies(plain, named, amounts)
    return _with_one_currency(plain, named, amounts) if named else None


def _merged_mentions(mentions: list[CurrencyMention], amounts: list[AmountMention]) -> list[CurrencyMention]:
    # One mention for each amount, with the amount's span.
    owned = [CurrencyMention(a.currency, a.span, False) for a in amounts if a.currency]
    free = [m for m in mentions if not any(a.span[0] <= m.span[0] < a.span[1] for a in owned)]
    merged: list[CurrencyMention] = []
    for mention in sorted([*owned, *free], key=lambda m: m.span):
        if merged and merged[-1].currency == mention.currency and mention not in owned:
            continue
        merged.append(mention)
    return merged


def _between_two_currencies(
    plain: str, named: list[CurrencyMention], amounts: list[AmountMention]
) -> ConversionRequest | None:
    first = named[0]
    second = next(mention for mention in named[1:] if mention.currency != first.currency)
    priced = [a for a in amounts if a.currency in (first.currency, second.currency)]
    gap = plain[first.span[1] : second.span[0]]
    if not _asks_for_conversion(plain, gap, first, second):
        return None
    if len({a.currency for a in priced}) == 1:
        target = second if priced[0].currency == first.currency else first
        return ConversionRequest(priced[0].value, priced[0].currency, target.currency)
    if priced:
        return None
    source, target = first, second
    if HOW_MANY.search(plain[: first.span[0]]):  # "how many yen are in a dollar" names first what comes out
        source, target = second, first
    amount = next((a.value for a in amounts if a.currency is None), Decimal(1))
    return ConversionRequest(amount, source.currency, target.currency)


def _asks_for_conversion(plain: str, gap: str, first: CurrencyMention, second: CurrencyMention) -> bool:
    if STORY.search(plain) and not ASKED_OUTRIGHT.search(plain) and not _refers_to_told_price(plain, second):
        return False
    tight = CONNECTOR.fullmatch(gap) is not None
    beside = gap.strip(" /-,&") in BESIDE and RATE.search(plain) is not None
    return tight or beside or _refers_to_told_price(plain, first) or CUE.search(plain) is not None


def _refers_to_told_price(plain: str, mention: CurrencyMention) -> bool:
    return ANAPHORA.search(plain[: mention.span[0]]) is not None


def _with_one_currency(
    plain: str, named: list[CurrencyMention], amounts: list[AmountMention]
) -> ConversionRequest | None:
    only = named[-1]
    before, behind = plain[: only.span[0]], plain[only.span[1] :]
    story = STORY.search(plain) is not None
    priced = next((a for a in amounts if a.currency == only.currency), None)
    if priced:  # "convert 100 usd" leaves the target open
        asked = CONVERTS.search(plain) and not story
        return ConversionRequest(priced.value, priced.currency, None) if asked else None
    if SHOW_PRICES.search(before) and (PRICE_VERB.search(plain) or SHOW_PRICES.match(before)):
        return ConversionRequest(None, None, only.currency)
    if story and not ASKED_OUTRIGHT.search(plain):
        return None
    return _of_number(before, amounts, only) or _of_told_price_or_rate(plain, before, behind, only)


def _of_number(before: str, amounts: list[AmountMention], only: CurrencyMention) -> ConversionRequest | None:
    for amount in amounts:
        gap = before[amount.span[1] :]
        if amount.span[1] <= only.span[0] and NUMBER_INTO.fullmatch(gap):
            return ConversionRequest(amount.value, amount.currency, only.currency)
    return None


def _of_told_price_or_rate(plain: str, before: str, behind: str, only: CurrencyMention) -> ConversionRequest | None:
    if ANAPHORA.search(before) and CUE.search(plain):
        return ConversionRequest(None, None, only.currency)
    if RATE_BEHIND.match(behind) or RATE_OF.search(before):
        return ConversionRequest(Decimal(1), only.currency, None)
    return None
