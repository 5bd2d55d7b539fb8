"""Copies of the SQLite file: made while the program runs, checked before they count, put back, rotated."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from memory.errors import MemoryFault

BESIDE = ("-wal", "-shm")  # what SQLite keeps next to a file that is open


class BackupFailed(MemoryFault):
    """No usable copy came of it; the text says why. The file that was there before is untouched."""


def back_up(database: Path, into: Path) -> Path:
    """Copy a running database into the file `into`, checked and complete, or leave `into` as it was.

    Readers and writers go on meanwhile; the copy is of one instant. Raises BackupFailed.
    """
    if not database.exists():
        raise BackupFailed(f"there is no database {database}; check DATABASE_URL")
    unfinished = into.with_name(into.name + ".unfinished")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        try:
            _copy(database, unfinished)
            _check(unfinished)
            _to_disk(unfinished)
            unfinished.replace(into)
        finally:
            unfinished.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as fault:
        raise BackupFailed(f"{into} could not be written ({fault}); check the folder's owner and space") from fault
    return into


def restore(backup: Path, database: Path) -> Path | None:
    """Put a backup in the database's place; where the old file was kept, None where there was none.

    The program must be stopped: raises BackupFailed while anybody has the database open, or when the backup is
    damaged or none of ours.
    """
    _check(backup)
    kept = None
    if database.exists():
        _refuse_if_open(database)
        kept = database.with_name(f"{database.name}.before-restore")
        database.replace(kept)
    for ending in BESIDE:
        Path(f"{database}{ending}").unlink(missing_ok=True)
    return _put(backup, database, kept)


def rotate(database: Path, folder: Path, now: datetime, *, keep: int = 14) -> Path:
    """Back up into `folder` under the time's name, and remove all but the `keep` newest. Raises BackupFailed."""
    made = back_up(database, folder / f"hawker-{now:%Y%m%dT%H%M%SZ}.db")
    for old in sorted(folder.glob("hawker-*T*Z.db"))[:-keep]:
        old.unlink()
    return made


def _put(backup: Path, database: Path, kept: Path | None) -> Path | None:
    try:
        back_up(backup, database)
    except BackupFailed:
        if kept is not None:
            kept.replace(database)
        raise
    return kept


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)  # in one step, so that a busy writer does not make it begin again and again
        new.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


def _check(file: Path) -> None:
    """Raise BackupFailed unless this is a whole database of ours."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("SELECT 1 FROM contacts LIMIT 1")
    except sqlite3.Error as fault:
        raise BackupFailed(f"{file} is not a database of Hawker ({fault}); choose another backup") from fault
    if verdict != "ok":
        raise BackupFailed(f"{file} is damaged ({verdict}); choose another backup")


def _refuse_if_open(database: Path) -> None:
    """An open connection keeps a shared lock on a file in WAL mode, so nobody else gets an exclusive one."""
    try:
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError as fault:
        if "locked" in str(fault):
            raise BackupFailed(f"{database} is open: stop the program, then restore") from fault


def _to_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
