"""The channel port over Twilio's REST API and webhooks."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.channels.channel import (
    INBOUND_PATH,
    STATUS_PATH,
    Ambiguous,
    ChannelError,
    ChannelFinding,
    DeliveryStatus,
    FailureAction,
    FailureVerdict,
    Form,
    Found,
    MessageLimits,
    NotThere,
    Rejected,
    RetryLater,
    SendOutcomeUnknown,
    SetAside,
    WebhookRefused,
    WebhookReply,
    WebhookRequest,
)
from bot.channels.message_text import numbered, units
from bot.channels.twilio.account import TwilioAccount
from bot.channels.twilio.error_codes import failure, verdict_on
from bot.channels.twilio.signature import Signatures
from bot.channels.twilio.webhook_forms import first_values, identify, read_form
from bot.settings import Settings
from memory.conversations.channel_messages import Button, Inbound, Media, OutboxRow
from memory.intake.received_forms import FormIdentity

if TYPE_CHECKING:
    from bot.channels.twilio.media import MediaFetcher

# A body: error 21617 above it. Quick replies: as many as a session allows without WhatsApp's approval.
LIMITS = MessageLimits(text=1600, text_with_buttons=1024, buttons=3, button_title=20)
EMPTY_TWIML = WebhookReply('<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml; charset=utf-8")
SANDBOX = "+14155238886"

# How Twilio calls us: connect 2 s, answer 4 s, three more tries on 5xx and time-outs, all within its 15 s.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides (not sent, not signed)
_OVERRIDES = "#ct=2000&rt=4000&rc=3&rp=5xx,ct,rt"
_TYPING_SECONDS = 2.0
_FIRST_MARGIN = timedelta(hours=26)  # our clock may be wrong by hours, or was when the try began
_MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_LOOKED_AT = 200  # messages of one recipient that a look-up reads at most

log = logging.getLogger(__name__)


class TwilioChannel:
    """The simulator passes its own `account`."""

    limits = LIMITS
    webhook_reply = EMPTY_TWIML

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        account: TwilioAccount | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if account is None and settings.simulated:
            raise ValueError("without TWILIO_ACCOUNT_SID, hand in the simulator's account")
        self.account = account or TwilioAccount.from_settings(settings)
        self._public_url = self.account.public_url or settings.local_url
        self._clock = clock
        self._sleep = sleep
        self._signatures = Signatures(self.account.tokens)
        self._contents: dict[str, str] | None = None
        self._contents_lock = threading.Lock()

    # What comes in

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        return self._signatures.given(headers)

    def check_request(self, request: WebhookRequest) -> None:
        # The address as configured: forwarded headers may say anything.
        url = self._url(request.path, request.query)
        if not self._signatures.good(url, request.form, request.headers):
            log.warning(
                "refused a request without a valid signature for %s; PUBLIC_URL must be the address that Twilio calls",
                url,
            )
            raise WebhookRefused("the signature does not fit; see `flask --app app doctor`")
        if first_values(request.form).get("AccountSid") != self.account.sid:
            raise WebhookRefused("this is another account's message")

    def identify(self, form: Form) -> FormIdentity | None:
        return identify(form)

    def read_form(self, form: Form, query: str = "", at: datetime | None = None) -> Inbound | DeliveryStatus | SetAside:
        return read_form(form, query, at or self._clock())

    def verdict(self, error_code: int | None) -> FailureVerdict:
        return verdict_on(error_code)

    # What goes out

    def send(self, row: OutboxRow, before_bytes_leave: Callable[[], None]) -> str:
        content = None
        if row.buttons and not row.template_id and not row.media_url and _fits_quick_reply(row):
            content = self._quick_reply(row.buttons)  # may ask Twilio to make it; the check is for the message alone
        from bot.channels.twilio.rest_client import checked

        with checked(before_bytes_leave):
            if row.template_id:
                return self._create(row, content_sid=row.template_id, content_variables=_variables(row))
            return self._send_text(row) if content is None else self._send_quick_reply(row, content)

    def _send_text(self, row: OutboxRow) -> str:
        media = {"media_url": [row.media_url]} if row.media_url else {}
        return self._create(row, body=numbered(row.body, row.buttons), **media)

    def _send_quick_reply(self, row: OutboxRow, content: str) -> str:
        try:
            return self._create(row, content_sid=content, content_variables=json.dumps({"1": row.body}))
        except Rejected as refused:
            if refused.verdict.action is not FailureAction.TEMPLATE_UNUSABLE:
                raise
            log.warning("quick reply %s was refused (code %s): numbered text instead", content, refused.code)
            return self._send_text(row)

    def _create(self, row: OutboxRow, **content: Any) -> str:
        with _sending():
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
        url = self._url(STATUS_PATH, f"outbox={outbox_id}")
        return url + _OVERRIDES if url.startswith("https:") else url

    def _url(self, path: str, query: str = "") -> str:
        return f"{self._public_url}{path}?{query}" if query else f"{self._public_url}{path}"

    def _quick_reply(self, buttons: tuple[Button, ...]) -> str | None:
        """Created once; None if Twilio refuses."""
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

    def show_typing(self, provider_id: str) -> None:
        """Shows for 25 s or until the reply."""
        try:
            with _reading():
                self._quick_client.messaging.v2.typing_indicator.create(channel="whatsapp", message_id=provider_id)
        except ChannelError as error:
            log.info("no typing indicator: %s", error)

    # What is there

    def look_up(self, row: OutboxRow, known: set[str]) -> Found | NotThere | Ambiguous:
        """By recipient and text, among what Twilio was sent after the newest message of theirs that we know.

        Twilio's own dates decide, as our clock may be set at any time.
        """
        listed = self._sent_to(row)
        since = max((one.date_created for one in listed if one.sid in known and one.date_created), default=None)
        if since is None:  # their first message: what is days old was of an earlier database
            since = row.first_tried_at - _FIRST_MARGIN if row.first_tried_at else None
        if since is None:
            raise ValueError(f"outbox row {row.id} was never tried: there is nothing to look up")
        candidates = [
            str(one.sid)
            for one in listed
            if one.sid not in known and (one.date_created or since) >= since and _same_words(one.body, row)
        ]
        if len(candidates) == 1:
            return Found(candidates[0])
        return Ambiguous(tuple(candidates)) if candidates else NotThere()

    def _sent_to(self, row: OutboxRow) -> list[Any]:
        with _reading():
            # Not filtered by DateSent: it is empty while a message is queued, and such a one would be missed.
            listed = self._client.messages.list(
                to=row.to, from_=f"whatsapp:{row.sender}", limit=_LOOKED_AT, page_size=_LOOKED_AT
            )
        return list(listed)

    def list_inbound(self, since: datetime, to: str) -> Iterator[Inbound]:
        """Twilio's list lacks profile name, location, button payload and referral."""
        with _reading():
            listed = self._client.messages.list(to=f"whatsapp:{to}", date_sent_after=since.astimezone(UTC))
        inbound = [message for message in listed if message.direction == "inbound"]
        inbound.reverse()  # listed newest first and dated to the second: those of one second keep their order
        for message in sorted(inbound, key=lambda one: _moment(one, since)):
            read = self._read_listed(message, since)
            if isinstance(read, Inbound):
                yield read
            else:
                log.warning("skipped the listed message %s: %s", message.sid, read)

    def fetch_inbound(self, provider_id: str) -> Inbound | None:
        if not _MESSAGE_SID.fullmatch(provider_id):
            return None
        try:
            with _reading():
                message = self._client.messages(provider_id).fetch()
        except Rejected as refused:
            if refused.code in (404, 20404):
                return None
            raise
        if message.direction != "inbound":
            return None
        read = self._read_listed(message, self._clock())
        return read if isinstance(read, Inbound) else None

    def _read_listed(self, message: Any, since: datetime) -> Inbound | DeliveryStatus | SetAside:
        form = [
            ("MessageSid", message.sid),
            ("From", message.from_),
            ("To", message.to),
            ("Body", message.body or ""),
        ]
        media = self._media_of(message) if int(message.num_media or 0) else ()
        for index, one in enumerate(media):
            form += [(f"MediaUrl{index}", one.url), (f"MediaContentType{index}", one.content_type)]
        return read_form(form, "", _moment(message, since))

    def _media_of(self, message: Any) -> tuple[Media, ...]:
        with _reading():
            listed = message.media.list(limit=10)
        return tuple(
            Media(f"https://api.twilio.com{one.uri.removesuffix('.json')}", one.content_type) for one in listed
        )

    def fetch_media(self, media: Media) -> bytes:
        return self._fetcher.fetch(media)

    def delete(self, provider_id: str) -> None:
        try:
            with _reading():
                message = self._client.messages(provider_id)
                for media in message.media.list():  # they outlive their message
                    message.media(media.sid).delete()
                message.delete()
        except Rejected as refused:
            if refused.code not in (404, 20404):
                raise

    def examine(self) -> list[ChannelFinding]:
        return [self._check_token(), self._check_sender(), self._check_address()]

    def _check_token(self) -> ChannelFinding:
        try:
            with _reading():
                self._client.api.v2010.accounts(self.account.sid).fetch()
        except ChannelError as error:
            remedy = "copy the account SID and auth token from Twilio's console"
            if self.account.api_url:  # the simulator answers only while the program serves
                remedy = f"start the program; nothing answers at {self.account.api_url}"
            return ChannelFinding("token", False, f"{error}; {remedy}")
        return ChannelFinding("token", True, "the account and its token work")

    def _check_sender(self) -> ChannelFinding:
        if self.account.sender == SANDBOX:
            return ChannelFinding("sender", True, "the sandbox: each recipient must send its 'join …' phrase first")
        try:
            with _reading():
                senders = self._client.messaging.v2.channels_senders.list(channel="whatsapp", limit=1000)
        except ChannelError as error:
            return ChannelFinding("sender", False, f"the senders could not be listed: {error}")
        if any(one.sender_id == f"whatsapp:{self.account.sender}" for one in senders):
            return ChannelFinding("sender", True, "the sender is registered for WhatsApp")
        return ChannelFinding("sender", False, "TWILIO_WHATSAPP_FROM is not a WhatsApp sender of this account")

    def _check_address(self) -> ChannelFinding:
        place = urlsplit(self._public_url)
        hook = self._url(INBOUND_PATH)
        if self.account.api_url:
            return ChannelFinding("address", True, f"the stand-in for Twilio calls {hook}")
        if place.scheme != "https" or place.hostname in ("localhost", "127.0.0.1") or "_" in place.netloc:
            return ChannelFinding("address", False, "PUBLIC_URL must be https, public, and without '_' in the host")
        return ChannelFinding("address", True, f"in Twilio's console, messages must be sent to {hook}")

    # Imported when first needed: the web process sends nothing.

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
def _sending() -> Iterator[None]:
    """When in doubt, the outcome is unknown."""
    from requests import RequestException
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except RequestException as error:
        if _never_left(error):
            raise RetryLater(f"Twilio could not be reached: {type(error).__name__}", 5) from error
        raise SendOutcomeUnknown(f"the connection to Twilio failed: {type(error).__name__}") from error
    except TwilioException as error:
        status = _http_status(error)
        raise failure(getattr(error, "code", None) or status, status) from error
    except json.JSONDecodeError as error:  # an accepted message whose answer is not JSON
        raise SendOutcomeUnknown("Twilio's answer could not be read") from error


