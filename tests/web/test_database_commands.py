"""The commands that keep the data, on a real file and a real server."""

from __future__ import annotations

from pathlib import Path

from click.testing import Result

from bot.settings import Settings
from bot.wiring.program import Program, assemble
from memory.conversations.channel_messages import Inbound
from memory.people.address import Address
from memory.recall.search import Search
from memory.storage.database import Database
from memory.storage.timestamps import now
from tests.servers import PostgresServer
from tests.world import environment


def shop(folder: Path) -> Program:
    program = assemble(Settings.from_environment(environment(folder, 8000)))
    sender = Address("whatsapp:+14155550101", phone="+14155550101")
    said = Inbound("SM1", "+14155238886", sender, "text", "my dog Bruno is allergic to chicken", now())
    program.memory.messages.take_in("voyage", said)
    return program


def run(program: Program, *words: str) -> Result:
    return program.web.test_cli_runner().invoke(args=list(words))


def test_a_backup_of_the_running_file_holds_what_was_said(tmp_path: Path) -> None:
    program = shop(tmp_path)
    done = run(program, "backup", str(tmp_path / "copy.db"))
    assert done.exit_code == 0, done.output
    assert Database(tmp_path / "copy.db").value("SELECT content FROM messages") == "my dog Bruno is allergic to chicken"


def test_reindex_makes_everything_findable_again(tmp_path: Path) -> None:
    program = shop(tmp_path)
    program.memory.db.run("DELETE FROM search_rows")
    assert run(program, "reindex").exit_code == 0
    contact = program.memory.contacts.find("voyage", "+14155550101")
    assert len(Search(program.memory.db).recall(contact.id, "is the dog allergic?")) == 1


def test_a_copy_to_a_server_arrives_whole(tmp_path: Path) -> None:
    program = shop(tmp_path)
    with PostgresServer() as server:
        _copies_once(program, server.create("shop"))


def _copies_once(program: Program, url: str) -> None:
    done = run(program, "copy", "--to", url)
    assert done.exit_code == 0, done.output
    assert Database(url).value("SELECT content FROM messages") == "my dog Bruno is allergic to chicken"
    assert run(program, "copy", "--to", url).exit_code == 1
