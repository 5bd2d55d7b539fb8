"""What the environment says about memory. Read only when nobody hands settings over, as `MemoryManager()` does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from memory.errors import WrongMemorySetting

YES, NO = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def _switch(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError("must be true or false")
    return text.lower() in YES


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("must be a whole number from 1")
    return int(text)


def _setting(name: str, default: Any, read: Callable[[str], Any]) -> Any:
    return field(default=default, metadata={"name": name, "read": read})


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """How agents' memory is kept. Times are in seconds."""

    storage_dir: str = _setting("MEMORY_STORAGE_DIR", "data", str)  # the database's folder, unless DATABASE_URL is set
    execution_records_dir: str = _setting("MEMORY_EXECUTION_RECORDS_DIR", "", str)  # of the JSONL export
    use_redis: bool = _setting("MEMORY_USE_REDIS", False, _switch)
    short_term_ttl: int = _setting("MEMORY_SHORT_TERM_TTL", 86400, _whole)
    enable_vector_search: bool = _setting("MEMORY_ENABLE_VECTOR_SEARCH", True, _switch)
    vector_store: str = _setting("MEMORY_VECTOR_STORE", "agent_memory", str)
    session_timeout: int = _setting("MEMORY_SESSION_TIMEOUT", 3600, _whole)  # of silence in a workflow's session
    auto_cleanup: bool = _setting("MEMORY_AUTO_CLEANUP", True, _switch)  # drop a session's data at its end
    max_conversation_history: int = _setting("MEMORY_MAX_CONVERSATION_HISTORY", 100, _whole)  # messages of a workflow
    cache_enabled: bool = _setting("MEMORY_CACHE_ENABLED", True, _switch)  # of long-term values that were read
    max_cache_size: int = _setting("MEMORY_MAX_CACHE_SIZE", 1000, _whole)  # values in the cache; short-term ones, too
    given_database_url: str = _setting("DATABASE_URL", "", str)
    database_key: str = field(default="", repr=False, metadata={"name": "DATABASE_KEY", "read": str})
    given_redis_url: str = _setting("REDIS_URL", "", str)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> MemorySettings:
        """Read `environment`; by default `.env` and, above it, this process's own. Raises WrongMemorySetting."""
        said = {**dotenv_values(".env"), **os.environ} if environment is None else environment
        given: dict[str, Any] = {}
        for each in fields(cls):
            name, text = each.metadata["name"], said.get(each.metadata["name"])
            if text:
                try:
                    given[each.name] = each.metadata["read"](text)
                except ValueError as error:
                    raise WrongMemorySetting(f"{name}: {error}") from error
        return cls(**given)

    @property
    def database_url(self) -> str:
        """Where long-term memory is: `DATABASE_URL`, else a file in `storage_dir`."""
        return self.given_database_url or f"sqlite:///{Path(self.storage_dir) / 'hawker.db'}"

    @property
    def redis_url(self) -> str | None:
        """Where short-term memory is shared; None keeps it in the process."""
        if self.given_redis_url:
            return self.given_redis_url
        return "redis://127.0.0.1:6379/0" if self.use_redis else None

    @property
    def records_folder(self) -> Path:
        """Where the execution records are exported to."""
        return Path(self.execution_records_dir or Path(self.storage_dir) / "execution_records")
