"""Messages as a channel hands them to memory, and as memory hands them to a channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from memory.people.address import Address, Referral
from memory.storage.lease_clock import LeaseTime


@dataclass(frozen=True, slots=True)
class Media:
    """One attachment at the provider."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class CartItem:
    """A catalogue item that a message names by its SKU: of a cart, or the one that it asks about."""

    sku: str
    quantity: int  # 0: what stood there was no number of pieces


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message from a person, before it is stored."""

    provider_id: str
    to: str  # our number, E.164
    sender: Address
    # text, button, list, image, audio, video, document, sticker, location, contacts, order (a cart), product (an item of
    # the catalogue), poll, reaction, interactive (a form in the chat), system, other
    kind: str
    body: str
    received_at: datetime
    urgent: bool = False  # a button or an opt-out: no quiet time
    profile_name: str | None = None
    payload: str | None = None  # the id of the pressed button or the chosen list row
    replied_to: str | None = None  # provider id of the message this one quotes
    media: tuple[Media, ...] = ()
    location: dict[str, str] | None = None  # latitude, longitude, address, label as they came
    referral: Referral | None = None
    items: tuple[CartItem, ...] = ()
    unread: bool = False  # it has contents that nobody could read
    raw: dict[str, Any] = field(default_factory=dict)  # the whole form
    forwarded: bool = False
    odd_form: bool = False  # it has names that the provider's forms lack, or one of its own twice


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply: what is shown (at most 20 characters) and what comes back when it is pressed."""

    title: str
    payload: str


class DeliveryState(StrEnum):
    """How far a message of ours has come, as stored in `messages.provider_status` and `statuses`."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"


class FailureCause(StrEnum):
    """Why a message is not sent, as stored in `messages.cause`."""

    OUTCOME_UNKNOWN = "outcome_unknown"  # it may have arrived
    AMBIGUOUS = "ambiguous"  # the provider has several like it: one of them may be it
    REFUSED = "refused"  # by the provider
    TRIES_USED_UP = "tries_used_up"  # the provider took none of them
    EARLIER_PART = "earlier_part"  # of the same reply could not be sent
    PROGRAM_FAULT = "program_fault"
    OPTED_OUT = "opted_out"
    OUTSIDE_WINDOW = "outside_window"  # of 24 hours, and there is no template


IN_DOUBT = (FailureCause.OUTCOME_UNKNOWN, FailureCause.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a person, before it is stored; one that is too long becomes several when stored."""

    body: str
    contact_id: int | None = None  # None: the person whose turn it is
    buttons: tuple[Button, ...] = ()
    media_url: str | None = None
    message_type: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    purpose: str = "reply"  # picks the brand's template outside the 24-hour window
    passes_optout: bool = False  # only the one confirmation of STOP, and legal answers
    farewell: bool = False  # once it is sent, everything about its person is erased
    about: tuple[int, ...] = ()  # contacts whom a message to staff tells of: it is emptied when one is erased


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outgoing message as stored, ready to be sent by a channel."""

    id: int
    to: str  # raw address, e.g. whatsapp:+14155550101
    sender: str  # our number, E.164
    body: str
    buttons: tuple[Button, ...] = ()
    media_url: str | None = None
    template_id: str | None = None  # the provider's id of a template that goes out instead of the body
    template_variables: dict[str, str] = field(default_factory=dict)
    first_tried_at: datetime | None = None
    state: str = "ready"
    attempts: int = 0
    due_at: datetime | None = None
    purpose: str = "reply"
    passes_optout: bool = False
    farewell: bool = False
    after_id: int | None = None
    outside_at: datetime | None = None  # when the provider said that the 24-hour window was closed
    tried: LeaseTime | None = None  # when the try began whose outcome is open
    due: LeaseTime | None = None  # not before
    denied: bool = False  # the provider answered this try with a fault of its own
    look_ups: int = 0  # that found nothing of this try
    unanswered: int = 0  # earlier tries that left no trace
