"""What has been done already, so that nothing is done twice: the clock's runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from memory.database import Database
from memory.moments import Clock, to_text


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


def _start_of_slot(now: datetime, every: timedelta) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + every * ((now - midnight) // every)
