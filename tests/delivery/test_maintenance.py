"""What the clock tidies, on the whole program."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import Settings, WrongSetting
from bot.wiring.program import Program, assemble
from memory import create_session
from memory.conversations.channel_messages import Inbound
from memory.people.address import Address
from memory.storage.errors import UnknownContact
from memory.storage.sqlcipher import connect
from tests.memory.stores import TestClock
from tests.world import STAFF, environment

PHONE = "+14155550101"
KEY = "00ab" * 16


def shop(folder: Path, clock: TestClock, **settings: str) -> Program:
    program = assemble(Settings.from_environment(environment(folder, 8000, **settings)), clock=clock)
    said = Inbound("SM1", "+14155238886", Address(f"whatsapp:{PHONE}", phone=PHONE), "text", "kumquat", clock())
    program.memory.messages.take_in("voyage", said)
    program.memory.db.run("UPDATE messages SET state = 'handled'")
    return program


def run(program: Program, job: str) -> None:
    [found] = [each for each in program.job_scheduler._jobs if each.name == job]
    found.do()


def test_people_are_forgotten_after_their_brands_time(tmp_path: Path) -> None:
    clock = TestClock()
    program = shop(tmp_path, clock)
    clock.pass_by(days=364)
    run(program, "retention")
    assert program.memory.contacts.find("voyage", PHONE)
    clock.pass_by(days=2)
    run(program, "retention")
    with pytest.raises(UnknownContact):
        program.memory.contacts.find("voyage", PHONE)
    assert program.memory.contacts.still_at_provider() == ["SM1"]
    run(program, "forgetting")  # nobody serves the small Twilio here: it is noted, and asked again later
    assert program.memory.contacts.still_at_provider() == ["SM1"]
    assert program.memory.db.value("SELECT tried_at FROM forgetting") is not None


def test_an_attachment_is_forgotten_in_time_where_its_message_stays(tmp_path: Path) -> None:
    clock = TestClock()
    program = shop(tmp_path, clock)
    memory = program.memory
    [message] = memory.messages.history(memory.contacts.find("voyage", PHONE).id)
    memory.attachments.keep(message, "image/png", b"a face", "a face")
    memory.db.run("UPDATE messages SET state = 'waiting'")  # not answered yet
    clock.pass_by(days=364)
    run(program, "retention")
    assert memory.attachments.descriptions(message.id) == ["a face"]
    clock.pass_by(days=2)
    run(program, "retention")
    assert memory.attachments.descriptions(message.id) == []
    assert memory.messages.get(message.id).content == "kumquat"


def test_who_switches_tidying_off_keeps_everything(tmp_path: Path) -> None:
    program = shop(tmp_path, TestClock(), MEMORY_AUTO_CLEANUP="false")
    assert "retention" not in [job.name for job in program.job_scheduler._jobs]


def test_a_backup_is_made_each_night_and_holds_nobody_who_was_erased_since(tmp_path: Path) -> None:
    clock, folder = TestClock(), tmp_path / "backups"
    program = shop(tmp_path, clock, BACKUP_DIR=str(folder), DATABASE_KEY=KEY)
    run(program, "backup")
    contact = program.memory.contacts.find("voyage", PHONE)
    done = program.web.test_cli_runner().invoke(args=["erase", PHONE, "--yes"])
    assert done.exit_code == 0, done.output
    assert contact.phone not in done.output
    clock.pass_by(days=1)
    run(program, "backup")
    assert [path.name for path in sorted(folder.iterdir())] == [
        "erased.txt", "hawker-20261121T120000Z.db", "hawker-20261122T120000Z.db",
    ]  # fmt: skip
    for backup in folder.glob("*.db"):
        with closing(connect(backup, KEY)) as copy:
            assert copy.execute("SELECT count(*) FROM contacts WHERE address LIKE '%4155550101'").fetchone() == (0,)
            assert copy.execute("SELECT count(*) FROM messages WHERE content = 'kumquat'").fetchone() == (0,)


def test_staff_are_told_when_the_backup_fails(tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("in the way")
    program = shop(tmp_path, TestClock(), BACKUP_DIR=str(tmp_path / "backups"))
    run(program, "backup")
    [told] = program.memory.messages.history(program.memory.contacts.find("voyage", STAFF).id)
    assert "nightly backup failed" in told.content
    assert told.state == "ready"


def test_workflows_that_fell_silent_are_ended(tmp_path: Path) -> None:
    clock = TestClock()
    program = shop(tmp_path, clock)
    create_session("w", program.agents, {})
    clock.pass_by(hours=2)
    run(program, "workflows")
    assert program.agents.get_stats()["active_sessions"] == 0
    assert program.memory.db.value("SELECT count(*) FROM workflow_sessions") == 0


def test_a_job_of_each_day_is_done_by_a_program_that_starts_anew_each_day(tmp_path: Path) -> None:
    clock = TestClock()
    program = shop(tmp_path, clock, BACKUP_DIR=str(tmp_path / "backups"))
    [backup] = [job for job in program.job_scheduler._jobs if job.name == "backup"]
    for _ in range(3):
        for _ in range(4):
            program.job_scheduler._run(backup)
        clock.pass_by(days=1)
    assert len([*(tmp_path / "backups").glob("*.db")]) == 3
    assert timedelta(days=1) == backup.every


def test_a_key_is_refused_for_a_server_and_never_shown(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="leave it out"):
        Settings.from_environment({"DATABASE_URL": "postgresql://x@y/z", "DATABASE_KEY": KEY})
    with pytest.raises(WrongSetting, match="64 hexadecimal digits") as raised:
        Settings.from_environment({"DATABASE_KEY": "hunter2"})
    assert "hunter2" not in str(raised.value)
    assert KEY not in repr(Settings.from_environment({"DATABASE_KEY": KEY, "DATABASE_NEW_KEY": KEY}))
