"""What the provider posted to us, as it came: kept before anybody reads it, sorted into messages and statuses later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from memory.people.contacts import erased_digest
from memory.storage import bulk_insert
from memory.storage.database import Database
from memory.storage.table import INTEGER, ROW_ID, TEXT, TIMESTAMP, Column, ColumnType, Index, Table
from memory.storage.timestamps import Clock, to_text

Pairs = Sequence[tuple[str, str]]  # names and values; repeated names and empty values are kept

MOST_ATTEMPTS = 3
LONGEST_KEY = 200  # PostgreSQL refuses index rows above 2.7 kB; nothing that a provider sends is near this


class FormKind(StrEnum):
    """What a form says it is, before anybody has read it."""

    MESSAGE = "message"
    STATUS = "status"  # of a message of ours
    OTHER = "other"


class SetAsideReason(StrEnum):
    """Why a signed form became neither message nor status, or a message that nobody can read."""

    NO_MESSAGE_ID = "no_message_id"
    NOT_A_MESSAGE = "not_a_message"  # a call, for instance
    OTHER_CHANNEL = "other_channel"  # not WhatsApp
    NO_SENDER = "no_sender"
    UNREADABLE_SENDER = "unreadable_sender"  # neither a phone number nor a user id
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_KIND = "unknown_kind"  # stored as a message, whose sender was told that we can't open it
    NO_BRAND = "no_brand"  # no brand has the number that it was sent to
    KEEPS_FAILING = "keeps_failing"  # a fault of ours, three times


@dataclass(frozen=True, slots=True)
class FormIdentity:
    """What makes a form the same as one that came before, and between whom it went.

    `address`: the person's, as the provider wrote it; `our_number`: E.164.
    """

    kind: FormKind
    provider_id: str = ""  # "": the form has none, and is recognised by its contents
    state: str = ""  # of a status: each state of a message is another form
    address: str = ""
    our_number: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """One signed form, as JSON. `query`: the request's, still URL-encoded; it is signed, too."""

    kind: FormKind
    provider_id: str
    state: str
    address: str
    our_number: str
    form: str
    query: str
    received_at: datetime
    id: int = 0
    attempts: int = 0  # sortings that failed
    set_aside: SetAsideReason | None = None
    contact_id: int | None = None
    sorted_at: datetime | None = None  # when a sorter was done with it, whatever became of it

    def pairs(self) -> Pairs:
        return [(name, value) for name, value in json.loads(self.form)]


# SQLite takes a partial index only where the question repeats its condition word for word.
UNSORTED = "sorted_at IS NULL"
RECEIVED_FORMS = Table(
    "received_forms",
    Column("id", ROW_ID),
    Column("kind", ColumnType("TEXT", FormKind, str)),
    Column("provider_id", TEXT),
    Column("state", TEXT),
    Column("address", TEXT),
    Column("our_number", TEXT),
    Column("form", TEXT),
    Column("query", TEXT),
    Column("received_at", TIMESTAMP),
    Column("attempts", INTEGER, default="0"),
    Column("set_aside", ColumnType("TEXT", SetAsideReason, str), null=True),
    Column("contact_id", INTEGER, null=True),
    Column("sorted_at", TIMESTAMP, null=True),
    unique=["provider_id, kind, state"],
    indexes=[
        Index("received_forms_waiting", "id", where=UNSORTED),
        Index("received_forms_aside", "id", where="set_aside IS NOT NULL"),
        Index("received_forms_sorted", "sorted_at", where="sorted_at IS NOT NULL"),
        Index("received_forms_by_contact", "contact_id"),
    ],
)
FORM = RECEIVED_FORMS.rows(ReceivedForm)
_KEPT = ("kind", "provider_id", "state", "address", "our_number", "form", "query", "received_at")


@dataclass(frozen=True, slots=True)
class SetAsideCount:
    our_number: str
    reason: SetAsideReason
    count: int


@dataclass(frozen=True, slots=True)
class Sorted:
    """What became of a form. `set_aside` beside a contact: a message whose contents nobody could read."""

    form: ReceivedForm
    contact_id: int | None = None
    set_aside: SetAsideReason | None = None


