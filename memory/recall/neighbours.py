"""The neighbours of each message: in its segment, and in its writer's turn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

SEGMENT_GAP = 6 * 60  # minutes of silence that end a segment of the conversation
# Weight by distance. Earlier messages weigh more: an answer follows its question.
NEIGHBOURS = {-1: 0.4, 1: 0.3, -2: 0.2, 2: 0.2, -3: 0.1, 3: 0.1}
REACH = 8  # messages to each side, for people who send a line at a time
_FALLING = (1 - np.abs(np.arange(-REACH, REACH + 1)) / (REACH + 1)).astype(np.float32)


class Neighbours:
    """Values of a message's neighbours; nothing crosses from one segment to the next.

    Arrays have one entry a message along the last axis, oldest first.
    """

    def __init__(self, minutes: Numbers, speakers: Numbers) -> None:
        self.segment = _numbered(np.diff(minutes) > SEGMENT_GAP)[: len(minutes)]
        new_turn = (np.diff(speakers) != 0) | (np.diff(self.segment) != 0)
        self._turn = _numbered(new_turn)[: len(speakers)]
        self._turn_begins = np.flatnonzero(np.concatenate([[True], new_turn])[: len(speakers)])
        self._follows = np.diff(self.segment[self._turn_begins]) == 0

    def of(self, values: Floats, offset: int) -> Floats:
        """Of the message `offset` places on; 0 where there is none."""
        moved = np.zeros_like(values)
        n = values.shape[-1]
        if abs(offset) >= n:
            return moved
        here = slice(max(0, -offset), n - max(0, offset))
        there = slice(max(0, offset), n - max(0, -offset))
        moved[..., here] = values[..., there] * (self.segment[here] == self.segment[there])
        return moved

    def around(self, values: Floats) -> Floats:
        """Its own and those of its neighbours, by NEIGHBOURS."""
        return np.asarray(values + sum(w * self.of(values, o) for o, w in NEIGHBOURS.items()), np.float32)

    def wide(self, values: Floats) -> Floats:
        """Its own and those of REACH messages to each side, at evenly falling weight."""
        if not len(values):
            return values
        # Segments are laid out with gaps between, so that none reaches into the next.
        places = np.arange(len(values)) + REACH * self.segment
        laid_out = np.zeros(int(places[-1]) + 1, np.float32)
        laid_out[places] = values
        return np.asarray(np.convolve(laid_out, _FALLING)[REACH:-REACH][places], np.float32)

    def best_of_turn(self, values: Floats) -> Floats:
        """Of the messages that the writer sent in a row."""
        return np.maximum.reduceat(values, self._turn_begins)[self._turn] if len(self._turn) else values

    def turn_before(self, values: Floats) -> Floats:
        """Of the other's turn just before."""
        if not len(self._turn):
            return values
        best = np.maximum.reduceat(values, self._turn_begins)
        return np.concatenate([np.zeros(1, np.float32), best[:-1] * self._follows])[self._turn]

    def best_of_segment(self, values: Floats) -> Floats:
        if not len(self.segment):
            return values
        begins = np.flatnonzero(np.diff(self.segment, prepend=-1))
        return np.maximum.reduceat(values, begins)[self.segment]


def _numbered(begins: npt.NDArray[np.bool_]) -> Numbers:
    """Starts at 0, and is one more from each `begins` on."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(begins, dtype=np.int64)])
