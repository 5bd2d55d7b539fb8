"""Syncs the task list with Asana; the morning step `tasks`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.ads.morning.cycle import Morning
from bot.ads.staff_messenger import StaffMessenger
from bot.ads.step_results import MorningResults, TasksResult
from bot.ads.tasks.asana import Asana, AsanaOutcomeUnknown, AsanaRefused, AsanaThrottled
from memory.ads.learnings.strategy import Strategy
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Need, Task, Tasks
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

SEARCH_LAG: Final = timedelta(minutes=1)  # a task whose create got no answer shows in Asana by then


@dataclass
class AsanaSync:
    """Each open task has one task in Asana, and is done when that is.

    Staff are told of a refusal once, until a sync works.
    """

    tasks: Tasks
    asana: Asana
    brands: Sequence[str]
    clock: Clock
    staff: StaffMessenger
    _throttled_until: datetime | None = None
    _told: set[str] = field(default_factory=set)

    def sync(self) -> None:
        if self._throttled_until is not None and self.clock() < self._throttled_until:
            return
        try:
            for brand in self.brands:
                self._sync_brand(brand)
        except AsanaThrottled as later:
            self._throttled_until = later.until
        except AsanaOutcomeUnknown as unsure:
            log.warning("the sync with Asana is incomplete: %s", unsure)
        except AsanaRefused as refused:
            self._report_refusal(str(refused))
        else:
            self._told.clear()

    def _sync_brand(self, brand: str) -> None:
        for task in self.tasks.missing_in_asana(brand):
            self._file_in_asana(task)
        for task in self.tasks.open_in_asana(brand):
            self._close_if_completed(task)
        for task in self.tasks.to_close(brand):
            self.asana.complete(task.gid or "")
            self.tasks.mark_closed_in_asana(task.id)

    def _file_in_asana(self, task: Task) -> None:
        if task.tried_at is not None:  # an answer was lost: look the task up, and create it again only after SEARCH_LAG
            known = self.asana.find(task.mark)
            if known is not None:
                self.tasks.set_gid(task.id, known)
                return
            if self.clock() < task.tried_at + SEARCH_LAG:
                return
        self.tasks.mark_requested(task.id)
        try:
            self.tasks.set_gid(task.id, self.asana.create(task))
        except (AsanaThrottled, AsanaRefused):
            self.tasks.clear_request(task.id)
            raise

    def _close_if_completed(self, task: Task) -> None:
        there = self.asana.get(task.gid or "")
        if there is None or there.completed:
            said = "It was deleted in Asana." if there is None else self.asana.last_comment(there.gid)
            self.tasks.mark_closed_in_asana(task.id)
            self.tasks.done(task.brand, task.id, "asana", said or "It was completed in Asana; nobody said more.")

    def _report_refusal(self, sentence: str) -> None:
        if sentence in self._told:
            return
        self._told.add(sentence)
        for brand in self.brands:
            self.staff.tell(brand, f"⚠️ The agent's tasks can't be filed in Asana: {sentence} *tasks* lists them here.")


@dataclass(frozen=True, slots=True)
class FileTasks:
    """Database only."""

    tasks: Tasks
    cycles: Cycles
    strategy: Strategy

    def file(self, morning: Morning) -> TasksResult:
        """One task per new need, one learning per completed task."""
        asked = tuple(self.tasks.ask(morning.brand, need).id for need in self._needs(morning))
        return TasksResult(asked, tuple(self._learn(task) for task in self.tasks.unlearned(morning.brand)))

    def _needs(self, morning: Morning) -> Iterator[Need]:
        for run in self.cycles.of_brand(morning.brand, morning.day):
            launch = MorningResults.of_notes(run.notes).launch
            for need in () if launch is None else launch.needs:  # equal keys of two accounts are two needs
                yield replace(need, key=f"{run.account_id} {need.key}")

    def _learn(self, task: Task) -> int:
        self.strategy.learn(
            task.brand,
            "task_outcome",
            f"{task.need.title}: {task.outcome}",
            {"task": task.id, "why": task.need.why, "campaign": task.need.campaign},
            subject=f"task:{task.id}",
        )
        self.tasks.mark_learned(task.id)
        return task.id
