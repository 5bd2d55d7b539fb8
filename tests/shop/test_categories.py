from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.brands import read_brands
from bot.language.reading.interests import Term
from bot.shop.categories import Categories

VOYAGE = read_brands(Path(__file__).parents[2] / "data" / "brands.toml")["voyage"]
PLAIN = replace(VOYAGE, categories={}, subcategories={}, features={})


@pytest.mark.parametrize(("category", "word"), [("cakes", "cake"), ("cakes", "cakes"), ("pastries", "pastry")])
def test_a_category_is_found_by_its_id_without_any_words(category: str, word: str) -> None:
    assert Categories(PLAIN, [category]).category(word) == category


def test_a_name_in_another_language_finds_the_category() -> None:
    panes = replace(PLAIN, categories={"breads": Term(names={"es": "panes"})})
    categories = Categories(panes, ["breads"])
    assert [categories.category(word) for word in ("pan", "panes", "bread")] == ["breads"] * 3


def test_written_words_are_all_the_words_of_a_category() -> None:
    categories = Categories(VOYAGE, ["eyewear"])
    assert categories.category("glasses") == "eyewear"
    assert categories.category("glass") is None


@pytest.mark.parametrize(
    ("word", "meant", "elsewhere"),
    [
        ("hp", "id", "en es pt hi"), ("rato", "pt", "es en"), ("cascos", "es", "pt"), ("cas", "id", "es en"),
        ("casan", "id", "es pt"), ("tas", "id", "hi"), ("gim", "id", "pt es"), ("specs", "en hi", "es pt id"),
        ("shades", "en", "id es"),
    ],
)  # fmt: skip
def test_a_word_of_one_language_names_no_goods_in_another(word: str, meant: str, elsewhere: str) -> None:
    named = {each: Categories(VOYAGE, [], each).named(word) for each in (*meant.split(), *elsewhere.split())}
    assert all(named[each] for each in meant.split())
    assert not any(named[each] for each in elsewhere.split())


@pytest.mark.parametrize("language", [None, "id"])
def test_every_word_holds_in_an_unspoken_language(language: str | None) -> None:
    spanish = replace(VOYAGE, languages=("es",))
    assert Categories(spanish, [], language).category("hp") == "smartphones"


def test_a_name_is_in_the_first_language_that_has_one() -> None:
    categories = Categories(VOYAGE, ["filter-coffee"])
    assert categories.name("eyewear", ("hi-latin", "en")) == "chashme"
    assert categories.name("laptops", ("hi-latin", "en")) == "laptops"
    assert categories.name("filter-coffee", ("es", "en")) == "filter coffee"
