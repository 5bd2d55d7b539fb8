"""Reads what somebody wants converted: '50 quid in euros', 'usd to inr', 'show prices in GBP'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.language.amounts import LONGEST_READ, PLAIN, Amount, Mention, find_amounts, find_currencies

CONNECTOR = re.compile(
    r"[\s,()]*(?:(?:is|are|worth|equals?|equal|be|makes?|would be|comes? to|es|son|sao|e|hota hai|hai)\s+)*"
    r"(?:[-=]*>|→|=\s*\??|/|-|:|\?|in|to|into|2|as|vs\.?|versus|against|en|a|em|para|pra|por|contra|me|mein|mai|m|ko|ka|ki|ke"
    r"|में|को|का|के|से|how (?:much|many)(?: in)?|what in|cuantos?|quantos?|kitn[aei]|कितने|कितना|ho(?:w|)many|into my|for)"
    r"[\s(]*(?:(?:the|an?|un|uma?|el|los|o|os|terms of|equivalent|value in|kitn[aei]|कितने)\s+)*"
)
CUE = re.compile(
    r"\b(?:con?vert\w*|conv|conversion|convers[ai]o|exchange|xchange|ex?change rates?|fx|rates?|how (?:much|many)|hw much|worth|equal\w*"
    r"|equivalent|value|what(?:'?s| is| are| would)?|cuant[oa]s?|quant[oa]s?|cambi\w+|conviert\w+|converta|tasa|taxa|cotiza\w+|cotacao"
    r"|kitn[aei]|badl\w*|bhav)\b|कितने|कितना|बदल|दर|भाव"
)
RATE = re.compile(
    r"\b(?:rates?|ex?change|convert\w*|conversion|fx|parity|tasa|taxa|tipo de cambio|cambio|cotizacion|cotacao|bhav|bhaav)\b|दर|भाव|बदल"
)
HOW_MANY = re.compile(
    r"\b(?:how (?:many|much)|hw many|cuant[oa]s|quant[oa]s|kitn[aei])(?: [a-z]+)? ?$|कितने ?$|\bget (?:an? )?$|\bbuy (?:me )?$"
)
ANAPHORA = re.compile(
    r"\b(?:that|it|this|those|these|eso|esto|isso|isto|ye|yeh|ye sab)\b(?:\s+(?:price|amount|cost|be|is|come to|hai))*"
    r"\s+(?:in|to|into|en|em|a)\s+(?:the\s+)?$|यह\s+$|ये\s+$"
)
SHOW_PRICES = re.compile(
    r"\b(?:prices?|pricing|rates?|costs?|amounts?|everything|catalog\w*|precios?|precos?|currency|moneda|moeda|daam|kimat|keemat|total)\b"
    r"\s*(?:of (?:all|everything|products?|items?)\s*)?(?:shown?|displayed|be|please|pls|listed)?\s*"
    r"(?:in|to|into|as|=|en|em|a|para)\s+(?:my |the )?$|\bswitch (?:over )?to $|(?:दाम|कीमत|कीमतें|भाव)\s+$"
)
PRICE_VERB = re.compile(
    r"\b(?:show|see|display|list|give|change|set|switch|quote|view|tell|want|need|can|muestra\w*|mostra\w*|ver|dame|quiero|quero|cambia\w*"
    r"|mude|muda|dikha\w*|batao|bata|prices|precios|precos)\b|दिखा|बता"
)
# The story of a payment, an order or a place: no question about money's worth unless one is asked outright.
STORY = re.compile(
    r"\b(?:orders?|ordered|refund\w*|arriv\w+|receiv\w+|charged?|paid|pay|payment|deliver\w*|shipp\w+|return\w*|debited|deducted|account|card"
    r"|street|road|avenue|call me|owe|bought|under|below|budget|pedido|cobr\w+|pag\w+|reembols\w+|menos de|hasta|ate|presupuesto)\b"
)
ASKED_OUTRIGHT = re.compile(r"\b(?:con?vert\w*|exchange rate|how many|in terms of|cuant[oa]s|quant[oa]s)\b")
WEIGHTS = re.compile(
    r"\b(?:kilos?|kgs?|kilograms?|grams?|ounces?|oz|stones?|lbs?|tons?|weigh\w*|weight|mass|litres?|liters?|gallons?)\b"
)
THIRD_PERSON = re.compile(r"\b(?:cost|costs|price|priced|worth|is|for)\b")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to convert. `amount` is None for 'all prices'; a currency is None where the text leaves it open."""

    amount: Decimal | None
    source: str | None
    target: str | None


