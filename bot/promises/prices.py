"""Checks prices, totals and conversions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, permutations

from bot.language.amounts import AmountMention, find_amounts
from bot.language.money import Money
from bot.promises import claims
from bot.promises.facts import PRICE, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item

NEAR = Decimal("0.02")  # tolerance of "about", as a share
SMALLEST_BARE_PRICE = 10  # of an amount without a currency
MOST_OF_ONE = 20


def check_prices(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    amounts = [amount for amount in find_amounts(sentence.bare) if _is_money(sentence, facts, amount)]
    for amount in amounts:
        items = _priced_items(sentence, amounts, amount)
        if _price_holds(sentence, facts, amount, items):
            continue
        start, end = amount.span
        about = " or ".join(item.title for item in items) or "anything here"
        listed = [
            f"{item.title}: " + ", ".join(f"{price.amount} {price.currency}" for price in item.prices.values())
            for item in items[:3]
        ]
        right = "; ".join(listed) or "name an amount from the catalogue, the order, the policy or a conversion"
        yield start, Breach(PRICE, sentence.cut(start, end), f"this is no price of {about}", right)


def _is_money(sentence: Sentence, facts: ReplyFacts, amount: AmountMention) -> bool:
    start, end = amount.span
    if amount.currency:
        return True
    if amount.value < SMALLEST_BARE_PRICE or claims.NOT_MONEY_AFTER.match(sentence.bare[end:]):
        return False
    if facts.is_goods(sentence.bare[end:]):
        return False
    if any(left.start() <= start and end <= left.end() for left in claims.COUNT_LEFT.finditer(sentence.bare)):
        return False  # "solo quedan 18 de …": a claim about stock
    if re.match(r"/-", sentence.plain[end:]):
        return True
    before = sentence.bare[max(0, start - 30) : start]
    priced = list(claims.PRICED.finditer(before))
    between = before[priced[-1].end() :] if priced else ""
    return bool(priced) and not re.search(r"\d", between) and len(between.split()) <= 2


def _priced_items(sentence: Sentence, amounts: Sequence[AmountMention], amount: AmountMention) -> list[Item]:
    """The items whose price an amount may be: "item, amount, item, amount" in pairs, else all that are named."""
    items = sentence.items
    if len(items) < 2:
        return items or ([sentence.subject] if sentence.subject and not claims.STARTS_AT.search(sentence.plain) else [])
    if len(amounts) == len(sentence.mentions):
        order = sorted([(m.start, "item") for m in sentence.mentions] + [(a.span[0], "amount") for a in amounts])
        kinds = [kind for _, kind in order]
        if kinds in (["item", "amount"] * len(amounts), ["amount", "item"] * len(amounts)):
            return [sentence.mentions[list(amounts).index(amount)].item]
    return items


def _price_holds(sentence: Sentence, facts: ReplyFacts, amount: AmountMention, items: Sequence[Item]) -> bool:
    near = _said_roughly(sentence, amount)
    if any(_equal(amount, money, near) for money in _true_money(sentence, facts, items)):
        return True
    return _echoes(sentence, facts, amount, items) or _is_converted(facts, amount, items)


def _said_roughly(sentence: Sentence, amount: AmountMention) -> bool:
    before = sentence.plain[: amount.span[0]].rstrip()
    word = [match for match in claims.APPROXIMATE.finditer(before) if not before[match.end() :].strip()]
    return bool(word) or bool(claims.APPROXIMATE_SIGN.search(before))


def _equal(amount: AmountMention, money: Money, near: bool) -> bool:
    if amount.currency not in (None, money.currency):
        return False
    return amount.value == money.amount or (near and abs(amount.value - money.amount) <= money.amount * NEAR)


def _true_money(sentence: Sentence, facts: ReplyFacts, items: Sequence[Item]) -> Iterator[Money]:
    if not items or claims.ORDERING.search(sentence.plain):
        yield from facts.order_money
    yield from facts.policy_money
    quantities = _quantities(sentence, facts)
    for item in items or facts.items:
        for price in item.prices.values():
            yield from (price * quantity for quantity in quantities)
            for discount in facts.discounts:
                yield Money(price.amount * (100 - discount.percent) / 100, price.currency).rounded()
    if len(items) > 1:
        yield from _between_items(items)
    elif items and claims.COMPARES.search(sentence.plain):
        yield from (money for other in facts.items for money in _between_items([items[0], other]))


def _quantities(sentence: Sentence, facts: ReplyFacts) -> set[int]:
    said = re.findall(rf"(?<![\w.,])(?:{claims.COUNT})(?![\w.,]*\d|\w)", f"{sentence.bare} {facts.customer}".lower())
    numbers = {claims.NUMBER_WORDS.get(word) or int(word) for word in said if len(word) < 8}
    return {1} | {number for number in numbers if 1 < number <= MOST_OF_ONE}


def _between_items(items: Sequence[Item]) -> Iterator[Money]:
    """The sum of all, and the difference of any two."""
    for currency in sorted(set.intersection(*(set(item.prices) for item in items))):
        prices = [item.prices[currency].amount for item in items]
        yield Money(sum(prices, Decimal(0)), currency)
        yield from (Money(abs(a - b), currency) for a in prices for b in prices if a != b)


def _echoes(sentence: Sentence, facts: ReplyFacts, amount: AmountMention, items: Sequence[Item]) -> bool:
    """Whether the customer's own amount is repeated as a limit, not as a price."""
    if not any(
        own.value == amount.value and (own.currency is None or amount.currency in (own.currency, None))
        for own in facts.customer_money
    ):
        return False
    start, end = amount.span
    around = sentence.plain[max(0, start - 40) : start] + " " + sentence.plain[end : end + 25]
    return bool(claims.LIMIT.search(around)) or not (items or claims.PRICED.search(around))


