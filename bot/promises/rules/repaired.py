"""What a repaired draft may not come back to: the subjects of the breaches, where no fact carries them."""

from __future__ import annotations

import re

from bot.promises import claims
from bot.promises.facts import (
    CREDENTIALS,
    DELIVERY,
    DISCOUNT,
    INSTRUCTIONS,
    LINK,
    ORDER,
    POLICY,
    PRICE,
    ROUTE,
    STOCK,
    ReplyFacts,
)
from bot.promises.sentences import Sentence

_BEYOND = claims.claim("vaguely_near")
_SUBJECTS = {
    PRICE: (claims.PRICED, claims.APPROXIMATE, _BEYOND),
    DISCOUNT: (claims.DISCOUNT, claims.DEAL, claims.FREE, claims.claim("gifts"), _BEYOND),
    DELIVERY: (claims.DELIVERS, claims.SOON),
    POLICY: (claims.RETURNS, claims.WARRANTY, claims.claim("covers")),
    STOCK: (claims.LAST_ONE, claims.claim("urgency"), claims.LIMITED),
    ORDER: (claims.claim("reported"), claims.claim("deed_nouns")),
    ROUTE: (claims.claim("ways_to_reach", "routes"), claims.claim("services", "routes"), claims.PAYS),
    LINK: (claims.claim("ways_to_reach", "routes"), claims.claim("services", "routes")),
    CREDENTIALS: (claims.claims_of(("card", "codes", "logins", "papers"), "credentials"),),
    INSTRUCTIONS: (claims.claim("own_rules"),),
}
_PAYMENT_PAGE = claims.claim("payment_page", "credentials")


def returns_to(kind: str, sentence: Sentence, facts: ReplyFacts) -> re.Match[str] | None:
    """The words of a statement on the subject, if it is neither denied nor asked nor carried by a fact."""
    for subject in _SUBJECTS.get(kind, ()):
        for found in subject.finditer(sentence.plain):
            if sentence.denied_in(found) or sentence.asked(found.end()) or _is_carried(kind, sentence, facts):
                continue
            return found
    return None


def _is_carried(kind: str, sentence: Sentence, facts: ReplyFacts) -> bool:
    """Whether the sentence has the figure, span or name that makes it checkable; `check` has judged that already."""
    if kind == PRICE:
        return any(amount.currency for amount in sentence.amounts)
    if kind == DISCOUNT:
        return any(discount.code in sentence.plain for discount in facts.discounts)
    if kind in (DELIVERY, POLICY):
        return any(True for _ in claims.durations(sentence.bare)) or bool(claims.DATED.search(sentence.bare))
    if kind == ORDER:
        return any(order.state for order in facts.orders)
    if kind in (ROUTE, LINK):
        return bool(claims.LINK.search(sentence.plain) or _PAYMENT_PAGE.search(sentence.plain))
    return False
