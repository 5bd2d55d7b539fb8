"""The catalogue: read from CSV, searched by words, typos, category and price."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from rapidfuzz import fuzz

from bot.brands import Brand
from bot.language.amounts import find_amounts
from bot.language.languages import LANGUAGES, LETTERS
from bot.language.money import Money
from bot.language.normalisation import fold
from bot.language.words import folded_alternatives, words_of_all
from bot.shop.categories import Categories
from bot.shop.exchange_rates import Conversion, Rates
from memory.shop.catalogue_items import Goods, Item

PRICE_COLUMN = re.compile(r"price_([a-z]{3})")
TEXT_COLUMN = re.compile(r"(title|description)_([a-z]+)")
COLUMNS = ("brand", "sku", "title", "category", "maker", "description", "keywords", "stock", "link", "image")

STOP_WORDS = frozenset(words_of_all("search", "stop_words"))
CHEAP_WORDS = frozenset(words_of_all("search", "cheap"))
IGNORED_WORDS = STOP_WORDS | CHEAP_WORDS
QUALIFIERS = frozenset(words_of_all("search", "qualifiers"))  # name no goods alone


_any = partial(folded_alternatives, "search")
AT_MOST = re.compile(rf"{_any('at_most')}\W*$")
AT_LEAST = re.compile(rf"{_any('at_least')}\W*$")
AT_MOST_AFTER = re.compile(rf"^\W*{_any('at_most_after')}(?![\w{LETTERS}])")
AT_LEAST_AFTER = re.compile(rf"^\W*{_any('at_least_after')}")
BETWEEN = re.compile(rf"{_any('between')}\W*$")
RANGE_JOINER = re.compile(rf"^\W*(?:{_any('range_to')}|-|–)\W*$")
PLURAL_ENDING = re.compile(_any("plural_ending"))
WORD = re.compile(rf"[a-z0-9]+(?:\.\d+)?|[{LETTERS}]+")

LONGEST_TITLE = 120
MIN_SIMILARITY = 80.0  # of 100: 'laptpo' to 'laptop' has 83, 'mattress' to its nearest word 62
SHORTEST_TYPO, SHORTEST_PREFIX = 5, 4
MIN_SCORE_SHARE = 0.6  # share of the best score; below it a match merely shares a word
PREFIX_CERTAINTY = 0.9  # 'lapto'
SYNONYM_CERTAINTY = 0.95  # another word for a feature, which alone names nothing sold: 'busco trabajo'
TITLE, MAKER, KEYWORD, CATEGORY, DESCRIPTION = 3.0, 2.0, 2.0, 1.5, 0.5


@dataclass(frozen=True, slots=True)
class CatalogueFault:
    """A mistake in the CSV file, and what is allowed."""

    file: str
    line: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}, {self.field}: {self.problem}"


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """Valid items, the faults of the other rows, and the file's SHA-256."""

    items: list[Item]
    faults: list[CatalogueFault]
    digest: str


@dataclass(frozen=True, slots=True)
class ItemPrice:
    money: Money
    conversion: Conversion | None  # None for a listed price

    @property
    def listed(self) -> bool:
        return self.conversion is None


class _RowSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    brand = fields.String(
        required=True, validate=validate.Regexp(r"[a-z0-9_-]+\Z", error="letters a-z, digits, - and _")
    )
    sku = fields.String(
        required=True, validate=validate.Regexp(r"[A-Za-z0-9._-]+\Z", error="letters, digits, . - and _")
    )
    title = fields.String(
        required=True, validate=validate.Length(1, LONGEST_TITLE, error=f"1 to {LONGEST_TITLE} characters")
    )
    category = fields.String(
        required=True, validate=validate.Regexp(r"[a-z-]+\Z", error="one word in small letters a-z")
    )
    maker = fields.String(load_default="")
    description = fields.String(load_default="")
    keywords = fields.String(load_default="")
    stock = fields.Integer(
        required=True,
        validate=validate.Range(0, 1_000_000, error="a whole number from 0"),
        error_messages={"invalid": "a whole number from 0"},
    )
    link = fields.Url(
        required=True, schemes={"https"}, error_messages={"invalid": "an address that starts with https://"}
    )
    image = fields.String(load_default="")


