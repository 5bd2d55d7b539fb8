"""The fitted part of the classifier: a softmax regression and the nearest training phrase, weighed together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.sales.features import buckets_of, words_of

Floats = np.ndarray[Any, np.dtype[np.float32]]

MESSAGE_TYPES = (
    "greeting", "product_inquiry", "currency_conversion", "support_request", "order", "order_status",
    "pricing_discount", "complaint_refund", "thanks_goodbye", "human_handoff", "opt_out", "other",
)  # fmt: skip
OTHER = MESSAGE_TYPES.index("other")
WEIGHTS_FILE = Path(__file__).resolve().parents[2] / "data" / "classifier.npz"
SKETCH = 384  # dimensions that a phrase's buckets are folded into; cosines keep an error of about 0.05
NEAREST_SHARE = 0.35
SHARPNESS = 12.0


@dataclass(frozen=True, slots=True)
class Model:
    """Weights as loaded from classifier.npz; `digest` is that of the phrases they were fitted on."""

    weights: np.ndarray[Any, np.dtype[np.int8]]
    scale: Floats
    bias: Floats
    idf: Floats
    sketches: Floats
    kinds: np.ndarray[Any, np.dtype[np.uint8]]
    digest: str = ""

    def shares(self, text: str) -> tuple[Floats, Floats]:
        """Probabilities of the types (in the order of MESSAGE_TYPES) by the regression and by the nearest phrases."""
        counts = buckets_of(words_of(text))
        if not counts:
            nothing = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
            nothing[OTHER] = 1
            return nothing, nothing
        places = np.fromiter(counts, dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self.idf[places]
        values /= np.sqrt((values**2).sum())
        linear = values @ self.weights[places].astype(np.float32) * self.scale + self.bias
        return softmax(linear), self._nearest(_folded(places, values))

    def _nearest(self, sketch: Floats) -> Floats:
        """Per type the closest phrase's cosine, sharpened to probabilities."""
        cosines = self.sketches @ sketch
        best = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
        np.maximum.at(best, self.kinds, cosines)
        return softmax(best * SHARPNESS)


def softmax(scores: Floats) -> Floats:
    """Scores as probabilities."""
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def sketch_of(counts: dict[int, int], idf: Floats) -> Floats:
    """A phrase's weighted buckets folded into SKETCH signed dimensions, of length one."""
    places = np.fromiter(counts, dtype=np.int64, count=len(counts))
    values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * idf[places]
    return _folded(places, values)


def _folded(places: np.ndarray[Any, np.dtype[np.int64]], values: Floats) -> Floats:
    # The sign comes from bits that the fold does not use, so that features sharing a dimension cancel on average.
    signs = np.where((places * 2654435761 >> 16) & 1, 1.0, -1.0)
    folded = np.bincount(places % SKETCH, weights=values * signs, minlength=SKETCH)
    length = np.sqrt((folded**2).sum())
    return np.asarray(folded / length if length else folded, dtype=np.float32)


def from_arrays(arrays: dict[str, np.ndarray]) -> Model:
    """A model from what training fits or the weights file holds."""
    return Model(
        arrays["weights"],
        arrays["scale"],
        arrays["bias"],
        arrays["idf"].astype(np.float32),
        arrays["sketches"].astype(np.float32) / np.float32(127),
        arrays["kinds"],
        str(arrays["digest"]) if "digest" in arrays else "",
    )


@cache
def load(path: Path = WEIGHTS_FILE) -> Model:
    """The shipped model; a missing file says how to make it."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `python -m bot.sales.training` to fit it")
    with np.load(path, allow_pickle=False) as arrays:
        return from_arrays(dict(arrays))
