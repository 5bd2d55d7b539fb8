"""Money in Meta's units, by Meta's table of offsets, not ISO's."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, InvalidOperation

from bot.ads.platform import AdsFault, RequestWrong
from bot.language.money import Money

# https://developers.facebook.com/docs/marketing-api/currencies: ISO gives COP, CRC, HUF, IDR and TWD two decimals.
WHOLE_UNITS = frozenset("CLP COP CRC HUF ISK IDR JPY KRW PYG TWD VND".split())
TOO_MUCH = Decimal(10) ** 15  # in any currency; no account spends it, and the database's integers end soon after


def offset(currency: str) -> int:
    """Meta's units per whole unit of `currency`: 1 or 100."""
    return 1 if currency in WHOLE_UNITS else 100


def to_meta(money: Money) -> int:
    """Rounded down. Raises RequestWrong unless above zero."""
    if not money.amount.is_finite():
        raise RequestWrong("a budget must be a number: say an amount such as 500")
    units = int((money.amount * offset(money.currency)).to_integral_value(ROUND_FLOOR))
    if units <= 0:
        raise RequestWrong(
            f"a budget of {money.amount} {money.currency} is none: say an amount above zero, or pause it"
        )
    return units


def from_meta(units: object, currency: str) -> Money:
    """Raises AdsFault unless it is a whole number."""
    written = str(units)
    if not (written.isascii() and written.isdigit()):
        raise AdsFault(f"Meta told an amount that is not a whole number ({written[:20]!r}): look at it in Ads Manager")
    return Money(Decimal(written) / offset(currency), currency)


def spend_amount(text: object, currency: str) -> Money | None:
    """An insights amount such as "123.45"; None if invalid."""
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return None
    return Money(amount, currency) if amount.is_finite() and 0 <= amount < TOO_MUCH else None
