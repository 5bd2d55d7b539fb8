"""The clock of leases, and of waits that decide whether something is done a second time: never a wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

# What ends later was written before the clock was set back.
LONGEST_LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=2)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class LeaseTime:
    """`tick`: microseconds from a start of the clock's own. Readings of two clocks cannot be compared."""

    clock_id: str
    tick: int

    def plus(self, wait: timedelta) -> LeaseTime:
        return replace(self, tick=self.tick + wait // timedelta(microseconds=1))

    def since(self, earlier: LeaseTime | None) -> timedelta | None:
        """None: unknown, as `earlier` is missing or of another clock (the machine was restarted)."""
        if earlier is None or earlier.clock_id != self.clock_id:
            return None
        return timedelta(microseconds=self.tick - earlier.tick)

    def values(self) -> dict[str, Any]:
        """The parameters of `is_held`."""
        return {"clock_id": self.clock_id, "tick": self.tick, "latest": self.plus(LONGEST_LEASE).tick}

    def wait_values(self) -> dict[str, Any]:
        """The parameters of `is_over`."""
        return {"clock_id": self.clock_id, "tick": self.tick, "longest": self.plus(LONGEST_WAIT).tick}


LeaseClock = Callable[[], LeaseTime]


def is_held(ends: str, clock_id: str = "clock_id") -> str:
    """SQL: whether a lease that ends at the tick in the column `ends` is still held; takes `LeaseTime.values`."""
    return f"({clock_id} = :clock_id AND {ends} > :tick AND {ends} <= :latest)"


def is_over(ends: str, clock_id: str = "clock_id") -> str:
    """SQL: whether a wait until the tick in the column `ends` is over; takes `LeaseTime.wait_values`.

    One that was begun on another clock is over, too.
    """
    return f"({ends} IS NULL OR {clock_id} <> :clock_id OR {ends} <= :tick OR {ends} > :longest)"


def machine_time(boot_id_file: Path = _BOOT_ID) -> LeaseTime:
    """One clock for all processes of this machine: it counts a suspended machine, and nobody can set it."""
    boot_id = _boot_id(boot_id_file)
    if boot_id is None:
        return LeaseTime("monotonic", time.monotonic_ns() // 1000)
    return LeaseTime(boot_id, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)


@cache
def _boot_id(file: Path) -> str | None:
    """None where the system is not Linux."""
    if not hasattr(time, "CLOCK_BOOTTIME") or not file.exists():
        return None
    return file.read_text().strip()
