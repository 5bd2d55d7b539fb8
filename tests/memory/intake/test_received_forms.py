"""Forms as they came: kept once, in order, set aside where nobody can read them, and gone in time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from memory.intake.durable_batches import Intake
from memory.intake.received_forms import (
    FormIdentity,
    FormKind,
    ReceivedForm,
    ReceivedForms,
    SetAsideCount,
    SetAsideReason,
    Sorted,
)
from memory.people.address import Address
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable
from tests.memory.stores import BRAND, SHOP, Stores
from tests.migrated import migrated_database

PHONE = "+919876543210"


def forms_of(stores: Stores) -> ReceivedForms:
    return ReceivedForms(stores.db, stores.clock)


def message(forms: ReceivedForms, sid: str = "SM1", *, sender: str = PHONE, to: str = SHOP) -> ReceivedForm:
    pairs = [("MessageSid", sid), ("Body", "nul \x00, half \ud83d, ಕನ್ನಡ")]
    return forms.arrived(FormIdentity(FormKind.MESSAGE, sid, "", f"whatsapp:{sender}", to), pairs, "")


def status(forms: ReceivedForms, sid: str, state: str) -> ReceivedForm:
    return forms.arrived(FormIdentity(FormKind.STATUS, sid, state, f"whatsapp:{PHONE}", SHOP), [], "outbox=1")


def ids(forms: Sequence[ReceivedForm]) -> list[tuple[str, str]]:
    return [(form.provider_id, form.state) for form in forms]


def test_a_message_is_kept_once_and_a_status_once_a_state(stores: Stores) -> None:
    forms = forms_of(stores)
    forms.keep([message(forms), status(forms, "SM1", "sent"), message(forms), status(forms, "SM1", "read")])
    forms.keep([message(forms), status(forms, "SM1", "sent")])
    assert ids(forms.waiting(10)) == [("SM1", ""), ("SM1", "sent"), ("SM1", "read")]


def test_a_form_comes_back_as_it_was(stores: Stores) -> None:
    forms = forms_of(stores)
    kept = message(forms)
    forms.keep([kept])
    [found] = forms.waiting(1)
    assert replace(found, id=0) == kept
    assert found.pairs() == [("MessageSid", "SM1"), ("Body", "nul \x00, half \ud83d, ಕನ್ನಡ")]


@pytest.mark.parametrize("odd", ["x" * 60_000, "a\x00b", "½" * 3000])
def test_no_id_state_or_address_is_refused_by_a_database(stores: Stores, odd: str) -> None:
    forms = forms_of(stores)
    form = forms.arrived(FormIdentity(FormKind.STATUS, odd, odd, odd, odd), [("a", odd)], "")
    forms.keep([form, form])
    [found] = forms.waiting(10)
    assert found.pairs() == [("a", odd)]


def test_forms_without_an_id_are_told_apart_by_what_they_say(stores: Stores) -> None:
    forms = forms_of(stores)
    nameless = FormIdentity(FormKind.OTHER)
    for body in ("a", "b", "a"):
        forms.keep([forms.arrived(nameless, [("Body", body)], "")])
    assert [dict(form.pairs())["Body"] for form in forms.waiting(10)] == ["a", "b"]


def test_what_comes_together_is_committed_together(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "hawker.db")
    other = migrated_database(tmp_path / "hawker.db")
    forms = forms_of(stores)
    intake = Intake(forms)
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with other.transaction():
            held.set()
            free.wait()

    with ThreadPoolExecutor(12) as pool:
        holding = pool.submit(hold)
        held.wait()
        arriving = [pool.submit(intake.keep, message(forms, f"SM{n}")) for n in range(10)]
        while len(intake._arrived) < 9:  # one commits, the others wait behind it
            pass
        before = stores.db.changed_elsewhere()
        free.set()
        for each in (holding, *arriving):
            each.result()
    assert len(forms.waiting(100)) == 10
    assert stores.db.changed_elsewhere() - before <= 4, "the holder's commit, the first one's and one for all others"


def test_a_fault_reaches_everybody_who_waits(tmp_path: Path) -> None:
    forms = ReceivedForms(Database(tmp_path / "no" / "folder.db"), Stores(tmp_path / "hawker.db").clock)
    intake = Intake(forms)
    with ThreadPoolExecutor(5) as pool:
        arriving = [pool.submit(intake.keep, message(forms, f"SM{n}")) for n in range(5)]
    assert [type(each.exception()) for each in arriving] == [DatabaseUnavailable] * 5


def test_intake_takes_in_again_after_a_fault(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "hawker.db")
    forms = forms_of(stores)
    intake = Intake(forms)
    stores.db.value("PRAGMA query_only = ON")
    with pytest.raises(DatabaseUnavailable):
        intake.keep(message(forms))
    stores.db.value("PRAGMA query_only = OFF")
    intake.keep(message(forms))
    assert ids(forms.waiting(10)) == [("SM1", "")]


def test_a_form_is_set_aside_when_its_sorting_failed_three_times(stores: Stores) -> None:
    forms = forms_of(stores)
    forms.keep([message(forms)])
    told = [forms.count_failure(forms.waiting(1)[0]) for _ in range(3)]
    assert told == [False, False, True]
    assert forms.waiting(10) == []
    assert [form.set_aside for form in forms.set_aside()] == [SetAsideReason.KEEPS_FAILING]
    assert forms.sort_again() == 1
    assert [form.attempts for form in forms.waiting(10)] == [0]


def test_set_aside_forms_are_counted_by_reason_from_a_moment_on(stores: Stores) -> None:
    forms = forms_of(stores)
    forms.keep([message(forms, "SM0")])
    forms.note([Sorted(forms.waiting(1)[0], set_aside=SetAsideReason.NO_BRAND)])
    stores.clock.pass_by(days=1)
    since = stores.clock()
    forms.keep([message(forms, f"SM{n}") for n in range(1, 4)])
    for form, reason in zip(forms.waiting(3), ("no_brand", "no_brand", "unknown_kind"), strict=True):
        forms.note([Sorted(form, set_aside=SetAsideReason(reason))])
    assert forms.count_set_aside(since) == [
        SetAsideCount(SHOP, SetAsideReason.NO_BRAND, 2),
        SetAsideCount(SHOP, SetAsideReason.UNKNOWN_KIND, 1),
    ]


def test_sorted_forms_go_in_time_and_set_aside_ones_later(stores: Stores) -> None:
    forms = forms_of(stores)
    forms.keep([message(forms, "SM1"), message(forms, "SM2"), message(forms, "SM3")])
    first, second, _waits = forms.waiting(3)
    forms.note([Sorted(first), Sorted(second, set_aside=SetAsideReason.NO_BRAND)])
    assert forms.forget_sorted(stores.clock()) == 0, "sorted at that moment, not before it"
    stores.clock.pass_by(seconds=1)
    assert forms.forget_sorted(stores.clock()) == 1
    assert forms.set_aside() != []
    assert forms.forget_set_aside(stores.clock()) == 1
    assert ids(forms.waiting(10)) == [("SM3", "")]


def test_forms_of_an_erased_person_go_with_them(stores: Stores) -> None:
    forms = forms_of(stores)
    stores.hear("hi", phone="+5215512345678")
    forms.keep(
        [
            message(forms, "SM-sorted", sender="+5215512345678"),
            message(forms, "SM-waits", sender="+525512345678"),  # another spelling
            message(forms, "SM-aside", sender="+5215512345678"),
            message(forms, "SM-other", sender="+919876543210"),
        ]
    )
    contact = stores.contacts.find(BRAND, "+525512345678")
    first, _waits, aside, _other = forms.waiting(4)
    forms.note([Sorted(first, contact.id), Sorted(aside, set_aside=SetAsideReason.NO_SENDER)])
    gone = stores.contacts.erase(contact.id)
    assert gone["received_forms"] == 3
    assert ids(forms.waiting(10)) == [("SM-other", "")]
    assert {"SM-sorted", "SM-waits", "SM-aside"} <= set(stores.contacts.still_at_provider())


def test_a_form_to_another_brand_stays_when_its_person_is_erased(stores: Stores) -> None:
    forms = forms_of(stores)
    stores.hear("hi", phone=PHONE)
    from_other = replace(message(forms, "SM2"), our_number="+15550001111")
    stores.contacts.resolve("other", Address(f"whatsapp:{PHONE}", PHONE), "+15550001111")
    forms.keep([from_other])
    stores.contacts.erase(stores.contacts.find(BRAND, PHONE).id)
    assert ids(forms.waiting(10)) == [("SM2", "")]


def test_what_is_reported_of_an_erased_message_is_not_kept(stores: Stores) -> None:
    forms = forms_of(stores)
    stores.hear("hi", sid="SM1")
    stores.contacts.erase(stores.contacts.find(BRAND, PHONE).id)
    forms.keep([message(forms, "SM1"), status(forms, "SM1", "delivered")])
    forms.note([Sorted(form) for form in forms.waiting(2)])
    assert stores.db.value("SELECT count(*) FROM received_forms") == 0
