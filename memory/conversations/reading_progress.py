"""How far each conversation has been read in the background; what a crash interrupts is read again from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory.conversations.messages import MESSAGE, Message
from memory.conversations.turn_changes import LearnFact
from memory.people.facts import Facts
from memory.storage.database import Database
from memory.storage.table import INTEGER, Column, Index, Table

# A finished turn marks what there is to read; a reader moves `read_upto`, a summary `summary_upto`.
READINGS = Table(
    "readings",
    Column("contact_id", INTEGER),
    Column("marked", INTEGER),
    Column("read_upto", INTEGER, default="0"),
    Column("summary_upto", INTEGER, default="0"),
    key="contact_id",
    indexes=[
        Index("readings_due", "contact_id", where="marked > read_upto"),
    ],
)


@dataclass(frozen=True, slots=True)
class Unread:
    """One contact's messages that nobody has read in the background yet: those behind `after`, up to `upto`."""

    contact_id: int
    after: int
    upto: int


UNREAD = READINGS.rows(Unread, after="read_upto", upto="marked")


class Readings:
    """The cursors of the background readers, one row a contact."""

    def __init__(self, db: Database, facts: Facts) -> None:
        self._db = db
        self._facts = facts

    def mark(self, contact_id: int, message_id: int) -> None:
        """There is something to read up to this message; call it in the transaction that finishes a turn."""
        self._db.run(
            "INSERT INTO readings (contact_id, marked) VALUES (:id, :upto) ON CONFLICT (contact_id)"
            " DO UPDATE SET marked = excluded.marked WHERE readings.marked < excluded.marked",
            id=contact_id,
            upto=message_id,
        )

    def due(self, limit: int = 20, *, after: int = 0) -> list[Unread]:
        """Contacts with something unread, in the order of their ids from `after` on."""
        return UNREAD.all(
            self._db,
            f"SELECT {UNREAD.columns} FROM readings WHERE marked > read_upto AND contact_id > :after"
            " ORDER BY contact_id LIMIT :limit",
            after=after,
            limit=limit,
        )

    def messages(self, unread: Unread, limit: int = 20) -> list[Message]:
        """The oldest of the unread messages that the person wrote and the desk has answered."""
        return MESSAGE.all(
            self._db,
            f"SELECT {MESSAGE.columns} FROM messages WHERE contact_id = :id AND id > :after AND id <= :upto"
            " AND role = 'user' AND state = 'handled' ORDER BY id LIMIT :limit",
            id=unread.contact_id,
            after=unread.after,
            upto=unread.upto,
            limit=limit,
        )

    def done(self, unread: Unread, upto: int, learned: Sequence[LearnFact] = ()) -> bool:
        """Keep what was read, and that the conversation was read up to the message `upto`, in one transaction.

        False, and nothing kept, where another process was faster or the person was erased meanwhile.
        """
        with self._db.transaction():
            moved = self._db.run(
                "UPDATE readings SET read_upto = :upto WHERE contact_id = :id AND read_upto = :after AND :upto > read_upto",
                id=unread.contact_id,
                after=unread.after,
                upto=upto,
            )
            for each in learned if moved else ():
                self._facts.take(each.contact, each.learned, each.message_id, at=each.at)
        return moved > 0
