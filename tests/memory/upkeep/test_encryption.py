"""A file under a key: nothing of it can be read, everything works, and each mismatch is one sentence."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memory import MemoryManager, MemorySettings
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turns import Outcome
from memory.people.facts import Facts
from memory.recall.search import Search
from memory.security.secret_keys import SecretKeys
from memory.storage.database import Database
from memory.storage.errors import (
    AlreadyStored,
    DatabaseDamaged,
    DatabaseUnavailable,
    WrongDatabaseKey,
    WrongDatabaseUrl,
)
from memory.storage.migrations import STEPS
from memory.upkeep import encryption
from memory.upkeep.backup import BackupFailed, back_up, check, restore
from memory.upkeep.database_copy import copy_all
from memory.upkeep.encryption import NotEncrypted, encrypt
from memory.upkeep.erasure import Erasure
from tests.memory.stores import BRAND, Stores, as_is
from tests.migrated import migrated_database

KEY, NEW_KEY = "00ab" * 16, "11cd" * 16
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SECRET_WORD = b"kumquat"


class Locked(Stores):
    """Memory on an encrypted file."""

    def open(self) -> Database:
        return migrated_database(self.url, key=KEY)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Locked]:
    stores = Locked(tmp_path / "hawker.db")
    yield stores
    stores.db.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def fill(stores: Stores) -> int:
    """A turn, facts, the search's rows, agents' memory; the contact's id."""
    message_id = stores.hear("my secret is kumquat", urgent=True)
    [lease] = stores.turns.claim("w", 1)
    outcome = Outcome([Outgoing("noted: kumquat")])
    assert stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), outcome, split=as_is)
    Facts(stores.db, stores.clock).learn(stores.contacts.get(lease.contact_id), "name", "Kumquat", message_id)
    MemoryManager(MemorySettings(), db=stores.db).save("seller", "fruit", "kumquat", "long_term")
    Search(stores.db).catch_up_fully()
    return lease.contact_id


def test_nothing_can_be_read_from_file_log_or_backup(locked: Locked, tmp_path: Path) -> None:
    fill(locked)
    back_up(tmp_path / "hawker.db", tmp_path / "copy.db", key=KEY)
    assert (tmp_path / "hawker.db-wal").stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {"hawker.db", "hawker.db-wal", "hawker.db-shm", "copy.db"}
    for trace in (SECRET_WORD, b"Kumquat", b"9876543210", b"CREATE TABLE", b"SQLite format 3", bytes.fromhex(KEY)):
        assert trace not in bytes_of(tmp_path), trace


def test_the_queue_recall_and_agents_work_on_it(locked: Locked) -> None:
    contact_id = fill(locked)
    [first, _second] = Search(locked.db).recall(contact_id, "which fruit, a kumquat?")
    assert "kumquat" in locked.messages.get(first).content
    found = MemoryManager(MemorySettings(), db=locked.db).search_similar("seller", "kumquat")
    assert found[0]["value"] == "kumquat"
    locked.sessions.forget_before(BRAND, locked.clock.now.replace(year=2027))
    assert [message.state for message in locked.messages.history(contact_id)] == ["ready"]
    receipt = Erasure(locked.db, locked.clock, SecretKeys(("s" * 32,))).erase(contact_id)
    assert receipt["removed"]["messages"] == 1
    assert locked.hear("the next one", sid="SMnext")


def test_full_text_tables_are_encrypted_too(locked: Locked, tmp_path: Path) -> None:
    locked.db.run("CREATE VIRTUAL TABLE words USING fts5(body)")
    locked.db.run("INSERT INTO words VALUES (:body)", body="a kumquat tree")
    assert locked.db.value("SELECT count(*) FROM words WHERE words MATCH 'kumquat'") == 1
    assert SECRET_WORD not in bytes_of(tmp_path)


def test_errors_are_memorys_own_with_a_key_as_without(locked: Locked, tmp_path: Path) -> None:
    locked.db.run("CREATE TABLE t (name TEXT PRIMARY KEY)")
    locked.db.insert("INSERT INTO t VALUES ('a') RETURNING 1")
    with pytest.raises(AlreadyStored):
        locked.db.insert("INSERT INTO t VALUES ('a') RETURNING 1")
    other = Database(tmp_path / "hawker.db", key=KEY, timeout=0.1)
    with locked.db.transaction(), pytest.raises(DatabaseUnavailable, match="tried again"):
        _in_another_process(tmp_path / "hawker.db")
        with other.transaction():
            pass
    locked.db.one(f"PRAGMA max_page_count = {locked.db.value('PRAGMA page_count')}")
    with pytest.raises(DatabaseUnavailable, match="full"):
        locked.hear("x" * 100_000)


def _in_another_process(path: Path) -> None:
    code = (
        "import sys; from memory.storage.database import Database; from memory.storage.errors import DatabaseUnavailable\n"
        "try: Database(sys.argv[1], key=sys.argv[2], timeout=0.1).run('DELETE FROM contacts')\n"
        "except DatabaseUnavailable: sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", code, path, KEY]).returncode == 7


