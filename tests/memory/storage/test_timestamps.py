from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.storage.timestamps import from_text, to_text

moments = st.datetimes(min_value=datetime(1900, 1, 2), timezones=st.just(UTC))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2026, 11, 21))


@given(moments, moments)
def test_text_keeps_the_moment_and_the_order(one: datetime, other: datetime) -> None:
    assert from_text(to_text(one)) == one
    assert (to_text(one) < to_text(other)) == (one < other)


def test_other_zones_are_stored_in_utc() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert to_text(datetime(2026, 11, 21, 5, 30, tzinfo=kolkata)) == "2026-11-21T00:00:00.000000Z"
