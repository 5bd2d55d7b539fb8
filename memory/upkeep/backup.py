"""Backups of the SQLite file: online copies, verified, restored, rotated."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from memory.storage import sqlcipher
from memory.storage.errors import MemoryFault
from memory.storage.migrations import STEPS

BESIDE = ("-wal", "-shm")  # what SQLite keeps next to a file that is open
NAMES = "hawker-*T*Z.db"
DAYS, WEEKS = 7, 4
STOP = "stop the program (Ctrl+C, or systemctl stop hawker) and run this again"
Change = Callable[[Path], None]


class BackupFailed(MemoryFault):
    """The text says why. The previous file is untouched."""


def back_up(database: Path, into: Path, *, key: str | None = None) -> Path:
    """Copy a running database into the file `into`, complete and verified, or leave `into` as it was.

    An online copy of one instant, encrypted with the database's key. Raises BackupFailed.
    """
    if not database.exists():
        raise BackupFailed(f"there is no database {database}; check DATABASE_URL")
    return _made(into, key, lambda unfinished: _copy(database, unfinished, key))


def restore(
    backup: Path, database: Path, now: datetime, *, key: str | None = None, change: Change = lambda copy: None
) -> Path | None:
    """Replace the database by a backup; returns where the replaced file is kept, None where there was none.

    Stop the program first. Raises BackupFailed while the database is open, or if the backup is damaged, foreign or
    newer than the program. `change` edits the copy first: it erases people erased since. With a `key`, a plain backup
    is encrypted.
    """
    check(backup, None if sqlcipher.is_plain(backup) else key)
    refuse_if_open(database, key)
    ready = _made(database.with_name(f"{database.name}.restored"), key, _filled_from(backup, key, change))
    kept = put_aside(database, now)
    ready.replace(database)
    return kept


def put_aside(database: Path, now: datetime) -> Path | None:
    """Rename the closed database files to a dated name; None where there is no database."""
    if not database.exists():
        return None
    kept = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    for ending in BESIDE:  # a damaged file keeps its WAL: losing it would damage it more
        beside = Path(f"{database}{ending}")
        if beside.exists():
            beside.replace(f"{kept}{ending}")
    return database.replace(kept)


def rotate(database: Path, folder: Path, now: datetime, *, key: str | None = None) -> Path:
    """Back up into `folder` under a dated name; keep the newest of each of 7 days and 4 weeks. Raises BackupFailed."""
    made = back_up(database, folder / f"hawker-{now:%Y%m%dT%H%M%SZ}.db", key=key)
    with _reporting_failure(f"old backups in {folder} could not be removed", "check the folder's owner"):
        for old in set(folder.glob(NAMES)) - kept_of(folder.glob(NAMES)):
            old.unlink()
    return made


def erase_in_backups(folder: Path, erased: Mapping[str, str], erase: Change, *, key: str | None = None) -> int:
    """Rewrite each backup that may still hold somebody of the list; returns how many.

    `erased`: see `ErasedList`. `erase` edits the copy that replaces a backup. With a `key`, plain backups are
    encrypted. Raises BackupFailed.
    """
    behind = [file for file in sorted(folder.glob(NAMES)) if not erased.items() <= _erased_in(file, key).items()]
    for file in behind:
        _made(file, key, _filled_from(file, key, erase))
    return len(behind)


def kept_of(backups: Iterable[Path]) -> set[Path]:
    """The dated backups to keep: the newest of each of the last 7 days and 4 weeks that have one."""
    newest_last = sorted(backups)
    by_day = {made_at(file).date(): file for file in newest_last}
    by_week = {made_at(file).isocalendar()[:2]: file for file in newest_last}
    return {by_day[day] for day in sorted(by_day)[-DAYS:]} | {by_week[week] for week in sorted(by_week)[-WEEKS:]}


def made_at(backup: Path) -> datetime:
    return datetime.strptime(f"{backup.stem.removeprefix('hawker-')}+0000", "%Y%m%dT%H%M%SZ%z")


def check(file: Path, key: str | None) -> None:
    """Raise BackupFailed unless this is an intact database of ours, and not of a newer program."""
    with _reporting_failure(f"{file} is not a database of Hawker", "choose another backup"):
        if not file.exists():
            raise BackupFailed(f"there is no file {file}; choose another backup")
        with closing(sqlcipher.connect(file, key, read_only=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("SELECT 1 FROM contacts LIMIT 1")
            steps = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
    if verdict != "ok":
        raise BackupFailed(f"{file} is damaged ({verdict}); choose another backup")
    newer = steps - {name for name, _statements in STEPS}
    if newer:
        raise BackupFailed(f"{file} is of a newer Hawker ({', '.join(sorted(newer))}); update the program first")


def refuse_if_open(database: Path, key: str | None) -> None:
    """Raise BackupFailed while a process has the database open; checkpoint the WAL.

    Open connections in WAL mode hold a shared lock, so an exclusive one fails. An unreadable file counts as closed.
    """
    if not database.exists():
        return
    own = None if sqlcipher.is_plain(database) else key
    faults = sqlcipher.driver(own).DatabaseError
    try:
        with closing(sqlcipher.connect(database, own, timeout=0)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except faults as fault:
        if getattr(fault, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BackupFailed(f"{database} is in use: {STOP}") from fault
    except MemoryFault:
        return  # damaged, or under a key that is gone: the reason to restore


def _filled_from(backup: Path, key: str | None, change: Change) -> Change:
    """A writer of a changed copy of a backup (plain or under this key) under this key."""
    own = None if sqlcipher.is_plain(backup) else key

    def fill(unfinished: Path) -> None:
        if own == key:
            _copy(backup, unfinished, key)
        else:
            sqlcipher.copy_under(backup, own, unfinished, key)
        change(unfinished)

    return fill


def _erased_in(backup: Path, key: str | None) -> dict[str, str]:
    """People erased before this backup was made, or in it since."""
    own = None if sqlcipher.is_plain(backup) else key
    with (
        _reporting_failure(f"{backup} cannot be read", "move it away"),
        closing(sqlcipher.connect(backup, own)) as connection,
    ):
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'erased_people'").fetchone()
        return dict(connection.execute("SELECT digest, at FROM erased_people")) if known else {}


def _made(into: Path, key: str | None, fill: Change) -> Path:
    unfinished = into.with_name(into.name + ".unfinished")
    with _reporting_failure(f"{into} could not be written", "check the folder's owner and space"):
        into.parent.mkdir(parents=True, exist_ok=True)
        _remove(unfinished)
        try:
            fill(unfinished)
            check(unfinished, key)
            _to_disk(unfinished)
            unfinished.replace(into)
        finally:
            _remove(unfinished)
    return into


@contextmanager
def _reporting_failure(what: str, what_to_do: str) -> Iterator[None]:
    try:
        yield
    except BackupFailed:
        raise
    except MemoryFault as fault:
        raise BackupFailed(str(fault)) from fault
    except _faults() as fault:
        raise BackupFailed(f"{what} ({fault}); {what_to_do}") from fault


def _faults() -> tuple[type[Exception], ...]:
    drivers = [sqlite3, sqlcipher.driver("0" * 64)] if sqlcipher.is_installed() else [sqlite3]
    return (OSError, *(driver.Error for driver in drivers))


def _copy(source: Path, target: Path, key: str | None) -> None:
    with closing(sqlcipher.connect(source, key)) as old, closing(sqlcipher.connect(target, key)) as new:
        old.backup(new)  # in one step: otherwise each write restarts the copy
        new.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


def _remove(file: Path) -> None:
    for ending in ("", *BESIDE):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _to_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
