"""Points in time: aware UTC everywhere, one fixed-width text in storage so that text order is time order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The machine's time; whoever needs time is given a `Clock`, so that tests can be given another."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`2026-11-21T04:57:16.123456Z`: always 27 characters. A moment without a zone is refused."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone; use datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


# The moment that `to_text` wrote. Not wrapped: a turn reads seventy. strptime takes fifty times as long.
from_text: Callable[[str], datetime] = datetime.fromisoformat
