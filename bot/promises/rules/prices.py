"""Checks prices, totals and conversions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations, pairwise, permutations

from bot.language.amounts import AmountMention
from bot.language.money import Money
from bot.promises import claims
from bot.promises.facts import PRICE, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item

ROUNDED = Decimal("0.003")  # of a converted amount that is said with "about", as a share
NEAR = Decimal("0.02")  # tolerance of "about", as a share
LEAST_ROUGH = 100  # of an amount without a currency that is said to be rough
SMALLEST_BARE_PRICE = 10  # of an amount without a currency
MOST_OF_ONE = 99


_THOUSANDS = re.compile(r"\d+[.,]\d+ ?k", re.IGNORECASE)  # "1.2k" is money; "2K" is a picture's width


@dataclass(frozen=True)
class StatedAmount:
    """An amount of a draft, with the items whose price it may be."""

    sentence: Sentence
    amount: AmountMention
    items: Sequence[Item]


def check_prices(sentences: Sequence[Sentence], facts: ReplyFacts) -> PlacedBreaches:
    """Every amount is a true one, or follows from the draft's true ones: a sum, a difference, a rest, a discount."""
    unsure: list[StatedAmount] = []
    true: list[AmountMention] = []
    for sentence in sentences:
        amounts = [amount for amount in sentence.amounts if _is_money(sentence, facts, amount)]
        for amount in amounts:
            stated = StatedAmount(sentence, amount, _priced_items(sentence, amounts, amount))
            if _price_holds(stated, facts):
                true.append(amount)
            else:
                unsure.append(stated)
    if unsure:
        unsure = not_following(unsure, true, sentences, facts)
    for stated in unsure:
        start, end = stated.amount.span
        about = " or ".join(item.title for item in stated.items) or "anything here"
        listed = [
            f"{item.title}: " + ", ".join(f"{price.amount} {price.currency}" for price in item.prices.values())
            for item in stated.items[:3]
        ]
        right = "; ".join(listed) or "name an amount from the catalogue, the order, the policy or a conversion"
        breach = Breach(PRICE, stated.sentence.cut(start, end), f"this is no price of {about}", right)
        yield stated.sentence.start + start, breach


def _is_money(sentence: Sentence, facts: ReplyFacts, amount: AmountMention) -> bool:
    start, end = amount.span
    if amount.currency:
        return True
    if _said_roughly(sentence, amount) and amount.value >= LEAST_ROUGH and not _unit_follows(sentence, end):
        return True  # "it's about 550"
    if amount.value < LEAST_ROUGH and not re.search(r"\d", sentence.bare[start:end]):
        return False  # English "once" is eleven in Spanish
    if amount.value < SMALLEST_BARE_PRICE or claims.NOT_MONEY_AFTER.match(sentence.bare[end:]):
        return False
    if facts.is_goods(sentence.bare[end:]):
        return False
    if any(left.start() <= start and end <= left.end() for left in claims.COUNT_LEFT.finditer(sentence.bare)):
        return False  # "solo quedan 18 de …": a claim about stock
    if re.match(r"/-", sentence.plain[end:]) or _THOUSANDS.fullmatch(sentence.plain[start:end].strip()):
        return True
    if any(date.start() <= start and end <= date.end() for date in claims.DATED.finditer(sentence.plain)):
        return False
    before = sentence.bare[max(0, start - 30) : start]
    priced = list(claims.PRICED.finditer(before))
    between = before[priced[-1].end() :] if priced else ""
    return bool(priced) and not re.search(r"\d", between) and len(between.split()) <= 2


def _unit_follows(sentence: Sentence, end: int) -> bool:
    return bool(claims.NOT_MONEY_AFTER.match(sentence.bare[end:])) or bool(
        re.match(r"\W?[^\W\d_]", sentence.bare[end:])
    )


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


def _price_holds(stated: StatedAmount, facts: ReplyFacts) -> bool:
    sentence, amount, items = stated.sentence, stated.amount, stated.items
    near = _said_roughly(sentence, amount)
    if any(_equal(amount, money, near) for money in _true_money(sentence, facts, items)):
        return True
    if sentence.denied(*amount.span) and any(
        _equal(amount, price, near=False) for item in facts.items for price in item.prices.values()
    ):
        return True  # a correction: "1,299, not 1,099"
    return (
        _echoes(sentence, facts, amount, items)
        or _is_converted(facts, amount, items, near=near)
        or _is_base_of_rate(sentence, amount)
        or _is_price_of_kind(sentence, facts, amount)
    )


def _is_price_of_kind(sentence: Sentence, facts: ReplyFacts, amount: AmountMention) -> bool:
    """Whether it is the price of an item that the words right before it describe: "and the mouse 29.90"."""
    start = amount.span[0]
    earlier = [mention.end for mention in sentence.mentions] + [
        each.span[1] for each in sentence.amounts if each.currency
    ]
    before = sentence.plain[max([0, *(end for end in earlier if end <= start)]) : start].lower()
    words = set(re.findall(claims.WORD, before)[-25:])
    return any(
        _equal(amount, price, near=False) and words & facts.words_of(item)
        for item in facts.items
        for price in item.prices.values()
    )


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
    yield from facts.basket_money
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
    """Whether the customer's own amount is repeated as a limit or an offer declined, not as a price."""
    if not any(
        own.value == amount.value and (own.currency is None or amount.currency in (own.currency, None))
        for own in facts.customer_money
    ):
        return False
    start, end = amount.span
    around = sentence.plain[max(0, start - 40) : start] + " " + sentence.plain[end : end + 25]
    if claims.LIMIT.search(around) or sentence.denied(start, end):
        return True
    if not (items or claims.PRICED.search(around)):
        return True
    # "With 900 you can have the Bolt 15 (779)": more than the true price beside it is a budget.
    prices = [price for item in items for price in item.prices.values() if amount.currency in (None, price.currency)]
    others = [each for each in sentence.amounts if each is not amount]
    return any(price.amount <= amount.value and any(_equal(each, price, False) for each in others) for price in prices)


