"""What the ad agent asks of people because it can't do it itself, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast

from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.timestamps import Clock, from_text, to_text

TaskState = Literal["open", "done"]
LONGEST_OUTCOME = 2000  # characters


class UnknownTask(MemoryFault):
    """This brand has no task by that number."""


class TaskDone(MemoryFault):
    """This task is done already."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something only a person can do. `key` names it, so that asking again finds the task that is open."""

    key: str
    title: str
    why: str
    what: str  # exactly, as a brief
    due_on: date | None = None
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A need that somebody was asked for."""

    id: int
    brand: str
    need: Need
    asked_at: datetime
    state: TaskState
    outcome: str  # what came of it, in the words of whoever did it
    done_at: datetime | None
    done_by: str | None  # a number, or “asana”
    mark: str  # in the notes of its twin in Asana
    tried_at: datetime | None
    gid: str | None  # Asana's number of it
    closed_there: bool


class Tasks:
    """The list of every brand; each question names the brand."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def ask(self, brand: str, need: Need) -> Task:
        """Put it on the list; one that is open under the same key is given back as it stands."""
        with self._db.transaction():
            self._db.hold(f"tasks {brand}")
            known = self._db.one(
                "SELECT * FROM tasks WHERE brand = :brand AND key = :key AND state = 'open'", brand=brand, key=need.key
            )
            return _task(known) if known else self.get(brand, self._insert(brand, need))

    def get(self, brand: str, number: int) -> Task:
        """One of them. Raises UnknownTask."""
        row = self._db.one("SELECT * FROM tasks WHERE id = :id AND brand = :brand", id=number, brand=brand)
        if row is None:
            raise UnknownTask(f"There is no task {number}; *tasks* lists what is open.")
        return _task(row)

    def open(self, brand: str) -> list[Task]:
        """What waits for somebody: what is due first, first."""
        rows = self._db.all(
            "SELECT * FROM tasks WHERE brand = :brand AND state = 'open' ORDER BY due_on IS NULL, due_on, id",
            brand=brand,
        )
        return [_task(row) for row in rows]

    def done(self, brand: str, number: int, who: str, outcome: str) -> Task:
        """Somebody has done it, and this came of it. Raises UnknownTask, TaskDone."""
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

    def done_since(self, brand: str, moment: datetime) -> list[Task]:
        """What was done from `moment` on, in the order in which it was."""
        rows = self._db.all(
            "SELECT * FROM tasks WHERE brand = :brand AND state = 'done' AND done_at >= :since ORDER BY done_at, id",
            brand=brand,
            since=to_text(moment),
        )
        return [_task(row) for row in rows]

    def unlearned(self, brand: str) -> list[Task]:
        """What was done and no cycle has taken in yet."""
        rows = self._db.all(
            "SELECT * FROM tasks WHERE brand = :brand AND state = 'done' AND learned = 0 ORDER BY id", brand=brand
        )
        return [_task(row) for row in rows]

    def learned(self, number: int) -> None:
        """The cycle knows what came of it."""
        self._db.run("UPDATE tasks SET learned = 1 WHERE id = :id", id=number)

    # -- its twin in Asana

    def to_file(self, brand: str) -> list[Task]:
        """Open tasks of which nobody knows an Asana number, oldest first."""
        rows = self._db.all(
            "SELECT * FROM tasks WHERE brand = :brand AND state = 'open' AND gid IS NULL ORDER BY id", brand=brand
        )
        return [_task(row) for row in rows]

    def filed(self, brand: str) -> list[Task]:
        """Open tasks that are in Asana."""
        return [task for task in self.open(brand) if task.gid is not None]

    def to_close(self, brand: str) -> list[Task]:
        """Done here, and still open in Asana."""
        rows = self._db.all(
            "SELECT * FROM tasks WHERE brand = :brand AND state = 'done' AND gid IS NOT NULL AND closed_there = 0"
            " ORDER BY id",
            brand=brand,
        )
        return [_task(row) for row in rows]

    def trying(self, number: int) -> None:
        """Asana is about to be asked to make it; durable before it is asked."""
        with self._db.transaction(durable=True):
            self._db.run("UPDATE tasks SET tried_at = :now WHERE id = :id", now=to_text(self._clock()), id=number)

    def not_tried(self, number: int) -> None:
        """Asana has refused, so that it is certain that nothing was made."""
        self._db.run("UPDATE tasks SET tried_at = NULL WHERE id = :id AND gid IS NULL", id=number)

    def is_in_asana(self, number: int, gid: str) -> None:
        """Asana has it under this number."""
        self._db.run("UPDATE tasks SET gid = :gid WHERE id = :id", gid=gid, id=number)

    def is_closed_there(self, number: int) -> None:
        """Asana knows that it is done."""
        self._db.run("UPDATE tasks SET closed_there = 1 WHERE id = :id", id=number)

    def _insert(self, brand: str, need: Need) -> int:
        now = to_text(self._clock())
        number = self._db.insert(
            "INSERT INTO tasks (brand, key, title, why, what, due_on, campaign, asked_at, mark)"
            " VALUES (:brand, :key, :title, :why, :what, :due, :campaign, :now, '') RETURNING id",
            brand=brand,
            key=need.key,
            title=need.title,
            why=need.why,
            what=need.what,
            due=None if need.due_on is None else need.due_on.isoformat(),
            campaign=need.campaign,
            now=now,
        )
        mark = f"hawker-{brand}-{number}-{now[:10].replace('-', '')}"
        self._db.run("UPDATE tasks SET mark = :mark WHERE id = :id", mark=mark, id=number)
        return number


def _task(row: Row) -> Task:
    due = None if row["due_on"] is None else date.fromisoformat(row["due_on"])
    return Task(
        id=row["id"],
        brand=row["brand"],
        need=Need(row["key"], row["title"], row["why"], row["what"], due, row["campaign"]),
        asked_at=from_text(row["asked_at"]),
        state=cast(TaskState, row["state"]),
        outcome=row["outcome"],
        done_at=None if row["done_at"] is None else from_text(row["done_at"]),
        done_by=row["done_by"],
        mark=row["mark"],
        tried_at=None if row["tried_at"] is None else from_text(row["tried_at"]),
        gid=row["gid"],
        closed_there=bool(row["closed_there"]),
    )
