"""One person's conversation in the format of the first design's JSON file: export and import."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from babel.numbers import list_currencies

from memory.conversations.analytics import Analytics
from memory.conversations.backfill import Past, check_metadata, check_role, standing
from memory.conversations.sessions import Sessions
from memory.people.address import Address
from memory.people.contacts import Contact, Contacts, read_address
from memory.people.facts import Facts
from memory.storage.database import Database
from memory.storage.errors import MemoryFault, NotAnAddress, NotStorable
from memory.storage.json_values import LONGEST_NAME, check_name, check_text
from memory.storage.timestamps import Clock, to_text
from memory.upkeep.erasure_register import ErasureRegister, Identity

PREFERENCES = {"name": "name", "preferred_currency": "currency", "preferred_language": "language"}  # our facts' names
CURRENCIES = list_currencies()
MOST_INTERACTIONS = 1_000_000_000
BREAKS = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators
SAID = "(role = 'user' OR state IN ('sent', 'delivered', 'read'))"


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be imported, where, and what to do about it."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.file, self.place, self.what]))


@dataclass(slots=True)
class Notes:
    """Faults of one file, collected while the rest is imported."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def read(self, place: str, how: Callable[..., Any], *given: Any) -> Any:
        """`how(*given)`; on a MemoryFault, note the place and return None."""
        try:
            return how(*given)
        except MemoryFault as fault:
            self.faults.append(Fault(self.file, place, str(fault)))
            return None


@dataclass(frozen=True, slots=True)
class DossierMessage:
    at: datetime
    role: str
    content: str
    message_type: str | None
    metadata: dict[str, Any]

    @property
    def same(self) -> tuple[str, str, str]:
        """The key that identifies a duplicate."""
        return to_text(self.at), self.role, self.content


