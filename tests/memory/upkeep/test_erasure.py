"""A person who is erased is in no layer, no file and no backup, and has a receipt."""

from __future__ import annotations

import copy
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.language.money import Money
from memory import MemoryManager, MemorySettings, create_session
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.attachments import Attachments
from memory.conversations.channel_messages import Outgoing
from memory.people.contacts import KEPT_WITH_OPT_OUT, OWNED
from memory.people.facts import Facts
from memory.recall.search import Search
from memory.security.secret_keys import SecretKeys
from memory.shop.orders import Orders, Quote
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.errors import UnknownContact
from memory.storage.table import DECIMAL, ISO_DATE, TIMESTAMP, Table
from memory.storage.timestamps import to_text
from memory.upkeep.backup import back_up, erase_in_backups, restore, rotate
from memory.upkeep.erasure import (
    Erasure,
    ReceiptRefused,
    carry_over,
    erase_in_copy,
    verify,
)
from memory.upkeep.erasure_register import read_list, write_list
from memory.upkeep.personal_data import AGENT_TEXTS, COLUMNS, ROWS, Reach
from memory.upkeep.schema import TABLES
from tests.memory.stores import BRAND, Stores, said

KEYS = SecretKeys(("a secret of at least thirty-two characters",))
PHONE, OTHER, STAFF = "+919876543210", "+14155550101", "+919876500001"
TRACES = (b"kumquat", b"9876543210", b"Xantippe", b"98765 43210")


def eraser(stores: Stores, **more: Any) -> Erasure:
    return Erasure(stores.db, stores.clock, KEYS, **more)


def live(stores: Stores) -> int:
    """Somebody with words, a fact, a picture, an order, and a notice about them; their contact's id."""
    message = stores.messages.get(stores.hear("my secret is kumquat", phone=PHONE))
    contact = stores.contacts.get(message.contact_id)
    Facts(stores.db, stores.clock).learn(contact, "name", "Xantippe", message.id)
    Attachments(stores.db, stores.clock).keep(message, "image/png", b"a kumquat, pictured", None)
    orders = Orders(stores.db, stores.clock)
    quote = Quote("KES-1", "Kestrel", 1, Money(Decimal("999"), "EUR"), "to Xantippe, 1 Kumquat Lane", stores.clock())
    orders.place(contact, quote, orders.new_number(), "https://pay.example/kumquat")
    stores.hear("who waits?", phone=OTHER)
    staff = stores.contacts.find(BRAND, OTHER)
    stores.messages.put_out(staff.id, Outgoing("Xantippe waits, she said kumquat", about=(contact.id,)))
    Search(stores.db).catch_up_fully()
    return contact.id


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def left(folder: Path) -> list[bytes]:
    return [trace for trace in TRACES if trace in bytes_of(folder)]


def test_no_byte_of_the_person_stays_in_file_or_log(file_stores: Stores, tmp_path: Path) -> None:
    contact_id = live(file_stores)
    assert left(tmp_path) == [*TRACES[:3]]
    assert (tmp_path / "hawker.db-wal").stat().st_size > 0
    eraser(file_stores).erase(contact_id)
    assert left(tmp_path) == []
    assert file_stores.hear("the program goes on", phone=OTHER)


