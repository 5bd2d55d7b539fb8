"""A locked file for each worker of this machine: the system keeps the lock while the process lives, even one that is stopped."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO


class WorkerLocks:
    """For workers that share a SQLite file. A lock of a process that died is free at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, TextIO] = {}

    def take(self, owner: str) -> None:
        """Raises OSError where the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._path(owner).open("w")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._held[owner] = file

    def give_back(self, owner: str) -> None:
        file = self._held.pop(owner, None)
        if file is not None:
            self._path(owner).unlink(missing_ok=True)
            file.close()

    def is_alive(self, owner: str) -> bool:
        try:
            with self._path(owner).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        self._path(owner).unlink(missing_ok=True)  # its process was killed; no other worker gets its name
        return False

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"
