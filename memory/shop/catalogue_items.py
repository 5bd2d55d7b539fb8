"""The catalogue's items and their stock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bot.language.money import Money
from memory.storage.database import Database
from memory.storage.errors import MemoryFault, StaleDraft
from memory.storage.table import INTEGER, JSON_UNESCAPED, TEXT, TIMESTAMP, Column, ColumnType, Table
from memory.storage.timestamps import Clock


def _prices(text: str) -> Mapping[str, Money]:
    return {code: Money(Decimal(amount), code) for code, amount in json.loads(text).items()}


def _prices_stored(prices: Mapping[str, Money]) -> str:
    return json.dumps({code: str(price.amount) for code, price in prices.items()})


# Unescaped is shorter in most scripts.
WORDS = ColumnType(
    "TEXT", lambda text: tuple(json.loads(text)), lambda words: json.dumps(list(words), ensure_ascii=False)
)
PRICES = ColumnType("TEXT", _prices, _prices_stored)

GOODS = Table(
    "goods",
    Column("brand", TEXT),
    Column("sku", TEXT),
    Column("title", TEXT),
    Column("category", TEXT),
    Column("maker", TEXT),
    Column("description", TEXT),
    Column("keywords", WORDS),
    Column("prices", PRICES),
    Column("link", TEXT),
    Column("image", TEXT),
    Column("stock", INTEGER, check="stock >= 0"),
    Column("position", INTEGER),
    Column("titles", JSON_UNESCAPED, default="'{}'"),
    Column("descriptions", JSON_UNESCAPED, default="'{}'"),
    key="brand, sku",
)
GOODS_IMPORTS = Table(
    "goods_imports",
    Column("id", INTEGER, check="id = 1"),
    Column("digest", TEXT),
    Column("at", TIMESTAMP),
    key="id",
)


class OutOfStock(StaleDraft):
    """Nothing was taken: offer what is left, or something else."""


class UnknownItem(MemoryFault):
    """Of this brand."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row of the catalogue.

    `prices`: by ISO currency, as listed. `stock`: when the row was read; see `Goods.stock`. `keywords`: what customers call
    it, in any language.
    """

    brand: str
    sku: str
    title: str
    category: str
    maker: str
    description: str
    keywords: tuple[str, ...]
    prices: Mapping[str, Money] = field(hash=False)
    link: str
    image: str
    stock: int
    titles: Mapping[str, str] = field(default_factory=dict, hash=False)  # by language, where it has one of its own
    descriptions: Mapping[str, str] = field(default_factory=dict, hash=False)

    def title_in(self, language: str) -> str:
        """The plain one where the language has none."""
        return self.titles.get(language, self.title)

    def description_in(self, language: str) -> str:
        """The plain one where the language has none."""
        return self.descriptions.get(language, self.description)

    @property
    def every_title(self) -> tuple[str, ...]:
        """The plain title first."""
        return tuple(dict.fromkeys((self.title, *self.titles.values())))


ITEM = GOODS.rows(Item)


class Goods:
    """Of all brands; each question names one."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def digest(self) -> str | None:
        """Of the file imported last; None before the first import."""
        found: str | None = self._db.value("SELECT digest FROM goods_imports WHERE id = 1")
        return found

    def replace(self, items: Iterable[Item], digest: str) -> bool:
        """Replace all rows, stock included; False when `digest` is already imported."""
        with self._db.transaction():
            # Several processes may start with the same new file: the first imports it.
            self._db.hold("goods import")
            if self.digest() == digest:
                return False
            self._db.run("DELETE FROM goods")
            for position, item in enumerate(items):
                good = ITEM.values(item) | {"position": position}
                self._db.run(GOODS.insert(good), **good)
            done = GOODS_IMPORTS.stored(id=1, digest=digest, at=self._clock())
            self._db.run(GOODS_IMPORTS.insert(done, GOODS_IMPORTS.update_on_conflict(done)), **done)
            return True

    def items(self, brand: str) -> list[Item]:
        """In the file's order."""
        return ITEM.all(
            self._db, f"SELECT {ITEM.columns} FROM goods WHERE brand = :brand ORDER BY position", brand=brand
        )

    def stocks(self, brand: str) -> dict[str, int]:
        """Pieces left, by sku."""
        rows = self._db.all("SELECT sku, stock FROM goods WHERE brand = :brand", brand=brand)
        return {row["sku"]: row["stock"] for row in rows}

    def stock(self, brand: str, sku: str) -> int:
        """Pieces left. Raises UnknownItem."""
        row = self._db.one("SELECT stock FROM goods WHERE brand = :brand AND sku = :sku", brand=brand, sku=sku)
        if row is None:
            raise UnknownItem(f"{brand} has no item {sku}: take a sku of its catalogue")
        return int(row["stock"])

    def take(self, brand: str, sku: str, quantity: int) -> None:
        """All or none. Raises OutOfStock."""
        _check_positive(quantity)
        taken = self._db.run(
            "UPDATE goods SET stock = stock - :quantity WHERE brand = :brand AND sku = :sku AND stock >= :quantity",
            brand=brand,
            sku=sku,
            quantity=quantity,
        )
        if not taken:
            raise OutOfStock(f"{self.stock(brand, sku)} of {sku} left, {quantity} asked for")

    def put_back(self, brand: str, sku: str, quantity: int) -> bool:
        """As when an order is cancelled; False when the item is no longer sold."""
        _check_positive(quantity)
        returned = self._db.run(
            "UPDATE goods SET stock = stock + :quantity WHERE brand = :brand AND sku = :sku",
            brand=brand,
            sku=sku,
            quantity=quantity,
        )
        return bool(returned)


def _check_positive(quantity: int) -> None:
    if quantity < 1:
        raise ValueError(f"a quantity is a whole number above zero, not {quantity}")
