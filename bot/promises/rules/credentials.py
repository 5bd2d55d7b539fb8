"""Checks that a draft asks for nothing that is the customer's secret."""

from __future__ import annotations

from bot.promises import claims
from bot.promises.facts import CREDENTIALS, Breach, PlacedBreaches, ReplyFacts
from bot.promises.sentences import Sentence

_SECRETS = tuple(claims.claim(key, "credentials") for key in ("card", "codes", "logins", "papers"))
_PAYMENT_PAGE = claims.claim("payment_page", "credentials")
_ASKS = claims.claim("asks", "credentials")
_WARNED = claims.claim("warned", "routes")


def check_credentials(sentence: Sentence, facts: ReplyFacts) -> PlacedBreaches:
    """A secret may be named only to say that it is not asked for, or that it belongs on the payment page."""
    for secrets in _SECRETS:
        for found in secrets.finditer(sentence.plain):
            if not _may_be_named(sentence, *found.span()):
                why = "a shop never asks for this"
                right = "say that it is never asked for here; the payment page behind the order's link needs no help"
                yield found.start(), Breach(CREDENTIALS, sentence.cut(*found.span()), why, right)


def _may_be_named(sentence: Sentence, start: int, end: int) -> bool:
    if sentence.denied(start, end, _ASKS) or _WARNED.search(sentence.plain):
        return True
    return bool(_PAYMENT_PAGE.search(sentence.plain)) and not _ASKS.search(sentence.plain)
