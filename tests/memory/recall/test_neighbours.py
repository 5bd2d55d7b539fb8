"""Values of neighbours, across segments and turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.recall.neighbours import NEIGHBOURS, REACH, SEGMENT_GAP, Floats, Neighbours

conversations = st.lists(st.tuples(st.sampled_from([0, 1, SEGMENT_GAP + 1]), st.integers(0, 1)), max_size=40)


def neighbours_of(conversation: list[tuple[int, int]]) -> Neighbours:
    """From (minutes since the message before, speaker)."""
    minutes = np.cumsum([apart for apart, _ in conversation], dtype=np.int64)
    return Neighbours(minutes, np.array([speaker for _, speaker in conversation], np.int64))


def one_at(place: int, of: int) -> Floats:
    values = np.zeros(of, np.float32)
    values[place] = 1
    return values


TWO_SEGMENTS = [(0, 0), (1, 0), (1, 1), (SEGMENT_GAP + 1, 1), (1, 0)]


def test_a_long_silence_lets_nothing_through() -> None:
    segments, told = neighbours_of(TWO_SEGMENTS), one_at(2, 5)
    for reached in (
        segments.of(told, 1),
        segments.around(told),
        segments.wide(told),
        segments.best_of_segment(told),
        segments.turn_before(told),
        segments.best_of_turn(told),
    ):
        assert not reached[3:].any()


def test_a_turn_is_what_one_sends_in_a_row() -> None:
    segments = neighbours_of(TWO_SEGMENTS)
    assert segments.best_of_turn(one_at(0, 5)).tolist() == [1, 1, 0, 0, 0]
    assert segments.turn_before(one_at(0, 5)).tolist() == [0, 0, 1, 0, 0]
    assert segments.turn_before(one_at(3, 5)).tolist() == [0, 0, 0, 0, 1]
    assert segments.best_of_segment(one_at(0, 5)).tolist() == [1, 1, 1, 0, 0]


@given(conversations)
def test_wide_is_the_sum_of_what_falls_evenly(conversation: list[tuple[int, int]]) -> None:
    segments = neighbours_of(conversation)
    values = np.arange(1, len(conversation) + 1, dtype=np.float32)
    by_moves = values + sum(
        (1 - abs(o) / (REACH + 1)) * segments.of(values, o) for o in range(-REACH, REACH + 1) if o != 0
    )
    assert segments.wide(values) == pytest.approx(by_moves, rel=1e-5)


@given(conversations)
def test_every_message_of_any_conversation_gets_a_value(conversation: list[tuple[int, int]]) -> None:
    segments, values = neighbours_of(conversation), np.ones(len(conversation), np.float32)
    assert (segments.best_of_turn(values) == 1).all()
    assert (segments.best_of_segment(values) == 1).all()
    assert (segments.around(values) <= 1 + sum(NEIGHBOURS.values()) + 1e-6).all()
    assert len(segments.turn_before(values)) == len(conversation)
