"""What is stored as a document reads back equal, and what does not fit is not guessed at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import pytest

from bot.language.money import Money
from memory.storage.dataclass_json import Unreadable, from_json, to_json


class Colour(StrEnum):
    RED = "red"


class Count(NamedTuple):
    of: int
    out_of: int


@dataclass(frozen=True)
class Part:
    name: str
    kind: Literal["ad", "ad_set"] = "ad"


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    counts: Mapping[str, Count]
    price: Money
    share: Decimal
    weight: float
    colour: Colour
    day: date | None = None
    best: Part | None = None
    free: Any = None


@dataclass(frozen=True)
class Renamed:
    name: str

    @staticmethod
    def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"name": stored["title"]} if "title" in stored else stored


WHOLE = Whole(
    (Part("a"), Part("b", "ad_set")),
    {"x": Count(1, 2)},
    Money(Decimal("12.50"), "EUR"),
    Decimal("0.800"),
    3.0,
    Colour.RED,
    date(2026, 12, 5),
    Part("a"),
    {"any": [1, None]},
)


def test_an_object_reads_back_equal() -> None:
    assert from_json(Whole, json.loads(json.dumps(to_json(WHOLE)))) == WHOLE


def test_fields_that_an_older_release_lacked_take_their_default() -> None:
    assert from_json(Part, {"name": "a", "dropped since": 1}) == Part("a")


def test_an_older_shape_is_upgraded() -> None:
    assert from_json(Renamed, {"title": "a"}) == from_json(Renamed, {"name": "a"}) == Renamed("a")


@pytest.mark.parametrize(
    "change",
    [
        {"parts": None}, {"parts": "ab"}, {"parts": [{"name": 5}]}, {"parts": [{}]}, {"parts": [{"name": "a", "kind": "x"}]},
        {"counts": [1, 2]}, {"counts": {"x": [1]}}, {"price": ["12", 5]}, {"price": "12 EUR"}, {"share": "much"},
        {"share": 0.8}, {"weight": "3"}, {"weight": True}, {"colour": "green"}, {"day": "soon"}, {"day": 5}, {"best": "a"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        from_json(Whole, {**to_json(WHOLE), **change})
