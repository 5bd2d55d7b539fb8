"""Who has which role for which brand, and who is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.brands import BrandNumbers
from bot.roles import StaffEntry
from bot.staff.staff_members import Staff
from memory.people.address import Address
from memory.people.contacts import Contact
from tests.memory.stores import SHOP, Stores
from tests.turn_changes import NUMBERS

VOYAGE = NUMBERS.brands["voyage"]
TWO = BrandNumbers(
    {"voyage": VOYAGE, "linkin": replace(VOYAGE, id="linkin", whatsapp=("+14155550999",))}, NUMBERS.sender
)
ANA, BEA = "+919876500001", "+919876500002"
ENTRIES = (StaffEntry(ANA, "admin", ("voyage",)), StaffEntry(ANA, "analyst", ("linkin",)), StaffEntry(BEA, "admin"))


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path / "hawker.db")


@pytest.fixture
def staff(stores: Stores) -> Staff:
    return Staff(stores.contacts, ENTRIES, TWO)


def person(stores: Stores, brand: str, phone: str, user_id: str | None = None) -> Contact:
    return stores.contacts.get(stores.contacts.resolve(brand, Address(f"whatsapp:{phone}", phone, user_id), SHOP))


def told(stores: Stores, staff: Staff, brand: str) -> set[str]:
    return {stores.contacts.get(each.contact_id or 0).phone for each in staff.alarm(brand, "The shop is closed.")}


def test_a_role_holds_for_its_brand_only(stores: Stores, staff: Staff) -> None:
    roles = {
        (brand, phone): staff.role_of(person(stores, brand, phone))
        for brand in ("voyage", "linkin")
        for phone in (ANA, BEA)
    }
    assert roles == {
        ("voyage", ANA): "admin", ("linkin", ANA): "analyst", ("voyage", BEA): "admin", ("linkin", BEA): "admin",
    }  # fmt: skip


def test_alarms_reach_the_brands_own_people(stores: Stores, staff: Staff) -> None:
    assert (told(stores, staff, "voyage"), told(stores, staff, "linkin")) == ({ANA, BEA}, {BEA})


def test_the_new_owner_of_a_staff_number_has_no_role_and_hears_nothing(stores: Stores, staff: Staff) -> None:
    stores.contacts.mark_staff(person(stores, "voyage", ANA, "IN.Ana").id)
    stranger = person(stores, "voyage", ANA, "IN.Stranger")
    assert staff.role_of(stranger) is None
    assert told(stores, staff, "voyage") == {BEA}
    stores.contacts.erase(stranger.id)
    again = person(stores, "voyage", ANA, "IN.Stranger")
    assert staff.role_of(again) is None, "an erasure gave a stranger the role"
    stores.contacts.trust_staff_number(ANA)
    assert staff.role_of(again) == "admin"


def test_an_admin_gives_the_role_back(stores: Stores, staff: Staff) -> None:
    stores.contacts.mark_staff(person(stores, "voyage", ANA, "IN.Ana").id)
    person(stores, "voyage", ANA, "IN.New")
    [number] = stores.contacts.recycled.undecided("voyage")
    kept = stores.contacts.get(stores.contacts.same_person("voyage", number.id))
    assert staff.role_of(kept) == "admin"
