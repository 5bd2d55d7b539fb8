"""Conversion events of orders for the ad platform, each sent at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from memory.ads.ad_account import BusinessEvent, EventOutcome
from memory.storage import bulk_insert
from memory.storage.database import Database, Row
from memory.storage.table import (
    INTEGER,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Index,
    Source,
    Table,
    minor_money,
)
from memory.storage.timestamps import Clock, to_text

# After the click; later events are not taken (Meta's Conversions API for business messaging).
EVENT_WINDOW = timedelta(days=7)
PURCHASE, CANCELED, RETURNED = "Purchase", "OrderCanceled", "OrderReturned"  # the platform's names, as it spells them
EventState = Literal["planned", "sent", "accepted", "refused", "too_late"]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    id: str  # the event's id as the platform gets it
    number: str
    name: str
    state: EventState
    why: str  # empty, or why it was refused or never sent
    at: datetime  # of the last change


@dataclass(frozen=True, slots=True)
class UncountedSale:
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day's sales of an account beside the platform's count."""

    day: date
    sold: int
    platform: int | None  # None: it gave no count
    uncounted: tuple[UncountedSale, ...]


def _event_id(row_id: int) -> str:
    return f"hawker-{row_id}"


def _row_id(event_id: str) -> int:
    return int(event_id.removeprefix("hawker-"))


# Once a person is erased, `number` leads nowhere and `clid` is empty.
AD_EVENTS = Table(
    "ad_events",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("ad_id", TEXT),
    Column("number", TEXT),
    Column("name", TEXT),
    Column("contact_id", INTEGER, null=True),
    Column("clid", TEXT),
    Column("clicked_at", TIMESTAMP),
    Column("happened_at", TIMESTAMP),
    Column("value", INTEGER, null=True),
    Column("currency", TEXT, null=True),
    Column("state", TEXT),
    Column("why", TEXT),
    Column("at", TIMESTAMP),
    unique=["brand, number, name"],
    indexes=[
        Index("ad_events_planned", "brand, account_id, id", where="state = 'planned'"),
        Index("ad_events_by_contact", "contact_id"),
    ],
)
_ID = Source(("id",), _event_id)
EVENT = AD_EVENTS.rows(BusinessEvent, id=_ID, at="happened_at", value=minor_money("value", "currency", null=True))
STORED_EVENT = AD_EVENTS.rows(StoredEvent, id=_ID)