class Dossiers:
    """Conversations of one brand's customers, without staff."""

    def __init__(
        self, db: Database, clock: Clock, *, brand: str, our_number: str = "", timeout: timedelta = timedelta(hours=24)
    ) -> None:
        self._db = db
        self._clock = clock
        self._brand = brand
        self._our_number = our_number
        self._contacts = Contacts(db, clock)
        self._facts = Facts(db, clock)
        self._past = Past(db, Sessions(db, timeout=timeout), clock)
        self._analytics = Analytics(db, clock)

    def count(self) -> int:
        return int(
            self._db.value("SELECT count(*) FROM contacts WHERE brand = :brand AND staff = 0", brand=self._brand)
        )

    def people(self, *, after: int = 0, limit: int = 500) -> list[int]:
        """`limit` contact ids greater than `after`."""
        rows = self._db.all(
            "SELECT id FROM contacts WHERE brand = :brand AND staff = 0 AND id > :after ORDER BY id LIMIT :limit",
            brand=self._brand,
            after=after,
            limit=limit,
        )
        return [row["id"] for row in rows]

    def of(self, contact_id: int) -> dict[str, Any]:
        """`user_profile`, `messages` (oldest first) and `session_info`. Raises UnknownContact."""
        profile = self._analytics.profile(contact_id)
        rows = self._db.all(
            f"SELECT at, role, content, message_type, metadata FROM messages WHERE contact_id = :id AND {SAID}"
            " ORDER BY id",
            id=contact_id,
        )
        return {
            "user_profile": profile_of(profile),
            "messages": [
                {
                    "timestamp": row["at"],
                    "role": row["role"],
                    "content": row["content"],
                    "message_type": row["message_type"],
                    "metadata": json.loads(row["metadata"]),
                }
                for row in rows
            ],
            "session_info": {
                "created_at": min([profile["first_seen"], *(row["at"] for row in rows)]),
                "total_messages": len(rows),
            },
        }

    def take_in(self, given: object, notes: Notes, register: ErasureRegister) -> None:
        """Import a dossier's new content; faults go into `notes`. Idempotent.

        Nothing of it is answered, sent, or learned from. A known contact's stored values win. What was known of an
        erased person before the erasure is refused.
        """
        dossier = given if isinstance(given, dict) else {}
        profile = dossier.get("user_profile")
        profile = profile if isinstance(profile, dict) else {}
        address = notes.read("user_profile.phone_number", _address, profile)
        if address is not None:
            lines = self._lines(dossier.get("messages", []), notes)
            with self._db.transaction():
                at = register.erased_at(self._identities(address))
                if at is None or self._all_later(at, profile, dossier.get("session_info"), lines):
                    self._merge(address, profile, dossier.get("session_info"), lines, notes)
                else:
                    notes.read("user_profile", _refuse, f"this person was erased at {at}, and is not taken in again")

    def _identities(self, address: Address) -> list[Identity]:
        return [Identity(self._brand, kind, value) for kind, value in self._contacts.identities(address)]

    def _all_later(self, at: str, profile: dict[str, Any], info: object, lines: Sequence[DossierMessage]) -> bool:
        """Whether all of the dossier is of somebody who came back after the erasure."""
        given, notes = info if isinstance(info, dict) else {}, Notes("")  # `_merge` notes what is wrong
        moments = [
            self._moment(profile, "last_interaction", "user_profile.last_interaction", notes),
            self._moment(given, "created_at", "session_info.created_at", notes),
            *(line.at for line in lines),
        ]
        dated = [to_text(moment) for moment in moments if moment is not None]
        return bool(dated) and min(dated) > at

    def _merge(
        self, address: Address, profile: dict[str, Any], info: object, lines: list[DossierMessage], notes: Notes
    ) -> None:
        recycled = self._contacts.recycled.changed_hands(self._brand, address.phone) if address.phone else False
        if recycled and address.user_id is None:
            # An export does not say which of the number's owners it is about, and neither may get the other's words.
            notes.read("user_profile.phone_number", _refuse, "has changed hands; name its owner with user_id, too")
            return
        known = self._known(address)
        if known is None and address.phone and address.user_id and self._has_owner(address):
            address = Address(
                raw=f"whatsapp:{address.user_id}", user_id=address.user_id
            )  # an import takes no number away
        contact = known or self._contacts.get(self._contacts.resolve(self._brand, address, self._our_number))
        added = self._add(contact, lines)
        self._count(contact, profile, added, notes, new=known is None)
        self._date(contact, info, lines, notes, new=known is None)
        self._prefer(contact, profile, notes)
        self._interest(contact, profile.get("interests"), notes)
        self._opt_out(contact, profile.get("opted_out"), notes)

    def _known(self, address: Address) -> Contact | None:
        return self._contacts.known(self._brand, address)

    def _has_owner(self, address: Address) -> bool:
        return self._contacts.known(self._brand, Address(address.raw, address.phone)) is not None

    def _lines(self, given: object, notes: Notes) -> list[DossierMessage]:
        if not isinstance(given, list):
            notes.read("messages", _refuse, "must be a list of messages")
            return []
        read = [self._line(each, f"messages[{place}]", notes) for place, each in enumerate(given)]
        return [line for line in read if line is not None]

    def _line(self, given: object, place: str, notes: Notes) -> DossierMessage | None:
        if not isinstance(given, dict):
            notes.read(place, _refuse, "must be an object with timestamp, role and content")
            return None
        before = len(notes.faults)
        line = DossierMessage(
            at=notes.read(f"{place}.timestamp", self._past.read_moment, given.get("timestamp")),
            role=notes.read(f"{place}.role", check_role, given.get("role")),
            content=notes.read(f"{place}.content", check_text, "content", given.get("content")),
            message_type=notes.read(f"{place}.message_type", _optional_name, given.get("message_type")),
            metadata=notes.read(f"{place}.metadata", check_metadata, given.get("metadata")),
        )
        return line if len(notes.faults) == before else None

    def _add(self, contact: Contact, lines: Sequence[DossierMessage]) -> list[DossierMessage]:
        there = self._db.all("SELECT at, role, content FROM messages WHERE contact_id = :id", id=contact.id)
        left = Counter((row["at"], row["role"], row["content"]) for row in there)
        added = []
        for line in lines:
            if left[line.same] > 0:
                left[line.same] -= 1
                continue
            self._past.add(
                self._brand,
                contact.id,
                line.role,
                line.content,
                line.at,
                message_type=line.message_type,
                metadata=line.metadata,
            )
            added.append(line)
        return added

    def _count(
        self, contact: Contact, profile: dict[str, Any], added: Sequence[DossierMessage], notes: Notes, *, new: bool
    ) -> None:
        heard = [line.at for line in added if line.role == "user"]
        times, given = len(heard), profile.get("total_interactions")
        if new and given is not None:
            times = notes.read("user_profile.total_interactions", _interactions, given) or 0
        last = self._moment(profile, "last_interaction", "user_profile.last_interaction", notes)
        moments = [moment for moment in (last, *heard) if moment is not None]
        self._past.count(self._brand, contact.id, times, last if new and last else max(moments, default=None))

    def _date(
        self, contact: Contact, info: object, lines: Sequence[DossierMessage], notes: Notes, *, new: bool
    ) -> None:
        given = info if isinstance(info, dict) else {}
        created = self._moment(given, "created_at", "session_info.created_at", notes)
        moments = [moment for moment in (created, *(line.at for line in lines)) if moment is not None]
        if moments and (new or min(moments) < contact.first_seen_at):
            self._db.run(
                "UPDATE contacts SET first_seen_at = :at WHERE id = :id", at=to_text(min(moments)), id=contact.id
            )

    def _prefer(self, contact: Contact, profile: dict[str, Any], notes: Notes) -> None:
        known = {"name": contact.name, "preferred_currency": contact.preferred_currency}
        known["preferred_language"] = contact.language
        for preference, predicate in PREFERENCES.items():
            given = profile.get(preference)
            if given is None or known[preference] is not None:
                continue
            value = notes.read(f"user_profile.{preference}", check_preference, preference, given)
            if value is not None:
                self._facts.learn(contact, predicate, value, None)

    def _interest(self, contact: Contact, given: object, notes: Notes) -> None:
        # Listed latest first.
        if given is not None and not isinstance(given, list):
            notes.read("user_profile.interests", _refuse, "must be a list of texts")
            return
        read = [
            notes.read(f"user_profile.interests[{place}]", check_line, "an interest", each)
            for place, each in enumerate(given or [])
        ]
        known = {interest.name for interest in self._facts.interests(contact.id, limit=1_000_000)}
        contact = self._contacts.get(contact.id)
        last = contact.last_interaction_at or contact.first_seen_at
        for rank, interest in enumerate(dict.fromkeys(read)):
            if interest is not None and interest not in known:
                clock = standing(last - timedelta(microseconds=rank))
                Facts(self._db, clock).note_interest(contact, interest, None)

    def _opt_out(self, contact: Contact, given: object, notes: Notes) -> None:
        at = None if given is None else notes.read("user_profile.opted_out", self._past.read_moment, given)
        if at is not None:
            Contacts(self._db, standing(at)).opt_out(contact.id)

    def _moment(self, given: dict[str, Any], name: str, place: str, notes: Notes) -> datetime | None:
        if given.get(name) is None:
            return None
        moment: datetime | None = notes.read(place, self._past.read_moment, given[name])
        return moment


