"""Ad account snapshots, and every insight row, including restated ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from memory.ads.ad_account import Ad, AdAccount, AdInsight, AdSet, Campaign, Creative, Learning, Structure
from memory.storage import bulk_insert
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault, NotStorable
from memory.storage.table import (
    DAY_NUMBER,
    FLAG,
    INTEGER,
    JSON,
    MICROSECONDS,
    REUSED_ROW_ID,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    ColumnType,
    Index,
    Source,
    Table,
    computed,
    from_microseconds,
    minor_money,
    to_microseconds,
)
from memory.storage.timestamps import Clock, from_text, to_text

UNLABELLED = "unlabelled"
MOVING_DAYS = 3
FIGURES = ("spend", "impressions", "clicks", "chats", "reach", "purchases", "purchase_value")


class UnknownAdAccount(MemoryFault):
    """Unknown to this brand, or not read yet."""


class UnknownAd(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class KnownAd:
    """Unknown fields are empty or None."""

    key: int  # our row id
    account_id: str
    ad_id: str
    name: str
    status: str
    effective_status: str
    ad_set_id: str | None
    campaign_id: str | None
    campaign_name: str
    creative_id: str | None
    format: str  # of the creative: image, video, carousel, unknown
    angle: str
    landing_page: str | None  # None: the ad opens the chat
    brief: Mapping[str, Any]
    gone: bool  # no longer in the account


@dataclass(frozen=True, slots=True)
class KnownCampaign:
    id: str
    name: str
    account_id: str
    account_name: str
    effective_status: str
    gone: bool  # no longer in the account


@dataclass(frozen=True, slots=True)
class Days:
    """Columns of equal length, ordered by ad and day.

    Money is in ISO minor units of the account's currency. None: not reported.
    """

    account_id: list[str]
    ad_id: list[str]
    currency: list[str]
    day: list[date]
    spend: list[int]
    impressions: list[int]
    clicks: list[int]
    chats: list[int | None]
    reach: list[int | None]
    purchases: list[int | None]
    purchase_value: list[int | None]
    seen_at: list[datetime]
    moving: list[bool]  # the platform may still restate this day

    def __len__(self) -> int:
        return len(self.day)


def _learning_text(learning: Learning) -> str:
    since = None if learning.since is None else to_text(learning.since)
    return json.dumps(asdict(learning) | {"since": since})


def _learning(text: str) -> Learning:
    told = json.loads(text)
    return Learning(**told | {"since": from_text(told["since"]) if told["since"] else None})


def _breakdown(part: str) -> tuple[str, str] | None:
    kind, _, value = part.partition("=")
    return (kind, value) if kind else None


def _part(breakdown: tuple[str, str] | None) -> str:
    return "" if breakdown is None else f"{breakdown[0]}={breakdown[1]}"


AD_ACCOUNTS = Table(
    "ad_accounts",
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("name", TEXT),
    Column("currency", TEXT),
    Column("time_zone", TEXT),
    Column("status", TEXT),
    Column("min_daily_budget", INTEGER),
    Column("practice", FLAG),
    Column("seen_at", TIMESTAMP),
    key="brand, account_id",
)
AD_CAMPAIGNS = Table(
    "ad_campaigns",
    Column("brand", TEXT),
    Column("campaign_id", TEXT),
    Column("account_id", TEXT),
    Column("name", TEXT),
    Column("objective", TEXT),
    Column("status", TEXT),
    Column("effective_status", TEXT),
    Column("daily_budget", INTEGER, null=True),
    Column("created_at", TIMESTAMP),
    Column("seen_at", TIMESTAMP),
    Column("gone_at", TIMESTAMP, null=True),
    key="brand, campaign_id",
)
AD_SETS = Table(
    "ad_sets",
    Column("brand", TEXT),
    Column("ad_set_id", TEXT),
    Column("account_id", TEXT),
    Column("campaign_id", TEXT),
    Column("name", TEXT),
    Column("status", TEXT),
    Column("effective_status", TEXT),
    Column("daily_budget", INTEGER, null=True),
    Column("targeting", JSON),
    Column("learning", ColumnType("TEXT", _learning, _learning_text), null=True),
    Column("seen_at", TIMESTAMP),
    Column("gone_at", TIMESTAMP, null=True),
    key="brand, ad_set_id",
)
AD_CREATIVES = Table(
    "ad_creatives",
    Column("brand", TEXT),
    Column("creative_id", TEXT),
    Column("account_id", TEXT),
    Column("name", TEXT),
    Column("body", TEXT),
    Column("headline", TEXT),
    Column("format", TEXT),
    Column("landing_page", TEXT, null=True),
    Column("story_id", TEXT, null=True),
    Column("seen_at", TIMESTAMP),
    Column("gone_at", TIMESTAMP, null=True),
    key="brand, creative_id",
)
# An ad that only readings told of (archived before we looked) has no ad set, creative or name.
ADS = Table(
    "ads",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("ad_id", TEXT),
    Column("ad_set_id", TEXT, null=True),
    Column("creative_id", TEXT, null=True),
    Column("name", TEXT),
    Column("status", TEXT),
    Column("effective_status", TEXT),
    Column("angle", TEXT),
    Column("angle_given", TEXT, null=True),
    Column("landing_page_given", TEXT, null=True),
    Column("brief", JSON, default="'{}'"),
    Column("seen_at", TIMESTAMP),
    Column("gone_at", TIMESTAMP, null=True),
    unique=["brand, ad_id"],
    indexes=[Index("ads_by_account", "brand, account_id, id")],
)
# Small numbers: there are tens of thousands of rows. A row held from `seen_at` until `superseded_at`; money is in ISO
# minor units of the account's currency.
AD_READINGS = Table(
    "ad_readings",
    Column("id", REUSED_ROW_ID),
    Column("ad", INTEGER, references="ads (id)"),
    Column("day", DAY_NUMBER),
    Column("part", TEXT),  # "" for the whole ad, else a breakdown such as country=IN
    Column("seen_at", MICROSECONDS),
    Column("superseded_at", MICROSECONDS, null=True),
    Column("telling", INTEGER),
    Column("spend", INTEGER),
    Column("impressions", INTEGER),
    Column("clicks", INTEGER),
    Column("chats", INTEGER, null=True),
    Column("reach", INTEGER, null=True),
    Column("purchases", INTEGER, null=True),
    Column("purchase_value", INTEGER, null=True),
    indexes=[
        Index("ad_readings_latest", "ad, part, day", unique=True, where="superseded_at IS NULL"),
        Index("ad_readings_by_day", "ad, day"),
    ],
)

# `n` is the account, which has the currency.
ACCOUNT = AD_ACCOUNTS.rows(AdAccount, id="account_id", min_daily_budget=minor_money("min_daily_budget", "currency"))
_BUDGET = minor_money("daily_budget", "n.currency", null=True)
CAMPAIGN = AD_CAMPAIGNS.rows(Campaign, "t", id="campaign_id", daily_budget=_BUDGET)
AD_SET = AD_SETS.rows(AdSet, "t", id="ad_set_id", daily_budget=_BUDGET)
CREATIVE = AD_CREATIVES.rows(Creative, "t", id="creative_id", image_hash=None)
AD = ADS.rows(Ad, "t", id="ad_id")
KNOWN_AD = ADS.rows(
    KnownAd,
    "a",
    key="id",
    campaign_id="s.campaign_id",
    campaign_name=computed("coalesce(p.name, '')"),
    format=computed("coalesce(c.format, 'unknown')"),
    landing_page=computed("coalesce(a.landing_page_given, c.landing_page)"),
    gone=computed("a.gone_at IS NOT NULL", FLAG),
)
KNOWN_CAMPAIGN = AD_CAMPAIGNS.rows(
    KnownCampaign,
    "p",
    id="campaign_id",
    account_name="n.name",
    gone=computed("p.gone_at IS NOT NULL", FLAG),
)
INSIGHT = AD_READINGS.rows(
    AdInsight,
    "r",
    account_id="a.account_id",
    ad_id="a.ad_id",
    spend=minor_money("spend", "n.currency"),
    purchase_value=minor_money("purchase_value", "n.currency", null=True),
    breakdown=Source(("part",), _breakdown, _part),
)


class Campaigns:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def store_structure(self, structure: Structure) -> None:
        """Upsert a snapshot; missing objects are marked gone and keep their insights. A stale snapshot is ignored."""
        brand, account, at = structure.account.brand, structure.account.id, to_text(structure.seen_at)
        with self._db.transaction():
            self._db.hold(f"ad account {brand} {account}")
            if at < (self._last_seen_at(brand, account) or ""):
                return
            self._upsert(AD_ACCOUNTS, "account_id", [ACCOUNT.values(structure.account) | {"seen_at": at}])
            seen = {"brand": brand, "seen_at": at}
            present = {"gone_at": "NULL"}
            campaigns = [CAMPAIGN.values(each) | seen for each in structure.campaigns]
            self._upsert(AD_CAMPAIGNS, "campaign_id", campaigns, **present)
            self._upsert(AD_SETS, "ad_set_id", [AD_SET.values(each) | seen for each in structure.ad_sets], **present)
            creatives = [CREATIVE.values(each) | seen for each in structure.creatives]
            self._upsert(AD_CREATIVES, "creative_id", creatives, **present)
            ads = [AD.values(each) | seen | {"angle": angle_of(each.name)} for each in structure.ads]
            self._upsert(ADS, "ad_id", ads, angle="coalesce(ads.angle_given, excluded.angle)", **present)
            self._mark_gone(brand, account, at)

    def label(
        self,
        brand: str,
        ad_id: str,
        *,
        angle: str | None = None,
        landing_page: str | None = None,
        brief: Mapping[str, Any] | None = None,
    ) -> None:
        """Override angle, landing page or brief of an ad; None leaves them. Raises UnknownAd."""
        changed = self._db.run(
            "UPDATE ads SET angle_given = coalesce(:angle, angle_given), angle = coalesce(:angle, angle),"
            " landing_page_given = coalesce(:page, landing_page_given), brief = coalesce(:brief, brief)"
            " WHERE brand = :brand AND ad_id = :ad",
            brand=brand,
            ad=ad_id,
            angle=None if angle is None else _plain_angle(angle),
            page=landing_page,
            brief=None if brief is None else json.dumps(dict(brief)),
        )
        if not changed:
            raise UnknownAd(f"{brand} has no ad {ad_id}: read the account's structure first")

    def accounts(self, brand: str) -> list[AdAccount]:
        """By name."""
        return ACCOUNT.all(
            self._db,
            f"SELECT {ACCOUNT.columns} FROM ad_accounts WHERE brand = :brand ORDER BY name, account_id",
            brand=brand,
        )

    def account(self, brand: str, account_id: str) -> AdAccount:
        """Raises UnknownAdAccount."""
        found = [each for each in self.accounts(brand) if each.id == account_id]
        if not found:
            raise UnknownAdAccount(f"{brand} has no ad account {account_id}, or it was not read yet")
        return found[0]

    def structure(self, brand: str, account_id: str) -> Structure:
        """Raises UnknownAdAccount."""
        account = self.account(brand, account_id)
        which = {"brand": brand, "account": account_id}
        of_account = "JOIN ad_accounts n ON n.brand = t.brand AND n.account_id = t.account_id"
        held = "WHERE t.brand = :brand AND t.account_id = :account AND t.gone_at IS NULL ORDER BY"
        campaigns = f"SELECT {CAMPAIGN.columns} FROM ad_campaigns t {of_account} {held} t.campaign_id"
        ad_sets = f"SELECT {AD_SET.columns} FROM ad_sets t {of_account} {held} t.ad_set_id"
        creatives = f"SELECT {CREATIVE.columns} FROM ad_creatives t {held} t.creative_id"
        ads = f"SELECT {AD.columns} FROM ads t {held} t.ad_id"
        return Structure(
            account=account,
            campaigns=tuple(CAMPAIGN.all(self._db, campaigns, **which)),
            ad_sets=tuple(AD_SET.all(self._db, ad_sets, **which)),
            creatives=tuple(CREATIVE.all(self._db, creatives, **which)),
            ads=tuple(AD.all(self._db, ads, **which)),
            seen_at=from_text(self._last_seen_at(brand, account_id) or ""),
        )

    def ads(self, brand: str, *, account_id: str | None = None) -> list[KnownAd]:
        """By account and id, gone ones included."""
        return KNOWN_AD.all(self._db, f"{_KNOWN_ADS} ORDER BY a.account_id, a.ad_id", brand=brand, account=account_id)

    def campaigns(self, brand: str) -> list[KnownCampaign]:
        """By account and name, gone ones included."""
        return KNOWN_CAMPAIGN.all(
            self._db,
            f"SELECT {KNOWN_CAMPAIGN.columns} FROM ad_campaigns p"
            " JOIN ad_accounts n ON n.brand = p.brand AND n.account_id = p.account_id"
            " WHERE p.brand = :brand ORDER BY n.name, p.name, p.campaign_id",
            brand=brand,
        )

    def store_readings(self, brand: str, readings: Iterable[AdInsight]) -> int:
        """Returns the number of new or restated insights.

        Raises UnknownAdAccount; NotStorable for a foreign currency or a negative number.
        """
        told = sorted(readings, key=lambda reading: reading.seen_at)
        currencies = {account.id: account.currency for account in self.accounts(brand)}
        for reading in told:
            _check_storable(reading, currencies)
        with self._db.transaction():
            self._db.hold(f"ad readings {brand}")
            keys = self._row_ids(brand, told)
            known = self._latest(brand, set(keys.values()), told)
            fresh = _new_insights(told, keys, known)
            self._supersede(fresh)
            rows = [news.values | {"superseded_at": news.superseded_at} for news in fresh]
            bulk_insert.insert(self._db, AD_READINGS, rows)
        return len(fresh)

    def readings(
        self,
        brand: str,
        since: date,
        until: date,
        *,
        account_id: str | None = None,
        ad_id: str | None = None,
        as_of: datetime | None = None,
        breakdown: str | None = None,
    ) -> list[AdInsight]:
        """Latest per ad and day, both days included; `as_of`: as known at that time."""
        held, values = _as_of_filter(as_of)
        part = "r.part = ''" if breakdown is None else "r.part >= :part AND r.part < :part_end"
        which = "(CAST(:account AS TEXT) IS NULL OR a.account_id = :account) AND (CAST(:ad AS TEXT) IS NULL OR a.ad_id = :ad)"
        values |= {} if breakdown is None else {"part": f"{breakdown}=", "part_end": f"{breakdown}>"}
        return INSIGHT.all(
            self._db,
            f"{_READINGS} WHERE a.brand = :brand AND {which} AND r.day BETWEEN :since AND :until AND {part} AND {held}"
            " ORDER BY r.ad, r.day, r.part",
            brand=brand,
            account=account_id,
            ad=ad_id,
            since=since.toordinal(),
            until=until.toordinal(),
            **values,
        )

    def insight_history(self, brand: str, ad_id: str, day: date) -> list[AdInsight]:
        """Oldest first, without breakdowns."""
        return INSIGHT.all(
            self._db,
            f"{_READINGS} WHERE a.brand = :brand AND a.ad_id = :ad AND r.day = :day AND r.part = '' ORDER BY r.id",
            brand=brand,
            ad=ad_id,
            day=day.toordinal(),
        )

    def days(
        self,
        brand: str,
        since: date,
        until: date,
        *,
        account_id: str | None = None,
        as_of: datetime | None = None,
    ) -> Days:
        """`readings` as columns, without breakdowns."""
        ads = {ad.key: ad for ad in self._ad_keys(brand, account_id)}
        rows = self._insight_rows(brand, since, until, account_id, as_of)
        today = {account: day.toordinal() for account, day in self.today(brand).items()}
        recent = to_microseconds((as_of or self._clock()) - timedelta(days=MOVING_DAYS))
        # Few distinct days, and few distinct timestamps: insights come in batches.
        dates = {number: date.fromordinal(number) for number in {row["day"] for row in rows}}
        moments = {micros: from_microseconds(micros) for micros in {row["seen_at"] for row in rows}}
        return Days(
            account_id=[ads[row["ad"]].account_id for row in rows],
            ad_id=[ads[row["ad"]].ad_id for row in rows],
            currency=[ads[row["ad"]].currency for row in rows],
            day=[dates[row["day"]] for row in rows],
            **{name: [row[name] for row in rows] for name in FIGURES},
            seen_at=[moments[row["seen_at"]] for row in rows],
            moving=[_may_be_restated(row, today[ads[row["ad"]].account_id], recent) for row in rows],
        )

    def today(self, brand: str) -> dict[str, date]:
        """In each account's calendar."""
        now = self._clock()
        zones = self._db.all("SELECT account_id, time_zone FROM ad_accounts WHERE brand = :brand", brand=brand)
        return {row["account_id"]: now.astimezone(ZoneInfo(row["time_zone"])).date() for row in zones}

    def _insight_rows(
        self, brand: str, since: date, until: date, account_id: str | None, as_of: datetime | None
    ) -> list[Row]:
        # Numbers only: texts would double the time for tens of thousands of rows.
        held, values = _as_of_filter(as_of)
        return self._db.all(
            f"SELECT r.ad, r.day, r.telling, r.seen_at, {', '.join(f'r.{name}' for name in FIGURES)}"
            " FROM ads a JOIN ad_readings r ON r.ad = a.id WHERE a.brand = :brand"
            f" AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account) AND r.part = ''"
            f" AND r.day BETWEEN :since AND :until AND {held} ORDER BY r.ad, r.day",
            brand=brand,
            account=account_id,
            since=since.toordinal(),
            until=until.toordinal(),
            **values,
        )

    def _ad_keys(self, brand: str, account_id: str | None) -> list[_AdKey]:
        rows = self._db.all(
            "SELECT a.id AS key, a.ad_id, a.account_id, n.currency FROM ads a JOIN ad_accounts n"
            " ON n.brand = a.brand AND n.account_id = a.account_id WHERE a.brand = :brand"
            " AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)",
            brand=brand,
            account=account_id,
        )
        return [_AdKey(**row) for row in rows]

    def _last_seen_at(self, brand: str, account_id: str) -> str | None:
        seen: str | None = self._db.value(
            "SELECT seen_at FROM ad_accounts WHERE brand = :brand AND account_id = :account",
            brand=brand,
            account=account_id,
        )
        return seen

    def _upsert(self, table: Table, key: str, rows: Sequence[Mapping[str, Any]], **assigned: str) -> None:
        # A page fetched twice repeats rows, which PostgreSQL refuses in one statement.
        once = {row[key]: row for row in rows}
        if once:
            end = table.update_on_conflict(next(iter(once.values())), f"brand, {key}", **assigned)
            bulk_insert.insert(self._db, table, list(once.values()), end)

    def _mark_gone(self, brand: str, account_id: str, at: str) -> None:
        for table in (AD_CAMPAIGNS, AD_SETS, AD_CREATIVES, ADS):
            self._db.run(
                f"UPDATE {table.name} SET gone_at = :at WHERE brand = :brand AND account_id = :account"
                " AND seen_at < :at AND gone_at IS NULL",
                brand=brand,
                account=account_id,
                at=at,
            )

    def _row_ids(self, brand: str, told: Sequence[AdInsight]) -> dict[str, int]:
        wanted = {reading.ad_id: reading.account_id for reading in told}
        now = self._clock()
        found = self._ad_numbers(brand)
        unseen = [
            ADS.stored(
                brand=brand, account_id=account, ad_id=ad, name="", status="unknown", effective_status="unknown",
                angle=UNLABELLED, seen_at=now,
            )
            for ad, account in wanted.items()
            if ad not in found
        ]  # fmt: skip
        if unseen:
            bulk_insert.insert(self._db, ADS, unseen, "ON CONFLICT (brand, ad_id) DO NOTHING")
            found = self._ad_numbers(brand)
        return {ad: found[ad] for ad in wanted}

    def _ad_numbers(self, brand: str) -> dict[str, int]:
        rows = self._db.all("SELECT id, ad_id FROM ads WHERE brand = :brand", brand=brand)
        return {row["ad_id"]: row["id"] for row in rows}

    def _latest(self, brand: str, keys: set[int], told: Sequence[AdInsight]) -> dict[_InsightKey, Row]:
        if not told:
            return {}
        days = [reading.day.toordinal() for reading in told]
        accounts = {reading.account_id for reading in told}
        rows = self._db.all(
            "SELECT r.* FROM ads a JOIN ad_readings r ON r.ad = a.id WHERE a.brand = :brand"
            " AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)"
            " AND r.day BETWEEN :since AND :until AND r.superseded_at IS NULL",
            brand=brand,
            account=next(iter(accounts)) if len(accounts) == 1 else None,
            since=min(days),
            until=max(days),
        )
        return {(row["ad"], row["part"], row["day"]): row for row in rows if row["ad"] in keys}

    def _supersede(self, fresh: Sequence[_NewInsight]) -> None:
        replaced: dict[int, list[int]] = {}
        for news in fresh:
            if news.replaces is not None:
                replaced.setdefault(news.values["seen_at"], []).append(news.replaces)
        for at, ids in replaced.items():
            bulk_insert.update(self._db, "UPDATE ad_readings SET superseded_at = :at WHERE id IN", ids, at=at)


