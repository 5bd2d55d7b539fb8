"""The promise check: no reply leaves with a price, discount, stock, delivery, link or product that isn't true."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from itertools import dropwhile, pairwise, permutations

from bot.brands import Brand, Delivery, Discount
from bot.language.amounts import CODES, Amount, find_amounts
from bot.language.detection import is_foreign, is_known
from bot.language.languages import LANGUAGES, LETTERS
from bot.language.money import Money
from bot.language.normalisation import fold, plain_in_place
from bot.promises import claims
from bot.promises.other_makes import OtherMakes, other_makes
from bot.shop.categories import Categories
from bot.shop.exchange_rates import Conversion
from memory.shop.catalogue_items import Item

PRICE, DISCOUNT, STOCK, DELIVERY, POLICY, LINK, PRODUCT, ORDER, LANGUAGE = (
    "price",
    "discount",
    "stock",
    "delivery",
    "policy",
    "link",
    "product",
    "order",
    "language",
)
CENT = Decimal("0.01")
NEAR = Decimal("0.02")  # how far 'about' may be from the truth, as a share of it
SMALLEST_BARE_PRICE = 10
LONGEST_PIECE = 1500  # characters; the reader of amounts stops at 2000
MOST_OF_ONE = 20
LONGEST_ABBREVIATION = 4  # letters; OLED and HDMI are no words of any language


@dataclass(frozen=True, slots=True)
class Breach:
    """One promise that the facts don't carry.

    `kind` is one of price, discount, stock, delivery, policy, link, product, order, language; `text` the words of the
    draft; `why` and `right` are for whoever repairs it: what is wrong, and what may be said instead. A draft in a
    language without claim words is not to be repaired: nobody could check the next one either.
    """

    kind: str
    text: str
    why: str
    right: str


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What the order book knows of one order: its number, its money (unit price, total) and the promised day."""

    number: str
    amounts: tuple[Money, ...] = ()
    promised: date | None = None
    link: str | None = None
    state: str | None = None  # placed, paid, shipped, delivered, cancelled; None carries no claim about it


