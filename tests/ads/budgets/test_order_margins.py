"""The usual margin of an order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bot.ads.budgets.order_margins import OrderMargins
from bot.brands import read_brands
from bot.language.money import Money
from memory.shop.catalogue_items import Goods, Item
from tests.ads.paper_account import PaperAccount
from tests.ads.shop import DATA, NoRates
from tests.memory.stores import Stores

BRANDS = read_brands(DATA / "brands.toml")
ABOUT = PaperAccount().describe()  # in rupees


class Ninety:
    """A euro is ninety rupees."""

    def in_currency(self, money: Money, currency: str) -> Money:
        return Money(money.amount * 90, currency)


def goods(folder: Path, *euros: int) -> Goods:
    stores = Stores(folder / "hawker.db")
    sold = Goods(stores.db, stores.clock)
    sold.replace([_item(number, price) for number, price in enumerate(euros)], "digest")
    return sold


def _item(number: int, price: int) -> Item:
    return Item(
        brand="voyage",
        sku=f"S{number}",
        title=f"Lamp {number}",
        category="lamps",
        maker="Lumen",
        description="It shines.",
        keywords=(),
        prices={"EUR": Money(Decimal(price), "EUR")},
        stock=1,
        link="",
        image="",
    )


def test_the_usual_margin_is_of_the_mean_price_converted(tmp_path: Path) -> None:
    ads = BRANDS["voyage"].ads
    assert ads is not None
    assert OrderMargins(BRANDS, goods(tmp_path, 10, 30), Ninety()).usual(ABOUT) == 20 * 90 * ads.margin


def test_without_prices_rate_or_a_real_account_nobody_can_say(tmp_path: Path) -> None:
    sold = goods(tmp_path, 10)
    assert OrderMargins(BRANDS, sold, Ninety()).usual(ABOUT) is not None
    assert OrderMargins(BRANDS, sold, NoRates()).usual(ABOUT) is None
    assert OrderMargins(BRANDS, sold, Ninety()).usual(replace(ABOUT, practice=True)) is None
    sold.replace([], "another digest")
    assert OrderMargins(BRANDS, sold, Ninety()).usual(ABOUT) is None
