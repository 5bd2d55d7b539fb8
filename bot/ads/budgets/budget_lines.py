"""Owners of a daily budget, with the history of their ads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from bot.ads.budgets.ad_history import AdDay, AdHistory, AdOrders, AdState
from bot.language.money import Money
from memory.ads.ad_account import Kind, Structure
from memory.ads.attribution import AdSeries, Attribution
from memory.ads.campaigns import Campaigns, Days, KnownAd

LOOK_BACK: Final = timedelta(days=60)
UNLABELLED: Final = "unlabelled"


@dataclass(frozen=True, slots=True)
class BudgetLine:
    kind: Kind  # ad_set, or campaign where the budget is the campaign's
    id: str
    name: str
    budget: Money
    ad_ids: tuple[str, ...]
    ad: AdHistory  # all its ads together; named by the id, since names may repeat

    @property
    def runs(self) -> bool:
        return self.ad.runs


def budget_lines(
    campaigns: Campaigns, attribution: Attribution, brand: str, account_id: str, today: date
) -> list[BudgetLine]:
    """Sorted by id."""
    structure = campaigns.structure(brand, account_id)
    since, yesterday = today - LOOK_BACK, today - timedelta(days=1)
    read = _by_ad(campaigns.days(brand, since, yesterday, account_id=account_id))
    sold = attribution.series(brand, account_id, since, yesterday)
    known = {ad.ad_id: ad for ad in campaigns.ads(brand, account_id=account_id)}
    return [
        _line(structure, kind, owner_id, ad_ids, read, sold, known, today)
        for (kind, owner_id), ad_ids in sorted(_ads_by_owner(structure).items())
    ]


@dataclass(frozen=True, slots=True)
class _AdDayInsight:
    day: date
    spend: Decimal
    impressions: int
    clicks: int
    chats: int | None


def _by_ad(days: Days) -> dict[str, list[_AdDayInsight]]:
    by_ad: defaultdict[str, list[_AdDayInsight]] = defaultdict(list)
    columns = zip(
        days.ad_id, days.day, days.currency, days.spend, days.impressions, days.clicks, days.chats, strict=True
    )
    for ad_id, day, currency, spend, impressions, clicks, chats in columns:
        amount = Money.from_minor(spend, currency).amount
        by_ad[ad_id].append(_AdDayInsight(day, amount, impressions, clicks, chats))
    return by_ad


def _ads_by_owner(structure: Structure) -> dict[tuple[Kind, str], list[str]]:
    ad_sets = {each.id: each for each in structure.ad_sets}
    holders: dict[tuple[Kind, str], list[str]] = {}
    for ad in structure.ads:
        ad_set = ad_sets.get(ad.ad_set_id)
        if ad_set is not None:
            own = ad_set.daily_budget is not None
            owner_id: tuple[Kind, str] = ("ad_set", ad_set.id) if own else ("campaign", ad_set.campaign_id)
            holders.setdefault(owner_id, []).append(ad.id)
    return holders


def _line(
    structure: Structure,
    kind: Kind,
    owner_id: str,
    ad_ids: Sequence[str],
    read: Mapping[str, list[_AdDayInsight]],
    sold: Mapping[str, AdSeries],
    known: Mapping[str, KnownAd],
    today: date,
) -> BudgetLine:
    owners = structure.campaigns if kind == "campaign" else structure.ad_sets
    owner = next(each for each in owners if each.id == owner_id)
    budget = owner.daily_budget or Money(Decimal(0), structure.account.currency)
    days = _days(ad_ids, read, sold)
    angle = _angle(ad_ids, read, known)
    state = _state(structure, kind, owner_id, ad_ids, days)
    orders = tuple(
        AdOrders(cohort.chat_day, cohort.age, cohort.margin, cohort.count)
        for ad_id in ad_ids
        for cohort in (sold[ad_id].orders if ad_id in sold else ())
        if cohort.age >= 0 and cohort.chat_day + timedelta(days=cohort.age) < today
    )
    ad = AdHistory(name=owner_id, angle=angle, budget=budget.amount, state=state, days=days, orders=_merged(orders))
    return BudgetLine(kind, owner_id, owner.name, budget, tuple(ad_ids), ad)


def _days(
    ad_ids: Sequence[str], read: Mapping[str, list[_AdDayInsight]], sold: Mapping[str, AdSeries]
) -> tuple[AdDay, ...]:
    sums: dict[date, AdDay] = {}
    for ad_id in ad_ids:
        ours = sold[ad_id].chats if ad_id in sold else {}
        for insight in read.get(ad_id, ()):
            # Where the platform reports no chats, our own count.
            chats = insight.chats if insight.chats is not None else ours.get(insight.day, 0)
            before = sums.get(insight.day, AdDay(insight.day, Decimal(0)))
            sums[insight.day] = AdDay(
                insight.day,
                before.spend + insight.spend,
                before.impressions + insight.impressions,
                before.clicks + insight.clicks,
                before.chats + chats,
            )
    return tuple(sums[day] for day in sorted(sums))


def _merged(orders: Iterable[AdOrders]) -> tuple[AdOrders, ...]:
    sums: dict[tuple[date, int], AdOrders] = {}
    for each in orders:
        key = (each.chat_day, each.age)
        before = sums.get(key)
        sums[key] = each if before is None else AdOrders(*key, before.margin + each.margin, before.count + each.count)
    return tuple(sums[key] for key in sorted(sums))


def _angle(ad_ids: Sequence[str], read: Mapping[str, list[_AdDayInsight]], known: Mapping[str, KnownAd]) -> str:
    spent = {ad_id: sum((insight.spend for insight in read.get(ad_id, ())), Decimal(0)) for ad_id in ad_ids}
    main = max(ad_ids, key=lambda ad_id: (spent[ad_id], ad_id))
    return known[main].angle if main in known else UNLABELLED


def _state(structure: Structure, kind: Kind, owner_id: str, ad_ids: Sequence[str], days: Sequence[AdDay]) -> AdState:
    if not any(ad.id in ad_ids and ad.effective_status == "active" for ad in structure.ads):
        return "paused"
    if not any(day.spend for day in days):
        return "new"
    held = [each for each in structure.ad_sets if owner_id in (each.id, each.campaign_id)]
    learning = any(each.learning is not None and each.learning.status == "learning" for each in held)
    return "learning" if learning else "active"
