"""The provider as the outside world sees it: what it accepted, when, what it lists, which callbacks it sends.

Requests come from the real Twilio channel and SDK, taken over where `requests` would open a connection.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import ConnectTimeout, ReadTimeout

from bot.channels.twilio import sign
from bot.channels.twilio.rest_client import check
from tests.simulation.schedule import NOON, Schedule

READ_SECONDS = 8.0
ACCOUNT = "AC" + "0" * 32
TOKEN = "a" * 32
OUR_NUMBER = "+14155238886"
HOST = "http://provider.test"
PUBLIC = "https://desk.test"


@dataclass(frozen=True, slots=True)
class ProviderFaults:
    """Chances per request or callback."""

    unreachable: float
    lost: float  # the request never arrives, and nobody says so
    answer_lost: float
    late: float  # accepted, answered and listed long after the caller gave up
    refused: float  # 429, 503: not accepted
    broken: float  # 500, though it was accepted
    callback_lost: float
    callback_twice: float
    denied: float  # "undelivered", though it was delivered
    webhook_lost: float

    @classmethod
    def drawn(cls, chance: random.Random) -> ProviderFaults:
        def rate(most: float) -> float:
            return chance.choice((0.0, most / 5, most))

        return cls(
            unreachable=rate(0.15),
            lost=rate(0.15),
            answer_lost=rate(0.15),
            late=rate(0.15),
            refused=rate(0.15),
            broken=rate(0.15),
            callback_lost=rate(0.3),
            callback_twice=rate(0.3),
            denied=rate(0.1),
            webhook_lost=rate(0.2),
        )


@dataclass(eq=False, slots=True)
class Accepted:
    """A message that the provider took: it will be shown on the person's phone."""

    sid: str
    outbox_id: int
    to: str
    body: str
    at: float
    listed_at: float
    denied: bool = False


@dataclass(eq=False, slots=True)
class Callback:
    """A form that the provider wants to hand to us; `tries` are left."""

    path: str
    query: str
    form: dict[str, str]
    due: float
    tries: int = 4

    @property
    def headers(self) -> dict[str, str]:
        return sign(TOKEN, f"{PUBLIC}{self.path}" + (f"?{self.query}" if self.query else ""), self.form, "HMAC_SHA1")


@dataclass(eq=False, slots=True)
class Said:
    """What a customer wrote."""

    sid: str
    sender: str
    body: str
    at: float
    taken: bool = False  # we answered 200


class Provider:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.chance = schedule.chance
        self.faults = ProviderFaults.drawn(self.chance)
        self.accepted: list[Accepted] = []
        self.said: list[Said] = []
        self.callbacks: list[Callback] = []

    def hear(self, sender: str, body: str) -> None:
        """A customer writes: the webhook is called, unless that is lost."""
        said = Said(self._sid(), sender, body, self.schedule.now)
        self.said.append(said)
        self.schedule.note(sender, f"writes {body}")
        form = {
            "AccountSid": ACCOUNT,
            "MessageSid": said.sid,
            "From": f"whatsapp:{sender}",
            "To": f"whatsapp:{OUR_NUMBER}",
            "WaId": sender.lstrip("+"),
            "Body": body,
            "MessageType": "text",
            "NumMedia": "0",
        }
        if not self._happens(self.faults.webhook_lost):
            self._post("/webhook/whatsapp", "", form, 0.1)

    def took(self, sid: str) -> None:
        """Our webhook answered 200."""
        for said in self.said:
            if said.sid == sid:
                said.taken = True

    def next_callback(self) -> Callback | None:
        """One that is due; the web process hands it back with `again` where it fails."""
        due = [callback for callback in self.callbacks if callback.due <= self.schedule.now]
        if not due:
            return None
        callback = self.chance.choice(due)
        self.callbacks.remove(callback)
        return callback

    def again(self, callback: Callback) -> None:
        callback.tries -= 1
        callback.due = self.schedule.now + 2.0
        if callback.tries > 0:
            self.callbacks.append(callback)

    # A message to a person

    def create(self, form: dict[str, str], listed_after: float) -> Accepted:
        query = urlsplit(form["StatusCallback"]).query
        taken = Accepted(
            self._sid(),
            int(dict(parse_qsl(query))["outbox"]),
            form["To"].removeprefix("whatsapp:"),
            form["Body"],
            self.schedule.now,
            self.schedule.now + listed_after,
        )
        self.accepted.append(taken)
        self.schedule.note("the provider", f"accepts row {taken.outbox_id} for {taken.to}")
        self._plan_statuses(taken, query)
        return taken

    def _plan_statuses(self, taken: Accepted, query: str) -> None:
        taken.denied = self._happens(self.faults.denied)
        states = [("queued", ""), ("sent", ""), ("delivered", ""), ("read", "")]
        if taken.denied:  # the person has it all the same; sometimes the provider finds that out
            states = [("sent", ""), ("undelivered", "63018"), *([("delivered", "")] if self._happens(0.5) else [])]
        after = 0.0
        for state, code in states:
            after += self.chance.choice((0.1, 0.5, 2.0, 20.0))
            form = {
                "AccountSid": ACCOUNT,
                "MessageSid": taken.sid,
                "MessageStatus": state,
                "From": f"whatsapp:{OUR_NUMBER}",
                "To": f"whatsapp:{taken.to}",
            }
            if code:
                form["ErrorCode"] = code
            if not self._happens(self.faults.callback_lost):
                self._post("/webhook/whatsapp/status", query, form, after * self.chance.uniform(0.2, 1.8))

    def _post(self, path: str, query: str, form: dict[str, str], after: float) -> None:
        due = self.schedule.now + after
        self.callbacks.append(Callback(path, query, form, due))
        if self._happens(self.faults.callback_twice):
            self.callbacks.append(Callback(path, query, form, due + self.chance.uniform(0.0, 3.0)))

    def _happens(self, rate: float) -> bool:
        return self.schedule.faults_on and self.chance.random() < rate

    def _sid(self) -> str:
        return f"SM{self.chance.getrandbits(128):032x}"

    def as_json(self, taken: Accepted) -> dict[str, Any]:
        when = format_datetime(NOON + timedelta(seconds=taken.at))
        return {
            "sid": taken.sid,
            "to": f"whatsapp:{taken.to}",
            "from": f"whatsapp:{OUR_NUMBER}",
            "body": taken.body,
            "status": "queued",
            "direction": "outbound-api",
            "date_created": when,
            "date_sent": None,
            "error_code": None,
            "num_media": "0",
        }

    def heard_as_json(self, said: Said) -> dict[str, Any]:
        when = format_datetime(NOON + timedelta(seconds=said.at))
        return {
            "sid": said.sid,
            "to": f"whatsapp:{OUR_NUMBER}",
            "from": f"whatsapp:{said.sender}",
            "body": said.body,
            "status": "received",
            "direction": "inbound",
            "date_created": when,
            "date_sent": when,
            "error_code": None,
            "num_media": "0",
        }


