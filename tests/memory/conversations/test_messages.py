from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.conversations.channel_messages import FailureCause, OutboxRow, Outgoing
from memory.conversations.messages import STATUS_RANK
from memory.conversations.turns import Outcome
from memory.people.address import Referral
from memory.storage.errors import UnknownMessage
from tests.memory.stores import BRAND, Stores, as_is, said


def test_the_same_message_twice_is_stored_once(stores: Stores) -> None:
    assert stores.messages.take_in(BRAND, said("hi", sid="SM1")) is not None
    assert stores.messages.take_in(BRAND, said("hi", sid="SM1")) is None
    contact = stores.contacts.find(BRAND, "+919876543210")
    assert contact.total_interactions == 1
    assert stores.messages.count(contact.id) == 1


def test_a_message_that_was_listed_first_is_completed_by_its_webhook_once(stores: Stores) -> None:
    listed = said("", sid="SM1")
    message_id = stores.messages.take_in(BRAND, listed)
    ad = Referral("120211", "ad", "clid", "Play faster", None, None, {"ReferralSourceId": "120211"})
    told = {"Body": "", "Latitude": "40.4", "Longitude": "-3.7", "ReferralSourceId": "120211"}
    place = {"latitude": "40.4", "longitude": "-3.7"}
    posted = replace(listed, kind="location", location=place, referral=ad, raw=told)
    assert [stores.messages.take_in(BRAND, posted) for _ in range(2)] == [None, None]
    assert message_id is not None
    message = stores.messages.get(message_id)
    assert (message.kind, message.metadata["location"]) == ("location", place)
    assert [touch["source_id"] for touch in stores.contacts.touches(message.contact_id)] == ["120211"]


def test_history_is_oldest_first_and_pages_backwards(stores: Stores) -> None:
    ids = [stores.hear(str(n)) for n in range(5)]
    contact_id = stores.messages.get(ids[0]).contact_id
    assert [message.content for message in stores.messages.history(contact_id, limit=2)] == ["3", "4"]
    assert [message.content for message in stores.messages.history(contact_id, limit=2, before=ids[3])] == ["1", "2"]


def test_a_session_ends_after_a_day_of_silence(stores: Stores) -> None:
    contact_id = stores.messages.get(stores.hear("monday")).contact_id
    first = stores.sessions.latest(contact_id)
    stores.clock.pass_by(hours=23, minutes=59)
    stores.hear("tuesday")
    still = stores.sessions.latest(contact_id)
    stores.clock.pass_by(hours=24)
    stores.hear("wednesday")
    next_one = stores.sessions.latest(contact_id)
    assert first is not None
    assert still is not None
    assert next_one is not None
    assert (still.id, still.total_messages) == (first.id, 2)
    assert (next_one.id == first.id, next_one.total_messages) == (False, 1)
    assert next_one.created_at == stores.clock.now


