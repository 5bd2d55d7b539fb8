"""Runs each ad account's morning steps once a day, and resumes interrupted mornings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ads.platform import Accounts, AdsFault, PlatformAccount, TryLater
from bot.ads.step_results import NO_RESULTS, MorningResults, StepResult
from memory.ads.morning_runs import CycleRun, Cycles
from memory.agents.base_agent import BaseAgent
from memory.agents.memory_manager import MemoryManager
from memory.storage.dataclass_json import to_json
from memory.storage.errors import CycleLost, NotStorable
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

WHOLE_BRAND = "*"  # stands for the account in the steps that close a brand's morning
RETRY_AFTER = timedelta(minutes=15)  # real time after a fault
CLOSE_AFTER = timedelta(hours=3)  # a morning is closed without the accounts that still fail by then


@dataclass(frozen=True, slots=True)
class Morning:
    brand: str
    day: date  # in the brand's calendar
    now: datetime  # in the account's world: practice has a clock of its own
    account: PlatformAccount | None  # None in the steps that close a brand's morning
    results: MorningResults = NO_RESULTS  # of the finished steps

    @property
    def ad_account(self) -> PlatformAccount:
        """Raises ValueError in a closing step, which has no account."""
        if self.account is None:
            raise ValueError("the steps that close a morning have no account")
        return self.account


@dataclass(frozen=True, slots=True)
class MorningStep:
    """Restarted after a crash, so it must be idempotent, or `once`."""

    name: str  # the field of `MorningResults` for its result
    do: Callable[[Morning], StepResult]
    once: bool = False  # database only, in one transaction with being marked finished


@dataclass(frozen=True, slots=True)
class BrandMorning:
    brand: str
    time_zone: ZoneInfo
    hour: int


class Cycle(BaseAgent):
    """Each morning leaves an execution record, also when it stops."""

    def __init__(
        self,
        mornings: Sequence[BrandMorning],
        accounts: Accounts,
        cycles: Cycles,
        steps: Sequence[MorningStep],
        closing: Sequence[MorningStep],
        clock: Clock,
        real_clock: Clock,
        agents: MemoryManager,
    ) -> None:
        super().__init__("ad agent", memory_manager=agents)
        self._mornings = mornings
        self._accounts = accounts
        self._cycles = cycles
        self.steps = steps
        self._closing = closing
        self._clock = clock
        self._real_clock = real_clock

    def run(self) -> None:
        """An account that fails does not hold up the others."""
        for morning in self._mornings:
            local = self._clock().astimezone(morning.time_zone)
            if local.hour >= morning.hour:
                self._run_brand(morning.brand, morning.hour, local)

    def _run_brand(self, brand: str, hour: int, local: datetime) -> None:
        closed = self._cycles.of_day(brand, WHOLE_BRAND, local.date())
        if closed is not None and closed.ended_at is not None:
            return
        for account_id, account in self._accounts.get(brand, {}).items():
            self._work(brand, account_id, local.date(), self.steps, account)
        runs = [self._cycles.of_day(brand, account_id, local.date()) for account_id in self._accounts.get(brand, {})]
        all_done = all(run is not None and run.ended_at is not None for run in runs)
        latest = min(hour * 60 + CLOSE_AFTER.total_seconds() / 60, 23 * 60 + 30)  # minute of the day
        if all_done or local.hour * 60 + local.minute >= latest:
            self._work(brand, WHOLE_BRAND, local.date(), self._closing, None)

    def _work(
        self, brand: str, account_id: str, day: date, steps: Sequence[MorningStep], account: PlatformAccount | None
    ) -> None:
        run = self._cycles.claim(brand, account_id, day, steps[0].name)
        if run is None:
            return
        try:
            self._finish(run, steps, account)
        except CycleLost:
            log.info("account %s: another process has taken over this morning", account_id)
        except (AdsFault, NotStorable) as fault:
            log.warning("account %s stopped at “%s”: %s", account_id, run.step, fault)
            self._cycles.fail(run, str(fault), self._retry_at(fault))
            self._record(run, f"stopped at {run.step}: {fault}")

    def _finish(self, run: CycleRun, steps: Sequence[MorningStep], account: PlatformAccount | None) -> None:
        names = [step.name for step in steps]
        run = replace(run, step=_first_to_do(run, steps))
        for step, following in zip(steps, [*names[1:], "done"], strict=True):
            if names.index(run.step) > names.index(step.name):
                continue
            with self._cycles.step_transaction() if step.once else nullcontext():
                results = MorningResults.of_notes(run.notes)
                result = step.do(Morning(run.brand, run.day, self._clock(), account, results))
                run = self._cycles.finish_step(run, to_json(result), following)
            if following == "done":
                self._cycles.end(run)
                self._record(run, "success")

    def _record(self, run: CycleRun, status: str) -> None:
        given = {"brand": run.brand, "account": run.account_id, "day": run.day.isoformat()}
        self.save_execution_record({"input": given, "output": dict(run.notes), "status": status})

    def _retry_at(self, fault: AdsFault | NotStorable) -> datetime:
        later = self._real_clock() + RETRY_AFTER
        if isinstance(fault, TryLater) and fault.until is not None:
            return max(fault.until, later - RETRY_AFTER)
        return later


def _first_to_do(run: CycleRun, steps: Sequence[MorningStep]) -> str:
    # A finished step whose result this release cannot read runs again first.
    unread = MorningResults.of_notes(run.notes).unread
    return next(
        (step.name for step in steps if step.name == run.step or (step.name in unread and not step.once)), run.step
    )
