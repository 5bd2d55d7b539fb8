"""Copies a database to another engine, and compares counts and digests by table."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from memory.recall.search import SEARCH_ROWS, SEARCH_WAITING
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.migrations import STEPS
from memory.storage.table import Table
from memory.upkeep.schema import TABLES

# Follows from the rest: the index and the notes for making it. The other engine indexes for itself, in its own way.
MADE_ANEW = (SEARCH_ROWS, SEARCH_WAITING)
AT_ONCE = 500  # rows per page, to bound memory
COPIED = [table for table in TABLES if table not in MADE_ANEW]
Progress = Callable[[str, int, int], None]  # table, rows copied, rows there are


class CopyRefused(MemoryFault):
    """The target is not empty, or the copy differs; the target is unchanged."""


def copy_all(source: Database, target: Database, progress: Progress | None = None) -> dict[str, int]:
    """Copy every row into the empty `target` in one transaction; returns the number of rows by table.

    Rebuild the search index afterwards (`Search.catch_up_fully`). Stop the program first: later writes to `source`
    would be missed, which the final check finds. Raises CopyRefused; `target` is then unchanged.
    """
    source.migrate(STEPS)
    target.migrate(STEPS)
    with target.transaction(durable=True):
        full = [table.name for table in COPIED if target.one(f"SELECT 1 FROM {table.name} LIMIT 1")]
        if full:
            raise CopyRefused(f"there are rows in {', '.join(full)} already; copy into a new, empty database")
        counts = {table.name: _copy(source, target, table, progress) for table in COPIED}
        for table in COPIED:
            if table.numbered:
                target.count_on(table.name)
            if digest(source, table) != digest(target, table):
                raise CopyRefused(f"the rows of {table.name} differ: stop the program that writes, and copy again")
    return counts


def digest(db: Database, table: Table) -> str:
    """A digest of a table's rows, the same on every engine."""
    total = hashlib.sha256()
    for row in _rows(db, table):
        total.update(repr([_plain(row[column]) for column in table.columns]).encode())
    return total.hexdigest()


def _copy(source: Database, target: Database, table: Table, progress: Progress | None) -> int:
    total = int(source.value(f"SELECT count(*) FROM {table.name}"))
    insert = table.insert(table.columns)
    done = 0
    for done, row in enumerate(_rows(source, table), start=1):
        target.run(insert, **row)
        if progress is not None and done % AT_ONCE == 0:
            progress(table.name, done, total)
    if progress is not None:
        progress(table.name, done, total)
    return done


def _rows(db: Database, table: Table) -> Iterator[Row]:
    """By key, in pages; all at once without a key."""
    names, key = ", ".join(table.columns), ", ".join(table.key)
    if not key:
        yield from db.all(f"SELECT {names} FROM {table.name} ORDER BY {names}")
        return
    page = db.all(f"SELECT {names} FROM {table.name} ORDER BY {key} LIMIT {AT_ONCE}")
    while page:
        yield from page
        after = {f"after_{column}": page[-1][column] for column in table.key}
        past = ", ".join(f":after_{column}" for column in table.key)
        page = db.all(
            f"SELECT {names} FROM {table.name} WHERE ({key}) > ({past}) ORDER BY {key} LIMIT {AT_ONCE}", **after
        )


def _plain(value: object) -> object:
    # Engines return bytes as different types.
    return value.hex() if isinstance(value, bytes | memoryview) else value
