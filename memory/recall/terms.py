"""The terms of a text: stems of its words without stop words, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

from bot.language.embeddings import split_words, word_pieces
from bot.language.words import words_of_all
from memory.recall.english_stemmer import stem

# The checksum of the stem, and the word's row in the table of embeddings (0: not a single piece).
TERM = np.dtype([("stem", "<u4"), ("piece", "<u2")])
Terms = npt.NDArray[np.void]
MOST_TERMS = 400  # of one message: what follows in a longer one is not searched by word

STOP_WORDS = frozenset(words_of_all("recall", "small_words"))


def terms(text: str) -> Terms:
    """In the order of the text, dtype TERM; at most MOST_TERMS."""
    return terms_of([word for word in split_words(text) if is_telling(word)])


def terms_of(telling: Sequence[str]) -> Terms:
    """At most MOST_TERMS."""
    return np.array([_term(word) for word in telling[:MOST_TERMS]], TERM)


def is_telling(word: str) -> bool:
    """A lower-case word that is no sign and no stop word."""
    return word[0].isalnum() and word not in STOP_WORDS and (len(word) > 1 or word.isdigit() or not word.isascii())


@lru_cache(maxsize=50_000)
def _term(word: str) -> tuple[int, int]:
    pieces = word_pieces(word)
    return crc32(stem(word).encode("utf-8", "surrogatepass")), pieces[0] if len(pieces) == 1 else 0
