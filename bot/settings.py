"""The program's settings, read from the environment once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf, Range, Regexp

from bot.roles import ROLES, StaffEntry
from memory.environment import process_environment, read_environment, setting
from memory.security.secret_keys import SecretKeys, SecretTooShort
from memory.security.transport_security import OutsideConnection, outside_connection, refused
from memory.settings import DATABASE_KEY, MemorySettings

SIMULATED_STAFF = (StaffEntry("+14155550100", "admin"),)  # a number that North America keeps for fiction


class WrongSetting(Exception):
    pass


class StaffNumbers(fields.Field[tuple[StaffEntry, ...]]):
    """`+919876500001=admin,+919876500002=staff@voyage+linkin`: a number with its role, and the brands it is for."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[StaffEntry, ...]:
        return tuple(self._entry(entry) for entry in str(value).replace(" ", "").split(",") if entry)

    def _entry(self, written: str) -> StaffEntry:
        found = re.fullmatch(r"(\+[1-9]\d{6,14})=(\w+)(?:@([a-z0-9_-]+(?:\+[a-z0-9_-]+)*))?", written)
        role = next((each for each in ROLES if found and each == found[2]), None)
        if found is None or role is None:
            raise ValidationError(
                f"'{written}' is not a number with a role; write +919876500001=admin, or for some brands"
                f" +919876500001=admin@voyage+linkin, with a role of {', '.join(ROLES)}"
            )
        return StaffEntry(found[1], role, tuple(found[3].split("+")) if found[3] else ())


class CommaList(fields.Field[tuple[str, ...]]):
    """`one,two` → ("one", "two"); empty entries are dropped."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class AdAccounts(fields.Field[dict[str, str]]):
    """`act_1=voyage,act_2=voyage` → {account: brand}; the brand may be omitted (empty)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        entries = [entry.partition("=") for entry in str(value).replace(" ", "").split(",") if entry]
        for account, sign, brand in entries:
            if not re.fullmatch(r"act_[1-9]\d{0,24}", account) or (sign and not brand):
                raise ValidationError(
                    f"'{account}{sign}{brand}' is not an ad account; write act_1234 or, with its brand, act_1234=voyage"
                )
        return {account: brand for account, _sign, brand in entries}


def _matching(pattern: str, error: str, default: str = "") -> fields.String:
    """The default is not checked."""
    return fields.String(load_default=default, validate=Regexp(rf"(?:{pattern})\Z", error=error))


def _url(error: str, default: str = "") -> fields.String:
    return _matching(r"https?://[^\s/?#]+(/[^\s?#]*)?", error, default)


def _token_url(default: str) -> fields.String:
    return _matching(
        r"(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[^\s?#]*)?",
        "must be https, or http on this machine: the token goes there",
        default,
    )


def _check_secrets(text: str) -> None:
    try:
        SecretKeys.of(text)
    except SecretTooShort as short:
        raise ValidationError(f"{short}; or be left out") from short


def _meta_id() -> fields.String:
    return _matching(r"\d{1,25}", "must be digits only, as Meta shows the id")


