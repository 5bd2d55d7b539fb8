"""Ad accounts as last seen, and what each day was told to have been, every time it was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.language.money import Money
from memory.ads.ad_account import Ad, AdAccount, AdSet, Campaign, Creative, Learning, Reading, Structure
from memory.storage import bulk_insert
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault, NotStorable
from memory.storage.timestamps import Clock, from_text, to_text

UNLABELLED = "unlabelled"
MOVING_DAYS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOLD = ("spend", "impressions", "clicks", "chats", "reach", "purchases", "purchase_value")
READING_COLUMNS = ("ad", "day", "part", "seen_at", "telling", *TOLD)


class UnknownAdAccount(MemoryFault):
    """No such ad account has been seen for this brand."""


class UnknownAd(MemoryFault):
    """No such ad has been seen for this brand."""


@dataclass(frozen=True, slots=True)
class KnownAd:
    """One ad with all that it hangs on; what was never told is empty, or None."""

    key: int  # our own number of it
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
    """One campaign as staff name it: by itself, and by its account."""

    id: str
    name: str
    account_id: str
    account_name: str
    effective_status: str
    gone: bool  # no longer in the account


@dataclass(frozen=True, slots=True)
class Days:
    """Readings as columns of equal length, ordered by ad and day: one place in each column is one ad on one day.

    `spend` and `purchase_value` are ISO minor units of the account's currency; None is “not told”.
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
    moving: list[bool]  # the platform may still tell this day differently

    def __len__(self) -> int:
        return len(self.day)


