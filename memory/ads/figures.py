"""Cost and results of ads by account, campaign, ad set, ad, creative, angle, format or landing page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.ads.campaigns import MOVING_DAYS, Campaigns, KnownAd
from memory.storage.database import Database, Row
from memory.storage.timestamps import Clock

By = Literal["account", "campaign", "ad_set", "ad", "creative", "angle", "format", "landing_page"]
Segment = Literal["language", "country", "hour", "product", "returning"]
CHAT = "chat"  # in the place of a landing page, where the ad opens the chat
PERIODS = (1, 7, 30)
BUYER = "coalesce('c' || s.contact_id, s.buyer, 'n' || s.id)"


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of a report, in one currency. Ratios without a denominator are None.

    Orders count on the day they were placed, net of cancelled and returned ones.
    """

    key: str
    name: str
    currency: str
    since: date
    until: date
    spend: Money
    impressions: int
    clicks: int
    chats: int  # ours: people who wrote through the ad
    platform_chats: int | None  # the platform's count; None where it gave none
    leads: int
    orders: int
    revenue: Money
    margin: Money
    elsewhere: tuple[Money, ...]  # revenue in currencies that could not be converted; in no ratio
    moving: bool  # some of it may still be restated

    @property
    def profit(self) -> Money:
        return Money(self.margin.amount - self.spend.amount, self.currency)

    @property
    def roas(self) -> Decimal | None:
        """Revenue per unit of spend."""
        return self.revenue.amount / self.spend.amount if self.spend.amount else None

    @property
    def roi(self) -> Decimal | None:
        """Profit per unit of spend."""
        return self.profit.amount / self.spend.amount if self.spend.amount else None

    @property
    def ctr(self) -> float | None:
        """Clicks per impression, 0 to 1."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def cpc(self) -> Money | None:
        return self._each(self.clicks)

    @property
    def cost_per_chat(self) -> Money | None:
        # The platform's count where there is one: some referrals do not reach us.
        return self._each(self.chats if self.platform_chats is None else self.platform_chats)

    @property
    def chat_to_order(self) -> float | None:
        """Orders per chat, by our own count."""
        return self.orders / self.chats if self.chats else None

    def _each(self, count: int) -> Money | None:
        return Money(self.spend.amount / count, self.currency) if count else None


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """Results of one customer segment, “unknown” included. Hours are the account's."""

    value: str
    chats: int | None  # None where chats can't be told apart this way
    leads: int | None
    orders: int
    revenue: tuple[Money, ...]  # one sum for each currency


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Customers that an ad or angle acquired."""

    key: str
    buyers: int
    returned: int  # of these, how many bought more than once
    orders: int
    revenue: tuple[Money, ...]
    margin: tuple[Money, ...]

    @property
    def return_rate(self) -> float:
        """Share who bought again, 0 to 1."""
        return self.returned / self.buyers if self.buyers else 0.0


@dataclass(slots=True)
class Totals:
    """Amounts in minor units."""

    spend: int = 0
    impressions: int = 0
    clicks: int = 0
    platform_chats: int | None = None
    chats: int = 0
    leads: int = 0
    orders: int = 0
    moving: bool = False
    money: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, other: Totals) -> None:
        for name in ("spend", "impressions", "clicks", "chats", "leads", "orders"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.platform_chats is not None:
            self.platform_chats = (self.platform_chats or 0) + other.platform_chats
        self.moving |= other.moving
        for currency, (value, margin) in other.money.items():
            self.money[currency][0] += value
            self.money[currency][1] += margin


@dataclass(frozen=True, slots=True)
class _ReportScope:
    brand: str
    ads: Sequence[KnownAd]
    accounts: Mapping[str, AdAccount]
    ends: Mapping[str, date]


class AdFigures:
    """Sums never mix two currencies."""

    def __init__(self, db: Database, campaigns: Campaigns, clock: Clock) -> None:
        self._db = db
        self._campaigns = campaigns
        self._clock = clock

    def of(
        self,
        brand: str,
        by: By,
        days: int,
        *,
        account_id: str | None = None,
        until: date | None = None,
    ) -> list[Figures]:
        """Whole days up to yesterday or `until`; a line per key and currency, most spent first."""
        return self._figures_over(self._scope(brand, account_id, until), by, days)

    def periods(self, brand: str, by: By, *, account_id: str | None = None) -> dict[int, list[Figures]]:
        """By number of days."""
        scope = self._scope(brand, account_id, None)
        return {days: self._figures_over(scope, by, days) for days in PERIODS}

    def segments(
        self, brand: str, by: Segment, since: date, until: date, *, account_id: str | None = None
    ) -> list[SegmentFigures]:
        """Most orders first; both days included."""
        which = {"brand": brand, "account": account_id, "since": since.toordinal(), "until": until.toordinal()}
        chat_column, sale_column = _SEGMENTS[by]
        sales = self._db.all(_SEGMENT_SALES.format(column=sale_column), **which)
        chats = self._db.all(_SEGMENT_CHATS.format(column=chat_column), **which) if chat_column else None
        return _segments(by, chats, sales)

    def lifetime(self, brand: str, by: Literal["ad", "angle"]) -> list[Lifetime]:
        """Highest return rate first."""
        angles = {ad.ad_id: ad.angle for ad in self._campaigns.ads(brand)}
        place: Callable[[str], str] = (lambda ad: ad) if by == "ad" else (lambda ad: angles.get(ad, "unknown ad"))
        return _lifetimes(self._db.all(_BUYERS, brand=brand), self._db.all(_BOUGHT, brand=brand), place)

    def _scope(self, brand: str, account_id: str | None, until: date | None) -> _ReportScope:
        ends = {
            account: until or day - timedelta(days=1)
            for account, day in self._campaigns.today(brand).items()
            if account_id in (None, account)
        }
        accounts = {account.id: account for account in self._campaigns.accounts(brand)}
        return _ReportScope(brand, self._campaigns.ads(brand, account_id=account_id), accounts, ends)

    def _figures_over(self, scope: _ReportScope, by: By, days: int) -> list[Figures]:
        sums: dict[tuple[str, str, date], Totals] = defaultdict(Totals)
        names = {}
        for end in sorted(set(scope.ends.values())):
            found = self._by_ad(scope, end - timedelta(days=days - 1), end)
            for ad in scope.ads:
                if scope.ends[ad.account_id] == end and ad.ad_id in found:
                    account = scope.accounts[ad.account_id]
                    key, name = _report_line(ad, by, account.name)
                    names[key] = name
                    sums[key, account.currency, end].add(found[ad.ad_id])
        return _lines(sums, names, days)

    def _by_ad(self, scope: _ReportScope, since: date, until: date) -> dict[str, Totals]:
        now = self._clock()
        recent = int((now - timedelta(days=MOVING_DAYS)).timestamp() * 1_000_000)
        account = next(iter(scope.ends)) if len(scope.ends) == 1 else None
        which = {"brand": scope.brand, "account": account, "since": since.toordinal(), "until": until.toordinal()}
        sums: dict[str, Totals] = defaultdict(Totals)
        young = (now - timedelta(hours=12)).date().toordinal() - MOVING_DAYS  # no time zone is further behind
        for row in self._db.all(_TOLD, young=young, recent=recent, **which):
            _add_reported(sums[row["ad_id"]], row)
        for row in self._db.all(_CHATS, **which):
            sums[row["ad_id"]].chats += int(row["chats"])
            sums[row["ad_id"]].leads += int(row["leads"])
        for row in self._db.all(_SALES, **which):
            to = sums[row["ad_id"]]
            to.orders += row["n"]
            to.money[row["currency"]][0] += int(row["value"])
            to.money[row["currency"]][1] += int(row["margin"])
        return sums


_TOLD = """SELECT a.ad_id, sum(r.spend) AS spend, sum(r.impressions) AS impressions, sum(r.clicks) AS clicks,
    sum(r.chats) AS told,
    max(CASE WHEN r.day > :young OR (r.telling > 1 AND r.seen_at > :recent) THEN 1 ELSE 0 END) AS moving
    FROM ads a JOIN ad_readings r ON r.ad = a.id
    WHERE a.brand = :brand AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account) AND r.part = '' AND r.superseded_at IS NULL AND r.day BETWEEN :since AND :until
    GROUP BY a.ad_id"""
# By ad, not by day: an index led by the day would tempt PostgreSQL to read every ad's days once for each ad.
_CHATS = """SELECT a.ad_id, sum(k.chats) AS chats, sum(k.leads) AS leads
    FROM ads a CROSS JOIN ad_chats k WHERE k.brand = a.brand AND k.ad_id = a.ad_id
    AND a.brand = :brand AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)
    AND k.day BETWEEN :since AND :until GROUP BY a.ad_id"""
_SALES = """SELECT a.ad_id, s.currency, count(*) AS n, sum(s.value) AS value, sum(s.margin) AS margin
    FROM ads a CROSS JOIN ad_sales s WHERE s.brand = a.brand AND s.last_ad_id = a.ad_id
    AND a.brand = :brand AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)
    AND s.day BETWEEN :since AND :until AND s.state IN ('ordered', 'paid') GROUP BY a.ad_id, s.currency"""
_OF_ACCOUNT = """(CAST(:account AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM ads a WHERE a.brand = :brand
    AND a.account_id = :account AND a.ad_id = {ad}))"""
_SEGMENT_CHATS = (
    "SELECT {column} AS value, sum(chats) AS chats, sum(leads) AS leads FROM ad_chats k WHERE k.brand = :brand"
    f" AND k.day BETWEEN :since AND :until AND {_OF_ACCOUNT.replace('{ad}', 'k.ad_id')} GROUP BY {{column}}"
)
_SEGMENT_SALES = (
    "SELECT {column} AS value, currency, count(*) AS n, sum(s.value) AS revenue FROM ad_sales s WHERE s.brand = :brand"
    " AND s.day BETWEEN :since AND :until AND s.state IN ('ordered', 'paid')"
    f" AND {_OF_ACCOUNT.replace('{ad}', 's.last_ad_id')} GROUP BY {{column}}, currency"
)
_SEGMENTS: dict[str, tuple[str | None, str]] = {
    "language": ("k.language", "s.language"),
    "country": ("k.country", "s.country"),
    "hour": ("k.hour", "s.hour"),
    "returning": ("k.came_back", "s.came_back"),
    "product": (None, "s.sku"),
}
_BUYERS = f"""SELECT b.first_ad_id, count(*) AS buyers, sum(CASE WHEN b.orders > 1 THEN 1 ELSE 0 END) AS returned,
    sum(b.orders) AS orders FROM (
        SELECT s.first_ad_id, count(*) OVER (PARTITION BY {BUYER}) AS orders,
            row_number() OVER (PARTITION BY {BUYER} ORDER BY s.ordered_at, s.id) AS place
        FROM ad_sales s WHERE s.brand = :brand AND s.state IN ('ordered', 'paid')
    ) AS b WHERE b.place = 1 GROUP BY b.first_ad_id"""
_BOUGHT = f"""SELECT b.won_by AS first_ad_id, b.currency, sum(b.value) AS value, sum(b.margin) AS margin FROM (
        SELECT s.currency, s.value, s.margin,
            first_value(s.first_ad_id) OVER (PARTITION BY {BUYER} ORDER BY s.ordered_at, s.id) AS won_by
        FROM ad_sales s WHERE s.brand = :brand AND s.state IN ('ordered', 'paid')
    ) AS b GROUP BY b.won_by, b.currency"""


def landing_page(ad: KnownAd) -> str:
    return ad.landing_page or CHAT


def _report_line(ad: KnownAd, by: By, account_name: str) -> tuple[str, str]:
    places: dict[By, tuple[str | None, str]] = {
        "account": (ad.account_id, account_name),
        "campaign": (ad.campaign_id, ad.campaign_name),
        "ad_set": (ad.ad_set_id, ad.name),
        "ad": (ad.ad_id, ad.name),
        "creative": (ad.creative_id, ad.name),
        "angle": (ad.angle, ad.angle),
        "format": (ad.format, ad.format),
        "landing_page": (landing_page(ad), landing_page(ad)),
    }
    key, name = places[by]
    return key or "unknown", name or key or "unknown"


def _add_reported(to: Totals, row: Row) -> None:
    to.spend += int(row["spend"])
    to.impressions += int(row["impressions"])
    to.clicks += int(row["clicks"])
    to.platform_chats = None if row["told"] is None else int(row["told"])
    to.moving = bool(row["moving"])


def _lines(sums: Mapping[tuple[str, str, date], Totals], names: Mapping[str, str], days: int) -> list[Figures]:
    # Accounts whose yesterdays differ (time zones) share a line; it ends with the latest.
    merged: dict[tuple[str, str], tuple[Totals, date]] = {}
    for (key, currency, end), each in sums.items():
        total, latest = merged.get((key, currency), (Totals(), end))
        total.add(each)
        merged[key, currency] = (total, max(latest, end))
    lines = [
        figures_of(key, names[key], currency, end - timedelta(days=days - 1), end, total)
        for (key, currency), (total, end) in merged.items()
    ]
    return sorted(lines, key=lambda line: (-line.spend.amount, line.name, line.key))


def figures_of(key: str, name: str, currency: str, since: date, until: date, total: Totals) -> Figures:
    value, margin = total.money.get(currency, (0, 0))
    return Figures(
        key=key,
        name=name,
        currency=currency,
        since=since,
        until=until,
        spend=Money.from_minor(total.spend, currency),
        impressions=total.impressions,
        clicks=total.clicks,
        chats=total.chats,
        platform_chats=total.platform_chats,
        leads=total.leads,
        orders=total.orders,
        revenue=Money.from_minor(value, currency),
        margin=Money.from_minor(margin, currency),
        elsewhere=tuple(Money.from_minor(total.money[c][0], c) for c in sorted(total.money) if c != currency),
        moving=total.moving,
    )


def _segments(by: Segment, chats: Sequence[Row] | None, sales: Sequence[Row]) -> list[SegmentFigures]:
    seen: dict[str, tuple[int, int]] = {
        _segment_value(by, row["value"]): (int(row["chats"]), int(row["leads"])) for row in chats or ()
    }
    orders: dict[str, int] = defaultdict(int)
    revenue: dict[str, list[Money]] = defaultdict(list)
    for row in sorted(sales, key=lambda row: str(row["currency"])):
        value = _segment_value(by, row["value"])
        orders[value] += row["n"]
        revenue[value].append(Money.from_minor(int(row["revenue"]), row["currency"]))
    found = [
        SegmentFigures(
            value=value,
            chats=None if chats is None else seen.get(value, (0, 0))[0],
            leads=None if chats is None else seen.get(value, (0, 0))[1],
            orders=orders[value],
            revenue=tuple(revenue[value]),
        )
        for value in {*seen, *orders}
    ]
    return sorted(found, key=lambda each: (-each.orders, -(each.chats or 0), each.value))


def _segment_value(by: Segment, value: Any) -> str:
    if value is None:
        return "unknown"
    if by == "returning":
        return "returning" if value else "new"
    return f"{value:02d}" if by == "hour" else str(value)


def _lifetimes(buyers: Sequence[Row], bought: Sequence[Row], place: Callable[[str], str]) -> list[Lifetime]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    money: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in buyers:
        for position, name in enumerate(("buyers", "returned", "orders")):
            counts[place(row["first_ad_id"])][position] += int(row[name])
    for row in bought:
        sums = money[place(row["first_ad_id"])][row["currency"]]
        sums[0] += int(row["value"])
        sums[1] += int(row["margin"])
    found = [
        Lifetime(key, won, again, orders, _monies(money[key], 0), _monies(money[key], 1))
        for key, (won, again, orders) in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.return_rate, -each.buyers, each.key))


def _monies(sums: Mapping[str, Iterable[int]], which: int) -> tuple[Money, ...]:
    return tuple(Money.from_minor([*sums[currency]][which], currency) for currency in sorted(sums))
