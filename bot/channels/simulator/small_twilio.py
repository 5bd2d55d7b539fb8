"""The simulated Twilio: validates like Twilio, posts statuses and signed webhooks."""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlsplit

import requests

from bot.channels.channel import INBOUND_PATH
from bot.channels.message_text import units
from bot.channels.simulator.chat_store import Attachment, Chats, Letter, new_sid
from bot.channels.simulator.customers import Customer
from bot.channels.simulator.fault_injection import FaultPlan, InjectedFault
from bot.channels.twilio import LIMITS, TwilioAccount, sign

SANDBOX_NUMBER = "+14155238886"
WINDOW = timedelta(hours=24)
WEBHOOK_SECONDS = 15.0
_ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9.]{1,140})")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between statuses."""

    sent: float = 0.3
    delivered: float = 0.5
    read: float = 0.7


class ApiRefusal(Exception):
    """With Twilio's code."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class SmallTwilio:
    """`public_url`: the program's address; `api_url`: where `blueprint(...)` answers (its /twilio).

    With `path`, chats, account and token survive a restart. `algorithm`: HMAC_SHA1 or HMAC_SHA256.
    """

    def __init__(
        self,
        public_url: str,
        api_url: str,
        clock: Callable[[], datetime],
        path: Path | None = None,
        senders: tuple[str, ...] = (SANDBOX_NUMBER,),
        pace: Pace | None = None,
        algorithm: str = "HMAC_SHA1",
        webhook_overrides: str = "",
    ) -> None:
        self.chats = Chats(path)
        self.faults = FaultPlan()
        self.clock = clock
        self.senders = senders
        self.pace = pace or Pace()
        self.algorithm = algorithm
        self.account = TwilioAccount(
            sid=self.chats.secret("account", new_sid("AC")),
            tokens=(self.chats.secret("token", secrets.token_hex(16)),),
            sender=senders[0],
            public_url=public_url.rstrip("/"),
            api_url=api_url.rstrip("/"),
        )
        self.webhook_url = f"{self.account.public_url}{INBOUND_PATH}{webhook_overrides}"
        self._stopping = threading.Event()

    # For tests and the page

    def customer(self, who: str, name: str = "Someone", sender: str | None = None) -> Customer:
        """By phone (+…) or WhatsApp user id (CC.…), writing to our number `sender`."""
        user_id = None if who.startswith("+") else who
        person = self.chats.person(f"whatsapp:{who}", name, user_id)
        return Customer(self, person, f"whatsapp:{sender or self.account.sender}")

    def fail(self, kind: str, times: int = 1, who: str | None = None, **more: Any) -> None:
        """For all or `who`; kinds are in `fault_injection.KINDS`."""
        self.faults.add(InjectedFault(kind, times, f"whatsapp:{who}" if who else None, **more))

    def template(self, body: str, name: str = "template") -> str:
        """An approved template with variables {{1}}, {{2}}, …; returns its HX… id."""
        content = {"sid": new_sid("HX"), "friendly_name": name, "approved": True, "language": "en", "variables": {}}
        self.chats.keep_content({**content, "types": {"twilio/text": {"body": body}}})
        return str(content["sid"])

    def stop(self) -> None:
        self._stopping.set()
        self.chats.close()

    # A message to a person

    def take(self, form: dict[str, str]) -> Letter:
        """Raises ApiRefusal if Twilio would refuse it."""
        to, ours = form.get("To", ""), form.get("From", "")
        _require_addresses(to, ours, self.senders)
        body, buttons, template = self._content(form)
        if not body and not form.get("MediaUrl"):
            raise ApiRefusal(21602, "A message needs a body, media or content")
        if units(body) > LIMITS.text:
            raise ApiRefusal(21617, "The concatenated message body exceeds the 1600 character limit")
        letter = Letter(new_sid("SM"), "outbound-api", ours, to, body, "queued", self._now())
        letter.callback, letter.media_url = form.get("StatusCallback"), form.get("MediaUrl")
        letter.buttons, letter.template = buttons, template
        self.chats.person(to)
        self.chats.keep(letter)
        return letter

    def dispatch(self, letter: Letter) -> None:
        """In the background."""
        self._start(self._run_through_statuses, letter)

    def _content(self, form: dict[str, str]) -> tuple[str, list[dict[str, str]], bool]:
        sid = form.get("ContentSid")
        if not sid:
            return form.get("Body", ""), [], False
        content = self.chats.contents.get(sid)
        if content is None:
            raise ApiRefusal(21655, "The ContentSid is invalid")
        variables = _variables(form.get("ContentVariables", ""))
        quick = content["types"].get("twilio/quick-reply", {})
        text = quick.get("body") or content["types"]["twilio/text"]["body"]
        shown = _PLACEHOLDER.sub(lambda found: variables.get(found[1], found[0]), text)
        return shown, quick.get("actions", []), bool(content.get("approved"))

    def _run_through_statuses(self, letter: Letter) -> None:
        """Posts a callback for each status, unless a fault says otherwise."""
        code = self._failure_code(letter)
        steps = self._steps(letter, code)
        order = list(reversed(steps)) if self.faults.take(letter.to, "callbacks_reversed") else steps
        lost = self.faults.take(letter.to, "callbacks_lost")
        twice = self.faults.take(letter.to, "callbacks_twice")
        late = self.faults.take(letter.to, "callbacks_late")
        for (status, wait), (told, _wait) in zip(steps, order, strict=True):
            if self._stopping.wait(wait):
                return
            self._move(letter, status, code if status in ("failed", "undelivered") else None)
            if late and self._stopping.wait(late.seconds):
                return
            if not lost:
                self._call_back(letter, told, 2 if twice else 1)

    def _failure_code(self, letter: Letter) -> int | None:
        fault = self.faults.take(letter.to, "fail")
        if fault:
            return fault.code
        if self.chats.person(letter.to).blocked:
            return 63014
        last = self.chats.last_inbound(letter.to, letter.sender)
        within = last is not None and self.clock() - last < WINDOW
        return None if within or letter.template else 63016

    def _steps(self, letter: Letter, code: int | None) -> list[tuple[str, float]]:
        if code:
            return [("failed", self.pace.sent)]
        steps = [("sent", self.pace.sent), ("delivered", self.pace.delivered)]
        return [*steps, ("read", self.pace.read)] if self.chats.person(letter.to).open else steps

    def _move(self, letter: Letter, status: str, code: int | None) -> None:
        letter.status, letter.error_code = status, code
        letter.sent = letter.sent or self._now()
        if letter.sid in self.chats.letters:
            self.chats.keep(letter)

    def read_all(self, person: str) -> None:
        for letter in self.chats.between(person):
            if letter.direction == "outbound-api" and letter.status == "delivered":
                self._move(letter, "read", None)
                self._start(self._call_back, letter, "read", 1)

    def _call_back(self, letter: Letter, status: str, times: int) -> None:
        if not letter.callback:
            return
        form = {
            "MessageSid": letter.sid,
            "SmsSid": letter.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "From": letter.sender,
            "To": letter.to,
            "AccountSid": self.account.sid,
            "ChannelPrefix": "whatsapp",
            "ApiVersion": "2010-04-01",
        }
        if status == "read":
            form["EventType"] = "READ"
        if letter.error_code and status in ("failed", "undelivered"):
            form |= {"ErrorCode": str(letter.error_code), "ErrorMessage": ""}
        for _time in range(times):
            self._post(letter.callback, form)

    # A message from a person

    def receive(self, letter: Letter, wait: bool = True) -> list[int]:
        """Returns the webhook's HTTP statuses (0: no answer)."""
        self.chats.keep(letter)
        if self.faults.take(letter.sender, "webhook_never"):
            return []
        if self.faults.take(letter.sender, "webhook_at_once"):
            return self._post_twice_at_once(letter)
        times = 2 if self.faults.take(letter.sender, "webhook_twice") else 1
        if wait:
            return [self._post(self.webhook_url, letter.form) for _time in range(times)]
        for _time in range(times):
            self._start(self._post, self.webhook_url, letter.form)
        return []

    def _post_twice_at_once(self, letter: Letter) -> list[int]:
        answers: list[int] = []
        gate = threading.Barrier(2)

        def post() -> None:
            gate.wait()
            answers.append(self._post(self.webhook_url, letter.form))

        both = [threading.Thread(target=post, daemon=True) for _time in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        return answers

    def attach(self, content: bytes, content_type: str) -> str:
        """Returns its ME… id."""
        attachment = Attachment(new_sid("ME"), content_type, content)
        self.chats.attach(attachment)
        return attachment.sid

    def media_url(self, letter_sid: str, media_sid: str) -> str:
        """At the real Twilio."""
        return f"https://api.twilio.com/2010-04-01/Accounts/{self.account.sid}/Messages/{letter_sid}/Media/{media_sid}"

    # Posting

    def _post(self, url: str, form: dict[str, str]) -> int:
        """The URL's fragment says how often to retry; it is neither sent nor signed."""
        address, fragment = urldefrag(url)
        overrides = parse_qs(fragment)
        tries = 1 + int(overrides.get("rc", ["1"])[0])
        policy = set(overrides.get("rp", ["ct"])[0].split(","))
        token = secrets.token_hex(8)
        status = 0
        for _attempt in range(tries):
            status, trouble = self._post_once(address, form, token)
            if trouble is None or not policy & {trouble, "all"} or self._stopping.is_set():
                break
        return status

    def _post_once(self, url: str, form: dict[str, str], token: str) -> tuple[int, str | None]:
        headers = sign(self.account.tokens[0], url, form, self.algorithm)
        headers |= {"I-Twilio-Idempotency-Token": token, "User-Agent": "TwilioProxy/1.1"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(url, data=form, headers=headers, timeout=(5, WEBHOOK_SECONDS))
        except requests.ReadTimeout:
            return 0, "rt"
        except requests.RequestException as error:
            log.warning("the webhook at %s cannot be reached: %s", urlsplit(url).netloc, type(error).__name__)
            return 0, "ct"
        return answer.status_code, {4: "4xx", 5: "5xx"}.get(answer.status_code // 100)

    def _start(self, work: Callable[..., Any], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True, name="small-twilio").start()

    def _now(self) -> str:
        return self.clock().astimezone(UTC).isoformat()


def _require_addresses(to: str, ours: str, senders: tuple[str, ...]) -> None:
    if not to:
        raise ApiRefusal(21604, "A 'To' phone number is required")
    if not _ADDRESS.fullmatch(to):
        raise ApiRefusal(21211, "The 'To' number is not a valid phone number")
    if ours.removeprefix("whatsapp:") not in senders or not ours.startswith("whatsapp:"):
        raise ApiRefusal(63007, "Twilio could not find a Channel with the specified From address")
    if to == ours:
        raise ApiRefusal(63031, "Channels message cannot have same From and To")


def _variables(written: str) -> dict[str, str]:
    if not written:
        return {}
    try:
        variables = json.loads(written)
    except json.JSONDecodeError as error:
        raise ApiRefusal(21656, "The ContentVariables parameter is invalid") from error
    if not isinstance(variables, dict):
        raise ApiRefusal(21656, "The ContentVariables parameter is invalid")
    return {str(name): str(value) for name, value in variables.items()}
