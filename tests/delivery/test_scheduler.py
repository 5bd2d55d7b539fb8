"""One clock over several processes, taken over when its process is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

from bot.delivery.scheduler import Job, JobScheduler
from memory.storage.database import Database
from memory.storage.job_runs import JobRuns
from memory.storage.migrations import STEPS
from memory.storage.timestamps import now
from tests.waiting import HANG_SECONDS


def tick(folder: str, name: str, ticked: Event) -> None:
    db = Database(Path(folder) / "h.db")
    db.migrate(STEPS)

    def note() -> None:
        with (Path(folder) / "ticks").open("a") as ticks:
            ticks.write(f"{name}\n")
        ticked.set()

    job = Job("tick", timedelta(milliseconds=100), note)
    clock = JobScheduler([job], JobRuns(db, now), Path(folder) / "clock.lock")
    clock.start()
    ticked.wait()
    signal.pause()


def test_one_process_ticks_and_another_takes_over_when_it_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ticked = {name: context.Event() for name in ("one", "two")}
    processes = {
        name: context.Process(target=tick, args=(str(tmp_path), name, event), daemon=True)
        for name, event in ticked.items()
    }
    processes["one"].start()
    assert ticked["one"].wait(HANG_SECONDS)
    processes["two"].start()
    assert not ticked["two"].wait(1.5)
    pid = processes["one"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert ticked["two"].wait(HANG_SECONDS)
    processes["two"].kill()
    for process in processes.values():
        process.join()
    names = (tmp_path / "ticks").read_text().split()
    assert names == sorted(names)
