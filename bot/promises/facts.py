"""The facts that a reply may promise, and breaches of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache

from bot.brands import Brand, Delivery, Discount
from bot.language.amounts import AmountMention, find_amounts
from bot.language.languages import LETTERS
from bot.language.money import Money
from bot.language.normalisation import composed, fold, plain_in_place
from bot.language.number_words import parse_number
from bot.promises import claims
from bot.promises.item_names import ItemNames
from bot.promises.other_makes import OtherMakes, other_makes
from bot.shop.categories import Categories
from bot.shop.exchange_rates import Conversion
from memory.shop.catalogue_items import Item

PRICE, DISCOUNT, STOCK, DELIVERY, POLICY = "price", "discount", "stock", "delivery", "policy"
LINK, PRODUCT, ORDER, LANGUAGE = "link", "product", "order", "language"
ROUTE, CREDENTIALS, INSTRUCTIONS, SPECIFICATION = "route", "credentials", "instructions", "specification"


RARE = 4  # items that a word may stand for and still call one of them


@dataclass(frozen=True, slots=True)
class Breach:
    """An unsupported promise. The kind `language` is not repaired: the next draft could not be checked, either."""

    kind: str  # one of the constants above
    text: str  # the words of the draft
    why: str  # the reason
    right: str  # what may be said instead


PlacedBreaches = Iterator[tuple[int, Breach]]  # each with its place: in a sentence, or in the draft


@dataclass(frozen=True, slots=True)
class OrderFact:
    number: str
    amounts: tuple[Money, ...] = ()  # unit price, total
    promised: date | None = None
    link: str | None = None
    state: str | None = None  # placed, paid, shipped, delivered, cancelled; None supports no claim


@dataclass(frozen=True)
class ReplyFacts:
    items: tuple[Item, ...]  # the whole catalogue, with the stock of this moment
    policies: tuple[str, ...]  # the brand's texts
    delivery: Delivery
    today: date
    discounts: tuple[Discount, ...] = ()
    orders: tuple[OrderFact, ...] = ()
    conversions: tuple[Conversion, ...] = ()  # made for this reply
    amounts: tuple[Money, ...] = ()
    links: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()  # the brand's own
    customer: str = ""  # what they wrote: their budget may be echoed, a product they asked for denied
    categories: Categories | None = None  # what a number may count: "40 laptops"
    trades: tuple[str, ...] = ()
    instructions: str = ""  # of the model, of which a reply may repeat nothing
    makes: tuple[str, ...] = ()  # in the brand's file, beside those of its trades
    basket: tuple[tuple[Item, int], ...] = ()  # of the open quote, with quantities

    @classmethod
    def of(
        cls,
        brand: Brand,
        items: Iterable[Item],
        *,
        today: date,
        orders: Iterable[OrderFact] = (),
        conversions: Iterable[Conversion] = (),
        amounts: Iterable[Money] = (),
        customer: str = "",
        categories: Categories | None = None,
        basket: Iterable[tuple[Item, int]] = (),
        instructions: str = "",
    ) -> ReplyFacts:
        """`today` is the brand's day. Expired codes are left out. `categories`: those of the items, if they are at hand."""
        orders = tuple(orders)
        paid_at = tuple(order.link or brand.pay_at(order.number) for order in orders)
        items = tuple(items)
        return cls(
            items=items,
            policies=brand.policy_texts(),
            delivery=brand.delivery,
            today=today,
            discounts=tuple(discount for discount in brand.discounts if discount.valid_until >= today),
            orders=orders,
            conversions=tuple(conversions),
            amounts=tuple(amounts),
            links=(*brand.links, *paid_at),
            names=(brand.name,),
            phones=brand.whatsapp,
            basket=tuple(basket),
            instructions=instructions,
            customer=customer,
            categories=categories or Categories(brand, (item.category for item in items)),
            trades=brand.trades,
            makes=brand.other_makes,
        )

    @property
    def other_makes(self) -> OtherMakes:
        return other_makes(self.trades, self.makes)

    def is_make(self, plain: str) -> bool:
        return bool(self.other_makes.product and self.other_makes.product.search(plain))

    def is_goods(self, plain: str) -> bool:
        """Whether a text begins with a word for one of the brand's categories or subcategories."""
        word = re.match(rf"\W{{0,3}}([a-z]+|[{LETTERS}]+)", fold(plain[:40]))
        if word is None or self.categories is None:
            return False
        return bool(self.categories.category(word[1]) or self.categories.subcategory(word[1]))

    @cached_property
    def item_names(self) -> ItemNames:
        return _item_names(self.items)

    @cached_property
    def policy_money(self) -> frozenset[Money]:
        return _policy_money(self.policies)

    @cached_property
    def durations(self) -> frozenset[tuple[int, int]]:
        """(least, most) hours of every time span in the policies."""
        return _policy_durations(self.policies)

    @cached_property
    def order_money(self) -> frozenset[Money]:
        return frozenset([*self.amounts, *(money for order in self.orders for money in order.amounts)])

    @cached_property
    def basket_money(self) -> frozenset[Money]:
        """Each line of the basket, and the whole, in every currency they are listed in."""
        lines = [price * quantity for item, quantity in self.basket for price in item.prices.values()]
        shared = set.intersection(*(set(item.prices) for item, _ in self.basket)) if self.basket else set()
        whole = [
            Money(sum((i.prices[currency].amount * quantity for i, quantity in self.basket), Decimal(0)), currency)
            for currency in shared
        ]
        return frozenset([*lines, *whole])

    @cached_property
    def customer_items(self) -> tuple[Item, ...]:
        """Those they named, else those that a rare word of theirs may mean."""
        named = tuple(mention.item for mention in self.item_names.find(self.customer_plain))
        words = {word for word in re.findall(claims.WORD, self.customer_plain.lower()) if len(word) > 2}
        return named or tuple(self.items_called(words, most=3))

    def items_called(self, words: Iterable[str], *, most: int) -> list[Item]:
        """Items whose titles have one of the words, if at most so many have it."""
        called = _called(self.items)
        return [item for word in words if len(owners := called.get(word, ())) <= most for item in owners]

    def words_of(self, item: Item) -> frozenset[str]:
        """What a sentence may call it by: words of its titles and its keywords."""
        return _words_of(item)

    @cached_property
    def customer_plain(self) -> str:
        """For matching."""
        return plain_in_place(composed(self.customer))

    @cached_property
    def customer_money(self) -> tuple[AmountMention, ...]:
        return tuple(find_amounts(self.customer_plain))

    @cached_property
    def customer_digits(self) -> str:
        """Their numbers, with the spaces and signs inside them left out."""
        return re.sub(r"(?<=\d)[\s().+-]+(?=\d)", "", self.customer_plain)

    @cached_property
    def own_digits(self) -> str:
        return " ".join(re.sub(r"\D", "", number) for number in (*self.phones, *(o.number for o in self.orders)))

    @cached_property
    def instruction_words(self) -> str:
        return _words_in_a_row(self.instructions)

    def categories_in(self, plain: str) -> set[str]:
        """The brand's categories, by their words, and those of its subcategories' items."""
        if self.categories is None:
            return set()
        found = (self.categories.category(word) for word in re.findall(claims.WORD, fold(plain)))
        return {category for category in found if category}

    @cached_property
    def warranty_hours(self) -> dict[str, int]:
        """Hours by category; "" is every other. Empty where the policies do not tell categories apart."""
        hours: dict[str, int] = {}
        for text in self.policies:
            plain = plain_in_place(composed(text))
            found = [(match, most) for match, (_, most) in claims.durations(plain)]
            if not claims.WARRANTY.search(plain) or len(found) < 2:
                continue
            at = 0
            for match, most in found:
                kinds = self.categories_in(plain[at : match.start()])
                for kind in kinds or {""}:
                    hours.setdefault(kind, most)
                at = match.end()
        return hours if len(hours) > 1 and "" in hours else {}

    @cached_property
    def policy_words(self) -> str:
        return _policy_words(self.policies)

    @cached_property
    def customer_numbers(self) -> frozenset[Decimal]:
        """Such as a rate they name."""
        return frozenset(map(parse_number, re.findall(r"(?<![\d.,])\d+(?:[.,]\d+)*", self.customer_plain)))

    @cached_property
    def item_words(self) -> frozenset[str]:
        """Words of the catalogue and of the brand's name."""
        return _vocabulary(self.items, (), self.names)

    @cached_property
    def customer_words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", self.customer_plain.lower()))

    def has_link(self, link: str) -> bool:
        """Whether it is an item's, the shop's or an order's link, or in a policy."""
        return _bare_link(link) in self._bare_links

    @cached_property
    def _bare_links(self) -> frozenset[str]:
        listed = [link for item in self.items for link in (item.link, item.image) if link]
        said = [match.group() for text in self.policies for match in claims.LINK.finditer(text)]
        return frozenset(_bare_link(link) for link in (*self.links, *listed, *said))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Words of catalogue and policies: none alone is an invented product."""
        return _vocabulary(self.items, self.policies, self.names)


# Read anew only when the catalogue, its stock or the policies change: once a reply they cost 8 ms of its 11.
@lru_cache(maxsize=64)
def _item_names(items: tuple[Item, ...]) -> ItemNames:
    return ItemNames(items)


@lru_cache(maxsize=64)
def _words_in_a_row(text: str) -> str:
    return " ".join(re.findall(r"\w+", plain_in_place(composed(text)).lower()))


@lru_cache(maxsize=64)
def _policy_words(policies: tuple[str, ...]) -> str:
    return plain_in_place(composed("\n".join(policies))).lower()


@lru_cache(maxsize=64)
def _policy_money(policies: tuple[str, ...]) -> frozenset[Money]:
    return frozenset(
        Money(amount.value, amount.currency)
        for text in policies
        for amount in find_amounts(plain_in_place(composed(text)))
        if amount.currency
    )


@lru_cache(maxsize=64)
def _policy_durations(policies: tuple[str, ...]) -> frozenset[tuple[int, int]]:
    return frozenset(found for text in policies for _, found in claims.durations(plain_in_place(composed(text))))


@lru_cache(maxsize=4096)
def _words_of(item: Item, *, described: bool = False) -> frozenset[str]:
    said = [item.description, *item.descriptions.values()] if described else []
    named = plain_in_place(composed(" ".join([*item.every_title, *item.keywords, *said]))).lower()
    return frozenset(word for word in re.findall(claims.WORD, named) if len(word) > 2)


@lru_cache(maxsize=64)
def _called(items: tuple[Item, ...]) -> dict[str, list[Item]]:
    called: dict[str, list[Item]] = {}
    described = [_words_of(item, described=True) for item in items]
    for item in items:
        titles = plain_in_place(composed(" ".join(item.every_title))).lower()
        for word in {*re.findall(claims.WORD, titles), *(word.lower() for word in item.keywords if " " not in word)}:
            if sum(word in words for words in described) <= RARE:  # the "screen" of "Screen Guard" is every laptop's
                called.setdefault(word, []).append(item)
    return called


@lru_cache(maxsize=64)
def _vocabulary(items: tuple[Item, ...], policies: tuple[str, ...], names: tuple[str, ...]) -> frozenset[str]:
    texts = [
        " ".join([*i.every_title, i.maker, i.description, *i.descriptions.values(), *i.keywords, i.category])
        for i in items
    ]
    return frozenset(re.findall(r"[\w]+", plain_in_place(composed(" ".join([*texts, *policies, *names]))).lower()))


def _bare_link(link: str) -> str:
    """Without https, www and a final slash; host in lower case."""
    rest = re.sub(r"^(?:https://)?(?:www\.)?", "", link, flags=re.IGNORECASE).rstrip("/")
    host, slash, path = rest.partition("/")
    return host.lower() + slash + path