@dataclass(frozen=True)
class Facts:
    """All that a reply may promise.

    `items` is the brand's whole catalogue with the stock of this moment; `conversions` what was converted for this
    reply; `policies` the brand's own texts; `customer` what this customer wrote (their own budget may be echoed,
    a product they asked for may be denied); `quantities` how many may be multiplied besides those in the texts.
    """

    items: tuple[Item, ...]
    policies: tuple[str, ...]
    delivery: Delivery
    today: date
    discounts: tuple[Discount, ...] = ()
    orders: tuple[OrderFact, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    amounts: tuple[Money, ...] = ()
    links: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    customer: str = ""
    categories: Categories | None = None  # what a number may count: "40 laptops"
    trades: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()  # that the brand's file lists besides those of its trades

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
    ) -> Facts:
        """The facts of one turn; `today` is the brand's day, codes that have run out are left aside."""
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
            customer=customer,
            categories=Categories(brand, (item.category for item in items)),
            trades=brand.trades,
            makes=brand.other_makes,
        )

    @property
    def other_makes(self) -> OtherMakes:
        """What the world's other shops sell, as far as the brand's trades tell."""
        return other_makes(self.trades, self.makes)

    def is_goods(self, plain: str) -> bool:
        """Whether a text begins with a word for a category or subcategory of the brand."""
        word = re.match(rf"\W{{0,3}}([a-z]+|[{LETTERS}]+)", fold(plain[:40]))
        if word is None or self.categories is None:
            return False
        return bool(self.categories.category(word[1]) or self.categories.subcategory(word[1]))

    @cached_property
    def titles(self) -> _Titles:
        return _titles(self.items)

    @cached_property
    def policy_money(self) -> frozenset[Money]:
        return _policy_money(self.policies)

    @cached_property
    def durations(self) -> frozenset[tuple[int, int]]:
        """Every span of time in the policies, in hours, from and to."""
        return _policy_durations(self.policies)

    @cached_property
    def order_money(self) -> frozenset[Money]:
        return frozenset([*self.amounts, *(money for order in self.orders for money in order.amounts)])

    @cached_property
    def customer_money(self) -> tuple[Amount, ...]:
        return tuple(find_amounts(plain_in_place(_composed(self.customer))))

    @cached_property
    def item_words(self) -> frozenset[str]:
        """Every word of the catalogue, and of the brand's name."""
        return _vocabulary(self.items, (), self.names)

    @cached_property
    def customer_words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", plain_in_place(_composed(self.customer)).lower()))

    @cached_property
    def known_links(self) -> frozenset[str]:
        listed = [link for item in self.items for link in (item.link, item.image) if link]
        said = [match.group() for text in self.policies for match in claims.LINK.finditer(text)]
        return frozenset(_bare_link(link) for link in (*self.links, *listed, *said))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of catalogue and policies: none of them alone is an invented product."""
        return _vocabulary(self.items, self.policies, self.names)


# Read anew only when the catalogue, its stock or the policies change: once a reply they cost 8 ms of its 11.
@lru_cache(maxsize=64)
def _titles(items: tuple[Item, ...]) -> _Titles:
    return _Titles(items)


@lru_cache(maxsize=64)
def _policy_money(policies: tuple[str, ...]) -> frozenset[Money]:
    return frozenset(
        Money(amount.value, amount.currency)
        for text in policies
        for amount in find_amounts(plain_in_place(_composed(text)))
        if amount.currency
    )


@lru_cache(maxsize=64)
def _policy_durations(policies: tuple[str, ...]) -> frozenset[tuple[int, int]]:
    return frozenset(found for text in policies for _, found in _durations(plain_in_place(_composed(text))))


@lru_cache(maxsize=64)
def _vocabulary(items: tuple[Item, ...], policies: tuple[str, ...], names: tuple[str, ...]) -> frozenset[str]:
    texts = [
        " ".join([*i.every_title, i.maker, i.description, *i.descriptions.values(), *i.keywords, i.category])
        for i in items
    ]
    return frozenset(re.findall(r"[\w]+", plain_in_place(_composed(" ".join([*texts, *policies, *names]))).lower()))


def check(draft: str, facts: Facts) -> list[Breach]:
    """Every promise in `draft` that the facts don't carry, in order of appearance; an empty list when it may leave.

    Reads every language that has claim words (`bot/language/words/*/claims.toml`). A policy text quoted word for word
    always passes. The check is made sentence by sentence; a sentence without an item speaks of the only item of the
    draft, or of the only one the customer named.
    """
    text = _composed(draft)
    pieces = _pieces(text, facts)
    subject = _subject(pieces, facts)
    breaches = [
        (piece.start + start, breach)
        for piece in pieces
        for rule in _RULES
        for start, breach in rule(replace(piece, subject=subject), facts)
    ]
    breaches += _check_language(pieces, facts)
    return list(dict.fromkeys(breach for _, breach in sorted(breaches, key=lambda pair: pair[0])))


@dataclass(frozen=True, slots=True)
class _Mention:
    item: Item
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """One sentence or line: as written, plain for matching, and the items it names.

    `bare` is `plain` without names, addresses and list numbers: the '15' of 'Raptor 15' is no amount, count or day.
    All three have the same length.
    """

    start: int
    text: str
    plain: str
    bare: str
    mentions: tuple[_Mention, ...]
    subject: Item | None = None

    @property
    def items(self) -> list[Item]:
        return list({mention.item.sku: mention.item for mention in self.mentions}.values())

    def cut(self, start: int, end: int) -> str:
        return self.text[start:end].strip()


_Found = Iterator[tuple[int, Breach]]


class _Titles:
    """Finds items by title, title without maker, sku, or an unmistakable beginning; the longest name wins."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items: dict[str, Item] = {}
        for names in (_beginnings, _own_names, _full_names):  # the surer name overrules
            owners: dict[str, list[Item]] = {}
            for item in items:
                for name in set(names(item)):
                    owners.setdefault(name, []).append(item)
            self._items |= {name: found[0] for name, found in owners.items() if len(found) == 1}
        ordered = sorted(self._items, key=len, reverse=True)
        spaced = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in ordered)
        self._pattern = re.compile(rf"(?<![\w-])(?:{spaced})(?![\w-]*\w)", re.IGNORECASE) if ordered else None
        self.makers = {plain_in_place(item.maker).lower() for item in items if item.maker}
        self.series = {word for item in items if (word := _series(item))}

    def find(self, plain: str) -> tuple[_Mention, ...]:
        if self._pattern is None:
            return ()
        return tuple(
            _Mention(item, match.start(), match.end())
            for match in self._pattern.finditer(plain)
            if (item := self._meant(match.group()))
        )

    def _meant(self, name: str) -> Item | None:
        """A name of one word counts only with a capital: 'Marina' is an item, 'marina' a place."""
        key = re.sub(r"[\s-]+", " ", name.lower())
        item = (
            self._items.get(key) or self._items.get(name.lower()) or self._items.get(re.sub(r"\s+", " ", name.lower()))
        )
        single = " " not in key and not any(c.isdigit() for c in key)
        return None if single and name[:1].islower() else item


def _full_names(item: Item) -> Iterator[str]:
    yield from (_plain_title(title) for title in item.every_title)
    yield item.sku.lower()


def _own_names(item: Item) -> Iterator[str]:
    """The title without its maker, unless that leaves one short word."""
    for title in item.every_title:
        own = _own_words(item, title)
        if len(own) > 1 or len(own[0]) > 4:
            yield " ".join(own)


def _beginnings(item: Item) -> Iterator[str]:
    maker = _plain_title(item.maker)
    for title in item.every_title:
        own = _own_words(item, title)
        for length in range(len(own) - 1, 1, -1):
            yield " ".join(own[:length])
            yield f"{maker} {' '.join(own[:length])}".strip()
        if maker:  # one word without a maker is no name: the 'chocolate' of 'Chocolate Cake'
            yield f"{maker} {own[0]}"


def _plain_title(title: str) -> str:
    return plain_in_place(_composed(title)).lower()


def _own_words(item: Item, title: str) -> list[str]:
    words, maker = _plain_title(title).split(), _plain_title(item.maker).split()
    return words[len(maker) :] if maker and len(words) > len(maker) and words[: len(maker)] == maker else words


