"""The way in under load: what arrives together is committed together, one wait for the disk for all of it."""

from __future__ import annotations

import threading

from memory.conversations.channel_messages import Inbound
from memory.conversations.messages import Messages
from memory.people.contacts import identity_names
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable, MemoryFault


class Intake:
    """Hands messages to `Messages.take_in` in durable batches.

    Whoever finds the door free commits for everybody who is waiting at it; the others find their work done.
    """

    def __init__(self, db: Database, messages: Messages) -> None:
        self._db = db
        self._messages = messages
        self._door = threading.Lock()
        self._list = threading.Lock()
        self._arrived: list[_Arrival] = []

    def take_in(self, brand: str, inbound: Inbound) -> int | None:
        """Store one message durably before returning; None when it was there already.

        Raises DatabaseUnavailable: nothing is stored, the provider should ask again.
        """
        arrival = _Arrival(brand, inbound)
        with self._list:
            self._arrived.append(arrival)
        with self._door:
            if not arrival.done:
                self._commit_with(arrival)
        if arrival.fault is not None:
            raise arrival.fault
        return arrival.message_id

    def _commit_with(self, arrival: _Arrival) -> None:
        with self._list:
            batch, self._arrived = self._arrived, []
        # A leader that fell over took its batch with it: whoever is not done yet then commits alone.
        batch = batch if arrival in batch else [arrival, *batch]
        try:
            self._commit(batch)
        except MemoryFault as fault:
            self._one_by_one(batch, fault)
        for each in batch:
            each.done = True

    def _commit(self, batch: list[_Arrival]) -> None:
        names = {name for arrival in batch for name in identity_names(arrival.brand, arrival.inbound.sender)}
        with self._db.transaction(durable=True):
            self._db.hold(*names)  # all at once and sorted: two machines' batches never wait crosswise
            for arrival in batch:
                arrival.message_id = self._messages.take_in(arrival.brand, arrival.inbound)

    def _one_by_one(self, batch: list[_Arrival], fault: MemoryFault) -> None:
        """One bad message must not keep its neighbours out."""
        if len(batch) == 1 or isinstance(fault, DatabaseUnavailable):  # nobody's message is the reason: all come again
            for arrival in batch:
                arrival.fault = fault
            return
        for arrival in batch:
            try:
                self._commit([arrival])
            except MemoryFault as own:
                arrival.fault = own


class _Arrival:
    __slots__ = ("brand", "done", "fault", "inbound", "message_id")

    def __init__(self, brand: str, inbound: Inbound) -> None:
        self.brand = brand
        self.inbound = inbound
        self.done = False
        self.message_id: int | None = None
        self.fault: MemoryFault | None = None
