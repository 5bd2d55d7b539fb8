"""Simulates chats of two people over months, with questions and the turns that answer them."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.language.embeddings import split_words
from memory.recall.terms import is_telling

# Recall is fitted on these: no public conversation goes into its weights. A chat has a few tens of segments, each with
# a few scenes from chats.txt. Most scenes are told more than once, in other words and by either speaker, so that the
# right turn has look-alikes. Half of the chats (with texting.txt) are of people who text: every day, a sentence a
# message, short forms, typos, asides, late answers.
SCENES = Path(__file__).with_name("chats.txt")
TEXTING = Path(__file__).with_name("texting.txt")
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
    "show": ("{What|Which} {shows|series} has {A} watched?",),
    "eat": ("What {food|dishes} does {A} like?", "Where has {A} {eaten|gone to eat}?"),
    "gym": ("How does {A} {exercise|keep fit}?", "{What|Which} {exercises|workouts} does {A} do?"),
    "travel": ("{Where|Which cities} did {A} {travel|go}?",),
    "job": ("Where has {A} {applied for a job|worked}?",),
    "exam": ("{What|Which} {subjects|courses} does {A} {take|study}?",),
    "date": ("{Who has {A} dated|Which people has {A} met}?",),
    "feeling": ("What makes {A} {sad|worry}?",),
}
SHORT = {
    "you": "u", "are": "r", "because": "bc", "tomorrow": "tmrw", "tonight": "tn", "please": "pls", "people": "ppl",
    "really": "rly", "though": "tho", "going to": "gonna", "want to": "wanna", "about": "abt", "before": "b4",
    "with": "w", "thanks": "thx", "probably": "prob", "favourite": "fav", "weekend": "wknd", "don't": "dont",
    "can't": "cant", "it's": "its", "got to": "gotta", "right now": "rn", "something": "smth", "birthday": "bday",
}  # fmt: skip
ASIDES = (
    "lol", "haha", "hahaha", "omg", "wait", "yeah", "yesss", "nooo", "true", "same", "ikr", "😂", "❤️", "fr", "idk",
    "oh btw", "one sec", "ok so", "anyway", "sorry was in a call", "my phone is at 3%", "did you see the news",
    "https://pics.example/k3x9", "look at this lol", "[shares a photo of a sign]", "so tired today", "hm", "yep", "damn",
)  # fmt: skip
TAILS = (" lol", " haha", " tbh", " 😂", " 😭", "!!", "...", " :)", " ngl", " 🙈", " xx", "??")


@dataclass(frozen=True)
class TypingHabits:
    """Probabilities of a person's habits."""

    parts: float  # a sentence becomes a message of its own
    lower: bool
    short: float  # a word is shortened that can be
    slips: float  # a word has two letters swapped, or lacks one
    tail: float  # a message ends on a sign or a laugh
    aside: float  # a message follows that says nothing

    @classmethod
    def of(cls, rng: random.Random) -> TypingHabits:
        return cls(
            parts=rng.uniform(0.1, 0.9),
            lower=rng.random() < 0.7,
            short=rng.uniform(0, 0.8),
            slips=rng.uniform(0, 0.04),
            tail=rng.uniform(0, 0.3),
            aside=rng.uniform(0.05, 0.35),
        )

    def write(self, text: str, rng: random.Random) -> str:
        for long, short in SHORT.items():
            if rng.random() < self.short:
                text = re.sub(rf"\b{long}\b", short, text, flags=re.IGNORECASE)
        text = " ".join(self._slip(word, rng) if rng.random() < self.slips else word for word in text.split())
        if rng.random() < 0.8:
            text = text.rstrip(".!") or text
        return (text.lower() if self.lower else text) + (rng.choice(TAILS) if rng.random() < self.tail else "")

    def _slip(self, word: str, rng: random.Random) -> str:
        if len(word) < 4:
            return word
        at = rng.randint(1, len(word) - 2)
        kept = word[at + 1] + word[at] if rng.random() < 0.5 else word[at + 1]
        return word[:at] + kept + word[at + 2 :]


