"""Money: a decimal amount with its ISO currency, kept as whole minor units."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from babel.numbers import get_currency_precision


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency; sums across currencies are refused, conversion is the rates' work."""

    amount: Decimal
    currency: str

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """The amount that `minor` whole minor units (paise, cents) of `currency` make."""
        return cls(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)

    @property
    def minor(self) -> int:
        """Whole minor units by ISO 4217's exponent, half up; what the database stores."""
        scaled = self.amount.scaleb(get_currency_precision(self.currency))
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def rounded(self) -> Money:
        """The nearest amount that can really be paid in this currency."""
        return Money.from_minor(self.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}: convert one of them first")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)


class CurrencyConverter(Protocol):
    """Knows what money is in another currency; `bot.shop.exchange_rates.Rates` does."""

    def in_currency(self, money: Money, currency: str) -> Money | None:
        """The amount, rounded to what can be paid; None where there is no rate."""
