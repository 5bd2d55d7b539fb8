"""Who is staff, and how they are notified."""

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
    """Staff by phone number. Nothing else decides who is staff; no message can change it."""

    contacts: Contacts
    roles: Mapping[str, str]  # number in E.164, as in STAFF → analyst, staff, admin
    numbers: BrandNumbers

    def role_of(self, contact: Contact) -> str | None:
        try:
            number = canonical_phone(contact.phone)
        except NotAnAddress:
            return None  # somebody without a phone number is nobody on the list
        return {canonical_phone(listed): role for listed, role in self.roles.items()}.get(number)

    def notify(self, brand: str, text: str) -> list[Outgoing]:
        """Messages to every member of staff of this brand; call it in a transaction."""
        return [
            Outgoing(text, contact_id=self._contact(brand, number), purpose="staff", message_type="notice")
            for number, role in self.roles.items()
            if at_least(role, "staff")  # an analyst reads figures, and is not woken at night
        ]

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """As `notify`, for faults; a failed alarm raises no further alarm."""
        marked = self.notify(brand, f"⚠️ {text}")
        return [Outgoing(m.body, contact_id=m.contact_id, purpose="staff", metadata={"alarm": True}) for m in marked]

    def _contact(self, brand: str, number: str) -> int:
        return self.contacts.resolve(brand, Address(f"whatsapp:{number}", phone=number), self.numbers.number_of(brand))
