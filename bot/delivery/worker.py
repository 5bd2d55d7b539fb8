"""Claims due contacts, has turns answered, sends the replies."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.channels.channel import Channel
from bot.delivery.outbox import Outbox, StaffAlarm
from bot.delivery.sorter import Sorter
from bot.delivery.worker_locks import WorkerLocks
from memory.conversations.messages import Message
from memory.conversations.turns import Lease, Outcome, Turns
from memory.people.contacts import Contact, Contacts
from memory.storage.errors import DatabaseUnavailable, LeaseLost, StaleDraft, UnknownContact
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

MOST_REDRAFTS = 3
PAUSE_SECONDS = 0.05
RENEW_SECONDS = 3.0


class Pool(Protocol):
    """Runs turns beside each other; a ThreadPoolExecutor, but in simulations."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Future[Any]: ...

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...


class TurnHandler(Protocol):
    """Implemented by `bot.delivery.turn_router.TurnRouter`."""

    def answer(self, contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        """Writes and sends nothing itself."""


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """Built in `bot.wiring.delivery`."""

    contacts: Contacts
    turns: Turns
    outbox: Outbox
    handler: TurnHandler
    sorter: Sorter
    channel: Channel
    staff: StaffAlarm
    clock: Clock
    deadline: timedelta
    locks: WorkerLocks | None  # None: workers of several machines


class Worker:
    """A sorter, a claiming thread, a pool of turns, a thread that renews leases."""

    def __init__(
        self,
        parts: WorkerParts,
        wake: threading.Event,
        *,
        threads: int = 64,
        pause: float = PAUSE_SECONDS,
        pool: Pool | None = None,
        typing_pool: Pool | None = None,
    ) -> None:
        self.owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._parts = parts
        self._wake = wake
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._pool = pool or ThreadPoolExecutor(threads, thread_name_prefix="turn")
        self._typing_pool = typing_pool or ThreadPoolExecutor(4, thread_name_prefix="typing")
        self._threads = threads
        # Beside `wake`, a look every `pause` seconds: messages fall due, and SQLite does not report others' commits.
        self._pause = pause
        self._busy: dict[Future[None], Lease] = {}
        self._claiming = threading.Thread(target=self._claim_until_stopping, name="claims", daemon=True)
        self._renewing = threading.Thread(target=self._renew_until_stopped, name="pulse", daemon=True)

    def start(self) -> None:
        """Raises OSError where the data folder cannot be written."""
        if self._parts.locks is not None:
            self._parts.locks.take(self.owner)
        self._parts.sorter.start()
        self._claiming.start()
        self._renewing.start()

    def stop(self) -> None:
        """Finishes running turns, then stops renewing leases."""
        self.halt()
        self._parts.sorter.stop()
        self._claiming.join()
        self._pool.shutdown(wait=True)
        self._typing_pool.shutdown(wait=False, cancel_futures=True)
        self._stopped.set()
        self._renewing.join()
        if self._parts.locks is not None:
            self._parts.locks.give_back(self.owner)

    def run(self) -> None:
        """Blocks until `halt` is called."""
        self.start()
        self._stopping.wait()
        self.stop()

    def halt(self) -> None:
        """Makes `run` finish. Safe in a signal handler."""
        self._stopping.set()
        self._parts.sorter.halt()
        self._wake.set()

    def visit(self, lease: Lease) -> None:
        try:
            self._parts.outbox.send_due(lease)
            self._answer(lease)
            self._parts.outbox.send_due(lease)
        except (LeaseLost, UnknownContact) as lost:
            log.warning("contact %s: %s", lease.contact_id, lost)
        self._parts.turns.release(lease)

    def _claim_until_stopping(self) -> None:
        """Nothing is sent a second time before the statuses that came while no worker ran are read."""
        while not self._stopping.is_set() and not self._backlog_sorted():
            self._stopping.wait(1.0)
        while not self._stopping.is_set():
            try:
                if not self.claim():
                    self._wake.wait(self._pause)
                    self._wake.clear()
            except DatabaseUnavailable as fault:
                log.error("the queue cannot be read: %s", fault)
                self._stopping.wait(1.0)

    def _backlog_sorted(self) -> bool:
        try:
            self._parts.sorter.sort_all()
        except DatabaseUnavailable as fault:
            log.error("received forms cannot be sorted: %s", fault)
            return False
        return True

    def claim(self) -> bool:
        """Start turns of contacts that are due; False if there was none. Raises DatabaseUnavailable."""
        room = self._threads - len(self._busy)
        busy = {lease.contact_id for lease in list(self._busy.values())}
        leases = self._parts.turns.claim(self.owner, room, busy=busy)
        for lease in leases:
            work = self._pool.submit(self._visit_logging_faults, lease)
            self._busy[work] = lease
            work.add_done_callback(self._busy.pop)
            work.add_done_callback(lambda _: self._wake.set())
        return bool(leases)

    def _renew_until_stopped(self) -> None:
        while not self._stopped.is_set():
            try:
                if self._claiming.is_alive() or self._stopping.is_set():
                    self._parts.turns.beat(self.owner)
                self.renew()
                self._parts.outbox.tell_of_stopped_workers()
            except DatabaseUnavailable as fault:
                log.error("the leases cannot be renewed: %s", fault)
            self._stopped.wait(RENEW_SECONDS)

    def renew(self) -> None:
        """Extend the leases of running turns. Raises DatabaseUnavailable."""
        self._parts.turns.renew(list(self._busy.values()))

    def _visit_logging_faults(self, lease: Lease) -> None:
        try:
            self.visit(lease)
        except Exception:  # the worker's outermost edge: logged, other contacts go on
            # The lease is not released: the contact rests until it expires.
            log.exception("contact %s: unexpected failure; retried when its lease expires", lease.contact_id)

    def _answer(self, lease: Lease) -> None:
        """Repeated if newer messages arrive or the draft is stale."""
        for draft in range(1, MOST_REDRAFTS + 1):
            waiting = self._parts.turns.waiting(lease.contact_id)
            if not waiting or self._try_turn(lease, waiting, last_try=draft == MOST_REDRAFTS):
                return

    def _try_turn(self, lease: Lease, waiting: Sequence[Message], *, last_try: bool) -> bool:
        contact = self._parts.contacts.get(lease.contact_id)
        self._show_typing(waiting[-1])
        try:
            outcome = self._parts.handler.answer(contact, waiting, self._parts.clock() + self._parts.deadline)
            return self._parts.turns.finish(
                lease, waiting, outcome, split=self._parts.channel.limits.parts, last_try=last_try
            )
        except (LeaseLost, DatabaseUnavailable, UnknownContact):
            raise
        except StaleDraft as stale:
            log.info("contact %s: %s; the turn is answered again", contact.id, stale)
            if last_try:
                self._give_up_or_postpone(lease, contact, waiting, type(stale).__name__)
            return last_try
        except Exception as fault:  # the outermost edge of a turn: the failure is recorded on its messages
            log.exception("contact %s: the turn failed", contact.id)
            self._give_up_or_postpone(lease, contact, waiting, type(fault).__name__)
            return True

    def _give_up_or_postpone(self, lease: Lease, contact: Contact, waiting: Sequence[Message], fault: str) -> None:
        # In one transaction: a process that is killed in between would have told nobody.
        with self._parts.outbox.db.transaction():
            if self._parts.turns.postpone(lease, waiting, fault):
                notices = self._parts.staff.alarm(
                    contact.brand, f"{len(waiting)} message(s) could not be answered ({fault})."
                )
                self._parts.turns.speak(contact.id, notices, split=self._parts.channel.limits.parts)

    def _show_typing(self, message: Message) -> None:
        if message.provider_id and not self._stopping.is_set():
            self._typing_pool.submit(self._parts.channel.show_typing, message.provider_id)
