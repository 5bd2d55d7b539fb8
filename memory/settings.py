"""Settings of memory, read from the environment by the program and by `MemoryManager()`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Range, Regexp

from bot.language.reading.interests import Term
from memory.environment import process_environment, read_environment, setting
from memory.security.transport_security import OutsideConnection, outside_connection, refused, verified
from memory.storage.errors import WrongMemorySetting

# Words for interests where there is no brands file.
SHIPPED_BRANDS = Path(__file__).parents[1] / "data" / "brands.toml"
TERMS = ("categories", "subcategories", "features")
LOCAL_REDIS = "redis://127.0.0.1:6379/0"
TEN_YEARS = 10 * 365 * 86400  # in seconds


class Switch(fields.Boolean):
    """true or false, 1 or 0, yes or no, on or off."""

    def __init__(self, *, load_default: bool) -> None:
        super().__init__(
            load_default=load_default,
            truthy={"true", "1", "yes", "on"},
            falsy={"false", "0", "no", "off"},
            error_messages={"invalid": "must be true or false"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        return super()._deserialize(str(value).lower(), attr, data, **more)


class WholeNumber(fields.Integer):
    """From 1 to `most`."""

    def __init__(self, most: int, *, load_default: int) -> None:
        allowed = f"must be a whole number from 1 to {most}"
        super().__init__(
            load_default=load_default,
            validate=Range(1, most, error=allowed),
            error_messages={"invalid": allowed, "too_large": allowed},
        )


_DATABASE_URL = Regexp(
    r"(sqlite:///|postgres(ql)?://).+\Z",
    error="must be sqlite:/// and a path, such as sqlite:///data/hawker.db, or postgresql://user@host/name",
)
_REDIS_URL = Regexp(
    r"(rediss?|unix)://.+\Z", error="must be the address of a Redis server, such as redis://host:6379/0"
)
DATABASE_KEY = Regexp(r"[0-9a-fA-F]{64}\Z", error="must be 64 hexadecimal digits; openssl rand -hex 32 makes them")


class HostNames(fields.Field[tuple[str, ...]]):
    """`one,two` → ("one", "two"), without ports."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> tuple[str, ...]:
        names = tuple(part.strip() for part in str(value).split(",") if part.strip())
        if any(not re.fullmatch(r"[\w.:-]+", name, re.A) for name in names):
            raise ValidationError("must be names of hosts separated by commas, such as db.internal,10.0.0.5")
        return names


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """Times are in seconds unless the name says otherwise."""

    # The database's folder, unless DATABASE_URL is set.
    storage_dir: str = setting("MEMORY_STORAGE_DIR", fields.String(load_default="data"))
    # Of the JSONL export.
    execution_records_dir: str = setting("MEMORY_EXECUTION_RECORDS_DIR", fields.String(load_default=""))
    use_redis: bool = setting("MEMORY_USE_REDIS", Switch(load_default=False))
    short_term_ttl: int = setting("MEMORY_SHORT_TERM_TTL", WholeNumber(TEN_YEARS, load_default=86400))
    enable_vector_search: bool = setting("MEMORY_ENABLE_VECTOR_SEARCH", Switch(load_default=True))
    vector_store: str = setting("MEMORY_VECTOR_STORE", fields.String(load_default="agent_memory"))
    # Silence that ends a workflow's session.
    session_timeout: int = setting("MEMORY_SESSION_TIMEOUT", WholeNumber(TEN_YEARS, load_default=3600))
    # Delete the data of ended workflows.
    auto_cleanup: bool = setting("MEMORY_AUTO_CLEANUP", Switch(load_default=True))
    # Messages kept of each workflow.
    max_conversation_history: int = setting("MEMORY_MAX_CONVERSATION_HISTORY", WholeNumber(100_000, load_default=100))
    # Of long-term values. Its size also limits the short-term values kept in the process.
    cache_enabled: bool = setting("MEMORY_CACHE_ENABLED", Switch(load_default=True))
    max_cache_size: int = setting("MEMORY_MAX_CACHE_SIZE", WholeNumber(10_000_000, load_default=1000))
    # Silence that ends a customer's session, and what a context shows of the conversation.
    session_timeout_hours: int = setting("SESSION_TIMEOUT_HOURS", WholeNumber(8760, load_default=24))
    max_messages_per_session: int = setting("MAX_MESSAGES_PER_SESSION", WholeNumber(1000, load_default=50))
    brands_file: str = setting("BRANDS_FILE", fields.String(load_default="data/brands.toml"))
    given_database_url: str = setting("DATABASE_URL", fields.String(load_default="", validate=_DATABASE_URL))
    database_key: str = setting("DATABASE_KEY", fields.String(load_default="", validate=DATABASE_KEY), secret=True)
    given_redis_url: str = setting("REDIS_URL", fields.String(load_default="", validate=_REDIS_URL))
    # Other machines to which connections need not be encrypted.
    plain_hosts: tuple[str, ...] = setting("PLAIN_HOSTS", HostNames(load_default=()))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str | None] | None = None) -> MemorySettings:
        """By default `.env`, overridden by the process environment. Raises WrongMemorySetting: a line per fault."""
        read, faults = read_environment(cls, process_environment() if environment is None else environment)
        if faults:
            raise WrongMemorySetting("\n".join(faults))
        settings = cls(**read)
        if plain := refused(settings.connections(), settings.plain_hosts):
            raise WrongMemorySetting("\n".join(plain))
        return settings

    def connections(self) -> list[OutsideConnection]:
        urls = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return [outside_connection(name, url) for name, url in urls.items() if url]

    @property
    def database_url(self) -> str:
        """`DATABASE_URL`, verified where it is encrypted; else a file in `storage_dir`."""
        url = self.given_database_url or f"sqlite:///{Path(self.storage_dir) / 'hawker.db'}"
        return verified(url, self.plain_hosts)

    @property
    def redis_url(self) -> str | None:
        """None keeps short-term memory in the process."""
        if self.given_redis_url:
            return self.given_redis_url
        return LOCAL_REDIS if self.use_redis else None

    @property
    def records_folder(self) -> Path:
        return Path(self.execution_records_dir or Path(self.storage_dir) / "execution_records")

    def first_brand(self) -> tuple[str, str]:
        """The first of the brands file, with its number; ("default", "") without a file. Raises WrongMemorySetting."""
        try:
            brands = self._brands()
            brand, about = next(iter(brands.items()))
            return brand, str(about["whatsapp"][0])
        except FileNotFoundError:
            return "default", ""
        except (OSError, ValueError, LookupError, TypeError, StopIteration) as fault:
            raise self._wrong_brands_file() from fault

    def shop_terms(self, brand: str) -> dict[str, dict[str, Term]]:
        """`categories`, `subcategories` and `features`, each by id; empty for an unknown brand. Raises WrongMemorySetting."""
        try:
            about = self._brands().get(brand, {})
        except FileNotFoundError:
            about = next(iter(_read(SHIPPED_BRANDS).values())) if SHIPPED_BRANDS.exists() else {}
        except (OSError, ValueError) as fault:
            raise self._wrong_brands_file() from fault
        try:
            return {group: {each: _read_term(term) for each, term in about.get(group, {}).items()} for group in TERMS}
        except (AttributeError, TypeError) as fault:
            raise self._wrong_brands_file() from fault

    def _brands(self) -> dict[str, Any]:
        return _read(Path(self.brands_file))

    def _wrong_brands_file(self) -> WrongMemorySetting:
        return WrongMemorySetting(
            f"BRANDS_FILE: {self.brands_file} names no brand with a number; see docs/catalogue.md"
        )


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _read_term(table: Mapping[str, Any]) -> Term:
    words_in = {language: tuple(words.split()) for language, words in table.get("words_in", {}).items()}
    return Term(names=table.get("names", {}), words=tuple(table.get("words", "").split()), words_in=words_in)
