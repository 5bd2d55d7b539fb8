"""Erased people stay erased: through new secrets, imports, restores, copies, and on a machine with receipts only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from memory.ads.learnings.strategy import Strategy
from memory.conversations.backfill import Past
from memory.security.secret_keys import SecretKeys
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from memory.upkeep.conversation_json import Dossiers
from memory.upkeep.database_copy import copy_all
from memory.upkeep.erasure import Erasure, erased_of
from memory.upkeep.erasure_register import ErasureRegister, Identity, read_list, write_list
from memory.upkeep.import_export import ConversationFiles, ExportPart, OneFile, RecordFiles, read, write
from tests.memory.stores import BRAND, SHOP, Stores
from tests.released import SECRET as SECRET_OF_0_2_0
from tests.released import plain

PHONE, OTHER = "+919876543210", "+14155550101"
OLD, NEW, NEWEST = (f"the {word} secret, with at least 32 characters" for word in ("old", "new", "newest"))
ERASED_BY_0_2_0 = "+447700900123"


def erasure(stores: Stores, *secrets: str) -> Erasure:
    """As at the start of the program."""
    made = Erasure(stores.db, stores.clock, SecretKeys(secrets))
    made.register.keep_keys()
    return made


def parts(stores: Stores, *secrets: str) -> list[ExportPart]:
    register = erasure(stores, *secrets).register
    return [
        ConversationFiles(Dossiers(stores.db, stores.clock, brand=BRAND, our_number=SHOP), register),
        OneFile("strategic_memory.json", BRAND, Strategy(stores.db, stores.clock), register),
        RecordFiles(stores.db, Past(stores.db, stores.sessions, stores.clock), [BRAND], register),
    ]


def contact_of(stores: Stores, phone: str = PHONE) -> int:
    return stores.contacts.find(BRAND, phone).id


def people(stores: Stores) -> set[str]:
    return {row["value"] for row in stores.db.all("SELECT value FROM identities WHERE kind = 'phone'")}


def talk(stores: Stores) -> None:
    stores.hear("my word is kumquat", phone=PHONE)
    stores.hear("mine is pear", phone=OTHER)
    stores.clock.pass_by(hours=1)


ROTATIONS: dict[str, list[tuple[str, ...]]] = {
    "one": [(OLD,)],
    "step by step": [(NEW, OLD), (NEW,)],
    "at once": [(NEW,)],
    "twice": [(NEW, OLD), (NEW,), (NEWEST, NEW), (NEWEST,)],
}


@pytest.mark.parametrize("rotation", ROTATIONS.values(), ids=ROTATIONS)
def test_an_old_export_does_not_bring_them_back(tmp_path: Path, rotation: list[tuple[str, ...]]) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    agents_record = (
        "INSERT INTO execution_records (record_id, agent_id, workflow_id, at, record) VALUES (:id, 'a', :w, :at, :r)"
    )
    for name, case, text in (
        ("r1", f"contact:{contact_of(stores)}", "{}"),
        ("r2", "", '{"of": "+91 98765 43210"}'),
        ("r3", "", '{"of": "+14155550101"}'),
    ):
        stores.db.run(agents_record, id=name, w=case, at="2026-11-21T12:00:00.000000Z", r=text)
    write(tmp_path / "export", parts(stores, OLD))
    erasure(stores, OLD).erase(contact_of(stores))
    stores.db.run("DELETE FROM execution_records")
    for secrets in rotation:
        erasure(stores, *secrets)
    faults = read(tmp_path / "export", parts(stores, *rotation[-1]))
    assert people(stores) == {OTHER}
    assert {row["record_id"] for row in stores.db.all("SELECT record_id FROM execution_records")} == {"r3"}
    assert len(faults) == 3
    assert all("erased" in fault.what and PHONE not in fault.what for fault in faults)


def test_who_came_back_is_imported_without_what_was_before(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    write(tmp_path / "before", parts(stores, OLD))
    erasure(stores, OLD).erase(contact_of(stores))
    stores.clock.pass_by(days=1)
    later = stores.clock()
    stores.hear("hello, I am new", phone=PHONE, sid="SMnew")
    assert stores.contacts.find(BRAND, PHONE).first_seen_at == later
    write(tmp_path / "after", parts(stores, OLD))
    fresh = Stores(tmp_path / "fresh.db", stores.clock)
    erasure(fresh, OLD).register.take_in(erasure(stores, OLD).register.whole())
    assert read(tmp_path / "after", parts(fresh, OLD)) == []
    assert people(fresh) == {PHONE, OTHER}
    assert len(read(tmp_path / "before", parts(fresh, OLD))) == 1
    assert [message.content for message in fresh.messages.history(contact_of(fresh))] == ["hello, I am new"]


def test_texts_of_an_import_lose_their_number(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    erasure(stores, OLD).erase(contact_of(stores))
    seen: list[Any] = []

    class Kept:
        def exported(self, brand: str) -> dict[str, Any]:
            return {}

        def take_in(self, brand: str, memory: Any, /) -> list[str]:
            seen.append(memory)
            return []

    file = tmp_path / "x.json"
    file.write_text('{"note": "98765 43210? no: +91 98765 43210", "other": "+14155550101"}')
    read(tmp_path, [OneFile("x.json", BRAND, Kept(), erasure(stores, OLD).register)])
    assert seen == [{"note": "[erased]? no: [erased]", "other": "+14155550101"}]


def lost(stores: Stores) -> Stores:
    """A new machine."""
    return Stores(Path(stores.url).with_name("new.db"), stores.clock)


@pytest.mark.parametrize("secrets", [(OLD,), (NEW, OLD)])
def test_receipts_are_enough_on_a_new_machine(tmp_path: Path, secrets: tuple[str, ...]) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    write(tmp_path / "export", parts(stores, OLD))
    receipt = erasure(stores, OLD).erase(contact_of(stores))
    new = lost(stores)
    read(tmp_path / "export", parts(new, *secrets))
    assert people(new) == {PHONE, OTHER}
    assert erasure(new, *secrets).erase_again(erased_of([receipt], SecretKeys(secrets))) == 1
    assert people(new) == {OTHER}
    assert len(read(tmp_path / "export", parts(new, *secrets))) == 1
    assert people(new) == {OTHER}


def test_the_list_beside_the_backups_holds_no_key_in_the_clear(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    erasure(stores, OLD).erase(contact_of(stores))
    [key] = [row["key"] for row in stores.db.all("SELECT key FROM register_keys")]
    write_list(erasure(stores, OLD).register.whole(), tmp_path / "erased.txt", SecretKeys((OLD,)))
    assert key not in (tmp_path / "erased.txt").read_text()
    new = lost(stores)
    new.hear("back from a backup", phone=PHONE)
    new.db.run("UPDATE contacts SET first_seen_at = '2026-01-01T00:00:00.000000Z'")
    assert erasure(new, NEW, OLD).erase_again(read_list(tmp_path / "erased.txt", SecretKeys((NEW, OLD)))) == 1


def test_a_copy_of_the_database_knows_them(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    talk(stores)
    write(tmp_path / "export", parts(stores, OLD))
    erasure(stores, OLD).erase(contact_of(stores))
    target = Database(tmp_path / "copy.db")
    copy_all(stores.db, target)
    copied = Stores(tmp_path / "copy.db", stores.clock)
    read(tmp_path / "export", parts(copied, NEW))
    assert people(copied) == {OTHER}


def of_0_2_0(folder: Path) -> Database:
    shutil.copy(plain("0.2.0"), folder / "old.db")
    db = Database(folder / "old.db")
    db.migrate(STEPS)
    return db


UPGRADES: dict[str, list[tuple[str, ...]]] = {
    "with its secret": [(SECRET_OF_0_2_0,)],
    "then rotated": [(SECRET_OF_0_2_0,), (NEW, SECRET_OF_0_2_0), (NEW,)],
    "while it is rotated": [(NEW, SECRET_OF_0_2_0), (NEW,), (NEWEST, NEW), (NEWEST,)],
    "with another, which is mended": [(NEW,), (NEW, SECRET_OF_0_2_0), (NEW,)],
}


@pytest.mark.parametrize("starts", UPGRADES.values(), ids=UPGRADES)
def test_whom_0_2_0_erased_stays_erased(tmp_path: Path, starts: list[tuple[str, ...]]) -> None:
    db = of_0_2_0(tmp_path)
    for secrets in starts:
        ErasureRegister(db, SecretKeys(secrets)).keep_keys()
    register = ErasureRegister(db, SecretKeys(starts[-1]))
    assert register.erased_at([Identity("voyage", "phone", ERASED_BY_0_2_0)]) == "2026-11-21T09:03:24.000000Z"
    assert register.erased_at([Identity("voyage", "phone", PHONE)]) is None
    stored = str(db.all("SELECT * FROM register_keys"))
    assert not any(each in stored or each.encode().hex() in stored for secrets in starts for each in secrets)


def test_a_start_without_a_rotation_writes_nothing(tmp_path: Path) -> None:
    db = of_0_2_0(tmp_path)
    register = ErasureRegister(db, SecretKeys((SECRET_OF_0_2_0,)))
    register.keep_keys()
    before = db.all("SELECT * FROM register_keys")
    register.keep_keys()
    assert db.all("SELECT * FROM register_keys") == before