_InsightKey = tuple[int, str, int]  # ad, part, day


@dataclass(frozen=True, slots=True)
class _AdKey:
    key: int
    ad_id: str
    account_id: str
    currency: str


@dataclass(slots=True)
class _NewInsight:
    values: dict[str, Any]
    replaces: int | None  # id of the row that it supersedes
    superseded_at: int | None = None  # by a later one of the same batch


_KNOWN_ADS = f"""SELECT {KNOWN_AD.columns} FROM ads a
    LEFT JOIN ad_sets s ON s.brand = a.brand AND s.ad_set_id = a.ad_set_id
    LEFT JOIN ad_campaigns p ON p.brand = a.brand AND p.campaign_id = s.campaign_id
    LEFT JOIN ad_creatives c ON c.brand = a.brand AND c.creative_id = a.creative_id
    WHERE a.brand = :brand AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)"""

_READINGS = f"""SELECT {INSIGHT.columns} FROM ads a
    JOIN ad_accounts n ON n.brand = a.brand AND n.account_id = a.account_id
    JOIN ad_readings r ON r.ad = a.id"""


def angle_of(name: str) -> str:
    """Second part of a name such as `Summer · security · video`, else “unlabelled”."""
    # A token close behind its dot (` ·k7q2`) is not part of the name.
    parts = [part.strip() for part in name.split(" · ")]
    if len(parts) < 2:
        return UNLABELLED
    return _plain_angle(parts[1].partition(" ·")[0]) or UNLABELLED


