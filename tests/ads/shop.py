"""The whole ad agent over small practice accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bot.ads.agency import Agency
from bot.ads.budgets.daily_decisions import Decide
from bot.ads.morning.cycle import MorningStep
from bot.ads.new_ads.compliance import ClaimChecks
from bot.ads.practice import DecisionsFile, PracticeAccount, PracticeAccounts, PracticeClock, read_practice
from bot.ads.reports.charts import Gallery
from bot.ads.reports.morning_report import changes_done
from bot.ads.step_results import MorningResults
from bot.brands import read_brands
from bot.language.money import CurrencyConverter, Money
from bot.wiring.ads import AgencyParts
from memory.ads.charts import Charts
from memory.ads.morning_runs import CycleRun, Cycles
from memory.agents.memory_manager import MemoryManager
from memory.conversations.turns import Pressure
from memory.security.secret_keys import SecretKeys
from memory.settings import MemorySettings
from memory.shop.catalogue_items import Goods, Item
from tests.memory.stores import TestClock
from tests.migrated import migrated_database

DATA = Path(__file__).parents[2] / "data"
BEGUN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # before seven in Madrid, where the brand's mornings begin


class NoRates:
    def in_currency(self, money: Money, currency: str) -> Money | None:
        return None


class AnythingGoes:
    """Every claim is true."""

    def of(self, brand: str) -> AnythingGoes:
        return self

    def unsupported(self, text: str) -> list[tuple[str, str]]:
        return []


@dataclass
class AdShop:
    """Practice days pass as fast as real ones here."""

    folder: Path
    places: Sequence[int] = (0, 7)  # which accounts of the roster
    ads: int = 5
    capped: bool = True
    clock: TestClock = field(default_factory=lambda: TestClock(BEGUN))
    desk: Pressure = field(default_factory=lambda: Pressure(0, 0, timedelta(0)))
    stocks: dict[str, int] = field(default_factory=dict)
    items: Sequence[Item] = ()  # the catalogue
    heard: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str | None] = field(default_factory=list)  # the addresses that came with what staff heard
    rates: CurrencyConverter = field(default_factory=NoRates)
    claims: ClaimChecks | None = None  # without it no new ads are made
    accounts: list[PracticeAccount] = field(init=False)  # of the process that was made last

    def __post_init__(self) -> None:
        self.db = migrated_database(self.folder / "hawker.db")
        self.agents = MemoryManager(MemorySettings(storage_dir=str(self.folder)), db=self.db, clock=self.clock)
        if self.items:
            Goods(self.db, self.clock).replace(self.items, "the test's catalogue")
        self.agency = self.process()

    def process(self) -> Agency:
        """One more process on the same files."""
        roster = read_practice(DATA / "practice.toml")
        specs = [replace(roster[place], ads=self.ads, daily_budget=self._budget(place)) for place in self.places]
        decisions = DecisionsFile(self.folder / "practice.db")
        accounts = tuple(PracticeAccount(spec, decisions, self.clock, BEGUN) for spec in specs)
        practice = PracticeAccounts(PracticeClock(decisions, self.clock, 0.0), accounts)
        brands = read_brands(DATA / "brands.toml")
        limited = practice if self.capped else None
        self.accounts = list(accounts)
        by_brand = practice.by_brand()
        gallery = Gallery(
            Charts(self.db, self.clock), SecretKeys(("a secret of the tests",)), "https://shop.example", self.clock
        )
        parts = AgencyParts(
            db=self.db,
            brands=brands,
            accounts=by_brand,
            practice=limited,
            clock=self.clock,
            real_clock=self.clock,
            rates=self.rates,
            staff=self,
            gallery=gallery,
            shop=self,
            goods=Goods(self.db, self.clock),
            agents=self.agents,
            claims=self.claims,
            writer=None,
        )
        return parts.agency()

    def pressure(self, brand: str) -> Pressure:
        """A desk that keeps up, unless the test says otherwise."""
        return self.desk

    def stock(self, brand: str) -> dict[str, int]:
        return self.stocks

    def _budget(self, place: int) -> Decimal:
        roster = read_practice(DATA / "practice.toml")
        return roster[place].daily_budget * self.ads / roster[place].ads

    def tell(self, brand: str, text: str, picture: str | None = None) -> None:
        self.heard.append((brand, text))
        self.pictures.append(picture)

    def morning(self, *, hours: float = 24) -> None:
        self.clock.pass_by(hours=hours)
        self.agency.cycle.run()

    def run(self, account_id: str) -> CycleRun:
        """The newest cycle of an account."""
        found = [each for each in Cycles(self.db, self.clock).latest("voyage") if each.account_id == account_id]
        return found[0]

    def results(self, account_id: str) -> MorningResults:
        """Of its newest morning."""
        return MorningResults.of_notes(self.run(account_id).notes)

    def changes_done(self) -> int:
        """In the newest mornings of all accounts."""
        return changes_done([self.results(account.spec.id) for account in self.accounts])

    def step(self, name: str) -> MorningStep:
        return next(step for step in self.agency.cycle.steps if step.name == name)

    def deciding(self) -> Decide:
        decide = getattr(self.step("decide").do, "__self__", None)
        assert isinstance(decide, Decide)
        return decide
