"""Commands of staff whose effect is outside the database: each message is carried out and answered once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from memory.storage.database import Database, Row
from memory.storage.timestamps import Clock, to_text

KEPT = timedelta(days=7)  # far longer than a message is tried


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """What a message was read as, and what it was answered with."""

    message_id: int
    command: Mapping[str, Any]  # JSON, as it was read first
    answer: tuple[str, ...] | None  # None: begun, and how far it came is unknown


class StaffCommandLog:
    """A turn may be handled again before its outcome is committed; what it did outside is found here."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def of(self, message_id: int) -> StoredCommand | None:
        """What this message began; None where it began nothing."""
        row = self._db.one("SELECT * FROM staff_deeds WHERE message_id = :id", id=message_id)
        return None if row is None else _stored_command(row)

    def begin(self, message_id: int, command: Mapping[str, Any]) -> StoredCommand:
        """Store the command before it is carried out; one that is stored for this message already wins."""
        with self._db.transaction(durable=True):
            self._db.run("DELETE FROM staff_deeds WHERE begun_at < :old", old=to_text(self._clock() - KEPT))
            self._db.run(
                "INSERT INTO staff_deeds (message_id, aim, begun_at) VALUES (:id, :aim, :now) ON CONFLICT DO NOTHING",
                id=message_id,
                aim=json.dumps(command, ensure_ascii=False),
                now=to_text(self._clock()),
            )
        stored = self.of(message_id)
        assert stored is not None, "it was written just now"
        return stored

    def finish(self, message_id: int, answer: Sequence[str]) -> None:
        """Store the answer, once the command is done or refused."""
        self._db.run(
            "UPDATE staff_deeds SET said = :said WHERE message_id = :id",
            said=json.dumps(list(answer), ensure_ascii=False),
            id=message_id,
        )


def _stored_command(row: Row) -> StoredCommand:
    answer = None if row["said"] is None else tuple(str(each) for each in json.loads(row["said"]))
    return StoredCommand(row["message_id"], json.loads(row["aim"]), answer)
