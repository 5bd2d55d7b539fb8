"""How a message becomes words: Hindi in either script meets in the same ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.reading.devanagari import in_latin
from bot.language.reading.features import words_of


@pytest.mark.parametrize(
    ("word", "latin"),
    [
        ("करना", "karna"),
        ("कितने", "kitne"),
        ("समझ", "samajh"),
        ("बात", "baat"),
        ("आज", "aaj"),
        ("बड़ा", "bada"),
        ("ज़रूरत", "zarurat"),
        ("लौटाओ", "lautao"),
        ("शुक्रिया", "shukriya"),
    ],
)
def test_it_spells_hindi_as_people_type_it(word: str, latin: str) -> None:
    assert in_latin(word) == latin


def test_both_scripts_give_the_same_words() -> None:
    assert words_of("मेरा ऑर्डर कब आएगा") == words_of("mera order kab aayega")


@given(st.text(alphabet=st.characters(min_codepoint=0x0900, max_codepoint=0x097F), max_size=20))
def test_any_devanagari_becomes_plain_latin(text: str) -> None:
    assert in_latin(text).isascii()
