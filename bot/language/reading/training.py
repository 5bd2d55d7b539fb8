"""Fits the classifier's weights from data/phrases; run as `python -m bot.language.reading.training`."""

from __future__ import annotations

import hashlib
import itertools
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.language.reading.classifier import EMBEDDING_WEIGHT, MESSAGE_TYPES, WEIGHTS_FILE, Floats, sketch_of, vectors_of
from bot.language.reading.features import BUCKETS, buckets_of, words_of

PHRASES = Path(__file__).resolve().parents[3] / "data" / "phrases"
NOT_CHAT = ("frames.txt", "requests.txt")  # every other file holds phrases as they are written in a chat
FRAMES_PER_REQUEST = 16  # of about sixty; more drowns the real chat
TYPO_COPIES = 2
STEPS = 140
LEARNING_RATE = 0.12
DECAY = 3e-5
SEED = 11

SLOTS = {
    "number": ("00412", "113542", "58812007", "7345519023", "12", "900"),
    "tier": ("premium", "gold", "pro", "standard", "freemium", "platinum"),
    "month": ("last month", "march", "july", "this year"),
    "person": ("Mrs. Brown", "Dr. Patel", "Ms. Garcia", "Mr. Lee"),
    "cur": ("dollars", "usd", "euros", "gbp", "pounds", "yen", "pesos", "rupees", "aud", "canadian dollars"),
    "cur2": ("eur", "us dollars", "inr", "pounds", "aud", "yen", "swiss francs", "dollars", "mexican pesos"),
    "n": ("20", "5", "100", "1500", "ten", "$50"),
    "thing": ("laptop", "phone", "mattress", "protein", "pillow", "pair of glasses", "supplement", "headset"),
}
SWEARING = ("fucking", "bloody", "goddamn", "damn", "freaking")
NEIGHBOURS = {
    key: near
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for key, near in zip(row, [a + b for a, b in zip(" " + row, row[1:] + " ", strict=False)], strict=False)
}
RUSHED = {"you": "u", "your": "ur", "please": "pls", "are": "r", "what": "wat", "how": "hw", "and": "n", "my": "mi",
          "thanks": "thx", "want": "wnt", "product": "prodct", "delivery": "dilivery", "receive": "recieve",
          "received": "recived", "mattress": "matress", "discount": "discont", "available": "avilable"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    message_type: str
    weight: float = 1.0


def read_sections(path: Path) -> Iterator[tuple[str, str]]:
    """(message type, line); a [type] heading starts a section, "# " a comment."""
    message_type = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = re.fullmatch(r"\[(\w+)\]", line)
        if heading:
            message_type = heading.group(1)
            if message_type not in MESSAGE_TYPES:
                raise ValueError(f"{path.name}: [{message_type}] is no message type; use one of {MESSAGE_TYPES}")
        elif line.strip() and not line.startswith("# "):
            yield message_type, line.strip()


def digest(folder: Path = PHRASES) -> str:
    """SHA-256 of the phrases; stored with the weights, which are stale when it differs."""
    seen = hashlib.sha256()
    for path in sorted(folder.glob("*.txt")):
        seen.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return seen.hexdigest()


def chat_phrases(folder: Path = PHRASES) -> list[Example]:
    files = sorted(path for path in folder.glob("*.txt") if path.name not in NOT_CHAT)
    found = (pair for path in files for pair in read_sections(path))
    return [Example(text, message_type) for message_type, text in dict.fromkeys(found)]


def requests(folder: Path = PHRASES) -> list[Example]:
    """In frames with slots filled: "could you help me with returning a product"."""
    chance = random.Random(SEED)  # noqa: S311  # nosec B311 # variety, not secrets
    frames = [line.strip() for line in (folder / "frames.txt").read_text().splitlines() if not line.startswith("# ")]
    made = []
    for message_type, line in read_sections(folder / "requests.txt"):
        infinitive, gerund = (part.strip() for part in line.split("|"))
        for frame in chance.sample(frames, FRAMES_PER_REQUEST):
            text = frame.replace("{inf}", infinitive).replace("{ger}", gerund)
            made.append(Example(_rude(_filled(text, chance), chance), message_type, 0.5))
    return made


def _filled(text: str, chance: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: chance.choice(SLOTS[slot.group(1)]), text)


def _rude(text: str, chance: random.Random) -> str:
    if chance.random() > 0.12:
        return text
    words = text.split()
    words.insert(chance.randrange(1, len(words) + 1) if len(words) > 1 else 1, chance.choice(SWEARING))
    return " ".join(words)


def with_typos(example: Example, copy: int = 0) -> Example:
    """Seeded by the phrase, so that other phrases do not affect it; each `copy` differs."""
    chance = random.Random(f"{SEED} {copy} {example.text}")  # noqa: S311  # nosec B311 # variety, not secrets
    words = [RUSHED[w] if w in RUSHED and chance.random() < 0.4 else w for w in example.text.split()]
    place = chance.randrange(len(words))
    if len(words[place]) > 3:
        words[place] = _mistyped(words[place], chance)
    if len(words) > 2 and chance.random() < 0.15:
        at = chance.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + words[at + 1]]
    return Example(" ".join(words), example.message_type, example.weight * 0.4)


