"""The promise check: no reply may state an untrue price, discount, stock, delivery, link or product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.language.normalisation import composed, undisguised
from bot.promises.draft_language import check_language
from bot.promises.facts import Breach, ReplyFacts
from bot.promises.rules.credentials import check_credentials
from bot.promises.rules.delivery import check_times
from bot.promises.rules.discounts import check_codes, check_discounts, check_end_of_discount
from bot.promises.rules.guarantees import check_guarantees, check_warranty_of_kind
from bot.promises.rules.instructions import check_instructions
from bot.promises.rules.orders import check_order_states, check_orders, check_refunds
from bot.promises.rules.prices import check_conversions, check_prices
from bot.promises.rules.products import check_products
from bot.promises.rules.repaired import returns_to
from bot.promises.rules.reported_actions import check_gifts, check_reported_actions, check_urgency
from bot.promises.rules.routes import check_links, check_routes, check_spelt_addresses
from bot.promises.rules.specifications import check_other_goods, check_specifications
from bot.promises.rules.stock import check_few_left, check_last_few, check_quantities, check_stock
from bot.promises.sentences import sentences_of, subject_of

_RULES = (
    check_discounts,
    check_end_of_discount,
    check_stock,
    check_times,
    check_links,
    check_products,
    check_orders,
    check_order_states,
    check_refunds,
    check_few_left,
    check_last_few,
    check_codes,
    check_spelt_addresses,
    check_routes,
    check_instructions,
    check_guarantees,
    check_warranty_of_kind,
    check_reported_actions,
    check_gifts,
    check_urgency,
    check_other_goods,
    check_conversions,
)


def check(draft: str, facts: ReplyFacts) -> list[Breach]:
    """Every promise in `draft` that the facts do not support, in order; empty when the draft may leave.

    A sentence that names no item is about the draft's only item, or else the only one that the customer named.
    """
    text = composed(undisguised(draft))
    sentences = sentences_of(text, facts)
    subject = subject_of(sentences, facts)
    sentences = [replace(sentence, subject=subject) for sentence in sentences]
    breaches = [
        (sentence.start + start, breach)
        for sentence in sentences
        for rule in _RULES
        for start, breach in rule(sentence, facts)
    ]
    for of_draft in (check_prices, check_quantities, check_credentials, check_specifications, check_language):
        breaches += of_draft(sentences, facts)
    return list(dict.fromkeys(breach for _, breach in sorted(breaches, key=lambda pair: pair[0])))


def check_repaired(said: str, body: str, facts: ReplyFacts, earlier: Sequence[Breach]) -> list[Breach]:
    """Stricter than `check`: on the subjects of the `earlier` draft's breaches, only what the facts carry may be said.

    `said` are the model's own words, `body` is what is sent. A reworded claim that no pattern knows would else pass.
    """
    breaches = check(body, facts)
    kinds = {breach.kind for breach in earlier}
    for sentence in sentences_of(composed(undisguised(said)), facts):
        for kind in sorted(kinds):
            found = returns_to(kind, sentence, facts)
            if found:
                why = "the same subject again, and the facts do not carry it"
                breaches.append(Breach(kind, sentence.cut(*found.span()), why, "leave it out"))
    return list(dict.fromkeys(breaches))
