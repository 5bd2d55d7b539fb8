"""Steps that wait for an admin: proposed as one plan, executed as that plan or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from bot.ads.changes.open_account import OpenAccount
from bot.ads.changes.plan_execution import PlanExecution
from bot.ads.changes.plans.plan import Actor, ActorRole, SetBudget, from_json, to_json
from bot.ads.changes.plans.plan_outcome import AuthorisedStep, PlanOutcome, PlanProgress
from bot.ads.changes.plans.refusals import ChangedMeanwhile, ChangeRefused
from bot.ads.changes.plans.step_effects import changed_meanwhile, summary_of, with_seen_budget
from memory.audit_log.approvals import Approval, Approvals
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class PlanApprovals:
    """Works under the account's lease."""

    clock: Clock
    approvals: Approvals
    execution: PlanExecution

    def propose(self, opened: OpenAccount, progress: PlanProgress, asked_of: str | None, key: str | None) -> None:
        """The same plan is proposed once; a rejection is final."""
        if not progress.to_ask:
            return
        steps = [with_seen_budget(opened.state, authorised.step) for authorised in progress.to_ask]
        by, undoes_id = progress.to_ask[0].by, progress.to_ask[0].undoes_id
        approval = self.approvals.propose(
            opened.brand, opened.about.id, to_json(steps), summary_of(opened.about, opened.state, steps), by=by.who,
            role=by.role, asked_of=asked_of, key=key, undoes_id=undoes_id,
        )  # fmt: skip
        over = self.approvals.over(approval)
        if over is None:
            progress.waiting = approval
        else:
            progress.refused += [(step, ChangeRefused(over)) for step in steps]

    def check_unchanged(self, opened: OpenAccount, approval: Approval) -> None:
        """Raises ChangedMeanwhile."""
        for step in from_json(approval.plan):
            if isinstance(step, SetBudget) and step.seen is not None:
                target, budget = opened.state.owner(step.kind, step.object_id)
                if budget != step.seen:
                    self.approvals.finish(approval.id, "stale")
                    raise ChangedMeanwhile(changed_meanwhile(target, step.seen, budget))

    def carry_out(self, opened: OpenAccount, approval: Approval) -> PlanOutcome:
        by, progress = Actor(approval.proposed_by, cast(ActorRole, approval.role)), PlanProgress()
        authorised_steps = [
            AuthorisedStep(step, by, f"approval {approval.id} {number}", approval.id, approval.undoes_id)
            for number, step in enumerate(from_json(approval.plan))
        ]
        self.execution.work(opened, authorised_steps, progress)
        outcome = progress.outcome()
        if outcome.fault is None and all(change.state not in ("open", "not_done") for change in outcome.changes):
            self.approvals.finish(approval.id, "used")
        elif approval.expires_at <= self.clock():
            self.approvals.finish(approval.id, "stale", "it could not be carried out in time")
        return outcome
