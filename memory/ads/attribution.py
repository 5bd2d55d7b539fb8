"""Attribution of chats, leads and orders to ads, from our own records; figures outlive erased people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers

from bot.language.money import CurrencyConverter, Money
from memory.storage import bulk_insert
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.table import (
    DAY_NUMBER,
    FLAG,
    INTEGER,
    REUSED_ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Index,
    Table,
    minor_money,
)
from memory.storage.timestamps import Clock, from_text, to_text

State = Literal["ordered", "paid", "cancelled", "returned"]
Touch = Literal["first", "last"]
LEAD_TYPES = ("pricing_discount", "order")  # what makes a chat a lead: asked for the price, or ordered
FRESH_DAYS = 30  # for this long a chat may become a lead, or get its language
OVERLAP = 1000  # touches read again: PostgreSQL may commit ids out of order


class UnknownSale(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class AdSale:
    number: str
    last_ad_id: str
    chat_day: date  # when the last ad opened the chat, in its account's calendar
    ordered_at: datetime
    value: Money
    margin: Money  # value minus goods and delivery
    state: State = "ordered"
    first_ad_id: str | None = None  # None: the last ad was the first
    first_chat_day: date | None = None
    buyer: str | None = None  # identifies a customer without a contact
    contact_id: int | None = None
    sku: str | None = None
    returning: bool | None = None  # had bought before; None where that is not known
    language: str | None = None
    country: str | None = None
    day: date | None = None  # the day of the order in the account's calendar; None: worked out from `ordered_at`


@dataclass(frozen=True, slots=True)
class ChatDay:
    ad_id: str
    day: date
    chats: int
    leads: int = 0


@dataclass(frozen=True, slots=True)
class Cohort:
    """Orders by day of chat, net of cancelled and returned ones."""

    chat_day: date
    age: int  # days from the chat to the order
    count: int
    margin: Decimal  # of all of them together, in the account's currency


@dataclass(frozen=True, slots=True)
class AdSeries:
    chats: Mapping[date, int]
    orders: tuple[Cohort, ...]
    elsewhere: tuple[Money, ...] = ()  # margins in currencies that could not be converted, one sum for each


@dataclass(frozen=True, slots=True)
class UnknownReferral:
    """An ad that is in no account of the brand."""

    ad_id: str
    chats: int
    orders: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class AttributedSale:
    """Without personal data."""

    id: int
    number: str | None
    account_id: str | None  # of the last ad; None for an unknown ad
    first_ad_id: str
    first_chat_day: date
    last_ad_id: str
    last_chat_day: date
    ordered_at: datetime
    day: date  # of the order, in the account's calendar
    sku: str | None
    value: Money
    margin: Money
    state: State
    returning: bool | None


# One row for each person who came through an ad on a day; the practice market writes many chats in one row. Once a
# person is erased `contact_id` is empty.
AD_CHATS = Table(
    "ad_chats",
    Column("id", REUSED_ROW_ID),
    Column("brand", TEXT),
    Column("ad_id", TEXT),
    Column("day", DAY_NUMBER),
    Column("hour", INTEGER, null=True),
    Column("chats", INTEGER),  # 0 where the same person came again the same day
    Column("leads", INTEGER, default="0"),
    Column("came_back", FLAG, null=True),
    Column("language", TEXT, null=True),
    Column("country", TEXT, null=True),
    Column("contact_id", INTEGER, null=True),
    Column("touch_id", INTEGER, null=True),
    Column("at", TIMESTAMP, null=True),  # NULL for practice-market chats
    indexes=[
        Index("ad_chats_by_day", "brand, ad_id, day, chats, leads"),  # figures are read from it alone
        Index("ad_chats_by_contact", "contact_id"),
        Index("ad_chats_by_touch", "touch_id", unique=True),
    ],
)
# One row for each order that came through an ad. Value and margin are minor units of `currency`: the ad account's where
# the amount could be converted. Nothing sums over currencies.
AD_SALES = Table(
    "ad_sales",
    Column("id", REUSED_ROW_ID),
    Column("brand", TEXT),
    Column("number", TEXT, null=True),
    Column("contact_id", INTEGER, null=True),
    Column("buyer", TEXT, null=True),  # tells one customer from another
    Column("first_ad_id", TEXT),
    Column("first_chat_day", DAY_NUMBER),
    Column("last_ad_id", TEXT),
    Column("last_chat_day", DAY_NUMBER),
    Column("ordered_at", TIMESTAMP),
    Column("day", DAY_NUMBER),
    Column("hour", INTEGER, null=True),
    Column("sku", TEXT, null=True),
    Column("currency", TEXT),
    Column("value", INTEGER),
    Column("margin", INTEGER),
    Column("state", TEXT),
    Column("state_at", TIMESTAMP),
    Column("came_back", FLAG, null=True),
    Column("language", TEXT, null=True),
    Column("country", TEXT, null=True),
    unique=["brand, number"],
    indexes=[
        Index("ad_sales_by_last", "brand, last_ad_id, day"),
        Index("ad_sales_by_first", "brand, first_ad_id, day"),
        Index("ad_sales_by_contact", "contact_id"),
    ],
)
CHAT_DAY = AD_CHATS.rows(ChatDay)
ATTRIBUTED_SALE = AD_SALES.rows(
    AttributedSale,
    "s",
    account_id="a.account_id",
    value=minor_money("value", "currency"),
    margin=minor_money("margin", "currency"),
    returning="came_back",
)


class Attribution:
    """Without `rates`, sales in other currencies than the account's are not converted."""

    def __init__(self, db: Database, clock: Clock, *, rates: CurrencyConverter | None = None) -> None:
        self._db = db
        self._clock = clock
        self._rates = rates

    def attribute_desk_sales(self, brand: str, *, margin_rate: Decimal, zone: str = "UTC") -> int:
        """Returns the number of new or changed rows. Idempotent.

        `margin_rate`: share of a price left after goods and delivery, 0 to 1. `zone`: for ads of unknown accounts.
        """
        if not 0 <= margin_rate <= 1:
            raise ValueError(f"a margin rate lies between 0 and 1, not {margin_rate}")
        accounts = self._accounts(brand, zone)
        with self._db.transaction():
            self._db.hold(f"attribution {brand}")
            changed = self._attribute_chats(brand, accounts)
            changed += self._attribute_orders(brand, margin_rate, accounts)
            self._update_recent_chats(brand)
        return changed

    def store_chats(self, brand: str, chats: Iterable[ChatDay]) -> None:
        """Practice-market chats; a row may count many."""
        bulk_insert.insert(self._db, AD_CHATS, [CHAT_DAY.values(each) | {"brand": brand} for each in chats])

    def stored_until(self, brand: str, account_id: str) -> date | None:
        """The last day with practice-market chats."""
        day = self._db.value(
            "SELECT max(c.day) FROM ad_chats c JOIN ads a ON a.brand = c.brand AND a.ad_id = c.ad_id"
            " WHERE c.brand = :brand AND a.account_id = :account AND c.at IS NULL",
            brand=brand,
            account=account_id,
        )
        return None if day is None else date.fromordinal(day)

    def store_sales(self, brand: str, sales: Iterable[AdSale], *, zone: str = "UTC") -> None:
        """Known numbers are skipped."""
        accounts = self._accounts(brand, zone)
        now = self._clock()
        rows = [self._sale_row(brand, sale, accounts, now) for sale in sales]
        bulk_insert.insert(self._db, AD_SALES, rows, "ON CONFLICT (brand, number) DO NOTHING")

    def move(self, brand: str, number: str, state: State) -> None:
        """Raises UnknownSale."""
        if state not in ("ordered", "paid", "cancelled", "returned"):
            raise ValueError(f"a sale is ordered, paid, cancelled or returned, never {state!r}")
        moved = self._db.run(
            "UPDATE ad_sales SET state = :state, state_at = :now WHERE brand = :brand AND number = :number",
            brand=brand,
            number=number,
            state=state,
            now=to_text(self._clock()),
        )
        if not moved:
            raise UnknownSale(f"no order {number} came through an ad; check its eight letters")

    def series(
        self, brand: str, account_id: str, since: date, until: date, *, touch: Touch = "last"
    ) -> dict[str, AdSeries]:
        """Per ad; both days included.

        `touch`: orders count for the ad of the last chat before them, or of the first chat ever.
        """
        if touch not in ("first", "last"):
            raise ValueError(f"a touch is the first or the last, never {touch!r}")
        which = {"brand": brand, "account": account_id, "since": since.toordinal(), "until": until.toordinal()}
        # CROSS JOIN: SQLite reads its tables in this order, the ads first, and not all that the brand ever sold.
        chats = self._db.all(
            "SELECT c.ad_id, c.day, sum(c.chats) AS n FROM ads a CROSS JOIN ad_chats c"
            " WHERE c.brand = a.brand AND c.ad_id = a.ad_id AND a.brand = :brand AND a.account_id = :account"
            " AND c.day BETWEEN :since AND :until GROUP BY c.ad_id, c.day ORDER BY c.ad_id, c.day",
            **which,
        )
        orders = self._db.all(
            f"SELECT s.{touch}_ad_id AS ad_id, s.{touch}_chat_day AS chat_day, s.day, s.currency,"
            " n.currency AS account_currency, count(*) AS n, sum(s.margin) AS margin"
            " FROM ads a JOIN ad_accounts n ON n.brand = a.brand AND n.account_id = a.account_id CROSS JOIN ad_sales s"
            f" WHERE s.brand = a.brand AND s.{touch}_ad_id = a.ad_id AND a.brand = :brand AND a.account_id = :account AND s.state IN ('ordered', 'paid')"
            f" AND s.{touch}_chat_day BETWEEN :since AND :until"
            f" GROUP BY s.{touch}_ad_id, s.{touch}_chat_day, s.day, s.currency, n.currency"
            f" ORDER BY s.{touch}_ad_id, s.{touch}_chat_day, s.day",
            **which,
        )
        return _series(chats, orders)

    def sales(
        self, brand: str, since: date, until: date, *,
        account_id: str | None = None, ad_id: str | None = None, before: int | None = None, limit: int = 50,
    ) -> list[AttributedSale]:  # fmt: skip
        """Attributed orders of these days (both included), newest first.

        `ad_id`: as first or last ad. `before`: the last id of the previous page.
        """
        return ATTRIBUTED_SALE.all(
            self._db,
            f"SELECT {ATTRIBUTED_SALE.columns} FROM ad_sales s LEFT JOIN ads a ON a.brand = s.brand AND a.ad_id = s.last_ad_id"
            " WHERE s.brand = :brand AND s.day BETWEEN :since AND :until"
            + (" AND a.account_id = :account" if account_id else "")
            + (" AND :ad IN (s.first_ad_id, s.last_ad_id)" if ad_id else "")
            + (" AND s.id < :before" if before else "")
            + " ORDER BY s.id DESC LIMIT :limit",
            brand=brand,
            since=since.toordinal(),
            until=until.toordinal(),
            account=account_id,
            ad=ad_id,
            before=before,
            limit=limit,
        )

    def unknown(self, brand: str) -> list[UnknownReferral]:
        """Most chats first."""
        rows = self._db.all(
            "SELECT c.ad_id, sum(c.chats) AS chats, min(c.day) AS first_day, max(c.day) AS last_day,"
            " (SELECT count(*) FROM ad_sales s WHERE s.brand = :brand AND s.last_ad_id = c.ad_id"
            "  AND s.state IN ('ordered', 'paid')) AS orders"
            " FROM ad_chats c LEFT JOIN ads a ON a.brand = c.brand AND a.ad_id = c.ad_id"
            " WHERE c.brand = :brand AND a.id IS NULL GROUP BY c.ad_id ORDER BY sum(c.chats) DESC, c.ad_id",
            brand=brand,
        )
        return [
            UnknownReferral(
                ad_id=row["ad_id"],
                chats=int(row["chats"]),
                orders=row["orders"],
                first_day=date.fromordinal(row["first_day"]),
                last_day=date.fromordinal(row["last_day"]),
            )
            for row in rows
        ]

    def _accounts(self, brand: str, zone: str) -> _Accounts:
        rows = self._db.all(
            "SELECT a.ad_id, n.currency, n.time_zone FROM ads a JOIN ad_accounts n"
            " ON n.brand = a.brand AND n.account_id = a.account_id WHERE a.brand = :brand",
            brand=brand,
        )
        return _Accounts({row["ad_id"]: (row["currency"], row["time_zone"]) for row in rows}, zone)

    def _attribute_chats(self, brand: str, accounts: _Accounts) -> int:
        seen = self._db.value("SELECT coalesce(max(touch_id), 0) FROM ad_chats WHERE brand = :brand", brand=brand)
        rows = self._db.all(
            "SELECT t.id, t.contact_id, t.source_id, t.at, c.first_touch_id, c.language, c.address"
            " FROM touches t JOIN contacts c ON c.id = t.contact_id LEFT JOIN ad_chats k ON k.touch_id = t.id"
            " WHERE t.id > :after AND t.brand = :brand AND t.source_type = 'ad' AND t.source_id IS NOT NULL"
            " AND c.staff = 0 AND k.id IS NULL ORDER BY t.id",
            brand=brand,
            after=seen - OVERLAP,
        )
        counted = self._counted_chats(brand, {row["contact_id"] for row in rows})
        bulk_insert.insert(self._db, AD_CHATS, [_chat_row(brand, row, accounts, counted) for row in rows])
        return len(rows)

    def _counted_chats(self, brand: str, contact_ids: set[int]) -> set[tuple[int, str, int]]:
        counted = set()
        for contact_id in contact_ids:
            for row in self._db.all("SELECT ad_id, day FROM ad_chats WHERE contact_id = :id", id=contact_id):
                counted.add((contact_id, row["ad_id"], row["day"]))
        return counted

    def _attribute_orders(self, brand: str, margin_rate: Decimal, accounts: _Accounts) -> int:
        # Orders of erased people have no contact and are left out; their sales stay, without a number.
        rows = self._db.all(
            "SELECT o.*, f.at AS first_at, l.at AS last_at, c.language, c.address, s.state AS booked,"
            " (SELECT count(*) FROM orders e WHERE e.contact_id = o.contact_id AND e.id < o.id) AS earlier"
            " FROM orders o JOIN contacts c ON c.id = o.contact_id"
            " JOIN touches l ON l.id = o.last_touch_id LEFT JOIN touches f ON f.id = o.first_touch_id"
            " LEFT JOIN ad_sales s ON s.brand = o.brand AND s.number = o.number"
            " WHERE o.brand = :brand AND c.staff = 0 AND o.last_ad_id IS NOT NULL AND (s.id IS NULL"
            " OR (s.state <> 'returned' AND s.state <> CASE o.state WHEN 'placed' THEN 'ordered'"
            "  WHEN 'cancelled' THEN 'cancelled' ELSE 'paid' END)) ORDER BY o.id",
            brand=brand,
        )
        self.store_sales(brand, [_desk_sale(row, margin_rate, accounts) for row in rows if row["booked"] is None])
        for row in rows:
            if row["booked"] is not None:
                self.move(brand, row["number"], _state(row["state"]))
        return len(rows)

    def _update_recent_chats(self, brand: str) -> None:
        since = to_text(self._clock() - timedelta(days=FRESH_DAYS))
        types = ", ".join(f"'{name}'" for name in LEAD_TYPES)
        self._db.run(
            "UPDATE ad_chats SET leads = 1 WHERE brand = :brand AND at >= :since AND contact_id IS NOT NULL"
            " AND leads = 0 AND chats > 0 AND (EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = ad_chats.contact_id"
            f" AND m.role = 'user' AND m.message_type IN ({types}) AND m.at >= ad_chats.at)"
            " OR EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = ad_chats.contact_id AND o.created_at >= ad_chats.at))",
            brand=brand,
            since=since,
        )
        for table, moment in (("ad_chats", "at"), ("ad_sales", "ordered_at")):
            self._db.run(
                f"UPDATE {table} SET language = (SELECT c.language FROM contacts c WHERE c.id = {table}.contact_id)"
                f" WHERE brand = :brand AND {moment} >= :since AND contact_id IS NOT NULL AND language IS NULL",
                brand=brand,
                since=since,
            )

    def _sale_row(self, brand: str, sale: AdSale, accounts: _Accounts, now: datetime) -> dict[str, Any]:
        currency, zone = accounts.of(sale.last_ad_id)
        value, margin = self._converted(sale.value, currency), self._converted(sale.margin, currency)
        if value is None or margin is None:
            value, margin = sale.value, sale.margin
        local = sale.ordered_at.astimezone(zone)
        return AD_SALES.stored(
            brand=brand,
            number=sale.number,
            contact_id=sale.contact_id,
            buyer=sale.buyer,
            first_ad_id=sale.first_ad_id or sale.last_ad_id,
            first_chat_day=sale.first_chat_day or sale.chat_day,
            last_ad_id=sale.last_ad_id,
            last_chat_day=sale.chat_day,
            ordered_at=sale.ordered_at,
            day=sale.day or local.date(),
            hour=local.hour,
            sku=sale.sku,
            currency=value.currency,
            value=value.minor,
            margin=margin.minor,
            state=sale.state,
            state_at=now,
            came_back=sale.returning,
            language=sale.language,
            country=sale.country,
        )

    def _converted(self, money: Money, currency: str | None) -> Money | None:
        if currency is None or money.currency == currency:
            return money
        return None if self._rates is None else self._rates.in_currency(money, currency)


