"""Parts that are short enough and lose nothing; marks that WhatsApp shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.message_text import numbered, split, to_whatsapp, units
from memory.conversations.channel_messages import Button

LINK = "https://shop.example.com/pay?order=17&token=abc_def*ghi~"
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=12)
TEXTS = st.lists(
    st.one_of(WORDS, st.just(LINK), st.sampled_from(["\n\n", "\n", "done.", "👍🏽", "नमस्ते!", "Rs. 500"])),
    max_size=120,
).map(" ".join)
PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*_~`#[]()|\\-•"), max_size=200)


def without_space(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(TEXTS, st.integers(60, 200))
def test_every_part_fits_and_no_word_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(part and units(part) <= limit for part in parts)
    assert " ".join(parts).split() == text.split()


@given(st.text(max_size=400), st.integers(2, 50))
def test_even_without_spaces_no_character_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(units(part) <= limit for part in parts)
    assert without_space("".join(parts)) == without_space(text)


@given(TEXTS, st.integers(60, 200))
def test_links_stay_whole(text: str, limit: int) -> None:
    assert sum(part.count(LINK) for part in split(text, limit)) == text.count(LINK)


def test_a_link_stays_whole_where_nothing_separates_it_from_the_text_before() -> None:
    text = "字" * 80 + LINK
    assert split(text, 100) == ["字" * 80, LINK]


def test_cuts_at_the_paragraph_before_the_sentence_before_the_word() -> None:
    first, second = "One two three four. Five six seven.", "Eight nine ten eleven twelve."
    assert split(f"{first}\n\n{second}", 50) == [first, second]
    assert split(f"{first} {second}", 50) == [first, second]
    assert split("alpha beta gamma delta", 12) == ["alpha beta", "gamma delta"]


def test_a_price_is_not_cut_off_from_its_abbreviation_as_if_a_sentence_ended_there() -> None:
    assert split("You pay a total of Rs. 500 for it", 29) == ["You pay a total of Rs. 500", "for it"]
    assert split("You pay it now. It is a total of Rs. 500", 39)[0] == "You pay it now."


def test_emoji_count_two_and_are_never_cut_apart() -> None:
    assert units("👍🏽") == 4
    parts = split("👍🏽" * 10, 7)
    assert "".join(parts) == "👍🏽" * 10
    assert all(part == "👍🏽" for part in parts)


def test_a_link_longer_than_the_limit_is_cut_since_whole_it_could_not_be_sent() -> None:
    long = "https://shop.example.com/" + "a" * 200
    assert "".join(split(long, 100)) == long
    assert all(len(part) <= 100 for part in split(long, 100))


def test_buttons_become_numbered_lines() -> None:
    assert numbered("Order it?", (Button("Yes", "yes"), Button("No", "no"))) == "Order it?\n\n1. Yes\n2. No"
    assert numbered("Order it?", ()) == "Order it?"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**Sale** today", "*Sale* today"),
        ("__Sale__ today", "*Sale* today"),
        ("*bold* and _soft_", "*bold* and _soft_"),
        ("***both***", "*_both_*"),
        ("**a *b* c**", "*a b c*"),
        ("~~€50~~ €40", "~€50~ €40"),
        ("## Laptops ##", "*Laptops*"),
        ("# **Laptops**", "*Laptops*"),
        ("* one\n* **two**\n- three", "- one\n- *two*\n- three"),
        ("see [our shop](https://shop.example.com/a_b)", "see our shop: https://shop.example.com/a_b"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("**[Buy](https://a.example/x)**", "*Buy: https://a.example/x*"),
        ("a\n\n---\n\nb", "a\n\n\n\nb"),
        (
            "| Item | Price |\n|---|---:|\n| Aero 14 | €900 |\n| Aero 16 | **€1,100** |\nDone",
            "- Aero 14 · Price: €900\n- Aero 16 · Price: *€1,100*\nDone",
        ),
        ("`**raw**` stays", "`**raw**` stays"),
        ("```\n# not a *heading*\n```", "```\n# not a *heading*\n```"),
        ("2*3*4 = 24 and 2 * 3 * 4", "2*3*4 = 24 and 2 * 3 * 4"),
        ("2**3**4", "2**3**4"),
        ("snake_case_name, https://a.example/x_y_z?a=**b**", "snake_case_name, https://a.example/x_y_z?a=**b**"),
        ("- 5 € off\n1. first", "- 5 € off\n1. first"),
        ("#1 in sales", "#1 in sales"),
        ("a | b", "a | b"),
    ],
)
def test_markdown_becomes_whatsapps_own(markdown: str, shown: str) -> None:
    assert to_whatsapp(markdown) == shown


@given(PLAIN)
def test_plain_text_is_left_alone(text: str) -> None:
    assert to_whatsapp(text) == text
