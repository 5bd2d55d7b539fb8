"""Builds the ad agent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.ads.agency import AdStores, Agency
from bot.ads.alarms.hourly_check import HourlyCheck
from bot.ads.alarms.shop_state import ShopState, StoredShopState
from bot.ads.budgets.daily_decisions import CarryOut, Decide
from bot.ads.budgets.order_margins import OrderMargins
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.emergency_stop import EmergencyStop
from bot.ads.changes.spend_limits import BrandLimits
from bot.ads.experiments.ad_tests import AdTestLifecycle
from bot.ads.facebook import Facebook, connect, version_warning
from bot.ads.morning.cycle import BrandMorning, Cycle, MorningStep
from bot.ads.morning.learning import Learn, Listen
from bot.ads.morning.pull import Pull
from bot.ads.new_ads.compliance import ClaimChecks
from bot.ads.new_ads.copywriter import Copywriter
from bot.ads.new_ads.ideas import AdWriter
from bot.ads.new_ads.launch import Judge, LaunchTest, ProposeTest
from bot.ads.new_ads.shop_claims import ShopClaims
from bot.ads.platform import Accounts
from bot.ads.practice import PracticeAccounts, SimulatedCustomers, read_practice
from bot.ads.reports.answers import Answers
from bot.ads.reports.charts import Gallery
from bot.ads.reports.morning_report import MorningReport
from bot.ads.sales_feedback import Feedback
from bot.ads.staff_messenger import StaffMessenger
from bot.ads.tasks.asana import Asana
from bot.ads.tasks.task_list import AsanaSync, FileTasks
from bot.brands import Brand
from bot.channels.channel import MessageLimits
from bot.channels.simulator import SmallTwilio
from bot.delivery.scheduler import Job
from bot.delivery.staff_messages import StaffMessages
from bot.language.money import CurrencyConverter
from bot.staff.commands.ad_commands import AdCommands
from bot.staff.questions.built_in_answers import BuiltInAnswers
from bot.staff.questions.model_answers import ModelAnswers
from bot.wiring.foundation import Foundation
from memory.ads.charts import Charts
from memory.ads.chat_texts import AdChats
from memory.ads.conversion_events import ConversionEvents
from memory.ads.graph import Graph
from memory.ads.morning_runs import Cycles
from memory.ads.tasks import Tasks
from memory.agents.memory_manager import MemoryManager
from memory.audit_log.staff_commands import StaffCommandLog
from memory.shop.catalogue_items import Goods
from memory.storage.database import Database
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class AgencyParts:
    """Tests build theirs over small practice accounts."""

    db: Database
    brands: Mapping[str, Brand]
    accounts: Accounts
    practice: PracticeAccounts | None
    clock: Clock  # the time that the accounts live in
    real_clock: Clock  # the machine's
    rates: CurrencyConverter
    staff: StaffMessenger
    gallery: Gallery  # has the addresses of charts
    shop: ShopState
    goods: Goods
    agents: MemoryManager
    claims: ClaimChecks | None  # None: no new ads are made, since nobody could check what they say
    writer: AdWriter | None  # None: new ads are written from templates

    def agency(self) -> Agency:
        stores = AdStores.over(self.db, self.clock, self.real_clock, self.rates)
        specs = self.practice.specs() if self.practice else {}
        rules = {key: account.rules for accounts in self.accounts.values() for key, account in accounts.items()}
        limits = BrandLimits(self.brands, self.rates, specs, rules)
        actions = AccountActions(self.db, self.real_clock, self.accounts, limits, time.sleep)
        usd = {brand.id: brand.ads.test_budget_usd for brand in self.brands.values() if brand.ads}
        lifecycle = AdTestLifecycle(
            db=self.db,
            tests=stores.ad_tests,
            strategy=stores.strategy,
            records=stores.records,
            campaigns=stores.campaigns,
            actions=actions,
            limits=limits,
            rates=self.rates,
            practice=specs,
            test_budget_usd=usd,
        )
        cycles, tasks = Cycles(self.db, self.real_clock), Tasks(self.db, self.real_clock)
        answers = self._answers(stores, cycles, actions)
        margins = {brand.id: brand.ads.margin for brand in self.brands.values() if brand.ads}
        pull = Pull(stores.campaigns, stores.attribution)
        return Agency(
            clock=self.clock,
            accounts=self.accounts,
            memory=stores,
            actions=actions,
            emergency_stop=EmergencyStop(actions),
            cycle=Cycle(
                self._mornings(),
                self.accounts,
                cycles,
                self._steps(stores, pull, limits, lifecycle),
                self._closing(stores, cycles, tasks, answers),
                self.clock,
                self.real_clock,
                self.agents,
            ),
            hourly_check=HourlyCheck(
                self.db, self.accounts, stores.campaigns, stores.figures, actions, self.shop, self.staff, self.clock
            ),
            feedback=Feedback(self.accounts, stores.attribution, ConversionEvents(self.db, self.real_clock), margins),
            pull=pull,
            practice=self.practice,
            answers=answers,
            tasks=tasks,
        )

    def _mornings(self) -> list[BrandMorning]:
        return [
            BrandMorning(brand.id, brand.time_zone, brand.ads.cycle_hour)
            for brand in self.brands.values()
            if brand.ads and self.accounts.get(brand.id)
        ]

    def _steps(
        self, stores: AdStores, pull: Pull, limits: BrandLimits, lifecycle: AdTestLifecycle
    ) -> list[MorningStep]:
        """One account's morning."""
        actions, margins = lifecycle.actions, OrderMargins(self.brands, self.goods, self.rates)
        tests = lifecycle if self.claims is not None else None
        decide = Decide(stores.campaigns, stores.attribution, limits, margins, tests, actions.changes)
        steps = [
            MorningStep("pull", pull.pull),
            MorningStep("decide", decide.decide),
            MorningStep("act", CarryOut(self.db, actions, stores.records, stores.campaigns).act),
            MorningStep("listen", Listen(stores.campaigns).listen),
        ]
        if self.claims is None:
            return steps
        propose_test = ProposeTest(
            lifecycle=lifecycle,
            figures=stores.figures,
            campaigns=stores.campaigns,
            strategy=stores.strategy,
            brands=self.brands,
            goods=self.goods,
            claims=self.claims,
            writer=self.writer,
        )
        return [
            *steps,
            MorningStep("judge", Judge(lifecycle, stores.figures, stores.campaigns).judge),
            MorningStep("ideas", propose_test.propose_test),
            MorningStep("launch", LaunchTest(lifecycle, stores.figures, stores.campaigns).launch),
        ]

    def _closing(self, stores: AdStores, cycles: Cycles, tasks: Tasks, answers: Answers) -> list[MorningStep]:
        """The end of a brand's morning."""
        learn = Learn(
            campaigns=stores.campaigns,
            figures=stores.figures,
            records=stores.records,
            strategy=stores.strategy,
            ad_chats=AdChats(self.db),
            cycles=cycles,
            sharing={brand.id for brand in self.brands.values() if brand.ads and brand.ads.share_patterns},
            desk_clock=self.real_clock,
        )
        return [
            MorningStep("learn", learn.learn, once=True),
            MorningStep("tasks", FileTasks(tasks, cycles, stores.strategy).file, once=True),
            MorningStep("report", MorningReport(cycles, stores.figures, self.staff, answers).report, once=True),
        ]

    def _answers(self, stores: AdStores, cycles: Cycles, actions: AccountActions) -> Answers:
        return Answers(
            db=self.db,
            campaigns=stores.campaigns,
            figures=stores.figures,
            cycles=cycles,
            approvals=actions.approvals,
            changes=actions.changes,
            strategy=stores.strategy,
            graph=Graph(self.db, stores.campaigns, stores.figures, stores.strategy),
            gallery=self.gallery,
            rates=self.rates,
            homes={brand.id: (brand.name, brand.currency) for brand in self.brands.values()},
            clock=self.clock,
        )


