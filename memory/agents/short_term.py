"""What is remembered for a while: in this process, or in Redis where several processes share it."""

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
    """Texts under keys that run out. A key is a path: `drop` takes everything below."""

    name: str

    def put(self, path: tuple[str, ...], text: str, ttl: int) -> None:
        """Keep `text` for `ttl` seconds, in the place of what was there."""

    def get(self, path: tuple[str, ...]) -> str | None:
        """The text; None where there was none, or its time is over."""

    def drop(self, above: tuple[str, ...]) -> int:
        """Forget everything below this path; how many texts that were."""

    def forget_naming(self, person: PersonMentions) -> int:
        """Forget every text that names the person, in it or in its key; how many that were."""

    def count(self) -> int:
        """How many texts there are."""


def open_short_term(redis_url: str | None, *, most: int, clock: Clock) -> ShortTerm:
    """In Redis where there is an address, else in this process, at most `most` texts."""
    return InMemoryBackend(most, clock) if redis_url is None else RedisBackend(redis_url)


class InMemoryBackend:
    """A dictionary of this process that forgets: what ran out, and, when full, what was not asked for longest."""

    name = "in-process"

    def __init__(self, most: int = 1000, clock: Clock = now) -> None:
        self._most = most
        self._clock = clock
        self._texts: OrderedDict[tuple[str, ...], tuple[datetime, str]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, path: tuple[str, ...], text: str, ttl: int) -> None:
        """Keep `text` for `ttl` seconds."""
        with self._lock:
            self._texts[path] = (self._clock() + timedelta(seconds=ttl), text)
            self._texts.move_to_end(path)
            if len(self._texts) > self._most:
                self._forget_over()
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)

    def get(self, path: tuple[str, ...]) -> str | None:
        """The text, if its time is not over."""
        with self._lock:
            ends, text = self._texts.get(path, (None, None))
            if ends is None:
                return None
            if ends <= self._clock():
                del self._texts[path]
                return None
            self._texts.move_to_end(path)
            return text

    def drop(self, above: tuple[str, ...]) -> int:
        """Forget everything below this path."""
        with self._lock:
            self._forget_over()
            below = [path for path in self._texts if path[: len(above)] == above]
            for path in below:
                del self._texts[path]
            return len(below)

    def forget_naming(self, person: PersonMentions) -> int:
        """Forget every text that names the person, in it or in its key."""
        with self._lock:
            found = [
                path for path, (_, text) in self._texts.items() if any(person.spots(each) for each in (*path, text))
            ]
            for path in found:
                del self._texts[path]
            return len(found)

    def count(self) -> int:
        """How many texts there are whose time is not over."""
        with self._lock:
            self._forget_over()
            return len(self._texts)

    def _forget_over(self) -> None:
        moment = self._clock()
        for path in [path for path, (ends, _) in self._texts.items() if ends <= moment]:
            del self._texts[path]


class RedisBackend:
    """Keys of a Redis server, shared by processes, which lets them run out by itself.

    Every method raises ShortTermUnavailable while the server is away.
    """

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
        """Keep `text` for `ttl` seconds."""
        with self._our_errors():
            self._redis.set(_key(path), text, ex=ttl)

    def get(self, path: tuple[str, ...]) -> str | None:
        """The text, if its time is not over."""
        with self._our_errors():
            text: str | None = self._redis.get(_key(path))  # type: ignore[assignment]
            return text

    def drop(self, above: tuple[str, ...]) -> int:
        """Forget everything below this path."""
        with self._our_errors():
            keys = list(self._redis.scan_iter(f"{_key(above)}/*", count=1000))
            return int(self._redis.unlink(*keys)) if keys else 0

    def forget_naming(self, person: PersonMentions) -> int:
        """Forget every text that names the person, in it or in its key."""
        with self._our_errors():
            keys = list(self._redis.scan_iter(f"{PREFIX}*", count=1000))
            found = [
                key
                for key in keys
                if any(person.spots(each) for each in (*map(unquote, key.split("/")), self._redis.get(key) or ""))
            ]
            return int(self._redis.unlink(*found)) if found else 0

    def count(self) -> int:
        """How many texts there are."""
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
    """Parts cannot run into each other, and none has a character that SCAN would read as a pattern."""
    return PREFIX + "/".join(quote(part, safe="") for part in path)
