"""The sales desk: a customer's waiting messages become an outcome; replies must pass the promise check."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.language.detection import detect
from bot.language.foreign_text import in_one_line, quoted
from bot.language.languages import LANGUAGES
from bot.language.money import Money
from bot.language.reading.extraction import Extraction, read_message
from bot.language.reading.message_type import Classification, classify_or_other
from bot.language.reading.opt_out import is_start, is_stop
from bot.language.texts import ReplyWording, report_wording
from bot.model.model_errors import ModelUnavailable
from bot.promises.check import check, check_repaired
from bot.promises.facts import LANGUAGE, Breach, OrderFact, ReplyFacts
from bot.sales.answering.built_in.writer import write
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.model_writer import ModelDesk, ModelDraft
from bot.sales.answering.reply_draft import ReplyDraft, wording_for
from bot.sales.data_rights import ERASE, EXPORT, asked_right, confirms, copy_of
from bot.sales.episodes import AGENT, Episodes
from bot.sales.situation import Shop, Situation, cart_of, last_said, text_of
from bot.sales.understanding.interests import CatalogueInterests
from bot.sales.understanding.order_replies import NO_PAYLOAD, YES_PAYLOAD, says_no, says_yes
from memory.agents.base_agent import BaseAgent
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import Message
from memory.conversations.turn_changes import (
    CancelOrder,
    CountFailedAnswer,
    LearnFact,
    NoteComeBackTold,
    NoteInterest,
    NotifyStaff,
    OptIn,
    OptOut,
    QueueBackgroundReading,
    RecordExecution,
)
from memory.conversations.turns import MessageReading, Outcome
from memory.people.contacts import Contact, Contacts, OptOutCause, case_of
from memory.people.facts import Fact, Learned
from memory.storage.timestamps import from_text, to_text

FIRST_LOOK = timedelta(days=7)  # back, for silent customers, when nobody has looked yet
MOST_EXPORTED = 1000  # messages in the copy that a person asks for
WRITERS_SHARE = timedelta(seconds=0.5)  # of the deadline, kept for an answer without the model
UNREADABLE = {
    "audio": "no_audio",
    "image": "no_image",
    "sticker": "no_image",
    "video": "no_image",
    "document": "no_file",
    "contacts": "no_contacts",
    "order": "no_cart",
    "product": "no_product",
    "poll": "no_poll",
    "interactive": "no_message",
    "other": "no_message",
    "text": "no_message",
}
NEEDS_NO_ANSWER = ("reaction", "system")


@dataclass
class CustomerTurn:
    contact: Contact
    situation: Situation
    outcome: Outcome
    deadline: datetime
    wording: ReplyWording = field(init=False)

    def __post_init__(self) -> None:
        self.wording = wording_for(self.situation)

    def reply(self, outgoing: Outgoing, *, by: str = "built-in") -> None:
        self.outcome.answered_by = by
        self.outcome.replies.append(outgoing)

    def say(self, line: str, **words: object) -> str:
        return self.wording.say(line, **words)

    def switch_language(self, language: str) -> None:
        catalogue = self.situation.catalogue.in_language(language)
        self.situation = replace(self.situation, language=language, catalogue=catalogue)
        self.wording = wording_for(self.situation)


class Seller(BaseAgent):
    """Returns an outcome; stores and sends nothing. Its audit records hold ids, no words of a person."""

    def __init__(self, shop: Shop, contacts: Contacts, model_desk: ModelDesk | None = None) -> None:
        super().__init__(AGENT, memory_manager=shop.agents)
        self._shop = shop
        self._contacts = contacts
        self._model_desk = model_desk

    def answer(self, contact: Contact, messages: Sequence[Message], deadline: datetime) -> Outcome:
        began = time.perf_counter()
        turn = self._understand(contact, [self._naming_item(contact, message) for message in messages], deadline)
        handlers = (self._opt_out_or_in, self._data_right, self._forward_to_staff, self._without_words)
        if not any(handler(turn) for handler in handlers):
            self._converse(turn)
        took = round((time.perf_counter() - began) * 1000)
        turn.outcome.changes.append(_record(turn, took))
        return turn.outcome

    def note_lost(self) -> int:
        """An episode for each customer who asked about goods, did not buy, and has been silent for a session."""
        return sum(self._note_lost_of(brand) for brand in self._shop.brands)

    def _note_lost_of(self, brand: str) -> int:
        until = self._shop.clock() - self._shop.session
        key = f"silence looked at, {brand}"
        last = self.retrieve_from_memory(key, "long_term")
        after = from_text(last) if last else until - FIRST_LOOK
        silent = self._contacts.silent_since(brand, after, until)
        lost = [contact for contact in silent if self._is_lost(contact)]
        with self.memory_manager.db.transaction():
            for contact in lost:
                asked = [each.name for each in self._shop.facts.interests(contact.id, limit=3)]
                Episodes(self.memory_manager).lost(contact, asked)
            if silent:
                self.save_to_memory(key, to_text(silent[-1].last_interaction_at or until), "long_term")
        return len(lost)

    def _is_lost(self, contact: Contact) -> bool:
        """Asked about goods in the last session; no order, no hand-over."""
        since = (contact.last_interaction_at or contact.first_seen_at) - self._shop.session
        asked = self._shop.facts.interests(contact.id, limit=1)
        if not asked or asked[0].last_at < since or self._shop.handovers.current(contact.id):
            return False
        return all(order.created_at < since for order in self._shop.orders.of_contact(contact.id, limit=1))

    # Understanding

    def _understand(self, contact: Contact, messages: Sequence[Message], deadline: datetime) -> CustomerTurn:
        text = text_of(messages)
        language = self._language(contact, text)
        outcome = Outcome(answered_by="nobody")
        told: list[tuple[Learned, Message]] = []
        shop = CatalogueInterests(self._shop.catalogues[contact.brand])
        extractions = [read_message(text_of([message]), language, shop) for message in messages]
        for message, extraction in zip(messages, extractions, strict=True):
            told += [(each, message) for each in self._learn(contact, message, extraction, language, outcome)]
        situation = self._shop.situation(
            contact,
            messages,
            classification=_classification(messages, [extraction.classification for extraction in extractions], text),
            language=language,
            learned=[
                Fact(each.predicate, each.value, message.at, None, message.id)
                for each, message in told
                if not each.ended
            ],
            ended=[each for each, _message in told if each.ended],
            ad=self._ad(contact),
        )
        outcome.used["learned"] = sorted({each.predicate for each, _message in told})
        outcome.changes.append(QueueBackgroundReading(contact.id, messages[-1].id))
        return CustomerTurn(contact, situation, outcome, deadline)

    def _ad(self, contact: Contact) -> str:
        """Headline and body of the ad that opened this session, else ""."""
        touch = next((each for each in self._contacts.touches(contact.id) if each["id"] == contact.last_touch_id), None)
        if touch is None or self._shop.clock() - from_text(touch["at"]) > self._shop.session:
            return ""
        return "\n".join(filter(None, (touch["headline"], touch["body"])))

    def _language(self, contact: Contact, text: str) -> str:
        known = contact.language if contact.language in LANGUAGES else None
        heard = detect(text, known) if text else known or self._shop.brands[contact.brand].languages[0]
        spoken = self._shop.brands[contact.brand].languages
        return heard if heard in spoken else spoken[0]

    def _learn(
        self, contact: Contact, message: Message, extraction: Extraction, language: str, outcome: Outcome
    ) -> list[Learned]:
        """Adds to the outcome's changes; returns the facts for this answer."""
        kind = extraction.classification
        notes: dict[str, Any] = {"confidence": round(kind.confidence, 2)}
        entities = {name: str(value) for name, value in kind.entities.items() if value is not None}
        if entities:
            notes["entities"] = entities
        outcome.readings[message.id] = MessageReading(kind.message_type, language, notes)
        told = [each for each in extraction.learned if self._shop.facts.believes(contact.id, each)]
        if text_of([message]) and language != contact.language:
            told.append(Learned("language", language))
        outcome.changes += [LearnFact(contact, each, message.id, message.at) for each in told]
        outcome.changes += [NoteInterest(contact, interest, message.id) for interest in extraction.interests]
        return told

    # Messages that are not about buying

    def _opt_out_or_in(self, turn: CustomerTurn) -> bool:
        """The last STOP or START counts."""
        contact, messages = turn.contact, turn.situation.messages
        out = contact.opted_out_at is not None
        last = next((m for m in reversed(messages) if is_stop(m.content) or (out and is_start(m.content))), None)
        if last is None and contact.opt_out_cause is OptOutCause.PROVIDER:
            turn.outcome.changes.append(NoteComeBackTold(contact.id))
            turn.reply(Outgoing(turn.say("come_back"), message_type="opt_out", passes_optout=True))
            return True
        if last is None:
            return out and not any(asked_right(m.content) for m in messages) and not _asked_before(turn.situation)
        if is_stop(last.content):
            if contact.opt_out_cause is not OptOutCause.PERSON:
                turn.outcome.changes.append(OptOut(contact.id))
                turn.reply(Outgoing(turn.say("opted_out"), message_type="opt_out", passes_optout=True))
            return True
        turn.outcome.changes.append(OptIn(contact.id))
        turn.reply(Outgoing(turn.say("opted_in"), message_type="opt_out"))
        return True

    def _data_right(self, turn: CustomerTurn) -> bool:
        """Only the very next message can confirm."""
        messages = turn.situation.messages
        asked = next((right for m in messages if (right := asked_right(m.content))), None)
        if asked is not None:
            note = {"confirms": asked}
            turn.reply(
                Outgoing(turn.say(f"{asked}_ask"), metadata=note, message_type="data_rights", passes_optout=True)
            )
            return True
        waiting = _asked_before(turn.situation)
        if waiting is None:
            return False
        if confirms(waiting, messages[-1].content) or says_yes(messages):
            self._grant(turn, waiting)
            return True
        if waiting == ERASE and says_no(messages):
            turn.reply(Outgoing(turn.say("erase_kept"), message_type="data_rights", passes_optout=True))
            return True
        return turn.contact.opted_out_at is not None

    def _grant(self, turn: CustomerTurn, right: str) -> None:
        contact = turn.contact
        if right == EXPORT:
            stores = self._shop
            copy = copy_of(
                contact,
                stores.facts.all(contact.id),
                stores.facts.interests(contact.id, limit=1000),
                stores.orders.of_contact(contact.id, limit=1000),
                stores.messages.history(contact.id, limit=MOST_EXPORTED),
                turn.wording,
            )
            body = turn.say("export_head") + "\n\n" + copy
            turn.reply(Outgoing(body, message_type="data_rights", passes_optout=True))
            return
        turn.reply(Outgoing(turn.say("erase_done"), message_type="data_rights", passes_optout=True, farewell=True))

    def _forward_to_staff(self, turn: CustomerTurn) -> bool:
        """During a hand-over the desk stays silent."""
        handover = turn.situation.handover
        if handover is None:
            return False
        to_staff = report_wording(turn.situation.brand.languages[0], "handovers")
        named = ", ".join(f"{item.quantity} × {item.sku}" for item in cart_of(turn.situation.messages))
        text = quoted(turn.situation.text or named or to_staff.say("no_text"))
        who = in_one_line(turn.situation.name or turn.contact.phone)
        notice = to_staff.say("forwarded", number=handover.id, who=who, text=text)
        turn.outcome.changes.append(NotifyStaff(turn.contact, notice))
        turn.outcome.answered_by = "people"
        return True

    def _naming_item(self, contact: Contact, message: Message) -> Message:
        """WhatsApp says in a field which item a question is about: here its words say so, too."""
        named = [self._shop.catalogues[contact.brand].find(item.sku) for item in cart_of([message])]
        titles = ", ".join(item.title for item in named if item is not None and item.title not in message.content)
        if not titles or not message.content.strip() or message.kind == "order":
            return message
        return replace(message, content=f"{message.content} ({titles})")

    def _without_words(self, turn: CustomerTurn) -> bool:
        """Names what came and cannot be used; that is no failed answer."""
        messages = turn.situation.messages
        left = [message for message in messages if message.kind not in NEEDS_NO_ANSWER]
        if not left:
            return True
        if cart_of(messages):
            return False
        places = all(message.kind == "location" for message in messages)  # a place's label is not a question
        if not places and (turn.situation.text or any(message.metadata.get("payload") for message in messages)):
            return False
        line = UNREADABLE.get(left[-1].kind)
        if line is not None:
            turn.reply(Outgoing(turn.say(line)))
            return True
        if left[-1].kind == "location":
            terms = turn.situation.brand.policy("delivery", turn.wording.policy_language)
            turn.reply(Outgoing(turn.say("location", delivery=terms)))
            return True
        return False

    # Conversation

    def _converse(self, turn: CustomerTurn) -> None:
        if self._by_model(turn):
            return
        actions = self._actions(turn)
        draft = write(turn.situation, actions)
        found = check(draft.body, self._promise_facts(turn.situation, actions, draft.amounts))
        breaches = [each for each in found if each.kind != LANGUAGE]  # its lines are those of the language's folder
        if breaches:
            turn.outcome.used["breaches"] = _first_breaches(breaches)
            actions = self._actions(turn)
            actions.hand_over("the desk had no answer it could stand by")
            draft = ReplyDraft(turn.say("safe"))
        self._accept(turn, actions, draft)

    def _by_model(self, turn: CustomerTurn) -> bool:
        """False with the cause in `outcome.why`."""
        # Pressed buttons and a plain yes or no to a quote are decided by code, never by the model.
        if self._model_desk is None or _is_decided(turn.situation):
            return False
        turn.situation = self._shop.with_recall(turn.situation)
        try:
            draft, breaches = self._checked(turn, self._model_desk)
        except ModelUnavailable as fault:
            turn.outcome.why = str(fault.reason)
            _set_usage(turn.outcome, fault.spent.tokens_in, fault.spent.tokens_out, fault.spent.cost_micros)
            return False
        _set_usage(turn.outcome, draft.spent.tokens_in, draft.spent.tokens_out, draft.spent.cost_micros)
        turn.outcome.model = draft.model
        if breaches or not draft.text.strip():
            turn.outcome.why = "promised what is not so" if breaches else "said nothing"
            turn.outcome.used["breaches"] = _first_breaches(breaches)
            if any(breach.kind == LANGUAGE for breach in breaches):
                turn.switch_language(turn.situation.brand.languages[0])
            return False
        self._accept(turn, draft.actions, draft.reply, by="model")
        return True

    def _checked(self, turn: CustomerTurn, desk: ModelDesk) -> tuple[ModelDraft, list[Breach]]:
        deadline = turn.deadline - WRITERS_SHARE
        draft = desk.answer(turn.situation, self._actions(turn), deadline)
        breaches = self._breaches(turn, draft)
        if not breaches or any(breach.kind == LANGUAGE for breach in breaches):
            return draft, breaches  # without claim words for the language, a repaired draft could not be checked either
        turn.outcome.used["repaired"] = _first_breaches(breaches)
        try:
            draft = desk.repair(turn.situation, draft, breaches, deadline)
        except ModelUnavailable:
            return draft, breaches
        return draft, self._breaches(turn, draft, repaired=breaches)

    def _breaches(self, turn: CustomerTurn, draft: ModelDraft, repaired: Sequence[Breach] = ()) -> list[Breach]:
        """`repaired`: of the draft before; what was wrong there is checked more strictly."""
        reply = draft.reply
        facts = self._promise_facts(turn.situation, draft.actions, reply.amounts, draft.briefing.rules())
        return check_repaired(draft.said_as_sent, reply.body, facts, repaired) if repaired else check(reply.body, facts)

    def _accept(self, turn: CustomerTurn, actions: Actions, draft: ReplyDraft, *, by: str = "built-in") -> None:
        outcome, contact = turn.outcome, turn.contact
        outcome.changes += actions.changes
        outcome.changes.append(CountFailedAnswer(contact.id, draft.failed))
        kind = turn.situation.classification.message_type
        turn.reply(Outgoing(draft.body, buttons=draft.buttons, message_type=kind, metadata=draft.metadata), by=by)
        outcome.used |= {
            "skus": list(dict.fromkeys([*draft.shown, *actions.shown])),
            "rates": [f"{c.given.currency}/{c.result.currency} {c.as_of}" for c in actions.conversions],
            "orders": [actions.placed.number] if actions.placed else [],
            "facts": sorted(turn.situation.facts),
            "fact_ids": [fact.id for fact in turn.situation.known if fact.id is not None],
            "messages": [message.id for message in turn.situation.messages],
        }
        if by == "model":
            outcome.used |= {
                "recalled": [message.id for message in turn.situation.recalled],
                "summary": [line.message_id for line in turn.situation.summary],
                "ad": bool(turn.situation.ad),
            }

    def _actions(self, turn: CustomerTurn) -> Actions:
        return Actions(turn.situation, self._shop)

    def _promise_facts(
        self, situation: Situation, actions: Actions, amounts: Sequence[Money] = (), instructions: str = ""
    ) -> ReplyFacts:
        orders = [*situation.orders, *([actions.placed] if actions.placed else [])]
        cancelled = {change.order.number for change in actions.changes if isinstance(change, CancelOrder)}
        known = [
            OrderFact(
                order.number,
                (order.unit, order.total),
                link=order.payment_link,
                state="cancelled" if order.number in cancelled else order.state,
            )
            for order in orders
        ]
        quotes = [quote for quote in (situation.quote, actions.quoted) if quote is not None]
        # The customer's own words may be repeated to them.
        said = [each.content for each in (*situation.recalled, *situation.history) if each.role == "user"]
        own_words = [*(fact.value for fact in situation.known), *said, situation.text]
        return ReplyFacts.of(
            situation.brand,
            situation.catalogue.items(),
            today=situation.now.astimezone(situation.brand.time_zone).date(),
            orders=known,
            conversions=actions.conversions,
            amounts=[*amounts, *(money for quote in quotes for money in (quote.unit, quote.total))],
            customer="\n".join(own_words),
            categories=self._shop.catalogues[situation.brand.id].categories,  # 2 ms to build
            basket=[
                (item, quote.quantity) for quote in quotes if (item := situation.catalogue.find(quote.sku)) is not None
            ],
            instructions=instructions,
        )


