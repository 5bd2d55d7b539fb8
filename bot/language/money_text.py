"""Formats money for readers of each language."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency

from bot.language.languages import about
from bot.language.money import Money
from bot.language.words import words_of_all

WITHOUT_DECIMALS: Final = frozenset(words_of_all("about", "whole_money"))  # currencies, whoever reads them


def format_money(money: Money, language: str) -> str:
    """₹12,34,567.89 in Hindi, 1.234,56 € in Spanish; whole amounts have no decimals."""
    reader = about(language)
    # A language may write a currency as another locale does: rupees as in English.
    locale = reader.money_locales.get(money.currency, reader.locale)
    amount = money.rounded().amount
    if money.currency in WITHOUT_DECIMALS:
        amount = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    if amount == amount.to_integral_value():
        whole = re.sub(r"\.0+", "", pattern)
        written = format_currency(amount, money.currency, whole, locale=locale, currency_digits=False)
    else:
        written = format_currency(amount, money.currency, locale=locale)
    return re.sub(r"(?<=[A-Z])(?=\d)", "\u00a0", str(written))  # a bare code before digits: AED 1,299
