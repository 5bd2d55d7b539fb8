"""Runs the steps of a plan: check limits, journal, execute, record the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.ads.changes.creation import parts_of, retry
from bot.ads.changes.launching import Launching
from bot.ads.changes.limit_checks import AboveThreshold, LimitChecks
from bot.ads.changes.open_account import OpenAccount
from bot.ads.changes.plans.account_state import NOTHING, raised
from bot.ads.changes.plans.plan import Launch, Resume, SetBudget, Step, amount_text, name_of
from bot.ads.changes.plans.plan_outcome import AuthorisedStep, PlanProgress
from bot.ads.changes.plans.refusals import ChangedMeanwhile, ChangeRefused, NothingToDo, TooOften
from bot.ads.changes.plans.step_effects import (
    STATUS,
    applied,
    change_lowers,
    changed_meanwhile,
    check_amount,
    lowers,
    planned_with,
    refuse_if_already,
    target_of,
)
from bot.ads.changes.spend_limits import SpendLimits
from bot.ads.platform import AdsFault, OutcomeUnknown, PlatformAccount, RequestWrong
from bot.language.money import Money
from memory.audit_log.account_changes import AccountLeases, Change, Changes, Intention
from memory.storage.database import Database


@dataclass(frozen=True, slots=True)
class ChangeRequests:
    changes: Changes
    sleep: Callable[[float], None]  # seconds

    def ask(self, account: PlatformAccount, change: Change, *, first_try: bool) -> tuple[Change, AdsFault | None]:
        """The change, and the fault after which this account gets no more requests."""
        ends: AdsFault | None = None
        try:
            retry(lambda: _request(account, change), self.sleep)
            self.changes.settle(change.id, "done")
        except OutcomeUnknown as fault:
            ends = fault
        except AdsFault as fault:
            ends = None if isinstance(fault, RequestWrong) else fault
            # Never sent before: then a refusal means that it was not done.
            if first_try or (ends is None and change_lowers(change)):
                self.changes.settle(change.id, "not_done" if ends else "refused", str(fault))
        return self.changes.get(change.brand, change.id), ends


@dataclass(frozen=True, slots=True)
class PlanExecution:
    """Works under the account's lease."""

    db: Database
    leases: AccountLeases
    changes: Changes
    checks: LimitChecks
    requests: ChangeRequests
    launching: Launching

    def work(self, opened: OpenAccount, authorised_steps: Sequence[AuthorisedStep], progress: PlanProgress) -> None:
        """Reductions first, until the platform fails."""
        for authorised in sorted(authorised_steps, key=lambda authorised: not lowers(opened.state, authorised.step)):
            if opened.fault is not None:
                break
            try:
                progress.changes.append(self.do(opened, authorised))
            except AboveThreshold:
                progress.to_ask.append(authorised)
            except ChangeRefused as refused:
                progress.refused.append((authorised.step, refused))
            progress.begun.append(authorised)
        progress.fault = opened.fault

    def do(self, opened: OpenAccount, authorised: AuthorisedStep) -> Change:
        """Idempotent under its key. Raises ChangeRefused, AboveThreshold, AdsFault."""
        known = self.changes.by_key(authorised.key) if authorised.key else None
        if known is not None and (known.state not in ("open", "not_done") or known.what == "launch"):
            return known
        limits = self.checks.limits.limits_of(opened.about)
        meant = self._intention(opened, authorised)
        if not lowers(opened.state, authorised.step):
            self.checks.update_spend_rule(opened, limits)
        change = self._write_down(opened, authorised, meant, limits, known)
        if isinstance(authorised.step, Launch):
            return self.launching.finish(opened, change)
        first_try = known is None or known.state == "not_done"
        change, opened.fault = self.requests.ask(opened.account, change, first_try=first_try)
        if change.state == "done":
            opened.state = applied(opened.state, authorised.step)
            self.checks.end_alarm_of_resumed(opened, authorised)
        return change

    def _write_down(
        self,
        opened: OpenAccount,
        authorised: AuthorisedStep,
        meant: Intention,
        limits: SpendLimits,
        known: Change | None,
    ) -> Change:
        # Check and write in one transaction: two processes must not pass the limits on the same figures.
        with self.db.transaction(durable=True):
            self.db.hold(f"ads of {opened.brand}")
            self.leases.renew(opened.about.id, opened.lease_token)
            if not lowers(opened.state, authorised.step):
                self.checks.check_raise(opened, authorised, meant, limits)
            if not isinstance(authorised.step, Launch):  # its lines have no ids yet; under way, they count all the same
                worst = opened.state.worst_case(self.changes.open_in(opened.about.id))
                self.changes.note_peak(opened.about.id, opened.day, planned_with(worst, authorised.step))
            if known is not None:
                self.changes.ask_again(known.id, opened.at)
                return known
            change = self.changes.intend(meant)
            if isinstance(authorised.step, Launch):
                parts = parts_of(authorised.step)
                self.launching.intents.plan(opened.brand, opened.about.id, change.id, authorised.step.name, parts)
            return change

    def _intention(self, opened: OpenAccount, authorised: AuthorisedStep) -> Intention:
        step, kind, object_id = authorised.step, *target_of(authorised.step)
        name, was, becomes = self._name_old_new(opened, step)
        grows = raised(opened.state.planned(), planned_with(opened.state, step))
        covered = authorised.needs_no_approval or authorised.approval_id is not None
        return Intention(
            opened.brand, opened.about.id, authorised.by.who, authorised.by.role, step.why, name_of(step), kind, object_id,
            name, was, becomes, Money(NOTHING if covered else grows, opened.about.currency), opened.at, step.readings,
            authorised.approval_id, authorised.undoes_id, authorised.key,
            step.cause if isinstance(step, SetBudget | Resume) else None,
        )  # fmt: skip

    def _name_old_new(self, opened: OpenAccount, step: Step) -> tuple[str, str, str]:
        if isinstance(step, Launch):
            if not step.audiences:
                raise NothingToDo(f"“{step.name}” has no ad set to launch; give it an audience with a budget.")
            for audience in step.audiences:
                check_amount(opened.about, audience.daily_budget)
            return step.name, "", str(step.planned.amount)
        if isinstance(step, SetBudget):
            return self._budget_old_new(opened, step)
        target = opened.state.get(step.kind, step.object_id)
        becomes = STATUS[name_of(step)]
        refuse_if_already(target, becomes)
        return target.name, target.status, becomes

    def _budget_old_new(self, opened: OpenAccount, step: SetBudget) -> tuple[str, str, str]:
        check_amount(opened.about, step.amount)
        target, budget = opened.state.owner(step.kind, step.object_id)
        if step.seen is not None and step.seen != budget:
            raise ChangedMeanwhile(changed_meanwhile(target, step.seen, budget))
        if budget == step.amount:
            raise NothingToDo(f"“{target.name}” has {amount_text(budget)} a day already.")
        hour, most = opened.at - timedelta(hours=1), opened.account.rules.budget_changes_an_hour
        if self.changes.budgets_set_since(opened.about.id, target.id, hour) >= most:
            raise TooOften(f"The budget of “{target.name}” was set {most} times this hour; try later.")
        return target.name, str(budget.amount), str(step.amount.amount)


def _request(account: PlatformAccount, change: Change) -> None:
    if change.what == "set_budget":
        amount = Money(Decimal(change.becomes), change.raises.currency)
        account.set_budget(change.kind, change.object_id, amount)
    else:
        account.set_status(change.kind, change.object_id, STATUS[change.what])
