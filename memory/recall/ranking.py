"""Scores every message of a conversation for a query: words, meaning, speaker, date; one weighted sum."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from babel import Locale

from bot.language.embeddings import embed, embed_weighted, piece_rows, split_words
from bot.language.languages import LANGUAGES, about
from bot.language.words import alternatives, words_of_all
from memory.recall.neighbours import Neighbours
from memory.recall.terms import MOST_TERMS, Terms, is_telling, terms_of

Floats = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).resolve().parents[2] / "data" / "recall_weights.json"

K1, B = 1.2, 0.75  # BM25's usual constants (Robertson and Zaragoza 2009)
LEAST_LENGTH = 0.1  # of a centred vector; shorter ones say too little for a cosine
DISTANT_WORD = 0.2  # cosine from which a word counts as related to another


# A message is scored with its neighbours: in a chat, question and answer spread over several turns.


def _entry(key: str) -> frozenset[str]:
    return frozenset(words_of_all("recall", key))


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(alternatives("recall", key))


def _calendar(part: str) -> dict[str, int]:
    locales = (Locale.parse(about(language).locale) for language in LANGUAGES)
    return {
        name.lower(): number for locale in locales for number, name in getattr(locale, part)["format"]["wide"].items()
    }


MONTH_NUMBER = _calendar("months")
_BY_CAPITAL = _entry("months_by_capital")
_TIME_WORDS = _entry("times") | _calendar("days").keys() | MONTH_NUMBER.keys() - _BY_CAPITAL
_NUMBER_WORDS, _FIRST_PERSON = _entry("numbers"), _entry("first_person")

# People leave out the question mark. "What a day" and "when I was six" are no questions.
_BEGINS_TO_ASK = re.compile(
    rf"(?:(?:{alternatives('recall', 'before_question')})\s+)*(?:{alternatives('recall', 'begins_question')})(?=\s)"
)

TELLS_TIME, TELLS_NUMBER, ASKS, TELLS_OF_SELF, TELLS_NAME = 1, 2, 4, 8, 16
_NAME_INSIDE = re.compile(r"[a-z0-9,;:'’\"“]\s+[\"“']?(?!I\b)[A-Z][a-z]")


def marks(text: str) -> int:
    """Bits: TELLS_TIME, TELLS_NUMBER, ASKS, TELLS_OF_SELF, TELLS_NAME."""
    said = text.lower()
    found = set(re.findall(r"[^\W_]+(?:'[^\W_]+)?", said.replace("’", "'")))
    return (
        TELLS_TIME * bool(found & _TIME_WORDS)
        | TELLS_NUMBER * any(word.isdigit() or word in _NUMBER_WORDS for word in found)
        | ASKS * (said.split("[")[0].rstrip().endswith("?") or _BEGINS_TO_ASK.match(said) is not None)
        | TELLS_OF_SELF * bool(found & _FIRST_PERSON)
        | TELLS_NAME * (_NAME_INSIDE.search(text) is not None)
    )


@dataclass(frozen=True)
class Conversation:
    """All messages of one contact, oldest first; arrays have one entry a message unless said otherwise."""

    ids: npt.NDArray[np.int64]
    minutes: npt.NDArray[np.int64]  # since 1970, UTC
    speakers: npt.NDArray[np.int64]  # number into `names`
    names: tuple[str, ...]
    marks: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # terms in each message
    terms: Terms  # of all messages, one after the other
    # From queries' vectors, a row each, to their centred cosines (queries, messages); None: search by words alone.
    likeness: Callable[[Floats], Floats] | None

    @property
    def owner(self) -> npt.NDArray[np.int64]:
        """By term: the index of its message."""
        return np.repeat(np.arange(len(self.ids)), self.lengths)


@dataclass(frozen=True)
class Query:
    about: tuple[str, ...]  # its telling words without the speakers' names; `terms` are theirs
    terms: Terms
    named: frozenset[int]  # numbers of speakers
    without_names: str  # the text without its speakers' names, unless it is nothing else
    months: frozenset[int]
    years: frozenset[int]
    days: frozenset[int]
    wants_time: bool
    wants_number: bool
    wants_name: bool
    wants_many: bool


_WANTS_TIME, _WANTS_NUMBER, _WANTS_NAME, _WANTS_MANY = (
    _pattern(key) for key in ("wants_time", "wants_number", "wants_name", "wants_many")
)


def understand(text: str, names: tuple[str, ...]) -> Query:
    """`names`: the conversation's speakers."""
    said = split_words(text)
    parts = [split_words(name) for name in names]
    whose = {word: {i for i, part in enumerate(parts) if _is_name(word, part)} for word in said}
    about = [word for word in said if is_telling(word) and not whose[word]][:MOST_TERMS]
    whole = text.lower()
    years = {int(w) for w in said if re.fullmatch(r"(19|20)\d\d", w)}
    months = {MONTH_NUMBER[w] for w in said if w in MONTH_NUMBER and (w not in _BY_CAPITAL or _has_capital(w, text))}
    days = {int(w) for w in said if w.isdigit() and 1 <= int(w) <= 31} if months else set()
    return Query(
        about=tuple(about),
        terms=terms_of(about),
        named=frozenset().union(*whose.values()),
        without_names=" ".join(word for word in said if not whose[word]) or text,
        months=frozenset(months),
        years=frozenset(years),
        days=frozenset(days),
        wants_time=_WANTS_TIME.search(whole) is not None,
        wants_number=_WANTS_NUMBER.search(whole) is not None,
        wants_name=_WANTS_NAME.search(whole) is not None,
        wants_many=_WANTS_MANY.search(whole) is not None,
    )


