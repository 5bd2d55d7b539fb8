from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.web.access import public
from bot.web.api.conversations import (
    ConversationMessageSchema,
    ConversationSchema,
    SessionInfoSchema,
    UserProfileSchema,
)
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turns import Outcome
from tests.memory.stores import BRAND, as_is
from tests.web.shop import OTHER_BRAND, PHONE, Shop

PROBLEM = {"type", "title", "status", "detail"}


def test_it_tells_a_conversation_in_the_shape_that_was_asked_for(shop: Shop) -> None:
    shop.talk("Hello", "Hi! What may I show you?")
    shop.stores.contacts.set_profile(shop.contact().id, name="John Smith", preferred_currency="EUR")
    told = shop.get(f"/conversation/{PHONE}")
    assert told["user_profile"].items() >= {
        "phone_number": PHONE, "name": "John Smith", "preferred_currency": "EUR", "interests": [],
        "total_interactions": 1, "last_interaction": "2026-11-21T12:00:00.000000Z",
    }.items()  # fmt: skip
    heard, replied = told["messages"]
    assert heard.items() >= {
        "role": "user", "content": "Hello", "message_type": "greeting", "timestamp": "2026-11-21T12:00:00.000000Z",
        "metadata": {"detected_products": ["laptop"]},
    }.items()  # fmt: skip
    assert (replied["role"], replied["content"]) == ("assistant", "Hi! What may I show you?")
    assert told["session_info"].items() >= {"created_at": "2026-11-21T12:00:00.000000Z", "total_messages": 2}.items()
    assert datetime.fromisoformat(heard["timestamp"]).utcoffset() is not None


def test_what_staff_wrote_is_the_assistants_and_says_by_whom(shop: Shop) -> None:
    shop.talk("Hello", "Hi")
    shop.stores.messages.put_out(shop.contact().id, Outgoing("I'll check", metadata={"by": "staff"}))
    last = shop.get(f"/conversation/{PHONE}")["messages"][-1]
    assert (last["role"], last["metadata"]["by"]) == ("assistant", "staff")


@pytest.mark.parametrize("spelled", [PHONE, "919876543210", "00919876543210", "+91 98765-43210", "whatsapp:" + PHONE])
def test_any_spelling_of_a_number_finds_its_person(shop: Shop, spelled: str) -> None:
    shop.talk("Hello", "Hi")
    assert shop.get(f"/conversation/{quote(spelled)}")["user_profile"]["phone_number"] == PHONE


def test_nonsense_is_400_and_a_stranger_404(shop: Shop) -> None:
    assert shop.ask("/conversation/elvis").status_code == 400
    assert shop.ask("/conversation/+14155550199").status_code == 404
    assert shop.ask("/conversation/US.AbC123").status_code == 404


def test_pages_lead_through_the_whole_history_once(shop: Shop) -> None:
    ids = [shop.stores.hear(f"message {n}") for n in range(7)]
    seen: list[int] = []
    for page in pages(shop, f"/conversation/{PHONE}?limit=3", "before", "next_before"):
        seen = [message["id"] for message in page["messages"]] + seen
    assert seen == ids


def test_users_are_counted_summed_and_paged(shop: Shop) -> None:
    for n in range(5):
        shop.stores.hear("hello", phone=f"+91987654321{n}")
    shop.stores.hear("hello again", phone="+919876543210")
    first = shop.get("/analytics/users?limit=2")
    assert first["total_users"] == 5
    assert first["summary"] == {"total_interactions": 6, "active_users_24h": 5, "top_interests": []}
    told = [user["phone_number"] for page in pages(shop, "/analytics/users?limit=2", "after", "next_after")
            for user in page["users"]]  # fmt: skip
    assert told == [f"+91987654321{n}" for n in range(5)]


def test_message_figures_are_told_over_http(shop: Shop) -> None:
    shop.talk("Hello", "Hi", answered_by="model")
    told = shop.get("/analytics/messages?days=7")
    assert told["by_day"] == [{"day": "2026-11-21", "messages": 1}]
    assert told["by_type"] == {"greeting": 1}
    assert told["answered_by"]["model"] == {"replies": 1, "share": 1.0}


