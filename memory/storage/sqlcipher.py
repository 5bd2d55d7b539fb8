"""Opens SQLite files, plain or encrypted. The only place that knows SQLCipher."""

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
STATEMENTS = 500  # statement cache per connection: as many as the program has


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
    return find_spec("sqlcipher3") is not None


def checked(key: str | None) -> str | None:
    """The normalised key; None for none. Raises WrongDatabaseKey, without repeating the key."""
    if not key:
        return None
    if not KEY.fullmatch(key):
        raise WrongDatabaseKey("DATABASE_KEY must be 64 hexadecimal digits; make one with: openssl rand -hex 32")
    return key.lower()


def connect(path: Path | str, key: str | None, *, timeout: float = 5.0, read_only: bool = False) -> sqlite3.Connection:
    """An autocommit connection. Raises WrongDatabaseKey or DatabaseDamaged where the key does not open the file.

    The key is 32 raw bytes: deriving one from a passphrase takes 0.1 s per connection. The file is not read
    beforehand: closing it would release every lock of this process on it (https://www.sqlite.org/howtocorrupt.html,
    2.2).
    """
    where = f"{Path(path).resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    opened: sqlite3.Connection = driver(key).connect(
        where, uri=True, timeout=timeout, isolation_level=None, cached_statements=STATEMENTS
    )
    try:
        with reporting_wrong_key(path, key):
            if key is not None:
                unlock(opened, key)
            opened.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        opened.close()
        raise
    return opened


def unlock(connection: sqlite3.Connection, key: str) -> None:
    """Give the key to a new SQLCipher connection; must be its first statement."""
    connection.execute("PRAGMA cipher_log_level = NONE")  # it logs to stderr otherwise
    connection.execute(f"PRAGMA key = \"x'{key}'\"")


def copy_under(source: Path, key: str | None, target: Path, new_key: str | None) -> None:
    """Copy `source` into the new file `target` under another key or none. Nobody may write meanwhile."""
    connection = driver(new_key or key).connect(source, isolation_level=None)
    with closing(connection), reporting_wrong_key(source, key):
        if key is not None:
            unlock(connection, key)
        connection.execute("ATTACH ? AS copy KEY ?", (str(target), f"x'{new_key}'" if new_key else ""))
        connection.execute("SELECT sqlcipher_export('copy')").fetchall()
        connection.execute("DETACH copy")


def is_plain(path: Path) -> bool:
    """Whether the file is an unencrypted SQLite file; False for an empty or missing one."""
    return _header(path) == PLAIN_HEADER


def is_empty(path: Path) -> bool:
    """Whether the file is empty or missing."""
    return _header(path) == b""


@contextmanager
def reporting_wrong_key(path: Path | str, key: str | None) -> Iterator[None]:
    """Turn the driver's "file is not a database", which a wrong key causes, too, into an error that says so."""
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
    except OSError:  # missing or unreadable: opening it reports that
        return b""
