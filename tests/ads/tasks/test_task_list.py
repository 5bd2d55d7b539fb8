"""Tasks for people: one each in Asana, and their outcomes in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.ads.morning.cycle import Morning
from bot.ads.step_results import LaunchResult
from bot.ads.tasks.asana import Asana
from bot.ads.tasks.task_list import AsanaSync, FileTasks
from memory.ads.learnings.strategy import Strategy
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Need, Tasks
from memory.storage.dataclass_json import to_json
from tests.ads.tasks.asana_server import PROJECT, TOKEN, AsanaServer, Failure
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

PHOTO = Need("photo", "A photo of the lock", "security sells", "one photo", date(2026, 11, 25), "Summer")


@pytest.fixture
def asana() -> Iterator[AsanaServer]:
    with AsanaServer() as server:
        yield server


class SyncedTasks:
    def __init__(self, folder: Path, server: AsanaServer) -> None:
        self.db = migrated_database(folder / "hawker.db")
        self.clock = TestClock()
        self.tasks = Tasks(self.db, self.clock)
        self.said: list[str] = []
        self.server = server
        self.asana = self.process()

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        self.said.append(text)

    def process(self) -> AsanaSync:
        asana = Asana(TOKEN, PROJECT, self.server.url, self.clock)
        return AsanaSync(self.tasks, asana, ["voyage"], self.clock, self)


@pytest.fixture
def office(tmp_path: Path, asana: AsanaServer) -> SyncedTasks:
    return SyncedTasks(tmp_path, asana)


def test_a_task_is_filed_with_its_brief(office: SyncedTasks, asana: AsanaServer) -> None:
    task = office.tasks.ask("voyage", PHOTO)
    office.asana.sync()
    office.asana.sync()
    [filed] = asana.tasks.values()
    assert (filed["name"], filed["due_on"]) == ("A photo of the lock", "2026-11-25")
    assert "Why: security sells" in filed["notes"] and task.mark in filed["notes"] and "Summer" in filed["notes"]
    assert office.tasks.get("voyage", task.id).gid == filed["gid"]


@pytest.mark.parametrize("failure", ["lost", "busy", "broken", "no"])
def test_one_twin_whatever_fails(office: SyncedTasks, asana: AsanaServer, failure: Failure) -> None:
    for number in range(5):
        office.tasks.ask("voyage", Need(f"need {number}", f"Task {number}", "why", "what"))
    for _ in range(4):
        asana.fails.append(failure)
        office.process().sync()  # another process each time: what is known is in the database
        office.clock.pass_by(minutes=2)
    office.process().sync()
    assert sorted(task["name"] for task in asana.tasks.values()) == [f"Task {number}" for number in range(5)]
    assert office.tasks.missing_in_asana("voyage") == []


def test_what_may_still_show_is_not_made_anew(office: SyncedTasks, asana: AsanaServer) -> None:
    office.tasks.ask("voyage", PHOTO)
    asana.fails.append("broken")
    office.asana.sync()
    office.asana.sync()
    assert asana.tasks == {} and asana.asked.count("POST /tasks") == 1
    office.clock.pass_by(minutes=1)
    office.asana.sync()
    assert len(asana.tasks) == 1


def test_too_many_requests_wait_as_long_as_asana_says(office: SyncedTasks, asana: AsanaServer) -> None:
    office.tasks.ask("voyage", PHOTO)
    asana.fails.append("busy")
    office.asana.sync()
    asked = len(asana.asked)
    office.clock.pass_by(seconds=29)
    office.asana.sync()
    assert len(asana.asked) == asked
    office.clock.pass_by(seconds=1)
    office.asana.sync()
    assert len(asana.tasks) == 1


def test_a_refused_token_is_told_once_and_written_nowhere(
    office: SyncedTasks, asana: AsanaServer, caplog: pytest.LogCaptureFixture
) -> None:
    office.tasks.ask("voyage", PHOTO)
    asana.token = "another"
    with caplog.at_level(logging.DEBUG):
        office.asana.sync()
        office.asana.sync()
    assert len(office.said) == 1 and "ASANA_ACCESS_TOKEN" in office.said[0]
    assert TOKEN not in caplog.text and TOKEN not in office.said[0] and TOKEN not in repr(office.asana)
    asana.token = TOKEN
    office.asana.sync()
    assert len(asana.tasks) == 1


def test_a_task_completed_in_asana_is_done_with_its_comment(office: SyncedTasks, asana: AsanaServer) -> None:
    task = office.tasks.ask("voyage", PHOTO)
    office.asana.sync()
    [gid] = asana.tasks
    asana.comments[gid] = ["on it", "three photos are in the folder"]
    asana.tasks[gid]["completed"] = True
    office.asana.sync()
    [done] = office.tasks.unlearned("voyage")
    assert (done.id, done.done_by, done.outcome) == (task.id, "asana", "three photos are in the folder")


def test_what_is_done_here_is_completed_there(office: SyncedTasks, asana: AsanaServer) -> None:
    task = office.tasks.ask("voyage", PHOTO)
    office.asana.sync()
    office.tasks.done("voyage", task.id, "+34600000001", "by mail")
    asana.fails.append("lost")
    office.asana.sync()
    office.asana.sync()
    assert [each["completed"] for each in asana.tasks.values()] == [True]
    assert office.tasks.to_close("voyage") == []


def test_a_task_that_was_deleted_there_is_over(office: SyncedTasks, asana: AsanaServer) -> None:
    task = office.tasks.ask("voyage", PHOTO)
    office.asana.sync()
    asana.tasks.clear()
    office.asana.sync()
    assert "deleted" in office.tasks.get("voyage", task.id).outcome


def test_a_morning_files_needs_and_learns_task_outcomes(office: SyncedTasks) -> None:
    cycles, strategy = Cycles(office.db, office.clock), Strategy(office.db, office.clock)
    day = date(2026, 11, 21)
    launch = LaunchResult(needs=(Need("photo", "A photo", "security sells", "one", date(2026, 11, 25)),))
    for account_id in ("act_1", "act_2"):
        run = cycles.claim("voyage", account_id, day, "launch")
        assert run is not None
        cycles.finish_step(run, to_json(launch), "done")
    step = FileTasks(office.tasks, cycles, strategy)
    morning = Morning("voyage", day, datetime(2026, 11, 21, tzinfo=UTC), None)
    assert len(step.file(morning).asked) == 2
    step.file(morning)
    first, *rest = office.tasks.open("voyage")
    assert len(rest) == 1 and first.need.due_on == date(2026, 11, 25)
    office.tasks.done("voyage", first.id, "+34600000001", "night shots do not work")
    assert step.file(morning).learned == (first.id,)
    assert step.file(morning).learned == ()
    [known] = strategy.entries("voyage", "learnings")
    assert known.record["insight"] == "A photo: night shots do not work"
