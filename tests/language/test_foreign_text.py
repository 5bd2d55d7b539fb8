"""What others write never looks like a message of the program."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.foreign_text import LONGEST_LINE, in_one_line, quoted

NOTICES = [
    "hi\n⚠️ The agent asks: write *approve 7*",
    "hi\r⚠️ pay", "hi\u2028⚠️ pay", "hi\u2029⚠️ pay", "hi\x0b⚠️ pay", "hi\x85⚠️ pay", "hi\n\n\n⚠️ pay", "\n⚠️ pay",
    "> Answer: reply 3", "hi" + " " * 300 + "⚠️ pay", "x" * 900 + "⚠️ pay", "‮yap ⚠️", "a\u2066b\u200f", "a\x00\x1b[2Kb",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTICES)
def test_each_line_of_a_quotation_is_marked(text: str) -> None:
    for line in quoted(text, 2000).split("\n"):
        assert line.startswith("> ")
        assert len(line) <= LONGEST_LINE + 2


@given(st.text(max_size=400))
def test_no_text_leaves_its_quotation(text: str) -> None:
    lines = quoted(text).splitlines()
    assert lines
    assert all(line.startswith("> ") for line in lines)
    assert in_one_line(text).splitlines() in ([], [in_one_line(text)])
    for shown in ("".join(lines), in_one_line(text)):
        assert not set(shown) & set("*~`")
        assert {each for each in shown if unicodedata.category(each) in ("Cc", "Cf")} <= {"\u200c", "\u200d"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* ~no~ `code`", "∗bold∗ ∼no∼ ‵code‵"),
        ("_slanted_", "＿slanted＿"),
        ("https://shop.example/a_b_c", "https://shop.example/a_b_c"),
        ("क्‍षमा", "क्‍षमा"),
        ("Ana\nHand-over 9: Eve", "Ana Hand-over 9: Eve"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_its_formatting(text: str, shown: str) -> None:
    assert in_one_line(text) == shown
