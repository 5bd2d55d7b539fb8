"""Everything an answer may stand on, put together once per turn before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from memory.contacts import Contact
from memory.messages import Message

if TYPE_CHECKING:
    from bot.sales.brands import Brand
    from bot.sales.catalogue import Catalogue
    from bot.sales.classify import Classification
    from bot.sales.currency import Rates
    from memory.facts import Fact, Interest
    from memory.handovers import Handover
    from memory.orders import Order, Quote


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
    history: tuple[Message, ...]  # said before this turn, oldest first
    catalogue: Catalogue
    rates: Rates
    stock: Mapping[str, int]  # units left by sku
    orders: tuple[Order, ...]  # of this contact, newest first
    quote: Quote | None  # waits for this contact's yes
    handover: Handover | None  # a person answers this contact now
    facts: Mapping[str, Fact]  # what is known of this contact now, by predicate: name, city, budget, currency
    interests: tuple[Interest, ...]  # the latest first
    shown: tuple[str, ...]  # skus in the order in which they were last shown: "the second one"
    now: datetime
