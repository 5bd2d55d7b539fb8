"""After a crash or a lost answer: settles open changes, archives orphans."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ads.changes.creation import token_in
from bot.ads.changes.limit_checks import LATE
from bot.ads.changes.open_account import OpenAccount
from bot.ads.changes.plan_execution import PlanExecution
from bot.ads.changes.plans.account_state import AccountObject
from bot.ads.changes.plans.plan import AGENT, Archive
from bot.ads.changes.plans.plan_outcome import AuthorisedStep
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.changes.plans.step_effects import applied_change, change_lowers, current_value
from memory.ads.emergency_stop import Alarms
from memory.audit_log.account_changes import Change, Changes
from memory.audit_log.creation_intents import Intents
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class Recovery:
    """Works under the account's lease."""

    clock: Clock
    changes: Changes
    intents: Intents
    alarms: Alarms
    execution: PlanExecution

    def settle_open(self, opened: OpenAccount) -> list[Change]:
        """Those that are no longer open."""
        settled = []
        for change in self.changes.open_in(opened.about.id):
            if opened.fault is not None:
                break
            launch = change.what == "launch"
            now = self.execution.launching.finish(opened, change) if launch else self._settle(opened, change)
            settled += [now] if now.state != "open" else []
        return settled

    def sweep(self, opened: OpenAccount) -> list[str]:
        """Sentences for staff."""
        known = self.intents.tokens(opened.about.id)
        live = {launch.id for launch in self.intents.open_in(opened.about.id)}
        said = []
        for target in opened.state.everything():
            intent = known.get(token_in(target.name) or "")
            if token_in(target.name) is None or (intent is not None and intent.launch_id in live):
                continue
            if intent is None or intent.state != "made" or intent.object_id != target.id:
                said.append(self._leftover(opened, target, ours=intent is not None))
        for sentence in said:
            self.alarms.notify(opened.brand, f"sweep {opened.about.id} {sentence}", sentence)
        return said

    def _settle(self, opened: OpenAccount, change: Change) -> Change:
        shown, late = current_value(opened.state, change), change.asked_at + LATE <= self.clock()
        if shown == change.becomes:
            self.changes.settle(change.id, "done")
        elif shown is None:
            self.changes.settle(change.id, "overtaken", "it is not there any more")
        elif change_lowers(change) and shown in (change.was, "active"):
            settled, opened.fault = self.execution.requests.ask(opened.account, change, first_try=False)
            if settled.state == "done":
                opened.state = applied_change(opened.state, change)
            return settled
        elif late and shown == change.was:
            self.changes.settle(change.id, "not_done", "it never reached the account")
        elif late:
            self.changes.settle(change.id, "overtaken", f"it is {shown} now")
        return self.changes.get(change.brand, change.id)

    def _leftover(self, opened: OpenAccount, target: AccountObject, *, ours: bool) -> str:
        what = f"{target.kind.replace('_', ' ')} “{target.name}” ({target.id})"
        if not ours or target.status != "paused":
            pages = opened.account.rules.pages
            return f"The {what} in {opened.about.name} is in no list of ours; look at it in {pages}."
        try:
            self.execution.do(opened, AuthorisedStep(Archive(target.kind, target.id, "left over from a launch"), AGENT))
        except ChangeRefused as refused:
            return f"The {what} is left over from a launch and could not be archived: {refused}"
        return f"The {what} was left over from a launch, paused, and was archived."
