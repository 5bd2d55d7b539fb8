"""The thread of a long conversation: what stays of it, in how much room, and where each line comes from."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from memory.conversation import ConversationMemory
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import Message
from memory.conversations.summaries import (
    CHUNK,
    LONGEST_LINE,
    MOST_LINES,
    RECENT,
    Summaries,
    extract,
    in_short,
    kind_of,
)
from tests.memory.stores import BRAND, Stores

ANA = "+34600111222"
PLANTED = {
    100: ("user", "Do you have the Kestrel Raptor 15 in black?"),
    101: ("assistant", "Yes: the Kestrel Raptor 15 in black is €1,199.00."),
    480: ("user", "I'll take it, please order it for my office"),
    900: ("user", "The left speaker is broken, I want my money back"),
    901: ("assistant", "We will send a courier to fetch it on Thursday 3 December."),
    1300: ("user", "I fly to Lisbon on 14 March, so before that please"),
}
CHATTER = ["ok", "nice", "haha yes", "let me see", "good morning!", "thanks a lot", "hmm", "and so on"]


def test_the_thread_of_two_thousand_messages_is_still_there_under_the_budget(stores: Stores) -> None:
    ids = _talk(stores, 2000)
    memory = _memory(stores)
    context = memory.conversation_context(ANA, max_tokens=700)
    assert memory.get_conversation_context(ANA, max_tokens=700) == context.text
    assert len(context.text.encode()) / 4 <= 700
    short = {line.message_id: line.text for line in context.lines if line.message_id in ids}
    assert {ids[line_id] for line_id in short} == set(PLANTED)
    kinds = {number: next(text.split()[1] for id_, text in short.items() if ids[id_] == number) for number in PLANTED}
    assert kinds == {
        100: "asked:",
        101: "quoted:",
        480: "ordered:",
        900: "complained:",
        901: "promised:",
        1300: "dated:",
    }
    assert all(text.startswith("20") for text in short.values()), "each with its date"


def test_a_summary_grows_and_what_it_said_stays(stores: Stores) -> None:
    _talk(stores, 100)
    summaries, contact_id = Summaries(stores.db, stores.clock), stores.contacts.find(BRAND, ANA).id
    taken = summaries.catch_up(contact_id)
    before = {line.message_id: line for line in summaries.lines(contact_id)}
    assert taken == 100 - 100 % CHUNK - (0 if 100 % CHUNK >= RECENT else CHUNK)
    assert summaries.catch_up(contact_id) == 0
    assert before == {}, "small talk leaves no thread"
    for n in range(CHUNK + RECENT):
        stores.hear(f"do you have number {n}?", phone=ANA)
    assert summaries.catch_up(contact_id) == 2 * CHUNK
    before = {line.message_id: line for line in summaries.lines(contact_id)}
    for n in range(CHUNK):
        stores.hear(f"and have you number {n}?", phone=ANA)
    assert summaries.catch_up(contact_id) == CHUNK
    after = {line.message_id: line for line in summaries.lines(contact_id)}
    assert before.items() < after.items()


def test_a_session_that_is_over_is_summarised_to_its_end(stores: Stores) -> None:
    stores.hear("do you repair watches?", phone=ANA)
    summaries, contact_id = Summaries(stores.db, stores.clock), stores.contacts.find(BRAND, ANA).id
    assert summaries.catch_up(contact_id) == 0
    stores.clock.pass_by(hours=25)
    assert summaries.catch_up(contact_id) == 1
    assert [line.text for line in summaries.lines(contact_id)] == ["do you repair watches?"]


def test_two_processes_that_summarise_the_same_chunk_write_it_once(stores: Stores) -> None:
    _talk(stores, 60)
    one, other = Summaries(stores.db, stores.clock), Summaries(stores.db, stores.clock)
    contact_id = stores.contacts.find(BRAND, ANA).id
    chunk = one.next_chunk(contact_id)
    assert one.keep(contact_id, chunk, extract(chunk))
    assert not other.keep(contact_id, chunk, extract(chunk))
    assert one.next_chunk(contact_id)[0].id > chunk[-1].id


def test_joined_contacts_are_summarised_anew(stores: Stores) -> None:
    _talk(stores, 60)
    summaries, contact_id = Summaries(stores.db, stores.clock), stores.contacts.find(BRAND, ANA).id
    summaries.catch_up(contact_id)
    other = stores.messages.get(stores.hear("I also write from here", phone="+14155550101")).contact_id
    stores.contacts.join(other, contact_id)
    assert summaries.lines(other) == []
    assert summaries.catch_up(other) >= CHUNK
    assert summaries.lines(contact_id) == []


def test_whether_a_summary_is_due_is_told_by_the_newest_messages(stores: Stores) -> None:
    summaries = Summaries(stores.db, stores.clock)
    for n in range(1, 90):
        contact_id = stores.messages.get(stores.hear(f"number {n}", phone=ANA)).contact_id
        stores.clock.pass_by(hours=25 if n == 70 else 0, minutes=1)
        newest = stores.messages.recent(contact_id, limit=50)
        is_due = summaries.is_due(contact_id, newest, are_all=n < 50)
        assert is_due == bool(summaries.next_chunk(contact_id)), f"after {n} messages"
        few = stores.messages.recent(contact_id, limit=5)
        assert summaries.is_due(contact_id, few, are_all=n < 5) or not is_due, "rather once too often"
        summaries.catch_up(contact_id)


def test_a_context_without_a_budget_has_the_weightiest_of_what_it_does_not_show(stores: Stores) -> None:
    ids = _talk(stores, 2000)
    memory = _memory(stores)
    lines = memory.conversation_context(ANA).lines
    first = min(ids)
    short = [line for line in lines if line.message_id in ids and not line.text.startswith("[")]
    assert {ids[line.message_id] for line in short if line.message_id is not None} == set(PLANTED)
    contact_id = stores.contacts.find(BRAND, ANA).id
    assert Summaries(stores.db, stores.clock).lines(contact_id, before=first) == []
    weightiest = Summaries(stores.db, stores.clock).lines(contact_id, most=2)
    assert [line.kind for line in weightiest] == ["complained", "ordered"]


def test_erasing_a_person_removes_the_summary_and_the_cursor(stores: Stores) -> None:
    _talk(stores, 140)
    contact_id = stores.contacts.find(BRAND, ANA).id
    Summaries(stores.db, stores.clock).catch_up(contact_id)
    gone = stores.contacts.erase(contact_id)
    assert gone["summaries"] > 0
    assert gone["readings"] == 1
    assert stores.db.value("SELECT count(*) FROM summaries") == 0


@pytest.mark.parametrize(
    ("role", "text", "kind"),
    [
        ("user", "the screen doesn't work", "complained"),
        ("user", "no funciona la pantalla", "complained"),
        ("user", "chegou quebrado", "complained"),
        ("user", "phone kharab ho gaya", "complained"),
        ("user", "फोन खराब है", "complained"),
        ("assistant", "The Raptor 15 costs €1,199.", "quoted"),
        ("assistant", "We will send it tomorrow.", "promised"),
        ("user", "vou levar o preto", "ordered"),
        ("user", "can it be here by Friday", "dated"),
        ("assistant", "आपका पार्सल शुक्रवार को पहुँच जाएगा।", "dated"),
        ("user", "see you sunday", "said"),
        ("user", "my dog is called Bruno", "told"),
        ("user", "what colours are there?", "asked"),
        ("user", "haha", "said"),
        ("assistant", "Hello!", "said"),
    ],
)
def test_it_knows_what_a_message_was(role: str, text: str, kind: str) -> None:
    assert kind_of(_message(role, text)) == kind


def test_few_lines_of_a_chunk_are_kept_and_none_twice() -> None:
    chunk = [
        _message("user", text) for text in ["my size is 42", "My size is 42", *CHATTER, *CHATTER, "do you have it?"]
    ]
    lines = extract(chunk)
    assert len(lines) <= MOST_LINES
    assert [line.kind for line in lines].count("told") == 1


def test_a_million_letters_become_one_short_line() -> None:
    assert len(in_short("word " * 200_000)) <= LONGEST_LINE
    assert in_short("a\nb\n\nc") == "a b c"


def _talk(stores: Stores, count: int) -> dict[int, int]:
    """A long chat, a message every ten minutes; the planted messages' numbers by their ids."""
    ids: dict[int, int] = {}
    with stores.db.transaction():
        first = stores.hear("hello", phone=ANA)
        contact_id = stores.messages.get(first).contact_id
        for n in range(1, count):
            stores.clock.pass_by(minutes=10)
            role, text = PLANTED.get(n, ("user" if n % 2 else "assistant", CHATTER[n % len(CHATTER)]))
            said = (
                stores.hear(text, phone=ANA) if role == "user" else stores.messages.put_out(contact_id, Outgoing(text))
            )
            if n in PLANTED:
                ids[said] = n
    return ids


def _memory(stores: Stores) -> ConversationMemory:
    return ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock)


numbers = itertools.count(1)


def _message(role: str, text: str) -> Message:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return Message(next(numbers), BRAND, 1, role, "text", text, None, None, {}, "handled", at, None, 0, None, None)