_ROW = _RowSchema()


def read_catalogue(path: Path) -> CatalogueFile:
    """UTF-8 with a header line; an invalid row is skipped with a fault.

    `price_eur`, `price_inr` … are plain numbers with a point, blank where not listed; `title_hi`, `description_es` … are
    translations.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return CatalogueFile([], [CatalogueFault(str(path), line, "file", "save it as UTF-8")], digest)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [name for name in COLUMNS[:4] if name not in (reader.fieldnames or ())]
    if missing:
        return CatalogueFile(
            [], [CatalogueFault(str(path), 1, name, "this column is needed") for name in missing], digest
        )
    allowed = f"title_ and description_ take one of {', '.join(LANGUAGES)}; this column is not read"
    unread = [
        CatalogueFault(str(path), 1, name, allowed) for name in reader.fieldnames or () if _is_of_no_language(name)
    ]
    items, faults = _read_rows(str(path), reader)
    return CatalogueFile(items, unread + faults, digest)


def _is_of_no_language(column: str) -> bool:
    named = TEXT_COLUMN.fullmatch(column.strip())
    return named is not None and named[2] not in LANGUAGES


def _read_rows(file: str, reader: csv.DictReader[str]) -> tuple[list[Item], list[CatalogueFault]]:
    items: dict[tuple[str, str], Item] = {}
    faults: list[CatalogueFault] = []
    try:
        for row in reader:
            read = _read_row(row)
            if isinstance(read, Item) and (read.brand, read.sku) in items:
                read = {"sku": f"{read.sku} is listed twice; the first row counts"}
            if isinstance(read, Item):
                items[read.brand, read.sku] = read
            else:
                faults += [CatalogueFault(file, reader.line_num, name, problem) for name, problem in read.items()]
    except csv.Error as error:
        faults.append(CatalogueFault(file, reader.line_num, "row", f"{error}; the rest of the file was not read"))
    return list(items.values()), faults


def _read_row(row: dict[str, Any]) -> Item | dict[str, str]:
    """The item, or what is wrong by field."""
    if None in row or None in row.values():
        return {"row": "as many cells as the header has columns; put text with commas in double quotes"}
    cells = {name.strip(): value.strip() for name, value in row.items()}
    wrong: dict[str, str] = {}
    try:
        values: dict[str, Any] = _ROW.load(cells)
    except ValidationError as error:
        problems: dict[str, list[str]] = error.messages_dict
        wrong = {name: f"{cells.get(name, '')!r} must be: {found[0]}" for name, found in problems.items()}
        values = {}
    prices, wrong_prices = _read_prices(cells)
    wrong |= wrong_prices
    if wrong:
        return wrong
    keywords = tuple(word.strip() for word in values.pop("keywords").split(";") if word.strip())
    texts = {name: _by_language(cells, name) for name in ("title", "description")}
    if any(len(title) > LONGEST_TITLE for title in texts["title"].values()):
        return {"title_…": f"at most {LONGEST_TITLE} characters in every language"}
    return Item(keywords=keywords, prices=prices, titles=texts["title"], descriptions=texts["description"], **values)


def _by_language(cells: Mapping[str, str], name: str) -> dict[str, str]:
    given = {language: cells.get(f"{name}_{language}", "") for language in LANGUAGES}
    return {language: text for language, text in given.items() if text}


def _read_prices(cells: Mapping[str, str]) -> tuple[dict[str, Money], dict[str, str]]:
    prices: dict[str, Money] = {}
    wrong: dict[str, str] = {}
    for name, cell in cells.items():
        column = PRICE_COLUMN.fullmatch(name)
        if not column or not cell:
            continue
        price = Money(Decimal(cell), column[1].upper()) if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", cell) else None
        if price is None or price.amount <= 0 or price.rounded().amount != price.amount:
            wrong[name] = (
                f"{cell!r} must be: a number above zero with a point, without grouping or symbol, such as 1299.90"
            )
        else:
            prices[price.currency] = price
    if not prices and not wrong:
        wrong["price_…"] = "at least one price is needed"
    return prices, wrong


@dataclass(frozen=True, slots=True)
class _IndexedItem:
    item: Item
    words: Mapping[str, float]  # each word that finds the item, with its weight


@dataclass(frozen=True, slots=True)
class _SearchIndex:
    """One brand's search index."""

    digest: str | None
    entries: tuple[_IndexedItem, ...]
    vocabulary: frozenset[str]
    names: frozenset[str]  # words that alone name a thing or a maker: categories, one-word keywords, makers
    categories: Categories


