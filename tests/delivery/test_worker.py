"""The worker at its edges: what fails for no known reason is left alone for a while, and then done."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.delivery.worker import Worker
from bot.delivery.worker_locks import WorkerLocks
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import Message
from memory.conversations.turns import Lease, Outcome, Turns
from memory.people.contacts import Contact
from memory.storage.timestamps import now
from tests.delivery.message_path import Line, Office, open_line
from tests.memory.stores import TestClock
from tests.turn_changes import turn_changes


def claimed(line: Line, turns: Turns, owner: str) -> Lease:
    found: list[Lease] = []

    def claim() -> bool:
        found.extend(turns.claim(owner, 1))
        return bool(found)

    line.until(claim)
    return found[0]


def test_a_visit_that_fails_rests_until_its_lease_is_over(tmp_path: Path) -> None:
    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        line.customer().says("hello")
        clock.pass_by(seconds=1)
        lease = claimed(line, line.turns, line.worker.owner)
        line.db.run("UPDATE messages SET metadata = 'no JSON'")  # a row that cannot be read
        with pytest.raises(ValueError, match="Expecting value"):
            line.worker.visit(lease)
        assert line.turns.claim("another", 1) == [], "it would be tried again at once, for ever"
        clock.pass_by(seconds=15)
        assert len(line.turns.claim("another", 1)) == 1


def test_a_lease_that_could_not_be_given_back_runs_out(tmp_path: Path) -> None:
    with open_line(tmp_path, running=False) as line:
        changes = turn_changes(line.db, now, line.contacts, line.messages)
        turns = Turns(line.db, line.messages, now, changes, lease_seconds=4)
        outbox = replace(line.outbox, turns=turns)
        worker = Worker(replace(line.worker._parts, turns=turns, outbox=outbox), threading.Event())
        line.customer().says("hello")
        claimed(line, turns, worker.owner)  # and never worked on: its release met a full disk
        worker.start()
        try:
            line.until(lambda: line.states() in (["sent"], ["delivered"]))
        finally:
            worker.stop()


def turns_with(line: Line, locks: WorkerLocks, clock: TestClock) -> Turns:
    return Turns(
        line.db, line.messages, clock, turn_changes(line.db, clock, line.contacts, line.messages), holders=locks
    )


def test_nobody_takes_over_the_contacts_of_a_process_that_lives(tmp_path: Path) -> None:
    clock, locks = TestClock(), WorkerLocks(tmp_path / "workers")
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        turns = turns_with(line, locks, clock)
        for n in range(3):
            line.customer(f"+1415555010{n}").says("hello")
        clock.pass_by(seconds=1)
        locks.take("one")
        kept = {lease.contact_id for lease in turns.claim("one", 2)}
        clock.pass_by(seconds=60)  # it is stopped
        [free] = turns.claim("two", 1)
        assert free.contact_id not in kept, "whom a stopped process keeps is no reason to let others wait"
        assert turns.claim("two", 9) == []
        assert len(turns.claim("one", 9)) == 2, "it goes on itself"
        clock.pass_by(seconds=60)
        locks.give_back("one")  # as the system does when it dies
        assert len(turns.claim("two", 9)) == 3


def test_staff_are_told_once_of_a_process_that_does_not_go_on(tmp_path: Path) -> None:
    clock, locks = TestClock(), WorkerLocks(tmp_path / "workers")
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time) as line:
        turns = turns_with(line, locks, clock)
        outbox = replace(line.outbox, turns=turns)
        line.customer().says("hello")
        clock.pass_by(seconds=1)
        locks.take("one")
        turns.beat("one")
        turns.claim("one", 1)

        def told_after(seconds: float) -> int:
            clock.pass_by(seconds=seconds)
            outbox.tell_of_stopped_workers()
            return len(line.alarms)

        assert told_after(12 + 119) == 0
        assert told_after(2) == 1
        assert told_after(600) == 1
        turns.beat("one")  # it went on, and stopped again
        assert told_after(1) == 2
        assert "one" in line.alarms[0]
        locks.give_back("one")
        turns.beat("one")
        assert told_after(1) == 2, "it is dead, and others take over"


def test_a_lock_is_free_once_its_process_is_gone(tmp_path: Path) -> None:
    locks = WorkerLocks(tmp_path / "workers")
    locks.take("one")
    assert locks.is_alive("one") and WorkerLocks(tmp_path / "workers").is_alive("one")
    assert not locks.is_alive("two")
    locks.give_back("one")
    assert not locks.is_alive("one")
    assert list((tmp_path / "workers").iterdir()) == []


def test_a_turn_that_is_given_up_is_told_to_staff_in_the_same_transaction(tmp_path: Path) -> None:
    def fail(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        raise ArithmeticError

    class Unreachable(Office):
        def alarm(self, brand: str, text: str) -> list[Outgoing]:
            raise ConnectionAbortedError  # the process is killed here

    clock = TestClock()
    with open_line(tmp_path, running=False, clock=clock, lease_clock=clock.lease_time, handler=fail) as line:
        line.customer().says("hello")
        worker = Worker(replace(line.worker._parts, staff=Unreachable()), threading.Event())
        for _ in range(5):
            clock.pass_by(minutes=10)
            try:
                worker.visit(claimed(line, line.turns, "test"))
            except ConnectionAbortedError:
                assert line.messages.dead() == [], "nobody would hear of it"
        clock.pass_by(minutes=10)
        line.worker.visit(claimed(line, line.turns, "test"))
        assert len(line.messages.dead()) == len(line.alarms) == 1
