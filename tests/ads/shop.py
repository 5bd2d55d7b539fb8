"""Small practice accounts with the whole agent over them, for tests of its mornings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bot.ads.agent import Agency, Around, Practice, put_together
from bot.ads.alarms.hourly_check import Shop
from bot.ads.alarms.rules import Desk
from bot.ads.changes.spend_limits import Convert
from bot.ads.new_ads.launch import Thinking
from bot.ads.practice import Book, PracticeAccount, PracticeClock, read_practice
from bot.ads.reports.charts import Gallery
from bot.brands import read_brands
from bot.language.money import Money
from memory.ads.charts import Charts
from memory.ads.morning_runs import CycleRun, Cycles
from memory.agents.memory_manager import MemoryManager
from memory.settings import MemorySettings
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from tests.memory.stores import TestClock

DATA = Path(__file__).parents[2] / "data"
BEGUN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # before seven in Madrid, where the brand's mornings begin


def no_rates(money: Money, currency: str) -> Money:
    raise ValueError(f"there is no rate from {money.currency} to {currency}")


@dataclass
class AdShop:
    """Practice accounts, their agent, and what staff heard. Practice days pass as fast as real ones here."""

    folder: Path
    places: Sequence[int] = (0, 7)  # which accounts of the roster
    ads: int = 5
    capped: bool = True
    clock: TestClock = field(default_factory=lambda: TestClock(BEGUN))
    desk: Desk = field(default_factory=lambda: Desk(0, 0, timedelta(0)))
    stock: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str | None] = field(default_factory=list)  # the addresses that came with what staff heard
    convert: Convert = no_rates
    thinking: Thinking | None = None  # without it no new ads are made
    accounts: list[PracticeAccount] = field(init=False)  # of the process that was made last

    def __post_init__(self) -> None:
        self.db = Database(self.folder / "hawker.db")
        self.db.migrate(STEPS)
        self.agents = MemoryManager(MemorySettings(storage_dir=str(self.folder)), db=self.db, clock=self.clock)
        self.agency = self.process()

    def process(self) -> Agency:
        """The agent as one more process on the same files makes it."""
        roster = read_practice(DATA / "practice.toml")
        specs = [replace(roster[place], ads=self.ads, daily_budget=self._budget(place)) for place in self.places]
        book = Book(self.folder / "practice.db")
        accounts = tuple(PracticeAccount(spec, book, self.clock, BEGUN) for spec in specs)
        practice = Practice(PracticeClock(book, self.clock, 0.0), accounts)
        brands = read_brands(DATA / "brands.toml")
        limited = practice if self.capped else None
        self.accounts = list(accounts)
        by_brand = practice.by_brand()
        gallery = Gallery(Charts(self.db, self.clock), "a secret of the tests", "https://shop.example", self.clock)
        around = Around(self.convert, self._hear, gallery, self.shop, self.agents, self.clock, self.thinking)
        return put_together(self.db, brands, by_brand, limited, self.clock, around)

    @property
    def shop(self) -> Shop:
        """A desk that keeps up, and stock as the test has it."""
        return Shop(desk=lambda brand: self.desk, stock=lambda brand: self.stock, order_margin=lambda account: None)

    def _budget(self, place: int) -> Decimal:
        roster = read_practice(DATA / "practice.toml")
        return roster[place].daily_budget * self.ads / roster[place].ads

    def _hear(self, brand: str, text: str, picture: str | None = None) -> None:
        self.heard.append((brand, text))
        self.pictures.append(picture)

    def morning(self, *, hours: float = 24) -> None:
        """Time goes by, then the clock calls."""
        self.clock.pass_by(hours=hours)
        self.agency.cycle.run()

    def run(self, account_id: str) -> CycleRun:
        """The newest cycle of an account."""
        found = [each for each in Cycles(self.db, self.clock).latest("voyage") if each.account_id == account_id]
        return found[0]