class ConversionEvents:
    """Each (order, event name) is stored once and sent at most once, over all processes.

    The platform does not deduplicate, so a claimed event that was never settled is not claimed again.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def plan(self, brand: str) -> int:
        """Returns how many are new."""
        now = to_text(self._clock())
        rows = [
            row | {"brand": brand, "state": "planned", "why": "", "at": now}
            for row in self._db.all(_TO_PLAN, brand=brand)
        ]
        before = self._count(brand)
        with self._db.transaction():
            bulk_insert.insert(self._db, AD_EVENTS, rows, "ON CONFLICT (brand, number, name) DO NOTHING")
            return self._count(brand) - before

    def claim(self, brand: str, account_id: str, *, most: int = 100) -> list[BusinessEvent]:
        """Planned events, oldest first, each for one caller. Call `settle` or `release`."""
        with self._db.transaction():
            self._db.hold(f"ad events {brand} {account_id}")
            self._expire(brand, account_id)
            events = EVENT.all(
                self._db,
                f"SELECT {EVENT.columns} FROM ad_events"
                " WHERE brand = :brand AND account_id = :account AND state = 'planned' ORDER BY id LIMIT :most",
                brand=brand,
                account=account_id,
                most=most,
            )
            self._move([_row_id(event.id) for event in events], "planned", "sent", "no answer yet")
        return events

    def settle(self, brand: str, outcomes: Sequence[EventOutcome]) -> None:
        with self._db.transaction():
            for outcome in outcomes:
                self._db.run(
                    "UPDATE ad_events SET state = :state, why = :why, at = :now"
                    " WHERE id = :id AND brand = :brand AND state = 'sent'",
                    id=_row_id(outcome.id),
                    brand=brand,
                    state="accepted" if outcome.accepted else "refused",
                    why=outcome.why,
                    now=to_text(self._clock()),
                )

    def release(self, events: Sequence[BusinessEvent]) -> None:
        """Only events that were certainly not sent."""
        with self._db.transaction():
            self._move([_row_id(event.id) for event in events], "sent", "planned", "")

    def of_order(self, brand: str, number: str) -> list[StoredEvent]:
        """Oldest first."""
        return STORED_EVENT.all(
            self._db,
            f"SELECT {STORED_EVENT.columns} FROM ad_events WHERE brand = :brand AND number = :number ORDER BY id",
            brand=brand,
            number=number,
        )

    def counts(self, brand: str) -> dict[str, int]:
        rows = self._db.all(
            "SELECT state, count(*) AS n FROM ad_events WHERE brand = :brand GROUP BY state", brand=brand
        )
        return {row["state"]: row["n"] for row in rows}

    def reconciliation(self, brand: str, account_id: str, day: date) -> Reconciliation:
        """`day` is in the account's calendar."""
        sales = self._db.all(_SALES_OF_DAY, brand=brand, account=account_id, day=day.toordinal())
        told = self._db.value(
            "SELECT sum(r.purchases) FROM ads a JOIN ad_readings r ON r.ad = a.id WHERE a.brand = :brand"
            " AND a.account_id = :account AND r.day = :day AND r.part = '' AND r.superseded_at IS NULL",
            brand=brand,
            account=account_id,
            day=day.toordinal(),
        )
        uncounted = tuple(
            UncountedSale(row["number"] or "of an erased person", _why(row))
            for row in sales
            if row["state"] != "accepted"
        )
        return Reconciliation(day, len(sales), None if told is None else int(told), uncounted)

    def _count(self, brand: str) -> int:
        return int(self._db.value("SELECT count(*) FROM ad_events WHERE brand = :brand", brand=brand))

    def _expire(self, brand: str, account_id: str) -> None:
        now = self._clock()
        self._db.run(
            "UPDATE ad_events SET state = 'too_late', why = 'more than 7 days after the click', at = :now"
            " WHERE brand = :brand AND account_id = :account AND state = 'planned' AND clicked_at < :oldest",
            brand=brand,
            account=account_id,
            now=to_text(now),
            oldest=to_text(now - EVENT_WINDOW),
        )

    def _move(self, ids: Sequence[int], source: EventState, target: EventState, why: str) -> None:
        bulk_insert.update(
            self._db,
            "UPDATE ad_events SET state = :target, why = :why, at = :now WHERE state = :source AND id IN",
            ids,
            source=source,
            target=target,
            why=why,
            now=to_text(self._clock()),
        )


# A cancellation or return is told only of an order whose purchase was told, or is about to be.
_TO_PLAN = """SELECT o.number, o.contact_id, o.last_clid AS clid, o.last_ad_id AS ad_id, o.unit_minor * o.quantity AS value, o.currency,
    t.at AS clicked_at, w.name, a.account_id,
    CASE w.name WHEN 'Purchase' THEN o.created_at ELSE s.state_at END AS happened_at
    FROM orders o
    JOIN touches t ON t.id = o.last_touch_id
    JOIN ads a ON a.brand = o.brand AND a.ad_id = o.last_ad_id
    JOIN ad_sales s ON s.brand = o.brand AND s.number = o.number
    JOIN (SELECT 'Purchase' AS name, 'all' AS state UNION ALL SELECT 'OrderCanceled', 'cancelled'
          UNION ALL SELECT 'OrderReturned', 'returned') AS w
        ON w.state = s.state OR (w.state = 'all' AND s.state IN ('ordered', 'paid'))
    LEFT JOIN ad_events e ON e.brand = o.brand AND e.number = o.number AND e.name = w.name
    LEFT JOIN ad_events p ON p.brand = o.brand AND p.number = o.number AND p.name = 'Purchase'
    WHERE o.brand = :brand AND o.contact_id IS NOT NULL AND o.last_clid IS NOT NULL AND o.last_clid <> ''
    AND e.id IS NULL AND (w.name = 'Purchase' OR p.state IN ('planned', 'sent', 'accepted')) ORDER BY o.id"""
_SALES_OF_DAY = """SELECT s.number, e.state, e.why FROM ad_sales s
    JOIN ads a ON a.brand = s.brand AND a.ad_id = s.last_ad_id
    LEFT JOIN ad_events e ON e.brand = s.brand AND e.number = s.number AND e.name = 'Purchase'
    WHERE s.brand = :brand AND a.account_id = :account AND s.day = :day AND s.state IN ('ordered', 'paid')
    ORDER BY s.id"""


def _why(row: Row) -> str:
    if row["number"] is None:
        return "the person was erased, so nobody can tell any more"
    if row["state"] is None:
        return "it came without a click id, so it can't be told"
    waiting = {"planned": "it waits to be sent", "sent": "it was sent, and no answer came"}
    return waiting.get(row["state"]) or row["why"] or "refused without a reason"
