"""An idea for an ad test: concept and brief."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Concept:
    name: str
    angle: str
    headline: str
    body: str
    greeting: str  # what the chat opens with
    language: str
    special_ad_categories: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.headline, self.body, self.greeting)


@dataclass(frozen=True, slots=True)
class StrategicBrief:
    known: tuple[str, ...]
    principle: str
    expected: str
    judged_on: date
    judged_how: str
    monitoring: tuple[str, ...]
    timeline: tuple[str, ...]
    ends: date | None = None  # the last day on which its words are true; it is paused after that


@dataclass(frozen=True, slots=True)
class Idea:
    concept: Concept
    argument: str
    brief: StrategicBrief


def concept_subject(argument: str, language: str) -> str:
    """Key of the patterns from tests of this argument."""
    return f"concept:{argument}:{language}"
