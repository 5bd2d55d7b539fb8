"""What a text states about its writer, in every language, and texts that state nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.reading.birthdays import find_day
from bot.language.reading.names import MAYBE, MAYBE_NAME_HINTS, NAME_HINTS, NAMED, contains_any
from bot.language.reading.statements import REPORTED, REPORTED_HINTS, SUPPOSED, SUPPOSED_HINTS, Learned, read_facts
from memory.people.facts import LONGEST_VALUE, PREDICATES

STATED: dict[str, list[tuple[str, ...]]] = {
    "I live in Dubai": [("city", "Dubai")],
    "I moved to Dubai last month": [("city", "Dubai")],
    "hey, I've just moved from Madrid to New York": [("city", "New York")],
    "I live in Dubai, do you ship there?": [("city", "Dubai")],
    "I live in Dubai do you ship there?": [("city", "Dubai")],
    "we now live in Lisbon": [("city", "Lisbon")],
    "me mudé a Barcelona": [("city", "Barcelona")],
    "Hola, ahora vivo en Sevilla": [("city", "Sevilla")],
    "me mudei para Lisboa": [("city", "Lisboa")],
    "agora moro em Porto": [("city", "Porto")],
    "main Mumbai me rehta hoon": [("city", "Mumbai")],
    "मैं दुबई में रहता हूँ": [("city", "दुबई")],
    "I no longer live in Madrid": [("city", "Madrid", "ended")],
    "I don't live in Madrid any more": [("city", "Madrid", "ended")],
    "ya no vivo en Madrid": [("city", "Madrid", "ended")],
    "não moro mais em Lisboa": [("city", "Lisboa", "ended")],
    "ab main Delhi me nahi rehta": [("city", "Delhi", "ended")],
    "अब मैं दिल्ली में नहीं रहता": [("city", "दिल्ली", "ended")],
    "My birthday is on 5 May": [("birthday", "05-05")],
    "my birthday is March 3rd, 1990": [("birthday", "1990-03-03")],
    "I was born on 12/25/1988": [("birthday", "1988-12-25")],
    "mi cumpleaños es el 5 de mayo": [("birthday", "05-05")],
    "nací el 3 de marzo de 1991": [("birthday", "1991-03-03")],
    "meu aniversário é dia 7 de setembro": [("birthday", "09-07")],
    "mera birthday 15 august ko hai": [("birthday", "08-15")],
    "मेरा जन्मदिन 5 मई को है": [("birthday", "05-05")],
    "मेरा जन्मदिन 15 अगस्त को है": [("birthday", "08-15")],
    "I wear size 42 shoes": [("shoe_size", "42")],
    "my shoe size is 9.5 UK": [("shoe_size", "9.5 UK")],
    "my size is M": [("clothing_size", "M")],
    "I'm a size L": [("clothing_size", "L")],
    "I usually wear medium": [("clothing_size", "medium")],
    "I wear size 38": [("size", "38")],
    "calzo un 42": [("shoe_size", "42")],
    "uso talla M": [("clothing_size", "M")],
    "mi talla de zapatos es 41": [("shoe_size", "41")],
    "mi talla es la XL": [("clothing_size", "XL")],
    "calço 40": [("shoe_size", "40")],
    "visto M": [("clothing_size", "M")],
    "meu número de sapato é 39": [("shoe_size", "39")],
    "mera size M hai": [("clothing_size", "M")],
    "mera joote ka size 9 hai": [("shoe_size", "9")],
    "main 42 number ke joote pehenta hoon": [("shoe_size", "42")],
    "मेरे जूते का साइज़ 9 है": [("shoe_size", "9")],
    "मेरा साइज़ M है": [("clothing_size", "M")],
    "My address is 12 Baker Street, London": [("address", "12 Baker Street, London")],
    "please deliver to 221B Baker Street, London": [("address", "221B Baker Street, London")],
    "mi dirección es Calle Mayor 5, 28013 Madrid": [("address", "Calle Mayor 5, 28013 Madrid")],
    "meu endereço é Rua Augusta 100, São Paulo": [("address", "Rua Augusta 100, São Paulo")],
    "mera address 14 MG Road, Pune hai": [("address", "14 MG Road, Pune")],
    "मेरा पता 14 एमजी रोड, पुणे है": [("address", "14 एमजी रोड, पुणे")],
    "I have an iPhone 12": [("owns", "iPhone 12")],
    "I already own a MacBook Air and need a charger": [("owns", "MacBook Air")],
    "I've got a Galaxy S21 from my work": [("owns", "Galaxy S21")],
    "my laptop is a ThinkPad X1": [("owns", "ThinkPad X1")],
    "tengo un iPhone 13": [("owns", "iPhone 13")],
    "ya tengo unas gafas Ray-Ban": [("owns", "gafas Ray-Ban")],
    "tenho um notebook Dell": [("owns", "notebook Dell")],
    "mere paas iPhone 11 hai": [("owns", "iPhone 11")],
    "मेरे पास आईफोन है": [("owns", "आईफोन")],
    "I don't have the iPhone any more": [("owns", "iPhone", "ended")],
    "I sold my iPhone 12": [("owns", "iPhone 12", "ended")],
    "ya no tengo el iPhone": [("owns", "iPhone", "ended")],
    "não tenho mais o notebook": [("owns", "notebook", "ended")],
    "vendi meu celular": [("owns", "celular", "ended")],
    "maine apna iPhone bech diya": [("owns", "iPhone", "ended")],
    "मेरे पास अब लैपटॉप नहीं है": [("owns", "लैपटॉप", "ended")],
    "I don't like red cases": [("disliked", "red cases")],
    "I hate glossy screens": [("disliked", "glossy screens")],
    "I didn't like the Kestrel": [("disliked", "Kestrel")],
    "no me gustan las gafas redondas": [("disliked", "gafas redondas")],
    "não gosto de preto": [("disliked", "preto")],
    "mujhe red colour pasand nahi": [("disliked", "red colour")],
    "मुझे लाल रंग पसंद नहीं": [("disliked", "लाल रंग")],
    "I like red cases now": [("disliked", "red cases", "ended")],
    "Hi, I'm John, I live in Delhi and I wear size 42 shoes": [
        ("name", "John"),
        ("city", "Delhi"),
        ("shoe_size", "42"),
    ],
    "Sí, vivo en Madrid": [("city", "Madrid")],
    "si, vivo en Madrid": [("city", "Madrid")],
    "Yes. I live in Porto. My shoe size is 40.": [("city", "Porto"), ("shoe_size", "40")],
    "My name is John and I would like to buy a phone": [("name", "John")],
    "hi i'm john i'm from delhi": [("name", "John")],
    "hi im maria, i'm from Pune": [("name", "Maria"), ("city", "Pune")],
    "I live in Dubai if that helps": [("city", "Dubai")],
    "I live in Dubai now. My brother lives in Oman.": [("city", "Dubai")],
    "my brother lives in Oman but I live in Dubai": [("city", "Dubai")],
    "I don't own an iPhone any more": [("owns", "iPhone", "ended")],
    "I bought headphones last week": [("owns", "headphones")],
    "I use a Kindle": [("owns", "Kindle")],
    "ya no tengo la mochila azul": [("owns", "mochila azul", "ended")],
    "Actually I moved to Berlin": [("city", "Berlin")],
    "tengo una talla M": [("clothing_size", "M")],
    "eu calço 38": [("shoe_size", "38")],
    "no, my size is 10": [("size", "10")],
    "My size is M, not L": [("clothing_size", "M")],
    "I hate pink": [("disliked", "pink")],
    "odio el color rosa": [("disliked", "color rosa")],
}
NOTHING = [
    "is it good for Dubai?",
    "do you ship to Dubai?",
    "my brother lives in Dubai",
    "My brother moved to Dubai",
    "my brother says I live in Dubai",
    "if I lived in Dubai would it be cheaper?",
    "if I live in Dubai, do you ship?",
    "suppose I live in Dubai",
    "imagine I moved to Dubai",
    "I might move to Dubai",
    "I'm moving to Dubai next month",
    "I want to live in Dubai",
    "I wish I lived in Dubai",
    'He said "I live in Dubai now"',
    'my friend wrote: "I moved to Dubai last week"',
    "I'd like to move to Dubai",
    "do I live in Dubai?",
    "I live in fear",
    "I live in hope",
    "maybe I live in the past",
    "I used to live in Dubai",
    "my wife wears size 38",
    "my son's shoe size is 34",
    "is size 42 available?",
    "do you have it in M?",
    "I take 2",
    "I take 2 of them",
    "I wear glasses",
    "I need size 42?",
    "what if my size is M?",
    "my daughter's birthday is 5 May",
    "is my birthday on 5 May a holiday?",
    "my birthday is tomorrow",
    "my birthday is 5/6",
    "my mom's address is 12 Baker Street, London",
    "is my address 12 Baker Street?",
    "my email address is john5@example.com",
    "my address is john5@example.com",
    "my address is the same",
    "what is your address? 12 Baker Street?",
    "I have a question",
    "I have a budget of 500",
    "I have an order with you",
    "I have two kids",
    "I have an iPhone in mind",
    "I have no idea",
    "do I have an iPhone?",
    "my brother has an iPhone 12",
    "my friend has a MacBook",
    "I want an iPhone 12",
    "I'd like a laptop",
    "I had an iPhone once",
    "I don't like it",
    "I don't like waiting",
    "I don't like the price",
    "I don't like how it looks",
    "my wife doesn't like red",
    "she hates red",
    "no me gusta",
    "no me gusta el precio",
    "mi hermano vive en Madrid",
    "mi hermano calza un 42",
    "si vivo en Madrid, ¿cuánto cuesta?",
    "supongamos que vivo en Madrid",
    "¿vivo en Madrid?",
    "voy a mudarme a Madrid",
    "quiero vivir en Madrid",
    "mi hija tiene un iPhone",
    "¿tienen talla M?",
    "me gustaría vivir en Barcelona",
    "meu irmão mora em Lisboa",
    "se eu morar em Lisboa, entregam?",
    "quero morar em Lisboa",
    "minha mãe calça 37",
    "vou me mudar para o Porto",
    "você tem tamanho M?",
    "mera bhai Dubai me rehta hai",
    "mere bhai ke paas iPhone hai",
    "agar main Dubai me rehta hoon to?",
    "kya Dubai me milta hai?",
    "मेरा भाई दुबई में रहता है",
    "अगर मैं दुबई में रहता हूँ तो?",
    "क्या यह दुबई में मिलेगा?",
    "मेरे भाई के पास आईफोन है",
    "I don't live in Dubai?",
    "people say I live in Dubai",
    "the phone lives in my bag",
    "for example I live in Dubai",
    "> I live in Dubai",
    'the ad says "my size is M, I love it"',
    "I am not from Dubai",
    "I'm not in Dubai",
    "call me when it is back",
    "let's say my shoe size is 42",
    "I like red cases",
    "you live in Dubai",
    "We live in a time of change",
    "I wear size what?",
    "I wear a 10 dollar watch",
    "my size is not M",
    "I'm size obsessed",
    "my address is not 12 Baker Street",
    "I don't wear size 42",
    "Someone told me my size is M",
    "I was born on a Monday",
    "my birthday is not 5 May",
    "meu tamanho é G",
    "I'm in Paris for two days",
    "I'm from India",
    "I've been living in Dubai",
]


@pytest.mark.parametrize(("text", "facts"), STATED.items())
def test_it_reads_what_somebody_states_about_themselves(text: str, facts: list[tuple[str, ...]]) -> None:
    assert [told(fact) for fact in read_facts(text, "en")] == facts


@pytest.mark.parametrize("text", NOTHING)
def test_questions_others_wishes_and_quotations_state_nothing(text: str) -> None:
    assert read_facts(text, "en") == []


@pytest.mark.parametrize("text", [*STATED, *NOTHING])
@pytest.mark.parametrize("frame", ["if {}", "suppose {}", "my sister said {}", "he told me “{}”", "si {}", "agar {}"])
def test_suppositions_and_quotations_state_nothing(text: str, frame: str) -> None:
    first = text.partition(".")[0]
    assert [fact for fact in read_facts(frame.format(first), "en") if fact.predicate != "name"] == []


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    for fact in read_facts(text, "en"):
        assert fact.predicate in PREDICATES
        assert 0 < len(fact.value) <= LONGEST_VALUE or fact.ended


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5 May", "05-05"),
        ("May 5th, 1990", "1990-05-05"),
        ("29 February", "02-29"),
        ("31 April", None),
        ("5/6", None),
        ("5/5", "05-05"),
        ("25/12/1990", "1990-12-25"),
        ("12-25", "12-25"),
        ("1990-02-30", None),
        ("1 de marzo de 2001", "2001-03-01"),
        ("7 de setembro", "09-07"),
        ("१५ अगस्त", "08-15"),
    ],
)
def test_a_day_is_read_where_it_can_be_only_one(text: str, day: str | None) -> None:
    assert find_day(text) == day


def told(fact: Learned) -> tuple[str, ...]:
    said = (fact.predicate, fact.value)
    return (*said, "ended") if fact.ended else said


@pytest.mark.parametrize(
    ("pattern", "words"),
    [(SUPPOSED, SUPPOSED_HINTS), (REPORTED, REPORTED_HINTS), (NAMED, NAME_HINTS), (MAYBE, MAYBE_NAME_HINTS)],
    ids=["supposed", "reported", "named", "maybe named"],
)
def test_no_match_is_missed_for_want_of_a_hint(pattern: re.Pattern[str], words: Sequence[str]) -> None:
    @settings(max_examples=300)
    @given(st.from_regex(pattern))
    def a_match_has_a_hint(text: str) -> None:
        assert contains_any(text.casefold(), words) or {*text} & {"ı", "İ"}, (
            "the Turkish i passes for an i in a pattern only"
        )

    a_match_has_a_hint()
