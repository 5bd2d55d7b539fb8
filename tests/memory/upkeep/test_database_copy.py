"""A whole database moved to another engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory import MemoryManager, MemorySettings
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import MESSAGES
from memory.conversations.turns import Outcome
from memory.recall.search import Search
from memory.storage.database import Database
from memory.upkeep.database_copy import AT_ONCE, CopyRefused, copy_all, digest
from tests.memory.stores import Stores, as_is
from tests.servers import PostgresServer


@pytest.fixture
def lived(tmp_path: Path) -> Stores:
    """A file in which something happened."""
    stores = Stores(tmp_path / "lived.db")
    for n in range(700):
        stores.hear(f"hello {n} \u2713", phone=f"+9198765{n % 9:05d}", urgent=True)
    for n in range(2 * AT_ONCE):
        stores.db.run("INSERT INTO mentions (contact_id, message_id) VALUES (1, :id)", id=n // 2)
    [lease] = stores.turns.claim("w", 1)
    stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), Outcome([Outgoing("hi")]), split=as_is)
    manager = MemoryManager(MemorySettings(storage_dir=str(tmp_path)), db=stores.db)
    manager.save("a", "k", {"lesson": "cheap flights"}, "long_term")
    manager.search_similar("a", "flights")
    return stores


def test_everything_arrives_and_life_goes_on_there(lived: Stores, postgres: PostgresServer) -> None:
    target = Database(postgres.create("moved"))
    seen: list[tuple[str, int, int]] = []
    counts = copy_all(lived.db, target, lambda *step: seen.append(step))
    assert counts["messages"] == 701
    assert counts["memory_vectors"] == 1
    assert counts["mentions"] == target.value("SELECT count(*) FROM mentions") == 2 * AT_ONCE, (
        "one contact's, some twice"
    )
    assert ("messages", 500, 701) in seen
    assert ("messages", 701, 701) in seen
    Search(target).catch_up_fully()
    assert target.value("SELECT count(*) FROM search_rows WHERE vector IS NOT NULL") == 701
    there = Stores(target.url, lived.clock)
    assert there.hear("one more", sid="SMnew") == 702
    assert there.messages.history(1) == lived.messages.history(1)
    assert MemoryManager(MemorySettings(), db=target).search_similar("a", "flights")[0]["key"] == "k"
    back = Database(Path(lived.url).with_name("back.db"))
    assert copy_all(target, back)["messages"] == 702


def test_a_database_that_is_in_use_is_not_copied_into(lived: Stores, postgres: PostgresServer) -> None:
    target = Stores(postgres.create("in_use"))
    target.hear("hi")
    with pytest.raises(CopyRefused, match="messages"):
        copy_all(lived.db, target.db)
    assert target.db.value("SELECT count(*) FROM messages") == 1


def test_one_changed_value_changes_the_digest(lived: Stores) -> None:
    before = digest(lived.db, MESSAGES)
    lived.db.run("UPDATE messages SET content = 'hellO 5' WHERE id = 6")
    assert digest(lived.db, MESSAGES) != before


def test_what_changes_under_the_copy_is_noticed_and_nothing_is_kept(lived: Stores, postgres: PostgresServer) -> None:
    target = Database(postgres.create("disturbed"))

    def disturb(table: str, done: int, total: int) -> None:
        if table == "orders":
            lived.db.run("UPDATE messages SET content = 'changed' WHERE id = 1")

    with pytest.raises(CopyRefused, match="messages"):
        copy_all(lived.db, target, disturb)
    assert target.value("SELECT count(*) FROM messages") == 0