def _series(item: Item) -> str | None:
    """'raptor' of 'Kestrel Raptor 15': a model line, which a number follows."""
    words, own = _plain_title(item.title).split(), _own_words(item, item.title)
    return own[0] if len(words) > len(own) > 1 and own[1][0].isdigit() else None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _pieces(text: str, facts: Facts) -> list[_Piece]:
    plain = plain_in_place(_without_policies(text, facts))
    bounds = [0]
    for match in claims.SENTENCE_END.finditer(plain):
        bounds.append(match.end())
    bounds.append(len(text))
    pieces = []
    for start, end in pairwise(bounds):
        for at in range(start, end, LONGEST_PIECE):
            part = plain[at : min(end, at + LONGEST_PIECE)]
            mentions = facts.titles.find(part)
            pieces.append(_Piece(at, text[at : at + len(part)], part, _bare(part, mentions), mentions))
    return pieces


def _bare(plain: str, mentions: Sequence[_Mention]) -> str:
    spans = [(mention.start, mention.end) for mention in mentions]
    spans += [match.span() for match in claims.LINK.finditer(plain)]
    spans += [match.span() for match in re.finditer(r"^\s*\d{1,2}[.)]\s", plain)]
    for start, end in spans:
        plain = plain[:start] + " " * (end - start) + plain[end:]
    return re.sub(r"(?<=[A-Za-z])-(?=[A-Za-z])", " ", plain)  # ninety-nine is a number in two words


def _without_policies(text: str, facts: Facts) -> str:
    """The draft with the brand's own sentences blanked out: what is quoted word for word needs no check."""
    for policy in facts.policies:
        for sentence in re.split(r"(?<=[.!?।;:])\s+", _composed(policy)):
            if len(sentence) >= 20:
                text = text.replace(sentence, " " * len(sentence))
    return text


def _subject(pieces: Sequence[_Piece], facts: Facts) -> Item | None:
    named = {item.sku: item for piece in pieces for item in piece.items}
    if not named:
        mentions = facts.titles.find(plain_in_place(_composed(facts.customer)))
        named = {mention.item.sku: mention.item for mention in mentions}
    return next(iter(named.values())) if len(named) == 1 else None


# The language


def _check_language(pieces: Sequence[_Piece], facts: Facts) -> _Found:
    """Sentences in a language that has no claim words; those too short to tell are read together."""
    short: list[tuple[_Piece, str]] = []
    for piece in pieces:
        words = _own_words_of(piece, facts)
        if is_foreign(words, facts.item_words):
            yield piece.start, _foreign(piece)
        elif words and not is_known(words, facts.item_words):
            short.append((piece, words))
    if len(short) > 1 and is_foreign(" ".join(words for _, words in short), facts.item_words):
        yield short[0][0].start, _foreign(short[0][0])


def _foreign(piece: _Piece) -> Breach:
    why = "no claim can be checked in this language"
    return Breach(LANGUAGE, piece.text.strip(), why, f"write in one of {', '.join(LANGUAGES)}")


def _own_words_of(piece: _Piece, facts: Facts) -> str:
    """What the draft says by itself: no product names, links, quotations, codes, and no names the customer wrote."""
    blanked = "".join(" " if bare == " " else own for own, bare in zip(piece.text, piece.bare, strict=True))
    words = re.findall(r"[^\s\d.,;:!?()\[\]/|•*_~`+=-]+", _QUOTED.sub(" ", blanked))
    named = facts.item_words | facts.customer_words
    spoken = (word for word in words if not (word[:1].isupper() and plain_in_place(word).lower() in named))
    return " ".join(
        word.lower() if word.isupper() else word
        for word in spoken
        if not (word.isupper() and len(word) <= LONGEST_ABBREVIATION)
    )


_QUOTED = re.compile(r"[\"“«][^\"”»]*[\"”»]")


# Prices


def _check_prices(piece: _Piece, facts: Facts) -> _Found:
    amounts = [amount for amount in find_amounts(piece.bare) if _is_money(piece, facts, amount)]
    for amount in amounts:
        items = _priced_items(piece, amounts, amount)
        if _price_holds(piece, facts, amount, items):
            continue
        start, end = amount.span
        about = " or ".join(item.title for item in items) or "anything here"
        yield (
            start,
            Breach(PRICE, piece.cut(start, end), f"this is no price of {about}", _right_prices(items, amount, facts)),
        )


def _right_prices(items: Sequence[Item], amount: Amount, facts: Facts) -> str:
    listed = [
        f"{item.title}: " + ", ".join(f"{price.amount} {price.currency}" for price in item.prices.values())
        for item in items[:3]
    ]
    return "; ".join(listed) or "name an amount from the catalogue, the order, the policy or a conversion"


def _is_money(piece: _Piece, facts: Facts, amount: Amount) -> bool:
    start, end = amount.span
    if amount.currency:
        return True
    if amount.value < SMALLEST_BARE_PRICE or claims.NOT_MONEY_AFTER.match(piece.bare[end:]):
        return False
    if facts.is_goods(piece.bare[end:]):
        return False
    if any(left.start() <= start and end <= left.end() for left in claims.COUNT_LEFT.finditer(piece.bare)):
        return False  # "solo quedan 18 de …": a claim about stock
    if re.match(r"/-", piece.plain[end:]):
        return True
    before = piece.bare[max(0, start - 30) : start]
    priced = list(claims.PRICED.finditer(before))
    return bool(priced) and not re.search(r"\d", before[priced[-1].end() :]) and _near(before, priced[-1].end())


