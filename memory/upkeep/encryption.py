"""Encrypts an existing SQLite file and its backups, or changes their key."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from memory.storage import sqlcipher
from memory.storage.errors import MemoryFault
from memory.upkeep.backup import BESIDE, BackupFailed, check, refuse_if_open

AT_ONCE = 1 << 20


class NotEncrypted(MemoryFault):
    """The file is unchanged; the text says why."""


def encrypt(file: Path, key: str | None, new_key: str) -> int:
    """Encrypt a closed database or backup with `new_key`; returns its number of rows. Raises NotEncrypted.

    The new file is written, compared with the old one and swapped in atomically, then the old bytes are overwritten.
    An interrupted run is safe: the next one finishes it. Copy-on-write file systems, snapshots and flash memory keep
    old blocks for a while.
    """
    new = sqlcipher.checked(new_key)
    aside, unfinished = file.with_name(f"{file.name}.old"), file.with_name(f"{file.name}.unfinished")
    try:
        own = _current_key(file, sqlcipher.checked(key), new)
        refuse_if_open(file, own)
        wipe(unfinished)
        if own != new:
            sqlcipher.copy_under(file, own, unfinished, new)
            check(unfinished, new)
            _compare(counts(file, own), counts(unfinished, new))
            _swap(file, unfinished, aside)
        wipe(aside)
        return sum(counts(file, new).values())
    except BackupFailed as fault:
        raise NotEncrypted(str(fault)) from fault
    except OSError as fault:
        raise NotEncrypted(f"{file} could not be written ({fault}); check the folder's owner and space") from fault


def wipe(file: Path) -> None:
    """Overwrite a file and its SQLite companions with zeros, then delete them; none need exist."""
    for path in (file, *(Path(f"{file}{ending}") for ending in BESIDE)):
        if path.exists():
            _overwrite(path)
            path.unlink()


def counts(file: Path, key: str | None) -> dict[str, int]:
    """Rows by table, SQLite's own included."""
    with closing(sqlcipher.connect(file, key)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _current_key(file: Path, key: str | None, new_key: str | None) -> str | None:
    """The key that the file has now: none, the old one or the new one. Raises NotEncrypted."""
    if sqlcipher.is_empty(file):
        raise NotEncrypted(f"there is no database {file} yet: start the program, it makes one that is encrypted")
    if sqlcipher.is_plain(file):
        return None
    for candidate in {new_key, key} - {None}:
        if _opens(file, candidate):
            return candidate
    raise NotEncrypted(f"{file} is under a key that is not set here, or damaged; it stays as it is")


def _opens(file: Path, key: str | None) -> bool:
    try:
        counts(file, key)
    except MemoryFault:
        return False
    return True


def _compare(before: dict[str, int], after: dict[str, int]) -> None:
    if before != after:
        differ = sorted(name for name in before | after if before.get(name) != after.get(name))
        raise NotEncrypted(
            f"the copy differs in {', '.join(differ)}; nothing was changed, restore a backup and try again"
        )


def _swap(file: Path, new: Path, aside: Path) -> None:
    # The old file keeps a name until it is overwritten; the new one replaces it atomically.
    with new.open("rb") as written:
        os.fsync(written.fileno())
    aside.unlink(missing_ok=True)
    aside.hardlink_to(file)
    new.replace(file)


def _overwrite(path: Path) -> None:
    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(bytes(min(left, AT_ONCE)))
        file.flush()
        os.fsync(file.fileno())
