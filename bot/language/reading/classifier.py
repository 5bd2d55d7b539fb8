"""The classifier: softmax regression, and nearest training phrases by letters and by meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.language.embeddings import embed
from bot.language.reading.features import buckets_of, words_of

Floats = np.ndarray[Any, np.dtype[np.float32]]

MESSAGE_TYPES = (
    "greeting", "product_inquiry", "currency_conversion", "support_request", "order", "order_status",
    "pricing_discount", "complaint_refund", "thanks_goodbye", "human_handoff", "opt_out", "other",
)  # fmt: skip
OTHER = MESSAGE_TYPES.index("other")
WEIGHTS_FILE = Path(__file__).resolve().parents[3] / "data" / "classifier.npz"
SKETCH = 256  # dimensions that a phrase's buckets are folded into; cosines keep an error of about 0.06
# The next four were chosen by cross-validation over data/phrases, by file and by fold.
EMBEDDING_WEIGHT = 2.0  # weight of the embedding relative to the words in the regression; both are unit vectors
NEAREST_SHARE = 0.7  # share of the result; the rest is the regression's
LETTERS_SHARE = 0.3  # share of the nearest phrases by letters; the rest is by embeddings
SHARPNESS = 12.0
# OpenBLAS spreads larger products over threads that wait for each other: 18 ms instead of 0.2 while the machine is busy.
BLOCK = 32  # rows of 256; one block stays below OpenBLAS's limit of 9216 numbers


@dataclass(frozen=True, slots=True)
class Model:
    """The arrays of data/classifier.npz."""

    weights: np.ndarray[Any, np.dtype[np.int8]]  # buckets x types
    scale: Floats
    bias: Floats
    idf: Floats
    meaning: Floats  # dimensions of an embedding x types
    sketches: Floats  # the phrases' buckets, folded: blocks x BLOCK x SKETCH, rows of zeros at the end
    embeddings: Floats  # the phrases' embeddings, in the same order and form
    kinds: np.ndarray[Any, np.dtype[np.uint8]]  # the phrases' types
    digest: str = ""  # of the training phrases

    def probabilities(self, text: str) -> tuple[Floats, Floats]:
        """In the order of MESSAGE_TYPES: by regression, and by nearest phrases."""
        words = words_of(text)
        counts = buckets_of(words)
        if not counts:
            nothing = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
            nothing[OTHER] = 1
            return nothing, nothing
        places, values = _weighted(counts, self.idf)
        meaning = vectors_of([words])[0]
        by_words = (self.weights[places] * values[:, None]).sum(axis=0) * self.scale
        linear = by_words + meaning @ self.meaning + self.bias
        by_letters = self._nearest(self.sketches, _folded(places, values))
        by_meaning = self._nearest(self.embeddings, meaning)
        return softmax(linear), LETTERS_SHARE * by_letters + (1 - LETTERS_SHARE) * by_meaning

    def _nearest(self, phrases: Floats, vector: Floats) -> Floats:
        """By type: the closest phrase's cosine, sharpened to a probability."""
        cosines = (phrases @ vector).ravel()[: len(self.kinds)]
        best = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
        np.maximum.at(best, self.kinds, cosines)
        return softmax(best * SHARPNESS)


def vectors_of(texts: list[list[str]]) -> Floats:
    return embed([" ".join(words) for words in texts])


def softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def sketch_of(counts: dict[int, int], idf: Floats) -> Floats:
    """A unit vector of SKETCH signed dimensions."""
    return _folded(*_weighted(counts, idf))


def _weighted(counts: dict[int, int], idf: Floats) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Floats]:
    places = np.fromiter(counts, dtype=np.int64, count=len(counts))
    values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * idf[places]
    return places, np.asarray(values / np.sqrt((values**2).sum()), dtype=np.float32)


def _folded(places: np.ndarray[Any, np.dtype[np.int64]], values: Floats) -> Floats:
    # The sign comes from bits that the fold does not use, so that features sharing a dimension cancel on average.
    signs = np.where((places * 2654435761 >> 16) & 1, 1.0, -1.0)
    folded = np.bincount(places % SKETCH, weights=values * signs, minlength=SKETCH)
    length = np.sqrt((folded**2).sum())
    return np.asarray(folded / length if length else folded, dtype=np.float32)


def _blocks(rows: np.ndarray[Any, np.dtype[np.int8]]) -> Floats:
    missing = -len(rows) % BLOCK
    padded = np.pad(rows, ((0, missing), (0, 0))).astype(np.float32) / np.float32(127)
    return padded.reshape(-1, BLOCK, rows.shape[1])


def from_arrays(arrays: dict[str, np.ndarray]) -> Model:
    return Model(
        arrays["weights"],
        arrays["scale"],
        arrays["bias"],
        arrays["idf"].astype(np.float32),
        arrays["meaning"],
        _blocks(arrays["sketches"]),
        _blocks(arrays["embeddings"]),
        arrays["kinds"],
        str(arrays["digest"]) if "digest" in arrays else "",
    )


@cache
def load(path: Path = WEIGHTS_FILE) -> Model:
    """Raises FileNotFoundError, with the command that makes it."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `python -m bot.language.reading.training` to fit it")
    with np.load(path, allow_pickle=False) as arrays:
        return from_arrays(dict(arrays))
