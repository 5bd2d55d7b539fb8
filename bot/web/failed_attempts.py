"""Bad signatures and tokens, counted by address: who goes on is told to wait (429).

In the process's memory, not in the database: a stranger's request must not cause a write. Several processes allow several times
as many. What is right always passes: behind a proxy, and in a company, many share an address.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from werkzeug.exceptions import TooManyRequests

MOST_FAILURES = 20  # of one address in a window
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000  # then the one that failed longest ago is forgotten


@dataclass(slots=True)
class _Window:
    ends: float
    failures: int = 0


@dataclass(slots=True)
class FailedAttempts:
    """`clock` in seconds from anywhere."""

    clock: Callable[[], float] = time.monotonic
    _windows: OrderedDict[str, _Window] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, address: str | None) -> None:
        """Raises TooManyRequests after MOST_FAILURES in a window; it ends WINDOW_SECONDS after its first failure."""
        key, now = _network(address), self.clock()
        with self._lock:
            window = self._windows.get(key)
            if window is None or window.ends <= now:
                window = self._windows[key] = _Window(now + WINDOW_SECONDS)
            window.failures += 1
            self._windows.move_to_end(key)
            if len(self._windows) > MOST_ADDRESSES:
                self._windows.popitem(last=False)
        if window.failures > MOST_FAILURES:
            seconds = int(window.ends - now) + 1
            raise TooManyRequests(f"too many refused requests; wait {seconds} seconds", retry_after=seconds)


def _network(address: str | None) -> str:
    """IPv6 gives a customer 2^64 addresses: they count as one."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:  # a Unix socket has none
        return address or ""
    if found.version == 6 and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
