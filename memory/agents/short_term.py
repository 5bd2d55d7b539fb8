"""Short-term memory: in this process, or in Redis for several processes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote, unquote

from memory.people.address_mentions import PersonMentions
from memory.settings import LOCAL_REDIS
from memory.storage.errors import ShortTermUnavailable
from memory.storage.timestamps import Clock, now

PREFIX = "hawker:memory:"
SECONDS_TO_WAIT = 2.0


class ShortTerm(Protocol):
    """Texts that expire. A key is a path: `drop` deletes everything below."""

    name: str

    def put(self, path: tuple[str, ...], text: str, ttl: int) -> None:
        """Upsert; `ttl` in seconds."""

    def get(self, path: tuple[str, ...]) -> str | None:
        """None where it is missing or expired."""

    def drop(self, above: tuple[str, ...]) -> int:
        """Returns how many texts were deleted."""

    def forget_naming(self, person: PersonMentions) -> int:
        """Delete texts that name the person in text or key; returns how many."""

    def count(self) -> int: ...


def open_short_term(redis_url: str | None, *, most: int, clock: Clock) -> ShortTerm:
    """`most`: texts kept in this process; unused with Redis."""
    return InMemoryBackend(most, clock) if redis_url is None else RedisBackend(redis_url)


class InMemoryBackend:
    """Expired texts go; when full, the least recently used."""

    name = "in-process"

    def __init__(self, most: int = 1000, clock: Clock = now) -> None:
        self._most = most
        self._clock = clock
        self._texts: OrderedDict[tuple[str, ...], tuple[datetime, str]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, path: tuple[str, ...], text: str, ttl: int) -> None:
        with self._lock:
            self._texts[path] = (self._clock() + timedelta(seconds=ttl), text)
            self._texts.move_to_end(path)
            if len(self._texts) > self._most:
                self._delete_expired()
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)

    def get(self, path: tuple[str, ...]) -> str | None:
        with self._lock:
            expires_at, text = self._texts.get(path, (None, None))
            if expires_at is None:
                return None
            if expires_at <= self._clock():
                del self._texts[path]
                return None
            self._texts.move_to_end(path)
            return text

    def drop(self, above: tuple[str, ...]) -> int:
        with self._lock:
            self._delete_expired()
            below = [path for path in self._texts if path[: len(above)] == above]
            for path in below:
                del self._texts[path]
            return len(below)

    def forget_naming(self, person: PersonMentions) -> int:
        with self._lock:
            found = [
                path for path, (_, text) in self._texts.items() if any(person.spots(each) for each in (*path, text))
            ]
            for path in found:
                del self._texts[path]
            return len(found)

    def count(self) -> int:
        with self._lock:
            self._delete_expired()
            return len(self._texts)

    def _delete_expired(self) -> None:
        moment = self._clock()
        for path in [path for path, (expires_at, _) in self._texts.items() if expires_at <= moment]:
            del self._texts[path]


class RedisBackend:
    """Every method raises ShortTermUnavailable while Redis is away."""

    name = "redis"

    def __init__(self, url: str = LOCAL_REDIS) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._away = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)
        self._redis = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=SECONDS_TO_WAIT,
            socket_connect_timeout=SECONDS_TO_WAIT,
            retry=Retry(NoBackoff(), 1),  # once more, on a new connection: the server may have restarted
        )

    def put(self, path: tuple[str, ...], text: str, ttl: int) -> None:
        with self._our_errors():
            self._redis.set(_key(path), text, ex=ttl)

    def get(self, path: tuple[str, ...]) -> str | None:
        with self._our_errors():
            text: str | None = self._redis.get(_key(path))  # type: ignore[assignment]
            return text

    def drop(self, above: tuple[str, ...]) -> int:
        with self._our_errors():
            keys = list(self._redis.scan_iter(f"{_key(above)}/*", count=1000))
            return int(self._redis.unlink(*keys)) if keys else 0

    def forget_naming(self, person: PersonMentions) -> int:
        with self._our_errors():
            keys = list(self._redis.scan_iter(f"{PREFIX}*", count=1000))
            found = [
                key
                for key in keys
                if any(person.spots(each) for each in (*map(unquote, key.split("/")), str(self._redis.get(key) or "")))
            ]
            return int(self._redis.unlink(*found)) if found else 0

    def count(self) -> int:
        with self._our_errors():
            return sum(1 for _ in self._redis.scan_iter(f"{PREFIX}*", count=1000))

    @contextmanager
    def _our_errors(self) -> Iterator[None]:
        try:
            yield
        except self._away as error:
            reason = type(error).__name__
            raise ShortTermUnavailable(f"Redis cannot be used now ({reason}); it will be tried again") from error


def _key(path: tuple[str, ...]) -> str:
    """Quoted: parts cannot run into each other, and SCAN reads no pattern."""
    return PREFIX + "/".join(quote(part, safe="") for part in path)