def _classification(messages: Sequence[Message], kinds: Sequence[Classification], text: str) -> Classification:
    pressed = messages[-1].metadata.get("payload")
    if pressed in (YES_PAYLOAD, NO_PAYLOAD):
        return Classification("order", 1.0)
    return kinds[0] if len(kinds) == 1 else classify_or_other(text)


def _asked_before(situation: Situation) -> str | None:
    """Which the desk's last message asked to confirm."""
    last = last_said(situation.history, situation.messages)
    return last.metadata.get("confirms") if last else None


def _is_decided(situation: Situation) -> bool:
    pressed = any(message.metadata.get("payload") for message in situation.messages)
    if pressed or any(message.kind == "order" for message in situation.messages):
        return True
    return situation.quote is not None and (says_yes(situation.messages) or says_no(situation.messages))


def _set_usage(outcome: Outcome, tokens_in: int, tokens_out: int, cost_micros: int) -> None:
    outcome.tokens_in, outcome.tokens_out, outcome.cost_micros = tokens_in, tokens_out, cost_micros


def _first_breaches(breaches: Sequence[Breach]) -> list[str]:
    return [f"{breach.kind}: {breach.text[:80]}" for breach in breaches[:5]]


def _record(turn: CustomerTurn, took_ms: int) -> RecordExecution:
    """Made last, because it counts the replies."""
    outcome, situation = turn.outcome, turn.situation
    used = {name: outcome.used[name] for name in ("skus", "orders", "recalled", "fact_ids") if name in outcome.used}
    record: dict[str, Any] = {
        "brand": turn.contact.brand,
        "input": {"contact": turn.contact.id, "messages": [message.id for message in situation.messages]},
        "output": {
            "answered_by": outcome.answered_by,
            "why": outcome.why,
            "message_type": situation.classification.message_type,
            "language": situation.language,
            "replies": len(outcome.replies),
            **used,
        },
        "status": "success",
        "duration_ms": took_ms,
        "model": outcome.model,
        "tokens": outcome.tokens_in + outcome.tokens_out,
    }
    return RecordExecution(case_of(turn.contact.id), AGENT, record)
