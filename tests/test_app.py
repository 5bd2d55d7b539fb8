"""How the parts are put together: which number is whose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app import Brands
from bot.brands import read_brands

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