@dataclass(frozen=True, slots=True)
class AdSide:
    foundation: Foundation
    facebook: Facebook | None
    agency: Agency
    staff: StaffMessages
    claims: ShopClaims

    @classmethod
    def built(cls, foundation: Foundation, limits: MessageLimits, roster: Path) -> AdSide:
        """Real accounts if META_ACCESS_TOKEN is set, else the practice accounts of `roster`."""
        settings, stores, clock = foundation.settings, foundation.stores, foundation.clock
        facebook = connect(settings, foundation.brands, clock)
        practice = None if facebook else _practice(foundation, roster)
        accounts = facebook.by_brand() if facebook else practice.by_brand() if practice else {}
        staff = StaffMessages(stores.db, stores.messages, foundation.staff, limits)
        claims = ShopClaims(foundation.brands, stores.goods, clock)
        parts = AgencyParts(
            db=stores.db,
            brands=foundation.brands,
            accounts=accounts,
            practice=practice,
            clock=practice.clock if practice else clock,
            real_clock=clock,
            rates=foundation.rates,
            staff=staff,
            gallery=Gallery(Charts(stores.db, clock), foundation.keys, settings.local_url, clock),
            shop=StoredShopState(foundation.turns, stores.goods, clock),
            goods=stores.goods,
            agents=foundation.agents,
            claims=claims,
            writer=Copywriter(foundation.model, stores.limits, clock) if foundation.model else None,
        )
        return cls(foundation, facebook, parts.agency(), staff, claims)

    def commands(self) -> AdCommands:
        foundation, agency = self.foundation, self.agency
        model_answers = ModelAnswers(
            BuiltInAnswers(agency, agency.tasks),
            foundation.model,
            foundation.stores.limits,
            foundation.brands,
            foundation.clock,
        )
        log = StaffCommandLog(foundation.stores.db, foundation.clock)
        return AdCommands(agency, log, agency.tasks, model_answers, self.claims)

    def jobs(self, twilio: SmallTwilio | None) -> list[Job]:
        """`twilio`: where practice customers write to."""
        return [*self._account_jobs(), *self._practice_jobs(twilio), *self._asana_jobs()]

    def _account_jobs(self) -> list[Job]:
        agency = self.agency
        if not agency.accounts:
            return []
        hours = JobRuns(self.foundation.stores.db, agency.clock)
        return [
            Job("ads first look", timedelta(minutes=5), agency.first_read, at_start=True),
            Job("ads morning", timedelta(seconds=30), agency.cycle.run),
            Job("ads stop", timedelta(seconds=15), agency.retry_stop),
            Job("ads sales", timedelta(minutes=5), agency.feedback.run, at_start=True),
            Job("ads unsettled", timedelta(minutes=5), agency.hourly_check.recover_changes, at_start=True),
            Job("ads sweep", timedelta(days=1), agency.hourly_check.archive_orphans),
            Job("ads guards", timedelta(seconds=30), partial(check_each_hour, agency, hours)),
            Job("ads version", timedelta(days=1), partial(warn_of_version_end, agency)),
        ]

    def _practice_jobs(self, twilio: SmallTwilio | None) -> list[Job]:
        practice, per_hour = self.agency.practice, self.foundation.settings.practice_customers_per_hour
        if practice is None or not self.agency.accounts:
            return []
        jobs = [Job("practice time", timedelta(seconds=5), practice.clock.tick, at_start=True)]
        if twilio is not None and per_hour:
            goods, clock = self.foundation.stores.goods, self.foundation.clock
            shoppers = SimulatedCustomers(twilio, practice.accounts, goods, clock, per_hour)
            jobs.append(Job("practice customers", timedelta(seconds=3), shoppers.tick))
        return jobs

    def _asana_jobs(self) -> list[Job]:
        settings, clock = self.foundation.settings, self.foundation.clock
        if not settings.asana_access_token:
            return []
        asana = Asana(settings.asana_access_token, settings.asana_project, settings.asana_api_url, clock)
        twins = AsanaSync(self.agency.tasks, asana, list(self.agency.accounts), clock, self.staff)
        return [Job("tasks in asana", timedelta(minutes=2), twins.sync, at_start=True)]


def _practice(foundation: Foundation, roster: Path) -> PracticeAccounts | None:
    settings = foundation.settings
    if not settings.practice_days_per_hour:
        return None
    path = settings.database_path.with_name("practice.db")
    return PracticeAccounts.opened(path, read_practice(roster), foundation.clock, settings.practice_days_per_hour)


def check_each_hour(agency: Agency, hours: JobRuns) -> None:
    """By the accounts' clock: practice accounts live faster than real time."""
    if hours.claim("ads guards", timedelta(hours=1)):
        agency.each_hour()


def warn_of_version_end(agency: Agency) -> None:
    """Warns staff before the Graph API version expires."""
    agency.hourly_check.warn_staff(version_warning(agency.clock().date()))
