"""Checks what is promised for the time after the sale: warranty, cover, returns and refunds."""

from __future__ import annotations

from bot.promises import claims
from bot.promises.facts import POLICY, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence
from memory.shop.catalogue_items import Item

_ENDLESS = claims.claim("endless_guarantee")
_COVERS = claims.claim("covers")
_ACCIDENTS = claims.by_language("accidents")
_EXCLUDED = claims.claim("excluded")
_RETURN_PAID = claims.claim("return_paid")
_UNLESS_FAULTY = claims.claim("unless_faulty")


def check_guarantees(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    right = "say what the brand's policy text says"
    for found in _ENDLESS.finditer(sentence.plain):
        if found.group().lower() not in facts.policy_words and not sentence.denied(*found.span()):
            yield found.start(), Breach(POLICY, sentence.cut(*found.span()), "no policy promises this", right)
    covers = _COVERS.search(sentence.plain)
    if claims.WARRANTY.search(sentence.plain) and covers and not _EXCLUDED.search(sentence.plain):
        for found in _ACCIDENTS[sentence.language].finditer(sentence.plain):
            if not sentence.denied(*found.span()) and not sentence.denied(*covers.span()) and not sentence.asks:
                why = "the policy covers no accidents"
                yield found.start(), Breach(POLICY, sentence.cut(*found.span()), why, right)
                break
    for found in _RETURN_PAID.finditer(sentence.plain):
        if not _UNLESS_FAULTY.search(sentence.plain) and not sentence.denied(*found.span()):
            why = "the customer pays for sending back"
            yield found.start(), Breach(POLICY, sentence.cut(*found.span()), why, right)


def check_warranty_of_kind(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """The length of the warranty must be that of the item's category, where the policy tells them apart."""
    if not claims.WARRANTY.search(sentence.plain) or not facts.warranty_hours:
        return
    durations = list(claims.durations(sentence.bare))
    if set(facts.warranty_hours.values()) <= {high for _, (_, high) in durations}:
        return  # both are told
    for match, (low, high) in durations:
        kinds = _kinds(sentence, facts, match.start(), match.end())
        lengths = {facts.warranty_hours.get(kind, facts.warranty_hours.get("", 0)) for kind in kinds}
        if kinds and {low, high} <= set(facts.warranty_hours.values()) and high not in lengths:
            why = f"the warranty of {', '.join(sorted(kinds))} has another length"
            yield match.start(), Breach(POLICY, sentence.cut(*match.span()), why, "take the time from the policy text")


def _kinds(sentence: Sentence, facts: ReplyFacts, start: int, end: int) -> set[str]:
    spoken = facts.categories_in(sentence.plain[max(0, start - 40) : end + 30])
    if not spoken and facts.categories_in(sentence.plain):
        return set()
    if spoken:
        return spoken
    items: list[Item] = sentence.items or ([sentence.subject] if sentence.subject else [])
    items = items or [item for item, _ in facts.basket] or list(facts.customer_items)
    return {item.category for item in items}
