"""Staff commands with effects outside the database: each message is carried out and answered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from memory.storage.database import Database
from memory.storage.table import INTEGER, JSON_TUPLE, JSON_UNESCAPED, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

KEPT = timedelta(days=7)  # far longer than a message is retried


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """How a message was read, and its answer."""

    message_id: int
    command: Mapping[str, Any]  # JSON, as first read
    answer: tuple[str, ...] | None  # None: begun, with an unknown result


STAFF_DEEDS = Table(
    "staff_deeds",
    Column("message_id", INTEGER),
    Column("aim", JSON_UNESCAPED),
    Column("said", JSON_TUPLE, null=True),
    Column("begun_at", TIMESTAMP),
    key="message_id",
    indexes=[Index("staff_deeds_by_time", "begun_at")],
)
STORED_COMMAND = STAFF_DEEDS.rows(StoredCommand, command="aim", answer="said")


class StaffCommandLog:
    # A turn may run again before its outcome is committed; its outside effects are found here.

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def of(self, message_id: int) -> StoredCommand | None:
        """The command of this message; None where it began none."""
        return STORED_COMMAND.one(
            self._db, f"SELECT {STORED_COMMAND.columns} FROM staff_deeds WHERE message_id = :id", id=message_id
        )

    def begin(self, message_id: int, command: Mapping[str, Any]) -> StoredCommand:
        """Store the command before it is carried out; one stored for this message already wins."""
        with self._db.transaction(durable=True):
            self._db.run("DELETE FROM staff_deeds WHERE begun_at < :old", old=to_text(self._clock() - KEPT))
            row = STAFF_DEEDS.stored(message_id=message_id, aim=dict(command), begun_at=self._clock())
            self._db.run(STAFF_DEEDS.insert(row, "ON CONFLICT DO NOTHING"), **row)
        stored = self.of(message_id)
        assert stored is not None, "it was written just now"
        return stored

    def finish(self, message_id: int, answer: Sequence[str]) -> None:
        """Store the answer, once the command is done or refused."""
        self._db.run(
            "UPDATE staff_deeds SET said = :said WHERE message_id = :id",
            id=message_id,
            **STAFF_DEEDS.stored(said=tuple(answer)),
        )
