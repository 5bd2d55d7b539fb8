"""Charts, and their signed URLs."""

from __future__ import annotations

import base64
import hmac
import json
import struct
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.ads.reports.charts import OPEN_FOR, Gallery, NotDrawn, UnknownChart, daily_chart, png
from bot.language.money import Money
from memory.ads.charts import ChartGone, Charts
from memory.ads.figures import Figures
from memory.security.secret_keys import SecretKeys
from tests.ads.shop import AdShop
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

FIRST = date(2026, 11, 1)


def line(back: int, *, spend: int = 100, margin: int = 150, currency: str = "EUR", moving: bool = False) -> Figures:
    day = FIRST + timedelta(days=back)
    money = {name: Money(Decimal(amount), currency) for name, amount in (("spend", spend), ("margin", margin))}
    return Figures(
        key="all", name="", currency=currency, since=day, until=day, impressions=0, clicks=0, chats=0,
        platform_chats=None, leads=0, orders=0, revenue=Money(Decimal(400), currency), elsewhere=(), moving=moving, **money,
    )  # fmt: skip


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    db = migrated_database(tmp_path / "hawker.db")
    clock = TestClock()
    return Gallery(Charts(db, clock), SecretKeys(("a secret of the tests",)), "https://shop.example/", clock)


def token(address: str) -> str:
    return address.removeprefix("https://shop.example/chart/").removesuffix(".png")


def spec(**more: Any) -> dict[str, Any]:
    return daily_chart("Summer", "a note", [line(n, **more) for n in range(5)])


def test_a_chart_is_a_picture_wide_enough_for_a_phone(gallery: Gallery) -> None:
    picture = gallery.picture(token(gallery.share("voyage", spec())))
    assert picture.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert 1000 <= width <= 1600
    assert 600 <= height <= 1200


def test_the_chart_shows_spend_margin_and_profit_of_each_day() -> None:
    shown = daily_chart("Summer", "", [line(0), line(1, spend=200, moving=True)])
    assert shown["data"]["values"] == [
        {"day": "2026-11-01", "spend": 100.0, "margin": 150.0, "profit": 50.0, "kind": "profit", "moving": False},
        {"day": "2026-11-02", "spend": 200.0, "margin": 150.0, "profit": -50.0, "kind": "loss", "moving": True},
    ]
    assert shown["layer"][0]["encoding"]["y"]["title"] == "EUR a day"


def test_other_scripts_are_left_out_of_a_title() -> None:
    assert daily_chart("Été धूप · संग्रह 7", "", [line(0)])["title"]["text"] == "Été · 7"


@pytest.mark.parametrize("lines", [[], [line(0), line(1, currency="INR")]])
def test_no_lines_and_two_currencies_are_refused(lines: list[Figures]) -> None:
    with pytest.raises(ValueError, match="one currency"):
        daily_chart("Summer", "", lines)


def test_an_address_that_was_changed_or_made_up_opens_nothing(gallery: Gallery) -> None:
    first, second = (token(gallery.share("voyage", spec(spend=n))) for n in (1, 2))
    number, end, signature = first.split("-", 2)
    forged = [
        f"{second.split('-')[0]}-{end}-{signature}",
        f"{number}-{int(end) + 86400}-{signature}",
        f"{number}-{end}-{'A' * 43}",
        f"{number}-{end}",
        "1",
        "../secret_key",
        first + "\n",
    ]
    for each in forged:
        with pytest.raises(UnknownChart):
            gallery.picture(each)
    another = Gallery(gallery.charts, SecretKeys(("another secret",)), gallery.public_url, gallery.clock)
    with pytest.raises(UnknownChart):
        another.picture(first)


def test_an_address_opens_while_its_secret_is_set(gallery: Gallery) -> None:
    old = gallery.share("voyage", spec())
    number, end, _signature = token(old).split("-", 2)
    of_0_2_0 = hmac.digest(b"a secret of the tests", f"hawker chart {number} {end}".encode(), "sha256")
    addresses = (token(old), f"{number}-{end}-{base64.urlsafe_b64encode(of_0_2_0).decode().rstrip('=')}")
    between, after = (
        Gallery(gallery.charts, SecretKeys(each), gallery.public_url, gallery.clock)
        for each in (("another secret", "a secret of the tests"), ("another secret",))
    )
    for each in addresses:
        assert between.picture(each)
        with pytest.raises(UnknownChart):
            after.picture(each)


def test_an_address_runs_out_and_its_chart_goes(gallery: Gallery) -> None:
    clock = gallery.clock
    assert isinstance(clock, TestClock)
    address = token(gallery.share("voyage", spec()))
    clock.pass_by(hours=OPEN_FOR.total_seconds() / 3600 - 1)
    assert gallery.picture(address)
    clock.pass_by(hours=1)
    with pytest.raises(ChartGone, match="has run out"):
        gallery.picture(address)
    gallery.share("voyage", spec())
    with pytest.raises(ChartGone, match="no longer kept"):
        gallery.charts.spec(1)


def test_what_cannot_be_drawn_says_why() -> None:
    with pytest.raises(NotDrawn, match="could not be drawn"):
        png(json.dumps({"mark": "no such mark", "data": {"values": []}}))


def test_a_chart_fetches_nothing_from_elsewhere() -> None:
    outside = spec() | {"data": {"url": "http://127.0.0.1:9/figures.json"}}
    with pytest.raises(NotDrawn):
        png(json.dumps(outside))


def test_charts_use_the_accounts_or_the_brands_currency(tmp_path: Path) -> None:
    shop = AdShop(tmp_path)
    shop.agency.first_read()
    answers = shop.agency.answers
    spain = answers.chart_of("voyage", "summer spain", 14)
    assert spain.caption == "Summer, Voyage Spain Sunglasses: spend, margin and profit, the last 14 days in EUR."
    shown = answers.gallery.charts.spec(1)
    assert len(shown["data"]["values"]) == 14
    day = [each for each in shop.agency.memory.figures.of("voyage", "campaign", 1, account_id="act_9008")
           if each.name == "Summer"]  # fmt: skip
    assert shown["data"]["values"][-1]["spend"] == float(day[0].spend.amount)
    india = answers.chart_of("voyage", "voyage india sunglasses")
    assert india.caption.endswith("in INR.")
    both = answers.chart_of("voyage")
    assert both.caption == ("Voyage: spend, margin and profit, the last 30 days in EUR. Without INR: no rate is known.")


def test_there_is_no_chart_of_nothing(tmp_path: Path) -> None:
    answers = AdShop(tmp_path).agency.answers
    assert answers.chart_of("voyage").url is None
