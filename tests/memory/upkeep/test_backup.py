"""Backups of a database that is being written, put back whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.storage.database import Database
from memory.upkeep.backup import DAYS, WEEKS, BackupFailed, back_up, check, kept_of, made_at, restore, rotate
from tests.memory.stores import Stores
from tests.waiting import HANG_SECONDS

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def contents(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
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
    assert made.wait(HANG_SECONDS)
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
    kept = tmp_path / "h.db.before-20261121T030000Z"
    assert restore(copy, path, NOW) == kept
    assert contents(path) == ["kept"]
    assert contents(kept) == ["kept", "later"]
    again = Stores(path)
    again.hear("anew", sid="SManew")
    assert contents(path) == ["kept", "anew"]
    again.db.close()
    assert restore(kept, path, NOW + timedelta(seconds=1)) is not None
    assert contents(path) == ["kept", "later"], "a restore can be taken back"


def test_a_database_that_is_open_is_not_replaced(file_stores: Stores, tmp_path: Path) -> None:
    file_stores.hear("kept")
    copy = back_up(Path(file_stores.url), tmp_path / "copy.db")
    file_stores.hear("later")
    with pytest.raises(BackupFailed, match="stop the program"):
        restore(copy, Path(file_stores.url), NOW)
    assert contents(Path(file_stores.url)) == ["kept", "later"]
    assert sorted(path.name for path in tmp_path.iterdir() if "restored" in path.name) == []


def test_a_database_that_another_process_has_open_is_not_replaced(file_stores: Stores) -> None:
    file_stores.hear("kept")

    # Another thread's connection comes and goes: it must not take this one's locks with it.
    def look() -> None:
        file_stores.db.value("SELECT 1 FROM contacts")
        file_stores.db.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    code = "import sys; from pathlib import Path; from memory.upkeep.backup import *; refuse_if_open(Path(sys.argv[1]), None)"
    other = subprocess.run([sys.executable, "-c", code, str(file_stores.url)], capture_output=True, text=True)
    assert "is in use" in other.stderr


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
        restore(copy, path, NOW)
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


def test_a_damaged_database_is_replaced_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    stores.hear("kept")
    copy = back_up(path, tmp_path / "copy.db")
    stores.db.close()
    path.write_bytes(b"this is a letter, not a database" * 1000)
    kept = restore(copy, path, NOW)
    assert kept is not None
    assert kept.read_bytes().startswith(b"this is a letter")
    assert contents(path) == ["kept"]


def test_a_backup_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    copy = back_up(path, tmp_path / "copy.db")
    stores.db.close()
    newer = Database(copy)
    newer.migrate([("999 tomorrow", ("CREATE TABLE tomorrow (id INTEGER)",))])
    newer.close()
    with pytest.raises(BackupFailed, match=r"999 tomorrow.*update the program"):
        restore(copy, path, NOW)


def test_each_night_adds_one_and_the_oldest_go(file_stores: Stores, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "hawker-notes.txt").write_text("not a backup")
    for day in range(60):
        rotate(Path(file_stores.url), folder, NOW + timedelta(days=day))
    backups = sorted(folder.glob("*.db"))
    days = [f"{made_at(backup):%m-%d}" for backup in backups]
    # The last seven days; of the last four weeks, two end in them, and two on Sundays before.
    assert days == ["01-03", "01-10", "01-13", "01-14", "01-15", "01-16", "01-17", "01-18", "01-19"]
    assert (folder / "hawker-notes.txt").exists()
    check(backups[0], None)


@settings(max_examples=200)
@given(st.sets(st.integers(0, 24 * 400), min_size=1))
def test_what_stays_is_the_newest_of_its_day_or_week_and_never_too_much(hours: set[int]) -> None:
    files = {Path(f"hawker-{NOW + timedelta(hours=hour):%Y%m%dT%H%M%SZ}.db") for hour in hours}
    stay = kept_of(files)
    assert max(files) in stay
    assert stay <= files
    assert len(stay) <= DAYS + WEEKS
    assert kept_of(stay) == stay


def test_a_folder_that_cannot_be_written_is_named(file_stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BackupFailed, match="folder"):
        back_up(Path(file_stores.url), tmp_path / "file" / "copy.db")
    with pytest.raises(BackupFailed, match="no database"):
        back_up(tmp_path / "nothing.db", tmp_path / "copy.db")
