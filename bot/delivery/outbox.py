"""Sends a contact's due messages in order; an unknown outcome is looked up before a retry."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.brands import Brand
from bot.channels.channel import (
    Ambiguous,
    Channel,
    DeliveryStatus,
    FailureAction,
    FailureVerdict,
    Found,
    Rejected,
    RetryLater,
    SendOutcomeUnknown,
)
from memory.conversations.channel_messages import DeliveryState, OutboxRow, Outgoing
from memory.conversations.messages import Messages
from memory.conversations.turns import Lease, Turns
from memory.people.contacts import Contact, Contacts
from memory.storage.database import Database
from memory.storage.job_runs import Switches
from memory.storage.timestamps import Clock, to_text
from memory.upkeep.erasure import Erasure

log = logging.getLogger(__name__)

MOST_TRIES = 8
LOOK_UP_AGAIN_AFTER = timedelta(seconds=1)
STOP_LOOKING_UP_AFTER = timedelta(seconds=6)  # the provider lists a message within two seconds
NEXT_PART = timedelta(seconds=3)  # sent at the latest then, even without a status of the part before
FAILED = (DeliveryState.FAILED, DeliveryState.UNDELIVERED)
REACHED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)
SENDER = ("sender", "account")  # switched off while the provider refuses everything
SENDER_REST = timedelta(minutes=5)


class StaffAlarm(Protocol):
    """Implemented by `bot.staff.staff_members.Staff`."""

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """Call it in a transaction."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The only caller of the channel's `send`."""

    db: Database
    contacts: Contacts
    messages: Messages
    turns: Turns
    switches: Switches
    channel: Channel
    clock: Clock
    brands: Mapping[str, Brand]  # by id; their approved templates
    staff: StaffAlarm
    erasure: Erasure  # of people whose farewell was sent

    def provider_fault(self) -> str | None:
        """Why sending is stopped for all contacts."""
        return "the provider refuses to send; run flask --app app doctor" if self.switches.is_off(*SENDER) else None

    def send_due(self, lease: Lease) -> None:
        """Oldest first, until one has to wait or an urgent message such as STOP must be answered first."""
        while (row := self.messages.next_out(lease.contact_id)) is not None:
            if row.due_at is not None and row.due_at > self.clock():
                return
            if self.turns.is_urgent(lease.contact_id):
                return
            if row.state == "ready":
                self._send(lease, row)
            else:
                self._look_up(lease, row)

    def note(self, status: DeliveryStatus) -> None:
        """A late failure is handled like an immediate one."""
        if status.outbox_id is None:
            return
        with self.db.transaction():
            moved = self.messages.note_status(
                status.outbox_id, status.state, provider_id=status.provider_id, error_code=status.error_code
            )
            if moved and status.state in FAILED:
                self._handle_failure(status.outbox_id, self.channel.verdict(status.error_code), status.error_code)
            elif moved and status.state in REACHED:
                self._erase_after_farewell(status.outbox_id)

    def _send(self, lease: Lease, row: OutboxRow) -> None:
        ready = self._prepare(lease, self.contacts.get(lease.contact_id), row)
        if ready is None:
            return
        try:
            provider_id = self.channel.send(ready)
        except SendOutcomeUnknown as doubt:
            self._look_up_later(row, LOOK_UP_AGAIN_AFTER, doubt.sentence)
        except RetryLater as later:
            with self.db.transaction():
                self.turns.hold(lease)
                self._retry(ready, later, backoff_seconds=2.0 ** (ready.attempts - 1))
        except Rejected as rejected:
            with self.db.transaction():
                self.turns.hold(lease)
                self._handle_failure(row.id, rejected.verdict, rejected.code)
        else:
            self._mark_sent(lease.contact_id, row, provider_id)

    def _mark_sent(self, contact_id: int, row: OutboxRow, provider_id: str) -> None:
        with self.db.transaction():
            self.messages.said(row.id, provider_id)
            if self.switches.is_off(*SENDER):
                self.switches.turn_on(*SENDER)
            if row.farewell:
                self.erasure.erase(contact_id)

    def _prepare(self, lease: Lease, contact: Contact, row: OutboxRow) -> OutboxRow | None:
        """Decides, and marks the row as sending, in one durable transaction."""
        now = self.clock()
        with self.db.transaction(durable=True):
            self.turns.hold(lease)
            if contact.opted_out_at is not None and not row.passes_optout:
                self.messages.settle(row.id, "suppressed", error="the contact has opted out")
                return None
            if self._waits_for_earlier_part(row, now):
                return None
            inside = self.contacts.in_window(contact, now, row.outside_at)
            template_id = None if inside else self._usable_template(contact.brand, row)
            if template_id is None and not inside:
                self.messages.settle(row.id, "parked", error="outside the 24-hour window; goes out when they write")
                return None
            first = row.first_tried_at or now
            self.messages.settle(row.id, "sending", attempts=row.attempts + 1, first_tried_at=to_text(first))
        ready = replace(row, first_tried_at=first, attempts=row.attempts + 1)
        if template_id is None:
            return ready
        variables = {"1": contact.name or "", "2": row.body[:1000]}
        return replace(ready, template_id=template_id, template_variables=variables, buttons=())

    def _usable_template(self, brand: str, row: OutboxRow) -> str | None:
        """None if WhatsApp paused it."""
        template_id = self._template_id(row.purpose, brand)
        return None if template_id is None or self.switches.is_off("template", template_id) else template_id

    def _template_id(self, purpose: str, brand: str) -> str | None:
        return self.brands[brand].templates.get(purpose) or None

    def _waits_for_earlier_part(self, row: OutboxRow, now: datetime) -> bool:
        out_at = None if row.after_id is None else self.messages.part_is_out(row.after_id, NEXT_PART)
        if out_at is None or out_at <= now:
            return False
        self.messages.settle(row.id, "ready", due_at=to_text(out_at))
        return True

    def _look_up(self, lease: Lease, row: OutboxRow) -> None:
        try:
            answer = self.channel.look_up(row, self.messages.known_provider_ids(lease.contact_id))
        except (RetryLater, Rejected) as doubt:
            self._look_up_later(row, LOOK_UP_AGAIN_AFTER * 5, doubt.sentence)
            return
        with self.db.transaction():
            self.turns.hold(lease)
            if isinstance(answer, Found):
                self._mark_sent(lease.contact_id, row, answer.provider_id)
            elif isinstance(answer, Ambiguous):
                self._dead_letter(
                    row.id, "the provider has several messages like it; read the chat before you replay it"
                )
            elif self.clock() - (row.first_tried_at or self.clock()) >= STOP_LOOKING_UP_AFTER:
                self.messages.send_anew(row.id)
            else:
                self._look_up_later(row, LOOK_UP_AGAIN_AFTER, "not at the provider yet")

    def _retry(self, row: OutboxRow, later: RetryLater, *, backoff_seconds: float) -> None:
        most = min(later.attempts or MOST_TRIES, MOST_TRIES)
        if row.attempts > most:
            self._dead_letter(row.id, later.sentence, code=later.code)
        else:
            self.messages.send_anew(row.id, wait=timedelta(seconds=max(later.after_seconds, backoff_seconds)))

    def _handle_failure(self, message_id: int, verdict: FailureVerdict, code: int | None) -> None:
        message = self.messages.get(message_id)
        match verdict.action:
            case FailureAction.RETRY | FailureAction.LOOK_UP:
                row = self.messages.outbox_row(message_id)
                later = RetryLater(verdict.sentence, verdict.after_seconds, code, verdict.attempts)
                self._retry(row, later, backoff_seconds=2.0**row.attempts)
            case FailureAction.NEEDS_TEMPLATE:
                self.messages.send_anew(message_id, outside=True)
            case FailureAction.LINK_INSTEAD_OF_MEDIA if self.messages.outbox_row(message_id).media_url:
                self.messages.link_instead_of_media(message_id)
            case FailureAction.STOP_SENDING:
                self.messages.send_anew(message_id, wait=SENDER_REST)
                self.switches.turn_off(*SENDER)
                log.error("nothing can be sent now (code %s): %s", code, verdict.sentence)
            case FailureAction.OPTED_OUT:
                self.contacts.opt_out(message.contact_id)
                self._suppress(message_id, verdict.sentence, code)
            case FailureAction.NO_MARKETING:
                self.contacts.mark(message.contact_id, "marketing_off_at")
                self._suppress(message_id, verdict.sentence, code)
            case FailureAction.UNREACHABLE:
                self.contacts.mark(message.contact_id, "unreachable_at")
                self._dead_letter(message_id, verdict.sentence, code=code)
            case FailureAction.TEMPLATE_UNUSABLE:
                template_id = self._template_id(self.messages.outbox_row(message_id).purpose, message.brand)
                if template_id is not None:
                    self.switches.turn_off("template", template_id)
                self._dead_letter(message_id, verdict.sentence, code=code)
            case _:
                log.error("message %s failed; fault of the %s", message_id, verdict.fault_of)
                self._dead_letter(message_id, verdict.sentence, code=code)

    def _suppress(self, message_id: int, why: str, code: int | None) -> None:
        self.messages.settle(message_id, "suppressed", error=why, error_code=code)
        self._erase_after_farewell(message_id)

    def _dead_letter(self, message_id: int, why: str, *, code: int | None = None) -> None:
        """Also cancels the later parts of the reply, and alarms staff."""
        message = self.messages.get(message_id)
        self.messages.settle(message_id, "dead", error=why, error_code=code)
        self.messages.cancel_rest(message_id, "an earlier part of this reply could not be sent")
        log.error("message %s is dead (code %s): %s", message_id, code, why)
        if message.metadata.get("alarm"):
            return  # no alarm about an alarm: it would go to the staff who cannot be reached
        for notice in self.staff.alarm(message.brand, f"Message {message_id} could not be sent: {why}."):
            self.messages.put_out(notice.contact_id or message.contact_id, notice)
        self._erase_after_farewell(message_id)

    def _erase_after_farewell(self, message_id: int) -> None:
        """Whether it was sent or given up."""
        if self.messages.outbox_row(message_id).farewell:
            self.erasure.erase(self.messages.get(message_id).contact_id)

    def _look_up_later(self, row: OutboxRow, wait: timedelta, why: str) -> None:
        self.messages.doubt(row.id, self.clock() + wait, why)