@contextmanager
def _reading() -> Iterator[None]:
    """Like `_sending`, for calls that are safe to repeat."""
    try:
        with _sending():
            yield
    except SendOutcomeUnknown as unknown:
        raise RetryLater(unknown.sentence, 10, unknown.code) from unknown


def _http_status(error: Any) -> int:
    if hasattr(error, "status"):
        return int(error.status)
    # The exception for a page of a list has only the response.
    return int(getattr(error.args[-1], "status_code", 500)) if error.args else 500


def _never_left(error: Any) -> bool:
    """Failed before a byte was sent: refused, unknown host, no TLS."""
    from requests.exceptions import ConnectTimeout, SSLError
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, (ConnectTimeout, SSLError)) or isinstance(cause, (NewConnectionError, ConnectTimeoutError))


def _variables(row: OutboxRow) -> Any:
    from twilio.base.values import unset

    return json.dumps(row.template_variables) if row.template_variables else unset


def _fits_quick_reply(row: OutboxRow) -> bool:
    short = all(units(button.title) <= LIMITS.button_title for button in row.buttons)
    few = len(row.buttons) <= LIMITS.buttons
    return bool(row.body) and few and short and units(row.body) <= LIMITS.text_with_buttons


def _content_name(buttons: tuple[Button, ...]) -> str:
    written = json.dumps([(button.title, button.payload) for button in buttons])
    return "hawker_quick_reply_" + hashlib.sha256(written.encode()).hexdigest()[:20]


def _same_words(body: str | None, row: OutboxRow) -> bool:
    """True for any message if `row` is a template's: its text is not ours."""
    if row.template_id:
        return True
    said = (body or "").strip()
    return said in (row.body.strip(), numbered(row.body, row.buttons).strip())


def _moment(message: Any, otherwise: datetime) -> datetime:
    moment: datetime = message.date_sent or message.date_created or otherwise
    return moment