@given(order=st.permutations(["queued", "sent", "delivered", "read"]))
def test_statuses_only_move_forward(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    stores = Stores(tmp_path_factory.mktemp("statuses") / "h.db")
    contact_id = stores.messages.get(stores.hear("hi")).contact_id
    message_id = stores.messages.put_out(contact_id, Outgoing("hello"))
    seen: list[int] = []
    for status in order:
        stores.messages.note_status(message_id, status, provider_id="SMout", error_code=None)
        row = stores.db.value("SELECT provider_status FROM messages WHERE id = :id", id=message_id)
        seen.append(STATUS_RANK[row])
    assert seen == sorted(seen)
    assert seen[-1] == STATUS_RANK["read"]


def test_failure_after_delivery_is_ignored(stores: Stores) -> None:
    contact_id = stores.messages.get(stores.hear("hi")).contact_id
    message_id = stores.messages.put_out(contact_id, Outgoing("hello"))
    stores.messages.note_status(message_id, "delivered", provider_id="SMout", error_code=None)
    assert not stores.messages.note_status(message_id, "failed", provider_id="SMout", error_code=30008)
    assert stores.messages.get(message_id).state == "delivered"


def test_an_unknown_send_of_the_message_is_remembered_and_counts_where_it_arrived(stores: Stores) -> None:
    contact_id = stores.messages.get(stores.hear("hi")).contact_id
    message_id = stores.messages.put_out(contact_id, Outgoing("hello"))
    stores.messages.settle(message_id, "sent", provider_id="SMout")
    assert not stores.messages.note_status(message_id, "sent", provider_id="SMother", error_code=None)
    assert not stores.messages.note_status(message_id, "failed", provider_id="SMother", error_code=63018)
    assert stores.messages.get(message_id).provider_id == "SMout"
    assert stores.messages.known_provider_ids(contact_id) == {"SMout", "SMother"}
    assert stores.messages.note_status(message_id, "delivered", provider_id="SMother", error_code=None)
    assert not stores.messages.note_status(message_id, "failed", provider_id="SMout", error_code=63018)
    assert stores.messages.get(message_id).state == "delivered"
    assert stores.messages.known_provider_ids(contact_id) == {"SMout", "SMother"}


def test_what_was_parked_goes_out_when_the_customer_writes(stores: Stores) -> None:
    contact_id = stores.messages.get(stores.hear("hi")).contact_id
    message_id = stores.messages.put_out(contact_id, Outgoing("your parcel has left"))
    stores.messages.settle(message_id, "parked")
    assert stores.messages.next_out(contact_id) is None
    stores.hear("hello again")
    following = stores.messages.next_out(contact_id)
    assert following is not None
    assert following.id == message_id


def test_only_dead_messages_are_replayed(stores: Stores) -> None:
    message_id = stores.hear("hi")
    with pytest.raises(UnknownMessage, match="waiting"):
        stores.messages.replay(message_id)


def said_to(stores: Stores) -> int:
    stores.hear("hi")
    contact = stores.contacts.find(BRAND, "+919876543210")
    message_id = stores.messages.put_out(contact.id, Outgoing("hello"))
    trying(stores, message_id)
    return message_id


def trying(stores: Stores, message_id: int) -> OutboxRow:
    """It is being sent."""
    return stores.messages.begin_try(stores.messages.outbox_row(message_id))


def test_a_doubt_that_comes_after_the_callback_changes_nothing(stores: Stores) -> None:
    message_id = said_to(stores)
    tried = stores.messages.outbox_row(message_id)
    stores.messages.note_status(message_id, "sent", provider_id="SMour", error_code=None)
    stores.messages.doubt(tried, timedelta(0), "the connection failed")
    assert stores.messages.get(message_id).state == "sent"


@pytest.mark.parametrize("again", ["send_anew", "replay"])
@pytest.mark.parametrize("late", ["queued", "sent", "failed"])
def test_a_callback_of_an_attempt_that_failed_is_not_taken_for_the_next_one(
    stores: Stores, again: str, late: str
) -> None:
    message_id = said_to(stores)
    stores.messages.note_status(message_id, "failed", provider_id="SMold", error_code=30008)
    if again == "replay":
        stores.messages.settle(message_id, "dead")
    getattr(stores.messages, again)(message_id)
    stores.clock.pass_by(seconds=1)
    trying(stores, message_id)
    assert not stores.messages.note_status(message_id, late, provider_id="SMold", error_code=None)
    message = stores.messages.get(message_id)
    assert (message.state, message.provider_id) == ("sending", None)
    assert "SMold" in stores.messages.known_provider_ids(message.contact_id), "a look-up would adopt it"
    assert "SMold" in stores.contacts.provider_ids(message.contact_id), "it would stay at the provider"
    stores.messages.said(message_id, "SMnew")
    assert stores.messages.get(message_id).state == "sent"


@given(
    tries=st.lists(st.sampled_from(["SM1", "SM2", "SM3"]), min_size=1, max_size=3, unique=True),
    told=st.lists(
        st.tuples(
            st.sampled_from(["SM1", "SM2", "SM3"]), st.sampled_from(["sent", "undelivered", "delivered", "read"])
        ),
        max_size=8,
    ),
)
def test_whatever_order_statuses_come_in_what_arrived_is_not_sent_again(
    tmp_path_factory: pytest.TempPathFactory, tries: list[str], told: list[tuple[str, str]]
) -> None:
    stores = Stores(tmp_path_factory.mktemp("tries") / "h.db")
    contact_id = stores.messages.get(stores.hear("hi")).contact_id
    message_id = stores.messages.put_out(contact_id, Outgoing("hello"))
    for provider_id in tries:  # each is taken, and said to have failed; one more is due
        stores.clock.pass_by(seconds=1)
        trying(stores, message_id)
        stores.messages.said(message_id, provider_id)
        stores.messages.send_anew(message_id)
    for provider_id, status in told:
        stores.messages.note_status(message_id, status, provider_id=provider_id, error_code=None)
    arrived = {status for _provider_id, status in told} & {"delivered", "read"}
    state = stores.messages.get(message_id).state
    assert (state in arrived) == bool(arrived)
    assert (stores.messages.next_out_id(contact_id) is None) >= bool(arrived)


@pytest.mark.parametrize("between", ["waits", "is being sent", "is in doubt", "is dead", "was sent again"])
def test_a_message_that_arrived_after_all_is_not_sent_again(stores: Stores, between: str) -> None:
    message_id = said_to(stores)
    stores.messages.said(message_id, "SMold")
    stores.messages.note_status(message_id, "undelivered", provider_id="SMold", error_code=63018)
    stores.messages.send_anew(message_id, wait=timedelta(seconds=6))
    if between != "waits":
        stores.clock.pass_by(seconds=6)
        row = trying(stores, message_id)
    if between == "is in doubt":
        stores.messages.doubt(row, timedelta(seconds=1), "no answer")
    elif between == "is dead":
        stores.messages.set_aside(message_id, "dead", FailureCause.TRIES_USED_UP, "the provider took none")
    elif between == "was sent again":
        stores.messages.said(message_id, "SMnew")
    assert stores.messages.note_status(message_id, "delivered", provider_id="SMold", error_code=None)
    message = stores.messages.get(message_id)
    assert (message.state, message.cause, message.error) == ("delivered", None, None)
    assert stores.messages.next_out_id(message.contact_id) is None
    if between == "is being sent":
        stores.messages.said(message_id, "SMnew")
    assert not stores.messages.note_status(message_id, "undelivered", provider_id="SMnew", error_code=63018)
    assert stores.messages.get(message_id).state == "delivered"


def test_an_answer_after_the_failure_of_its_try_ends_no_wait(stores: Stores) -> None:
    message_id = said_to(stores)
    stores.messages.note_status(message_id, "failed", provider_id="SMour", error_code=63018)
    stores.messages.send_anew(message_id, wait=timedelta(seconds=6))
    stores.messages.said(message_id, "SMour")
    assert stores.messages.get(message_id).state == "ready"


def test_an_answer_after_its_try_was_given_up_ends_the_wait(stores: Stores) -> None:
    message_id = said_to(stores)
    stores.messages.send_anew(message_id, no_trace=True)
    stores.messages.said(message_id, "SMour")
    assert stores.messages.get(message_id).state == "sent"


def test_a_message_that_a_callback_moved_is_no_longer_ready(stores: Stores) -> None:
    message_id = said_to(stores)
    stores.messages.send_anew(message_id)
    read_before = stores.messages.outbox_row(message_id)
    stores.messages.note_status(message_id, "sent", provider_id="SMlate", error_code=None)
    with stores.db.transaction():
        assert not stores.messages.is_ready(read_before)
    assert stores.messages.get(message_id).state == "sent"


def test_a_failure_before_delivery_is_forgotten(stores: Stores) -> None:
    message_id = said_to(stores)
    for status in ("undelivered", "sent", "delivered", "failed"):
        stores.messages.note_status(message_id, status, provider_id="SMour", error_code=None)
    assert stores.messages.get(message_id).state == "delivered"


@pytest.mark.parametrize("cause", [FailureCause.OUTCOME_UNKNOWN, FailureCause.AMBIGUOUS])
def test_any_status_ends_the_doubt_of_a_message_set_aside(stores: Stores, cause: FailureCause) -> None:
    message_id = said_to(stores)
    stores.messages.set_aside(message_id, "dead", cause, "it may have arrived")
    assert stores.messages.note_status(message_id, "queued", provider_id="SMour", error_code=None)
    assert stores.messages.get(message_id).state == "sent"


def test_an_answer_of_an_earlier_try_is_no_answer_of_a_later_one(stores: Stores) -> None:
    message_id = said_to(stores)
    first = stores.messages.outbox_row(message_id)
    stores.messages.send_anew(message_id, no_trace=True)
    stores.clock.pass_by(seconds=1)
    second = trying(stores, message_id)
    with stores.db.transaction():
        assert (stores.messages.is_open(first), stores.messages.is_open(second)) == (False, True)
    stores.messages.doubt(first, timedelta(seconds=1), "no answer")
    assert stores.messages.get(message_id).state == "sending"


def test_nothing_on_a_messages_way_reads_the_whole_conversation_or_the_whole_table(file_stores: Stores) -> None:
    """A status callback that scans a million messages holds up every webhook behind it."""
    asked: list[str] = []
    connection = file_stores.db._engine._connection  # type: ignore[attr-defined]
    file_stores.hear("hello", urgent=True)
    connection.set_trace_callback(asked.append)
    file_stores.hear("do you have laptops?", urgent=True)
    [lease] = file_stores.turns.claim("w", 1)
    waiting = file_stores.turns.waiting(lease.contact_id)
    file_stores.turns.finish(lease, waiting, Outcome([Outgoing("yes")]), split=as_is)
    row = file_stores.messages.next_out(lease.contact_id)
    assert row is not None
    row = file_stores.messages.begin_try(row)
    file_stores.messages.doubt(row, timedelta(0), "why", found_nothing=True)
    file_stores.messages.said(row.id, "SM" + "9" * 32)
    file_stores.messages.note_status(row.id, "sent", provider_id="SM" + "9" * 32, error_code=None)
    file_stores.messages.cancel_rest(row.id)
    file_stores.messages.dead()
    file_stores.turns.backlog()
    file_stores.turns.release(lease)
    connection.set_trace_callback(None)
    statements = [sql for sql in asked if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(statements) > 20
    for sql in statements:
        steps = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert "SCAN messages" not in steps, sql
        assert sql.startswith("SELECT") or "SEARCH messages USING INDEX messages_by_contact (contact_id=?)" not in steps
