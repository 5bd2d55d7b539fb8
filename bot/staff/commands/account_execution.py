"""Executes a command on an ad account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bot.ads.agency import Agency
from bot.ads.changes.plans.plan import Actor, Step
from bot.ads.changes.plans.plan_outcome import PlanOutcome
from bot.ads.changes.plans.refusals import ChangeRefused, NeedsApproval
from bot.ads.platform import AdsFault
from bot.staff.commands import change_sentences
from bot.staff.commands.account_commands import (
    AccountCommand,
    ApproveCommand,
    BudgetCommand,
    LaunchCommand,
    LiftStopCommand,
    PauseCommand,
    RejectCommand,
    ResumeCommand,
    StopCommand,
    UndoCommand,
)
from bot.staff.commands.command import StaffCommand
from memory.audit_log.account_changes import UnknownChange
from memory.audit_log.approvals import Approval, CannotApprove


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """A reply to the sender, and a notice to all staff."""

    text: str
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class AccountExecution:
    """The message id is the idempotency key of the changes."""

    agency: Agency
    command: StaffCommand

    @property
    def by(self) -> Actor:
        return Actor(self.command.who.phone, self.command.role)

    @property
    def key(self) -> str:
        return f"message {self.command.message_id}"

    def run(self, ordered: AccountCommand) -> CommandAnswer:
        """Refusals and platform faults become the answer."""
        try:
            return self._run(ordered)
        except NeedsApproval as needed:
            return self._ask(needed.approval)
        except (ChangeRefused, CannotApprove, UnknownChange) as refused:
            return CommandAnswer(str(refused))
        except AdsFault as fault:
            return CommandAnswer(f"The ad account could not be asked: {fault}")

    def _run(self, ordered: AccountCommand) -> CommandAnswer:
        actions, brand, why = self.agency.actions, self.command.brand, self.command.why
        match ordered:
            case PauseCommand(account_id, account_name, kind, object_id):
                change = actions.pause(brand, account_id, kind, object_id, self.by, why, key=self.key)
                return CommandAnswer(change_sentences.result(change, account_name))
            case ResumeCommand(account_id, account_name, kind, object_id):
                change = actions.resume(brand, account_id, kind, object_id, self.by, why, key=self.key)
                return CommandAnswer(change_sentences.result(change, account_name))
            case StopCommand(reason):
                said = change_sentences.stopped(self.agency.emergency_stop.stop_everything(brand, self.by, reason))
                return CommandAnswer(said, f"An admin has stopped all ads. {said}")
            case LiftStopCommand():
                report = self.agency.emergency_stop.resume_everything(brand, self.by)
                said = change_sentences.resumed(report)
                lifted = bool(report.resumed or report.left)
                return CommandAnswer(said, f"An admin has lifted the stop. {said}" if lifted else None)
            case BudgetCommand(account_id, account_name, steps):
                return self._answer(actions.carry_out(brand, account_id, steps, self.by, key=self.key), account_name)
            case LaunchCommand(account_id, account_name, steps):
                return self._launch(account_id, account_name, steps)
            case UndoCommand():
                return self._undo(ordered)
            case ApproveCommand():
                return self._approve(ordered)
            case RejectCommand():
                return self._reject(ordered)
            case _:
                assert_never(ordered)

    def _launch(self, account_id: str, account_name: str, steps: tuple[Step, ...]) -> CommandAnswer:
        brand = self.command.brand
        outcome = self.agency.actions.carry_out(brand, account_id, steps, self.by, key=self.key)
        for change in outcome.done:
            written = {"name": change.name, "objective": "engagement", "launched_by": self.command.role}
            self.agency.memory.records.launched(brand, change.object_id, written)
        return self._answer(outcome, account_name)

    def _undo(self, ordered: UndoCommand) -> CommandAnswer:
        actions, brand = self.agency.actions, self.command.brand
        before = actions.changes.get(brand, ordered.change)
        # Where this message was handled before and its turn was lost, its own undoing is found instead of done again.
        own = None if ordered.undone else actions.changes.undone_by(ordered.change)
        undoing = actions.undo(brand, self.by, ordered.change) if own is None else actions.changes.get(brand, own)
        return CommandAnswer(
            f"Change {ordered.change} ({change_sentences.asked(before)}) is put back. {change_sentences.result(undoing)}"
        )

    def _approve(self, ordered: ApproveCommand) -> CommandAnswer:
        actions, brand, admin = self.agency.actions, self.command.brand, self.by.who
        approvals = actions.approvals
        # A yes to a bare number approves nothing: an admin who has not seen the question is shown it first.
        if ordered.waits and not ordered.shown and approvals.ask(brand, ordered.approval, admin):
            return CommandAnswer(change_sentences.question(approvals.get(brand, ordered.approval)))
        approval = approvals.get(brand, ordered.approval)
        if ordered.waits and approval.state in ("approved", "used") and approval.decided_by == admin:
            # This message was handled before and its turn was lost.
            actions.recover(brand, approval.account_id)
            done = PlanOutcome(tuple(actions.changes.of_approval(ordered.approval)))
        else:
            done = actions.approve(brand, ordered.approval, self.by)
        said = self._answer(done).text
        asked_by_colleague = approval.role != "agent" and approval.proposed_by != admin
        return CommandAnswer(said, f"Approval {ordered.approval} was given. {said}" if asked_by_colleague else None)

    def _reject(self, ordered: RejectCommand) -> CommandAnswer:
        approvals, brand, who = self.agency.actions.approvals, self.command.brand, self.by.who
        approvals.ask(brand, ordered.approval, who)
        known = approvals.get(brand, ordered.approval)
        if not (ordered.waits and known.state == "rejected" and known.decided_by == who):
            self.agency.actions.reject(brand, ordered.approval, self.by, ordered.why)
        return CommandAnswer(f"Approval {ordered.approval} is rejected: {ordered.why} Nothing was changed.")

    def _ask(self, approval: Approval) -> CommandAnswer:
        """An admin who ordered the change is asked at once; otherwise all staff are notified."""
        approvals, command = self.agency.actions.approvals, self.command
        if command.role == "admin" and approvals.ask(command.brand, approval.id, command.who.phone):
            return CommandAnswer(
                f"This is more than may be raised without a yes. {change_sentences.question(approval)}"
            )
        return CommandAnswer(
            f"This waits for an admin: {approval.summary}",
            f"A colleague asks for a yes. *approve {approval.id}* shows it to an admin: {approval.summary}",
        )

    def _answer(self, outcome: PlanOutcome, account_name: str = "") -> CommandAnswer:
        said = change_sentences.results(outcome.changes, account_name)
        said += list(dict.fromkeys(f"Not done: {refused}" for _step, refused in outcome.refused))
        if outcome.fault is not None and not outcome.changes:
            said.append(f"The ad account could not be asked: {outcome.fault}")
        asked = self._ask(outcome.waiting) if outcome.waiting else None
        if asked is not None:
            said.append(asked.text)
        return CommandAnswer("\n".join(said) or "Nothing was to be changed.", asked.notice if asked else None)
