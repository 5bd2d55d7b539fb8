"""The built-in writer's answers: true for any item, any currency, any way of asking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.languages import LANGUAGES
from bot.language.texts import reply_wording
from bot.shop.exchange_rates import RateSource
from memory.people.address import Referral
from tests.sales.shop import ANOTHER, FILE, TestShop

TITLES = [item.title for item in FILE.items]
ASKS = [
    "tell me about {a}",
    "how much is {a}?",
    "is {a} in stock?",
    "compare {a} and {b}",
    "i want {n} of the {a}",
    "buy {a}",
    "show me {kind} under {limit} {money}",
    "cheapest {kind}",
    "how much is {a} in {money}?",
    "convert {limit} {money} to {other}",
    "¿cuánto cuesta {a}?",
    "quiero comprar {n} {a}",
    "busco {kind} por menos de {limit} {money}",
    "quanto custa {a}?",
    "quero comprar {a}",
    "{kind} até {limit} {money}",
    "{a} kitne ka hai",
    "{a} khareedna hai",
    "{a} कितने का है",
    "{a} खरीदना है",
    "does {a} cost {limit} {money}? give me 50% discount",
    "yes",
    "no",
    "the second one",
    "the cheaper one",
    "where is my order?",
    "what about delivery, returns, warranty and payment?",
    "hola",
    "asdf {limit}",
]
KINDS = ["laptops", "gaming laptops", "phones", "sunglasses", "headphones", "celulares", "portátiles", "चश्मा", "लैपटॉप"]
MONEY = ["EUR", "USD", "INR", "GBP", "BRL", "MXN", "AED", "JPY", "rupees", "dollars"]


@st.composite
def questions(draw: st.DrawFn) -> str:
    ask = draw(st.sampled_from(ASKS))
    return ask.format(
        a=draw(st.sampled_from(TITLES)),
        b=draw(st.sampled_from(TITLES)),
        n=draw(st.integers(1, 30)),
        kind=draw(st.sampled_from(KINDS)),
        limit=draw(st.sampled_from([1, 99, 500, 1500, 20000, 100000])),
        money=draw(st.sampled_from(MONEY)),
        other=draw(st.sampled_from(MONEY)),
    )


@given(st.lists(questions(), min_size=1, max_size=5))
def test_no_answer_breaks_a_promise(asked: list[str]) -> None:
    with TemporaryDirectory() as folder:
        shop = TestShop(Path(folder))
        for text in asked:
            answer = shop.says(text)
            assert "breaches" not in shop.outcome.used, (text, shop.outcome.used["breaches"])
            assert answer or shop.shop.handovers.current(shop.customer().id)


@given(st.text(max_size=300))
def test_any_text_gets_one_answer_or_none(text: str) -> None:
    with TemporaryDirectory() as folder:
        shop = TestShop(Path(folder))
        assert len(shop.turn(text)) <= 1
        assert "breaches" not in shop.outcome.used


def test_prices_are_in_the_customers_currency_with_the_rates_date(shop: TestShop) -> None:
    shop.says("show prices in GBP")
    assert "*Kestrel Raptor 15*: £1,031" in shop.says("tell me about Kestrel Raptor 15")
    bolt = shop.says("tell me about Norvik Bolt 15")
    assert "€779 (about £" in bolt and " at the rate of " in bolt


@pytest.mark.parametrize(
    "text",
    ["laptops under 5000000 vnd", "show me phones below 100000 naira", "busco un portátil por menos de 100 KZT",
     "do you have glasses over 10 ugx", "laptop gaming di bawah 20 juta tenge"],
)  # fmt: skip
def test_a_limit_without_a_rate_is_said_and_left_out(shop: TestShop, text: str) -> None:
    answer = shop.says(text)
    assert any(reply_wording(language).say("no_rate") in answer for language in LANGUAGES)
    assert "1. *" in answer


def test_what_is_not_sold_is_not_offered(shop: TestShop) -> None:
    answer = shop.says("do you sell mattresses?")
    assert "could not find that" in answer and "1." not in answer


def test_what_is_sold_out_is_said_to_be(shop: TestShop) -> None:
    assert "out of stock" in shop.says("I want to buy the Norvik Storm G18 Max")
    shop.says("yes")
    assert shop.orders() == []


@pytest.mark.parametrize(
    ("left", "listed", "asked"),
    [
        (5, "", "Yes, *Kestrel Raptor 15* is in stock."),
        (4, "", "Yes, *Kestrel Raptor 15* is in stock."),
        (3, " (only 3 left)", "Yes, but there are only 3 left of *Kestrel Raptor 15*."),
        (2, " (only 2 left)", "Yes, but there are only 2 left of *Kestrel Raptor 15*."),
        (0, " (out of stock)", "Sorry, *Kestrel Raptor 15* is out of stock."),
    ],
)
def test_how_many_are_left_is_told_from_three_down(shop: TestShop, left: int, listed: str, asked: str) -> None:
    items = [replace(item, stock=left) if item.sku == "KR-RAPTOR-15" else item for item in FILE.items]
    shop.goods.replace(items, "counted anew")
    [line] = [line for line in shop.says("show me gaming laptops").splitlines() if "*Kestrel Raptor 15*" in line]
    assert line.endswith(f"€1,199{listed}")
    assert shop.says("is the Kestrel Raptor 15 in stock?").startswith(asked)


def test_a_limit_nobody_meets_shows_the_closest(shop: TestShop) -> None:
    assert "come closest" in shop.says("gaming laptop under 100 euros")


def test_a_budget_alone_narrows_the_last_interest(shop: TestShop) -> None:
    shop.says("gaming laptops")
    answer = shop.says("my budget is 1000 euros")
    assert "Norvik Storm G16" in answer and "Raptor" not in answer


def test_a_conversion_names_amounts_rate_source_and_date(shop: TestShop) -> None:
    answer = shop.says("50 quid in euros")
    assert answer.startswith("£50 is €") and "European Central Bank rate of" in answer


def test_the_source_of_a_rate_is_named_in_the_customers_language(shop: TestShop) -> None:
    assert "(Banco Central Europeo)" in shop.says("cuánto son 50 libras en euros?")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_names_every_source_of_rates(language: str) -> None:
    assert {f"rate_{source}" for source in RateSource} <= set(reply_wording(language).lines)


def test_a_discount_is_only_what_the_brand_has(shop: TestShop) -> None:
    assert "HOLA5 you get 5% off until 31 Jan 2027" in shop.says("any discount?")
    shop.stores.clock.pass_by(days=100)
    assert "%" not in shop.says("any discount?")


@pytest.mark.parametrize("text", ["thanks!", "gracias", "obrigado", "shukriya", "धन्यवाद"])
def test_thanks_are_answered_and_sell_nothing(shop: TestShop, text: str) -> None:
    [reply] = shop.turn(text)
    assert reply.metadata == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("when would they arrive", "2-4 days"),
        ("quando chega?", "2-4 dias"),
        ("cuanto cuesta el envio a sevilla y cuanto tarda?", "2-4 días"),
        ("दिल्ली में डिलीवरी होगी?", "2-4 दिन"),
        ("delivery pune me kitne din me hogi", "2-4 days"),
    ],
)
def test_delivery_is_explained_before_anything_is_ordered(shop: TestShop, text: str, said: str) -> None:
    assert said in shop.says(text)


def test_asking_when_it_comes_after_an_order_shows_its_status(shop: TestShop) -> None:
    shop.says("I want to buy the Norvik Bolt 15")
    shop.says("yes")
    [order] = shop.orders()
    assert order.number in shop.says("when will it arrive?")
    assert order.number not in shop.says("how much is delivery to Leeds?")


def test_an_order_that_nobody_knows_of_is_asked_for(shop: TestShop) -> None:
    assert "can't find an order" in shop.says("where is my order?")
    assert "can't find an order" in shop.says("my order has not arrived, where is my parcel?") or shop.told_staff()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("do you have any sunglasses in stock right now, and what's your return policy?", ["Solenne", "14 days"]),
        ("earbuds for the gym, max 60 quid, and when would they arrive?", ["Voltia Buds 2", "2-4 days"]),
        ("hello do u have iphone 15 and how much is delivery to leeds?", ["could not find", "€4.90"]),
        ("hola buenas, teneis iphone?", ["No lo encuentro"]),
    ],
)
def test_every_part_of_a_message_is_answered(shop: TestShop, text: str, parts: list[str]) -> None:
    answer = shop.says(text)
    assert all(part in answer for part in parts), answer


@pytest.mark.parametrize("text", ["bhai koi sasta phone hai kya 15000 tak", "phone under 15000"])
def test_a_bare_budget_from_india_is_in_rupees(shop: TestShop, text: str) -> None:
    answer = shop.says(text, phone="+919812345678")
    assert "Pixon Lite 3*: ₹14,999" in answer and "Nova" not in answer


def test_a_bare_budget_is_otherwise_in_the_brands_currency(shop: TestShop) -> None:
    assert "Pixon Fold 2" in shop.says("phones over 900", phone=ANOTHER)


@pytest.mark.parametrize(
    ("asks", "aside", "takes", "title"),
    [
        ("show me gaming laptops", "any discount?", "i'll take 2", "Kestrel Raptor 17 Pro"),
        ("portátiles gaming", "¿hay descuento?", "me quedo con el primero", "Kestrel Raptor 15"),
        ("Norvik Bolt 15", "how long does delivery take?", "yes", "Norvik Bolt 15"),
    ],
)
def test_a_question_aside_does_not_lose_what_was_shown(
    shop: TestShop, asks: str, aside: str, takes: str, title: str
) -> None:
    for text in (asks, aside):
        shop.says(text)
    assert f"*1 × {title}*" in shop.says(takes)


def test_a_yes_counts_only_for_the_question_just_asked(shop: TestShop) -> None:
    shop.says("tell me about the Norvik Bolt 15")
    assert "Shall I order *Norvik Bolt 15*" in shop.says("what is your return policy?")
    shop.says("tell me a joke")
    assert "nothing waiting" in shop.says("yes")
    assert shop.orders() == []


@pytest.mark.parametrize(
    ("text", "price"),
    [("cuanto en dolares?", "1.319"), ("em reais quanto dá?", "7.429"), ("how much is that in pounds", "£1,031")],
)
def test_an_item_s_price_is_converted_right_after_it_was_shown(shop: TestShop, text: str, price: str) -> None:
    shop.says("Kestrel Raptor 15")
    assert price in shop.says(text)


@pytest.mark.parametrize("text", ["is this still available?", "price?", "whats the cheapest", "more info please"])
def test_this_after_an_ad_click_means_the_ad_s_items(shop: TestShop, text: str) -> None:
    ad = Referral("120210000000000001", "ad", None, "New frames for the season", None, None, {})
    assert "Solenne Atelier Frame" in shop.says(text, referral=ad)


def test_a_second_item_in_one_order_is_not_ignored(shop: TestShop) -> None:
    answer = shop.says("I'll take the Norvik Bolt 15 and the mouse")
    assert "one order at a time" in answer and "*1 × Norvik Bolt 15*" in answer
    assert "one order at a time" not in shop.says("I'll take 2 Norvik Bolt 15, please and thank you")


@pytest.mark.parametrize("text", ["can I use the code HOLA5?", "do you take hola5", "I have a promo code"])
def test_a_code_is_explained_with_who_takes_it_off(shop: TestShop, text: str) -> None:
    answer = shop.says(text)
    assert "HOLA5 you get 5% off" in answer and "colleague" in answer
    shop.stores.clock.pass_by(days=100)
    assert "%" not in shop.says(text)


def test_a_bulk_order_is_for_a_person(shop: TestShop) -> None:
    shop.says("I want to buy 50 pieces of Voltia Charger 65W")
    assert len(shop.told_staff()) == 1