def test_a_reply_says_what_it_stands_on(shop: Shop) -> None:
    heard, replied = shop.talk("laptops?", "The Kestrel is 999 EUR", used={"skus": ["KES-1"]}, why="no key")
    told = shop.get(f"/messages/{replied}/why")
    assert (told["used"], told["why"]) == ({"skus": ["KES-1"]}, "no key")
    assert [message["id"] for message in told["heard"]] == [heard]


def test_an_admin_erases_a_person_here_and_at_the_provider(shop: Shop) -> None:
    shop.talk("Hello", "Hi")
    told = shop.ask(f"/conversation/{PHONE}", role="admin", method="DELETE").get_json()
    assert told["erased"]["messages"] == 2
    assert shop.stores.contacts.still_at_provider() == ["SM" + "0" * 31 + "1"]
    assert shop.ask(f"/conversation/{PHONE}").status_code == 404


def test_one_brand_never_sees_anothers(shop: Shop) -> None:
    theirs = shop.hear_other_brand("a secret of optics", "+14155550123")
    finish_turn(shop, theirs)
    path = "/conversation/+14155550123"
    assert shop.ask(path).status_code == 404
    assert shop.ask(f"{path}?brand={OTHER_BRAND}", brand=BRAND).status_code == 403
    assert shop.ask(f"{path}?brand={OTHER_BRAND}", role="admin", method="DELETE", brand=BRAND).status_code == 403
    assert shop.ask(f"/messages/{theirs}/why", brand=BRAND).status_code == 404
    assert shop.get(f"/messages/{theirs}/why", brand=OTHER_BRAND)["heard"][0]["id"] == theirs
    assert shop.get("/analytics/users", brand=BRAND)["total_users"] == 0
    assert shop.get(path, brand=OTHER_BRAND)["messages"][0]["content"] == "a secret of optics"
    assert shop.get(f"{path}?brand={OTHER_BRAND}")["messages"][0]["content"] == "a secret of optics"


def test_ready_names_the_part_that_is_not(shop: Shop) -> None:
    answer = shop.client.get("/ready")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["worker"].startswith("no worker has ever run")
    shop.stores.turns.beat("w")
    assert shop.client.get("/ready").get_json() == {
        "status": "ready",
        "parts": {"database": "ok", "worker": "ok", "provider": "ok"},
    }
    shop.stores.clock.pass_by(seconds=31)
    assert "31 seconds" in shop.client.get("/ready").get_json()["parts"]["worker"]


def test_ready_asks_the_provider(shop: Shop) -> None:
    shop.stores.turns.beat("w")
    shop.fault = "the provider does not answer"
    answer = shop.client.get("/ready")
    assert (answer.status_code, answer.get_json()["parts"]["provider"]) == (503, "the provider does not answer")


def test_ready_says_when_the_database_takes_no_writes(shop: Shop) -> None:
    shop.stores.turns.beat("w")
    assert shop.client.get("/ready").status_code == 200
    shop.stores.db.all("PRAGMA query_only = ON")  # as a read-only disk
    answer = shop.client.get("/ready")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["database"] != "ok"


def test_ready_leaves_one_row_however_often_it_is_asked(shop: Shop) -> None:
    for _ in range(3):
        shop.client.get("/ready")
        shop.stores.clock.pass_by(days=1)
    assert shop.stores.db.value("SELECT count(*) FROM job_runs") == 1


def test_ready_says_when_the_database_is_gone(shop: Shop, tmp_path: Path) -> None:
    shop.stores.db.close()
    for file in tmp_path.glob("hawker.db*"):
        file.unlink()
    (tmp_path / "hawker.db").mkdir()
    answer = shop.client.get("/ready")
    assert answer.status_code == 503
    assert "cannot be used" in answer.get_json()["parts"]["database"]
    assert shop.client.get("/health").status_code == 200


