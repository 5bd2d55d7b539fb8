"""What staff are told without having asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.brands import BrandNumbers, read_brands
from bot.channels.twilio import LIMITS
from bot.delivery.staff_messages import StaffMessages
from bot.roles import StaffEntry
from bot.staff.staff_members import Staff
from memory.storage.errors import UnknownContact
from tests.memory.stores import SHOP, Stores

ADMIN, STAFF, ANALYST = "+919876500001", "+919876500002", "+919876500003"


def test_a_report_goes_to_staff_and_admins_with_its_picture_on_the_last_part(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "hawker.db")
    entries = [StaffEntry(ADMIN, "admin"), StaffEntry(STAFF, "staff"), StaffEntry(ANALYST, "analyst")]
    numbers = BrandNumbers(read_brands(Path(__file__).parents[2] / "data" / "brands.toml"), SHOP)
    tell = StaffMessages(stores.db, stores.messages, Staff(stores.contacts, entries, numbers), LIMITS).tell
    tell("voyage", "A line of the report.\n" * 100, "https://shop.example/chart/1.png")
    for number in (ADMIN, STAFF):
        contact = stores.contacts.find("voyage", number)
        rows = [stores.messages.outbox_row(each.id) for each in stores.messages.history(contact.id)]
        assert len(rows) == 2
        assert {row.purpose for row in rows} == {"staff"}
        assert [row.media_url for row in rows] == [None, "https://shop.example/chart/1.png"]
    with pytest.raises(UnknownContact):
        stores.contacts.find("voyage", ANALYST)
