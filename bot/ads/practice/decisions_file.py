"""Decisions and clock of all practice accounts, in a shared SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlite_utils

from memory.storage.timestamps import from_text, to_text


@dataclass(frozen=True, slots=True)
class PracticeDecision:
    """A change or creation, dated by the practice clock."""

    id: int
    account_id: str
    at: datetime
    actor: str
    kind: str  # campaign, ad_set, creative, ad, account
    object_id: str
    field: str  # status, budget, made, rule
    value: Any


class DecisionsFile:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=15)
        self._file = sqlite_utils.Database(connection)
        self._file.enable_wal()
        connection.execute(
            "CREATE TABLE IF NOT EXISTS decisions (id INTEGER PRIMARY KEY, account_id TEXT NOT NULL, at TEXT NOT NULL,"
            " actor TEXT NOT NULL, kind TEXT NOT NULL, object_id TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL)"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS decisions_by_account ON decisions (account_id, id)")
        connection.execute("CREATE TABLE IF NOT EXISTS times (name TEXT PRIMARY KEY, at TEXT NOT NULL)")
        _migrate(connection)

    def decide(
        self, account_id: str, at: datetime, actor: str, kind: str, object_id: str, field: str, value: Any
    ) -> None:
        with self._lock:
            self._file.execute(
                "INSERT INTO decisions (account_id, at, actor, kind, object_id, field, value) VALUES (?,?,?,?,?,?,?)",
                (account_id, to_text(at), actor, kind, object_id, field, json.dumps(value)),
            )

    def after(self, account_id: str, decision_id: int) -> list[PracticeDecision]:
        """Oldest first."""
        with self._lock:
            rows = self._file.execute(
                "SELECT id, account_id, at, actor, kind, object_id, field, value FROM decisions"
                " WHERE account_id = ? AND id > ? ORDER BY id",
                (account_id, decision_id),
            ).fetchall()
        return [
            PracticeDecision(number, account, from_text(moment), actor, kind, object_id, field, json.loads(value))
            for number, account, moment, actor, kind, object_id, field, value in rows
        ]

    def times(self) -> dict[str, datetime]:
        with self._lock:
            rows = self._file.execute("SELECT name, at FROM times").fetchall()
        return {name: from_text(at) for name, at in rows}

    def begin(self, **at: datetime) -> None:
        """Insert; existing values stay."""
        self._keep("DO NOTHING", at)

    def set_times(self, **at: datetime) -> None:
        """Upsert, in one transaction."""
        self._keep("DO UPDATE SET at = excluded.at", at)

    def _keep(self, on_conflict: str, at: dict[str, datetime]) -> None:
        rows = [(name, to_text(moment)) for name, moment in at.items()]
        with self._lock, self._file.conn as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO times (name, at) VALUES (?, ?) ON CONFLICT (name) {on_conflict}", rows)  # noqa: S608

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _migrate(connection: sqlite3.Connection) -> None:
    """Release 0.1.0 wrote PAUSED and OUTCOME_SALES. Idempotent."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < 1:
        connection.execute("UPDATE decisions SET value = lower(value) WHERE field = 'status'")
        connection.execute(
            "UPDATE decisions SET value = json_set(value, '$.objective', lower(substr("
            "json_extract(value, '$.objective'), instr(json_extract(value, '$.objective'), '_') + 1)))"
            " WHERE field = 'made' AND kind = 'campaign'"
        )
        connection.execute("PRAGMA user_version = 1")