def _near(before: str, end: int) -> bool:
    return len(before[end:].split()) <= 2


def _priced_items(piece: _Piece, amounts: Sequence[Amount], amount: Amount) -> list[Item]:
    """The items an amount can belong to: item, amount, item, amount … go in pairs; else any that is named."""
    items = piece.items
    if len(items) < 2:
        return items or ([piece.subject] if piece.subject and not claims.STARTS_AT.search(piece.plain) else [])
    if len(amounts) == len(piece.mentions):
        order = sorted([(m.start, "item") for m in piece.mentions] + [(a.span[0], "amount") for a in amounts])
        kinds = [kind for _, kind in order]
        if kinds in (["item", "amount"] * len(amounts), ["amount", "item"] * len(amounts)):
            return [piece.mentions[list(amounts).index(amount)].item]
    return items


def _price_holds(piece: _Piece, facts: Facts, amount: Amount, items: Sequence[Item]) -> bool:
    near = _said_roughly(piece, amount)
    if any(_equal(amount, money, near) for money in _true_money(piece, facts, items)):
        return True
    return _echoes(piece, facts, amount, items) or _conversion_said(facts, amount, items)


def _said_roughly(piece: _Piece, amount: Amount) -> bool:
    before = piece.plain[: amount.span[0]].rstrip()
    word = [match for match in claims.APPROXIMATE.finditer(before) if not before[match.end() :].strip()]
    return bool(word) or bool(claims.APPROXIMATE_SIGN.search(before))


def _equal(amount: Amount, money: Money, near: bool) -> bool:
    if amount.currency not in (None, money.currency):
        return False
    return amount.value == money.amount or (near and abs(amount.value - money.amount) <= money.amount * NEAR)


def _true_money(piece: _Piece, facts: Facts, items: Sequence[Item]) -> Iterator[Money]:
    if not items or claims.ORDERING.search(piece.plain):
        yield from facts.order_money
    yield from facts.policy_money
    quantities = _quantities(piece, facts)
    for item in items or facts.items:
        for price in item.prices.values():
            yield from (price * quantity for quantity in quantities)
            for discount in facts.discounts:
                yield _less(price, discount)
    if len(items) > 1:
        yield from _between_items(items)
    elif items and claims.COMPARES.search(piece.plain):
        yield from (money for other in facts.items for money in _between_items([items[0], other]))


def _less(price: Money, discount: Discount) -> Money:
    return Money(price.amount * (100 - discount.percent) / 100, price.currency).rounded()


def _quantities(piece: _Piece, facts: Facts) -> set[int]:
    said = re.findall(rf"(?<![\w.,])(?:{claims.COUNT})(?![\w.,]*\d|\w)", f"{piece.bare} {facts.customer}".lower())
    numbers = {claims.NUMBER_WORDS.get(word) or int(word) for word in said if len(word) < 8}
    return {1} | {number for number in numbers if 1 < number <= MOST_OF_ONE}


def _between_items(items: Sequence[Item]) -> Iterator[Money]:
    """Sums of all that are named, and the differences of any two."""
    for currency in sorted(set.intersection(*(set(item.prices) for item in items))):
        prices = [item.prices[currency].amount for item in items]
        yield Money(sum(prices, Decimal(0)), currency)
        yield from (Money(abs(a - b), currency) for a in prices for b in prices if a != b)


def _echoes(piece: _Piece, facts: Facts, amount: Amount, items: Sequence[Item]) -> bool:
    """Whether this is the customer's own amount, said as a limit and not as a price."""
    own = any(
        (a.value == amount.value and amount.currency in (a.currency, None))
        or (a.value == amount.value and a.currency is None)
        for a in facts.customer_money
    )
    if not own:
        return False
    start, end = amount.span
    around = piece.plain[max(0, start - 40) : start] + " " + piece.plain[end : end + 25]
    return bool(claims.LIMIT.search(around)) or not (items or claims.PRICED.search(around))


def _conversion_said(facts: Facts, amount: Amount, items: Sequence[Item]) -> bool:
    for conversion in facts.conversions:
        listed = any(conversion.given in item.prices.values() for item in items)
        a_price = any(conversion.given in item.prices.values() for item in facts.items)
        if items and a_price and not listed:
            continue
        unit_rate = Money(conversion.rate, conversion.result.currency)
        whole = conversion.result.amount.quantize(Decimal(1), ROUND_HALF_UP)
        said = (conversion.given, conversion.result, Money(whole, conversion.result.currency))
        if any(_equal(amount, money, near=False) for money in said):
            return True
        if amount.currency == unit_rate.currency and not items and _rounds_to(conversion.rate, amount.value):
            return True
        if not items and amount.value == 1 and amount.currency == conversion.given.currency:
            return True
    return False


def _rounds_to(rate: Decimal, said: Decimal) -> bool:
    exponent = said.as_tuple().exponent
    return isinstance(exponent, int) and exponent <= -2 and rate.quantize(Decimal(1).scaleb(exponent)) == said


# Discounts and things for nothing