class Campaigns:
    """What is in the ad accounts of every brand, and how it went. Each question names the brand."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def take_structure(self, structure: Structure) -> None:
        """Keep everything of an account as last seen; what it no longer holds is marked gone, with its figures kept.

        An older structure than the one that is known changes nothing.
        """
        brand, account, at = structure.account.brand, structure.account.id, to_text(structure.seen_at)
        with self._db.transaction():
            self._db.hold(f"ad account {brand} {account}")
            if at < (self._seen(brand, account) or ""):
                return
            self._write(_ACCOUNT, [_account_row(structure.account, at)])
            self._write(_CAMPAIGN, [_campaign_row(brand, each, at) for each in structure.campaigns])
            self._write(_AD_SET, [_ad_set_row(brand, each, at) for each in structure.ad_sets])
            self._write(_CREATIVE, [_creative_row(brand, each, at) for each in structure.creatives])
            self._write(_AD, [_ad_row(brand, each, at) for each in structure.ads])
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
        """Say what an ad is about; it counts before what the name says. None leaves as it is. Raises UnknownAd."""
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
        """The brand's ad accounts as last seen, by name."""
        rows = self._db.all("SELECT * FROM ad_accounts WHERE brand = :brand ORDER BY name, account_id", brand=brand)
        return [_account(row) for row in rows]

    def account(self, brand: str, account_id: str) -> AdAccount:
        """One of them. Raises UnknownAdAccount."""
        found = [each for each in self.accounts(brand) if each.id == account_id]
        if not found:
            raise UnknownAdAccount(f"{brand} has no ad account {account_id}, or it was not read yet")
        return found[0]

    def structure(self, brand: str, account_id: str) -> Structure:
        """The account as it was last seen, without what is gone. Raises UnknownAdAccount."""
        account = self.account(brand, account_id)
        which = {"brand": brand, "account": account_id}
        held = "WHERE brand = :brand AND account_id = :account AND gone_at IS NULL ORDER BY"
        campaigns = self._db.all(f"SELECT * FROM ad_campaigns {held} campaign_id", **which)
        ad_sets = self._db.all(f"SELECT * FROM ad_sets {held} ad_set_id", **which)
        creatives = self._db.all(f"SELECT * FROM ad_creatives {held} creative_id", **which)
        ads = self._db.all(f"SELECT * FROM ads {held} ad_id", **which)
        return Structure(
            account=account,
            campaigns=tuple(_campaign(row, account.currency) for row in campaigns),
            ad_sets=tuple(_ad_set(row, account.currency) for row in ad_sets),
            creatives=tuple(_creative(row) for row in creatives),
            ads=tuple(_ad(row) for row in ads),
            seen_at=from_text(self._seen(brand, account_id) or ""),
        )

    def ads(self, brand: str, *, account_id: str | None = None) -> list[KnownAd]:
        """Every ad that was ever seen, gone or not, by account and id."""
        rows = self._db.all(f"{_KNOWN_ADS} ORDER BY a.account_id, a.ad_id", brand=brand, account=account_id)
        return [_known_ad(row) for row in rows]

    def campaigns(self, brand: str) -> list[KnownCampaign]:
        """Every campaign that was ever seen, gone or not, by account and name."""
        rows = self._db.all(
            "SELECT p.campaign_id, p.name, p.account_id, n.name AS account_name, p.effective_status, p.gone_at"
            " FROM ad_campaigns p JOIN ad_accounts n ON n.brand = p.brand AND n.account_id = p.account_id"
            " WHERE p.brand = :brand ORDER BY n.name, p.name, p.campaign_id",
            brand=brand,
        )
        return [
            KnownCampaign(
                id=row["campaign_id"],
                name=row["name"],
                account_id=row["account_id"],
                account_name=row["account_name"],
                effective_status=row["effective_status"],
                gone=row["gone_at"] is not None,
            )
            for row in rows
        ]

    def take_readings(self, brand: str, readings: Iterable[Reading]) -> int:
        """Keep what was told; how many tellings were new.

        The same telling again is not stored again, a different one supersedes the one before, an answer older than
        what is known is dropped. Raises UnknownAdAccount, and NotStorable for figures that contradict themselves.
        """
        told = sorted(readings, key=lambda reading: reading.seen_at)
        currencies = {account.id: account.currency for account in self.accounts(brand)}
        for reading in told:
            _check(reading, currencies)
        with self._db.transaction():
            self._db.hold(f"ad readings {brand}")
            keys = self._keys(brand, told)
            known = self._latest(brand, set(keys.values()), told)
            fresh = _news(told, keys, known)
            self._supersede(fresh)
            bulk_insert.insert(
                self._db,
                "ad_readings",
                (*READING_COLUMNS, "superseded_at"),
                [(*news.values, news.superseded_at) for news in fresh],
            )
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
    ) -> list[Reading]:
        """The latest telling of each ad and day, both days included; `as_of`: as they were known at that moment."""
        rows = self._rows(brand, since, until, account_id, as_of, breakdown, ad_id)
        return [_reading(row) for row in rows]

    def tellings(self, brand: str, ad_id: str, day: date) -> list[Reading]:
        """Everything that was ever told of an ad's day, oldest first; breakdowns left out."""
        rows = self._db.all(
            f"{_READINGS} WHERE a.brand = :brand AND a.ad_id = :ad AND r.day = :day AND r.part = '' ORDER BY r.id",
            brand=brand,
            ad=ad_id,
            day=day.toordinal(),
        )
        return [_reading(row) for row in rows]

    def days(
        self,
        brand: str,
        since: date,
        until: date,
        *,
        account_id: str | None = None,
        as_of: datetime | None = None,
    ) -> Days:
        """The same as columns, for arithmetic over many ads; whole ads only, no breakdowns."""
        ads = {ad.key: ad for ad in self._numbered(brand, account_id)}
        rows = self._numbers(brand, since, until, account_id, as_of)
        today = {account: day.toordinal() for account, day in self.today(brand).items()}
        recent = _micros((as_of or self._clock()) - timedelta(days=MOVING_DAYS))
        dates = {number: date.fromordinal(number) for number in {row["day"] for row in rows}}
        return Days(
            account_id=[ads[row["ad"]].account_id for row in rows],
            ad_id=[ads[row["ad"]].ad_id for row in rows],
            currency=[ads[row["ad"]].currency for row in rows],
            day=[dates[row["day"]] for row in rows],
            **{name: [row[name] for row in rows] for name in TOLD},
            seen_at=_moments([row["seen_at"] for row in rows]),
            moving=[_moves(row, today[ads[row["ad"]].account_id], recent) for row in rows],
        )

    def today(self, brand: str) -> dict[str, date]:
        """The day it is now in each account's own calendar."""
        now = self._clock()
        zones = self._db.all("SELECT account_id, time_zone FROM ad_accounts WHERE brand = :brand", brand=brand)
        return {row["account_id"]: now.astimezone(ZoneInfo(row["time_zone"])).date() for row in zones}

    def _rows(
        self,
        brand: str,
        since: date,
        until: date,
        account_id: str | None,
        as_of: datetime | None,
        breakdown: str | None,
        ad_id: str | None,
    ) -> list[Row]:
        held, values = _held(as_of)
        part = "r.part = ''" if breakdown is None else "r.part >= :part AND r.part < :part_end"
        which = "(CAST(:account AS TEXT) IS NULL OR a.account_id = :account) AND (CAST(:ad AS TEXT) IS NULL OR a.ad_id = :ad)"
        values |= {} if breakdown is None else {"part": f"{breakdown}=", "part_end": f"{breakdown}>"}
        return self._db.all(
            f"{_READINGS} WHERE a.brand = :brand AND {which} AND r.day BETWEEN :since AND :until AND {part} AND {held}"
            " ORDER BY r.ad, r.day, r.part",
            brand=brand,
            account=account_id,
            ad=ad_id,
            since=since.toordinal(),
            until=until.toordinal(),
            **values,
        )

    def _numbers(
        self, brand: str, since: date, until: date, account_id: str | None, as_of: datetime | None
    ) -> list[Row]:
        """Numbers only: texts would double the time that tens of thousands of rows take."""
        held, values = _held(as_of)
        return self._db.all(
            f"SELECT r.ad, r.day, r.telling, r.seen_at, {', '.join(f'r.{name}' for name in TOLD)}"
            " FROM ads a JOIN ad_readings r ON r.ad = a.id WHERE a.brand = :brand"
            f" AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account) AND r.part = ''"
            f" AND r.day BETWEEN :since AND :until AND {held} ORDER BY r.ad, r.day",
            brand=brand,
            account=account_id,
            since=since.toordinal(),
            until=until.toordinal(),
            **values,
        )

    def _numbered(self, brand: str, account_id: str | None) -> list[_Numbered]:
        rows = self._db.all(
            "SELECT a.id AS key, a.ad_id, a.account_id, n.currency FROM ads a JOIN ad_accounts n"
            " ON n.brand = a.brand AND n.account_id = a.account_id WHERE a.brand = :brand"
            " AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)",
            brand=brand,
            account=account_id,
        )
        return [_Numbered(**row) for row in rows]

    def _seen(self, brand: str, account_id: str) -> str | None:
        seen: str | None = self._db.value(
            "SELECT seen_at FROM ad_accounts WHERE brand = :brand AND account_id = :account",
            brand=brand,
            account=account_id,
        )
        return seen

    def _write(self, table: _Kept, rows: Sequence[Sequence[Any]]) -> None:
        """What a page that came twice names twice is one; PostgreSQL would refuse to write it twice in one statement."""
        places = [table.columns.index(column) for column in table.key]
        once = {tuple(row[place] for place in places): row for row in rows}
        bulk_insert.insert(self._db, table.name, table.columns, list(once.values()), table.otherwise)

    def _mark_gone(self, brand: str, account_id: str, at: str) -> None:
        for table in (_CAMPAIGN, _AD_SET, _CREATIVE, _AD):
            self._db.run(
                f"UPDATE {table.name} SET gone_at = :at WHERE brand = :brand AND account_id = :account"
                " AND seen_at < :at AND gone_at IS NULL",
                brand=brand,
                account=account_id,
                at=at,
            )

    def _keys(self, brand: str, told: Sequence[Reading]) -> dict[str, int]:
        """Our numbers of the ads told of; an ad that no structure named is kept as it came."""
        wanted = {reading.ad_id: reading.account_id for reading in told}
        now = to_text(self._clock())
        found = self._ad_numbers(brand)
        unseen = [
            (brand, account, ad, None, None, "", "UNKNOWN", "UNKNOWN", UNLABELLED, now)
            for ad, account in wanted.items()
            if ad not in found
        ]
        if unseen:
            bulk_insert.insert(self._db, "ads", _AD.columns, unseen, "ON CONFLICT (brand, ad_id) DO NOTHING")
            found = self._ad_numbers(brand)
        return {ad: found[ad] for ad in wanted}

    def _ad_numbers(self, brand: str) -> dict[str, int]:
        rows = self._db.all("SELECT id, ad_id FROM ads WHERE brand = :brand", brand=brand)
        return {row["ad_id"]: row["id"] for row in rows}

    def _latest(self, brand: str, keys: set[int], told: Sequence[Reading]) -> dict[_Place, Row]:
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

    def _supersede(self, fresh: Sequence[_News]) -> None:
        replaced: dict[int, list[int]] = {}
        for news in fresh:
            if news.replaces is not None:
                replaced.setdefault(news.values[3], []).append(news.replaces)
        for at, ids in replaced.items():
            bulk_insert.update(self._db, "UPDATE ad_readings SET superseded_at = :at WHERE id IN", ids, at=at)


