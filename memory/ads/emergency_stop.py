"""“Stop everything”, and the alarms of the hourly look: what was paused by them, and what staff have yet to hear."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast

from bot.language.money import Money
from memory.ads.ad_account import Kind
from memory.storage.database import Database, Row
from memory.storage.timestamps import Clock, from_text, to_text

HeldState = Literal["to_pause", "paused", "put_back", "left"]


@dataclass(frozen=True, slots=True)
class Stop:
    """An admin's “stop everything”, in force until an admin resumes."""

    id: int
    brand: str
    who: str
    why: str
    at: datetime
    complete: bool  # whether everything has stood still once

    @property
    def cause(self) -> str:
        """What its paused things are kept under."""
        return f"stop {self.id}"


@dataclass(frozen=True, slots=True)
class Held:
    """Something that was running when a stop or an alarm came. Paused, or its budget lowered from `was` to `becomes`."""

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
    """An emergency that lasts."""

    id: int
    brand: str
    cause: str  # the rule and what it is about, such as stock VY-LP-14
    sentence: str
    at: datetime
    freezes: tuple[str, ...]  # accounts in which the program raises nothing by itself as long as it lasts
    ends_itself: bool  # when its cause is gone; else when a person resumes

    @property
    def held_under(self) -> str:
        """What its paused things are kept under."""
        return f"alarm {self.id}"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the brand's staff that nobody has been told yet."""

    id: int
    brand: str
    sentence: str
    at: datetime


class Stops:
    """The switch that every process looks at before it raises, resumes or makes anything."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(self, brand: str, who: str, why: str) -> Stop:
        """Stop this brand's accounts; one stop at a time, a second message finds the first."""
        with self._db.transaction(durable=True):
            self._db.hold(f"ads of {brand}")
            self._db.run(
                "INSERT INTO ad_stops (brand, who, why, at) VALUES (:brand, :who, :why, :now) ON CONFLICT DO NOTHING",
                brand=brand,
                who=who,
                why=why,
                now=to_text(self._clock()),
            )
            stop = self.in_force(brand)
        assert stop is not None, "just begun, or there before"
        return stop

    def in_force(self, brand: str) -> Stop | None:
        """The stop that holds now."""
        row = self._db.one("SELECT * FROM ad_stops WHERE brand = :brand AND ended_at IS NULL", brand=brand)
        if row is None:
            return None
        complete = row["complete_at"] is not None
        return Stop(row["id"], row["brand"], row["who"], row["why"], from_text(row["at"]), complete)

    def complete(self, stop: Stop) -> None:
        """Everything stands still."""
        self._db.run(
            "UPDATE ad_stops SET complete_at = :now WHERE id = :id AND complete_at IS NULL",
            now=to_text(self._clock()),
            id=stop.id,
        )

    def end(self, stop: Stop, who: str) -> bool:
        """Lift it; False where somebody else has."""
        lifted = self._db.run(
            "UPDATE ad_stops SET ended_at = :now, ended_by = :who WHERE id = :id AND ended_at IS NULL",
            now=to_text(self._clock()),
            who=who,
            id=stop.id,
        )
        return bool(lifted)

    def hold(self, things: Iterable[Held]) -> None:
        """These run and are to be paused, those that were paused under this cause before, too."""
        with self._db.transaction():
            for thing in things:
                self._db.run(
                    "INSERT INTO ad_held (brand, cause, account_id, kind, object_id, name, was, becomes, currency, state)"
                    " VALUES (:brand, :cause, :account, :kind, :object, :name, :was, :becomes, :currency, 'to_pause')"
                    " ON CONFLICT (cause, account_id, object_id) DO UPDATE SET state = 'to_pause'",
                    brand=thing.brand,
                    cause=thing.cause,
                    account=thing.account_id,
                    kind=thing.kind,
                    object=thing.object_id,
                    name=thing.name,
                    was=None if thing.was is None else str(thing.was.amount),
                    becomes=None if thing.becomes is None else str(thing.becomes.amount),
                    currency=None if thing.was is None else thing.was.currency,
                )

    def mark(self, thing: Held, state: HeldState, why: str = "") -> None:
        """What became of it."""
        self._db.run(
            "UPDATE ad_held SET state = :state, why = :why"
            " WHERE cause = :cause AND account_id = :account AND object_id = :object",
            state=state,
            why=why,
            cause=thing.cause,
            account=thing.account_id,
            object=thing.object_id,
        )

    def held(self, cause: str, *states: HeldState) -> list[Held]:
        """What a stop or an alarm holds, in the order in which it was seen."""
        rows = self._db.all("SELECT * FROM ad_held WHERE cause = :cause ORDER BY id", cause=cause)
        return [_held(row) for row in rows if not states or row["state"] in states]

    def note_running(self, account_id: str, names: Mapping[str, str]) -> None:
        """These campaigns are switched on now, and no others; id → name."""
        if self.seen_running(account_id) == names:
            return
        with self._db.transaction():
            self._db.run("DELETE FROM ad_running WHERE account_id = :account", account=account_id)
            for object_id, name in sorted(names.items()):
                self._db.run(
                    "INSERT INTO ad_running (account_id, object_id, name) VALUES (:account, :object, :name)"
                    " ON CONFLICT DO NOTHING",
                    account=account_id,
                    object=object_id,
                    name=name,
                )

    def seen_running(self, account_id: str) -> dict[str, str]:
        """The campaigns that were switched on when the account was read last."""
        rows = self._db.all("SELECT object_id, name FROM ad_running WHERE account_id = :account", account=account_id)
        return {row["object_id"]: row["name"] for row in rows}

    def holding(self, account_id: str, object_id: str) -> list[Held]:
        """What alarms have paused and not put back of this one thing."""
        rows = self._db.all(
            "SELECT * FROM ad_held WHERE account_id = :account AND object_id = :object"
            " AND state IN ('to_pause', 'paused') AND cause LIKE 'alarm %' ORDER BY id",
            account=account_id,
            object=object_id,
        )
        return [_held(row) for row in rows]

    def to_put_back(self, brand: str) -> list[Held]:
        """What was paused by stops that are over, and waits to run again."""
        rows = self._db.all(
            "SELECT * FROM ad_held WHERE brand = :brand AND state = 'paused' AND cause LIKE 'stop %' ORDER BY id",
            brand=brand,
        )
        return [_held(row) for row in rows]


