"""Whoever asks with a token is in the audit log, with the person and without anything that was written."""

from __future__ import annotations

import pytest

from memory.audit_log.audit_trail import AuditEntry, AuditTrail
from tests.memory.stores import BRAND
from tests.web.shop import OTHER_BRAND, PHONE, Shop


def entries(shop: Shop) -> list[AuditEntry]:
    return AuditTrail(shop.stores.db, shop.stores.clock).search(door="api")


@pytest.mark.parametrize(
    ("path", "role", "method", "action", "about"),
    [
        ("/conversation/+91 98765-43210", "analyst", "GET", "GET /conversation/{phone_number}", True),
        (f"/conversation/{PHONE}", "admin", "DELETE", "DELETE /conversation/{phone_number}", True),
        ("/conversation/+14155550199", "analyst", "GET", "GET /conversation/{phone_number}", False),
        ("/conversation/nonsense", "analyst", "GET", "GET /conversation/{phone_number}", False),
        ("/messages/1/why", "analyst", "GET", "GET /messages/{message_id}/why", True),
        ("/messages/99999999999999999999/why", "analyst", "GET", "GET /messages/{message_id}/why", False),
        ("/analytics/users", "analyst", "GET", "GET /analytics/users", False),
    ],
)
def test_a_request_is_written_down(shop: Shop, path: str, role: str, method: str, action: str, about: bool) -> None:
    shop.stores.hear("my word is kumquat", phone=PHONE)
    person = shop.contact().id
    shop.ask(path, role=role, method=method)
    [entry] = entries(shop)
    assert (entry.action, entry.person, entry.role) == (action, person if about else None, role)
    assert entry.actor.startswith(f"token:{role}-")
    assert (entry.brand, entry.outcome) == (BRAND, "")
    assert "98765" not in str(entry)


def test_another_brands_person_is_not_told(shop: Shop) -> None:
    shop.hear_other_brand("hello", PHONE)
    assert shop.ask(f"/conversation/{PHONE}?brand={OTHER_BRAND}", brand=BRAND).status_code == 403
    [entry] = entries(shop)
    assert (entry.brand, entry.person, entry.outcome) == ("", None, "wrong_brand")


@pytest.mark.parametrize("path", ["/health", "/openapi.json", f"/conversation/{PHONE}"])
def test_who_has_no_token_leaves_no_entry(shop: Shop, path: str) -> None:
    shop.client.get(path)
    assert entries(shop) == []


def test_what_cannot_be_written_down_is_not_answered(shop: Shop) -> None:
    shop.stores.hear("my word is kumquat", phone=PHONE)
    shop.stores.db.run("DROP TABLE audit_entries")
    answer = shop.ask(f"/conversation/{PHONE}")
    assert answer.status_code >= 500
    assert "kumquat" not in answer.text


def test_admins_read_it_by_person(shop: Shop) -> None:
    for phone in (PHONE, "+14155550101"):
        shop.stores.hear("hello", phone=phone)
        shop.get(f"/conversation/{phone}")
    assert shop.ask("/audit", role="staff").status_code == 403
    found = shop.get("/audit?person=%2B919876543210", role="admin")
    assert [(each["action"], each["person"]) for each in found["entries"]] == [
        ("GET /conversation/{phone_number}", shop.contact().id)
    ]
    page = shop.get("/audit?limit=1", role="admin")
    assert page["entries"][0]["action"] == "GET /audit"
    assert (
        shop.get(f"/audit?limit=1&before={page['next_before']}", role="admin")["entries"][0]["id"] < page["next_before"]
    )
    later = shop.ask("/audit?since=2099-01-01T00:00:00Z", role="admin").get_json()
    assert later == {"entries": [], "next_before": None}
