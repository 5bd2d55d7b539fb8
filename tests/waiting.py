"""Waiting for another thread or process. The limit ends a test that would hang for ever; it never decides a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

HANG_SECONDS: Final = 300.0  # a busy machine is slow, not wrong


class Latch:
    """Opens when it was waited for `count` times, and stays open: whoever comes again, after a lost lease, passes."""

    def __init__(self, count: int) -> None:
        self._missing = count
        self._came = threading.Condition()

    def wait(self) -> None:
        with self._came:
            self._missing -= 1
            self._came.notify_all()
            assert self._came.wait_for(lambda: self._missing <= 0, HANG_SECONDS), f"{self._missing} did not come"


def wait_until(true: Callable[[], bool], what: Callable[[], object] = lambda: "it did not become so") -> None:
    """Ask every 20 ms, for what wakes nobody; `what` is shown where it never comes true."""
    pause, end = threading.Event(), time.monotonic() + HANG_SECONDS
    while not true():
        assert time.monotonic() < end, what()
        pause.wait(0.02)
