"""A brand that buys ads on paper accounts, for tests of changes, alarms and creation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bot.ads.changes.account_actions import LEASE, AccountActions
from bot.ads.changes.emergency_stop import EmergencyStop
from bot.ads.changes.plans.plan import Actor, Audience, Launch
from bot.ads.changes.plans.refusals import NoLimits
from bot.ads.changes.spend_limits import SpendLimits
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from tests.ads.paper_account import PaperAccount
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

BRAND = "voyage"
ANA = Actor("+34600000001", "admin")
BEN = Actor("+34600000002", "admin")
SAM = Actor("+34600000003", "staff")
ANNE = Actor("+34600000004", "analyst")
CYCLE = Actor("cycle", "agent")


def rupees(amount: str | int | Decimal) -> Money:
    return Money(Decimal(amount), "INR")


def idea(name: str = "Winter", *budgets: str) -> Launch:
    """A launch with an ad set for each budget."""
    audiences = tuple(
        Audience(f"{name} {number}", rupees(budget), {"geo_locations": {"countries": ["IN"]}}, f"{name} ad {number}",
                 "Warm glasses", "Look", "hash", "Hi!")
        for number, budget in enumerate(budgets or ("300",))
    )  # fmt: skip
    return Launch(name, audiences, "security sold well")


@dataclass(frozen=True)
class SameLimits:
    limits: SpendLimits

    def limits_of(self, account: AdAccount) -> SpendLimits:
        return self.limits


@dataclass
class Buying:
    """One account with a cap of ₹17,500 (₹10,000 planned) and a threshold of ₹1,000 by default."""

    url: str | Path
    clock: TestClock = field(default_factory=TestClock)
    cap: str | None = "17500"
    above: str = "1000"
    lease: timedelta = LEASE

    def __post_init__(self) -> None:
        self.db = migrated_database(self.url, lease_clock=self.clock.lease_time)
        self.account = PaperAccount(clock=self.clock)
        self.accounts = {self.account.id: self.account}
        self.waited: list[float] = []
        self.actions = self.process()
        self.emergency_stop = EmergencyStop(self.actions)

    def process(self, sleep: Callable[[float], None] | None = None) -> AccountActions:
        """Another process on the same database."""
        wait = sleep or self.waited.append
        return AccountActions(self.db, self.clock, {BRAND: self.accounts}, self, wait, self.lease)

    def limits_of(self, account: AdAccount) -> SpendLimits:
        if self.cap is None:
            raise NoLimits(f"{account.name} has no daily cap.")
        return SpendLimits(rupees(self.cap), self.account.rules.worst_day, rupees(self.above))

    def told(self) -> list[str]:
        return [notice.sentence for notice in self.actions.alarms.unsent_notices(BRAND)]
