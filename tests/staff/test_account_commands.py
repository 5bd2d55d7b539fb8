"""A person's order of an ad account is stored and read back unchanged."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import get_args

import pytest

from bot.ads.changes.plans.plan import SetBudget
from bot.language.money import Money
from bot.staff.commands.account_commands import (
    AccountCommand,
    ApproveCommand,
    BegunByEarlierVersion,
    BudgetCommand,
    LaunchCommand,
    LiftStopCommand,
    PauseCommand,
    RejectCommand,
    ResumeCommand,
    StopCommand,
    UndoCommand,
    from_json,
    to_json,
)

STEPS = (SetBudget("ad_set", "22", Money(Decimal("15.50"), "EUR"), "asked in chat"),)
COMMANDS: list[AccountCommand] = [
    PauseCommand("act_1", "Spain", "campaign", "11"),
    ResumeCommand("act_1", "Spain", "ad", "33"),
    StopCommand("asked in chat"),
    LiftStopCommand(),
    BudgetCommand("act_1", "Spain", STEPS),
    LaunchCommand("act_1", "Spain", STEPS),
    UndoCommand(12, undone=True),
    ApproveCommand(7, waits=True, shown=False),
    RejectCommand(7, waits=False, why="too early"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_stored_command_is_read_back_unchanged(command: AccountCommand) -> None:
    assert from_json(json.loads(json.dumps(to_json(command)))) == command


def test_every_command_can_be_stored() -> None:
    assert {type(command) for command in COMMANDS} == set(get_args(AccountCommand))


def test_a_command_of_version_0_1_0_does_not_say_which_it_is() -> None:
    with pytest.raises(BegunByEarlierVersion):
        from_json({"account": "act_1", "in": "Spain", "kind": "campaign", "id": "11"})
