from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.brands import read_brands
from bot.language.money import Money
from bot.shop.catalogue import Catalogue, read_catalogue
from bot.shop.exchange_rates import Rates
from memory.shop.catalogue_items import Goods
from tests.migrated import migrated_database

DATA = Path(__file__).parents[2] / "data"
FILE = DATA / "catalogue.csv"
VOYAGE = read_brands(DATA / "brands.toml")["voyage"]
HEADER = "brand,sku,title,category,maker,description,keywords,stock,price_eur,price_inr,link,image\n"
GOOD = "voyage,{sku},Lamp {sku},accessories,Lumo,,,3,19.90,,https://shop.example.com/lamp,\n"


def clock() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def goods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Goods]:
    db = migrated_database(tmp_path_factory.mktemp("catalogue") / "hawker.db")
    goods = Goods(db, clock)
    read = read_catalogue(FILE)
    goods.replace(read.items, read.digest)
    yield goods
    db.close()


@pytest.fixture(scope="module")
def catalogue(goods: Goods) -> Catalogue:
    return Catalogue(goods, Rates(Path("/nonexistent"), clock), VOYAGE)


def skus(catalogue: Catalogue, query: str, limit: int = 20) -> set[str]:
    return {item.sku for item in catalogue.search(query, limit=limit)}


def test_the_shipped_catalogue_has_no_fault() -> None:
    read = read_catalogue(FILE)
    assert read.faults == []
    assert len(read.items) == 40
    assert {item.category for item in read.items} == {"laptops", "smartphones", "accessories", "eyewear"}


@pytest.mark.parametrize(
    ("row", "field", "allowed"),
    [
        ("voyage,B,Lamp,accessories,,,,many,19.90,,https://a.example.com/,", "stock", "a whole number from 0"),
        ("voyage,B,Lamp,accessories,,,,-1,19.90,,https://a.example.com/,", "stock", "a whole number from 0"),
        ('voyage,B,Lamp,accessories,,,,1,"1,299",,https://a.example.com/,', "price_eur", "such as 1299.90"),
        ("voyage,B,Lamp,accessories,,,,1,NaN,,https://a.example.com/,", "price_eur", "such as 1299.90"),
        ("voyage,B,Lamp,accessories,,,,1,0,,https://a.example.com/,", "price_eur", "above zero"),
        ("voyage,B,Lamp,accessories,,,,1,19.901,,https://a.example.com/,", "price_eur", "such as 1299.90"),
        ("voyage,B,Lamp,accessories,,,,1,,,https://a.example.com/,", "price_…", "at least one price"),
        ("voyage,B,,accessories,,,,1,9,,https://a.example.com/,", "title", "1 to 120 characters"),
        ("voyage,B,Lamp,accessories,,,,1,9,,javascript:alert(1),", "link", "https://"),
        ("voyage,B,Lamp,accessories,,,,1,9,,http://a.example.com/,", "link", "https://"),
        ("voyage,A,Lamp,accessories,,,,1,9,,https://a.example.com/,", "sku", "listed twice"),
        ("voyage,B,Lamp,accessories", "row", "as many cells"),
        ("voyage,B,Lamp,accessories,,,,1,9,,https://a.example.com/,,,", "row", "as many cells"),
    ],
)
def test_a_bad_row_is_named_and_the_others_load(tmp_path: Path, row: str, field: str, allowed: str) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_text(HEADER + GOOD.format(sku="A") + row + "\n" + GOOD.format(sku="C"), encoding="utf-8")
    read = read_catalogue(file)
    assert [item.sku for item in read.items] == ["A", "C"]
    (fault,) = read.faults
    assert (fault.file, fault.line, fault.field) == (str(file), 3, field)
    assert allowed in str(fault)


