from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.changes.plans.refusals import NoLimits
from bot.ads.changes.spend_limits import BrandLimits, SpendLimits
from bot.ads.practice import read_practice
from bot.brands import AdCap, Brand, read_brands
from bot.language.money import Money
from tests.ads.buying import rupees
from tests.ads.paper_account import RULES, PaperAccount

DATA = Path(__file__).parents[3] / "data"
VOYAGE = read_brands(DATA / "brands.toml")["voyage"]
ABOUT = PaperAccount().describe()


PRACTICE = replace(read_practice(DATA / "practice.toml")[0], id="practice_1", currency="INR",
                   daily_cap=Decimal(10), rupees=Decimal(1))  # fmt: skip


class At85:
    """A dollar is 85 rupees; nothing else has a rate."""

    def in_currency(self, money: Money, currency: str) -> Money | None:
        return Money(money.amount * 85, currency) if (money.currency, currency) == ("USD", "INR") else None


def voyage(cap: AdCap) -> Brand:
    assert VOYAGE.ads is not None
    return replace(VOYAGE, ads=replace(VOYAGE.ads, accounts={"act_1": cap}))


def of(brand: Brand, **about: object) -> SpendLimits:
    rules = dict.fromkeys(("act_1", "practice_1"), RULES)
    limits = BrandLimits({"voyage": brand}, At85(), {"practice_1": PRACTICE}, rules)
    return limits.limits_of(replace(ABOUT, **about))  # type: ignore[arg-type]


def test_the_threshold_is_a_hundred_dollars_in_the_accounts_currency() -> None:
    limits = of(voyage(AdCap(rupees(17500), None)))
    assert limits == SpendLimits(rupees(17500), RULES.worst_day, rupees(8500))
    assert limits.most_planned == rupees(10000)


def test_an_accounts_own_threshold_comes_first() -> None:
    assert of(voyage(AdCap(rupees(17500), rupees(0)))).approval_above == rupees(0)


def test_without_a_rate_every_raise_waits() -> None:
    cap = AdCap(Money(Decimal(100), "IQD"), None)
    assert of(voyage(cap), currency="IQD").approval_above == Money(Decimal(0), "IQD")


@pytest.mark.parametrize(
    ("brand", "says"),
    [
        (VOYAGE, r"has no daily cap, so nothing is changed there: add \[\[voyage.ads.accounts\]\]"),
        (replace(VOYAGE, ads=None), "has no daily cap"),
        (voyage(AdCap(Money(Decimal(100), "EUR"), None)), "cap of Voyage India is in EUR, its budgets are in INR"),
    ],
)
def test_without_a_cap_in_its_currency_an_account_is_closed(brand: Brand, says: str) -> None:
    with pytest.raises(NoLimits, match=says):
        of(brand)


def test_an_account_of_no_known_platform_is_closed() -> None:
    with pytest.raises(NoLimits, match="no longer among the ad accounts"):
        of(voyage(AdCap(rupees(17500), None)), id="act_2")


def test_practice_limits_apply_to_no_real_account() -> None:
    assert of(VOYAGE, id="practice_1", practice=True) == SpendLimits(rupees(10), RULES.worst_day, rupees(8800))
    with pytest.raises(NoLimits):
        of(VOYAGE, id="practice_1")
