"""Makes, products and technology of the whole market, by trade, from data/trades.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "data" / "trades.toml"
NUMBER = r"[a-z]{0,2}\d+\w*"


# Names, not words of a language: for what people own, and for what a reply claims to sell.
@dataclass(frozen=True, slots=True)
class Trade:
    makes: tuple[str, ...]  # products and makers, wherever the words stand
    numbered: tuple[str, ...]  # everyday words that name a product with a model number behind
    models: frozenset[str]  # words that continue a product's name
    technology: frozenset[str]  # never a product, even before a number
    percentages: frozenset[str]  # things whose percentage is no discount
    features: tuple[str, ...]  # pieces of patterns, one thing each
    other_goods: tuple[str, ...]  # pieces of patterns


def _trade(table: Mapping[str, list[str] | str]) -> Trade:
    sets = {key: frozenset(str(table[key]).split()) for key in ("models", "technology", "percentages")}
    return Trade(
        makes=tuple(table["makes"]),
        numbered=tuple(table["numbered"]),
        features=tuple(table["features"]),
        other_goods=tuple(table["other_goods"]),
        **sets,
    )


TRADES: Mapping[str, Trade] = {
    name: _trade(table) for name, table in tomllib.loads(FILE.read_text(encoding="utf-8")).items()
}


def named(makes: Iterable[str]) -> str:
    # Longest first: an alternation takes the first that matches.
    ordered = sorted(set(makes), key=lambda name: (-len(name), name))
    return "|".join(re.escape(name).replace(r"\ ", r"[\s-]?") + ("s?" if name.isascii() else "") for name in ordered)


def products(trades: Iterable[str], makes: Iterable[str] = ()) -> str:
    """A pattern for text without Latin accents, to be matched in any case; "" if there is nothing to match."""
    known = [TRADES[name] for name in trades]
    every = [*makes, *(make for trade in known for make in trade.makes)]
    numbered = [name for trade in known for name in trade.numbered]
    models = sorted({word for trade in known for word in trade.models})
    more = rf"(?:[\s-](?:{'|'.join([NUMBER, *models])})(?!\w))*"
    pieces = [rf"(?:{named(every)}){more}"] if every else []
    pieces += [rf"(?:{named(numbered)})[\s-]?{NUMBER}{more}"] if numbered else []
    return "|".join(pieces)
