from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.conversations.attachments import Attachments
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.turns import MessageReading, Outcome
from memory.people.address import Address, Referral
from memory.people.contacts import canonical_phone, read_address
from memory.storage.errors import NotAnAddress, UnknownContact
from tests.memory.stores import BRAND, SHOP, Stores, as_is, said


@pytest.mark.parametrize(
    ("spelling", "number"),
    [
        ("+14155550101", "+14155550101"),
        ("whatsapp:+14155550101", "+14155550101"),
        ("+1 (415) 555-0101", "+14155550101"),
        ("0014155550101", "+14155550101"),
        ("919876543210", "+919876543210"),
        ("+5215512345678", "+525512345678"),
        ("+525512345678", "+525512345678"),
        ("+5491112345678", "+541112345678"),
        ("+551187654321", "+5511987654321"),
        ("+5511987654321", "+5511987654321"),
        ("+551133334444", "+551133334444"),  # a landline in São Paulo gets no ninth digit
    ],
)
def test_spellings_of_one_number_are_one(spelling: str, number: str) -> None:
    assert canonical_phone(spelling) == number


@given(st.from_regex(r"\+?[0-9 ()\-]{0,20}", fullmatch=True))
def test_canonical_is_stable(text: str) -> None:
    try:
        number = canonical_phone(text)
    except NotAnAddress:
        return
    assert canonical_phone(number) == number


@pytest.mark.parametrize(
    "nonsense", ["", "hello", "+", "12", "+999999999999999999", "+1", "whatsapp:", "'; DROP TABLE"]
)
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(NotAnAddress):
        read_address(nonsense)


def test_a_person_without_a_phone_has_an_id(stores: Stores) -> None:
    contact_id = stores.contacts.resolve(BRAND, Address(raw="whatsapp:IN.AbC123", user_id="IN.AbC123"), SHOP)
    assert stores.contacts.find(BRAND, "IN.AbC123").id == contact_id


def test_variants_of_a_number_are_one_contact_and_the_raw_address_is_kept(stores: Stores) -> None:
    stores.hear("hola", phone="+5215512345678")
    contact = stores.contacts.find(BRAND, "+52 55 1234 5678")
    assert contact.address == "whatsapp:+5215512345678"


def test_two_contacts_that_turn_out_to_be_one_are_joined(stores: Stores) -> None:
    by_id = Address(raw="whatsapp:IN.AbC123", user_id="IN.AbC123")
    first = stores.contacts.resolve(BRAND, by_id, SHOP)
    stores.hear("by phone")
    both = Address(raw="whatsapp:+919876543210", phone="+919876543210", user_id="IN.AbC123")
    joined = stores.contacts.resolve(BRAND, both, SHOP)
    assert joined == stores.contacts.find(BRAND, "IN.AbC123").id == stores.contacts.find(BRAND, "+919876543210").id
    assert joined != first
    with pytest.raises(UnknownContact):
        stores.contacts.get(first)


def test_one_brand_never_sees_anothers_people(stores: Stores) -> None:
    stores.hear("hello")
    with pytest.raises(UnknownContact):
        stores.contacts.find("another", "+919876543210")


def test_first_touch_stays_and_last_touch_moves(stores: Stores) -> None:
    stores.hear("hello")
    contact = stores.contacts.find(BRAND, "+919876543210")
    for ad in ("120001", "120002"):
        stores.contacts.touch(contact.id, BRAND, 1, Referral(ad, "ad", "clid-" + ad, "Sale", "Now", None, {}))
    touches = stores.contacts.touches(contact.id)
    contact = stores.contacts.get(contact.id)
    assert [touch["source_id"] for touch in touches] == ["120001", "120002"]
    assert (contact.first_touch_id, contact.last_touch_id) == (touches[0]["id"], touches[1]["id"])


