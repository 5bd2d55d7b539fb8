from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model.answers import ToolCall
from bot.sales.answering.desk_actions import Actions
from bot.sales.answering.model_tools import TOOLS, run_tool, tool_descriptions
from bot.sales.situation import Situation
from tests.model_server import check
from tests.sales.shop_counter import JOHN, MARIA, Counter


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "h.db")


@pytest.fixture
def greeted(counter: Counter) -> Situation:
    return counter.writes("hi")


def ask(actions: Actions, tool: str, /, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run_tool(ToolCall("1", tool, arguments), actions))
    return answer


def at(counter: Counter, text: str = "hi", *, phone: str = MARIA) -> Actions:
    return counter.actions(counter.writes(text, phone=phone))


def test_openai_would_take_the_schemas() -> None:
    check({"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": tool_descriptions()})


def test_no_tool_takes_a_person() -> None:
    for tool in tool_descriptions():
        words = json.dumps(tool["function"]["parameters"]).casefold()
        assert not any(word in words for word in ("phone", "contact", "address", "user")), tool


def test_the_schema_says_what_the_check_wants() -> None:
    limits = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tool_descriptions()}
    assert limits["quote_order"]["required"] == ["sku"]
    assert limits["quote_order"]["properties"]["quantity"] == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert limits["convert_currency"]["properties"]["from"]["pattern"] == "^[A-Z]{3}$"
    assert limits["place_order"] == {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def test_a_search_tells_price_stock_and_link(counter: Counter) -> None:
    found = ask(at(counter), "search_catalogue", words="gaming laptop under 1250 euros")["items"]
    raptor = next(item for item in found if item["sku"] == "KR-RAPTOR-15")
    assert raptor["price"] == {"amount": "1199.00", "currency": "EUR"}
    assert (raptor["stock"], raptor["link"]) == (7, "https://shop.example.com/voyage/kr-raptor-15")
    assert all(float(item["price"]["amount"]) <= 1250 for item in found)


def test_a_search_for_what_is_not_sold_says_so(counter: Counter) -> None:
    assert ask(at(counter), "search_catalogue", words="mattress")["items"] == []


def test_a_conversion_names_its_day(counter: Counter) -> None:
    answer = ask(at(counter), "convert_currency", **{"amount": 50, "from": "AED", "to": "USD"})
    assert answer["to"] == {"amount": "13.61", "currency": "USD"}  # 50 / 3.6725, the dirham's peg
    assert len(answer["rate_of"]) == 10


def test_a_currency_without_a_rate_is_an_answer(counter: Counter) -> None:
    assert "error" in ask(at(counter), "convert_currency", **{"amount": 50, "from": "XAU", "to": "USD"})


def test_a_customer_sees_their_own_orders_only(counter: Counter) -> None:
    theirs = counter.ordered(phone=JOHN)
    mine = counter.ordered("NV-BOLT-15", phone=MARIA)
    actions = at(counter, phone=MARIA)
    assert [order["number"] for order in ask(actions, "order_status")["orders"]] == [mine.number]
    assert "error" in ask(actions, "order_status", number=theirs.number)
    assert theirs.number not in json.dumps(ask(actions, "order_status"))


def test_an_order_is_told_without_contact_or_advertisement(counter: Counter) -> None:
    counter.ordered()
    order = ask(at(counter), "order_status")["orders"][0]
    assert set(order) == {
        "number",
        "state",
        "title",
        "quantity",
        "unit",
        "total",
        "delivery",
        "ordered_on",
        "payment_link",
    }


@pytest.mark.parametrize("argument", ["phone", "contact_id", "phone_number", "brand"])
@pytest.mark.parametrize("tool", list(TOOLS))
def test_naming_another_person_is_refused(counter: Counter, tool: str, argument: str) -> None:
    right: dict[str, dict[str, Any]] = {
        "search_catalogue": {"words": "laptop"},
        "convert_currency": {"amount": 1, "from": "USD", "to": "EUR"},
        "quote_order": {"sku": "NV-BOLT-15"},
        "hand_over": {"reason": "asked"},
    }
    actions = at(counter)
    answer = ask(actions, tool, **right.get(tool, {}), **{argument: JOHN})
    assert argument in answer["error"]
    assert actions.changes == []


def test_a_quote_is_prepared_and_nothing_is_ordered(counter: Counter) -> None:
    actions = at(counter)
    quote = ask(actions, "quote_order", sku="KR-RAPTOR-15", quantity=2)
    assert quote["total"] == {"amount": "2398.00", "currency": "EUR"}
    assert "not ordered" in quote["note"]
    assert counter.orders.of_contact(counter.contact().id) == []


@pytest.mark.parametrize(
    "words",
    ["yes but in blue?", "ok", "sounds good, but how much is shipping?", "yes?", "👍", "maybe", "place_order!", "no"],
)
def test_an_unclear_yes_never_orders_whatever_the_model_says(counter: Counter, words: str) -> None:
    counter.quoted()
    actions = at(counter, words)
    assert "error" in ask(actions, "place_order")
    assert (actions.changes, actions.placed) == ([], None)


def test_a_clear_yes_orders_once_however_often_the_model_asks(counter: Counter) -> None:
    counter.quoted()
    situation = counter.writes("yes please")
    actions = counter.actions(situation)
    first, second = ask(actions, "place_order"), ask(actions, "place_order")
    assert first["number"] == second["number"]
    counter.says(situation, "Done", actions)
    assert [order.number for order in counter.orders.of_contact(situation.contact.id)] == [first["number"]]


def test_a_quote_of_this_turn_cannot_be_placed_in_it(counter: Counter) -> None:
    counter.quoted("NV-BOLT-15")
    actions = at(counter, "yes")
    ask(actions, "quote_order", sku="KR-RAPTOR-15")
    assert "not seen" in ask(actions, "place_order")["error"]
    assert actions.placed is None


def test_nothing_is_placed_without_a_quote(counter: Counter) -> None:
    assert "error" in ask(at(counter, "yes"), "place_order")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("quote_order", {"sku": "NV-STORM-18"}),
        ("quote_order", {"sku": "KR-RAPTOR-15", "quantity": 0}),
        ("quote_order", {"sku": "KR-RAPTOR-15", "quantity": "lots"}),
        ("quote_order", {"sku": "KR-RAPTOR-15", "quantity": 900}),
        ("quote_order", {"sku": "no-such-thing"}),
        ("quote_order", {"sku": "KR-RAPTOR-15", "price": 1}),
        ("search_catalogue", {}),
        ("search_catalogue", {"words": "x" * 10_000}),
        ("convert_currency", {"amount": "NaN", "from": "USD", "to": "EUR"}),
        ("convert_currency", {"amount": -1, "from": "USD", "to": "EUR"}),
        ("convert_currency", {"amount": 1, "from": "dollars", "to": "EUR"}),
        ("staff_paid", {"number": "ABCD-EFGH"}),
        ("__class__", {}),
    ],
)
def test_wrong_arguments_come_back_as_words(counter: Counter, tool: str, arguments: dict[str, Any]) -> None:
    actions = at(counter)
    assert ask(actions, tool, **arguments)["error"]
    assert actions.changes == []


def test_a_hand_over_waits_for_the_turn_to_be_finished(counter: Counter) -> None:
    situation = counter.writes("a human please")
    actions = counter.actions(situation)
    assert ask(actions, "hand_over", reason="asked for a person")["handed_over"]
    assert counter.handovers.current(situation.contact.id) is None
    counter.says(situation, "A colleague will answer here.", actions)
    assert counter.handovers.current(situation.contact.id) is not None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["words", "limit", "amount", "from", "to", "number", "sku", "quantity", "reason", "phone"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tool=st.sampled_from(list(TOOLS)), arguments=st.dictionaries(names, values, max_size=4))
def test_a_tool_answers_anything_with_json_and_never_raises(
    counter: Counter, greeted: Situation, tool: str, arguments: dict[str, Any]
) -> None:
    actions = counter.actions(greeted)
    assert isinstance(json.loads(run_tool(ToolCall("1", tool, arguments), actions)), dict)
    assert actions.placed is None