class Alarms:
    """Emergencies that last, each told once, and other sentences for staff."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def raise_(
        self, brand: str, cause: str, sentence: str, *, freezes: Sequence[str] = (), ends_itself: bool = False
    ) -> AlarmRecord:
        """Open this alarm and have staff told; one that is on already stays as it is, and is not told again."""
        with self._db.transaction(durable=True):
            self._db.hold(f"alarms of {brand}")
            known = self.on(brand, cause)
            if known is not None:
                return known
            number = self._db.insert(
                "INSERT INTO ad_alarms (brand, cause, sentence, freezes, ends_itself, at)"
                " VALUES (:brand, :cause, :sentence, :freezes, :ends_itself, :now) RETURNING id",
                brand=brand,
                cause=cause,
                sentence=sentence,
                freezes=json.dumps(list(freezes)),
                ends_itself=int(ends_itself),
                now=to_text(self._clock()),
            )
            self.say(brand, f"alarm {number}", sentence)
            return AlarmRecord(number, brand, cause, sentence, self._clock(), tuple(freezes), ends_itself)

    def on(self, brand: str, cause: str) -> AlarmRecord | None:
        """This alarm, where it is on."""
        return next((alarm for alarm in self.all_on(brand) if alarm.cause == cause), None)

    def all_on(self, brand: str) -> list[AlarmRecord]:
        """A brand's alarms that are on, oldest first."""
        rows = self._db.all(
            "SELECT * FROM ad_alarms WHERE brand = :brand AND ended_at IS NULL ORDER BY id", brand=brand
        )
        return [_alarm(row) for row in rows]

    def end(self, alarm: AlarmRecord, sentence: str) -> None:
        """Its cause is gone; staff hear this sentence."""
        with self._db.transaction():
            ended = self._db.run(
                "UPDATE ad_alarms SET ended_at = :now WHERE id = :id AND ended_at IS NULL",
                now=to_text(self._clock()),
                id=alarm.id,
            )
            if ended:
                self.say(alarm.brand, f"alarm {alarm.id} over", sentence)

    def say(self, brand: str, key: str, sentence: str) -> None:
        """Have staff told this once: the same `key` is the same news, however often it is found."""
        self._db.run(
            "INSERT INTO ad_notices (brand, key, sentence, at) VALUES (:brand, :key, :sentence, :now)"
            " ON CONFLICT (brand, key) DO NOTHING",
            brand=brand,
            key=key,
            sentence=sentence,
            now=to_text(self._clock()),
        )

    def untold(self, brand: str) -> list[Notice]:
        """What staff have yet to hear, oldest first."""
        rows = self._db.all(
            "SELECT * FROM ad_notices WHERE brand = :brand AND told_at IS NULL ORDER BY id", brand=brand
        )
        return [Notice(row["id"], row["brand"], row["sentence"], from_text(row["at"])) for row in rows]

    def told(self, notice_id: int) -> None:
        """It is in the outbox; call it in the transaction that puts it there."""
        self._db.run(
            "UPDATE ad_notices SET told_at = :now WHERE id = :id AND told_at IS NULL",
            now=to_text(self._clock()),
            id=notice_id,
        )


def _alarm(row: Row) -> AlarmRecord:
    return AlarmRecord(
        id=row["id"],
        brand=row["brand"],
        cause=row["cause"],
        sentence=row["sentence"],
        at=from_text(row["at"]),
        freezes=tuple(json.loads(row["freezes"])),
        ends_itself=bool(row["ends_itself"]),
    )


def _held(row: Row) -> Held:
    return Held(
        brand=row["brand"],
        cause=row["cause"],
        account_id=row["account_id"],
        kind=cast(Kind, row["kind"]),
        object_id=row["object_id"],
        name=row["name"],
        state=cast(HeldState, row["state"]),
        why=row["why"],
        was=None if row["was"] is None else Money(Decimal(row["was"]), row["currency"]),
        becomes=None if row["becomes"] is None else Money(Decimal(row["becomes"]), row["currency"]),
    )
