"""Commands about orders, hand-overs and messages; dispatches all staff commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.language.foreign_text import in_one_line, quoted
from bot.language.languages import FIRST, LANGUAGES
from bot.language.texts import ReplyWording, reply_wording
from bot.roles import ROLES, at_least
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.command import CommandEntry, ProviderCheck, RoleTooLow, StaffCommand, Unclear, number_in
from bot.staff.sender_check import SenderVerdict
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Message, Messages
from memory.conversations.turn_changes import (
    CloseHandOver,
    ExtendHandOver,
    MarkStaff,
    MoveOrder,
    NoteAudit,
    NoteMention,
    NotifyStaff,
    OtherPerson,
    ReplayMessage,
    SamePeople,
    SamePerson,
)
from memory.conversations.turns import MessageReading, Outcome
from memory.people.contacts import Contact, Contacts
from memory.shop.orders import Order, Orders, WrongState, can_move, is_number
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.errors import MemoryFault

NOT_AUDITED = ("help",)
ABOUT_ORDERS = ("order", "paid", "shipped", "delivered", "cancelled")
REFUSED = {RoleTooLow: "role_too_low", Unclear: "unclear"}
FORWARDED = "A forwarded message is no command. Write it yourself."
UNKNOWN_SENDER = "WhatsApp's provider can't be asked now whether this came from you, so nothing was done. Send it again in a few minutes."
FORGED = "WhatsApp's provider has no such message from you, so nothing was done. Your colleagues are told."


class ChecksSenders(Protocol):
    """Implemented by `bot.staff.sender_check.SenderCheck`."""

    def verdict(self, who: Contact, message: Message) -> SenderVerdict: ...


class Commands:
    """Database changes wait for the end of the turn; ad accounts change at once (`AdCommands`)."""

    def __init__(
        self,
        contacts: Contacts,
        messages: Messages,
        handovers: Handovers,
        orders: Orders,
        audit: AuditTrail,
        *,
        senders: ChecksSenders,
        ads: AdCommands | None = None,
    ) -> None:
        self._contacts = contacts
        self._messages = messages
        self._handovers = handovers
        self._orders = orders
        self._audit = audit
        self._ads = ads
        self._senders = senders
        self._commands = {
            "help": CommandEntry("help", "this list", "analyst", self._help),
            "open": CommandEntry("open", "who waits for a person", "analyst", self._open),
            "orders": CommandEntry("orders", "the latest orders", "analyst", self._list_orders),
            "order": CommandEntry("order KQXT-MBPR", "one order and its steps", "analyst", self._order),
            "why": CommandEntry("why 42", "what the reply to message 42 was based on", "analyst", self._why),
            "reply": CommandEntry(
                "reply 3: your text", "answer the customer of hand-over 3", "staff", self._reply, ProviderCheck.FIRST
            ),
            "release": CommandEntry(
                "release 3", "let the desk answer hand-over 3 again", "staff", self._release, ProviderCheck.FIRST
            ),
            "paid": CommandEntry("paid KQXT-MBPR", "mark an order paid", "staff", self._move, ProviderCheck.FIRST),
            "shipped": CommandEntry("shipped KQXT-MBPR", "mark it shipped", "staff", self._move, ProviderCheck.FIRST),
            "delivered": CommandEntry(
                "delivered KQXT-MBPR", "mark it delivered", "staff", self._move, ProviderCheck.FIRST
            ),
            "cancelled": CommandEntry("cancelled KQXT-MBPR", "cancel it", "staff", self._move, ProviderCheck.FIRST),
            "dead": CommandEntry("dead", "messages that could not be sent", "staff", self._dead),
            "replay": CommandEntry("replay 17", "try a dead message again", "staff", self._replay, ProviderCheck.FIRST),
            "numbers": CommandEntry("numbers", "numbers that changed hands", "admin", self._numbers),
            "same": CommandEntry(
                "same 4", "it is the same person; *same people*: all of them", "admin", self._same, ProviderCheck.FIRST
            ),
            "other": CommandEntry("other 4", "it is another person", "admin", self._other, ProviderCheck.FIRST),
            "audit": CommandEntry(
                "audit +919876543210", "who read or changed a person's data", "admin", self._read_audit
            ),
            **(ads.commands() if ads else {}),
        }

    def handle(self, who: Contact, role: str, messages: Sequence[Message], deadline: datetime | None = None) -> Outcome:
        """Each message is its own command. Raises ValueError for an unknown role."""
        if role not in ROLES:
            raise ValueError("only somebody on the STAFF list may command; route customers to the seller")
        outcome = Outcome(answered_by="staff", why="staff command")
        outcome.changes.append(MarkStaff(who.id))
        for message in messages:
            outcome.readings[message.id] = MessageReading("staff")
            word, *rest = message.content.strip().split(maxsplit=1) or [""]
            command = StaffCommand(
                who=who,
                role=role,
                message_id=message.id,
                text=message.content,
                word=word,
                words=rest[0].strip() if rest else "",
                outcome=outcome,
                deadline=deadline,
            )
            said, refused = len(outcome.replies), ""
            try:
                self._carry_out(command)
            except (RoleTooLow, Unclear, MemoryFault) as fault:
                command.say(str(fault))
                refused = REFUSED.get(type(fault), "refused")
            self._note(command, outcome.replies[said:], refused)
        return outcome

    def _note(self, command: StaffCommand, said: Sequence[Outgoing], refused: str) -> None:
        """In the audit log, for each person that the answer is about; and links the command's text to them."""
        known = command.name in self._commands
        if command.name in NOT_AUDITED:
            return
        about = [each for reply in said for each in (*reply.about, reply.contact_id) if each is not None]
        people = [each for each in dict.fromkeys(about) if each != command.who.id]
        first = command.words.split(maxsplit=1)[0].strip(":,#") if command.words else ""
        # Nothing that somebody wrote, and no digits as long as a phone number.
        told = is_number(first) if command.name in ABOUT_ORDERS else re.fullmatch(r"[0-9]{1,6}", first)
        event = AuditEvent(
            actor=f"contact:{command.who.id}",
            door=Door.CHAT,
            action=command.name if known else "question",
            brand=command.brand,
            role=command.role,
            subject=first.upper() if known and told else "",
            outcome=refused,
        )
        events = [replace(event, person=person) for person in people] or [event]
        command.changes.extend(NoteAudit(each) for each in events)
        if command.words:
            noted = {
                change.contact_id
                for change in command.changes
                if isinstance(change, NoteMention) and change.message_id == command.message_id
            }
            command.changes.extend(NoteMention(command.message_id, person) for person in people if person not in noted)

    def _carry_out(self, command: StaffCommand) -> None:
        entry = self._commands.get(command.name)
        if entry is not None:
            if not at_least(command.role, entry.role):
                raise RoleTooLow(f"“{command.word}” needs the role {entry.role}; you are {command.role}.")
            self._check_and_do(command, entry)
        elif self._ads is None or not self._ads.questions.answer(command):  # anything else may be a question
            raise Unclear(f"I don't know “{in_one_line(command.word, 40)}”. Send *help* for what I can do.")

    def _check_and_do(self, command: StaffCommand, entry: CommandEntry) -> None:
        message = self._messages.get(command.message_id)
        check = entry.check
        if check is ProviderCheck.NEVER and message.metadata.get("odd_form"):
            check = ProviderCheck.FIRST
        if check is ProviderCheck.NEVER:
            entry.do(command)
            return
        if message.metadata.get("forwarded"):
            raise Unclear(FORWARDED)
        if check is ProviderCheck.AFTERWARDS:
            try:
                entry.do(command)
            finally:
                self._warn_unless_genuine(command, message)
            return
        verdict = self._senders.verdict(command.who, message)
        if verdict is SenderVerdict.UNKNOWN:
            raise Unclear(UNKNOWN_SENDER)
        if verdict is SenderVerdict.FORGED:
            command.changes.append(NotifyStaff(command.who, _forged(command, "It was not carried out.")))
            raise Unclear(FORGED)
        entry.do(command)

    def _warn_unless_genuine(self, command: StaffCommand, message: Message) -> None:
        match self._senders.verdict(command.who, message):
            case SenderVerdict.FORGED:
                command.changes.append(
                    NotifyStaff(command.who, _forged(command, "It stopped something: look at *changes*."))
                )
            case SenderVerdict.UNKNOWN:
                text = (
                    f"⚠️ *{command.name}* was carried out for {command.who.phone}, and the provider can't be asked now"
                )
                command.changes.append(NotifyStaff(command.who, f"{text} whether it came from them. Ask them."))

    def _help(self, command: StaffCommand) -> None:
        allowed = [each for each in self._commands.values() if at_least(command.role, each.role)]
        command.say("\n".join(f"*{each.usage}*: {each.explanation}" for each in allowed))

    def _open(self, command: StaffCommand) -> None:
        waiting = self._handovers.list_open(command.brand)
        lines = [f"*{each.id}* {self._called(each.contact_id)}: {in_one_line(each.reason, 200)}" for each in waiting]
        command.say("\n".join(lines) or "Nobody waits for a person.", about=[each.contact_id for each in waiting])

    def _reply(self, command: StaffCommand) -> None:
        found = re.fullmatch(r"(\d+)\s*[:,]?\s+(.+)|(\d+):(.+)", command.words, re.DOTALL)
        if found is None:
            raise Unclear("Write *reply 3: your text*, with the number of the hand-over.")
        number, text = int(found[1] or found[3]), (found[2] or found[4]).strip()
        handover = self._handovers.get(command.brand, number)
        command.replies.append(
            Outgoing(text, contact_id=handover.contact_id, message_type="people", metadata={"by": "staff"})
        )
        command.changes.append(ExtendHandOver(handover))
        command.changes.append(NoteMention(command.message_id, handover.contact_id))
        command.say(
            f"Sent to {self._called(handover.contact_id)}. *release {number}* lets the desk answer again.",
            about=[handover.contact_id],
        )

    def _release(self, command: StaffCommand) -> None:
        handover = self._handovers.get(command.brand, number_in(command.words, "release 3"))
        command.changes.append(CloseHandOver(handover.id, command.who.phone))
        command.say(f"The desk answers {self._called(handover.contact_id)} again.", about=[handover.contact_id])

    def _list_orders(self, command: StaffCommand) -> None:
        latest = self._orders.of_brand(command.brand, limit=10)
        command.say("\n".join(map(_line, latest)) or "There are no orders yet.")

    def _order(self, command: StaffCommand) -> None:
        found = self._found(command)
        steps = [f"{event.at:%d %b %H:%M} UTC: {event.state}" for event in self._orders.events(found.id)]
        ad = f"Came by ad {found.last_ad_id}" if found.last_ad_id else "No ad is known"
        command.say("\n".join([_line(found), ad, *steps]), about=[found.contact_id] if found.contact_id else [])

    def _found(self, command: StaffCommand) -> Order:
        """Raises Unclear or UnknownOrder."""
        if not is_number(command.words):
            raise Unclear("An order number has eight letters and looks like KQXT-MBPR; *orders* lists the latest.")
        return self._orders.by_number(command.brand, command.words)

    def _move(self, command: StaffCommand) -> None:
        """The command's name is the new state."""
        found, state = self._found(command), command.name
        moves = [change for change in command.changes if isinstance(change, MoveOrder)]
        # An earlier message of this turn may have moved it; nothing of the turn is written yet.
        now = next((each.state for each in reversed(moves) if each.order.number == found.number), found.state)
        if now == state:
            raise WrongState(f"Order {found.number} is {state} already.")
        if not can_move(now, state):
            raise WrongState(f"Order {found.number} is {now}; it cannot become {state} from there.")
        command.changes.append(MoveOrder(found, state, command.who.phone))
        command.say(f"Order {found.number} is {state} now.")
        if found.contact_id is not None:
            words = self._wording(found.contact_id)
            text = words.say(f"order_now_{state}", number=found.number)
            command.replies.append(
                Outgoing(text, contact_id=found.contact_id, purpose="order_update", message_type="order_status")
            )

    def _wording(self, contact_id: int) -> ReplyWording:
        """In the customer's language and the script they wrote last."""
        known = self._contacts.get(contact_id).language
        wrote = "".join(m.content for m in self._messages.history(contact_id, limit=20) if m.role == "user")
        return reply_wording(known if known in LANGUAGES else FIRST, wrote)

    def _dead(self, command: StaffCommand) -> None:
        buried = self._messages.dead(command.brand, limit=10)
        lines = [
            f"*{each.id}* {self._called(each.contact_id)}: {in_one_line(each.error or '', 200)}" for each in buried
        ]
        command.say("\n".join(lines) or "No message is dead.", about=[each.contact_id for each in buried])

    def _replay(self, command: StaffCommand) -> None:
        message = self._own(command, number_in(command.words, "replay 17"))
        replay = ReplayMessage(message.id)
        now = "tried again" if replay in command.changes else message.state
        if now != "dead":
            raise Unclear(f"Message {message.id} is not dead; it is {now}.")
        command.changes.append(replay)
        command.say(f"Message {message.id} is tried again.")

    def _numbers(self, command: StaffCommand) -> None:
        found = self._contacts.recycled.undecided(command.brand, limit=50)
        lines = [f"*{each.id}* {each.phone}, since {each.at:%d %b %H:%M} UTC" for each in found]
        command.say("\n".join(lines) or "No number waits for a decision.", about=[each.contact_id for each in found])

    def _same(self, command: StaffCommand) -> None:
        if command.words.lower() in ("people", "all"):
            found = self._contacts.recycled.undecided(command.brand)
            since = min((each.at for each in found), default=None)
            if since is None:
                raise Unclear("No number waits for a decision.")
            command.changes.append(SamePeople(command.brand, command.who.phone, since))
            command.say(
                f"{len(found)} people are who they were. New ids of the next 30 days count as the same person's, too."
            )
            return
        number = self._contacts.recycled.get(command.brand, number_in(command.words, "same 4"))
        command.changes.append(SamePerson(command.brand, number.id))
        command.say(f"{number.phone} is the same person as before.", about=[number.contact_id])

    def _other(self, command: StaffCommand) -> None:
        number = self._contacts.recycled.get(command.brand, number_in(command.words, "other 4"))
        command.changes.append(OtherPerson(command.brand, number.id))
        command.say(f"{number.phone} is another person now.", about=[number.contact_id])

    def _why(self, command: StaffCommand) -> None:
        if self._ads is not None and not command.words.isdigit():
            self._ads.questions.why(command)
            return
        message = self._own(command, number_in(command.words, "why 42"))
        command.say(quoted(self._messages.why(message.id), 4000), about=[message.contact_id])

    def _read_audit(self, command: StaffCommand) -> None:
        """The latest entries; with a number, those about that person."""
        person = self._contacts.find(command.brand, command.words).id if command.words else None
        entries = self._audit.search(brand=command.brand, person=person, limit=20)
        about = [] if person is None else [person]
        command.say("\n".join(map(str, entries)) or "The audit log has no such entry.", about=about)

    def _own(self, command: StaffCommand, message_id: int) -> Message:
        message = self._messages.get(message_id)
        if message.brand != command.brand:
            raise Unclear(f"There is no message {message_id}.")
        return message

    def _called(self, contact_id: int) -> str:
        contact = self._contacts.get(contact_id)
        return f"{in_one_line(contact.name)} ({contact.phone})" if contact.name else contact.phone


def _forged(command: StaffCommand, became: str) -> str:
    return (
        f"⚠️ Somebody sent *{command.name}* in the name of {command.who.phone}: WhatsApp's provider has no such message"
        f" from them. {became} If it goes on, change TWILIO_AUTH_TOKEN."
    )


def _line(order: Order) -> str:
    total = order.total.rounded()
    return f"*{order.number}* {order.quantity} × {order.title}, {total.amount} {total.currency}: {order.state}"
