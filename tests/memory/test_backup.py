"""Backups of a database that is being written, put back whole or not at all."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memory.backup import BackupFailed, back_up, restore, rotate
from memory.database import Database
from tests.memory.stores import Stores


def contents(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return [text for (text,) in connection.execute("SELECT content FROM messages ORDER BY id")]


def test_a_backup_made_under_load_is_of_one_instant(file_stores: Stores, tmp_path: Path) -> None:
    file_stores.hear("0")
    made, stop = threading.Event(), threading.Event()

    def write_on() -> None:
        for n in range(1, 10_000):
            file_stores.hear(str(n))
            if n == 20:
                made.set()
            if stop.is_set():
                return

    writer = threading.Thread(target=write_on)
    writer.start()
    assert made.wait(30)
    copy = back_up(Path(file_stores.url), tmp_path / "backups" / "copy.db")
    stop.set()
    writer.join()
    saved = contents(copy)
    assert saved == [str(n) for n in range(len(saved))]
    assert len(saved) > 20
    with sqlite3.connect(copy) as connection:
        counted = connection.execute("SELECT n FROM tallies WHERE name = 'interactions'").fetchone()
        assert counted == (len(saved),)
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]


def test_what_was_backed_up_comes_back_and_the_program_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    stores.hear("kept")
    copy = back_up(path, tmp_path / "copy.db")
    stores.hear("later")
    stores.db.close()
    assert restore(copy, path) == tmp_path / "h.db.before-restore"
    assert contents(path) == ["kept"]
    assert contents(tmp_path / "h.db.before-restore") == ["kept", "later"]
    again = Stores(path)
    again.hear("anew", sid="SManew")
    assert contents(path) == ["kept", "anew"]


def test_a_database_that_is_open_is_not_replaced(file_stores: Stores, tmp_path: Path) -> None:
    file_stores.hear("kept")
    copy = back_up(Path(file_stores.url), tmp_path / "copy.db")
    file_stores.hear("later")
    with pytest.raises(BackupFailed, match="stop the program"):
        restore(copy, Path(file_stores.url))
    assert contents(Path(file_stores.url)) == ["kept", "later"]


@pytest.mark.parametrize("damage", ["cut", "noise", "another", "none"])
def test_a_damaged_backup_is_refused_and_the_database_stays(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    for n in range(300):
        stores.hear(f"{n} " + "x" * 200)
    copy = back_up(path, tmp_path / "copy.db")
    stores.db.close()
    spoil(copy, damage)
    with pytest.raises(BackupFailed, match="another backup"):
        restore(copy, path)
    assert len(contents(path)) == 300


def spoil(file: Path, damage: str) -> None:
    whole = file.read_bytes()
    if damage == "cut":
        file.write_bytes(whole[: len(whole) // 2])
    elif damage == "noise":
        file.write_bytes(whole[:20_000] + b"\xff" * 60_000 + whole[80_000:])
    else:
        file.unlink()
    if damage == "another":
        Database(file).run("CREATE TABLE recipes (id INTEGER)")


def test_the_newest_backups_stay(file_stores: Stores, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "hawker-notes.txt").write_text("not a backup")
    start = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    for day in range(5):
        rotate(Path(file_stores.url), folder, start + timedelta(days=day), keep=3)
    assert sorted(path.name for path in folder.iterdir()) == [
        "hawker-20261123T030000Z.db",
        "hawker-20261124T030000Z.db",
        "hawker-20261125T030000Z.db",
        "hawker-notes.txt",
    ]


def test_a_folder_that_cannot_be_written_is_named(file_stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BackupFailed, match="folder"):
        back_up(Path(file_stores.url), tmp_path / "file" / "copy.db")
    with pytest.raises(BackupFailed, match="no database"):
        back_up(tmp_path / "nothing.db", tmp_path / "copy.db")