@dataclass(frozen=True, slots=True)
class _Accounts:
    by_ad: Mapping[str, tuple[str, str]]
    zone: str

    def of(self, ad_id: str) -> tuple[str | None, tzinfo]:
        currency, zone = self.by_ad.get(ad_id, (None, self.zone))
        return currency, UTC if zone == "UTC" else ZoneInfo(zone)

    def day(self, ad_id: str, at: str) -> date:
        return from_text(at).astimezone(self.of(ad_id)[1]).date()


def country_of(address: str) -> str | None:
    """ISO code of a phone prefix; None for a user id."""
    phone = address.removeprefix("whatsapp:")
    if not phone.startswith("+"):
        return None
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
    return region if region is not None and region.isalpha() else None


def _chat_row(brand: str, row: Row, accounts: _Accounts, counted: set[tuple[int, str, int]]) -> dict[str, Any]:
    local = from_text(row["at"]).astimezone(accounts.of(row["source_id"])[1])
    day = local.date().toordinal()
    place = (row["contact_id"], row["source_id"], day)
    again = place in counted
    counted.add(place)
    return AD_CHATS.stored(
        brand=brand,
        ad_id=row["source_id"],
        day=local.date(),
        hour=local.hour,
        chats=int(not again),
        came_back=row["first_touch_id"] != row["id"],
        language=row["language"],
        country=country_of(row["address"]),
        contact_id=row["contact_id"],
        touch_id=row["id"],
        at=from_text(row["at"]),
    )


