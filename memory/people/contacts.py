"""Who someone is: one contact, several identities; what is current about them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import phonenumbers

from memory.people.ad_anonymisation import LINKED, forget_person
from memory.people.address import Address, Referral
from memory.people.fact_history import MANY
from memory.people.recycled_numbers import RecycledNumbers
from memory.storage.database import Database, Row
from memory.storage.errors import NotAnAddress, UnknownContact, UnknownNumberChange
from memory.storage.job_runs import Switches
from memory.storage.table import (
    FLAG,
    INTEGER,
    JSON,
    REUSED_ROW_ID,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    Index,
    Source,
    Table,
)
from memory.storage.timestamps import Clock, to_text

# The number of every manual's examples: one digit short of a real one, so it is nobody's. Taken as it is, so that they run.
EXAMPLE = "+1234567890"
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
# What WhatsApp may write for a number, whatever a numbering plan says of it.
NUMBER = re.compile(r"\+?[0-9]{5,20}")

# Ivory Coast put the operator's digits before its eight in 2021; WhatsApp keeps older accounts under the old number.
# Mobile numbers: by the second of the old digits; landlines (2x, 3x): by the third.
_IVORY_COAST = (
    (re.compile(r"\+225([04-9][0-3]\d{6})"), "01"),
    (re.compile(r"\+225([04-9][4-6]\d{6})"), "05"),
    (re.compile(r"\+225([04-9][7-9]\d{6})"), "07"),
    (re.compile(r"\+225(2\d8\d{5})"), "21"),
    (re.compile(r"\+225([23]\d0\d{5})"), "25"),
    (re.compile(r"\+225([23]\d\d{6})"), "27"),
)

STAFF_NUMBER = "staff number"  # switched off where a number of staff changed hands

# Everything that belongs to one person, in the order in which it can be removed.
OWNED = (
    "received_forms",
    "failed_readings",
    "readings",  # before messages: who reads in the background finds the cursor gone, and writes nothing more
    "attempts",
    "search_waiting",  # before search_rows: this waits for whoever is indexing them
    "search_rows",
    "statuses",
    "media",
    "facts",
    "summaries",
    "interests",
    "quotes",
    "handovers",
    "turns",
    "touches",
    "mentions",
    "messages",
    "sessions",
    "recycled_numbers",
    "identities",
)

# What remains of somebody who opted out and has been silent for long; their sessions and messages are gone by then.
KEPT_WITH_OPT_OUT = {
    *("identities", "sessions", "messages", "attempts", "statuses", "media", "mentions", "handovers"),
    *("search_waiting", "search_rows", "recycled_numbers"),
}

# What agents keep of their work by workflow; that with a contact has the contact's name.
CASES = ("execution_records", "episodes")


CONTACTS = Table(
    "contacts",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("name", TEXT, null=True),
    Column("language", TEXT, null=True),
    Column("preferred_currency", TEXT, null=True),
    Column("address", TEXT),
    Column("our_number", TEXT),
    Column("session_id", INTEGER, null=True),
    Column("total_interactions", INTEGER, default="0"),
    Column("first_seen_at", TIMESTAMP),
    Column("last_interaction_at", TIMESTAMP, null=True),
    Column("opted_out_at", TIMESTAMP, null=True),
    Column("opt_out_cause", TEXT, null=True),
    Column("unreachable_at", TIMESTAMP, null=True),
    Column("marketing_off_at", TIMESTAMP, null=True),
    Column("first_touch_id", INTEGER, null=True),
    Column("last_touch_id", INTEGER, null=True),
    Column("failed_answers", INTEGER, default="0"),
    Column("staff", FLAG, default="0"),
    indexes=[
        Index("contacts_by_brand", "brand, id"),
        Index("customers_by_interaction", "brand, last_interaction_at", where="staff = 0"),
    ],
)
IDENTITIES = Table(
    "identities",
    Column("brand", TEXT),
    Column("kind", TEXT),
    Column("value", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("raw", TEXT),
    Column("at", TIMESTAMP, null=True),
    key="brand, kind, value",
    indexes=[
        Index("identities_by_contact", "contact_id"),
    ],
)
TOUCHES = Table(
    "touches",
    Column("id", REUSED_ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("message_id", INTEGER),
    Column("source_id", TEXT, null=True),
    Column("source_type", TEXT, null=True),
    Column("clid", TEXT, null=True),
    Column("headline", TEXT, null=True),
    Column("body", TEXT, null=True),
    Column("source_url", TEXT, null=True),
    Column("raw", JSON),
    Column("at", TIMESTAMP),
    indexes=[
        Index("touches_by_contact", "contact_id, id"),
    ],
)
# How often something happened, kept as it happens: counting a million rows on request would take a second.
TALLIES = Table(
    "tallies",
    Column("brand", TEXT),
    Column("name", TEXT),
    Column("day", TEXT),
    Column("key", TEXT),
    Column("n", INTEGER),
    key="brand, name, day, key",
)
# Digests of provider ids whose person was erased: a late callback or listing must not bring them back.
ERASED = Table(
    "erased",
    Column("digest", TEXT),
    Column("at", TIMESTAMP),
    key="digest",
)
# What the provider still has of erased people; each id goes when the provider has deleted it.
FORGETTING = Table(
    "forgetting",
    Column("provider_id", TEXT),
    Column("tried_at", TIMESTAMP, null=True),
    key="provider_id",
)


class OptOutCause(StrEnum):
    PERSON = "person"  # they said STOP
    BLOCKED = "blocked"  # they blocked us in WhatsApp; writing again ends it
    PROVIDER = "provider"  # the provider refuses every message to them
    PROVIDER_TOLD = "provider_told"  # and they were told how to come back


def case_of(contact_id: int) -> str:
    """The workflow that an agent's work with this contact belongs to."""
    return f"contact:{contact_id}"


