"""Quotes, orders, and the events of each order."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.language.money import Money
from memory.people.contacts import Contact
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.table import INTEGER, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table, minor_money
from memory.storage.timestamps import Clock, to_text

STATES = ("placed", "paid", "shipped", "delivered", "cancelled")
_RANK = {"placed": 1, "paid": 2, "shipped": 3, "delivered": 4}
# No vowels, so no words; no digits, so that a number in a sentence is never read as an amount.
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"


QUOTES = Table(
    "quotes",
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("brand", TEXT),
    Column("sku", TEXT),
    Column("title", TEXT),
    Column("quantity", INTEGER),
    Column("unit_minor", INTEGER),
    Column("currency", TEXT),
    Column("delivery", TEXT),
    Column("asked_at", TIMESTAMP),
    Column("turn_message_id", INTEGER, null=True),
    key="contact_id",
)
ORDERS = Table(
    "orders",
    Column("id", REUSED_ROW_ID),
    Column("number", TEXT, unique=True),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, null=True),
    Column("state", TEXT),
    Column("sku", TEXT),
    Column("title", TEXT),
    Column("quantity", INTEGER),
    Column("unit_minor", INTEGER),
    Column("currency", TEXT),
    Column("delivery", TEXT),
    Column("payment_link", TEXT, null=True),
    Column("first_touch_id", INTEGER, null=True),
    Column("last_touch_id", INTEGER, null=True),
    Column("first_ad_id", TEXT, null=True),
    Column("last_ad_id", TEXT, null=True),
    Column("last_clid", TEXT, null=True),
    Column("created_at", TIMESTAMP),
    indexes=[
        Index("orders_by_contact", "contact_id, id"),
        Index("orders_by_brand", "brand, created_at"),
    ],
)
ORDER_EVENTS = Table(
    "order_events",
    Column("id", REUSED_ROW_ID),
    Column("order_id", INTEGER, references="orders (id)"),
    Column("state", TEXT),
    Column("by", TEXT),
    Column("at", TIMESTAMP),
    indexes=[
        Index("order_events_by_order", "order_id, id"),
    ],
)


class UnknownOrder(MemoryFault):
    """No such number, or another brand's or person's."""


class WrongState(MemoryFault):
    """The text says where the order is."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Waits for the customer's yes."""

    sku: str
    title: str
    quantity: int
    unit: Money
    delivery: str  # how and when it comes, in the brand's words
    asked_at: datetime

    @property
    def total(self) -> Money:
        return self.unit * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """`contact_id`: None once the person was erased."""

    id: int
    number: str
    brand: str
    contact_id: int | None
    state: str  # placed, paid, shipped, delivered, cancelled
    sku: str
    title: str
    quantity: int
    unit: Money
    delivery: str
    payment_link: str | None
    first_ad_id: str | None
    last_ad_id: str | None
    last_clid: str | None
    created_at: datetime

    @property
    def total(self) -> Money:
        return self.unit * self.quantity


@dataclass(frozen=True, slots=True)
class OrderEvent:
    state: str
    by: str  # customer, or a member of staff by number
    at: datetime


QUOTE = QUOTES.rows(Quote, unit=minor_money("unit_minor", "currency"))
ORDER = ORDERS.rows(Order, unit=minor_money("unit_minor", "currency"))
ORDER_EVENT = ORDER_EVENTS.rows(OrderEvent)
_ORDERS = f"SELECT {ORDER.columns} FROM orders"


