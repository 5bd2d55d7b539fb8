"""Tables as text that `diff` compares well. What differs from run to run by nature becomes a placeholder here."""

from __future__ import annotations

import hashlib
import json
import random
import re
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

# What is drawn by lot. A value of these columns has one name wherever it stands: <order-1> is the first order's number.
DRAWN: Final = (
    ("order", "orders", "number"),
    ("record", "execution_records", "record_id"),
    ("worker", "workers", "owner"),
    ("holder", "cycles", "holder"),
    ("digest", "erased", "digest"),  # of drawn ids
    ("receipt", "receipts", "number"),
    ("signature", "receipts", "json_extract(receipt, '$.signature.value')"),
)
SID: Final = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")  # the small Twilio's accounts, messages, files, contents
# What the machine's own time makes, whatever clock the program was given.
TIMED: Final = (
    ("workers", "seen_at"),  # every three seconds, at whatever moment the still clock then shows
    ("_sqlite_migrations", "applied_at"),
)
COVERED: Final = (
    (re.compile(r"(?<=127\.0\.0\.1:)\d+"), "<port>"),  # whichever was free
    (re.compile(r"\b(customer|desk)-[0-9a-f]{8}\b"), r"\1-<mark>"),  # what no customer can know, in the model's prompts
    (re.compile(r'(?<=duration_ms\\": )\d+'), "<ms>"),  # what an agent's call took
)


class Placeholders:
    """Names for what differs from run to run by nature."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, database: Path) -> None:
        """Name the drawn values of that database, in the order in which they were stored."""
        with closing(sqlite3.connect(database)) as connection:
            for kind, table, column in DRAWN:
                for (value,) in connection.execute(f"SELECT {column} FROM {table} ORDER BY rowid"):
                    self._name(kind, value)

    def cover(self, text: str) -> str:
        """The text with names for all that is drawn and timed."""
        text = SID.sub(lambda found: self._name("sid", found[0]), text)
        for value, name in self._names.items():
            text = text.replace(value, name)
        for shape, name in COVERED:
            text = shape.sub(name, text)
        return text

    def _name(self, kind: str, value: str) -> str:
        if value not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[value] = f"<{kind}-{self._counts[kind]}>"
        return self._names[value]


def draw_alike() -> None:
    """Codes that people read come from a fixed seed from now on: their letters decide how a text is indexed for search."""
    secrets.choice = random.Random(1).choice


def dump(database: Path, folder: Path, placeholders: Placeholders) -> None:
    """Writes each table that has rows to `folder`/<table>.jsonl, a row a line, in the order of insertion."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        for table in _tables(connection):
            rows = connection.execute(f"SELECT * FROM {table} {_order(connection, table)}")
            lines = [json.dumps(_readable(table, dict(row)), ensure_ascii=False) for row in rows]
            if lines:
                text = placeholders.cover("\n".join(lines))
                (folder / f"{table}.jsonl").write_text(f"{text}\n", encoding="utf-8")


def _tables(connection: sqlite3.Connection) -> list[str]:
    """All but SQLite's own and what its text search keeps, which follows from the other tables."""
    listed = connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main' ORDER BY name")
    return [row["name"] for row in listed if row["type"] == "table" and not row["name"].startswith("sqlite_")]


def _order(connection: sqlite3.Connection, table: str) -> str:
    without = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", [table]).fetchone()["wr"]
    return "" if without else "ORDER BY rowid"


def _readable(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if (table, name) in TIMED:
            shown[name] = "<time>"
        elif isinstance(value, bytes):
            shown[name] = f"{len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()[:16]}"
        else:
            shown[name] = value
    return shown
