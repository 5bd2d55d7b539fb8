"""The real SQLite engine with a step of the schedule before and after each statement."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memory.storage.database import Database, Row, Statement, Steps
from memory.storage.errors import DatabaseUnavailable
from memory.storage.lease_clock import LeaseTime
from memory.storage.sqlite import SQLite
from tests.simulation.schedule import Schedule, Task

LOCK_SECONDS = 15.0  # how long a writer waits for another


class WriterLock:
    """SQLite's lock of the file: the real one would stop the only thread that runs."""

    def __init__(self) -> None:
        self.holder: Task | None = None


class SteppedSQLite:
    """An engine for `Database`; a killed task's transaction is rolled back, and its later statements are refused."""

    def __init__(self, path: Path, schedule: Schedule, lock: WriterLock) -> None:
        self._real = SQLite(str(path), timeout=LOCK_SECONDS)
        self._schedule = schedule
        self._lock = lock

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    def rows(self, sql: str, values: dict[str, Any], most: int | None) -> list[Row]:
        self._schedule.step(sql)
        return self._real.rows(sql, values, most)

    def columns(self, sql: str, values: dict[str, Any]) -> list[list[Any]]:
        self._schedule.step(sql)
        return self._real.columns(sql, values)

    def tuples(self, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        self._schedule.step(sql)
        return self._real.tuples(sql, values)

    def change(self, sql: str, values: dict[str, Any]) -> int:
        self._schedule.step(sql)
        return self._real.change(sql, values)

    def begin(self, durable: bool) -> None:
        self._schedule.step("BEGIN")
        task = self._schedule.task
        if task is not None:
            end = self._schedule.now + LOCK_SECONDS
            while self._lock.holder is not None:
                if self._schedule.now > end:
                    raise DatabaseUnavailable("another simulated process keeps writing")
                self._schedule.sleep(0.002)
            self._lock.holder = task
        self._real.begin(False)  # no power cut is played, and waiting for the disk takes most of a run

    def commit(self) -> None:
        # A kill here loses the transaction: `Killed` passes through `Database`, which rolls back.
        try:
            self._schedule.step("COMMIT")
        except BaseException:
            self.rollback()
            raise
        try:
            self._real.commit()
        finally:
            self._lock.holder = None
        self._schedule.step("after COMMIT")

    def rollback(self) -> None:
        try:
            self._real.rollback()
        finally:
            self._lock.holder = None

    def lock_rows(self, alias: str, skip_locked: bool) -> str:
        return self._real.lock_rows(alias, skip_locked)

    def hold(self, name: str) -> None:
        self._real.hold(name)

    def count_on(self, table: str) -> None:
        self._real.count_on(table)

    def migrate(self, steps: Steps) -> None:
        """The file is migrated before the play begins."""

    def apply(self, statement: Statement) -> None:
        self._real.apply(statement)

    def has_column(self, table: str, column: str) -> bool:
        return self._real.has_column(table, column)

    def changed_elsewhere(self) -> int:
        return self._real.changed_elsewhere()

    def wake(self, event: Any) -> None:
        self._real.wake(event)

    def scrub(self, tables: Sequence[str]) -> bool:
        return self._real.scrub(tables)

    def lease_time(self) -> LeaseTime:
        return self._schedule.machine_time()

    def close(self) -> None:
        self._real.close()


def stepped_database(path: Path, schedule: Schedule, lock: WriterLock) -> Database:
    """A process's own handle of the file at `path`, which is migrated already."""
    db = Database(path, lease_clock=schedule.machine_time)
    db._engine = SteppedSQLite(path, schedule, lock)
    return db
