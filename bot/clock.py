"""What happens when: one clock, however many processes."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from apscheduler.schedulers.background import BackgroundScheduler

from memory.moments import now
from memory.records import JobRuns

log = logging.getLogger(__name__)

SECONDS_BETWEEN_TRIES = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every so often. `at_start`: also at once when the clock starts."""

    name: str
    every: timedelta
    do: Callable[[], None]
    at_start: bool = False


class ClockWork:
    """Whichever process holds the lock file runs the jobs; when it dies, another takes over within seconds.

    The lock is the operating system's, so a killed process cannot keep it. Starting the scheduler in every web
    worker would run each job as often as there are workers.
    """

    def __init__(self, jobs: Sequence[Job], runs: JobRuns, lock_file: Path) -> None:
        self._jobs = jobs
        self._runs = runs
        self._lock_file = lock_file
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Wait for the lock and tick, in a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self._lead, name="clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the job under way finish, then give the lock back."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _lead(self) -> None:
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("w") as lock:
            while not _taken(lock):
                if self._stopping.wait(SECONDS_BETWEEN_TRIES):
                    return
            self._tick()

    def _tick(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it writes two lines for each run of each job
        scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        )
        for job in self._jobs:
            first: dict[str, datetime] = {"next_run_time": now()} if job.at_start else {}
            scheduler.add_job(
                self._run, "interval", seconds=job.every.total_seconds(), args=[job], id=job.name, **first
            )
        scheduler.start()
        self._stopping.wait()
        scheduler.shutdown(wait=True)

    def _run(self, job: Job) -> None:
        """One job that fails is recorded and comes again; the others go on (APScheduler logs what rises here)."""
        if job.at_start or self._runs.claim(job.name, job.every):
            job.do()


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
