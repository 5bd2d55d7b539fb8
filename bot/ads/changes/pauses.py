"""Pausing: no limit, approval, emergency stop, lease or unreadable account blocks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.ads.changes.open_account import AccountAccess
from bot.ads.changes.plan_execution import ChangeRequests
from bot.ads.changes.plans.account_state import NOTHING, AccountObject
from bot.ads.changes.plans.plan import Pause
from bot.ads.changes.plans.plan_outcome import AuthorisedStep, PlanProgress
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.changes.plans.step_effects import refuse_if_already, target_of
from bot.ads.platform import AdsFault
from bot.language.money import Money
from memory.audit_log.account_changes import Change, Changes, Intention
from memory.storage.database import Database
from memory.storage.timestamps import Clock

NO_CURRENCY = "XXX"  # ISO's code for none
UNKNOWN = "unknown"  # the status before, if the account could not be read


@dataclass(frozen=True, slots=True)
class SeenObject:
    target: AccountObject
    at: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class Pauses:
    db: Database
    clock: Clock
    access: AccountAccess
    changes: Changes
    requests: ChangeRequests

    def pause_all(
        self, brand: str, account_id: str, authorised_steps: Sequence[AuthorisedStep], progress: PlanProgress
    ) -> None:
        """One failure does not block the others."""
        if not authorised_steps:
            return
        seen_account = self.access.read_if_reachable(brand, account_id)
        for authorised in authorised_steps:
            try:
                seen = None
                if seen_account is not None:
                    target = seen_account.state.get(*target_of(authorised.step))
                    seen = SeenObject(target, seen_account.at, seen_account.about.currency)
                change, fault = self.pause(brand, account_id, seen, authorised)
            except ChangeRefused as refused:
                progress.refused.append((authorised.step, refused))
            else:
                progress.changes.append(change)
                progress.fault = progress.fault or fault

    def pause(
        self, brand: str, account_id: str, seen: SeenObject | None, authorised: AuthorisedStep
    ) -> tuple[Change, AdsFault | None]:
        """`seen` None: not readable. Raises ChangeRefused if it is paused already."""
        account = self.access.account(brand, account_id)
        known = self.changes.by_key(authorised.key) if authorised.key else None
        if known is not None and known.state == "done":
            return known, None
        if known is not None:
            self.changes.ask_again(known.id, known.account_at)
            return self.requests.ask(account, known, first_try=False)
        meant = self._intention(brand, account_id, seen, authorised)
        with self.db.transaction(durable=True):
            change = self.changes.intend(meant)
        return self.requests.ask(account, change, first_try=True)

    def _intention(self, brand: str, account_id: str, seen: SeenObject | None, authorised: AuthorisedStep) -> Intention:
        assert isinstance(authorised.step, Pause)
        step = authorised.step
        name, was, at, currency = step.object_id, UNKNOWN, self.clock(), NO_CURRENCY
        if seen is not None:
            refuse_if_already(seen.target, "paused")
            name, was, at, currency = seen.target.name, seen.target.status, seen.at, seen.currency
        return Intention(
            brand, account_id, authorised.by.who, authorised.by.role, step.why, "pause", step.kind, step.object_id, name,
            was, "paused", Money(NOTHING, currency), at, step.readings, authorised.approval_id, authorised.undoes_id,
            authorised.key, step.cause,
        )  # fmt: skip