def _check_discounts(piece: _Piece, facts: Facts) -> _Found:
    for match in claims.PERCENT.finditer(piece.plain):
        if not _percent_holds(piece, facts, match):
            yield match.start(), _no_discount(piece.cut(*match.span()), facts)
    for pattern in (claims.DEAL, claims.LIMITED):
        for match in pattern.finditer(piece.plain):
            if not _denied(piece, match.start(), match.end()):
                yield match.start(), _no_discount(piece.cut(*match.span()), facts)
    for match in claims.DISCOUNT.finditer(piece.plain):
        if not facts.discounts and not _denied(piece, match.start(), match.end()) and not _asks(piece):
            yield match.start(), _no_discount(piece.cut(*match.span()), facts)
    for match in claims.FREE.finditer(piece.plain):
        if not _free_holds(piece, facts, match):
            yield (
                match.start(),
                Breach(
                    DISCOUNT,
                    piece.cut(*match.span()),
                    "the policy gives nothing free here",
                    "say what it costs, or leave it out",
                ),
            )


def _no_discount(text: str, facts: Facts) -> Breach:
    codes = ", ".join(f"{d.code}: {d.percent.normalize():f}% until {d.valid_until}" for d in facts.discounts)
    return Breach(DISCOUNT, text, "this discount does not exist", codes or "no discount can be promised")


def _percent_holds(piece: _Piece, facts: Facts, match: re.Match[str]) -> bool:
    digits = match["digits"]
    value = Decimal(digits.replace(",", ".")) if digits else _worded_percent(match["words"])
    if value is None:
        return True
    if any(discount.percent == value for discount in facts.discounts):
        return True
    if any(re.search(rf"(?<!\d){re.escape(digits or '')}\s?%", text) for text in facts.policies if digits):
        return True
    after = piece.plain[match.end() : match.end() + 30]
    discount_near = claims.OFF_AMOUNT.search(after[:20]) or claims.DISCOUNT.search(piece.plain)
    around = piece.plain[max(0, match.start() - 25) : match.start()] + after
    if not discount_near and (_is_share_of_goods(around, facts) or value == 100):
        return True
    if not discount_near and digits and any(_states(item, digits, after) for item in facts.items):
        return True
    return _denied(piece, match.start(), match.end())


def _is_share_of_goods(around: str, facts: Facts) -> bool:
    share = facts.other_makes.percent_of
    return bool(claims.PERCENT_OF_THING.search(around) or (share and share.search(around)))


def _states(item: Item, digits: str, after: str) -> bool:
    """Whether an item's description has this percentage of the same thing: "70% cocoa"."""
    described = " ".join([item.description, *item.descriptions.values()])
    word = re.match(r"\W*(?:de |of )?(\w+)", after)
    stated = rf"(?<![\d.,]){re.escape(digits)}\s?%\W*(?:de |of )?{re.escape(word[1])}(?!\w)" if word else r"(?!)"
    return re.search(stated, plain_in_place(_composed(described)), re.IGNORECASE) is not None


def _worded_percent(words: str) -> Decimal | None:
    amounts = find_amounts(words)
    if amounts:
        return amounts[-1].value
    known = claims.NUMBER_WORDS.get(words.lower().split()[-1])
    return Decimal(known) if known else None


def _denied(piece: _Piece, start: int, end: int) -> bool:
    """Whether the words right before (in some languages: right behind) say that it is not so."""
    before, after = piece.plain[max(0, start - 45) : start], piece.plain[end : end + 40]
    clause = claims.NEW_CLAUSE.split(before)[-1]
    return bool(claims.NEGATED.search(clause)) or bool(claims.NEGATED_BEHIND.search(re.split(r"[,;]", after)[0]))


def _asks(piece: _Piece) -> bool:
    return piece.plain.rstrip().endswith("?")


def _free_holds(piece: _Piece, facts: Facts, match: re.Match[str]) -> bool:
    start, end = match.span()
    if claims.NOT_FREE.search(piece.plain[max(0, start - 12) : start]) or _denied(piece, start, end):
        return True
    behind = claims.NOT_FREE_BEHIND.search(piece.plain, end)
    if (behind and not piece.plain[end : behind.start()].strip()) or piece.plain[start - 1 : start] == "-":
        return True
    return facts.delivery.free and bool(claims.DELIVERS.search(piece.plain))


# Stock


def _check_stock(piece: _Piece, facts: Facts) -> _Found:
    if claims.RESTOCK.search(piece.plain):
        match = claims.RESTOCK.search(piece.plain)
        if match and not _denied(piece, match.start(), match.end()) and not _asks(piece):
            yield (
                match.start(),
                Breach(
                    STOCK,
                    piece.cut(*match.span()),
                    "nobody knows when it comes back",
                    "say that it is out of stock now",
                ),
            )
    if _asks(piece) or (claims.UNSURE.search(piece.plain) and not claims.COUNT_LEFT.search(piece.bare)):
        return
    for items, start, end in _stock_clauses(piece):
        for at, said, wrong in _stock_faults(piece.bare[start:end], items):
            right = ", ".join(f"{item.title}: {item.stock} in stock" for item in items)
            yield start + at, Breach(STOCK, said, wrong, right)