@dataclass(frozen=True, slots=True)
class Contact:
    """One person as one brand knows them."""

    id: int
    brand: str
    name: str | None
    language: str | None
    preferred_currency: str | None
    address: str  # where to write to, e.g. whatsapp:+14155550101
    our_number: str
    total_interactions: int
    first_seen_at: datetime
    last_interaction_at: datetime | None
    opted_out_at: datetime | None
    opt_out_cause: OptOutCause | None
    failed_answers: int
    first_touch_id: int | None
    last_touch_id: int | None

    @property
    def phone(self) -> str:
        """The address without its channel: a phone number, or a WhatsApp user id."""
        return self.address.removeprefix("whatsapp:")


CONTACT = CONTACTS.rows(Contact, opt_out_cause=Source(("opt_out_cause",), OptOutCause, str, null=True))
REFERRAL = TOUCHES.rows(Referral)
_CONTACTS = f"SELECT {CONTACT.columns} FROM contacts"
_CONTACT_BY_ID = f"{_CONTACTS} WHERE id = :id"
_FORGET = FORGETTING.insert(["provider_id"], "ON CONFLICT DO NOTHING")
_REMEMBER_ERASED = ERASED.insert(ERASED.columns, "ON CONFLICT DO NOTHING")
_COUNT = (
    "INSERT INTO tallies (brand, name, day, key, n) VALUES (:brand, :name, :day, :key, :times)"
    " ON CONFLICT (brand, name, day, key) DO UPDATE SET n = tallies.n + excluded.n"
)


@dataclass(frozen=True, slots=True)
class AccountIds:
    """User ids of WhatsApp accounts: for one portfolio, and for all portfolios of a business (`CC.ENT.…`)."""

    users: frozenset[str]
    parents: frozenset[str]

    @classmethod
    def of(cls, address: Address) -> AccountIds:
        return cls.among(user_id for user_id in (address.user_id, address.parent_id) if user_id)

    @classmethod
    def among(cls, user_ids: Iterable[str]) -> AccountIds:
        known = frozenset(user_ids)
        parents = frozenset(each for each in known if ".ENT." in each)
        return cls(known - parents, parents)

    def contradict(self, other: AccountIds) -> bool:
        """Whether these are two accounts. Parents decide: one account has an id of its own in each portfolio."""
        if self.parents and other.parents:
            return not self.parents & other.parents
        return bool(self.users and other.users and not self.users & other.users)


@lru_cache(maxsize=4096)
def canonical_phone(text: str) -> str:
    """E.164, with the spellings that mean one person made one. Raises NotAnAddress.

    Mexico's 521 and Argentina's 549 mark a mobile phone in WhatsApp only and are dropped. Brazil's ninth
    digit is added where the old eight digits began with 6 to 9; landlines begin with 2 to 5 and stay. Ivory Coast's
    eight digits become ten.
    """
    digits = re.sub(r"[\s().\-]", "", text.removeprefix("whatsapp:"))
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not re.fullmatch(r"\+?[1-9]\d{6,14}", digits):
        raise NotAnAddress("this is not a phone number; write it with its country code, such as +14155550101")
    number = "+" + digits.lstrip("+")
    if number == EXAMPLE:
        return number
    number = re.sub(r"^\+521(\d{10})$", r"+52\1", number)
    number = re.sub(r"^\+549(\d{10})$", r"+54\1", number)
    number = re.sub(r"^\+55(\d\d)([6-9]\d{7})$", r"+55\g<1>9\2", number)
    for old, operator in _IVORY_COAST:
        if found := old.fullmatch(number):
            number = f"+225{operator}{found[1]}"
            break
    return _possible(number)


