"""Everything an answer may stand on, put together once per turn before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.brands import Brand
from bot.sales.catalogue import Catalogue
from bot.sales.classify import Classification
from bot.sales.currency import Rates
from memory.contacts import Contact
from memory.facts import Fact, Facts, Interest
from memory.goods import Goods
from memory.handovers import Handover, Handovers
from memory.messages import Message, Messages
from memory.moments import Clock
from memory.orders import Order, Orders, Quote

SAID = ("sent", "delivered", "read")


@dataclass(frozen=True, slots=True)
class Situation:
    """One customer, what they just wrote, and what is known that may help to answer."""

    brand: Brand
    contact: Contact  # as stored before this turn; what this turn taught is in `facts`
    messages: tuple[Message, ...]  # the waiting ones, oldest first
    text: str  # their texts, one a line
    classification: Classification  # of `text`
    language: str  # en, es, pt, hi: what to answer in
    currency: str  # ISO code: what to show prices in
    history: tuple[Message, ...]  # said before this turn and in its session, oldest first
    catalogue: Catalogue
    rates: Rates
    stock: Mapping[str, int]  # units left by sku
    orders: tuple[Order, ...]  # of this contact, newest first
    quote: Quote | None  # waits for this contact's yes, and was the last thing said to them
    handover: Handover | None  # a person answers this contact now
    facts: Mapping[str, Fact]  # what is known of this contact now, by predicate: name, city, budget, currency
    interests: tuple[Interest, ...]  # the latest first
    shown: tuple[str, ...]  # skus in the order in which they were last shown: "the second one"
    now: datetime
    ad: str = ""  # headline and body, a line each, of the advertisement they came through in this session

    @property
    def name(self) -> str | None:
        """What the customer wants to be called."""
        return self.facts["name"].value if "name" in self.facts else self.contact.name


@dataclass(frozen=True, slots=True)
class Shop:
    """The stores and sources that every situation is put together from; one for all brands."""

    brands: Mapping[str, Brand]
    catalogues: Mapping[str, Catalogue]
    rates: Rates
    goods: Goods
    messages: Messages
    facts: Facts
    orders: Orders
    handovers: Handovers
    clock: Clock
    most_history: int = 50
    session: timedelta = timedelta(hours=24)

    def situation(
        self,
        contact: Contact,
        messages: Sequence[Message],
        *,
        classification: Classification,
        language: str,
        learned: Mapping[str, Fact] | None = None,
        ad: str = "",
    ) -> Situation:
        """What an answer to the waiting `messages` may stand on; `learned` is what they just taught."""
        brand = self.brands[contact.brand]
        history = self._history(contact, messages)
        facts = {**self.facts.current(contact.id), **(learned or {})}
        return Situation(
            brand=brand,
            contact=contact,
            messages=tuple(messages),
            text=joined(messages),
            classification=classification,
            language=language,
            currency=self._currency(brand, contact, facts, language),
            history=history,
            catalogue=self.catalogues[brand.id],
            rates=self.rates,
            stock=self.goods.stocks(brand.id),
            orders=tuple(self.orders.of_contact(contact.id)),
            quote=self._quote(contact, last_said(history, messages)),
            handover=self.handovers.current(contact.id),
            facts=facts,
            interests=tuple(self.facts.interests(contact.id)),
            shown=last_shown(history),
            now=self.clock(),
            ad=ad,
        )

    def _history(self, contact: Contact, waiting: Sequence[Message]) -> tuple[Message, ...]:
        now, ids = self.clock(), {message.id for message in waiting}
        recent = self.messages.history(contact.id, limit=self.most_history + len(waiting))
        return tuple(m for m in recent if m.id not in ids and m.state != "waiting" and now - m.at <= self.session)

    def _currency(self, brand: Brand, contact: Contact, facts: Mapping[str, Fact], language: str) -> str:
        """As told or known; else rupees to India and to Hindi, where "15000 tak" is never euros."""
        indian = language == "hi" or contact.phone.startswith("+91")
        home = "INR" if indian else brand.currency
        wished = facts["currency"].value if "currency" in facts else contact.preferred_currency or home
        return wished if wished in self.rates.known() else brand.currency

    def _quote(self, contact: Contact, last: Message | None) -> Quote | None:
        """An open quote counts only while it is the last thing that was said: else nobody knows what "yes" is to."""
        if last is None or not last.metadata.get("asks_order"):
            return None
        quote = self.orders.open_quote(contact.id)
        return quote if quote is not None and quote.sku == last.metadata["asks_order"] else None


def joined(messages: Sequence[Message]) -> str:
    """The texts of several messages, one a line; a transcript or a description stands in for its media."""
    texts = (message.metadata.get("transcript") or message.content for message in messages)
    return "\n".join(text.strip() for text in texts if text.strip())


def last_said(history: Sequence[Message], waiting: Sequence[Message]) -> Message | None:
    """What the desk said last, if `waiting` can be an answer to it.

    It is none to what could not be sent, or to what was not yet being sent when any of these were written.
    """
    last = next((message for message in reversed(history) if message.role == "assistant"), None)
    if last is None or last.state not in SAID:
        return None
    since = last.tried_at or last.at
    return last if all(message.id > last.id and message.at >= since for message in waiting) else None


def last_shown(history: Sequence[Message]) -> tuple[str, ...]:
    """The skus of the latest message that showed any, in its order."""
    lists = (message.metadata.get("shown") for message in reversed(history) if message.role == "assistant")
    return tuple(next((shown for shown in lists if shown), ()))
