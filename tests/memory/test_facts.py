"""Facts: what a text says of its writer, what it doesn't, and how a correction replaces what was known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.contacts import Contact
from memory.facts import Facts, read_facts
from memory.names import KNOWN, find_city, find_name
from tests.memory.stores import Stores

NAMES = {
    "I'm John": "John",
    "I’m Priya 😊": "Priya",
    "call me Jo": "Jo",
    "You can call me Al": "Al",
    "my name is john": "John",
    "my name is john i want a phone": "John",
    "My name is John Smith": "John Smith",
    "My name is not Jon, it's Jonathan": "Jonathan",
    "my name's o'brien": "O'brien",
    "hi im maria": "Maria",
    "I'M JOHN": "John",
    "this is John": "John",
    "i am priya from pune": "Priya",
    "me llamo Ana María": "Ana María",
    "mi nombre es lucía": "Lucía",
    "soy Pedro": "Pedro",
    "meu nome é João": "João",
    "me chamo Beatriz Souza e quero um celular": "Beatriz Souza",
    "sou a Ana": "Ana",
    "mera naam Rahul hai": "Rahul",
    "main Rahul bol raha hoon": "Rahul",
    "mujhe Raj bulao": "Raj",
    "मेरा नाम राहुल है": "राहुल",
}
NOBODY = [
    "I'm looking",
    "I'm Looking For A Laptop",
    "I'M LOOKING",
    "I'm from Delhi",
    "I'm interested",
    "I'm good",
    "I'm Indian",
    "i'm broke",
    "i'm vegan",
    "I'm Head of sales",
    "I'm Maria's sister",
    "I'm just browsing",
    "call me back",
    "call me tomorrow",
    "call me on 9876543210",
    "don't call me John",
    "will you call me John?",
    "this is Samsung?",
    "this is amazing",
    "my name is on the invoice",
    "what's my name?",
    "soy de Madrid",
    "soy estudiante",
    "soy nuevo aquí",
    "sou estudante",
    "mujhe laptop chahiye",
    "मुझे लैपटॉप चाहिए",
    "मैं दिल्ली से हूँ",
]


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_it_reads_how_somebody_calls_themselves(text: str, name: str) -> None:
    assert find_name(text) == name


@pytest.mark.parametrize("text", NOBODY)
def test_it_does_not_take_other_words_for_a_name(text: str) -> None:
    assert find_name(text) is None


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_a_name_is_part_of_it(text: str) -> None:
    name = find_name(text)
    assert name is None or name.split()[0].casefold() in text.casefold()


@given(
    st.sampled_from(sorted(name for name in KNOWN if name.isascii())),
    st.sampled_from(["I'm {}", "call me {}", "me llamo {}", "me chamo {}"]),
)
def test_known_names_are_believed_in_lower_case(name: str, way: str) -> None:
    assert (find_name(way.format(name)) or "").casefold() == name


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("I'm from Delhi", "Delhi"),
        ("i live in new delhi", "New Delhi"),
        ("moro em São Paulo", "São Paulo"),
        ("vivo en Ciudad de México", "Ciudad de México"),
        ("main Pune se hoon", "Pune"),
        ("मैं दिल्ली से हूँ", "दिल्ली"),
        ("I'm from India", None),
        ("I'm from your ad", None),
        ("I'm in a hurry", None),
        ("I am in need of help", None),
    ],
)
def test_it_reads_where_somebody_lives(text: str, city: str | None) -> None:
    assert find_city(text, "en") == city


def test_each_fact_names_what_was_read() -> None:
    read = {fact.predicate: fact.value for fact in read_facts("Hi, I'm John from Delhi. I live in Delhi", "en")}
    assert read == {"name": "John", "city": "Delhi"}


def test_a_correction_closes_what_was_known_and_both_keep_their_message(stores: Stores) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    facts.learn(contact, "name", "Jon", 1)
    stores.clock.pass_by(seconds=60)
    facts.learn(contact, "name", "Jonathan", 2)
    old, new = facts.all(contact.id)
    assert (old.value, old.message_id, old.until) == ("Jon", 1, new.since)
    assert (new.value, new.message_id, new.until) == ("Jonathan", 2, None)
    assert facts.current(contact.id)["name"] == new
    assert stores.contacts.get(contact.id).name == "Jonathan"


def test_what_is_known_already_is_not_learned_again(stores: Stores) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    assert facts.learn(contact, "currency", "EUR", 1)
    assert not facts.learn(contact, "currency", "EUR", 2)
    assert stores.contacts.get(contact.id).preferred_currency == "EUR"
    assert [fact.message_id for fact in facts.all(contact.id)] == [1]


def test_interests_count_and_the_latest_comes_first(stores: Stores) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    for number, interest in enumerate(["laptops", "phones", "laptops"]):
        facts.note_interest(contact, interest, number)
        stores.clock.pass_by(seconds=1)
    assert [(interest.name, interest.times) for interest in facts.interests(contact.id)] == [
        ("laptops", 2),
        ("phones", 1),
    ]
    assert stores.db.value("SELECT n FROM tallies WHERE name = 'interests' AND key = 'laptops'") == 2


def _contact(stores: Stores) -> Contact:
    return stores.contacts.get(stores.messages.get(stores.hear("hi")).contact_id)
