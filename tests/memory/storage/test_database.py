from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from memory.storage.database import Database
from memory.storage.errors import AlreadyStored, DatabaseDamaged, DatabaseUnavailable
from memory.storage.migrations import STEPS
from tests.memory.stores import Stores
from tests.migrated import migrated_database

COUNTER = (
    ("one", ("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)",)),
    ("two", ("INSERT INTO counter VALUES (1, 0)",)),
)


def count_up(path: str) -> None:
    db = Database(path)
    db.migrate(COUNTER)
    for _ in range(50):
        with db.transaction():
            n = db.value("SELECT n FROM counter")
            db.run("UPDATE counter SET n = :n", n=n + 1)


def test_processes_that_start_together_migrate_once_and_lose_no_write(tmp_path: Path) -> None:
    path = str(tmp_path / "h.db")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count_up, args=(path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert Database(path).value("SELECT n FROM counter") == 4 * 50


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    db = Database(tmp_path / "h.db")
    db.migrate(COUNTER)
    with pytest.raises(ValueError, match="stop"), db.transaction():
        db.run("UPDATE counter SET n = 7")
        with db.transaction():
            db.run("UPDATE counter SET n = 8")
        raise ValueError("stop")
    assert db.value("SELECT n FROM counter") == 0


def test_a_second_row_with_the_same_key_is_named_as_such(tmp_path: Path) -> None:
    db = Database(tmp_path / "h.db")
    db.migrate(COUNTER)
    with pytest.raises(AlreadyStored):
        db.run("INSERT INTO counter VALUES (1, 5)")


def test_a_locked_file_is_a_passing_fault(tmp_path: Path) -> None:
    db = Database(tmp_path / "h.db", timeout=0.01)
    db.migrate(COUNTER)
    other = sqlite3.connect(tmp_path / "h.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable, match="tried again"):
        db.run("UPDATE counter SET n = 1")
    other.execute("ROLLBACK")
    db.run("UPDATE counter SET n = 1")
    assert db.value("SELECT n FROM counter") == 1


def test_our_own_mistakes_in_sql_rise_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        Database(tmp_path / "h.db").all("SELECT * FROM nowhere")


def test_a_commit_elsewhere_is_noticed(tmp_path: Path) -> None:
    db = Database(tmp_path / "h.db")
    db.migrate(COUNTER)
    before = db.changed_elsewhere()
    assert db.changed_elsewhere() == before
    with sqlite3.connect(tmp_path / "h.db") as other:
        other.execute("UPDATE counter SET n = 3")
    assert db.changed_elsewhere() != before


def test_a_full_disk_in_a_transaction_is_told_as_such(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "hawker.db")
    pages = stores.db.value("PRAGMA page_count")
    stores.db.one(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailable, match="full"):
        stores.hear("x" * 100_000)
    stores.db.one("PRAGMA max_page_count = 1000000")
    stores.hear("and now there is room")


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "hawker.db"
    path.write_bytes(b"this is a letter, not a database" * 1000)
    with pytest.raises(DatabaseDamaged, match="restore it from a backup"):
        Stores(path)


def test_columns_come_in_the_order_asked_for_and_none_without_rows(stores: Stores) -> None:
    two = "SELECT 1 AS number, 'a' AS letter UNION ALL SELECT 2, 'b' ORDER BY number"
    assert stores.db.columns(two) == [[1, 2], ["a", "b"]]
    assert stores.db.columns("SELECT id, name FROM contacts WHERE id = :id", id=0) == []


def test_a_copied_database_has_the_tables_of_a_migrated_one(tmp_path: Path) -> None:
    copied, migrated = migrated_database(tmp_path / "copied.db"), Database(tmp_path / "migrated.db")
    migrated.migrate(STEPS)
    schemas = [db.all("SELECT type, name, sql FROM sqlite_master ORDER BY type, name") for db in (copied, migrated)]
    assert schemas[0] == schemas[1]
    assert copied.value("PRAGMA journal_mode") == "wal"
    copied.run("CREATE TABLE kept (id INTEGER)")
    copied.close()
    assert migrated_database(tmp_path / "copied.db").value("SELECT count(*) FROM kept") == 0
