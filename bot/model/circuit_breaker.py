"""A circuit breaker for the model server."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from bot.model.model_errors import ModelUnavailable, Reason
from memory.storage.timestamps import Clock

LONGEST_REST = 600.0  # seconds, whatever the server asks for


class CircuitBreaker:
    """Opens after `failures` in a row; then lets one probe through at the end of each rest."""

    def __init__(self, clock: Clock, *, failures: int = 5, rest_seconds: float = 30.0) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest_seconds
        self._guard = threading.Lock()
        self._failed = 0
        self._open_until: datetime | None = None
        self._probing = False

    def enter(self) -> None:
        """Before a request; then call exactly one of the methods below.

        Raises ModelUnavailable while open, or while another thread probes.
        """
        with self._guard:
            if self._open_until is None:
                return
            wait = (self._open_until - self._clock()).total_seconds()
            if wait > 0 or self._probing:
                raise ModelUnavailable(
                    Reason.BREAKER_OPEN, "the model failed before and is left alone", retry_after=max(wait, 0.0)
                )
            self._probing = True

    def worked(self) -> None:
        with self._guard:
            self._failed, self._open_until, self._probing = 0, None, False

    def failed(self, rest: float | None = None) -> None:
        """`rest`: the server's Retry-After in seconds, which opens at once."""
        with self._guard:
            self._failed += 1
            if rest is not None or self._probing or self._failed >= self._most:
                seconds = min(self._rest if rest is None else rest, LONGEST_REST)
                self._open_until = self._clock() + timedelta(seconds=seconds)
            self._probing = False

    def nothing_learned(self) -> None:
        """The words were refused, or no time was left: nothing about the server."""
        with self._guard:
            self._probing = False
