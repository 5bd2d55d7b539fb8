"""Numbers and user ids are found whole, in any spelling, and never inside another."""

from __future__ import annotations

import pytest

from memory.people.address_mentions import PersonMentions, with_texts

ASHA = PersonMentions(frozenset({"+919876543210"}), frozenset({"IN.AbC1"}))
TOM = PersonMentions(frozenset({"+4412345678"}), frozenset(), frozenset({"+44123456789"}))
LUIS = PersonMentions(frozenset({"+525512345678"}), frozenset())


@pytest.mark.parametrize(
    ("person", "text", "left"),
    [
        (ASHA, "call +91 98765-43210, 2 of them", "call [erased], 2 of them"),
        (ASHA, "919876543210 2 laptops", "[erased] 2 laptops"),
        (ASHA, "0091 98765 43210", "[erased]"),
        (ASHA, "(+91) 98765 43210.", "([erased]."),
        (ASHA, "whatsapp:+919876543210", "whatsapp:[erased]"),
        (ASHA, "\u202a+91\u00a098765\u201143210\u202c", "\u202a[erased]\u202c"),
        (ASHA, "in India: 098765 43210", "in India: [erased]"),
        (ASHA, "IN.AbC1, not IN.AbC12", "[erased], not IN.AbC12"),
        (ASHA, "+919876543210 or IN.AbC1", "[erased] or [erased]"),
        (ASHA, "9198765432101", "9198765432101"),
        (ASHA, "+1 919876543210", "+1 919876543210"),
        (ASHA, "+44 9876543210", "+44 9876543210"),
        (ASHA, "SM919876543210f", "SM919876543210f"),
        (ASHA, "XIN.AbC1", "XIN.AbC1"),
        (TOM, "+44 1234 5678", "[erased]"),
        (TOM, "+44123456789", "+44123456789"),
        (TOM, "+44 12345678 9", "+44 12345678 9"),
        (TOM, "+44 12345678 and 9", "[erased] and 9"),
        (LUIS, "+521 55 1234 5678", "[erased]"),
    ],
)
def test_only_whole_addresses_of_the_person_are_replaced(person: PersonMentions, text: str, left: str) -> None:
    assert person.redacted(text) == left
    assert person.named_in(text) == (text != left)


def test_json_is_cleaned_in_texts_keys_and_numbers() -> None:
    value = {"919876543210": [919876543210, "x +919876543210", True, None, 1.5, {"id": 9198765432101}]}
    assert with_texts(value, ASHA.redacted) == {
        "[erased]": ["[erased]", "x [erased]", True, None, 1.5, {"id": 9198765432101}]
    }
    assert ASHA.named_in(value)