def _is_converted(facts: ReplyFacts, amount: AmountMention, items: Sequence[Item], *, near: bool) -> bool:
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
        slack = conversion.result.amount * ROUNDED
        if near and amount.currency == unit_rate.currency and abs(amount.value - conversion.result.amount) <= slack:
            return True
        if amount.currency == unit_rate.currency and not items and _rounds_to(conversion.rate, amount.value):
            return True
        if not items and amount.value == 1 and amount.currency == conversion.given.currency:
            return True
    return False


def _is_base_of_rate(sentence: Sentence, amount: AmountMention) -> bool:
    return amount.value == 1 and bool(re.match(r"\s?=", sentence.plain[amount.span[1] :]))


def not_following(
    unsure: Sequence[StatedAmount], true: Sequence[AmountMention], sentences: Sequence[Sentence], facts: ReplyFacts
) -> list[StatedAmount]:
    """Those that follow from no true amount of the draft, the basket and the customer."""
    true = list(true)
    speaks_of_delivery = bool(facts.basket) or any(claims.DELIVERS.search(sentence.plain) for sentence in sentences)
    named = [item for sentence in sentences for item in sentence.items] + list(facts.customer_items)
    left = list(unsure)
    while left:
        grown = [
            each
            for each in left
            if follows(each.amount, _said_roughly(each.sentence, each.amount), true, named, speaks_of_delivery, facts)
        ]
        if not grown:
            break
        true += [each.amount for each in grown]
        left = [each for each in left if each not in grown]
    return left


def follows(
    amount: AmountMention,
    near: bool,
    true: Sequence[AmountMention],
    named: Sequence[Item],
    with_fee: bool,
    facts: ReplyFacts,
) -> bool:
    currency = amount.currency
    said = {each.value for each in true if each.currency in (currency, None) or currency is None}
    if currency:
        prices = {item.prices[currency].amount for item in named if currency in item.prices}
        basket = {money.amount for money in facts.basket_money if money.currency == currency}
        fees = {money.amount for money in facts.policy_money if money.currency == currency} if with_fee else set()
    else:
        prices, basket, fees = set(), set(), set()
    offered = {
        own.value for own in facts.customer_money if own.value >= SMALLEST_OFFER and own.currency in (currency, None)
    }
    known = sorted(said | basket, reverse=True)[:MOST_OPERANDS]
    sums = {
        sum(some, Decimal(0))
        for size in range(2, 6)
        for some in combinations(sorted(said | fees)[-MOST_OPERANDS:], size)
    }
    sums |= {each + fee for each in {*known, *prices} for fee in fees}
    sums |= {one + other for one in basket for other in prices | said}
    sums |= {one + other + fee for one in basket for other in prices | said for fee in fees}
    totals = {*known, *prices, *sums}
    shares = [discount.percent / 100 for discount in facts.discounts]
    reduced = {_cents(each * (1 - share)) for each in totals for share in shares}
    reduced |= {each + fee for each in reduced for fee in fees}
    results = sums | reduced | {_cents(each * share) for each in totals for share in shares}
    # What is left of their amount, or what it lacks: an amount far below is no budget.
    results |= {abs(one - other) for one in offered for other in totals | reduced if one * 2 >= other}
    results |= {abs(one - other) for one, other in combinations({*known, *prices, *basket}, 2)}
    results |= {abs(one - other) for one in sums for other in known}
    if currency and not any(currency in item.prices for item in facts.items):
        rates = facts.customer_numbers
        foreign = {_cents(each.value * rate) for each in true for rate in rates if each.currency != currency}
        results |= foreign | rates
    results.discard(Decimal(0))
    if amount.value in results:
        return True
    return near and any(abs(amount.value - each) <= max(each * ROUNDED, Decimal("0.5")) for each in results)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


SMALLEST_OFFER = 20  # of a customer's amount; below it a number is a quantity or a model
MOST_OPERANDS = 7


def _rounds_to(rate: Decimal, said: Decimal) -> bool:
    exponent = said.as_tuple().exponent
    return isinstance(exponent, int) and exponent <= -2 and rate.quantize(Decimal(1).scaleb(exponent)) == said


def check_conversions(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """Amounts said to be equal must come from one conversion, or be two prices of one item."""
    amounts = [amount for amount in sentence.amounts if amount.currency]
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
    if not any(other.currency in item.prices for item in facts.items) and other.currency:
        pairs += [
            (Money(one.value, one.currency or ""), Money(_cents(one.value * rate), other.currency))
            for rate in facts.customer_numbers
        ]
    both_ways = [*pairs, *((b, a) for a, b in pairs)]
    return any(_equal(one, a, near=True) and _equal(other, b, near=True) for a, b in both_ways)
