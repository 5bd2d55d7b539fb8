"""Texts of each language, filled in with names, money, numbers and dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent

from bot.language.languages import FIRST, LANGUAGES, about
from bot.language.money import Money
from bot.language.money_text import format_money
from bot.language.words import entry, table

NOTHING: Final = "–"  # no value


@dataclass(frozen=True, slots=True)
class Wording:
    lines: Mapping[str, str]
    locale: str  # whose dates and numbers its readers expect

    def say(self, line: str, **words: object) -> str:
        """A missing line or value raises KeyError."""
        return self.lines[line].format(**words)

    def date(self, day: date | datetime) -> str:
        # The month in words: 5/6 means different days in different countries.
        return str(format_date(day, "d MMM y", locale=self.locale))


@dataclass(frozen=True, slots=True)
class ReplyWording(Wording):
    language: str
    script: str  # "hi-latin" for a language's second script, else the language
    policy_language: str  # of the brand's texts and of money: one that writers of this script can read

    def money(self, money: Money) -> str:
        return format_money(money, self.policy_language)

    def birthday(self, day: str) -> str:
        """ "1990-05-12" or "05-12", with the month in words."""
        if len(day) > len("05-12"):
            return str(format_date(date.fromisoformat(day), "long", locale=self.locale))
        in_a_leap_year = date.fromisoformat(f"2000-{day}")
        return str(format_skeleton("MMMMd", in_a_leap_year, locale=self.locale))

    def listed(self, names: list[str]) -> str:
        """ "laptops, glasses and phones"."""
        return names[0] if len(names) == 1 else ", ".join(names[:-1]) + self.lines["and"] + names[-1]


@dataclass(frozen=True, slots=True)
class ReportWording(Wording):
    """Lines for staff, with figures in their country's format."""

    def amount(self, money: Money) -> str:
        """Without the currency; whole units from 100 on."""
        whole = abs(money.amount) >= 100
        rounded = money.amount.quantize(Decimal(1) if whole else Decimal("0.01"), rounding=ROUND_HALF_UP)
        return self._number(rounded, "" if whole else ".00")

    def money(self, money: Money) -> str:
        # The code, not the sign: $ stands for seven currencies.
        return f"{self.amount(money)} {money.currency}"

    def count(self, number: int) -> str:
        return str(format_decimal(number, locale=self.locale))

    def rate(self, rate: Decimal) -> str:
        """Up to four decimals."""
        return self._number(rate, ".00##")

    def ratio(self, ratio: Decimal | float | None) -> str:
        """Two decimals; a ROAS."""
        return NOTHING if ratio is None else str(format_decimal(ratio, "0.00", locale=self.locale))

    def percent(self, share: float | None, *, signed: bool = False) -> str:
        """`share`: 0 to 1."""
        if share is None:
            return NOTHING
        pattern = "+#,##0%;-#,##0%" if signed else "#,##0.#%" if abs(share) < 0.1 else "#,##0%"
        return str(format_percent(share, pattern, locale=self.locale))

    def _number(self, number: Decimal, behind: str) -> str:
        pattern = Locale.parse(self.locale).decimal_formats[None].pattern.partition(".")[0] + behind
        return str(format_decimal(number, pattern, locale=self.locale))  # grouped: 2,55,620 in Hindi


def reply_wording(language: str, wrote: str | None = None) -> ReplyWording:
    """`wrote`: a text of the reader. The second script if it has no character of the first."""
    second = about(language).second_script
    if not second or wrote is None or re.search(entry(language, "detection", "script"), wrote):
        return _reply_wording(language, "")
    return _reply_wording(language, second)


@lru_cache
def _reply_wording(language: str, second_script: str) -> ReplyWording:
    reads = about(language).second_script_reads if second_script else language
    return ReplyWording(
        lines=table(language, f"replies-{second_script}" if second_script else "replies"),
        locale=about(reads).locale,
        language=language,
        script=f"{language}-{second_script}" if second_script else language,
        policy_language=reads,
    )


def report_wording(language: str | None, subject: str = "ad_reports") -> ReportWording:
    """In the default language where `language` is none of ours."""
    return _report_wording(language if language in LANGUAGES else FIRST, subject)


@lru_cache
def _report_wording(language: str, subject: str) -> ReportWording:
    return ReportWording(table(language, subject), about(language).locale)
