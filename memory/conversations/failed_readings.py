"""What could not be read in the background: tried three times, then set aside, so that the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from memory.storage.database import Database
from memory.storage.table import FLAG, INTEGER, TEXT, Column, ColumnType, Index, Table

MOST_ATTEMPTS = 3


class ReadingKind(StrEnum):
    ATTACHMENT = "attachment"
    FACTS = "facts"  # from the message behind `message_id` on
    SUMMARY = "summary"  # likewise
    SEARCH = "search"


# Set aside from MOST_ATTEMPTS on. `error`: the fault's type; its text may quote a person.
FAILED_READINGS = Table(
    "failed_readings",
    Column("kind", ColumnType("TEXT", ReadingKind, str)),
    Column("contact_id", INTEGER),
    Column("message_id", INTEGER),
    Column("attempts", INTEGER, default="0"),
    Column("error", TEXT),
    Column("told", FLAG, default="0"),
    key="kind, contact_id, message_id",
    indexes=[Index("failed_readings_by_contact", "contact_id")],
)
_COUNT = FAILED_READINGS.insert(
    ("kind", "contact_id", "message_id", "attempts", "error"),
    FAILED_READINGS.update_on_conflict(
        ("kind", "contact_id", "message_id", "attempts", "error"), attempts="failed_readings.attempts + 1"
    ),
)


@dataclass(frozen=True, slots=True)
class FailedReadingCount:
    brand: str
    kind: ReadingKind
    count: int


class FailedReadings:
    def __init__(self, db: Database) -> None:
        self._db = db

    def count(self, kind: ReadingKind, contact_id: int, message_id: int, fault: Exception) -> bool:
        """A reading failed once more; True when it is set aside from now on."""
        row = FAILED_READINGS.stored(
            kind=kind, contact_id=contact_id, message_id=message_id, attempts=1, error=type(fault).__name__
        )
        with self._db.transaction():
            self._db.run(_COUNT, **row)
            attempts = self._db.value(
                "SELECT attempts FROM failed_readings"
                " WHERE kind = :kind AND contact_id = :contact_id AND message_id = :message_id",
                kind=row["kind"],
                contact_id=contact_id,
                message_id=message_id,
            )
        return int(attempts) >= MOST_ATTEMPTS

    def take_untold(self) -> list[FailedReadingCount]:
        """What was set aside since the last call, by brand and kind; call it in the transaction that tells of it."""
        rows = self._db.tuples(
            "SELECT c.brand, f.kind, count(*) FROM failed_readings f JOIN contacts c ON c.id = f.contact_id"
            " WHERE f.told = 0 AND f.attempts >= :most GROUP BY c.brand, f.kind ORDER BY c.brand, f.kind",
            most=MOST_ATTEMPTS,
        )
        self._db.run("UPDATE failed_readings SET told = 1 WHERE attempts >= :most", most=MOST_ATTEMPTS)
        return [FailedReadingCount(brand, ReadingKind(kind), int(count)) for brand, kind, count in rows]