_Place = tuple[int, str, int]  # ad, part, day


@dataclass(frozen=True, slots=True)
class _Numbered:
    key: int
    ad_id: str
    account_id: str
    currency: str


@dataclass(slots=True)
class _News:
    """A telling to be stored: its values in the order of READING_COLUMNS, and the stored row that it supersedes."""

    values: tuple[Any, ...]
    replaces: int | None
    superseded_at: int | None = None  # by a later telling that came with it


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table of things as last seen, and how a row that is there already is brought up to date."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    also: str = ""

    @property
    def otherwise(self) -> str:
        kept = [column for column in self.columns if column not in self.key and column != "angle"]
        gone = "" if self.name == "ad_accounts" else ", gone_at = NULL"
        written = ", ".join(f"{column} = excluded.{column}" for column in kept)
        return f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {written}{gone}{self.also}"


_ACCOUNT = _Kept(
    "ad_accounts",
    ("brand", "account_id", "name", "currency", "time_zone", "status", "min_daily_budget", "practice", "seen_at"),
    ("brand", "account_id"),
)
_CAMPAIGN = _Kept(
    "ad_campaigns",
    (
        *("brand", "campaign_id", "account_id", "name", "objective", "status", "effective_status", "daily_budget"),
        *("created_at", "seen_at"),
    ),
    ("brand", "campaign_id"),
)
_AD_SET = _Kept(
    "ad_sets",
    (
        *("brand", "ad_set_id", "account_id", "campaign_id", "name", "status", "effective_status", "daily_budget"),
        *("targeting", "learning", "seen_at"),
    ),
    ("brand", "ad_set_id"),
)
_CREATIVE = _Kept(
    "ad_creatives",
    (
        *("brand", "creative_id", "account_id", "name", "body", "headline", "format", "landing_page", "story_id"),
        "seen_at",
    ),
    ("brand", "creative_id"),
)
_AD = _Kept(
    "ads",
    (
        *("brand", "account_id", "ad_id", "ad_set_id", "creative_id", "name", "status", "effective_status", "angle"),
        "seen_at",
    ),
    ("brand", "ad_id"),
    ", angle = coalesce(ads.angle_given, excluded.angle)",
)

