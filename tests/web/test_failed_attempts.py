from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import request
from werkzeug.exceptions import TooManyRequests

from bot.settings import Settings
from bot.web.access import public
from bot.web.failed_attempts import MOST_ADDRESSES, MOST_FAILURES, WINDOW_SECONDS, FailedAttempts
from bot.wiring.program import assemble
from tests.world import environment


@dataclass
class Seconds:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def exhausted(address: str, seconds: Seconds) -> FailedAttempts:
    attempts = FailedAttempts(seconds)
    for _ in range(MOST_FAILURES):
        attempts.count(address)
    return attempts


def refused(attempts: FailedAttempts, address: str | None) -> bool:
    try:
        attempts.count(address)
    except TooManyRequests:
        return True
    return False


def test_the_limit_holds_until_the_window_ends() -> None:
    seconds = Seconds()
    attempts = exhausted("192.0.2.1", seconds)
    seconds.now += WINDOW_SECONDS - 1
    with pytest.raises(TooManyRequests) as told:
        attempts.count("192.0.2.1")
    assert told.value.retry_after == 2
    seconds.now += 1
    assert not refused(attempts, "192.0.2.1")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", None, True),
    ],
)
def test_failures_count_by_address_and_network(first: str, second: str | None, same: bool) -> None:
    assert refused(exhausted(first, Seconds()), second) is same


def test_many_addresses_forget_the_one_that_failed_longest_ago() -> None:
    attempts = exhausted("192.0.2.1", Seconds())
    for number in range(MOST_ADDRESSES):
        attempts.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert not refused(attempts, "192.0.2.1")


@pytest.mark.parametrize(
    ("hops", "forwarded", "counted"),
    [
        ("0", "198.51.100.7", "127.0.0.1"),
        ("1", "198.51.100.7", "198.51.100.7"),
        ("1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the first was made up by the client
        ("2", "198.51.100.7, 10.0.0.1", "198.51.100.7"),
        ("2", "198.51.100.7", "127.0.0.1"),  # a proxy was left out: not believed
    ],
)
def test_a_forwarded_address_counts_only_by_configured_proxies(
    tmp_path: Path, hops: str, forwarded: str, counted: str
) -> None:
    web = assemble(Settings.from_environment(environment(tmp_path, 8000, FORWARDED_HOPS=hops))).web
    web.add_url_rule("/seen", "seen", public(lambda: str(request.remote_addr)))
    assert web.test_client().get("/seen", headers={"X-Forwarded-For": forwarded}).text == counted
