"""What a member of staff ordered that reaches beyond the database: begun and answered once for each message."""

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
class Deed:
    """One message's order: what it aims at, decided when it was begun, and the sentences it was answered with."""

    message_id: int
    aim: Mapping[str, Any]
    said: tuple[str, ...] | None  # None: begun, and nobody knows yet how far it came


class Deeds:
    """A turn may be handled again before its outcome is kept; what it did outside is found here."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def of(self, message_id: int) -> Deed | None:
        """What this message has begun, if anything."""
        row = self._db.one("SELECT * FROM staff_deeds WHERE message_id = :id", id=message_id)
        return None if row is None else _deed(row)

    def begin(self, message_id: int, aim: Mapping[str, Any]) -> Deed:
        """Write down what is about to be done; what was written down for this message before holds."""
        with self._db.transaction(durable=True):
            self._db.run("DELETE FROM staff_deeds WHERE begun_at < :old", old=to_text(self._clock() - KEPT))
            self._db.run(
                "INSERT INTO staff_deeds (message_id, aim, begun_at) VALUES (:id, :aim, :now) ON CONFLICT DO NOTHING",
                id=message_id,
                aim=json.dumps(aim, ensure_ascii=False),
                now=to_text(self._clock()),
            )
        deed = self.of(message_id)
        assert deed is not None, "it was written just now"
        return deed

    def finish(self, message_id: int, said: Sequence[str]) -> None:
        """It is done, or refused, and this is the answer."""
        self._db.run(
            "UPDATE staff_deeds SET said = :said WHERE message_id = :id",
            said=json.dumps(list(said), ensure_ascii=False),
            id=message_id,
        )


def _deed(row: Row) -> Deed:
    said = None if row["said"] is None else tuple(str(each) for each in json.loads(row["said"]))
    return Deed(row["message_id"], json.loads(row["aim"]), said)
