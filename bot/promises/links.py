"""Checks web and mail addresses."""

from __future__ import annotations

from bot.promises import claims
from bot.promises.facts import LINK, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence


def check_links(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for match in claims.LINK.finditer(sentence.text):
        link = match.group().rstrip(".,;:!?)]}*_~'\"।")
        if not facts.has_link(link):
            right = "use the item's, shop's or order's own link"
            yield match.start(), Breach(LINK, link, "this address is not ours", right)


def check_spelt_addresses(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    for found in claims.SPELT_ADDRESS.finditer(sentence.plain):
        why = "an address in words goes round the check of links"
        yield found.start(), Breach(LINK, sentence.cut(*found.span()), why, "write the brand's own link")
