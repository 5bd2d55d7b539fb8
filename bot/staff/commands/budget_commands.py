"""Reads daily budgets from commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from bot.ads.campaign_lookup import AdObject, CampaignLookup
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.plan import SetBudget, Step, amount_text
from bot.language.amounts import AmountMention, find_amounts
from bot.language.money import Money
from bot.language.patterns import BESIDE, whole_words
from bot.language.words import alternatives
from bot.staff.commands.account_commands import BudgetCommand
from bot.staff.commands.command import Unclear
from bot.staff.commands.named_target import named_target
from memory.ads.ad_account import AdAccount

USAGE: Final = "Write the name and the amount in digits: *budget summer 2500*."
TOO_MUCH: Final = Decimal(10) ** 15  # in any currency; beyond it neither decimals nor the database's integers hold
_BARE = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?\s*$")
_PERCENT = rf"(?:%|(?:{alternatives('claims', 'percent')})(?!{BESIDE}))".replace(" ?", r"\s*")
_PERCENTAGE = re.compile(rf"\d\s*{_PERCENT}", re.IGNORECASE)
_RELATIVE = re.compile(
    rf"(?:[+×*]|{whole_words(alternatives('staff_questions', 'by_how_much')).pattern})\s*$|^\s*{_PERCENT}",
    re.IGNORECASE,
)
_BEFORE_AMOUNT = re.compile(
    rf"{whole_words(alternatives('staff_questions', 'before_amount')).pattern}\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Budgets:
    """Reads “summer 2500”, for an ad set or a campaign whose ad sets share it; changes nothing."""

    actions: AccountActions
    lookup: CampaignLookup

    def read(self, brand: str, words: str, why: str) -> BudgetCommand:
        """Raises Unclear."""
        name, amount = name_and_amount(words)
        target = named_target(self.lookup, brand, name, "budget")
        money = in_currency(amount, target.account, f"budget {target.id} …")
        steps = self._steps(brand, target, money, why)
        return BudgetCommand(target.account.id, target.account.name, tuple(steps))

    def _steps(self, brand: str, target: AdObject, money: Money, why: str) -> Sequence[Step]:
        holders = [target] if target.budget is not None or target.kind != "campaign" else self._ad_sets(brand, target)
        if len(holders) == 1:
            return [SetBudget(holders[0].kind, holders[0].id, money, why)]
        if not holders:
            raise Unclear(f"No ad set of {target.shown} is running, so none can have a budget; resume one first.")
        shares = _shares(target, holders, money)
        self._check_room(brand, target, holders, money)
        return [SetBudget("ad_set", each.id, share, why) for each, share in zip(holders, shares, strict=True)]

    def _ad_sets(self, brand: str, campaign: AdObject) -> list[AdObject]:
        """Active ones with their own budget."""
        return [
            each
            for each in self.lookup.all(brand)
            if each.kind == "ad_set" and each.parent == campaign.id and each.budget and each.status == "active"
        ]

    def _check_room(self, brand: str, target: AdObject, holders: Sequence[AdObject], money: Money) -> None:
        """Raises Unclear if the cap has no room for the whole raise: all ad sets change, or none."""
        more = money.amount - _together(holders)
        if more <= 0:
            return
        room = self.actions.room(brand, target.account.id)
        if more > room.amount:
            raise Unclear(
                f"{amount_text(money)} a day for {target.shown} is {amount_text(Money(more, money.currency))} more than now; the"
                f" account's cap leaves room for {amount_text(room)}. Nothing was changed."
            )


def name_and_amount(words: str) -> tuple[str, AmountMention]:
    """Raises Unclear."""
    if _PERCENTAGE.search(words):
        raise Unclear(f"Write the whole daily budget, not by how much it changes. {USAGE}")
    amounts = find_amounts(words)
    bare = _BARE.search(words)
    if not amounts and bare:
        amounts = [AmountMention(Decimal(bare[0].strip().replace(",", ".")), None, bare.span())]
    if not amounts:
        raise Unclear(USAGE)
    amount = amounts[-1]
    start, end = amount.span
    before, written, after = words[:start], words[start:end], words[end:]
    if re.search(r"[-−–]\s*$", before):
        raise Unclear("A budget can't be below zero. To spend nothing, *pause* it.")
    if _RELATIVE.search(before) or _RELATIVE.search(after):
        raise Unclear(f"Write the whole daily budget, not by how much it changes. {USAGE}")
    name = _BEFORE_AMOUNT.sub("", f"{before} {after}".strip()).strip(" :=")
    if not any(letter.isdigit() for letter in written):
        raise Unclear(f"Write the amount in digits, so that nothing is misread: *budget {name} {amount.value:f}*.")
    if not name:
        raise Unclear(USAGE)
    return name, amount


def in_currency(amount: AmountMention, account: AdAccount, usage: str) -> Money:
    """Raises Unclear for another currency or an unpayable amount."""
    own = account.currency
    if amount.currency not in (None, own):
        raise Unclear(
            f"{account.name} has budgets in {own}, not in {amount.currency}. Write the amount in {own}: *{usage}*"
        )
    if amount.value >= TOO_MUCH:
        raise Unclear(f"No account has a budget of so many digits. {USAGE}")
    money = Money(amount.value, own)
    if money.rounded() != money:  # shared out, part of it could be paid and part not
        raise Unclear(
            f"{money.amount:f} {own} can't be paid; the nearest is {amount_text(money)}. Nothing was changed."
        )
    return money


def _shares(target: AdObject, holders: Sequence[AdObject], money: Money) -> list[Money]:
    """In the present proportion; the largest takes the rounding remainder."""
    least, total = target.account.min_daily_budget, _together(holders)
    step = Decimal(1).scaleb(Money(Decimal(1), money.currency).rounded().amount.as_tuple().exponent)  # type: ignore[arg-type]
    parts = [
        ((each.budget.amount if each.budget else Decimal(0)) * money.amount / total).quantize(step, rounding=ROUND_DOWN)
        for each in holders
    ]
    parts[parts.index(max(parts))] += money.amount - sum(parts)
    if min(parts) < least.amount:
        raise Unclear(
            f"{target.shown} spends through {len(holders)} ad sets, and {amount_text(money)} would leave one with less than"
            f" {amount_text(least)}, the least. Pause some, or set one: *budget {holders[0].id} …*"
        )
    return [Money(part, money.currency) for part in parts]


def _together(holders: Sequence[AdObject]) -> Decimal:
    return sum((each.budget.amount for each in holders if each.budget), Decimal(0))
