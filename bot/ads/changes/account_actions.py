"""The only way to change an ad account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import timedelta

from bot.ads.changes.creation import Creation
from bot.ads.changes.launching import Launching
from bot.ads.changes.limit_checks import LimitChecks, check_admin, check_may_change
from bot.ads.changes.open_account import AccountAccess
from bot.ads.changes.pauses import NO_CURRENCY, Pauses, SeenObject
from bot.ads.changes.plan_approvals import PlanApprovals
from bot.ads.changes.plan_execution import ChangeRequests, PlanExecution
from bot.ads.changes.plans.account_state import AccountObject
from bot.ads.changes.plans.plan import Actor, Archive, Launch, Pause, Resume, SetBudget, Step
from bot.ads.changes.plans.plan_outcome import AuthorisedStep, PlanOutcome, PlanProgress
from bot.ads.changes.plans.refusals import AccountBusy, CannotUndo
from bot.ads.changes.plans.step_effects import key_of, reverse
from bot.ads.changes.recovery import Recovery
from bot.ads.changes.spend_limits import AccountLimits
from bot.ads.platform import Accounts
from bot.language.money import Money
from memory.ads.ad_account import AdAccount, Kind
from memory.ads.emergency_stop import Alarms, HeldObject, Stops
from memory.audit_log.account_changes import AccountLeases, Cause, Change, Changes
from memory.audit_log.approvals import Approval, Approvals
from memory.audit_log.creation_intents import Intents
from memory.storage.database import Database
from memory.storage.timestamps import Clock

LEASE = timedelta(minutes=3)  # longer than any one request to a platform takes, all its waiting included


@dataclass
class AccountActions:
    """`ChangeRefused`: nothing was done. `AdsFault`: the account could not be reached. A change that was tried is returned,
    whatever its state. `clock` is the wall clock; days and hours of an account come from its structure's `seen_at`.
    """

    db: Database
    clock: Clock
    accounts: Accounts
    limits: InitVar[AccountLimits]
    sleep: InitVar[Callable[[float], None]]  # seconds
    lease: timedelta = LEASE
    changes: Changes = field(init=False)
    approvals: Approvals = field(init=False)
    intents: Intents = field(init=False)
    stops: Stops = field(init=False)
    alarms: Alarms = field(init=False)
    checks: LimitChecks = field(init=False)
    access: AccountAccess = field(init=False)

    def __post_init__(self, limits: AccountLimits, sleep: Callable[[float], None]) -> None:
        db, clock = self.db, self.clock
        self.changes, self.approvals, self.intents = Changes(db, clock), Approvals(db, clock), Intents(db, clock)
        self.stops, self.alarms = Stops(db, clock), Alarms(db, clock)
        leases = AccountLeases(db, self.lease)
        self.checks = LimitChecks(db, limits, self.changes, self.intents, self.stops, self.alarms)
        self.access = AccountAccess(self.accounts, leases, self.checks.notice)
        creation = Creation(self.intents, sleep)
        launching = Launching(db, clock, leases, self.changes, self.intents, self.alarms, self.checks, creation)
        requests = ChangeRequests(self.changes, sleep)
        self._pauses = Pauses(db, clock, self.access, self.changes, requests)
        self._execution = PlanExecution(db, leases, self.changes, self.checks, requests, launching)
        self._recovery = Recovery(clock, self.changes, self.intents, self.alarms, self._execution)
        self._plan_approvals = PlanApprovals(clock, self.approvals, self._execution)

    # -- one step

    def set_budget(
        self, brand: str, account_id: str, kind: Kind, object_id: str, amount: Money, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        step = SetBudget(kind, object_id, amount, why, readings=readings)
        return self._one(brand, account_id, step, by, key)

    def pause(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None, cause: Cause | None = None,
    ) -> Change:  # fmt: skip
        """Needs no cap, approval or lease."""
        return self._one(brand, account_id, Pause(kind, object_id, why, readings, cause), by, key)

    def resume(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        """Counts as a raise by the daily spend that it allows."""
        return self._one(brand, account_id, Resume(kind, object_id, why, readings), by, key)

    def archive(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        """Cannot be undone."""
        return self._one(brand, account_id, Archive(kind, object_id, why, readings), by, key)

    def launch(self, brand: str, account_id: str, launch: Launch, by: Actor, *, key: str | None = None) -> Change:
        return self._one(brand, account_id, launch, by, key)

    # -- a plan

    def carry_out(
        self, brand: str, account_id: str, steps: Sequence[Step], by: Actor, *,
        key: str | None = None, asked_of: str | None = None,
    ) -> PlanOutcome:  # fmt: skip
        """Pauses, then reductions, then the rest in order; raises above the threshold become one approval.

        Idempotent under `key`. `asked_of`: the admin who is to approve (None: any).
        """
        check_may_change(by)
        authorised_steps = [AuthorisedStep(step, by, key_of(key, step)) for step in steps]
        return self._carry_out(brand, account_id, authorised_steps, asked_of=asked_of, key=key)

    # -- approvals

    def approve(self, brand: str, number: int, by: Actor) -> PlanOutcome:
        """Executed at once. Raises CannotApprove, ChangeRefused."""
        check_admin(by, "approve")
        approval = self.approvals.check(brand, number, by.who)
        with self.access.hold(brand, approval.account_id) as opened:
            self._plan_approvals.check_unchanged(opened, approval)
            return self._plan_approvals.carry_out(opened, self.approvals.approve(brand, number, by.who))

    def reject(self, brand: str, number: int, by: Actor, reason: str) -> Approval:
        """Raises CannotApprove, ChangeRefused."""
        check_admin(by, "reject")
        return self.approvals.reject(brand, number, by.who, reason)

    # -- afterwards

    def undo(self, brand: str, by: Actor, change_id: int | None = None) -> Change:
        """None: the last change. Raises CannotUndo, UnknownChange."""
        check_may_change(by)
        change = self.changes.last_to_undo(brand) if change_id is None else self.changes.get(brand, change_id)
        if change is None:
            raise CannotUndo("There is nothing to undo.")
        step = reverse(change, self.changes.undone_by(change.id))
        return self._carry_out(brand, change.account_id, [AuthorisedStep(step, by, undoes_id=change.id)]).only_change()

    def recover(self, brand: str, account_id: str) -> list[Change]:
        """Settle open changes after a crash, never executing one twice."""
        if not self.changes.open_in(account_id) and not self.approvals.begun(account_id):
            return []  # without a request to the platform
        with self.access.hold(brand, account_id) as opened:
            settled = self._recovery.settle_open(opened)
            for approval in self.approvals.begun(account_id):
                self._plan_approvals.carry_out(opened, approval)
            return settled

    def sweep(self, brand: str, account_id: str) -> list[str]:
        """A sentence for staff on each orphan."""
        with self.access.hold(brand, account_id) as opened:
            self.changes.forget_peaks(opened.about.id, opened.day - timedelta(days=2))
            return self._recovery.sweep(opened)

    def room(self, brand: str, account_id: str) -> Money:
        """By which daily budgets may still be raised today."""
        return self.checks.room(self.access.read(brand, account_id))

    def pause_stopped(self, target: HeldObject, why: str, by: Actor) -> Change:
        """Without another read."""
        step = Pause(target.kind, target.object_id, why, cause=Cause.EMERGENCY_STOP)
        shown = AccountObject(target.kind, target.object_id, target.name, "active", None)
        seen = SeenObject(shown, self.clock(), NO_CURRENCY)
        return self._pauses.pause(target.brand, target.account_id, seen, AuthorisedStep(step, by))[0]

    def resume_after_stop(self, brand: str, account_id: str, targets: Sequence[Resume], by: Actor) -> PlanOutcome:
        """Needs no approval, but the cap holds. Raises NotAllowed."""
        check_admin(by, "order that")
        return self._carry_out(
            brand, account_id, [AuthorisedStep(step, by, needs_no_approval=True) for step in targets]
        )

    def running(self, brand: str, account_id: str) -> tuple[list[AccountObject], bool]:
        """Active campaigns; False: as last seen, the account was not readable."""
        seen = self.access.read_if_reachable(brand, account_id)
        if seen is not None:
            return seen.state.running(), True
        known = self.stops.seen_running(account_id)
        return [AccountObject("campaign", object_id, name, "active", None) for object_id, name in known.items()], False

    def running_budget_owners(self, brand: str, account_id: str) -> tuple[AdAccount, list[AccountObject]]:
        opened = self.access.read(brand, account_id)
        planned = opened.state.planned()
        return opened.about, [target for target in opened.state.everything() if target.id in planned]

    def carry_out_for_alarm(self, target: HeldObject, step: Step, by: Actor) -> PlanOutcome:
        """Needs no approval, but the cap holds."""
        authorised = AuthorisedStep(step, by, needs_no_approval=True, releases=target.cause)
        return self._carry_out(target.brand, target.account_id, [authorised])

    def _one(self, brand: str, account_id: str, step: Step, by: Actor, key: str | None) -> Change:
        check_may_change(by)
        return self._carry_out(brand, account_id, [AuthorisedStep(step, by, key)], key=key).only_change()

    def _carry_out(
        self, brand: str, account_id: str, authorised_steps: Sequence[AuthorisedStep], *,
        asked_of: str | None = None, key: str | None = None,
    ) -> PlanOutcome:  # fmt: skip
        progress = PlanProgress()
        self._pauses.pause_all(brand, account_id, [o for o in authorised_steps if isinstance(o.step, Pause)], progress)
        rest = [authorised for authorised in authorised_steps if not isinstance(authorised.step, Pause)]
        if rest:
            try:
                with self.access.hold(brand, account_id) as opened:
                    self._recovery.settle_open(opened)
                    self._execution.work(opened, rest, progress)
                    self._plan_approvals.propose(opened, progress, asked_of, key)
            except AccountBusy as busy:
                progress.refuse_rest(rest, busy)
        return progress.outcome()
