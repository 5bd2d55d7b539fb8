"""Timestamps: aware UTC, stored as fixed-width text that sorts by time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The system clock; code takes a `Clock` as an argument, so that tests can pass another."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`2026-11-21T04:57:16.123456Z`: always 27 characters. Raises ValueError without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone; use datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


# The moment that `to_text` wrote. Not wrapped: a turn reads seventy. strptime takes fifty times as long.
from_text: Callable[[str], datetime] = datetime.fromisoformat
