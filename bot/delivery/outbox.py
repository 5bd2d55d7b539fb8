"""Says what is due to one contact, in order: sent once, looked up when in doubt, parked or buried when it must be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.brands import Brand
from bot.channels.message_text import split, split_for_buttons
from bot.channels.twilio import Action, Ambiguous, Found, Rejected, Retry, Status, Unknown, WhatsApp, verdict_on
from memory.conversations.channel_messages import OutboxRow, Outgoing
from memory.conversations.messages import Messages
from memory.conversations.turns import Lease, Turns
from memory.people.contacts import Contact, Contacts
from memory.storage.database import Database
from memory.storage.job_runs import Switches
from memory.storage.timestamps import Clock, to_text
from memory.upkeep.erasure import Erasure

log = logging.getLogger(__name__)

MOST_TRIES = 8
LOOK_AGAIN = timedelta(seconds=1)
GIVE_UP_LOOKING = timedelta(seconds=6)  # the provider lists a message within a second or two of taking it
NEXT_PART = timedelta(seconds=3)  # at the latest, where no callback says that the part before is out
OUT = ("sent", "delivered", "read")
SENDER = ("sender", "account")  # switched off while the provider takes nothing from us
SENDER_REST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template of the brand: what may be said outside the 24-hour window."""

    content_sid: str
    variables: dict[str, str]


