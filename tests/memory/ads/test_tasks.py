from __future__ import annotations

from datetime import date

import pytest

from memory.ads.tasks import Need, TaskDone, Tasks, UnknownTask
from memory.audit_log.staff_commands import StaffCommandLog
from tests.memory.stores import Stores

PHOTO = Need("photo security", "A photo of the lock", "security sells", "one photo, 1080 × 1080", date(2026, 11, 25))
TEXT = Need("text gift", "A line about gifts", "nobody wrote one", "at most 40 letters")


@pytest.fixture
def tasks(stores: Stores) -> Tasks:
    return Tasks(stores.db, stores.clock)


def test_the_same_need_is_asked_once_while_it_is_open(tasks: Tasks) -> None:
    first = tasks.ask("voyage", PHOTO)
    assert tasks.ask("voyage", PHOTO) == first
    assert tasks.ask("zen", PHOTO).id != first.id
    tasks.done("voyage", first.id, "+34600000001", "sent by mail")
    assert tasks.ask("voyage", PHOTO).id != first.id


def test_what_is_due_first_is_listed_first(tasks: Tasks) -> None:
    tasks.ask("voyage", TEXT)
    tasks.ask("voyage", PHOTO)
    assert [task.need for task in tasks.open("voyage")] == [PHOTO, TEXT]


def test_it_is_done_once_and_only_in_its_brand(tasks: Tasks) -> None:
    task = tasks.ask("voyage", PHOTO)
    with pytest.raises(UnknownTask, match="no task"):
        tasks.done("zen", task.id, "+34600000001", "")
    tasks.done("voyage", task.id, "+34600000001", "three photos came")
    with pytest.raises(TaskDone, match="done already"):
        tasks.done("voyage", task.id, "+34600000002", "me too")
    assert [each.outcome for each in tasks.unlearned("voyage")] == ["three photos came"]
    assert tasks.unlearned("zen") == [] and tasks.open("voyage") == []


def test_what_came_of_it_is_taken_in_once(tasks: Tasks) -> None:
    task = tasks.ask("voyage", PHOTO)
    assert tasks.unlearned("voyage") == []
    tasks.done("voyage", task.id, "+34600000001", "")
    assert [each.id for each in tasks.unlearned("voyage")] == [task.id]
    tasks.mark_learned(task.id)
    assert tasks.unlearned("voyage") == []


def test_a_command_is_stored_once_and_answered_once(stores: Stores) -> None:
    log = StaffCommandLog(stores.db, stores.clock)
    assert log.of(7) is None
    log.begin(7, {"change": 12})
    assert log.begin(7, {"change": 99}).command == {"change": 12}
    log.finish(7, ["It is back.", "told"])
    found = log.of(7)
    assert found is not None and found.answer == ("It is back.", "told")
    stores.clock.pass_by(days=8)
    log.begin(8, {})
    assert log.of(7) is None
