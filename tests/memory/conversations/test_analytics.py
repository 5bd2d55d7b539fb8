from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.conversations.analytics import Analytics
from memory.conversations.turns import MessageReading, Outcome
from memory.people.contacts import Contact, tally
from memory.storage.errors import UnknownContact, UnknownMessage
from tests.memory.stores import BRAND, Stores, as_is


def analytics(stores: Stores) -> Analytics:
    return Analytics(stores.db, stores.clock)


def contact(stores: Stores, phone: str) -> Contact:
    return stores.contacts.find(BRAND, phone)


def turn(
    stores: Stores, contact_id: int, waited_ms: int, by: str = "built-in", at: str = "2026-11-21T11:00:00"
) -> None:
    stores.db.run(
        "INSERT INTO turns (brand, contact_id, at, waited_ms, answered_by) VALUES (:brand, :id, :at, :waited, :by)",
        brand=BRAND, id=contact_id, at=f"{at}.000000Z", waited=waited_ms, by=by,
    )  # fmt: skip


def interest(stores: Stores, contact_id: int, name: str, times: int) -> None:
    stores.db.run(
        "INSERT INTO interests (contact_id, brand, interest, times, last_at) VALUES (:id, :brand, :name, :times, '')",
        id=contact_id, brand=BRAND, name=name, times=times,
    )  # fmt: skip
    tally(stores.db, BRAND, "interests", key=name, times=times)


def test_the_tallied_figures_are_what_counting_the_rows_gives(stores: Stores) -> None:
    for n in (1, 2, 1, 3, 1):
        stores.hear("hello", phone=f"+91987654321{n}")
    stores.contacts.erase(contact(stores, "+919876543212").id)
    told = analytics(stores).summary(BRAND)
    assert told["total_users"] == stores.db.value("SELECT count(*) FROM contacts")
    assert told["total_interactions"] == stores.db.value("SELECT count(*) FROM messages WHERE role = 'user'")


def test_staff_are_none_of_the_brands_people(stores: Stores) -> None:
    stores.hear("hello", phone="+919876543211")
    for _ in range(2):
        stores.hear("orders", phone="+919876543212")
    staff = contact(stores, "+919876543212")
    for _ in range(2):
        stores.contacts.mark_staff(staff.id)
    stores.hear("orders", phone="+919876543212")
    told = analytics(stores)
    figures = {"total_users": 1, "total_interactions": 1, "active_users_24h": 1, "top_interests": []}
    assert told.summary(BRAND) == figures
    assert [row["phone_number"] for row in told.users(BRAND, limit=9)] == ["+919876543211"]
    stores.contacts.erase(staff.id)
    assert told.summary(BRAND) == figures


def test_what_staff_command_is_no_message_of_a_customer(stores: Stores) -> None:
    for phone, kind in (("+919876543211", "greeting"), ("+919876543212", "staff")):
        heard = stores.hear("hello", phone=phone, urgent=True)
        [lease] = stores.turns.claim("w", 1)
        by = "staff" if kind == "staff" else "built-in"
        outcome = Outcome(readings={heard: MessageReading(kind, "en")}, answered_by=by)
        stores.turns.finish(lease, stores.turns.waiting(lease.contact_id), outcome, split=as_is)
        stores.turns.release(lease)
    told = analytics(stores).messages(BRAND, 1)
    assert (told["total"], told["by_type"], told["by_language"]) == (1, {"greeting": 1}, {"en": 1})
    assert analytics(stores).replies(BRAND, 1)["reply_times"]["replies"] == 1


def test_active_are_those_who_wrote_in_the_last_day(stores: Stores) -> None:
    stores.hear("hello", phone="+919876543211")
    stores.clock.pass_by(hours=24)
    stores.hear("hello", phone="+919876543212")
    assert analytics(stores).summary(BRAND)["active_users_24h"] == 1


def test_top_interests_leave_out_what_was_erased(stores: Stores) -> None:
    for phone, name, times in [("+919876543211", "laptops", 3), ("+919876543212", "phones", 5)]:
        stores.hear("hello", phone=phone)
        interest(stores, contact(stores, phone).id, name, times)
    assert analytics(stores).summary(BRAND)["top_interests"] == [("phones", 5), ("laptops", 3)]
    stores.contacts.erase(contact(stores, "+919876543212").id)
    assert analytics(stores).summary(BRAND)["top_interests"] == [("laptops", 3)]


