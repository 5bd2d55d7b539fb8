"""What people send besides text: kept with the message, gone with the person or after its time."""

from __future__ import annotations

from datetime import datetime

from memory.conversations.messages import Message
from memory.storage.database import Database
from memory.storage.errors import UnknownContact
from memory.storage.table import BLOB, INTEGER, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

MEDIA = Table(
    "media",
    Column("id", REUSED_ROW_ID),
    Column("message_id", INTEGER),
    Column("contact_id", INTEGER),
    Column("content_type", TEXT),
    Column("content", BLOB),
    Column("description", TEXT, null=True),
    Column("at", TIMESTAMP),
    indexes=[
        Index("media_by_contact", "contact_id"),
        Index("media_by_message", "message_id"),
    ],
)


class Attachments:
    """Pictures, voice notes and documents, as bytes."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def keep(self, message: Message, content_type: str, content: bytes, description: str | None) -> int:
        """Store one attachment with what was understood of it (a transcript, a description); its id.

        Raises UnknownContact where the message's person was erased while the attachment was fetched.
        """
        with self._db.transaction():
            # Not the contact of the message as it was read: the person may have been joined with another since.
            owner = self._db.value("SELECT contact_id FROM messages WHERE id = :id", id=message.id)
            if owner is None:
                raise UnknownContact("this person was erased; the attachment is not kept")
            row = MEDIA.stored(
                message_id=message.id,
                contact_id=owner,
                content_type=content_type,
                content=content,
                description=description,
                at=self._clock(),
            )
            return self._db.insert(MEDIA.insert(row, "RETURNING id"), **row)

    def descriptions(self, message_id: int) -> list[str | None]:
        """What was understood of each kept attachment of a message, in order; None where nothing was."""
        rows = self._db.all("SELECT description FROM media WHERE message_id = :id ORDER BY id", id=message_id)
        return [row["description"] for row in rows]

    def forget_before(self, brand: str, moment: datetime) -> int:
        """Remove what was kept for this brand before `moment`; how many. What was understood stays in the message."""
        return self._db.run(
            "DELETE FROM media WHERE at < :moment AND contact_id IN (SELECT id FROM contacts WHERE brand = :brand)",
            brand=brand,
            moment=to_text(moment),
        )
