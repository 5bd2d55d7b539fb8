"""Routes a turn to staff commands or the sales desk, by phone number alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.delivery.media_understanding import MediaUnderstanding
from bot.sales.desk import Seller
from bot.staff.commands.shop_commands import Commands
from bot.staff.staff_members import Staff
from memory.conversations.messages import Message
from memory.conversations.turns import Outcome
from memory.people.contacts import Contact


@dataclass(frozen=True, slots=True)
class TurnRouter:
    """The worker's handler."""

    seller: Seller
    commands: Commands
    staff: Staff
    media: MediaUnderstanding

    def answer(self, contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        described = self.media.described(waiting, deadline)
        role = self.staff.role_of(contact)
        if role is not None:
            return self.commands.handle(contact, role, described, deadline)
        return self.seller.answer(contact, described, deadline)
