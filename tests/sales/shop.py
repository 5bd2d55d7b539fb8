"""A shop on a real file with the shipped catalogue; tests write as customers, TestShop plays the worker."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bot.brands import BrandNumbers, read_brands
from bot.roles import StaffEntry
from bot.sales.answering.model_writer import ModelDesk
from bot.sales.desk import Seller
from bot.sales.situation import Shop
from bot.shop.catalogue import Catalogue, read_catalogue
from bot.shop.exchange_rates import Rates
from bot.staff.staff_members import Staff
from memory import MemoryManager, MemorySettings
from memory.conversations.channel_messages import CartItem, Inbound, Media
from memory.conversations.handovers import Handovers
from memory.conversations.messages import Message
from memory.conversations.turns import Outcome, Turns
from memory.people.address import Address, Referral
from memory.people.contacts import Contact
from memory.people.facts import Facts
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Orders
from memory.storage.errors import StaleDraft
from tests.memory.stores import BRAND, SHOP, Stores, TestClock, as_is
from tests.turn_changes import turn_changes

ROOT = Path(__file__).parents[2]
CUSTOMER, ANOTHER, COLLEAGUE = "+14155550101", "+34600111222", "+919876500002"
BRANDS = read_brands(ROOT / "data" / "brands.toml")
FILE = read_catalogue(ROOT / "data" / "catalogue.csv")


@cache
def packaged_rates() -> Rates:
    """The rates that come with the package; reading them takes half a second."""
    return Rates(ROOT / "no-such-folder", TestClock())


class TestShop:
    """All parts of a sale are real but the worker."""

    __test__ = False

    def __init__(self, path: Path, model_desk: ModelDesk | None = None) -> None:
        self.stores = Stores(path / "hawker.db")
        db, clock = self.stores.db, self.stores.clock
        self.staff = Staff(self.stores.contacts, [StaffEntry(COLLEAGUE, "staff")], BrandNumbers(BRANDS, SHOP))
        changes = turn_changes(db, clock, self.stores.contacts, self.stores.messages, self.staff)
        self.turns = Turns(db, self.stores.messages, clock, changes)
        self.goods = Goods(db, clock)
        self.goods.replace(FILE.items, FILE.digest)
        self.rates = packaged_rates()
        brand = BRANDS[BRAND]
        self.shop = Shop(
            brands=BRANDS,
            catalogues={BRAND: Catalogue(self.goods, self.rates, brand)},
            rates=self.rates,
            messages=self.stores.messages,
            facts=Facts(db, clock),
            orders=Orders(db, clock),
            handovers=Handovers(db, clock),
            clock=clock,
            agents=MemoryManager(MemorySettings(), db=db, clock=clock),
        )
        self.seller = Seller(self.shop, self.stores.contacts, model_desk)
        self._sids = 0

    def says(self, *texts: str, phone: str = CUSTOMER, **extra: Any) -> str:
        """Texts in one burst; the answer, empty where the desk is silent."""
        return "\n---\n".join(message.content for message in self.turn(*texts, phone=phone, **extra))

    def turn(self, *texts: str, phone: str = CUSTOMER, **extra: Any) -> list[Message]:
        """As `says`, but the messages."""
        self.hear(*texts, phone=phone, **extra)
        return self.answer(phone)

    def hear(self, *texts: str, phone: str = CUSTOMER, **extra: Any) -> None:
        """Take a customer's messages in."""
        for text in texts:
            self._sids += 1
            self.stores.messages.take_in(BRAND, self._inbound(text, phone, **extra))

    def answer(self, phone: str = CUSTOMER) -> list[Message]:
        """Works as the worker does, until all is answered and sent; the messages to this number."""
        before = self._last_id()
        for _ in range(3):
            [lease] = self.turns.claim("test", 1)
            waiting = self.turns.waiting(lease.contact_id)
            try:
                self.outcome = self.draft(waiting)
                done = self.turns.finish(lease, waiting, self.outcome, split=as_is)
            except StaleDraft:
                done = False
            self.turns.release(lease)
            if done:
                break
        self._say_everything()
        self.stores.clock.pass_by(seconds=20)
        contact = self.find(phone)
        return [m for m in self.history(contact) if m.id > before and m.role == "assistant"] if contact else []

    def draft(self, waiting: list[Message]) -> Outcome:
        """Of the desk, not yet committed."""
        deadline = self.stores.clock() + timedelta(seconds=120)
        return self.seller.answer(self.stores.contacts.get(waiting[0].contact_id), waiting, deadline)

    def find(self, phone: str) -> Contact | None:
        row = self.stores.db.one("SELECT contact_id FROM identities WHERE value = :phone", phone=phone)
        return self.stores.contacts.get(row["contact_id"]) if row else None

    def customer(self, phone: str = CUSTOMER) -> Contact:
        found = self.find(phone)
        assert found is not None
        return found

    def history(self, contact: Contact) -> list[Message]:
        return self.stores.messages.history(contact.id)

    def told_staff(self) -> list[str]:
        colleague = self.find(COLLEAGUE)
        return [message.content for message in self.history(colleague)] if colleague else []

    def orders(self, phone: str = CUSTOMER) -> list[Any]:
        return self.shop.orders.of_contact(self.customer(phone).id)

    def _say_everything(self) -> None:
        farewells = self.stores.db.all(
            "SELECT contact_id FROM messages WHERE state = 'ready' AND json_extract(outgoing, '$.farewell')"
        )
        self.said_last = [
            row["content"] for row in self.stores.db.all("SELECT content FROM messages WHERE state = 'ready'")
        ]
        self.stores.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")
        for row in farewells:
            self.stores.contacts.erase(row["contact_id"])

    def _last_id(self) -> int:
        return int(self.stores.db.value("SELECT coalesce(max(id), 0) FROM messages"))

    def _inbound(
        self,
        text: str,
        phone: str,
        *,
        kind: str = "text",
        payload: str | None = None,
        referral: Referral | None = None,
        items: tuple[CartItem, ...] = (),
    ) -> Inbound:
        media = (
            ()
            if kind not in ("image", "audio", "video", "document", "sticker")
            else (Media("https://api.twilio.com/x", f"{kind}/x"),)
        )
        return Inbound(
            provider_id=f"SM{self._sids:032d}",
            to=SHOP,
            sender=Address(f"whatsapp:{phone}", phone=phone),
            kind=kind,
            body=text,
            received_at=self.stores.clock(),
            urgent=True,
            payload=payload,
            media=media,
            referral=referral,
            items=items,
        )
