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

from bot.ads.alarms.hourly_check import Shop, Watch
from bot.ads.budgets.daily_decisions import Act, Decide
from bot.ads.changes.account_actions import Actions
from bot.ads.changes.emergency_stop import Brakes
from bot.ads.changes.spend_limits import Convert, Limits, limits_of_brands
from bot.ads.experiments.ad_tests import Dollars, Trials
from bot.ads.morning.cycle import BrandMorning, Cycle, Morning, Step
from bot.ads.morning.learning import Learn, Listen
from bot.ads.morning.pull import Pull
from bot.ads.new_ads.launch import Imagine, Judge, LaunchTest, Thinking
from bot.ads.platform import Account, AdsFault
from bot.ads.practice import Book, PracticeAccount, PracticeClock, PracticeSpec
from bot.ads.reports.answers import Answers
from bot.ads.reports.charts import Gallery
from bot.ads.reports.morning_report import MorningReport, Tell
from bot.ads.sales_feedback import Feedback
from bot.ads.tasks.task_list import FileTasks
from bot.brands import Brand
from bot.language.money import Money
from memory.ads.ad_account import AdAccount
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from memory.ads.chat_texts import Voices
from memory.ads.conversion_events import Events
from memory.ads.figures import AdFigures
from memory.ads.graph import Graph
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Tasks
from memory.agents.memory_manager import MemoryManager
from memory.storage.database import Database
from memory.storage.errors import NotStorable
from memory.storage.timestamps import Clock

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
    tasks: Tasks

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
        except (AdsFault, NotStorable) as fault:
            log.warning("an ad account cannot be read yet: %s", fault)

    def each_hour(self) -> None:
        """What yesterday and today look like by now, then the guards' look at it."""
        for brand, accounts in self.accounts.items():
            known = {account.id for account in self.memory.campaigns.accounts(brand)}
            for account_id in accounts.keys() & known:
                self._refresh(brand, accounts[account_id])
        self.watch.look()

    def _refresh(self, brand: str, account: Account) -> None:
        try:
            self.pull.refresh(brand, account, self.clock())
        except (AdsFault, NotStorable) as fault:
            log.warning("an ad account cannot be read this hour: %s", fault)

    def press_on(self) -> None:
        """Pause what a “stop everything” could not pause yet."""
        for brand in self.accounts:
            self.brakes.press_on(brand)


@dataclass(frozen=True, slots=True)
class Around:
    """What the ad agent needs of the rest of the program."""

    convert: Convert
    tell: Tell  # sends a text, and a picture, to a brand's staff
    gallery: Gallery  # has the addresses of charts
    shop: Shop  # the desk, the stock, what an order leaves
    agents: MemoryManager
    real_clock: Clock  # the machine's; the accounts may live by another
    thinking: Thinking | None = None  # without it no new ads are made: nobody could check their claims


def put_together(
    db: Database,
    brands: Mapping[str, Brand],
    accounts: Accounts,
    practice: Practice | None,
    clock: Clock,
    around: Around,
) -> Agency:
    """The ad agent over these accounts. `clock` is the time that they live in."""
    convert, real_clock, shop, tell = around.convert, around.real_clock, around.shop, around.tell
    thinking = around.thinking
    memory = AdMemory.over(db, clock, real_clock, convert)
    limits = limits_of_brands(brands, convert, practice.limits() if practice else MappingProxyType({}))
    actions = Actions(db, real_clock, lambda brand: accounts.get(brand, {}), limits, time.sleep)
    pull = Pull(memory.campaigns, memory.attribution)
    dollars = _dollars(practice, convert)
    usd = {brand.id: brand.ads.test_budget_usd for brand in brands.values() if brand.ads}
    trials = Trials(db, memory.strategy, memory.records, memory.campaigns, actions, limits, dollars, usd)
    reserve = trials.reserve if thinking else lambda account: Decimal(0)
    steps = [
        Step("pull", pull),
        Step(
            "decide", Decide(memory.campaigns, memory.attribution, limits, shop.order_margin, reserve, actions.changes)
        ),
        Step("act", Act(db, actions, memory.records, memory.strategy, memory.campaigns)),
        Step("listen", Listen(memory.campaigns)),
        *(_launching(memory, trials, brands, thinking) if thinking else ()),
    ]
    mornings = [
        BrandMorning(brand.id, brand.time_zone, brand.ads.cycle_hour)
        for brand in brands.values()
        if brand.ads and accounts.get(brand.id)
    ]
    cycles = Cycles(db, real_clock)
    answers = _answers(memory, brands, cycles, actions, around, clock)
    learn = Learn(
        campaigns=memory.campaigns,
        figures=memory.figures,
        records=memory.records,
        strategy=memory.strategy,
        voices=Voices(db),
        cycles=cycles,
        shares=lambda brand: any(b.id == brand and b.ads and b.ads.share_patterns for b in brands.values()),
        desk_clock=real_clock,
    )
    report = MorningReport(cycles, memory.figures, tell, lambda brand: answers.chart_of(brand).url)
    tasks = Tasks(db, real_clock)
    closing = [
        Step("learn", learn, once=True),
        Step("tasks", FileTasks(tasks, cycles, memory.strategy), once=True),
        Step("report", report, once=True),
    ]
    cycle = Cycle(
        mornings, lambda brand: accounts.get(brand, {}), cycles, steps, closing, clock, real_clock, around.agents
    )
    watch = Watch(db, accounts, memory.campaigns, memory.figures, actions, shop, tell, clock)
    feedback = Feedback(accounts, memory.attribution, Events(db, real_clock), _margins(brands))
    brakes = Brakes(actions)
    return Agency(clock, accounts, memory, actions, brakes, cycle, watch, feedback, pull, practice, answers, tasks)


def _answers(
    memory: AdMemory,
    brands: Mapping[str, Brand],
    cycles: Cycles,
    actions: Actions,
    around: Around,
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
        gallery=around.gallery,
        convert=around.convert,
        homes={brand.id: (brand.name, brand.currency) for brand in brands.values()},
        clock=clock,
    )


def _launching(memory: AdMemory, trials: Trials, brands: Mapping[str, Brand], thinking: Thinking) -> list[Step]:
    """The steps that end tests and begin new ones."""
    imagine = Imagine(trials, memory.figures, memory.campaigns, memory.strategy, brands, thinking)
    return [
        Step("judge", Judge(trials, memory.figures, memory.campaigns)),
        Step("ideas", imagine),
        Step("launch", LaunchTest(trials, memory.figures, memory.campaigns)),
    ]


def _dollars(practice: Practice | None, convert: Convert) -> Dollars:
    """Dollars in an account's currency; practice markets have a rate of their own."""
    specs = {account.spec.id: account.spec for account in practice.accounts} if practice else {}

    def of(account: AdAccount, dollars: Decimal) -> Money:
        spec = specs.get(account.id)
        if spec is not None:
            return spec.money(HUNDRED_DOLLARS / 100 * float(dollars))
        return convert(Money(dollars, "USD"), account.currency)

    return of


def _margins(brands: Mapping[str, Brand]) -> dict[str, Decimal]:
    return {brand.id: brand.ads.margin for brand in brands.values() if brand.ads}
