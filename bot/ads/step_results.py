"""Results of the morning's steps, stored as JSON by `Cycles`."""

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
    """Numbers of texts."""

    praise: int  # with praise only
    blame: int
    neither: int

    @property
    def total(self) -> int:
        return self.praise + self.blame + self.neither


@dataclass(frozen=True, slots=True)
class PullResult:
    ads: int
    readings: int  # new insight rows
    carried: Decimal  # share of orders with their ad's referral


@dataclass(frozen=True, slots=True)
class DecideResult:
    steps: str = "[]"  # JSON of bot.ads.changes.plans.plan
    decisions: tuple[BudgetDecision, ...] = ()
    closed: str = ""  # why nothing may be written in this account
    currency: str = ""
    expected_profit: Decimal | None = None
    unspent: Decimal | None = None
    unspent_reason: str = ""


@dataclass(frozen=True, slots=True)
class ActResult:
    done: int
    refused: tuple[str, ...] = ()
    waiting: int | None = None  # id of the pending approval


@dataclass(frozen=True, slots=True)
class ListenResult:
    said: Mapping[str, Sentiment]  # by ad
    unheard: str = ""  # why comments could not be read


@dataclass(frozen=True, slots=True)
class JudgeResult:
    ended: tuple[str, ...]  # one sentence per test


@dataclass(frozen=True, slots=True)
class IdeasResult:
    chosen: Idea | None
    why: str
    budget: Decimal | None = None  # a day, in the account's currency
    ideas: tuple[str, ...] = ()
    writer: str = ""  # model, or built-in
    dropped: Mapping[str, int] | None = None  # by the rule that was broken
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchResult:
    launched: str | None = None
    campaign: str | None = None
    budget: str = ""
    brief: StrategicBrief | None = None
    waiting: int | None = None
    refused: str = ""
    needs: tuple[Need, ...] = ()

    @staticmethod
    def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Release 0.1.0 stored one need, with its ad."""
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
    tired: tuple[str, ...]
    odd: tuple[str, ...]
    sentiment: Mapping[str, Sentiment]  # by creative
    snapshots: int
    revised: tuple[str, ...]
    learned: tuple[str, ...]
    patterns: tuple[str, ...]
    asked: tuple[str, ...]
    came_out: int  # changes whose outcome was written down


@dataclass(frozen=True, slots=True)
class TasksResult:
    asked: tuple[int, ...]  # ids of new tasks
    learned: tuple[int, ...]  # ids of tasks whose outcome the brand's memory now holds


@dataclass(frozen=True, slots=True)
class ReportResult:
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
    """None: the step is not finished, or not part of this morning."""

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
    unread: tuple[str, ...] = ()  # finished steps with results that this release cannot read

    @classmethod
    def of_notes(cls, notes: Mapping[str, Any]) -> MorningResults:
        """Steps of other releases are ignored."""
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