def new_number() -> str:
    """Such as KQXT-MBPR: random, so that it tells nothing and can be made before the order."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def read_number(text: str) -> str:
    """As people type it, to the stored form."""
    letters = _characters(text)
    return f"{letters[:4]}-{letters[4:]}"


def is_number(text: str) -> bool:
    """Eight letters in any spelling."""
    letters = _characters(text)
    return len(letters) == 8 and letters.isascii() and letters.isalpha()


def _characters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


class Orders:
    """A customer's question names the contact, staff's the brand."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        quote_minutes: float = 30,
        number: Callable[[], str] = new_number,
    ) -> None:
        self._db = db
        self._clock = clock
        self._quote_life = timedelta(minutes=quote_minutes)
        self.new_number = number

    def keep_quote(self, contact: Contact, quote: Quote) -> None:
        """Replaces the contact's open quote."""
        asked = QUOTE.values(quote)
        row = QUOTES.stored(contact_id=contact.id, brand=contact.brand) | asked
        self._db.run(QUOTES.insert(row, QUOTES.update_on_conflict(asked)), **row)

    def open_quote(self, contact_id: int) -> Quote | None:
        """None once its time is over."""
        return QUOTE.one(
            self._db,
            f"SELECT {QUOTE.columns} FROM quotes WHERE contact_id = :id AND asked_at > :since",
            id=contact_id,
            since=to_text(self._clock() - self._quote_life),
        )

    def drop_quote(self, contact_id: int) -> None:
        self._db.run("DELETE FROM quotes WHERE contact_id = :id", id=contact_id)

    def place(self, contact: Contact, quote: Quote, number: str, payment_link: str | None) -> Order:
        """`number`: from `new_number`. Stores the ads that the customer came by. Raises AlreadyStored for a used number."""
        now = self._clock()
        with self._db.transaction():
            first, last = self._ads(contact.id)
            row = ORDERS.stored(
                number=number,
                brand=contact.brand,
                contact_id=contact.id,
                state="placed",
                sku=quote.sku,
                title=quote.title,
                quantity=quote.quantity,
                unit_minor=quote.unit.minor,
                currency=quote.unit.currency,
                delivery=quote.delivery,
                payment_link=payment_link,
                first_touch_id=first.get("id"),
                last_touch_id=last.get("id"),
                first_ad_id=first.get("source_id"),
                last_ad_id=last.get("source_id"),
                last_clid=last.get("clid"),
                created_at=now,
            )
            order_id = self._db.insert(ORDERS.insert(row, "ON CONFLICT (number) DO NOTHING RETURNING id"), **row)
            self._note(order_id, "quoted", "customer", quote.asked_at)
            self._note(order_id, "placed", "customer", now)
            self.drop_quote(contact.id)
        return self._get(order_id)

    def of_contact(self, contact_id: int, *, limit: int = 20) -> list[Order]:
        """Newest first."""
        return ORDER.all(
            self._db, f"{_ORDERS} WHERE contact_id = :id ORDER BY id DESC LIMIT :limit", id=contact_id, limit=limit
        )

    def of_brand(self, brand: str, *, limit: int = 20) -> list[Order]:
        """Newest first; for staff."""
        return ORDER.all(
            self._db,
            f"{_ORDERS} WHERE brand = :brand ORDER BY created_at DESC, id DESC LIMIT :limit",
            brand=brand,
            limit=limit,
        )

    def by_number(self, brand: str, number: str) -> Order:
        """`number` in any spelling. Raises UnknownOrder."""
        order = ORDER.one(
            self._db,
            f"{_ORDERS} WHERE brand = :brand AND number = :number",
            brand=brand,
            number=read_number(number),
        )
        if order is None:
            raise UnknownOrder(f"there is no order {read_number(number)}; check the eight letters of its number")
        return order

    def move(self, brand: str, number: str, state: str, by: str) -> Order:
        """To a later state; steps may be left out (cash on delivery). Cancelling ends with shipping.

        Raises UnknownOrder, WrongState.
        """
        if state not in STATES:
            raise WrongState(f"an order is never {state!r}; it is one of {', '.join(STATES)}")
        with self._db.transaction():
            self._db.hold(f"order {brand} {read_number(number)}")
            order = self.by_number(brand, number)
            if not can_move(order.state, state):
                raise WrongState(f"order {order.number} is {order.state}; it cannot become {state} from there")
            self._db.run("UPDATE orders SET state = :state WHERE id = :id", state=state, id=order.id)
            self._note(order.id, state, by, self._clock())
        return self._get(order.id)

    def events(self, order_id: int) -> list[OrderEvent]:
        """Oldest first."""
        return ORDER_EVENT.all(
            self._db, f"SELECT {ORDER_EVENT.columns} FROM order_events WHERE order_id = :id ORDER BY id", id=order_id
        )

    def _get(self, order_id: int) -> Order:
        order = ORDER.one(self._db, f"{_ORDERS} WHERE id = :id", id=order_id)
        assert order is not None, "an order row is never deleted"
        return order

    def _note(self, order_id: int, state: str, by: str, at: datetime) -> None:
        row = ORDER_EVENTS.stored(order_id=order_id, state=state, by=by, at=at)
        self._db.run(ORDER_EVENTS.insert(row), **row)

    def _ads(self, contact_id: int) -> tuple[Row, Row]:
        touches = self._db.all(
            "SELECT * FROM touches WHERE contact_id = :id AND source_type = 'ad' ORDER BY id", id=contact_id
        )
        return (touches[0], touches[-1]) if touches else ({}, {})


def can_move(state: str, to: str) -> bool:
    """Forward only; cancelled only before shipping."""
    if to == "cancelled":
        return state in ("placed", "paid")
    return state in _RANK and _RANK.get(to, 0) > _RANK[state]
