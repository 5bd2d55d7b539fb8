"""What the table of embeddings promises: unit rows, likeness by meaning, and no text that breaks it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.embeddings import DIMENSIONS, embed, embed_weighted, split_words, word_pieces


def likeness(one: str, other: str) -> float:
    first, second = embed([one, other])
    return float(first @ second)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("Where does she work?", "I started my new job at the bank", "We had pasta for dinner"),
        ("Does he have a pet?", "My dog ate the sofa again", "The train leaves at noon"),
        ("laptop", "a light notebook computer", "a pair of running shoes"),
        ("refund", "I want my money back", "what a lovely morning"),
    ],
)
def test_what_means_the_same_is_nearer(query: str, near: str, far: str) -> None:
    assert likeness(query, near) > likeness(query, far) + 0.1


def test_a_word_counts_as_much_as_its_weight_says() -> None:
    beagle, train, both = embed(["beagle", "train", "beagle train"])
    assert embed_weighted(["beagle", "train"], [1, 1]) == pytest.approx(both, abs=1e-6)
    mostly_beagle = embed_weighted(["beagle", "train"], [5, 1])
    assert mostly_beagle @ beagle > both @ beagle > mostly_beagle @ train
    assert np.linalg.norm(mostly_beagle) == pytest.approx(1, abs=1e-6)
    assert not embed_weighted([], []).any()


def test_case_and_accents_do_not_matter() -> None:
    assert likeness("Café CREME", "cafe creme") == pytest.approx(1, abs=1e-6)


def test_rows_stand_in_the_order_of_the_texts() -> None:
    texts = ["a red bicycle", "", "two tickets to Goa"]
    together = embed(texts)
    assert together.shape == (3, DIMENSIONS)
    assert together.dtype == np.float32
    for row, text in zip(together, texts, strict=True):
        np.testing.assert_allclose(row, embed([text])[0], atol=1e-6)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "x" * 101])
def test_nothing_known_is_a_row_of_zeros(text: str) -> None:
    assert not embed([text]).any()


def test_no_texts_give_no_rows() -> None:
    assert embed([]).shape == (0, DIMENSIONS)


def test_a_word_is_cut_at_its_longest_known_beginning() -> None:
    assert len(word_pieces("unaffable")) == 3  # un, ##aff, ##able: the example of BERT's authors
    assert len(word_pieces("laptop")) == 1


def test_signs_stand_for_themselves() -> None:
    assert split_words("Don't pay £5!") == ["don", "'", "t", "pay", "£", "5", "!"]


@given(st.text())
def test_any_text_is_a_unit_row_or_zeros(text: str) -> None:
    length = float(np.linalg.norm(embed([text])[0]))
    assert length == pytest.approx(1, abs=1e-4) or length == 0


@pytest.mark.parametrize(
    "text", ["नमस्ते, कितने का है?", "kitne ka hai bhai", "recieve teh pakage", "👍🏽", "a\x00b", "\ud800"]
)
def test_other_scripts_and_typos_do_not_break_it(text: str) -> None:
    assert np.isfinite(embed([text])).all()


def test_the_table_stays_small_in_memory() -> None:
    from bot.language import embeddings

    embeddings._table.cache_clear()
    tracemalloc.start()
    embed(["hello"])
    peak = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert peak < 40_000_000
