"""Moves everything from one database to another, and checks that it arrived: counts and digests, table by table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from memory.storage.database import Database, Row, Steps
from memory.storage.errors import MemoryFault
from memory.storage.migrations import STEPS

# Follows from the rest: the index and the notes for making it. The other engine indexes for itself, in its own way.
MADE_ANEW = {"search_rows", "search_waiting"}
AT_ONCE = 500  # rows of one step; a million rows never stand in memory together
ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) ")
Progress = Callable[[str, int, int], None]  # table, rows copied, rows there are


class CopyRefused(MemoryFault):
    """The other database is not empty, or what arrived differs: nothing of the copy is kept."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its statements name it."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]  # what its rows are ordered by, unique


def copy_all(source: Database, target: Database, progress: Progress | None = None) -> dict[str, int]:
    """Copy every row of `source` into the empty `target`, in one transaction; how many rows, by table.

    The search index is not among them: the messages that arrive wait to be indexed there (`Search.catch_up_fully`).
    Stop the program first: what is written to `source` meanwhile would be missed, which the check at the end finds.
    Raises CopyRefused; `target` is then as it was.
    """
    source.migrate(STEPS)
    target.migrate(STEPS)
    tables = tables_of(STEPS)
    with target.transaction(durable=True):
        _refuse_unless_empty(target, tables)
        counts = {table.name: _copy(source, target, table, progress) for table in tables}
        for table in tables:
            if table.key == ("id",):
                target.count_on(table.name)
            if digest(source, table) != digest(target, table):
                raise CopyRefused(f"the rows of {table.name} differ: stop the program that writes, and copy again")
    return counts


def tables_of(steps: Steps) -> list[Table]:
    """The tables that these steps make, with columns added later, those that are pointed to first.

    What an engine makes in its own way (EachInItsWay) is not among them.
    """
    said = [statement for _name, statements in steps for statement in statements if isinstance(statement, str)]
    made = [_table(statement) for statement in said if statement.startswith("CREATE TABLE")]
    added = [found.groups() for statement in said if (found := ADDED.match(statement))]
    return [
        replace(table, columns=table.columns + tuple(column for name, column in added if name == table.name))
        for table in made
    ]


def digest(db: Database, table: Table) -> str:
    """One number for all rows of a table, the same on every engine."""
    total = hashlib.sha256()
    for row in _rows(db, table):
        total.update(repr([_plain(row[column]) for column in table.columns]).encode())
    return total.hexdigest()


def _table(statement: str) -> Table:
    columns = tuple(re.findall(r"(?:\(|,)\s*([a-z_]+) (?:TEXT|INTEGER|REAL|BLOB)\b", statement))
    whole_key = re.search(r"PRIMARY KEY \(([a-z_, ]+)\)", statement)
    return Table(statement.split()[2], columns, tuple(whole_key[1].split(", ")) if whole_key else columns[:1])


def _refuse_unless_empty(target: Database, tables: Sequence[Table]) -> None:
    full = [table.name for table in tables if target.one(f"SELECT 1 FROM {table.name} LIMIT 1")]
    if full:
        raise CopyRefused(f"there are rows in {', '.join(full)} already; copy into a new, empty database")


def _copy(source: Database, target: Database, table: Table, progress: Progress | None) -> int:
    total = int(source.value(f"SELECT count(*) FROM {table.name}"))
    names = ", ".join(table.columns)
    insert = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(':' + column for column in table.columns)})"
    done = 0
    for done, row in enumerate(_rows(source, table), start=1):
        target.run(insert, **row)
        if progress is not None and done % AT_ONCE == 0:
            progress(table.name, done, total)
    if progress is not None:
        progress(table.name, done, total)
    return done


def _rows(db: Database, table: Table) -> Iterator[Row]:
    """Every row in the order of its key, a page at a time."""
    names, key = ", ".join(table.columns), ", ".join(table.key)
    page = db.all(f"SELECT {names} FROM {table.name} ORDER BY {key} LIMIT {AT_ONCE}")
    while page:
        yield from page
        after = {f"after_{column}": page[-1][column] for column in table.key}
        past = ", ".join(f":after_{column}" for column in table.key)
        page = db.all(
            f"SELECT {names} FROM {table.name} WHERE ({key}) > ({past}) ORDER BY {key} LIMIT {AT_ONCE}", **after
        )


def _plain(value: object) -> object:
    """What the engines give back differently: bytes."""
    return value.hex() if isinstance(value, bytes | memoryview) else value
