"""Makes chats of two people over months, with questions and the turns that answer them, from the scenes in chats.txt.

What recall is fitted and compared on: no public conversation goes into it, so the weights are ours to ship. Each chat
has a few tens of sittings, each sitting a few scenes of either speaker; most scenes are told more than once with other
words, by either, so that the right turn has look-alikes.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from memory.embeddings import words
from memory.terms import is_telling

SCENES = Path(__file__).with_name("chats.txt")
_NAMES = (
    "Priya Daniel Ana Kofi Mia Jonas Leila Marco Sofia Arjun Hannah Diego Wei Fatima Oscar Ruth Tariq Elena Noah Chloe"
    " Samir Greta Paulo Ines Victor Dalia Rahul Bianca Ethan Zoe"
)
NAMES = _NAMES.split()
BACKCHANNEL = (
    "Wow, {name}! {word}? That's so cool.", "Ha, {word}. Tell me more about it!", "{word}! I love that, {name}.",
    "That's great, {name}.", "Oh really? How was that?", "Nice! I've heard a lot about {word}.", "So happy for you!",
    "I bet {word} was something else. Good for you, {name}.",
)  # fmt: skip
OPENINGS = (
    "What did {name} say about", "What does {name} think of", "Why did {name}", "How did {name}", "What is {name}'s",
    "When did {name}", "Who", "Did {name}", "What kind of",
)  # fmt: skip
STRAYS = ("favourite", "experience", "reason", "plan", "interest", "event", "activity", "type", "feel", "recent")
MANY = {
    "hobby": ("What {hobbies|pastimes|activities} does {A} {have|enjoy}?", "What does {A} do {for fun|in free time}?"),
    "pet": ("{What|Which} {pets|animals} does {A} have?", "What are the names of {A}'s pets?"),
    "trip": ("{Where|Which places} has {A} {been|travelled} to?", "What {vacations|trips} did {A} {take|plan}?"),
    "work": ("What {jobs|work} has {A} {had|done}?", "How has {A}'s career {changed|gone}?"),
    "purchase": ("What {items|things} has {A} {bought|purchased}?",),
    "food": ("What {dishes|meals|recipes} has {A} {cooked|made}?",),
    "health": ("What {health problems|illnesses} has {A} {had|faced}?",),
    "family": ("What {family events|celebrations} did {A} {attend|have}?",),
    "book": ("{What|Which} books has {A} read?",),
    "music": ("{What|Which} concerts has {A} been to?",),
    "volunteer": ("What {charity|volunteer} work {has {A} done|does {A} do}?",),
    "art": ("What {art|kinds of art} has {A} made?",),
    "game": ("What {competitions|tournaments} has {A} {entered|won}?",),
    "shop": ("What {products|items} is {A} interested in?",),
}


@dataclass
class Scene:
    """One thing that happens to A and is told to B."""

    kind: str
    turns: list[tuple[str, str]] = field(default_factory=list)
    questions: list[tuple[int, str, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Turn:
    """A message of a simulated chat."""

    at: datetime
    speaker: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question with the places of the turns that answer it; category as in chats.txt."""

    text: str
    category: int
    evidence: tuple[int, ...]


@dataclass
class Chat:
    """A simulated conversation."""

    turns: list[Turn]
    questions: list[Question]


def _telling(text: str) -> list[str]:
    return [word for word in dict.fromkeys(words(text)) if is_telling(word)]


Words = dict[str, list[tuple[str, str]]]


def read_scenes(path: Path = SCENES) -> tuple[list[Scene], Words]:
    """The scenes and the word lists: for each slot (as said, as asked)."""
    scenes: list[Scene] = []
    lists: Words = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            scenes.append(Scene(line[3:].strip()))
        elif line.startswith(("A:", "B:")):
            scenes[-1].turns.append((line[0], line[2:].strip()))
        elif line.startswith("?"):
            text, _, places = line[2:].rpartition("->")
            scenes[-1].questions.append((int(line[1]), text.strip(), [int(p) - 1 for p in places.split(",")]))
        elif line.startswith("= "):
            slot, _, options = line[2:].partition(":")
            lists[slot] = [_said_and_asked(option.strip()) for option in options.split(",")]
    return scenes, lists


def _said_and_asked(option: str) -> tuple[str, str]:
    said, _, asked = option.partition("=")
    return said, asked or said


