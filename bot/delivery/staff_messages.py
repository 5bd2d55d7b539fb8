"""Reports, alarms and tasks for staff."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.channels.channel import MessageLimits
from bot.staff.staff_members import Staff
from memory.conversations.messages import Messages
from memory.storage.database import Database


@dataclass(frozen=True, slots=True)
class StaffMessages:
    db: Database
    messages: Messages
    staff: Staff
    limits: MessageLimits

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        """Through the outbox. A picture goes with the last part of a long text."""
        with self.db.transaction():
            for message in self.staff.notify(brand, text):
                for part in self.limits.parts(replace(message, media_url=picture)):
                    self.messages.put_out(message.contact_id or 0, part)
