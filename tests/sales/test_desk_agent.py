"""The desk as an agent: what it did, how each case ended, and that nothing of it outlives an erased person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.staff.commands.shop_commands import Commands
from memory.audit_log.audit_trail import AuditTrail
from memory.conversations.turn_changes import ReplayMessage
from memory.people.contacts import case_of
from memory.storage.errors import StaleDraft
from tests.sales.shop import ANOTHER, CUSTOMER, TestShop
from tests.staff.senders import AllSenders
from tests.turn_changes import turn_changes


@pytest.fixture
def shop(tmp_path: Path) -> TestShop:
    return TestShop(tmp_path)


def outcomes(shop: TestShop) -> list[str]:
    return [episode["outcome"] for episode in shop.seller.get_episodes()][::-1]


def test_each_turn_leaves_a_record_without_customer_words(shop: TestShop, tmp_path: Path) -> None:
    shop.says("Hi, I'm Xantippe, how much is the kestrel raptor 15?")
    shop.says("I live in Timbuktu")
    manager = shop.seller.memory_manager
    first, second = manager.get_execution_records(shop.seller.agent_id)
    assert first["workflow_id"] == case_of(shop.customer().id)
    assert first["input"]["messages"] == [shop.history(shop.customer())[0].id]
    assert (first["output"]["answered_by"], first["status"]) == ("built-in", "success")
    assert first["output"]["skus"] == ["KR-RAPTOR-15"]
    exported = manager.export_execution_records(shop.seller.agent_id, tmp_path).read_text()
    assert [json.loads(line)["record_id"] for line in exported.splitlines()] == [
        first["record_id"],
        second["record_id"],
    ]
    assert not any(word in exported for word in ("Xantippe", "Timbuktu", CUSTOMER, CUSTOMER[1:]))


def test_a_turn_that_is_not_kept_leaves_no_record(shop: TestShop) -> None:
    shop.hear("how much is the kestrel raptor 15?")
    [lease] = shop.turns.claim("test", 1)
    waiting = shop.turns.waiting(lease.contact_id)
    outcome = shop.draft(waiting)
    outcome.changes.append(ReplayMessage(waiting[0].id))  # it is not dead, so it cannot be tried again
    with pytest.raises(StaleDraft):
        shop.turns.finish(lease, waiting, outcome, split=lambda reply: [reply])
    assert shop.seller.memory_manager.get_execution_records(shop.seller.agent_id) == []


def test_a_hand_over_and_a_paid_order_end_a_case(shop: TestShop) -> None:
    shop.says("I want to speak to a human please")
    assert outcomes(shop) == ["handed over"]
    shop.says("I'd like to buy the kestrel raptor 15", phone=ANOTHER)
    shop.says("yes", phone=ANOTHER)
    shop.says("yes", phone=ANOTHER)
    [order] = shop.shop.orders.of_contact(shop.customer(ANOTHER).id)
    stores = shop.stores
    commands = Commands(
        stores.contacts,
        stores.messages,
        shop.shop.handovers,
        shop.shop.orders,
        AuditTrail(stores.db, stores.clock),
        senders=AllSenders(),
    )
    shop.hear(f"paid {order.number}", phone="+919876500002")
    colleague = shop.customer("+919876500002")
    waiting = [m for m in shop.history(colleague) if m.state == "waiting"]
    outcome = commands.handle(colleague, "staff", waiting)
    turn_changes(stores.db, stores.clock, stores.contacts, stores.messages).apply(outcome.changes)
    paid = shop.seller.get_episodes()[0]
    assert (paid["outcome"], paid["order"], paid["sku"]) == ("order paid", order.number, "KR-RAPTOR-15")


def test_who_asked_and_fell_silent_is_lost_once(shop: TestShop) -> None:
    shop.says("show me gaming laptops")
    shop.says("thanks, bye", phone=ANOTHER)
    assert shop.seller.note_lost() == 0
    shop.stores.clock.pass_by(hours=25)
    assert shop.seller.note_lost() == 1
    assert shop.seller.note_lost() == 0
    [episode] = shop.seller.get_episodes()
    assert (episode["outcome"], episode["workflow_id"]) == ("lost", case_of(shop.customer().id))
    shop.says("show me gaming laptops again")
    shop.stores.clock.pass_by(hours=25)
    assert shop.seller.note_lost() == 1


def test_erasing_a_person_reaches_the_desk_s_records_and_episodes(shop: TestShop) -> None:
    shop.says("I want to speak to a human please")
    shop.says("show me gaming laptops", phone=ANOTHER)
    gone = shop.stores.contacts.erase(shop.customer().id)
    assert (gone["execution_records"], gone["episodes"]) == (1, 1)
    [left] = shop.seller.memory_manager.get_execution_records(shop.seller.agent_id)
    assert left["workflow_id"] == case_of(shop.customer(ANOTHER).id)
