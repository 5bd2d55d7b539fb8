"""What a turn changes: one named value for each change. `bot.delivery.turn_changes` applies them when the turn is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory.conversations.handovers import Handover
from memory.conversations.messages import Message
from memory.people.contacts import Contact
from memory.people.facts import Learned
from memory.shop.orders import Order, Quote
from memory.storage.audit_event import AuditEvent


@dataclass(frozen=True, slots=True)
class LearnFact:
    """What a message said of the customer: that something holds, or no longer does."""

    contact: Contact
    learned: Learned
    message_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteInterest:
    contact: Contact
    interest: str
    message_id: int


@dataclass(frozen=True, slots=True)
class QueueBackgroundReading:
    """The background reader reads the conversation up to this message."""

    contact_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class OptOut:
    contact_id: int


@dataclass(frozen=True, slots=True)
class NoteComeBackTold:
    """Who is opted out at the provider was told once how to come back."""

    contact_id: int


@dataclass(frozen=True, slots=True)
class OptIn:
    contact_id: int


@dataclass(frozen=True, slots=True)
class CountFailedAnswer:
    """Counts consecutive answers that did not help; `failed=False` resets the count."""

    contact_id: int
    failed: bool


@dataclass(frozen=True, slots=True)
class MarkStaff:
    """Statistics leave this contact out."""

    contact_id: int


@dataclass(frozen=True, slots=True)
class KeepQuote:
    """Replaces an earlier quote."""

    contact: Contact
    quote: Quote


@dataclass(frozen=True, slots=True)
class DropQuote:
    contact_id: int


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Takes the goods out of stock and places the order.

    `number` is drawn with `Orders.new_number` while the turn is answered, so the reply can name it.
    """

    contact: Contact
    quote: Quote
    number: str
    payment_link: str | None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancelled by the customer; the goods return to stock."""

    order: Order  # as it was when the turn was answered


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Moved by staff; the goods of a cancelled order return to stock."""

    order: Order  # as it was when the turn was answered
    state: str
    by: str  # phone number


@dataclass(frozen=True, slots=True)
class OpenHandOver:
    """Staff are told, with the number that applying assigns."""

    contact: Contact
    reason: str
    language: str  # of the notice to staff
    name: str | None  # of the customer
    interests: tuple[str, ...]
    history: tuple[Message, ...]  # last lines before this turn, oldest first
    messages: tuple[Message, ...]  # of this turn


@dataclass(frozen=True, slots=True)
class ExtendHandOver:
    """The time starts again."""

    handover: Handover


@dataclass(frozen=True, slots=True)
class CloseHandOver:
    handover_id: int
    by: str  # phone number


@dataclass(frozen=True, slots=True)
class NoteMention:
    """The message is emptied when the contact is erased."""

    message_id: int
    contact_id: int


@dataclass(frozen=True, slots=True)
class ReplayMessage:
    message_id: int


@dataclass(frozen=True, slots=True)
class FinishTask:
    """No change where a colleague or Asana reported it first."""

    brand: str
    number: int
    by: str  # phone number
    outcome: str


@dataclass(frozen=True, slots=True)
class SamePerson:
    """A number that seemed to change hands did not."""

    brand: str
    number_id: int


@dataclass(frozen=True, slots=True)
class OtherPerson:
    """A number did change hands."""

    brand: str
    number_id: int


@dataclass(frozen=True, slots=True)
class SamePeople:
    """The business moved: no number changed hands from `since` on."""

    brand: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RecordExecution:
    """An entry of an agent's audit trail, as `MemoryManager.record_within` takes it."""

    workflow_id: str
    agent_id: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotifyStaff:
    """To all staff of the contact's brand; emptied when the contact is erased."""

    contact: Contact
    text: str


@dataclass(frozen=True, slots=True)
class NoteAudit:
    """An entry in the audit log."""

    event: AuditEvent


Change = (
    LearnFact
    | NoteInterest
    | QueueBackgroundReading
    | OptOut
    | OptIn
    | NoteComeBackTold
    | CountFailedAnswer
    | MarkStaff
    | KeepQuote
    | DropQuote
    | PlaceOrder
    | CancelOrder
    | MoveOrder
    | OpenHandOver
    | ExtendHandOver
    | CloseHandOver
    | NoteMention
    | ReplayMessage
    | FinishTask
    | SamePerson
    | OtherPerson
    | SamePeople
    | RecordExecution
    | NotifyStaff
    | NoteAudit
)
