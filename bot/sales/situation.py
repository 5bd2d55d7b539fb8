"""What one answer may be based on, read before any write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.brands import Brand
from bot.language.languages import LANGUAGES, about
from bot.language.reading.message_type import Classification
from bot.shop.catalogue import Catalogue
from bot.shop.exchange_rates import Rates
from memory.agents.memory_manager import MemoryManager
from memory.conversations.channel_messages import CartItem
from memory.conversations.handovers import Handover, Handovers
from memory.conversations.messages import Message, Messages
from memory.conversations.summaries import Summaries, SummaryLine
from memory.people.contacts import Contact
from memory.people.fact_history import MANY, plain
from memory.people.facts import Fact, Facts, Interest, Learned, means
from memory.recall.search import Search
from memory.shop.orders import Order, Orders, Quote
from memory.storage.timestamps import Clock

MOST_RECALLED = 8  # older messages for one answer
SENT_STATES = ("sent", "delivered", "read")


@dataclass(frozen=True, slots=True)
class Situation:
    brand: Brand
    contact: Contact  # as stored before this turn; what this turn taught is in `facts`
    messages: tuple[Message, ...]  # the waiting ones, oldest first
    text: str  # their texts, one a line
    classification: Classification  # of `text`
    language: str  # one of `LANGUAGES`: what to answer in
    currency: str  # ISO code: what to show prices in
    history: tuple[Message, ...]  # said before this turn and in its session, oldest first
    catalogue: Catalogue
    rates: Rates
    orders: tuple[Order, ...]  # of this contact, newest first
    quote: Quote | None  # waits for this contact's yes, and was the last thing said to them
    handover: Handover | None  # a person answers this contact now
    facts: Mapping[str, Fact]  # what is known of this contact now, by predicate: name, city, budget, currency
    interests: tuple[Interest, ...]  # the latest first
    shown: tuple[str, ...]  # skus in the order in which they were last shown: "the second one"
    now: datetime
    known: tuple[Fact, ...] = ()  # every fact that holds, with all that they own and dislike, in the order learned
    summary: tuple[SummaryLine, ...] = ()  # of what was said before `history`, weightiest first; for a model only
    recalled: tuple[Message, ...] = ()  # older messages that matter for `text`, best first; for a model only
    ad: str = ""  # headline and body, a line each, of the advertisement they came through in this session

    @property
    def name(self) -> str | None:
        return self.facts["name"].value if "name" in self.facts else self.contact.name

    def title_of(self, sold: Quote | Order, language: str) -> str:
        """As recorded, where the item was renamed since."""
        item = self.catalogue.find(sold.sku)
        return item.title_in(language) if item is not None and item.title == sold.title else sold.title


@dataclass(frozen=True, slots=True)
class Shop:
    """What situations are read from; one for all brands."""

    brands: Mapping[str, Brand]
    catalogues: Mapping[str, Catalogue]
    rates: Rates
    messages: Messages
    facts: Facts
    orders: Orders
    handovers: Handovers
    clock: Clock
    agents: MemoryManager
    most_history: int = 50
    session: timedelta = timedelta(hours=24)
    search: Search | None = None
    summaries: Summaries | None = None

    def situation(
        self,
        contact: Contact,
        messages: Sequence[Message],
        *,
        classification: Classification,
        language: str,
        learned: Sequence[Fact] = (),
        ended: Sequence[Learned] = (),
        ad: str = "",
    ) -> Situation:
        brand = self.brands[contact.brand]
        now, ids = self.clock(), {message.id for message in messages}
        recent = self.messages.history(contact.id, limit=self.most_history + len(messages))
        history = tuple(m for m in recent if m.id not in ids and m.state != "waiting" and now - m.at <= self.session)
        known = facts_after(self.facts.holding(contact.id), learned, ended)
        facts = {fact.predicate: fact for fact in known}
        return Situation(
            brand=brand,
            contact=contact,
            messages=tuple(messages),
            text=text_of(messages),
            classification=classification,
            language=language,
            currency=self._currency(brand, contact, facts, language),
            history=history,
            catalogue=self.catalogues[brand.id].in_language(language),
            rates=self.rates,
            orders=tuple(self.orders.of_contact(contact.id)),
            quote=self._quote(contact, last_said(history, messages)),
            handover=self.handovers.current(contact.id),
            facts=facts,
            interests=tuple(self.facts.interests(contact.id)),
            shown=last_shown(history),
            now=self.clock(),
            known=tuple(known),
            ad=ad,
        )

    def with_recall(self, situation: Situation) -> Situation:
        """For the model only: recall over ten thousand messages takes some 30 ms."""
        said = [*situation.history, *situation.messages]
        first, ids = min((message.id for message in said), default=0), {message.id for message in said}
        contact_id = situation.contact.id
        summary = self.summaries.lines(contact_id) if self.summaries else []
        found = self.search.recall(contact_id, situation.text, MOST_RECALLED + len(ids)) if self.search else []
        recalled = [self.messages.get(each) for each in found if each not in ids][:MOST_RECALLED]
        return replace(
            situation, summary=tuple(line for line in summary if line.message_id < first), recalled=tuple(recalled)
        )

    def _currency(self, brand: Brand, contact: Contact, facts: Mapping[str, Fact], language: str) -> str:
        """As stated, else the language's, the country's, the brand's."""
        spoken, others = about(language), (about(each) for each in LANGUAGES)
        home = spoken.currency or next(
            (each.currency for each in others if each.calls_from(contact.phone)), brand.currency
        )
        wished = facts["currency"].value if "currency" in facts else contact.preferred_currency or home
        return wished if wished in self.rates.known() else brand.currency

    def _quote(self, contact: Contact, last: Message | None) -> Quote | None:
        # Only as the last thing said: otherwise a yes could mean something else.
        if last is None or not last.metadata.get("asks_order"):
            return None
        quote = self.orders.open_quote(contact.id)
        return quote if quote is not None and quote.sku == last.metadata["asks_order"] else None


def facts_after(known: Sequence[Fact], learned: Sequence[Fact], ended: Sequence[Learned]) -> list[Fact]:
    kept = [fact for fact in known if not any(means(each, fact) for each in ended)]
    for fact in learned:
        side_by_side = fact.predicate in MANY
        kept = [
            k for k in kept if k.predicate != fact.predicate or (side_by_side and plain(k.value) != plain(fact.value))
        ]
        kept.append(fact)
    return kept


def text_of(messages: Sequence[Message]) -> str:
    """With the transcript or description of media."""
    texts = (message.metadata.get("transcript") or message.content for message in messages)
    return "\n".join(text.strip() for text in texts if text.strip())


def cart_of(messages: Sequence[Message]) -> list[CartItem]:
    """The catalogue items that these messages name by their SKU."""
    return [CartItem(sku, quantity) for message in messages for sku, quantity in message.metadata.get("items", ())]


def last_said(history: Sequence[Message], waiting: Sequence[Message]) -> Message | None:
    """None if it was not sent, or after one of `waiting` was written."""
    last = next((message for message in reversed(history) if message.role == "assistant"), None)
    if last is None or last.state not in SENT_STATES:
        return None
    since = last.tried_at or last.at
    return last if all(message.id > last.id and message.at >= since for message in waiting) else None


def last_shown(history: Sequence[Message]) -> tuple[str, ...]:
    lists = (message.metadata.get("shown") for message in reversed(history) if message.role == "assistant")
    return tuple(next((shown for shown in lists if shown), ()))
