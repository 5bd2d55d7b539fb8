"""Sorts received forms: messages into conversations, statuses onto what was sent; sets aside what nobody can read."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from bot.brands import BrandNumbers
from bot.channels.channel import Channel, DeliveryStatus, SetAside
from bot.delivery.outbox import Outbox
from memory.conversations.channel_messages import Inbound
from memory.conversations.messages import Messages
from memory.intake.received_forms import ReceivedForm, ReceivedForms, SetAsideReason, Sorted
from memory.people.contacts import identity_names
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

AT_ONCE = 50  # forms in a transaction: the webhook waits for it on SQLite, 20 ms
PAUSE_SECONDS = 0.03  # beside `wake`: SQLite does not report others' commits

Reading = Inbound | DeliveryStatus | SetAside


@dataclass(frozen=True, slots=True)
class SorterParts:
    db: Database
    forms: ReceivedForms
    messages: Messages
    outbox: Outbox
    channel: Channel
    numbers: BrandNumbers


class Sorter:
    """One thread of a worker process; over all processes one sorts at a time."""

    def __init__(
        self,
        parts: SorterParts,
        wake: threading.Event,
        done: threading.Event,
        *,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        """`wake` is set when a form has come, `done` when there are new messages or statuses."""
        self._parts = parts
        self._wake = wake
        self._done = done
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sort_until_stopping, name="sorter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finishes the batch under way."""
        self.halt()
        if self._thread.ident is not None:
            self._thread.join()

    def halt(self) -> None:
        """Safe in a signal handler."""
        self._stopping.set()
        self._wake.set()

    def sort_all(self) -> int:
        """Sort until no form waits; how many were taken. Raises DatabaseUnavailable."""
        total = 0
        while taken := self.sort_some():
            total += taken
        return total

    def sort_some(self) -> int:
        """Sort the oldest forms in one transaction, or one by one where one of them fails; how many were taken.

        Raises DatabaseUnavailable: they wait.
        """
        if not self._parts.forms.waiting(1):
            return 0
        try:
            with self._parts.db.transaction():
                self._parts.forms.sort_alone()
                forms = self._parts.forms.waiting(AT_ONCE)
                self._sort(forms)
        except DatabaseUnavailable:
            raise
        except Exception:  # the outermost edge of a batch: it is rolled back, and each form tried alone
            log.exception("a batch of received forms is sorted one by one")
            forms = self._parts.forms.waiting(AT_ONCE)
            for form in forms:
                self._sort_alone(form)
        if forms:
            self._done.set()
        return len(forms)

    def _sort_until_stopping(self) -> None:
        while not self._stopping.is_set():
            try:
                taken = self.sort_some()
            except DatabaseUnavailable as fault:
                log.error("received forms cannot be sorted: %s", fault)
                self._stopping.wait(1.0)
                continue
            if not taken:
                self._wake.wait(self._pause)
                self._wake.clear()

    def _sort_alone(self, form: ReceivedForm) -> None:
        parts = self._parts
        try:
            with parts.db.transaction():
                parts.forms.sort_alone()
                if parts.forms.is_waiting(form.id):
                    self._sort([form])
        except DatabaseUnavailable:
            raise
        except Exception as fault:  # the outermost edge of a form: the failure is counted, its neighbours go on
            over = parts.forms.count_failure(form)
            log.exception("form %s was not sorted%s", form.id, "; it is set aside" if over else "", exc_info=fault)

    def _sort(self, forms: Sequence[ReceivedForm]) -> None:
        parts = self._parts
        read = [(form, parts.channel.read_form(form.pairs(), form.query, form.received_at)) for form in forms]
        # All at once: two machines that take messages in never wait crosswise.
        parts.db.hold(*{name for _form, reading in read for name in self._identities(reading)})
        parts.forms.note([self._sort_one(form, reading) for form, reading in read])

    def _identities(self, reading: Reading) -> list[str]:
        if not isinstance(reading, Inbound):
            return []
        brand = self._parts.numbers.brand_of(reading.to)
        return [] if brand is None else identity_names(brand, reading.sender)

    def _sort_one(self, form: ReceivedForm, reading: Reading) -> Sorted:
        match reading:
            case SetAside(reason):
                return Sorted(form, set_aside=reason)
            case DeliveryStatus() as status:
                self._parts.outbox.note(status)
                sent = None if status.outbox_id is None else self._parts.messages.contact_of(status.outbox_id)
                return Sorted(form, contact_id=sent)
            case Inbound() as message:
                return self._take_in(form, message)

    def _take_in(self, form: ReceivedForm, message: Inbound) -> Sorted:
        brand = self._parts.numbers.brand_of(message.to)
        if brand is None:
            return Sorted(form, set_aside=SetAsideReason.NO_BRAND)
        self._parts.messages.take_in(brand, message, at=form.received_at)
        contact_id = self._parts.messages.sender_of(message.provider_id)
        return Sorted(form, contact_id, SetAsideReason.UNKNOWN_KIND if message.unread else None)
