"""What the environment says about memory: the one place that reads it, for the program and for `MemoryManager()`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from bot.language.reading.interests import Term
from memory.storage.errors import WrongMemorySetting

# What a program in a folder of its own learns interests by, as long as it names no brands file.
SHIPPED_BRANDS = Path(__file__).parents[1] / "data" / "brands.toml"
TERMS = ("categories", "subcategories", "features")
LOCAL_REDIS = "redis://127.0.0.1:6379/0"
TEN_YEARS = 10 * 365 * 86400  # in seconds
YES, NO = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def _switch(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError("must be true or false")
    return text.lower() in YES


def _whole(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 12 or not 1 <= int(text) <= most:
            raise ValueError(f"must be a whole number from 1 to {most}")
        return int(text)

    return read


def _database(text: str) -> str:
    if not re.fullmatch(r"sqlite:///.+|postgres(ql)?://.+", text):
        raise ValueError(
            "must be sqlite:/// and a path, such as sqlite:///data/hawker.db, or postgresql://user@host/name"
        )
    return text


def _redis(text: str) -> str:
    if not re.fullmatch(r"(rediss?|unix)://.+", text):
        raise ValueError("must be the address of a Redis server, such as redis://host:6379/0")
    return text


def _key(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError("must be 64 hexadecimal digits; openssl rand -hex 32 makes them")
    return text


def _setting(name: str, default: Any, read: Callable[[str], Any]) -> Any:
    return field(default=default, metadata={"name": name, "read": read})


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """How memory is kept. Times are in seconds where the name says nothing else."""

    storage_dir: str = _setting("MEMORY_STORAGE_DIR", "data", str)  # the database's folder, unless DATABASE_URL is set
    execution_records_dir: str = _setting("MEMORY_EXECUTION_RECORDS_DIR", "", str)  # of the JSONL export
    use_redis: bool = _setting("MEMORY_USE_REDIS", False, _switch)
    short_term_ttl: int = _setting("MEMORY_SHORT_TERM_TTL", 86400, _whole(TEN_YEARS))
    enable_vector_search: bool = _setting("MEMORY_ENABLE_VECTOR_SEARCH", True, _switch)
    vector_store: str = _setting("MEMORY_VECTOR_STORE", "agent_memory", str)
    # Silence that ends a workflow's session.
    session_timeout: int = _setting("MEMORY_SESSION_TIMEOUT", 3600, _whole(TEN_YEARS))
    auto_cleanup: bool = _setting("MEMORY_AUTO_CLEANUP", True, _switch)  # drop what is over
    # Messages of a workflow.
    max_conversation_history: int = _setting("MEMORY_MAX_CONVERSATION_HISTORY", 100, _whole(100_000))
    cache_enabled: bool = _setting("MEMORY_CACHE_ENABLED", True, _switch)  # of long-term values that were read
    # Values in that cache; short-term ones, too.
    max_cache_size: int = _setting("MEMORY_MAX_CACHE_SIZE", 1000, _whole(10_000_000))
    # Silence that ends a customer's session, and what a context shows of the conversation.
    session_timeout_hours: int = _setting("SESSION_TIMEOUT_HOURS", 24, _whole(8760))
    max_messages_per_session: int = _setting("MAX_MESSAGES_PER_SESSION", 50, _whole(1000))
    brands_file: str = _setting("BRANDS_FILE", "data/brands.toml", str)
    given_database_url: str = _setting("DATABASE_URL", "", _database)
    database_key: str = field(default="", repr=False, metadata={"name": "DATABASE_KEY", "read": _key})
    given_redis_url: str = _setting("REDIS_URL", "", _redis)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> MemorySettings:
        """Read `environment`; by default `.env` and, above it, this process's own.

        Raises WrongMemorySetting, naming each wrong setting and what is allowed, a line each.
        """
        said = {**dotenv_values(".env"), **os.environ} if environment is None else environment
        given: dict[str, Any] = {}
        faults = []
        for each in fields(cls):
            name, text = each.metadata["name"], said.get(each.metadata["name"])
            try:
                given |= {each.name: each.metadata["read"](text)} if text else {}
            except ValueError as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise WrongMemorySetting("\n".join(faults))
        return cls(**given)

    @property
    def database_url(self) -> str:
        """Where everything is kept: `DATABASE_URL`, else a file in `storage_dir`."""
        return self.given_database_url or f"sqlite:///{Path(self.storage_dir) / 'hawker.db'}"

    @property
    def redis_url(self) -> str | None:
        """Where short-term memory is shared; None keeps it in the process."""
        if self.given_redis_url:
            return self.given_redis_url
        return LOCAL_REDIS if self.use_redis else None

    @property
    def records_folder(self) -> Path:
        """Where the execution records are exported to."""
        return Path(self.execution_records_dir or Path(self.storage_dir) / "execution_records")

    def first_brand(self) -> tuple[str, str]:
        """The brand that is meant where none is named, and its number: the first of the brands file.

        Without such a file it is ("default", ""), as in a script of its own. Raises WrongMemorySetting.
        """
        try:
            brands = self._brands()
            brand, about = next(iter(brands.items()))
            return brand, str(about["whatsapp"][0])
        except FileNotFoundError:
            return "default", ""
        except (OSError, ValueError, LookupError, TypeError, StopIteration) as fault:
            raise self._no_brands() from fault

    def shop_terms(self, brand: str) -> dict[str, dict[str, Term]]:
        """What customers call the brand's goods: `categories`, `subcategories` and `features`, each by its id.

        Without a brands file they are those of the shipped one's first brand; empty for a brand that the file does not
        name. Raises WrongMemorySetting.
        """
        try:
            about = self._brands().get(brand, {})
        except FileNotFoundError:
            about = next(iter(_read(SHIPPED_BRANDS).values())) if SHIPPED_BRANDS.exists() else {}
        except (OSError, ValueError) as fault:
            raise self._no_brands() from fault
        try:
            return {group: {each: _term(term) for each, term in about.get(group, {}).items()} for group in TERMS}
        except (AttributeError, TypeError) as fault:
            raise self._no_brands() from fault

    def _brands(self) -> dict[str, Any]:
        return _read(Path(self.brands_file))

    def _no_brands(self) -> WrongMemorySetting:
        return WrongMemorySetting(
            f"BRANDS_FILE: {self.brands_file} names no brand with a number; see docs/catalogue.md"
        )


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _term(told: Mapping[str, Any]) -> Term:
    words_in = {language: tuple(words.split()) for language, words in told.get("words_in", {}).items()}
    return Term(names=told.get("names", {}), words=tuple(told.get("words", "").split()), words_in=words_in)
