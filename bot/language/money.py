"""Money: a decimal amount with its ISO currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from babel.numbers import get_currency_precision


@dataclass(frozen=True, slots=True)
class Money:
    """Adding two currencies raises ValueError; see `CurrencyConverter`."""

    amount: Decimal
    currency: str

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        return cls(Decimal(minor).scaleb(-get_currency_precision(currency)), currency)

    @property
    def minor(self) -> int:
        """ISO 4217 minor units, half up; stored in the database."""
        scaled = self.amount.scaleb(get_currency_precision(self.currency))
        return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def rounded(self) -> Money:
        """The nearest payable amount."""
        return Money.from_minor(self.minor, self.currency)

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}: convert one of them first")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)


class CurrencyConverter(Protocol):
    """Implemented by `bot.shop.exchange_rates.Rates`."""

    def in_currency(self, money: Money, currency: str) -> Money | None:
        """Rounded; None without a rate."""