@dataclass(frozen=True, slots=True)
class SearchQuery:
    words: tuple[str, ...]
    min_price: Money | None
    max_price: Money | None
    cheapest: bool


class Catalogue:
    """One brand's goods with current stock, searched in memory. Thread-safe.

    With a `language`, category words are those of its chats.
    """

    def __init__(self, goods: Goods, rates: Rates, brand: Brand, language: str | None = None) -> None:
        self._goods = goods
        self._rates = rates
        self._shop = brand
        self._brand = brand.id
        self._currency = brand.currency
        self._language = language
        self._lock = threading.Lock()
        self._index = _build_index(None, [], brand, language)
        self._in = {} if language else _in_each_language(goods, rates, brand)

    def in_language(self, language: str) -> Catalogue:
        """Itself, with all category words, where the brand does not speak the language."""
        return self._in.get(language, self)

    @property
    def categories(self) -> Categories:
        return self._current_index().categories

    def items(self) -> list[Item]:
        """With current stock, in the file's order."""
        return self._with_stock(entry.item for entry in self._current_index().entries)

    def find(self, sku: str) -> Item | None:
        return next(iter(self._with_stock(e.item for e in self._current_index().entries if e.item.sku == sku)), None)

    def price(self, item: Item, currency: str) -> ItemPrice:
        """As listed, else converted. Raises UnknownCurrency."""
        if currency in item.prices:
            return ItemPrice(item.prices[currency], None)
        base = item.prices.get(self._currency) or next(iter(item.prices.values()))
        conversion = self._rates.convert(base, currency)
        return ItemPrice(conversion.result, conversion)

    def search(
        self,
        query: str,
        *,
        category: str | None = None,
        max_price: Money | None = None,
        min_price: Money | None = None,
        in_stock: bool | None = None,
        limit: int = 5,
        currency: str | None = None,
    ) -> list[Item]:
        """Best first. Raises UnknownCurrency for a limit without a rate.

        The query may contain a price range ("laptop under 1500 euros", "20000 se kam ka phone"), by default in `currency` or the
        brand's; arguments override it. It must name something sold: "earbuds for the gym", not "gaming chair".
        """
        wanted = parse_query(query, currency or self._currency)
        index = self._current_index()
        found = [entry for entry in self._matches(index, wanted) if category in (None, entry.item.category)]
        low, high = min_price or wanted.min_price, max_price or wanted.max_price
        items = [item for item in self._with_stock(e.item for e in found) if self._within(item, low, high)]
        if in_stock is not None:
            items = [item for item in items if (item.stock > 0) == in_stock]
        if wanted.cheapest:
            items.sort(key=lambda item: self.price(item, self._currency).money.amount)
        return items[:limit]

    def names_goods(self, text: str) -> bool:
        """Every word, apart from small talk, names goods or a maker: "baguette"."""
        index, words = self._current_index(), parse_query(text, self._currency).words
        return bool(words) and all(_canonical(word, index.categories) in index.names for word in words)

    def _matches(self, index: _SearchIndex, wanted: SearchQuery) -> list[_IndexedItem]:
        if not wanted.words:
            return list(index.entries) if wanted.max_price or wanted.min_price or wanted.cheapest else []
        meanings = [_meanings(word, index) for word in wanted.words]
        if not index.entries or not _understood(wanted.words, meanings, index):
            return []
        scored = [(_score(entry, meanings, index.names), entry) for entry in index.entries]
        most = max(covered for (covered, _), _ in scored)
        best = max(score for (covered, score), _ in scored if covered == most)
        kept = [(s, e) for (covered, s), e in scored if covered == most and s >= best * MIN_SCORE_SHARE and s > 0]
        return [entry for _, entry in sorted(kept, key=lambda pair: -pair[0])]

    def _within(self, item: Item, low: Money | None, high: Money | None) -> bool:
        if low and self.price(item, low.currency).money.amount < low.amount:
            return False
        return not (high and self.price(item, high.currency).money.amount > high.amount)

    def _with_stock(self, items: Iterable[Item]) -> list[Item]:
        stocks = self._goods.stocks(self._brand)
        return [replace(item, stock=stocks[item.sku]) for item in items if item.sku in stocks]

    def _current_index(self) -> _SearchIndex:
        digest = self._goods.digest()
        if digest != self._index.digest:
            with self._lock:
                if digest != self._index.digest:
                    self._index = _build_index(digest, self._goods.items(self._brand), self._shop, self._language)
        return self._index