_KNOWN_ADS = """SELECT a.*, s.campaign_id, coalesce(p.name, '') AS campaign_name, coalesce(c.format, 'unknown') AS format,
    coalesce(a.landing_page_given, c.landing_page) AS landing_page
    FROM ads a
    LEFT JOIN ad_sets s ON s.brand = a.brand AND s.ad_set_id = a.ad_set_id
    LEFT JOIN ad_campaigns p ON p.brand = a.brand AND p.campaign_id = s.campaign_id
    LEFT JOIN ad_creatives c ON c.brand = a.brand AND c.creative_id = a.creative_id
    WHERE a.brand = :brand AND (CAST(:account AS TEXT) IS NULL OR a.account_id = :account)"""

_READINGS = """SELECT r.*, a.account_id, a.ad_id, n.currency FROM ads a
    JOIN ad_accounts n ON n.brand = a.brand AND n.account_id = a.account_id
    JOIN ad_readings r ON r.ad = a.id"""


def angle_of(name: str) -> str:
    """What an ad is about, from its name: the second part of `Summer · security · video`; else “unlabelled”.

    A token that stands close behind its dot (` ·k7q2`) is no part of the name.
    """
    parts = [part.strip() for part in name.split(" · ")]
    if len(parts) < 2:
        return UNLABELLED
    return _plain_angle(parts[1].partition(" ·")[0]) or UNLABELLED


