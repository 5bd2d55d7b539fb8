from __future__ import annotations

from datetime import timedelta

from memory.storage.database import Database
from memory.storage.job_runs import JobRuns
from tests.memory.stores import Stores


def test_a_slot_is_run_by_one_clock_only(stores: Stores) -> None:
    one = JobRuns(stores.db, stores.clock)
    other = JobRuns(Database(stores.url), stores.clock)
    assert [one.claim("rates", timedelta(hours=24)), other.claim("rates", timedelta(hours=24))] == [True, False]
    assert other.claim("retention", timedelta(hours=24))
    stores.clock.pass_by(hours=24)
    assert other.claim("rates", timedelta(hours=24))
