"""A wrong setting stops the start with its name and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, WrongSetting
from memory.settings import MemorySettings

TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "one,two",
    "TWILIO_WHATSAPP_FROM": "+14155238886",
    "PUBLIC_URL": "https://shop.example.com",
}


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.from_environment({})
    assert settings.simulated
    assert settings.port == 8000
    assert settings.reply_quiet_seconds == 1.5


def test_the_simulator_brings_a_member_of_staff_and_a_real_account_does_not() -> None:
    assert Settings.from_environment({}).staff == {"+14155550100": "admin"}
    assert Settings.from_environment({"STAFF": "+919876500002=staff"}).staff == {"+919876500002": "staff"}
    assert Settings.from_environment(TWILIO).staff == {}


def test_an_empty_setting_is_one_that_is_not_set() -> None:
    assert Settings.from_environment({"PORT": "", "STAFF": ""}).port == 8000


def test_two_tokens_during_a_rotation() -> None:
    settings = Settings.from_environment(TWILIO)
    assert not settings.simulated
    assert settings.twilio_auth_tokens == ("one", "two")


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("PORT", "http", "integer"),
        ("PORT", "70000", "65535"),
        ("PUBLIC_URL", "shop.example.com", "https://shop.example.com"),
        ("PUBLIC_URL", "https://shop.example.com/?a=b", "https://shop.example.com"),
        ("DATABASE_URL", "mysql://x", "sqlite:///"),
        ("SECRET_KEY", "short", "32"),
        ("SECRET_KEY", "n" * 32 + ",short", "32"),
        ("STAFF", "+919876500001=king", "admin"),
        ("STAFF", "9876500001=admin", "+919876500001=admin"),
        ("TWILIO_ACCOUNT_SID", "SK123", "AC"),
        ("TWILIO_WHATSAPP_FROM", "4155238886", "+14155238886"),
        ("META_ACCESS_TOKEN", "two words", "without spaces"),
        ("META_AD_ACCOUNTS", "111", "act_1234=voyage"),
        ("META_AD_ACCOUNTS", "act_111=", "act_1234=voyage"),
        ("META_PAGE_ID", "my page", "digits"),
        ("META_DATASET_ID", "D1", "digits"),
        ("META_WHATSAPP_ACCOUNT_ID", "+1415", "digits"),
        ("META_GRAPH_URL", "http://graph.example.com", "https"),
        ("META_GRAPH_URL", "http://127.0.0.1.example.com", "https"),
        ("META_GRAPH_URL", "http://127.0.0.1:80@example.com", "https"),
        ("REPLY_QUIET_SECONDS", "-1", "greater than or equal to 0"),
        ("REPLY_DEADLINE_SECONDS", "soon", "number"),
        ("MEMORY_AUTO_CLEANUP", "perhaps", "true or false"),
        ("LOG_LEVEL", "LOUD", "DEBUG"),
    ],
)
def test_a_wrong_value_names_itself_and_what_is_allowed(name: str, value: str, hint: str) -> None:
    with pytest.raises(WrongSetting) as wrong:
        Settings.from_environment({name: value})
    assert name in str(wrong.value)
    assert hint in str(wrong.value)


@pytest.mark.parametrize("missing", ["TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM", "PUBLIC_URL"])
def test_an_account_needs_the_rest_of_it(missing: str) -> None:
    with pytest.raises(WrongSetting, match=missing):
        Settings.from_environment({name: value for name, value in TWILIO.items() if name != missing})


META = {"META_ACCESS_TOKEN": "EAAsecret", "META_AD_ACCOUNTS": "act_111=voyage, act_222", "META_PAGE_ID": "700100"}


def test_ad_accounts_may_name_their_brand() -> None:
    assert Settings.from_environment(TWILIO | META).meta_ad_accounts == {"act_111": "voyage", "act_222": ""}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://localhost:9000/graph", "http://[::1]:9000"])
def test_a_graph_api_on_this_machine_needs_no_https(url: str) -> None:
    assert Settings.from_environment({**META, "META_GRAPH_URL": url}).meta_graph_url == url


@pytest.mark.parametrize("url", ["", "https://graph.facebook.com", "https://127.0.0.1.example.com"])
def test_real_ad_accounts_need_a_real_twilio(url: str) -> None:
    with pytest.raises(WrongSetting, match=r"TWILIO_ACCOUNT_SID.*practice") as wrong:
        Settings.from_environment({**META, "META_GRAPH_URL": url})
    assert "EAAsecret" not in str(wrong.value)


@pytest.mark.parametrize("missing", META)
def test_real_ad_accounts_need_the_rest(missing: str) -> None:
    rest = {name: value for name, value in META.items() if name != missing}
    with pytest.raises(WrongSetting, match=missing) as wrong:
        Settings.from_environment(rest)
    assert "EAAsecret" not in str(wrong.value)


def test_secrets_are_not_in_the_error() -> None:
    with pytest.raises(WrongSetting) as wrong:
        Settings.from_environment({"SECRET_KEY": "hunter2", "PORT": "x"})
    assert "hunter2" not in str(wrong.value)


def test_the_program_and_memory_read_one_truth() -> None:
    """What `ConversationMemory()` and `MemoryManager()` open without the program is what the program opens."""
    said = {"MEMORY_STORAGE_DIR": "elsewhere", "SESSION_TIMEOUT_HOURS": "2", "BRANDS_FILE": "ours.toml"}
    for environment in ({}, said, said | {"DATABASE_URL": "postgresql://host/shop"}):
        assert Settings.from_environment(environment).memory == MemorySettings.from_environment(environment)
    assert Settings.from_environment({}).database_url == "sqlite:///data/hawker.db"
    assert Settings.from_environment(said).database_path == Path("elsewhere/hawker.db")


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(WrongSetting) as wrong:
        Settings.from_environment({"PORT": "http", "MEMORY_MAX_CACHE_SIZE": "-1", "MEMORY_USE_REDIS": "maybe"})
    assert all(name in str(wrong.value) for name in ("PORT", "MEMORY_MAX_CACHE_SIZE", "MEMORY_USE_REDIS"))


@pytest.mark.parametrize(
    ("written", "entries"),
    [
        ("+919876500001=admin", [("+919876500001", "admin", ())]),
        ("+919876500001=admin@voyage", [("+919876500001", "admin", ("voyage",))]),
        ("+919876500001=staff@voyage+linkin", [("+919876500001", "staff", ("voyage", "linkin"))]),
        (
            "+919876500001=admin@voyage, +919876500001=staff@linkin",
            [("+919876500001", "admin", ("voyage",)), ("+919876500001", "staff", ("linkin",))],
        ),
    ],
)
def test_staff_are_bound_to_brands(written: str, entries: list[tuple[str, str, tuple[str, ...]]]) -> None:
    read = Settings.from_environment({"STAFF": written}).staff_entries
    assert [(each.number, each.role, each.brands) for each in read] == entries


@pytest.mark.parametrize("wrong", ["+919876500001=admin@", "+919876500001=boss@voyage", "+919876500001=admin@Voyage!"])
def test_a_staff_entry_that_names_no_brand_after_the_at_is_refused(wrong: str) -> None:
    with pytest.raises(WrongSetting, match="is not a number with a role"):
        Settings.from_environment({"STAFF": wrong})