def _desk_sale(row: Row, margin_rate: Decimal, accounts: _Accounts) -> AdSale:
    value = Money.from_minor(row["unit_minor"] * row["quantity"], row["currency"])
    first_ad = row["first_ad_id"] or row["last_ad_id"]
    return AdSale(
        number=row["number"],
        last_ad_id=row["last_ad_id"],
        chat_day=accounts.day(row["last_ad_id"], row["last_at"]),
        ordered_at=from_text(row["created_at"]),
        value=value,
        margin=Money(value.amount * margin_rate, value.currency),
        state=_state(row["state"]),
        first_ad_id=first_ad,
        first_chat_day=accounts.day(first_ad, row["first_at"] or row["last_at"]),
        contact_id=row["contact_id"],
        sku=row["sku"],
        returning=row["earlier"] > 0,
        language=row["language"],
        country=country_of(row["address"]),
    )


def _state(order_state: str) -> State:
    if order_state == "placed":
        return "ordered"
    return "cancelled" if order_state == "cancelled" else "paid"


def _series(chats: Sequence[Row], orders: Sequence[Row]) -> dict[str, AdSeries]:
    days: dict[str, dict[date, int]] = {}
    for row in chats:
        days.setdefault(row["ad_id"], {})[date.fromordinal(row["day"])] = int(row["n"])
    cohorts: dict[str, list[Cohort]] = {}
    elsewhere: dict[str, dict[str, Money]] = {}
    for row in orders:
        ad, margin = row["ad_id"], Money.from_minor(int(row["margin"]), row["currency"])
        home = row["currency"] == row["account_currency"]
        if not home:
            sums = elsewhere.setdefault(ad, {})
            sums[margin.currency] = margin + sums.get(margin.currency, Money(Decimal(0), margin.currency))
        chat_day = date.fromordinal(row["chat_day"])
        age = max(row["day"] - row["chat_day"], 0)
        cohorts.setdefault(ad, []).append(Cohort(chat_day, age, row["n"], margin.amount if home else Decimal(0)))
    return {
        ad: AdSeries(days.get(ad, {}), tuple(cohorts.get(ad, ())), tuple(elsewhere.get(ad, {}).values()))
        for ad in sorted({*days, *cohorts})
    }