def read_conversion(text: str) -> Conversion | None:
    """What `text` wants converted, or None where it converts nothing.

    A question about a rate means the amount 1. A price limit ('laptop under 1500 euros'), a payment that went
    wrong ('my order 100 usd never arrived') and weights ('kilos to pounds') convert nothing.
    """
    plain = text[:LONGEST_READ].translate(PLAIN)
    mentions = [*find_currencies(text)]
    if not mentions and not re.search(r"fiver|tenner", plain):
        return None
    if WEIGHTS.search(plain):
        return None
    amounts = find_amounts(text)
    named = _named(mentions, amounts)
    if len({mention.currency for mention in named}) >= 2:
        return _between_two(plain, named, amounts)
    return _to_one(plain, named, amounts) if named else None


def _named(mentions: list[Mention], amounts: list[Amount]) -> list[Mention]:
    """Mentions where all that belong to one amount count as one with that amount's span."""
    owned = [Mention(a.currency, a.span, False) for a in amounts if a.currency]
    free = [m for m in mentions if not any(a.span[0] <= m.span[0] < a.span[1] for a in owned)]
    merged: list[Mention] = []
    for mention in sorted([*owned, *free], key=lambda m: m.span):
        if merged and merged[-1].currency == mention.currency and mention not in owned:
            continue
        merged.append(mention)
    return merged


def _between_two(plain: str, named: list[Mention], amounts: list[Amount]) -> Conversion | None:
    first = named[0]
    second = next(mention for mention in named[1:] if mention.currency != first.currency)
    priced = [a for a in amounts if a.currency in (first.currency, second.currency)]
    gap = plain[first.span[1] : second.span[0]]
    if not _asks(plain, gap, first, second):
        return None
    if len({a.currency for a in priced}) == 1:
        return _from_priced(priced[0], first, second)
    if priced:
        return None
    source, target = (second, first) if _reversed(plain, first) else (first, second)
    return Conversion(_bare_amount(amounts), source.currency, target.currency)


def _asks(plain: str, gap: str, first: Mention, second: Mention) -> bool:
    if STORY.search(plain) and not ASKED_OUTRIGHT.search(plain) and not _about_that(plain, second):
        return False
    tight = CONNECTOR.fullmatch(gap) is not None
    beside = gap.strip(" /-,&") in ("", "and", "y", "e", "aur", "और", "or") and RATE.search(plain) is not None
    return tight or beside or _about_that(plain, first) or CUE.search(plain) is not None


def _about_that(plain: str, mention: Mention) -> bool:
    return ANAPHORA.search(plain[: mention.span[0]]) is not None


def _from_priced(priced: Amount, first: Mention, second: Mention) -> Conversion:
    target = second if priced.currency == first.currency else first
    return Conversion(priced.value, priced.currency, target.currency)


def _reversed(plain: str, first: Mention) -> bool:
    """'how many yen are in a dollar': the first currency is what comes out."""
    return HOW_MANY.search(plain[: first.span[0]]) is not None


def _bare_amount(amounts: list[Amount]) -> Decimal:
    bare = [a.value for a in amounts if a.currency is None]
    return bare[0] if bare else Decimal(1)


def _to_one(plain: str, named: list[Mention], amounts: list[Amount]) -> Conversion | None:
    only = named[-1]
    before, behind = plain[: only.span[0]], plain[only.span[1] :]
    priced = [a for a in amounts if a.currency == only.currency]
    if priced:
        return _one_priced(plain, priced[0])
    if SHOW_PRICES.search(before) and (PRICE_VERB.search(plain) or SHOW_PRICES.match(before)):
        return Conversion(None, None, only.currency)
    if STORY.search(plain) and not ASKED_OUTRIGHT.search(plain):
        return None
    return _number_to(before, amounts, only) or _that_or_rate(plain, before, behind, only)


def _one_priced(plain: str, priced: Amount) -> Conversion | None:
    """'convert 100 usd': the target is left open."""
    asked = re.search(r"\b(?:con?vert|exchange|conviert[ae]|converter|converta|convertir)\b", plain)
    story = STORY.search(plain)
    return Conversion(priced.value, priced.currency, None) if asked and not story else None


def _number_to(before: str, amounts: list[Amount], only: Mention) -> Conversion | None:
    """'how much is 20 in euros', '500 to usd'."""
    for amount in amounts:
        gap = before[amount.span[1] :]
        if amount.span[1] <= only.span[0] and re.fullmatch(
            r"\s*(?:is\s+)?(?:in|to|into|=|->|→|en|em|a|para|me|mein|ko|में)\s*(?:\?\s*)?", gap
        ):
            return Conversion(amount.value, amount.currency, only.currency)
    return None


def _that_or_rate(plain: str, before: str, behind: str, only: Mention) -> Conversion | None:
    if ANAPHORA.search(before) and CUE.search(plain):
        return Conversion(None, None, only.currency)
    rate = r"\b(?:exchange |conversion |current |today'?s |ka |ke |ki )*(?:rates?|bhav|bhaav|price today|rate aaj)\b"
    if re.match(rf"\s*{rate}", behind) or re.search(r"\b(?:exchange|conversion) rate (?:of|for) (?:the )?$", before):
        return Conversion(Decimal(1), only.currency, None)
    return None
