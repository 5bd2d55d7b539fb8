"""Daily figures of campaigns, read once for reports over several periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

from memory.ads.ad_account import AdAccount
from memory.ads.campaigns import MOVING_DAYS, Campaigns
from memory.ads.figures import Figures, Totals, figures_of
from memory.storage.database import Database, Row
from memory.storage.timestamps import Clock

Grouping = Literal["all", "account", "campaign"]
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class CampaignDay:
    account_id: str
    campaign_id: str
    day: date
    sum: Totals


@dataclass(frozen=True, slots=True)
class Daily:
    """A brand's campaigns by day. Accounts of one currency share a line."""

    rows: Sequence[CampaignDay]
    accounts: Mapping[str, AdAccount]
    names: Mapping[str, str]  # of campaigns, by id
    ends: Mapping[str, date]  # the last whole day of each account

    def only(self, *, account_id: str | None = None, campaign_id: str | None = None) -> Daily:
        rows = [
            row for row in self.rows if account_id in (None, row.account_id) and campaign_id in (None, row.campaign_id)
        ]
        return replace(self, rows=rows)

    def last(self, days: int, by: Grouping = "all", *, back: int = 0) -> list[Figures]:
        """The last `days` whole days of each account, shifted `back` days; most spent first."""
        sums: dict[tuple[str, str], Totals] = defaultdict(Totals)
        ends: dict[tuple[str, str], date] = {}
        for row in self.rows:
            end = self.ends[row.account_id] - timedelta(days=back)
            if end - timedelta(days=days) < row.day <= end:
                key = {"all": "all", "account": row.account_id, "campaign": row.campaign_id}[by]
                place = (key, self.accounts[row.account_id].currency)
                sums[place].add(row.sum)
                ends[place] = max(ends.get(place, end), end)
        lines = [
            figures_of(key, self._name(key, by), currency, ends[key, currency] - timedelta(days=days - 1),
                       ends[key, currency], total)
            for (key, currency), total in sums.items()
        ]  # fmt: skip
        return sorted(lines, key=lambda line: (-line.spend.amount, line.name, line.key))

    def days(self) -> list[Figures]:
        """One line per day and currency, oldest first."""
        sums: dict[tuple[date, str], Totals] = defaultdict(Totals)
        for row in self.rows:
            if row.day <= self.ends[row.account_id]:
                sums[row.day, self.accounts[row.account_id].currency].add(row.sum)
        return [figures_of("all", "", currency, day, day, sums[day, currency]) for day, currency in sorted(sums)]

    def _name(self, key: str, by: Grouping) -> str:
        names: dict[Grouping, Callable[[], str]] = {
            "all": lambda: "",
            "account": lambda: self.accounts[key].name,
            "campaign": lambda: self.names.get(key, "") or key,
        }
        return names[by]()


def daily(
    db: Database,
    campaigns: Campaigns,
    clock: Clock,
    brand: str,
    days: int,
    *,
    account_id: str | None = None,
    apart: bool = True,
) -> Daily:
    """Whole days, up to each account's own yesterday.

    `apart=False` merges an account's campaigns into one, “unknown”, which is much faster.
    """
    today = campaigns.today(brand)
    accounts = {each.id: each for each in campaigns.accounts(brand) if account_id in (None, each.id)}
    ends = {account: day - timedelta(days=1) for account, day in today.items() if account in accounts}
    if not ends:
        return Daily((), accounts, {}, ends)
    now = clock()
    which = {
        "brand": brand,
        "account": account_id,
        "since": (min(ends.values()) - timedelta(days=days - 1)).toordinal(),
        "until": max(ends.values()).toordinal(),
    }
    told = {
        "young": (now - timedelta(hours=12)).date().toordinal() - MOVING_DAYS,  # no time zone is further behind
        "recent": int((now - timedelta(days=MOVING_DAYS)).timestamp() * 1_000_000),
    }
    place = _BY_CAMPAIGN if apart else _BY_ACCOUNT
    rows = _rows(
        db.all(_TOLD.format(**place), **which, **told),
        db.all(_CHATS.format(**place), **which),
        db.all(_SALES.format(**place), **which),
    )
    return Daily([row for row in rows if row.day > ends[row.account_id] - timedelta(days=days)],
                 accounts, _names(db, brand), ends)  # fmt: skip