def _stock_clauses(piece: _Piece) -> Iterator[tuple[list[Item], int, int]]:
    """Which items each part of a sentence speaks of: with several, each from its name to the next one."""
    if len(piece.items) < 2:
        items = piece.items or ([piece.subject] if piece.subject else [])
        yield items, 0, len(piece.plain)
        return
    starts = [mention.start for mention in piece.mentions]
    yield piece.items, 0, starts[0]
    for mention, end in zip(piece.mentions, [*starts[1:], len(piece.plain)], strict=True):
        yield [mention.item], mention.start, end


def _stock_faults(plain: str, items: Sequence[Item]) -> Iterator[tuple[int, str, str]]:
    if not items:
        return
    gone = claims.OUT_OF_STOCK.search(plain)
    if gone:
        if any(item.stock for item in items):
            yield gone.start(), gone.group(), "it is in stock"
        return
    counted = [match for match in claims.COUNT_LEFT.finditer(plain) if _count(match) is not None]
    for match in counted:
        if not any(item.stock == _count(match) for item in items):
            yield match.start(), match.group().strip(), "this is not the number in stock"
    last = claims.LAST_ONE.search(plain)
    if last and not counted and not any(item.stock == 1 for item in items):
        yield last.start(), last.group(), "it is not the last one"
    there = claims.IN_STOCK.search(plain)
    denied = there and claims.NEGATED.search(plain[max(0, there.start() - 25) : there.start()])
    if there and not denied and not counted and not all(item.stock for item in items):
        yield there.start(), there.group(), "it is out of stock"


def _count(match: re.Match[str]) -> int | None:
    word = next((value for value in match.groups() if value), None)
    return None if word is None else claims.NUMBER_WORDS.get(word.lower()) or (int(word) if word.isdigit() else None)


# Delivery, returns, warranty


def _check_times(piece: _Piece, facts: Facts) -> _Found:
    returns = claims.RETURNS.search(piece.plain) or claims.WARRANTY.search(piece.plain)
    delivers = claims.DELIVERS.search(piece.plain)
    if returns and not _delivery_first(delivers, returns):
        yield from _policy_times(piece, facts)
    elif delivers:
        yield from _delivery_times(piece, facts)


def _delivery_first(delivers: re.Match[str] | None, returns: re.Match[str]) -> bool:
    return delivers is not None and delivers.start() < returns.start()


def _policy_times(piece: _Piece, facts: Facts) -> _Found:
    lengths = {hours for span in facts.durations for hours in span}
    for match, (low, high) in _durations(piece.bare):
        if high not in lengths or low not in lengths:
            yield (
                match.start(),
                Breach(
                    POLICY,
                    piece.cut(*match.span()),
                    "the policy names no such time",
                    "take the time from the brand's policy text",
                ),
            )


def _delivery_times(piece: _Piece, facts: Facts) -> _Found:
    for start, end in _delivery_claims(piece, facts):
        if not _denied(piece, start, end):
            promise = facts.delivery
            days = ", ".join(f"{order.number}: {order.promised}" for order in facts.orders if order.promised)
            right = f"{promise.min_days}-{promise.max_days} days after payment" + (f"; {days}" if days else "")
            yield start, Breach(DELIVERY, piece.cut(start, end), "delivery is not promised for then", right)


def _delivery_claims(piece: _Piece, facts: Facts) -> Iterator[tuple[int, int]]:
    """Where the sentence names a time of delivery that the policy and the orders don't carry."""
    promised = {order.promised for order in facts.orders if order.promised}
    for match, span in _durations(piece.bare):
        if not _delivery_span_holds(span, facts):
            yield match.span()
    for match in claims.SOON.finditer(piece.plain):
        if not _soon_holds(piece, match, promised, facts.today):
            yield match.span()
    weekdays = list(claims.WEEKDAYS.finditer(piece.plain))
    if len(weekdays) != 2 or not _is_range(piece, weekdays):
        yield from (m.span() for m in weekdays if _weekday(m.group()) not in {day.weekday() for day in promised})
    for match in claims.DATED.finditer(piece.bare):
        day = _month_day(match)
        if day and day not in {(date.month, date.day) for date in (*promised, facts.today)}:
            yield match.span()


def _delivery_span_holds(span: tuple[int, int], facts: Facts) -> bool:
    low, high = span
    least, most = facts.delivery.min_days * 24, facts.delivery.max_days * 24
    return span == (least, most) or (low == high == most) or (low != high and span in facts.durations)


def _soon_holds(piece: _Piece, match: re.Match[str], promised: set[date], today: date) -> bool:
    word = match.group().lower()
    ahead = 1 if claims.TOMORROW.match(word) else 0 if claims.TODAY.match(word) else None
    if ahead is not None and today + timedelta(days=ahead) in promised:
        return True
    before = piece.plain[: match.start()]
    said = [m for m in claims.AFTER_ORDERING.finditer(before) if not before[m.end() :].strip()]
    return bool(said)


def _is_range(piece: _Piece, weekdays: Sequence[re.Match[str]]) -> bool:
    between = piece.plain[weekdays[0].end() : weekdays[1].start()].strip().lower()
    return between in claims.WEEKDAY_RANGE


def _weekday(name: str) -> int:
    word = name.lower()
    return claims.WEEKDAY_NAMES.get(word, claims.WEEKDAY_NAMES.get(word.removesuffix("s"), -1))


