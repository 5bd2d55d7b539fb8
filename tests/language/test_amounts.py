"""Amounts and currencies as customers write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.amounts import find_amounts, find_currencies


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("it was £1,299.99 last week", "1299.99", "GBP"),
        ("1.299,99 € por favor", "1299.99", "EUR"),
        ("R$ 2.450,00", "2450", "BRL"),
        ("₹12,34,567", "1234567", "INR"),
        ("Rs.750/- only", "750", "INR"),
        ("CHF 2'400.75", "2400.75", "CHF"),
        ("12 500 kr", "12500", "SEK"),
        ("3.5k dollars", "3500", "USD"),
        ("7 lakh", "700000", "INR"),
        ("1.125 crore", "11250000", "INR"),
        ("2m yen", "2000000", "JPY"),
        ("three hundred and twenty quid", "320", "GBP"),
        ("a thousand bucks", "1000", "USD"),
        ("half a million pesos", "500000", "MXN"),
        ("a tenner", "10", "GBP"),
        ("dos mil quinientos pesos colombianos", "2500", "COP"),
        ("duzentos reais", "200", "BRL"),
        ("paanch hazaar rupaye", "5000", "INR"),
        ("पाँच सौ रुपये", "500", "INR"),
        ("५,००० रुपये", "5000", "INR"),
        ("A$60", "60", "AUD"),
        ("$80 cad", "80", "CAD"),
        ("900 egyptian pounds", "900", "EGP"),
        ("TRY 450", "450", "TRY"),
        ("0.500 kwd", "0.500", "KWD"),
    ],
)
def test_it_reads_an_amount(text: str, value: str, currency: str) -> None:
    (amount,) = find_amounts(text)
    assert (amount.value, amount.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text",
    ["25% off", "mattress 72x36", "invoice #4411", "galaxy s24 with 16gb", "at 10:45", "ring 9812345670", "one for me please",
     "do you have a pen", "I won it", "try it on top", "are you real"],
)  # fmt: skip
def test_it_leaves_other_numbers_and_words_alone(text: str) -> None:
    assert find_amounts(text) == []
    assert find_currencies(text) == []


def test_the_span_covers_number_and_currency() -> None:
    text = "Señor, laptop below €1.500 or 90 usd?"
    assert [text[slice(*a.span)] for a in find_amounts(text)] == ["€1.500", "90 usd"]


@pytest.mark.parametrize(("text", "currencies"), [("usd to jpy", ["USD", "JPY"]), ("pesos colombianos", ["COP"]), ("aussie dollars", ["AUD"]), ("un dólar canadiense", ["CAD"]), ("नेपाली रुपया", ["NPR"])])  # fmt: skip
def test_it_names_currencies(text: str, currencies: list[str]) -> None:
    assert [m.currency for m in find_currencies(text)] == currencies


def indian(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, i - 2) : i] for i in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail])


MONEY = st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False, allow_infinity=False)


@given(MONEY)
def test_any_amount_in_any_grouping_is_read_back(value: Decimal) -> None:
    english = f"{value:,.2f}"
    whole, cents = f"{value:.2f}".split(".")
    for written in (
        f"{value:.2f}", english, english.replace(",", " "), english.replace(",", "'"), f"{indian(whole)}.{cents}",
        english.replace(",", "_").replace(".", ",").replace("_", "."),
    ):  # fmt: skip
        for text in (f"{written} usd", f"€{written}"):
            assert [a.value for a in find_amounts(text)] == [value], text


@given(st.text())
def test_it_never_fails_and_spans_lie_inside(text: str) -> None:
    for amount in find_amounts(text):
        assert 0 <= amount.span[0] < amount.span[1] <= len(text)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("yg laptop gaming di bawah 20 juta dong", None),
        ("ada hp 3 jutaan dong kak?", None),
        ("laptop under 500000 dong", "VND"),
        ("1.000.000 dong", "VND"),
    ],
)
def test_an_indonesian_particle_is_no_currency(text: str, currency: str | None) -> None:
    assert [amount.currency for amount in find_amounts(text)] == [currency]
