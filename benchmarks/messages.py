"""How well unseen messages are classified: accuracy, macro-F1, time."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.figures import Figure, show
from bot.language.reading.classifier import MESSAGE_TYPES
from bot.language.reading.message_type import classify

# Every second message of a group is sealed: it is counted, never looked at, so that its figure stays that of a stranger.
UNSEEN = Path(__file__).parent / "messages-unseen.tsv"
INDONESIAN = Path(__file__).parent / "messages-indonesian.tsv"
LANGUAGES = Path(__file__).parent / "messages-languages.tsv"


@dataclass(frozen=True, slots=True)
class ClassifiedMessage:
    """A message, its type, and the type that the classifier gave."""

    group: str
    text: str
    wanted: str
    given: str
    sealed: bool

    @property
    def right(self) -> bool:
        return self.wanted == self.given


def read(path: Path = UNSEEN) -> Iterator[tuple[str, int, str, str]]:
    """(group, index in the group, type, text)."""
    group, place = "", 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# group: "):
            group, place = line.removeprefix("# group: "), 0
        elif not line.startswith("#"):
            message_type, text = line.split("\t")
            yield group, place, message_type, text
            place += 1


def judge(path: Path = UNSEEN) -> list[ClassifiedMessage]:
    return [
        ClassifiedMessage(group, text, wanted, classify(text).message_type, place % 2 == 1)
        for group, place, wanted, text in read(path)
    ]


def accuracy(judged: Iterable[ClassifiedMessage]) -> float:
    """Percent."""
    marks = [one.right for one in judged]
    return 100 * sum(marks) / len(marks)


def macro_f1(judged: list[ClassifiedMessage]) -> float:
    """Percent."""
    scores = []
    for kind in MESSAGE_TYPES:
        hits = sum(one.wanted == one.given == kind for one in judged)
        named = sum(one.wanted == kind for one in judged) + sum(one.given == kind for one in judged)
        scores.append(2 * hits / named if named else 1.0)
    return 100 * sum(scores) / len(scores)


def milliseconds(texts: list[str], rounds: int = 3) -> float:
    """Of one classification: the best mean of some rounds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        for text in texts:
            classify(text)
        taken.append((time.perf_counter() - start) * 1000 / len(texts))
    return min(taken)


def figures() -> list[Figure]:
    """For `make bench`."""
    start = time.perf_counter()
    classify("hello")
    first = (time.perf_counter() - start) * 1000
    judged = judge()
    halves = {"open half": False, "sealed half": True}
    table = [
        Figure(f"{name}: accuracy / macro-F1", f"{accuracy(half):.1f} / {macro_f1(half):.1f}")
        for name, sealed in halves.items()
        for half in [[one for one in judged if one.sealed == sealed]]
    ]
    table += [
        Figure(f"{group} ({len(of)} messages)", f"{accuracy(of):.1f}")
        for group, of in ((group, list(of)) for group, of in groupby(judged, key=lambda one: one.group))
    ]
    table += [
        Figure(f"{language} ({len(of)} messages): accuracy / macro-F1", f"{accuracy(of):.1f} / {macro_f1(of):.1f}")
        for language, of in (
            (group.capitalize(), list(of))
            for group, of in groupby([*judge(LANGUAGES), *judge(INDONESIAN)], key=lambda one: one.group)
        )
    ]
    taken = milliseconds([one.text for one in judged])
    table.append(Figure("time per message", f"{taken:.2f} ms", "under 1.5 ms", taken < 1.5))
    table.append(Figure("first message, weights read", f"{first:.0f} ms", "under 300 ms", first < 300))
    return table


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--failures", action="store_true", help="print what the open half got wrong")
    show("What messages are about (unseen set)", figures())
    if options.parse_args().failures:
        for one in judge():
            if not one.right and not one.sealed:
                print(f"  {one.group:<10} {one.wanted:>19} taken for {one.given:<19} {one.text}")


if __name__ == "__main__":
    main()