def test_a_file_that_is_no_catalogue_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    file.write_bytes("brand,título\n".encode("latin-1"))
    assert str(read_catalogue(file).faults[0]).endswith("line 1, file: save it as UTF-8")
    file.write_text("name,cost\nLamp,3\n")
    assert [fault.field for fault in read_catalogue(file).faults] == ["brand", "sku", "title", "category"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Kestrel Talon 14", {"KR-TALON-14"}),
        ("raptor 17 pro", {"KR-RAPTOR-17"}),
        ("do you have the zenith 9 mini?", {"AU-ZEN-9M"}),
        ("kestrl raptr 15", {"KR-RAPTOR-15"}),
        ("power bank", {"VO-PWR-20"}),
        ("cargador", {"VO-CHG-65"}),
        ("laptop bag", {"LM-BAG-16"}),
        ("mochila para portátil", {"LM-BAG-16"}),
        ("teclado mecânico", {"LM-KEY-75"}),
        ("हेडफोन दिखाओ", {"VO-OVER-1"}),
        ("smartwatch", {"LM-WATCH-4"}),
        ("VO-HUB-7", {"VO-HUB-7"}),
        ("cuanto vale el kestrel feather?", {"KR-FEATHER-13", "KR-FEATHER-15"}),
        ("some earbuds for the gym, sweatproof", {"VO-BUDS-2", "VO-BUDS-PRO"}),
        ("a good mouse that works on glass tables", {"LM-MOUSE-G"}),
    ],
)
def test_words_find_the_thing(catalogue: Catalogue, query: str, found: set[str]) -> None:
    assert skus(catalogue, query) == found


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("laptops", "laptops"), ("lapto", "laptops"), ("lapto for uni cheap", "laptops"), ("un movil que no se rompa nunca", "smartphones"), ("laptpo", "laptops"), ("portátil", "laptops"),
        ("notebook", "laptops"), ("लैपटॉप", "laptops"), ("mujhe laptop chahiye", "laptops"),
        ("celular", "smartphones"), ("busco un móvil", "smartphones"), ("मोबाइल", "smartphones"), ("smartfone", "smartphones"),
        ("chashma", "eyewear"), ("चश्मा", "eyewear"), ("óculos de sol", "eyewear"), ("gafas", "eyewear"),
        ("accesorios", "accessories"),
    ],
)  # fmt: skip
def test_a_kind_finds_only_its_goods_in_every_language(catalogue: Catalogue, query: str, category: str) -> None:
    found = catalogue.search(query, limit=40)
    assert len(found) >= 4
    assert {item.category for item in found} == {category}


@pytest.mark.parametrize(
    "query",
    [
        "mattress", "colchón", "red dress", "do you have the iphone 15?", "iphone 15 pro max", "macbook air", "15",
        "galaxy s24 ultra", "shoes size 42", "गद्दा", "sofa", "", "???", "the", "tienes zapatos", "camisa azul",
        "gaming chair", "office desk lamp for mum",
    ],
)  # fmt: skip
def test_what_the_shop_does_not_sell_finds_nothing(catalogue: Catalogue, query: str) -> None:
    assert catalogue.search(query) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("gaming laptop under 1500 euros", {"KR-RAPTOR-15", "KR-TALON-14", "NV-STORM-16", "NV-BOLT-15"}),
        ("portátil gamer por menos de mil euros", {"NV-STORM-16", "NV-BOLT-15"}),
        ("notebook gamer até R$ 6.000", {"NV-BOLT-15"}),
        ("gaming laptop under 80k rupees", {"NV-BOLT-15"}),
        ("gaming laptop between 1000 and 1300 euros", {"KR-RAPTOR-15"}),
        ("gaming laptops over $2500", {"NV-STORM-18"}),
        ("phone under 200", {"PX-LITE-3"}),
        ("200 के नीचे फोन", {"PX-LITE-3"}),
        ("phone max 160 pounds", {"PX-LITE-3"}),
        ("phone under 20 euros", set()),
    ],
)
def test_a_price_range_in_any_currency_is_kept(catalogue: Catalogue, query: str, found: set[str]) -> None:
    assert skus(catalogue, query) == found


