"""The fitted part of the classifier: a softmax regression and the training phrase nearest in meaning."""

# ruff: noqa: E501  (tables of words and patterns read better unwrapped)

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.sales.features import buckets_of, words_of
from memory.embeddings import embed

Floats = np.ndarray[Any, np.dtype[np.float32]]

MESSAGE_TYPES = (
    "greeting", "product_inquiry", "currency_conversion", "support_request", "order", "order_status",
    "pricing_discount", "complaint_refund", "thanks_goodbye", "human_handoff", "opt_out", "other",
)  # fmt: skip
OTHER = MESSAGE_TYPES.index("other")
WEIGHTS_FILE = Path(__file__).resolve().parents[2] / "data" / "classifier.npz"
MEANING_WEIGHT = 2.0  # how much a message's vector counts beside its words in the regression; both have length one
NEAREST_SHARE = 0.5
SHARPNESS = 16.0  # the three figures above were chosen by cross-validation over data/phrases
# OpenBLAS spreads larger products over threads that wait for each other: 18 ms instead of 0.2 while the machine is busy.
BLOCK = 32  # rows of 256; below OpenBLAS's limit of 9216 numbers


@dataclass(frozen=True, slots=True)
class Model:
    """Weights as loaded from classifier.npz; `digest` is that of the phrases they were fitted on."""

    weights: np.ndarray[Any, np.dtype[np.int8]]  # buckets x types
    scale: Floats
    bias: Floats
    idf: Floats
    meaning: Floats  # dimensions of an embedding x types
    phrases: Floats  # blocks x BLOCK x dimensions: the embeddings of the phrases, rows of zeros at the end
    kinds: np.ndarray[Any, np.dtype[np.uint8]]  # the phrases' types
    digest: str = ""

    def shares(self, text: str) -> tuple[Floats, Floats]:
        """Probabilities of the types (in the order of MESSAGE_TYPES) by the regression and by the nearest phrases."""
        words = words_of(text)
        counts = buckets_of(words)
        if not counts:
            nothing = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
            nothing[OTHER] = 1
            return nothing, nothing
        vector = vectors_of([words])[0]
        return softmax(self._scores(counts) + vector @ self.meaning), self._nearest(vector)

    def _scores(self, counts: dict[int, int]) -> Floats:
        places = np.fromiter(counts, dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self.idf[places]
        values /= np.sqrt((values**2).sum())
        return np.asarray(values @ self.weights[places].astype(np.float32) * self.scale + self.bias)

    def _nearest(self, vector: Floats) -> Floats:
        """Per type the closest phrase's cosine, sharpened to probabilities."""
        cosines = (self.phrases @ vector).ravel()[: len(self.kinds)]
        best = np.zeros(len(MESSAGE_TYPES), dtype=np.float32)
        np.maximum.at(best, self.kinds, cosines)
        return softmax(best * SHARPNESS)


def vectors_of(texts: list[list[str]]) -> Floats:
    """The embeddings of messages given as their words."""
    return embed([" ".join(words) for words in texts])


def softmax(scores: Floats) -> Floats:
    """Scores as probabilities."""
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), dtype=np.float32)


def _blocks(rows: Floats) -> Floats:
    missing = -len(rows) % BLOCK
    return np.pad(rows, ((0, missing), (0, 0))).reshape(-1, BLOCK, rows.shape[1])


def from_arrays(arrays: dict[str, np.ndarray]) -> Model:
    """A model from what training fits or the weights file holds."""
    return Model(
        arrays["weights"],
        arrays["scale"],
        arrays["bias"],
        arrays["idf"].astype(np.float32),
        arrays["meaning"],
        _blocks(arrays["phrases"].astype(np.float32) / np.float32(127)),
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
