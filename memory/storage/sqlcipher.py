"""Opens SQLite files, plain or encrypted as a whole. The only place that knows SQLCipher."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from memory.storage.errors import DatabaseDamaged, DatabaseUnavailable, WrongDatabaseKey

KEY = re.compile(r"[0-9a-fA-F]{64}")
PLAIN_HEADER = b"SQLite format 3\x00"  # https://www.sqlite.org/fileformat.html, 1.3.1
STATEMENTS = 500  # kept compiled by each connection: as many as the program has


def driver(key: str | None) -> ModuleType:
    """The DB-API module for files with this key. Raises WrongDatabaseKey where it is not installed."""
    if key is None:
        return sqlite3
    try:
        import sqlcipher3.dbapi2 as sqlcipher
    except ImportError as error:
        raise WrongDatabaseKey("DATABASE_KEY needs a package: pip install -r requirements-encryption.txt") from error
    return sqlcipher


def is_installed() -> bool:
    """Whether files can be encrypted here."""
    return find_spec("sqlcipher3") is not None


def checked(key: str | None) -> str | None:
    """The key as it is used; None for none. Raises WrongDatabaseKey; the text does not repeat the key."""
    if not key:
        return None
    if not KEY.fullmatch(key):
        raise WrongDatabaseKey("DATABASE_KEY must be 64 hexadecimal digits; make one with: openssl rand -hex 32")
    return key.lower()


def connect(path: Path | str, key: str | None, *, timeout: float = 5.0, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode. Raises WrongDatabaseKey or DatabaseDamaged where key and file don't go together.

    The key is 32 raw bytes, not a passphrase: deriving one from a passphrase takes a tenth of a second for each
    connection. The file is not looked at beforehand: closing it again would end every lock that other connections of
    this process have on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    where = f"{Path(path).resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    opened: sqlite3.Connection = driver(key).connect(
        where, uri=True, timeout=timeout, isolation_level=None, cached_statements=STATEMENTS
    )
    try:
        with telling(path, key):
            if key is not None:
                unlock(opened, key)
            opened.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        opened.close()
        raise
    return opened


def unlock(connection: sqlite3.Connection, key: str) -> None:
    """Give the key to a new connection of SQLCipher; must be the first thing it is told."""
    connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to the standard error output otherwise
    connection.execute(f"PRAGMA key = \"x'{key}'\"")


def copy_under(source: Path, key: str | None, target: Path, new_key: str | None) -> None:
    """Write everything of `source` into the new file `target`, under another key or none. Nobody writes meanwhile."""
    connection = driver(new_key or key).connect(source, isolation_level=None)
    with closing(connection), telling(source, key):
        if key is not None:
            unlock(connection, key)
        connection.execute("ATTACH ? AS copy KEY ?", (str(target), f"x'{new_key}'" if new_key else ""))
        connection.execute("SELECT sqlcipher_export('copy')").fetchall()
        connection.execute("DETACH copy")


def is_plain(path: Path) -> bool:
    """Whether the file is a SQLite file that anybody can read; False for an empty or missing one."""
    return _header(path) == PLAIN_HEADER


def is_empty(path: Path) -> bool:
    """Whether nothing has been written into the file yet, or it is not there."""
    return _header(path) == b""


@contextmanager
def telling(path: Path | str, key: str | None) -> Iterator[None]:
    """Turns the driver's "file is not a database", which a wrong key gives as well, into a sentence that says so."""
    try:
        yield
    except driver(key).DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_NOTADB:
            raise
        raise _mismatch(Path(path), key) from error


def _mismatch(path: Path, key: str | None) -> DatabaseUnavailable:
    if key is None:
        return DatabaseDamaged(
            f"{path} is encrypted or no database: set DATABASE_KEY to its key, or restore it from a backup"
        )
    if is_plain(path):
        return WrongDatabaseKey(
            f"{path} is not encrypted, but DATABASE_KEY is set: stop the program and run flask --app app encrypt"
        )
    return WrongDatabaseKey(
        f"DATABASE_KEY does not open {path}: set the key it was encrypted with, or restore it from a backup"
    )


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN_HEADER))
    except OSError:  # not there, or not ours to read: opening it says so
        return b""