def test_arguments_narrow_the_search(catalogue: Catalogue) -> None:
    limit = Money(Decimal(1000), "EUR")
    assert {i.sku for i in catalogue.search("gaming laptop", max_price=limit)} == {"NV-STORM-16", "NV-BOLT-15"}
    assert {i.sku for i in catalogue.search("gaming laptop", min_price=limit, in_stock=False)} == {"NV-STORM-18"}
    assert catalogue.search("gaming laptop", category="eyewear") == []
    assert len(catalogue.search("laptop", limit=3)) == 3


def test_the_cheapest_come_first_when_asked(catalogue: Catalogue) -> None:
    assert [item.sku for item in catalogue.search("cheapest laptop", limit=2)] == ["OR-BOOK-11", "NV-CAMPUS-14"]


def test_stock_is_that_of_the_moment(catalogue: Catalogue, goods: Goods) -> None:
    before = catalogue.search("Solenne Marina")[0].stock
    goods.take("voyage", "SO-WAY-B", 2)
    assert catalogue.search("Solenne Marina")[0].stock == before - 2
    goods.put_back("voyage", "SO-WAY-B", 2)


def test_an_unlisted_price_is_converted_with_its_day(catalogue: Catalogue) -> None:
    raptor = catalogue.find("KR-RAPTOR-15")
    assert raptor is not None
    assert catalogue.price(raptor, "INR").money == Money(Decimal(121099), "INR")
    assert catalogue.price(raptor, "INR").listed
    converted = catalogue.price(raptor, "SAR")
    assert converted.conversion is not None
    assert converted.conversion.given == Money(Decimal(1199), "EUR")
    assert converted.conversion.as_of.year == 2026


def test_a_new_import_is_searched_at_once_by_every_thread(tmp_path: Path) -> None:
    db = migrated_database(tmp_path / "hawker.db")
    goods = Goods(db, clock)
    catalogue = Catalogue(goods, Rates(Path("/nonexistent"), clock), VOYAGE)
    assert catalogue.search("laptop") == []
    read = read_catalogue(FILE)
    goods.replace(read.items, read.digest)
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(catalogue.search("laptop", limit=40)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [12] * 8
    goods.replace([item for item in read.items if item.category != "laptops"], "other")
    assert catalogue.search("kestrel raptor") == []


def test_columns_of_a_language_title_and_describe_the_item(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.csv"
    header = HEADER.strip() + ",title_hi,description_hi,title_fr\n"
    row = "voyage,S,Lamp,accessories,,Bright.,,3,19.90,,https://shop.example.com/lamp,,लैंप,चमकीला,Lampe\n"
    file.write_text(header + row, encoding="utf-8")
    read = read_catalogue(file)
    [item] = read.items
    assert (item.titles, item.descriptions) == ({"hi": "लैंप"}, {"hi": "चमकीला"})
    assert [(fault.line, fault.field) for fault in read.faults] == [(1, "title_fr")]


def test_an_item_is_found_by_its_title_in_any_language(tmp_path: Path) -> None:
    db = migrated_database(tmp_path / "hawker.db")
    goods = Goods(db, clock)
    [lamp, *_others] = read_catalogue(FILE).items
    goods.replace([replace(lamp, titles={"es": "Farolillo Nocturno"})], "titled")
    assert skus(Catalogue(goods, Rates(Path("/nonexistent"), clock), VOYAGE), "farolillo nocturno") == {lamp.sku}
    db.close()


@pytest.mark.parametrize("query", ["hp pavilion", "do you have hp laptops", "hp omen price", "quiero un portátil hp"])
def test_hp_is_a_phone_in_indonesian_chats_alone(catalogue: Catalogue, query: str) -> None:
    assert {item.category for item in catalogue.in_language("id").search("hp")} == {"smartphones"}
    for language in ("en", "es", "pt", "hi"):
        found = catalogue.in_language(language).search(query, limit=20)
        assert {item.category for item in found} <= {"laptops"}


def test_a_brand_without_words_of_one_language_has_one_catalogue(goods: Goods) -> None:
    plain = Catalogue(
        goods, Rates(Path("/nonexistent"), clock), replace(VOYAGE, categories={}, subcategories={}, features={})
    )
    assert plain.in_language("id") is plain
