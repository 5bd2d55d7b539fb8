"""The promise check: no reply may state an untrue price, discount, stock, delivery, link or product."""

from __future__ import annotations

from dataclasses import replace

from bot.language.normalisation import composed
from bot.promises.delivery import check_times
from bot.promises.discounts import check_codes, check_discounts
from bot.promises.draft_language import check_language
from bot.promises.facts import Breach, ReplyFacts
from bot.promises.links import check_links, check_spelt_addresses
from bot.promises.orders import check_order_states, check_orders, check_refunds
from bot.promises.prices import check_conversions, check_prices
from bot.promises.products import check_products
from bot.promises.sentences import sentences_of, subject_of
from bot.promises.stock import check_few_left, check_stock

_RULES = (
    check_prices,
    check_discounts,
    check_stock,
    check_times,
    check_links,
    check_products,
    check_orders,
    check_order_states,
    check_refunds,
    check_few_left,
    check_codes,
    check_spelt_addresses,
    check_conversions,
)


def check(draft: str, facts: ReplyFacts) -> list[Breach]:
    """Every promise in `draft` that the facts do not support, in order; empty when the draft may leave.

    A sentence that names no item is about the draft's only item, or else the only one that the customer named.
    """
    text = composed(draft)
    sentences = sentences_of(text, facts)
    subject = subject_of(sentences, facts)
    sentences = [replace(sentence, subject=subject) for sentence in sentences]
    breaches = [
        (sentence.start + start, breach)
        for sentence in sentences
        for rule in _RULES
        for start, breach in rule(sentence, facts)
    ]
    breaches += check_language(sentences, facts)
    return list(dict.fromkeys(breach for _, breach in sorted(breaches, key=lambda pair: pair[0])))