def _month_day(match: re.Match[str]) -> tuple[int, int] | None:
    groups = {name: value for name, value in match.groupdict().items() if value}
    day = int(next(value for name, value in groups.items() if name.startswith("day")))
    month = next(value for name, value in groups.items() if name.startswith("month")).lower()
    number = int(month) if month.isdigit() else claims.MONTH_NAMES.get(month, -1) + 1
    return (number, day) if 1 <= number <= 12 and 1 <= day <= 31 else None


def _durations(plain: str) -> Iterator[tuple[re.Match[str], tuple[int, int]]]:
    for match in claims.DURATION.finditer(plain):
        unit = claims.UNITS[match["unit"].lower()]
        high = _number(match["high"]) * unit
        yield match, (_number(match["low"]) * unit if match["low"] else high, high)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else claims.NUMBER_WORDS[word.lower()]


# Links, products, order numbers


def _check_links(piece: _Piece, facts: Facts) -> _Found:
    for match in claims.LINK.finditer(piece.text):
        link = match.group().rstrip(".,;:!?)]}*_~'\"।")
        if _bare_link(link) not in facts.known_links:
            yield (
                match.start(),
                Breach(LINK, link, "this address is not ours", "use the item's, shop's or order's own link"),
            )


def _bare_link(link: str) -> str:
    """Without https, www and a closing slash; the host in small letters, the path as it is."""
    rest = re.sub(r"^(?:https://)?(?:www\.)?", "", link, flags=re.IGNORECASE).rstrip("/")
    host, slash, path = rest.partition("/")
    return host.lower() + slash + path


def _check_products(piece: _Piece, facts: Facts) -> _Found:
    for start, end in _unknown_products(piece, facts):
        if not _may_be_named(piece, facts, start, end):
            yield (
                start,
                Breach(
                    PRODUCT,
                    piece.cut(start, end),
                    "the catalogue has no such product",
                    "name items by their catalogue titles, or say that it is not sold",
                ),
            )


def _unknown_products(piece: _Piece, facts: Facts) -> Iterator[tuple[int, int]]:
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), piece.plain)
    covered = [(mention.start, mention.end) for mention in piece.mentions]
    foreign = list(product.finditer(plain)) if (product := facts.other_makes.product) else []
    for match in foreign:
        if not _within(match.span(), covered) and not _sells(match.group(), facts):
            yield match.span()
    for mention in piece.mentions:
        more = claims.QUALIFIER_NEXT.match(plain, mention.end)
        if more and all(title.split()[-1] != more["next"] for title in mention.item.every_title):
            yield mention.start, more.end()
    yield from _wrong_models(plain, covered, facts)
    for match in claims.MODEL_LIKE.finditer(plain):
        seen = [*covered, *(each.span() for each in foreign)]
        if not _overlaps(match.span(), seen) and _looks_invented(plain, match, facts):
            yield match.span()


def _sells(product: str, facts: Facts) -> bool:
    """Whether every word of a product's name is the catalogue's own: a shop may sell what others make."""
    words = re.findall(r"\w+", product.lower())
    return all(word in facts.vocabulary or word.rstrip("s") in facts.vocabulary for word in words)


def _wrong_models(plain: str, covered: Sequence[tuple[int, int]], facts: Facts) -> Iterator[tuple[int, int]]:
    """One of our makers or model lines, followed by a name or number that none of their items has."""
    own = facts.titles.makers | facts.titles.series
    if not own:
        return
    lines = re.compile(
        rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(own, key=len, reverse=True)))})(?!\w)", re.IGNORECASE
    )
    for match in lines.finditer(plain):
        following = claims.CAPITALISED_NEXT.match(plain, match.end())
        if _overlaps(match.span(), covered) or not following:
            continue
        word = following["next"].lower()
        if match.group()[0].isupper() and (
            word not in facts.vocabulary or word in facts.titles.series or word[0].isdigit()
        ):
            yield match.start(), following.end("next")


def _looks_invented(plain: str, match: re.Match[str], facts: Facts) -> bool:
    named = match["name"].lower().split()
    words = list(dropwhile(claims.ARTICLES.__contains__, named))
    if (
        not words
        or words[-1].upper() in CODES
        or any(
            word in claims.ORDINARY_NAMES or word in facts.other_makes.technology or word in facts.vocabulary
            for word in words
        )
    ):
        return False
    behind = plain[match.end() :]
    if claims.NOT_MONEY_AFTER.match(behind) or facts.is_goods(behind) or claims.ORDER_NUMBER.match(match.group()):
        return False
    starts_sentence = not re.search(r"\w", plain[: match.start()])
    return not starts_sentence or len(named) > 1 or not match["number"].isdigit()


def _may_be_named(piece: _Piece, facts: Facts, start: int, end: int) -> bool:
    """Denying a product is right, naming the customer's own in a comparison, too."""
    if claims.NOT_SOLD.search(piece.plain):
        return True
    name = piece.plain[start:end].lower().split()[0]
    asked = name.rstrip("s") in plain_in_place(facts.customer).lower()
    return asked and (bool(claims.COMPARED.search(piece.plain)) or _asks(piece))


def _within(span: tuple[int, int], covered: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in covered)


