"""The words around the figures, and the figures as each reader's country writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from bot.language.languages import FIRST, LANGUAGES, about
from bot.language.money import Money
from bot.language.words import table

NOTHING: Final = "–"  # what cannot be worked out


@dataclass(frozen=True, slots=True)
class Wording:
    """The lines of one language, and its way to write numbers."""

    lines: Mapping[str, str]
    locale: str

    def say(self, line: str, **words: object) -> str:
        """The line with its blanks filled in; a missing line or word is an error, not a blank."""
        return self.lines[line].format(**words)

    def amount(self, money: Money) -> str:
        """Without the currency: whole units from a hundred on."""
        whole = abs(money.amount) >= 100
        rounded = money.amount.quantize(Decimal(1) if whole else Decimal("0.01"), rounding=ROUND_HALF_UP)
        return self._number(rounded, "" if whole else ".00")

    def money(self, money: Money) -> str:
        """With the currency's code: a sign such as $ is the same for seven of them."""
        return f"{self.amount(money)} {money.currency}"

    def count(self, number: int) -> str:
        """A count with its thousands apart."""
        return str(format_decimal(number, locale=self.locale))

    def rate(self, rate: Decimal) -> str:
        """An exchange rate, to four digits behind the point."""
        return self._number(rate, ".00##")

    def ratio(self, ratio: Decimal | float | None) -> str:
        """With two digits, such as a ROAS."""
        return NOTHING if ratio is None else str(format_decimal(ratio, "0.00", locale=self.locale))

    def percent(self, share: float | None, *, signed: bool = False) -> str:
        """A share of 0 to 1 in percent."""
        if share is None:
            return NOTHING
        pattern = "+#,##0%;-#,##0%" if signed else "#,##0.#%" if abs(share) < 0.1 else "#,##0%"
        return str(format_percent(share, pattern, locale=self.locale))

    def _number(self, number: Decimal, behind: str) -> str:
        """With the groups of the reader's country: 2,55,620 in Hindi."""
        pattern = Locale.parse(self.locale).decimal_formats[None].pattern.partition(".")[0] + behind
        return str(format_decimal(number, pattern, locale=self.locale))

    def date(self, day: date | datetime) -> str:
        """A day with its month in words."""
        return str(format_date(day, "d MMM y", locale=self.locale))


@lru_cache(maxsize=len(LANGUAGES))
def _wording(language: str) -> Wording:
    return Wording(table(language, "ad_reports"), about(language).locale)


def wording(language: str | None) -> Wording:
    """The lines of a language that staff write in; of the first language for any other."""
    return _wording(language if language in LANGUAGES else FIRST)
