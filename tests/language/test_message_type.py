"""What a message is about: rules, model, conversions, entities and the laws that hold for any text."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.reading import training
from bot.language.reading.classifier import MESSAGE_TYPES, load
from bot.language.reading.conversion import ConversionRequest, read_conversion
from bot.language.reading.features import words_of
from bot.language.reading.message_type import classify

ROWS = [
    ("hello there good people", "greeting"),
    ("hola, muy buenas", "greeting"),
    ("hello, how are you today?", "greeting"),
    ("hi, is the norvik bolt 15 available?", "product_inquiry"),
    ("halo kak, norvik bolt 15 masih ada?", "product_inquiry"),
    ("which laptop would suit a designer", "product_inquiry"),
    ("earbuds below 80 euros with noise cancelling", "product_inquiry"),
    ("what size mattress for a bed of 70x48", "product_inquiry"),
    ("konsa phone accha rahega", "product_inquiry"),
    ("45 quid in rupees", "currency_conversion"),
    ("otp is not coming on my phone", "support_request"),
    ("i forgot the password of my account", "support_request"),
    ("i would like to buy two of these please", "order"),
    ("where is my parcel, i ordered 9 days back", "order_status"),
    ("dónde está mi paquete", "order_status"),
    ("what does it cost with the discount", "pricing_discount"),
    ("emi pe mil jayega kya", "pricing_discount"),
    ("quanto custa esse notebook", "pricing_discount"),
    ("the item came damaged, i want my money back", "complaint_refund"),
    ("quiero que me devuelvan el dinero", "complaint_refund"),
    ("thank you very much, bye", "thanks_goodbye"),
    ("बहुत बहुत धन्यवाद", "thanks_goodbye"),
    ("let me talk with an executive now", "human_handoff"),
    ("please call me on 9845012345", "human_handoff"),
    ("unsubscribe me from the weekly newsletter", "opt_out"),
    ("STOP", "opt_out"),
    ("will it snow in oslo tomorrow", "other"),
    ("how many kilos to pounds", "other"),
]

RULED = [
    ("não quero mais, cancela", "support_request"),
    ("cancela", "support_request"),
    ("cancel it", "support_request"),
    ("cancelar pedido", "support_request"),
    ("no quiero mas el pedido", "support_request"),
    ("ya no lo quiero", "support_request"),
    ("order cancel kar do", "support_request"),
    ("ऑर्डर रद्द कर दो", "support_request"),
    ("cancel my subscription", "opt_out"),
    ("no quiero mas mensajes", "opt_out"),
    ("nao quero mais receber mensagens", "opt_out"),
    ("cancel it and refund me", "complaint_refund"),
    ("noise cancelling headphones", "product_inquiry"),
    ("puedo pagar contra reembolso?", "support_request"),
    ("¿aceptan contrarreembolso?", "support_request"),
    ("pay on delivery?", "support_request"),
    ("COD", "support_request"),
    ("cod milega?", "support_request"),
    ("quiero un reembolso", "complaint_refund"),
    ("cod refund not received", "complaint_refund"),
    ("sent", "other"),
    ("Sent!", "other"),
    ("when will my parcel be sent", "order_status"),
]


@pytest.mark.parametrize(("text", "message_type"), [*ROWS, *RULED])
def test_it_names_the_type(text: str, message_type: str) -> None:
    assert classify(text).message_type == message_type


def test_these_rows_are_not_what_it_was_trained_on() -> None:
    trained = {" ".join(words_of(e.text)) for e in training.chat_phrases() + training.requests()}
    assert not [text for text, _ in ROWS if text != "STOP" and " ".join(words_of(text)) in trained]


@pytest.mark.parametrize(
    ("text", "amount", "source", "target"),
    [
        ("65 quid in euros", "65", "GBP", "EUR"),
        ("€35 → $", "35", "EUR", "USD"),
        ("4.5k usd to inr", "4500", "USD", "INR"),
        ("3,50,000 rupees in dollars", "350000", "INR", "USD"),
        ("how much is two hundred bucks in yen", "200", "USD", "JPY"),
        ("how many baht do i get for 70 pounds", "70", "GBP", "THB"),
        ("what is the exchange rate between gbp and chf", "1", "GBP", "CHF"),
        ("the phone is $640, how much in euros", "640", "USD", "EUR"),
        ("quantos reais são 80 dólares", "80", "USD", "BRL"),
        ("cuánto es 60 dólares en euros", "60", "USD", "EUR"),
        ("300 dollar kitne rupaye hai", "300", "USD", "INR"),
        ("convert 75 to pounds", "75", None, "GBP"),
        ("please show prices in dollars", None, None, "USD"),
    ],
)
def test_it_reads_a_conversion(text: str, amount: str | None, source: str | None, target: str | None) -> None:
    expected = None if amount is None else Decimal(amount)
    said = classify(text)
    assert said.message_type == "currency_conversion"
    assert said.entities == {"amount": expected, "from": source, "to": target}


@pytest.mark.parametrize(
    "text",
    [
        "parcel worth 250 usd never reached europe",
        "visit us at 77 euro street",
        "tablet under 400 dollars",
        "iphone for 650 usd",
        "i paid 40 usd but was charged 55 eur",
        "refund my 30 usd to my euro account",
        "3 pounds of rice in kilos",
    ],
)
def test_money_without_a_question_converts_nothing(text: str) -> None:
    assert read_conversion(text) is None
    assert not any(classify(text).entities.get(key) for key in ("amount", "from", "to"))


def test_no_product_is_large_enough_for_blas_to_start_threads() -> None:
    model = load()
    assert all(block.size < 9216 for phrases in (model.sketches, model.embeddings) for block in phrases)
    assert len(model.kinds) <= model.embeddings.shape[0] * model.embeddings.shape[1]


def test_a_rate_without_a_number_is_for_one() -> None:
    assert read_conversion("usd inr exchange rate") == ConversionRequest(Decimal(1), "USD", "INR")


def test_it_carries_what_is_certain() -> None:
    assert classify("track order no 778812 please").entities["order_number"] == "778812"
    assert "order_number" not in classify("my order 250 usd never came").entities
    assert classify("i want to order 3 bottles").entities["quantity"] == 3
    budget = classify("gaming laptop under 1500 euros").entities
    assert (budget["budget"], budget["currency"]) == (Decimal(1500), "EUR")


@given(st.text(max_size=300))
def test_any_text_gets_one_type_and_always_the_same(text: str) -> None:
    said = classify(text)
    assert said.message_type in MESSAGE_TYPES
    assert 0 <= said.confidence <= 1
    assert said == classify(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "🔥" * 300, "a" * 100_000, "9" * 100_000, "1 000 " * 20_000, "\ud800", "x\u202e%s"],
)
def test_hostile_text_is_read_without_fault(text: str) -> None:
    assert classify(text).message_type in MESSAGE_TYPES


def test_the_weights_were_fitted_to_these_phrases() -> None:
    assert load().digest == training.digest(), "the phrases changed: run `python -m bot.language.reading.training`"


def test_any_file_of_phrases_is_read(tmp_path: Path) -> None:
    (tmp_path / "indonesian.txt").write_text("[greeting]\nselamat pagi\n")
    (tmp_path / "requests.txt").write_text("[order]\nbuy it | buying it\n")
    (tmp_path / "frames.txt").write_text("how to {inf}\n")
    assert training.chat_phrases(tmp_path) == [training.Example("selamat pagi", "greeting")]


def test_every_type_has_phrases_by_the_hundred() -> None:
    written = training.chat_phrases()
    assert {kind for kind in MESSAGE_TYPES if sum(e.message_type == kind for e in written) < 100} == set()


def test_fitting_twice_gives_the_same_weights() -> None:
    few = training.chat_phrases()[::40]
    first, second = training.fit(few, []), training.fit(few, [])
    assert all((first[name] == second[name]).all() for name in first)
