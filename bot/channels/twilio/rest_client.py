"""The Twilio SDK's network access. Imported lazily: it takes 80 ms and 19 MB."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import Session
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.channels.channel import RetryLater
from bot.channels.twilio.account import TwilioAccount
from bot.channels.twilio.error_codes import VERDICTS

BEFORE_BYTES_LEAVE: ContextVar[Callable[[], None] | None] = ContextVar("before_bytes_leave", default=None)
ORIGINAL_HOST = "X-Original-Host"
CONNECT_SECONDS = 3.0
READ_SECONDS = 8.0
_WIDE = 64  # connections kept: one for each contact that is being answered at the same time


@contextmanager
def checked(before_bytes_leave: Callable[[], None]) -> Iterator[None]:
    """Call it before each piece of a request is written, in this thread: the body, which comes last, makes a request."""
    token = BEFORE_BYTES_LEAVE.set(before_bytes_leave)
    try:
        yield
    finally:
        BEFORE_BYTES_LEAVE.reset(token)


class _CheckedConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # it may take seconds, so it belongs before the check
        check()
        super().send(data)


class _CheckedTLSConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        check()
        super().send(data)


def check() -> None:
    before_bytes_leave = BEFORE_BYTES_LEAVE.get()
    if before_bytes_leave is not None:
        before_bytes_leave()


class _CheckedPool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _CheckedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTLSConnection


class CheckedAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _CheckedPool, "https": _CheckedTLSPool}


class RestTransport(TwilioHttpClient):  # type: ignore[misc]
    """Timeouts, no retries, one replacement address for all subdomains."""

    def __init__(self, api_url: str, read_seconds: float) -> None:
        super().__init__(timeout=read_seconds)
        self.timeout = (CONNECT_SECONDS, read_seconds)  # the SDK's own check takes one number only
        self.session = session(api_url)
        self.api_url = api_url

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Response:
        """Raises RetryLater for HTTP 429: the SDK's exception would drop the Retry-After header."""
        if self.api_url:
            named["headers"] = {**(named.get("headers") or {}), ORIGINAL_HOST: urlsplit(url).netloc}
            url = redirected(url, self.api_url)
        response = super().request(method, url, *arguments, **named)
        if response.status_code == 429:
            throttled = VERDICTS[20429]
            raise RetryLater(throttled.sentence, retry_after(response.headers, throttled.after_seconds), 20429)
        return response


def client(account: TwilioAccount, read_seconds: float = READ_SECONDS) -> Client:
    """Ignores edge and region in the environment."""
    # Both log the query of a look-up, with the customer's number in it; the SDK from INFO on, ten lines a call.
    for name in ("twilio.http_client", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    transport = RestTransport(account.api_url, read_seconds)
    # An empty dict would make the SDK read os.environ, and TWILIO_EDGE would bend a local address.
    nothing = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
    return Client(account.sid, account.tokens[0], http_client=transport, environment=nothing)


def session(api_url: str) -> Session:
    """No cookies; no proxies if a simulator stands in for Twilio."""
    made = Session()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.trust_env = not api_url
    for scheme in ("https://", "http://"):
        made.mount(scheme, CheckedAdapter(pool_maxsize=_WIDE))
    return made


def redirected(url: str, api_url: str) -> str:
    """With the scheme, host and leading path of `api_url`."""
    base, asked = urlsplit(api_url), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + asked.path, asked.query, ""))


def retry_after(headers: Any, otherwise: float) -> float:
    """Seconds, at most an hour; `otherwise` without a Retry-After header."""
    written = str(headers.get("Retry-After", "")).strip()
    return min(float(written), 3600.0) if written.isascii() and written.isdigit() else otherwise
