"""Reads conversations with the model, for facts and summaries, when they pause or have grown."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from bot.brands import Brand
from bot.language.amounts import find_amounts
from bot.language.languages import LETTERS
from bot.language.reading.birthdays import find_day
from bot.language.reading.statements import clauses, sentences
from bot.model.answers import read_arguments
from bot.model.language_model import LanguageModel, estimate_tokens
from bot.model.model_errors import ModelUnavailable, Reason
from bot.sales.answering.model_prompt import fill
from bot.sales.answering.model_writer import MICROS, paid
from bot.sales.situation import text_of
from memory.conversations.failed_readings import FailedReadings, ReadingKind
from memory.conversations.messages import Message
from memory.conversations.reading_progress import Readings, Unread
from memory.conversations.summaries import KINDS, LONGEST_LINE, MOST_LINES, Summaries, SummaryLine, extract
from memory.conversations.turn_changes import LearnFact
from memory.people.contacts import Contact, Contacts
from memory.people.facts import MANY, Fact, Facts, Learned
from memory.storage.errors import DatabaseUnavailable, UnknownContact
from memory.storage.quotas import Limits
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

SHARE = 0.8  # of a brand's daily budget; the rest is kept for answers
DEADLINE = timedelta(seconds=30)
PAUSE = timedelta(minutes=10)
MANY_MESSAGES = 8  # unread ones that are read without waiting for a pause
MOST_MESSAGES = 20  # for one call
MOST_CONTACTS = 10  # in one pass
MOST_TOKENS = 3000  # of messages, in one call
FEWEST_WORDS = 3  # a shorter message states nothing worth a call
LONGEST_TEXT = 800  # characters of one message
CONFIDENCE = 0.7
LONGEST_VALUE = 80
READABLE = ("name", "city", "address", "birthday", "budget", "shoe_size", "clothing_size", "owns", "disliked")
WEIGHTY = KINDS[:4]


@dataclass(frozen=True, slots=True)
class StatedFact:
    learned: Learned
    message: Message


class BackgroundReader:
    """Without a model it only writes extractive summaries."""

    def __init__(
        self,
        contacts: Contacts,
        facts: Facts,
        readings: Readings,
        summaries: Summaries,
        brands: Mapping[str, Brand],
        limits: Limits,
        clock: Clock,
        failed: FailedReadings,
        model: LanguageModel | None = None,
    ) -> None:
        self._contacts = contacts
        self._facts = facts
        self._readings = readings
        self._summaries = summaries
        self._brands = brands
        self._limits = limits
        self._clock = clock
        self._failed = failed
        self._model = model
        self._after = 0

    def run(self) -> None:
        """Goes on where the last run ended; stops where the model is unavailable."""
        due = self._readings.due(MOST_CONTACTS, after=self._after)
        self._after = due[-1].contact_id if len(due) == MOST_CONTACTS else 0
        try:
            for unread in due:
                self._read_contact(unread)
        except ModelUnavailable as fault:
            log.info("background reading stopped until the next run: %s", fault.reason)

    def _read_contact(self, unread: Unread) -> None:
        try:
            contact = self._contacts.get(unread.contact_id)
            self._summarise_due(contact, unread)
            self._read(contact, unread)
        except UnknownContact:
            log.info("a contact was erased during background reading")
        except (ModelUnavailable, DatabaseUnavailable):
            raise
        except Exception as fault:  # the outermost edge of a conversation: the others are read
            log.exception("conversation %s was not read in the background", unread.contact_id)
            if self._failed.count(ReadingKind.FACTS, unread.contact_id, unread.after, fault):
                self._readings.done(unread, unread.upto)

    def _summarise_due(self, contact: Contact, unread: Unread) -> None:
        try:
            self._summaries.catch_up(contact.id, partial(self._summarise, contact))
        except (ModelUnavailable, DatabaseUnavailable, UnknownContact):
            raise
        except Exception as fault:  # the outermost edge of a summary: facts are read all the same
            log.exception("conversation %s was not summarised", contact.id)
            if self._failed.count(ReadingKind.SUMMARY, contact.id, unread.after, fault):
                self._summaries.skip(contact.id)

    def _read(self, contact: Contact, unread: Unread) -> None:
        messages = self._readings.messages(unread, MOST_MESSAGES)
        if self._model is None:
            self._readings.done(unread, unread.upto)
        elif not any(len(text_of([message]).split()) >= FEWEST_WORDS for message in messages):
            self._readings.done(unread, messages[-1].id if len(messages) == MOST_MESSAGES else unread.upto)
        elif len(messages) >= MANY_MESSAGES or self._clock() - messages[-1].at >= PAUSE:
            self._learn(contact, unread, _messages_that_fit(messages))

    def _learn(self, contact: Contact, unread: Unread, messages: Sequence[Message]) -> None:
        """Raises ModelUnavailable."""
        told = self._ask_model(contact, "reading.md", messages, predicates=", ".join(READABLE)).get("facts", [])
        known = self._facts.all(contact.id)
        learned = [
            LearnFact(contact, read.learned, read.message.id, read.message.at)
            for read in stated_facts(told, messages)
            if not _is_known(read, known)
        ]
        # One transaction for facts and progress: a crash before it costs one more call, no fact.
        self._readings.done(unread, messages[-1].id, learned)

    def _summarise(self, contact: Contact, chunk: Sequence[Message]) -> Sequence[SummaryLine]:
        own = extract(chunk)
        if self._model is None:
            return own
        wanted = {"most": str(MOST_LINES), "kinds": ", ".join(KINDS), "longest": str(LONGEST_LINE)}
        try:
            told = self._ask_model(contact, "summary.md", chunk, **wanted).get("lines", [])
        except ModelUnavailable as fault:
            log.info("summary written without the model: %s", fault.reason)
            return own
        lines = {line.message_id: line for line in verified_lines(told, chunk)}
        added = (each for each in own if each.message_id not in lines and (not lines or each.kind in WEIGHTY))
        return [*lines.values(), *added]

    def _ask_model(self, contact: Contact, prompt: str, messages: Sequence[Message], **words: str) -> dict[str, Any]:
        """Empty if the model refuses or answers garbage. Raises ModelUnavailable."""
        assert self._model is not None, "callers check for a model first"
        mark = secrets.token_hex(4)
        material = "\n".join(map(_as_json, messages))
        conversation: list[dict[str, Any]] = [
            {"role": "system", "content": fill(prompt, mark=mark, **words)},
            {"role": "user", "content": f"<customer-{mark}>\n{material}\n</customer-{mark}>"},
        ]
        model, deadline = self._model, self._clock() + DEADLINE
        budget = int(float(self._brands[contact.brand].daily_model_budget_usd) * MICROS * SHARE)
        worst = model.worst_cost(conversation, ())
        try:
            answer = paid(
                self._limits, contact.brand, worst, budget, lambda: model.complete(conversation, (), deadline)
            )
            return read_arguments(answer.text)
        except ModelUnavailable as fault:
            # A refusal or garbage would come again with the same messages; other faults pass, or are the API key's.
            refused = fault.reason is Reason.REFUSED and fault.status not in (401, 403, 404)
            if refused or fault.reason is Reason.GARBAGE:
                return {}
            raise


def stated_facts(told: object, messages: Sequence[Message]) -> Iterator[StatedFact]:
    """Facts whose value the cited message states.

    Questions, wishes, quotations and remarks about others state nothing.
    """
    by_id = {message.id: message for message in messages}
    for each in told if isinstance(told, list) else []:
        if not isinstance(each, dict) or each.get("predicate") not in READABLE or type(each.get("message")) is not int:
            continue
        message, value = by_id.get(each["message"]), each.get("value")
        if message is None or not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_VALUE:
            continue
        written = _stated_value(each["predicate"], value.strip(), text_of([message]))
        if written is not None:
            ended = each.get("ends") is True
            yield StatedFact(Learned(each["predicate"], written, ended, CONFIDENCE, "model"), message)


def verified_lines(told: object, chunk: Sequence[Message]) -> Iterator[SummaryLine]:
    """Lines that cite one of these messages, with half of their words and all numbers from it."""
    by_id = {message.id: message for message in chunk}
    for each in (told if isinstance(told, list) else [])[:MOST_LINES]:
        if not isinstance(each, dict) or each.get("kind") not in KINDS or type(each.get("message")) is not int:
            continue
        message, text = by_id.get(each["message"]), each.get("text")
        if message is None or not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_LINE:
            continue
        said, lined = _words(message.content), _words(text)
        figures = {word for word in lined if any(map(str.isdigit, word))}
        if lined and figures <= said and 2 * len(lined & said) >= len(lined):
            yield SummaryLine(message.id, each["kind"], " ".join(text.split()), message.at, "model")


def _stated_value(predicate: str, value: str, text: str) -> str | None:
    """None if `text` does not state it."""
    stated = [*_statements(text)]
    if predicate == "birthday":
        return value if any(find_day(each) == value for each in stated) else None
    if not any(_words(value) <= _words(each) for each in stated) or not _words(value):
        return None
    if predicate == "budget":
        amounts = find_amounts(value)
        return f"{amounts[0].value:f} {amounts[0].currency or ''}".strip() if amounts else None
    if predicate in ("shoe_size", "clothing_size") and len(value) > len("extra large"):
        return None
    return value


def _statements(text: str) -> Iterator[str]:
    """Each clause, and all clauses of a sentence together: an address spans several."""
    for sentence in sentences(text):
        own = clauses(sentence)
        yield from own
        if not sentence.rstrip().endswith("?"):
            yield " ".join(own)


def _is_known(read: StatedFact, known: Sequence[Fact]) -> bool:
    """Already found in the message by the rules, which take precedence."""
    of_message = [fact for fact in known if read.message.id in (fact.message_id, fact.ended_by)]
    same = [fact for fact in of_message if fact.predicate == read.learned.predicate]
    if read.learned.predicate in MANY:
        return any(_words(read.learned.value) & _words(fact.value) for fact in same)
    return bool(same)


def _words(text: str) -> set[str]:
    return set(re.findall(rf"[\w{LETTERS}]+", text.casefold()))


def _messages_that_fit(messages: Sequence[Message]) -> Sequence[Message]:
    left = MOST_TOKENS
    for count, message in enumerate(messages):
        left -= estimate_tokens(_as_json(message))
        if left < 0 and count:
            return messages[:count]
    return messages


def _as_json(message: Message) -> str:
    who = "customer" if message.role == "user" else "shop"
    said = {"id": message.id, "by": who, "day": f"{message.at:%Y-%m-%d}", "text": text_of([message])[:LONGEST_TEXT]}
    return json.dumps(said, ensure_ascii=False)
