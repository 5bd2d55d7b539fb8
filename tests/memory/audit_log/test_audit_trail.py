"""The audit log: a chain that shows what was changed, dropped or cut, and whose rows nobody can change."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from memory.audit_log.audit_trail import AuditTrail
from memory.security.secret_keys import SecretKeys
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.database import Database
from tests.memory.stores import BRAND, Stores

OLD, NEW = "the old secret has at least 32 characters", "the new secret has at least 32 characters"
KEYS = SecretKeys((OLD,))


def trail(stores: Stores) -> AuditTrail:
    return AuditTrail(stores.db, stores.clock)


def read(person: int | None = None, **more: str) -> AuditEvent:
    return AuditEvent("token:analyst-1", Door.API, "GET /conversation", **{"brand": BRAND, **more}, person=person)


def test_entries_are_found_by_person_actor_time_door_and_action(stores: Stores) -> None:
    log = trail(stores)
    log.append(read(7))
    stores.clock.pass_by(hours=1)
    noon = stores.clock()
    log.append(AuditEvent("contact:3", Door.CHAT, "paid", BRAND, "staff", 8, "KQXT-MBPR"))
    log.append(AuditEvent("ad agent", Door.PROGRAM, "set_budget", "other", subject="act_1 campaign 5"))
    assert [entry.id for entry in log.search()] == [3, 2, 1]
    for asked, found in (
        ({"person": 7}, [1]), ({"actor": "contact:3"}, [2]), ({"door": "program"}, [3]), ({"action": "paid"}, [2]),
        ({"brand": BRAND}, [2, 1]), ({"since": noon}, [3, 2]), ({"until": noon}, [1]), ({"before": 3, "limit": 1}, [2]),
    ):  # fmt: skip
        assert [entry.id for entry in log.search(**asked)] == found
    assert log.verify(KEYS).faults == ()


def test_an_undone_transaction_leaves_no_entry_and_no_gap(stores: Stores) -> None:
    log = trail(stores)
    log.append(read(1))
    with pytest.raises(ZeroDivisionError), stores.db.transaction():
        log.append(read(2))
        raise ZeroDivisionError
    log.append(read(3))
    assert [(entry.id, entry.person) for entry in log.search()] == [(2, 3), (1, 1)]
    assert log.verify(KEYS).faults == ()


def test_several_writers_make_one_chain(stores: Stores) -> None:
    log = trail(stores)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(log.append, [read(n) for n in range(40)]))
    verified = log.verify(KEYS)
    assert (verified.entries, verified.faults) == (40, ())
    assert {entry.person for entry in log.search(limit=100)} == {*range(40)}


@pytest.mark.parametrize("table", ["audit_entries", "audit_checkpoints"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete(stores: Stores, table: str, statement: str) -> None:
    log = trail(stores)
    log.append(read(1))
    log.checkpoint(KEYS)
    with pytest.raises(Exception, match="append-only"):
        stores.db.run(statement.format(table))
    assert log.verify(KEYS).entries == 1


# What somebody with the whole file can do, after dropping the triggers.
FORGERIES = {
    "changed": ("UPDATE audit_entries SET actor = 'nobody' WHERE id = 2", "entry 2: was changed"),
    "removed": ("DELETE FROM audit_entries WHERE id = 2", "entries 2 to 2: are missing"),
    "the last": ("DELETE FROM audit_entries WHERE id = 3", "entries to 3: are missing, they were signed"),
    "all": ("DELETE FROM audit_entries", "entries to 3: are missing, they were signed"),
    "replaced": ("INSERT OR REPLACE INTO audit_entries SELECT id, at, brand, 'x', role, door, action, person, subject,"
                 " outcome, previous, hash FROM audit_entries WHERE id = 3", "entry 3: was changed"),
    "checkpoint": ("UPDATE audit_checkpoints SET entry_id = 2", "checkpoint 1: was changed"),
    "cut": ("UPDATE audit_checkpoints SET cut = 1", "checkpoint 1: was changed"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "fault"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_found(tmp_path: Path, statement: str, fault: str) -> None:
    stores = Stores(tmp_path / "h.db")
    log = trail(stores)
    for n in range(3):
        log.append(read(n))
    log.checkpoint(KEYS)
    with sqlite3.connect(tmp_path / "h.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    assert fault in " ".join(log.verify(KEYS).faults)


def test_insert_or_replace_is_refused(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    trail(stores).append(read(1))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), sqlite3.connect(tmp_path / "h.db") as connection:
        connection.execute("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries")


def test_old_entries_are_cut_at_a_signed_checkpoint(stores: Stores) -> None:
    log = trail(stores)
    for n in range(5):
        log.append(read(n))
        stores.clock.pass_by(days=1)
    log.checkpoint(KEYS)
    before = stores.clock() - timedelta(days=2)
    assert log.cut(KEYS, before, "command line") == 3
    assert log.cut(KEYS, before) == 0
    assert [(entry.id, entry.action) for entry in log.search()] == [
        (6, "audit cut"), (5, "GET /conversation"), (4, "GET /conversation"),
    ]  # fmt: skip
    assert log.verify(KEYS).faults == ()
    stores.clock.pass_by(days=9)
    assert log.cut(KEYS, stores.clock()) == 3
    assert (log.verify(KEYS).entries, log.verify(KEYS).faults) == (1, ())


def test_checkpoints_verify_while_their_secret_is_set(stores: Stores) -> None:
    log = trail(stores)
    log.append(read(1))
    log.checkpoint(KEYS)
    assert log.verify(SecretKeys((NEW, OLD))).faults == ()
    assert "SECRET_KEY" in log.verify(SecretKeys((NEW,))).faults[0]


def test_actors_are_contacts_and_never_numbers(stores: Stores) -> None:
    stores.hear("hello", phone="+919876543210")
    contact = stores.contacts.find(BRAND, "+919876543210")
    assert trail(stores).actor_of(BRAND, "+91 98765 43210") == f"contact:{contact.id}"
    assert trail(stores).actor_of(BRAND, "+14155550199") == "contact:unknown"
    assert trail(stores).actor_of(BRAND, "ad agent") == "ad agent"


def test_the_chain_goes_on_in_a_copy_of_the_file(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    trail(stores).append(read(1))
    stores.db.scrub(())
    (tmp_path / "copy.db").write_bytes((tmp_path / "h.db").read_bytes())
    copied = AuditTrail(Database(tmp_path / "copy.db"), stores.clock)
    copied.append(read(2))
    assert copied.verify(KEYS).entries == 2
    assert copied.verify(KEYS).faults == ()
