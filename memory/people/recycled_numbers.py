"""Phone numbers that changed hands: the same phone with another WhatsApp user id.

WhatsApp makes a new business-scoped user id when a number gets another account. See docs/people.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from memory.storage.database import Database
from memory.storage.errors import UnknownNumberChange
from memory.storage.table import INTEGER, ROW_ID, TEXT, TIMESTAMP, Column, Index, Source, Table
from memory.storage.timestamps import Clock, to_text

MOVE_LASTS = timedelta(days=30)  # how long after a move a first new user id counts as the same person's

RECYCLED_NUMBERS = Table(
    "recycled_numbers",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("phone", TEXT),
    Column("contact_id", INTEGER),
    Column("former_id", INTEGER, null=True),
    Column("at", TIMESTAMP),
    Column("state", TEXT),
    Column("told_at", TIMESTAMP, null=True),
    indexes=[
        Index("recycled_numbers_by_contact", "contact_id"),
        Index("recycled_numbers_by_former", "former_id"),
        Index("recycled_numbers_by_time", "brand, at"),
    ],
)
PORTFOLIO_MOVES = Table(
    "portfolio_moves",
    Column("brand", TEXT),
    Column("at", TIMESTAMP),
    Column("by", TEXT),
    key="brand",
)


class NumberState(StrEnum):
    OPEN = "open"  # nobody has said yet who writes from this number
    OTHER = "other"  # somebody said that it is another person


@dataclass(frozen=True, slots=True)
class RecycledNumber:
    """`contact_id` has the number now, `former_id` had it (None: erased since)."""

    id: int
    brand: str
    phone: str
    contact_id: int
    former_id: int | None
    at: datetime
    state: NumberState
    told_at: datetime | None  # when staff were told


RECYCLED_NUMBER = RECYCLED_NUMBERS.rows(RecycledNumber, state=Source(("state",), NumberState, str))
_SELECT = f"SELECT {RECYCLED_NUMBER.columns} FROM recycled_numbers"


class RecycledNumbers:
    """`Contacts.resolve` writes them; `Contacts.same_person` ends them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def record(self, brand: str, phone: str, contact_id: int, former_id: int) -> None:
        row = RECYCLED_NUMBERS.stored(
            brand=brand,
            phone=phone,
            contact_id=contact_id,
            former_id=former_id,
            at=self._clock(),
            state=NumberState.OPEN,
        )
        self._db.run(RECYCLED_NUMBERS.insert(row), **row)

    def get(self, brand: str, number_id: int) -> RecycledNumber:
        """Raises UnknownNumberChange."""
        found = RECYCLED_NUMBER.one(self._db, f"{_SELECT} WHERE brand = :brand AND id = :id", brand=brand, id=number_id)
        if found is None:
            raise UnknownNumberChange(f"there is no changed number {number_id}; *numbers* lists them")
        return found

    def undecided(self, brand: str, *, since: datetime | None = None, limit: int = 1000) -> list[RecycledNumber]:
        """Oldest first, without those whose former owner was erased."""
        return RECYCLED_NUMBER.all(
            self._db,
            f"{_SELECT} WHERE brand = :brand AND state = 'open' AND former_id IS NOT NULL AND at >= :since"
            " ORDER BY id LIMIT :limit",
            brand=brand,
            since="" if since is None else to_text(since),
            limit=limit,
        )

    def note_told(self, numbers: Sequence[RecycledNumber]) -> None:
        for each in numbers:
            self._db.run(
                "UPDATE recycled_numbers SET told_at = :now WHERE id = :id", now=to_text(self._clock()), id=each.id
            )

    def decide_other(self, brand: str, number_id: int) -> None:
        """It is another person. Raises UnknownNumberChange."""
        self._db.run(
            "UPDATE recycled_numbers SET state = :state WHERE id = :id",
            state=NumberState.OTHER,
            id=self.get(brand, number_id).id,
        )

    def in_doubt(self, contact_id: int) -> bool:
        """Whether this contact got its number from somebody else."""
        return (
            self._db.value("SELECT 1 FROM recycled_numbers WHERE contact_id = :id LIMIT 1", id=contact_id) is not None
        )

    def lost(self, contact_id: int, phone: str) -> bool:
        """Whether this contact had that number, and another person has it now."""
        return (
            self._db.value(
                "SELECT 1 FROM recycled_numbers WHERE former_id = :id AND phone = :phone LIMIT 1",
                id=contact_id,
                phone=phone,
            )
            is not None
        )

    def changed_hands(self, brand: str, phone: str) -> bool:
        """`phone` is canonical."""
        return (
            self._db.value(
                "SELECT 1 FROM recycled_numbers WHERE brand = :brand AND phone = :phone LIMIT 1",
                brand=brand,
                phone=phone,
            )
            is not None
        )

    def note_move(self, brand: str, at: datetime, by: str) -> None:
        """The business moved to another portfolio, so WhatsApp made a new user id for everybody."""
        row = PORTFOLIO_MOVES.stored(brand=brand, at=at, by=by)
        self._db.run(PORTFOLIO_MOVES.insert(row, PORTFOLIO_MOVES.update_on_conflict(row)), **row)

    def moved_at(self, brand: str) -> str | None:
        """When a move was noted that still explains a new user id."""
        moved: str | None = self._db.value(
            "SELECT at FROM portfolio_moves WHERE brand = :brand AND at >= :since",
            brand=brand,
            since=to_text(self._clock() - MOVE_LASTS),
        )
        return moved
