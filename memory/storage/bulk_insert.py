"""Many rows written in few statements: one at a time, the round trip to a server is most of the cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memory.storage.database import Database

MOST_VALUES = 600  # of one statement: SQLite looks each name up among all of them, 9,000 cost ten times as much


def insert(db: Database, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], end: str = "") -> None:
    """Insert `rows`, values in the order of `columns`; `end` is what stands behind the values, such as ON CONFLICT."""
    at_once = max(1, MOST_VALUES // len(columns))
    with db.transaction():
        for start in range(0, len(rows), at_once):
            _insert(db, table, columns, rows[start : start + at_once], end)


def update(db: Database, statement: str, ids: Sequence[int], /, **values: Any) -> None:
    """Run a statement that ends in `WHERE id IN` for all these ids."""
    with db.transaction():
        for start in range(0, len(ids), MOST_VALUES):
            part = {f"id_{place}": each for place, each in enumerate(ids[start : start + MOST_VALUES])}
            db.run(f"{statement} ({', '.join(f':{name}' for name in part)})", **values, **part)


def _insert(db: Database, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], end: str) -> None:
    places = (", ".join(f":v{row}_{column}" for column in range(len(columns))) for row in range(len(rows)))
    values = {f"v{r}_{c}": value for r, row in enumerate(rows) for c, value in enumerate(row)}
    marks = ", ".join(f"({place})" for place in places)
    db.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks} {end}", **values)
