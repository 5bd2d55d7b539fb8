"""The SQLite engine: one file in WAL mode, one connection per thread."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import sqlite_utils
from sqlite_utils import Migrations

from memory.storage import sqlcipher
from memory.storage.database import EachInItsWay, Row, Statement, Steps
from memory.storage.errors import AlreadyStored, DatabaseDamaged, DatabaseUnavailable
from memory.storage.lease_clock import LeaseTime, machine_time

BUSY_SECONDS = 0.0004
# 16 MB of log before it is written back, which takes milliseconds. A turn writes some twenty pages, most of them the
# same ones again: at SQLite's own 1000 pages every fiftieth turn waited for it.
PAGES_OF_LOG = 4000

_writers: dict[str, threading.RLock] = {}
_writers_guard = threading.Lock()


class SQLite:
    """The engine behind `Database` for a file.

    Writers of one process queue at our own lock: SQLite's busy handler sleeps and retries, which starves threads when
    fifty finish a turn at once. Between processes `timeout` applies.
    """

    def __init__(self, path: str, *, timeout: float, key: str | None = None) -> None:
        self._path = path
        self._key = sqlcipher.checked(key)
        self._faults: type[sqlite3.Error] = sqlcipher.driver(self._key).Error
        self._timeout = timeout
        self._threads = _Thread()
        key = str(Path(path).resolve())
        with _writers_guard:
            self._writer = _writers.setdefault(key, threading.RLock())

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def rows(self, sql: str, values: dict[str, Any], most: int | None) -> list[Row]:
        try:
            cursor = self._connection.execute(sql, values)
            found = cursor.fetchall() if most is None else cursor.fetchmany(most)
            if not found:
                return []
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in found]
        except self._faults as error:
            _raise_ours(error)

    def columns(self, sql: str, values: dict[str, Any]) -> list[list[Any]]:
        # No row outlives the next: thousands at once would start the garbage collector (10 ms).
        try:
            cursor = self._connection.execute(sql, values)
            told = list(chain.from_iterable(cursor))
            width = len(cursor.description)
            return [told[i::width] for i in range(width)] if told else []
        except self._faults as error:
            _raise_ours(error)

    def tuples(self, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except self._faults as error:
            _raise_ours(error)

    def change(self, sql: str, values: dict[str, Any]) -> int:
        try:
            return self._connection.execute(sql, values).rowcount
        except self._faults as error:
            _raise_ours(error)

    def begin(self, durable: bool) -> None:
        connection = self._connection
        if not self._writer.acquire(timeout=self._timeout):
            raise DatabaseUnavailable("the database is busy with another write; it will be tried again")
        try:
            self._wait_for_disk(connection, durable)
            self._begin(connection)
        except self._faults as error:
            self._writer.release()
            _raise_ours(error)
        except BaseException:
            self._writer.release()
            raise

    def _wait_for_disk(self, connection: sqlite3.Connection, durable: bool) -> None:
        if self._threads.durable is not durable:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._threads.durable = durable

    def _begin(self, connection: sqlite3.Connection) -> None:
        # Another process's write takes 0.5 ms; SQLite's busy handler soon sleeps for tens of ms.
        connection.execute("PRAGMA busy_timeout = 0")
        end = time.monotonic() + self._timeout
        try:
            while not self._began(connection):
                if time.monotonic() > end:
                    raise DatabaseUnavailable("another process keeps writing; it will be tried again")
                time.sleep(BUSY_SECONDS)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1000)}")

    def commit(self) -> None:
        """A full disk rolls back and raises."""
        try:
            self._connection.execute("COMMIT")
        except self._faults as error:
            _raise_ours(error)
        finally:
            self.rollback()

    def rollback(self) -> None:
        """Roll back what is open, and release the writer lock."""
        try:
            if self._connection.in_transaction:  # SQLite itself rolls back on some errors
                self._connection.execute("ROLLBACK")
        finally:
            self._writer.release()

    def lock_rows(self, alias: str, skip_locked: bool) -> str:
        # The transaction is the only writer.
        return ""

    def hold(self, name: str) -> None:
        """The transaction is the only writer: it holds every name."""

    def count_on(self, table: str) -> None:
        """SQLite does so by itself."""

    def migrate(self, steps: Steps) -> None:
        # sqlite-utils' own transactions are deferred, so of eight processes that start together seven would fail.
        # The immediate transaction around it makes them wait for each other.
        journal = Migrations("hawker")
        for name, statements in steps:
            journal(name=name)(_step(statements))
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self.begin(durable=True)
        try:
            with self._our_errors():
                journal.apply(sqlite_utils.Database(self._connection, execute_plugins=False))
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def apply(self, statement: Statement) -> None:
        with self._our_errors():
            for sql in statement.sqlite if isinstance(statement, EachInItsWay) else (statement,):
                self._connection.execute(sql)

    def has_column(self, table: str, column: str) -> bool:
        asked = {"table": table, "column": column}
        return bool(self.rows("SELECT 1 FROM pragma_table_info(:table) WHERE name = :column", asked, 1))

    def lease_time(self) -> LeaseTime:
        return machine_time()

    def changed_elsewhere(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def wake(self, event: threading.Event) -> None:
        """SQLite cannot notify; `changed_elsewhere` is cheap enough to poll."""

    def scrub(self, tables: Sequence[str]) -> bool:
        """Checkpoint and truncate the WAL: `secure_delete` overwrites rows, but the WAL still has their pages."""
        connection = self._connection
        with self._our_errors():
            connection.execute("PRAGMA busy_timeout = 1000")  # nobody writes while this waits for readers
            busy, _pages, _written = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute(f"PRAGMA busy_timeout = {int(self._timeout * 1000)}")
        return not busy

    def close(self) -> None:
        connection = self._threads.connection
        self._threads.connection = self._threads.durable = None
        if connection is not None:
            connection.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection = self._threads.connection
        if connection is None:
            with self._our_errors():
                connection = self._threads.connection = self._open()
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlcipher.connect(self._path, self._key, timeout=self._timeout)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_OF_LOG}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _began(self, connection: sqlite3.Connection) -> bool:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except self._faults as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    @contextmanager
    def _our_errors(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            _raise_ours(error)


class _Thread(threading.local):
    """A thread's connection, and whether its commits wait for the disk."""

    connection: sqlite3.Connection | None = None
    durable: bool | None = None


def _step(statements: Sequence[Statement]) -> Callable[[sqlite_utils.Database], None]:
    def apply(tables: sqlite_utils.Database) -> None:
        for statement in statements:
            for sql in statement.sqlite if isinstance(statement, EachInItsWay) else (statement,):
                tables.conn.execute(sql)

    return apply


def _raise_ours(error: sqlite3.Error) -> NoReturn:
    """Translate errors that a caller can act on; the others rise as they are."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # SQLCipher's driver has only the primary code
    if code == sqlite3.SQLITE_CONSTRAINT and "UNIQUE" in str(error):
        raise AlreadyStored(str(error)) from error
    if code in _PASSING:
        raise DatabaseUnavailable(f"the database cannot be used now ({error}); it will be tried again") from error
    if code in _DAMAGED:
        raise DatabaseDamaged(f"{error}; restore it from a backup, or move it away to begin anew") from error
    raise error


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