@dataclass
class Network(BaseAdapter):
    """Between one process and the provider."""

    provider: Provider
    schedule: Schedule = field(init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self.schedule = self.provider.schedule

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Raises what `requests` raises."""
        schedule, provider = self.schedule, self.provider
        path = urlsplit(str(request.url)).path
        schedule.step(f"{request.method} {path}")
        if provider._happens(provider.faults.unreachable):
            schedule.sleep(3.0)
            raise ConnectTimeout("no connection", request=request)
        check()  # as the real connection does directly before it writes
        schedule.sleep(provider.chance.choice((0.02, 0.1, 1.0)))
        if path.endswith("/Messages.json") and request.method == "POST":
            return self._create(request)
        if path.endswith("/Messages.json"):
            return self._list(request)
        return self._answer(request, 201, {})

    def close(self) -> None:
        pass

    def _create(self, request: PreparedRequest) -> Response:
        schedule, provider, faults = self.schedule, self.provider, self.provider.faults
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        form = dict(parse_qsl(body, keep_blank_values=True))
        if provider._happens(faults.refused):
            status, code = provider.chance.choice(((429, 20429), (503, 20503)))
            return self._answer(request, status, {"code": code, "message": "not now", "status": status})
        if provider._happens(faults.lost):
            schedule.note("the network", "loses a message")
            schedule.sleep(READ_SECONDS)
            raise ReadTimeout("no answer", request=request)
        if provider._happens(faults.late):
            after = provider.chance.choice((9.0, 30.0, 100.0)) * provider.chance.uniform(0.9, 1.1)
            schedule.note("the network", f"keeps a message for {after:.0f} s")
            schedule.at(schedule.now + after, lambda: self._accept_late(form))
            schedule.sleep(READ_SECONDS)
            raise ReadTimeout("no answer", request=request)
        taken = provider.create(form, provider.chance.uniform(0.0, 2.0))
        schedule.step("the provider has it")
        if provider._happens(faults.answer_lost):
            raise ConnectionFailed("the connection broke", request=request)
        if provider._happens(faults.broken):
            return self._answer(request, 500, {"code": 20500, "message": "internal", "status": 500})
        schedule.sleep(provider.chance.choice((0.02, 0.2)))
        return self._answer(request, 201, provider.as_json(taken))

    def _accept_late(self, form: dict[str, str]) -> None:
        self.provider.create(form, 0.0)

    def _list(self, request: PreparedRequest) -> Response:
        asked = parse_qs(urlsplit(str(request.url)).query)
        to = asked["To"][0].removeprefix("whatsapp:")
        now = self.schedule.now
        found = [
            (one.at, self.provider.as_json(one))
            for one in self.provider.accepted
            if one.to == to and one.listed_at <= now
        ]
        if to == OUR_NUMBER:
            found = [(said.at, self.provider.heard_as_json(said)) for said in self.provider.said]
        messages = [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)][:200]
        return self._answer(request, 200, {"messages": messages, "page": 0, "page_size": 200, "next_page_uri": None})

    def _answer(self, request: PreparedRequest, status: int, body: dict[str, Any]) -> Response:
        response = Response()
        response.status_code = status
        response._content = json.dumps(body).encode()
        response.headers["Content-Type"] = "application/json"
        response.request, response.url = request, str(request.url)
        return response
