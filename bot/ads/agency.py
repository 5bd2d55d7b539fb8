"""The ad agent put together: its accounts, what it remembers of them, its mornings, and what keeps it within limits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.ads.actions import Actions
from bot.ads.answers import Answers
from bot.ads.attribution import Feedback
from bot.ads.brakes import Brakes
from bot.ads.charts import Gallery
from bot.ads.contract import Account, AdsFault
from bot.ads.cycle import BrandMorning, Cycle, Morning, Step
from bot.ads.decide import Act, Decide
from bot.ads.limits import Convert, Limits, limits_of_brands
from bot.ads.practice import Book, PracticeAccount, PracticeClock, PracticeSpec
from bot.ads.pull import Pull
from bot.ads.reports import MorningReport, Tell
from bot.ads.watch import Shop, Watch
from bot.brands import Brand
from memory.agent_memory import MemoryManager
from memory.attribution import Attribution
from memory.campaign_records import CampaignRecords
from memory.campaigns import Campaigns
from memory.cycles import Cycles
from memory.database import Database
from memory.events import Events
from memory.figures import AdFigures
from memory.graph import Graph
from memory.moments import Clock
from memory.money import Money
from memory.strategy import Strategy

log = logging.getLogger(__name__)

HUNDRED_DOLLARS: Final = 8_800.0  # in rupees, as the practice markets count
Accounts = Mapping[str, Mapping[str, Account]]  # brand → its accounts by id


@dataclass(frozen=True, slots=True)
class Practice:
    """The practice accounts of this program, and the time they live in."""

    clock: PracticeClock
    accounts: tuple[PracticeAccount, ...]

    @classmethod
    def opened(cls, path: Path, specs: Sequence[PracticeSpec], real_clock: Clock, days_per_hour: float) -> Practice:
        """Those of the roster, on the book at `path`."""
        book = Book(path)
        clock = PracticeClock(book, real_clock, days_per_hour)
        return cls(clock, tuple(PracticeAccount(spec, book, clock, clock.begun, real_clock) for spec in specs))

    def by_brand(self) -> Accounts:
        """The accounts of each brand."""
        brands = dict.fromkeys(account.spec.brand for account in self.accounts)
        return {name: {a.spec.id: a for a in self.accounts if a.spec.brand == name} for name in brands}

    def limits(self) -> dict[str, Limits]:
        """What each may spend: the cap of the roster, and a hundred dollars' raise without asking."""
        return {account.spec.id: _limits(account.spec) for account in self.accounts}


def _limits(spec: PracticeSpec) -> Limits:
    return Limits(Money(spec.daily_cap, spec.currency), spec.money(HUNDRED_DOLLARS))


@dataclass(frozen=True, slots=True)
class AdMemory:
    """The stores of the ad agent, over one database."""

    db: Database
    campaigns: Campaigns
    attribution: Attribution
    records: CampaignRecords
    strategy: Strategy
    figures: AdFigures

    @classmethod
    def over(cls, db: Database, clock: Clock, real_clock: Clock, convert: Convert) -> AdMemory:
        """`clock` is the time that the accounts live in; the desk's chats and orders are dated by the real one."""
        campaigns = Campaigns(db, clock)
        return cls(
            db=db,
            campaigns=campaigns,
            attribution=Attribution(db, real_clock, convert=_where_known(convert)),
            records=CampaignRecords(db, clock),
            strategy=Strategy(db, clock),
            figures=AdFigures(db, campaigns, clock),
        )


def _where_known(convert: Convert) -> Callable[[Money, str], Money | None]:
    def known(money: Money, currency: str) -> Money | None:
        try:
            return convert(money, currency)
        except ValueError:
            return None

    return known


@dataclass(frozen=True, slots=True)
class Agency:
    """Everything of the ad side of one process."""

    clock: Clock  # of the accounts
    accounts: Accounts
    memory: AdMemory
    actions: Actions
    brakes: Brakes
    cycle: Cycle
    watch: Watch
    feedback: Feedback
    pull: Pull
    practice: Practice | None
    answers: Answers

    def first_look(self) -> None:
        """Read every account that was never read: staff may ask before the first morning comes."""
        for brand, accounts in self.accounts.items():
            known = {account.id for account in self.memory.campaigns.accounts(brand)}
            for account_id in accounts.keys() - known:
                self._look(brand, accounts[account_id])

    def _look(self, brand: str, account: Account) -> None:
        now = self.clock()
        try:
            self.pull(Morning(brand, now.date(), now, account, {}))
        except AdsFault as fault:
            log.warning("an ad account cannot be read yet: %s", fault)

    def press_on(self) -> None:
        """Pause what a “stop everything” could not pause yet."""
        for brand in self.accounts:
            self.brakes.press_on(brand)


def put_together(
    db: Database,
    brands: Mapping[str, Brand],
    accounts: Accounts,
    practice: Practice | None,
    convert: Convert,
    real_clock: Clock,
    tell: Tell,
    clock: Clock,
    shop: Shop,
    agents: MemoryManager,
    gallery: Gallery,
) -> Agency:
    """The ad agent over these accounts. `clock` is the time the accounts live in, `real_clock` the machine's;
    `tell` sends a text to a brand's staff; `shop` is what the guards ask of the desk and the stock; `gallery` has the
    addresses of charts."""
    memory = AdMemory.over(db, clock, real_clock, convert)
    limits = limits_of_brands(brands, convert, practice.limits() if practice else MappingProxyType({}))
    actions = Actions(db, real_clock, lambda brand: accounts.get(brand, {}), limits, time.sleep)
    pull = Pull(memory.campaigns, memory.attribution)
    steps = [
        Step("pull", pull),
        Step("decide", Decide(memory.campaigns, memory.attribution, limits, shop.order_margin)),
        Step("act", Act(db, actions, memory.records, memory.strategy, memory.campaigns)),
    ]
    mornings = [
        BrandMorning(brand.id, brand.time_zone, brand.ads.cycle_hour)
        for brand in brands.values()
        if brand.ads and accounts.get(brand.id)
    ]
    cycles = Cycles(db, real_clock)
    answers = _answers(memory, brands, cycles, actions, gallery, convert, clock)
    report = MorningReport(cycles, memory.figures, tell, lambda brand: answers.chart_of(brand).url)
    closing = [Step("report", report, once=True)]
    cycle = Cycle(mornings, lambda brand: accounts.get(brand, {}), cycles, steps, closing, clock, real_clock, agents)
    watch = Watch(db, accounts, memory.campaigns, memory.figures, actions, shop, tell, clock)
    feedback = Feedback(accounts, memory.attribution, Events(db, real_clock), _margins(brands))
    return Agency(clock, accounts, memory, actions, Brakes(actions), cycle, watch, feedback, pull, practice, answers)


def _answers(
    memory: AdMemory,
    brands: Mapping[str, Brand],
    cycles: Cycles,
    actions: Actions,
    gallery: Gallery,
    convert: Convert,
    clock: Clock,
) -> Answers:
    return Answers(
        db=memory.db,
        campaigns=memory.campaigns,
        figures=memory.figures,
        cycles=cycles,
        approvals=actions.approvals,
        changes=actions.changes,
        strategy=memory.strategy,
        graph=Graph(memory.db, memory.campaigns, memory.figures, memory.strategy),
        gallery=gallery,
        convert=convert,
        homes={brand.id: (brand.name, brand.currency) for brand in brands.values()},
        clock=clock,
    )


def _margins(brands: Mapping[str, Brand]) -> dict[str, Decimal]:
    return {brand.id: brand.ads.margin for brand in brands.values() if brand.ads}
