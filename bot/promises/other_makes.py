"""Products, technology and percentages of a brand's trades: what it may not claim to sell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bot.language.normalisation import plain_in_place
from bot.language.patterns import LETTER, whole_words
from bot.language.trades import TRADES, products


@dataclass(frozen=True, slots=True)
class OtherMakes:
    """None matches nothing."""

    product: re.Pattern[str] | None
    percent_of: re.Pattern[str] | None
    technology: frozenset[str]
    features: tuple[re.Pattern[str], ...]
    any_feature: re.Pattern[str] | None  # to skip the others quickly
    other_goods: re.Pattern[str] | None


@lru_cache(maxsize=64)
def other_makes(trades: tuple[str, ...], makes: tuple[str, ...]) -> OtherMakes:
    """For a brand of these trades, plus the `makes` in its file."""
    known = [TRADES[name] for name in trades]
    product = products(trades, (plain_in_place(make).lower() for make in makes))
    features = [feature for trade in known for feature in trade.features]
    goods = [each for trade in known for each in trade.other_goods]
    percentages = sorted({word for trade in known for word in trade.percentages})
    return OtherMakes(
        product=re.compile(rf"(?<![{LETTER}])(?:{product})(?![{LETTER}])", re.IGNORECASE) if product else None,
        percent_of=whole_words("|".join(percentages)) if percentages else None,
        technology=frozenset(word for trade in known for word in trade.technology),
        features=tuple(map(whole_words, features)),
        any_feature=whole_words("|".join(features)) if features else None,
        other_goods=whole_words("|".join(goods)) if goods else None,
    )
