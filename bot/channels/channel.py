"""The port to a messaging channel; `bot/channels/twilio` implements it.

A provider's words (form fields, error codes, templates) stay in its folder. A person's address is `whatsapp:` and an
E.164 number or a WhatsApp user id.

ChannelError
├── SendOutcomeUnknown   may have been sent: look it up before sending again
├── TooLateToSend        nothing was sent, as the caller's time for it was over
├── RetryLater           nothing was done
├── Rejected             refused; the same request would be refused again
└── MediaRefused         an attachment that we will not or cannot fetch
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.channels.message_text import split
from memory.conversations.channel_messages import DeliveryState, Inbound, Media, OutboxRow, Outgoing
from memory.intake.received_forms import FormIdentity, SetAsideReason

# Our addresses, which a provider is told to call.
INBOUND_PATH = "/webhook/whatsapp"
STATUS_PATH = "/webhook/whatsapp/status"

Form = Sequence[tuple[str, str]]  # name and value, repeated names and empty values kept


# What comes in


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """`path` and `query` are still URL-encoded."""

    path: str
    query: str
    form: Form
    headers: Mapping[str, str]  # names in title case, as WSGI gives them


@dataclass(frozen=True, slots=True)
class WebhookReply:
    body: str
    content_type: str


class WebhookRefused(Exception):
    """Wrong signature or another account. The text goes to the caller."""


@dataclass(frozen=True, slots=True)
class SetAside:
    reason: SetAsideReason


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    provider_id: str
    outbox_id: int | None  # None: the provider lost it
    state: DeliveryState
    error_code: int | None


# What goes out


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """Lengths are in UTF-16 units (`message_text.units`)."""

    text: int
    text_with_buttons: int
    buttons: int
    button_title: int

    def parts(self, outgoing: Outgoing) -> Sequence[Outgoing]:
        """Splits a message; buttons and picture go with the last part."""
        texts = split(outgoing.body, self.text)
        if outgoing.buttons and texts:  # only the part with the buttons is short
            texts = [*texts[:-1], *split(texts[-1], self.text_with_buttons)]
        if len(texts) < 2:
            return [outgoing]
        bare = [replace(outgoing, body=text, buttons=(), media_url=None) for text in texts[:-1]]
        return [*bare, replace(outgoing, body=texts[-1])]


class FailureAction(StrEnum):
    RETRY = "retry"
    LOOK_UP = "look_up"  # it may have been sent
    STOP_SENDING = "stop_sending"  # nothing can be sent now: keep the queue, alert the operator
    NEEDS_TEMPLATE = "needs_template"  # outside the 24-hour window
    TEMPLATE_UNUSABLE = "template_unusable"  # dead; use this template no more
    LINK_INSTEAD_OF_MEDIA = "link_instead_of_media"
    OPTED_OUT = "opted_out"  # the provider keeps them opted out until they send START there
    BLOCKED = "blocked"  # the person blocked us: send them nothing until they write again
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
    """`sentence` is for the operator and names no person."""

    action: FailureAction
    fault_of: FaultOf
    sentence: str
    after_seconds: float = 0  # for RETRY: the least wait
    attempts: int | None = None  # for RETRY: how many more; None: the outbox's own limit


class ChannelError(Exception):
    """The text is for the operator and names no person."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(f"{sentence} (code {code})" if code else sentence)
        self.sentence = sentence
        self.code = code


class SendOutcomeUnknown(ChannelError):
    """`look_up` before sending again. `denied`: the provider answered that it failed, and works on it no more."""

    def __init__(self, sentence: str, code: int | None = None, *, denied: bool = False) -> None:
        super().__init__(sentence, code)
        self.denied = denied


class TooLateToSend(ChannelError):
    """Raised by the check that `send` is given."""


class RetryLater(ChannelError):
    """After `after_seconds`, at most `attempts` times (None: the caller's limit)."""

    def __init__(
        self, sentence: str, after_seconds: float, code: int | None = None, attempts: int | None = None
    ) -> None:
        super().__init__(sentence, code)
        self.after_seconds = after_seconds
        self.attempts = attempts


class Rejected(ChannelError):
    """`verdict.action` says what to do instead of a retry."""

    def __init__(self, verdict: FailureVerdict, code: int | None) -> None:
        super().__init__(verdict.sentence, code)
        self.verdict = verdict


class MediaRefused(ChannelError):
    pass


# What is there


@dataclass(frozen=True, slots=True)
class Found:
    provider_id: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """Not at the provider (yet)."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A person decides."""

    provider_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChannelFinding:
    """One result of the doctor; `sentence` says what is so or what to do."""

    name: str
    ok: bool
    sentence: str


class Channel(Protocol):
    """A provider's account. Thread-safe."""

    @property
    def limits(self) -> MessageLimits: ...

    @property
    def webhook_reply(self) -> WebhookReply: ...

    def is_signed(self, headers: Mapping[str, str]) -> bool:
        """Whether there is a signature at all, right or wrong; asked before the body is read."""

    def check_request(self, request: WebhookRequest) -> None:
        """Raises WebhookRefused unless the provider signed it for our account."""

    def identify(self, form: Form) -> FormIdentity | None:
        """By what a second delivery of this form is recognised; None: it says nothing that could be kept.

        Cheap, and never raises.
        """

    def read_form(self, form: Form, query: str = "", at: datetime | None = None) -> Inbound | DeliveryStatus | SetAside:
        """Never raises: unknown fields are kept, an unreadable form is set aside.

        `query` is the request's; it may carry the outbox id of a status. `at`: when it came; None: now.
        """

    def send(self, row: OutboxRow, before_bytes_leave: Callable[[], None]) -> str:
        """Returns the provider's id. Raises SendOutcomeUnknown, RetryLater or Rejected.

        Calls `before_bytes_leave` as late as possible before the message's request is written to the connection, and
        lets its TooLateToSend rise: then nothing was sent.
        """

    def look_up(self, row: OutboxRow, known: set[str]) -> Found | NotThere | Ambiguous:
        """Among all that the provider was sent since the newest of the `known` ones. Raises RetryLater or Rejected.

        `known`: provider ids of our other messages.
        """

    def list_inbound(self, since: datetime, to: str) -> Iterator[Inbound]:
        """Messages to `to` (our number, E.164) after `since`, oldest first; unreadable ones are left out.

        May tell less than the form did (profile name, ad click). Raises RetryLater or Rejected.
        """

    def fetch_inbound(self, provider_id: str) -> Inbound | None:
        """A message to us as the provider has it, with its id there; None: there is none under this id.

        Raises RetryLater or Rejected.
        """

    def fetch_media(self, media: Media) -> bytes:
        """At most 16 MB, from the provider's hosts only. Raises MediaRefused, RetryLater or Rejected."""

    def delete(self, provider_id: str) -> None:
        """With attachments; no error if it is gone. Raises ChannelError."""

    def show_typing(self, provider_id: str) -> None:
        """Also marks the message as read. Best effort: never raises, takes at most 2 s."""

    def verdict(self, error_code: int | None) -> FailureVerdict: ...

    def examine(self) -> Sequence[ChannelFinding]:
        """For the doctor; may use the network."""
