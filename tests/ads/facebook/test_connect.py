"""From the settings to the accounts, and to the doctor's terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from bot.ads.facebook import Facebook, connect
from bot.brands import read_brands
from bot.settings import Settings, WrongSetting
from bot.wiring.program import assemble
from memory.storage.timestamps import now
from tests.ads.facebook.graph_server import DATASET, PAGE, SECRET, TOKEN, WHATSAPP, GraphServer, refusing
from tests.world import environment

BRANDS = read_brands(Path("data/brands.toml"))
NUMBER = BRANDS["voyage"].whatsapp[0].removeprefix("+")


@pytest.fixture
def meta() -> Iterator[GraphServer]:
    with GraphServer() as server:
        server.linked = NUMBER
        server.opens("act_111")
        server.opens("act_222", currency="USD", time_zone="America/New_York", least=100)
        yield server


def settings(folder: Path, meta: GraphServer, **more: str) -> Settings:
    known = {
        "META_ACCESS_TOKEN": TOKEN,
        "META_APP_SECRET": SECRET,
        "META_AD_ACCOUNTS": "act_111=voyage,act_222=voyage",
        "META_PAGE_ID": PAGE,
        "META_DATASET_ID": DATASET,
        "META_WHATSAPP_ACCOUNT_ID": WHATSAPP,
        "META_GRAPH_URL": meta.url,
    }
    return Settings.from_environment({**environment(folder, 8000), **known, **more})


def connected(folder: Path, meta: GraphServer) -> Facebook:
    facebook = connect(settings(folder, meta), BRANDS, now)
    assert facebook is not None
    return facebook


def doctor(folder: Path, meta: GraphServer) -> Result:
    return assemble(settings(folder, meta)).web.test_cli_runner().invoke(args=["doctor"])


def test_each_account_lives_in_its_own_money(tmp_path: Path, meta: GraphServer) -> None:
    accounts = connected(tmp_path, meta).accounts
    assert {each.describe().currency: each.describe().brand for each in accounts.values()} == {
        "INR": "voyage",
        "USD": "voyage",
    }
    assert meta.complaints == []


def test_start_sends_no_request_and_shares_usage_in_a_file(tmp_path: Path, meta: GraphServer) -> None:
    facebook = connected(tmp_path, meta)
    assert meta.requests == []
    facebook.accounts["act_111"].describe()
    assert "act_111" in (tmp_path / "meta_usage.json").read_text()
    assert TOKEN not in (tmp_path / "meta_usage.json").read_text()


def test_without_a_token_there_are_no_real_accounts(tmp_path: Path) -> None:
    assert connect(Settings.from_environment(environment(tmp_path, 8000)), BRANDS, now) is None


def test_an_account_of_an_unknown_brand_stops_the_start(tmp_path: Path, meta: GraphServer) -> None:
    wrong = settings(tmp_path, meta, META_AD_ACCOUNTS="act_111=nobody")
    with pytest.raises(WrongSetting, match="act_111 needs its brand"):
        connect(wrong, BRANDS, now)


def test_the_doctor_tells_of_meta_on_the_terminal(tmp_path: Path, meta: GraphServer) -> None:
    told = doctor(tmp_path, meta).output
    for words in (
        "Meta token: it holds",
        "Meta page: it is linked",
        "Meta act_111: budgets in INR",
        "Meta act_222: budgets in USD",
    ):
        assert f"ok       {words}" in told
    assert len(meta.asked("GET debug_token")) == 1


def test_the_doctor_exits_1_for_an_invalid_token(tmp_path: Path, meta: GraphServer) -> None:
    meta.rule = lambda request: refusing(190, message=f"Malformed access token {TOKEN}")
    result = doctor(tmp_path, meta)
    assert result.exit_code == 1
    assert "PROBLEM  Meta token: Meta does not take the token" in result.output
    assert TOKEN not in result.output