def _mistyped(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    kinds = {
        "swapped": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        "dropped": word[:at] + word[at + 1 :],
        "doubled": word[:at] + word[at] + word[at:],
        "neighbour": word[:at] + chance.choice(NEIGHBOURS.get(word[at], word[at])).strip() + word[at + 1 :],
    }
    return kinds[chance.choice(sorted(kinds))]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Sparse, examples by buckets: row i is `values[starts[i]:starts[i+1]]`, likewise in `buckets`."""

    starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    buckets: np.ndarray[tuple[int], np.dtype[np.int64]]
    values: Floats


def counted(texts: list[list[str]]) -> Matrix:
    """Log counts."""
    rows = [buckets_of(words) or {0: 1} for words in texts]
    lengths = np.array([0, *(len(row) for row in rows)])
    return Matrix(
        np.cumsum(lengths)[:-1],
        np.array(list(itertools.chain.from_iterable(rows)), dtype=np.int64),
        1 + np.log(np.array([c for row in rows for c in row.values()], dtype=np.float32)),
    )


def rarity(matrix: Matrix) -> Floats:
    """Smoothed idf per bucket."""
    seen = np.bincount(matrix.buckets, minlength=BUCKETS)
    return (np.log((len(matrix.starts) + 1) / (seen + 1)) + 1).astype(np.float32)


def weighted(matrix: Matrix, idf: Floats) -> Matrix:
    """Rows times idf, scaled to length 1."""
    values = matrix.values * idf[matrix.buckets]
    norms = np.sqrt(np.add.reduceat(values**2, matrix.starts))
    lengths = np.diff(np.append(matrix.starts, len(values)))
    return Matrix(matrix.starts, matrix.buckets, (values / np.repeat(norms, lengths)).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by bucket and by embedding dimension, and bias; each x types."""

    weights: Floats
    meaning: Floats
    bias: Floats


def fit_softmax(matrix: Matrix, vectors: Floats, labels: np.ndarray, importance: Floats) -> Fitted:
    """Full-batch Adam; deterministic."""
    kinds = len(MESSAGE_TYPES)
    # Only buckets that occur are fitted, densely renumbered; the rest stay zero. After them: dimensions, then the bias.
    used, places = np.unique(matrix.buckets, return_inverse=True)
    dense = np.hstack([vectors, np.ones((len(labels), 1), dtype=np.float32)])
    state = np.zeros((len(used) + dense.shape[1], kinds), dtype=np.float32)
    first, second = np.zeros_like(state), np.zeros_like(state)
    rows = np.repeat(np.arange(len(labels)), np.diff(np.append(matrix.starts, len(matrix.values))))
    wanted = np.eye(kinds, dtype=np.float32)[labels]
    share = (importance / importance.sum()).astype(np.float32)[:, None]
    for step in range(1, STEPS + 1):
        gathered = state[places] * matrix.values[:, None]
        scores = np.add.reduceat(gathered, matrix.starts, axis=0) + dense @ state[len(used) :]
        error = (_softmax(scores) - wanted) * share
        slope = np.empty_like(state)
        spread = error[rows] * matrix.values[:, None]
        for kind in range(kinds):
            slope[: len(used), kind] = np.bincount(places, weights=spread[:, kind], minlength=len(used))
        slope[len(used) :] = dense.T @ error
        slope[:-1] += DECAY * state[:-1] / 10
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        rate = LEARNING_RATE * (1 - step / (STEPS + 20))
        state -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-6)
    weights = np.zeros((BUCKETS, kinds), dtype=np.float32)
    weights[used] = state[: len(used)]
    return Fitted(weights, state[len(used) : -1], state[-1])


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def examples(written: list[Example], asked: list[Example]) -> list[Example]:
    mistyped = [with_typos(e, copy) for e in written if len(e.text) > 4 for copy in range(TYPO_COPIES)]
    return written + asked + mistyped + [with_typos(e) for e in asked[::2]]


def importance_of(chosen: list[Example]) -> Floats:
    """Types are balanced by the square root of their totals."""
    totals = {kind: sum(e.weight for e in chosen if e.message_type == kind) for kind in MESSAGE_TYPES}
    return np.array([e.weight / max(totals[e.message_type], 1) ** 0.5 for e in chosen], dtype=np.float32)


def fit(written: list[Example], asked: list[Example]) -> dict[str, np.ndarray]:
    """The arrays of classifier.npz."""
    chosen = examples(written, asked)
    words = [words_of(e.text) for e in chosen]
    counts = counted(words)
    idf = rarity(counts)
    labels = np.array([MESSAGE_TYPES.index(e.message_type) for e in chosen])
    vectors = EMBEDDING_WEIGHT * vectors_of(words)
    fitted = fit_softmax(weighted(counts, idf), vectors, labels, importance_of(chosen))
    scale = np.abs(fitted.weights).max(axis=0) / 127
    near = list({e.text: e for e in written + asked[::3]}.values())
    sketches = np.stack([sketch_of(buckets_of(words_of(e.text)), idf) for e in near])
    return {
        "weights": np.round(fitted.weights / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": fitted.bias,
        "idf": idf.astype(np.float16),
        "meaning": EMBEDDING_WEIGHT * fitted.meaning,
        "sketches": np.round(sketches * 127).astype(np.int8),
        "embeddings": np.round(vectors_of([words_of(e.text) for e in near]) * 127).astype(np.int8),
        "kinds": np.array([MESSAGE_TYPES.index(e.message_type) for e in near], dtype=np.uint8),
    }


def main() -> None:
    arrays = fit(chat_phrases(), requests())
    np.savez_compressed(WEIGHTS_FILE, digest=np.array(digest()), **arrays)  # type: ignore[arg-type]
    sys.stdout.write(
        f"{WEIGHTS_FILE.name}: {WEIGHTS_FILE.stat().st_size / 1e6:.2f} MB, {len(arrays['kinds'])} phrases to compare with\n"
    )


if __name__ == "__main__":
    main()
