"""Admins are asked about numbers with another user id: one by one, or once about all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.delivery.changed_numbers import MANY, ChangedNumbersNotice
from bot.roles import StaffEntry
from bot.staff.staff_members import Staff
from memory.people.address import Address
from tests.memory.stores import BRAND, SHOP, Stores
from tests.turn_changes import NUMBERS

ADMIN, SELLER = "+919876500001", "+919876500002"


class Desk:
    def __init__(self, path: Path) -> None:
        self.stores = Stores(path)
        entries = (StaffEntry(ADMIN, "admin"), StaffEntry(SELLER, "staff"))
        stores = self.stores
        staff = Staff(stores.contacts, entries, NUMBERS)
        self.notice = ChangedNumbersNotice(
            stores.db, stores.contacts.recycled, stores.messages, staff, (BRAND,), stores.clock
        )

    def changes(self, count: int, first: int = 0) -> None:
        for place in range(first, first + count):
            phone = f"+14155550{place:03d}"
            for user_id in (f"US.old{place}", f"US.new{place}"):
                self.stores.contacts.resolve(BRAND, Address(f"whatsapp:{phone}", phone, user_id), SHOP)

    def asked(self, phone: str = ADMIN) -> list[str]:
        contact = self.stores.contacts.known(BRAND, Address(f"whatsapp:{phone}", phone))
        return [] if contact is None else [each.content for each in self.stores.messages.history(contact.id)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "hawker.db")


def test_an_admin_is_asked_about_one_number_once(desk: Desk) -> None:
    desk.changes(1)
    for _run in range(2):
        desk.notice.run()
    [question] = desk.asked()
    assert "+14155550000" in question
    assert "*same 1*" in question
    assert desk.asked(SELLER) == []


def test_many_in_a_day_are_one_question(desk: Desk) -> None:
    desk.changes(MANY)
    desk.notice.run()
    desk.changes(3, first=MANY)
    desk.notice.run()
    [question] = desk.asked()
    assert "*same people*" in question


def test_few_become_many_within_a_day(desk: Desk) -> None:
    for place in range(MANY + 2):
        desk.changes(1, first=place)
        desk.notice.run()
    assert sum("*same people*" in each for each in desk.asked()) == 1


def test_each_day_has_questions_of_its_own(desk: Desk) -> None:
    for place in range(MANY):
        desk.changes(1, first=place)
        desk.notice.run()
        desk.stores.clock.pass_by(days=2)
    assert not any("*same people*" in each for each in desk.asked())
    assert len(desk.asked()) == MANY
