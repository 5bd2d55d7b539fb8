"""Daily cap and approval threshold per account; without them nothing may be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from bot.ads.changes.plans.refusals import NoLimits
from bot.ads.platform import PlatformRules
from bot.ads.practice import PracticeSpec
from bot.brands import Brand
from bot.language.money import CurrencyConverter, Money
from memory.ads.ad_account import AdAccount


@dataclass(frozen=True, slots=True)
class SpendLimits:
    daily_cap: Money  # holds on the platform's worst day
    worst_day: Decimal  # daily budgets that the platform's worst day costs
    approval_above: Money  # raises that come to more than this within 24 hours wait for a person

    @property
    def most_planned(self) -> Money:
        """Maximum sum of daily budgets under the cap; not rounded."""
        return Money(self.daily_cap.amount / self.worst_day, self.daily_cap.currency)


class AccountLimits(Protocol):
    def limits_of(self, account: AdAccount) -> SpendLimits:
        """Raises NoLimits."""


@dataclass(frozen=True, slots=True)
class BrandLimits:
    """From the brands file; practice accounts have their own."""

    brands: Mapping[str, Brand]
    rates: CurrencyConverter
    practice: Mapping[str, PracticeSpec]  # by account id
    rules: Mapping[str, PlatformRules]  # of the platform of each account, by account id

    def limits_of(self, account: AdAccount) -> SpendLimits:
        rules = self.rules.get(account.id)
        if rules is None:
            raise NoLimits(f"{account.name} is no longer among the ad accounts, so nothing is changed there.")
        if account.practice and account.id in self.practice:
            spec = self.practice[account.id]
            return SpendLimits(
                Money(spec.daily_cap, spec.currency), rules.worst_day, approval_above=spec.from_dollars(Decimal(100))
            )
        return self._written(self.brands[account.brand], account, rules)

    def _written(self, brand: Brand, account: AdAccount, rules: PlatformRules) -> SpendLimits:
        written = brand.ads.accounts.get(account.id) if brand.ads else None
        if brand.ads is None or written is None:
            raise NoLimits(
                f"{account.name} has no daily cap, so nothing is changed there: add [[{brand.id}.ads.accounts]] with"
                f" its id and daily_cap to the brands file."
            )
        if written.daily_cap.currency != account.currency:
            raise NoLimits(
                f"The daily cap of {account.name} is in {written.daily_cap.currency}, its budgets are in"
                f" {account.currency}: write the cap in {account.currency}."
            )
        threshold = written.approval_above or self.rates.in_currency(
            Money(brand.ads.approval_above_usd, "USD"), account.currency
        )
        # Without a rate nobody knows how much a raise is: every one waits for a person.
        return SpendLimits(written.daily_cap, rules.worst_day, threshold or Money(Decimal(0), account.currency))