def _has_capital(word: str, text: str) -> bool:
    return re.search(rf"\b{word.capitalize()}\b", text) is not None


def _is_name(word: str, name: list[str]) -> bool:
    return any(word == part or (len(word) > 2 and part.startswith(word)) for part in name)


def features(conversation: Conversation, query: Query) -> dict[str, Floats]:
    """By name: one value a message. Larger is better, unless the name is of a lack."""
    lexical = _Lexical(conversation, query)
    found = lexical.features()
    found |= _meaning_features(conversation, query, lexical)
    found |= _message_features(conversation, query, found, lexical.near)
    found |= _speaker_features(conversation, query, found)
    return found


class _Lexical:
    """The query's terms in the messages and in their neighbours."""

    def __init__(self, conversation: Conversation, query: Query) -> None:
        self.conversation, self.n = conversation, len(conversation.ids)
        self.near = Neighbours(conversation.minutes, conversation.speakers)
        self.stems, first = np.unique(query.terms["stem"], return_index=True)
        self.pieces = query.terms["piece"][first]
        self.order = [int(np.searchsorted(self.stems, s)) for s in query.terms["stem"]]
        self.owner = conversation.owner
        self.lengths = conversation.lengths.astype(np.float32)
        self.lengths_around = self.near.around(self.lengths)
        self.counts = np.zeros((len(self.stems), self.n), np.float32)
        for row, wanted in zip(self.counts, self.stems, strict=True):
            places = np.flatnonzero(conversation.terms["stem"] == wanted)
            np.add.at(row, self.owner[places], 1)
        held = (self.counts > 0).sum(1)
        self.idf = np.log1p((self.n - held + 0.5) / (held + 0.5)).astype(np.float32)
        self.total = float(self.idf.sum()) or 1.0

    def bm25(self, counts: Floats, lengths: Floats) -> Floats:
        norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1e-6))
        return weighted(self.idf, (counts * (K1 + 1) / (counts + norm)).astype(np.float32)) / self.total

    def coverage(self, counts: Floats) -> Floats:
        return weighted(self.idf, np.minimum(counts, 1)) / self.total

    def features(self) -> dict[str, Floats]:
        near, alone = self.near, self.bm25(self.counts, self.lengths)
        return {
            "words": alone,
            "words around": self.bm25(near.around(self.counts), self.lengths_around),
            "words before": near.of(alone, -1),
            "words in turn before": near.turn_before(alone),
            "words wide": near.wide(alone),
            "rarest word": (self.idf[:, None] * (self.counts > 0)).max(0, initial=0) / np.log1p(self.n),
            "segment": near.best_of_segment(alone),
        }


def _meaning_features(conversation: Conversation, query: Query, lexical: _Lexical) -> dict[str, Floats]:
    if conversation.likeness is None:
        return {}
    near = lexical.near
    whole = embed([query.without_names])[0]
    # A word that this conversation hardly has says more of what is asked than those it always has.
    rare = embed_weighted(query.about, [lexical.idf[i] for i in lexical.order])
    likeness, like_rare = conversation.likeness(np.stack([whole, rare]))
    return {
        "meaning": likeness,
        "meaning around": near.around(likeness),
        "rare meaning": like_rare,
        "rare meaning around": near.around(like_rare),
        "rare meaning in turn": near.best_of_turn(like_rare),
        "rare meaning wide": near.wide(like_rare),
        "hinted around": lexical.coverage(near.around(_related_words(conversation, lexical))),
    }


def centred_cosines(vectors: Floats, asked: Floats) -> Floats:
    """(queries, messages): cosines of vectors less the conversation's mean.

    What all messages have in common says nothing: the other half of smooth inverse frequency.
    """
    # Centred vectors are never laid out: (v - m)·q and |v - m|² follow from products of v. Fast with 10,000 messages.
    mean = vectors.mean(0)
    squares = np.einsum("ij,ij->i", vectors, vectors) - 2 * products(vectors, mean) + mean @ mean
    lengths = np.sqrt(np.maximum(squares, LEAST_LENGTH**2))
    return np.stack([(products(vectors, one) - mean @ one) / lengths for one in asked])


