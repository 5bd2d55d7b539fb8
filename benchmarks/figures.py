"""Figures of a measurement, against what was promised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`met`: None where nothing was promised."""

    name: str
    measured: str
    promised: str = ""
    met: bool | None = None


def show(title: str, figures: list[Figure]) -> None:
    print(f"\n{title}")
    for figure in figures:
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        print(f"  {figure.name:<58} {figure.measured:>16}   {figure.promised:<18} {verdict}")


def share(values: list[float], part: float) -> float:
    """A quantile: `part` (0 to 1) of the values lie below it."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))]
