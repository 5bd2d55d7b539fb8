"""How the parts are put together: which number is whose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app import Brands, Memory, telling_staff
from bot.brands import read_brands
from bot.settings import Settings
from bot.staff.staff_members import Staff
from memory.storage.timestamps import now
from tests.world import ADMIN, STAFF, environment

VOYAGE = read_brands(Path(__file__).parent.parent / "data" / "brands.toml")["voyage"]
OURS = "+34911222333"


def test_staff_are_written_to_from_the_accounts_number_though_the_brands_file_still_names_the_sandbox() -> None:
    brands = Brands({"voyage": VOYAGE}, OURS)
    assert brands.number_of("voyage") == OURS
    assert brands.of_number(OURS) == "voyage"


def test_a_number_that_a_brand_claims_is_that_brands() -> None:
    other = replace(VOYAGE, id="other", whatsapp=(OURS,))
    brands = Brands({"voyage": VOYAGE, "other": other}, OURS)
    assert (brands.number_of("voyage"), brands.number_of("other")) == (VOYAGE.whatsapp[0], OURS)
    assert brands.of_number(OURS) == "other"


def test_a_number_that_no_brand_claims_is_the_first_brands_if_it_is_the_accounts() -> None:
    other = replace(VOYAGE, id="other", whatsapp=("+34600000001",))
    brands = Brands({"voyage": VOYAGE, "other": other}, OURS)
    assert brands.of_number(OURS) == "voyage"
    assert brands.of_number("+34600000009") is None


def test_a_report_goes_to_staff_and_admins_with_its_picture_on_the_last_part(tmp_path: Path) -> None:
    settings = Settings.from_environment(environment(tmp_path, 8000))
    brands = Brands.read(settings)
    memory = Memory.opened(settings, brands, now)
    staff = Staff(memory.contacts, settings.staff, brands.number_of)
    telling_staff(memory, staff)("voyage", "A line of the report.\n" * 100, "https://shop.example/chart/1.png")
    for number in (ADMIN, STAFF):
        contact = memory.contacts.find("voyage", number)
        rows = [memory.messages.outbox_row(each.id) for each in memory.messages.history(contact.id)]
        assert len(rows) == 2
        assert {row.purpose for row in rows} == {"staff"}
        assert [row.media_url for row in rows] == [None, "https://shop.example/chart/1.png"]
