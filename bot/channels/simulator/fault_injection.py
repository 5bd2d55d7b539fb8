"""Injects provider faults into the next calls, for all or one person."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    "throttle": "429 with Retry-After",
    "error_500": "500, nothing is taken",
    "error_503": "503 as an HTML page, nothing is taken",
    "hang": "nothing is taken and no answer comes",
    "answer_late": "the message is taken, the answer comes too late",
    "accept_late": "the message is taken, listed and answered only after some seconds, whether or not anybody waits",
    "lose_answer": "the message is taken, the connection breaks",
    "drop": "the connection breaks before the message is taken",
    "refuse": "the message is refused with a code",
    "fail": "the message is taken and fails later with a code",
    "callbacks_reversed": "status callbacks come in reverse order",
    "callbacks_twice": "each status callback comes twice",
    "callbacks_lost": "no status callback comes",
    "callbacks_late": "status callbacks come late",
    "webhook_twice": "a customer's message is delivered twice",
    "webhook_at_once": "a customer's message is delivered twice at the same instant",
    "webhook_never": "a customer's message is never delivered",
    "fetch_500": "500 where one message of this person is read",
    "media_late": "an attachment is not there at first (404)",
}


class NoSuchFault(ValueError):
    """The text lists the known kinds."""


@dataclass(slots=True)
class InjectedFault:
    """For everybody, or for `address` (whatsapp:…)."""

    kind: str
    times: int = 1
    address: str | None = None
    code: int | None = None  # for refuse and fail
    seconds: float = 1.0  # for throttle (Retry-After), hang, answer_late, accept_late, callbacks_late

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise NoSuchFault(f"no fault '{self.kind}'; there are {', '.join(KINDS)}")
        if self.kind in ("refuse", "fail") and not self.code:
            raise NoSuchFault(f"the fault '{self.kind}' needs a code, such as 63016")


class FaultPlan:
    def __init__(self) -> None:
        self._waiting: list[InjectedFault] = []
        self._lock = threading.Lock()

    def add(self, fault: InjectedFault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, address: str, *kinds: str) -> InjectedFault | None:
        """Uses up one occurrence."""
        with self._lock:
            for fault in self._waiting:
                if fault.kind in kinds and fault.address in (None, address):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]
