"""Says, looks up, lists and deletes messages at Twilio, real or simulated."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.channels.message_text import numbered, units
from bot.channels.sender_account import Account, local_url
from bot.channels.twilio.error_codes import Action, ChannelError, Rejected, Retry, Unknown, failure
from bot.channels.twilio.signature import Signatures
from bot.channels.twilio.webhook_forms import Status, read_form, read_status
from bot.settings import Settings
from memory.conversations.channel_messages import Button, Inbound, Media, OutboxRow

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

    from bot.channels.twilio.media import MediaFetcher

INBOUND_PATH = "/webhook/whatsapp"
STATUS_PATH = "/webhook/whatsapp/status"
SANDBOX = "+14155238886"
QUICK_REPLIES = 3  # in a session, without WhatsApp's approval
TITLE_LENGTH = 20
QUICK_REPLY_BODY = 1024

# How Twilio calls us: connect 2 s, answer 4 s, three more tries on 5xx and time-outs, all within its 15 s.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides (not sent, not signed)
_OVERRIDES = "#ct=2000&rt=4000&rc=3&rp=5xx,ct,rt"
_TYPING_SECONDS = 2.0
_MARGIN = timedelta(minutes=2)  # between our clock and Twilio's
_LOOKED_AT = 200  # messages of one recipient that a look-up reads at most

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """The message is at the provider: it was sent."""

    provider_id: str
    status: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider knows no such message: it may be sent again."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several messages at the provider could be this one: a person decides."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at; `sentence` says what was found or what to do."""

    name: str
    ok: bool
    sentence: str


