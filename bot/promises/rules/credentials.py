"""Checks that a draft asks for nothing that is the customer's secret."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.promises import claims
from bot.promises.facts import CREDENTIALS, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

_SECRETS = claims.claims_of(("card", "codes", "logins", "papers"), "credentials")
_PAYMENT_PAGE = claims.claim("payment_page", "credentials")
_ASKS = claims.claim("asks", "credentials")
_HERE = claims.claim("asked_here", "credentials")
_WARNED = claims.claim("warned", "routes")


def check_credentials(sentences: Sequence[Sentence], facts: ReplyFacts) -> PlacedBreaches:
    """A secret may be named only to say that it is not asked for, or that it belongs on the payment page."""
    named = [(sentence, found) for sentence in sentences for found in _SECRETS.finditer(sentence.plain)]
    excused = [_is_excused(sentence, found) for sentence, found in named]
    for (sentence, found), is_excused in zip(named, excused, strict=True):
        asks = _ASKS.search(sentence.plain) or _HERE.search(sentence.plain) or sentence.asks
        if not is_excused and (asks or not any(excused)):  # beside a warning, a statement about it belongs to that
            why = "a shop never asks for this"
            right = "say that it is never asked for here; the payment page behind the order's link needs no help"
            yield sentence.start + found.start(), Breach(CREDENTIALS, sentence.cut(*found.span()), why, right)


def _is_excused(sentence: Sentence, found: re.Match[str]) -> bool:
    if sentence.denied(*found.span(), _ASKS) or _WARNED.search(sentence.plain):
        return True
    asks = _ASKS.search(sentence.plain) or _HERE.search(sentence.plain)
    return bool(_PAYMENT_PAGE.search(sentence.plain)) and not asks
