"""The conversation as one table: inbox, outbox and history are three questions to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from memory.conversations.channel_messages import (
    Button,
    DeliveryState,
    FailureCause,
    Inbound,
    OutboxRow,
    Outgoing,
)
from memory.conversations.reply_sources import told
from memory.conversations.sessions import Sessions
from memory.people.contacts import Contacts, as_written, erased_digest, identity_names, tally
from memory.storage.database import Database, Row
from memory.storage.errors import UnknownMessage
from memory.storage.lease_clock import LeaseTime
from memory.storage.table import FLAG, INTEGER, JSON, REUSED_ROW_ID, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, from_text, to_text

# In the order in which a message lives through them; a status only moves forward.
STATUS_RANK: dict[str, int] = {
    DeliveryState.ACCEPTED: 10,
    DeliveryState.SCHEDULED: 15,
    DeliveryState.QUEUED: 20,
    DeliveryState.SENDING: 30,
    DeliveryState.SENT: 40,
    DeliveryState.PARTIALLY_DELIVERED: 45,
    DeliveryState.DELIVERED: 50,
    DeliveryState.READ: 60,
    # Before delivered: what was delivered did not fail, whatever came first.
    DeliveryState.UNDELIVERED: 48,
    DeliveryState.FAILED: 48,
    DeliveryState.CANCELED: 48,
}
ARRIVED = (DeliveryState.DELIVERED, DeliveryState.READ)
NEXT_PART = timedelta(seconds=3)  # sent at the latest then, even without a status of the part before
UNSENT = "state IN ('ready', 'sending', 'unknown')"
# SQLite takes a partial index only where the question repeats its condition word for word.
ASIDE = "state IN ('parked', 'dead')"


MESSAGES = Table(
    "messages",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("session_id", INTEGER),
    Column("role", TEXT),
    Column("provider_id", TEXT, null=True, unique=True),
    Column("kind", TEXT),
    Column("content", TEXT),
    Column("message_type", TEXT, null=True),
    Column("language", TEXT, null=True),
    Column("metadata", JSON, default="'{}'"),
    Column("raw", JSON, null=True),
    Column("state", TEXT),
    Column("urgent", FLAG, default="0"),
    Column("at", TIMESTAMP),
    Column("due_at", TIMESTAMP, null=True),
    Column("turn_id", INTEGER, null=True),
    Column("attempts", INTEGER, default="0"),
    Column("outgoing", JSON, null=True),
    Column("after_id", INTEGER, null=True),
    Column("first_tried_at", TIMESTAMP, null=True),
    Column("sent_at", TIMESTAMP, null=True),
    Column("provider_status", TEXT, null=True),
    Column("outside_at", TIMESTAMP, null=True),
    Column("error_code", INTEGER, null=True),
    Column("error", TEXT, null=True),
    Column("cause", TEXT, null=True),
    Column("template_id", TEXT, null=True),
    Column("clock_id", TEXT, null=True),
    Column("tried_tick", INTEGER, null=True),
    Column("due_tick", INTEGER, null=True),
    Column("denied", FLAG, default="0"),
    Column("look_ups", INTEGER, default="0"),
    Column("unanswered", INTEGER, default="0"),
    Column("faults", INTEGER, default="0"),
    indexes=[
        Index("messages_by_contact", "contact_id, id"),
        Index("messages_waiting", "contact_id", where="state = 'waiting'"),
        Index("messages_unsent", "contact_id, id", where="state IN ('ready', 'sending', 'unknown')"),
        Index("messages_aside", "state, contact_id, id", where="state IN ('parked', 'dead')"),
    ],
)
# The provider's ids of a message's other attempts: a look-up must not adopt them, and what they report late is told
# apart from what the present one does.
ATTEMPTS = Table(
    "attempts",
    Column("provider_id", TEXT),
    Column("message_id", INTEGER),
    Column("contact_id", INTEGER),
    key="provider_id",
    indexes=[
        Index("attempts_by_contact", "contact_id"),
    ],
)
STATUSES = Table(
    "statuses",
    Column("id", REUSED_ROW_ID),
    Column("message_id", INTEGER),
    Column("contact_id", INTEGER),
    Column("status", TEXT),
    Column("error_code", INTEGER, null=True),
    Column("at", TIMESTAMP),
    indexes=[
        Index("statuses_by_contact", "contact_id"),
    ],
)
# Messages of somebody else that tell of a contact: what staff were told, and what they wrote to answer.
MENTIONS = Table(
    "mentions",
    Column("contact_id", INTEGER),
    Column("message_id", INTEGER),
    key="",
    indexes=[
        Index("mentions_by_contact", "contact_id"),
        Index("mentions_by_message", "message_id"),
    ],
)


@dataclass(frozen=True, slots=True)
class Message:
    """One stored message, either way."""

    id: int
    brand: str
    contact_id: int
    role: str  # user, assistant
    kind: str
    content: str
    message_type: str | None
    language: str | None
    metadata: dict[str, Any]
    state: str
    at: datetime
    provider_id: str | None
    attempts: int
    error_code: int | None
    error: str | None
    cause: str | None = None  # a FailureCause
    tried_at: datetime | None = None  # of an outgoing one: when the attempt began that said it


# The rest of a row is long: the raw form, the outgoing body.
MESSAGE = MESSAGES.rows(Message, tried_at="first_tried_at")


class Said(NamedTuple):
    """Who said what when: all that a context shows of a message, at a third of the time that a Message takes."""

    id: int
    role: str
    content: str
    at: datetime


class SetAsideMessage(NamedTuple):
    """What is still known of a message that may be unreadable."""

    contact_id: int
    brand: str
    state: str
    is_alarm: bool
    is_farewell: bool


class Messages:
    """Takes messages in, keeps them, and knows what still has to be said."""

    def __init__(
        self,
        db: Database,
        contacts: Contacts,
        sessions: Sessions,
        clock: Clock,
        *,
        quiet_seconds: float = 1.5,
    ) -> None:
        self._db = db
        self._contacts = contacts
        self._sessions = sessions
        self._clock = clock
        self._quiet = timedelta(seconds=quiet_seconds)

    def take_in(self, brand: str, inbound: Inbound, at: datetime | None = None) -> int | None:
        """Store a person's message once; None when it was there already, or its person was erased since.

        `at`: when it came; None: now.

        One that a listing of the provider brought first is completed by the webhook that follows: a listing
        knows no advertisement, button or place.

        The provider's id decides, by a unique key: two processes that are handed the same message at the
        same instant store one. Call it in a durable transaction where the provider will not ask again.
        """
        moment = at or self._clock()
        with self._db.transaction():
            self._db.hold(*identity_names(brand, inbound.sender))
            if self._seen(inbound.provider_id):
                self._complete(inbound)
                return None
            contact_id = self._contacts.resolve(brand, inbound.sender, inbound.to)
            message_id = self._insert_inbound(brand, contact_id, inbound, moment)
            self._note_contact(brand, contact_id, inbound, moment)
            if inbound.referral is not None:
                self._contacts.touch(contact_id, brand, message_id, inbound.referral)
        return message_id

    def put_out(self, contact_id: int, outgoing: Outgoing, *, after_id: int | None = None) -> int:
        """Add a message to the contact's outbox; the worker says it. Returns its id."""
        contact = self._contacts.get(contact_id)
        now = self._clock()
        body = {
            "buttons": [[button.title, button.payload] for button in outgoing.buttons],
            "media_url": outgoing.media_url,
            "purpose": outgoing.purpose,
            "passes_optout": outgoing.passes_optout,
            "farewell": outgoing.farewell,
        }
        with self._db.transaction():
            row = MESSAGES.stored(
                brand=contact.brand,
                contact_id=contact_id,
                session_id=self._sessions.current(contact.brand, contact_id, now),
                role="assistant",
                kind="text",
                content=_storable(outgoing.body),
                message_type=outgoing.message_type,
                language=contact.language,
                metadata=outgoing.metadata,
                state="ready",
                at=now,
                due_at=now,
                outgoing=body,
                after_id=after_id,
            )
            message_id = self._db.insert(MESSAGES.insert(row, "RETURNING id"), **row)
            for told_of in outgoing.about:
                self.mention(message_id, told_of)
        return message_id

    def mention(self, message_id: int, contact_id: int) -> None:
        """Remember that this message of somebody else tells of that contact, to empty it when they are erased."""
        row = MENTIONS.stored(contact_id=contact_id, message_id=message_id)
        self._db.run(MENTIONS.insert(row), **row)

    def get(self, message_id: int) -> Message:
        """The message by our own id. Raises UnknownMessage."""
        message = MESSAGE.one(self._db, f"SELECT {MESSAGE.columns} FROM messages WHERE id = :id", id=message_id)
        if message is None:
            raise UnknownMessage(f"there is no message {message_id}")
        return message

    def contact_of(self, message_id: int) -> int | None:
        """Whose conversation a message belongs to; None where there is none by this id."""
        found: int | None = self._db.value("SELECT contact_id FROM messages WHERE id = :id", id=message_id)
        return found

    def sender_of(self, provider_id: str) -> int | None:
        """As `contact_of`, by the provider's id."""
        found: int | None = self._db.value("SELECT contact_id FROM messages WHERE provider_id = :id", id=provider_id)
        return found

    def history(self, contact_id: int, *, limit: int = 50, before: int | None = None) -> list[Message]:
        """The newest `limit` messages of a contact (older than the message `before`), oldest first."""
        rows = self._db.tuples(
            f"SELECT {MESSAGE.columns} FROM messages WHERE contact_id = :id AND id < :before"
            " ORDER BY id DESC LIMIT :limit",
            id=contact_id,
            before=before if before is not None else 1 << 62,
            limit=limit,
        )
        return [MESSAGE.read(row) for row in reversed(rows)]

    def recent(self, contact_id: int, *, limit: int = 50) -> list[Said]:
        """As `history`, for a context."""
        rows = self._db.tuples(
            "SELECT id, role, content, at FROM messages WHERE contact_id = :id ORDER BY id DESC LIMIT :limit",
            id=contact_id,
            limit=limit,
        )
        return [Said(id, role, content, from_text(at)) for id, role, content, at in reversed(rows)]

    def count(self, contact_id: int) -> int:
        """How many messages there are of a contact, both ways."""
        return int(self._db.value("SELECT count(*) FROM messages WHERE contact_id = :id", id=contact_id))

    def describe(self, message_id: int, **notes: Any) -> None:
        """Add notes to a message's metadata, such as a transcript."""
        with self._db.transaction():
            self._db.hold(f"message {message_id}")
            known = json.loads(self._db.value("SELECT metadata FROM messages WHERE id = :id", id=message_id) or "{}")
            self._db.run(
                "UPDATE messages SET metadata = :metadata WHERE id = :id",
                metadata=json.dumps(known | notes),
                id=message_id,
            )

    def next_out(self, contact_id: int) -> OutboxRow | None:
        """The oldest message of this contact that was not said yet, whether or not it is due."""
        message_id = self.next_out_id(contact_id)
        return None if message_id is None else self.outbox_row(message_id)

    def next_out_id(self, contact_id: int) -> int | None:
        """As `next_out`, where the message itself may be unreadable."""
        message_id: int | None = self._db.value(
            f"SELECT id FROM messages WHERE contact_id = :id AND {UNSENT} ORDER BY id LIMIT 1", id=contact_id
        )
        return message_id

    def outbox_row(self, message_id: int) -> OutboxRow:
        """An outgoing message as a channel would say it. Raises UnknownMessage."""
        row = self._db.one(
            "SELECT m.*, c.address, c.our_number FROM messages m JOIN contacts c ON c.id = m.contact_id"
            " WHERE m.id = :id AND m.outgoing IS NOT NULL",
            id=message_id,
        )
        if row is None:
            raise UnknownMessage(f"there is no outgoing message {message_id}")
        return _outbox_row(row)

    def link_instead_of_media(self, message_id: int) -> None:
        """The provider could not take the attachment: say the same with its link in the text."""
        row = self._db.one("SELECT content, outgoing FROM messages WHERE id = :id", id=message_id)
        if row is None:
            raise UnknownMessage(f"there is no message {message_id}")
        outgoing = json.loads(row["outgoing"])
        link = outgoing["media_url"]
        with self._db.transaction():
            self._db.run(
                "UPDATE messages SET content = :content, outgoing = :outgoing WHERE id = :id",
                content=f"{row['content']}\n{link}".strip(),
                outgoing=json.dumps(outgoing | {"media_url": None}),
                id=message_id,
            )
            self.send_anew(message_id)

    def settle(self, message_id: int, state: str, **columns: Any) -> None:
        """Move an outgoing message to `state`, with what is known now (`due_at`, `error_code`, …)."""
        unknown = set(columns) - {
            "provider_id",
            "due_at",
            "attempts",
            "first_tried_at",
            "sent_at",
            "error_code",
            "error",
            "cause",
            "outgoing",
            "after_id",
        }
        if unknown:
            raise ValueError(f"a message has no {', '.join(sorted(unknown))} to settle")
        changes = "".join(f", {column} = :{column}" for column in columns)
        self._db.run(
            f"UPDATE messages SET state = :state{changes} WHERE id = :id",
            state=state,
            id=message_id,
            **columns,
        )

    def begin_try(self, row: OutboxRow, template_id: str | None = None) -> OutboxRow:
        """Mark a ready message as being sent; call it where it `is_ready`."""
        at, tried = self._clock(), self._db.lease_time()
        self._db.run(
            "UPDATE messages SET state = 'sending', attempts = attempts + 1, first_tried_at = :at, clock_id = :clock_id,"
            " tried_tick = :tick, due_tick = NULL, template_id = :template_id, denied = 0, look_ups = 0"
            " WHERE id = :id",
            id=row.id,
            at=to_text(at),
            clock_id=tried.clock_id,
            tick=tried.tick,
            template_id=template_id,
        )
        return replace(
            row, state="sending", attempts=row.attempts + 1, first_tried_at=at, tried=tried, template_id=template_id
        )

    def is_ready(self, row: OutboxRow) -> bool:
        """Whether nothing has moved this message since it was read; locked until the transaction ends."""
        self._db.hold(f"message {row.id}")
        ready = "SELECT 1 FROM messages WHERE id = :id AND state = 'ready' AND attempts = :attempts"
        return self._db.value(ready, id=row.id, attempts=row.attempts) is not None

    def is_open(self, row: OutboxRow) -> bool:
        """Whether the outcome of this very try is still open; locked until the transaction ends."""
        self._db.hold(f"message {row.id}")
        return self._db.value(f"SELECT 1 FROM messages WHERE {_OF_TRY}", **_try(row)) is not None

    def count_anew(self, row: OutboxRow) -> OutboxRow:
        """Let this try begin now: nobody knows how long ago it began, as the machine was restarted since."""
        now = self._db.lease_time()
        self._db.run(
            "UPDATE messages SET clock_id = :clock_id, tried_tick = :now, due_tick = NULL"
            " WHERE id = :id AND state IN ('sending', 'unknown') AND provider_id IS NULL",
            id=row.id,
            clock_id=now.clock_id,
            now=now.tick,
        )
        return replace(row, tried=now)

    def said(self, message_id: int, provider_id: str) -> None:
        """The provider took the message. A callback that was faster has moved it further, and stays right.

        An answer may also come after the try was given up, and end the doubt or the wait for the next try.
        """
        with self._db.transaction():
            self._db.hold(f"message {message_id}")
            taken = self._db.run(
                "UPDATE messages SET state = 'sent', provider_id = :provider_id, sent_at = :now, cause = NULL,"
                f" error = NULL WHERE id = :id AND provider_id IS NULL AND ({UNSENT} OR {_DEAD_IN_DOUBT})"
                " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.provider_id = :provider_id)",
                provider_id=provider_id,
                now=to_text(self._clock()),
                id=message_id,
            )
            if taken:
                self._hold_next_part(message_id, NEXT_PART)
            else:
                self._keep_other_attempt(message_id, provider_id)

    def send_anew(
        self, message_id: int, *, outside: bool = False, wait: timedelta = timedelta(0), no_trace: bool = False
    ) -> None:
        """Forget the attempt that failed for certain and make the message ready again.

        `outside`: because the provider said that the contact's 24-hour window is closed. `no_trace`: because every
        look-up found nothing of it.
        """
        now, due = self._clock(), self._db.lease_time().plus(wait)
        with self._db.transaction():
            self._keep_attempt(message_id)
            self._db.run(
                "UPDATE messages SET state = 'ready', due_at = :due, provider_id = NULL, provider_status = NULL,"
                " first_tried_at = NULL, sent_at = NULL, outside_at = CASE WHEN :outside THEN :now ELSE outside_at END,"
                " clock_id = :clock_id, due_tick = :due_tick, tried_tick = NULL, template_id = NULL, denied = 0,"
                " look_ups = 0, unanswered = CASE WHEN :no_trace THEN unanswered + 1 ELSE unanswered END WHERE id = :id",
                due=to_text(now + wait),
                outside=outside,
                now=to_text(now),
                clock_id=due.clock_id,
                due_tick=due.tick,
                no_trace=no_trace,
                id=message_id,
            )

    def doubt(
        self, row: OutboxRow, wait: timedelta, why: str, *, denied: bool = False, found_nothing: bool = False
    ) -> None:
        """The outcome of this try is not known: look it up in `wait`.

        A callback may have told the outcome before the call came to nothing; then it is known and stays. `denied`: the
        provider answered that it failed. `found_nothing`: a look-up did.
        """
        due = self._db.lease_time().plus(wait)
        self._db.run(
            "UPDATE messages SET state = 'unknown', due_at = :due, due_tick = :due_tick, error = :why,"
            " denied = CASE WHEN :denied THEN 1 ELSE denied END,"
            f" look_ups = CASE WHEN :found_nothing THEN look_ups + 1 ELSE look_ups END WHERE {_OF_TRY}",
            due=to_text(self._clock() + wait),
            due_tick=due.tick,
            why=why,
            denied=denied,
            found_nothing=found_nothing,
            **_try(row),
        )

    def note_fault(self, message_id: int, fault: str, wait: timedelta) -> int:
        """Sending it or looking it up failed in an unforeseen way: again in `wait`; how often it has by now.

        What may have been sent is looked up first.
        """
        due = self._db.lease_time().plus(wait)
        self._db.run(
            "UPDATE messages SET faults = faults + 1, error = :fault, due_tick = :due_tick, clock_id = :clock_id,"
            " tried_tick = CASE WHEN clock_id = :clock_id THEN tried_tick END,"
            " state = CASE WHEN state = 'sending' THEN 'unknown' ELSE state END WHERE id = :id",
            id=message_id,
            fault=fault,
            due_tick=due.tick,
            clock_id=due.clock_id,
        )
        return int(self._db.value("SELECT faults FROM messages WHERE id = :id", id=message_id) or 0)

    def set_aside(self, message_id: int, state: str, cause: FailureCause, why: str, code: int | None = None) -> None:
        """Move an outgoing message to dead, parked or suppressed; `why` is for people, `cause` for the program."""
        self.settle(message_id, state, cause=str(cause), error=why, error_code=code)

    def aside(self, message_id: int) -> SetAsideMessage:
        """Raises UnknownMessage."""
        row = self._db.one(
            "SELECT contact_id, brand, state, metadata, outgoing FROM messages WHERE id = :id", id=message_id
        )
        if row is None:
            raise UnknownMessage(f"there is no message {message_id}")
        return SetAsideMessage(
            row["contact_id"],
            row["brand"],
            row["state"],
            _says(row["metadata"], "alarm"),
            _says(row["outgoing"], "farewell"),
        )

    def note_status(self, message_id: int, status: str, *, provider_id: str, error_code: int | None) -> bool:
        """Take a status callback in; True when it moved the message forward.

        Late, repeated and reversed callbacks change nothing; one for an erased message is ignored. What an earlier try
        reports counts only where it arrived after all: then the message has arrived, and no try follows.
        """
        with self._db.transaction():
            self._db.hold(f"message {message_id}")
            row = self._db.one("SELECT * FROM messages WHERE id = :id AND role = 'assistant'", id=message_id)
            if row is None:
                return False
            other_try = (row["provider_id"] or provider_id) != provider_id or self._is_over(provider_id)
            if other_try:
                self._keep_other_attempt(message_id, provider_id)
                if status not in ARRIVED:
                    return False
            if STATUS_RANK.get(status, 0) <= STATUS_RANK.get(row["provider_status"] or "", 0):
                return False
            if other_try:
                self._exchange_attempt(message_id, provider_id)
            self._move_forward(row, status, provider_id, error_code)
        return True

    def known_provider_ids(self, contact_id: int) -> set[str]:
        """The provider's ids of what was said to this contact; a look-up must not adopt one of them again."""
        rows = self._db.all(
            "SELECT provider_id FROM messages WHERE contact_id = :id AND role = 'assistant'"
            " AND provider_id IS NOT NULL ORDER BY id DESC LIMIT 500",
            id=contact_id,
        )
        failed = self._db.all("SELECT provider_id FROM attempts WHERE contact_id = :id", id=contact_id)
        return {row["provider_id"] for row in (*rows, *failed)}

    def cancel_rest(self, message_id: int) -> None:
        """A part that cannot be said takes the later parts of its reply with it."""
        following = self._db.all(
            f"SELECT id FROM messages WHERE after_id = :id AND {UNSENT} AND state = 'ready'", id=message_id
        )
        for row in following:
            why = "an earlier part of this reply could not be sent"
            self.set_aside(row["id"], "dead", FailureCause.EARLIER_PART, why)
            self.cancel_rest(row["id"])

    def why(self, message_id: int) -> str:
        """What a reply, or the reply to a message, was based on, in a few lines for a person."""
        row = self._db.one(
            "SELECT t.* FROM messages m JOIN turns t ON t.id = m.turn_id WHERE m.id = :id", id=message_id
        )
        if row is None:
            raise UnknownMessage(f"message {message_id} has no record: it was not answered, or not by the desk")
        used = json.loads(row["used"])
        lines = [f"Answered by: {row['answered_by']}" + (f" ({row['why']})" if row["why"] else "")]
        if row["model"]:
            lines.append(f"Model: {row['model']}, {row['tokens_in']} + {row['tokens_out']} tokens")
        shown = {name: what for name, what in used.items() if name not in ("fact_ids", "recalled", "summary")}
        lines += (f"{name}: {json.dumps(what, ensure_ascii=False)}" for name, what in shown.items())
        return "\n".join([*lines, *told(self._db, row["contact_id"], used)])

    def dead(self, brand: str | None = None, *, limit: int = 100) -> list[Message]:
        """What could not be said or handled, newest first."""
        return MESSAGE.all(
            self._db,
            f"SELECT {MESSAGE.columns} FROM messages WHERE {ASIDE} AND state = 'dead'"
            " AND (CAST(:brand AS TEXT) IS NULL OR brand = :brand) ORDER BY id DESC LIMIT :limit",
            brand=brand,
            limit=limit,
        )

    def replay(self, message_id: int) -> None:
        """Try a dead message again: an incoming one is handled anew, an outgoing one is sent anew."""
        message = self.get(message_id)
        if message.state != "dead":
            raise UnknownMessage(f"message {message_id} is not in the dead-letter list; it is {message.state}")
        state = "waiting" if message.role == "user" else "ready"
        with self._db.transaction():
            self._keep_attempt(message_id)
            self._db.run(
                "UPDATE messages SET state = :state, attempts = 0, due_at = :now, error = NULL, error_code = NULL,"
                " provider_id = CASE WHEN role = 'user' THEN provider_id END, provider_status = NULL,"
                " first_tried_at = NULL, cause = NULL, tried_tick = NULL, due_tick = NULL, template_id = NULL, denied = 0,"
                " look_ups = 0, unanswered = 0, faults = 0 WHERE id = :id",
                state=state,
                now=to_text(self._clock()),
                id=message_id,
            )

    def _keep_attempt(self, message_id: int) -> None:
        self._db.run(
            "INSERT INTO attempts (provider_id, message_id, contact_id) SELECT provider_id, id, contact_id"
            " FROM messages WHERE id = :id AND role = 'assistant' AND provider_id IS NOT NULL ON CONFLICT DO NOTHING",
            id=message_id,
        )

    def _keep_other_attempt(self, message_id: int, provider_id: str) -> None:
        self._db.run(
            "INSERT INTO attempts (provider_id, message_id, contact_id) SELECT CAST(:provider_id AS TEXT), id, contact_id"
            " FROM messages"
            " WHERE id = :id AND (provider_id IS NULL OR provider_id <> :provider_id) ON CONFLICT DO NOTHING",
            id=message_id,
            provider_id=provider_id,
        )

    def _exchange_attempt(self, message_id: int, arrived: str) -> None:
        self._keep_attempt(message_id)
        self._db.run("DELETE FROM attempts WHERE provider_id = :arrived", arrived=arrived)

    def _hold_next_part(self, message_id: int, wait: timedelta) -> None:
        """The provider takes parts in order but may deliver them out of order."""
        due = self._db.lease_time().plus(wait)
        self._db.run(
            "UPDATE messages SET due_at = :at, clock_id = :clock_id, due_tick = :due"
            f" WHERE after_id = :id AND {UNSENT} AND state = 'ready'",
            at=to_text(self._clock() + wait),
            clock_id=due.clock_id,
            due=due.tick,
            id=message_id,
        )

    def _is_over(self, provider_id: str) -> bool:
        return self._db.value("SELECT 1 FROM attempts WHERE provider_id = :id", id=provider_id) is not None

    def _seen(self, provider_id: str) -> bool:
        return (
            self._db.value("SELECT 1 FROM messages WHERE provider_id = :id", id=provider_id) is not None
            or self._db.value("SELECT 1 FROM erased WHERE digest = :digest", digest=erased_digest(provider_id))
            is not None
        )

    def _complete(self, inbound: Inbound) -> None:
        row = self._db.one(
            "SELECT id, brand, contact_id, raw, metadata FROM messages WHERE provider_id = :id", id=inbound.provider_id
        )
        if row is not None and not inbound.unread and json.loads(row["metadata"]).get("unread"):
            self._read_now(row["id"], inbound)
            return
        if row is None or len(json.loads(row["raw"] or "{}")) >= len(inbound.raw):
            return
        self._db.run("UPDATE messages SET raw = :raw WHERE id = :id", raw=json.dumps(inbound.raw), id=row["id"])
        self._db.run(
            "UPDATE messages SET kind = :kind, metadata = :metadata, urgent = :urgent"
            " WHERE id = :id AND state = 'waiting'",
            kind=inbound.kind,
            metadata=json.dumps(_metadata(inbound)),
            urgent=int(inbound.urgent),
            id=row["id"],
        )
        if inbound.referral is not None:
            self._contacts.touch(row["contact_id"], row["brand"], row["id"], inbound.referral)

    def _read_now(self, message_id: int, inbound: Inbound) -> None:
        """What nobody could read when it came is read now, after an update: it is answered."""
        now = to_text(self._clock())
        self._db.run(
            "UPDATE messages SET kind = :kind, content = :content, metadata = :metadata, state = 'waiting',"
            " attempts = 0, due_at = :now WHERE id = :id AND state IN ('waiting', 'handled', 'dead')",
            kind=inbound.kind,
            content=inbound.body,
            metadata=json.dumps(_metadata(inbound)),
            now=now,
            id=message_id,
        )

    def _insert_inbound(self, brand: str, contact_id: int, inbound: Inbound, at: datetime) -> int:
        row = MESSAGES.stored(
            brand=brand,
            contact_id=contact_id,
            session_id=self._sessions.current(brand, contact_id, at),
            role="user",
            provider_id=inbound.provider_id,
            kind=inbound.kind,
            content=inbound.body,
            metadata=_metadata(inbound),
            raw=inbound.raw,
            state="waiting",
            urgent=inbound.urgent,
            at=at,
            due_at=at if inbound.urgent else at + self._quiet,
        )
        return self._db.insert(MESSAGES.insert(row, "RETURNING id"), **row)

    def _note_contact(self, brand: str, contact_id: int, inbound: Inbound, at: datetime) -> None:
        before = self._db.all("SELECT total_interactions, staff FROM contacts WHERE id = :id", id=contact_id)[0]
        self._db.run(
            "UPDATE contacts SET total_interactions = total_interactions + 1, last_interaction_at = :at,"
            " address = coalesce((SELECT raw FROM identities WHERE brand = :brand AND kind = 'written'"
            " AND value = :written), :address), our_number = :our_number,"
            # Who had blocked us cannot write: they have lifted it.
            " opted_out_at = CASE WHEN opt_out_cause = 'blocked' AND opted_out_at <= :at THEN NULL ELSE opted_out_at END,"
            " opt_out_cause = CASE WHEN opt_out_cause = 'blocked' AND opted_out_at <= :at THEN NULL ELSE opt_out_cause END"
            " WHERE id = :id",
            at=to_text(at),
            brand=brand,
            written=as_written(inbound.sender),
            address=inbound.sender.raw,
            our_number=inbound.to,
            id=contact_id,
        )
        self._db.run(
            "UPDATE messages SET state = 'ready', due_at = :now, due_tick = NULL, cause = NULL"
            f" WHERE contact_id = :id AND {ASIDE} AND state = 'parked'",
            now=to_text(self._clock()),
            id=contact_id,
        )
        if before["staff"]:
            return
        tally(self._db, brand, "interactions")
        if before["total_interactions"] == 0:
            tally(self._db, brand, "contacts")

    def _move_forward(self, row: Row, status: str, provider_id: str, error_code: int | None) -> None:
        moment = self._clock()
        now = to_text(moment)
        callback = STATUSES.stored(
            message_id=row["id"], contact_id=row["contact_id"], status=status, error_code=error_code, at=moment
        )
        self._db.run(STATUSES.insert(callback), **callback)
        self._db.run(
            "UPDATE messages SET provider_status = :status, provider_id = :provider_id,"
            " sent_at = coalesce(sent_at, :now), error_code = coalesce(:error_code, error_code),"
            f" state = CASE WHEN :arrived OR {UNSENT} OR {_DEAD_IN_DOUBT} OR state IN ('sent', 'delivered') THEN :state"
            " ELSE state END,"
            f" cause = CASE WHEN :arrived OR {_DEAD_IN_DOUBT} THEN NULL ELSE cause END,"
            f" error = CASE WHEN :arrived OR {_DEAD_IN_DOUBT} THEN NULL ELSE error END"
            " WHERE id = :id",
            status=status,
            provider_id=provider_id,
            error_code=error_code,
            state=STATE_OF.get(status, "sent"),
            arrived=status in ARRIVED,
            now=now,
            id=row["id"],
        )
        if STATUS_RANK[status] >= STATUS_RANK["sent"]:
            self._hold_next_part(row["id"], timedelta(0))
        elif row["provider_id"] is None:
            self._hold_next_part(row["id"], NEXT_PART)


