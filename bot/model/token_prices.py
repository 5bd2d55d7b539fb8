"""Prices of model calls, from data/model_prices.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Range

if TYPE_CHECKING:
    from bot.model.answers import Completion

PRICES_FILE = Path(__file__).resolve().parents[2] / "data" / "model_prices.toml"


@dataclass(frozen=True, slots=True)
class Spent:
    steps: int = 0  # calls
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0  # millionths of a US dollar

    def plus(self, answer: Completion) -> Spent:
        return Spent(
            self.steps + 1,
            self.tokens_in + answer.tokens_in,
            self.tokens_out + answer.tokens_out,
            self.cost_micros + answer.cost_micros,
        )


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars per million tokens."""

    tokens_in: Decimal
    tokens_out: Decimal


class Prices:
    """Dollars per million tokens, times tokens, are millionths of a dollar."""

    def __init__(self, default: TokenPrice, models: Mapping[str, TokenPrice], speech: Mapping[str, Decimal]) -> None:
        self._default = default
        self._models = models
        self._speech = speech

    @classmethod
    def read(cls, path: Path = PRICES_FILE) -> Prices:
        """Raises ValueError, naming the file and the entry."""
        try:
            said = PriceList().load(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
        except (ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path}: {error}") from error
        models = {name: TokenPrice(**entry) for name, entry in said["models"].items()}
        return cls(TokenPrice(**said["default"]), models, said["speech"])

    def tokens(self, model: str, tokens_in: int, tokens_out: int) -> int:
        """In millionths of a dollar, rounded up."""
        names = [name for name in self._models if model == name or model.startswith(f"{name}-20")]
        price = self._models[max(names, key=len)] if names else self._default
        return _up(tokens_in * price.tokens_in + tokens_out * price.tokens_out)

    def speech(self, model: str, seconds: float) -> int:
        """In millionths of a dollar, rounded up."""
        per_minute = self._speech.get(model, self._speech["default"])
        return _up(Decimal(str(seconds)) / 60 * per_minute * 1_000_000)


class PriceEntry(Schema):
    tokens_in = fields.Decimal(required=True, validate=Range(min=0), data_key="in")
    tokens_out = fields.Decimal(required=True, validate=Range(min=0), data_key="out")


class PriceList(Schema):
    default = fields.Nested(PriceEntry, required=True)
    models = fields.Dict(keys=fields.String(), values=fields.Nested(PriceEntry), load_default=dict)
    speech = fields.Dict(
        keys=fields.String(),
        values=fields.Decimal(validate=Range(min=0)),
        required=True,
        validate=lambda prices: "default" in prices,
    )


def _up(micros: Decimal) -> int:
    return int(micros.to_integral_value(rounding=ROUND_CEILING))