def profile_of(row: dict[str, Any]) -> dict[str, Any]:
    """The `user_profile` of a row of `Analytics.profile` or `Analytics.users`."""
    optional = {"user_id": row["user_id"], "opted_out": row["opted_out"]}
    return {
        "phone_number": row["phone_number"],
        "name": row["name"],
        "preferred_currency": row["preferred_currency"],
        "interests": row["interests"],
        "last_interaction": row["last_interaction"],
        "total_interactions": row["total_interactions"],
        "preferred_language": row["language"],
        **{name: value for name, value in optional.items() if value is not None},
    }


def check_preference(preference: str, value: object) -> str:
    """Normalise a name, an ISO 4217 currency or a language code. Raises NotStorable."""
    text = check_text(preference, value)
    if preference == "preferred_currency":
        if text.upper() not in CURRENCIES:
            raise NotStorable("preferred_currency must be an ISO 4217 code, such as EUR")
        return text.upper()
    if preference == "preferred_language":
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
            raise NotStorable("preferred_language must be a language's code, such as es")
        return text
    return check_line("name", text)


def check_line(what: str, value: object) -> str:
    """Text of 1 to 200 characters on one line, in any script. Raises NotStorable."""
    text = check_text(what, value)
    if not text.strip() or len(text) > LONGEST_NAME or any(unicodedata.category(sign) in BREAKS for sign in text):
        raise NotStorable(f"{what} must be text of 1 to {LONGEST_NAME} characters on one line")
    return text


def _address(profile: dict[str, Any]) -> Address:
    phone, user_id = profile.get("phone_number"), profile.get("user_id")
    if not isinstance(phone, str):
        raise NotAnAddress("must be the person's phone number with its country code, such as +14155550101")
    address = read_address(phone)
    if address.phone is None or user_id is None:
        return address
    other = read_address(check_text("user_id", user_id))
    return Address(raw=address.raw, phone=address.phone, user_id=other.user_id)


def _interactions(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= MOST_INTERACTIONS:
        raise NotStorable("must be a whole number, how often this person wrote")
    return given


def _optional_name(given: object) -> str | None:
    return None if given is None else check_name("message_type", given)


def _refuse(why: str) -> None:
    raise NotStorable(why)
