"""Facts: what a text says of its writer, what it doesn't, and how a correction replaces what was known."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.reading.names import KNOWN, OwnName, find_city, find_name
from memory.people.contacts import Contact
from memory.people.fact_history import Spell, Statement, state
from memory.people.facts import Facts, read_facts
from tests.memory.stores import Stores

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)

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
    "people call me weird",
    "my friends call me Bobby",
    "this is my dog Rex",
    "this is Leo, my son",
    "meet Bella, my cat",
    "her name is Bella",
    "mi perro se llama Rex",
    "la gente me llama loca",
    "no me llamo Ana",
    "todo mundo me chama de doido",
    "não me chamo Ana",
    "log mujhe pagal kehte hain",
    "mera naam Bob nahi hai",
    "लोग मुझे पागल कहते हैं",
    "it's black not blue",
]
CERTAIN = {
    "no, my name is Ana": "Ana",
    "it's Ana, not Anna": "Ana",
    "soy Ana, no Anna": "Ana",
    "é Ana, não Anna": "Ana",
    "me llamo Ana": "Ana",
    "me chamo Ana": "Ana",
    "please call me Ana": "Ana",
    "mera naam Anna nahi Ana hai": "Ana",
    "mujhe raj bulao": "Raj",
    "मेरा नाम आशा है": "आशा",
}
GUESSED = {
    "I'm Batman": "Batman",
    "call me paranoid": "Paranoid",
    "name is Rex, he is a labrador": "Rex",
    "soy Ana": "Ana",
    "sou a Ana": "Ana",
    "main Rahul bol raha hoon": "Rahul",
}


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_it_reads_how_somebody_calls_themselves(text: str, name: str) -> None:
    assert _name(text) == name


@pytest.mark.parametrize("text", NOBODY)
def test_it_does_not_take_other_words_for_a_name(text: str) -> None:
    assert find_name(text) is None


@pytest.mark.parametrize(
    ("text", "certain"), [*dict.fromkeys(CERTAIN, True).items(), *dict.fromkeys(GUESSED, False).items()]
)
def test_a_name_is_stated_or_guessed(text: str, certain: bool) -> None:
    assert find_name(text) == OwnName((CERTAIN | GUESSED)[text], certain)


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_a_name_is_part_of_it(text: str) -> None:
    name = _name(text)
    assert name is None or name.split()[0].casefold() in text.casefold()


@given(
    st.sampled_from(sorted(name for name in KNOWN if name.isascii())),
    st.sampled_from(["I'm {}", "call me {}", "me llamo {}", "me chamo {}"]),
)
def test_known_names_are_believed_in_lower_case(name: str, way: str) -> None:
    assert (_name(way.format(name)) or "").casefold() == name


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


STATED: dict[str, Any] = {"said_by": "customer"}
STAFF: dict[str, Any] = {"said_by": "staff"}
GUESS: dict[str, Any] = {"said_by": "customer", "confidence": 0.5}
MODEL: dict[str, Any] = {"said_by": "model", "confidence": 0.7}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (STATED, GUESS, "first"),
        (STAFF, GUESS, "first"),
        (STATED, MODEL, "first"),
        (STAFF, STATED, "second"),
        (STATED, STAFF, "second"),
        (STATED, STATED, "second"),
        (GUESS, GUESS, "second"),
        (GUESS, STATED, "second"),
        (MODEL, STAFF, "second"),
    ],
)
@pytest.mark.parametrize("in_order", [True, False])
def test_a_guessed_name_never_replaces_a_certain_one(
    first: dict[str, Any], second: dict[str, Any], kept: str, in_order: bool, file_stores: Stores
) -> None:
    contact, facts = _contact(file_stores), Facts(file_stores.db, file_stores.clock)
    said: list[tuple[str, int, dict[str, Any]]] = [("first", 1, first), ("second", 2, second)]
    for name, day, how in said if in_order else said[::-1]:
        facts.learn(contact, "name", name, day, at=DAY_0 + timedelta(days=day), **how)
    assert facts.current(contact.id)["name"].value == kept
    assert file_stores.contacts.get(contact.id).name == kept


def test_a_guess_that_is_stated_later_is_certain(file_stores: Stores) -> None:
    contact, facts = _contact(file_stores), Facts(file_stores.db, file_stores.clock)
    for day, (name, how) in enumerate([("Ana", GUESS), ("Ana", STATED), ("Rex", GUESS)]):
        facts.learn(contact, "name", name, day + 1, at=DAY_0 + timedelta(days=day), **how)
    assert [(fact.value, fact.confidence) for fact in facts.history(contact.id, "name")] == [("Ana", 1.0)]


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


def test_moving_ends_the_old_city_and_both_can_be_asked_for_by_date(stores: Stores) -> None:
    contact, facts, start = _contact(stores), Facts(stores.db, stores.clock), stores.clock()
    facts.learn(contact, "city", "Madrid", 1)
    stores.clock.pass_by(days=10)
    facts.learn(contact, "city", "Dubai", 2)
    assert [fact.value for fact in facts.at(contact.id, start + timedelta(days=3))] == ["Madrid"]
    assert [fact.value for fact in facts.at(contact.id, stores.clock())] == ["Dubai"]
    assert facts.at(contact.id, start - timedelta(days=1)) == []
    old, new = facts.history(contact.id, "city")
    assert (old.until, old.ended_by, new.until) == (new.since, 2, None)


def test_an_older_message_that_comes_late_takes_its_place_in_the_past(stores: Stores) -> None:
    contact, facts, start = _contact(stores), Facts(stores.db, stores.clock), stores.clock()
    facts.learn(contact, "city", "Dubai", 9, at=start + timedelta(days=9))
    facts.learn(contact, "city", "Madrid", 3, at=start + timedelta(days=3))
    assert facts.current(contact.id)["city"].value == "Dubai"
    assert [(fact.value, fact.until) for fact in facts.history(contact.id, "city")] == [
        ("Madrid", start + timedelta(days=9)),
        ("Dubai", None),
    ]


def test_a_late_name_does_not_change_what_the_profile_shows(stores: Stores) -> None:
    contact, facts, start = _contact(stores), Facts(stores.db, stores.clock), stores.clock()
    facts.learn(contact, "name", "Jonathan", 9, at=start + timedelta(days=9))
    facts.learn(contact, "name", "Jon", 3, at=start + timedelta(days=3))
    assert stores.contacts.get(contact.id).name == "Jonathan"


def test_what_was_said_again_since_survives_a_late_contradiction(stores: Stores) -> None:
    contact, facts, start = _contact(stores), Facts(stores.db, stores.clock), stores.clock()
    for day, city in ((1, "Madrid"), (9, "Madrid"), (5, "Dubai")):
        facts.learn(contact, "city", city, day, at=start + timedelta(days=day))
    assert [
        (fact.value, fact.since.day - start.day, fact.message_id) for fact in facts.history(contact.id, "city")
    ] == [
        ("Madrid", 1, 1),
        ("Dubai", 5, 5),
        ("Madrid", 9, 9),
    ]


def test_several_things_are_owned_until_one_is_sold(stores: Stores) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    for number, thing in enumerate(["iPhone 12", "Kindle", "iphone  12"], 1):
        facts.learn(contact, "owns", thing, number)
        stores.clock.pass_by(days=1)
    assert [fact.value for fact in facts.holding(contact.id)] == ["iPhone 12", "Kindle"]
    assert facts.end(contact, "owns", "iPhone", 4) == 1
    assert [fact.value for fact in facts.holding(contact.id)] == ["Kindle"]
    assert [(fact.value, fact.ended_by) for fact in facts.all(contact.id) if fact.until] == [("iPhone 12", 4)]
    assert facts.end(contact, "owns", "bicycle", 5) == 0


def test_sizes_of_different_goods_stand_side_by_side(stores: Stores) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    for number, text in enumerate(["I wear size 42 shoes", "my size is M", "my shoe size is 43"], 1):
        for learned in read_facts(text, "en"):
            facts.take(contact, learned, number)
        stores.clock.pass_by(days=1)
    assert {name: fact.value for name, fact in facts.current(contact.id).items()} == {
        "shoe_size": "43",
        "clothing_size": "M",
    }


@pytest.mark.parametrize(
    ("predicate", "value"), [("zodiac", "Leo"), ("city", " "), ("city", "x" * 201), ("city", "\0")]
)
def test_what_is_no_fact_is_refused_and_nothing_is_written(stores: Stores, predicate: str, value: str) -> None:
    contact, facts = _contact(stores), Facts(stores.db, stores.clock)
    with pytest.raises(ValueError):
        facts.learn(contact, predicate, value, 1)
    assert facts.all(contact.id) == []


def test_two_contacts_that_are_one_person_have_one_city(stores: Stores) -> None:
    one, other = _contact(stores), _contact(stores, phone="+14155550101")
    facts = Facts(stores.db, stores.clock)
    facts.learn(one, "city", "Madrid", 1)
    stores.clock.pass_by(days=1)
    facts.learn(other, "city", "Dubai", 2)
    facts.learn(other, "owns", "Kindle", 2)
    stores.contacts.join(one.id, other.id)
    assert [fact.value for fact in facts.holding(one.id)] == ["Dubai", "Kindle"]


cities = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("ABC")), min_size=1, max_size=9, unique_by=lambda said: said[0]
)


@given(cities, st.randoms(use_true_random=False))
def test_the_newest_statement_decides_in_whatever_order_they_arrive(said: list[tuple[int, str]], order: Random) -> None:
    shuffled = said[:]
    order.shuffle(shuffled)
    spells = told(shuffled)
    assert [spell.value for spell in spells if spell.until is None] == [max(said)[1]]
    for one, next_one in itertools.pairwise(spells):
        assert one.until == next_one.since
    assert spells[0].since == DAY_0 + timedelta(days=min(said)[0])
    day, value = shuffled[-1]
    at = DAY_0 + timedelta(days=day)
    held = [spell for spell in spells if spell.since <= at and (spell.until is None or at < spell.until)]
    assert [spell.value for spell in held] == [value]


@given(cities)
def test_in_the_order_of_time_each_change_is_one_spell(said: list[tuple[int, str]]) -> None:
    values = [value for _day, value in sorted(said)]
    assert [spell.value for spell in told(sorted(said))] == [value for value, _ in itertools.groupby(values)]


def told(said: list[tuple[int, str]]) -> list[Spell]:
    spells: list[Spell] = []
    for day, value in said:
        for spell in state(spells, Statement(value, DAY_0 + timedelta(days=day), day + 1)):
            if all(spell is not known for known in spells):
                spells.append(spell)
    return sorted(spells, key=lambda spell: spell.began)


def _name(text: str) -> str | None:
    found = find_name(text)
    return found.name if found else None


def _contact(stores: Stores, phone: str = "+919876543210") -> Contact:
    return stores.contacts.get(stores.messages.get(stores.hear("hi", phone=phone)).contact_id)
