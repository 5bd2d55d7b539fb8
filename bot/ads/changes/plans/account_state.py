"""What an account may spend in a day: pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.ads.changes.plans.plan import amount_text
from bot.ads.changes.plans.refusals import NoBudgetHere, UnknownObject
from bot.language.money import Money
from memory.ads.ad_account import Ad, AdSet, AdStatus, Campaign, Kind, Structure
from memory.audit_log.account_changes import Change

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class AccountObject:
    """A campaign, ad set or ad."""

    kind: Kind
    id: str
    name: str
    status: AdStatus
    budget: Money | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as read, with our own changes applied."""

    campaigns: Mapping[str, AccountObject]
    ad_sets: Mapping[str, AccountObject]
    ads: Mapping[str, AccountObject]
    parents: Mapping[str, str]  # ad → ad set, ad set → campaign

    @classmethod
    def of(cls, structure: Structure) -> AccountState:
        return cls(
            {each.id: _object("campaign", each, each.daily_budget) for each in structure.campaigns},
            {each.id: _object("ad_set", each, each.daily_budget) for each in structure.ad_sets},
            {each.id: _object("ad", each, None) for each in structure.ads},
            {each.id: each.campaign_id for each in structure.ad_sets}
            | {each.id: each.ad_set_id for each in structure.ads},
        )

    def get(self, kind: Kind, object_id: str) -> AccountObject:
        """Raises UnknownObject."""
        found = self._of_kind(kind).get(object_id)
        if found is None:
            raise UnknownObject(f"There is no {kind.replace('_', ' ')} {object_id} in this account any more.")
        return found

    def find(self, object_id: str) -> AccountObject | None:
        """Ids are unique across kinds."""
        return self.campaigns.get(object_id) or self.ad_sets.get(object_id) or self.ads.get(object_id)

    def budget_of(self, object_id: str) -> Money | None:
        """None if it owns no budget, or is unknown."""
        target = self.find(object_id)
        return None if target is None else target.budget

    def everything(self) -> list[AccountObject]:
        return [*self.campaigns.values(), *self.ad_sets.values(), *self.ads.values()]

    def owner(self, kind: Kind, object_id: str) -> tuple[AccountObject, Money]:
        """Raises UnknownObject, NoBudgetHere."""
        target = self.get(kind, object_id)
        if target.budget is not None:
            return target, target.budget
        raise NoBudgetHere(f"“{target.name}” has no budget of its own; {self._where_the_budget_is(target)}.")

    def planned(self) -> dict[str, Decimal]:
        """Per owner of a budget with an ad that is active on every level."""
        # An ad in review counts: it may start at any moment.
        with_ads = {self.parents[ad.id] for ad in self.ads.values() if ad.status == "active"}
        planned = {}
        for set_id, ad_set in self.ad_sets.items():
            campaign = self.campaigns.get(self.parents[set_id])
            on = ad_set.status == "active" and (campaign is None or campaign.status == "active")
            owner = ad_set if ad_set.budget is not None else campaign
            if set_id in with_ads and on and owner is not None and owner.budget is not None:
                planned[owner.id] = owner.budget.amount
        return planned

    def with_status(self, kind: Kind, object_id: str, status: AdStatus) -> AccountState:
        return self._with(replace(self.get(kind, object_id), status=status))

    def with_budget(self, kind: Kind, object_id: str, amount: Money) -> AccountState:
        return self._with(replace(self.get(kind, object_id), budget=amount))

    def worst_case(self, under_way: Iterable[Change]) -> AccountState:
        """With every open change that raises spend, and none that lowers it."""
        state = self
        for change in under_way:
            if change.object_id in state._of_kind(change.kind):
                state = state._with_open_change(change)
        return state

    def running(self) -> list[AccountObject]:
        # Pausing a campaign stops everything below it.
        return [campaign for campaign in self.campaigns.values() if campaign.status == "active"]

    def _with_open_change(self, change: Change) -> AccountState:
        target = self.get(change.kind, change.object_id)
        if change.what == "resume":
            return self.with_status(change.kind, change.object_id, "active")
        if change.what != "set_budget" or target.budget is None:
            return self
        amount = max(target.budget.amount, Decimal(change.becomes))
        return self.with_budget(change.kind, change.object_id, Money(amount, target.budget.currency))

    def _where_the_budget_is(self, target: AccountObject) -> str:
        if target.kind == "campaign":
            return "its ad sets have one each"
        above = self.get("campaign" if target.kind == "ad_set" else "ad_set", self.parents[target.id])
        if above.budget is None:
            return self._where_the_budget_is(above)
        return f"its {above.kind.replace('_', ' ')} “{above.name}” holds it, {amount_text(above.budget)} a day"

    def _of_kind(self, kind: Kind) -> Mapping[str, AccountObject]:
        return {"campaign": self.campaigns, "ad_set": self.ad_sets, "ad": self.ads, "creative": {}}[kind]

    def _with(self, target: AccountObject) -> AccountState:
        field = {"campaign": "campaigns", "ad_set": "ad_sets", "ad": "ads"}[target.kind]
        changed: AccountState = replace(self, **{field: {**getattr(self, field), target.id: target}})
        return changed


def raised(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> Decimal:
    """A cut of one owner does not offset a raise of another."""
    return sum((max(after[owner] - before.get(owner, NOTHING), NOTHING) for owner in after), NOTHING)


def highest(*days: Mapping[str, Decimal]) -> dict[str, Decimal]:
    owners = {owner for day in days for owner in day}
    return {owner: max(day.get(owner, NOTHING) for day in days) for owner in owners}


def _object(kind: Kind, each: Campaign | AdSet | Ad, budget: Money | None) -> AccountObject:
    return AccountObject(kind, each.id, each.name, each.status, budget)
