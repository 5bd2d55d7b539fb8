"""The whole program as processes: backed up while messages come in, put back, encrypted, a person erased for good."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from memory.storage.database import Database
from tests.processes import Processes, processes
from tests.world import JOHN

OLD, NEW = "the old secret has at least 32 characters", "the new secret has at least 32 characters"
KEY, NEW_KEY = "00ab" * 16, "11cd" * 16
MARIA = "+34600000001"


def ran(shop: Processes, *words: str, **settings: str) -> str:
    done = shop.command(*words, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(shop: Processes, *words: str, **settings: str) -> str:
    """The one sentence with which a command ends that cannot be done."""
    done = shop.command(*words, **settings)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert NEW_KEY not in done.stdout + done.stderr
    return done.stderr


def stored(shop: Processes) -> set[str]:
    return {row["content"] for row in shop.db.all("SELECT content FROM messages WHERE role = 'user'")}


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("**/*.db*"))


def test_what_was_taken_in_before_the_backup_is_there_after_the_restore(tmp_path: Path) -> None:
    backup = tmp_path / "backups" / "copy.db"
    with processes(tmp_path) as shop:
        running = [shop.start_web(), shop.start_worker()]
        person, stop = shop.twilio.customer(MARIA), threading.Event()
        person.wait_for_reply(person.says("my word is kumquat"))
        before = stored(shop)
        talking = threading.Thread(
            target=lambda: [person.says(f"hello {n}") for n in range(200) if not stop.wait(0.01)]
        )
        talking.start()
        assert "backed up" in ran(shop, "backup", str(backup))
        stop.set()
        talking.join()
        person.wait_for_reply(person.says("and this is later"))
        assert "stop the program" in refused(shop, "restore", str(backup))
        for process in running:
            shop.kill(process)
        later = stored(shop)
        shop.db.close()
        assert "start the program" in ran(shop, "restore", str(backup))
        after = stored(shop)
        assert before <= after < later
        shop.start_web()
        shop.start_worker()
        person.wait_for_reply(person.says("hello once more"))
        assert "hello once more" in stored(shop)


def test_a_shop_is_encrypted_and_its_key_changed(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    backup = folder / "hawker-20261120T030000Z.db"
    with processes(tmp_path, BACKUP_DIR=str(folder)) as shop:
        running = [shop.start_web(), shop.start_worker()]
        person = shop.twilio.customer(MARIA)
        person.wait_for_reply(person.says("my word is kumquat"))
        ran(shop, "backup", str(backup))
        shop.db.close()
        assert "stop the program" in refused(shop, "encrypt", DATABASE_KEY=KEY)
        for process in running:
            shop.kill(process)
        assert "rows compared" in ran(shop, "encrypt", DATABASE_KEY=KEY)
        assert b"kumquat" not in bytes_of(tmp_path)
        assert "does not open" in refused(shop, "doctor", DATABASE_KEY=NEW_KEY)
        ran(shop, "encrypt", "--new-key", DATABASE_KEY=KEY, DATABASE_NEW_KEY=NEW_KEY)
        ran(shop, "restore", str(backup), DATABASE_KEY=NEW_KEY)
        assert Database(tmp_path / "hawker.db", key=NEW_KEY).value("SELECT count(*) FROM contacts") >= 1
        assert b"kumquat" not in bytes_of(tmp_path)


def test_an_erased_person_has_a_receipt_and_no_backup_brings_them_back(tmp_path: Path) -> None:
    backup, receipt = tmp_path / "copy.db", tmp_path / "receipt.json"
    with processes(tmp_path) as shop:
        running = [shop.start_web(), shop.start_worker()]
        for phone in (JOHN, MARIA):
            person = shop.twilio.customer(phone)
            person.wait_for_reply(person.says(f"the word of {phone} is kumquat"))
        ran(shop, "backup", str(backup))
        said = ran(shop, "erase", JOHN, "--yes", "--receipt", str(receipt))
        assert str(receipt) in said
        assert JOHN.removeprefix("+") not in receipt.read_text()
        assert "genuine" in ran(shop, "receipt", str(receipt))
        changed = json.loads(receipt.read_text()) | {"brand": "another"}
        (tmp_path / "changed.json").write_text(json.dumps(changed))
        assert "proves nothing" in refused(shop, "receipt", str(tmp_path / "changed.json"))
        for process in running:
            shop.kill(process)
        shop.db.close()
        assert "1 people who were erased since" in ran(shop, "restore", str(backup))
        assert {row["value"] for row in shop.db.all("SELECT value FROM identities WHERE kind = 'phone'")} == {MARIA}
        shop.db.close()
        backup.unlink()
        assert JOHN.removeprefix("+").encode() not in bytes_of(tmp_path)


def people(shop: Processes, file: Path | None = None) -> set[str]:
    db = shop.db if file is None else Database(file)
    found = {row["value"] for row in db.all("SELECT value FROM identities WHERE kind = 'phone'")}
    db.close()
    return found


def test_an_erased_person_stays_erased_through_new_secrets_and_machines(tmp_path: Path) -> None:
    exported, backup, receipt = tmp_path / "export", tmp_path / "copies" / "copy.db", tmp_path / "receipt.json"
    (exported / "conversations").mkdir(parents=True)
    for phone in (JOHN, MARIA):
        said = {"timestamp": "2026-11-01T10:00:00Z", "role": "user", "content": "hello"}
        dossier = {"user_profile": {"phone_number": phone}, "messages": [said]}
        (exported / "conversations" / f"{phone}.json").write_text(json.dumps(dossier))
    with processes(tmp_path) as shop:
        ran(shop, "import", str(exported), SECRET_KEY=OLD)
        ran(shop, "backup", str(backup), SECRET_KEY=OLD)
        ran(shop, "erase", JOHN, "--yes", "--receipt", str(receipt), SECRET_KEY=OLD)
        for secret in (OLD, NEW):
            assert "1 records could not be taken" in ran(shop, "import", str(exported), SECRET_KEY=secret)
            assert people(shop) == {MARIA}
        assert "1 people who were erased since" in ran(shop, "restore", str(backup), SECRET_KEY=NEW)
        assert people(shop) == {MARIA}
        both = f"{NEW},{OLD}"
        assert "genuine" in ran(shop, "receipt", str(receipt), SECRET_KEY=both)
        new_machine = {"DATABASE_URL": f"sqlite:///{tmp_path}/new.db", "SECRET_KEY": both}
        ran(shop, "restore", str(backup), **new_machine)
        assert people(shop, tmp_path / "new.db") == {JOHN, MARIA}, "nothing there knows of the erasure"
        assert "1 people" in ran(shop, "erase-again", str(receipt), **new_machine)
        assert people(shop, tmp_path / "new.db") == {MARIA}
        (tmp_path / "new.db").unlink()
        assert "1 people" in ran(shop, "restore", str(backup), "--receipts", str(receipt), **new_machine)
        assert people(shop, tmp_path / "new.db") == {MARIA}
        assert "SECRET_KEY" in refused(shop, "erase-again", str(receipt), SECRET_KEY=NEW)
