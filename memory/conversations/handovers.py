"""Who is answered by a person now: handed over until staff release them or the time is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from memory.people.contacts import Contact
from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import INTEGER, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

USUAL_HOURS: Final = 4.0


HANDOVERS = Table(
    "handovers",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("reason", TEXT),
    Column("opened_at", TIMESTAMP),
    Column("until", TIMESTAMP),
    Column("closed_at", TIMESTAMP, null=True),
    Column("closed_by", TEXT, null=True),
    indexes=[
        Index("handovers_by_contact", "contact_id, id"),
        Index("handovers_open", "brand, until", where="closed_at IS NULL"),
    ],
)


class UnknownHandover(MemoryFault):
    """There is no open hand-over by this number for this brand."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One conversation that a person took over."""

    id: int
    brand: str
    contact_id: int
    reason: str
    opened_at: datetime
    until: datetime


HANDOVER = HANDOVERS.rows(Handover)
_OPEN = f"SELECT {HANDOVER.columns} FROM handovers WHERE closed_at IS NULL AND until > :now"


class Handovers:
    """Opens and ends hand-overs; one that nobody ends is over after its brand's hours.

    `hours`: by brand; USUAL_HOURS for one that is not among them.
    """

    def __init__(self, db: Database, clock: Clock, *, hours: Mapping[str, float] | None = None) -> None:
        self._db = db
        self._clock = clock
        self._hours = hours or {}

    def open(self, contact: Contact, reason: str) -> int:
        """Hand a contact over; its number. One that is handed over already keeps its number and gets new time."""
        now = self._clock()
        with self._db.transaction():
            self._db.hold(f"handover of {contact.id}")
            known = self.current(contact.id)
            if known is not None:
                self._db.run(
                    "UPDATE handovers SET until = :until WHERE id = :id",
                    until=to_text(now + self._length(contact.brand)),
                    id=known.id,
                )
                return known.id
            row = HANDOVERS.stored(
                brand=contact.brand,
                contact_id=contact.id,
                reason=reason,
                opened_at=now,
                until=now + self._length(contact.brand),
            )
            return self._db.insert(HANDOVERS.insert(row, "RETURNING id"), **row)

    def current(self, contact_id: int) -> Handover | None:
        """The open hand-over of a contact; None where the desk answers."""
        return HANDOVER.one(
            self._db,
            f"{_OPEN} AND contact_id = :id ORDER BY id DESC LIMIT 1",
            id=contact_id,
            now=to_text(self._clock()),
        )

    def get(self, brand: str, handover_id: int) -> Handover:
        """A brand's open hand-over by its number. Raises UnknownHandover."""
        found = next((each for each in self.list_open(brand) if each.id == handover_id), None)
        if found is None:
            raise UnknownHandover(f"no hand-over {handover_id} is open; send 'open' to list those that are")
        return found

    def list_open(self, brand: str) -> list[Handover]:
        """A brand's open hand-overs, oldest first."""
        return HANDOVER.all(
            self._db, f"{_OPEN} AND brand = :brand ORDER BY id", brand=brand, now=to_text(self._clock())
        )

    def extend(self, handover: Handover) -> None:
        """A person is at work on it: the time begins again."""
        self._db.run(
            "UPDATE handovers SET until = :until WHERE id = :id AND closed_at IS NULL",
            until=to_text(self._clock() + self._length(handover.brand)),
            id=handover.id,
        )

    def close(self, handover_id: int, by: str) -> None:
        """The desk answers this contact again."""
        self._db.run(
            "UPDATE handovers SET closed_at = :now, closed_by = :by WHERE id = :id AND closed_at IS NULL",
            now=to_text(self._clock()),
            by=by,
            id=handover_id,
        )

    def _length(self, brand: str) -> timedelta:
        return timedelta(hours=self._hours.get(brand, USUAL_HOURS))
