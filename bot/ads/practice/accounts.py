"""All practice accounts, on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.ads.platform import Accounts
from bot.ads.practice.account import PracticeAccount
from bot.ads.practice.account_list import PracticeSpec
from bot.ads.practice.clock import PracticeClock
from bot.ads.practice.decisions_file import DecisionsFile
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class PracticeAccounts:
    clock: PracticeClock
    accounts: tuple[PracticeAccount, ...]

    @classmethod
    def opened(
        cls, path: Path, specs: Sequence[PracticeSpec], real_clock: Clock, days_per_hour: float
    ) -> PracticeAccounts:
        decisions = DecisionsFile(path)
        clock = PracticeClock(decisions, real_clock, days_per_hour)
        return cls(clock, tuple(PracticeAccount(spec, decisions, clock, clock.begun, real_clock) for spec in specs))

    def by_brand(self) -> Accounts:
        brands = dict.fromkeys(account.spec.brand for account in self.accounts)
        return {name: {a.spec.id: a for a in self.accounts if a.spec.brand == name} for name in brands}

    def specs(self) -> Mapping[str, PracticeSpec]:
        """By account id."""
        return {account.spec.id: account.spec for account in self.accounts}
