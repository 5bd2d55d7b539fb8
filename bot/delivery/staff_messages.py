"""Reports, alarms and tasks for staff, through the outbox like every message."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.channels.channel import MessageLimits
from bot.staff.staff_members import Staff
from memory.conversations.messages import Messages
from memory.storage.database import Database


@dataclass(frozen=True, slots=True)
class StaffMessages:
    """Puts a text for a brand's staff into the outbox."""

    db: Database
    messages: Messages
    staff: Staff
    limits: MessageLimits

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        """To each of them, when the open transaction commits; a picture goes with the last part of a long text."""
        with self.db.transaction():
            for message in self.staff.notify(brand, text):
                for part in self.limits.parts(replace(message, media_url=picture)):
                    self.messages.put_out(message.contact_id or 0, part)
