"""What was said long ago is forgotten by the clock, and nothing that is still needed."""

from __future__ import annotations

import subprocess
import sys

from memory.conversations.attachments import Attachments
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.turns import Outcome
from memory.people.facts import Facts
from memory.recall.search import Search
from tests.memory.stores import BRAND, Stores, as_is, said

PHONE = "+919876543210"


def answered(stores: Stores, text: str, *, phone: str = PHONE) -> int:
    """A message and its reply, said; the message's id."""
    message_id = stores.hear(text, phone=phone, urgent=True)
    [lease] = stores.turns.claim("w", 1)
    stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), Outcome([Outgoing("noted")]), split=as_is)
    reply = stores.messages.history(lease.contact_id)[-1]
    stores.messages.settle(reply.id, "sending")
    stores.messages.said(reply.id, f"SMreply{reply.id}")
    stores.turns.release(lease)
    return message_id


def count(stores: Stores, table: str) -> int:
    return int(stores.db.value(f"SELECT count(*) FROM {table}"))


def test_old_sessions_go_with_all_that_hangs_on_them(stores: Stores) -> None:
    old = stores.messages.get(answered(stores, "my dog is called Bruno"))
    Attachments(stores.db, stores.clock).keep(old, "image/png", b"a face", None)
    stores.messages.note_status(old.id + 1, "delivered", provider_id=f"SMreply{old.id + 1}", error_code=None)
    stores.clock.pass_by(days=40)
    answered(stores, "hi again")
    Search(stores.db).catch_up_fully()
    assert stores.sessions.forget_before(BRAND, stores.clock.now.replace(day=1)) == 1
    assert [m.content for m in stores.messages.history(old.contact_id)] == ["hi again", "noted"]
    for table, left in {"sessions": 1, "media": 0, "search_rows": 2, "statuses": 0, "turns": 1}.items():
        assert count(stores, table) == left, table
    assert set(stores.contacts.still_at_provider()) == {old.provider_id, f"SMreply{old.id + 1}"}
    assert stores.sessions.forget_before(BRAND, stores.clock.now.replace(day=1)) == 0


def test_a_session_that_goes_on_loses_its_old_messages_only(stores: Stores) -> None:
    for day in range(40):
        answered(stores, f"day {day}")
        stores.clock.pass_by(hours=20)
    moment = stores.clock.now.replace(day=20)
    assert stores.sessions.forget_before(BRAND, moment, at_once=7) == 0
    assert count(stores, "sessions") == 1
    kept = stores.messages.history(1, limit=1000)
    assert kept
    assert min(message.at for message in kept) >= moment


def test_what_is_not_done_yet_stays(stores: Stores) -> None:
    answered(stores, "I want to talk to a human", phone="+14155550101")
    asks = stores.contacts.find(BRAND, "+14155550101")
    Handovers(stores.db, stores.clock, hours={BRAND: 100_000}).open(asks, "asked")
    waiting = stores.messages.get(stores.hear("nobody answered this"))
    unsent = stores.messages.put_out(waiting.contact_id, Outgoing("your order left"))
    parked = stores.messages.put_out(waiting.contact_id, Outgoing("it arrived"))
    stores.messages.settle(parked, "parked")
    stores.clock.pass_by(days=400)
    assert stores.sessions.forget_before(BRAND, stores.clock.now) == 0
    assert [m.id for m in stores.messages.history(waiting.contact_id)] == [waiting.id, unsent, parked]
    assert stores.messages.count(asks.id) == 2


def test_one_brands_time_is_not_anothers(stores: Stores) -> None:
    stores.messages.take_in("another", said("hello", sid="SMother", urgent=True))
    [lease] = stores.turns.claim("w", 1)
    stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), Outcome([]), split=as_is)
    stores.clock.pass_by(days=400)
    assert stores.sessions.forget_before(BRAND, stores.clock.now) == 0
    assert stores.sessions.forget_before("another", stores.clock.now) == 1


def test_what_is_still_true_stays_known_and_what_was_corrected_goes(stores: Stores) -> None:
    said_at = answered(stores, "I live in Pune")
    facts, contact = Facts(stores.db, stores.clock), stores.contacts.find(BRAND, PHONE)
    facts.learn(contact, "city", "Pune", said_at)
    facts.learn(contact, "name", "Maria", said_at)
    stores.clock.pass_by(days=30)
    facts.learn(contact, "city", "Dubai", answered(stores, "I moved to Dubai"))
    stores.clock.pass_by(days=30)
    answered(stores, "hi")
    moment = stores.clock.now.replace(day=10)
    stores.sessions.forget_before(BRAND, moment)
    assert [(fact.value, fact.message_id) for fact in facts.all(contact.id)] == [("Maria", None), ("Dubai", None)]


def test_a_killed_one_goes_on(file_stores: Stores) -> None:
    for n in range(2000):
        file_stores.hear(f"message {n}")
    file_stores.db.run("UPDATE messages SET state = 'handled'")
    file_stores.clock.pass_by(days=60)
    code = (
        "import sys; from datetime import *; from memory.storage.database import Database; from memory.conversations.sessions import Sessions;"
        "Sessions(Database(sys.argv[1])).forget_before('voyage', datetime(2027, 1, 1, tzinfo=UTC), at_once=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(file_stores.url)])
    while file_stores.messages.count(1) == 2000:
        assert process.poll() is None
    process.kill()
    process.wait()
    assert 0 < file_stores.messages.count(1) < 2000
    assert file_stores.sessions.forget_before(BRAND, file_stores.clock.now) == 1
    assert (file_stores.messages.count(1), count(file_stores, "sessions")) == (0, 0)
