"""What the environment says: read once at the start, loud when wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from bot.roles import ROLES
from memory.settings import MemorySettings
from memory.storage.errors import WrongMemorySetting

SIMULATED_STAFF = {"+14155550100": "admin"}  # a number that North America keeps for fiction


class WrongSetting(Exception):
    """A setting that cannot be used; the text names it and says what is allowed."""


class StaffNumbers(fields.Field[dict[str, str]]):
    """`+919876500001=admin,+919876500002=staff` → {number: role}."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        entries = [entry.partition("=") for entry in str(value).replace(" ", "").split(",") if entry]
        for number, _sign, role in entries:
            if not re.fullmatch(r"\+[1-9]\d{6,14}", number) or role not in ROLES:
                raise ValidationError(
                    f"'{number}={role}' is not a number with a role; write +919876500001=admin,"
                    f" with a role of {', '.join(ROLES)}"
                )
        return {number: role for number, _sign, role in entries}


class CommaList(fields.Field[tuple[str, ...]]):
    """`one,two` → ("one", "two"); empty entries are dropped."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class AdAccounts(fields.Field[dict[str, str]]):
    """`act_1=voyage,act_2=voyage` → {account: brand}; the brand may be left out, and is then empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, str]:
        entries = [entry.partition("=") for entry in str(value).replace(" ", "").split(",") if entry]
        for account, sign, brand in entries:
            if not re.fullmatch(r"act_[1-9]\d{0,24}", account) or (sign and not brand):
                raise ValidationError(
                    f"'{account}{sign}{brand}' is not an ad account; write act_1234 or, with its brand, act_1234=voyage"
                )
        return {account: brand for account, _sign, brand in entries}


def _url(error: str) -> Regexp:
    return Regexp(r"(https?://[^\s/?#]+(/[^\s?#]*)?)?$", error=error)


_META_ID = Regexp(r"\d{0,25}$", error="must be digits only, as Meta shows the id")