def _in_each_language(goods: Goods, rates: Rates, brand: Brand) -> dict[str, Catalogue]:
    terms = chain(brand.categories.values(), brand.subcategories.values(), brand.features.values())
    own = {language for term in terms for language in term.words_in}
    others = [language for language in brand.languages if language not in own]
    catalogues = {language: Catalogue(goods, rates, brand, language) for language in brand.languages if language in own}
    if catalogues and others:
        catalogues |= dict.fromkeys(others, Catalogue(goods, rates, brand, others[0]))
    return catalogues


def _understood(words: tuple[str, ...], meanings: list[dict[str, float]], index: _SearchIndex) -> bool:
    """About something sold: all words are known, one surely names a thing, or two share a title."""
    named = [
        found for word, found in zip(words, meanings, strict=True) if word not in QUALIFIERS and not word[0].isdigit()
    ]
    known = [found for found in named if found and SYNONYM_CERTAINTY not in found.values()]
    if not known:
        return False
    sure = {word for found in known for word, sureness in found.items() if sureness == 1.0}
    if len(known) == len(named) or sure & index.names:
        return True
    by_prefix = any(found.get(_mark(each), 0.0) >= PREFIX_CERTAINTY for found in known for each in index.categories.ids)
    if by_prefix and len(known) * 2 >= len(named):
        return True
    return any(sum(entry.words.get(word) == TITLE for word in sure) > 1 for entry in index.entries)


def parse_query(query: str, currency: str) -> SearchQuery:
    """An amount without a currency is a limit in `currency` if a word says so."""
    plain = fold(query)
    low: Money | None = None
    high: Money | None = None
    rest = list(plain)
    amounts = find_amounts(plain)
    for place, amount in enumerate(amounts):
        start, end = amount.span
        side = _side(plain, start, end)
        if place and low is not None and high is None and RANGE_JOINER.match(plain[amounts[place - 1].span[1] : start]):
            side = "high"
            low = Money(low.amount, amount.currency or low.currency)
        if side is None and place + 1 < len(amounts) and BETWEEN.search(plain[:start]):
            side = "low"
        if side is None and amount.currency is None:
            continue
        money = Money(amount.value, amount.currency or (low.currency if low else currency))
        low, high = (money, high) if side == "low" else (low, money)
        rest[start:end] = " " * (end - start)
    words = WORD.findall("".join(rest))
    kept = tuple(word for word in dict.fromkeys(words) if word not in IGNORED_WORDS)
    return SearchQuery(kept, low, high, any(word in CHEAP_WORDS for word in words))


