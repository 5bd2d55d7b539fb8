"""The port to a messaging channel: what a provider must do, in this program's own words.

`bot/channels/twilio` implements it. A provider's words (form fields, error codes, addresses, templates) end at its
folder. Addresses of people are ours: `whatsapp:` and an E.164 number or a WhatsApp user id.

    ChannelError
    ├── SendOutcomeUnknown   it may have been sent: look it up before sending again
    ├── RetryLater           nothing was done: try again later
    ├── Rejected             refused: the same request would be refused again
    └── MediaRefused         an attachment that we will not or cannot fetch
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.channels.message_text import split
from memory.conversations.channel_messages import DeliveryState, Inbound, Media, OutboxRow, Outgoing

# Our addresses, which a provider is told to call.
INBOUND_PATH = "/webhook/whatsapp"
STATUS_PATH = "/webhook/whatsapp/status"

Form = Sequence[tuple[str, str]]  # name and value, repeated names and empty values kept


# What comes in


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A POST to one of our addresses. `path` and `query` are as on the request line, encoded."""

    path: str
    query: str
    form: Form
    headers: Mapping[str, str]  # names in title case, as WSGI gives them


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """The body that the provider expects after a form was stored."""

    body: str
    content_type: str


class WebhookRefused(Exception):
    """A request that the provider did not sign, or not for our account. The text goes to the caller."""


class SetAsideReason(StrEnum):
    """Why a signed form is neither a message nor a status."""

    NO_MESSAGE_ID = "no_message_id"  # a second delivery could not be recognised
    NOT_A_MESSAGE = "not_a_message"  # a call, for instance
    OTHER_CHANNEL = "other_channel"  # not WhatsApp
    NO_SENDER = "no_sender"
    UNREADABLE_SENDER = "unreadable_sender"
    UNKNOWN_STATUS = "unknown_status"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A signed form that carries nothing for us."""

    reason: SetAsideReason


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How far a message of ours has come."""

    provider_id: str
    outbox_id: int | None  # None: the provider lost it
    state: DeliveryState
    error_code: int | None


# What goes out


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """What one message holds. Lengths are in UTF-16 units (`message_text.units`)."""

    text: int
    text_with_buttons: int
    buttons: int
    button_title: int

    def parts(self, outgoing: Outgoing) -> Sequence[Outgoing]:
        """The message in parts that fit; buttons and the picture go with the last."""
        texts = split(outgoing.body, self.text)
        if outgoing.buttons and texts:  # only the part with the buttons is short
            texts = [*texts[:-1], *split(texts[-1], self.text_with_buttons)]
        if len(texts) < 2:
            return [outgoing]
        bare = [replace(outgoing, body=text, buttons=(), media_url=None) for text in texts[:-1]]
        return [*bare, replace(outgoing, body=texts[-1])]


class FailureAction(StrEnum):
    """What to do about a message that was refused or has failed."""

    RETRY = "retry"
    LOOK_UP = "look_up"  # it may have been sent
    STOP_SENDING = "stop_sending"  # nothing can be sent now: keep the queue, alert the operator
    NEEDS_TEMPLATE = "needs_template"  # outside the 24-hour window
    TEMPLATE_UNUSABLE = "template_unusable"  # dead; use this template no more
    LINK_INSTEAD_OF_MEDIA = "link_instead_of_media"
    OPTED_OUT = "opted_out"  # the person opted out or blocked us: send them nothing more
    NO_MARKETING = "no_marketing"  # send this person no marketing
    UNREACHABLE = "unreachable"  # dead; the address takes no messages
    GIVE_UP = "give_up"  # dead


class FaultOf(StrEnum):
    """Who has to change something before such a message can be sent."""

    PROVIDER = "provider"
    OPERATOR = "operator"  # account, sender, templates, address of the webhook
    PROGRAM = "program"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class FailureVerdict:
    """What an error code means. `sentence` is for the operator and names no person.

    For RETRY: the least wait, and how many more tries (None: the outbox's own limit).
    """

    action: FailureAction
    fault_of: FaultOf
    sentence: str
    after_seconds: float = 0
    attempts: int | None = None


class ChannelError(Exception):
    """The provider did not do what it was asked. The text is for the operator and names no person."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(f"{sentence} (code {code})" if code else sentence)
        self.sentence = sentence
        self.code = code


class SendOutcomeUnknown(ChannelError):
    """The message may or may not have been taken: `look_up` before sending again."""


class RetryLater(ChannelError):
    """Nothing was done; try again after `after_seconds`, at most `attempts` times (None: the caller's limit)."""

    def __init__(
        self, sentence: str, after_seconds: float, code: int | None = None, attempts: int | None = None
    ) -> None:
        super().__init__(sentence, code)
        self.after_seconds = after_seconds
        self.attempts = attempts


class Rejected(ChannelError):
    """The provider refused; `verdict.action` says what to do instead of trying again."""

    def __init__(self, verdict: FailureVerdict, code: int | None) -> None:
        super().__init__(verdict.sentence, code)
        self.verdict = verdict


class MediaRefused(ChannelError):
    """An attachment that is not at the provider, is too large, or is gone."""


# What is there


@dataclass(frozen=True, slots=True)
class Found:
    """The message was sent."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider has no such message (yet)."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several messages could be this one: a person decides."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChannelFinding:
    """One thing the doctor checked; `sentence` says what is so, or what to do."""

    name: str
    ok: bool
    sentence: str


class Channel(Protocol):
    """A provider's account. Thread-safe: one serves the web and every turn of a worker."""

    @property
    def limits(self) -> MessageLimits: ...

    @property
    def webhook_reply(self) -> WebhookReply: ...

    def check_request(self, request: WebhookRequest) -> None:
        """Raises WebhookRefused unless the provider signed it for our account."""

    def read_form(self, form: Form, query: str = "") -> Inbound | DeliveryStatus | SetAside:
        """What a signed form says. No form raises: unknown fields are kept, an unreadable form is set aside.

        `query` is the request's, where a status callback may carry our outbox id.
        """

    def send(self, row: OutboxRow) -> str:
        """Send, and return the provider's id. Raises SendOutcomeUnknown, RetryLater or Rejected."""

    def look_up(self, row: OutboxRow, known: set[str]) -> Found | NotThere | Ambiguous:
        """Whether `row`, whose outcome was unknown, was sent. `known` are the provider ids of our other messages.

        Raises RetryLater or Rejected where the provider cannot be asked.
        """

    def list_inbound(self, since: datetime, to: str) -> Iterator[Inbound]:
        """Messages to `to` (our number, E.164) after `since`, oldest first, with media. What is unreadable is left out.

        A list may tell less than the form did (profile name, ad click). Raises RetryLater or Rejected.
        """

    def fetch_media(self, media: Media) -> bytes:
        """An attachment, at most 16 MB, from the provider's hosts only. Raises MediaRefused, RetryLater or Rejected."""

    def delete(self, provider_id: str) -> None:
        """Delete the message and its attachments at the provider; one that is gone is fine. Raises ChannelError."""

    def show_typing(self, provider_id: str) -> None:
        """Mark their message as read and show that we are writing. Best effort: never raises, takes 2 s at most."""

    def verdict(self, error_code: int | None) -> FailureVerdict:
        """What to do about the error code of a status."""

    def examine(self) -> Sequence[ChannelFinding]:
        """For the doctor: account, sender, webhook address. It may ask the provider."""
