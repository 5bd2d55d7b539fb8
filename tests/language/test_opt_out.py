"""STOP and START as whole messages, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.reading.opt_out import START, STOP, is_start, is_stop


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "*STOP*", "“stop”", "stop!!!", "Stop 🙏", "UNSUBSCRIBE", "opt-out", "BAJA", "Parar", "SALIR", "sair", "PARE", "band karo", "बंद करो", "बंद करो।", "रोको", "STOP\n"])  # fmt: skip
def test_it_stops(text: str) -> None:
    assert is_stop(text)
    assert not is_start(text)


@pytest.mark.parametrize("text", ["don't stop", "stop by the shop", "CANCEL", "cancelar", "cancel my order", "no", "नहीं", "non-stop", "bus stop", "", "!", "stop" * 20])  # fmt: skip
def test_it_does_not_stop(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize("text", ["START", "start.", "Começar", "ALTA", "शुरू करो", "subscribe", "UNSTOP"])
def test_it_starts(text: str) -> None:
    assert is_start(text)


@pytest.mark.parametrize("text", ["yes", "start my order", "don't start", "si"])
def test_it_does_not_start(text: str) -> None:
    assert not is_start(text)


def test_no_word_means_both() -> None:
    assert not {w.strip() for w in STOP} & {w.strip() for w in START}


@given(
    st.sampled_from(sorted(STOP)),
    st.sampled_from(["", " ", "\n", "  "]),
    st.sampled_from(["", ".", "!", "!!", " ."]),
)
def test_case_space_and_punctuation_do_not_matter(word: str, space: str, mark: str) -> None:
    assert is_stop(f"{space}{word.strip().upper()}{mark}{space}")