def test_an_erased_person_is_gone_and_no_late_delivery_brings_them_back(stores: Stores) -> None:
    message_id = stores.hear("my secret is kumquat", sid="SMlate")
    contact_id = stores.messages.get(message_id).contact_id
    assert stores.turns.claim("w", 1) == []
    stores.clock.pass_by(seconds=2)
    [lease] = stores.turns.claim("w", 1)
    waiting = stores.turns.waiting(contact_id)
    stores.turns.finish(
        lease, waiting, Outcome([Outgoing("noted")], readings={message_id: MessageReading("other")}), split=as_is
    )
    reply = stores.messages.history(contact_id)[-1]
    stores.contacts.erase(contact_id)
    assert stores.messages.take_in(BRAND, said("my secret is kumquat", sid="SMlate")) is None
    assert not stores.messages.note_status(reply.id, "delivered", provider_id="SMreply", error_code=None)
    for table in ("contacts", "identities", "messages", "turns", "sessions", "statuses"):
        assert stores.db.value(f"SELECT count(*) FROM {table}") == 0, table
    assert stores.db.value("SELECT n FROM tallies WHERE name = 'contacts'") == 0


def test_an_erased_person_leaves_no_byte_in_the_file(file_stores: Stores) -> None:
    stores, path = file_stores, Path(file_stores.url)
    message_id = stores.hear("my secret is kumquat")
    stores.contacts.erase(stores.messages.get(message_id).contact_id)
    stores.db.run("PRAGMA user_version = 1")
    with stores.db.transaction():
        pass
    stores.db.value("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"kumquat" not in path.read_bytes()
    assert b"9876543210" not in path.read_bytes()


def test_a_late_callback_for_somebody_erased_does_not_reach_somebody_new(stores: Stores) -> None:
    stores.hear("hi")
    gone = stores.contacts.find(BRAND, "+919876543210")
    farewell = stores.messages.put_out(gone.id, Outgoing("Everything is erased."))
    number = Handovers(stores.db, stores.clock).open(gone, "asked")
    stores.contacts.erase(gone.id)
    stores.hear("hello", phone="+14155550101")
    new = stores.contacts.find(BRAND, "+14155550101")
    reply = stores.messages.put_out(new.id, Outgoing("Your order is placed."))
    assert not stores.messages.note_status(farewell, "delivered", provider_id="SMfarewell", error_code=None)
    assert stores.messages.get(reply).state == "ready", "it would never be sent"
    assert Handovers(stores.db, stores.clock).open(new, "asked") != number, "staff would answer the wrong person"
    assert new.id != gone.id


def test_a_picture_that_arrives_after_its_person_was_erased_is_not_kept(stores: Stores) -> None:
    message = stores.messages.get(stores.hear("look"))
    stores.contacts.erase(message.contact_id)
    with pytest.raises(UnknownContact):
        Attachments(stores.db, stores.clock).keep(message, "image/png", b"a face", None)
    assert stores.db.value("SELECT count(*) FROM media") == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+22501123456", "+2250101123456"),
        ("+22540123456", "+2250140123456"),
        ("+22505123456", "+2250505123456"),
        ("+22584123456", "+2250584123456"),
        ("+22507123456", "+2250707123456"),
        ("+22598123456", "+2250798123456"),
        ("+22521812345", "+2252121812345"),
        ("+22520012345", "+2252520012345"),
        ("+22522412345", "+2252722412345"),
        ("+225 07 12 34 56", "+225 07 07 12 34 56"),
    ],
)
def test_ivory_coasts_old_and_new_number_are_one_person(stores: Stores, old: str, new: str) -> None:
    stores.hear("hi", phone=old.replace(" ", ""))
    contact = stores.contacts.find(BRAND, new)
    assert contact == stores.contacts.find(BRAND, old)
    assert contact.phone == old.replace(" ", "")
    stores.hear("hi", phone=new.replace(" ", ""))
    assert stores.contacts.find(BRAND, old).id == contact.id


@pytest.mark.parametrize("odd", ["+225071234", "+22507", "+999123456789", "+12345", "+1415555010199999"])
@pytest.mark.parametrize("user_id", [None, "CI.AbCdEf123456"])
def test_a_number_that_no_plan_knows_is_an_identity(stores: Stores, odd: str, user_id: str | None) -> None:
    for _ in range(2):
        contact_id = stores.contacts.resolve(BRAND, Address(f"whatsapp:{odd}", odd, user_id), SHOP)
    found = stores.contacts.find(BRAND, odd)
    assert (found.id, found.address) == (contact_id, f"whatsapp:{odd}")
    assert stores.contacts.find(BRAND, f"whatsapp:{odd}").id == contact_id
    assert stores.db.value("SELECT count(*) FROM contacts") == 1
    with pytest.raises(NotAnAddress):
        stores.contacts.find(BRAND, odd[:-1])  # nobody wrote from there
