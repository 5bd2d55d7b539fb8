"""The database for the rest of memory: named-parameter SQL, transactions, migrations."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from memory.storage.errors import AlreadyStored, WrongDatabaseUrl
from memory.storage.lease_clock import LeaseClock, LeaseTime

Row = dict[str, Any]
_JOINED: AbstractContextManager[None] = nullcontext()


@dataclass(frozen=True, slots=True)
class EachInItsWay:
    """A migration step that differs by engine: full text, vectors."""

    sqlite: Sequence[str]
    postgresql: Sequence[str]


Statement = str | EachInItsWay
Steps = Sequence[tuple[str, Sequence[Statement]]]


class Engine(Protocol):
    """What `Database` needs of an engine; implemented in sqlite.py and postgres.py."""

    @property
    def in_transaction(self) -> bool: ...

    def rows(self, sql: str, values: dict[str, Any], most: int | None) -> list[Row]:
        """At most `most` rows."""

    def columns(self, sql: str, values: dict[str, Any]) -> list[list[Any]]:
        """One list per column; empty without rows."""

    def tuples(self, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]: ...

    def change(self, sql: str, values: dict[str, Any]) -> int:
        """Write in the open transaction; returns the number of rows."""

    def begin(self, durable: bool) -> None: ...

    def commit(self) -> None:
        """Where it fails, the transaction is rolled back and over."""

    def rollback(self) -> None: ...

    def lock_rows(self, alias: str, skip_locked: bool) -> str:
        """The end of a SELECT that locks its rows."""

    def hold(self, name: str) -> None:
        """Lock `name` until this transaction ends."""

    def count_on(self, table: str) -> None:
        """Number new rows from the highest id on."""

    def migrate(self, steps: Steps) -> None: ...

    def apply(self, statement: Statement) -> None: ...

    def has_column(self, table: str, column: str) -> bool: ...

    def lease_time(self) -> LeaseTime: ...

    def changed_elsewhere(self) -> int:
        """Changes whenever another connection commits."""

    def wake(self, event: threading.Event) -> None:
        """Set `event` whenever another connection commits, if the engine can."""

    def scrub(self, tables: Sequence[str]) -> bool:
        """See `Database.scrub`."""

    def close(self) -> None: ...


class Database:
    """Named-parameter SQL on one engine: a path or `sqlite:///path` is a file, `postgresql://…` a server.

    One connection per thread; share the object. SQL is what both engines accept: `:name`, `ON CONFLICT`, `RETURNING`,
    times and JSON as text. `timeout`: seconds to wait for a locked file (15) or an unreachable server (5) before
    DatabaseUnavailable. `name`: the address without user and password. `key`: 64 hexadecimal digits that encrypt the
    file; raises WrongDatabaseKey if malformed, and on each query if the file has another key. `lease_time` is the clock
    that all processes of this database share: the machine's for a file, else the server's, unless `lease_clock` is given.
    """

    def __init__(
        self,
        url: str | Path,
        *,
        timeout: float | None = None,
        key: str | None = None,
        lease_clock: LeaseClock | None = None,
    ) -> None:
        self.url = str(url)
        self.name = self.url.removeprefix("sqlite:///") if "@" not in self.url else self.url.rpartition("@")[2]
        self._engine = _engine(self.url, timeout, key)
        self._late = _Late()
        self.lease_time: LeaseClock = lease_clock or self._engine.lease_time

    def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row, or None."""
        rows = self._engine.rows(sql, values, 1)
        return rows[0] if rows else None

    def all(self, sql: str, /, **values: Any) -> list[Row]:
        return self._engine.rows(sql, values, None)

    def columns(self, sql: str, /, **values: Any) -> list[list[Any]]:
        """One list per column, without a dict per row: for thousands of rows that become arrays."""
        return self._engine.columns(sql, values)

    def tuples(self, sql: str, /, **values: Any) -> list[tuple[Any, ...]]:
        # For hot paths: dicts take half the time of reading a few dozen rows.
        return self._engine.tuples(sql, values)

    def value(self, sql: str, /, **values: Any) -> Any:
        """The first column of the first row; None without rows."""
        row = self.one(sql, **values)
        return None if row is None else next(iter(row.values()))

    def run(self, sql: str, /, **values: Any) -> int:
        """Write, in the open transaction or in one of its own; returns the number of rows."""
        if self._engine.in_transaction:
            return self._engine.change(sql, values)
        with self.transaction():
            return self._engine.change(sql, values)

    def insert(self, sql: str, /, **values: Any) -> int:
        """Run an `INSERT … RETURNING id`; returns the id. Raises AlreadyStored.

        On PostgreSQL a failed statement aborts the transaction: to go on in it, use `ON CONFLICT DO NOTHING` instead.
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
        """All or nothing; a nested one joins the outer. Never await the network in here.

        `durable` waits for the disk: for commits that the outside world acts on (an inbound message, a send). Without
        it a power cut may lose the last commits; a killed process loses none.
        """
        return _JOINED if self._engine.in_transaction else _Transaction(self._engine, self._late, durable)

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has an open transaction."""
        return self._engine.in_transaction

    def late(self, sql: str, times: int = 1, /, **values: Any) -> None:
        """Run this write just before the transaction commits; `:times` in it: how often it was requested.

        For rows that every transaction writes, such as counters: locked briefly and in one order, against deadlocks.
        """
        with self.transaction():
            self._late.counts[sql, tuple(sorted(values.items()))] += times

    def hold(self, *names: str) -> None:
        """Lock these names until the transaction ends, for read-then-write.

        On SQLite the transaction itself is the lock; on PostgreSQL the names are advisory locks.
        """
        for name in sorted(set(names)):
            self._engine.hold(name)

    def lock_rows(self, alias: str, *, skip_locked: bool = False) -> str:
        """The end of a SELECT that locks its rows of the table `alias`, or skips locked ones.

        Empty where the transaction is enough.
        """
        return self._engine.lock_rows(alias, skip_locked)

    def count_on(self, table: str) -> None:
        """Number new rows of `table` from the highest id on; call it after inserting rows with ids."""
        self._engine.count_on(table)

    def migrate(self, steps: Steps) -> None:
        """Apply the `(name, statements)` steps that are new to this database."""
        self._engine.migrate(steps)

    def apply(self, statement: Statement) -> None:
        """Run a migration statement again, for what the server supports now."""
        with self.transaction():
            self._engine.apply(statement)

    def has_column(self, table: str, column: str) -> bool:
        """For columns that a migration creates on some servers only."""
        return self._engine.has_column(table, column)

    def changed_elsewhere(self) -> int:
        """A number that changes whenever another connection commits; takes microseconds, reads no table."""
        return self._engine.changed_elsewhere()

    def wake(self, event: threading.Event) -> None:
        """Set `event` when another machine commits. SQLite cannot notify: poll `changed_elsewhere`."""
        self._engine.wake(event)

    def scrub(self, tables: Sequence[str]) -> bool:
        """Overwrite deleted rows of these tables; False where a reader was in the way: call again.

        On PostgreSQL it is VACUUM; the server's WAL and replicas are out of reach.
        """
        return self._engine.scrub(tables)

    def close(self) -> None:
        """The next query reopens it. SQLite: this thread's connection only."""
        self._engine.close()


class _Late(threading.local):
    """Writes that this thread's transaction has deferred to its end."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, tuple[tuple[str, Any], ...]]] = Counter()

    def write(self, engine: Engine) -> None:
        # In one order everywhere, against deadlocks.
        counts, self.counts = self.counts, Counter()
        for (sql, values), times in sorted(counts.items(), key=lambda item: repr(item[0])):
            engine.change(sql, {**dict(values), "times": times})


class _Transaction:
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
