"""A turn without a model, from claim to commit, with few and with many earlier messages."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click

from benchmarks.figures import Figure, share
from bot.channels.twilio import LIMITS
from bot.settings import Settings
from bot.wiring.program import Program, assemble
from memory.conversations.channel_messages import Inbound
from memory.people.address import Address
from memory.storage.timestamps import now, to_text
from tests.world import environment

OTHERS = 1_000_000
HEAVY = 50_000
TURNS = 300
SAYS = (
    "hi, I'm John",
    "do you have gaming laptops under 1500 euros?",
    "and how much is the second one in dollars?",
    "what is your return policy?",
    "convert 250 usd to eur",
    "thanks!",
)


@dataclass
class DirectProgram:
    """Asked directly: without network and channel."""

    program: Program
    heard: int = 0

    def turn(self, phone: str, text: str) -> float:
        """Milliseconds from claim to commit."""
        self.heard += 1
        address = Address(f"whatsapp:{phone}", phone=phone)
        inbound = Inbound(f"BE{self.heard:032d}", "+14155238886", address, "text", text, now(), urgent=True)
        with self.program.memory.db.transaction():
            self.program.memory.messages.take_in("voyage", inbound)
        start = time.perf_counter()
        [lease] = self.program.turns.claim("bench", 1)
        waiting = self.program.turns.waiting(lease.contact_id)
        contact = self.program.memory.contacts.get(lease.contact_id)
        outcome = self.program.desk.answer(contact, waiting, now() + timedelta(seconds=12))
        self.program.turns.finish(lease, waiting, outcome, split=LIMITS.parts)
        took = (time.perf_counter() - start) * 1000
        self.program.turns.release(lease)
        self.program.memory.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")
        return took


def measure() -> list[Figure]:
    """Of a new customer, of one with 50,000 messages, and of one among a million."""
    with tempfile.TemporaryDirectory() as folder:
        shop = DirectProgram(assemble(Settings.from_environment(environment(Path(folder), 8000))))
        for text in SAYS:
            shop.turn("+14155550000", text)
        fresh = _median(shop, "+14155550001")
        _fill(shop, "+14155550002", HEAVY, "messages of one customer")
        heavy = _median(shop, "+14155550002")
        _fill(shop, "+14155550003", OTHERS, "messages of others")
        crowded = _median(shop, "+14155550004")
        locked = encrypted_by_plain(Path(folder))
        return [
            Figure("a turn without a model, median", f"{fresh:.1f} ms", "under 15 ms", fresh < 15),
            Figure("with 50,000 earlier messages / with 10", f"{heavy / fresh:.2f}", "about 1", heavy / fresh < 1.3),
            Figure("with 1,000,000 in the file / with 10", f"{crowded / fresh:.2f}", "about 1", crowded / fresh < 1.3),
            Figure("in an encrypted file / in a plain one", f"{locked:.2f}", "under 1.5", locked < 1.5),
        ]


def encrypted_by_plain(folder: Path) -> float:
    """How much longer a turn takes with DATABASE_KEY; the two take turns, so that both meet the same machine."""
    shops = []
    for name, key in (("plain", ""), ("encrypted", "00ab" * 16)):
        home = folder / name
        home.mkdir()
        shops.append(DirectProgram(assemble(Settings.from_environment(environment(home, 8000, DATABASE_KEY=key)))))
    took: tuple[list[float], list[float]] = ([], [])
    for n in range(TURNS):
        for shop, times in zip(shops, took, strict=True):
            times.append(shop.turn("+14155550001", SAYS[n % len(SAYS)]))
    return share(took[1], 0.5) / share(took[0], 0.5)


def _median(shop: DirectProgram, phone: str) -> float:
    return share([shop.turn(phone, SAYS[n % len(SAYS)]) for n in range(TURNS)], 0.5)


def _fill(shop: DirectProgram, phone: str, count: int, label: str) -> None:
    shop.turn(phone, "hello")
    db, at = shop.program.memory.db, to_text(now())
    contact = shop.program.memory.contacts.find("voyage", phone)
    batch = 10_000
    with click.progressbar(range(0, count, batch), label=f"writing {label}") as bar:
        for _first in bar:
            db.run(
                "INSERT INTO messages (brand, contact_id, session_id, role, kind, content, message_type, state, at)"
                " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :batch)"
                " SELECT 'voyage', :contact, 1, CASE i % 2 WHEN 0 THEN 'assistant' ELSE 'user' END, 'text',"
                " 'Do you have a gaming laptop under 1500 euros? number ' || i, 'product_inquiry', 'handled', :at FROM n",
                batch=batch,
                contact=contact.id,
                at=at,
            )
