"""Who is staff of which brand, and messages to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.brands import BrandNumbers
from bot.roles import ROLES, Role, StaffEntry, at_least
from memory.conversations.channel_messages import Outgoing
from memory.people.address import Address
from memory.people.contacts import Contact, Contacts, canonical_phone
from memory.storage.errors import NotAnAddress


@dataclass(frozen=True, slots=True)
class Staff:
    """By phone number and brand; no message can change who is staff."""

    contacts: Contacts
    entries: Sequence[StaffEntry]
    numbers: BrandNumbers

    def role_of(self, contact: Contact) -> Role | None:
        """The role for the contact's brand. None, too, where the number may have a new owner (docs/people.md)."""
        try:
            number = canonical_phone(contact.phone)
        except NotAnAddress:
            return None  # without a phone number nobody is on the list
        roles = [
            entry.role
            for entry in self.entries
            if entry.is_for(contact.brand) and canonical_phone(entry.number) == number
        ]
        if not roles or self.contacts.is_recycled(contact.id, number):
            return None
        return max(roles, key=ROLES.index)

    def notify(self, brand: str, text: str, least: Role = "staff") -> list[Outgoing]:
        """To the brand's own people of that role at least. Call it in a transaction."""
        ours = self.numbers.number_of(brand)
        told: list[Outgoing] = []
        for entry in self.entries:
            # An analyst reads figures, and is not woken at night.
            if not entry.is_for(brand) or not at_least(entry.role, least):
                continue
            contact_id = self.contacts.resolve(brand, Address(f"whatsapp:{entry.number}", phone=entry.number), ours)
            if not self.contacts.is_recycled(contact_id, canonical_phone(entry.number)) and contact_id not in {
                each.contact_id for each in told
            }:
                told.append(Outgoing(text, contact_id=contact_id, purpose="staff", message_type="notice"))
        return told

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """Marked, so that a failed alarm raises no further alarm."""
        marked = self.notify(brand, f"⚠️ {text}")
        return [Outgoing(m.body, contact_id=m.contact_id, purpose="staff", metadata={"alarm": True}) for m in marked]
