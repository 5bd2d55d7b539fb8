"""Terminal commands are in the audit log, and one of them reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from bot.web.cli.audit import AUDITED, NOT_AUDITED
from memory.audit_log.audit_trail import AuditTrail
from tests.memory.stores import BRAND, said
from tests.world import JOHN, World, open_shop


@pytest.fixture
def world(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_shop(tmp_path) as opened:
        yield opened


def trail(world: World) -> AuditTrail:
    return AuditTrail(world.program.memory.db, world.program.clock)


def run(world: World, *words: str) -> Result:
    return world.program.web.test_cli_runner().invoke(args=list(words))


def test_every_command_says_whether_it_is_audited(world: World) -> None:
    commands = world.program.web.cli.commands
    assert {*commands} <= {*AUDITED, *NOT_AUDITED}, "say in bot/web/cli/audit.py whose data the command reads"
    for name, command in commands.items():
        told = AUDITED.get(name)
        if told is not None:
            assert {told.person, told.subject} - {""} <= {parameter.name for parameter in command.params}, name


def test_commands_leave_an_entry_and_the_log_is_read_and_cut(world: World, tmp_path: Path) -> None:
    world.program.memory.messages.take_in(BRAND, said("hello", phone=JOHN))
    person = world.program.memory.contacts.find(BRAND, JOHN).id
    run(world, "memory", JOHN)
    run(world, "export", str(tmp_path / "export"))
    run(world, "erase", JOHN, "--yes")
    done = [(each.action, each.person) for each in reversed(trail(world).search()) if each.door == "command_line"]
    assert done == [("memory", person), ("export", None), ("erase", person)]
    shown = run(world, "audit", "--action", "export")
    assert str(tmp_path / "export") in shown.output
    assert JOHN not in run(world, "audit").output
    assert run(world, "audit", "--verify").exit_code == 0
    world.program.memory.db.run("DROP TRIGGER audit_entries_not_changed")
    world.program.memory.db.run("UPDATE audit_entries SET actor = 'nobody' WHERE id = 2")
    broken = run(world, "audit", "--verify")
    assert broken.exit_code == 1
    assert "entry 2: was changed" in broken.output