@pytest.mark.parametrize(
    ("made_with", "opened_with", "fault", "says"),
    [
        (KEY, NEW_KEY, WrongDatabaseKey, "DATABASE_KEY does not open"),
        (KEY, None, DatabaseDamaged, "set DATABASE_KEY"),
        (None, KEY, WrongDatabaseKey, "flask --app app encrypt"),
    ],
)
def test_a_key_and_a_file_that_do_not_go_together_are_one_sentence(
    tmp_path: Path, made_with: str | None, opened_with: str | None, fault: type[Exception], says: str,
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "h.db"
    db = Database(path, key=made_with)
    db.migrate(STEPS)
    db.close()
    before = path.read_bytes()
    with pytest.raises(fault, match=says) as raised:
        Database(path, key=opened_with).value("SELECT 1 FROM contacts")
    text = f"{raised.value!r} {raised.value.__cause__!r} {capfd.readouterr()} {caplog.text}"
    assert not any(key in text for key in (KEY, NEW_KEY))
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


def test_a_key_of_another_shape_is_refused_and_not_repeated(tmp_path: Path) -> None:
    for wrong in ("hunter2", KEY + "0", "g" * 64, "x'; DROP TABLE messages; --"):
        with pytest.raises(WrongDatabaseKey, match="64 hexadecimal digits") as raised:
            Database(tmp_path / "h.db", key=wrong)
        assert wrong not in str(raised.value)
    with pytest.raises(WrongDatabaseUrl, match="leave it out"):
        Database("postgresql://x@y/z", key=KEY)
    assert KEY not in repr(MemorySettings(database_key=KEY))


@pytest.mark.parametrize(("before", "after"), [(None, KEY), (KEY, NEW_KEY)])
def test_an_existing_file_is_put_under_a_key(tmp_path: Path, before: str | None, after: str) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path) if before is None else Locked(path)
    contact_id = fill(stores)
    counted = encryption.counts(path, before)
    stores.db.close()
    assert encrypt(path, before, after) == sum(counted.values())
    assert SECRET_WORD not in bytes_of(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["h.db"]
    again = Database(path, key=after)
    again.migrate(STEPS)
    assert Search(again).recall(contact_id, "kumquat") != []
    assert again.value("SELECT seq FROM sqlite_sequence WHERE name = 'messages'") == 2, "erased ids are not given again"
    again.close()
    assert encrypt(path, before, after) == sum(counted.values()), "asked again, it changes nothing"


def test_it_is_refused_while_the_program_runs_or_with_another_key(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    stores.hear("kept")
    with pytest.raises(NotEncrypted, match="stop the program"):
        encrypt(path, None, KEY)
    stores.db.close()
    encrypt(path, None, KEY)
    whole = path.read_bytes()
    with pytest.raises(NotEncrypted, match="stays as it is"):
        encrypt(path, "22" * 32, NEW_KEY)
    with pytest.raises(NotEncrypted, match="no database"):
        encrypt(tmp_path / "none.db", None, KEY)
    assert path.read_bytes() == whole


def test_killed_at_any_moment_the_data_is_there_and_the_next_run_finishes(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    for n in range(300):
        stores.hear(f"kumquat {n} " + "x" * 2000)
    stores.db.close()
    whole = (tmp_path / "h.db").read_bytes()
    code = "import sys; from pathlib import Path; from memory.upkeep.encryption import encrypt; encrypt(Path(sys.argv[1]), None, sys.argv[2])"
    for n, seconds in enumerate((0.15, 0.25, 0.35, 0.5)):
        folder = tmp_path / str(n)
        folder.mkdir()
        path = folder / "h.db"
        path.write_bytes(whole)
        process = subprocess.Popen([sys.executable, "-c", code, path, KEY])
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        encrypt(path, None, KEY)
        assert SECRET_WORD not in bytes_of(folder)
        db = Database(path, key=KEY)
        assert db.value("SELECT count(*) FROM messages") == 300
        db.close()


def test_backups_and_restores_are_under_the_same_key(locked: Locked, tmp_path: Path) -> None:
    path = tmp_path / "hawker.db"
    fill(locked)
    copy = back_up(path, tmp_path / "copy.db", key=KEY)
    locked.db.close()
    with pytest.raises(BackupFailed, match="DATABASE_KEY does not open"):
        restore(copy, path, NOW, key=NEW_KEY)
    with pytest.raises(BackupFailed, match="set DATABASE_KEY"):
        restore(copy, path, NOW)
    restore(copy, path, NOW, key=KEY)
    assert locked.db.value("SELECT count(*) FROM messages") == 2
    check(copy, KEY)
    assert SECRET_WORD not in bytes_of(tmp_path)


def test_a_plain_backup_is_encrypted_on_its_way_back(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "plain.db")
    fill(stores)
    copy = back_up(tmp_path / "plain.db", tmp_path / "copy.db")
    target = tmp_path / "locked" / "h.db"
    restore(copy, target, NOW, key=KEY)
    assert SECRET_WORD not in bytes_of(target.parent)
    assert Database(target, key=KEY).value("SELECT count(*) FROM messages") == 2


def test_a_whole_file_moves_out_of_it(locked: Locked, tmp_path: Path) -> None:
    fill(locked)
    assert copy_all(locked.db, Database(tmp_path / "other.db"))["messages"] == 2
    with sqlite3.connect(tmp_path / "other.db") as plain:
        assert plain.execute("SELECT count(*) FROM messages").fetchone() == (2,)