class Environment(Schema):
    """Each setting with its type, its default and what is allowed. `.env.example` explains them; a test compares."""

    class Meta:
        unknown = EXCLUDE

    port = fields.Integer(load_default=8000, validate=Range(1, 65535), data_key="PORT")
    public_url = fields.String(
        load_default="",
        validate=_url("must be the address that Twilio calls, such as https://shop.example.com"),
        data_key="PUBLIC_URL",
    )
    database_new_key = fields.String(
        load_default="",
        validate=Regexp(r"([0-9a-fA-F]{64})?$", error="must be 64 hexadecimal digits: openssl rand -hex 32 makes them"),
        data_key="DATABASE_NEW_KEY",
    )
    secret_key = fields.String(
        load_default="",
        validate=Regexp(r"(.{32,})?$", error="must have at least 32 characters, or be left out"),
        data_key="SECRET_KEY",
    )
    catalogue_file = fields.String(load_default="data/catalogue.csv", data_key="CATALOGUE_FILE")
    staff = StaffNumbers(load_default=dict, data_key="STAFF")
    openai_api_key = fields.String(load_default="", data_key="OPENAI_API_KEY")
    openai_base_url = fields.String(
        load_default="https://api.openai.com/v1",
        validate=_url("must be an address such as https://api.openai.com/v1"),
        data_key="OPENAI_BASE_URL",
    )
    openai_model = fields.String(load_default="gpt-4.1-mini", validate=Length(min=1), data_key="OPENAI_MODEL")
    twilio_account_sid = fields.String(
        load_default="",
        validate=Regexp(r"(AC[0-9a-fA-F]{32})?$", error="must be AC and 32 hexadecimal digits"),
        data_key="TWILIO_ACCOUNT_SID",
    )
    twilio_auth_tokens = CommaList(load_default=(), data_key="TWILIO_AUTH_TOKEN")
    twilio_whatsapp_from = fields.String(
        load_default="",
        validate=Regexp(r"(\+[1-9]\d{6,14})?$", error="must be a number such as +14155238886"),
        data_key="TWILIO_WHATSAPP_FROM",
    )
    twilio_api_url = fields.String(
        load_default="",
        validate=_url("must be an address such as http://127.0.0.1:9000, or be left out"),
        data_key="TWILIO_API_URL",
    )
    meta_access_token = fields.String(
        load_default="",
        validate=Regexp(r"\S*$", error="must be a token without spaces"),
        data_key="META_ACCESS_TOKEN",
    )
    meta_app_secret = fields.String(
        load_default="",
        validate=Regexp(r"\S*$", error="must be a secret without spaces"),
        data_key="META_APP_SECRET",
    )
    meta_ad_accounts = AdAccounts(load_default=dict, data_key="META_AD_ACCOUNTS")
    meta_page_id = fields.String(load_default="", validate=_META_ID, data_key="META_PAGE_ID")
    meta_dataset_id = fields.String(load_default="", validate=_META_ID, data_key="META_DATASET_ID")
    meta_whatsapp_account_id = fields.String(load_default="", validate=_META_ID, data_key="META_WHATSAPP_ACCOUNT_ID")
    meta_graph_url = fields.String(
        load_default="https://graph.facebook.com",
        validate=Regexp(
            r"(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[^\s?#]*)?$",
            error="must be https, or http on this machine: the token goes there",
        ),
        data_key="META_GRAPH_URL",
    )
    asana_access_token = fields.String(
        load_default="",
        validate=Regexp(r"\S*$", error="must be a token without spaces"),
        data_key="ASANA_ACCESS_TOKEN",
    )
    asana_project = fields.String(
        load_default="",
        validate=Regexp(r"\d{0,25}$", error="must be digits only, as the project's address in Asana shows them"),
        data_key="ASANA_PROJECT",
    )
    asana_api_url = fields.String(
        load_default="https://app.asana.com/api/1.0",
        validate=Regexp(
            r"(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[^\s?#]*)?$",
            error="must be https, or http on this machine: the token goes there",
        ),
        data_key="ASANA_API_URL",
    )
    reply_quiet_seconds = fields.Float(load_default=1.5, validate=Range(0, 30), data_key="REPLY_QUIET_SECONDS")
    reply_deadline_seconds = fields.Float(load_default=12.0, validate=Range(1, 120), data_key="REPLY_DEADLINE_SECONDS")
    backup_dir = fields.String(load_default="", data_key="BACKUP_DIR")
    practice_days_per_hour = fields.Float(load_default=4.0, validate=Range(0, 240), data_key="PRACTICE_DAYS_PER_HOUR")
    practice_customers_per_hour = fields.Float(
        load_default=20.0, validate=Range(0, 600), data_key="PRACTICE_CUSTOMERS_PER_HOUR"
    )
    log_level = fields.String(
        load_default="INFO",
        validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]),
        data_key="LOG_LEVEL",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides; made once by `from_environment`, handed on as an argument."""

    port: int
    public_url: str
    database_new_key: str = field(repr=False)
    secret_key: str
    catalogue_file: str
    staff: dict[str, str]
    openai_api_key: str
    openai_base_url: str
    openai_model: str
    twilio_account_sid: str
    twilio_auth_tokens: tuple[str, ...]
    twilio_whatsapp_from: str
    twilio_api_url: str
    meta_access_token: str
    meta_app_secret: str
    meta_ad_accounts: dict[str, str]
    meta_page_id: str
    meta_dataset_id: str
    meta_whatsapp_account_id: str
    meta_graph_url: str
    asana_access_token: str = field(repr=False)
    asana_project: str
    asana_api_url: str
    reply_quiet_seconds: float
    reply_deadline_seconds: float
    backup_dir: str
    practice_days_per_hour: float
    practice_customers_per_hour: float
    log_level: str
    memory: MemorySettings

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `environment`; by default `.env` and, above it, this process's own.

        Raises WrongSetting, naming each wrong setting and what is allowed.
        """
        said = {**dotenv_values(".env"), **os.environ} if environment is None else environment
        given = {name: value for name, value in said.items() if value}
        memory, faults = _memory(given)
        try:
            read = Environment().load(given)
        except ValidationError as error:
            raise WrongSetting("\n".join(filter(None, [_sentences(error), faults]))) from error
        if faults:
            raise WrongSetting(faults)
        return _complete(cls(**read, memory=memory))

    @property
    def simulated(self) -> bool:
        """Whether the small Twilio on this machine stands in for the real one."""
        return not self.twilio_account_sid

    @property
    def channel_api_url(self) -> str:
        """The API of the messaging provider; empty while it is simulated."""
        return "" if self.simulated else self.twilio_api_url or "https://api.twilio.com"

    @property
    def local_url(self) -> str:
        """Where this program is reached: PUBLIC_URL, or this machine's own address where none is set."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"

    @property
    def brands_file(self) -> str:
        """Where the brands are described."""
        return self.memory.brands_file

    @property
    def database_url(self) -> str:
        """Where everything is kept: a SQLite file or a PostgreSQL server."""
        return self.memory.database_url

    @property
    def database_key(self) -> str:
        """What the SQLite file is encrypted with; empty where it is not."""
        return self.memory.database_key

    @property
    def database_path(self) -> Path:
        """The SQLite file that `DATABASE_URL` names; where a server is named, the place a file would have."""
        if self.on_server:
            return Path(self.memory.storage_dir) / "hawker.db"
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def on_server(self) -> bool:
        """Whether several machines may share the database."""
        return not self.database_url.startswith("sqlite:///")


def get_settings() -> Settings:
    """What `.env` and this process's environment say, under the name of the first design. Raises WrongSetting."""
    return Settings.from_environment()


def _memory(given: Mapping[str, str]) -> tuple[MemorySettings, str]:
    """What memory reads of the environment, and what is wrong there."""
    try:
        return MemorySettings.from_environment(given), ""
    except WrongMemorySetting as wrong:
        return MemorySettings(), str(wrong)


def _complete(settings: Settings) -> Settings:
    _require_whole_meta(settings)
    if bool(settings.asana_access_token) != bool(settings.asana_project):
        raise WrongSetting(
            "ASANA_ACCESS_TOKEN and ASANA_PROJECT go together; without both, tasks are listed in chat only"
        )
    if settings.on_server and settings.database_key:
        raise WrongSetting(
            "DATABASE_KEY encrypts a SQLite file; leave it out, and encrypt the PostgreSQL server's disk"
        )
    if settings.simulated:
        return replace(settings, staff=settings.staff or dict(SIMULATED_STAFF))
    needed = {
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_tokens,
        "TWILIO_WHATSAPP_FROM": settings.twilio_whatsapp_from,
        "PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise WrongSetting(f"TWILIO_ACCOUNT_SID is set, so {' and '.join(missing)} must be set, too")
    return settings


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


def _sentences(error: ValidationError) -> str:
    faults: dict[str, list[str]] = error.messages_dict
    return "\n".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in sorted(faults.items()))