class WhatsApp:
    """The channel. `account` is Twilio's by default; the simulator hands in its own.

    Thread-safe: one of these serves the web and all turns of a worker.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        account: Account | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if account is None and settings.simulated:
            raise ValueError("without TWILIO_ACCOUNT_SID, hand in the simulator's account")
        self.account = account or Account.from_settings(settings)
        self._public_url = self.account.public_url or local_url(settings)
        self._clock = clock
        self._sleep = sleep
        self._signatures = Signatures(self.account.tokens)
        self._contents: dict[str, str] | None = None
        self._contents_lock = threading.Lock()

    # What comes in

    def signed_url(self, path: str, query: str | bytes = "") -> str:
        """The address the provider signed: ours as configured, never as forwarded headers say.

        `path` and `query` are as on the request line, still encoded.
        """
        text = query.decode("utf-8", "replace") if isinstance(query, bytes) else query
        return f"{self._public_url}{path}?{text}" if text else f"{self._public_url}{path}"

    def check_signature(self, url: str, form: Any, headers: Mapping[str, str] | Headers) -> bool:
        """Whether one of our tokens signed `form` (MultiDict or pairs, empty values kept) for `url`."""
        return self._signatures.good(url, form, headers)

    def is_ours(self, form: Mapping[str, str]) -> bool:
        """Whether the form names our account; to be asked after the signature."""
        return form.get("AccountSid") == self.account.sid

    def read_form(self, form: Any) -> Inbound:
        """As `forms.read_form`, received now."""
        return read_form(form, self._clock())

    def read_status(self, form: Any, args: Any) -> Status:
        """As `forms.read_status`."""
        return read_status(form, args)

    # What goes out

    def say(self, row: OutboxRow) -> str:
        """Hand the message to the provider and return the provider's id.

        Raises Unknown (it may have been taken: look it up), Retry (it was not) or Rejected (it won't be).
        """
        if row.content_sid:
            return self._create(row, content_sid=row.content_sid, content_variables=_variables(row))
        if row.buttons and not row.media_url and _fits_quick_reply(row):
            return self._say_buttons(row)
        return self._say_text(row)

    def _say_text(self, row: OutboxRow) -> str:
        media = {"media_url": [row.media_url]} if row.media_url else {}
        return self._create(row, body=numbered(row.body, row.buttons), **media)

    def _say_buttons(self, row: OutboxRow) -> str:
        content = self._quick_reply(row.buttons)
        if content is None:
            return self._say_text(row)
        try:
            return self._create(row, content_sid=content, content_variables=json.dumps({"1": row.body}))
        except Rejected as refused:
            if refused.action is not Action.NEXT_TEMPLATE:
                raise
            log.warning("quick reply %s was refused (code %s): numbered text instead", content, refused.code)
            return self._say_text(row)

    def _create(self, row: OutboxRow, **content: Any) -> str:
        with _speaking():
            message = self._client.messages.create(
                to=row.to,
                from_=f"whatsapp:{row.sender}",
                status_callback=self._status_callback(row.id),
                **content,
            )
        if message.error_code and message.status in ("failed", "undelivered"):
            raise failure(message.error_code)
        return str(message.sid)

    def _status_callback(self, outbox_id: int) -> str:
        url = self.signed_url(STATUS_PATH, f"outbox={outbox_id}")
        return url + _OVERRIDES if url.startswith("https:") else url

    def _quick_reply(self, buttons: tuple[Button, ...]) -> str | None:
        """The content resource with these buttons, made once; None where the provider will not make one."""
        name = _content_name(buttons)
        try:
            with self._contents_lock:
                if self._contents is None:
                    self._contents = self._list_contents()
                if name not in self._contents:
                    self._contents[name] = self._create_content(name, buttons)
                return self._contents[name]
        except ChannelError as error:
            log.warning("no quick replies: %s", error)
            return None

    def _list_contents(self) -> dict[str, str]:
        with _reading():
            found = self._client.content.v1.contents.list(limit=1000)
        return {str(content.friendly_name): str(content.sid) for content in found}

    def _create_content(self, name: str, buttons: tuple[Button, ...]) -> str:
        from twilio.rest.content.v1.content import ContentList

        actions = [{"type": "QUICK_REPLY", "title": b.title, "id": b.payload} for b in buttons]
        types = {
            "twilio/quick-reply": {"body": "{{1}}", "actions": actions},
            "twilio/text": {"body": "{{1}}"},
        }
        request = {"friendly_name": name, "language": "en", "variables": {"1": "text"}, "types": types}
        with _reading():
            return str(self._client.content.v1.contents.create(ContentList.ContentCreateRequest(request)).sid)

    def typing(self, provider_id: str) -> None:
        """Show that we are writing, for 25 s or until the reply; it also marks their message as read.

        Best effort: a failure is logged and never delays the reply by more than two seconds.
        """
        try:
            with _reading():
                self._quick_client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id=provider_id)
        except ChannelError as error:
            log.info("no typing indicator: %s", error)

    # What is there

    def look_up(self, row: OutboxRow, known: set[str]) -> Found | NotThere | Ambiguous:
        """Whether `row`, whose sending had an unknown outcome, is at the provider.

        `known` are the provider ids of our other messages. Ask some seconds after the failed call.
        Raises Retry or Rejected where the provider cannot be asked.
        """
        candidates = [message for message in self._sent_to(row) if message.sid not in known]
        if len(candidates) == 1:
            return Found(str(candidates[0].sid), str(candidates[0].status))
        return Ambiguous(tuple(str(message.sid) for message in candidates)) if candidates else NotThere()

    def _sent_to(self, row: OutboxRow) -> list[Any]:
        if row.first_tried_at is None:
            raise ValueError(f"outbox row {row.id} was never tried: there is nothing to look up")
        with _reading():
            # Not filtered by DateSent: it is empty while a message is queued, and such a one would be missed.
            messages = self._client.messages.list(
                to=row.to, from_=f"whatsapp:{row.sender}", limit=_LOOKED_AT, page_size=_LOOKED_AT
            )
        earliest = row.first_tried_at - _MARGIN
        return [m for m in messages if (m.date_created or earliest) >= earliest and _same_words(m.body, row)]

    def recent_inbound(self, since: datetime, to: str | None = None) -> Iterator[Inbound]:
        """Messages that people sent to `to` (our number, E.164) after `since`, oldest first, with media.

        What Twilio's list does not tell (profile name, location, button payload, referral) is missing.
        """
        with _reading():
            listed = self._client.messages.list(
                to=f"whatsapp:{to or self.account.sender}", date_sent_after=since.astimezone(UTC)
            )
        inbound = [message for message in listed if message.direction == "inbound"]
        inbound.reverse()  # listed newest first and dated to the second: those of one second keep their order
        for message in sorted(inbound, key=lambda one: _moment(one, since)):
            yield self._as_inbound(message, since)

    def _as_inbound(self, message: Any, since: datetime) -> Inbound:
        media = self._media_of(message) if int(message.num_media or 0) else ()
        form = {
            "MessageSid": message.sid,
            "From": message.from_,
            "To": message.to,
            "Body": message.body or "",
        }
        for index, one in enumerate(media):
            form |= {f"MediaUrl{index}": one.url, f"MediaContentType{index}": one.content_type}
        return read_form(form, _moment(message, since))

    def _media_of(self, message: Any) -> tuple[Media, ...]:
        with _reading():
            listed = message.media.list(limit=10)
        return tuple(
            Media(f"https://api.twilio.com{one.uri.removesuffix('.json')}", one.content_type) for one in listed
        )

    def fetch_media(self, media: Media) -> bytes:
        """The bytes of an attachment, at most 16 MB, from Twilio's own hosts only.

        Raises MediaRefused (foreign, too large, gone) or Retry.
        """
        return self._fetcher.fetch(media)

    def delete_remote(self, provider_id: str) -> None:
        """Delete the message and its attachments at the provider; one that is already gone is fine."""
        try:
            with _reading():
                message = self._client.messages(provider_id)
                for media in message.media.list():
                    message.media(media.sid).delete()
                message.delete()
        except Rejected as refused:
            if refused.code not in (404, 20404):
                raise

    def examine(self) -> list[Finding]:
        """What is right and wrong about the account, the sender and the public address."""
        return [self._check_token(), self._check_sender(), self._check_address()]

    def _check_token(self) -> Finding:
        try:
            with _reading():
                self._client.api.v2010.accounts(self.account.sid).fetch()
        except ChannelError as error:
            remedy = "copy the account SID and auth token from Twilio's console"
            if self.account.api_url:  # the simulator answers only while the program serves
                remedy = f"start the program; nothing answers at {self.account.api_url}"
            return Finding("token", False, f"{error}; {remedy}")
        return Finding("token", True, "the account and its token work")

    def _check_sender(self) -> Finding:
        if self.account.sender == SANDBOX:
            return Finding("sender", True, "the sandbox: each recipient must send its 'join …' phrase first")
        try:
            with _reading():
                senders = self._client.messaging.v2.channels_senders.list(channel="whatsapp", limit=1000)
        except ChannelError as error:
            return Finding("sender", False, f"the senders could not be listed: {error}")
        if any(one.sender_id == f"whatsapp:{self.account.sender}" for one in senders):
            return Finding("sender", True, "the sender is registered for WhatsApp")
        return Finding("sender", False, "TWILIO_WHATSAPP_FROM is not a WhatsApp sender of this account")

    def _check_address(self) -> Finding:
        place = urlsplit(self._public_url)
        hook = self.signed_url(INBOUND_PATH)
        if self.account.api_url:
            return Finding("address", True, f"the stand-in for Twilio calls {hook}")
        if place.scheme != "https" or place.hostname in ("localhost", "127.0.0.1") or "_" in place.netloc:
            return Finding("address", False, "PUBLIC_URL must be https, public, and without '_' in the host")
        return Finding("address", True, f"in Twilio's console, messages must be sent to {hook}")

    # The SDK, made when first needed: the web process never speaks.

    @cached_property
    def _client(self) -> Any:
        from bot.channels.twilio.rest_client import client

        return client(self.account)

    @cached_property
    def _quick_client(self) -> Any:
        from bot.channels.twilio.rest_client import client

        return client(self.account, _TYPING_SECONDS)

    @cached_property
    def _fetcher(self) -> MediaFetcher:
        from bot.channels.twilio.media import MediaFetcher

        return MediaFetcher(self.account, self._sleep)


@contextmanager
def _speaking() -> Iterator[None]:
    """Turn the SDK's, requests' and the network's errors into ours; when in doubt, the outcome is unknown."""
    from requests import RequestException
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except RequestException as error:
        if _never_left(error):
            raise Retry(f"Twilio could not be reached: {type(error).__name__}", 5) from error
        raise Unknown(f"the connection to Twilio failed: {type(error).__name__}") from error
    except TwilioException as error:
        status = _http_status(error)
        raise failure(getattr(error, "code", None) or status, status) from error
    except json.JSONDecodeError as error:  # an accepted message whose answer is not JSON
        raise Unknown("Twilio's answer could not be read") from error


@contextmanager
def _reading() -> Iterator[None]:
    """As `_speaking`, for calls that may simply be made again."""
    try:
        with _speaking():
            yield
    except Unknown as unknown:
        raise Retry(unknown.sentence, 10, unknown.code) from unknown


def _http_status(error: Any) -> int:
    """The HTTP status of an SDK exception; that for a page of a list has only the response."""
    if hasattr(error, "status"):
        return int(error.status)
    return int(getattr(error.args[-1], "status_code", 500)) if error.args else 500


def _never_left(error: Any) -> bool:
    """Whether the request failed before a byte of it was sent: refused, no such host, no TLS."""
    from requests.exceptions import ConnectTimeout, SSLError
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, (ConnectTimeout, SSLError)) or isinstance(cause, (NewConnectionError, ConnectTimeoutError))


def _variables(row: OutboxRow) -> Any:
    from twilio.base.values import unset

    return json.dumps(row.content_variables) if row.content_variables else unset


def _fits_quick_reply(row: OutboxRow) -> bool:
    short = all(units(button.title) <= TITLE_LENGTH for button in row.buttons)
    return bool(row.body) and len(row.buttons) <= QUICK_REPLIES and short and units(row.body) <= QUICK_REPLY_BODY


def _content_name(buttons: tuple[Button, ...]) -> str:
    written = json.dumps([(button.title, button.payload) for button in buttons])
    return "hawker_quick_reply_" + hashlib.sha256(written.encode()).hexdigest()[:20]


def _same_words(body: str | None, row: OutboxRow) -> bool:
    """Whether a message at the provider can be `row`; a template's words are not ours, so any may be it."""
    if row.content_sid:
        return True
    said = (body or "").strip()
    return said in (row.body.strip(), numbered(row.body, row.buttons).strip())


def _moment(message: Any, otherwise: datetime) -> datetime:
    moment: datetime = message.date_sent or message.date_created or otherwise
    return moment