_BY_CAMPAIGN = {
    "place": "a.account_id, coalesce(s.campaign_id, 'unknown') AS campaign_id",
    "ad_set": "LEFT JOIN ad_sets s ON s.brand = a.brand AND s.ad_set_id = a.ad_set_id",
    "group": "a.account_id, s.campaign_id",
}
_BY_ACCOUNT = {"place": "a.account_id, 'unknown' AS campaign_id", "ad_set": "", "group": "a.account_id"}
_OF_ACCOUNT = "(CAST(:account AS TEXT) IS NULL OR a.account_id = :account)"
_TOLD = f"""SELECT {{place}}, r.day, sum(r.spend) AS spend, sum(r.impressions) AS impressions, sum(r.clicks) AS clicks,
    sum(r.chats) AS told,
    max(CASE WHEN r.day > :young OR (r.telling > 1 AND r.seen_at > :recent) THEN 1 ELSE 0 END) AS moving
    FROM ads a {{ad_set}} JOIN ad_readings r ON r.ad = a.id
    WHERE a.brand = :brand AND {_OF_ACCOUNT} AND r.part = '' AND r.superseded_at IS NULL
    AND r.day BETWEEN :since AND :until GROUP BY {{group}}, r.day"""
_CHATS = f"""SELECT {{place}}, k.day, sum(k.chats) AS chats, sum(k.leads) AS leads
    FROM (SELECT brand, ad_id, day, sum(chats) AS chats, sum(leads) AS leads FROM ad_chats
        WHERE brand = :brand AND day BETWEEN :since AND :until GROUP BY brand, ad_id, day) k
    JOIN ads a ON a.brand = k.brand AND a.ad_id = k.ad_id {{ad_set}}
    WHERE {_OF_ACCOUNT} GROUP BY {{group}}, k.day"""
_SALES = f"""SELECT {{place}}, o.day, o.currency, sum(o.n) AS n, sum(o.value) AS value, sum(o.margin) AS margin
    FROM (SELECT brand, last_ad_id, day, currency, count(*) AS n, sum(value) AS value, sum(margin) AS margin
        FROM ad_sales WHERE brand = :brand AND day BETWEEN :since AND :until AND state IN ('ordered', 'paid')
        GROUP BY brand, last_ad_id, day, currency) o
    JOIN ads a ON a.brand = o.brand AND a.ad_id = o.last_ad_id {{ad_set}}
    WHERE {_OF_ACCOUNT} GROUP BY {{group}}, o.day, o.currency"""


def _rows(told: Sequence[Row], chats: Sequence[Row], sales: Sequence[Row]) -> list[CampaignDay]:
    sums: dict[tuple[str, str, int], Totals] = defaultdict(Totals)
    for row in told:
        sums[_day_key(row)].add(
            Totals(
                spend=int(row["spend"]),
                impressions=int(row["impressions"]),
                clicks=int(row["clicks"]),
                platform_chats=None if row["told"] is None else int(row["told"]),
                moving=bool(row["moving"]),
            )
        )
    for row in chats:
        sums[_day_key(row)].add(Totals(chats=int(row["chats"]), leads=int(row["leads"])))
    for row in sales:
        total = sums[_day_key(row)]
        total.orders += int(row["n"])
        total.money[row["currency"]][0] += int(row["value"])
        total.money[row["currency"]][1] += int(row["margin"])
    return [CampaignDay(account, campaign, date.fromordinal(day), total)
            for (account, campaign, day), total in sums.items()]  # fmt: skip


def _day_key(row: Row) -> tuple[str, str, int]:
    return row["account_id"], row["campaign_id"], row["day"]


def _names(db: Database, brand: str) -> dict[str, str]:
    rows = db.all("SELECT campaign_id, name FROM ad_campaigns WHERE brand = :brand", brand=brand)
    return {row["campaign_id"]: row["name"] for row in rows}
