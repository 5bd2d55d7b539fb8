"""The platform contract, on a practice account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.platform import PlatformAccount
from bot.ads.practice.account import PracticeAccount
from bot.ads.practice.account_list import read_practice
from bot.ads.practice.decisions_file import DecisionsFile
from tests.ads.platform_contract import AccountContract
from tests.memory.stores import TestClock

ROSTER = Path(__file__).parents[3] / "data" / "practice.toml"
BEGUN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@dataclass
class PracticeStage:
    account: PlatformAccount
    clock: TestClock
    image: str = "picture-1"
    click: str = "practice-1"

    def now(self) -> datetime:
        return self.clock()

    def days_pass(self, days: int) -> None:
        self.clock.pass_by(days=days)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[PracticeStage]:
    clock = TestClock(BEGUN)
    spec = replace(read_practice(ROSTER)[0], ads=3, daily_budget=Decimal(3000))
    yield PracticeStage(PracticeAccount(spec, DecisionsFile(tmp_path / "practice.db"), clock, BEGUN), clock)


class TestPracticeKeepsTheContract(AccountContract):
    pass
