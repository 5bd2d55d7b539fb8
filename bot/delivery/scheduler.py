"""Runs the jobs: in one process at a time, however many there are."""

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
SECONDS_BETWEEN_LOOKS = 600.0  # whether a daily job is due: a program restarted each day must run it, too


@dataclass(frozen=True, slots=True)
class Job:
    """`at_start`: also at once when the clock starts."""

    name: str
    every: timedelta
    do: Callable[[], object]  # as APScheduler takes it; the result is ignored
    at_start: bool = False


class Leadership(Protocol):
    """A lock that one process at a time holds."""

    def take(self) -> bool:
        """Try to take it; whether it is ours now."""

    def held(self) -> bool:
        """Whether it is still ours."""

    def give_back(self) -> None:
        """Release it."""


class FileLock:
    """For the processes of one machine; the operating system releases it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    def take(self) -> bool:
        """Whether it is ours now."""
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
        """Until it is given back: nobody can take a file lock away."""
        return self._file is not None

    def give_back(self) -> None:
        """Let another process have it."""
        if self._file is not None:
            self._file.close()
            self._file = None


class ClockWork:
    """The process that holds the lock runs the jobs; when it dies, another takes over within seconds.

    `lock` is a file where all processes are on one machine, else memory.storage.postgres.ServerLock.
    """

    def __init__(self, jobs: Sequence[Job], runs: JobRuns, lock: Path | Leadership) -> None:
        self._jobs = jobs
        self._runs = runs
        self._leadership: Leadership = FileLock(lock) if isinstance(lock, Path) else lock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Wait for the lock and run the jobs, in a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self._lead, name="clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the job under way, then release the lock."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _lead(self) -> None:
        while not self._stopping.is_set():
            if self._leadership.take():
                self._tick()
            self._stopping.wait(SECONDS_BETWEEN_TRIES)
        self._leadership.give_back()

    def _tick(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it writes two lines for each run of each job
        scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        )
        for job in self._jobs:
            first: dict[str, datetime] = {"next_run_time": now()} if job.at_start else {}
            seconds = (
                job.every.total_seconds() if job.at_start else min(job.every.total_seconds(), SECONDS_BETWEEN_LOOKS)
            )
            scheduler.add_job(self._run, "interval", seconds=seconds, args=[job], id=job.name, **first)
        scheduler.start()
        while self._leadership.held() and not self._stopping.wait(SECONDS_BETWEEN_TRIES):
            pass
        scheduler.shutdown(wait=True)

    def _run(self, job: Job) -> None:
        """APScheduler logs what a job raises, and runs it again when it is due."""
        if job.at_start or self._runs.claim(job.name, job.every):
            job.do()