@dataclass
class Scene:
    """A thing that happens to A, told to B."""

    kind: str
    turns: list[tuple[str, str]] = field(default_factory=list)
    questions: list[tuple[int, str, list[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Turn:
    at: datetime
    speaker: str
    text: str


@dataclass(frozen=True)
class Question:
    """`evidence`: indexes of the turns that answer it. `category`: as in chats.txt."""

    text: str
    category: int
    evidence: tuple[int, ...]


@dataclass
class Chat:
    turns: list[Turn]
    questions: list[Question]


def _keywords(text: str) -> list[str]:
    return [word for word in dict.fromkeys(split_words(text)) if is_telling(word)]


Words = dict[str, list[tuple[str, str]]]


def read_scenes(path: Path = SCENES) -> tuple[list[Scene], Words]:
    """Scenes, and by slot the words (as said, as asked)."""
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
    """A slot gets the same words in all turns and questions of a scene."""

    def __init__(self, lists: Words, a: str, b: str, rng: random.Random) -> None:
        self.lists, self.rng, self.people = lists, rng, {"A": a, "B": b}
        self.chosen: dict[str, tuple[str, str]] = {}

    def write(self, text: str) -> str:
        """Choices are made innermost first."""
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


def simulate(seed: int, segments: int = 16, *, texting: bool = False) -> Chat:
    """Deterministic: some 400 to 700 turns and 150 questions over half a year.

    `texting`: some 900 short messages over three weeks.
    """
    return (_Texting if texting else _Simulation)(random.Random(seed)).run(segments)


class _Simulation:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.scenes, self.lists = self.read()
        self.names = rng.sample(NAMES, 2)
        self.deck: list[Scene] = []
        self.turns: list[Turn] = []
        self.plain: list[str] = []  # the turns as they would be without short forms and slips
        self.questions: list[Question] = []
        self.by_kind: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.at = datetime(2023, rng.randint(1, 12), rng.randint(1, 28), tzinfo=UTC)

    def read(self) -> tuple[list[Scene], Words]:
        return read_scenes()

    def pause(self) -> timedelta:
        """Between two segments."""
        return timedelta(days=self.rng.randint(1, 14), minutes=self.rng.randint(0, 900))

    def run(self, segments: int) -> Chat:
        for _ in range(segments):
            self.at += self.pause()
            self.tell(self.rng.choice([scene for scene in self.scenes if scene.kind == "small"]))
            for _ in range(self.rng.randint(2, 4)):
                self.tell(self.next_scene())
        self.ask_of_many()
        return Chat(self.turns, self.questions)

    def next_scene(self) -> Scene:
        """Each once in random order, then again: people do not tell the same thing every week."""
        if not self.deck:
            self.deck = self.rng.sample(self.scenes, len(self.scenes))
        return self.deck.pop()

    def tell(self, scene: Scene) -> None:
        a, b = self.rng.sample(self.names, 2)
        writer, places = Writer(self.lists, a, b, self.rng), []
        for who, text in scene.turns:
            said = writer.write(text)
            places.append(self.say(writer.people[who], said, [word for word, _ in writer.chosen.values()]))
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
        self.at += timedelta(minutes=self.rng.randint(1, 30))
        if scene.kind != "small" and places:
            told = next((i for i, (who, _) in enumerate(scene.turns) if who == "A"), 0)
            self.by_kind[a, scene.kind].append(places[told])

    def echo(self, places: list[int]) -> None:
        """Ask about single turns with some of their own words, as people do who half remember a thing.

        Some words come from the turn before, which often names the subject; one may be a stray.
        """
        for place in places:
            own = _keywords(self.plain[place])
            if len(own) < 3 or self.rng.random() < 0.3:
                continue
            asked = self.rng.sample(own, min(len(own), self.rng.randint(1, 4)))
            for back in (1, 2):
                before = _keywords(self.plain[place - back]) if place >= back else []
                if before and self.rng.random() < 0.4:
                    asked.append(self.rng.choice(before))
            if self.rng.random() < 0.5:
                asked.insert(self.rng.randint(0, len(asked)), self.rng.choice(STRAYS))
            start = self.rng.choice(OPENINGS).format(name=self.turns[place].speaker)
            self.questions.append(Question(f"{start} {' '.join(asked)}?", 4, (place,)))

    def say(self, speaker: str, text: str, about: list[str]) -> int:
        """Returns the turn's index. `about`: what its scene is about."""
        self.at += timedelta(seconds=self.rng.randint(20, 200))
        self.turns.append(Turn(self.at, speaker, text))
        self.plain.append(text)
        return len(self.turns) - 1

    def chatter(self, speaker: str, writer: Writer) -> None:
        """Takes up a word of what was told: a look-alike without the answer."""
        other = next(name for name in self.names if name != speaker)
        told = [said for said, _ in writer.chosen.values()] or ["that"]
        text = self.rng.choice(BACKCHANNEL).format(name=other, word=self.rng.choice(told).capitalize())
        self.say(speaker, text, told)

    def ask_of_many(self) -> None:
        for (name, kind), places in self.by_kind.items():
            for text in MANY.get(kind, ()):
                question = Writer(self.lists, name, "", self.rng).write(text)
                if len(places) <= 8:
                    self.questions.append(Question(question, 1, tuple(places)))


class _Texting(_Simulation):
    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.habits_of = {name: TypingHabits.of(rng) for name in self.names}

    def read(self) -> tuple[list[Scene], Words]:
        letters, things = read_scenes()
        texts, more = read_scenes(TEXTING)
        return letters + texts, things | more

    def pause(self) -> timedelta:
        return timedelta(hours=self.rng.randint(9, 30))

    def run(self, segments: int) -> Chat:
        return super().run(segments + self.rng.randint(4, 10))

    def say(self, speaker: str, text: str, about: list[str]) -> int:
        """In parts; returns the index of the part that says most about its scene."""
        habits, sent = self.habits_of[speaker], {}
        for part in self.parts(text, habits):
            self.at += self.silence()
            place = super().say(speaker, habits.write(part, self.rng), about)
            self.plain[place] = part
            sent[place] = (any(thing in part for thing in about), len(part))
            self.aside(habits)
        return max(sent, key=lambda place: sent[place])

    def parts(self, text: str, habits: TypingHabits) -> list[str]:
        """Sentences; those that this person leaves together are one."""
        parts: list[str] = []
        for sentence in re.split(r"(?<=[.!?]) (?=\S)", text):
            if parts and self.rng.random() > habits.parts:
                parts[-1] += " " + sentence
            else:
                parts.append(sentence)
        return parts

    def silence(self) -> timedelta:
        """Mostly seconds; at times the other sleeps or works first."""
        if self.rng.random() < 0.02:
            return timedelta(hours=self.rng.randint(2, 9))
        return timedelta(seconds=self.rng.randint(0, 120))

    def aside(self, habits: TypingHabits) -> None:
        if self.rng.random() < habits.aside:
            text = self.rng.choice(ASIDES)
            super().say(self.rng.choice(self.names), text, [])
            self.plain[-1] = text