STATE_OF = {
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}


_DEAD_IN_DOUBT = "(state = 'dead' AND cause IN ('outcome_unknown', 'ambiguous'))"
# Each try of a message begins at a tick of its own.
_OF_TRY = "id = :id AND tried_tick = :tried_tick AND state IN ('sending', 'unknown') AND provider_id IS NULL"


def _try(row: OutboxRow) -> dict[str, Any]:
    return {"id": row.id, "tried_tick": None if row.tried is None else row.tried.tick}


def _says(json_text: str | None, name: str) -> bool:
    """False where it cannot be read."""
    try:
        notes = json.loads(json_text or "{}")
    except ValueError:
        return False
    return isinstance(notes, dict) and bool(notes.get(name))


def _lease_time(clock_id: str | None, tick: int | None) -> LeaseTime | None:
    return None if clock_id is None or tick is None else LeaseTime(clock_id, tick)


def _outbox_row(row: Row) -> OutboxRow:
    outgoing = json.loads(row["outgoing"])
    return OutboxRow(
        id=row["id"],
        to=row["address"],
        sender=row["our_number"],
        body=row["content"],
        buttons=tuple(Button(title, payload) for title, payload in outgoing["buttons"]),
        media_url=outgoing["media_url"],
        first_tried_at=from_text(row["first_tried_at"]) if row["first_tried_at"] else None,
        state=row["state"],
        attempts=row["attempts"],
        due_at=from_text(row["due_at"]),
        purpose=outgoing["purpose"],
        passes_optout=outgoing["passes_optout"],
        farewell=outgoing.get("farewell", False),
        after_id=row["after_id"],
        outside_at=from_text(row["outside_at"]) if row["outside_at"] else None,
        template_id=row["template_id"],
        tried=_lease_time(row["clock_id"], row["tried_tick"]),
        due=_lease_time(row["clock_id"], row["due_tick"]),
        denied=bool(row["denied"]),
        look_ups=row["look_ups"],
        unanswered=row["unanswered"],
    )


def _storable(text: str) -> str:
    """Without half characters (a model may cut an emoji in two) and NUL, which no database and no provider takes."""
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")


def _metadata(inbound: Inbound) -> dict[str, Any]:
    notes = {
        "payload": inbound.payload,
        "replied_to": inbound.replied_to,
        "location": inbound.location,
        "media": [{"url": media.url, "content_type": media.content_type} for media in inbound.media],
        "profile_name": inbound.profile_name,
        "items": [[item.sku, item.quantity] for item in inbound.items],
        "unread": inbound.unread,
        "forwarded": inbound.forwarded,
        "odd_form": inbound.odd_form,
    }
    return {name: note for name, note in notes.items() if note}
