"""What is logged, and from whom."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.wiring.logs import log_at
from tests.delivery.message_path import PHONE, open_line

OURS = ("", "hawker", "bot", "memory")


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in OURS}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_no_phone_number_is_logged_at_debug_when_a_message_is_looked_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log_at("DEBUG")
    with open_line(tmp_path) as line:
        line.twilio.fail("error_500", who=PHONE)
        line.customer().says("my secret words")
        line.until(lambda: line.states() == ["delivered"])
    said = [
        (record.name, record.getMessage()) for record in caplog.records if record.name != "werkzeug"
    ]  # the test's server
    assert [name for name, text in said if PHONE.lstrip("+") in text or "secret words" in text] == []


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_the_level_is_ours_and_others_are_never_more_talkative_than_a_warning(level: str) -> None:
    log_at(level)
    own = logging.getLevelNamesMapping()[level]
    assert logging.getLogger("bot.delivery.worker").getEffectiveLevel() == own
    for other in ("urllib3.connectionpool", "openai._base_client", "httpx", "twilio.http_client", "apscheduler"):
        assert logging.getLogger(other).getEffectiveLevel() >= logging.WARNING
