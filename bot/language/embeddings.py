"""Static text embeddings: a vector per word piece, summed per text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# Distilled from all-MiniLM-L6-v2 by benchmarks/distill_embeddings.py (licence in NOTICE). Best in English.
DIMENSIONS = 256
TABLE = Path(__file__).resolve().parents[2] / "data" / "embeddings.npz"
LONGEST_WORD = 100  # characters; BERT's own limit, a longer "word" is noise
LONGEST_TEXT = 8000  # characters; later ones hardly change the sum

# A word is letters, digits and combining signs (Devanagari's vowels are such); anything else stands for itself.
_WORDS = re.compile(r"[\w\u0900-\u0963\u0966-\u097F]+|[^\w\s]")


def embed(texts: Sequence[str]) -> Vectors:
    """Unit vectors (len(texts), 256); zeros for a text without a known word piece.

    The first call loads the table (40 MB). Raises FileNotFoundError.
    """
    vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
    for row, text in zip(vectors, texts, strict=True):
        _sum_pieces(text, row)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return vectors


def embed_weighted(tokens: Sequence[str], weights: Sequence[float]) -> Vectors:
    """A unit vector (256,), or zeros."""
    _, rows, scale = _table()
    vector = np.zeros(DIMENSIONS, np.float32)
    for word, weight in zip(tokens, weights, strict=True):
        for piece in word_pieces(word):
            vector += np.float32(weight) * scale[piece] * rows[piece]
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _sum_pieces(text: str, into: Vectors) -> None:
    _, rows, scale = _table()
    ids = [i for word in split_words(text) for i in word_pieces(word)]
    if ids:
        # No BLAS here: for a long text it starts threads, which wait for each other on a busy machine.
        np.sum(rows[ids] * scale[ids, None], axis=0, out=into)


def split_words(text: str) -> list[str]:
    plain = text[:LONGEST_TEXT].lower()
    if not plain.isascii():
        parted = unicodedata.normalize("NFD", plain)
        plain = "".join(c for c in parted if unicodedata.category(c) != "Mn")
    return _WORDS.findall(plain)


@lru_cache(maxsize=50_000)
def word_pieces(word: str) -> tuple[int, ...]:
    """Table rows, by WordPiece (Wu et al. 2016); empty if any part is unknown."""
    if len(word) > LONGEST_WORD:
        return ()
    pieces, start, found = _table()[0], 0, []
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = pieces.get(("##" if start else "") + word[start:end])
            if piece is not None:
                break
        else:
            return ()
        found.append(piece)
        start = end
    return tuple(found)


def piece_rows(numbers: npt.NDArray[np.int64]) -> Vectors:
    """Unit vectors, (len(numbers), 256)."""
    _, rows, _ = _table()
    chosen = rows[numbers].astype(np.float32)
    chosen /= np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1e-6)
    return chosen


@cache
def _table() -> tuple[dict[str, int], npt.NDArray[np.int8], Vectors]:
    with np.load(TABLE) as table:
        pieces = bytes(table["pieces"]).decode().split("\n")
        return {p: i for i, p in enumerate(pieces)}, table["rows"], table["scale"].astype(np.float32)
