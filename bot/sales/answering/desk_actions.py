"""What the built-in writer and the model may do for the customer of a turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bot.language.money import Money
from bot.sales.situation import Shop, Situation
from bot.sales.understanding.order_replies import says_yes
from bot.shop.exchange_rates import Conversion, UnknownCurrency
from memory.conversations.turn_changes import CancelOrder, Change, DropQuote, KeepQuote, OpenHandOver, PlaceOrder
from memory.shop.catalogue_items import Item
from memory.shop.orders import Order, Quote, read_number

MOST_PIECES = 20  # of one item in one order by chat; more is for a person
LAST_LINES = 6  # of the conversation, told to staff with a hand-over


class CannotDo(Exception):
    """The text tells the model what to do instead."""


class TooFewLeft(CannotDo):
    def __init__(self, item: Item) -> None:
        left = f"only {item.stock} left" if item.stock else "out of stock"
        super().__init__(f"{item.title} is {left}; offer that or something else")
        self.item = item


class PriceChanged(CannotDo):
    def __init__(self, item: Item, quantity: int) -> None:
        super().__init__(f"the price of {item.title} has changed; quote it anew and ask for a yes to the new price")
        self.item = item
        self.quantity = quantity


@dataclass(frozen=True, slots=True)
class Offer:
    sku: str
    title: str
    category: str
    price: Money  # what is listed_price for one
    about: Money | None  # the same in the customer's currency, where the item has no price in it
    stock: int
    description: str
    link: str
    rate_date: date | None = None  # of the rate that `about` stands on


@dataclass(slots=True)
class Actions:
    """Of one draft; they take effect when the turn commits `changes`.

    Make a new object for each draft: a dropped draft drops its changes.
    """

    situation: Situation
    shop: Shop
    changes: list[Change] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # skus offered, in order
    quoted: Quote | None = None  # a quote made in this attempt: the reply must ask for the yes
    placed: Order | None = None
    handed_over: str | None = None  # the reason
    conversions: list[Conversion] = field(default_factory=list)

    def search_catalogue(self, words: str, *, limit: int = 5) -> list[Offer]:
        """Best first; `words` may contain a price limit. Raises CannotDo if its currency has no rate."""
        try:
            found = self.situation.catalogue.search(words, limit=limit, currency=self.situation.currency)
        except UnknownCurrency as error:
            raise CannotDo(str(error)) from error
        offers = [self.offer(item) for item in found]
        self.shown += [offer.sku for offer in offers]
        return offers

    def offer(self, item: Item) -> Offer:
        price = listed_price(self.situation, item)
        about = None
        if price.currency != self.situation.currency:
            about = self.convert(price.amount, price.currency, self.situation.currency)
        return Offer(
            sku=item.sku,
            title=item.title_in(self.situation.language),
            category=item.category,
            price=price,
            about=about.result if about else None,
            stock=item.stock,
            description=item.description_in(self.situation.language),
            link=item.link,
            rate_date=about.as_of if about else None,
        )

    def convert(self, amount: Decimal, source: str, target: str) -> Conversion:
        """Raises CannotDo if there is no rate."""
        try:
            found = self.situation.rates.convert(Money(amount, source), target)
        except UnknownCurrency as error:
            raise CannotDo(str(error)) from error
        self.conversions.append(found)
        return found

    def order_status(self, number: str | None = None) -> list[Order]:
        """Newest first, or the one with `number`. Raises CannotDo if it is not this contact's."""
        if number is None:
            return list(self.situation.orders)
        return [self._own_order(number)]

    def quote(self, sku: str, quantity: int = 1) -> Quote:
        """Replaces an earlier quote. Raises CannotDo."""
        item = self.situation.catalogue.find(sku)
        if item is None:
            raise CannotDo(f"there is no item {sku}; search the catalogue and use the sku of a result")
        if not 1 <= quantity <= MOST_PIECES:
            raise CannotDo(f"one order takes 1 to {MOST_PIECES} pieces; hand over for more")
        if item.stock < quantity:
            raise TooFewLeft(item)
        delivery = self.situation.brand.policy("delivery", self.situation.language)
        price = listed_price(self.situation, item)
        quote = Quote(item.sku, item.title, quantity, price, delivery, self.situation.now)
        self.changes.append(KeepQuote(self.situation.contact, quote))
        self.quoted = quote
        return quote

    def confirm_order(self) -> Order:
        """Raises CannotDo unless the customer said yes to the quote."""
        quote = self.situation.quote
        if quote is None:
            raise CannotDo("no quote waits for a yes as the last thing said; quote the item first")
        if not says_yes(self.situation.messages):
            raise CannotDo("the customer did not say a plain yes; answer them and ask once more")
        item = self.situation.catalogue.find(quote.sku)
        if item is None or item.stock < quote.quantity:
            raise TooFewLeft(item) if item else CannotDo(f"{quote.title} is not sold any more; offer something else")
        if item.prices.get(quote.unit.currency) != quote.unit:
            raise PriceChanged(item, quote.quantity)
        return self._place(quote)

    def cancel_quote(self) -> bool:
        """False if there was no open quote."""
        if self.situation.quote is None:
            return False
        self.changes.append(DropQuote(self.situation.contact.id))
        return True

    def cancel_order(self, number: str) -> Order:
        """Raises CannotDo if it is paid or not this contact's."""
        order = self._own_order(number)
        if order.state != "placed":
            raise CannotDo(f"order {order.number} is {order.state}; a person has to look at it, hand over")
        self.changes.append(CancelOrder(order))
        return order

    def hand_over(self, reason: str) -> None:
        """The desk is silent after this reply."""
        if self.handed_over is not None:
            return
        self.handed_over = reason
        situation = self.situation
        self.changes.append(
            OpenHandOver(
                contact=situation.contact,
                reason=reason,
                language=situation.brand.languages[0],
                name=situation.name,
                interests=tuple(interest.name for interest in situation.interests[:3]),
                history=situation.history[-LAST_LINES:],
                messages=situation.messages,
            )
        )

    def _own_order(self, number: str) -> Order:
        wanted = read_number(number)
        found = next((order for order in self.situation.orders if order.number == wanted), None)
        if found is None:
            raise CannotDo(f"this customer has no order {wanted}; ask for the number in their confirmation")
        return found

    def _place(self, quote: Quote) -> Order:
        contact, brand = self.situation.contact, self.situation.brand
        number = self.shop.orders.new_number()
        link = brand.pay_at(number)
        self.changes.append(PlaceOrder(contact, quote, number, link))
        self.placed = Order(
            id=0,
            number=number,
            brand=brand.id,
            contact_id=contact.id,
            state="placed",
            sku=quote.sku,
            title=quote.title,
            quantity=quote.quantity,
            unit=quote.unit,
            delivery=quote.delivery,
            payment_link=link,
            first_ad_id=None,
            last_ad_id=None,
            last_clid=None,
            created_at=self.situation.now,
        )
        return self.placed


def listed_price(situation: Situation, item: Item) -> Money:
    """In the customer's currency where it is listed, else in the brand's, else in the first."""
    currencies = (situation.currency, situation.brand.currency, *item.prices)
    return next(item.prices[currency] for currency in currencies if currency in item.prices)


def as_data(result: object) -> Any:
    """For JSON: amounts as text with their currency, ISO dates."""
    if isinstance(result, Money):
        return {"amount": str(result.rounded().amount), "currency": result.currency}
    if isinstance(result, Decimal):
        return str(result)
    if isinstance(result, date | datetime):
        return result.isoformat()
    if isinstance(result, list | tuple):
        return [as_data(each) for each in result]
    if hasattr(result, "__dataclass_fields__"):
        return {name: as_data(getattr(result, name)) for name in result.__dataclass_fields__}
    return result