def test_a_reader_in_the_way_only_puts_it_off(file_stores: Stores, tmp_path: Path) -> None:
    contact_id = live(file_stores)
    reader = sqlite3.connect(file_stores.url, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM messages").fetchone()
    erasure = eraser(file_stores)
    erasure.erase(contact_id)
    assert left(tmp_path) != []
    assert not erasure.scrub()
    reader.execute("COMMIT")
    assert erasure.scrub()
    assert left(tmp_path) == []
    reader.close()


def test_every_column_says_how_erasure_reaches_it() -> None:
    text = ("TEXT", "BLOB")
    moments = (TIMESTAMP, ISO_DATE, DECIMAL)
    for table in TABLES:
        if table.name in ROWS:
            assert "contact_id" in table.columns or table.name == "contacts"
            continue
        may_hold = {
            column.name
            for column in table.columns.values()
            if column.name == "contact_id" or (column.type.sql in text and column.type not in moments)
        }
        answered = " ".join(COLUMNS.get(table.name, {}).values()).split()
        assert may_hold <= {*answered}, f"{table.name}: say in memory/upkeep/personal_data.py how erasure reaches these"
        assert {*answered} <= {*table.columns}, f"{table.name} has no such column"
        assert len(answered) == len({*answered}), f"{table.name} answers twice"
    assert {table.name for table in TABLES} >= {*COLUMNS} | ROWS
    assert {table.name for table in TABLES if "workflow_id" in table.columns} == {*AGENT_TEXTS}
    assert {*OWNED} > KEPT_WITH_OPT_OUT


def test_tables_are_erased_before_those_that_they_refer_to() -> None:
    """Erasure goes through OWNED in order, and a copy through TABLES."""
    names = [table.name for table in TABLES]
    for table in TABLES:
        for target in (column.references.split()[0] for column in table.columns.values() if column.references):
            assert names.index(target) < names.index(table.name)
            if table.name in OWNED and target in OWNED:
                assert OWNED.index(table.name) < OWNED.index(target)


def test_every_layer_is_counted_and_nothing_of_the_person_is_in_the_receipt(stores: Stores) -> None:
    stores.clock.pass_by(days=1)
    receipt = eraser(stores, backup_hours=24).erase(live(stores))
    removed = receipt["removed"]
    assert {layer for layer in removed if removed[layer]} == {
        "search_rows", "media", "facts", "mentions", "messages", "sessions", "identities", "contacts",
    }  # fmt: skip
    assert removed["messages"] == 1
    said = str(receipt)
    assert not any(trace.decode() in said for trace in TRACES)
    remains = {each["where"]: each for each in receipt["remains"]}
    assert remains["backups"]["until"] == to_text(stores.clock() + timedelta(days=1))
    assert remains["provider"]["count"] == 1
    assert remains["orders"]["count"] == 1
    [order] = Orders(stores.db, stores.clock).of_brand(BRAND)
    assert (order.contact_id, order.delivery, order.payment_link, order.total) == (
        None,
        "",
        None,
        Money(Decimal("999"), "EUR"),
    )
    assert eraser(stores).receipts(BRAND) == [receipt]
    [entry] = AuditTrail(stores.db, stores.clock).search()
    assert (entry.action, entry.subject) == ("erased", f"receipt {receipt['receipt']}")
    assert eraser(stores).receipts("another") == []


def test_what_staff_were_told_is_neither_read_nor_found(stores: Stores) -> None:
    contact_id = live(stores)
    staff = stores.contacts.find(BRAND, OTHER)
    assert len(Search(stores.db).recall(staff.id, "kumquat")) > 0
    eraser(stores).erase(contact_id)
    assert stores.messages.history(staff.id)[-1].content == "[erased]"
    terms = stores.db.all("SELECT message_id FROM search_rows WHERE contact_id = :id", id=staff.id)
    assert stores.messages.history(staff.id)[-1].id not in [row["message_id"] for row in terms]


@pytest.mark.parametrize("change", [("brand", "another"), ("erased_at", "2026-01-01T00:00:00.000000Z"), ("person", [])])
def test_a_receipt_that_was_changed_is_refused(stores: Stores, change: tuple[str, Any]) -> None:
    receipt = eraser(stores).erase(live(stores))
    verify(receipt, KEYS)
    changed = copy.deepcopy(receipt) | {change[0]: change[1]}
    with pytest.raises(ReceiptRefused, match="changed"):
        verify(changed, KEYS)
    with pytest.raises(ReceiptRefused):
        verify(receipt, SecretKeys(("another secret of thirty-two characters",)))
    nothings: list[dict[str, Any]] = [{}, {"signature": "x"}, {"signature": {}}]
    for nothing in nothings:
        with pytest.raises(ReceiptRefused):
            verify(nothing, KEYS)


@pytest.mark.parametrize("where", ["in the process", "redis"])
def test_what_agents_keep_of_a_person_goes_and_of_others_stays(
    stores: Stores, where: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis").url if where == "redis" else ""
    manager = MemoryManager(MemorySettings(given_redis_url=url, auto_cleanup=False), db=stores.db, clock=stores.clock)
    contact_id = live(stores)
    for phone, word in ((PHONE, "kumquat"), (OTHER, "pear")):
        spaced = f"{phone[:3]} {phone[3:8]}-{phone[8:]}"
        for kind in ("long_term", "short_term"):
            manager.save("seller", f"likes {phone}", {"fruit": word}, kind)
            manager.save("seller", f"note {word}", {"who": spaced, "fruit": word}, kind)
        manager.save_execution_record("seller", {"input": f"call {spaced}", "output": word})
        with create_session(f"desk {word}", manager, {"phone": phone}) as session:
            session.add_conversation_message("seller", "user", f"I like {word}")
            session.save_agent_memory("seller", "fruit", word, "long_term")
    Erasure(stores.db, stores.clock, KEYS, short_term=manager.short_term).erase(contact_id)
    kept = str([stores.db.all(f"SELECT * FROM {table}") for table in AGENT_TEXTS])
    assert "kumquat" not in kept
    assert PHONE[3:8] not in kept
    assert (manager.get_stats()["long_term_entries"], manager.get_stats()["execution_records"]) == (3, 1)
    for kind in ("long_term", "short_term"):
        assert manager.retrieve("seller", f"likes {PHONE}", kind) is None
        assert manager.retrieve("seller", "note kumquat", kind) is None
        assert manager.retrieve("seller", f"likes {OTHER}", kind) == {"fruit": "pear"}
        assert manager.retrieve("seller", "note pear", kind) is not None


SHORT, LONGER = "+4412345678", "+44123456789"


def agents(stores: Stores) -> MemoryManager:
    return MemoryManager(MemorySettings(auto_cleanup=False), db=stores.db, clock=stores.clock)


@pytest.mark.parametrize(("erased", "kept"), [(SHORT, LONGER), (LONGER, SHORT)])
def test_a_number_within_another_is_another_persons(stores: Stores, erased: str, kept: str) -> None:
    manager = agents(stores)
    for phone in (erased, kept):
        stores.hear("hello", phone=phone)
        manager.save("seller", f"customer {phone}", {"of": phone}, "long_term")
        manager.save("seller", f"customer {phone}", {"of": phone}, "short_term")
        manager.save_execution_record("seller", {"input": f"{phone[:3]} {phone[3:7]} {phone[7:]}"})
        with create_session(f"desk {phone}", manager, {"phone": phone}) as session:
            session.add_conversation_message("seller", "user", "hello")
    before = {table: stores.db.all(f"SELECT * FROM {table}") for table in AGENT_TEXTS}
    Erasure(stores.db, stores.clock, KEYS, short_term=manager.short_term).erase(stores.contacts.find(BRAND, erased).id)
    for table, rows in before.items():
        assert len(stores.db.all(f"SELECT * FROM {table}")) == len(rows) / 2
    for kind in ("long_term", "short_term"):
        assert manager.retrieve("seller", f"customer {kept}", kind) == {"of": kept}
        assert manager.retrieve("seller", f"customer {erased}", kind) is None
    assert [each["input"] for each in manager.get_execution_records("seller")] == [f"{kept[:3]} {kept[3:7]} {kept[7:]}"]


def test_what_is_about_two_people_loses_one(stores: Stores) -> None:
    manager, contact_id = agents(stores), live(stores)
    other = stores.contacts.find(BRAND, OTHER)
    manager.record_within(f"contact:{other.id}", "seller", {"input": f"Xantippe ({PHONE}) sent me", "and": "Xantippes"})
    manager.save("seller", "family", {"members": [PHONE, OTHER], "note": "pear"}, "long_term")
    with create_session("both", manager, {"people": f"{PHONE} and {OTHER}"}) as session:
        session.add_conversation_message("seller", "user", "a pear")
    manager.record_within(f"contact:{contact_id}", "seller", {"input": "kumquat"})
    manager.save_within(f"contact:{contact_id}", "seller", "fruit", "kumquat", "long_term")
    eraser(stores).erase(contact_id)
    assert [each["input"] for each in manager.get_execution_records("seller")] == ["[erased] ([erased]) sent me"]
    assert manager.get_execution_records("seller")[0]["and"] == "Xantippes", "a name within a word is a word"
    assert manager.retrieve("seller", "family", "long_term") == {"members": ["[erased]", OTHER], "note": "pear"}
    assert stores.db.value("SELECT count(*) FROM workflow_messages") == 1
    assert "kumquat" not in str([stores.db.all(f"SELECT * FROM {table}") for table in AGENT_TEXTS])


def test_another_brand_goes_on_knowing_its_own_customer(stores: Stores) -> None:
    manager, contact_id = agents(stores), live(stores)
    stores.messages.take_in("other", said("hello", phone=PHONE, sid="SMother"))
    there = stores.contacts.find("other", PHONE)
    manager.record_within(f"contact:{there.id}", "seller", {"input": f"{PHONE} asked for pears"})
    eraser(stores).erase(contact_id)
    assert manager.get_execution_records("seller")[0]["input"] == f"{PHONE} asked for pears"
    assert stores.contacts.find("other", PHONE)


def row_about(table: Table, text: str) -> dict[str, Any]:
    """A row whose free texts are this; the rest is whatever the columns take."""
    row: dict[str, Any] = {"id": 1} if "id" in table.columns else {}
    for column in table.columns.values():
        if column.name in COLUMNS[table.name][Reach.FREE_TEXT].split():
            row[column.name] = text if column.type.dump is None else column.type.dump([text])
        elif not column.null and column.name not in row:
            row[column.name] = {"INTEGER": 1, "REAL": 1.0, "BLOB": b"", "TEXT": BRAND}[column.type.sql.split()[0]]
    return row


def test_free_text_that_names_the_person_does_so_no_more(stores: Stores) -> None:
    contact_id = live(stores)
    tables = [table for table in TABLES if Reach.FREE_TEXT in COLUMNS.get(table.name, {})]
    for table in tables:
        row = row_about(table, f"about {PHONE}")
        stores.db.run(table.insert(row), **row)
    eraser(stores).erase(contact_id)
    for table in tables:
        left = str(stores.db.all(f"SELECT * FROM {table.name}"))
        assert "9876543210" not in left, table.name
        assert ("about [erased]" in left) == (table.name not in AGENT_TEXTS), table.name


def test_what_staff_wrote_with_the_number_is_emptied(stores: Stores) -> None:
    contact_id = live(stores)
    stores.hear(f"reply {PHONE} your kumquats are here", phone=STAFF)
    stores.hear("orders", phone=STAFF)
    stores.hear(f"my friend is {PHONE}", phone=OTHER)
    stores.contacts.mark_staff(stores.contacts.find(BRAND, STAFF).id)
    eraser(stores).erase(contact_id)
    staff = stores.messages.history(stores.contacts.find(BRAND, STAFF).id)
    assert [each.content for each in staff] == ["[erased]", "orders"]
    other = stores.messages.history(stores.contacts.find(BRAND, OTHER).id)
    assert f"my friend is {PHONE}" in [each.content for each in other], "what customers write is theirs"


def test_a_member_of_staff_is_erased_from_what_they_did(stores: Stores) -> None:
    live(stores)
    [order] = Orders(stores.db, stores.clock).of_brand(BRAND)
    stores.hear("paid", phone=STAFF)
    Orders(stores.db, stores.clock).move(BRAND, order.number, "paid", STAFF)
    eraser(stores).erase(stores.contacts.find(BRAND, STAFF).id)
    steps = [row["by"] for row in stores.db.all("SELECT by FROM order_events ORDER BY id")]
    assert "[erased]" in steps
    assert STAFF not in steps


def test_a_backup_from_before_does_not_bring_the_erased_back(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    contact_id = live(stores)
    old = back_up(path, tmp_path / "old.db")
    receipt = eraser(stores).erase(contact_id)
    stores.db.close()

    def change(copied: Path) -> None:
        erase_in_copy(copied, None, carry_over(path, copied, None, KEYS), stores.clock, KEYS)

    restore(old, path, stores.clock(), change=change)
    again = Stores(path, stores.clock)
    with pytest.raises(UnknownContact):
        again.contacts.find(BRAND, PHONE)
    assert again.contacts.find(BRAND, OTHER)
    assert eraser(again).receipts(BRAND) == [receipt], "a receipt is not undone"
    assert again.contacts.still_at_provider() == ["SM" + "0" * 31 + "1"]
    again.db.close()
    old.unlink()
    assert left(tmp_path) == []


def test_the_audit_log_goes_on_after_a_restore(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    log = AuditTrail(stores.db, stores.clock)
    event = AuditEvent("command line", Door.COMMAND_LINE, "export", BRAND)
    log.append(event)
    old = back_up(path, tmp_path / "old.db")
    log.append(event)
    log.checkpoint(KEYS)
    stores.clock.pass_by(days=2)
    log.append(event)
    log.cut(KEYS, stores.clock() - timedelta(days=1))
    before = log.search()
    stores.db.close()

    def change(copied: Path) -> None:
        carry_over(path, copied, None, KEYS)

    restore(old, path, stores.clock(), change=change)
    again = AuditTrail(Stores(path, stores.clock).db, stores.clock)
    assert again.search() == before
    again.append(event)
    assert again.verify(KEYS).faults == ()


def test_the_receipt_names_the_copies_that_were_made(stores: Stores, tmp_path: Path) -> None:
    contact_id, folder = live(stores), tmp_path / "backups"
    folder.mkdir()
    for name in ("backups/hawker-20261120T030000Z.db", "h.db.before-20261119T030000Z", "backups/notes.txt"):
        (tmp_path / name).write_text("")
    log = AuditTrail(stores.db, stores.clock)
    for action, subject in (("export", "/srv/out"), ("backup", "/mnt/b.db"), ("export", "/srv/out"), ("memory", "x")):
        log.append(AuditEvent("command line", Door.COMMAND_LINE, action, BRAND, subject=subject))
    places = {"backup_hours": 24, "backup_folder": folder, "database": tmp_path / "h.db"}
    remains = {each["where"]: each for each in eraser(stores, **places).erase(contact_id)["remains"]}
    assert remains["backups"]["files"] == ["hawker-20261120T030000Z.db"]
    assert remains["replaced databases"]["files"] == ["h.db.before-20261119T030000Z"]
    assert remains["exports made"]["files"] == ["/srv/out"]
    assert remains["backups made by hand"]["files"] == ["/mnt/b.db"]


def test_the_list_beside_the_backups_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    stores = Stores(path)
    contact_id = live(stores)
    old = back_up(path, tmp_path / "old.db")
    eraser(stores).erase(contact_id)
    write_list(eraser(stores).register.whole(), tmp_path / "erased.txt", KEYS)
    assert PHONE[1:] not in (tmp_path / "erased.txt").read_text()
    assert erase_in_copy(old, None, read_list(tmp_path / "erased.txt", KEYS), stores.clock, KEYS) == 1
    assert Stores(old).messages.count(contact_id) == 0


def test_who_came_back_after_being_erased_stays(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "h.db")
    eraser(stores).erase(live(stores))
    stores.clock.pass_by(days=1)
    stores.hear("hello, I am new here", phone=PHONE, sid="SMnew")
    assert eraser(stores).erase_again() == 0
    assert stores.contacts.find(BRAND, PHONE)


def test_older_backups_are_made_anew_without_the_erased(tmp_path: Path) -> None:
    folder, path = tmp_path / "backups", tmp_path / "h.db"
    stores, now = Stores(path), datetime(2026, 11, 21, 3, tzinfo=UTC)
    contact_id = live(stores)
    for day in range(3):
        rotate(path, folder, now + timedelta(days=day))
    assert left(folder) != []
    eraser(stores).erase(contact_id)
    rotate(path, folder, now + timedelta(days=3))
    known = eraser(stores).register.whole()

    def erase(copied: Path) -> None:
        erase_in_copy(copied, None, known, stores.clock, KEYS)

    assert erase_in_backups(folder, known.erased, erase) == 3
    assert left(folder) == []
    assert len([*folder.iterdir()]) == 4
    assert erase_in_backups(folder, known.erased, erase) == 0, "each is made anew once"


def test_what_the_provider_refuses_keeps_nothing_else_there(stores: Stores) -> None:
    stores.db.run("INSERT INTO forgetting (provider_id) VALUES ('SMa')")
    for n in range(100):
        stores.db.run("INSERT INTO forgetting (provider_id) VALUES (:id)", id=f"SM{n:03d}")
    first = stores.contacts.still_at_provider()
    for provider_id in first:
        stores.contacts.refused_at_provider(provider_id)
    assert set(stores.contacts.still_at_provider(limit=1)) == {"SMa"} - set(first)


def test_nobody_is_kept_who_was_silent_for_long(stores: Stores) -> None:
    live(stores)
    stores.hear("STOP", phone="+5511987654321")
    stopped = stores.contacts.find(BRAND, "+5511987654321")
    stores.contacts.opt_out(stopped.id)
    stores.contacts.set_profile(stopped.id, name="Zyzzyva")
    stores.db.run("UPDATE messages SET state = 'handled'")
    stores.clock.pass_by(days=100)
    stores.hear("still here", phone=OTHER)
    moment = stores.clock() - timedelta(days=30)
    stores.sessions.forget_before(BRAND, moment)
    assert eraser(stores).forget_silent(BRAND, moment) == 2
    assert eraser(stores).forget_silent(BRAND, moment) == 0
    with pytest.raises(UnknownContact):
        stores.contacts.find(BRAND, PHONE)
    assert stores.contacts.find(BRAND, OTHER)
    stopped = stores.contacts.get(stopped.id)
    assert (stopped.name, stopped.opted_out_at is None) == (None, False)
    assert len(Orders(stores.db, stores.clock).of_brand(BRAND)) == 1


def test_who_waits_for_an_order_is_kept(stores: Stores) -> None:
    live(stores)
    orders = Orders(stores.db, stores.clock)
    [order] = orders.of_brand(BRAND)
    orders.move(BRAND, order.number, "paid", "staff")
    stores.db.run("UPDATE messages SET state = 'handled'")
    stores.clock.pass_by(days=100)
    stores.sessions.forget_before(BRAND, stores.clock())
    eraser(stores).forget_silent(BRAND, stores.clock())
    assert stores.contacts.find(BRAND, PHONE).name == "Xantippe"
    orders.move(BRAND, order.number, "delivered", "staff")
    assert eraser(stores).forget_silent(BRAND, stores.clock()) == 1


def test_who_writes_while_they_are_forgotten_is_not(stores: Stores) -> None:
    """Many silent people, one of whom writes while the others are forgotten: the message stays, and is answered."""
    for n in range(30):
        stores.hear("long ago", phone=f"+1415555{n:04d}")
    stores.db.run("UPDATE messages SET state = 'handled'")
    stores.clock.pass_by(days=100)
    moment = stores.clock()
    stores.sessions.forget_before(BRAND, moment)
    stores.clock.pass_by(seconds=1)

    def write() -> None:
        for n in range(29, -1, -1):
            stores.hear("hello again", phone=f"+1415555{n:04d}", sid=f"SMagain{n}")

    writer = threading.Thread(target=write)
    writer.start()
    eraser(stores).forget_silent(BRAND, moment)
    writer.join()
    assert stores.db.value("SELECT count(*) FROM messages WHERE content = 'hello again'") == 30
