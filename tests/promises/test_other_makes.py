from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.brands import Brand, read_brands
from bot.language.money import Money
from bot.language.reading.statements import read_facts
from bot.promises.check import check
from bot.promises.facts import ReplyFacts
from memory.shop.catalogue_items import Item

VOYAGE = read_brands(Path(__file__).parents[2] / "data" / "brands.toml")["voyage"]


def item(title: str, category: str, maker: str = "", description: str = "") -> Item:
    prices = {"EUR": Money(Decimal(20), "EUR")}
    return Item("voyage", title.upper(), title, category, maker, description, (), prices, "", "", 5)


def stopped(draft: str, brand: Brand, items: Sequence[Item]) -> set[str]:
    return {breach.text for breach in check(draft, ReplyFacts.of(brand, items, today=date(2026, 11, 30)))}


SOLD = [item("Samsung Galaxy S24", "smartphones", "Samsung")]
CAKES = [item("Chocolate Cake", "cakes"), item("Dark Bar", "bars", description="With 70% cocoa and 12 pieces.")]
BAKERY = replace(VOYAGE, trades=(), categories={}, subcategories={}, features={})


@pytest.mark.parametrize("draft", ["Yes, the Samsung Galaxy S24.", "Of course, the Galaxy S24.", "We sell Samsung."])
def test_a_shop_may_name_the_make_that_it_sells(draft: str) -> None:
    assert stopped(draft, VOYAGE, SOLD) == set()


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ("We have the Galaxy S25.", "Galaxy S25"),
        ("We have samsung galaxy s25 ultra.", "samsung galaxy s25 ultra"),
        ("We have Ray-Bans.", "Ray-Bans"),
        ("हमारे पास आईफोन है", "आईफोन"),
    ],
)
def test_makes_of_the_trade_that_are_not_sold_are_stopped(draft: str, text: str) -> None:
    assert stopped(draft, VOYAGE, SOLD) == {text}


def test_a_brand_without_trades_may_use_everyday_words() -> None:
    assert stopped("Nothing beats our cake, says Prada.", BAKERY, CAKES) == set()


def test_a_product_with_a_number_is_stopped_without_any_trade() -> None:
    assert stopped("Yes, we have the iPhone 15.", BAKERY, CAKES) == {"iPhone 15"}


def test_a_brand_may_list_other_makes_itself() -> None:
    own = replace(BAKERY, other_makes=("Krispy Kreme",))
    assert stopped("We have krispy kreme, too.", own, CAKES) == {"krispy kreme"}


def test_technology_of_the_trade_is_no_product() -> None:
    assert stopped("It runs Windows 11.", VOYAGE, SOLD) == set()
    assert stopped("It runs Windows 11.", BAKERY, CAKES) == {"Windows 11"}


def test_a_number_of_goods_is_no_price() -> None:
    assert stopped("I have only 12 cakes.", BAKERY, CAKES) == set()
    assert stopped("It costs only 12 here.", BAKERY, CAKES) == {"12"}


def test_a_share_that_a_description_states_is_no_discount() -> None:
    assert stopped("It has 70% cocoa.", BAKERY, CAKES) == set()
    assert stopped("It has 90% cocoa.", BAKERY, CAKES) == {"90%"}
    assert stopped("You get 70% on cakes.", BAKERY, CAKES) == {"70%"}


@pytest.mark.parametrize("make", ["an iPhone 12", "a Lenovo", "a Galaxy", "Ray-Bans"])
def test_what_people_own_is_known_from_every_trade(make: str) -> None:
    [fact] = [fact for fact in read_facts(f"I have {make}.", "en") if fact.predicate == "owns"]
    assert make.split()[-1] in fact.value