def _overlaps(span: tuple[int, int], covered: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in covered)


def _check_orders(piece: _Piece, facts: Facts) -> _Found:
    known = " ".join(order.number for order in facts.orders) + " " + facts.customer
    skus = {item.sku for item in facts.items}
    codes = {discount.code for discount in facts.discounts}
    plain = claims.LINK.sub(lambda link: " " * len(link.group()), piece.plain)
    for match in claims.ORDER_NUMBER.finditer(plain):
        number = match.group().lstrip("# ")
        if number not in known and number not in skus | codes and number.lower() not in facts.vocabulary:
            yield (
                match.start(),
                Breach(
                    ORDER,
                    match.group(),
                    "the order book has no such number",
                    ", ".join(order.number for order in facts.orders) or "there is no order yet",
                ),
            )


def _check_order_states(piece: _Piece, facts: Facts) -> _Found:
    """Where the sentence reports an order as placed, paid, shipped or delivered that the book doesn't know so."""
    if piece.plain.rstrip().endswith("?") or claims.CONDITIONAL.search(piece.plain):
        return
    for state, claim in claims.ORDER_STATES.items():
        found = claim.search(piece.plain)
        if found and not any(_carries(order, state) for order in facts.orders):
            known = ", ".join(f"{order.number} is {order.state}" for order in facts.orders if order.state)
            why = f"no order of this customer is {state}"
            yield found.start(), Breach("order", piece.cut(*found.span()), why, known or "nothing has been ordered yet")


def _carries(order: OrderFact, state: str) -> bool:
    """Whether an order bears out that one is in `state`; one that is done with is no news of having been placed."""
    if state == "placed":
        return order.state in ("placed", "paid", "shipped")
    return order.state in _STATES_FROM[state]


def _check_refunds(piece: _Piece, facts: Facts) -> _Found:
    """The desk moves no money, so none that it says it has moved was moved."""
    found = claims.REFUNDED.search(piece.plain)
    if found and not claims.CONDITIONAL.search(piece.plain):
        why = "the desk cannot refund, and nothing says that somebody did"
        yield found.start(), Breach(ORDER, piece.cut(*found.span()), why, "a colleague looks into the refund")


def _check_few_left(piece: _Piece, facts: Facts) -> _Found:
    found = None if piece.items else claims.FEW_LEFT.search(piece.plain)
    meant = [piece.subject] if piece.subject else facts.items
    if found and not any(item.stock == int(found[1]) for item in meant):
        why = "no item has just so many left"
        yield found.start(), Breach(STOCK, piece.cut(*found.span()), why, "name the item, and what is left of it")


def _check_codes(piece: _Piece, facts: Facts) -> _Found:
    """A code to be entered somewhere is one of the brand's, or the customer's own being answered."""
    codes = {discount.code for discount in facts.discounts} | {order.number for order in facts.orders}
    for found in claims.CODE_NAMED.finditer(piece.plain):
        code = found[1]
        if code not in codes and code not in facts.customer.upper():
            right = ", ".join(sorted(discount.code for discount in facts.discounts)) or "there is no code now"
            yield found.start(), Breach(DISCOUNT, found.group(), "the brand has no such code", right)


def _check_spelt_addresses(piece: _Piece, facts: Facts) -> _Found:
    for found in claims.SPELT_ADDRESS.finditer(piece.plain):
        why = "an address in words goes round the check of links"
        yield found.start(), Breach(LINK, piece.cut(*found.span()), why, "write the brand's own link")


def _check_conversions(piece: _Piece, facts: Facts) -> _Found:
    """Two amounts that are said to be worth the same must come from one conversion, or be one item's two prices."""
    amounts = [amount for amount in find_amounts(piece.bare) if amount.currency]
    for one, other in pairwise(amounts):
        between = piece.plain[one.span[1] : other.span[0]]
        if one.currency == other.currency or not claims.SAME_WORTH.fullmatch(between.lower()) or not between.strip():
            continue
        if not _worth_the_same(facts, one, other):
            text = piece.cut(one.span[0], other.span[1])
            yield one.span[0], Breach(PRICE, text, "this conversion was not computed", "use convert_currency")


def _worth_the_same(facts: Facts, one: Amount, other: Amount) -> bool:
    pairs = [(conversion.given, conversion.result) for conversion in facts.conversions]
    pairs += [(Money(Decimal(1), c.given.currency), Money(c.rate, c.result.currency)) for c in facts.conversions]
    for item in facts.items:
        pairs += permutations(item.prices.values(), 2)
    return any(_is_about(one, a) and _is_about(other, b) for a, b in [*pairs, *((b, a) for a, b in pairs)])


def _is_about(amount: Amount, money: Money) -> bool:
    return amount.currency == money.currency and abs(amount.value - money.amount) <= money.amount * NEAR


_STATES_FROM = {
    "paid": ("paid", "shipped", "delivered"),
    "shipped": ("shipped", "delivered"),
    "delivered": ("delivered",),
}
_RULES = (
    _check_prices,
    _check_discounts,
    _check_stock,
    _check_times,
    _check_links,
    _check_products,
    _check_orders,
    _check_order_states,
    _check_refunds,
    _check_few_left,
    _check_codes,
    _check_spelt_addresses,
    _check_conversions,
)
