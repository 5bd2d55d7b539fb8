"""What is known of a person, from which message, and since when; a correction closes what it corrects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.language.reading.statements import Learned, read_facts
from memory.people.contacts import Contact, Contacts, tally
from memory.people.fact_history import MANY, Spell, Statement, end, plain, state
from memory.storage.database import Database
from memory.storage.table import INTEGER, REAL, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

__all__ = ["MANY", "PREDICATES", "Fact", "Facts", "Interest", "Learned", "means", "read_facts"]

# What can be known. Of most there is one value at a time; of those in MANY several hold side by side.
PREDICATES = (
    "name", "city", "address", "birthday", "language", "currency", "budget",
    "size", "shoe_size", "clothing_size", "owns", "disliked",
)  # fmt: skip
LONGEST_VALUE = 200  # characters
MOST_AT_ONCE = 4  # values of one thing that are stated in the same instant

# Facts that the contact's own row repeats, because every list and every greeting needs them.
PROFILE = {"name": "name", "language": "language", "currency": "preferred_currency"}


FACTS = Table(
    "facts",
    Column("id", REUSED_ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("subject", TEXT),
    Column("predicate", TEXT),
    Column("value", TEXT),
    Column("valid_from", TIMESTAMP),
    Column("valid_to", TIMESTAMP, null=True),
    Column("message_id", INTEGER, null=True),
    Column("said_by", TEXT, default="'customer'"),
    Column("confidence", REAL, default="1"),
    Column("again_at", TIMESTAMP, null=True),
    Column("again_id", INTEGER, null=True),
    Column("ended_by", INTEGER, null=True),
    indexes=[
        Index("facts_by_contact", "contact_id, predicate, id"),
    ],
)
INTERESTS = Table(
    "interests",
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("brand", TEXT),
    Column("interest", TEXT),
    Column("times", INTEGER),
    Column("last_at", TIMESTAMP),
    Column("message_id", INTEGER, null=True),
    key="contact_id, interest",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of a contact: true from `since` until `until`, the next value of the same predicate or its end."""

    predicate: str
    value: str
    since: datetime
    until: datetime | None
    message_id: int | None  # where it was said; None where an operator set it
    id: int | None = None  # None while the turn that taught it is not finished
    subject: str = "customer"
    said_by: str = "customer"  # customer, staff; model where a model read it in what the customer wrote
    confidence: float = 1.0  # 0 to 1
    ended_by: int | None = None  # the message that ended it, or said the next value


@dataclass(frozen=True, slots=True)
class Interest:
    """What somebody asked about, how often, and when last."""

    name: str
    times: int
    last_at: datetime
    message_id: int | None


FACT = FACTS.rows(Fact, since="valid_from", until="valid_to")
SPELL = FACTS.rows(Spell, since="valid_from", until="valid_to")
INTEREST = INTERESTS.rows(Interest, name="interest")
_FACTS_OF = f"SELECT {FACT.columns} FROM facts WHERE contact_id = :id"
_SPELLS_OF = (
    f"SELECT {SPELL.columns} FROM facts WHERE contact_id = :id AND predicate = :predicate AND subject = 'customer'"
)