def _side(plain: str, start: int, end: int) -> str | None:
    before, after = plain[:start], plain[end:]
    if AT_MOST.search(before) or AT_MOST_AFTER.search(after):
        return "high"
    return "low" if AT_LEAST.search(before) or AT_LEAST_AFTER.search(after) else None


def _words(text: str, categories: Categories) -> Iterator[str]:
    """Singular; a word for a category becomes the category's mark."""
    for word in WORD.findall(fold(text)):
        if word not in STOP_WORDS:
            yield _canonical(word, categories)


def _canonical(word: str, categories: Categories) -> str:
    category = categories.category(word)
    return _mark(category) if category else _singular(word)


def _singular(word: str) -> str:
    return PLURAL_ENDING.sub("", word)


def _mark(category: str) -> str:
    return f"#{category}"


def _build_index(digest: str | None, items: list[Item], brand: Brand, language: str | None) -> _SearchIndex:
    categories = Categories(brand, (item.category for item in items), language)
    marks = frozenset(map(_mark, categories.ids))
    entries = tuple(_IndexedItem(item, _weights(item, categories, marks)) for item in items)
    words = {word for entry in entries for word in entry.words} - marks
    names = marks | frozenset(_names(items, categories))
    return _SearchIndex(digest, entries, frozenset(words | categories.category_words), names, categories)


def _names(items: Iterable[Item], categories: Categories) -> Iterator[str]:
    for item in items:
        for name in (item.maker, *item.keywords):
            words = list(_words(name, categories))
            if len(words) == 1:
                yield words[0]


def _weights(item: Item, categories: Categories, marks: frozenset[str]) -> dict[str, float]:
    described = " ".join([item.description, *item.descriptions.values()])
    weights = dict.fromkeys(_words(described, categories), DESCRIPTION)
    for text, weight in (
        (" ".join(item.keywords), KEYWORD),
        (item.maker, MAKER),
        (" ".join(item.every_title), TITLE),
        (item.sku, TITLE),
    ):
        # A keyword that is the word for another category ("carregador portátil") counts as little as a description.
        weights |= {word: DESCRIPTION if word in marks else weight for word in _words(text, categories)}
    return weights | dict.fromkeys([_mark(item.category), *_words(item.category, categories)], CATEGORY)


def _meanings(word: str, index: _SearchIndex) -> dict[str, float]:
    """Catalogue words that a customer's word may stand for, with certainty."""
    vocabulary, categories = index.vocabulary, index.categories
    if word in vocabulary or _singular(word) in vocabulary or categories.category(word):
        return {_canonical(word, categories): 1.0}
    if any(c.isdigit() for c in word):
        return {}  # a number is never a typo of another one
    if len(word) >= SHORTEST_PREFIX:
        longer = {_canonical(known, categories): PREFIX_CERTAINTY for known in vocabulary if known.startswith(word)}
        if longer:
            return longer
    meant = {_canonical(fold(each), categories) for each in categories.synonyms(word)} & vocabulary
    if meant:
        return dict.fromkeys(meant, SYNONYM_CERTAINTY)
    if len(word) < SHORTEST_TYPO:
        return {}
    # A typo keeps the first letter: "iphone" is no slip for "phone".
    near = {
        known: fuzz.ratio(word, known) for known in vocabulary if known[0] == word[0] and len(known) >= SHORTEST_PREFIX
    }
    best = max(near.values(), default=0.0)
    close = [known for known, score in near.items() if score == best]
    return {_canonical(known, categories): 0.8 for known in close} if best >= MIN_SIMILARITY else {}


def _score(
    entry: _IndexedItem, meanings: list[dict[str, float]], names: frozenset[str]
) -> tuple[tuple[int, int], float]:
    hits = [
        max((entry.words[known] * sure for known, sure in found.items() if known in entry.words), default=0.0)
        for found in meanings
    ]
    named = sum(
        any(word in names and word in entry.words for word, sure in found.items() if sure == 1.0) for found in meanings
    )
    return (named, sum(hit > 0 for hit in hits)), sum(hits)
