"""Keeps the task list in step with Asana, files what the steps of a morning ask for, and learns what came of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.ads.morning.cycle import WHOLE_BRAND, Morning
from bot.ads.staff_messenger import StaffMessenger
from bot.ads.tasks.asana import Asana, AsanaLater, AsanaRefused, AsanaUnsure
from memory.ads.learnings.strategy import Strategy
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Need, Task, Tasks
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

SETTLES: Final = timedelta(minutes=1)  # what Asana was asked for and did not answer shows by then


@dataclass
class AsanaTwins:
    """Each open task has one twin in Asana, however often an answer is lost; what is completed there is done here.

    A brand's staff are told what only they can put right, once for each fault until it is over.
    """

    tasks: Tasks
    asana: Asana
    brands: Sequence[str]
    clock: Clock
    staff: StaffMessenger
    _rests_until: datetime | None = None
    _told: set[str] = field(default_factory=set)

    def sync(self) -> None:
        """Every few minutes: file, read what was done, close. What Asana refuses for now waits for the next time."""
        if self._rests_until is not None and self.clock() < self._rests_until:
            return
        try:
            for brand in self.brands:
                self._brand(brand)
        except AsanaLater as later:
            self._rests_until = later.until
        except AsanaUnsure as unsure:
            log.warning("the tasks are not in step with Asana yet: %s", unsure)
        except AsanaRefused as refused:
            self._complain(str(refused))
        else:
            self._told.clear()

    def _brand(self, brand: str) -> None:
        for task in self.tasks.to_file(brand):
            self._file(task)
        for task in self.tasks.filed(brand):
            self._take_in(task)
        for task in self.tasks.to_close(brand):
            self.asana.complete(task.gid or "")
            self.tasks.is_closed_there(task.id)

    def _file(self, task: Task) -> None:
        """Make its twin once: what was tried before is looked for, and only made anew when it can't come any more."""
        if task.tried_at is not None:
            known = self.asana.find(task.mark)
            if known is not None:
                self.tasks.is_in_asana(task.id, known)
                return
            if self.clock() < task.tried_at + SETTLES:
                return
        self.tasks.trying(task.id)
        try:
            self.tasks.is_in_asana(task.id, self.asana.create(task))
        except (AsanaLater, AsanaRefused):
            self.tasks.not_tried(task.id)
            raise

    def _take_in(self, task: Task) -> None:
        twin = self.asana.twin(task.gid or "")
        if twin is None or twin.completed:
            said = "It was deleted in Asana." if twin is None else self.asana.last_comment(twin.gid)
            self.tasks.is_closed_there(task.id)
            self.tasks.done(task.brand, task.id, "asana", said or "It was completed in Asana; nobody said more.")

    def _complain(self, sentence: str) -> None:
        if sentence in self._told:
            return
        self._told.add(sentence)
        for brand in self.brands:
            self.staff.tell(brand, f"⚠️ The agent's tasks can't be filed in Asana: {sentence} *tasks* lists them here.")


@dataclass(frozen=True, slots=True)
class FileTasks:
    """A closing step of the morning: files what the other steps noted under `needs`, and takes in what was done.

    Asks nothing outside the database: Asana is brought into step by the clock.
    """

    tasks: Tasks
    cycles: Cycles
    strategy: Strategy

    def __call__(self, morning: Morning) -> dict[str, Any]:
        """Numbers of the tasks that were asked for, and of those whose outcome the brand's memory now holds."""
        asked = [self.tasks.ask(morning.brand, need).id for need in self._needs(morning)]
        return {"asked": asked, "learned": [self._learn(task) for task in self.tasks.unlearned(morning.brand)]}

    def _needs(self, morning: Morning) -> list[Need]:
        """Of every account's steps, and of the closing steps before this one; equal keys of two accounts are two."""
        runs = [run for run in self.cycles.of_brand(morning.brand, morning.day) if run.account_id != WHOLE_BRAND]
        notes = [(run.account_id, run.notes) for run in runs] + [(WHOLE_BRAND, morning.notes)]
        return [
            replace(need, key=f"{account_id} {need.key}")
            for account_id, steps in notes
            for note in steps.values()
            if isinstance(note, dict)
            for need in _listed(note.get("needs", []))
        ]

    def _learn(self, task: Task) -> int:
        self.strategy.learn(
            task.brand,
            "task_outcome",
            f"{task.need.title}: {task.outcome}",
            {"task": task.id, "why": task.need.why, "campaign": task.need.campaign},
            subject=f"task:{task.id}",
        )
        self.tasks.learned(task.id)
        return task.id


def _listed(needs: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> list[Need]:
    """One need or several, as `Need.from_note` reads them; or what a launch lacks, with the ad that waits for it."""
    noted = [needs] if isinstance(needs, Mapping) else needs
    return [_for_launch(note) if "task" in note else Need.from_note(note) for note in noted]


def _for_launch(note: Mapping[str, Any]) -> Need:
    return Need(
        key=str(note["what"]),
        title=f"A {note['what']} for the ad “{note['headline']}”",
        why="An ad is ready and passed its review; it can't be launched without.",
        what=f"{note['task']} The ad says: {note['headline']} / {note['body']}",
    )
