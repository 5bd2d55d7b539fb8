"""Steps with their authority, and the outcome of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.ads.changes.plans.plan import Actor, Step
from bot.ads.changes.plans.refusals import ChangeRefused, NeedsApproval
from bot.ads.platform import AdsFault
from memory.audit_log.account_changes import Change
from memory.audit_log.approvals import Approval


@dataclass(frozen=True, slots=True)
class AuthorisedStep:
    """A step and the authority for it."""

    step: Step
    by: Actor
    key: str | None = None
    approval_id: int | None = None
    undoes_id: int | None = None
    needs_no_approval: bool = False  # an admin ordered exactly this, or it reverses an alarm
    releases: str = ""  # the alarm, now over, that held it


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    changes: tuple[Change, ...] = ()
    refused: tuple[tuple[Step, ChangeRefused], ...] = ()
    waiting: Approval | None = None
    fault: AdsFault | None = None  # what ended it early; the steps after it were not begun

    @property
    def done(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.state == "done")

    def only_change(self) -> Change:
        """Raises what prevented it: NeedsApproval, ChangeRefused, AdsFault."""
        if self.waiting is not None:
            raise NeedsApproval(self.waiting)
        for _step, refused in self.refused:
            raise refused
        if not self.changes and self.fault is not None:
            raise self.fault
        return self.changes[0]


@dataclass(slots=True)
class PlanProgress:
    changes: list[Change] = field(default_factory=list)
    refused: list[tuple[Step, ChangeRefused]] = field(default_factory=list)
    to_ask: list[AuthorisedStep] = field(default_factory=list)  # wait for a person's yes
    begun: list[AuthorisedStep] = field(default_factory=list)
    waiting: Approval | None = None
    fault: AdsFault | None = None

    def refuse_rest(self, authorised_steps: Sequence[AuthorisedStep], why: ChangeRefused) -> None:
        self.refused += [(authorised.step, why) for authorised in authorised_steps if authorised not in self.begun]

    def outcome(self) -> PlanOutcome:
        return PlanOutcome(tuple(self.changes), tuple(self.refused), self.waiting, self.fault)
