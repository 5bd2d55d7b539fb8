"""Out as files and in again: the same files, bad records named by file and place, and nobody answered."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memory import ConversationMemory, MemoryManager, MemorySettings, create_session
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.conversations.analytics import Analytics
from memory.conversations.backfill import Past
from memory.recall.search import Search
from memory.security.secret_keys import SecretKeys
from memory.storage.errors import FilesUnusable, NotStorable
from memory.upkeep.conversation_json import Dossiers
from memory.upkeep.erasure_register import ErasureRegister
from memory.upkeep.import_export import ConversationFiles, ExportPart, OneFile, RecordFiles, pending, read, write
from tests.memory.stores import BRAND, SHOP, Stores
from tests.migrated import migrated_database

PHONE = "+919876543210"
PHONES = ("+14155550101", "+34600111222", "+919876543210", "+5511987654321", "IN.AbC123", "+1234567890")
numbers = count()

lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).filter(str.strip)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2026, 11, 21), timezones=st.just(UTC))
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]), "content": texts, "timestamp": moments},
    optional={
        "message_type": st.none() | st.text(string.ascii_letters + "_", min_size=1, max_size=20),
        "metadata": st.dictionaries(st.text(max_size=8), anything, max_size=3),
    },
)
preferences = st.fixed_dictionaries(
    {},
    optional={
        "name": lines,
        "preferred_currency": st.sampled_from(["EUR", "usd", "INR"]),
        "preferred_language": st.sampled_from(["es", "pt-BR", "hi"]),
    },
)
people = st.dictionaries(
    st.sampled_from(PHONES), st.tuples(preferences, st.lists(lines, max_size=3), st.lists(messages, max_size=6))
)


def register(stores: Stores) -> ErasureRegister:
    return ErasureRegister(stores.db, SecretKeys(("a secret of at least thirty-two characters",)))


def parts(stores: Stores, brand: str) -> list[ExportPart]:
    return [ConversationFiles(Dossiers(stores.db, stores.clock, brand=brand, our_number=SHOP), register(stores))]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


MANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


CUT = {"role": "user", "content": "", "timestamp": datetime(2026, 1, 1, tzinfo=UTC), "metadata": {"cut": "\ud83d"}}


@MANY
@given(people=people)
@example(people={PHONE: ({}, [], [CUT])})
def test_out_and_in_and_out_again_are_the_same_files(stores: Stores, tmp_path: Path, people: dict[str, Any]) -> None:
    n = next(numbers)
    memory = ConversationMemory(db=stores.db, brand=f"first{n}", clock=stores.clock)
    for phone, (preferences, interests, said) in people.items():
        for message in said:
            memory.add_message(phone, **message)
        if interests:
            memory.add_message(phone, "user", "", metadata={"detected_products": interests})
        memory.update_user_preferences(phone, **preferences)
    first, second = tmp_path / f"first{n}", tmp_path / f"second{n}"
    assert write(first, parts(stores, f"first{n}")) == len(people)
    assert read(first, parts(stores, f"second{n}")) == []
    write(second, parts(stores, f"second{n}"))
    assert files(first) == files(second)


junk = anything | texts
dossiers = st.fixed_dictionaries(
    {
        "user_profile": st.fixed_dictionaries(
            {"phone_number": st.sampled_from(PHONES)},
            optional={
                "name": lines | junk,
                "preferred_currency": st.just("EUR") | junk,
                "interests": st.lists(lines | junk, max_size=3) | junk,
                "last_interaction": moments.map(datetime.isoformat) | junk,
                "total_interactions": st.integers(0, 99) | junk,
                "preferred_language": st.just("es") | junk,
                "user_id": st.just("IN.XyZ9") | junk,
                "opted_out": moments.map(datetime.isoformat) | junk,
            },
        ),
    },
    optional={
        "messages": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "timestamp": moments.map(datetime.isoformat) | junk,
                    "role": st.sampled_from(["user", "assistant"]) | junk,
                    "content": texts | junk,
                    "message_type": junk,
                    "metadata": junk,
                },
            )
            | junk,
            max_size=5,
        )
        | junk,
        "session_info": st.fixed_dictionaries({}, optional={"created_at": moments.map(datetime.isoformat) | junk})
        | junk,
    },
)


@MANY
@given(dossier=dossiers)
def test_whatever_a_file_holds_what_was_taken_comes_out_again(stores: Stores, tmp_path: Path, dossier: Any) -> None:
    n = next(numbers)
    given, first, second = (tmp_path / f"{name}{n}" for name in ("given", "first", "second"))
    put(given, "conversations/x.json", dossier)
    for fault in read(given, parts(stores, f"first{n}")):
        assert str(fault).startswith("conversations/x.json: ")
    write(first, parts(stores, f"first{n}"))
    assert read(first, parts(stores, f"second{n}")) == []
    write(second, parts(stores, f"second{n}"))
    assert files(first) == files(second)


GOOD = {"timestamp": "2025-07-22T22:30:00", "role": "user", "content": "Hello"}


def test_bad_records_are_named_by_file_and_place_and_the_rest_is_taken(stores: Stores, tmp_path: Path) -> None:
    profile = {"phone_number": PHONE, "name": "Ana", "preferred_currency": "gold", "interests": ["laptops", 7]}
    wrong = [GOOD, {**GOOD, "timestamp": "soon"}, {**GOOD, "role": "system", "content": "a\0b"}, "text", {**GOOD}]
    put(tmp_path, "conversations/x.json", {"user_profile": profile, "messages": wrong})
    put(tmp_path, "conversations/torn.json", '{"user_profile": {"phone_number": "+34600')
    put(tmp_path, "conversations/list.json", [GOOD])
    put(tmp_path, "conversations/nobody.json", {"user_profile": {"phone_number": "nobody"}, "messages": [GOOD]})
    (tmp_path / "conversations" / "latin.json").write_bytes('{"name": "José"}'.encode("latin-1"))
    faults = read(tmp_path, parts(stores, BRAND))
    assert [(fault.file, fault.place) for fault in faults] == [
        ("conversations/latin.json", ""),
        ("conversations/list.json", "user_profile.phone_number"),
        ("conversations/nobody.json", "user_profile.phone_number"),
        ("conversations/torn.json", ""),
        ("conversations/x.json", "messages[1].timestamp"),
        ("conversations/x.json", "messages[2].role"),
        ("conversations/x.json", "messages[2].content"),
        ("conversations/x.json", "messages[3]"),
        ("conversations/x.json", "user_profile.preferred_currency"),
        ("conversations/x.json", "user_profile.interests[1]"),
    ]
    memory = ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock)
    assert len(memory.export_user_data(PHONE)["messages"]) == 2
    assert memory.get_user_profile(PHONE).name == "Ana"
    assert memory.get_user_profile(PHONE).interests == ("laptops",)


def test_the_seeds_own_file_is_read(stores: Stores, tmp_path: Path) -> None:
    """As the first design shows it: more messages counted than kept, times without a zone."""
    put(
        tmp_path,
        "conversations/+1234567890.json",
        {
            "user_profile": {
                "phone_number": "+1234567890",
                "name": "John Smith",
                "preferred_currency": "EUR",
                "interests": ["gaming", "laptops"],
                "last_interaction": "2025-07-22T22:30:00",
                "total_interactions": 15,
            },
            "messages": [{**GOOD, "message_type": "greeting"}],
            "session_info": {"created_at": "2025-07-22T10:00:00", "total_messages": 30},
        },
    )
    assert read(tmp_path, parts(stores, BRAND)) == []
    profile = ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock).get_user_profile("+1234567890")
    assert (profile.name, profile.total_interactions, profile.interests) == ("John Smith", 15, ("gaming", "laptops"))
    assert profile.last_interaction == datetime(2025, 7, 22, 22, 30, tzinfo=UTC)
    assert Analytics(stores.db, stores.clock).summary(BRAND) == {
        "total_users": 1,
        "total_interactions": 15,
        "active_users_24h": 0,
        "top_interests": [("gaming", 1), ("laptops", 1)],
    }


def test_nobody_is_answered_or_written_to(stores: Stores, tmp_path: Path) -> None:
    said = [GOOD, {**GOOD, "role": "assistant", "content": "Hello to you"}]
    put(tmp_path, "conversations/x.json", {"user_profile": {"phone_number": PHONE}, "messages": said})
    read(tmp_path, parts(stores, BRAND))
    stores.clock.pass_by(minutes=10)
    assert stores.turns.claim("worker", 10) == []
    assert stores.messages.next_out(stores.contacts.find(BRAND, PHONE).id) is None


def test_what_is_known_stays_and_nothing_is_doubled(stores: Stores, tmp_path: Path) -> None:
    memory = ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock)
    memory.add_message(PHONE, "user", "Hello", timestamp=GOOD["timestamp"])
    memory.add_message(PHONE, "user", "and now")
    memory.update_user_preferences(PHONE, name="Ana")
    profile = {"phone_number": PHONE, "name": "Another", "preferred_currency": "EUR", "total_interactions": 99}
    old = [{**GOOD, "timestamp": "2025-07-20T00:00:00", "content": "earlier"}, GOOD, GOOD]
    put(tmp_path, "conversations/x.json", {"user_profile": profile, "messages": old})
    for _time in range(2):
        assert read(tmp_path, parts(stores, BRAND)) == []
        known = memory.get_user_profile(PHONE)
        assert (known.name, known.preferred_currency, known.total_interactions) == ("Ana", "EUR", 4)
        assert known.last_interaction == stores.clock.now
        contents = sorted(line["content"] for line in memory.export_user_data(PHONE)["messages"])
        assert contents == ["Hello", "Hello", "and now", "earlier"]


def test_who_said_stop_is_not_written_to_after_a_move(stores: Stores, tmp_path: Path) -> None:
    stores.hear("STOP", phone=PHONE)
    stores.contacts.opt_out(stores.contacts.find(BRAND, PHONE).id)
    write(tmp_path, parts(stores, BRAND))
    stores.clock.pass_by(days=3)
    read(tmp_path, parts(stores, "optics"))
    moved = stores.contacts.find("optics", PHONE)
    assert moved.opted_out_at == stores.clock.now - timedelta(days=3)


def test_what_came_in_is_found_by_recall(stores: Stores, tmp_path: Path) -> None:
    said = [{**GOOD, "content": "my dog Bruno is allergic to chicken"}, GOOD]
    put(tmp_path, "conversations/x.json", {"user_profile": {"phone_number": PHONE}, "messages": said})
    read(tmp_path, parts(stores, BRAND))
    memory = ConversationMemory(db=stores.db, brand=BRAND, clock=stores.clock, search=Search(stores.db, vectors=False))
    assert memory.recall(PHONE, "what is the dog allergic to?")[0].content == said[0]["content"]


def test_only_the_owner_may_read_what_is_written(stores: Stores, tmp_path: Path) -> None:
    stores.hear("hello", phone=PHONE)
    write(tmp_path / "out", parts(stores, BRAND))
    [file] = (tmp_path / "out" / "conversations").iterdir()
    assert file.name == f"{PHONE}.json"
    assert file.stat().st_mode & 0o077 == 0
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_used_is_named(stores: Stores, tmp_path: Path) -> None:
    stores.hear("hello", phone=PHONE)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FilesUnusable, match="taken"):
        write(tmp_path / "taken", parts(stores, BRAND))
    with pytest.raises(FilesUnusable, match="conversations/"):
        pending(tmp_path, parts(stores, BRAND))


def test_campaigns_and_strategy_are_the_same_after_a_move(stores: Stores, tmp_path: Path) -> None:
    campaign = {"launch_date": "2025-08-26T05:13:25.477823", "campaign_data": {"name": "Summer", "objective": "sales"}}
    learned = {"type": "audience_insight", "insight": "नमस्ते sells", "supporting_data": {"engagement_rate": 4.2}}
    put(tmp_path / "given", "campaign_memory.json", {"campaigns": {"c1": campaign, "c2": 7}})
    put(tmp_path / "given", "strategic_memory.json", {"brand_strategies": {BRAND: {"learnings": [learned]}}})
    [fault] = read(tmp_path / "given", advertising(stores))
    assert str(fault).startswith("campaign_memory.json: campaigns.c2: ")
    write(tmp_path / "first", advertising(stores))
    moved = Stores(tmp_path / "moved.db")
    assert read(tmp_path / "first", advertising(moved)) == []
    write(tmp_path / "second", advertising(moved))
    assert "नमस्ते sells" in (tmp_path / "first" / "strategic_memory.json").read_text(encoding="utf-8")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def advertising(stores: Stores) -> list[ExportPart]:
    return [
        OneFile("campaign_memory.json", BRAND, CampaignRecords(stores.db, stores.clock), register(stores)),
        OneFile("strategic_memory.json", BRAND, Strategy(stores.db, stores.clock), register(stores)),
    ]


# The audit trail.


def trail(manager: MemoryManager) -> list[ExportPart]:
    stores = Stores(manager.db.url)
    return [RecordFiles(manager.db, Past(manager.db, stores.sessions, manager.clock), [BRAND], register(stores))]


@pytest.fixture
def manager(stores: Stores, tmp_path: Path) -> MemoryManager:
    return MemoryManager(MemorySettings(storage_dir=str(tmp_path)), db=stores.db, clock=stores.clock)


def empty(folder: Path, stores: Stores) -> MemoryManager:
    db = migrated_database(folder / f"{next(numbers)}.db")
    return MemoryManager(MemorySettings(storage_dir=str(folder)), db=db, clock=stores.clock)


@MANY
@given(
    agents=st.dictionaries(
        st.text(st.characters(categories=["L", "Nd", "P"]), min_size=1, max_size=30).filter(str.isprintable),
        st.lists(
            st.dictionaries(
                st.sampled_from(["input", "status", "timestamp", "record_id", "workflow_id", "agent_id", "नोट"]),
                anything,
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_records_are_the_same_after_a_move(
    stores: Stores, manager: MemoryManager, tmp_path: Path, agents: dict[str, list[dict[str, Any]]]
) -> None:
    stores.db.run("DELETE FROM execution_records")
    for agent, records in agents.items():
        for record in records:
            manager.save_execution_record(agent, record)
            with create_session("w1", manager) as session:
                session.save_execution_record(agent, record)
    n = next(numbers)
    first, second = tmp_path / f"first{n}", tmp_path / f"second{n}"
    write(first, trail(manager))
    other = empty(tmp_path, stores)
    assert read(first, trail(other)) == read(first, trail(other)) == []
    write(second, trail(other))
    assert files(first) == files(second)
    other.db.close()


def test_a_bad_line_of_the_trail_is_named_and_the_rest_taken(manager: MemoryManager, tmp_path: Path) -> None:
    good = {"record_id": "r1", "agent_id": "seller", "timestamp": "2026-01-01T00:00:00Z", "status": "success"}
    torn = [json.dumps(good), '{"record_id": "r2"', json.dumps({**good, "agent_id": ""}), '"text"', "", '{"n": NaN}']
    put(tmp_path, "execution_records/seller.jsonl", "\n".join([*torn, json.dumps({**good, "record_id": "r9"})]))
    faults = read(tmp_path, trail(manager))
    assert [fault.place for fault in faults] == ["line 2", "line 3: agent_id", "line 4", "line 6"]
    records = manager.get_execution_records("seller")
    assert [record["record_id"] for record in records] == ["r1", "r9"]
    assert records[0]["status"] == "success"


def test_the_managers_own_export_is_the_same_file(manager: MemoryManager, tmp_path: Path) -> None:
    manager.save_execution_record("strategy_agent", {"status": "success"})
    write(tmp_path / "out", trail(manager))
    own = manager.export_execution_records("strategy_agent")
    assert own.read_bytes() == (tmp_path / "out" / "execution_records" / "strategy_agent.jsonl").read_bytes()


def test_an_agent_with_a_very_long_name_has_a_file(manager: MemoryManager) -> None:
    names: list[Callable[[], str]] = [lambda: "न" * 200, lambda: "न" * 199]
    made = []
    for name in names:
        manager.save_execution_record(name(), {"status": "success"})
        made.append(manager.export_execution_records(name()))
    assert len(set(made)) == 2
    with pytest.raises(NotStorable):
        manager.save_execution_record("न" * 201, {})
