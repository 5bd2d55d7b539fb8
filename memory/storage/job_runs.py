"""What has been done already, so that nothing is done twice: the clock's runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from memory.storage.database import Database
from memory.storage.timestamps import Clock, from_text, to_text


class JobRuns:
    """Which job ran for which slot of time; the unique key decides between clocks that tick together."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def claim(self, job: str, every: timedelta) -> bool:
        """True for exactly one caller in each stretch of `every`, counted from midnight UTC."""
        now = self._clock()
        return bool(
            self._db.run(
                "INSERT INTO job_runs (job, slot, at) VALUES (:job, :slot, :at) ON CONFLICT DO NOTHING",
                job=job,
                slot=to_text(_start_of_slot(now, every)),
                at=to_text(now),
            )
        )

    def note(self, job: str) -> None:
        """This job has just done all there was to do."""
        self._db.run(
            "INSERT INTO job_runs (job, slot, at) VALUES (:job, 'last', :at)"
            " ON CONFLICT (job, slot) DO UPDATE SET at = excluded.at",
            job=job,
            at=to_text(self._clock()),
        )

    def last(self, job: str) -> datetime | None:
        """When `note` was last called for this job."""
        at = self._db.value("SELECT at FROM job_runs WHERE job = :job AND slot = 'last'", job=job)
        return None if at is None else from_text(at)


def _start_of_slot(now: datetime, every: timedelta) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + every * ((now - midnight) // every)


class Switches:
    """What was switched off by an outside verdict, such as a template that WhatsApp paused."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def turn_off(self, kind: str, key: str) -> None:
        """Not to be used until it is turned on again."""
        self._db.run(
            "INSERT INTO switched_off (kind, key, at) VALUES (:kind, :key, :at) ON CONFLICT DO NOTHING",
            kind=kind,
            key=key,
            at=to_text(self._clock()),
        )

    def turn_on(self, kind: str, key: str) -> None:
        """Usable again."""
        self._db.run("DELETE FROM switched_off WHERE kind = :kind AND key = :key", kind=kind, key=key)

    def is_off(self, kind: str, key: str) -> bool:
        """Whether it was switched off."""
        found = self._db.value("SELECT 1 FROM switched_off WHERE kind = :kind AND key = :key", kind=kind, key=key)
        return found is not None
