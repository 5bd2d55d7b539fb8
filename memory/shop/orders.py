"""The order book: what was quoted, ordered and what became of it, each step with who took it and when."""

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
    """There is no order by this number, or it is another brand's or another person's."""


class WrongState(MemoryFault):
    """The order cannot go there from where it is; the text says where it is."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An order that waits for the customer's yes."""

    sku: str
    title: str
    quantity: int
    unit: Money
    delivery: str  # how and when it comes, in the brand's words
    asked_at: datetime

    @property
    def total(self) -> Money:
        """What the customer pays."""
        return self.unit * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `contact_id` is None once its person was erased."""

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
        """What the customer pays or paid."""
        return self.unit * self.quantity


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One step of an order's life."""

    state: str
    by: str  # customer, or a member of staff by number
    at: datetime


QUOTE = QUOTES.rows(Quote, unit=minor_money("unit_minor", "currency"))
ORDER = ORDERS.rows(Order, unit=minor_money("unit_minor", "currency"))
ORDER_EVENT = ORDER_EVENTS.rows(OrderEvent)
_ORDERS = f"SELECT {ORDER.columns} FROM orders"


def new_number() -> str:
    """An order number such as KQXT-MBPR: random, so that it tells nothing and can be made before the order is."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def read_number(text: str) -> str:
    """An order number as people type it, in the form in which it is stored."""
    letters = _characters(text)
    return f"{letters[:4]}-{letters[4:]}"


def is_number(text: str) -> bool:
    """Whether this has the shape of an order number, in any spelling: eight letters."""
    letters = _characters(text)
    return len(letters) == 8 and letters.isascii() and letters.isalpha()


def _characters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()


class Orders:
    """Quotes and orders. A customer's question names the contact, staff's the brand."""

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
        """Wait for this contact's yes to `quote`; one it waited for before is forgotten."""
        asked = QUOTE.values(quote)
        row = QUOTES.stored(contact_id=contact.id, brand=contact.brand) | asked
        self._db.run(QUOTES.insert(row, QUOTES.update_on_conflict(asked)), **row)

    def open_quote(self, contact_id: int) -> Quote | None:
        """The quote that waits for this contact's yes; None once its time is over."""
        return QUOTE.one(
            self._db,
            f"SELECT {QUOTE.columns} FROM quotes WHERE contact_id = :id AND asked_at > :since",
            id=contact_id,
            since=to_text(self._clock() - self._quote_life),
        )

    def drop_quote(self, contact_id: int) -> None:
        """Forget the open quote, if there is one."""
        self._db.run("DELETE FROM quotes WHERE contact_id = :id", id=contact_id)

    def place(self, contact: Contact, quote: Quote, number: str, payment_link: str | None) -> Order:
        """Turn a quote into an order under a number from `new_number`; remembers the ads the customer came by.

        Raises AlreadyStored where the number is taken: make another.
        """
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
        """This contact's orders, newest first."""
        return ORDER.all(
            self._db, f"{_ORDERS} WHERE contact_id = :id ORDER BY id DESC LIMIT :limit", id=contact_id, limit=limit
        )

    def of_brand(self, brand: str, *, limit: int = 20) -> list[Order]:
        """A brand's orders, newest first; for staff."""
        return ORDER.all(
            self._db,
            f"{_ORDERS} WHERE brand = :brand ORDER BY created_at DESC, id DESC LIMIT :limit",
            brand=brand,
            limit=limit,
        )

    def by_number(self, brand: str, number: str) -> Order:
        """A brand's order by its number in any spelling. Raises UnknownOrder."""
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
        """Take an order forward: placed, paid, shipped, delivered; a step may be left out (cash on delivery).

        Cancelling is possible until it is shipped. Raises UnknownOrder, WrongState.
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
        """What happened to an order, oldest first."""
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
        """The first and the last advertisement a contact came by; organic posts are not advertisements."""
        touches = self._db.all(
            "SELECT * FROM touches WHERE contact_id = :id AND source_type = 'ad' ORDER BY id", id=contact_id
        )
        return (touches[0], touches[-1]) if touches else ({}, {})


def can_move(state: str, to: str) -> bool:
    """Whether an order may go from one state to another: forward only, cancelled only before it is shipped."""
    if to == "cancelled":
        return state in ("placed", "paid")
    return state in _RANK and _RANK.get(to, 0) > _RANK[state]
