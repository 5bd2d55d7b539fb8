"""Who is staff, and messages to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.brands import BrandNumbers
from bot.roles import at_least
from memory.conversations.channel_messages import Outgoing
from memory.people.address import Address
from memory.people.contacts import Contact, Contacts, canonical_phone
from memory.storage.errors import NotAnAddress


@dataclass(frozen=True, slots=True)
class Staff:
    """By phone number; no message can change who is staff."""

    contacts: Contacts
    roles: Mapping[str, str]  # number in E.164, as in STAFF → analyst, staff, admin
    numbers: BrandNumbers

    def role_of(self, contact: Contact) -> str | None:
        try:
            number = canonical_phone(contact.phone)
        except NotAnAddress:
            return None  # without a phone number nobody is on the list
        return {canonical_phone(listed): role for listed, role in self.roles.items()}.get(number)

    def notify(self, brand: str, text: str) -> list[Outgoing]:
        """Call it in a transaction."""
        ours = self.numbers.number_of(brand)
        return [
            Outgoing(
                text,
                contact_id=self.contacts.resolve(brand, Address(f"whatsapp:{number}", phone=number), ours),
                purpose="staff",
                message_type="notice",
            )
            for number, role in self.roles.items()
            if at_least(role, "staff")  # an analyst reads figures, and is not woken at night
        ]

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """Marked, so that a failed alarm raises no further alarm."""
        marked = self.notify(brand, f"⚠️ {text}")
        return [Outgoing(m.body, contact_id=m.contact_id, purpose="staff", metadata={"alarm": True}) for m in marked]
