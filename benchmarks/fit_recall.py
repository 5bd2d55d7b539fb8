"""Fits the weights of memory/recall/ranking.py on simulated chats and writes data/recall_weights.json.

python -m benchmarks.fit_recall [chats]       two minutes of one core
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.simulate_chats import Chat, simulate
from memory.recall.ranking import WEIGHTS, Conversation, centred_cosines, features, marks, understand
from memory.recall.search import as_stored
from memory.recall.terms import terms

Matrix = npt.NDArray[np.float64]

# Among the turns of its chat, those that answer a question should score highest: a softmax over the nearest turns.
# The weights are held near the hand-set ones, in units of each feature's spread: simulated chats are simpler than real
# ones, and what they do not teach should not drift. Signs are held, too: matching words never count against a message.
# The last quarter of the chats is held out and reported.
# Set by hand: words around as in BM25 over weighted columns, meaning at about half of it, the rest as small helps.
BY_HAND = {
    "words around": 1.0,
    "words before": 0.05,
    "words in turn before": 0.05,
    "words wide": 0.05,
    "rarest word": 0.05,
    "segment": 0.05,
    "meaning": 0.1,
    "meaning around": 0.25,
    "rare meaning": 0.1,
    "rare meaning around": 0.2,
    "rare meaning in turn": 0.0,
    "rare meaning wide": 0.05,
    "hinted around": 0.1,
    "speaker": 0.1,
    "speaker of many": 0.0,
    "speaker and meaning": 0.1,
    "speaker of self": 0.02,
    "speaker asks": -0.02,
    "speaker and words": 0.2,
    "date": 0.2,
    "tells time": 0.05,
    "tells number": 0.05,
    "tells name": 0.02,
    "asks": -0.05,
    "answers": 0.02,
    "answers what was asked": 0.1,
    "answers what was meant": 0.1,
    "of self": 0.02,
    "says nothing": -0.1,
    "says a word": -0.05,
    "length": 0.02,
}
NEVER_ABOVE_ZERO = {"asks", "speaker asks", "says nothing", "says a word"}
SHARPNESS = 6.0  # one unit of score, as a factor of e: the softmax's temperature
NEAREST = 150  # turns of a chat that a question chooses among, by the hand-set weights
AT_ONCE = 512  # questions in one step


@dataclass(frozen=True)
class RankedQuestion:
    """A question: a row of features for each of the nearest turns, and the rows that answer it."""

    rows: Matrix
    answers: npt.NDArray[np.int64]


def conversation_of(chat: Chat) -> Conversation:
    """As recall sees it, with rounded vectors."""
    names = tuple(dict.fromkeys(turn.speaker for turn in chat.turns))
    told = [terms(turn.text) for turn in chat.turns]
    return Conversation(
        ids=np.arange(len(chat.turns)),
        minutes=np.array([int(turn.at.timestamp() // 60) for turn in chat.turns]),
        speakers=np.array([names.index(turn.speaker) for turn in chat.turns]),
        names=names,
        marks=np.array([marks(turn.text) for turn in chat.turns]),
        lengths=np.array([len(t) for t in told]),
        terms=np.concatenate(told),
        likeness=partial(centred_cosines, as_stored([turn.text for turn in chat.turns])),
    )


def ranked_questions(chat: Chat) -> list[RankedQuestion]:
    conversation = conversation_of(chat)
    found = []
    for question in chat.questions:
        values = features(conversation, understand(question.text, conversation.names))
        rows = np.stack([values[name] for name in BY_HAND], axis=1).astype(np.float64)
        found.append(_nearest_turns(rows, np.array(question.evidence)))
    return found


def _nearest_turns(rows: Matrix, answers: npt.NDArray[np.int64]) -> RankedQuestion:
    best = np.argsort(-(rows @ np.array(list(BY_HAND.values()))), kind="stable")[:NEAREST]
    kept = np.union1d(best, answers)
    return RankedQuestion(rows[kept], np.searchsorted(kept, answers))


def fit(training: list[RankedQuestion], pull: float, steps: int = 300) -> Matrix:
    """By feature of BY_HAND. `pull`: how strongly they are held to the hand-set ones."""
    start = np.array(list(BY_HAND.values()))
    sign = np.array([-1.0 if name in NEVER_ABOVE_ZERO else 1.0 for name in BY_HAND])
    spread = np.mean([choice.rows.std(0) for choice in training], axis=0) + 1e-6
    w, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    rng = np.random.default_rng(0)
    for step in range(1, steps + 1):
        some = rng.choice(len(training), min(AT_ONCE, len(training)), replace=False)
        slope = np.mean([_slope(training[i], w) for i in some], axis=0)
        slope += pull * SHARPNESS**2 * spread**2 * (w - start)
        slope /= spread
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        move = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-9)
        w -= 0.002 * move / spread * (1 - step / (steps + 1))
        w = sign * np.maximum(sign * w, 0)
    return w


def _slope(choice: RankedQuestion, w: Matrix) -> Matrix:
    """Of minus the mean log probability of the answers."""
    score = SHARPNESS * (choice.rows @ w)
    chance = np.exp(score - score.max())
    chance /= chance.sum()
    return np.asarray(SHARPNESS * (chance @ choice.rows - choice.rows[choice.answers].mean(0)))


def recall_at_ten(tested: list[RankedQuestion], w: Matrix) -> float:
    """Evidence recall in the first ten, 0 to 100."""
    hits = []
    for choice in tested:
        best = np.argsort(-(choice.rows @ w), kind="stable")[:10]
        hits.append(len(set(best) & set(choice.answers)) / len(choice.answers))
    return 100 * float(np.mean(hits))


def main(chats: int = 32, pull: float = 2.0) -> None:
    training: list[RankedQuestion] = []
    tested: dict[str, list[RankedQuestion]] = {}
    for kind, texting in (("letters", False), ("texting", True)):
        made = [ranked_questions(simulate(seed, texting=texting)) for seed in range(chats // 2)]
        split = len(made) * 3 // 4
        training += [choice for chat in made[:split] for choice in chat]
        tested[kind] = [choice for chat in made[split:] for choice in chat]
    w = fit(training, pull)
    for kind, held_out in tested.items():
        by_hand, fitted = recall_at_ten(held_out, np.array(list(BY_HAND.values()))), recall_at_ten(held_out, w)
        print(f"held-out simulated chats, {kind}, first ten: by hand {by_hand:.1f}, fitted {fitted:.1f}")
    weights = {name: round(float(value), 4) for name, value in zip(BY_HAND, w, strict=True)}
    WEIGHTS.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
