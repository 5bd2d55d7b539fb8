"""Tasks that the ad agent gives to people, and their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import FLAG, ISO_DATE, ROW_ID, TEXT, TIMESTAMP, Column, Index, Source, Table
from memory.storage.timestamps import Clock, to_text

TaskState = Literal["open", "done"]
LONGEST_OUTCOME = 2000  # characters


class UnknownTask(MemoryFault):
    pass


class TaskDone(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class Need:
    """Something only a person can do."""

    key: str  # deduplicates open tasks
    title: str
    why: str
    what: str  # exactly, as a brief
    due_on: date | None = None
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    id: int
    brand: str
    need: Need
    asked_at: datetime
    state: TaskState
    outcome: str  # in the words of whoever did it
    done_at: datetime | None
    done_by: str | None  # a number, or “asana”
    mark: str  # token in the Asana task's notes
    tried_at: datetime | None
    gid: str | None  # Asana's id
    closed_there: bool


# `key` is what it is about: the same need asks once while it is open.
TASKS = Table(
    "tasks",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("key", TEXT),
    Column("title", TEXT),
    Column("why", TEXT),
    Column("what", TEXT),
    Column("due_on", ISO_DATE, null=True),
    Column("campaign", TEXT, default="''"),
    Column("asked_at", TIMESTAMP),
    Column("state", TEXT, default="'open'"),
    Column("outcome", TEXT, default="''"),
    Column("done_at", TIMESTAMP, null=True),
    Column("done_by", TEXT, null=True),
    Column("learned", FLAG, default="0"),  # a cycle has processed the outcome
    Column("mark", TEXT),  # token in the Asana task's notes
    Column("tried_at", TIMESTAMP, null=True),  # written before Asana is asked to make it
    Column("gid", TEXT, null=True),
    Column("closed_there", FLAG, default="0"),
    indexes=[
        Index("tasks_open", "brand, key", unique=True, where="state = 'open'"),
        Index("tasks_by_brand", "brand, state, id"),
    ],
)


def _need(key: str, title: str, why: str, what: str, due_on: str | None, campaign: str) -> Need:
    return Need(key, title, why, what, None if due_on is None else date.fromisoformat(due_on), campaign)


TASK = TASKS.rows(Task, need=Source(("key", "title", "why", "what", "due_on", "campaign"), _need))
_TASKS_OF = f"SELECT {TASK.columns} FROM tasks WHERE brand = :brand"


class Tasks:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def ask(self, brand: str, need: Need) -> Task:
        """Returns the open one of the same key, if any."""
        with self._db.transaction():
            self._db.hold(f"tasks {brand}")
            known = TASK.one(self._db, f"{_TASKS_OF} AND key = :key AND state = 'open'", brand=brand, key=need.key)
            return known or self.get(brand, self._insert(brand, need))

    def get(self, brand: str, number: int) -> Task:
        """Raises UnknownTask."""
        task = TASK.one(self._db, f"{_TASKS_OF} AND id = :id", brand=brand, id=number)
        if task is None:
            raise UnknownTask(f"There is no task {number}; *tasks* lists what is open.")
        return task

    def open(self, brand: str) -> list[Task]:
        """Earliest due date first."""
        return TASK.all(self._db, f"{_TASKS_OF} AND state = 'open' ORDER BY due_on IS NULL, due_on, id", brand=brand)

    def done(self, brand: str, number: int, who: str, outcome: str) -> Task:
        """Raises UnknownTask, TaskDone."""
        with self._db.transaction():
            self._db.hold(f"tasks {brand}")
            task = self.get(brand, number)
            if task.state == "done":
                raise TaskDone(f"Task {number} (“{task.need.title}”) is done already.")
            self._db.run(
                "UPDATE tasks SET state = 'done', outcome = :outcome, done_at = :now, done_by = :who WHERE id = :id",
                outcome=outcome[:LONGEST_OUTCOME],
                now=to_text(self._clock()),
                who=who,
                id=number,
            )
            return self.get(brand, number)

    def unlearned(self, brand: str) -> list[Task]:
        """Done, and not processed by a cycle yet."""
        return TASK.all(self._db, f"{_TASKS_OF} AND state = 'done' AND learned = 0 ORDER BY id", brand=brand)

    def mark_learned(self, number: int) -> None:
        self._db.run("UPDATE tasks SET learned = 1 WHERE id = :id", id=number)

    # -- the task in Asana

    def missing_in_asana(self, brand: str) -> list[Task]:
        """Open, oldest first."""
        return TASK.all(self._db, f"{_TASKS_OF} AND state = 'open' AND gid IS NULL ORDER BY id", brand=brand)

    def open_in_asana(self, brand: str) -> list[Task]:
        return [task for task in self.open(brand) if task.gid is not None]

    def to_close(self, brand: str) -> list[Task]:
        """Done here, open in Asana."""
        return TASK.all(
            self._db,
            f"{_TASKS_OF} AND state = 'done' AND gid IS NOT NULL AND closed_there = 0 ORDER BY id",
            brand=brand,
        )

    def mark_requested(self, number: int) -> None:
        """Durable, before Asana is asked to create it."""
        with self._db.transaction(durable=True):
            self._db.run("UPDATE tasks SET tried_at = :now WHERE id = :id", now=to_text(self._clock()), id=number)

    def clear_request(self, number: int) -> None:
        """Asana refused, so nothing was created."""
        self._db.run("UPDATE tasks SET tried_at = NULL WHERE id = :id AND gid IS NULL", id=number)

    def set_gid(self, number: int, gid: str) -> None:
        self._db.run("UPDATE tasks SET gid = :gid WHERE id = :id", gid=gid, id=number)

    def mark_closed_in_asana(self, number: int) -> None:
        self._db.run("UPDATE tasks SET closed_there = 1 WHERE id = :id", id=number)

    def _insert(self, brand: str, need: Need) -> int:
        now = self._clock()
        task = TASKS.stored(
            brand=brand,
            key=need.key,
            title=need.title,
            why=need.why,
            what=need.what,
            due_on=need.due_on,
            campaign=need.campaign,
            asked_at=now,
            mark="",
        )
        number = self._db.insert(TASKS.insert(task, "RETURNING id"), **task)
        mark = f"hawker-{brand}-{number}-{now.astimezone(UTC):%Y%m%d}"
        self._db.run("UPDATE tasks SET mark = :mark WHERE id = :id", mark=mark, id=number)
        return number
