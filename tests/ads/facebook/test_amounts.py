"""Money in Meta's units, in every currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import list_currencies
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.facebook import from_meta, offset, to_meta
from bot.ads.facebook.amounts import spend_amount
from bot.ads.platform import AdsFault, RequestWrong
from bot.language.money import Money

CURRENCIES = sorted(list_currencies())
WHOLE = "CLP COP CRC HUF ISK IDR JPY KRW PYG TWD VND".split()
amounts = st.decimals(min_value=1, max_value=10**9, places=3, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("currency", WHOLE)
def test_currencies_that_meta_counts_in_whole_units(currency: str) -> None:
    assert to_meta(Money(Decimal(500), currency)) == 500


@pytest.mark.parametrize("currency", ["INR", "USD", "EUR", "BRL", "MXN", "KWD", "GBP"])
def test_currencies_that_meta_counts_in_hundredths(currency: str) -> None:
    assert to_meta(Money(Decimal("500.25"), currency)) == 50025


@given(st.integers(1, 10**12), st.sampled_from(CURRENCIES))
def test_what_meta_said_is_said_back(units: int, currency: str) -> None:
    assert to_meta(from_meta(str(units), currency)) == units


@given(amounts, st.sampled_from(CURRENCIES))
def test_converted_budgets_lose_less_than_one_unit(amount: Decimal, currency: str) -> None:
    lost = amount - from_meta(to_meta(Money(amount, currency)), currency).amount
    assert 0 <= lost < Decimal(1) / offset(currency)


@given(amounts, amounts, st.sampled_from(CURRENCIES))
def test_the_larger_budget_stays_the_larger(one: Decimal, other: Decimal, currency: str) -> None:
    small, large = sorted((one, other))
    assert to_meta(Money(small, currency)) <= to_meta(Money(large, currency))


@pytest.mark.parametrize("amount", ["0", "-500", "0.004", "NaN", "Infinity"])
def test_a_budget_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(RequestWrong, match="budget"):
        to_meta(Money(Decimal(amount), "INR"))


@pytest.mark.parametrize("told", ["500.5", "-1", "", "five", None, "٥٠٠"])
def test_a_fractional_meta_amount_is_a_fault(told: object) -> None:
    with pytest.raises(AdsFault, match="whole number"):
        from_meta(told, "INR")


def test_spend_is_read_as_whole_units_to_the_last_digit() -> None:
    assert spend_amount("123.45", "INR") == Money(Decimal("123.45"), "INR")
    assert spend_amount("0", "TWD") == Money(Decimal(0), "TWD")
    assert [spend_amount(told, "INR") for told in ("-1", "", None, "NaN", "12,5")] == [None] * 5