@dataclass(frozen=True, slots=True)
class Settings:
    """`.env.example` explains each setting."""

    port: int = setting("PORT", fields.Integer(load_default=8000, validate=Range(1, 65535)))
    public_url: str = setting(
        "PUBLIC_URL", _url("must be the address that Twilio calls, such as https://shop.example.com")
    )
    forwarded_hops: int = setting("FORWARDED_HOPS", fields.Integer(load_default=0, validate=Range(0, 10)))
    database_new_key: str = setting(
        "DATABASE_NEW_KEY", fields.String(load_default="", validate=DATABASE_KEY), secret=True
    )
    secret_key: str = setting("SECRET_KEY", fields.String(load_default="", validate=_check_secrets), secret=True)
    catalogue_file: str = setting("CATALOGUE_FILE", fields.String(load_default="data/catalogue.csv"))
    staff_entries: tuple[StaffEntry, ...] = setting("STAFF", StaffNumbers(load_default=tuple))
    openai_api_key: str = setting("OPENAI_API_KEY", fields.String(load_default=""), secret=True)
    openai_base_url: str = setting(
        "OPENAI_BASE_URL",
        _url("must be an address such as https://api.openai.com/v1", "https://api.openai.com/v1"),
    )
    openai_model: str = setting("OPENAI_MODEL", fields.String(load_default="gpt-4.1-mini"))
    twilio_account_sid: str = setting(
        "TWILIO_ACCOUNT_SID", _matching("AC[0-9a-fA-F]{32}", "must be AC and 32 hexadecimal digits")
    )
    twilio_auth_tokens: tuple[str, ...] = setting("TWILIO_AUTH_TOKEN", CommaList(load_default=()), secret=True)
    twilio_whatsapp_from: str = setting(
        "TWILIO_WHATSAPP_FROM", _matching(r"\+[1-9]\d{6,14}", "must be a number such as +14155238886")
    )
    twilio_api_url: str = setting(
        "TWILIO_API_URL", _url("must be an address such as http://127.0.0.1:9000, or be left out")
    )
    meta_access_token: str = setting(
        "META_ACCESS_TOKEN", _matching(r"\S+", "must be a token without spaces"), secret=True
    )
    meta_app_secret: str = setting("META_APP_SECRET", _matching(r"\S+", "must be a secret without spaces"), secret=True)
    meta_ad_accounts: dict[str, str] = setting("META_AD_ACCOUNTS", AdAccounts(load_default=dict))
    meta_page_id: str = setting("META_PAGE_ID", _meta_id())
    meta_dataset_id: str = setting("META_DATASET_ID", _meta_id())
    meta_whatsapp_account_id: str = setting("META_WHATSAPP_ACCOUNT_ID", _meta_id())
    meta_graph_url: str = setting("META_GRAPH_URL", _token_url("https://graph.facebook.com"))
    asana_access_token: str = setting(
        "ASANA_ACCESS_TOKEN", _matching(r"\S+", "must be a token without spaces"), secret=True
    )
    asana_project: str = setting(
        "ASANA_PROJECT",
        _matching(r"\d{1,25}", "must be digits only, as the project's address in Asana shows them"),
    )
    asana_api_url: str = setting("ASANA_API_URL", _token_url("https://app.asana.com/api/1.0"))
    reply_quiet_seconds: float = setting("REPLY_QUIET_SECONDS", fields.Float(load_default=1.5, validate=Range(0, 30)))
    reply_deadline_seconds: float = setting(
        "REPLY_DEADLINE_SECONDS", fields.Float(load_default=12.0, validate=Range(1, 120))
    )
    resend_after_seconds: float = setting(
        "RESEND_AFTER_SECONDS", fields.Float(load_default=180.0, validate=Range(5, 600))
    )
    backup_dir: str = setting("BACKUP_DIR", fields.String(load_default=""))
    audit_days: int = setting("AUDIT_DAYS", fields.Integer(load_default=730, validate=Range(1, 36_500)))
    practice_days_per_hour: float = setting(
        "PRACTICE_DAYS_PER_HOUR", fields.Float(load_default=4.0, validate=Range(0, 240))
    )
    practice_customers_per_hour: float = setting(
        "PRACTICE_CUSTOMERS_PER_HOUR", fields.Float(load_default=20.0, validate=Range(0, 600))
    )
    log_level: str = setting(
        "LOG_LEVEL", fields.String(load_default="INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
    )
    memory: MemorySettings = field(default_factory=MemorySettings)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str | None] | None = None) -> Settings:
        """By default from this process's environment, with `.env` below it.

        Raises WrongSetting, one line per setting.
        """
        given = process_environment() if environment is None else environment
        own, own_faults = read_environment(cls, given)
        memory, memory_faults = read_environment(MemorySettings, given)
        if own_faults or memory_faults:
            raise WrongSetting("\n".join([*own_faults, *memory_faults]))
        return _complete(cls(**own, memory=MemorySettings(**memory)))

    @property
    def staff(self) -> dict[str, str]:
        """Numbers with the highest role that they have for any brand."""
        lowest_first = sorted(self.staff_entries, key=lambda entry: ROLES.index(entry.role))
        return {entry.number: entry.role for entry in lowest_first}

    @property
    def simulated(self) -> bool:
        """Whether the simulator stands in for Twilio."""
        return not self.twilio_account_sid

    @property
    def channel_api_url(self) -> str:
        """Empty while the channel is simulated."""
        return "" if self.simulated else self.twilio_api_url or "https://api.twilio.com"

    def connections(self) -> list[OutsideConnection]:
        """Those that leave this program; Meta's and Asana's settings take https only."""
        urls = {
            "OPENAI_BASE_URL": self.openai_base_url if self.openai_api_key else "",
            "TWILIO_API_URL": self.channel_api_url,
        }
        return [*self.memory.connections(), *(outside_connection(name, url) for name, url in urls.items() if url)]

    @property
    def local_url(self) -> str:
        """PUBLIC_URL, or this machine's own address."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"

    @property
    def brands_file(self) -> str:
        return self.memory.brands_file

    @property
    def database_url(self) -> str:
        return self.memory.database_url

    @property
    def database_key(self) -> str:
        """Encrypts the SQLite file; empty if it is not encrypted."""
        return self.memory.database_key

    @property
    def database_path(self) -> Path:
        """The SQLite file; with a server, where the file would be."""
        if self.on_server:
            return Path(self.memory.storage_dir) / "hawker.db"
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def on_server(self) -> bool:
        """Whether the database is PostgreSQL."""
        return not self.database_url.startswith("sqlite:///")


def get_settings() -> Settings:
    """The first design's name for `Settings.from_environment`."""
    return Settings.from_environment()


