"""The index on PostgreSQL: transactions that overlap, several indexing processes, vectors with pgvector and without."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from memory import MemoryManager, MemorySettings
from memory.recall.search import Search
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from tests.memory.recall.test_search import CHAT
from tests.memory.stores import Stores, TestClock
from tests.servers import PostgresServer

numbers = count()
QUERIES = ("What is the name of Alice's beagle?", "puppy", "where is it shipped from", "new job", "how much is it")


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """A server's database of the test's own."""
    return postgres.create(f"index{next(numbers)}", like="migrated")


@pytest.fixture
def two(url: str) -> tuple[Stores, Stores]:
    """Two programs on one database."""
    clock = TestClock()
    return Stores(url, clock), Stores(url, clock)


def indexed(stores: Stores) -> list[int]:
    return [row["message_id"] for row in stores.db.all("SELECT message_id FROM search_rows ORDER BY message_id")]


def test_a_message_that_appears_behind_a_later_one_is_indexed(two: tuple[Stores, Stores]) -> None:
    """Its id was given before the other's, and committed after it: a mark by id would have passed it for ever."""
    one, other = two
    search = Search(other.db)
    with one.db.transaction():
        earlier = one.hear("the beagle is called Waffles", phone="+14155550001")
        later = other.hear("hello", phone="+14155550002", sid="SMother")
        assert earlier < later
        search.catch_up_fully()
        assert indexed(other) == [later]
    search.catch_up_fully()
    assert indexed(other) == [earlier, later]


def test_a_text_changed_during_indexing_is_indexed_again(two: tuple[Stores, Stores]) -> None:
    one, other = two
    message_id = one.hear("a voice note")
    with one.db.transaction():
        one.db.run("UPDATE messages SET content = 'two umbrellas' WHERE id = :id", id=message_id)
        assert Search(other.db).catch_up() == 1
    Search(other.db).catch_up_fully()
    assert Search(other.db, vectors=False).recall(1, "umbrella") == [message_id]


def test_rows_of_a_dead_indexing_process_are_taken_over(two: tuple[Stores, Stores]) -> None:
    one, other = two
    one.hear("hello")
    with pytest.raises(ZeroDivisionError), one.db.transaction():
        assert Search(one.db).catch_up() == 1
        assert Search(other.db).catch_up() == 0
        raise ZeroDivisionError
    assert Search(other.db).catch_up() == 1
    assert indexed(other) == [1]


def test_an_erased_person_stays_out_of_the_index(two: tuple[Stores, Stores]) -> None:
    one, other = two
    one.hear("hello")
    one.contacts.erase(1)
    Search(other.db).catch_up_fully()
    assert other.db.value("SELECT count(*) FROM search_rows") == 0
    assert other.db.value("SELECT count(*) FROM search_waiting") == 0


def test_vectors_are_bytes_where_the_server_lacks_pgvector(url: str, without_pgvector: str) -> None:
    plain = Database(without_pgvector)
    plain.migrate(STEPS)
    assert not plain.has_column("search_rows", "vector")
    assert Database(url).has_column("search_rows", "vector")


def test_recall_is_the_same_with_pgvector_bytes_and_sqlite(url: str, without_pgvector: str, tmp_path: Path) -> None:
    recalled = [recalled_on(where) for where in (url, without_pgvector, tmp_path / "file.db")]
    assert recalled[0] == recalled[1] == recalled[2]


def recalled_on(url: str | Path) -> list[list[int]]:
    stores = Stores(url)
    for _, text in CHAT:
        stores.hear(text, phone="+14155550042")
        stores.clock.pass_by(minutes=1)
    contact = stores.contacts.find("voyage", "+14155550042")
    search = Search(stores.db)
    search.catch_up_fully(contact.id)
    first = int(stores.db.value("SELECT min(id) FROM messages WHERE contact_id = :id", id=contact.id))
    return [[found - first for found in search.recall(contact.id, query)] for query in QUERIES]


def test_agent_search_is_the_same_with_pgvector_bytes_and_sqlite(
    url: str, without_pgvector: str, tmp_path: Path
) -> None:
    found = [similar_on(where, tmp_path) for where in (url, without_pgvector, tmp_path / "file.db")]
    assert [[key for key, _ in one] for one in found] == [[key for key, _ in found[0]]] * 3
    for one in found:
        assert [score for _, score in one] == pytest.approx([score for _, score in found[0]], abs=1e-3)


def similar_on(url: str | Path, folder: Path) -> list[tuple[str, float]]:
    db = Database(url)
    manager = MemoryManager(MemorySettings(storage_dir=str(folder)), db=db)
    for n, (_, text) in enumerate(CHAT):
        manager.save("agent", f"k{n}", {"said": text}, "long_term")
    manager.search_similar("agent", "dogs")
    return [(entry["key"], entry["score"]) for entry in manager.search_similar("agent", "puppy dog bed")]


def test_a_rebuild_moves_the_vectors_into_a_later_pgvector(postgres: PostgresServer) -> None:
    stores = Stores(postgres.create_for_a_guest("late"))
    stores.hear("I adopted a beagle called Waffles")
    Search(stores.db).catch_up_fully()
    before = Search(stores.db).recall(1, "beagle")
    Database(postgres.url("late")).run("CREATE EXTENSION vector")
    Search(stores.db).rebuild()
    assert stores.db.value("SELECT count(*) FROM search_rows WHERE vector IS NULL") == 0
    assert Search(stores.db).recall(1, "beagle") == before == [1]
