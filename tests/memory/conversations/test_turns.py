"""The queue: claims, quiet time, leases, drafts that are overtaken."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from memory.ads.tasks import UnknownTask
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turn_changes import Change, FinishTask, OptOut
from memory.conversations.turns import Lease, MessageReading, Outcome, Pressure
from memory.storage.errors import LeaseLost
from tests.memory.stores import BRAND, Stores, as_is, said


def claim(stores: Stores, owner: str = "worker") -> Lease:
    [lease] = stores.turns.claim(owner, 10)
    return lease


def texts(stores: Stores, lease: Lease) -> list[str]:
    return [message.content for message in stores.turns.waiting(lease.contact_id)]


def test_nothing_is_due_while_the_customer_may_still_be_typing(stores: Stores) -> None:
    stores.hear("hi")
    stores.clock.pass_by(seconds=1.4)
    assert stores.turns.claim("worker", 10) == []
    stores.clock.pass_by(seconds=0.1)
    assert len(stores.turns.claim("worker", 10)) == 1


def test_a_burst_is_one_turn_and_each_message_starts_the_quiet_time_anew(stores: Stores) -> None:
    for text in ("hi", "i want", "the red one"):
        stores.hear(text)
        stores.clock.pass_by(seconds=1)
    assert stores.turns.claim("worker", 10) == []
    stores.clock.pass_by(seconds=0.5)
    assert texts(stores, claim(stores)) == ["hi", "i want", "the red one"]


def test_somebody_who_never_stops_typing_is_answered_at_the_cap(stores: Stores) -> None:
    for n in range(8):
        assert stores.turns.claim("worker", 10) == []
        stores.hear(str(n))
        stores.clock.pass_by(seconds=1)
    assert len(texts(stores, claim(stores))) == 8


def test_a_button_is_answered_at_once(stores: Stores) -> None:
    stores.hear("Yes, order it", urgent=True)
    assert texts(stores, claim(stores)) == ["Yes, order it"]


def test_a_contact_is_one_workers_until_the_lease_is_over(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores, "one")
    assert stores.turns.claim("two", 10) == []
    stores.clock.pass_by(seconds=11)
    stores.turns.renew([lease])
    stores.clock.pass_by(seconds=11)
    assert stores.turns.claim("two", 10) == []
    stores.clock.pass_by(seconds=2)
    assert len(stores.turns.claim("two", 10)) == 1


def test_a_worker_keeps_all_its_leases_and_revives_none_that_ran_out(stores: Stores) -> None:
    for n in range(3):
        stores.hear("hi", phone=f"+9198765432{n:02d}", urgent=True)
    leases = stores.turns.claim("one", 3)
    stores.clock.pass_by(seconds=11)
    stores.turns.renew(leases[:2])
    stores.clock.pass_by(seconds=2)
    stores.turns.renew(leases)
    assert [lease.contact_id for lease in stores.turns.claim("two", 10)] == [leases[2].contact_id]


@pytest.mark.parametrize(
    "step", [timedelta(seconds=30), timedelta(seconds=-30), timedelta(hours=5), timedelta(hours=-5)]
)
def test_setting_the_wall_clock_neither_ends_nor_lengthens_a_lease(stores: Stores, step: timedelta) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores, "one")
    stores.clock.wrong_by = step
    stores.turns.hold_to_send(lease)
    assert stores.turns.claim("two", 10) == []
    stores.clock.pass_by(seconds=13)
    with pytest.raises(LeaseLost):
        stores.turns.hold(lease)
    stores.clock.wrong_by = max(step, timedelta(0))  # set back, the message itself is not due yet
    assert len(stores.turns.claim("two", 10)) == 1


def test_a_message_of_before_the_clock_was_set_back_is_answered(stores: Stores) -> None:
    stores.hear("hi")
    stores.clock.pass_by(days=-1)
    assert texts(stores, claim(stores)) == ["hi"]


def test_a_holder_may_send_in_the_first_half_of_its_lease_only(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores)
    stores.clock.pass_by(seconds=5.9)
    stores.turns.hold_to_send(lease)
    stores.clock.pass_by(seconds=0.2)
    with pytest.raises(LeaseLost):
        stores.turns.hold_to_send(lease)
    stores.turns.hold(lease)


def test_a_lease_of_before_a_restart_of_the_machine_is_over(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores, "one")
    stores.db.lease_time = lambda: replace(stores.clock.lease_time(), clock_id="the next start")
    with pytest.raises(LeaseLost):
        stores.turns.hold(lease)
    assert len(stores.turns.claim("two", 10)) == 1


def test_a_lease_that_ends_later_than_any_can_is_over(stores: Stores) -> None:
    """The server's clock was set back by hours, or a machine without boot ids was restarted."""
    stores.hear("hi", urgent=True)
    claim(stores, "one")
    stores.db.lease_time = lambda: stores.clock.lease_time().plus(timedelta(hours=-3))
    assert len(stores.turns.claim("two", 10)) == 1