def _plain_angle(angle: str) -> str:
    return " ".join(angle.split()).casefold()


def _new_insights(
    told: Sequence[AdInsight], keys: Mapping[str, int], known: Mapping[_InsightKey, Row]
) -> list[_NewInsight]:
    latest: dict[_InsightKey, _NewInsight | Row] = dict(known)
    fresh: list[_NewInsight] = []
    for reading in told:
        values = INSIGHT.values(reading) | {"ad": keys[reading.ad_id]}
        place = (values["ad"], values["part"], values["day"])
        before = latest.get(place)
        known_values = before.values if isinstance(before, _NewInsight) else before
        if known_values is None:
            news = _NewInsight(values | {"telling": 1}, None)
        elif values["seen_at"] < known_values["seen_at"]:
            continue  # stale: an answer that was delayed
        elif all(values[name] == known_values[name] for name in FIGURES):
            continue
        else:
            replaces = None if isinstance(before, _NewInsight) else known_values["id"]
            news = _NewInsight(values | {"telling": known_values["telling"] + 1}, replaces)
            if isinstance(before, _NewInsight):
                before.superseded_at = values["seen_at"]
        latest[place] = news
        fresh.append(news)
    return fresh


def _check_storable(reading: AdInsight, currencies: Mapping[str, str]) -> None:
    currency = currencies.get(reading.account_id)
    if currency is None:
        raise UnknownAdAccount(f"ad account {reading.account_id} was not seen yet: take its structure first")
    monies = [money for money in (reading.spend, reading.purchase_value) if money is not None]
    if any(money.currency != currency for money in monies):
        raise NotStorable(
            f"ad {reading.ad_id} on {reading.day}: told in {monies[-1].currency}, the account is in {currency}"
        )
    counts = (reading.impressions, reading.clicks, reading.chats, reading.reach, reading.purchases)
    if any(number is not None and number < 0 for number in (*counts, *(money.minor for money in monies))):
        raise NotStorable(f"ad {reading.ad_id} on {reading.day}: a count or amount below zero cannot be")


def _may_be_restated(row: Row, today: int, recent: int) -> bool:
    restated = row["telling"] > 1 and row["seen_at"] > recent
    return bool(today - row["day"] < MOVING_DAYS or restated)


def _as_of_filter(as_of: datetime | None) -> tuple[str, dict[str, Any]]:
    if as_of is None:
        return "r.superseded_at IS NULL", {}
    held = "r.seen_at <= :moment AND (r.superseded_at IS NULL OR r.superseded_at > :moment)"
    return held, {"moment": to_microseconds(as_of)}
