"""The database as the rest of memory sees it: named-parameter SQL, transactions, migrations; SQLite or PostgreSQL."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from memory.storage.errors import AlreadyStored, WrongDatabaseUrl

Row = dict[str, Any]
_JOINED: AbstractContextManager[None] = nullcontext()


@dataclass(frozen=True, slots=True)
class EachInItsWay:
    """The statements of a migration where the engines differ in more than the names of types: full text, vectors."""

    sqlite: Sequence[str]
    postgresql: Sequence[str]


Statement = str | EachInItsWay
Steps = Sequence[tuple[str, Sequence[Statement]]]


class Engine(Protocol):
    """What an engine has to know; memory/storage/sqlite.py and memory/storage/postgres.py do."""

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has begun and not ended."""

    def rows(self, sql: str, values: dict[str, Any], most: int | None) -> list[Row]:
        """The rows that a statement gives, at most `most`."""

    def columns(self, sql: str, values: dict[str, Any]) -> list[list[Any]]:
        """What a SELECT gives, a list for each column; empty where it gives no row."""

    def tuples(self, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows that a question gives, without the columns' names."""

    def change(self, sql: str, values: dict[str, Any]) -> int:
        """How many rows a write touched, inside the open transaction."""

    def begin(self, durable: bool) -> None:
        """Open a transaction for this thread."""

    def commit(self) -> None:
        """Keep it; where that fails nothing is kept and the transaction is over all the same."""

    def rollback(self) -> None:
        """Drop it."""

    def lock_rows(self, alias: str, skip_locked: bool) -> str:
        """The end of a SELECT that locks what it finds."""

    def hold(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it until this one ends."""

    def count_on(self, table: str) -> None:
        """Have new rows numbered after the highest id there is."""

    def migrate(self, steps: Steps) -> None:
        """Apply the steps that this database has not seen."""

    def apply(self, statement: Statement) -> None:
        """Run one statement of a migration, inside the open transaction."""

    def has_column(self, table: str, column: str) -> bool:
        """Whether there is such a column."""

    def changed_elsewhere(self) -> int:
        """A number that moves whenever another connection commits."""

    def wake(self, event: threading.Event) -> None:
        """Set `event` whenever another connection commits, as far as the engine tells."""

    def scrub(self, tables: Sequence[str]) -> bool:
        """Overwrite what deleted rows of these tables left behind, as far as the engine can; whether it could."""

    def close(self) -> None:
        """Let go of what is open."""


class Database:
    """Named-parameter SQL on one engine: a path or `sqlite:///path` is a file, `postgresql://…` a server.

    One connection per thread at a time; share the object between threads. SQL is written once, in what both
    engines understand: `:name` parameters, `ON CONFLICT`, `RETURNING`, times as text, JSON as text.
    `timeout`: how long a question waits for a locked file or a server that is away before it is
    DatabaseUnavailable, in seconds; by default 15 for a file, 5 for a server. `name` is the address as it may be
    shown: without a user and password. `key`: 64 hexadecimal digits that encrypt a file, every byte of it; raises
    WrongDatabaseKey for another shape, and every question where the file has another key or none.
    """

    def __init__(self, url: str | Path, *, timeout: float | None = None, key: str | None = None) -> None:
        self.url = str(url)
        self.name = self.url.removeprefix("sqlite:///") if "@" not in self.url else self.url.rpartition("@")[2]
        self._engine = _engine(self.url, timeout, key)
        self._late = _Late()

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row, or None where there is none."""
        rows = self._engine.rows(sql, values, 1)
        return rows[0] if rows else None

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Every row."""
        return self._engine.rows(sql, values, None)

    def columns(self, sql: str, /, **values: Any) -> list[list[Any]]:
        """Every row of a SELECT, turned: one list for each column, in their order; empty where there is no row.

        For thousands of rows that become arrays: no dict is made for each.
        """
        return self._engine.columns(sql, values)

    def tuples(self, sql: str, /, **values: Any) -> list[tuple[Any, ...]]:
        """Every row without names: for the rows that each turn reads by the dozen, where names take half of the time."""
        return self._engine.tuples(sql, values)

    def value(self, sql: str, /, **values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.one(sql, **values)
        return None if row is None else next(iter(row.values()))

    def run(self, sql: str, /, **values: Any) -> int:
        """Write, in the open transaction or in one of its own; how many rows it touched."""
        if self._engine.in_transaction:
            return self._engine.change(sql, values)
        with self.transaction():
            return self._engine.change(sql, values)

    def insert(self, sql: str, /, **values: Any) -> int:
        """Run an `INSERT … RETURNING id`; the new row's id. Raises AlreadyStored.

        PostgreSQL ends the whole transaction with a statement that failed. Whoever wants to catch AlreadyStored and
        go on in the same transaction writes `ON CONFLICT DO NOTHING` into the statement.
        """
        if self._engine.in_transaction:
            rows = self._engine.rows(sql, values, 1)
        else:
            with self.transaction():
                rows = self._engine.rows(sql, values, 1)
        if not rows:
            raise AlreadyStored("a row with this key is there already")
        return int(next(iter(rows[0].values())))

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[None]:
        """All or nothing; one inside another joins it. Never await the network in here.

        `durable` waits for the disk, and with it for everything committed before: asked for where the outside
        world acts on the commit (taking a message in, before a send). Elsewhere a power cut may lose the last
        commits, a killed process none.
        """
        return _JOINED if self._engine.in_transaction else _Transaction(self._engine, self._late, durable)

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has one open."""
        return self._engine.in_transaction

    def late(self, sql: str, times: int = 1, /, **values: Any) -> None:
        """Run this write just before the open transaction ends; `:times` in it is how often it was asked for.

        For rows that every transaction touches, such as counters. Written last and in one order, they are locked
        shortest, and two transactions never wait for each other crosswise.
        """
        with self.transaction():
            self._late.counts[sql, tuple(sorted(values.items()))] += times

    def hold(self, *names: str) -> None:
        """Until this transaction ends, nobody else gets past `hold` with one of these names.

        For what is read and then written by it. SQLite has one writer, so its transaction holds everything;
        PostgreSQL's writers meet at the names.
        """
        for name in sorted(set(names)):
            self._engine.hold(name)

    def lock_rows(self, alias: str, *, skip_locked: bool = False) -> str:
        """What a SELECT in a transaction ends with to keep its rows of the table `alias` until the transaction ends.

        Rows that are locked already are waited for, or passed over. Empty where the transaction is enough.
        """
        return self._engine.lock_rows(alias, skip_locked)

    def count_on(self, table: str) -> None:
        """Have new rows of `table` numbered after the highest id there is; needed after rows came with their ids."""
        self._engine.count_on(table)

    def migrate(self, steps: Steps) -> None:
        """Apply the `(name, statements)` steps that this database has not seen, in order, once."""
        self._engine.migrate(steps)

    def apply(self, statement: Statement) -> None:
        """Run a statement of a migration once more, for what the server can do by now."""
        with self.transaction():
            self._engine.apply(statement)

    def has_column(self, table: str, column: str) -> bool:
        """Whether there is such a column: a migration may have made it on some servers only."""
        return self._engine.has_column(table, column)

    def changed_elsewhere(self) -> int:
        """A number that moves whenever another connection commits; costs microseconds, reads no table."""
        return self._engine.changed_elsewhere()

    def wake(self, event: threading.Event) -> None:
        """Have `event` set when another machine commits. A file tells nobody: there, ask `changed_elsewhere`."""
        self._engine.wake(event)

    def scrub(self, tables: Sequence[str]) -> bool:
        """Overwrite what deleted rows of these tables left behind; False where somebody was in the way: call again.

        A file keeps nothing after it. A server's pages are tidied (VACUUM), its own log and replicas are the server's.
        """
        return self._engine.scrub(tables)

    def close(self) -> None:
        """Close what is open (of a file, this thread's connection); the next question opens it again."""
        self._engine.close()


class _Late(threading.local):
    """What this thread's transaction has yet to write."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, tuple[tuple[str, Any], ...]]] = Counter()

    def write(self, engine: Engine) -> None:
        """Write it, in an order that is the same for all."""
        counts, self.counts = self.counts, Counter()
        for (sql, values), times in sorted(counts.items(), key=lambda item: repr(item[0])):
            engine.change(sql, {**dict(values), "times": times})


class _Transaction:
    """What `Database.transaction` opens."""

    __slots__ = ("_durable", "_engine", "_late")

    def __init__(self, engine: Engine, late: _Late, durable: bool) -> None:
        self._engine = engine
        self._late = late
        self._durable = durable

    def __enter__(self) -> None:
        self._engine.begin(self._durable)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> None:
        try:
            if kind is None and self._late.counts:
                self._late.write(self._engine)
        except BaseException:
            self._drop()
            raise
        if kind is None:
            self._engine.commit()
        else:
            self._drop()

    def _drop(self) -> None:
        self._late.counts.clear()
        self._engine.rollback()


def _engine(url: str, timeout: float | None, key: str | None) -> Engine:
    scheme, separator, _rest = url.partition("://")
    if not separator or scheme == "sqlite":
        from memory.storage.sqlite import SQLite

        return SQLite(url.removeprefix("sqlite:///"), timeout=15.0 if timeout is None else timeout, key=key)
    if scheme in ("postgresql", "postgres"):
        if key:
            raise WrongDatabaseUrl("DATABASE_KEY encrypts a SQLite file; leave it out, and encrypt the server's disk")
        from memory.storage.postgres import PostgreSQL

        return PostgreSQL(url, timeout=5.0 if timeout is None else timeout)
    raise WrongDatabaseUrl("write sqlite:///data/hawker.db or postgresql://user@host/name")
