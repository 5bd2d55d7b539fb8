"""The practice clock: faster than real time, and stopped while the program is."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ads.practice.decisions_file import DecisionsFile
from memory.storage.timestamps import Clock

LONGEST_STRETCH = timedelta(seconds=30)  # of real time since the last tick; after that nobody is there to tick


class PracticeClock:
    """One process ticks; all that share the decisions file read the same time."""

    def __init__(self, book: DecisionsFile, real: Clock, days_per_hour: float) -> None:
        self._book = book
        self._real = real
        self._speed = days_per_hour * 24
        book.begin(begun=real(), practice=real(), real=real())

    @property
    def begun(self) -> datetime:
        """The first start."""
        return self._book.times()["begun"]

    def __call__(self) -> datetime:
        kept = self._book.times()
        passed = min(max(self._real() - kept["real"], timedelta(0)), LONGEST_STRETCH)
        return kept["practice"] + passed * self._speed

    def tick(self) -> None:
        """At least every `LONGEST_STRETCH`, or the clock stops until the next."""
        self.skip(timedelta(0))

    def start(self) -> None:
        """After the program was stopped."""
        self._book.keep_times(real=self._real())

    def skip(self, stretch: timedelta) -> None:
        """Jump ahead."""
        self._book.keep_times(practice=self() + stretch, real=self._real())