def _possible(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as error:
        raise NotAnAddress("no country has phone numbers like this one; check the country code") from error
    if not phonenumbers.is_possible_number(parsed):
        raise NotAnAddress("this phone number has too few or too many digits for its country")
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return written if written == number else _possible(written)  # one trunk zero goes at a time


def read_address(text: str) -> Address:
    """A phone number in any spelling, or a WhatsApp user id, as typed by a person. Raises NotAnAddress."""
    bare = text.strip().removeprefix("whatsapp:")
    if USER_ID.fullmatch(bare):
        return Address(raw=f"whatsapp:{bare}", user_id=bare)
    phone = canonical_phone(bare)
    return Address(raw=f"whatsapp:{phone}", phone=phone)


def address_as_written(text: str) -> Address | None:
    """As `read_address`, with numbers that a numbering plan calls impossible; None for what is no address at all."""
    bare = text.removeprefix("whatsapp:").strip()
    if USER_ID.fullmatch(bare):
        return Address(raw=f"whatsapp:{bare}", user_id=bare)
    digits = re.sub(r"[\s().\-]", "", bare)
    if NUMBER.fullmatch(digits):
        number = "+" + digits.removeprefix("+")
        return Address(raw=f"whatsapp:{number}", phone=number)
    return None


class Contacts:
    """The people of every brand. Each question names the brand or a contact of it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.recycled = RecycledNumbers(db, clock)
        self._switches = Switches(db, clock)

    def get(self, contact_id: int) -> Contact:
        """The contact by our own id. Raises UnknownContact."""
        contact = CONTACT.one(self._db, _CONTACT_BY_ID, id=contact_id)
        if contact is None:
            raise UnknownContact("this contact is not known, or was erased")
        return contact

    def find(self, brand: str, text: str) -> Contact:
        """By phone in any spelling, WhatsApp user id, or the address they wrote from.

        Raises NotAnAddress where it is none and nobody wrote from it, UnknownContact.
        """
        try:
            found = self.known(brand, read_address(text))
        except NotAnAddress:
            written = address_as_written(text)
            found = None if written is None else self.known(brand, written)
            if found is None:
                raise
        if found is None:
            raise UnknownContact("nobody by this number has written to us")
        return found

    def known(self, brand: str, address: Address) -> Contact | None:
        """The contact that this address belongs to, if there is one. Raises NotAnAddress."""
        keys, ids = _keys(address), AccountIds.of(address)
        found = self._by_ids(brand, keys)
        if found is None and address.phone:
            holder = self._by_key(brand, *keys[0])
            found = None if holder is None or ids.contradict(self._ids(holder)) else holder
        return None if found is None else self.get(found)

    def resolve(self, brand: str, address: Address, our_number: str) -> int:
        """The contact that this address belongs to, made when new; two that turn out to be one are joined.

        A second user id for a known phone is a new person, who has the phone from then on: docs/people.md.
        """
        written = as_written(address)
        known = self._by_key(brand, "written", written)
        if known is not None:
            return known  # nearly always; making a number canonical costs ten times as much as this question
        with self._db.transaction():
            self._db.hold(*identity_names(brand, address))
            contact_id = self._resolve(brand, address, our_number)
            answer_at = address.raw
            if address.phone and self._by_key(brand, *_phone_key(address.phone)) != contact_id:
                answer_at = f"whatsapp:{address.user_id or address.parent_id}"  # the phone is another person's
            self._identify(brand, "written", written, contact_id, answer_at)
        return contact_id

    def _resolve(self, brand: str, address: Address, our_number: str) -> int:
        keys, ids = _keys(address), AccountIds.of(address)
        number = _phone_key(address.phone) if address.phone else None
        holder = None if number is None else self._by_key(brand, *number)
        same = self._by_ids(brand, keys)
        if same is None and holder is not None:
            renewed = not ids.contradict(self._ids(holder)) or self._id_was_renewed(brand, holder)
            same = holder if renewed else None
        contact_id = same if same is not None else self._create(brand, address, our_number)
        for user_id in ids.users | ids.parents:
            owner = self._by_key(brand, "user_id", user_id)
            if owner is None:
                self._identify(brand, "user_id", user_id, contact_id, address.raw)
            elif owner != contact_id and not self._ids(contact_id).parents:
                self.join(contact_id, owner)  # known by the ids of two portfolios of one business
                holder = contact_id if holder == owner else holder
        if number is not None and holder is None:
            self._identify(brand, *number, contact_id, address.raw)
        elif number is not None and holder is not None and holder != contact_id:
            if not self._ids(contact_id).contradict(self._ids(holder)):
                self.join(holder, contact_id)
                return holder
            if not self.recycled.lost(contact_id, number[1]):  # a late message of the former owner takes nothing back
                self._hand_over_number(brand, number, contact_id, holder)
        return contact_id

    def _hand_over_number(self, brand: str, number: tuple[str, str], contact_id: int, former_id: int) -> None:
        """The number is another person's now. What is still said to the former one goes to their user id."""
        former = self._ids(former_id)
        answer_at = f"whatsapp:{min(former.users or former.parents)}"
        if _phone_key(self.get(former_id).phone) == number:
            self._db.run("UPDATE contacts SET address = :to WHERE id = :id", to=answer_at, id=former_id)
        # Written without a user id the number means the new person; with the former one's it still means them.
        for row in self._db.all(
            "SELECT value FROM identities WHERE contact_id = :id AND kind = 'written'", id=former_id
        ):
            raw, _, user_id = row["value"].partition(" ")
            if _phone_key(raw.removeprefix("whatsapp:")) == number:
                self._db.run(
                    "UPDATE identities SET contact_id = :owner, raw = :to"
                    " WHERE brand = :brand AND kind = 'written' AND value = :value",
                    owner=former_id if user_id else contact_id,
                    to=answer_at if user_id else raw,
                    brand=brand,
                    value=row["value"],
                )
        self._db.run(
            "UPDATE identities SET contact_id = :id WHERE brand = :brand AND kind = :kind AND value = :value",
            id=contact_id,
            brand=brand,
            kind=number[0],
            value=number[1],
        )
        self.recycled.record(brand, number[1], contact_id, former_id)
        if self._db.value("SELECT staff FROM contacts WHERE id = :id", id=former_id):
            self._switches.turn_off(STAFF_NUMBER, number[1])

    def is_recycled(self, contact_id: int, phone: str) -> bool:
        """Whether nobody has said yet that this contact is who had the number before; for numbers of staff.

        The second half outlives an erasure of either contact.
        """
        return self.recycled.in_doubt(contact_id) or self._switches.is_off(STAFF_NUMBER, phone)

    def trust_staff_number(self, phone: str) -> None:
        """A number of staff is in the right hands, whoever had it meanwhile. Raises NotAnAddress."""
        self._switches.turn_on(STAFF_NUMBER, canonical_phone(phone))

    def same_person(self, brand: str, number_id: int) -> int:
        """Somebody says that a number did not change hands: one contact again; its id. Raises UnknownNumberChange."""
        with self._db.transaction():
            number = self.recycled.get(brand, number_id)
            if number.former_id is None:
                raise UnknownNumberChange("the former owner of this number was erased")
            now = self.get(number.contact_id)
            self.join(number.former_id, number.contact_id)
            self._switches.turn_on(STAFF_NUMBER, number.phone)
            self._db.run(
                "UPDATE contacts SET address = :address, our_number = :ours, last_interaction_at = :last WHERE id = :id",
                address=now.address,
                ours=now.our_number,
                last=None if now.last_interaction_at is None else to_text(now.last_interaction_at),
                id=number.former_id,
            )
            # From wherever they wrote, they are answered there again.
            for row in self._db.all(
                "SELECT value FROM identities WHERE contact_id = :id AND kind = 'written'", id=number.former_id
            ):
                self._db.run(
                    "UPDATE identities SET raw = :raw WHERE brand = :brand AND kind = 'written' AND value = :value",
                    raw=row["value"].partition(" ")[0],
                    brand=brand,
                    value=row["value"],
                )
        return number.former_id

    def same_people(self, brand: str, by: str, since: datetime) -> int:
        """The business moved: numbers that seemed to change hands from `since` on did not. Returns how many.

        New user ids of others count as theirs, too, for `recycled_numbers.MOVE_LASTS`.
        """
        joined = 0
        with self._db.transaction():
            first = self.recycled.undecided(brand, since=since, limit=1)
            self.recycled.note_move(brand, first[0].at if first else self._clock(), by)
            while moved := self.recycled.undecided(brand, since=since, limit=1):
                self.same_person(brand, moved[0].id)
                joined += 1
        return joined

    def _by_ids(self, brand: str, keys: list[tuple[str, str]]) -> int | None:
        owners = (self._by_key(brand, kind, value) for kind, value in keys if kind == "user_id")
        return next((owner for owner in owners if owner is not None), None)

    def _ids(self, contact_id: int) -> AccountIds:
        rows = self._db.all("SELECT value FROM identities WHERE contact_id = :id AND kind = 'user_id'", id=contact_id)
        return AccountIds.among(row["value"] for row in rows)

    def _id_was_renewed(self, brand: str, contact_id: int) -> bool:
        """Whether the business moved since this contact's last user id became known."""
        moved_at = self.recycled.moved_at(brand)
        if moved_at is None:
            return False
        last = self._db.value(
            "SELECT max(at) FROM identities WHERE contact_id = :id AND kind = 'user_id'", id=contact_id
        )
        return last is None or last < moved_at

    def identities(self, address: Address) -> list[tuple[str, str]]:
        """Kinds and canonical values, as `identities` has them. Raises NotAnAddress."""
        return _keys(address)

    def join(self, kept_id: int, other_id: int) -> None:
        """Two contacts were one person all along: everything of `other_id` becomes `kept_id`'s."""
        with self._db.transaction():
            # First the lease, so that a turn under way there ends before, or finds its lease gone.
            self._db.run("DELETE FROM leases WHERE contact_id = :other", other=other_id)
            self._count_once(kept_id, other_id)
            self._add_up(kept_id, other_id)
            for table in (*OWNED, "orders", *LINKED):
                self._db.run(
                    f"UPDATE {table} SET contact_id = :kept WHERE contact_id = :other",
                    kept=kept_id,
                    other=other_id,
                )
            self._db.run(
                "UPDATE recycled_numbers SET former_id = :kept WHERE former_id = :other", kept=kept_id, other=other_id
            )
            self._db.run("DELETE FROM recycled_numbers WHERE contact_id = former_id")
            self._end_doubled(kept_id)
            for table in CASES:
                self._db.run(
                    f"UPDATE {table} SET workflow_id = :kept WHERE workflow_id = :other",
                    kept=case_of(kept_id),
                    other=case_of(other_id),
                )
            self._db.run("DELETE FROM contacts WHERE id = :other", other=other_id)

    def opt_out(self, contact_id: int, cause: OptOutCause = OptOutCause.PERSON) -> bool:
        """Nothing more is sent to this contact until `opt_in`, or until they write where they had blocked us.

        What the person said outweighs what the provider reports. False where nothing changed.
        """
        changed = self._db.run(
            "UPDATE contacts SET opted_out_at = :now, opt_out_cause = :cause WHERE id = :id"
            " AND (opted_out_at IS NULL OR (:cause = 'person' AND opt_out_cause IS NOT NULL AND opt_out_cause <> 'person')"
            " OR (:cause = 'provider' AND opt_out_cause = 'blocked'))",
            now=to_text(self._clock()),
            cause=cause,
            id=contact_id,
        )
        return bool(changed)

    def note_come_back_told(self, contact_id: int) -> None:
        """Who is opted out at the provider was told once how to come back."""
        self._db.run(
            "UPDATE contacts SET opt_out_cause = :cause WHERE id = :id AND opted_out_at IS NOT NULL",
            cause=OptOutCause.PROVIDER_TOLD,
            id=contact_id,
        )

    def opt_in(self, contact_id: int) -> None:
        """START: the contact may be written to again."""
        self._db.run("UPDATE contacts SET opted_out_at = NULL, opt_out_cause = NULL WHERE id = :id", id=contact_id)

    def mark(self, contact_id: int, what: str) -> None:
        """Note `unreachable_at` (the number has no WhatsApp) or `marketing_off_at` (Meta declined marketing)."""
        if what not in ("unreachable_at", "marketing_off_at"):
            raise ValueError(f"a contact has no mark {what}")
        self._db.run(
            f"UPDATE contacts SET {what} = :now WHERE id = :id",
            now=to_text(self._clock()),
            id=contact_id,
        )

    def set_profile(self, contact_id: int, **columns: str | None) -> None:
        """Write the current `name`, `language` or `preferred_currency`; where each came from stays with the facts."""
        unknown = set(columns) - {"name", "language", "preferred_currency"}
        if unknown:
            raise ValueError(f"a profile has no {', '.join(sorted(unknown))}")
        for column, value in columns.items():
            self._db.run(
                f"UPDATE contacts SET {column} = :value WHERE id = :id",
                value=value,
                id=contact_id,
            )

    def count_failed_answer(self, contact_id: int, *, failed: bool) -> None:
        """Keep how many answers in a row did not help; one that helped starts the count again."""
        self._db.run(
            "UPDATE contacts SET failed_answers = CASE WHEN :failed THEN failed_answers + 1 ELSE 0 END WHERE id = :id",
            failed=failed,
            id=contact_id,
        )

    def touch(self, contact_id: int, brand: str, message_id: int, referral: Referral) -> None:
        """Keep the advertisement that a message came through: the first stays the first, this one is the last."""
        row = TOUCHES.stored(brand=brand, contact_id=contact_id, message_id=message_id, at=self._clock())
        row |= REFERRAL.values(referral)
        touch_id = self._db.insert(TOUCHES.insert(row, "RETURNING id"), **row)
        self._db.run(
            "UPDATE contacts SET last_touch_id = :touch, first_touch_id = coalesce(first_touch_id, :touch)"
            " WHERE id = :id",
            touch=touch_id,
            id=contact_id,
        )

    def silent_since(self, brand: str, after: datetime, until: datetime, *, limit: int = 500) -> list[Contact]:
        """Customers who wrote last behind `after` and not behind `until`, those silent longest first."""
        return CONTACT.all(
            self._db,
            f"{_CONTACTS} WHERE brand = :brand AND staff = 0 AND last_interaction_at > :after"
            " AND last_interaction_at <= :until ORDER BY last_interaction_at, id LIMIT :limit",
            brand=brand,
            after=to_text(after),
            until=to_text(until),
            limit=limit,
        )

    def mark_staff(self, contact_id: int) -> None:
        """From now on the figures about customers leave this contact out, with all it wrote; call it in a transaction."""
        self._uncount(contact_id)
        self._db.run("UPDATE contacts SET staff = 1 WHERE id = :id AND staff = 0", id=contact_id)

    def touches(self, contact_id: int) -> list[Row]:
        """The advertisements this contact came through, oldest first."""
        return self._db.all("SELECT * FROM touches WHERE contact_id = :id ORDER BY id", id=contact_id)

    def erase(self, contact_id: int) -> dict[str, int]:
        """Remove a person: every row of theirs; orders stay as figures without a person.

        Leaves digests of the provider's message ids, so that a late callback cannot bring anything back.
        Returns how many rows went, by table.
        """
        with self._db.transaction(durable=True):
            self._db.hold(f"summary of {contact_id}")
            self._db.run("DELETE FROM leases WHERE contact_id = :id", id=contact_id)
            self._claim_forms(contact_id)
            self._remember_erased(contact_id)
            self._tally_down(contact_id)
            self._db.run(
                "DELETE FROM order_events WHERE by = 'customer' AND order_id IN"
                " (SELECT id FROM orders WHERE contact_id = :id)",
                id=contact_id,
            )
            self._empty_mentions(contact_id)
            gone = {"orders without a person": self._anonymise_orders(contact_id)}
            gone["advertising without a person"] = forget_person(self._db, contact_id)
            for table in CASES:
                gone[table] = self._db.run(f"DELETE FROM {table} WHERE workflow_id = :case", case=case_of(contact_id))
            for table in OWNED:
                gone[table] = self._db.run(
                    f"DELETE FROM {table} WHERE contact_id = :id",
                    id=contact_id,
                )
            self._db.run("UPDATE recycled_numbers SET former_id = NULL WHERE former_id = :id", id=contact_id)
            gone["contacts"] = self._db.run("DELETE FROM contacts WHERE id = :id", id=contact_id)
        return gone

    def forget_all_but_optout(self, contact_id: int) -> None:
        """Of somebody who wants nothing sent to them, keep no more than that; orders stay as figures."""
        with self._db.transaction():
            self._anonymise_orders(contact_id)
            forget_person(self._db, contact_id)
            for table in (each for each in OWNED if each not in KEPT_WITH_OPT_OUT):
                self._db.run(f"DELETE FROM {table} WHERE contact_id = :id", id=contact_id)
            self._db.run(
                "UPDATE contacts SET name = NULL, language = NULL, preferred_currency = NULL, first_touch_id = NULL,"
                " last_touch_id = NULL WHERE id = :id",
                id=contact_id,
            )

    def provider_ids(self, contact_id: int) -> list[str]:
        """The provider's ids of every message of this contact, for removing them there, too."""
        rows = self._db.all(
            "SELECT provider_id FROM messages WHERE contact_id = :id AND provider_id IS NOT NULL"
            " UNION SELECT provider_id FROM attempts WHERE contact_id = :id"
            " UNION SELECT provider_id FROM received_forms WHERE contact_id = :id AND kind <> 'other'",
            id=contact_id,
        )
        return [row["provider_id"] for row in rows]

    def in_window(self, contact: Contact, now: datetime, closed_at: datetime | None = None) -> bool:
        """Whether WhatsApp's 24 hours since the person last wrote are not over.

        `closed_at`: when the provider said that they are; it knows better, until the person writes again.
        """
        last = contact.last_interaction_at
        if last is None or (closed_at is not None and last <= closed_at):
            return False
        return now - last < timedelta(hours=24)

    def _by_key(self, brand: str, kind: str, value: str) -> int | None:
        found: int | None = self._db.value(
            "SELECT contact_id FROM identities WHERE brand = :brand AND kind = :kind AND value = :value",
            brand=brand,
            kind=kind,
            value=value,
        )
        return found

    def _create(self, brand: str, address: Address, our_number: str) -> int:
        row = CONTACTS.stored(brand=brand, address=address.raw, our_number=our_number, first_seen_at=self._clock())
        return self._db.insert(CONTACTS.insert(row, "RETURNING id"), **row)

    def _identify(self, brand: str, kind: str, value: str, contact_id: int, raw: str) -> None:
        row = IDENTITIES.stored(brand=brand, kind=kind, value=value, contact_id=contact_id, raw=raw, at=self._clock())
        self._db.run(IDENTITIES.insert(row), **row)

    def _count_once(self, kept_id: int, other_id: int) -> None:
        if self._db.value("SELECT max(staff) FROM contacts WHERE id IN (:kept, :other)", kept=kept_id, other=other_id):
            self.mark_staff(kept_id)
            self.mark_staff(other_id)
            return
        both = self._db.all(
            "SELECT brand FROM contacts WHERE id IN (:kept, :other) AND total_interactions > 0",
            kept=kept_id,
            other=other_id,
        )
        if len(both) == 2:
            tally(self._db, both[0]["brand"], "contacts", times=-1)

    def _add_up(self, kept_id: int, other_id: int) -> None:
        self._db.run(
            "UPDATE contacts SET total_interactions = contacts.total_interactions + o.total_interactions,"
            " name = coalesce(contacts.name, o.name),"
            " opted_out_at = coalesce(contacts.opted_out_at, o.opted_out_at),"
            " opt_out_cause = CASE WHEN contacts.opted_out_at IS NULL THEN o.opt_out_cause ELSE contacts.opt_out_cause END,"
            " first_touch_id = coalesce(o.first_touch_id, contacts.first_touch_id)"
            " FROM (SELECT * FROM contacts WHERE id = :other) AS o WHERE contacts.id = :kept",
            kept=kept_id,
            other=other_id,
        )
        self._db.run(
            "DELETE FROM interests WHERE contact_id = :other AND interest IN"
            " (SELECT interest FROM interests WHERE contact_id = :kept)",
            kept=kept_id,
            other=other_id,
        )
        self._db.run("DELETE FROM quotes WHERE contact_id = :other", other=other_id)
        self._read_anew(kept_id, other_id)

    def _end_doubled(self, contact_id: int) -> None:
        """Where both had a city, the later one ended the earlier one."""
        later = (
            "FROM facts l WHERE l.contact_id = facts.contact_id AND l.predicate = facts.predicate"
            " AND (l.valid_from > facts.valid_from OR (l.valid_from = facts.valid_from AND l.id > facts.id))"
        )
        self._db.run(
            f"UPDATE facts SET valid_to = (SELECT min(l.valid_from) {later}) WHERE contact_id = :id AND valid_to IS NULL"
            f" AND predicate NOT IN ({', '.join(repr(each) for each in sorted(MANY))}) AND EXISTS (SELECT 1 {later})",
            id=contact_id,
        )

    def _read_anew(self, kept_id: int, other_id: int) -> None:
        """Two conversations became one: its summary is written anew from the beginning."""
        for table in ("summaries", "readings", "failed_readings"):
            self._db.run(f"DELETE FROM {table} WHERE contact_id IN (:kept, :other)", kept=kept_id, other=other_id)
        self._db.run(
            "INSERT INTO readings (contact_id, marked) SELECT :kept, max(id) FROM messages"
            " WHERE contact_id IN (:kept, :other) HAVING max(id) IS NOT NULL",
            kept=kept_id,
            other=other_id,
        )

    def still_at_provider(self, *, limit: int = 100) -> list[str]:
        """Provider ids of forgotten messages that the provider still has, first those it was never asked to delete.

        What it refused comes last, so that a hundred that it will never delete don't keep the others there.
        """
        rows = self._db.all(
            "SELECT provider_id FROM forgetting ORDER BY coalesce(tried_at, ''), provider_id LIMIT :limit", limit=limit
        )
        return [row["provider_id"] for row in rows]

    def refused_at_provider(self, provider_id: str) -> None:
        """The provider would not delete this message now; it is asked again after the others."""
        self._db.run(
            "UPDATE forgetting SET tried_at = :now WHERE provider_id = :id", now=to_text(self._clock()), id=provider_id
        )

    def gone_at_provider(self, provider_id: str) -> None:
        """The provider has deleted this message."""
        self._db.run("DELETE FROM forgetting WHERE provider_id = :id", id=provider_id)

    def _claim_forms(self, contact_id: int) -> None:
        """Forms of this person that were not sorted yet, or were set aside, become theirs, and go with them.

        Those to another brand's number stay.
        """
        ours = set(self._db.tuples("SELECT kind, value FROM identities WHERE contact_id = :id", id=contact_id))
        for form in self._db.all("SELECT id, address, our_number FROM received_forms WHERE contact_id IS NULL"):
            address = address_as_written(form["address"])
            if address is not None and ours & set(_keys(address)):
                self._db.run(
                    "UPDATE received_forms SET contact_id = :contact WHERE id = :id AND NOT EXISTS"
                    " (SELECT 1 FROM contacts WHERE our_number = :number AND brand <>"
                    " (SELECT brand FROM contacts WHERE id = :contact))",
                    contact=contact_id,
                    id=form["id"],
                    number=form["our_number"],
                )

    def _remember_erased(self, contact_id: int) -> None:
        for provider_id in self.provider_ids(contact_id):
            self._db.run(_FORGET, provider_id=provider_id)
            self._db.run(_REMEMBER_ERASED, **ERASED.stored(digest=erased_digest(provider_id), at=self._clock()))

    def _empty_mentions(self, contact_id: int) -> None:
        """What others were told of this person, and wrote about them, says nothing any more, nor what was made of it."""
        told = "contact_id <> :id AND id IN (SELECT message_id FROM mentions WHERE contact_id = :id)"
        for statement in (
            f"UPDATE turns SET used = '{{}}', why = NULL WHERE id IN (SELECT turn_id FROM messages WHERE {told})",
            f"DELETE FROM search_rows WHERE message_id IN (SELECT id FROM messages WHERE {told})",
            f"DELETE FROM received_forms WHERE provider_id IN (SELECT provider_id FROM messages WHERE {told})",
            f"UPDATE messages SET content = '[erased]', metadata = '{{}}', raw = NULL WHERE {told}",
        ):
            self._db.run(statement, id=contact_id)

    def _tally_down(self, contact_id: int) -> None:
        for row in self._db.all("SELECT brand, interest, times FROM interests WHERE contact_id = :id", id=contact_id):
            tally(self._db, row["brand"], "interests", key=row["interest"], times=-row["times"])
        self._uncount(contact_id)

    def _uncount(self, contact_id: int) -> None:
        """Take a customer out of the figures; a member of staff is not in them."""
        row = self._db.one(
            "SELECT brand, total_interactions AS n FROM contacts WHERE id = :id AND staff = 0 AND total_interactions > 0",
            id=contact_id,
        )
        if row is not None:
            tally(self._db, row["brand"], "interactions", times=-row["n"])
            tally(self._db, row["brand"], "contacts", times=-1)

    def _anonymise_orders(self, contact_id: int) -> int:
        return self._db.run(
            "UPDATE orders SET contact_id = NULL, delivery = '', payment_link = NULL, last_clid = NULL,"
            " first_touch_id = NULL, last_touch_id = NULL WHERE contact_id = :id",
            id=contact_id,
        )


def identity_names(brand: str, address: Address) -> list[str]:
    """What `Database.hold` calls the identities of this address. Raises NotAnAddress for an empty one."""
    return [f"identity {brand} {kind} {value}" for kind, value in _keys(address)]


def tally(db: Database, brand: str, name: str, *, key: str = "", day: str = "", times: int = 1) -> None:
    """Count something that happened, in the transaction in which it happens."""
    db.late(_COUNT, times, brand=brand, name=name, day=day, key=key)


def erased_digest(provider_id: str) -> str:
    """What is kept of an erased message's provider id: enough to know it again, nothing to learn from."""
    return hashlib.sha256(provider_id.encode()).hexdigest()


def _phone_key(written: str) -> tuple[str, str]:
    # WhatsApp has accounts under numbers that a numbering plan calls impossible: such a one is known as it is written.
    try:
        return "phone", canonical_phone(written)
    except NotAnAddress:
        return "address", written


def as_written(address: Address) -> str:
    """The key of an address as it came. It ends with a space where there is no user id."""
    return f"{address.raw} {' '.join(filter(None, (address.user_id, address.parent_id)))}"


def _keys(address: Address) -> list[tuple[str, str]]:
    keys = []
    if address.phone:
        keys.append(_phone_key(address.phone))
    keys += [("user_id", user_id) for user_id in (address.user_id, address.parent_id) if user_id]
    if not keys:
        raise NotAnAddress("an address needs a phone number or a WhatsApp user id")
    return keys