class Facts:
    """What is known of each contact."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._contacts = Contacts(db, clock)

    def learn(
        self,
        contact: Contact,
        predicate: str,
        value: str,
        message_id: int | None,
        *,
        at: datetime | None = None,
        said_by: str = "customer",
        confidence: float = 1.0,
    ) -> bool:
        """Keep that `predicate` of this contact is `value` from `at` on (by default now); False where it was known.

        A statement that is older than what is known takes its place in the past and does not overwrite it. A guessed
        name never takes the place of a certain one (`believes`), and goes where a certain one comes late. Raises
        ValueError for a predicate that there is none of, or a value that is empty or longer than 200 characters.
        """
        said = Statement(_checked(predicate, value), at or self._clock(), message_id, said_by, confidence)
        with self._db.transaction():
            self._db.hold(f"facts of {contact.id}")
            if predicate == "name" and not self._settle_name(contact.id, said):
                return False
            changed = state(self._near(contact.id, predicate, said), said)
            is_new = any(spell.id is None or spell.message_id == message_id for spell in changed)
            self._keep(contact, predicate, changed)
        return is_new

    def end(
        self,
        contact: Contact,
        predicate: str,
        value: str | None,
        message_id: int | None,
        *,
        at: datetime | None = None,
    ) -> int:
        """From `at` on (by default now) this no longer holds; how many facts that ended.

        `value`: only what it means; "iPhone" means "iPhone 12" as well. None ends whatever holds.
        """
        said = Statement(_checked(predicate, value or predicate), at or self._clock(), message_id)
        with self._db.transaction():
            self._db.hold(f"facts of {contact.id}")
            meant = [s for s in self._spells(contact.id, predicate) if value is None or _means(value, s.value)]
            changed = end(meant, said)
            self._keep(contact, predicate, changed)
        return sum(spell.until == said.at for spell in changed)

    def believes(self, contact_id: int, learned: Learned) -> bool:
        """Whether it would be kept now: a guessed name is not where staff or the person told one."""
        guessed = learned.predicate == "name" and not _is_certain(learned.said_by, learned.confidence)
        name = self.current(contact_id).get("name") if guessed else None
        return name is None or not _is_certain(name.said_by, name.confidence)

    def take(self, contact: Contact, learned: Learned, message_id: int | None, *, at: datetime | None = None) -> None:
        """Keep what a text said: that something holds, or that it holds no longer."""
        if learned.ended:
            self.end(contact, learned.predicate, learned.value or None, message_id, at=at)
            return
        self.learn(
            contact,
            learned.predicate,
            learned.value,
            message_id,
            at=at,
            said_by=learned.said_by,
            confidence=learned.confidence,
        )

    def current(self, contact_id: int) -> dict[str, Fact]:
        """What holds now, by predicate; of what has several values the one said last."""
        return {fact.predicate: fact for fact in self.holding(contact_id)}

    def holding(self, contact_id: int) -> list[Fact]:
        """Everything that holds now, in the order in which it began."""
        return FACT.all(
            self._db,
            f"{_FACTS_OF} AND subject = 'customer' AND valid_to IS NULL ORDER BY valid_from, id",
            id=contact_id,
        )

    def at(self, contact_id: int, when: datetime) -> list[Fact]:
        """What held at a moment, by all that is known today, in the order in which it began."""
        return FACT.all(
            self._db,
            f"{_FACTS_OF} AND subject = 'customer' AND valid_from <= :at AND (valid_to IS NULL OR valid_to > :at)"
            " ORDER BY valid_from, id",
            id=contact_id,
            at=to_text(when),
        )

    def all(self, contact_id: int) -> list[Fact]:
        """What holds and what held, oldest first."""
        return FACT.all(self._db, f"{_FACTS_OF} ORDER BY valid_from, coalesce(message_id, 0), id", id=contact_id)

    def history(self, contact_id: int, predicate: str) -> list[Fact]:
        """The values of one predicate, oldest first."""
        return [fact for fact in self.all(contact_id) if fact.predicate == predicate]

    def of_message(self, contact_id: int, message_id: int) -> list[Fact]:
        """What was learned from one message."""
        return [fact for fact in self.all(contact_id) if fact.message_id == message_id]

    def note_interest(self, contact: Contact, interest: str, message_id: int | None) -> None:
        """Count that this contact asked about `interest` once more."""
        with self._db.transaction():
            row = INTERESTS.stored(
                contact_id=contact.id,
                brand=contact.brand,
                interest=interest,
                times=1,
                last_at=self._clock(),
                message_id=message_id,
            )
            again = INTERESTS.update_on_conflict(["last_at", "message_id"], times="interests.times + 1")
            self._db.run(INTERESTS.insert(row, again), **row)
            tally(self._db, contact.brand, "interests", key=interest)

    def interests(self, contact_id: int, *, limit: int = 10) -> list[Interest]:
        """What this contact asked about, the latest first."""
        return INTEREST.all(
            self._db,
            f"SELECT {INTEREST.columns} FROM interests WHERE contact_id = :id"
            " ORDER BY last_at DESC, times DESC, interest LIMIT :limit",
            id=contact_id,
            limit=limit,
        )

    def _settle_name(self, contact_id: int, said: Statement) -> bool:
        """Whether a name may be kept: not a guess while a certain one holds. A certain one removes the guesses behind it."""
        spells = sorted(self._spells(contact_id, "name"), key=lambda spell: spell.began)
        if not _is_certain(said.said_by, said.confidence):
            return not any(
                _is_certain(spell.said_by, spell.confidence)
                and spell.since <= said.at
                and (spell.until is None or said.at < spell.until)
                for spell in spells
            )
        for spell in spells:
            if spell.began > said.moment:
                if _is_certain(spell.said_by, spell.confidence):
                    break
                self._db.run("DELETE FROM facts WHERE id = :id", id=spell.id)
        return True

    def _near(self, contact_id: int, predicate: str, said: Statement) -> list[Spell]:
        """The spells that a statement can change: of the same value where many hold, else those around its moment.

        A currency may have changed in every turn for years; reading all of its spells would make each turn slower.
        """
        if predicate in MANY:
            return [spell for spell in self._spells(contact_id, predicate) if spell.says(said.value)]
        return SPELL.all(
            self._db,
            f"SELECT * FROM ({_SPELLS_OF} AND valid_from <= :at ORDER BY valid_from DESC, id DESC LIMIT :near) AS before"
            f" UNION ALL SELECT * FROM ({_SPELLS_OF} AND valid_from > :at ORDER BY valid_from, id LIMIT 1) AS after",
            id=contact_id,
            predicate=predicate,
            at=to_text(said.at),
            near=MOST_AT_ONCE,
        )

    def _spells(self, contact_id: int, predicate: str) -> list[Spell]:
        return SPELL.all(self._db, _SPELLS_OF, id=contact_id, predicate=predicate)

    def _keep(self, contact: Contact, predicate: str, spells: Iterable[Spell]) -> None:
        for spell in spells:
            stored = SPELL.values(spell)
            is_new = stored.pop("id") is None
            if is_new:
                row = FACTS.stored(brand=contact.brand, contact_id=contact.id, subject="customer", predicate=predicate)
                row |= stored
                self._db.run(FACTS.insert(row), **row)
            else:
                changes = ", ".join(f"{name} = :{name}" for name in stored)
                self._db.run(f"UPDATE facts SET {changes} WHERE id = :id", id=spell.id, **stored)
            if predicate in PROFILE and is_new and spell.until is None:
                self._contacts.set_profile(contact.id, **{PROFILE[predicate]: spell.value})


def _is_certain(said_by: str, confidence: float) -> bool:
    """Whether staff, or the person in words that hardly mean anything else, told it."""
    return said_by == "staff" or (said_by == "customer" and confidence >= 1)


def _checked(predicate: str, value: str) -> str:
    if predicate not in PREDICATES:
        raise ValueError(f"there is no predicate {predicate!r}; there are {', '.join(PREDICATES)}")
    written = " ".join(value.replace("\0", "").split())
    if not written or len(written) > LONGEST_VALUE:
        raise ValueError(f"a {predicate} has 1 to {LONGEST_VALUE} characters, not {len(written)}")
    return written


def means(ended: Learned, fact: Fact) -> bool:
    """Whether this news ends that fact."""
    return ended.predicate == fact.predicate and (not ended.value or _means(ended.value, fact.value))


def _means(said: str, known: str) -> bool:
    """Whether the words of the one are all in the other: "iPhone" means "iPhone 12"."""
    words, others = set(plain(said).split()), set(plain(known).split())
    return words <= others or others <= words
