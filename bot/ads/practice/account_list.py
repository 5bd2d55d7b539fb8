"""The practice accounts listed in data/practice.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from marshmallow import Schema, ValidationError, fields, post_load, validate

from bot.language.money import Money


class PracticeWrong(ValueError):
    """The text names the account and what is allowed."""


RUPEES_PER_DOLLAR: Final = 88.0  # in every practice market


@dataclass(frozen=True, slots=True)
class PracticeSpec:
    id: str
    brand: str
    name: str
    currency: str
    time_zone: str
    daily_budget: Decimal  # planned for a day when practice starts
    daily_cap: Decimal  # what a worst day may cost
    rupees: Decimal  # price of one unit of its currency; the market works in rupees
    ads: int
    seed: int

    def money(self, rupees: float) -> Money:
        return Money(Decimal(repr(float(rupees))) / self.rupees, self.currency).rounded()

    def from_dollars(self, dollars: Decimal) -> Money:
        return self.money(RUPEES_PER_DOLLAR * float(dollars))

    def in_rupees(self, amount: Money) -> float:
        return float(amount.amount * self.rupees)


def _above_zero(most: int) -> validate.Range:
    return validate.Range(0, most, min_inclusive=False, error=f"above 0, at most {most}")


class _SpecSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"act_\d{1,18}\Z", error="act_ and digits"))
    brand = fields.String(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 60, error="1 to 60 characters"))
    currency = fields.String(required=True, validate=validate.OneOf(list_currencies("en"), error="a currency's code"))
    time_zone = fields.String(required=True, validate=validate.OneOf(available_timezones(), error="a time zone"))
    daily_budget = fields.Decimal(required=True, validate=_above_zero(10**9))
    daily_cap = fields.Decimal(required=True, validate=_above_zero(10**9))
    rupees = fields.Decimal(required=True, validate=_above_zero(10**6))
    ads = fields.Integer(required=True, strict=True, validate=validate.Range(0, 200, error="0 to 200"))
    seed = fields.Integer(required=True, strict=True)

    @post_load
    def _spec(self, values: dict[str, Any], **_: Any) -> PracticeSpec:
        return PracticeSpec(**values)


def read_practice(path: Path) -> tuple[PracticeSpec, ...]:
    """Raises PracticeWrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("accounts", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PracticeWrong(f"{path} cannot be read as TOML: {error}") from error
    specs = tuple(_spec(path, place, table) for place, table in enumerate(tables, 1))
    if len({spec.id for spec in specs}) != len(specs):
        raise PracticeWrong(f"{path}: two accounts have one id; give each its own")
    return specs


def _spec(path: Path, place: int, table: dict[str, Any]) -> PracticeSpec:
    try:
        spec: PracticeSpec = _SpecSchema().load(table)
    except ValidationError as error:
        raise PracticeWrong(f"{path}: account {place} ({table.get('id', 'without id')}): {error.messages}") from error
    return spec
