"""Checks discounts, codes, deals and what is said to be free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.language.amounts import find_amounts
from bot.language.normalisation import composed, plain_in_place
from bot.promises import claims
from bot.promises.facts import DISCOUNT, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item


def check_discounts(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for match in claims.PERCENT.finditer(sentence.plain):
        if not _percent_holds(sentence, facts, match):
            yield match.start(), _no_discount(sentence.cut(*match.span()), facts)
    for pattern in (claims.DEAL, claims.LIMITED):
        for match in pattern.finditer(sentence.plain):
            if not sentence.denies(match.start(), match.end()) and not _ends_then(sentence, match, facts):
                yield match.start(), _no_discount(sentence.cut(*match.span()), facts)
    for match in claims.DISCOUNT.finditer(sentence.plain):
        if not facts.discounts and not sentence.denies(match.start(), match.end()) and not sentence.asks:
            yield match.start(), _no_discount(sentence.cut(*match.span()), facts)
    for match in claims.FREE.finditer(sentence.plain):
        if not _free_holds(sentence, facts, match):
            why = "the policy gives nothing free here"
            right = "say what it costs, or leave it out"
            yield match.start(), Breach(DISCOUNT, sentence.cut(*match.span()), why, right)


def _ends_then(sentence: Sentence, match: re.Match[str], facts: ReplyFacts) -> bool:
    date = claims.DATED.search(sentence.plain, match.end())
    ends = {(each.valid_until.month, each.valid_until.day) for each in facts.discounts}
    return date is not None and claims.month_day(date) in ends


def check_end_of_discount(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    if not (claims.DISCOUNT.search(sentence.plain) or any(each.code in sentence.plain for each in facts.discounts)):
        return
    if claims.DELIVERS.search(sentence.plain):
        return
    ends = {(each.valid_until.month, each.valid_until.day) for each in facts.discounts}
    for match in claims.DATED.finditer(sentence.plain):
        day = claims.month_day(match)
        if day and day not in ends | {(facts.today.month, facts.today.day)} and not sentence.denied(*match.span()):
            yield match.start(), _no_discount(sentence.cut(*match.span()), facts)


def _no_discount(text: str, facts: ReplyFacts) -> Breach:
    codes = ", ".join(f"{d.code}: {d.percent.normalize():f}% until {d.valid_until}" for d in facts.discounts)
    return Breach(DISCOUNT, text, "this discount does not exist", codes or "no discount can be promised")


def _percent_holds(sentence: Sentence, facts: ReplyFacts, match: re.Match[str]) -> bool:
    digits = match["digits"]
    value = Decimal(digits.replace(",", ".")) if digits else _worded_percent(match["words"])
    if value is None:
        return True
    if any(discount.percent == value for discount in facts.discounts):
        return True
    if any(re.search(rf"(?<!\d){re.escape(digits or '')}\s?%", text) for text in facts.policies if digits):
        return True
    after = sentence.plain[match.end() : match.end() + 30]
    discount_near = claims.OFF_AMOUNT.search(after[:20]) or claims.DISCOUNT.search(sentence.plain)
    around = sentence.plain[max(0, match.start() - 25) : match.start()] + after
    goods = facts.other_makes.percent_of
    of_goods = claims.PERCENT_OF_THING.search(around) or (goods and goods.search(around))
    if not discount_near and (of_goods or value == 100):
        return True
    if not discount_near and digits and any(_states(item, digits, after) for item in facts.items):
        return True
    return sentence.denies(match.start(), match.end())


def _states(item: Item, digits: str, after: str) -> bool:
    """Whether an item's description has this percentage of the same thing: "70% cocoa"."""
    described = " ".join([item.description, *item.descriptions.values()])
    word = re.match(r"\W*(?:de |of )?(\w+)", after)
    stated = rf"(?<![\d.,]){re.escape(digits)}\s?%\W*(?:de |of )?{re.escape(word[1])}(?!\w)" if word else r"(?!)"
    return re.search(stated, plain_in_place(composed(described)), re.IGNORECASE) is not None


def _worded_percent(words: str) -> Decimal | None:
    amounts = find_amounts(words)
    if amounts:
        return amounts[-1].value
    known = claims.NUMBER_WORDS.get(words.lower().split()[-1])
    return Decimal(known) if known else None


def _free_holds(sentence: Sentence, facts: ReplyFacts, match: re.Match[str]) -> bool:
    start, end = match.span()
    if claims.NOT_FREE.search(sentence.plain[max(0, start - 12) : start]) or sentence.denies(start, end):
        return True
    behind = claims.NOT_FREE_BEHIND.search(sentence.plain, end)
    if (behind and not sentence.plain[end : behind.start()].strip()) or sentence.plain[start - 1 : start] == "-":
        return True
    return facts.delivery.free and bool(claims.DELIVERS.search(sentence.plain))


def check_codes(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """A code must be one of the brand's; another may be named only to say that it does not work."""
    codes = {discount.code for discount in facts.discounts} | {order.number for order in facts.orders}
    skus = {item.sku for item in facts.items}
    found = {match.start(1): match[1] for match in claims.CODE_NAMED.finditer(sentence.plain)}
    of_discount = claims.DISCOUNT.search(sentence.plain) or claims.PERCENT.search(sentence.plain)
    if of_discount or claims.CODE_WORD.search(sentence.plain):
        found |= {match.start(): match.group() for match in claims.CODE_LIKE.finditer(sentence.bare)}
        found |= {match.start(): match.group() for match in _typed_codes(sentence, facts)}
    for start, code in sorted(found.items()):
        known = code.upper() in codes or code in skus or code.lower() in facts.vocabulary
        if not known and not sentence.denied(start, start + len(code)):
            right = ", ".join(sorted(discount.code for discount in facts.discounts)) or "there is no code now"
            yield start, Breach(DISCOUNT, code, "the brand has no such code", right)


def _typed_codes(sentence: Sentence, facts: ReplyFacts) -> Iterator[re.Match[str]]:
    """What the customer wrote behind a word for a code, in any case."""
    typed = {match[1].lower() for match in claims.CODE_TYPED.finditer(facts.customer_plain)}
    if typed:
        yield from re.finditer(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(typed)))})(?!\w)", sentence.plain, re.I)
