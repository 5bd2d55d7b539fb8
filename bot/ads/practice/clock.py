"""The time in the practice accounts: faster than ours, and standing still while the program does."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ads.practice.decisions_file import Book
from memory.storage.timestamps import Clock

LONGEST_STRETCH = timedelta(seconds=30)  # of real time since the last tick; after that nobody is there to tick


class PracticeClock:
    """A calendar that starts at the real moment of the first start and goes on at `days_per_hour`.

    One process ticks; all that share the book read the same time.
    """

    def __init__(self, book: Book, real: Clock, days_per_hour: float) -> None:
        self._book = book
        self._real = real
        self._speed = days_per_hour * 24
        book.begin(begun=real(), practice=real(), real=real())

    @property
    def begun(self) -> datetime:
        """When practice was started for the first time."""
        return self._book.times()["begun"]

    def __call__(self) -> datetime:
        kept = self._book.times()
        passed = min(max(self._real() - kept["real"], timedelta(0)), LONGEST_STRETCH)
        return kept["practice"] + passed * self._speed

    def tick(self) -> None:
        """Note how late it is, at least every half minute; else the clock waits for the next tick."""
        self.skip(timedelta(0))

    def start(self) -> None:
        """Go on from where it stood when the program was last stopped."""
        self._book.keep_times(real=self._real())

    def skip(self, stretch: timedelta) -> None:
        """Let this much more time pass at once."""
        self._book.keep_times(practice=self() + stretch, real=self._real())
