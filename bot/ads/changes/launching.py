"""Finishes a launch from its intents: publishes all of it, or archives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.ads.changes.creation import Creation, Interrupted
from bot.ads.changes.limit_checks import LimitChecks
from bot.ads.changes.open_account import OpenAccount
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.platform import AccountBlocked, AdsFault, RequestWrong
from memory.ads.emergency_stop import Alarms
from memory.audit_log.account_changes import AccountLeases, Change, Changes
from memory.audit_log.creation_intents import Intents, LaunchRecord
from memory.storage.database import Database
from memory.storage.timestamps import Clock

GIVE_UP = timedelta(hours=24)  # a launch that could not be finished for so long is taken away


@dataclass(frozen=True, slots=True)
class Launching:
    db: Database
    clock: Clock
    leases: AccountLeases
    changes: Changes
    intents: Intents
    alarms: Alarms
    checks: LimitChecks
    creation: Creation

    def finish(self, opened: OpenAccount, change: Change) -> Change:
        launch = self.intents.of_change(change.id)
        try:
            self._make_and_publish(opened, launch)
        except Interrupted as why:
            self._drop(opened, launch, str(why))
        except (RequestWrong, AccountBlocked) as fault:
            self._drop(opened, launch, str(fault))
            opened.fault = fault if isinstance(fault, AccountBlocked) else None
        except AdsFault as fault:  # nothing of it delivers; recovery goes on with it
            opened.fault = fault
        return self.changes.get(change.brand, change.id)

    def _make_and_publish(self, opened: OpenAccount, launch: LaunchRecord) -> None:
        if self.clock() - launch.at > GIVE_UP:
            raise Interrupted("it could not be finished for a day")
        ids = self.creation.make(opened.account, launch, lambda: self._check_allowed(opened))
        self.changes.name_object(launch.change_id, ids["campaign"])
        with self.db.transaction():
            self.intents.publish(launch.id)
            self.changes.note_peak(opened.about.id, opened.day, self.checks.launching(opened.about.id))
        self.creation.publish(opened.account, launch, lambda: self._check_allowed(opened))
        with self.db.transaction():
            self.intents.finish(launch.id, "live")
            self.changes.settle(launch.change_id, "done")

    def _check_allowed(self, opened: OpenAccount) -> None:
        """Lease, emergency stop, cap. Raises Interrupted."""
        with self.db.transaction():
            self.db.hold(f"ads of {opened.brand}")
            self.leases.renew(opened.about.id, opened.lease_token)
            try:
                self.checks.check_stop(opened.brand)
                self.checks.check_cap(opened, None, self.checks.limits.limits_of(opened.about))
            except ChangeRefused as refused:
                raise Interrupted(str(refused)) from refused

    def _drop(self, opened: OpenAccount, launch: LaunchRecord, why: str) -> None:
        try:
            self.creation.archive_campaign(opened.account, launch)
        except AdsFault as fault:
            self.alarms.notify(
                opened.brand,
                f"launch {launch.id} stuck",
                f"“{launch.name}” was not launched ({why}), and what was made of it can't be taken away yet ({fault});"
                f" it is tried again. Look at it in {opened.account.rules.pages}.",
            )
            return
        with self.db.transaction():
            self.intents.finish(launch.id, "dropped", why)
            self.changes.settle(launch.change_id, "not_done", why)
            told_why = (
                f"“{launch.name}” was not launched: {why} What had been made of it, never switched on, was archived."
            )
            self.alarms.notify(opened.brand, f"launch {launch.id}", told_why)
