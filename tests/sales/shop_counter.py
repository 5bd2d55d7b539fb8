"""A real shop on a real file, without a desk: tests call its parts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bot.brands import Brand, read_brands
from bot.language.reading.message_type import Classification
from bot.sales.answering.desk_actions import Actions
from bot.sales.situation import Shop, Situation
from bot.shop.catalogue import Catalogue, read_catalogue
from bot.shop.exchange_rates import Rates
from memory import MemoryManager, MemorySettings
from memory.conversations.channel_messages import Outgoing
from memory.conversations.handovers import Handovers
from memory.conversations.turns import Outcome
from memory.people.contacts import Contact
from memory.people.facts import Facts
from memory.shop.catalogue_items import Goods
from memory.shop.orders import Order, Orders
from memory.storage.quotas import Limits
from tests.memory.stores import BRAND, Stores, TestClock

DATA = Path(__file__).resolve().parents[2] / "data"
MARIA, JOHN = "+34600111222", "+14155550101"


@cache
def rates_of(folder: Path) -> Rates:
    """The rates that come with the package; reading them takes half a second."""
    return Rates(folder, TestClock())


class Counter:
    """The demo brand and its customers."""

    def __init__(self, path: Path, brand: Brand | None = None) -> None:
        self.stores = Stores(path)
        self.clock = self.stores.clock
        db = self.stores.db
        self.brand = brand or read_brands(DATA / "brands.toml")[BRAND]
        self.goods = Goods(db, self.clock)
        stock = read_catalogue(DATA / "catalogue.csv")
        self.goods.replace(stock.items, stock.digest)
        self.rates = rates_of(DATA)
        self.catalogue = Catalogue(self.goods, self.rates, self.brand)
        self.orders = Orders(db, self.clock)
        self.facts = Facts(db, self.clock)
        self.handovers = Handovers(db, self.clock)
        self.limits = Limits(db, self.clock)
        self.shop = Shop(
            brands={BRAND: self.brand},
            catalogues={BRAND: self.catalogue},
            rates=self.rates,
            messages=self.stores.messages,
            facts=self.facts,
            orders=self.orders,
            handovers=self.handovers,
            clock=self.clock,
            agents=MemoryManager(MemorySettings(), db=db, clock=self.clock),
        )

    def writes(self, text: str, *, phone: str = MARIA, language: str = "en") -> Situation:
        """A customer writes; returns the situation for an answer."""
        self.stores.hear(text, phone=phone, urgent=True)
        contact = self.contact(phone)
        return self.shop.situation(
            contact,
            self.stores.turns.waiting(contact.id),
            classification=Classification("other", 0.5),
            language=language,
        )

    def contact(self, phone: str = MARIA) -> Contact:
        """The customer by phone."""
        return self.stores.contacts.find(BRAND, phone)

    def actions(self, situation: Situation) -> Actions:
        """New ones for this customer."""
        return Actions(situation, self.shop)

    def says(self, situation: Situation, text: str, actions: Actions | None = None) -> None:
        """The desk's answer is sent, and its changes committed."""
        notes: Mapping[str, object] = {}
        if actions is not None and actions.quoted is not None:
            notes = {"asks_order": actions.quoted.sku}
        lease = next(lease for lease in self.stores.turns.claim("w", 9) if lease.contact_id == situation.contact.id)
        outcome = Outcome(
            replies=[Outgoing(text, metadata=dict(notes))],
            changes=actions.changes if actions else [],
        )
        assert self.stores.turns.finish(lease, situation.messages, outcome, split=lambda reply: [reply])
        self.stores.turns.release(lease)
        self.stores.db.run("UPDATE messages SET state = 'sent' WHERE state = 'ready'")

    def quoted(self, sku: str = "KR-RAPTOR-15", *, phone: str = MARIA) -> None:
        """Quotes an item and shows the quote."""
        situation = self.writes("I want it", phone=phone)
        actions = self.actions(situation)
        actions.quote(sku)
        self.says(situation, "Shall I order it?", actions)

    def ordered(self, sku: str = "KR-RAPTOR-15", *, phone: str = MARIA) -> Order:
        """Quotes an item, confirms and places the order."""
        self.quoted(sku, phone=phone)
        situation = self.writes("yes", phone=phone)
        actions = self.actions(situation)
        actions.confirm_order()
        self.says(situation, "Done!", actions)
        return self.orders.of_contact(situation.contact.id)[0]
