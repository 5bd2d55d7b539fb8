"""Whether a change may be made now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.ads.changes.open_account import OpenAccount
from bot.ads.changes.plans.account_state import NOTHING, highest
from bot.ads.changes.plans.plan import Actor, Resume, Step, amount_text
from bot.ads.changes.plans.plan_outcome import AuthorisedStep
from bot.ads.changes.plans.refusals import Frozen, NoLimits, NotAllowed, OverCap, Stopped
from bot.ads.changes.plans.step_effects import planned_with, target_of
from bot.ads.changes.spend_limits import AccountLimits, SpendLimits
from bot.language.money import Money
from memory.ads.emergency_stop import Alarms, Stops
from memory.audit_log.account_changes import Changes, Intention
from memory.audit_log.creation_intents import Intents
from memory.storage.database import Database

LATE = timedelta(minutes=10)  # a request whose answer was lost may still take effect so long after
DAY = timedelta(hours=24)


class AboveThreshold(Exception):
    pass


@dataclass(slots=True)
class LimitChecks:
    db: Database
    limits: AccountLimits
    changes: Changes
    intents: Intents
    stops: Stops
    alarms: Alarms

    def check_raise(
        self, opened: OpenAccount, authorised: AuthorisedStep, meant: Intention, limits: SpendLimits
    ) -> None:
        """Raises ChangeRefused, or AboveThreshold if an admin may allow it."""
        self.check_stop(opened.brand)
        self._check_alarms(opened, authorised)
        self.check_cap(opened, authorised.step, limits)
        already = self.changes.raised_since(opened.about.id, opened.at - DAY)
        if meant.raises.amount > 0 and already + meant.raises.amount > limits.approval_above.amount:
            raise AboveThreshold

    def check_stop(self, brand: str) -> None:
        """Raises Stopped."""
        if self.stops.in_force(brand) is not None:
            raise Stopped(
                "Everything is stopped; nothing is raised, resumed or launched until an admin writes “resume”."
            )

    def check_cap(self, opened: OpenAccount, step: Step | None, limits: SpendLimits) -> None:
        """Raises OverCap."""
        worst = sum(self.worst_case_spend(opened, step).values(), NOTHING) * limits.worst_day
        if worst > limits.daily_cap.amount:
            cost = amount_text(Money(worst, opened.about.currency))
            more = f"{(limits.worst_day - 1) * 100:.0f} %"
            raise OverCap(
                f"The worst day of {opened.about.name} would cost {cost}, its cap is {amount_text(limits.daily_cap)}."
                f" (A day may cost {more} more than planned, and what was lowered today counts until midnight.)"
            )

    def worst_case_spend(self, opened: OpenAccount, step: Step | None = None) -> dict[str, Decimal]:
        """Maximum planned spend per budget owner today: as read, in progress, or lowered since."""
        worst = opened.state.worst_case(self.changes.open_in(opened.about.id))
        return highest(
            worst.planned(),
            planned_with(worst, step) if step is not None else {},
            self.launching(opened.about.id),
            self.changes.peaks(opened.about.id, opened.day),
            self.changes.peaks(opened.about.id, opened.day_of(opened.at - LATE)),  # may yet come in after midnight
        )

    def launching(self, account_id: str) -> dict[str, Decimal]:
        parts = [part for launch in self.intents.open_in(account_id) for part in self.intents.parts(launch.id)]
        return {
            part.object_id or part.token: Decimal(part.body["daily_budget"][0])
            for part in parts
            if part.kind == "ad_set"
        }

    def room(self, opened: OpenAccount) -> Money:
        """By which daily budgets may still be raised today."""
        limits = self.limits.limits_of(opened.about)
        used = sum(self.worst_case_spend(opened).values(), NOTHING)
        return Money(max(limits.most_planned.amount - used, NOTHING), opened.about.currency)

    def update_spend_rule(self, opened: OpenAccount, limits: SpendLimits) -> None:
        """The platform's own rule holds while this program is down."""
        if self.changes.spend_rule(opened.about.id) != limits.daily_cap.amount:
            rule_id = opened.account.guard_spend(limits.daily_cap)
            self.changes.note_spend_rule(opened.about.id, limits.daily_cap, rule_id)

    def notice(self, opened: OpenAccount) -> None:
        """Alerts staff once a day if budgets exceed the cap."""
        planned = opened.state.planned()
        with self.db.transaction():
            self.changes.note_peak(opened.about.id, opened.day, planned)
            self.stops.note_running(opened.about.id, {each.id: each.name for each in opened.state.running()})
        try:
            limits = self.limits.limits_of(opened.about)
        except NoLimits:
            return
        worst = Money(sum(planned.values(), NOTHING) * limits.worst_day, opened.about.currency)
        if worst.amount > limits.daily_cap.amount:
            self.alarms.notify(
                opened.brand,
                f"cap {opened.about.id} {opened.day}",
                f"The budgets in {opened.about.name} allow a day of {amount_text(worst)}, above the cap of"
                f" {amount_text(limits.daily_cap)}. Nothing is raised there until they are lowered, or the cap is.",
            )

    def end_alarm_of_resumed(self, opened: OpenAccount, authorised: AuthorisedStep) -> None:
        # What a person resumes is theirs: its alarm ends.
        if authorised.by.role == "agent" or not isinstance(authorised.step, Resume):
            return
        on = {alarm.held_under: alarm for alarm in self.alarms.all_active(opened.brand)}
        for held in self.stops.holding(opened.about.id, authorised.step.object_id):
            self.stops.mark(held, "left", "resumed by a person")
            if held.cause in on and not on[held.cause].ends_itself:
                self.alarms.end(on[held.cause], f"“{held.name}” was resumed by a person: the alarm is over.")

    def _check_alarms(self, opened: OpenAccount, authorised: AuthorisedStep) -> None:
        if authorised.by.role != "agent":
            return
        on = [alarm for alarm in self.alarms.all_active(opened.brand) if alarm.held_under != authorised.releases]
        holding = {held.cause for held in self.stops.holding(opened.about.id, target_of(authorised.step)[1])}
        for alarm in on:
            if opened.about.id in alarm.freezes or alarm.held_under in holding:
                raise Frozen(f"Not while this lasts: {alarm.sentence}")


def check_may_change(by: Actor) -> None:
    """Raises NotAllowed."""
    if by.role == "analyst":
        raise NotAllowed("An analyst reads figures; changes are made by staff and admins.")


def check_admin(by: Actor, what: str) -> None:
    """Raises NotAllowed."""
    if by.role != "admin":
        raise NotAllowed(f"Only an admin can {what}.")