def test_every_error_has_one_shape(shop: Shop) -> None:
    answers = {
        404: shop.client.get("/nowhere"),
        405: shop.client.post("/health"),
        400: shop.ask("/analytics/users?limit=lots"),
        401: shop.client.get("/analytics/users"),
        403: shop.ask(f"/conversation/{PHONE}", method="DELETE"),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert answer.get_json().keys() == PROBLEM
        assert answer.get_json()["status"] == status
        assert answer.get_json()["detail"]
    assert answers[405].headers["Allow"]
    assert "limit" in answers[400].get_json()["detail"]


def test_a_mistake_of_ours_shows_no_trace_and_a_large_body_is_413(shop: Shop) -> None:
    fall_over(shop.app)
    broken = shop.client.post("/fall-over", data={"a": "b"})
    assert (broken.status_code, broken.content_type) == (500, "application/problem+json")
    assert "+919" not in broken.text
    assert "Traceback" not in broken.text
    large = shop.client.post("/fall-over", data={"a": "b" * 100})
    assert (large.status_code, large.content_type) == (413, "application/problem+json")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phone=st.text(max_size=40) | st.from_regex(r"\+?\d{1,20}"), limit=st.text(max_size=25) | st.integers(),
       before=st.text(max_size=25) | st.integers())  # fmt: skip
def test_no_input_makes_it_fall_over(shop: Shop, phone: str, limit: str | int, before: str | int) -> None:
    query = f"limit={quote(str(limit))}&before={quote(str(before))}&after={quote(str(before))}"
    for path in (f"/conversation/{quote(phone, safe='')}", "/analytics/users", f"/messages/{quote(str(before))}/why"):
        assert shop.ask(f"{path}?{query}").status_code < 500


@pytest.mark.parametrize(
    "beyond", [2**63, "9" * 5000, -1, "½", "1e3"], ids=["2^63", "long", "negative", "half", "float"]
)
def test_a_place_beyond_what_can_be_stored_is_400(shop: Shop, beyond: int | str) -> None:
    shop.talk("Hello", "Hi")
    assert shop.ask(f"/conversation/{PHONE}?before={beyond}").status_code == 400
    assert shop.ask(f"/analytics/users?after={beyond}").status_code == 400
    assert shop.ask(f"/messages/{beyond}/why").status_code == 404


def test_the_document_lists_every_route_of_the_api(shop: Shop) -> None:
    document = shop.client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    documented = {(path, method) for path, operations in document["paths"].items() for method in operations}
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in shop.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods or () if method not in ("HEAD", "OPTIONS")
    }  # fmt: skip
    assert {(path, method) for path, method in documented if method != "parameters"} == served


def test_the_document_refers_to_nothing_that_is_missing(shop: Shop) -> None:
    document = shop.client.get("/openapi.json").get_json()
    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    closed = document["paths"]["/analytics/users"]["get"]
    assert closed["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/health"]["get"]
    error = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert [*error] == ["application/problem+json"]
    assert "400" in closed["responses"]


def finish_turn(shop: Shop, message_id: int) -> None:
    message = shop.stores.messages.get(message_id)
    shop.stores.clock.pass_by(minutes=1)
    [lease] = shop.stores.turns.claim("w", 1)
    assert shop.stores.turns.finish(lease, [message], Outcome(), split=as_is)


def pages(shop: Shop, path: str, argument: str, hint: str) -> Iterator[dict]:  # type: ignore[type-arg]
    page = shop.get(path)
    yield page
    while page[hint] is not None:
        page = shop.get(f"{path}&{argument}={page[hint]}")
        yield page


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part["$ref"],) if "$ref" in part else ()
        for inner in part.values():
            yield from references(inner)
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def fall_over(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 50

    @app.post("/fall-over")
    @public
    def view() -> str:
        raise RuntimeError(f"about {PHONE} and {request.form}")


def test_the_documented_example_has_exactly_the_fields_that_are_told(shop: Shop) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    shown, fault = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", manual, re.S))
    shop.talk("Hello", "Hi")
    told = shop.get(f"/conversation/{PHONE}")
    assert set(shown) == set(told) == set(ConversationSchema().fields)
    for part, schema in (("user_profile", UserProfileSchema), ("session_info", SessionInfoSchema)):
        assert set(shown[part]) == set(told[part]) == set(schema().fields)
    for message in [*shown["messages"], *told["messages"]]:
        assert set(message) == set(ConversationMessageSchema().fields)
    assert set(fault) == PROBLEM
