"""How many untrue drafts of the corpus the promise check refuses, and how many true ones it stops.

The drafts in `benchmarks/promises/corpus.jsonl` were written by people who had not read the patterns. A third of the lines
is sealed: whoever works on the check counts them and does not read them.

Run as `python -m benchmarks.promises_corpus --show es`: every open draft that is judged wrong, of all languages or one.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path

from benchmarks.figures import Figure
from bot.brands import read_brands
from bot.language.amounts import find_amounts
from bot.language.money import Money
from bot.language.normalisation import composed, plain_in_place
from bot.promises.check import check
from bot.promises.facts import Breach, OrderFact, ReplyFacts
from bot.shop.catalogue import read_catalogue
from bot.shop.categories import Categories
from bot.shop.exchange_rates import Conversion, RateSource
from memory.shop.catalogue_items import Item

ROOT = Path(__file__).parents[1]
CORPUS = Path(__file__).parent / "promises" / "corpus.jsonl"
TODAY = date(2026, 11, 30)
SEALED = "036"  # the last digits of the ids that are counted and not read


@dataclass(frozen=True, slots=True)
class CorpusDraft:
    id: str
    language: str
    kind: str
    untrue: bool
    text: str
    facts: ReplyFacts

    @property
    def sealed(self) -> bool:
        return self.id[-1] in SEALED


def drafts(*, sealed: bool) -> Iterator[CorpusDraft]:
    brand = read_brands(ROOT / "data" / "brands.toml")["voyage"]
    items = tuple(read_catalogue(ROOT / "data" / "catalogue.csv").items)
    categories = Categories(brand, (item.category for item in items))
    by_sku = {item.sku: item for item in items}
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if (row["id"][-1] in SEALED) is not sealed:
            continue
        basket = tuple((by_sku[sku], quantity) for sku, quantity in row["basket"])
        order = OrderFact("VY-10023", _totals(basket), state=row["order"]) if row["order"] else None
        facts = ReplyFacts.of(
            brand,
            items,
            today=TODAY,
            orders=[order] if order else [],
            conversions=_stated_rates(row["text"], basket, items),
            amounts=_totals(basket),
            basket=basket,
            customer="\n".join(row["customer"]),
            categories=categories,
        )
        yield CorpusDraft(row["id"], row["language"], row["kind"], row["expected"] == "refuse", row["text"], facts)


def _totals(basket: Sequence[tuple[Item, int]]) -> tuple[Money, ...]:
    """The basket in every currency that all of its items are listed in."""
    shared = set.intersection(*(set(item.prices) for item, _ in basket)) if basket else set()
    return tuple(
        Money(sum((item.prices[currency].amount * quantity for item, quantity in basket), Decimal(0)), currency)
        for currency in sorted(shared)
    )


def _stated_rates(text: str, basket: Sequence[tuple[Item, int]], items: Sequence[Item]) -> Iterator[Conversion]:
    """A rate that a draft names is taken for the rate tool's, and everything listed is taken for converted by it."""
    plain = plain_in_place(composed(text))
    found = find_amounts(plain)
    rates = [
        (one, other)
        for one, other in permutations(found, 2)
        if one.currency
        and other.currency
        and one.currency != other.currency
        and abs(found.index(one) - found.index(other)) == 1
        and one.value == 1
        and not any(other.currency in item.prices for item in items)
    ]
    each_euro = [other for other in found if re.match(r" ?(?:per|por|the|to the) euro", plain[other.span[1] :])]
    rates += [(replace(other, value=Decimal(1), currency="EUR"), other) for other in each_euro]
    for one, other in rates:
        source, target = one.currency or "", other.currency or ""
        listed = [item.prices[source] for item in items if source in item.prices]
        totals = [money for money in _totals(basket) if money.currency == source]
        for given in [Money(Decimal(1), source), *listed, *totals]:
            yield Conversion(
                given, Money(given.amount * other.value, target).rounded(), other.value, TODAY, RateSource.ECB
            )


def judged(*, sealed: bool) -> Iterator[tuple[CorpusDraft, list[Breach]]]:
    return ((draft, check(draft.text, draft.facts)) for draft in drafts(sealed=sealed))


def measure() -> list[Figure]:
    """By part and language, then by part and kind."""
    figures = []
    for part in ("open", "sealed"):
        counts: dict[tuple[bool, str], list[bool]] = defaultdict(list)
        for draft, breaches in judged(sealed=part == "sealed"):
            for group in ("all", f"language {draft.language}", f"kind {draft.kind}"):
                counts[draft.untrue, group].append(bool(breaches))
        for (untrue, group), stopped in sorted(counts.items(), key=lambda pair: (not pair[0][0], pair[0][1])):
            said = "untrue drafts refused" if untrue else "true drafts stopped"
            figures.append(
                Figure(
                    f"{part}, {group}: {said}", f"{sum(stopped)} of {len(stopped)}, {sum(stopped) / len(stopped):.1%}"
                )
            )
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", metavar="LANGUAGE", nargs="?", const="", help="list the open drafts judged wrong")
    asked = parser.parse_args().show
    if asked is None:
        for figure in measure():
            print(figure)
        return
    for draft, breaches in judged(sealed=False):
        if bool(breaches) != draft.untrue and draft.language.startswith(asked):
            print(f"{draft.id} {draft.kind} {'REFUSE' if draft.untrue else 'pass'}: {draft.text!r}")
            for breach in breaches:
                print(f"    {breach.kind}: {breach.text!r} ({breach.why})")


if __name__ == "__main__":
    main()
