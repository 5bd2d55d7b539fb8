from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.memory.stores import Stores
from tests.migrated import migrated_database, place_migrated
from tests.servers import PostgresServer, RedisServer

numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server with a database `migrated`, to be copied for each test."""
    with PostgresServer() as server:
        migrated_database(server.create("migrated")).close()
        yield server


@pytest.fixture(scope="session")
def without_pgvector(postgres: PostgresServer) -> str:
    """The address of a database whose user may not install extensions: there, vectors are bytes."""
    return postgres.create_for_a_guest("plain")


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of the test's own, on each engine in turn."""
    if request.param == "sqlite":
        place_migrated(tmp_path / "hawker.db")
        return f"sqlite:///{tmp_path / 'hawker.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create(f"test{next(numbers)}", like="migrated")


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    """Everything of memory, on each engine in turn."""
    stores = Stores(url)
    yield stores
    stores.db.close()


@pytest.fixture
def file_stores(tmp_path: Path) -> Stores:
    """On a SQLite file, for what is true of files only."""
    return Stores(tmp_path / "hawker.db")
