"""The same phone with another WhatsApp user id: who is who, in every order of arrival."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from memory.conversations.channel_messages import Inbound, Outgoing
from memory.people.address import Address
from memory.people.contacts import Contact
from memory.security.secret_keys import SecretKeys
from memory.storage.errors import UnknownContact, UnknownNumberChange
from memory.upkeep.conversation_json import Dossiers, Notes
from memory.upkeep.erasure_register import ErasureRegister
from tests.memory.stores import BRAND, SHOP, Stores, said

PHONE = "+919876543210"
SIDS = count()
ANNA, BEN, CLEO = "IN.Anna1", "IN.Ben2", "IN.Cleo3"


def written(phone: str | None, user_id: str | None = None, parent_id: str | None = None) -> Address:
    return Address(f"whatsapp:{phone or user_id}", phone, user_id, parent_id)


def take(stores: Stores, text: str, sender: Address, name: str | None = None) -> Contact:
    """Who a message is stored for."""
    plain = said(text, sid=f"SM{next(SIDS):032d}")
    message_id = stores.messages.take_in(
        BRAND, Inbound(plain.provider_id, SHOP, sender, "text", text, plain.received_at, profile_name=name)
    )
    assert message_id is not None
    return stores.contacts.get(stores.messages.get(message_id).contact_id)


def words(stores: Stores, contact: Contact) -> list[str]:
    return [message.content for message in stores.messages.history(contact.id)]


def test_a_second_user_id_for_a_phone_is_a_new_person(stores: Stores) -> None:
    anna = take(stores, "I am Anna", written(PHONE, ANNA), "Anna")
    ben = take(stores, "hello", written(PHONE, BEN), "Anna")
    assert ben.id != anna.id
    assert words(stores, ben) == ["hello"]
    assert words(stores, stores.contacts.find(BRAND, ANNA)) == ["I am Anna"]
    assert stores.contacts.find(BRAND, PHONE).id == ben.id


@pytest.mark.parametrize(
    "spelling", ["whatsapp:+5215512345678", "whatsapp:+525512345678"], ids=["as before", "spelled otherwise"]
)
def test_a_recycled_number_is_found_in_every_spelling(stores: Stores, spelling: str) -> None:
    anna = take(stores, "hola", Address("whatsapp:+5215512345678", "+5215512345678", ANNA))
    phone = spelling.removeprefix("whatsapp:")
    ben = take(stores, "hola", Address(spelling, phone, BEN))
    alone = take(stores, "hola", Address(spelling, phone))
    assert anna.id != ben.id == alone.id


def test_what_is_said_to_the_former_owner_leaves_for_their_user_id(stores: Stores) -> None:
    anna = take(stores, "pay?", written(PHONE, ANNA))
    queued = stores.messages.put_out(anna.id, Outgoing("Pay at https://pay.example/1"))
    ben = take(stores, "hello", written(PHONE, BEN))
    assert stores.messages.outbox_row(queued).to == f"whatsapp:{ANNA}"
    late = take(stores, "a late one", written(PHONE, ANNA))
    assert (late.id, late.address) == (anna.id, f"whatsapp:{ANNA}")
    assert stores.contacts.get(ben.id).address == f"whatsapp:{PHONE}"


def test_the_phone_alone_means_who_has_it_now(stores: Stores) -> None:
    take(stores, "from the phone", written(PHONE))
    take(stores, "and an id", written(PHONE, ANNA))
    ben = take(stores, "hello", written(PHONE, BEN))
    take(stores, "late", written(PHONE, ANNA))
    assert take(stores, "phone only", written(PHONE)).id == ben.id


ORDERS = {
    "id first, phone later": [written(None, BEN), written(PHONE, ANNA), written(PHONE, BEN)],
    "phone, id, second id": [written(PHONE), written(PHONE, ANNA), written(PHONE, BEN)],
    "both known by id, phone learned twice": [
        written(None, ANNA), written(None, BEN), written(PHONE, ANNA), written(PHONE, BEN),
    ],
    "back and forth": [written(PHONE, ANNA), written(PHONE, BEN), written(PHONE, ANNA), written(PHONE, BEN)],
    "parents tell them apart": [
        written(PHONE, ANNA, "IN.ENT.A"), written(PHONE, BEN, "IN.ENT.B"),
    ],
    "only parents are told": [written(PHONE, "IN.ENT.A"), written(PHONE, "IN.ENT.B"), written(PHONE, BEN, "IN.ENT.B")],
}  # fmt: skip


@pytest.mark.parametrize("arrivals", ORDERS.values(), ids=ORDERS.keys())
def test_two_accounts_are_never_joined(stores: Stores, arrivals: list[Address]) -> None:
    for place, sender in enumerate(arrivals):
        take(stores, f"message {place}", sender)
    last = arrivals[-1]
    ben = stores.contacts.find(BRAND, last.user_id or "")
    theirs = {f"message {place}" for place, each in enumerate(arrivals) if each.user_id == last.user_id}
    theirs |= {
        f"message {place}" for place, each in enumerate(arrivals) if each.parent_id and each.parent_id == last.parent_id
    }
    if last.parent_id:
        theirs |= {f"message {p}" for p, each in enumerate(arrivals) if each.user_id == last.parent_id}
    assert set(words(stores, ben)) == theirs
    assert stores.contacts.find(BRAND, PHONE).id == ben.id


SAME = {
    "first id for a phone": [written(PHONE), written(PHONE, ANNA)],
    "phone revealed later": [written(None, ANNA), written(PHONE, ANNA), written(PHONE)],
    "one business, two portfolios": [written(PHONE, ANNA, "IN.ENT.A"), written(PHONE, BEN, "IN.ENT.A")],
    "parent learned later": [written(PHONE, ANNA), written(PHONE, ANNA, "IN.ENT.A"), written(PHONE, BEN, "IN.ENT.A")],
    "parent joins two ids": [written(None, ANNA), written(None, BEN, "IN.ENT.A"), written(None, ANNA, "IN.ENT.A")],
    "parent joins who has the phone": [
        written(None, ANNA), written(PHONE, BEN, "IN.ENT.A"), written(PHONE, ANNA, "IN.ENT.A"),
    ],
    "parent alone": [written(PHONE, ANNA), written(PHONE, "IN.ENT.A"), written(PHONE, ANNA)],
}  # fmt: skip


@pytest.mark.parametrize("arrivals", SAME.values(), ids=SAME.keys())
def test_one_account_stays_one_person(stores: Stores, arrivals: list[Address]) -> None:
    last = [take(stores, f"message {place}", sender) for place, sender in enumerate(arrivals)][-1]
    assert len(words(stores, last)) == len(arrivals)
    assert not stores.contacts.recycled.undecided(BRAND)


def test_a_person_says_that_both_are_one(stores: Stores) -> None:
    anna = take(stores, "I am Anna", written(PHONE, ANNA))
    take(stores, "new phone", written(PHONE, BEN))
    [number] = stores.contacts.recycled.undecided(BRAND)
    assert stores.contacts.same_person(BRAND, number.id) == anna.id
    again = take(stores, "me again", written(PHONE, BEN))
    assert words(stores, again) == ["I am Anna", "new phone", "me again"]
    assert again.address == f"whatsapp:{PHONE}"
    assert take(stores, "old id", written(PHONE, ANNA)).id == anna.id
    with pytest.raises(UnknownNumberChange):
        stores.contacts.same_person(BRAND, number.id)


def test_a_third_account_is_a_third_person_after_that(stores: Stores) -> None:
    take(stores, "I am Anna", written(PHONE, ANNA))
    take(stores, "new phone", written(PHONE, BEN))
    stores.contacts.same_person(BRAND, stores.contacts.recycled.undecided(BRAND)[0].id)
    assert words(stores, take(stores, "who?", written(PHONE, CLEO))) == ["who?"]


def test_one_brand_cannot_decide_for_another(stores: Stores) -> None:
    take(stores, "hi", written(PHONE, ANNA))
    take(stores, "hi", written(PHONE, BEN))
    [number] = stores.contacts.recycled.undecided(BRAND)
    with pytest.raises(UnknownNumberChange):
        stores.contacts.same_person("another", number.id)


def test_after_a_move_everybody_stays_who_they_were(stores: Stores) -> None:
    phones = [f"+9198765432{place:02d}" for place in range(4)]
    for place, phone in enumerate(phones):
        take(stores, "before", written(phone, f"IN.old{place}"))
    stores.clock.pass_by(hours=1)
    for place, phone in enumerate(phones[:2]):
        take(stores, "after", written(phone, f"IN.new{place}"))
    stores.clock.pass_by(hours=1)
    assert stores.contacts.same_people(BRAND, "an admin", stores.clock() - timedelta(days=1)) == 2
    stores.clock.pass_by(days=3)
    for place, phone in enumerate(phones):
        assert "before" in words(stores, take(stores, "later", written(phone, f"IN.new{place}")))
    stores.clock.pass_by(hours=1)
    assert words(stores, take(stores, "hi", written(phones[0], "IN.other"))) == ["hi"], (
        "a second new id is a new person"
    )


def test_a_move_long_ago_explains_no_new_id(stores: Stores) -> None:
    take(stores, "before", written(PHONE, ANNA))
    stores.clock.pass_by(hours=1)
    stores.contacts.same_people(BRAND, "an admin", stores.clock())
    stores.clock.pass_by(days=31)
    assert words(stores, take(stores, "hi", written(PHONE, BEN))) == ["hi"]


def test_erasing_either_person_leaves_the_other(stores: Stores) -> None:
    anna = take(stores, "I am Anna", written(PHONE, ANNA))
    ben = take(stores, "hello", written(PHONE, BEN))
    stores.contacts.erase(anna.id)
    assert words(stores, ben) == ["hello"]
    assert not stores.contacts.recycled.undecided(BRAND), "nobody can be joined with who was erased"
    stores.contacts.erase(ben.id)
    assert stores.db.value("SELECT count(*) FROM recycled_numbers") == 0
    with pytest.raises(UnknownContact):
        stores.contacts.find(BRAND, PHONE)


def dossier(phone: str, user_id: str | None, text: str) -> dict[str, object]:
    message = {"timestamp": "2026-11-01T10:00:00+00:00", "role": "user", "content": text}
    return {"user_profile": {"phone_number": phone, "user_id": user_id}, "messages": [message]}


def test_an_import_reaches_the_owner_it_names(stores: Stores) -> None:
    anna = take(stores, "I am Anna", written(PHONE, ANNA))
    ben = take(stores, "hello", written(PHONE, BEN))
    dossiers = Dossiers(stores.db, stores.clock, brand=BRAND, our_number=SHOP)
    register = ErasureRegister(stores.db, SecretKeys(("s" * 32,)))
    register.keep_keys()
    notes = Notes("given")
    dossiers.take_in(dossier(PHONE, ANNA, "from Anna's file"), notes, register)
    dossiers.take_in(dossier(PHONE, CLEO, "from Cleo's file"), notes, register)
    assert not notes.faults
    assert words(stores, ben) == ["hello"]
    assert "from Anna's file" in words(stores, anna)
    assert stores.contacts.find(BRAND, PHONE).id == ben.id, "an import took the number away"
    dossiers.take_in(dossier(PHONE, None, "whose is it?"), notes, register)
    [fault] = notes.faults
    assert "user_id" in fault.what
    assert words(stores, ben) == ["hello"]


def test_an_export_of_either_owner_is_theirs_alone(stores: Stores) -> None:
    anna = take(stores, "I am Anna", written(PHONE, ANNA))
    ben = take(stores, "hello", written(PHONE, BEN))
    dossiers = Dossiers(stores.db, stores.clock, brand=BRAND, our_number=SHOP)
    register = ErasureRegister(stores.db, SecretKeys(("s" * 32,)))
    register.keep_keys()
    told = {each.id: dossiers.of(each.id) for each in (anna, ben)}
    assert [message["content"] for message in told[ben.id]["messages"]] == ["hello"]
    assert told[ben.id]["user_profile"]["phone_number"] == PHONE
    assert told[anna.id]["user_profile"]["phone_number"] == ANNA
    assert PHONE not in str(told[anna.id])
