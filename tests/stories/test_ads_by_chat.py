"""Staff ask after the ads, pause, think again, stop everything and resume, all from their WhatsApp."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.waiting import HANG_SECONDS
from tests.world import ADMIN, ANALYST, STAFF, MovableClock, World, open_shop

ROSTER = """
[[accounts]]
id = "act_9101"
brand = "voyage"
name = "Voyage India Sunglasses"
currency = "INR"
rupees = "1"
time_zone = "Asia/Kolkata"
daily_budget = "2000"
daily_cap = "9000"
ads = 3
seed = 1

[[accounts]]
id = "act_9102"
brand = "voyage"
name = "Voyage Spain Sunglasses"
currency = "EUR"
rupees = "100"
time_zone = "Europe/Madrid"
daily_budget = "60"
daily_cap = "300"
ads = 3
seed = 2
"""


@pytest.fixture
def shop(tmp_path: Path, clock: MovableClock) -> Iterator[World]:
    roster = tmp_path / "practice.toml"
    roster.write_text(ROSTER)
    with open_shop(tmp_path, clock=clock, roster=roster, PRACTICE_DAYS_PER_HOUR="1") as world:
        world.program.agency.first_read()
        yield world


def statuses(shop: World) -> list[str]:
    assert shop.program.agency.practice is not None
    return [account.structure().campaigns[0].status for account in shop.program.agency.practice.accounts]


def test_a_day_with_the_ads(shop: World) -> None:
    ana, sam, anne = shop.person(ADMIN), shop.person(STAFF), shop.person(ANALYST)

    figures = anne.says("how are the campaigns?")
    assert "INR" in figures and "EUR" in figures and "ROAS" in figures
    assert "Voyage Spain Sunglasses" in anne.says("¿summer en spain está ganando dinero?")
    assert "needs the role staff" in anne.says("pause summer spain")

    assert "fits 2 campaigns" in sam.says("pause summer")
    paused = sam.says("pause summer spain")
    assert "“Summer” in Voyage Spain Sunglasses is paused." in paused
    assert statuses(shop) == ["active", "paused"]
    undo = re.search(r"\*(undo \d+)\*", paused)
    assert undo is not None and "is put back" in sam.says(undo[1])
    assert statuses(shop) == ["active", "active"]

    assert "needs the role admin" in sam.says("stop everything")
    assert "2 campaigns in 2 accounts are paused." in ana.says("stop everything", replies=2)
    assert statuses(shop) == ["paused", "paused"]
    assert "An admin has stopped all ads." in sam.hears(5)[-1]
    assert "Everything is stopped" in sam.says("resume summer spain")
    assert "2 campaigns run again." in ana.says("resume", replies=2)
    assert statuses(shop) == ["active", "active"]


def test_a_chart_is_a_picture_that_the_phone_can_open(shop: World) -> None:
    anne = shop.person(ANALYST)
    [letter] = anne.phone.wait_for_reply(anne.phone.says("chart summer spain 14"))
    assert letter.media_url is not None
    answer = requests.get(shop.url + urlsplit(letter.media_url).path, timeout=HANG_SECONDS)
    assert answer.status_code == 200 and answer.content.startswith(b"\x89PNG")