class StaffAlarm(Protocol):
    """Tells a brand's staff of a fault; `bot.staff.staff_members.Staff` does."""

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """The sentence as a message to each of them, with its contact; call it in a transaction."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The gate in front of the channel. Nothing is said but through here."""

    db: Database
    contacts: Contacts
    messages: Messages
    turns: Turns
    switches: Switches
    channel: WhatsApp
    clock: Clock
    brands: Mapping[str, Brand]  # by id; their approved templates
    staff: StaffAlarm
    erasure: Erasure  # of whoever's farewell is out

    def provider_fault(self) -> str | None:
        """What keeps everything from being said, as the provider's last answer told; None while it takes messages."""
        return "the provider refuses to send; run flask --app app doctor" if self.switches.is_off(*SENDER) else None

    def say_due(self, lease: Lease) -> None:
        """Say everything that is due to this contact, oldest first, until something has to wait.

        A STOP that has come meanwhile is answered before anything more is said.
        """
        while (row := self.messages.next_out(lease.contact_id)) is not None:
            if row.due_at is not None and row.due_at > self.clock():
                return
            if self.turns.is_urgent(lease.contact_id):
                return
            if row.state == "ready":
                self._say(lease, row)
            else:
                self._look_up(lease, row)

    def note(self, status: Status) -> None:
        """Take a status callback in; a failure that is told late is acted on as if it had been told at once."""
        if status.outbox_id is None:
            return
        with self.db.transaction():
            moved = self.messages.note_status(
                status.outbox_id, status.status, provider_id=status.provider_id, error_code=status.error_code
            )
            if moved and status.status in ("failed", "undelivered"):
                self._act_on_code(status.outbox_id, status.error_code)
            elif moved and status.status in OUT:
                self._part_for_good(status.outbox_id)

    def _say(self, lease: Lease, row: OutboxRow) -> None:
        ready = self._prepare(lease, self.contacts.get(lease.contact_id), row)
        if ready is None:
            return
        try:
            provider_id = self.channel.say(ready)
        except Unknown as doubt:
            self._look_later(row, LOOK_AGAIN, doubt.sentence)
        except Retry as wait:
            with self.db.transaction():
                self.turns.hold(lease)
                self._try_again(ready, wait)
        except Rejected as rejected:
            with self.db.transaction():
                self.turns.hold(lease)
                self._act(row.id, rejected.action, rejected.sentence, rejected.code)
        else:
            self._said(lease.contact_id, row, provider_id)

    def _said(self, contact_id: int, row: OutboxRow, provider_id: str) -> None:
        with self.db.transaction():
            self.messages.said(row.id, provider_id)
            if self.switches.is_off(*SENDER):
                self.switches.turn_on(*SENDER)
            if row.farewell:
                self.erasure.erase(contact_id)

    def _prepare(self, lease: Lease, contact: Contact, row: OutboxRow) -> OutboxRow | None:
        """Decide in one durable transaction whether this may be said now; it is marked before it is said."""
        now = self.clock()
        with self.db.transaction(durable=True):
            self.turns.hold(lease)
            if contact.opted_out_at is not None and not row.passes_optout:
                self.messages.settle(row.id, "suppressed", error="the contact has opted out")
                return None
            if self._waits_for_part(row, now):
                return None
            inside = self.contacts.in_window(contact, now, row.outside_at)
            template = None if inside else self._usable_template(contact, row)
            if template is None and not inside:
                self.messages.settle(row.id, "parked", error="outside the 24-hour window; goes out when they write")
                return None
            first = row.first_tried_at or now
            self.messages.settle(row.id, "sending", attempts=row.attempts + 1, first_tried_at=to_text(first))
        ready = replace(row, first_tried_at=first, attempts=row.attempts + 1)
        return ready if template is None else _as_template(ready, template)

    def _usable_template(self, contact: Contact, row: OutboxRow) -> Template | None:
        """The brand's template for such a message, unless WhatsApp has paused it."""
        sid = self._template_sid(row.purpose, contact.brand)
        if not sid or self.switches.is_off("template", sid):
            return None
        return Template(sid, {"1": contact.name or "", "2": row.body[:1000]})

    def _template_sid(self, purpose: str, brand: str) -> str | None:
        return self.brands[brand].templates.get(purpose) or None

    def _waits_for_part(self, row: OutboxRow, now: datetime) -> bool:
        out_at = None if row.after_id is None else self.messages.part_is_out(row.after_id, NEXT_PART)
        if out_at is None or out_at <= now:
            return False
        self.messages.settle(row.id, "ready", due_at=to_text(out_at))
        return True

    def _look_up(self, lease: Lease, row: OutboxRow) -> None:
        """An outcome that is not known is asked for at the provider before anything is said again."""
        try:
            answer = self.channel.look_up(row, self.messages.known_provider_ids(lease.contact_id))
        except (Unknown, Retry, Rejected) as doubt:
            self._look_later(row, LOOK_AGAIN * 5, doubt.sentence)
            return
        with self.db.transaction():
            self.turns.hold(lease)
            if isinstance(answer, Found):
                self._said(lease.contact_id, row, answer.provider_id)
            elif isinstance(answer, Ambiguous):
                self._bury(row.id, "the provider has several messages like it; read the chat before you replay it")
            elif self.clock() - (row.first_tried_at or self.clock()) >= GIVE_UP_LOOKING:
                self.messages.send_anew(row.id)
            else:
                self._look_later(row, LOOK_AGAIN, "not at the provider yet")

    def _try_again(self, row: OutboxRow, wait: Retry) -> None:
        if row.attempts >= min(wait.attempts or MOST_TRIES, MOST_TRIES) + 1:
            self._bury(row.id, wait.sentence, code=wait.code)
        else:
            backoff = timedelta(seconds=max(wait.after_seconds, 2.0 ** (row.attempts - 1)))
            self.messages.send_anew(row.id, wait=backoff)

    def _act_on_code(self, message_id: int, code: int | None) -> None:
        verdict = verdict_on(code)
        attempts = self.messages.get(message_id).attempts
        if verdict.action in (Action.RETRY, Action.RETRY_ONCE, Action.SLOW_DOWN, Action.LOOK_UP):
            self._try_failed_again(message_id, attempts, verdict.after_seconds, verdict.sentence, code)
        else:
            self._act(message_id, verdict.action, verdict.sentence, code)

    def _try_failed_again(self, message_id: int, attempts: int, wait: float, sentence: str, code: int | None) -> None:
        most = 1 if verdict_on(code).action is Action.RETRY_ONCE else MOST_TRIES
        if attempts > most:
            self._bury(message_id, sentence, code=code)
        else:
            self.messages.send_anew(message_id, wait=timedelta(seconds=max(wait, 2.0**attempts)))

    def _act(self, message_id: int, action: Action, sentence: str, code: int | None) -> None:
        """Do what the provider's error code asks for (the table is in the channel)."""
        message = self.messages.get(message_id)
        match action:
            case Action.NEEDS_TEMPLATE:
                self.messages.send_anew(message_id, outside=True)
            case Action.TEXT_WITH_LINK if self.messages.outbox_row(message_id).media_url:
                self.messages.link_instead_of_media(message_id)
            case Action.STOP_SENDER | Action.PARK_UNTIL_RESET:
                self.messages.send_anew(message_id, wait=SENDER_REST)
                self.switches.turn_off(*SENDER)
                log.error("nothing can be sent now (code %s): %s", code, sentence)
            case Action.SUPPRESS:
                self.contacts.opt_out(message.contact_id)
                self.messages.settle(message_id, "suppressed", error=sentence, error_code=code)
                self._part_for_good(message_id)
            case Action.NO_MARKETING:
                self.contacts.mark(message.contact_id, "marketing_off_at")
                self.messages.settle(message_id, "suppressed", error=sentence, error_code=code)
                self._part_for_good(message_id)
            case _:
                self._switch_off(message_id, action)
                self._bury(message_id, sentence, code=code)

    def _switch_off(self, message_id: int, action: Action) -> None:
        message = self.messages.get(message_id)
        if action is Action.BAD_ADDRESS:
            self.contacts.mark(message.contact_id, "unreachable_at")
        sid = self._template_sid(self.messages.outbox_row(message_id).purpose, message.brand)
        if action in (Action.DISABLE_TEMPLATE, Action.NEXT_TEMPLATE) and sid is not None:
            self.switches.turn_off("template", sid)

    def _bury(self, message_id: int, why: str, *, code: int | None = None) -> None:
        """To the dead-letter list, with the later parts of the same reply; staff are told."""
        message = self.messages.get(message_id)
        self.messages.settle(message_id, "dead", error=why, error_code=code)
        self.messages.cancel_rest(message_id, "an earlier part of this reply could not be sent")
        log.error("message %s is dead (code %s): %s", message_id, code, why)
        if message.metadata.get("alarm"):
            return  # a notice that staff cannot be reached would go to staff
        for notice in self.staff.alarm(message.brand, f"Message {message_id} could not be sent: {why}."):
            self.messages.put_out(notice.contact_id or message.contact_id, notice)
        self._part_for_good(message_id)

    def _part_for_good(self, message_id: int) -> None:
        """A farewell that is out, or that will never be: its person asked to be erased, and is."""
        if self.messages.outbox_row(message_id).farewell:
            self.erasure.erase(self.messages.get(message_id).contact_id)

    def _look_later(self, row: OutboxRow, wait: timedelta, why: str) -> None:
        self.messages.doubt(row.id, self.clock() + wait, why)


def in_parts(outgoing: Outgoing) -> Sequence[Outgoing]:
    """The message as WhatsApp takes it: long ones as several, buttons and pictures with the last."""
    texts = split_for_buttons(outgoing.body) if outgoing.buttons else split(outgoing.body)
    if len(texts) < 2:
        return [outgoing]
    bare = [replace(outgoing, body=text, buttons=(), media_url=None) for text in texts[:-1]]
    return [*bare, replace(outgoing, body=texts[-1])]


def _as_template(row: OutboxRow, template: Template) -> OutboxRow:
    return replace(row, content_sid=template.content_sid, content_variables=template.variables, buttons=())