def test_a_profile_has_current_facts_and_the_strongest_interest_first(stores: Stores) -> None:
    stores.hear("hello", phone="+919876543211")
    person = contact(stores, "+919876543211").id
    for value, until in [("Delhi", "2026-11-20"), ("Mumbai", None)]:
        stores.db.run(
            "INSERT INTO facts (brand, contact_id, subject, predicate, value, valid_from, valid_to)"
            " VALUES (:brand, :id, 'customer', 'city', :value, '', :until)",
            brand=BRAND, id=person, value=value, until=until,
        )  # fmt: skip
    interest(stores, person, "phones", 1)
    interest(stores, person, "laptops", 4)
    told = analytics(stores).profile(person)
    assert (told["city"], told["interests"]) == ("Mumbai", ["laptops", "phones"])
    assert analytics(stores).users(BRAND, limit=9)[0]["interests"] == ["laptops", "phones"]


def test_a_profile_of_nobody_is_an_error(stores: Stores) -> None:
    with pytest.raises(UnknownContact):
        analytics(stores).profile(1)


def test_a_number_that_whatsapp_spells_its_own_way_is_told_in_e164(stores: Stores) -> None:
    stores.hear("hola", phone="+5215512345678")
    assert analytics(stores).users(BRAND, limit=1)[0]["phone_number"] == "+525512345678"


@given(waits=st.lists(st.integers(0, 100_000), min_size=1, max_size=60))
def test_reply_times_are_the_nearest_ranks(tmp_path_factory: pytest.TempPathFactory, waits: list[int]) -> None:
    stores = Stores(tmp_path_factory.mktemp("ranks") / "hawker.db")
    stores.hear("hello", phone="+919876543211")
    with stores.db.transaction():
        for waited in waits:
            turn(stores, 1, waited)
    told = analytics(stores).replies(BRAND, 30)["reply_times"]
    at_or_below = {p: sum(wait <= told[f"p{p}_ms"] for wait in waits) for p in (50, 95)}
    below = {p: sum(wait < told[f"p{p}_ms"] for wait in waits) for p in (50, 95)}
    for p in (50, 95):
        assert below[p] < math.ceil(p * len(waits) / 100) <= at_or_below[p]


def test_shares_count_answers_and_not_silence_or_long_ago(stores: Stores) -> None:
    stores.hear("hello", phone="+919876543211")
    for by in ("model", "model", "built-in", "people", "nobody"):
        turn(stores, 1, 5, by)
    turn(stores, 1, 5, "people", at="2026-10-22T23:59:59")
    told = analytics(stores).replies(BRAND, 30)["answered_by"]
    assert {who: each["share"] for who, each in told.items()} == {"model": 0.5, "built-in": 0.25, "people": 0.25}


def test_nothing_said_is_told_as_nothing(stores: Stores) -> None:
    assert analytics(stores).replies(BRAND, 30)["reply_times"] == {"replies": 0, "p50_ms": None, "p95_ms": None}
    assert analytics(stores).messages(BRAND, 30)["by_day"] == []
    assert analytics(stores).users(BRAND, limit=5) == []


def test_messages_are_counted_by_day_type_and_language_within_the_days(stores: Stores) -> None:
    for day, kind in [("2026-11-21", "greeting"), ("2026-11-15", "order"), ("2026-11-14", "greeting")]:
        tally(stores.db, BRAND, "message_type", key=kind, day=day, times=2)
        tally(stores.db, BRAND, "language", key="en", day=day, times=2)
    told = analytics(stores).messages(BRAND, 7)
    assert told["by_day"] == [{"day": "2026-11-15", "messages": 2}, {"day": "2026-11-21", "messages": 2}]
    assert (told["by_type"], told["by_language"], told["total"]) == ({"greeting": 2, "order": 2}, {"en": 4}, 4)


def test_a_message_without_a_turn_has_no_why(stores: Stores) -> None:
    with pytest.raises(UnknownMessage):
        analytics(stores).why(BRAND, stores.hear("hello"))
