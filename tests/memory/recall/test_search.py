"""What recall promises: the right message first, nobody else's ever, and nothing lost, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall.ranking import ASKS, TELLS_TIME, Conversation, features, marks, understand, weights
from memory.recall.search import BATCH, Search
from memory.recall.terms import terms
from memory.storage.database import Database
from memory.storage.migrations.release_0_1_0 import SEARCH_TABLES, SEARCH_WAITING
from memory.storage.migrations.release_0_3_0 import FAILED_READINGS

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALICE, BOB = 1, 2

# What catch_up reads, as far as it reads it: the search must not need more of the conversation than this.
CONVERSATION = (
    "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, contact_id INTEGER, role TEXT, content TEXT, at TEXT)",
    "INSERT INTO contacts (id, name) VALUES (1, 'Alice'), (2, 'Bob')",
)

CHAT = (
    ("Alice", "Hi! How are you?"),
    ("desk", "Good morning, Alice. What can I do for you?"),
    ("Alice", "I adopted a beagle called Waffles last week"),
    ("desk", "Congratulations! A carrier or a bed?"),
    ("Alice", "A bed, the blue one. My budget is 80 euros"),
    ("desk", "The blue one is 65 euros with delivery."),
    ("Alice", "Where do you ship from?"),
    ("desk", "From our store in Lisbon."),
    ("Alice", "By the way I started at the hospital as a nurse"),
    ("desk", "All the best for the new job!"),
)


def opened(path: Path) -> Database:
    db = Database(path)
    steps = (("conversation", CONVERSATION), ("search", SEARCH_TABLES), ("waiting", SEARCH_WAITING))
    db.migrate([*steps, ("failed", FAILED_READINGS)])
    return db


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return opened(tmp_path / "hawker.db")


def tell(search: Search, contact_id: int = ALICE, first: int = 1) -> None:
    for i, (speaker, text) in enumerate(CHAT):
        search.index(first + i, contact_id=contact_id, at=START + timedelta(minutes=i), speaker=speaker, text=text)


def write(db: Database, n: int, contact_id: int = ALICE) -> None:
    with db.transaction():
        for i in range(n):
            db.run(
                "INSERT INTO messages (contact_id, role, content, at) VALUES (:contact_id, :role, :content, :at)",
                contact_id=contact_id,
                role="user" if i % 2 else "assistant",
                content=f"message number {i} about {'bicycles' if i == n - 1 else 'weather'}",
                at=(START + timedelta(minutes=i)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            )


def waiting(db: Database) -> int:
    return int(db.value("SELECT count(*) FROM search_waiting"))


def contents(db: Database) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in db.all("SELECT * FROM search_rows ORDER BY contact_id, message_id")]


@pytest.mark.parametrize("vectors", [True, False])
@pytest.mark.parametrize(
    ("query", "message_id"),
    [
        ("What is the name of Alice's beagle?", 3),
        ("What is Alice's budget in euros?", 5),
        ("At which hospital did she start?", 9),
        ("lisbon", 8),
    ],
)
def test_the_message_that_answers_comes_first(db: Database, vectors: bool, query: str, message_id: int) -> None:
    search = Search(db, vectors=vectors)
    tell(search)
    assert search.recall(ALICE, query)[0] == message_id


def test_meaning_finds_what_words_do_not(db: Database) -> None:
    tell(Search(db))
    assert 3 in Search(db).recall(ALICE, "puppy", limit=2)


def test_the_word_that_is_rare_here_says_what_is_asked(db: Database) -> None:
    """Everybody here speaks of the office; no message has the word of the question itself."""
    search = Search(db)
    told = [
        "The office is loud again",
        "Office lunch was late",
        "Our kitten slept on the office chair",
        "New office rug",
    ]
    for i, text in enumerate(told):
        search.index(i + 1, contact_id=ALICE, at=START + timedelta(days=i), speaker="Alice", text=text)
    assert search.recall(ALICE, "Which pet is at the office?", limit=1) == [3]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Which colour?", True),
        ("which colour for the sofa", True),
        ("ok so when do you open", True),
        ("did u send it", True),
        ("a nice one [shares a photo of a sign that says why?]", False),
        ("what a day", False),
        ("when i was six", False),
        ("is nice", False),
    ],
)
def test_who_texts_asks_without_a_question_mark(text: str, asks: bool) -> None:
    assert bool(marks(text) & ASKS) is asks


@pytest.mark.parametrize(
    ("text", "tells"),
    [("it comes on Monday", True), ("llega el lunes", True), ("chegou em março", True), ("you may come", False)],
)
def test_days_and_months_of_every_language_tell_a_time(text: str, tells: bool) -> None:
    assert bool(marks(text) & TELLS_TIME) is tells


@pytest.mark.parametrize(
    ("text", "months"), [("what did I buy in May", {5}), ("may I return it", set()), ("en mayo", {5})]
)
def test_a_month_that_is_a_common_word_needs_its_capital(text: str, months: set[int]) -> None:
    assert understand(text, ("Alice",)).months == months


def test_every_weight_is_of_a_feature() -> None:
    """A misspelt one would count for nothing, silently."""
    nothing = np.zeros(1, np.int64)
    conversation = Conversation(
        ids=nothing,
        minutes=nothing,
        speakers=nothing,
        names=("Alice",),
        marks=nothing,
        lengths=nothing + 1,
        terms=terms("beagle"),
        likeness=lambda asked: np.zeros((len(asked), 1), np.float32),
    )
    assert set(weights()) <= set(features(conversation, understand("beagle", ("Alice",))))


def test_the_answer_is_found_by_the_words_of_its_question(db: Database) -> None:
    search = Search(db)
    tell(search)
    assert 8 in search.recall(ALICE, "where is it shipped from", limit=2)


def test_a_named_speaker_goes_before_the_other(db: Database) -> None:
    search = Search(db)
    for i, speaker in enumerate(["desk", "Alice", "desk", "Alice"]):
        search.index(i + 1, contact_id=ALICE, at=START + timedelta(days=i), speaker=speaker, text="I like green tea")
    assert set(search.recall(ALICE, "Does Alice like tea?", limit=2)) == {2, 4}


def test_a_month_in_the_query_prefers_its_messages(db: Database) -> None:
    search = Search(db)
    for month in (1, 4, 7, 10):
        at = datetime(2026, month, 12, tzinfo=UTC)
        search.index(month, contact_id=ALICE, at=at, speaker="Alice", text="I went to the dentist")
    assert search.recall(ALICE, "Which doctor in July?", limit=1) == [7]
    assert search.recall(ALICE, "dentist in October 2026", limit=1) == [10]


def test_the_newest_message_is_searchable_at_once(db: Database) -> None:
    search = Search(db)
    tell(search)
    search.index(99, contact_id=ALICE, at=START + timedelta(hours=1), speaker="Alice", text="I sold the canoe")
    assert search.recall(ALICE, "canoe")[0] == 99


def test_a_changed_text_replaces_the_old_one(db: Database) -> None:
    search = Search(db, vectors=False)
    search.index(1, contact_id=ALICE, at=START, speaker="Alice", text="a voice note")
    before = contents(db)
    search.index(1, contact_id=ALICE, at=START, speaker="Alice", text="please send two umbrellas")
    assert len(contents(db)) == 1
    assert contents(db) != before
    assert search.recall(ALICE, "umbrella") == [1]


words = st.sampled_from(["beagle", "lisbon", "budget", "tea", "moon", "secret", "42", "nurse", "umbrella", "योग"])


@given(
    told=st.lists(st.tuples(st.sampled_from([ALICE, BOB]), st.lists(words, max_size=4)), max_size=12),
    query=st.one_of(st.text(max_size=30), st.lists(words, min_size=1, max_size=3).map(" ".join)),
)
def test_no_query_brings_up_another_persons_words(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, list[str]]], query: str
) -> None:
    """And what another says does not even change the order: the answer is that of a file without them."""
    both = opened(tmp_path_factory.mktemp("both") / "hawker.db")
    alone = opened(tmp_path_factory.mktemp("alone") / "hawker.db")
    for i, (contact_id, said) in enumerate(told):
        for db in (both, alone) if contact_id == ALICE else (both,):
            Search(db).index(i, contact_id=contact_id, at=START, speaker="customer", text=" ".join(said))
    assert Search(both).recall(ALICE, query, limit=50) == Search(alone).recall(ALICE, query, limit=50)
    both.close()
    alone.close()


@pytest.mark.parametrize("vectors", [True, False])
@pytest.mark.parametrize(
    "query",
    [
        '"', "'; DROP TABLE search_rows; --", "NEAR(a b)",
        "beagle NEAR/2 OR", "*", "a* AND (", "👍🏽", "a\x00b", "\ud800",
        "कुत्ता कब", "x" * 100_000, "?", "May", "0", "\u202e", "what is it and how",
    ],
)  # fmt: skip
def test_any_query_is_only_a_query(db: Database, vectors: bool, query: str) -> None:
    search = Search(db, vectors=vectors)
    tell(search)
    found = search.recall(ALICE, query)
    assert len(found) == len(set(found)) <= 10
    assert set(found) <= set(range(1, 11))


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_recalls_nothing(db: Database, query: str) -> None:
    search = Search(db)
    tell(search)
    assert search.recall(ALICE, query) == []


def test_words_alone_have_nothing_to_go_by_in_stop_words(db: Database) -> None:
    search = Search(db, vectors=False)
    tell(search)
    assert search.recall(ALICE, "what is it and how") == []


def test_a_contact_without_messages_recalls_nothing(db: Database) -> None:
    assert Search(db).recall(ALICE, "anything") == []


def test_a_limit_below_one_is_refused(db: Database) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Search(db).recall(ALICE, "tea", limit=0)


@pytest.mark.parametrize("text", ["", "\x00", "👍", "word " * 20_000, "\ud800".encode("utf-8", "replace").decode()])
def test_any_message_can_be_indexed(db: Database, text: str) -> None:
    search = Search(db)
    tell(search)
    search.index(50, contact_id=ALICE, at=START, speaker="Alice", text=text)
    assert search.recall(ALICE, "beagle")[0] == 3


def test_the_same_question_gets_the_same_answer(db: Database) -> None:
    search = Search(db)
    tell(search)
    assert search.recall(ALICE, "new job") == Search(db).recall(ALICE, "new job")


def test_erasing_leaves_nothing_of_one_and_all_of_the_other(db: Database) -> None:
    search = Search(db)
    tell(search)
    tell(search, BOB, first=100)
    assert search.erase(ALICE) == len(CHAT)
    assert search.recall(ALICE, "beagle") == []
    assert search.recall(BOB, "beagle")[0] == 102
    assert search.erase(ALICE) == 0


def test_no_bytes_of_the_erased_stay_in_the_file(db: Database, tmp_path: Path) -> None:
    search = Search(db)
    search.index(1, contact_id=ALICE, at=START, speaker="Xanthippe Quill", text="hello there")
    assert any(b"Xanthippe" in file.read_bytes() for file in tmp_path.iterdir())
    search.erase(ALICE)
    db.one("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(b"Xanthippe" in file.read_bytes() for file in tmp_path.iterdir())


def test_catching_up_indexes_each_message_once_and_then_rests(db: Database) -> None:
    search = Search(db)
    write(db, BATCH + 3)
    assert [search.catch_up(), search.catch_up(), search.catch_up()] == [BATCH, 3, 0]
    assert len(contents(db)) == BATCH + 3
    assert search.recall(ALICE, "bicycle")[0] == BATCH + 3


def test_a_message_that_cannot_be_indexed_is_left_out_after_three_tries(db: Database) -> None:
    search = Search(db)
    write(db, 5)
    db.run("UPDATE messages SET at = 'no time' WHERE id = 3")
    left = []
    for _ in range(3):
        search.catch_up()
        left.append(waiting(db))
    assert left == [1, 1, 0]
    assert len(contents(db)) == 4


def test_changed_messages_are_reindexed_and_deleted_ones_removed(db: Database) -> None:
    search = Search(db)
    write(db, 5)
    search.catch_up_fully()
    db.run("UPDATE messages SET content = 'two umbrellas' WHERE id = 2")
    db.run("UPDATE messages SET content = content WHERE id = 3")
    db.run("DELETE FROM messages WHERE id = 5")
    assert waiting(db) == 1
    search.catch_up_fully()
    assert search.recall(ALICE, "umbrella")[0] == 2
    assert [row[1] for row in contents(db)] == [1, 2, 3, 4]


def test_a_message_that_goes_while_it_waits_is_not_indexed(db: Database) -> None:
    write(db, 2)
    db.run("DELETE FROM messages WHERE id = 1")
    Search(db).catch_up_fully()
    assert (len(contents(db)), waiting(db)) == (1, 0)


def test_one_contacts_messages_do_not_wait_for_anothers(db: Database) -> None:
    write(db, BATCH)
    write(db, 2, contact_id=BOB)
    search = Search(db)
    search.catch_up_fully(BOB)
    assert search.recall(BOB, "bicycle")[0] == BATCH + 2
    assert waiting(db) == BATCH


def test_messages_beyond_the_old_mark_wait_after_the_migration(tmp_path: Path) -> None:
    db = Database(tmp_path / "old.db")
    db.migrate([("conversation", CONVERSATION), ("search", SEARCH_TABLES)])
    write(db, 4)
    db.run("UPDATE search_progress SET message_id = 3")
    db.migrate([("conversation", CONVERSATION), ("search", SEARCH_TABLES), ("waiting", SEARCH_WAITING)])
    assert [row["message_id"] for row in db.all("SELECT message_id FROM search_waiting")] == [4]


CATCH_UP = """
import sys
from memory.storage.database import Database
from memory.recall.search import Search
search = Search(Database(sys.argv[1]))
while search.catch_up():
    print("batch", flush=True)
