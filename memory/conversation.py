"""One person's conversation, by phone: the first design's ConversationMemory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from bot.language.detection import detect
from bot.language.languages import LANGUAGES
from bot.language.reading.extraction import Extraction, read_message
from bot.language.reading.interests import InterestFinder, ShopWords, Term
from memory.conversations.analytics import Analytics
from memory.conversations.backfill import Past, check_metadata, standing
from memory.conversations.context import Context, Profile, compose
from memory.conversations.messages import Message, Messages, Said
from memory.conversations.sessions import Sessions
from memory.conversations.summaries import Summaries, SummaryLine
from memory.people.contacts import Contact, Contacts, read_address
from memory.people.crm import hubspot, salesforce
from memory.people.facts import Facts
from memory.recall.search import Search
from memory.settings import MemorySettings
from memory.shop.catalogue_items import Goods
from memory.storage.database import Database
from memory.storage.errors import NotAnAddress, NotStorable, UnknownContact, UnknownFormat, UnknownPreference
from memory.storage.json_values import check_text
from memory.storage.migrations import STEPS
from memory.storage.timestamps import Clock, from_text, now, to_text
from memory.upkeep.conversation_json import PREFERENCES, Dossiers, check_line, check_preference, profile_of

RECALLED = 10  # older messages in a context
SHORT = 12  # lines of the summary in a context without a budget
Format = Literal["json", "salesforce", "hubspot"]


@dataclass(frozen=True, slots=True)
class UserProfile:
    """`interests`: latest first."""

    phone_number: str  # E.164, or the WhatsApp user id of somebody who hides the number
    name: str | None = None
    preferred_currency: str | None = None  # ISO 4217
    interests: tuple[str, ...] = ()
    last_interaction: datetime | None = None
    total_interactions: int = 0  # messages that they wrote
    preferred_language: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "phone_number": self.phone_number,
            "name": self.name,
            "preferred_currency": self.preferred_currency,
            "interests": list(self.interests),
            "last_interaction": None if self.last_interaction is None else to_text(self.last_interaction),
            "total_interactions": self.total_interactions,
            "preferred_language": self.preferred_language,
        }


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    timestamp: datetime
    role: str  # user, assistant
    content: str
    message_type: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    id: int | None = None

    @classmethod
    def of(cls, message: Message) -> ConversationMessage:
        return cls(message.at, message.role, message.content, message.message_type, message.metadata, message.id)

    def to_dict(self) -> dict[str, Any]:
        return {
            "timestamp": to_text(self.timestamp),
            "role": self.role,
            "content": self.content,
            "message_type": self.message_type,
            "metadata": self.metadata,
        }


@dataclass(slots=True)
class ConversationSession:
    """The open or last session, with its newest messages. Setting `session_summary` stores it."""

    user_profile: UserProfile
    messages: list[ConversationMessage]
    created_at: datetime
    total_messages: int  # of this session
    _summary: str | None
    _keep: Callable[[str], None] = field(repr=False, compare=False)

    @property
    def session_summary(self) -> str | None:
        """None where nobody wrote one."""
        return self._summary

    @session_summary.setter
    def session_summary(self, text: str) -> None:
        self._keep(check_text("session_summary", text))
        self._summary = text


class ConversationMemory:
    """A brand's conversations, by phone number in any spelling or by WhatsApp user id.

    Without arguments: the program's database (MEMORY_STORAGE_DIR or DATABASE_URL) and the first brand of the brands file.
    All methods may raise DatabaseUnavailable, those with a `phone` NotAnAddress.
    """

    def __init__(
        self,
        storage_dir: str | Path | None = None,
        max_messages_per_session: int | None = None,
        session_timeout_hours: float | None = None,
        *,
        db: Database | None = None,
        brand: str | None = None,
        our_number: str = "",
        settings: MemorySettings | None = None,
        search: Search | None = None,
        interests: InterestFinder | None = None,
        zone: tzinfo = UTC,
        clock: Clock = now,
    ) -> None:
        """Raises WrongMemorySetting.

        `storage_dir`: use its hawker.db, whatever the settings say. `max_messages_per_session`: recent messages in a context.
        `session_timeout_hours`: silence that ends a session. `our_number`: the brand's, for new contacts. `interests`: by
        default the words of the brands file and the catalogue's categories. `zone`: of the times in a context.
        """
        settings = _placed(settings or MemorySettings.from_environment(), storage_dir)
        hours = session_timeout_hours or settings.session_timeout_hours
        self._session_timeout_hours = hours
        self.max_messages_per_session = max_messages_per_session or settings.max_messages_per_session
        if brand is None:
            brand, our_number = settings.first_brand()
        self.brand = brand
        self._our_number = our_number
        self.db = db or Database(settings.database_url, key=settings.database_key or None)
        self.db.migrate(STEPS)
        self._clock = clock
        self._zone = zone
        self._contacts = Contacts(self.db, clock)
        self._sessions = Sessions(self.db, timeout=timedelta(hours=hours))
        self._messages = Messages(self.db, self._contacts, self._sessions, clock)
        self._facts = Facts(self.db, clock)
        self._summaries = Summaries(self.db, clock)
        self._analytics = Analytics(self.db, clock)
        self._past = Past(self.db, self._sessions, clock)
        self._search = search or Search(self.db, vectors=settings.enable_vector_search)
        self._dossiers = Dossiers(self.db, clock, brand=brand, timeout=timedelta(hours=hours))
        self._settings = settings
        self._given_interests = interests

    @property
    def storage_dir(self) -> str:
        """Unused where DATABASE_URL is set."""
        return self._settings.storage_dir

    @property
    def session_timeout_hours(self) -> float:
        return self._session_timeout_hours

    def add_message(
        self,
        phone: str,
        role: str,
        content: str,
        message_type: str | None = None,
        metadata: dict[str, Any] | None = None,
        timestamp: datetime | str | None = None,
    ) -> ConversationMessage:
        """It is neither answered nor sent. Raises NotStorable: nothing was written.

        `role`: user or assistant. `message_type`: by default a user's text is classified. `timestamp`: by default now; UTC
        without a zone. Facts in a user's text and `metadata["detected_products"]` are learned as the desk learns them. An
        unknown number becomes a new contact.
        """
        at = self._clock() if timestamp is None else self._past.read_moment(timestamp)
        notes = check_metadata(metadata)
        with self.db.transaction():
            contact = self._resolve(phone)
            extraction = self._read(contact, check_text("content", content)) if role == "user" else None
            kind = extraction.classification.message_type if extraction and message_type is None else message_type
            message_id = self._past.add(self.brand, contact.id, role, content, at, message_type=kind, metadata=notes)
            message = ConversationMessage(at, role, content, kind, notes, message_id)
            if extraction:
                self._learn(contact, message, extraction)
        return message

    def get_conversation_context(self, phone: str, *, query: str = "", max_tokens: int | None = None) -> str:
        """`User Profile:` and `Recent Conversation History:`, within `max_tokens`. Raises UnknownContact.

        In between: facts, a summary of earlier messages and, with a `query`, relevant older messages.
        """
        return self.conversation_context(phone, query=query, max_tokens=max_tokens).text

    def conversation_context(self, phone: str, *, query: str = "", max_tokens: int | None = None) -> Context:
        """The same as lines with the ids of their messages. Raises UnknownContact."""
        contact = self._find(phone)
        history = self._messages.recent(contact.id, limit=self.max_messages_per_session)
        if self._summaries.is_due(contact.id, history, are_all=len(history) < self.max_messages_per_session):
            self._summaries.catch_up(contact.id)
        recent = {message.id for message in history}
        recalled = [message for message in self._recall(contact, query, RECALLED) if message.id not in recent]
        return compose(
            self.profile(contact),
            history,
            self._zone,
            facts=self._facts.holding(contact.id),
            summary=self._summary(contact, history, max_tokens),
            recalled=recalled,
            max_tokens=max_tokens,
        )

    def recall(self, phone: str, query: str, limit: int = 10) -> list[Message]:
        """Relevant messages of any age, best first. Raises UnknownContact."""
        return self._recall(self._find(phone), query, limit)

    def profile(self, contact: Contact) -> Profile:
        return Profile(
            phone_number=contact.phone,
            name=contact.name,
            preferred_currency=contact.preferred_currency,
            total_interactions=contact.total_interactions,
            interests=[interest.name for interest in self._facts.interests(contact.id)],
        )

    def recent(self, contact: Contact, *, more: int = 0) -> list[Message]:
        """As many as a context has, plus `more`; oldest first."""
        return self._messages.history(contact.id, limit=self.max_messages_per_session + more)

    def get_user_profile(self, phone: str) -> UserProfile:
        """Raises UnknownContact."""
        return self._profile(self._find(phone))

    def get_session(self, phone: str) -> ConversationSession | None:
        """The open or last session; None without messages. Raises UnknownContact."""
        contact = self._find(phone)
        latest = self._sessions.latest(contact.id)
        if latest is None:
            return None
        return ConversationSession(
            user_profile=self._profile(contact),
            messages=[ConversationMessage.of(message) for message in self.recent(contact)],
            created_at=latest.created_at,
            total_messages=latest.total_messages,
            _summary=self._sessions.summary(latest.id),
            _keep=lambda text: self._sessions.summarise(latest.id, text),
        )

    def get_conversation(self, phone: str, *, limit: int = 50, before: int | None = None) -> dict[str, Any]:
        """The body of `GET /conversation/{phone}`. Raises UnknownContact.

        `user_profile`, `session_info`, `messages` (`limit` of them, older than the id `before`, oldest first) and
        `next_before`: `before` of the next older page, None at the end.
        """
        contact = self._find(phone)
        page = self._messages.history(contact.id, limit=limit + 1, before=before)
        shown = page[-limit:]
        latest = self._sessions.latest(contact.id)
        return {
            "user_profile": self._analytics.profile(contact.id),
            "messages": shown,
            "session_info": {
                "created_at": latest and latest.created_at,
                "last_at": latest and latest.last_at,
                "total_messages": latest.total_messages if latest else 0,
            },
            "next_before": shown[0].id if len(page) > len(shown) else None,
        }

    def update_user_preferences(self, phone: str, **preferences: str) -> UserProfile:
        """`name`, `preferred_currency`, `preferred_language`; all are set or none.

        An unknown number becomes a new contact. Raises UnknownPreference, NotStorable.
        """
        unknown = set(preferences) - set(PREFERENCES)
        if unknown:
            raise UnknownPreference(
                f"there is no preference {', '.join(sorted(unknown))}; there are {', '.join(PREFERENCES)}"
            )
        values = {PREFERENCES[name]: check_preference(name, value) for name, value in preferences.items()}
        with self.db.transaction():
            contact = self._resolve(phone)
            for predicate, value in values.items():
                self._facts.learn(contact, predicate, value, None, said_by="staff")
        return self._profile(self._contacts.get(contact.id))

    def cleanup_old_sessions(self, days_old: int = 30) -> int:
        """The number of sessions deleted whole; profiles stay, and what is not answered or sent yet.

        Raises NotStorable.
        """
        if isinstance(days_old, bool) or not isinstance(days_old, int) or not 0 <= days_old <= 36_500:
            raise NotStorable("days_old must be a whole number of days, from 0 to 36500")
        return self._sessions.forget_before(self.brand, self._clock() - timedelta(days=days_old))

    def get_all_users_summary(self) -> list[dict[str, Any]]:
        """With the newest `messages` of each. For a large brand, Analytics.users has pages."""
        found, last = [], 0
        while ids := self._dossiers.people(after=last):
            found += [self._with_messages(contact_id) for contact_id in ids]
            last = ids[-1]
        return found

    def export_user_data(self, phone: str, format: Format = "json") -> dict[str, Any]:
        """Ready for `json.dumps`. Raises UnknownFormat, UnknownContact.

        json: `user_profile`, `messages`, `session_info`. salesforce: a Contact. hubspot: the body that creates a contact.
        """
        if format not in ("json", "salesforce", "hubspot"):
            raise UnknownFormat("a person's data can be had as json, salesforce or hubspot")
        contact = self._find(phone)
        if format == "json":
            return self._dossiers.of(contact.id)
        row = self._analytics.profile(contact.id)
        write = salesforce if format == "salesforce" else hubspot
        return write({**profile_of(row), "city": row.get("city")})

    def _find(self, phone: str) -> Contact:
        return self._contacts.find(self.brand, _phone(phone))

    def _resolve(self, phone: str) -> Contact:
        try:
            return self._find(phone)
        except UnknownContact:
            address = read_address(phone)
            return self._contacts.get(self._contacts.resolve(self.brand, address, self._our_number))

    def _recall(self, contact: Contact, query: str, limit: int) -> list[Message]:
        if not query.strip():
            return []
        self._search.catch_up_fully(contact.id)
        return [self._messages.get(message_id) for message_id in self._search.recall(contact.id, query, limit)]

    def _summary(self, contact: Contact, history: Sequence[Said], max_tokens: int | None) -> Sequence[SummaryLine]:
        # Without a budget the context shows all of `history`, so only older lines are needed.
        if max_tokens is not None:
            return self._summaries.lines(contact.id)
        return self._summaries.lines(contact.id, most=SHORT, before=history[0].id if history else None)

    def _read(self, contact: Contact, text: str) -> Extraction:
        known = contact.language if contact.language in LANGUAGES else None
        return read_message(text, detect(text, known), self._interests)

    @cached_property
    def _interests(self) -> InterestFinder:
        # Read once, at the first message: changes of the catalogue count from the next start.
        if self._given_interests is not None:
            return self._given_interests
        terms = self._settings.shop_terms(self.brand)
        sold = {item.category: Term() for item in Goods(self.db, self._clock).items(self.brand)}
        return ShopWords({**sold, **terms["categories"]}, terms["subcategories"], terms["features"])

    def _learn(self, contact: Contact, message: ConversationMessage, extraction: Extraction) -> None:
        self._past.count(self.brand, contact.id, 1, message.timestamp)
        facts = Facts(self.db, standing(message.timestamp))
        for learned in extraction.learned:
            facts.take(contact, learned, message.id, at=message.timestamp)
        told = [
            each
            for product in _products(message.metadata)
            for each in self._interests.find(product, language=None, named=True) or [product]
        ]
        for interest in dict.fromkeys([*extraction.interests, *told]):
            facts.note_interest(contact, interest, message.id)

    def _profile(self, contact: Contact) -> UserProfile:
        row = self._analytics.profile(contact.id)
        return UserProfile(
            phone_number=row["phone_number"],
            name=row["name"],
            preferred_currency=row["preferred_currency"],
            interests=tuple(interest.name for interest in self._facts.interests(contact.id)),
            last_interaction=from_text(row["last_interaction"]) if row["last_interaction"] else None,
            total_interactions=row["total_interactions"],
            preferred_language=row["language"],
        )

    def _with_messages(self, contact_id: int) -> dict[str, Any]:
        contact = self._contacts.get(contact_id)
        said = [ConversationMessage.of(message).to_dict() for message in self.recent(contact)]
        return {**self._profile(contact).to_dict(), "messages": said}


def _placed(settings: MemorySettings, storage_dir: str | Path | None) -> MemorySettings:
    if storage_dir is None:
        return settings
    return replace(settings, storage_dir=str(storage_dir), given_database_url="")


def _phone(phone: object) -> str:
    if not isinstance(phone, str):
        raise NotAnAddress("say whose conversation it is: a phone number as text, such as +14155550101")
    return phone


def _products(metadata: dict[str, Any]) -> Sequence[str]:
    products = metadata.get("detected_products")
    return [check_line("a product", each) for each in products] if isinstance(products, list) else []
