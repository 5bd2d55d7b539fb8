"""`flask memory PHONE`: what a person reads of what the shop knows."""

from __future__ import annotations

from click.testing import Result

from memory.agents.memory_manager import MemoryManager
from memory.conversations.summaries import Summaries
from memory.people.contacts import case_of
from memory.people.facts import Facts
from memory.settings import MemorySettings
from tests.memory.stores import BRAND
from tests.web.shop import PHONE, Shop


def run(shop: Shop, *words: str) -> Result:
    return shop.app.test_cli_runner().invoke(args=["memory", *words])


def test_it_shows_what_is_known_why_since_when_and_what_was_before(shop: Shop) -> None:
    stores = shop.stores
    facts = Facts(stores.db, stores.clock)
    first = stores.hear("I live in Madrid, I own an iPhone 12", phone=PHONE)
    contact = stores.contacts.find(BRAND, PHONE)
    facts.learn(contact, "city", "Madrid", first)
    facts.learn(contact, "owns", "iPhone 12", first)
    facts.note_interest(contact, "laptops", first)
    stores.clock.pass_by(days=30)
    second = stores.hear("I moved to Dubai", phone=PHONE)
    facts.learn(contact, "city", "Dubai", second)
    facts.learn(contact, "budget", "900 EUR", second, said_by="model", confidence=0.7)
    facts.learn(contact, "name", "Ana", None)
    Summaries(stores.db, stores.clock).catch_up(contact.id)
    manager = MemoryManager(MemorySettings(), db=stores.db, clock=stores.clock)
    manager.save_episode(case_of(contact.id), "sales desk", "lost", {})
    lines = [" ".join(line.split()) for line in run(shop, PHONE).output.splitlines()]
    assert lines[0] == f"{PHONE} Ana"
    assert f"city Dubai since 2026-12-21 said by the customer message {second}: I moved to Dubai" in lines
    assert (
        f"owns iPhone 12 since 2026-11-21 said by the customer message {first}: I live in Madrid, I own an iPhone 12"
        in lines
    )
    assert any(line.startswith("budget 900 EUR") and "read by the model (70% sure)" in line for line in lines)
    assert "name Ana since 2026-12-21 set by hand" in lines
    before = lines[lines.index("Known before") + 1]
    assert before.startswith("city Madrid 2026-11-21 to 2026-12-21") and before.endswith(f"ended by message {second}")
    assert "laptops 1 times last 2026-11-21" in lines
    assert any(line.endswith(f"message {first}") and " told " in line for line in lines)
    assert "2026-12-21 sales desk lost" in lines


def test_words_cannot_move_the_cursor(shop: Shop) -> None:
    heard = shop.stores.hear("I own \x1b[2J an iPhone", phone=PHONE)
    contact = shop.stores.contacts.find(BRAND, PHONE)
    Facts(shop.stores.db, shop.stores.clock).learn(contact, "owns", "iPhone", heard)
    assert "\x1b" not in run(shop, PHONE).output


def test_who_is_not_known_is_said_in_a_sentence(shop: Shop) -> None:
    for words, sentence in (("+34600111222", "nobody by this number"), ("12", "not a phone number")):
        result = run(shop, words)
        assert result.exit_code == 1
        assert sentence in result.output
