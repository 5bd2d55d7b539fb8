"""Figures as one table: what was measured, what it came to, what it should be, and whether it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `target` is a bound, from above unless `at_least`."""

    name: str
    value: float
    target: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of its target."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def show(figures: Sequence[Figure]) -> None:
    """Print one line for each figure."""
    for figure in figures:
        bound = "≥" if figure.at_least else "≤"
        target = f"{bound} {figure.target:g} {figure.unit}"
        verdict = "met" if figure.met else "MISSED"
        print(f"{figure.name:<56} {figure.value:>10.2f} {figure.unit:<6} {target:<14} {verdict}")


def percentile(values: Sequence[float], rank: float) -> float:
    """The nearest-rank percentile of `values`, with `rank` from 0 to 1."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * rank) - 1, 0)]
