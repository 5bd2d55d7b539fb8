"""Runs scheduled jobs in one process at a time."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TextIO

from apscheduler.schedulers.background import BackgroundScheduler

from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import now

log = logging.getLogger(__name__)

SECONDS_BETWEEN_TRIES = 1.0
SECONDS_BETWEEN_CHECKS = 600.0  # whether a daily job is due; so it also runs in a program restarted each day


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    do: Callable[[], object]  # as APScheduler takes it; the result is ignored
    at_start: bool = False  # also at once when the scheduler starts


class Leadership(Protocol):
    """A lock held by one process at a time."""

    def take(self) -> bool:
        """Whether it is held now."""

    def held(self) -> bool: ...

    def give_back(self) -> None: ...


class FileLock:
    """For processes of one machine; released by the operating system when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def take(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def held(self) -> bool:
        return self._file is not None

    def give_back(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class JobScheduler:
    """When the process that runs the jobs dies, another takes over within seconds."""

    def __init__(self, jobs: Sequence[Job], runs: JobRuns, lock: Path | Leadership) -> None:
        self._jobs = jobs
        self._runs = runs
        self._leadership: Leadership = FileLock(lock) if isinstance(lock, Path) else lock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Waits for the lock in its own thread."""
        self._thread = threading.Thread(target=self._lead, name="clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finishes running jobs, then releases the lock."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _lead(self) -> None:
        while not self._stopping.is_set():
            if self._leadership.take():
                self._run_jobs()
            self._stopping.wait(SECONDS_BETWEEN_TRIES)
        self._leadership.give_back()

    def _run_jobs(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it writes two lines for each run of each job
        scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        )
        for job in self._jobs:
            first: dict[str, datetime] = {"next_run_time": now()} if job.at_start else {}
            seconds = (
                job.every.total_seconds() if job.at_start else min(job.every.total_seconds(), SECONDS_BETWEEN_CHECKS)
            )
            # APScheduler logs an exception of a job, and runs the job again when it is due.
            scheduler.add_job(self._run, "interval", seconds=seconds, args=[job], id=job.name, **first)
        scheduler.start()
        while self._leadership.held() and not self._stopping.wait(SECONDS_BETWEEN_TRIES):
            pass
        scheduler.shutdown(wait=True)

    def _run(self, job: Job) -> None:
        if job.at_start or self._runs.claim(job.name, job.every):
            job.do()
