"""The way in under load: what arrives together is committed together, one wait for the disk for all of it."""

from __future__ import annotations

import threading

from memory.intake.received_forms import ReceivedForm, ReceivedForms
from memory.storage.errors import MemoryFault


class Intake:
    """Keeps received forms in durable batches.

    Whoever finds the door free commits for everybody who is waiting at it; the others find their work done.
    """

    def __init__(self, forms: ReceivedForms) -> None:
        self._forms = forms
        self._door = threading.Lock()
        self._list = threading.Lock()
        self._arrived: list[_Arrival] = []

    def keep(self, form: ReceivedForm) -> None:
        """Store one form durably before returning; one that is there already is ignored.

        Raises DatabaseUnavailable: nothing is stored, the provider should ask again.
        """
        arrival = _Arrival(form)
        with self._list:
            self._arrived.append(arrival)
        with self._door:
            if not arrival.done:
                self._commit_with(arrival)
        if arrival.fault is not None:
            raise arrival.fault

    def _commit_with(self, arrival: _Arrival) -> None:
        with self._list:
            batch, self._arrived = self._arrived, []
        # A leader that fell over took its batch with it: whoever is not done yet then commits alone.
        batch = batch if arrival in batch else [arrival, *batch]
        fault: MemoryFault | None = None
        try:
            self._forms.keep([each.form for each in batch])
        except MemoryFault as raised:
            fault = raised
        for each in batch:
            each.fault = fault
            each.done = True


class _Arrival:
    __slots__ = ("done", "fault", "form")

    def __init__(self, form: ReceivedForm) -> None:
        self.form = form
        self.done = False
        self.fault: MemoryFault | None = None
