"""Where each message of a conversation stands: its sitting, its writer's turn, its neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

SITTING_GAP = 6 * 60  # minutes of silence after which messages are no longer neighbours
# How much a word counts when it stands in a neighbour: earlier messages first, as an answer follows what was asked.
NEIGHBOURS = {-1: 0.4, 1: 0.3, -2: 0.2, 2: 0.2, -3: 0.1, 3: 0.1}
REACH = 8  # messages to each side that still tell what one is about where people send a line at a time
_FALLING = (1 - np.abs(np.arange(-REACH, REACH + 1)) / (REACH + 1)).astype(np.float32)


class Sittings:
    """Brings to each message what its neighbours have; across a long silence nothing is brought.

    Values have one entry a message along the last axis, oldest first.
    """

    def __init__(self, minutes: Numbers, speakers: Numbers) -> None:
        self.sitting = _counted(np.diff(minutes) > SITTING_GAP)[: len(minutes)]
        new_turn = (np.diff(speakers) != 0) | (np.diff(self.sitting) != 0)
        self._turn = _counted(new_turn)[: len(speakers)]
        self._turn_begins = np.flatnonzero(np.concatenate([[True], new_turn])[: len(speakers)])
        self._follows = np.diff(self.sitting[self._turn_begins]) == 0

    def of(self, values: Floats, offset: int) -> Floats:
        """The value of the message `offset` places on, 0 where there is none."""
        moved = np.zeros_like(values)
        n = values.shape[-1]
        if abs(offset) >= n:
            return moved
        here = slice(max(0, -offset), n - max(0, offset))
        there = slice(max(0, offset), n - max(0, -offset))
        moved[..., here] = values[..., there] * (self.sitting[here] == self.sitting[there])
        return moved

    def around(self, values: Floats) -> Floats:
        """The message's own and, as `NEIGHBOURS` weighs them, those beside it."""
        return np.asarray(values + sum(w * self.of(values, o) for o, w in NEIGHBOURS.items()), np.float32)

    def wide(self, values: Floats) -> Floats:
        """(messages,): the message's own and, at evenly falling weight, those of `REACH` messages to each side."""
        if not len(values):
            return values
        # Sittings are laid out with silence between, so that none reaches into the next.
        places = np.arange(len(values)) + REACH * self.sitting
        laid_out = np.zeros(int(places[-1]) + 1, np.float32)
        laid_out[places] = values
        return np.asarray(np.convolve(laid_out, _FALLING)[REACH:-REACH][places], np.float32)

    def best_of_turn(self, values: Floats) -> Floats:
        """The best among the messages that the writer sent in a row."""
        return np.maximum.reduceat(values, self._turn_begins)[self._turn] if len(self._turn) else values

    def turn_before(self, values: Floats) -> Floats:
        """The best of the other's turn just before."""
        if not len(self._turn):
            return values
        best = np.maximum.reduceat(values, self._turn_begins)
        return np.concatenate([np.zeros(1, np.float32), best[:-1] * self._follows])[self._turn]

    def best_of_sitting(self, values: Floats) -> Floats:
        """The best of the sitting."""
        if not len(self.sitting):
            return values
        begins = np.flatnonzero(np.diff(self.sitting, prepend=-1))
        return np.maximum.reduceat(values, begins)[self.sitting]


def _counted(begins: npt.NDArray[np.bool_]) -> Numbers:
    """0, and one more at each place where something new begins."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(begins, dtype=np.int64)])