"""


def test_a_killed_catch_up_goes_on_where_it_was(db: Database, tmp_path: Path) -> None:
    write(db, 6 * BATCH)
    command = [sys.executable, "-c", CATCH_UP, db.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(Path.cwd())}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"batch\n"
        process.send_signal(signal.SIGKILL)
    done = len(contents(db))
    assert done >= BATCH
    assert done == 6 * BATCH - waiting(db)
    search = Search(db)
    while search.catch_up():
        pass
    whole = contents(db)
    search.rebuild()
    assert contents(db) == whole
    assert len(whole) == 6 * BATCH


def test_a_rebuild_gives_the_same_rows_and_drops_deleted_ones(db: Database) -> None:
    search = Search(db)
    write(db, BATCH + 10)
    while search.catch_up():
        pass
    before, told = contents(db), []
    search.index(9_999, contact_id=BOB, at=START, speaker="Bob", text="an orphan")
    search.rebuild(lambda done, total: told.append((done, total)))
    assert contents(db) == before
    assert told == [(BATCH, BATCH + 10), (BATCH + 10, BATCH + 10)]


def test_a_rebuild_with_vectors_fills_in_what_was_indexed_without(db: Database) -> None:
    write(db, 4)
    Search(db, vectors=False).rebuild()
    assert db.value("SELECT count(*) FROM search_rows WHERE length(told) < 100") == 4
    assert Search(db).recall(ALICE, "bicycle")[0] == 4
    Search(db).rebuild()
    assert db.value("SELECT count(*) FROM search_rows WHERE length(told) < 100") == 0
