"""“Stop everything” and “resume” for all accounts of a brand, in every process."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.plan import Actor, Resume
from bot.ads.changes.plans.plan_outcome import PlanOutcome
from bot.ads.changes.plans.refusals import AccountBusy, NotAllowed, NothingToDo, UnknownObject
from bot.ads.platform import AdsFault
from memory.ads.emergency_stop import HeldObject, HeldState, Stop


@dataclass(frozen=True, slots=True)
class StopReport:
    paused: tuple[HeldObject, ...]
    running: tuple[HeldObject, ...]  # with why each could not be paused
    unread: tuple[str, ...]  # accounts that could not be looked at, or where a change may yet come in

    @property
    def complete(self) -> bool:
        return not self.running and not self.unread


@dataclass(frozen=True, slots=True)
class ResumeReport:
    resumed: tuple[HeldObject, ...]
    left: tuple[HeldObject, ...]


@dataclass(frozen=True, slots=True)
class EmergencyStop:
    """Blocks raises, resumes and launches in every process."""

    actions: AccountActions

    def stop_everything(self, brand: str, by: Actor, why: str) -> StopReport:
        """Raises NotAllowed."""
        if by.role != "admin":
            raise NotAllowed("Only an admin can stop everything; “pause” and a campaign's name stops one.")
        self.actions.stops.begin(brand, by.who, why)
        return self._pause_everything(brand)

    def retry_stop(self, brand: str) -> StopReport | None:
        """None without an incomplete stop."""
        stop = self.actions.stops.in_force(brand)
        # Once everything stood still, what a person switches on stays on.
        return None if stop is None or stop.complete else self._pause_everything(brand)

    def resume_everything(self, brand: str, by: Actor) -> ResumeReport:
        """Lift the stop and resume what it paused, within the cap. Raises NotAllowed.

        Failed resumes are retried by the next “resume”.
        """
        if by.role != "admin":
            raise NotAllowed("Only an admin can lift a stop.")
        stop = self.actions.stops.in_force(brand)
        if stop is not None:
            self.actions.stops.end(stop, by.who)
        for target in self.actions.stops.to_put_back(brand):
            self._put_back(target, by)
        return self._resumed(brand, stop)

    def _pause_everything(self, brand: str) -> StopReport:
        stop = self.actions.stops.in_force(brand)
        assert stop is not None, "asked for by whoever has just seen it"
        unsure = [
            account_id
            for account_id in self.actions.accounts.get(brand, {})
            if not self._pause_account(stop, account_id)
        ]
        held = self.actions.stops.held(stop.cause)
        running = tuple(target for target in held if target.state == "to_pause")
        report = StopReport(tuple(target for target in held if target.state == "paused"), running, tuple(unsure))
        if report.complete:
            self.actions.stops.complete(stop)
        return report

    def _pause_account(self, stop: Stop, account_id: str) -> bool:
        """False if something may still be running unseen."""
        # Open changes before the read: one that is not open by then is done by then, and shows.
        settled = self._settled(stop.brand, account_id)
        running, read = self.actions.running(stop.brand, account_id)
        self.actions.stops.hold(
            HeldObject(stop.brand, stop.cause, account_id, target.kind, target.id, target.name) for target in running
        )
        for target in self.actions.stops.held(stop.cause, "to_pause"):
            if target.account_id == account_id:
                self._pause(stop, target)
        return settled and read

    def _settled(self, brand: str, account_id: str) -> bool:
        if not self.actions.changes.open_in(account_id):
            return True
        try:
            self.actions.recover(brand, account_id)
        except (AccountBusy, AdsFault):
            return False
        return not self.actions.changes.open_in(account_id)

    def _pause(self, stop: Stop, target: HeldObject) -> None:
        change = self.actions.pause_stopped(target, f"stop everything: {stop.why}", Actor(stop.who, "admin"))
        if change.state == "done":
            self.actions.stops.mark(target, "paused")
        else:
            self.actions.stops.mark(target, "to_pause", change.outcome or "the account has not answered")

    def _put_back(self, target: HeldObject, by: Actor) -> None:
        step = Resume(target.kind, target.object_id, "resume after “stop everything”")
        try:
            outcome = self.actions.resume_after_stop(target.brand, target.account_id, [step], by)
        except AdsFault as fault:
            self.actions.stops.mark(target, "paused", str(fault))
            return
        state, why = _put_back_state(outcome)
        self.actions.stops.mark(target, state, why)

    def _resumed(self, brand: str, stop: Stop | None) -> ResumeReport:
        still = self.actions.stops.to_put_back(brand)
        known = self.actions.stops.held(stop.cause) if stop is not None else []
        left = [target for target in known if target.state == "left"]
        return ResumeReport(tuple(target for target in known if target.state == "put_back"), tuple(still + left))


def _put_back_state(outcome: PlanOutcome) -> tuple[HeldState, str]:
    for _step, refused in outcome.refused:
        gone = isinstance(refused, NothingToDo | UnknownObject)  # a person has switched it on, or taken it away
        return ("left" if gone else "paused"), str(refused)
    if outcome.done:
        return "put_back", ""
    return "paused", str(outcome.fault or "the account has not answered")
