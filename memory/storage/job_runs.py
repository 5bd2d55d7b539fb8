"""Runs of scheduled jobs, each slot once over all processes; and switches."""

from __future__ import annotations

from datetime import datetime, timedelta

from memory.storage.database import Database
from memory.storage.table import TEXT, TIMESTAMP, Column, Table
from memory.storage.timestamps import Clock, from_text, to_text

JOB_RUNS = Table("job_runs", Column("job", TEXT), Column("slot", TEXT), Column("at", TIMESTAMP), key="job, slot")
SWITCHED_OFF = Table(
    "switched_off", Column("kind", TEXT), Column("key", TEXT), Column("at", TIMESTAMP), key="kind, key"
)


class JobRuns:
    """Job runs by time slot; a unique key decides between schedulers that tick together."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def claim(self, job: str, every: timedelta) -> bool:
        """True for exactly one caller per slot of `every`, counted from midnight UTC."""
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        slot = midnight + every * ((now - midnight) // every)
        run = JOB_RUNS.stored(job=job, slot=to_text(slot), at=now)
        return bool(self._db.run(JOB_RUNS.insert(run, "ON CONFLICT DO NOTHING"), **run))

    def note(self, job: str) -> None:
        run = JOB_RUNS.stored(job=job, slot="last", at=self._clock())
        self._db.run(JOB_RUNS.insert(run, JOB_RUNS.update_on_conflict(run)), **run)

    def last(self, job: str) -> datetime | None:
        """When `note` was last called for this job."""
        at = self._db.value("SELECT at FROM job_runs WHERE job = :job AND slot = 'last'", job=job)
        return None if at is None else from_text(at)


class Switches:
    """Things switched off from outside, such as a template that WhatsApp paused."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def turn_off(self, kind: str, key: str) -> None:
        switch = SWITCHED_OFF.stored(kind=kind, key=key, at=self._clock())
        self._db.run(SWITCHED_OFF.insert(switch, "ON CONFLICT DO NOTHING"), **switch)

    def turn_on(self, kind: str, key: str) -> None:
        self._db.run("DELETE FROM switched_off WHERE kind = :kind AND key = :key", kind=kind, key=key)

    def is_off(self, kind: str, key: str) -> bool:
        found = self._db.value("SELECT 1 FROM switched_off WHERE kind = :kind AND key = :key", kind=kind, key=key)
        return found is not None
