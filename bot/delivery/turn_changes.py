"""Applies the changes of a turn inside the transaction that finishes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from bot.sales.episodes import Episodes
from bot.staff.handover_notice import handover_notice
from bot.staff.staff_members import Staff
from memory.ads.tasks import Tasks
from memory.agents.memory_manager import MemoryManager
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Messages
from memory.conversations.reading_progress import Readings
from memory.conversations.turn_changes import (
    CancelOrder,
    Change,
    CloseHandOver,
    CountFailedAnswer,
    DropQuote,
    ExtendHandOver,
    FinishTask,
    KeepQuote,
    LearnFact,
    MarkStaff,
    MoveOrder,
    NoteAudit,
    NoteComeBackTold,
    NoteInterest,
    NoteMention,
    NotifyStaff,
    OpenHandOver,
    OptIn,
    OptOut,
    OtherPerson,
    PlaceOrder,
    QueueBackgroundReading,
    RecordExecution,
    ReplayMessage,
    SamePeople,
    SamePerson,
)
from memory.people.contacts import Contact, Contacts
from memory.people.facts import Facts
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Orders, WrongState
from memory.storage.errors import AlreadyStored, StaleDraft, UnknownMessage, UnknownNumberChange


@dataclass(frozen=True, slots=True)
class TurnChanges:
    contacts: Contacts
    messages: Messages
    facts: Facts
    readings: Readings
    orders: Orders
    goods: Goods
    handovers: Handovers
    tasks: Tasks
    agents: MemoryManager
    audit: AuditTrail
    staff: Staff

    def apply(self, changes: Sequence[Change]) -> list[Outgoing]:
        """Inside the caller's transaction; returns messages to staff.

        Raises StaleDraft if a change is no longer possible (sold out, order moved): answer the turn again.
        """
        notices: list[Outgoing] = []
        try:
            for change in changes:
                notices += self._apply(change)
        except (WrongState, AlreadyStored, UnknownMessage, UnknownNumberChange) as conflict:
            raise StaleDraft(str(conflict)) from conflict
        return notices

    def _apply(self, change: Change) -> Sequence[Outgoing]:  # noqa: C901 - one case for each change
        match change:
            case LearnFact(contact, learned, message_id, at):
                self.facts.take(contact, learned, message_id, at=at)
            case NoteInterest(contact, interest, message_id):
                self.facts.note_interest(contact, interest, message_id)
            case QueueBackgroundReading(contact_id, message_id):
                self.readings.mark(contact_id, message_id)
            case OptOut(contact_id):
                self.contacts.opt_out(contact_id)
            case NoteComeBackTold(contact_id):
                self.contacts.note_come_back_told(contact_id)
            case OptIn(contact_id):
                self.contacts.opt_in(contact_id)
            case CountFailedAnswer(contact_id, failed):
                self.contacts.count_failed_answer(contact_id, failed=failed)
            case MarkStaff(contact_id):
                self.contacts.mark_staff(contact_id)
            case KeepQuote(contact, quote):
                self.orders.keep_quote(contact, quote)
            case DropQuote(contact_id):
                self.orders.drop_quote(contact_id)
            case PlaceOrder(contact, quote, number, payment_link):
                self.goods.take(contact.brand, quote.sku, quote.quantity)
                self.orders.place(contact, quote, number, payment_link)
            case CancelOrder(order):
                self.orders.move(order.brand, order.number, "cancelled", "customer")
                self.goods.put_back(order.brand, order.sku, order.quantity)
            case MoveOrder(order, state, by):
                self.orders.move(order.brand, order.number, state, by)
                Episodes(self.agents).order_moved(order, state)
                if state == "cancelled":
                    self.goods.put_back(order.brand, order.sku, order.quantity)
            case OpenHandOver(contact, reason):
                number = self.handovers.open(contact, reason)
                Episodes(self.agents).handed_over(contact, number)
                return self._notify(contact, handover_notice(change, number))
            case ExtendHandOver(handover):
                self.handovers.extend(handover)
            case CloseHandOver(handover_id, by):
                self.handovers.close(handover_id, by)
            case NoteMention(message_id, contact_id):
                self.messages.mention(message_id, contact_id)
            case ReplayMessage(message_id):
                self.messages.replay(message_id)
            case FinishTask(brand, number, by, outcome):
                if self.tasks.get(brand, number).state == "open":
                    self.tasks.done(brand, number, by, outcome)
            case SamePerson(brand, number_id):
                self.contacts.same_person(brand, number_id)
            case OtherPerson(brand, number_id):
                self.contacts.recycled.decide_other(brand, number_id)
            case SamePeople(brand, by, since):
                self.contacts.same_people(brand, by, since)
            case RecordExecution(workflow_id, agent_id, record):
                self.agents.record_within(workflow_id, agent_id, dict(record))
            case NotifyStaff(contact, text):
                return self._notify(contact, text)
            case NoteAudit(event):
                self.audit.append(event)
            case _:
                assert_never(change)
        return ()

    def _notify(self, contact: Contact, text: str) -> list[Outgoing]:
        return [replace(notice, about=(contact.id,)) for notice in self.staff.notify(contact.brand, text)]
