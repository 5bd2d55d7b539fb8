"""Bulk inserts and updates: row by row, round trips to a server are most of the cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memory.storage.database import Database
from memory.storage.table import Table

MOST_VALUES = 600  # per statement: SQLite searches the names linearly; 9,000 cost ten times as much


def insert(db: Database, table: Table, rows: Sequence[Mapping[str, Any]], end: str = "") -> None:
    """Insert stored values, all with the same columns; `end` follows the values, such as ON CONFLICT."""
    if not rows:
        return
    columns = tuple(rows[0])
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"rows for {table.name} with different columns cannot be inserted together")
    at_once = max(1, MOST_VALUES // len(columns))
    with db.transaction():
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            values = {f"v{r}_{c}": row[name] for r, row in enumerate(part) for c, name in enumerate(columns)}
            places = (", ".join(f":v{r}_{c}" for c in range(len(columns))) for r in range(len(part)))
            marks = ", ".join(f"({place})" for place in places)
            db.run(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {marks} {end}", **values)


def update(db: Database, statement: str, ids: Sequence[int], /, **values: Any) -> None:
    """Run a statement that ends in `WHERE id IN` for all these ids."""
    with db.transaction():
        for start in range(0, len(ids), MOST_VALUES):
            part = {f"id_{place}": each for place, each in enumerate(ids[start : start + MOST_VALUES])}
            db.run(f"{statement} ({', '.join(f':{name}' for name in part)})", **values, **part)
