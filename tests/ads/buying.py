"""A brand that buys ads on paper accounts: what the tests of actions, guards and creation stand on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bot.ads.changes.account_actions import LEASE, Actions
from bot.ads.changes.emergency_stop import Brakes
from bot.ads.changes.plan import Actor, Audience, Launch
from bot.ads.changes.refusals import NoLimits
from bot.ads.changes.spend_limits import Limits
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from tests.ads.paper_account import PaperAccount
from tests.memory.stores import TestClock

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


@dataclass
class Buying:
    """One account with a cap of ₹17,500 (₹10,000 planned) and a threshold of ₹1,000, unless it is told otherwise."""

    url: str | Path
    clock: TestClock = field(default_factory=TestClock)
    cap: str | None = "17500"
    above: str = "1000"
    lease: timedelta = LEASE

    def __post_init__(self) -> None:
        self.db = Database(self.url)
        self.db.migrate(STEPS)
        self.account = PaperAccount(clock=self.clock)
        self.accounts = {self.account.id: self.account}
        self.waited: list[float] = []
        self.actions = self.process()
        self.brakes = Brakes(self.actions)

    def process(self) -> Actions:
        """Another process on the same database."""
        return Actions(self.db, self.clock, lambda brand: self.accounts, self.limits, self.waited.append, self.lease)

    def limits(self, account: AdAccount) -> Limits:
        if self.cap is None:
            raise NoLimits(f"{account.name} has no daily cap.")
        return Limits(rupees(self.cap), rupees(self.above))

    def told(self) -> list[str]:
        """What staff hear."""
        return [notice.sentence for notice in self.actions.alarms.untold(BRAND)]
