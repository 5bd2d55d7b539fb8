"""A bakery and a sari shop: other goods, other words, the same program. Only the two files of the shop differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_server import ModelServer, says
from tests.world import JOHN, MARIA, Chat, MovableClock, World, open_shop

SHOPS = Path(__file__).parents[1] / "shops"


@pytest.fixture
def bakery(tmp_path: Path, clock: MovableClock) -> Iterator[World]:
    with open_shop(tmp_path, clock=clock, brand="miga", files=SHOPS / "bakery") as world:
        yield world


@pytest.fixture
def sari_shop(tmp_path: Path, clock: MovableClock) -> Iterator[World]:
    with open_shop(tmp_path, clock=clock, brand="rangoli", files=SHOPS / "sari") as world:
        yield world


def interests(shop: World, phone: str = JOHN) -> list[str]:
    shop.settled()
    return [each.name for each in shop.memory.facts.interests(shop.contact(phone).id)]


def hears_each(customer: Chat, turns: dict[str, str]) -> None:
    for said, heard in turns.items():
        assert heard in customer.says(said).replace("\u00a0", " "), said


def test_cakes_are_sold_in_english(bakery: World) -> None:
    john = bakery.person()
    hears_each(
        john,
        {
            "hello, I'm John": "I can show you cakes, breads and cookies.",
            "do you have cakes?": "2. *Carrot Cake*: €26",
            "the second one please": "1 × Carrot Cake",
            "yes": "Carrot Cake, €26",
            "hi again": "Welcome back John! Ready to continue looking at those cakes in EUR?",
        },
    )
    [order] = bakery.orders()
    assert (order.sku, order.title, str(order.total.amount)) == ("CK-CARROT", "Carrot Cake", "26.00")
    assert interests(bakery) == ["cakes"]


def test_cakes_are_sold_in_spanish(bakery: World) -> None:
    maria = bakery.person(MARIA)
    hears_each(
        maria,
        {
            "hola, soy María": "Puedo enseñarte tartas, panes y galletas.",
            "¿qué tartas tenéis?": "2. *Tarta de zanahoria*: 26 €",
            "quiero la segunda": "1 × Tarta de zanahoria",
            "sí": "Tarta de zanahoria, 26 €",
            "hola, he vuelto": "tartas en EUR",
        },
    )
    [order] = bakery.orders(MARIA)
    assert order.title == "Carrot Cake", "staff read the plain title"


def test_bread_is_found_by_feature_and_by_price(bakery: World) -> None:
    john, maria = bakery.person(), bakery.person(MARIA)
    hears_each(
        john,
        {
            "do you have anything vegan?": "*Vegan Almond Cake*: €27.50",
            "cookies under 8 euros": "2. *Oat Cookies*: €7.90",
            "baguette": "*Baguette*: €1.40",
        },
    )
    hears_each(
        maria,
        {
            "¿tienen pan sin gluten?": "*Pan sin gluten*: 6,90 €",
            "galletas por menos de 8 euros": "2. *Galletas de avena*: 7,90 €",
            "busco un pan": "1. *Hogaza de masa madre*: 4,80 €",
        },
    )


def test_a_bakery_has_no_iphone(bakery: World) -> None:
    assert "could not find that" in bakery.person().says("do you have iPhone 15?")
    assert "No lo encuentro" in bakery.person(MARIA).says("¿tienen iPhone 15?")
    assert interests(bakery) == interests(bakery, MARIA) == []


def test_sarees_are_sold_in_english(sari_shop: World) -> None:
    hears_each(
        sari_shop.person(),
        {
            "hello": "I can show you sarees, blouses and dupattas.",
            "show me silk sarees": "2. *Banarasi Silk Saree Green*: ₹14,900",
            "the second one": "1 × Banarasi Silk Saree Green",
            "yes": "Banarasi Silk Saree Green, ₹14,900",
            "hello again": "those silk sarees in INR",
        },
    )
    [order] = sari_shop.orders()
    assert order.sku == "SR-BAN-2"
    assert set(interests(sari_shop)) == {"silk", "sarees"}


def test_sarees_are_sold_in_hindi_by_their_hindi_titles(sari_shop: World) -> None:
    hears_each(
        sari_shop.person(),
        {
            "नमस्ते": "साड़ियाँ, ब्लाउज़ और दुपट्टे",
            "शादी की साड़ी दिखाओ": "*कांजीवरम सिल्क साड़ी सुनहरी*: ₹24,500",
            "बनारसी सिल्क साड़ी हरी चाहिए": "बनारसी सिल्क साड़ी हरी",
            "ऑर्डर करना है": "1 × बनारसी सिल्क साड़ी हरी",
            "हाँ": "बनारसी सिल्क साड़ी हरी, ₹14,900",
            "फिर से नमस्ते": "साड़ियाँ",
        },
    )
    [order] = sari_shop.orders()
    assert (order.sku, order.title) == ("SR-BAN-2", "Banarasi Silk Saree Green")


def test_sarees_are_found_in_hindi_in_latin_letters_by_price_and_feature(sari_shop: World) -> None:
    hears_each(
        sari_shop.person(),
        {
            "namaste": "sadiyan, blouse aur dupatte",
            "shaadi ke liye saree dikhao": "*Kanjivaram Silk Saree Gold*: ₹24,500",
            "2000 se kam ki sadi": "1. *Bengal Cotton Saree White*: ₹1,850",
            "kanjivaram under 20000 rupees": "*Kanjivaram Silk Saree Blue*: ₹19,900",
        },
    )


@pytest.mark.parametrize(
    ("folder", "brand", "lie", "truth"),
    [
        ("sari", "rangoli", "Yes, we have Sabyasachi, too!", "Here is what fits"),
        ("bakery", "miga", "Yes, we have the iPhone 15!", "Here is what fits"),
    ],
)
def test_a_models_product_of_another_make_is_refused(
    tmp_path: Path, model: ModelServer, folder: str, brand: str, lie: str, truth: str
) -> None:
    asked = {"sari": "show me sarees", "bakery": "show me cakes"}[folder]
    model.plays(says(lie), says(lie))
    with open_shop(tmp_path, model=model, brand=brand, files=SHOPS / folder, REPLY_DEADLINE_SECONDS="30") as shop:
        john = shop.person()
        assert truth in john.says(asked)
        assert shop.turn()["answered_by"] == "built-in"
        assert "product" in shop.turn()["used"]


def test_a_models_own_title_in_the_customers_language_passes(tmp_path: Path, model: ModelServer) -> None:
    said = "बनारसी सिल्क साड़ी हरी ₹14,900 की है।"
    model.plays(says(said))
    with open_shop(tmp_path, model=model, brand="rangoli", files=SHOPS / "sari", REPLY_DEADLINE_SECONDS="30") as shop:
        assert shop.person().says("बनारसी साड़ी कितने की है?") == said
        assert shop.turn()["answered_by"] == "model"
