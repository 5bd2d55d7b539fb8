"""The worker at its edges: what fails for no known reason is left alone for a while, and then done."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.delivery.worker import Worker
from memory.conversations.turns import Lease, Turns
from memory.storage.timestamps import now
from tests.delivery.message_path import Line, open_line
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
