"""The practice clock: faster than real time, and stopped while the program is."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ads.practice.decisions_file import DecisionsFile
from memory.storage.timestamps import Clock

MAX_STEP = timedelta(seconds=30)  # of real time since the last tick; after that nobody is there to tick


class PracticeClock:
    """One process ticks; all that share the decisions file read the same time."""

    def __init__(self, decisions: DecisionsFile, real: Clock, days_per_hour: float) -> None:
        self._decisions = decisions
        self._real = real
        self._speed = days_per_hour * 24
        decisions.begin(begun=real(), practice=real(), real=real())

    @property
    def begun(self) -> datetime:
        return self._decisions.times()["begun"]

    def __call__(self) -> datetime:
        kept = self._decisions.times()
        passed = min(max(self._real() - kept["real"], timedelta(0)), MAX_STEP)
        return kept["practice"] + passed * self._speed

    def tick(self) -> None:
        """At least every `MAX_STEP`, or the clock stops until the next."""
        self.skip(timedelta(0))

    def start(self) -> None:
        """After the program was stopped."""
        self._decisions.set_times(real=self._real())

    def skip(self, step: timedelta) -> None:
        self._decisions.set_times(practice=self() + step, real=self._real())
