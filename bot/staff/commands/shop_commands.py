"""What staff may ask for in chat. The role comes from the settings and is checked here, by code, for each command."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.language.languages import FIRST, LANGUAGES
from bot.language.texts import ReplyWording, reply_wording
from bot.roles import ROLES, at_least
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.commands.command import Command, Line, NotAllowed, Unclear, first_word, number_in
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Message, Messages
from memory.conversations.turn_changes import (
    CloseHandOver,
    ExtendHandOver,
    MarkStaff,
    MoveOrder,
    NoteMention,
    ReplayMessage,
)
from memory.conversations.turns import Outcome, Reading
from memory.people.contacts import Contact, Contacts
from memory.shop.orders import Order, Orders, WrongState, can_move, is_number
from memory.storage.errors import MemoryFault


class Commands:
    """Carries out what staff write. Nothing is changed before the turn is finished."""

    def __init__(
        self,
        contacts: Contacts,
        messages: Messages,
        handovers: Handovers,
        orders: Orders,
        *,
        ads: AdCommands | None = None,
    ) -> None:
        """`ads` adds what may be asked of the ad agent, and answers questions in plain words."""
        self._contacts = contacts
        self._messages = messages
        self._handovers = handovers
        self._orders = orders
        self._ads = ads
        self._commands = {
            "help": Command("help", "this list", "analyst", self._help),
            "open": Command("open", "who waits for a person", "analyst", self._open),
            "orders": Command("orders", "the latest orders", "analyst", self._list_orders),
            "order": Command("order KQXT-MBPR", "one order and its steps", "analyst", self._order),
            "why": Command("why 42", "what the reply to message 42 was based on", "analyst", self._why),
            "reply": Command("reply 3: your text", "answer the customer of hand-over 3", "staff", self._reply),
            "release": Command("release 3", "let the desk answer hand-over 3 again", "staff", self._release),
            "paid": Command("paid KQXT-MBPR", "mark an order paid", "staff", self._move("paid")),
            "shipped": Command("shipped KQXT-MBPR", "mark it shipped", "staff", self._move("shipped")),
            "delivered": Command("delivered KQXT-MBPR", "mark it delivered", "staff", self._move("delivered")),
            "cancelled": Command("cancelled KQXT-MBPR", "cancel it", "staff", self._move("cancelled")),
            "dead": Command("dead", "messages that could not be sent", "staff", self._dead),
            "replay": Command("replay 17", "try a dead message again", "staff", self._replay),
            **(ads.commands() if ads else {}),
        }

    def handle(self, who: Contact, role: str, messages: Sequence[Message], deadline: datetime | None = None) -> Outcome:
        """Answer a member of staff: each message is a command of its own.

        `role` is what the settings say of this number; until `deadline` a model may think about a question. Raises
        ValueError for somebody who has no role.
        """
        if role not in ROLES:
            raise ValueError("only somebody on the STAFF list may command; route customers to the seller")
        outcome = Outcome(answered_by="staff", why="staff command")
        outcome.changes.append(MarkStaff(who.id))
        for message in messages:
            outcome.readings[message.id] = Reading("staff")
            line = Line(who, role, message.id, "", outcome, message.content, deadline)
            self._carry_out(message.content, line)
        return outcome

    def _carry_out(self, text: str, line: Line) -> None:
        word, rest = first_word(text)
        command = self._commands.get(word.lower().rstrip(":"))
        line.words = rest
        try:
            if command is None:
                self._answer(word, line)
            elif not at_least(line.role, command.role):
                raise NotAllowed(f"“{word}” needs the role {command.role}; you are {line.role}.")
            else:
                command.do(line)
        except (NotAllowed, Unclear, MemoryFault) as fault:
            line.say(str(fault))

    def _answer(self, word: str, line: Line) -> None:
        """What is no command may be a question about the ads."""
        if self._ads is None or not self._ads.answer(line):
            raise Unclear(f"I don't know “{word[:40]}”. Send *help* for what I can do.")

    def _help(self, line: Line) -> None:
        allowed = [each for each in self._commands.values() if at_least(line.role, each.role)]
        line.say("\n".join(f"*{each.usage}*: {each.explanation}" for each in allowed))

    def _open(self, line: Line) -> None:
        waiting = self._handovers.list_open(line.who.brand)
        lines = [f"*{each.id}* {self._called(each.contact_id)}: {each.reason}" for each in waiting]
        line.say("\n".join(lines) or "Nobody waits for a person.", about=[each.contact_id for each in waiting])

    def _reply(self, line: Line) -> None:
        found = re.fullmatch(r"(\d+)\s*[:,]?\s+(.+)|(\d+):(.+)", line.words, re.DOTALL)
        if found is None:
            raise Unclear("Write *reply 3: your text*, with the number of the hand-over.")
        number, text = int(found[1] or found[3]), (found[2] or found[4]).strip()
        handover = self._handovers.get(line.who.brand, number)
        line.replies.append(
            Outgoing(text, contact_id=handover.contact_id, message_type="people", metadata={"by": "staff"})
        )
        line.changes.append(ExtendHandOver(handover))
        line.changes.append(NoteMention(line.message_id, handover.contact_id))
        line.say(
            f"Sent to {self._called(handover.contact_id)}. *release {number}* lets the desk answer again.",
            about=[handover.contact_id],
        )

    def _release(self, line: Line) -> None:
        handover = self._handovers.get(line.who.brand, number_in(line.words, "release 3"))
        line.changes.append(CloseHandOver(handover.id, line.who.phone))
        line.say(f"The desk answers {self._called(handover.contact_id)} again.", about=[handover.contact_id])

    def _list_orders(self, line: Line) -> None:
        latest = self._orders.of_brand(line.who.brand, limit=10)
        line.say("\n".join(map(_line, latest)) or "There are no orders yet.")

    def _order(self, line: Line) -> None:
        found = self._found(line)
        steps = [f"{event.at:%d %b %H:%M} UTC: {event.state}" for event in self._orders.events(found.id)]
        ad = f"Came by ad {found.last_ad_id}" if found.last_ad_id else "No ad is known"
        line.say("\n".join([_line(found), ad, *steps]))

    def _found(self, line: Line) -> Order:
        """The order that the words name. Raises Unclear where they are no number, UnknownOrder for nobody's."""
        if not is_number(line.words):
            raise Unclear("An order number has eight letters and looks like KQXT-MBPR; *orders* lists the latest.")
        return self._orders.by_number(line.who.brand, line.words)

    def _move(self, state: str) -> Callable[[Line], None]:
        def move(line: Line) -> None:
            found = self._found(line)
            moves = [change for change in line.changes if isinstance(change, MoveOrder)]
            # An earlier line of this turn may have moved it; nothing of the turn is written yet.
            now = next((each.state for each in reversed(moves) if each.order.number == found.number), found.state)
            if now == state:
                raise WrongState(f"Order {found.number} is {state} already.")
            if not can_move(now, state):
                raise WrongState(f"Order {found.number} is {now}; it cannot become {state} from there.")
            line.changes.append(MoveOrder(found, state, line.who.phone))
            line.say(f"Order {found.number} is {state} now.")
            if found.contact_id is not None:
                line.replies.append(self._tell(found.contact_id, found, state))

        return move

    def _tell(self, contact_id: int, found: Order, state: str) -> Outgoing:
        text = self._wording(contact_id).say(f"order_now_{state}", number=found.number)
        return Outgoing(text, contact_id=contact_id, purpose="order_update", message_type="order_status")

    def _wording(self, contact_id: int) -> ReplyWording:
        """The lines of a customer's language, in the script in which they wrote last."""
        known = self._contacts.get(contact_id).language
        wrote = "".join(m.content for m in self._messages.history(contact_id, limit=20) if m.role == "user")
        return reply_wording(known if known in LANGUAGES else FIRST, wrote)

    def _dead(self, line: Line) -> None:
        buried = self._messages.dead(line.who.brand, limit=10)
        lines = [f"*{each.id}* {self._called(each.contact_id)}: {each.error}" for each in buried]
        line.say("\n".join(lines) or "No message is dead.", about=[each.contact_id for each in buried])

    def _replay(self, line: Line) -> None:
        message = self._own(line, number_in(line.words, "replay 17"))
        replay = ReplayMessage(message.id)
        now = "tried again" if replay in line.changes else message.state
        if now != "dead":
            raise Unclear(f"Message {message.id} is not dead; it is {now}.")
        line.changes.append(replay)
        line.say(f"Message {message.id} is tried again.")

    def _why(self, line: Line) -> None:
        if self._ads is not None and not line.words.isdigit():
            self._ads.why(line)
            return
        message = self._own(line, number_in(line.words, "why 42"))
        line.say(self._messages.why(message.id))

    def _own(self, line: Line, message_id: int) -> Message:
        message = self._messages.get(message_id)
        if message.brand != line.who.brand:
            raise Unclear(f"There is no message {message_id}.")
        return message

    def _called(self, contact_id: int) -> str:
        contact = self._contacts.get(contact_id)
        return f"{contact.name} ({contact.phone})" if contact.name else contact.phone


def _line(order: Order) -> str:
    total = order.total.rounded()
    return f"*{order.number}* {order.quantity} × {order.title}, {total.amount} {total.currency}: {order.state}"
