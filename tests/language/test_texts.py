"""Which lines somebody reads: their language's, in the script in which they write."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.language.languages import LANGUAGES
from bot.language.money import Money
from bot.language.texts import reply_wording, report_wording


@pytest.mark.parametrize(
    ("wrote", "script", "reads"),
    [(None, "hi", "hi"), ("", "hi-latin", "en"), ("laptop dikhao", "hi-latin", "en"), ("laptop दिखाओ", "hi", "hi")],
)
def test_hindi_is_answered_in_the_script_it_is_written_in(wrote: str | None, script: str, reads: str) -> None:
    words = reply_wording("hi", wrote)
    assert (words.language, words.script, words.policy_language) == ("hi", script, reads)


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_a_language_of_one_script_has_one_wording(language: str) -> None:
    words = reply_wording(language, "नमस्ते")
    assert words is reply_wording(language, "hello") and words.script == words.policy_language == language


def test_the_second_script_has_its_own_money_and_days() -> None:
    words = reply_wording("hi", "haan")
    assert words.money(Money(Decimal(1234567), "INR")) == "₹12,34,567"
    assert words.birthday("05-12") == "May 12"


def test_staff_of_an_unknown_language_read_the_first() -> None:
    assert report_wording("fr") is report_wording(None) is report_wording(LANGUAGES[0])
