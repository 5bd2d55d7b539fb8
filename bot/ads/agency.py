"""The ad agent of one process: ad accounts, stores and tools."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bot.ads.alarms.hourly_check import HourlyCheck
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.emergency_stop import EmergencyStop
from bot.ads.morning.cycle import Cycle, Morning
from bot.ads.morning.pull import Pull
from bot.ads.platform import Accounts, AdsFault, PlatformAccount
from bot.ads.practice import PracticeAccounts
from bot.ads.reports.answers import Answers
from bot.ads.sales_feedback import Feedback
from bot.language.money import CurrencyConverter
from memory.ads.ad_tests import AdTests
from memory.ads.attribution import Attribution
from memory.ads.campaigns import Campaigns
from memory.ads.figures import AdFigures
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.ads.learnings.strategy import Strategy
from memory.ads.tasks import Tasks
from memory.storage.database import Database
from memory.storage.errors import NotStorable
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdStores:
    db: Database
    campaigns: Campaigns
    attribution: Attribution
    records: CampaignRecords
    strategy: Strategy
    ad_tests: AdTests
    figures: AdFigures

    @classmethod
    def over(cls, db: Database, clock: Clock, real_clock: Clock, rates: CurrencyConverter) -> AdStores:
        """`clock`: of the ad accounts. `real_clock`: of chats and orders."""
        campaigns = Campaigns(db, clock)
        return cls(
            db=db,
            campaigns=campaigns,
            attribution=Attribution(db, real_clock, rates=rates),
            records=CampaignRecords(db, clock),
            strategy=Strategy(db, clock),
            ad_tests=AdTests(db, clock),
            figures=AdFigures(db, campaigns, clock),
        )


@dataclass(frozen=True, slots=True)
class Agency:
    clock: Clock  # of the accounts
    accounts: Accounts
    memory: AdStores
    actions: AccountActions
    emergency_stop: EmergencyStop
    cycle: Cycle
    hourly_check: HourlyCheck
    feedback: Feedback
    pull: Pull
    practice: PracticeAccounts | None
    answers: Answers
    tasks: Tasks

    def first_read(self) -> None:
        """So that staff can ask before the first morning."""
        for brand, accounts in self.accounts.items():
            known = {account.id for account in self.memory.campaigns.accounts(brand)}
            for account_id, account in accounts.items():  # as listed, so that two runs number ads alike
                if account_id not in known:
                    self._look(brand, account)

    def _look(self, brand: str, account: PlatformAccount) -> None:
        now = self.clock()
        try:
            self.pull.pull(Morning(brand, now.date(), now, account))
        except (AdsFault, NotStorable) as fault:
            log.warning("an ad account cannot be read yet: %s", fault)

    def each_hour(self) -> None:
        """Restate yesterday and today, then check for alarms."""
        for brand, accounts in self.accounts.items():
            known = {account.id for account in self.memory.campaigns.accounts(brand)}
            for account_id, account in accounts.items():
                if account_id in known:
                    self._refresh(brand, account)
        self.hourly_check.run()

    def _refresh(self, brand: str, account: PlatformAccount) -> None:
        try:
            self.pull.refresh(brand, account, self.clock())
        except (AdsFault, NotStorable) as fault:
            log.warning("an ad account cannot be read this hour: %s", fault)

    def retry_stop(self) -> None:
        for brand in self.accounts:
            self.emergency_stop.retry_stop(brand)
