"""Progress of the morning cycles, each leased to one process at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from memory.storage.database import Database
from memory.storage.errors import CycleLost
from memory.storage.lease_clock import is_held
from memory.storage.table import INTEGER, ISO_DATE, JSON_UNESCAPED, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text


@dataclass(frozen=True, slots=True)
class CycleRun:
    id: int
    brand: str
    account_id: str
    day: date  # in the account's calendar
    step: str  # the next step; "done" at the end
    notes: Mapping[str, Any]  # JSON results of finished steps, by step
    started_at: datetime
    ended_at: datetime | None
    fault: str | None
    holder: str | None


CYCLES = Table(
    "cycles",
    Column("id", REUSED_ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("day", ISO_DATE),
    Column("step", TEXT),
    Column("notes", JSON_UNESCAPED),
    Column("holder", TEXT, null=True),
    Column("held_until", TIMESTAMP, null=True),  # without a holder: not before
    Column("started_at", TIMESTAMP),
    Column("ended_at", TIMESTAMP, null=True),
    Column("fault", TEXT, null=True),
    Column("clock_id", TEXT, null=True),
    Column("held_until_tick", INTEGER, null=True),
    indexes=[Index("cycles_by_day", "brand, account_id, day", unique=True)],
)
CYCLE_RUN = CYCLES.rows(CycleRun)
_RUNS = f"SELECT {CYCLE_RUN.columns} FROM cycles"


class Cycles:
    def __init__(self, db: Database, clock: Clock, *, lease: timedelta = timedelta(minutes=5)) -> None:
        """`clock`: the machine's."""
        self._db = db
        self._clock = clock
        self._lease = lease

    def claim(self, brand: str, account_id: str, day: date, first_step: str) -> CycleRun | None:
        """None if it is done, or another process holds it."""
        with self._db.transaction():
            now, lease_time = self._clock(), self._db.lease_time()
            begun = CYCLES.stored(
                brand=brand, account_id=account_id, day=day, step=first_step, notes={}, started_at=now
            )
            self._db.run(CYCLES.insert(begun, "ON CONFLICT DO NOTHING"), **begun)
            holder = secrets.token_hex(8)
            taken = self._db.run(
                "UPDATE cycles SET holder = :holder, clock_id = :clock_id, held_until_tick = :until, fault = NULL"
                " WHERE brand = :brand AND account_id = :account AND day = :day AND ended_at IS NULL"
                " AND (holder IS NOT NULL OR held_until IS NULL OR held_until < :now)"
                f" AND (holder IS NULL OR clock_id IS NULL OR NOT {is_held('held_until_tick')})",
                holder=holder,
                until=lease_time.plus(self._lease).tick,
                brand=brand,
                account=account_id,
                day=day.isoformat(),
                now=to_text(now),
                **lease_time.values(),
            )
            return self.of_day(brand, account_id, day) if taken else None

    def of_day(self, brand: str, account_id: str, day: date) -> CycleRun | None:
        return CYCLE_RUN.one(
            self._db,
            f"{_RUNS} WHERE brand = :brand AND account_id = :account AND day = :day",
            brand=brand,
            account=account_id,
            day=day.isoformat(),
        )

    def latest(self, brand: str, limit: int = 30) -> list[CycleRun]:
        """Newest first."""
        return CYCLE_RUN.all(
            self._db,
            f"{_RUNS} WHERE brand = :brand ORDER BY started_at DESC, id DESC LIMIT :limit",
            brand=brand,
            limit=limit,
        )

    def newest_day(self, brand: str) -> date | None:
        # Read from the index alone: notes are long.
        day: str | None = self._db.value("SELECT max(day) FROM cycles WHERE brand = :brand", brand=brand)
        return None if day is None else date.fromisoformat(day)

    def newest_of(self, brand: str, account_id: str) -> CycleRun | None:
        return CYCLE_RUN.one(
            self._db,
            f"{_RUNS} WHERE brand = :brand AND account_id = :account ORDER BY day DESC LIMIT 1",
            brand=brand,
            account=account_id,
        )

    def of_brand(self, brand: str, day: date) -> list[CycleRun]:
        """By account."""
        return CYCLE_RUN.all(
            self._db,
            f"{_RUNS} WHERE brand = :brand AND day = :day ORDER BY account_id",
            brand=brand,
            day=day.isoformat(),
        )

    @contextmanager
    def step_transaction(self) -> Iterator[None]:
        """Durable."""
        with self._db.transaction(durable=True):
            yield

    def finish_step(self, run: CycleRun, note: Any, next_step: str) -> CycleRun:
        """Raises CycleLost."""
        notes = {**run.notes, run.step: note}
        self._write(run, "step = :step, notes = :notes", step=next_step, **CYCLES.stored(notes=notes))
        after = CYCLE_RUN.one(self._db, f"{_RUNS} WHERE id = :id", id=run.id)
        if after is None:
            raise CycleLost(f"the cycle of account {run.account_id} is gone")
        return after

    def renew(self, run: CycleRun) -> None:
        """Raises CycleLost."""
        self._write(run, "step = step")

    def end(self, run: CycleRun) -> None:
        """Raises CycleLost."""
        self._write(run, "step = 'done', ended_at = :ended", ended=to_text(self._clock()))

    def fail(self, run: CycleRun, fault: str, again_at: datetime) -> None:
        """Releases the lease; the step is retried from `again_at` on."""
        self._write(run, "fault = :fault", fault=fault)
        self._db.run(
            "UPDATE cycles SET holder = NULL, held_until = :again WHERE id = :id", id=run.id, again=to_text(again_at)
        )

    def _write(self, run: CycleRun, change: str, **values: Any) -> None:
        until = self._db.lease_time().plus(self._lease)
        touched = self._db.run(
            f"UPDATE cycles SET {change}, clock_id = :clock_id, held_until_tick = :until"
            " WHERE id = :id AND holder = :holder",
            id=run.id,
            holder=run.holder,
            clock_id=until.clock_id,
            until=until.tick,
            **values,
        )
        if not touched:
            raise CycleLost(f"another process works on account {run.account_id} by now")
