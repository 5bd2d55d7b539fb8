"""How much an account may spend and raise: what the brand's owner wrote down, closed by default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.ads.changes.refusals import NoLimits
from bot.brands import Brand
from bot.language.money import Money
from memory.ads.ad_account import AdAccount

# A daily budget is an average: one day may run to 75 % above it (Meta's own promise is 7 × the budget in a week).
WORST_DAY = Decimal("1.75")

Convert = Callable[[Money, str], Money]  # money, currency → what it is in that; ValueError where there is no rate


@dataclass(frozen=True, slots=True)
class Limits:
    """What one account is held to, in its own currency."""

    daily_cap: Money  # holds on the platform's worst day
    approval_above: Money  # raises that come to more than this within 24 hours wait for a person

    @property
    def most_planned(self) -> Money:
        """What daily budgets may add up to, so that the worst day stays within the cap; not rounded."""
        return Money(self.daily_cap.amount / WORST_DAY, self.daily_cap.currency)


LimitsOf = Callable[[AdAccount], Limits]  # raises NoLimits


def limits_of_brands(brands: Mapping[str, Brand], convert: Convert, practice: Mapping[str, Limits]) -> LimitsOf:
    """The limits as the brands file has them; `practice` has those of the simulated accounts, by id."""

    def of(account: AdAccount) -> Limits:
        if account.practice and account.id in practice:
            return practice[account.id]
        return _from_brand(brands[account.brand], account, convert)

    return of


def _from_brand(brand: Brand, account: AdAccount, convert: Convert) -> Limits:
    written = brand.ads.accounts.get(account.id) if brand.ads else None
    if brand.ads is None or written is None:
        raise NoLimits(
            f"{account.name} has no daily cap, so nothing is changed there: add [[{brand.id}.ads.accounts]] with its"
            f" id and daily_cap to the brands file."
        )
    if written.daily_cap.currency != account.currency:
        raise NoLimits(
            f"The daily cap of {account.name} is in {written.daily_cap.currency}, its budgets are in"
            f" {account.currency}: write the cap in {account.currency}."
        )
    return Limits(
        written.daily_cap, written.approval_above or _threshold(brand.ads.approval_above_usd, account, convert)
    )


def _threshold(dollars: Decimal, account: AdAccount, convert: Convert) -> Money:
    """Without a rate every raise waits for a person: nobody knows how much it is."""
    try:
        return convert(Money(dollars, "USD"), account.currency)
    except ValueError:
        return Money(Decimal(0), account.currency)