def _plain_angle(angle: str) -> str:
    return " ".join(angle.split()).casefold()


def _news(told: Sequence[Reading], keys: Mapping[str, int], known: Mapping[_Place, Row]) -> list[_News]:
    """The tellings that say something new, each with what it supersedes."""
    latest: dict[_Place, _News | Row] = dict(known)
    fresh: list[_News] = []
    for reading in told:
        place = (keys[reading.ad_id], _part(reading.breakdown), reading.day.toordinal())
        before = latest.get(place)
        if before is None or _differs(reading, before):
            news = _as_news(reading, place, before)
            latest[place] = news
            fresh.append(news)
    return fresh


def _as_news(reading: Reading, place: _Place, before: _News | Row | None) -> _News:
    key, part, day = place
    seen_at = _micros(reading.seen_at)
    telling = 1 if before is None else _column(before, "telling") + 1
    if isinstance(before, _News):
        before.superseded_at = seen_at
    replaces = before["id"] if isinstance(before, dict) else None
    return _News((key, day, part, seen_at, telling, *_told(reading)), replaces)


def _differs(reading: Reading, before: _News | Row) -> bool:
    if _micros(reading.seen_at) < _column(before, "seen_at"):
        return False  # an answer that was long under way
    return _told(reading) != tuple(_column(before, name) for name in TOLD)


def _column(before: _News | Row, name: str) -> Any:
    return before.values[READING_COLUMNS.index(name)] if isinstance(before, _News) else before[name]


def _told(reading: Reading) -> tuple[int | None, ...]:
    return (
        reading.spend.minor,
        reading.impressions,
        reading.clicks,
        reading.chats,
        reading.reach,
        reading.purchases,
        None if reading.purchase_value is None else reading.purchase_value.minor,
    )


def _check(reading: Reading, currencies: Mapping[str, str]) -> None:
    currency = currencies.get(reading.account_id)
    if currency is None:
        raise UnknownAdAccount(f"ad account {reading.account_id} was not seen yet: take its structure first")
    monies = [money for money in (reading.spend, reading.purchase_value) if money is not None]
    if any(money.currency != currency for money in monies):
        raise NotStorable(
            f"ad {reading.ad_id} on {reading.day}: told in {monies[-1].currency}, the account is in {currency}"
        )
    if any(number is not None and number < 0 for number in _told(reading)):
        raise NotStorable(f"ad {reading.ad_id} on {reading.day}: a count or amount below zero cannot be")


def _moves(row: Row, today: int, recent: int) -> bool:
    restated = row["telling"] > 1 and row["seen_at"] > recent
    return bool(today - row["day"] < MOVING_DAYS or restated)


def _held(as_of: datetime | None) -> tuple[str, dict[str, Any]]:
    """Which tellings hold: the latest, or those that did at a moment."""
    if as_of is None:
        return "r.superseded_at IS NULL", {}
    held = "r.seen_at <= :moment AND (r.superseded_at IS NULL OR r.superseded_at > :moment)"
    return held, {"moment": _micros(as_of)}


def _moments(micros: Sequence[int]) -> list[datetime]:
    """Readings come in batches, so few moments are different."""
    made = {each: EPOCH + timedelta(microseconds=each) for each in set(micros)}
    return [made[each] for each in micros]


def _part(breakdown: tuple[str, str] | None) -> str:
    return "" if breakdown is None else f"{breakdown[0]}={breakdown[1]}"


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _reading(row: Row) -> Reading:
    kind, _, value = row["part"].partition("=")
    worth = row["purchase_value"]
    return Reading(
        account_id=row["account_id"],
        ad_id=row["ad_id"],
        day=date.fromordinal(row["day"]),
        seen_at=EPOCH + timedelta(microseconds=row["seen_at"]),
        spend=Money.from_minor(row["spend"], row["currency"]),
        impressions=row["impressions"],
        clicks=row["clicks"],
        chats=row["chats"],
        reach=row["reach"],
        purchases=row["purchases"],
        purchase_value=None if worth is None else Money.from_minor(worth, row["currency"]),
        breakdown=(kind, value) if kind else None,
    )


def _account_row(account: AdAccount, at: str) -> tuple[Any, ...]:
    least = account.min_daily_budget.minor
    fixed = (account.brand, account.id, account.name, account.currency, account.time_zone, account.status)
    return (*fixed, least, int(account.practice), at)


