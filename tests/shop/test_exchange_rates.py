from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from currency_converter import CURRENCY_FILE
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.money import Money
from bot.language.money_text import format_money
from bot.shop.exchange_rates import PEGS, Rates, RatesNotRefreshed, RateSource, UnknownCurrency

NOW = datetime(2027, 1, 10, 9, tzinfo=UTC)
HEADER = "Date,USD,GBP,INR,JPY,BRL,MXN,CHF,AUD,CAD,CNY,"
FRESH = "2027-01-08,1.25,0.80,110,170,6,21,0.92,1.6,1.5,7.5,"
RATES = Rates(Path("/nonexistent"), lambda: NOW)


def archive(*lines: str, name: str = "eurofxref-hist.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, "\n".join(lines) + "\n")
    return buffer.getvalue()


def bundled_line() -> dict[str, str]:
    """The newest line of the package's file, read here without the code under test."""
    with zipfile.ZipFile(CURRENCY_FILE) as file:
        header, newest = file.read(file.namelist()[0]).decode().splitlines()[:2]
    return dict(zip(header.split(","), newest.split(","), strict=True))


def test_it_converts_by_the_newest_rates_and_names_their_day() -> None:
    line = bundled_line()
    conversion = RATES.convert(Money(Decimal(100), "EUR"), "INR")
    assert conversion.result == Money(round(Decimal(line["INR"]) * 100, 2), "INR")
    assert (conversion.as_of.isoformat(), conversion.source) == (line["Date"], RateSource.ECB)


def test_between_two_foreign_currencies_it_goes_through_the_euro() -> None:
    line = bundled_line()
    crossed = RATES.convert(Money(Decimal(250), "GBP"), "BRL").result.amount
    assert crossed == round(Decimal(250) / Decimal(line["GBP"]) * Decimal(line["BRL"]), 2)


@pytest.mark.parametrize(("code", "peg"), PEGS.items())
def test_a_pegged_currency_keeps_its_peg(code: str, peg: Decimal) -> None:
    assert RATES.convert(Money(Decimal(1000), "USD"), code).result.amount == peg * 1000
    assert RATES.convert(Money(peg * 1000, code), "USD").result == Money(Decimal("1000.00"), "USD")


def test_riyals_to_dirhams_do_not_depend_on_the_dollar() -> None:
    conversion = RATES.convert(Money(Decimal(3750), "SAR"), "AED")
    assert (conversion.result.amount, conversion.source) == (Decimal("3672.50"), RateSource.PEG)


@pytest.mark.parametrize("code", ["XYZ", "RUB", "HRK"])
def test_a_currency_without_a_current_rate_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency, match=f"no rate for {code}; known are AED, AUD, BHD"):
        RATES.convert(Money(Decimal(1), "EUR"), code)


def test_yen_come_whole() -> None:
    assert RATES.convert(Money(Decimal("10.01"), "EUR"), "JPY").result.amount % 1 == 0


@given(
    amount=st.decimals(min_value=0, max_value=10_000_000, places=2),
    source=st.sampled_from(RATES.known()),
    target=st.sampled_from(RATES.known()),
)
@settings(max_examples=200)
def test_there_and_back_is_the_same_within_the_rounding(amount: Decimal, source: str, target: str) -> None:
    given_money = Money(amount, source).rounded()
    there = RATES.convert(given_money, target)
    back = RATES.convert(there.result, source)
    unit = Money.from_minor(1, target).amount / 2 / there.rate + Money.from_minor(1, source).amount / 2
    assert abs(back.result.amount - given_money.amount) <= unit * Decimal("1.0000001")


def test_a_fresher_file_wins_and_running_processes_notice_it(tmp_path: Path) -> None:
    mine, theirs = Rates(tmp_path, lambda: NOW), Rates(tmp_path, lambda: NOW)
    assert theirs.as_of().isoformat() == bundled_line()["Date"]
    assert mine.refresh(lambda _: archive(HEADER, FRESH)) == date(2027, 1, 8)
    assert theirs.convert(Money(Decimal(100), "EUR"), "USD").result == Money(Decimal("125.00"), "USD")
    assert theirs.as_of() == date(2027, 1, 8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>captive portal</html>", "not the bank's rates file"),
        (archive("hello"), "not the bank's rates file"),
        (archive(HEADER, "2027-01-08,abc" + FRESH[15:]), "not the bank's rates file"),
        (archive(HEADER, FRESH.replace("1.25", "0")), "not the bank's rates file"),
        (archive(HEADER, FRESH.replace("1.25", "NaN")), "not the bank's rates file"),
        (archive("Date,USD,", "2027-01-08,1.25,"), "lacks AUD, BRL"),
        (archive(HEADER, FRESH.replace("2027", "2029")), "from the future"),
        (archive(HEADER, FRESH.replace("2027", "2020")), "older than the one installed"),
        (archive("x" * 60_000_000), "not the bank's rates file"),
    ],
)
def test_a_bad_file_is_refused_and_the_rates_stay(tmp_path: Path, content: bytes, reason: str) -> None:
    rates = Rates(tmp_path, lambda: NOW)
    rates.refresh(lambda _: archive(HEADER, FRESH))
    with pytest.raises(RatesNotRefreshed, match=reason):
        rates.refresh(lambda _: content)
    assert rates.as_of() == date(2027, 1, 8)
    assert [path.name for path in tmp_path.iterdir()] == ["eurofxref-hist.zip"]


def test_a_failed_download_is_an_error_that_says_so(tmp_path: Path) -> None:
    def unreachable(_: str) -> bytes:
        raise TimeoutError("timed out")

    with pytest.raises(RatesNotRefreshed, match="could not be fetched: timed out"):
        Rates(tmp_path, lambda: NOW).refresh(unreachable)


def test_a_damaged_file_on_disk_is_reported_not_used(tmp_path: Path) -> None:
    (tmp_path / "eurofxref-hist.zip").write_bytes(b"half a fi")
    rates = Rates(tmp_path, lambda: NOW)
    assert rates.as_of().isoformat() == bundled_line()["Date"]
    assert rates.fault is not None and "delete it" in rates.fault


@pytest.mark.parametrize(
    ("amount", "currency", "language", "written"),
    [
        ("1234567.89", "INR", "hi", "₹12,34,567.89"),
        ("1234567.89", "INR", "en", "₹12,34,567.89"),
        ("1234567.89", "EUR", "es", "1.234.567,89\u00a0€"),
        ("12999", "EUR", "es", "12.999\u00a0€"),
        ("1499", "USD", "en", "$1,499"),
        ("1499.5", "USD", "en", "$1,499.50"),
        ("8999", "BRL", "pt", "R$\u00a08.999"),
        ("8999.9", "BRL", "pt", "R$\u00a08.999,90"),
        ("15800", "JPY", "en", "¥15,800"),
        ("12.345", "OMR", "en", "OMR\u00a012.345"),
        ("3021000.33", "IDR", "id", "Rp3.021.000"),
        ("3021000.5", "IDR", "en", "IDR\u00a03,021,001"),
        ("1449.5", "EUR", "id", "€1.449,50"),
    ],
)
def test_money_is_written_as_the_reader_writes_it(amount: str, currency: str, language: str, written: str) -> None:
    assert format_money(Money(Decimal(amount), currency), language) == written
