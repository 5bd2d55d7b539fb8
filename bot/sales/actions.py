"""What the desk can do for the customer who writes, and for nobody else: the writer's and the model's only hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from memory.money import Money
from memory.turns import Change

if TYPE_CHECKING:
    from bot.sales.situation import Situation
    from memory.orders import Order, Quote


class CannotDo(Exception):
    """An action that cannot be done; the text says why and what to do instead, for a person or a model."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One item as it may be offered to this customer now."""

    sku: str
    title: str
    category: str
    price: Money  # what is charged for one
    about: Money | None  # the same in the customer's currency, where the item has no price in it
    stock: int
    features: tuple[str, ...]
    link: str | None


@dataclass(frozen=True, slots=True)
class Converted:
    """A computed conversion and the date of the rate it stands on."""

    source: Money
    target: Money
    rate: Decimal
    on: date


class Actions:
    """One attempt's actions. Nothing happens until the turn is finished with `changes`.

    Every method is about the contact of the situation; none takes a contact. Make a new one for a new attempt:
    the changes of a dropped draft go with it.
    """

    changes: list[Change]  # to run in the finishing transaction, in order
    used: dict[str, Any]  # what was looked at: skus, rates, orders; for the turn's record and the promise check

    def __init__(self, situation: Situation) -> None:
        raise NotImplementedError

    def search_catalogue(self, words: str, *, limit: int = 5) -> list[Offer]:
        """Items that match `words` (a price limit may be among them), best first; empty when nothing does."""
        raise NotImplementedError

    def convert(self, amount: Decimal, source: str, target: str) -> Converted:
        """`amount` of one currency in another. Raises CannotDo where there is no rate."""
        raise NotImplementedError

    def order_status(self, number: str | None = None) -> list[Order]:
        """This contact's order by number, or all, newest first. Raises CannotDo for a number that isn't theirs."""
        raise NotImplementedError

    def quote(self, sku: str, quantity: int = 1) -> Quote:
        """Prepare an order and ask for a yes; replaces an earlier quote. Raises CannotDo (unknown, out of stock)."""
        raise NotImplementedError

    def confirm_order(self) -> Order:
        """Place the quoted order; the code checks that the customer said yes to it. Raises CannotDo otherwise."""
        raise NotImplementedError

    def cancel_quote(self) -> bool:
        """Forget the open quote; False when there was none."""
        raise NotImplementedError

    def hand_over(self, reason: str) -> None:
        """Have a person take this conversation over; staff get a summary, the desk falls silent after its reply."""
        raise NotImplementedError


def as_data(result: object) -> Any:
    """Any result above as plain JSON data: amounts as text with their currency, dates in ISO form."""
    if isinstance(result, Money):
        return {"amount": str(result.rounded().amount), "currency": result.currency}
    if isinstance(result, Decimal):
        return str(result)
    if isinstance(result, date | datetime):
        return result.isoformat()
    if isinstance(result, list | tuple):
        return [as_data(each) for each in result]
    if hasattr(result, "__dataclass_fields__"):
        return {name: as_data(getattr(result, name)) for name in result.__dataclass_fields__}
    return result