def products(rows: Floats, vector: Floats) -> Floats:
    """(n,): the dot product of each row."""
    # `@` takes 6 ms for 10,000 rows on a busy machine, not 0.3: BLAS starts threads that wait for each other.
    return np.asarray(np.einsum("ij,j->i", rows, vector), np.float32)


def weighted(weights: Floats, rows: Floats) -> Floats:
    """(n,): the weighted sum of rows (terms, n)."""
    return np.asarray(np.einsum("i,ij->j", weights, rows), np.float32)


def _related_words(conversation: Conversation, lexical: _Lexical) -> Floats:
    """(query terms, messages): similarity of the most similar word; 1 for the same word."""
    hinted = np.minimum(lexical.counts, 1)
    pieces = conversation.terms["piece"]
    present = np.flatnonzero(np.bincount(pieces, minlength=1))
    present = present[present > 0]
    if not len(present):
        return hinted
    table = piece_rows(present)
    mentioned = np.flatnonzero(conversation.lengths)
    starts = np.searchsorted(lexical.owner, mentioned)
    by_piece = np.zeros(int(pieces.max()) + 1, np.float32)
    for row, piece in zip(hinted, lexical.pieces, strict=True):
        if piece:
            cosines = products(table, piece_rows(np.array([piece]))[0])
            by_piece[present] = np.maximum(cosines - DISTANT_WORD, 0) / (1 - DISTANT_WORD)
            row[mentioned] = np.maximum(row[mentioned], np.maximum.reduceat(by_piece[pieces], starts))
    return hinted


def _message_features(
    conversation: Conversation, query: Query, found: dict[str, Floats], near: Neighbours
) -> dict[str, Floats]:
    told = conversation.marks
    asks = _marked(told, ASKS)
    tells = 1 - asks
    return {
        "date": _date_match(conversation.minutes, query),
        "tells time": _marked(told, TELLS_TIME) * query.wants_time,
        "tells number": _marked(told, TELLS_NUMBER) * query.wants_number,
        "tells name": _marked(told, TELLS_NAME) * query.wants_name,
        "asks": asks,
        "answers": tells * near.turn_before(asks),
        "answers what was asked": tells * near.turn_before(asks * found["words"]),
        "answers what was meant": tells * near.turn_before(asks * found.get("rare meaning", np.zeros_like(asks))),
        "of self": _marked(told, TELLS_OF_SELF),
        "says nothing": (conversation.lengths == 0).astype(np.float32),
        "says a word": (conversation.lengths == 1).astype(np.float32),
        "length": np.minimum(np.log1p(conversation.lengths.astype(np.float32)), 4),
    }


def _speaker_features(conversation: Conversation, query: Query, found: dict[str, Floats]) -> dict[str, Floats]:
    spoke = np.isin(conversation.speakers, list(query.named)).astype(np.float32) * (len(query.named) == 1)
    told, nothing = conversation.marks, np.zeros(len(spoke), np.float32)
    return {
        "speaker": spoke,
        "speaker of many": spoke * query.wants_many,
        "speaker and words": spoke * np.maximum(found["words around"], 0),
        "speaker and meaning": spoke * found.get("rare meaning around", nothing),
        "speaker of self": spoke * _marked(told, TELLS_OF_SELF),
        "speaker asks": spoke * _marked(told, ASKS),
    }


def _marked(marks: npt.NDArray[np.int64], mark: int) -> Floats:
    return ((marks & mark) > 0).astype(np.float32)


def _date_match(minutes: npt.NDArray[np.int64], query: Query) -> Floats:
    """The share of the query's year, month and day that a message's date has."""
    match = np.zeros(len(minutes), np.float32)
    wanted = [part for part in (query.years, query.months, query.days) if part]
    if not wanted:
        return match
    date = minutes.astype("datetime64[m]")
    month = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    if query.years:
        match += np.isin(date.astype("datetime64[Y]").astype(np.int64) + 1970, list(query.years))
    if query.months:
        # Half for the month after: what happened late in a month is often told in the next.
        following = [m % 12 + 1 for m in query.months]
        match += np.maximum(np.isin(month, list(query.months)), 0.5 * np.isin(month, following))
    if query.days:
        day = (date.astype("datetime64[D]") - date.astype("datetime64[M]")).astype(np.int64) + 1
        apart = np.min([np.abs(day - wanted_day) for wanted_day in query.days], axis=0)
        match += np.maximum(0, 1 - apart / 5)
    match /= len(wanted)
    return match


@cache
def weights() -> dict[str, float]:
    """By feature; fitted by benchmarks/fit_recall.py."""
    return dict(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def scores(conversation: Conversation, query: Query, weigh: dict[str, float] | None = None) -> Floats:
    """One weighted sum a message."""
    weigh = weights() if weigh is None else weigh
    total = np.zeros(len(conversation.ids), np.float32)
    for name, values in features(conversation, query).items():
        total += np.float32(weigh.get(name, 0)) * values
    return total