def test_a_worker_does_not_claim_again_what_it_still_works_on(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    stores.hear("hello", phone="+919876543211", urgent=True)
    first = stores.turns.claim("worker", 1)[0]
    stores.clock.pass_by(seconds=20)  # it was stopped for so long
    again = stores.turns.claim("worker", 10, busy={first.contact_id})
    assert len(again) == 1 and again[0].contact_id != first.contact_id


def test_the_backlog_is_what_waits_to_be_answered_and_to_be_said(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    stores.hear("hello", phone="+919876543211", urgent=True)
    assert stores.turns.backlog() == 2
    lease = stores.turns.claim("worker", 1)[0]
    answer = Outcome([Outgoing("one"), Outgoing("two")])
    assert stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), answer, split=as_is)
    assert stores.turns.backlog() == 1 + 2


def test_a_worker_whose_lease_is_gone_cannot_finish(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    slow = claim(stores, "slow")
    waiting = stores.turns.waiting(slow.contact_id)
    stores.clock.pass_by(seconds=13)
    claim(stores, "quick")
    with pytest.raises(LeaseLost):
        stores.turns.finish(slow, waiting, Outcome([Outgoing("late")]), split=as_is)
    assert stores.messages.next_out(slow.contact_id) is None
    assert len(stores.turns.waiting(slow.contact_id)) == 1


def test_a_draft_that_newer_messages_overtook_is_dropped_with_all_its_changes(stores: Stores) -> None:
    stores.hear("the red one", urgent=True)
    lease = claim(stores)
    waiting = stores.turns.waiting(lease.contact_id)
    stores.hear("no, the blue one", urgent=True)
    outcome = Outcome([Outgoing("Red it is.")], changes=[OptOut(lease.contact_id)])
    assert not stores.turns.finish(lease, waiting, outcome, split=as_is)
    assert stores.contacts.get(lease.contact_id).opted_out_at is None
    assert stores.messages.next_out(lease.contact_id) is None
    assert texts(stores, lease) == ["the red one", "no, the blue one"]


def test_the_last_try_answers_and_leaves_the_newer_message_for_the_next_turn(stores: Stores) -> None:
    stores.hear("one", urgent=True)
    lease = claim(stores)
    waiting = stores.turns.waiting(lease.contact_id)
    stores.hear("two", urgent=True)
    assert stores.turns.finish(lease, waiting, Outcome([Outgoing("One.")]), split=as_is, last_try=True)
    assert texts(stores, lease) == ["two"]


def test_reply_changes_and_record_are_one_transaction(stores: Stores) -> None:
    message_id = stores.hear("hi", urgent=True)
    lease = claim(stores)
    waiting = stores.turns.waiting(lease.contact_id)
    changes: list[Change] = [OptOut(lease.contact_id), FinishTask(BRAND, 99, "+919876500001", "there is no such task")]
    outcome = Outcome([Outgoing("Hello!")], changes, readings={message_id: MessageReading("greeting", "en")})
    with pytest.raises(UnknownTask):
        stores.turns.finish(lease, waiting, outcome, split=as_is)
    assert stores.messages.next_out(lease.contact_id) is None
    assert stores.messages.get(message_id).state == "waiting"
    assert stores.db.value("SELECT count(*) FROM turns") == 0
    assert stores.contacts.get(lease.contact_id).opted_out_at is None


def test_a_turn_that_keeps_failing_is_tried_later_each_time_and_at_last_set_aside(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    waits = []
    for attempt in range(1, 6):
        lease = claim(stores)
        dead = stores.turns.postpone(lease, stores.turns.waiting(lease.contact_id), "ValueError")
        assert dead == (attempt == 5)
        stores.turns.release(lease)
        seconds = 0
        while not dead and not stores.turns.claim("probe", 1):
            stores.clock.pass_by(seconds=1)
            seconds += 1
        waits.append(seconds)
        stores.db.run("DELETE FROM leases")
    assert waits[:4] == [2, 4, 8, 16]
    [message] = stores.messages.dead()
    assert message.error == "ValueError"
    stores.messages.replay(message.id)
    assert texts(stores, claim(stores)) == ["hi"]


def test_a_newer_message_does_not_skip_the_wait_after_a_failure(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores)
    stores.turns.postpone(lease, stores.turns.waiting(lease.contact_id), "ValueError")
    stores.turns.release(lease)
    stores.hear("are you there?")
    assert stores.turns.claim("worker", 1) == []
    stores.clock.pass_by(seconds=2)
    assert texts(stores, claim(stores)) == ["hi", "are you there?"]


def test_contacts_are_claimed_by_one_of_many_threads(stores: Stores) -> None:
    for n in range(30):
        stores.hear("hi", phone=f"+9198765432{n:02d}", urgent=True)
    claimed: list[int] = []
    guard = threading.Lock()

    def work(owner: str) -> None:
        while leases := stores.turns.claim(owner, 3):
            with guard:
                claimed.extend(lease.contact_id for lease in leases)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(set(claimed))
    assert len(claimed) == 30


def test_parts_follow_each_other_and_a_dead_part_takes_the_rest_with_it(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    lease = claim(stores)

    def in_words(outgoing: Outgoing) -> list[Outgoing]:
        return [Outgoing(word) for word in outgoing.body.split()]

    waiting = stores.turns.waiting(lease.contact_id)
    stores.turns.finish(lease, waiting, Outcome([Outgoing("one two three")]), split=in_words)
    first = stores.messages.next_out(lease.contact_id)
    assert first is not None
    assert first.body == "one"
    stores.messages.settle(first.id, "dead", error="no such number")
    stores.messages.cancel_rest(first.id)
    assert stores.messages.next_out(lease.contact_id) is None
    assert [message.content for message in stores.messages.dead()] == ["three", "two", "one"]


def answer_next(stores: Stores) -> None:
    """The contact that has waited longest is answered now."""
    [lease] = stores.turns.claim("worker", 1)
    assert stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), Outcome(), split=as_is)
    stores.turns.release(lease)


@pytest.mark.parametrize(
    ("slow", "quick", "slow_reply"),
    [(1, 9, timedelta(minutes=11)), (1, 10, timedelta(0)), (2, 18, timedelta(minutes=11)), (1, 19, timedelta(0))],
)
def test_pressure_tells_the_wait_of_the_slowest_reply_in_ten(
    stores: Stores, slow: int, quick: int, slow_reply: timedelta
) -> None:
    began = stores.clock()
    for n in range(slow):
        stores.hear("hi", phone=f"+9198765430{n:02d}", urgent=True)
    stores.clock.pass_by(minutes=11)
    for _ in range(slow):
        answer_next(stores)
    stores.clock.pass_by(seconds=1)
    for n in range(quick):
        stores.hear("hi", phone=f"+9198765431{n:02d}", urgent=True)
        answer_next(stores)
    assert stores.turns.pressure(BRAND, began) == Pressure(0, slow + quick, slow_reply)


def test_pressure_counts_waiting_customers_and_recent_replies_of_one_brand(stores: Stores) -> None:
    stores.hear("hi", urgent=True)
    stores.clock.pass_by(minutes=20)
    answer_next(stores)
    stores.clock.pass_by(seconds=1)
    since = stores.clock()
    stores.hear("hi", phone="+919876543211", urgent=True)
    answer_next(stores)
    for text in ("hi", "are you there?"):
        stores.hear(text, phone="+919876543212", urgent=True)
    stores.messages.take_in("zen", said("hola", phone="+34600111222", sid="SM" + "9" * 32, urgent=True))
    assert stores.turns.pressure(BRAND, since) == Pressure(waiting=1, replies=1, slow_reply=timedelta(0))
    assert stores.turns.pressure("zen", since) == Pressure(waiting=1, replies=0, slow_reply=timedelta(0))
