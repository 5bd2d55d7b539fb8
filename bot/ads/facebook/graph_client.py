"""HTTP client of the Graph API: time-outs, safe retries, complete pagination."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from bot.ads.facebook.errors import GraphError, TooMuchData, Transient, fault_of, outcome_unknown, redacted, rule_for
from bot.ads.facebook.rate_limiter import Lane, RateLimiter, Use
from bot.ads.facebook.version import VERSION
from bot.ads.platform import AdsFault, OutcomeUnknown, RequestWrong, TryLater
from memory.storage.timestamps import Clock

META = "https://graph.facebook.com"
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0  # between two bytes
WHOLE_SECONDS = 90.0  # for the whole answer
MAX_BYTES = 64 * 1024 * 1024
BACK_OFF = (1.0, 2.0, 4.0)  # seconds before a read, or a write that may be done twice, is tried again
PAGE_SIZE = 500  # objects a page: Meta's limits count calls, not objects
MIN_PAGE_SIZE = 10


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    account: str  # whose limits it counts for, act_… or a page; empty: nobody's but the app's
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    use: Use = "ads_management"
    lane: Lane = "read"
    once: bool = False  # it creates something and is never sent twice
    token: str = field(default="", repr=False)  # replaces the client's own

    @property
    def changes(self) -> bool:
        """False for starting a report."""
        return self.once or (self.method != "GET" and self.lane != "read")

    @property
    def what(self) -> str:
        return f"{'asking Meta for' if self.method == 'GET' else 'telling Meta'} {self.path}"


@dataclass(frozen=True, slots=True)
class GraphResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """`sent`: Meta may have received the call."""

    why: str
    sent: bool


class Bearer(AuthBase):
    """Keeps the token out of URLs, and ~/.netrc out of the header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class GraphClient:
    """Thread-safe."""

    def __init__(
        self,
        token: str,
        secret: str,
        limiter: RateLimiter,
        clock: Clock,
        *,
        url: str = META,
        sleep: Callable[[float], None] = time.sleep,
        read_seconds: float = READ_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.limiter = limiter
        self._token = token
        self._secret = secret
        self._url = url.rstrip("/")
        self._read_seconds = read_seconds
        self._whole_seconds = whole_seconds
        self._http = _session(local=url != META)

    def __repr__(self) -> str:
        return f"Graph({urlsplit(self._url).netloc}, {VERSION})"

    def ask(self, call: Call) -> dict[str, Any]:
        """Meta's answer, an object. Retries transient errors. Raises AdsFault.

        A create is sent again only if it never left; a change with a lost answer raises OutcomeUnknown unless a retry
        succeeds.
        """
        doubt = False
        for seconds in BACK_OFF:
            try:
                return self._once(call)
            except OutcomeUnknown:
                doubt = True
                if call.once:
                    raise
            except Transient:
                pass
            except AdsFault as fault:
                raise _with_doubt(fault, doubt) from None
            self.sleep(seconds)
        try:
            return self._once(call)
        except AdsFault as fault:
            raise _with_doubt(fault, doubt) from None

    def pages(self, call: Call) -> list[dict[str, Any]]:
        """The complete list. Raises AdsFault."""
        found: dict[str, dict[str, Any]] = {}
        seen: set[str] = set()
        after, limit = "", PAGE_SIZE  # cursors, because Meta's `next` address carries the token
        while True:
            place = {"after": after} if after else {}
            try:
                answer = self.ask(replace(call, fields={**call.fields, "limit": limit, **place}))
            except TooMuchData:
                if limit <= MIN_PAGE_SIZE:
                    raise
                limit = max(limit // 4, MIN_PAGE_SIZE)
                continue
            new = _items(answer, call)
            if new and not new.keys() - found.keys():
                raise TryLater(f"Meta gave the same page twice while {call.what}: it is read again with the next cycle")
            found |= new
            after = _next_cursor(answer, call)
            if not after:
                return list(found.values())
            if after in seen:
                raise TryLater(f"Meta's pages go in a circle while {call.what}: it is read again with the next cycle")
            seen.add(after)

    def inspect_token(self) -> dict[str, Any]:
        """App, scopes, expiry; …/docs/graph-api/reference/debug_token."""
        answer = self.ask(Call("GET", "debug_token", "", {"input_token": self._token}, use="pages"))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise AdsFault("Meta's answer about the token cannot be read: try again later")
        return data

    def _once(self, call: Call) -> dict[str, Any]:
        self.limiter.admit(call.account, call.use, call.lane, call.method)
        answer = self._send(call)
        if isinstance(answer, NoAnswer):
            if call.changes and answer.sent:
                raise outcome_unknown(f"{answer.why} while {call.what}")
            raise Transient(f"{answer.why} while {call.what}: check the network; it is tried again with the next cycle")
        self.limiter.learn(call.account, call.use, answer.headers)
        return self._parsed(call, answer)

    def _parsed(self, call: Call, answer: GraphResponse) -> dict[str, Any]:
        body = _object(answer.body)
        if body is not None and isinstance(body.get("error"), dict):
            raise self._refusal(call, GraphError.of(body["error"]))
        if body is not None and answer.status < 300:
            return body
        if 300 <= answer.status < 400:
            raise RequestWrong("the address of Meta leads elsewhere: check META_GRAPH_URL")
        if call.changes:
            raise outcome_unknown(f"Meta answered {call.what} with {answer.status} and nothing readable")
        raise Transient(f"Meta answered {call.what} with {answer.status} and nothing readable: it is tried again later")

    def _refusal(self, call: Call, said: GraphError) -> AdsFault:
        rule = rule_for(said)
        until = None
        if rule.wait:
            until = self.limiter.throttled(call.account, call.use, said.code, rule.wait)
        fault = fault_of(said, until, (self._token, self._secret, call.token))
        if call.changes and isinstance(fault, Transient):
            return outcome_unknown(f"{fault} while {call.what}")
        return fault

    def _send(self, call: Call) -> GraphResponse | NoAnswer:
        token = call.token or self._token
        fields = {name: _parameter(value) for name, value in call.fields.items() if value is not None}
        if self._secret:
            fields["appsecret_proof"] = hmac.new(self._secret.encode(), token.encode(), sha256).hexdigest()
        place = {"params": fields} if call.method == "GET" else {"data": fields}
        # A failure is returned as a value: the exceptions of `requests` hold the whole address.
        try:
            with self._http.request(
                call.method,
                f"{self._url}/{VERSION}/{call.path}",
                auth=Bearer(token),
                timeout=(CONNECT_SECONDS, self._read_seconds),
                allow_redirects=False,
                stream=True,
                **place,  # type: ignore[arg-type]
            ) as response:
                return self._whole(response)
        except requests.RequestException as error:
            return NoAnswer(
                "Meta could not be reached" if _unsent(error) else "Meta's answer was lost", not _unsent(error)
            )
        except (HTTPError, OSError):
            return NoAnswer("Meta's answer broke off", sent=True)

    def _whole(self, response: requests.Response) -> GraphResponse | NoAnswer:
        # The read time-out is per byte: a server that sends one now and then would hold us for ever.
        end = time.monotonic() + self._whole_seconds
        body = bytearray()
        while part := response.raw.read1(65536, decode_content=True):
            body += part
            if time.monotonic() > end or len(body) > MAX_BYTES:
                return NoAnswer("Meta's answer took too long or was too long", sent=True)
        return GraphResponse(response.status_code, response.headers, bytes(body))

    def clean(self, text: str) -> str:
        return redacted(text, (self._token, self._secret))


def _session(*, local: bool) -> requests.Session:
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # below, it logs addresses, with the proof in them
    made = requests.Session()
    made.trust_env = not local  # a local server is never behind the machine's proxy
    return made


def _with_doubt(fault: AdsFault, doubt: bool) -> AdsFault:
    # A refusal says nothing about an earlier try whose answer was lost.
    return OutcomeUnknown(str(fault)) if doubt else fault


def _unsent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _parameter(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | Sequence | bool):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _items(answer: Mapping[str, Any], call: Call) -> dict[str, dict[str, Any]]:
    data = answer.get("data")
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise TryLater(f"Meta answered {call.what} without a list: it is read again with the next cycle")
    return {str(item.get("id") or json.dumps(item, sort_keys=True)): item for item in data}


def _next_cursor(answer: Mapping[str, Any], call: Call) -> str:
    paging = answer.get("paging") or {}
    if not paging.get("next"):
        return ""
    after = (paging.get("cursors") or {}).get("after")
    if not after:
        raise TryLater(
            f"Meta names a next page but no way to it while {call.what}: it is read again with the next cycle"
        )
    return str(after)
