"""One SQLite file in WAL mode: opened, migrated, asked. The only place that knows the engine."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils
from sqlite_utils import Migrations

from memory.errors import AlreadyStored, DatabaseDamaged, DatabaseUnavailable

Row = dict[str, Any]

_writers: dict[str, threading.RLock] = {}
_writers_guard = threading.Lock()


class Database:
    """Named-parameter SQL over one connection per thread.

    Writers of one process queue at a lock of our own: SQLite's busy handler sleeps and retries, which
    starves threads when fifty of them finish a turn at once. Between processes its `timeout` decides.
    """

    def __init__(self, path: str | Path, *, timeout: float = 15.0) -> None:
        self.path = str(path)
        self._timeout = timeout
        self._threads = threading.local()
        key = str(Path(path).resolve())
        with _writers_guard:
            self._writer = _writers.setdefault(key, threading.RLock())

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row, or None where there is none."""
        with _our_errors():
            found: Row | None = self._rows(sql, values).fetchone()
            return found

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Every row."""
        with _our_errors():
            return self._rows(sql, values).fetchall()

    def value(self, sql: str, /, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.one(sql, **values)
        return None if row is None else next(iter(row.values()))

    def run(self, sql: str, /, **values: Any) -> int:
        """Write, in the open transaction or in one of its own; how many rows it touched."""
        with self.transaction(), _our_errors():
            return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, /, **values: Any) -> int:
        """Run an `INSERT … RETURNING id`; the new row's id."""
        with self.transaction(), _our_errors():
            return int(self._connection.execute(sql, values).fetchone()[0])

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing; one inside another joins it. Never await the network in here.

        `durable` waits for the disk (`synchronous=FULL`), and with it for everything committed before:
        asked for where the outside world acts on the commit (taking a message in, before a send).
        Elsewhere a power cut may lose the last commits, a killed process none.
        """
        if self._connection.in_transaction:
            yield
            return
        with self._only_writer():
            with _our_errors():
                self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    self._connection.execute("ROLLBACK")
                raise
            with _our_errors():
                self._commit()

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        if not self._writer.acquire(timeout=self._timeout):
            raise DatabaseUnavailable("the database is busy with another write; it will be tried again")
        try:
            yield
        finally:
            self._writer.release()

    def migrate(self, steps: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Apply the `(name, statements)` steps that this file has not seen, in order, once.

        sqlite-utils' own transactions are deferred, so eight processes that start together would fail seven
        times; the immediate one around it makes them wait for each other.
        """
        journal = Migrations("hawker")
        for name, statements in steps:
            journal(name=name)(_step(statements))
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        with self.transaction(durable=True), _our_errors():
            journal.apply(self.tables)

    @property
    def tables(self) -> sqlite_utils.Database:
        """This thread's sqlite-utils view: bulk loads, backup, full text. Queries go through `one` and `all`."""
        return sqlite_utils.Database(self._connection, execute_plugins=False)

    def changed_elsewhere(self) -> int:
        """A number that moves whenever another connection commits; costs microseconds, reads no table."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close this thread's connection; the next question opens another."""
        connection = self._threads.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            with _our_errors():
                connection = self._threads.connection = self._open()
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=self._timeout, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _rows(self, sql: str, values: dict[str, Any]) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = _as_dict
        return cursor.execute(sql, values)

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _step(statements: Sequence[str]) -> Callable[[sqlite_utils.Database], None]:
    def apply(tables: sqlite_utils.Database) -> None:
        for statement in statements:
            tables.conn.execute(statement)

    return apply


@contextmanager
def _our_errors() -> Iterator[None]:
    """What a caller can act on becomes our error; our own mistakes rise as they are."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if "UNIQUE" in str(error):
            raise AlreadyStored(str(error)) from error
        raise
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code in _PASSING:
            raise DatabaseUnavailable(f"the database cannot be used now ({error}); it will be tried again") from error
        if code in _DAMAGED:
            raise DatabaseDamaged(f"{error}; restore it from a backup, or move it away to begin anew") from error
        raise


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