def _complete(settings: Settings) -> Settings:
    _require_whole_meta(settings)
    if bool(settings.asana_access_token) != bool(settings.asana_project):
        raise WrongSetting(
            "ASANA_ACCESS_TOKEN and ASANA_PROJECT go together; without both, tasks are listed in chat only"
        )
    if plain := refused(settings.connections(), settings.memory.plain_hosts):
        raise WrongSetting("\n".join(plain))
    if settings.on_server and settings.database_key:
        raise WrongSetting(
            "DATABASE_KEY encrypts a SQLite file; leave it out, and encrypt the PostgreSQL server's disk"
        )
    if settings.simulated and settings.meta_access_token and not _on_this_machine(settings.meta_graph_url):
        raise WrongSetting(
            "META_ACCESS_TOKEN is set and Twilio is simulated, so anybody at the simulator could move real money: set"
            " TWILIO_ACCOUNT_SID and what belongs to it, or leave META_ACCESS_TOKEN out for practice accounts"
        )
    if settings.simulated:
        return replace(settings, staff_entries=settings.staff_entries or SIMULATED_STAFF)
    needed = {
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_tokens,
        "TWILIO_WHATSAPP_FROM": settings.twilio_whatsapp_from,
        "PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise WrongSetting(f"TWILIO_ACCOUNT_SID is set, so {' and '.join(missing)} must be set, too")
    return settings


def _on_this_machine(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("127.0.0.1", "localhost", "::1")


def _require_whole_meta(settings: Settings) -> None:
    needed = {
        "META_ACCESS_TOKEN": settings.meta_access_token,
        "META_AD_ACCOUNTS": settings.meta_ad_accounts,
        "META_PAGE_ID": settings.meta_page_id,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing and (settings.meta_access_token or settings.meta_ad_accounts):
        raise WrongSetting(
            f"real ad accounts need {' and '.join(missing)}, too; without all of Meta's, ads are practice"
        )
