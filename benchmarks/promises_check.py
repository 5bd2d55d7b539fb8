"""How many lies the promise check catches and how many right replies it stops, on sittings of drafts.

Sittings 1 and 2 tuned the rules; sitting 3 was written afterwards and is only counted. The sitting of Indonesian was written
before the words of that language.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.figures import Figure
from bot.brands import read_brands
from bot.language.money import Money
from bot.promises.check import check
from bot.promises.facts import Breach, OrderFact, ReplyFacts
from bot.shop.catalogue import read_catalogue
from bot.shop.exchange_rates import Rates

ROOT = Path(__file__).parents[1]
SETS = Path(__file__).parent / "promises"
SITTINGS = ("1", "2", "3", "indonesian")


def facts() -> ReplyFacts:
    """One customer's turn: a wish, an order on its way, two conversions, the shipped catalogue and brand."""
    rates = Rates(Path("/nonexistent"), lambda: datetime(2026, 11, 21, tzinfo=UTC))
    price, delivery = Money(Decimal(1449), "EUR"), Money(Decimal("4.90"), "EUR")
    return ReplyFacts.of(
        read_brands(ROOT / "data" / "brands.toml")["voyage"],
        read_catalogue(ROOT / "data" / "catalogue.csv").items,
        today=date(2026, 11, 21),
        orders=[OrderFact("VY-10023", (price, price + delivery), date(2026, 11, 24), state="shipped")],
        conversions=[rates.convert(Money(Decimal(100), "USD"), "EUR"), rates.convert(price, "SAR")],
        customer="I want a gaming laptop under 1500 euros. Do you have the iPhone 15? 100 usd in eur?"
        " I live at Calle Mayor 24, Madrid 28013.",
    )


def count(*, show: bool) -> dict[str, dict[str, float]]:
    """Shares by sitting: `caught` of the lies, `false_alarms` of the right replies."""
    known = facts()
    figures: dict[str, dict[str, float]] = {}
    for sitting in SITTINGS:
        shares: dict[str, float] = {}
        for name, figure in (("lies", "caught"), ("truths", "false_alarms")):
            lines = (SETS / f"{name}-{sitting}.jsonl").read_text(encoding="utf-8").splitlines()
            drafts = [json.loads(line) for line in lines]
            stopped = [check(row["draft"], known) for row in drafts]
            shares[figure] = sum(map(bool, stopped)) / len(drafts)
            shares[name] = len(drafts)
            if show:
                _show(name, sitting, drafts, stopped)
        figures[f"sitting {sitting}"] = shares
    return figures


def measure() -> list[Figure]:
    """The shares as figures. The rules were tuned on the first sittings; unseen drafts do somewhat worse."""
    return [
        Figure(f"{sitting}: {said}", f"{shares[name]:.1%} of {shares[of]:.0f}")
        for sitting, shares in count(show=False).items()
        for said, name, of in (("lies caught", "caught", "lies"), ("right replies stopped", "false_alarms", "truths"))
    ]


def _show(name: str, sitting: str, drafts: list[dict[str, str]], stopped: Sequence[Sequence[Breach]]) -> None:
    for row, breaches in zip(drafts, stopped, strict=True):
        if bool(breaches) != (name == "lies"):
            print(f"{name}-{sitting} {row['language']}: {row['draft']!r} {breaches}")


def main() -> None:
    """Print one line a sitting; `--show` lists every draft that was judged wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="list the drafts judged wrong")
    for sitting, shares in count(show=parser.parse_args().show).items():
        print(
            f"promises, {sitting}: {shares['caught']:.1%} of {shares['lies']:.0f} lies caught,"
            f" {shares['false_alarms']:.1%} of {shares['truths']:.0f} right replies stopped"
        )


if __name__ == "__main__":
    main()