class ReceivedForms:
    """Forms wait here to be sorted, or are set aside until somebody has looked."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def arrived(self, identity: FormIdentity, form: Pairs, query: str) -> ReceivedForm:
        """A form as it is stored."""
        provider_id = identity.provider_id or _digest(identity.kind, form, query)
        return ReceivedForm(
            kind=identity.kind,
            provider_id=_key(provider_id),
            state=_key(identity.state),
            address=_key(identity.address),
            our_number=_key(identity.our_number),
            form=json.dumps(form),  # all of ASCII: no database refuses a character of it
            query=query,
            received_at=self._clock(),
        )

    def keep(self, forms: Sequence[ReceivedForm]) -> None:
        """Store forms, durably; one that is there already stays as it is. Raises DatabaseUnavailable."""
        rows = [RECEIVED_FORMS.stored(**{name: getattr(form, name) for name in _KEPT}) for form in forms]
        with self._db.transaction(durable=True):
            bulk_insert.insert(self._db, RECEIVED_FORMS, rows, "ON CONFLICT DO NOTHING")

    def waiting(self, most: int) -> list[ReceivedForm]:
        """The oldest forms that nobody has sorted, in the order of arrival."""
        return FORM.all(
            self._db,
            f"SELECT {FORM.columns} FROM received_forms WHERE {UNSORTED} ORDER BY id LIMIT :most",
            most=most,
        )

    def count_waiting(self) -> int:
        return int(self._db.value(f"SELECT count(*) FROM received_forms WHERE {UNSORTED}"))

    def sort_alone(self) -> None:
        """Until the transaction ends, no other process sorts: forms become messages in the order of arrival.

        The transaction is the lease: it ends with its process, whatever a clock says.
        """
        self._db.hold("sorting of received forms")

    def is_waiting(self, form_id: int) -> bool:
        return self._db.value(f"SELECT 1 FROM received_forms WHERE id = :id AND {UNSORTED}", id=form_id) is not None

    def note(self, results: Sequence[Sorted]) -> None:
        """Keep what became of forms; call it in the transaction that sorted them.

        What tells of an erased message goes at once: the provider reports on it after its person is gone.
        """
        now = to_text(self._clock())
        for result in results:
            form = result.form
            digest = erased_digest(form.provider_id)
            if result.contact_id is None and self._db.value(
                "SELECT 1 FROM erased WHERE digest = :digest", digest=digest
            ):
                self._db.run("DELETE FROM received_forms WHERE id = :id", id=form.id)
                continue
            self._db.run(
                "UPDATE received_forms SET sorted_at = :sorted_at, contact_id = :contact_id, set_aside = :set_aside"
                " WHERE id = :id",
                sorted_at=now,
                contact_id=result.contact_id,
                set_aside=result.set_aside,
                id=form.id,
            )

    def count_failure(self, form: ReceivedForm) -> bool:
        """A fault of ours stopped the sorting; True when that was the last try, and the form is set aside."""
        attempts = form.attempts + 1
        over = attempts >= MOST_ATTEMPTS
        self._db.run(
            "UPDATE received_forms SET attempts = :attempts, set_aside = :set_aside, sorted_at = :sorted_at"
            f" WHERE id = :id AND {UNSORTED}",
            attempts=attempts,
            set_aside=SetAsideReason.KEEPS_FAILING if over else None,
            sorted_at=to_text(self._clock()) if over else None,
            id=form.id,
        )
        return over

    def set_aside(self, *, most: int = 100) -> list[ReceivedForm]:
        """What was set aside, newest first."""
        return FORM.all(
            self._db,
            f"SELECT {FORM.columns} FROM received_forms WHERE set_aside IS NOT NULL ORDER BY id DESC LIMIT :most",
            most=most,
        )

    def count_set_aside(self, since: datetime) -> list[SetAsideCount]:
        """By our number and reason, of what was set aside from then on; the most frequent first."""
        rows = self._db.tuples(
            "SELECT our_number, set_aside, count(*) FROM received_forms WHERE set_aside IS NOT NULL"
            " AND sorted_at >= :since GROUP BY our_number, set_aside ORDER BY count(*) DESC, our_number, set_aside",
            since=to_text(since),
        )
        return [SetAsideCount(number, SetAsideReason(reason), int(count)) for number, reason, count in rows]

    def sort_again(self) -> int:
        """Let everything that was set aside be sorted anew; how many forms."""
        return self._db.run(
            "UPDATE received_forms SET set_aside = NULL, sorted_at = NULL, attempts = 0 WHERE set_aside IS NOT NULL"
        )

    def forget_sorted(self, before: datetime, *, at_once: int = 500) -> int:
        """Delete forms that were sorted before then, `at_once` in a transaction; how many."""
        return self._forget("set_aside IS NULL AND sorted_at < :before", before, at_once)

    def forget_set_aside(self, before: datetime, *, at_once: int = 500) -> int:
        """As `forget_sorted`, of forms that were set aside."""
        return self._forget("set_aside IS NOT NULL AND sorted_at < :before", before, at_once)

    def _forget(self, which: str, before: datetime, at_once: int) -> int:
        total, gone = 0, at_once
        while gone == at_once:
            gone = self._db.run(
                "DELETE FROM received_forms WHERE id IN"
                f" (SELECT id FROM received_forms WHERE {which} ORDER BY id LIMIT :at_once)",
                before=to_text(before),
                at_once=at_once,
            )
            total += gone
        return total


def _digest(kind: FormKind, form: Pairs, query: str) -> str:
    written = json.dumps([kind, query, *form])
    return "form " + hashlib.sha256(written.encode()).hexdigest()


def _key(text: str) -> str:
    """PostgreSQL stores no NUL."""
    text = text.replace("\x00", "")
    return text if len(text) <= LONGEST_KEY else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
