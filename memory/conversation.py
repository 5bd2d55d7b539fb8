"""The conversation with one person, by phone: what the first design called ConversationMemory."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from memory.contacts import Contact, Contacts
from memory.context import Context, Profile, compose, render_context
from memory.facts import Facts
from memory.messages import Message, Messages
from memory.search import Search
from memory.summaries import Summaries, SummaryLine

RECALLED = 10  # older messages in a context


class ConversationMemory:
    """What is remembered of a brand's people, asked for by phone number in any spelling or by WhatsApp user id."""

    def __init__(
        self,
        contacts: Contacts,
        messages: Messages,
        facts: Facts,
        *,
        brand: str,
        search: Search | None = None,
        summaries: Summaries | None = None,
        zone: tzinfo = UTC,
        max_messages: int = 50,
    ) -> None:
        self._contacts = contacts
        self._messages = messages
        self._facts = facts
        self._brand = brand
        self._search = search
        self._summaries = summaries
        self._zone = zone
        self._most = max_messages

    def get_conversation_context(self, phone: str, *, query: str = "", max_tokens: int | None = None) -> str:
        """`User Profile:` and `Recent Conversation History:` as text, between them what is known and, in short, what was
        said before; with a `query`, older messages that matter for it. Never more than `max_tokens`.

        Raises NotAnAddress, UnknownContact.
        """
        return self.conversation_context(phone, query=query, max_tokens=max_tokens).text

    def conversation_context(self, phone: str, *, query: str = "", max_tokens: int | None = None) -> Context:
        """The same as lines, each with the id of the message that it comes from. Raises NotAnAddress, UnknownContact."""
        contact = self._contacts.find(self._brand, phone)
        history = self._messages.history(contact.id, limit=self._most)
        recent = {message.id for message in history}
        recalled = [message for message in self._recall(contact, query, RECALLED) if message.id not in recent]
        return compose(
            self.profile(contact),
            history,
            self._zone,
            facts=self._facts.holding(contact.id),
            summary=self._summary(contact),
            recalled=recalled,
            max_tokens=max_tokens,
        )

    def _summary(self, contact: Contact) -> list[SummaryLine]:
        if self._summaries is None:
            return []
        self._summaries.catch_up(contact.id)
        return self._summaries.lines(contact.id)

    def recall(self, phone: str, query: str, limit: int = 10) -> list[Message]:
        """The messages ever said with this person that matter for `query`, best first.

        Raises NotAnAddress, UnknownContact.
        """
        return self._recall(self._contacts.find(self._brand, phone), query, limit)

    def _recall(self, contact: Contact, query: str, limit: int) -> list[Message]:
        if self._search is None or not query.strip():
            return []
        self._search.catch_up_fully()
        return [self._messages.get(message_id) for message_id in self._search.recall(contact.id, query, limit)]

    def context_of(self, contact: Contact, history: list[Message], *, max_tokens: int | None = None) -> str:
        """The same for a contact and the part of the conversation that is at hand."""
        return render_context(self.profile(contact), history, self._zone, max_tokens=max_tokens)

    def profile(self, contact: Contact) -> Profile:
        """The person as a context's first lines show them."""
        return Profile(
            phone_number=contact.phone,
            name=contact.name,
            preferred_currency=contact.preferred_currency,
            total_interactions=contact.total_interactions,
            interests=[interest.name for interest in self._facts.interests(contact.id)],
        )

    def update_user_preferences(self, phone: str, **preferences: str) -> None:
        """Set `name`, `preferred_currency` or `preferred_language`, as told by somebody who knows."""
        contact = self._contacts.find(self._brand, phone)
        names: dict[str, Any] = {"name": "name", "preferred_currency": "currency", "preferred_language": "language"}
        unknown = set(preferences) - set(names)
        if unknown:
            raise ValueError(f"there is no preference {', '.join(sorted(unknown))}; there are {', '.join(names)}")
        for preference, value in preferences.items():
            self._facts.learn(contact, names[preference], value, None)