def _is_converted(facts: ReplyFacts, amount: AmountMention, items: Sequence[Item]) -> bool:
    for conversion in facts.conversions:
        listed = any(conversion.given in item.prices.values() for item in items)
        a_price = any(conversion.given in item.prices.values() for item in facts.items)
        if items and a_price and not listed:
            continue
        unit_rate = Money(conversion.rate, conversion.result.currency)
        whole = conversion.result.amount.quantize(Decimal(1), ROUND_HALF_UP)
        said = (conversion.given, conversion.result, Money(whole, conversion.result.currency))
        if any(_equal(amount, money, near=False) for money in said):
            return True
        if amount.currency == unit_rate.currency and not items and _rounds_to(conversion.rate, amount.value):
            return True
        if not items and amount.value == 1 and amount.currency == conversion.given.currency:
            return True
    return False


def _rounds_to(rate: Decimal, said: Decimal) -> bool:
    exponent = said.as_tuple().exponent
    return isinstance(exponent, int) and exponent <= -2 and rate.quantize(Decimal(1).scaleb(exponent)) == said


def check_conversions(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """Amounts said to be equal must come from one conversion, or be two prices of one item."""
    amounts = [amount for amount in find_amounts(sentence.bare) if amount.currency]
    for one, other in pairwise(amounts):
        between = sentence.plain[one.span[1] : other.span[0]]
        if one.currency == other.currency or not claims.SAME_WORTH.fullmatch(between.lower()) or not between.strip():
            continue
        if not _worth_the_same(facts, one, other):
            text = sentence.cut(one.span[0], other.span[1])
            yield one.span[0], Breach(PRICE, text, "this conversion was not computed", "use convert_currency")


def _worth_the_same(facts: ReplyFacts, one: AmountMention, other: AmountMention) -> bool:
    pairs = [(conversion.given, conversion.result) for conversion in facts.conversions]
    pairs += [(Money(Decimal(1), c.given.currency), Money(c.rate, c.result.currency)) for c in facts.conversions]
    for item in facts.items:
        pairs += permutations(item.prices.values(), 2)
    both_ways = [*pairs, *((b, a) for a, b in pairs)]
    return any(_equal(one, a, near=True) and _equal(other, b, near=True) for a, b in both_ways)
