"""The ad agent's tasks for people."""

from __future__ import annotations

from dataclasses import dataclass

from bot.staff.commands.command import CommandEntry, ProviderCheck, StaffCommand, Unclear, number_in
from memory.ads.tasks import Task, TaskDone, Tasks
from memory.conversations.turn_changes import FinishTask


@dataclass(frozen=True, slots=True)
class TaskCommands:
    tasks: Tasks

    def commands(self) -> dict[str, CommandEntry]:
        return {
            "tasks": CommandEntry("tasks", "what the agent asks of you; *tasks 3*: all of one", "analyst", self._list),
            "done": CommandEntry(
                "done 3 the photos are online",
                "it is done, and what came of it",
                "staff",
                self._done,
                ProviderCheck.FIRST,
            ),
        }

    def _list(self, command: StaffCommand) -> None:
        if command.words:
            command.say(_brief(self.tasks.get(command.brand, number_in(command.words, "tasks 3"))))
            return
        done = _done_in(command)
        waiting = [task for task in self.tasks.open(command.brand) if task.id not in done]
        command.say("\n".join(_line(task) for task in waiting) or "The agent asks nothing of anybody.")

    def _done(self, command: StaffCommand) -> None:
        first, _, outcome = command.words.partition(" ")
        number = number_in(first.rstrip(":,"), "done 3 the photos are online")
        task = self.tasks.get(command.brand, number)
        if task.state == "done" or number in _done_in(command):
            raise TaskDone(f"Task {number} (“{task.need.title}”) is done already.")
        if not outcome.strip():
            raise Unclear(f"Write what came of it, for the agent goes on from there: *done {number} …*")
        command.changes.append(FinishTask(command.brand, number, command.who.phone, outcome.strip()))
        command.say(f"Thank you: “{task.need.title}” is done. The next morning's plan starts with what you wrote.")


def _done_in(command: StaffCommand) -> set[int]:
    """Finished by earlier messages of this turn; not stored yet."""
    return {change.number for change in command.changes if isinstance(change, FinishTask)}


def _line(task: Task) -> str:
    due = f", by {task.need.due_on:%d %b}" if task.need.due_on else ""
    return f"*{task.id}* {task.need.title}{due}. {task.need.why}"


def _brief(task: Task) -> str:
    need = task.need
    parts = [
        f"*{task.id}* {need.title}" + (" (done)" if task.state == "done" else ""),
        f"Why: {need.why}",
        f"What: {need.what}",
        f"By: {need.due_on:%d %b %Y}" if need.due_on else "",
        f"Campaign: {need.campaign}" if need.campaign else "",
        f"What came of it: {task.outcome}"
        if task.outcome
        else f"When it is done: *done {task.id}* and what came of it.",
    ]
    return "\n".join(part for part in parts if part)
