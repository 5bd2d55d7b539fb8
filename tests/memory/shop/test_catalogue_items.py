from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.language.money import Money
from memory.shop.catalogue_items import Goods, Item, OutOfStock, UnknownItem
from memory.storage.database import Database
from tests.migrated import migrated_database


def lamp(sku: str = "LAMP", stock: int = 5, brand: str = "voyage") -> Item:
    return Item(
        brand=brand,
        sku=sku,
        title=f"Desk lamp {sku}",
        category="accessories",
        maker="Lumo",
        description="A lamp.",
        keywords=("lámpara", "लैंप"),
        prices={"EUR": Money(Decimal("19.90"), "EUR"), "INR": Money(Decimal(1790), "INR")},
        link=f"https://shop.example.com/{sku}",
        image="",
        stock=stock,
    )


@pytest.fixture
def goods(tmp_path: Path) -> Iterator[Goods]:
    db = migrated_database(tmp_path / "hawker.db")
    yield Goods(db, lambda: datetime(2026, 11, 21, tzinfo=UTC))
    db.close()


def test_an_item_comes_back_as_it_went_in(goods: Goods) -> None:
    goods.replace([lamp()], "one")
    assert goods.items("voyage") == [lamp()]


def test_importing_the_same_file_again_keeps_the_stock(goods: Goods) -> None:
    assert goods.replace([lamp(stock=5)], "one")
    goods.take("voyage", "LAMP", 2)
    assert not goods.replace([lamp(stock=5)], "one")
    assert goods.stock("voyage", "LAMP") == 3


def test_a_changed_file_replaces_items_and_stock(goods: Goods) -> None:
    goods.replace([lamp("A", 5), lamp("B", 5)], "one")
    goods.take("voyage", "A", 2)
    goods.replace([lamp("A", 9)], "two")
    assert goods.stocks("voyage") == {"A": 9}


def test_one_brand_never_sees_the_goods_of_another(goods: Goods) -> None:
    goods.replace([lamp(brand="voyage"), lamp(brand="other", stock=1)], "one")
    goods.take("voyage", "LAMP", 5)
    assert goods.stock("other", "LAMP") == 1
    assert [item.brand for item in goods.items("other")] == ["other"]


def test_more_than_is_left_is_refused_whole(goods: Goods) -> None:
    goods.replace([lamp(stock=2)], "one")
    with pytest.raises(OutOfStock, match="2 of LAMP left, 3 asked for"):
        goods.take("voyage", "LAMP", 3)
    assert goods.stock("voyage", "LAMP") == 2


def test_unknown_goods_and_nonsense_quantities_are_named(goods: Goods) -> None:
    with pytest.raises(UnknownItem):
        goods.take("voyage", "NOPE", 1)
    for quantity in (0, -1):
        with pytest.raises(ValueError, match="above zero"):
            goods.take("voyage", "LAMP", quantity)
        with pytest.raises(ValueError, match="above zero"):
            goods.put_back("voyage", "LAMP", quantity)
    assert not goods.put_back("voyage", "NOPE", 1)


def test_a_failed_transaction_takes_no_stock(goods: Goods, tmp_path: Path) -> None:
    goods.replace([lamp(stock=2)], "one")
    db = Database(tmp_path / "hawker.db")
    with pytest.raises(RuntimeError), db.transaction():
        Goods(db, lambda: datetime.now(UTC)).take("voyage", "LAMP", 1)
        raise RuntimeError
    assert goods.stock("voyage", "LAMP") == 2


def test_many_buyers_at_once_get_exactly_what_there_was(goods: Goods) -> None:
    goods.replace([lamp(stock=10)], "one")
    sold, refused = [], []

    def buy() -> None:
        for _ in range(5):
            try:
                goods.take("voyage", "LAMP", 1)
                sold.append(1)
            except OutOfStock:
                refused.append(1)

    threads = [threading.Thread(target=buy) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sold), len(refused), goods.stock("voyage", "LAMP")) == (10, 20, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(1, 4)), max_size=15))
def test_stock_adds_up_and_is_never_below_zero(goods: Goods, steps: list[tuple[bool, int]]) -> None:
    goods.replace([lamp(stock=5)], f"{steps}")
    expected = goods.stock("voyage", "LAMP")
    for takes, quantity in steps:
        if takes and quantity > expected:
            with pytest.raises(OutOfStock):
                goods.take("voyage", "LAMP", quantity)
        elif takes:
            goods.take("voyage", "LAMP", quantity)
            expected -= quantity
        else:
            goods.put_back("voyage", "LAMP", quantity)
            expected += quantity
        assert goods.stock("voyage", "LAMP") == expected >= 0


def test_titles_and_descriptions_of_a_language_are_kept(goods: Goods) -> None:
    sari = replace(lamp("SARI"), titles={"hi": "साड़ी"}, descriptions={"hi": "रेशमी"})
    goods.replace([sari, lamp("PLAIN")], "with titles")
    kept, plain = goods.items("voyage")
    assert (kept.title_in("hi"), kept.description_in("hi")) == ("साड़ी", "रेशमी")
    assert (kept.title_in("es"), kept.description_in("es")) == (sari.title, sari.description)
    assert plain.every_title == (plain.title,)
