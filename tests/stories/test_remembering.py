"""What the desk remembers of a person: the seed's own examples, and what the HTTP API then tells."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import requests

from memory.recall.search import Search
from tests.model_server import ModelServer, says
from tests.waiting import HANG_SECONDS
from tests.world import JOHN, MARIA, STAFF, MovableClock, World


def test_a_returning_customer_is_greeted_with_name_interest_and_currency(shop: World) -> None:
    john = shop.person()
    john.says("Hi, I'm John")
    john.says("I am looking for gaming laptops")
    john.says("Convert 500 USD to EUR")
    answer = john.says("Hi, I'm back")
    assert answer == "Welcome back John! Ready to continue looking at those gaming laptops in EUR?"


def test_a_conversion_teaches_the_currency_and_prices_follow(shop: World) -> None:
    maria = shop.person(MARIA)
    converted = maria.says("convert 100 EUR to GBP")
    assert "£" in converted and "rate of" in converted
    assert shop.contact(MARIA).preferred_currency == "GBP"
    assert "£1,031" in maria.says("how much is the kestrel raptor 15?")
    maria.says("convert 500 USD to EUR")
    assert "€1,199" in maria.says("how much is the kestrel raptor 15?")


def test_a_price_that_the_shop_has_not_in_that_currency_is_converted_with_the_date(shop: World) -> None:
    john = shop.person()
    john.says("show me prices in CHF")
    answer = john.says("how much is the kestrel raptor 15?")
    assert "€1,199" in answer and "CHF" in answer and "rate of" in answer


def test_what_was_asked_for_becomes_an_interest_and_leads_on(shop: World) -> None:
    john = shop.person()
    john.says("Show me smartphones")
    john.says("show me smartphones under 300 euros")
    john.says("and sunglasses?")
    profile = shop.get(f"/conversation/{JOHN}")["user_profile"]
    assert profile["interests"][0] == "smartphones"
    assert len(profile["interests"]) > 1


def test_a_correction_replaces_what_was_learned(shop: World) -> None:
    john = shop.person()
    john.says("hi, I'm John")
    john.says("sorry, my name is Johann")
    assert shop.contact().name == "Johann"
    assert "Johann" in john.says("hello")
    facts = [fact for fact in shop.memory.facts.all(shop.contact().id) if fact.predicate == "name"]
    assert [fact.value for fact in facts] == ["John", "Johann"]
    assert all(fact.message_id for fact in facts)


def test_what_was_told_is_told_back_with_its_day(shop: World, clock: MovableClock) -> None:
    john = shop.person()
    john.says("Hi, I'm John, I wear size 42 shoes and my birthday is on 5 May")
    john.says("I live in Madrid")
    john.says("my budget is 1500 euros")
    told = f"{clock():%Y}"
    clock.passes(days=40)
    john.says("I moved to Dubai")
    assert re.search(rf"shoe size 42.*|42.*{told}", john.says("same size as last time please"))
    assert "Dubai" in john.says("do you remember my city?")
    assert re.search("5 May|May 5", john.says("what is my birthday?"))
    assert "€1,500" in john.says("what was my budget?")
    assert "haven't told me your address" in john.says("do you have my address?")
    contact = shop.contact()
    assert {fact.value for fact in shop.memory.facts.at(contact.id, clock() - timedelta(days=20))} >= {"Madrid", "42"}


@pytest.mark.parametrize(
    ("tells", "asks", "hears"),
    [
        ("calzo un 42", "¿recuerdas mi talla?", "42"),
        ("vivo en Sevilla", "cuál era mi ciudad?", "Sevilla"),
        ("moro em Lisboa", "qual é a minha cidade?", "Lisboa"),
        ("meu aniversário é dia 7 de setembro", "lembra do meu aniversário?", "7 de set"),
        ("mera size M hai", "mera size kya hai?", "M"),
        ("मेरा जन्मदिन 5 मई को है", "मेरा जन्मदिन क्या है?", "5 मई"),
    ],
)
def test_it_is_told_back_in_every_language(shop: World, tells: str, asks: str, hears: str) -> None:
    maria = shop.person(MARIA)
    maria.says(tells)
    answer = maria.says(asks)
    assert hears in answer and str(shop.program.clock().year) in answer


@pytest.mark.parametrize(
    "text",
    [
        "do you ship to Dubai?",
        "my brother lives in Dubai, what would he like?",
        "if I lived in Dubai, would it be cheaper?",
        "my brother's budget is 500 euros",
        'my sister wrote "I live in Dubai and wear size 38"',
    ],
)
def test_what_is_said_of_others_or_only_asked_is_not_believed_of_the_customer(shop: World, text: str) -> None:
    shop.person().says(text)
    shop.settled()
    known = {fact.predicate for fact in shop.memory.facts.holding(shop.contact().id)}
    assert known <= {"language", "currency"}


def test_why_tells_which_facts_and_from_which_message(shop: World) -> None:
    john = shop.person()
    john.says("I wear size 42 shoes")
    john.says("what's my shoe size?")
    shop.settled()
    size = shop.memory.facts.current(shop.contact().id)["shoe_size"]
    last = shop.get(f"/conversation/{JOHN}")["messages"][-1]
    told = shop.get(f"/messages/{last['id']}/why")
    assert size.id in told["used"]["fact_ids"]
    known = next(fact for fact in told["known"] if fact["predicate"] == "shoe_size")
    assert (known["value"], known["message_id"]) == ("42", size.message_id)
    answer = shop.person(STAFF).says(f"why {last['id']}")
    assert f"shoe_size: 42 (message {size.message_id}" in answer


@pytest.mark.parametrize("text", ["I'm looking for a phone", "I'm back", "I'm interested in the raptor 15"])
def test_what_is_no_name_is_not_taken_for_one(shop: World, text: str) -> None:
    shop.person().says(text)
    assert shop.contact().name is None


def test_the_api_tells_the_conversation_that_just_happened(shop: World) -> None:
    john = shop.person()
    replies = [john.says("Hello, I'm John"), john.says("I need a gaming laptop under 1500 euros")]
    shop.settled()
    told = shop.get(f"/conversation/{JOHN}")
    profile = told["user_profile"]
    assert profile["phone_number"] == JOHN
    assert (profile["name"], profile["preferred_currency"], profile["total_interactions"]) == ("John", "EUR", 2)
    assert any("gaming" in interest for interest in profile["interests"])
    assert profile["last_interaction"].endswith("Z")
    assert [(m["role"], m["content"]) for m in told["messages"]] == [
        ("user", "Hello, I'm John"),
        ("assistant", replies[0]),
        ("user", "I need a gaming laptop under 1500 euros"),
        ("assistant", replies[1]),
    ]
    assert [m["message_type"] for m in told["messages"] if m["role"] == "user"] == ["greeting", "product_inquiry"]
    assert {"timestamp", "metadata"} <= told["messages"][0].keys()
    assert told["session_info"]["total_messages"] == 4
    older = shop.get(f"/conversation/{JOHN}?limit=1&before={told['messages'][-1]['id']}")
    assert [m["content"] for m in older["messages"]] == ["I need a gaming laptop under 1500 euros"]


def test_the_api_counts_the_people_of_today(shop: World) -> None:
    shop.person(JOHN).says("show me gaming laptops")
    shop.person(MARIA).says("hola, busco gafas de sol")
    shop.person(MARIA).says("gracias")
    shop.settled()
    told = shop.get("/analytics/users")
    assert told["total_users"] == 2
    assert (told["summary"]["total_interactions"], told["summary"]["active_users_24h"]) == (3, 2)
    assert all(isinstance(name, str) and times >= 1 for name, times in told["summary"]["top_interests"])
    assert {user["phone_number"]: user["total_interactions"] for user in told["users"]} == {JOHN: 1, MARIA: 2}
    by_type = shop.get("/analytics/messages")
    assert "es" in str(by_type)


def test_staff_are_not_counted_as_customers(shop: World) -> None:
    shop.person(STAFF).says("open")
    shop.person(JOHN).says("hi")
    shop.settled()
    numbers = [user["phone_number"] for user in shop.get("/analytics/users")["users"]]
    assert JOHN in numbers


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        (f"/conversation/{JOHN}", None, 401),
        ("/conversation/+1999", "analyst", 400),
        (f"/conversation/{MARIA}", "analyst", 404),
        ("/analytics/users", None, 401),
    ],
)
def test_the_api_says_what_is_wrong(shop: World, path: str, role: str | None, status: int) -> None:
    shop.person(JOHN).says("hi")
    answer = requests.get(shop.url + path, headers=shop.token(role) if role else {}, timeout=HANG_SECONDS)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_the_model_is_told_what_was_said_weeks_ago_and_the_ad_they_came_by(
    model_shop: World, model: ModelServer, clock: MovableClock
) -> None:
    model.rule = lambda request: says("Happy to help!")
    john = model_shop.person()
    john.says("the charger must fit my old Nokia 3310, please remember")
    john.says("I live in Madrid")
    for n in range(3):
        john.says(f"and something else, number {n}")
    clock.passes(days=40)
    john.says("I moved to Dubai")
    model_shop.memory.summaries.catch_up(model_shop.contact().id)
    Search(model_shop.memory.db).catch_up_fully()
    ad = {"ReferralSourceType": "ad", "ReferralSourceId": "120211", "ReferralHeadline": "Chargers for old phones"}
    john.phone.arrives_through(ad)
    john.says("which charger was it that I asked for?")
    told = model.requests[-1].last
    assert "Chargers for old phones" in told
    assert "City: Dubai" in told and "Madrid" not in told.split("Earlier")[0]
    recalled = re.search(r"Earlier, on this subject:\n(\{.*\})", told)
    assert recalled is not None
    line = json.loads(recalled[1])
    assert (line["by"], line["text"]) == ("customer", "the charger must fit my old Nokia 3310, please remember")
    model_shop.settled()
    last = model_shop.get(f"/conversation/{JOHN}")["messages"][-1]
    why = model_shop.get(f"/messages/{last['id']}/why")
    assert any("Nokia" in message["content"] for message in why["recalled"])
    assert {"city"} <= {fact["predicate"] for fact in why["known"]}
    answer = model_shop.person(STAFF).says(f"why {last['id']}")
    assert "Recalled message" in answer and "Nokia" in answer
