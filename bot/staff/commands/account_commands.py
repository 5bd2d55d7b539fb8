"""Commands that change an ad account, stored before they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from bot.ads.changes.plans import plan
from bot.ads.changes.plans.plan import Step
from memory.ads.ad_account import Kind


@dataclass(frozen=True, slots=True)
class PauseCommand:
    account_id: str
    account_name: str
    kind: Kind
    object_id: str


@dataclass(frozen=True, slots=True)
class ResumeCommand:
    account_id: str
    account_name: str
    kind: Kind
    object_id: str


@dataclass(frozen=True, slots=True)
class StopCommand:
    """For all accounts of the brand."""

    why: str


@dataclass(frozen=True, slots=True)
class LiftStopCommand:
    """Resumes what `StopCommand` paused."""


@dataclass(frozen=True, slots=True)
class BudgetCommand:
    """Sets a daily budget; several steps if ad sets share it."""

    account_id: str
    account_name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LaunchCommand:
    account_id: str
    account_name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class UndoCommand:
    change: int
    undone: bool  # whether it had been put back before this message


@dataclass(frozen=True, slots=True)
class ApproveCommand:
    approval: int
    waits: bool  # whether the question was open when this message came
    shown: bool  # whether any admin had been shown it by then


@dataclass(frozen=True, slots=True)
class RejectCommand:
    approval: int
    waits: bool  # whether the question was open when this message came
    why: str


AccountCommand = (
    PauseCommand
    | ResumeCommand
    | StopCommand
    | LiftStopCommand
    | BudgetCommand
    | LaunchCommand
    | UndoCommand
    | ApproveCommand
    | RejectCommand
)

_TYPES: Final[Mapping[str, type[AccountCommand]]] = {
    "pause": PauseCommand,
    "resume": ResumeCommand,
    "stop": StopCommand,
    "lift_stop": LiftStopCommand,
    "budget": BudgetCommand,
    "launch": LaunchCommand,
    "undo": UndoCommand,
    "approve": ApproveCommand,
    "reject": RejectCommand,
}
_NAMES: Final = {command_type: name for name, command_type in _TYPES.items()}


class BegunByEarlierVersion(Exception):
    """Version 0.1.0 stored this command without its name."""


def to_json(command: AccountCommand) -> dict[str, Any]:
    stored = {each.name: getattr(command, each.name) for each in fields(command)}
    if isinstance(command, BudgetCommand | LaunchCommand):
        stored["steps"] = plan.to_json(command.steps)
    return {"command": _NAMES[type(command)], **stored}


def from_json(stored: Mapping[str, Any]) -> AccountCommand:
    """Raises BegunByEarlierVersion."""
    given = dict(stored)
    if "command" not in given:
        raise BegunByEarlierVersion
    command_type = _TYPES[given.pop("command")]
    if "steps" in given:
        given["steps"] = plan.from_json(given["steps"])
    return command_type(**given)
