"""Sends a contact's due messages in order; an unknown outcome is looked up before a retry."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
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
    TooLateToSend,
)
from memory.conversations.channel_messages import IN_DOUBT, DeliveryState, FailureCause, OutboxRow, Outgoing
from memory.conversations.messages import Messages
from memory.conversations.turns import Lease, Turns
from memory.people.contacts import Contact, Contacts, OptOutCause
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable, LeaseLost, UnknownContact
from memory.storage.job_runs import Switches
from memory.storage.lease_clock import LONGEST_WAIT, LeaseClock, LeaseTime, machine_time
from memory.storage.timestamps import Clock
from memory.upkeep.erasure import Erasure

log = logging.getLogger(__name__)

MOST_TRIES = 8
MOST_UNANSWERED = 2  # tries that left no trace: then it is set aside for a person
MOST_FAULTS = 3
# When an open outcome is looked up, from the beginning of the try: docs/message.md says why.
LOOK_UPS = tuple(timedelta(seconds=seconds) for seconds in (1, 3, 8, 20, 60, 120))
LOOK_UP_AFTERWARDS = timedelta(seconds=60)
RESEND_AFTER = timedelta(seconds=180)
RESEND_DENIED_AFTER = timedelta(seconds=20)  # the provider answered that it failed: its work on the request is over
STOP_LOOKING_UP_AFTER = timedelta(minutes=10)  # where the provider answers no look-up
TELL_OF_STOPPED_AFTER = timedelta(minutes=2)
FAILED = (DeliveryState.FAILED, DeliveryState.UNDELIVERED)
REACHED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)
SENDER = ("sender", "account")  # switched off while the provider refuses everything
SENDER_REST = timedelta(minutes=5)


class StaffAlarm(Protocol):
    """Implemented by `bot.staff.staff_members.Staff`."""

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        """Call it in a transaction."""


@dataclass(frozen=True, slots=True)
class SendDeadline:
    """Given to the channel, which calls it before the bytes leave: the process may have been stopped meanwhile."""

    began: LeaseTime  # read before the message was marked as being sent
    within: timedelta
    clock: LeaseClock

    def __call__(self) -> None:
        passed = self.clock().since(self.began)
        if passed is None or not timedelta(0) <= passed <= self.within:
            raise TooLateToSend("this process was held up before it could send; nothing left it")


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
    machine_clock: LeaseClock = machine_time  # also where the database's clock is a server's: no network before a send
    resend_after: timedelta = RESEND_AFTER

    def provider_fault(self) -> str | None:
        """Why sending is stopped for all contacts."""
        return "the provider refuses to send; run flask --app app doctor" if self.switches.is_off(*SENDER) else None

    def send_due(self, lease: Lease) -> None:
        """Oldest first, until one has to wait or an urgent message such as STOP must be answered first."""
        while (message_id := self.messages.next_out_id(lease.contact_id)) is not None:
            try:
                if not self._advance(lease, message_id):
                    return
            except (LeaseLost, UnknownContact, DatabaseUnavailable):
                raise
            except Exception as fault:  # the outermost edge of a message: the next ones must not wait for it for ever
                log.exception("message %s could not be sent or looked up", message_id)
                self._note_fault(lease, message_id, type(fault).__name__)

    def tell_of_stopped_workers(self) -> None:
        """Customers wait for a process that does not go on: only a person can resume or end it."""
        for stopped in self.turns.stopped_workers(TELL_OF_STOPPED_AFTER):
            with self.db.transaction():
                if not self.turns.note_told(stopped.owner):
                    continue
                log.error("worker %s lives and does not go on; customers wait for it", stopped.owner)
                for brand in set(stopped.brands) & self.brands.keys():
                    text = f"The worker process {stopped.owner} does not go on, and customers wait for it: resume or end it."
                    for notice in self.staff.alarm(brand, text):
                        if notice.contact_id is not None:
                            self.messages.put_out(notice.contact_id, notice)

    def _advance(self, lease: Lease, message_id: int) -> bool:
        """One step with the contact's oldest message; False: wait."""
        row = self.messages.outbox_row(message_id)
        left = None if row.due is None else row.due.since(self.db.lease_time())
        if left is not None and timedelta(0) < left <= LONGEST_WAIT:
            return False
        if self.turns.is_urgent(lease.contact_id):
            return False
        if row.state == "ready":
            self._send(lease, row)
        else:
            self._look_up(lease, row)
        return True

    def note(self, status: DeliveryStatus) -> None:
        """A late failure is handled like an immediate one."""
        if status.outbox_id is None:
            return
        with self.db.transaction():
            moved = self.messages.note_status(
                status.outbox_id, status.state, provider_id=status.provider_id, error_code=status.error_code
            )
            if moved and status.state in FAILED and self.messages.aside(status.outbox_id).state == "failed":
                self._handle_failure(status.outbox_id, self.channel.verdict(status.error_code), status.error_code)
            elif moved and status.state in REACHED:
                self._erase_after_farewell(status.outbox_id)

    def _send(self, lease: Lease, row: OutboxRow) -> None:
        began = self.machine_clock()
        ready = self._prepare(lease, self.contacts.get(lease.contact_id), row)
        if ready is None:
            return
        try:
            provider_id = self.channel.send(ready, SendDeadline(began, self.turns.half_lease, self.machine_clock))
        except TooLateToSend as late:
            self._take_back(ready, late)
        except SendOutcomeUnknown as doubt:
            self.messages.doubt(ready, LOOK_UPS[0], doubt.sentence, denied=doubt.denied)
        # What is known for certain of this try is true whoever holds the contact by now.
        except RetryLater as later:
            with self.db.transaction():
                if self.messages.is_open(ready):
                    self._retry(ready, later, backoff_seconds=2.0 ** (ready.attempts - 1))
        except Rejected as rejected:
            with self.db.transaction():
                if self.messages.is_open(ready):
                    self._handle_failure(row.id, rejected.verdict, rejected.code)
        else:
            self._mark_sent(lease.contact_id, row, provider_id)

    def _mark_sent(self, contact_id: int, row: OutboxRow, provider_id: str) -> None:
        with self.db.transaction():
            self.messages.said(row.id, provider_id)
            if self.switches.is_off(*SENDER):
                self.switches.turn_on(*SENDER)
            if row.farewell:
                self.erasure.erase(contact_id, own_wish=True)

    def _take_back(self, row: OutboxRow, late: TooLateToSend) -> None:
        """Nothing left this process."""
        log.warning("message %s: %s", row.id, late.sentence)
        with self.db.transaction():
            if self.messages.is_open(row):
                self._retry(row, RetryLater(late.sentence, 0), backoff_seconds=0)

    def _prepare(self, lease: Lease, contact: Contact, row: OutboxRow) -> OutboxRow | None:
        """Decides, and marks the row as sending, in one durable transaction."""
        with self.db.transaction(durable=True):
            self.turns.hold_to_send(lease)
            if not self.messages.is_ready(row):  # a callback said meanwhile that it has arrived
                return None
            if self._is_unwanted(contact, row):
                why = "the contact has opted out"
                self.messages.set_aside(row.id, "suppressed", FailureCause.OPTED_OUT, why)
                return None
            inside = self.contacts.in_window(contact, self.clock(), row.outside_at)
            template_id = None if inside else self._usable_template(contact.brand, row)
            if template_id is None and not inside:
                why = "outside the 24-hour window; goes out when they write"
                self.messages.set_aside(row.id, "parked", FailureCause.OUTSIDE_WINDOW, why)
                return None
            ready = self.messages.begin_try(row, template_id)
        if template_id is None:
            return ready
        variables = {"1": contact.name or "", "2": row.body[:1000]}
        return replace(ready, template_variables=variables, buttons=())

    def _is_unwanted(self, contact: Contact, row: OutboxRow) -> bool:
        return contact.opted_out_at is not None and not row.passes_optout

    def _usable_template(self, brand: str, row: OutboxRow) -> str | None:
        """None if WhatsApp paused it."""
        template_id = self._template_id(row.purpose, brand)
        return None if template_id is None or self.switches.is_off("template", template_id) else template_id

    def _template_id(self, purpose: str, brand: str) -> str | None:
        return self.brands[brand].templates.get(purpose) or None

    def _look_up(self, lease: Lease, row: OutboxRow) -> None:
        age = self.db.lease_time().since(row.tried)
        if age is None or age < timedelta(0):
            row, age = self.messages.count_anew(row), timedelta(0)
        try:
            answer = self.channel.look_up(row, self.messages.known_provider_ids(lease.contact_id))
        except (RetryLater, Rejected) as doubt:
            self._look_up_failed(lease, row, age, doubt.sentence)
            return
        with self.db.transaction():
            self.turns.hold(lease)
            if not self.messages.is_open(row):
                return
            if isinstance(answer, Found):
                self._mark_sent(lease.contact_id, row, answer.provider_id)
            elif isinstance(answer, Ambiguous):
                why = "it may have arrived: the provider has several messages like it; read the chat"
                self._dead_letter(row.id, FailureCause.AMBIGUOUS, why)
            elif self._is_unwanted(self.contacts.get(lease.contact_id), row):  # it will not be sent again in any case
                self._suppress(row.id, "the contact has opted out", None)
            else:
                self._found_nothing(row, age)

    def _found_nothing(self, row: OutboxRow, age: timedelta) -> None:
        end = min(RESEND_DENIED_AFTER, self.resend_after) if row.denied else self.resend_after
        if age < end or not row.look_ups:  # one empty list may be a list that is behind
            wait = self._wait(age, end) if age < end else LOOK_UPS[3]
            self.messages.doubt(row, wait, "not at the provider yet", found_nothing=True)
        elif row.denied:
            failed = RetryLater("the provider failed each time, and has nothing of it", 0)
            self._retry(row, failed, backoff_seconds=2.0 ** (row.attempts - 1))
        elif row.unanswered + 1 < MOST_UNANSWERED:
            self.messages.send_anew(row.id, no_trace=True)
        else:
            why = "it may have arrived: the provider never answered, and lists nothing of it; read the chat"
            self._dead_letter(row.id, FailureCause.OUTCOME_UNKNOWN, why)

    def _look_up_failed(self, lease: Lease, row: OutboxRow, age: timedelta, why: str) -> None:
        if age < STOP_LOOKING_UP_AFTER:
            self.messages.doubt(row, self._wait(age, self.resend_after), why)
            return
        with self.db.transaction():
            self.turns.hold(lease)
            if self.messages.is_open(row):
                why = "it may have arrived: the provider answers no look-up; read the chat"
                self._dead_letter(row.id, FailureCause.OUTCOME_UNKNOWN, why)

    def _wait(self, age: timedelta, end: timedelta) -> timedelta:
        """From a look-up at `age` to the next one."""
        if age >= end:
            return LOOK_UP_AFTERWARDS
        return next((each for each in LOOK_UPS if age < each < end), end) - age

    def _note_fault(self, lease: Lease, message_id: int, fault: str) -> None:
        with self.db.transaction():
            self.turns.hold(lease)
            faults = self.messages.note_fault(message_id, fault, timedelta(seconds=2.0))
            if faults < MOST_FAULTS:
                return
            may_be_out = self.messages.aside(message_id).state == "unknown"
            possible = "it may have arrived: read the chat" if may_be_out else "it was not sent"
            self._dead_letter(message_id, FailureCause.PROGRAM_FAULT, f"{possible}; a fault of this program ({fault})")

    def _retry(self, row: OutboxRow, later: RetryLater, *, backoff_seconds: float) -> None:
        most = min(later.attempts or MOST_TRIES, MOST_TRIES)
        if row.attempts > most:
            self._dead_letter(row.id, FailureCause.TRIES_USED_UP, later.sentence, code=later.code)
        else:
            self.messages.send_anew(row.id, wait=timedelta(seconds=max(later.after_seconds, backoff_seconds)))

    def _handle_failure(  # noqa: C901 - one case for each verdict
        self, message_id: int, verdict: FailureVerdict, code: int | None
    ) -> None:
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
                told = self.contacts.opt_out(message.contact_id, OptOutCause.PROVIDER)
                self._suppress(message_id, verdict.sentence, code)
                if told:
                    text = f"Message {message_id} was not delivered: {verdict.sentence}. If they write, they are told so once."
                    for notice in self.staff.alarm(message.brand, text):
                        self.messages.put_out(notice.contact_id or message.contact_id, notice)
            case FailureAction.BLOCKED:
                self.contacts.opt_out(message.contact_id, OptOutCause.BLOCKED)
                self._suppress(message_id, verdict.sentence, code)
            case FailureAction.NO_MARKETING:
                self.contacts.mark(message.contact_id, "marketing_off_at")
                self._suppress(message_id, verdict.sentence, code)
            case FailureAction.UNREACHABLE:
                self.contacts.mark(message.contact_id, "unreachable_at")
                self._dead_letter(message_id, FailureCause.REFUSED, verdict.sentence, code=code)
            case FailureAction.TEMPLATE_UNUSABLE:
                template_id = self._template_id(self.messages.outbox_row(message_id).purpose, message.brand)
                if template_id is not None:
                    self.switches.turn_off("template", template_id)
                self._dead_letter(message_id, FailureCause.REFUSED, verdict.sentence, code=code)
            case _:
                log.error("message %s failed; fault of the %s", message_id, verdict.fault_of)
                self._dead_letter(message_id, FailureCause.REFUSED, verdict.sentence, code=code)

    def _suppress(self, message_id: int, why: str, code: int | None) -> None:
        self.messages.set_aside(message_id, "suppressed", FailureCause.OPTED_OUT, why, code)
        self._erase_after_farewell(message_id)

    def _dead_letter(self, message_id: int, cause: FailureCause, why: str, *, code: int | None = None) -> None:
        """Also cancels the later parts of the reply, and alarms staff. Call it in a transaction."""
        self.messages.set_aside(message_id, "dead", cause, why, code)
        self.messages.cancel_rest(message_id)
        log.error("message %s is dead (%s, code %s): %s", message_id, cause, code, why)
        message = self.messages.aside(message_id)
        if message.is_alarm or message.brand not in self.brands:
            return  # no alarm about an alarm: it would go to the staff who cannot be reached. A brand may be gone
        if cause in IN_DOUBT:
            text = f"Message {message_id}: {why}. `replay {message_id}` sends it again."
        else:
            text = f"Message {message_id} could not be sent: {why}."
        for notice in self.staff.alarm(message.brand, text):
            self.messages.put_out(notice.contact_id or message.contact_id, notice)
        self._erase_after_farewell(message_id)

    def _erase_after_farewell(self, message_id: int) -> None:
        """Whether it was sent or given up."""
        message = self.messages.aside(message_id)
        if message.is_farewell:
            self.erasure.erase(message.contact_id, own_wish=True)