def _campaign_row(brand: str, campaign: Campaign, at: str) -> tuple[Any, ...]:
    which = (brand, campaign.id, campaign.account_id, campaign.name, campaign.objective)
    state = (campaign.status, campaign.effective_status, _minor(campaign.daily_budget))
    return (*which, *state, to_text(campaign.created_at), at)


def _ad_set_row(brand: str, ad_set: AdSet, at: str) -> tuple[Any, ...]:
    which = (brand, ad_set.id, ad_set.account_id, ad_set.campaign_id, ad_set.name)
    state = (ad_set.status, ad_set.effective_status, _minor(ad_set.daily_budget))
    return (*which, *state, json.dumps(dict(ad_set.targeting)), _learning_text(ad_set.learning), at)


def _creative_row(brand: str, creative: Creative, at: str) -> tuple[Any, ...]:
    which = (brand, creative.id, creative.account_id, creative.name)
    return (*which, creative.body, creative.headline, creative.format, creative.landing_page, creative.story_id, at)


def _ad_row(brand: str, ad: Ad, at: str) -> tuple[Any, ...]:
    state = (ad.name, ad.status, ad.effective_status, angle_of(ad.name))
    return (brand, ad.account_id, ad.id, ad.ad_set_id, ad.creative_id, *state, at)


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _budget(row: Row, currency: str) -> Money | None:
    return None if row["daily_budget"] is None else Money.from_minor(row["daily_budget"], currency)


def _learning_text(learning: Learning | None) -> str | None:
    if learning is None:
        return None
    since = None if learning.since is None else to_text(learning.since)
    return json.dumps(asdict(learning) | {"since": since})


def _learning(text: str | None) -> Learning | None:
    if text is None:
        return None
    told = json.loads(text)
    return Learning(**told | {"since": from_text(told["since"]) if told["since"] else None})


def _account(row: Row) -> AdAccount:
    return AdAccount(
        id=row["account_id"],
        brand=row["brand"],
        name=row["name"],
        currency=row["currency"],
        time_zone=row["time_zone"],
        status=row["status"],
        min_daily_budget=Money.from_minor(row["min_daily_budget"], row["currency"]),
        practice=bool(row["practice"]),
    )


def _campaign(row: Row, currency: str) -> Campaign:
    return Campaign(
        id=row["campaign_id"],
        account_id=row["account_id"],
        name=row["name"],
        objective=row["objective"],
        status=row["status"],
        effective_status=row["effective_status"],
        daily_budget=_budget(row, currency),
        created_at=from_text(row["created_at"]),
    )


def _ad_set(row: Row, currency: str) -> AdSet:
    return AdSet(
        id=row["ad_set_id"],
        account_id=row["account_id"],
        campaign_id=row["campaign_id"],
        name=row["name"],
        status=row["status"],
        effective_status=row["effective_status"],
        daily_budget=_budget(row, currency),
        targeting=json.loads(row["targeting"]),
        learning=_learning(row["learning"]),
    )


def _creative(row: Row) -> Creative:
    return Creative(
        id=row["creative_id"],
        account_id=row["account_id"],
        name=row["name"],
        body=row["body"],
        headline=row["headline"],
        format=row["format"],
        landing_page=row["landing_page"],
        story_id=row["story_id"],
    )


def _ad(row: Row) -> Ad:
    return Ad(
        id=row["ad_id"],
        account_id=row["account_id"],
        ad_set_id=row["ad_set_id"],
        creative_id=row["creative_id"],
        name=row["name"],
        status=row["status"],
        effective_status=row["effective_status"],
    )


def _known_ad(row: Row) -> KnownAd:
    return KnownAd(
        key=row["id"],
        account_id=row["account_id"],
        ad_id=row["ad_id"],
        name=row["name"],
        status=row["status"],
        effective_status=row["effective_status"],
        ad_set_id=row["ad_set_id"],
        campaign_id=row["campaign_id"],
        campaign_name=row["campaign_name"],
        creative_id=row["creative_id"],
        format=row["format"],
        angle=row["angle"],
        landing_page=row["landing_page"],
        brief=json.loads(row["brief"]),
        gone=row["gone_at"] is not None,
    )
