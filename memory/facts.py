"""What is known of a person, from which message, and since when; a correction closes what it corrects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from memory.contacts import Contact, Contacts, tally
from memory.database import Database, Row
from memory.moments import Clock, from_text, to_text
from memory.names import find_city, find_name

# Facts that the contact's own row repeats, because every list and every greeting needs them.
PROFILE = {"name": "name", "language": "language", "currency": "preferred_currency"}


@dataclass(frozen=True, slots=True)
class Learned:
    """Something that a text says about its writer."""

    predicate: str  # name, city, budget, currency, language
    value: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of a contact: true from `since` until the next value of the same predicate."""

    predicate: str
    value: str
    since: datetime
    until: datetime | None
    message_id: int | None  # where it was said


@dataclass(frozen=True, slots=True)
class Interest:
    """What somebody asked about, how often, and when last."""

    name: str
    times: int
    last_at: datetime
    message_id: int | None


def read_facts(text: str, language: str) -> list[Learned]:
    """The name and city that `text` tells of its writer; empty where it tells none.

    Rather nothing than a wrong name: "I'm looking", "I'm from Delhi", "call me back" name nobody.
    """
    return [*_read_facts(text, language)]


def _read_facts(text: str, language: str) -> Iterator[Learned]:
    name = find_name(text)
    if name is not None:
        yield Learned("name", name)
    city = find_city(text, language)
    if city is not None:
        yield Learned("city", city)


class Facts:
    """What is known of each contact."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._contacts = Contacts(db, clock)

    def learn(self, contact: Contact, predicate: str, value: str, message_id: int | None) -> bool:
        """Keep that `predicate` of this contact is `value` from now on; False where that was known already."""
        now = to_text(self._clock())
        with self._db.transaction():
            self._db.hold(f"facts of {contact.id}")
            known = self.current(contact.id).get(predicate)
            if known is not None and known.value == value:
                return False
            self._close(contact.id, predicate, now)
            self._db.insert(
                "INSERT INTO facts (brand, contact_id, subject, predicate, value, valid_from, message_id)"
                " VALUES (:brand, :contact_id, 'customer', :predicate, :value, :now, :message_id) RETURNING id",
                brand=contact.brand,
                contact_id=contact.id,
                predicate=predicate,
                value=value,
                now=now,
                message_id=message_id,
            )
            if predicate in PROFILE:
                self._contacts.set_profile(contact.id, **{PROFILE[predicate]: value})
        return True

    def current(self, contact_id: int) -> dict[str, Fact]:
        """What holds now, by predicate."""
        rows = self._db.all(
            "SELECT * FROM facts WHERE contact_id = :id AND subject = 'customer' AND valid_to IS NULL ORDER BY id",
            id=contact_id,
        )
        return {row["predicate"]: _fact(row) for row in rows}

    def all(self, contact_id: int) -> list[Fact]:
        """What holds and what held, oldest first."""
        rows = self._db.all("SELECT * FROM facts WHERE contact_id = :id ORDER BY id", id=contact_id)
        return [_fact(row) for row in rows]

    def note_interest(self, contact: Contact, interest: str, message_id: int | None) -> None:
        """Count that this contact asked about `interest` once more."""
        with self._db.transaction():
            self._db.run(
                "INSERT INTO interests (contact_id, brand, interest, times, last_at, message_id)"
                " VALUES (:contact_id, :brand, :interest, 1, :now, :message_id)"
                " ON CONFLICT (contact_id, interest) DO UPDATE SET times = interests.times + 1,"
                " last_at = excluded.last_at, message_id = excluded.message_id",
                contact_id=contact.id,
                brand=contact.brand,
                interest=interest,
                now=to_text(self._clock()),
                message_id=message_id,
            )
            tally(self._db, contact.brand, "interests", key=interest)

    def interests(self, contact_id: int, *, limit: int = 10) -> list[Interest]:
        """What this contact asked about, the latest first."""
        rows = self._db.all(
            "SELECT * FROM interests WHERE contact_id = :id ORDER BY last_at DESC, times DESC, interest LIMIT :limit",
            id=contact_id,
            limit=limit,
        )
        return [Interest(row["interest"], row["times"], from_text(row["last_at"]), row["message_id"]) for row in rows]

    def _close(self, contact_id: int, predicate: str, now: str) -> None:
        self._db.run(
            "UPDATE facts SET valid_to = :now WHERE contact_id = :id AND predicate = :predicate AND valid_to IS NULL",
            now=now,
            id=contact_id,
            predicate=predicate,
        )


def _fact(row: Row) -> Fact:
    until = from_text(row["valid_to"]) if row["valid_to"] else None
    return Fact(row["predicate"], row["value"], from_text(row["valid_from"]), until, row["message_id"])
