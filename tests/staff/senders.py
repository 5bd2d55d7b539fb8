"""What the provider says of the messages of staff, where a test needs no provider."""

from __future__ import annotations

from dataclasses import dataclass

from bot.staff.sender_check import SenderVerdict
from memory.conversations.messages import Message
from memory.people.contacts import Contact


@dataclass
class AllSenders:
    """The same of every message."""

    said: SenderVerdict = SenderVerdict.GENUINE

    def verdict(self, who: Contact, message: Message) -> SenderVerdict:
        return self.said
