"""Counts what customers from ads ask about, in every language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from bot.language.normalisation import fold
from bot.language.patterns import folded_words
from bot.language.words import alternatives
from memory.ads.chat_texts import AdChat

Topic = Literal[
    "cash on delivery", "delivery time", "returns", "warranty", "price too high", "discount", "is it genuine",
    "size and fit", "installments",
]  # fmt: skip
OBJECTION_SUBJECT: Final = "objection:"  # begins the subject of a learning on a topic
ENOUGH_CHATS: Final = 20  # below that, shares say nothing
MIN_SHARE: Final = 0.05  # of the chats; what fewer ask about is no objection to answer in an ad


@dataclass(frozen=True, slots=True)
class Objections:
    """A chat counts once per topic."""

    chats: int
    by_topic: Mapping[Topic, int]

    def share(self, topic: Topic) -> float:
        """Of all chats, 0 to 1."""
        return self.by_topic.get(topic, 0) / self.chats if self.chats else 0.0

    def sentence(self, topic: Topic) -> str:
        return f"{self.by_topic.get(topic, 0)} of {self.chats} chats asked {_ASKED.get(topic, f'about {topic}')}"

    def frequent(self) -> list[Topic]:
        """Most asked first; empty below `ENOUGH_CHATS`."""
        if self.chats < ENOUGH_CHATS:
            return []
        return [topic for topic in self.by_topic if self.share(topic) >= MIN_SHARE]


def objections(ad_chats: Sequence[AdChat]) -> Objections:
    """Chats in which the customer wrote nothing are not counted."""
    spoken = [ad_chat for ad_chat in ad_chats if any(text.strip() for text in ad_chat.texts)]
    counts = Counter(topic for ad_chat in spoken for topic in topics("\n".join(ad_chat.texts)))
    return Objections(len(spoken), dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))))


def topics(text: str) -> set[Topic]:
    plain = fold(text)
    return {topic for topic, pattern in _PATTERNS.items() if pattern.search(plain)}


_ASKED: Final[Mapping[Topic, str]] = {
    "price too high": "for less, or said it costs too much",
    "discount": "for a discount",
    "is it genuine": "whether it is genuine",
    "installments": "to pay in installments",
}
_PATTERNS: Final[Mapping[Topic, re.Pattern[str]]] = {
    topic: folded_words(alternatives("objections", topic.replace(" ", "_"))) for topic in get_args(Topic)
}