class Writer:
    """Fills one scene: the same slot gives the same thing through all its turns and questions."""

    def __init__(self, lists: Words, a: str, b: str, rng: random.Random) -> None:
        self.lists, self.rng, self.people = lists, rng, {"A": a, "B": b}
        self.chosen: dict[str, tuple[str, str]] = {}

    def write(self, text: str) -> str:
        """`text` with its choices made, innermost first."""
        while (match := re.search(r"\{([^{}]*)\}", text)) is not None:
            text = text[: match.start()] + self._choice(match[1]) + text[match.end() :]
        return text.strip()

    def _choice(self, inside: str) -> str:
        if inside in self.people:
            return self.people[inside]
        slot = inside.removesuffix("?")
        if slot == "when":
            return self.rng.choice(self.lists["when"])[0]
        if slot not in self.lists:
            return self.rng.choice(inside.split("|"))
        said, asked = self.chosen.setdefault(slot, self.rng.choice(self.lists[slot]))
        return asked if inside.endswith("?") and self.rng.random() < 0.35 else said


def simulate(seed: int, sittings: int = 16) -> Chat:
    """A chat of two people, the same for the same seed: some 400 to 700 turns and 150 questions."""
    return _Simulation(random.Random(seed)).run(sittings)


class _Simulation:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.scenes, self.lists = read_scenes()
        self.names = rng.sample(NAMES, 2)
        self.deck: list[Scene] = []
        self.turns: list[Turn] = []
        self.questions: list[Question] = []
        self.by_kind: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.at = datetime(2023, rng.randint(1, 12), rng.randint(1, 28), tzinfo=UTC)

    def run(self, sittings: int) -> Chat:
        for _ in range(sittings):
            self.at += timedelta(days=self.rng.randint(1, 14), minutes=self.rng.randint(0, 900))
            self.tell(self.rng.choice([scene for scene in self.scenes if scene.kind == "small"]))
            for _ in range(self.rng.randint(2, 4)):
                self.tell(self.next_scene())
        self.ask_of_many()
        return Chat(self.turns, self.questions)

    def next_scene(self) -> Scene:
        """Each scene once in random order, then again: people do not tell the same thing every week."""
        if not self.deck:
            self.deck = self.rng.sample(self.scenes, len(self.scenes))
        return self.deck.pop()

    def tell(self, scene: Scene) -> None:
        a, b = self.rng.sample(self.names, 2)
        writer, places, at = Writer(self.lists, a, b, self.rng), [], self.at
        for who, text in scene.turns:
            places.append(len(self.turns))
            self.say(writer.people[who], writer.write(text))
            if self.rng.random() < 0.35:
                self.chatter(b if who == "A" else a, writer)
        for category, text, of in scene.questions:
            evidence = tuple(places[i] for i in of)
            asked = writer.write(text)
            if self.rng.random() < 0.1:
                asked = asked.rstrip("?") + self.at.strftime(" in %B %Y?")
            if self.rng.random() < 0.5:
                self.questions.append(Question(asked, category, evidence))
        if scene.kind != "small":
            self.echo(places)
        self.at = at + timedelta(minutes=self.rng.randint(1, 30))
        if scene.kind != "small" and places:
            told = next((i for i, (who, _) in enumerate(scene.turns) if who == "A"), 0)
            self.by_kind[a, scene.kind].append(places[told])

    def echo(self, places: list[int]) -> None:
        """Ask of single turns with some of their own words, as people do who look a thing up that they half remember.

        Some words come from the turn before, which often names what the answer is about; one may be a stray.
        """
        for place in places:
            own = _telling(self.turns[place].text)
            if len(own) < 3 or self.rng.random() < 0.3:
                continue
            asked = self.rng.sample(own, min(len(own), self.rng.randint(1, 4)))
            for back in (1, 2):
                before = _telling(self.turns[place - back].text) if place >= back else []
                if before and self.rng.random() < 0.4:
                    asked.append(self.rng.choice(before))
            if self.rng.random() < 0.5:
                asked.insert(self.rng.randint(0, len(asked)), self.rng.choice(STRAYS))
            start = self.rng.choice(OPENINGS).format(name=self.turns[place].speaker)
            self.questions.append(Question(f"{start} {' '.join(asked)}?", 4, (place,)))

    def say(self, speaker: str, text: str) -> None:
        self.at += timedelta(seconds=self.rng.randint(20, 200))
        self.turns.append(Turn(self.at, speaker, text))

    def chatter(self, speaker: str, writer: Writer) -> None:
        """A reaction that takes up a word of what was told: a look-alike without the answer."""
        other = next(name for name in self.names if name != speaker)
        told = [said for said, _ in writer.chosen.values()] or ["that"]
        text = self.rng.choice(BACKCHANNEL).format(name=other, word=self.rng.choice(told).capitalize())
        self.say(speaker, text)

    def ask_of_many(self) -> None:
        for (name, kind), places in self.by_kind.items():
            for text in MANY.get(kind, ()):
                question = Writer(self.lists, name, "", self.rng).write(text)
                if len(places) <= 8:
                    self.questions.append(Question(question, 1, tuple(places)))
