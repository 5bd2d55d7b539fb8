"""Saying: once, in order, within the window; every way in which a provider fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.channel import DeliveryStatus
from bot.channels.simulator import Pace
from bot.channels.twilio import LIMITS
from memory.conversations.channel_messages import Button, DeliveryState, FailureCause, OutboxRow, Outgoing
from memory.conversations.messages import Message
from memory.conversations.turns import Lease, Outcome
from memory.people.contacts import Contact
from memory.storage.errors import LeaseLost
from memory.storage.lease_clock import LeaseTime
from memory.storage.timestamps import now, to_text
from tests.delivery.message_path import PHONE, Line, open_line, repeat
from tests.memory.stores import TestClock
from tests.waiting import Latch


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with open_line(tmp_path) as line:
        yield line


def test_a_message_is_answered_once_and_delivered(line: Line) -> None:
    customer = line.customer()
    [reply] = customer.wait_for_reply(customer.says("hello"))
    assert reply.body == "You said: hello"
    line.until(lambda: line.states() == ["delivered"])


@pytest.mark.parametrize("fault", ["lose_answer", "accept_late"])
def test_an_answer_that_got_lost_is_looked_up_not_sent_again(line: Line, fault: str) -> None:
    customer = line.customer()
    line.twilio.fail(fault, who=PHONE, seconds=9)
    customer.wait_for_reply(customer.says("hello"))
    line.until(lambda: line.turns.backlog() == 0 and not line.db.all("SELECT * FROM leases"))
    assert customer.heard() == ["You said: hello"]
    assert line.states() in (["sent"], ["delivered"])


def test_what_was_not_taken_is_sent_again_until_it_is(line: Line) -> None:
    customer = line.customer()
    line.twilio.fail("throttle", who=PHONE)
    customer.wait_for_reply(customer.says("hello"))
    line.until(lambda: line.states() in (["sent"], ["delivered"]))
    assert customer.heard() == ["You said: hello"]


def test_a_recipient_that_does_not_exist_is_dead_and_staff_are_told(line: Line) -> None:
    line.twilio.fail("refuse", who=PHONE, code=21211)
    line.customer().says("hello")
    line.until(lambda: line.states() == ["dead"])
    [message] = line.messages.dead()
    assert message.error_code == 21211
    assert len(line.alarms) == 1
    assert PHONE not in line.alarms[0]
    line.messages.replay(message.id)
    line.until(lambda: line.states() == ["delivered"])


def test_somebody_who_blocked_us_is_written_to_no_more(line: Line) -> None:
    customer = line.customer()
    customer.blocks()
    customer.says("hello")
    line.until(lambda: line.states() == ["suppressed"])
    assert line.contacts.find("voyage", PHONE).opted_out_at is not None


def test_outside_the_window_a_message_waits_until_they_write(line: Line) -> None:
    line.twilio.fail("fail", who=PHONE, code=63016)
    customer = line.customer()
    customer.says("hello")
    line.until(lambda: line.states() == ["parked"])
    sent = customer.says("are you there?")
    replies = customer.wait_for_reply(sent, count=2)
    assert [reply.body for reply in replies] == ["You said: hello", "You said: are you there?"]


def test_outside_the_window_the_brands_template_goes_out(line: Line) -> None:
    line.templates["reply"] = line.twilio.template("News from the shop: {{2}}")
    line.twilio.fail("fail", who=PHONE, code=63016)
    customer = line.customer()
    [reply] = customer.wait_for_reply(customer.says("hello"))
    assert reply.body == "News from the shop: You said: hello"
    assert reply.template


def test_we_know_ourselves_when_the_window_is_closed(line: Line) -> None:
    customer = line.customer()
    customer.wait_for_reply(customer.says("hello"))
    contact = line.contacts.find("voyage", PHONE)
    yesterday = to_text(now() - timedelta(hours=24, seconds=1))
    line.db.run("UPDATE contacts SET last_interaction_at = :at", at=yesterday)
    line.messages.put_out(contact.id, Outgoing("your parcel has left"))
    line.until(lambda: line.states() == ["delivered", "parked"])
    assert len(customer.heard()) == 1


def test_a_report_to_staff_goes_with_its_picture_and_outside_the_window_as_their_template(line: Line) -> None:
    line.templates["staff"] = line.twilio.template("Report: {{2}}")
    customer = line.customer()
    customer.wait_for_reply(customer.says("hello"))
    contact = line.contacts.find("voyage", PHONE)
    card = Outgoing("42 chats", purpose="staff", media_url="https://shop.example/chart/1.png")
    line.messages.put_out(contact.id, card)
    line.until(lambda: line.states() == ["delivered"] * 2)
    line.db.run("UPDATE contacts SET last_interaction_at = :at", at=to_text(now() - timedelta(hours=24, seconds=1)))
    line.messages.put_out(contact.id, card)
    line.until(lambda: line.states() == ["delivered"] * 3)
    inside, outside = [letter for letter in line.twilio.chats.letters.values() if letter.direction != "inbound"][-2:]
    assert (inside.body, inside.media_url, inside.template) == ("42 chats", card.media_url, False)
    assert (outside.body, bool(outside.template)) == ("Report: 42 chats", True)


def test_a_template_that_whatsapp_paused_is_not_used_again(line: Line) -> None:
    line.templates["reply"] = line.twilio.template("News: {{2}}")
    line.twilio.fail("fail", who=PHONE, code=63016)
    line.twilio.fail("refuse", who=PHONE, code=63041)
    line.customer().says("hello")
    line.until(lambda: line.states() == ["dead"])
    line.twilio.fail("fail", who=PHONE, code=63016)
    line.customer().says("hello again")
    line.until(lambda: line.states() == ["dead", "parked"])


def test_callbacks_reversed_doubled_or_lost_change_nothing(line: Line) -> None:
    customer = line.customer()
    customer.opens()
    for fault, end in (("callbacks_reversed", "read"), ("callbacks_twice", "read"), ("callbacks_lost", "sent")):
        line.twilio.fail(fault, who=PHONE)
        customer.wait_for_reply(customer.says(fault))
        line.until(lambda end=end: line.states()[-1] == end)  # type: ignore[misc]


def test_a_late_failure_is_tried_again_but_not_for_ever(line: Line) -> None:
    line.twilio.fail("fail", times=2, who=PHONE, code=30008)
    line.customer().says("hello")
    line.until(
        lambda: bool(line.db.value("SELECT due_at > :now FROM messages WHERE role = 'assistant'", now=to_text(now())))
    )
    line.db.run("UPDATE messages SET due_tick = NULL WHERE role = 'assistant'")
    line.until(lambda: line.states() == ["dead"])


def long_answer(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
    sentences = [f"This is sentence number {n} of a long answer." for n in range(120)]
    return Outcome([Outgoing(" ".join(sentences), buttons=(Button("More", "more"),))])


def test_a_long_reply_arrives_in_parts_in_order_with_its_buttons_last(tmp_path: Path) -> None:
    with open_line(tmp_path, handler=long_answer, pace=Pace(0.05, 0.01, 0)) as line:
        customer = line.customer()
        parts = len(line_parts())
        replies = customer.wait_for_reply(customer.says("tell me"), count=parts)
        text = " ".join(reply.body for reply in replies)
        numbers = [int(word) for word in text.split() if word.isdigit()]
        assert numbers == list(range(120))
        assert [bool(reply.buttons) for reply in replies] == [False] * (parts - 1) + [True]


def line_parts() -> Sequence[Outgoing]:
    [reply] = long_answer(None, [], now()).replies  # type: ignore[arg-type]
    return LIMITS.parts(reply)


def test_a_part_that_cannot_be_said_takes_the_rest_with_it(tmp_path: Path) -> None:
    with open_line(tmp_path, handler=long_answer) as line:
        line.twilio.fail("refuse", who=PHONE, code=21211)
        line.customer().says("tell me")
        line.until(lambda: line.states() == ["dead"] * len(line_parts()))
        assert line.customer().heard() == []


def test_pictures_that_cannot_be_taken_become_links(tmp_path: Path) -> None:
    def show(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        return Outcome([Outgoing("Here it is", media_url="https://shop.example.com/a.jpg")])

    with open_line(tmp_path, handler=show) as line:
        line.twilio.fail("refuse", who=PHONE, code=21620)
        customer = line.customer()
        [reply] = customer.wait_for_reply(customer.says("picture?"))
        assert reply.body == "Here it is\nhttps://shop.example.com/a.jpg"


def test_once_opted_out_nothing_that_waited_goes_out(line: Line) -> None:
    customer = line.customer()
    customer.wait_for_reply(customer.says("hello"))
    contact = line.contacts.find("voyage", PHONE)
    line.contacts.opt_out(contact.id)
    line.messages.put_out(contact.id, Outgoing("a special offer"))
    line.messages.put_out(contact.id, replace(Outgoing("You will hear no more from us."), passes_optout=True))
    line.until(lambda: line.states()[1:] in (["suppressed", "sent"], ["suppressed", "delivered"]))
    assert customer.heard()[1:] == ["You will hear no more from us."]


def test_contacts_are_answered_side_by_side(tmp_path: Path) -> None:
    together = Latch(20)

    def wait_for_the_others(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        together.wait()
        return Outcome([Outgoing("hi")])

    with open_line(tmp_path, handler=wait_for_the_others) as line:
        customers = [line.customer(f"+1415555{n:04d}") for n in range(20)]
        sent = [(customer, customer.says("hello")) for customer in customers]
        for customer, message in sent:
            customer.wait_for_reply(message)


def farewell(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
    return Outcome([Outgoing("Everything is erased.", farewell=True, passes_optout=True)])


def test_a_farewell_is_erased_with_its_person_when_the_callback_is_first(tmp_path: Path) -> None:
    with open_line(tmp_path, handler=farewell, running=False) as line:
        line.customer().says("delete")
        [lease] = claimed(line)
        line.turns.finish(lease, line.turns.waiting(lease.contact_id), farewell(None, [], now()), split=LIMITS.parts)  # type: ignore[arg-type]
        row = line.messages.next_out(lease.contact_id)
        assert row is not None
        line.messages.begin_try(row)
        line.outbox.note(DeliveryStatus("SM1", row.id, DeliveryState.QUEUED, None))
        assert line.db.value("SELECT count(*) FROM contacts") == 1, "not said yet"
        line.outbox.note(DeliveryStatus("SM1", row.id, DeliveryState.SENT, None))
        assert line.db.value("SELECT count(*) FROM contacts") == 0
        assert line.contacts.still_at_provider()
        line.outbox.note(DeliveryStatus("SM1", row.id, DeliveryState.DELIVERED, None))  # nothing to bring back


@pytest.mark.parametrize("code", [21610, 63024, 99999])
def test_somebody_whom_the_farewell_cannot_reach_is_erased_all_the_same(tmp_path: Path, code: int) -> None:
    with open_line(tmp_path, handler=farewell) as line:
        line.twilio.fail("refuse", who=PHONE, code=code)
        line.customer().says("delete")
        line.until(lambda: line.db.value("SELECT count(*) FROM receipts") == 1)
        assert line.db.value("SELECT count(*) FROM contacts") == 0
        assert line.db.value("SELECT count(*) FROM messages") == 0


def claimed(line: Line) -> list[Lease]:
    found: list[Lease] = []

    def claim() -> bool:
        found.extend(line.turns.claim("test", 1))
        return bool(found)

    line.until(claim)
    return found


def test_a_text_that_the_provider_calls_an_attachment_is_dead_and_not_said_in_other_words(line: Line) -> None:
    line.twilio.fail("refuse", who=PHONE, code=63019)
    line.customer().says("hello")
    line.until(lambda: line.states() == ["dead"])


def test_half_a_character_in_a_reply_is_left_out(tmp_path: Path) -> None:
    def cut(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        return Outcome([Outgoing("That is 5 \ud83d euros\x00")])

    with open_line(tmp_path, handler=cut) as line:
        customer = line.customer()
        [reply] = customer.wait_for_reply(customer.says("hello"))
        assert reply.body == "That is 5  euros"


def test_a_stop_that_came_while_an_answer_was_made_is_obeyed_before_it_is_said(tmp_path: Path) -> None:
    with open_line(tmp_path, running=False) as line:
        customer = line.customer()
        customer.says("hello")
        [lease] = claimed(line)
        waiting = line.turns.waiting(lease.contact_id)
        customer.says("STOP")
        line.until(lambda: line.turns.is_urgent(lease.contact_id))
        line.turns.finish(lease, waiting, repeat(None, waiting, now()), split=LIMITS.parts, last_try=True)  # type: ignore[arg-type]
        line.outbox.send_due(lease)
        assert line.states() == ["ready"]
        assert customer.heard() == []


def test_a_provider_that_refuses_everything_is_known_until_it_takes_a_message(line: Line) -> None:
    line.twilio.fail("refuse", who=PHONE, code=20003)
    customer = line.customer()
    sent = customer.says("hello")
    line.until(lambda: line.outbox.provider_fault() is not None)
    line.db.run("UPDATE messages SET due_tick = NULL WHERE state = 'ready'")
    customer.wait_for_reply(sent)
    line.until(lambda: line.outbox.provider_fault() is None)


def reply_ready(line: Line, clock: TestClock) -> None:
    """A reply waits in the outbox, and nobody works on its contact."""
    line.customer().says("hello")
    clock.pass_by(seconds=1)
    [lease] = line.turns.claim("test", 1)
    waiting = line.turns.waiting(lease.contact_id)
    assert line.turns.finish(lease, waiting, repeat(None, waiting, clock()), split=LIMITS.parts)  # type: ignore[arg-type]
    line.turns.release(lease)


def waits_between_tries(
    line: Line, clock: TestClock, fail_late: Callable[[OutboxRow], None] = lambda row: None
) -> list[float]:
    """Seconds from each try to the moment when the next one is due, until there is none. Nothing is due earlier."""
    waits: list[float] = []
    for _ in range(20):
        [lease] = line.turns.claim("test", 1)
        row = line.messages.next_out(lease.contact_id)
        assert row is not None
        line.outbox.send_due(lease)
        line.turns.release(lease)
        fail_late(row)
        left = line.messages.next_out(lease.contact_id)
        if left is None:
            return waits
        assert left.due is not None
        wait = left.due.since(clock.lease_time())
        assert wait is not None
        waits.append(wait.total_seconds())
        clock.now += wait - timedelta(milliseconds=1)
        clock.wrong_by = timedelta(hours=len(waits) % 3 - 1)  # whatever the wall clock is set to
        assert line.turns.claim("test", 1) == []
        clock.now += timedelta(milliseconds=1)
    raise AssertionError(f"it is tried for ever, after {waits} seconds")


def test_what_is_not_taken_waits_twice_as_long_after_each_try(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("throttle", times=9, who=PHONE, seconds=3)  # it asks for three seconds, and gets them
        reply_ready(line, clock)
        assert waits_between_tries(line, clock) == [3, 3, 4, 8, 16, 32, 64, 128]
        assert line.states() == ["dead"]


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        (30001, [30, 30, 30, 30, 32, 64, 128, 256]),  # the provider's queue is full: 30 s
        (63001, [30, 30, 30, 30, 32]),  # trouble at the provider: five more tries
        (30008, [60]),  # nobody knows why: one more
    ],
)
def test_what_fails_late_waits_twice_as_long_after_each_try(tmp_path: Path, code: int, waits: list[float]) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("callbacks_lost", times=9, who=PHONE)

        def fail_late(row: OutboxRow) -> None:
            provider_id = line.messages.get(row.id).provider_id
            assert provider_id is not None
            line.outbox.note(DeliveryStatus(provider_id, row.id, DeliveryState.FAILED, code))

        reply_ready(line, clock)
        assert waits_between_tries(line, clock, fail_late) == waits
        assert line.states() == ["dead"]


LOOKED_UP = [1, 2, 5, 12, 40, 60, 60]  # at 1, 3, 8, 20, 60, 120 and 180 seconds


def test_what_left_no_trace_in_three_minutes_is_sent_anew(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)
        assert waits_between_tries(line, clock) == LOOKED_UP
        assert line.states() in (["sent"], ["delivered"])
        assert line.customer().heard() == ["You said: hello"]


@pytest.mark.parametrize("fault", ["error_500", "error_503"])
def test_what_the_provider_says_it_failed_at_is_sent_anew_sooner(tmp_path: Path, fault: str) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail(fault, times=2, who=PHONE)
        reply_ready(line, clock)
        assert waits_between_tries(line, clock) == [1, 2, 5, 12, 1, 1, 2, 5, 12, 2]
        assert line.states() in (["sent"], ["delivered"])


def test_what_left_no_trace_twice_may_have_arrived_and_is_left_to_staff(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", times=2, who=PHONE)
        reply_ready(line, clock)
        assert waits_between_tries(line, clock) == LOOKED_UP * 2
        [message] = line.messages.dead()
        assert message.cause == FailureCause.OUTCOME_UNKNOWN
        [alarm] = line.alarms
        assert "may have arrived" in alarm and f"`replay {message.id}`" in alarm
        line.messages.replay(message.id)
        assert waits_between_tries(line, clock) == []
        assert line.customer().heard() == ["You said: hello"]


@pytest.mark.parametrize("seconds", [2, 10, 30, 75, 150, 179])
def test_what_is_taken_late_is_found_and_not_sent_again(tmp_path: Path, seconds: float) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        line.twilio.fail("callbacks_lost", who=PHONE)
        reply_ready(line, clock)
        began = clock.lease_time()

        def take_late(row: OutboxRow) -> None:
            age = clock.lease_time().since(began)
            assert age is not None
            if row.state == "unknown" and age.total_seconds() + LOOKED_UP[0] > seconds and not line.customer().heard():
                form = {"To": row.to, "From": f"whatsapp:{row.sender}", "Body": row.body}
                line.twilio.dispatch(line.twilio.take(form))

        waits_between_tries(line, clock, take_late)
        assert line.customer().heard() == ["You said: hello"]
        assert line.states() in (["sent"], ["delivered"])


def test_after_an_optout_nobody_waits_for_what_is_in_doubt(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)

        def opt_out(row: OutboxRow) -> None:
            if row.state == "ready":
                line.contacts.opt_out(line.contacts.find("voyage", PHONE).id)

        assert waits_between_tries(line, clock, opt_out) == LOOKED_UP[:1]
        assert (line.states(), line.customer().heard()) == (["suppressed"], [])


def test_a_status_ends_the_doubt_at_once(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)

        def tell(row: OutboxRow) -> None:
            line.outbox.note(DeliveryStatus("SMlate", row.id, DeliveryState.SENT, None))

        assert waits_between_tries(line, clock, tell) == []
        assert line.states() == ["sent"]


def test_a_provider_that_answers_no_look_up_leaves_the_message_to_staff(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)

        def answer_nothing(row: OutboxRow) -> None:
            line.channel.account = replace(line.channel.account, api_url="http://127.0.0.1:1")
            line.channel.__dict__.pop("_client", None)  # the next call connects anew, to nobody

        waits = waits_between_tries(line, clock, answer_nothing)
        assert 600 <= sum(waits) <= 660
        assert [message.cause for message in line.messages.dead()] == [FailureCause.OUTCOME_UNKNOWN]


def test_one_empty_list_after_failed_look_ups_is_not_enough_to_send_again(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)
        twilio, began = line.channel.account, clock.lease_time()

        def answer_after_four_minutes(row: OutboxRow) -> None:
            age = clock.lease_time().since(began)
            assert age is not None
            nobody = replace(twilio, api_url="http://127.0.0.1:1")
            line.channel.account = nobody if age < timedelta(minutes=4) else twilio
            line.channel.__dict__.pop("_client", None)

        assert waits_between_tries(line, clock, answer_after_four_minutes) == [*LOOKED_UP, 60, 60, 20]
        assert line.customer().heard() == ["You said: hello"]


def test_a_try_of_before_a_restart_of_the_machine_is_counted_anew(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)
        [lease] = line.turns.claim("test", 1)
        line.outbox.send_due(lease)
        line.db.lease_time = lambda: replace(clock.lease_time(), clock_id="the next start")
        [lease] = line.turns.claim("test", 1)
        line.outbox.send_due(lease)
        row = line.messages.next_out(lease.contact_id)
        assert row is not None and row.tried is not None and row.due is not None
        assert (row.state, row.tried.clock_id) == ("unknown", "the next start")
        assert row.due.since(row.tried) == timedelta(seconds=1)


class HeldUp:
    """The machine's clock of a process that is stopped between marking a message and sending it, once."""

    def __init__(self, clock: TestClock, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._clock, self._seconds, self._meanwhile = clock, seconds, meanwhile
        self._read = 0

    def __call__(self) -> LeaseTime:
        self._read += 1
        if self._read == 2:  # read before the message was marked, and now before its bytes leave
            self._clock.pass_by(seconds=self._seconds)
            self._meanwhile()
        return self._clock.lease_time()


def test_a_process_that_was_held_up_sends_nothing_and_says_so(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        reply_ready(line, clock)
        outbox = replace(line.outbox, machine_clock=HeldUp(clock, 20))
        [lease] = line.turns.claim("test", 1)
        with pytest.raises(LeaseLost):
            outbox.send_due(lease)
        assert (line.customer().heard(), line.states()) == ([], ["ready"])
        assert waits_between_tries(line, clock) == []
        assert line.customer().heard() == ["You said: hello"]


def test_who_was_held_up_ends_the_doubt_of_who_took_over(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        reply_ready(line, clock)

        def take_over() -> None:
            [other] = line.turns.claim("another", 1)
            line.outbox.send_due(other)
            line.turns.release(other)
            assert line.states() == ["unknown"]

        outbox = replace(line.outbox, machine_clock=HeldUp(clock, 20, take_over))
        [lease] = line.turns.claim("test", 1)
        with pytest.raises(LeaseLost):
            outbox.send_due(lease)
        assert waits_between_tries(line, clock) == []
        assert line.customer().heard() == ["You said: hello"]


def test_a_retry_that_waits_is_dropped_when_the_message_arrives_after_all(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("callbacks_lost", who=PHONE)
        reply_ready(line, clock)

        def fail_and_arrive(row: OutboxRow) -> None:
            provider_id = line.messages.get(row.id).provider_id
            assert provider_id is not None
            line.outbox.note(DeliveryStatus(provider_id, row.id, DeliveryState.UNDELIVERED, 63018))
            assert line.states() == ["ready"]
            line.outbox.note(DeliveryStatus(provider_id, row.id, DeliveryState.DELIVERED, None))

        assert waits_between_tries(line, clock, fail_and_arrive) == []
        assert line.states() == ["delivered"]
        assert line.customer().heard() == ["You said: hello"]


@pytest.mark.parametrize("reason", ["optout", "window", "nothing"])
def test_what_arrived_while_it_was_prepared_is_left_alone(tmp_path: Path, reason: str) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        reply_ready(line, clock)
        contact = line.contacts.find("voyage", PHONE)
        if reason == "optout":
            line.contacts.opt_out(contact.id)
        if reason == "window":
            clock.pass_by(hours=25)
        [lease] = line.turns.claim("test", 1)
        row = line.messages.next_out(lease.contact_id)
        assert row is not None
        line.outbox.note(DeliveryStatus("SMlate", row.id, DeliveryState.DELIVERED, None))
        line.outbox._send(lease, row)  # it was read before the status came
        assert (line.states(), line.customer().heard()) == (["delivered"], [])


@pytest.mark.parametrize(
    "spoilt", ["outgoing = '{}'", "outgoing = 'no JSON'", "outgoing = NULL", "due_at = 'soon'", "outside_at = 'x'"]
)
def test_a_message_that_fails_three_times_is_set_aside_and_the_next_goes_out(tmp_path: Path, spoilt: str) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        reply_ready(line, clock)
        line.db.run(f"UPDATE messages SET {spoilt} WHERE role = 'assistant'")
        contact = line.contacts.find("voyage", PHONE)
        line.messages.put_out(contact.id, Outgoing("the next one"))
        spoilt_id = line.messages.next_out_id(contact.id)
        for _ in range(8):
            for lease in line.turns.claim("test", 1):
                line.outbox.send_due(lease)
                line.turns.release(lease)
            clock.pass_by(seconds=2)
        assert line.customer().heard()[-1] == "the next one"
        assert line.states()[0] == "dead"
        assert line.db.value("SELECT cause FROM messages WHERE id = :id", id=spoilt_id) == FailureCause.PROGRAM_FAULT
        assert len(line.alarms) == 1


def test_a_message_of_a_brand_that_is_gone_is_set_aside(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        reply_ready(line, clock)
        clock.pass_by(hours=25)  # a template is looked for in the brand
        line.db.run("UPDATE contacts SET brand = 'gone'")
        line.db.run("UPDATE messages SET brand = 'gone'")
        for _ in range(4):
            for lease in line.turns.claim("test", 1):
                line.outbox.send_due(lease)
                line.turns.release(lease)
            clock.pass_by(seconds=2)
        assert line.states() == ["dead"]


def test_a_look_up_that_fails_unforeseen_is_set_aside_as_maybe_arrived(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("drop", who=PHONE)
        reply_ready(line, clock)
        [lease] = line.turns.claim("test", 1)
        line.outbox.send_due(lease)
        line.db.run("UPDATE messages SET first_tried_at = 'long ago' WHERE role = 'assistant'")
        for _ in range(3):
            clock.pass_by(seconds=2)
            line.turns.renew([lease])
            line.outbox.send_due(lease)
        assert line.states() == ["dead"]
        assert len(line.alarms) == 1 and "may have arrived" in line.alarms[0]


def test_a_provider_that_refuses_everything_is_asked_again_after_five_minutes(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.twilio.fail("refuse", times=3, who=PHONE, code=20003)
        reply_ready(line, clock)
        assert waits_between_tries(line, clock) == [300, 300, 300]
        assert line.states() in (["sent"], ["delivered"])
