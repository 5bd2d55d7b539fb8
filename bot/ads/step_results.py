"""The results of a morning's steps, as later steps and reports read them. Stored as JSON by `Cycles`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple, get_type_hints

from bot.ads.ad_idea import Idea, StrategicBrief
from bot.ads.budget_decision import BudgetDecision
from memory.ads.tasks import Need
from memory.storage.dataclass_json import Unreadable, from_json


class Sentiment(NamedTuple):
    """Numbers of texts with praise only, with blame, and with neither."""

    praise: int
    blame: int
    neither: int

    @property
    def total(self) -> int:
        """All texts."""
        return self.praise + self.blame + self.neither


@dataclass(frozen=True, slots=True)
class PullResult:
    """How many ads the account has, how many insight rows were new, and the share of orders with their ad's referral."""

    ads: int
    readings: int
    carried: Decimal


@dataclass(frozen=True, slots=True)
class DecideResult:
    """The steps to take, as `bot.ads.changes.plan` writes them, and a decision for each line."""

    steps: str = "[]"
    decisions: tuple[BudgetDecision, ...] = ()
    closed: str = ""  # why nothing may be written in this account
    currency: str = ""
    expected_profit: Decimal | None = None
    unspent: Decimal | None = None
    unspent_reason: str = ""


@dataclass(frozen=True, slots=True)
class ActResult:
    """How many changes were done, which were refused and why, and the approval that waits for a person."""

    done: int
    refused: tuple[str, ...] = ()
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class ListenResult:
    """Comments of the last week by ad; `unheard`: why they could not be read."""

    said: Mapping[str, Sentiment]
    unheard: str = ""


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """What became of each test that ended this morning, in sentences."""

    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdeasResult:
    """The idea to launch, or why there is none; and what was thought of beside it."""

    chosen: Idea | None
    why: str
    budget: Decimal | None = None  # a day, in the account's currency
    ideas: tuple[str, ...] = ()
    writer: str = ""  # model, or built-in
    dropped: Mapping[str, int] | None = None  # by the rule that was broken
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """What was launched, the approval it waits for, why it was refused, or what people have to do first."""

    launched: str | None = None
    campaign: str | None = None
    budget: str = ""
    brief: StrategicBrief | None = None
    waiting: int | None = None
    refused: str = ""
    needs: tuple[Need, ...] = ()

    @staticmethod
    def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Release 0.1.0 stored one need, with the ad that waits for it."""
        lacks = stored.get("needs")
        if not isinstance(lacks, Mapping):
            return stored
        need = {
            "key": lacks["what"],
            "title": f"A {lacks['what']} for the ad “{lacks['headline']}”",
            "why": "An ad is ready and passed its review; it can't be launched without.",
            "what": f"{lacks['task']} The ad says: {lacks['headline']} / {lacks['body']}",
        }
        return {**stored, "needs": [need]}


@dataclass(frozen=True, slots=True)
class LearnResult:
    """What was learned, revised and found odd, in sentences; `sentiment` is by creative."""

    tired: tuple[str, ...]
    odd: tuple[str, ...]
    sentiment: Mapping[str, Sentiment]
    snapshots: int
    revised: tuple[str, ...]
    learned: tuple[str, ...]
    patterns: tuple[str, ...]
    asked: tuple[str, ...]
    came_out: int  # changes whose outcome was written down


@dataclass(frozen=True, slots=True)
class TasksResult:
    """Numbers of the tasks that were asked for, and of those whose outcome the brand's memory now holds."""

    asked: tuple[int, ...]
    learned: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReportResult:
    """How many accounts the morning's card is about."""

    accounts: int


StepResult = (
    PullResult
    | DecideResult
    | ActResult
    | ListenResult
    | JudgeResult
    | IdeasResult
    | LaunchResult
    | LearnResult
    | TasksResult
    | ReportResult
)


@dataclass(frozen=True, slots=True)
class MorningResults:
    """The results of a morning by step; None where a step is not finished, or is no part of this morning.

    `unread`: finished steps whose stored result has a shape that this release can't read.
    """

    pull: PullResult | None = None
    decide: DecideResult | None = None
    act: ActResult | None = None
    listen: ListenResult | None = None
    judge: JudgeResult | None = None
    ideas: IdeasResult | None = None
    launch: LaunchResult | None = None
    learn: LearnResult | None = None
    tasks: TasksResult | None = None
    report: ReportResult | None = None
    unread: tuple[str, ...] = ()

    @classmethod
    def of_notes(cls, notes: Mapping[str, Any]) -> MorningResults:
        """From what `Cycles` keeps of a morning: JSON by step. Steps of another release are left out."""
        results, unread = cls(), []
        for name in _STEPS & notes.keys():
            try:
                results = replace(results, **{name: from_json(_HINTS[name], notes[name])})
            except Unreadable:
                unread.append(name)
        return replace(results, unread=tuple(sorted(unread)))


NO_RESULTS: Final = MorningResults()
_HINTS: Mapping[str, Any] = get_type_hints(MorningResults)
_STEPS = {field.name for field in fields(MorningResults)} - {"unread"}
