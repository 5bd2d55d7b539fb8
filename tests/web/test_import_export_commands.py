"""`flask --app app export` and `import`, on the whole program."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result

from bot.settings import Settings
from bot.wiring.program import Program, assemble
from memory import MemoryManager, MemorySettings
from memory.conversations.channel_messages import Inbound
from memory.people.address import Address
from memory.storage.timestamps import now
from tests.world import environment

PHONE = "+14155550101"


def shop(folder: Path) -> Program:
    folder.mkdir()
    return assemble(Settings.from_environment(environment(folder, 8000)))


def run(program: Program, *words: str) -> Result:
    done = program.web.test_cli_runner().invoke(args=list(words))
    assert done.exit_code == 0, done.output
    return done


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_shop_moves_house(tmp_path: Path) -> None:
    old, new = shop(tmp_path / "old"), shop(tmp_path / "new")
    sender = Address(f"whatsapp:{PHONE}", phone=PHONE)
    old.memory.messages.take_in("voyage", Inbound("SM1", "+14155238886", sender, "text", "namaste नमस्ते", now()))
    MemoryManager(MemorySettings(), db=old.memory.db).save_execution_record("seller", {"status": "success"})
    assert "4 files of voyage" in run(old, "export", str(tmp_path / "first")).output
    assert "0 records could not be taken" in run(new, "import", str(tmp_path / "first")).output
    run(new, "export", str(tmp_path / "second"))
    assert set(files(tmp_path / "first")) == {
        f"conversations/{PHONE}.json",
        "campaign_memory.json",
        "strategic_memory.json",
        "execution_records/seller.jsonl",
    }
    assert files(tmp_path / "first") == files(tmp_path / "second")
    assert new.turns.claim("worker", 10) == []  # what waited for an answer there is not answered here


def test_what_could_not_be_taken_is_said(tmp_path: Path) -> None:
    program = shop(tmp_path / "shop")
    folder = tmp_path / "data" / "conversations"
    folder.mkdir(parents=True)
    dossier = {"user_profile": {"phone_number": PHONE}, "messages": [{"role": "user", "content": "hi"}]}
    (folder / "x.json").write_text(json.dumps(dossier))
    said = run(program, "import", str(tmp_path / "data")).output
    assert "conversations/x.json: messages[0].timestamp: a time must be" in said
    assert "1 records could not be taken" in said


def test_a_folder_without_files_of_ours_is_refused(tmp_path: Path) -> None:
    program = shop(tmp_path / "shop")
    done = program.web.test_cli_runner().invoke(args=["import", str(tmp_path)])
    assert done.exit_code == 1
    assert "nothing to import" in done.output
