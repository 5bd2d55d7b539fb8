"""Emergency stop and alarms: what they paused, and notices for staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.language.money import Money
from memory.ads.ad_account import Kind
from memory.storage.database import Database
from memory.storage.table import (
    FLAG,
    JSON_TUPLE,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Index,
    Table,
    computed,
    decimal_money,
)
from memory.storage.timestamps import Clock, to_text

HeldState = Literal["to_pause", "paused", "put_back", "left"]


@dataclass(frozen=True, slots=True)
class Stop:
    """In force until an admin resumes."""

    id: int
    brand: str
    who: str
    why: str
    at: datetime
    complete: bool  # whether everything was paused once

    @property
    def cause(self) -> str:
        """The `cause` of its HeldObject rows."""
        return f"stop {self.id}"


@dataclass(frozen=True, slots=True)
class HeldObject:
    brand: str
    cause: str
    account_id: str
    kind: Kind
    object_id: str
    name: str
    state: HeldState = "to_pause"
    why: str = ""  # why it could not be paused or put back
    was: Money | None = None
    becomes: Money | None = None


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    id: int
    brand: str
    cause: str  # the rule and what it is about, such as stock VY-LP-14
    sentence: str
    at: datetime
    freezes: tuple[str, ...]  # accounts where the program raises no budget while the alarm is on
    ends_itself: bool  # when the cause is gone; else when a person resumes

    @property
    def held_under(self) -> str:
        """The `cause` of its HeldObject rows."""
        return f"alarm {self.id}"


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    brand: str
    sentence: str
    at: datetime


AD_STOPS = Table(
    "ad_stops",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("who", TEXT),
    Column("why", TEXT),
    Column("at", TIMESTAMP),
    Column("complete_at", TIMESTAMP, null=True),
    Column("ended_at", TIMESTAMP, null=True),
    Column("ended_by", TEXT, null=True),
    indexes=[Index("ad_stops_in_force", "brand", unique=True, where="ended_at IS NULL")],
)
# What a stop or an alarm has paused, to be put back exactly.
AD_HELD = Table(
    "ad_held",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("cause", TEXT),
    Column("account_id", TEXT),
    Column("kind", TEXT),
    Column("object_id", TEXT),
    Column("name", TEXT),
    Column("was", TEXT, null=True),
    Column("becomes", TEXT, null=True),
    Column("currency", TEXT, null=True),
    Column("state", TEXT),
    Column("why", TEXT, default="''"),
    unique=["cause, account_id, object_id"],
)
# The campaigns that were seen switched on last: a stop pauses them even where the account can't be read.
AD_RUNNING = Table(
    "ad_running",
    Column("account_id", TEXT),
    Column("object_id", TEXT),
    Column("name", TEXT),
    key="account_id, object_id",
)
AD_ALARMS = Table(
    "ad_alarms",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("cause", TEXT),
    Column("sentence", TEXT),
    Column("freezes", JSON_TUPLE),
    Column("ends_itself", FLAG),
    Column("at", TIMESTAMP),
    Column("ended_at", TIMESTAMP, null=True),
    indexes=[Index("ad_alarms_on", "brand, cause", unique=True, where="ended_at IS NULL")],
)
AD_NOTICES = Table(
    "ad_notices",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("key", TEXT),
    Column("sentence", TEXT),
    Column("at", TIMESTAMP),
    Column("told_at", TIMESTAMP, null=True),
    unique=["brand, key"],
    indexes=[Index("ad_notices_untold", "brand, id", where="told_at IS NULL")],
)
STOP = AD_STOPS.rows(Stop, complete=computed("complete_at IS NOT NULL", FLAG))
HELD = AD_HELD.rows(
    HeldObject, was=decimal_money("was", "currency", null=True), becomes=decimal_money("becomes", "currency", null=True)
)
ALARM = AD_ALARMS.rows(AlarmRecord)
NOTICE = AD_NOTICES.rows(Notice)
_HELD = f"SELECT {HELD.columns} FROM ad_held"
_HOLD = AD_HELD.insert(
    (name for name in AD_HELD.columns if name != "id"),
    "ON CONFLICT (cause, account_id, object_id) DO UPDATE SET state = 'to_pause'",
)


class Stops:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(self, brand: str, who: str, why: str) -> Stop:
        """Returns the one in force, if any."""
        with self._db.transaction(durable=True):
            self._db.hold(f"ads of {brand}")
            begun = AD_STOPS.stored(brand=brand, who=who, why=why, at=self._clock())
            self._db.run(AD_STOPS.insert(begun, "ON CONFLICT DO NOTHING"), **begun)
            stop = self.in_force(brand)
        assert stop is not None, "just begun, or there before"
        return stop

    def in_force(self, brand: str) -> Stop | None:
        return STOP.one(
            self._db, f"SELECT {STOP.columns} FROM ad_stops WHERE brand = :brand AND ended_at IS NULL", brand=brand
        )

    def complete(self, stop: Stop) -> None:
        self._db.run(
            "UPDATE ad_stops SET complete_at = :now WHERE id = :id AND complete_at IS NULL",
            now=to_text(self._clock()),
            id=stop.id,
        )

    def end(self, stop: Stop, who: str) -> bool:
        """False if it has ended already."""
        lifted = self._db.run(
            "UPDATE ad_stops SET ended_at = :now, ended_by = :who WHERE id = :id AND ended_at IS NULL",
            now=to_text(self._clock()),
            who=who,
            id=stop.id,
        )
        return bool(lifted)

    def hold(self, held_objects: Iterable[HeldObject]) -> None:
        """Store what is to be paused, again if this cause held it before."""
        with self._db.transaction():
            for held_object in held_objects:
                self._db.run(_HOLD, **HELD.values(held_object) | {"state": "to_pause", "why": ""})

    def mark(self, held_object: HeldObject, state: HeldState, why: str = "") -> None:
        self._db.run(
            "UPDATE ad_held SET state = :state, why = :why"
            " WHERE cause = :cause AND account_id = :account AND object_id = :object",
            state=state,
            why=why,
            cause=held_object.cause,
            account=held_object.account_id,
            object=held_object.object_id,
        )

    def held(self, cause: str, *states: HeldState) -> list[HeldObject]:
        """In insertion order."""
        held = HELD.all(self._db, f"{_HELD} WHERE cause = :cause ORDER BY id", cause=cause)
        return [held_object for held_object in held if not states or held_object.state in states]

    def note_running(self, account_id: str, names: Mapping[str, str]) -> None:
        """Replaces them, id → name."""
        if self.seen_running(account_id) == names:
            return
        with self._db.transaction():
            self._db.run("DELETE FROM ad_running WHERE account_id = :account", account=account_id)
            for object_id, name in sorted(names.items()):
                row = AD_RUNNING.stored(account_id=account_id, object_id=object_id, name=name)
                self._db.run(AD_RUNNING.insert(row, "ON CONFLICT DO NOTHING"), **row)

    def seen_running(self, account_id: str) -> dict[str, str]:
        """Id → name."""
        rows = self._db.all("SELECT object_id, name FROM ad_running WHERE account_id = :account", account=account_id)
        return {row["object_id"]: row["name"] for row in rows}

    def holding(self, account_id: str, object_id: str) -> list[HeldObject]:
        """By alarms."""
        return HELD.all(
            self._db,
            f"{_HELD} WHERE account_id = :account AND object_id = :object"
            " AND state IN ('to_pause', 'paused') AND cause LIKE 'alarm %' ORDER BY id",
            account=account_id,
            object=object_id,
        )

    def to_put_back(self, brand: str) -> list[HeldObject]:
        """Paused by ended stops."""
        return HELD.all(
            self._db,
            f"{_HELD} WHERE brand = :brand AND state = 'paused' AND cause LIKE 'stop %' ORDER BY id",
            brand=brand,
        )


class Alarms:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def raise_(
        self, brand: str, cause: str, sentence: str, *, freezes: Sequence[str] = (), ends_itself: bool = False
    ) -> AlarmRecord:
        """An open alarm is returned as it is."""
        with self._db.transaction(durable=True):
            self._db.hold(f"alarms of {brand}")
            known = self.active(brand, cause)
            if known is not None:
                return known
            now = self._clock()
            row = AD_ALARMS.stored(
                brand=brand, cause=cause, sentence=sentence, freezes=freezes, ends_itself=ends_itself, at=now
            )
            number = self._db.insert(AD_ALARMS.insert(row, "RETURNING id"), **row)
            self.notify(brand, f"alarm {number}", sentence)
            return AlarmRecord(number, brand, cause, sentence, now, tuple(freezes), ends_itself)

    def active(self, brand: str, cause: str) -> AlarmRecord | None:
        return next((alarm for alarm in self.all_active(brand) if alarm.cause == cause), None)

    def all_active(self, brand: str) -> list[AlarmRecord]:
        """Oldest first."""
        return ALARM.all(
            self._db,
            f"SELECT {ALARM.columns} FROM ad_alarms WHERE brand = :brand AND ended_at IS NULL ORDER BY id",
            brand=brand,
        )

    def end(self, alarm: AlarmRecord, sentence: str) -> None:
        """`sentence`: the notice to staff."""
        with self._db.transaction():
            ended = self._db.run(
                "UPDATE ad_alarms SET ended_at = :now WHERE id = :id AND ended_at IS NULL",
                now=to_text(self._clock()),
                id=alarm.id,
            )
            if ended:
                self.notify(alarm.brand, f"alarm {alarm.id} over", sentence)

    def notify(self, brand: str, key: str, sentence: str) -> None:
        """Once per `key`."""
        notice = AD_NOTICES.stored(brand=brand, key=key, sentence=sentence, at=self._clock())
        self._db.run(AD_NOTICES.insert(notice, "ON CONFLICT (brand, key) DO NOTHING"), **notice)

    def unsent_notices(self, brand: str) -> list[Notice]:
        """Oldest first."""
        return NOTICE.all(
            self._db,
            f"SELECT {NOTICE.columns} FROM ad_notices WHERE brand = :brand AND told_at IS NULL ORDER BY id",
            brand=brand,
        )

    def mark_sent(self, notice_id: int) -> None:
        """In the transaction that puts the notice into the outbox."""
        self._db.run(
            "UPDATE ad_notices SET told_at = :now WHERE id = :id AND told_at IS NULL",
            now=to_text(self._clock()),
            id=notice_id,
        )
