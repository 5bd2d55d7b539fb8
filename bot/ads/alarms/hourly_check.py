"""The hourly check: reads each account, acts on alarms, tells staff once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from bot.ads.alarms.rules import (
    AdToday,
    AlarmActions,
    AlarmCheck,
    AlarmTarget,
    blocked_account,
    broken_page,
    overloaded_desk,
    sold_out_ads,
    spend_without_chats,
    unreachable_account,
)
from bot.ads.alarms.shop_state import ShopState
from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.platform import Accounts, AdsFault, PlatformAccount
from bot.ads.staff_messenger import StaffMessenger
from memory.ads.ad_account import AdAccount, AdInsight
from memory.ads.campaigns import Campaigns
from memory.ads.figures import AdFigures
from memory.storage.database import Database
from memory.storage.timestamps import Clock

T = TypeVar("T")
USUAL_DAYS: Final = 30
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HourlyCheck:
    db: Database
    accounts: Accounts
    campaigns: Campaigns
    figures: AdFigures
    actions: AccountActions
    shop: ShopState
    staff: StaffMessenger
    clock: Clock  # of the accounts

    def run(self) -> None:
        for brand, accounts in self.accounts.items():
            AlarmActions(self.actions).apply(brand, list(self._checks(brand, accounts)))
            self.queue_notices(brand)

    def recover_changes(self) -> None:
        """Every few minutes."""
        for brand, accounts in self.accounts.items():
            for account_id in accounts:
                self._logged(account_id, partial(self.actions.recover, brand, account_id))
            self.queue_notices(brand)

    def archive_orphans(self) -> None:
        """Nightly."""
        for brand, accounts in self.accounts.items():
            for account_id in accounts:
                for sentence in self._logged(account_id, partial(self.actions.sweep, brand, account_id)) or ():
                    self.actions.alarms.notify(brand, f"sweep {account_id} {sentence}", sentence)
            self.queue_notices(brand)

    def warn_staff(self, sentence: str | None) -> None:
        """Tell the staff of every brand once."""
        for brand in self.accounts if sentence else ():
            self.actions.alarms.notify(brand, f"warning {sentence}", sentence or "")
            self.queue_notices(brand)

    def queue_notices(self, brand: str) -> None:
        for notice in self.actions.alarms.unsent_notices(brand):
            with self.db.transaction():
                self.staff.tell(brand, f"⚠️ {notice.sentence}")
                self.actions.alarms.mark_sent(notice.id)

    def _logged(self, account_id: str, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except (AdsFault, ChangeRefused) as fault:
            log.warning("ad account %s: %s", account_id, fault)
            return None

    def _checks(self, brand: str, accounts: Mapping[str, PlatformAccount]) -> Iterator[AlarmCheck]:
        known = {account.id: account for account in self.campaigns.accounts(brand)}
        ads: list[AdToday] = []
        for account_id, account in accounts.items():
            if account_id in known:
                today = _AccountToday(account, known[account_id])
                yield from today.checks()
                ads += self._running_ads(brand, today)
        yield from spend_without_chats(ads)
        yield from sold_out_ads(ads, self.shop.stock(brand))
        yield overloaded_desk(self.shop.pressure(brand), list(known))

    def _running_ads(self, brand: str, today: _AccountToday) -> list[AdToday]:
        day = self.clock().astimezone(ZoneInfo(today.known.time_zone)).date()
        readings = today.readings(day)
        if not readings:
            return []
        ads = {ad.ad_id: ad for ad in self.campaigns.ads(brand, account_id=today.known.id)}
        figures = self.figures.of(brand, "ad", USUAL_DAYS, account_id=today.known.id)
        own = {each.key: each.cost_per_chat for each in figures}
        whole = self.figures.of(brand, "account", USUAL_DAYS, account_id=today.known.id)
        usual = whole[0].cost_per_chat if whole else None
        return [
            AdToday(
                AlarmTarget(today.known.id, "ad", each.ad_id, ads[each.ad_id].name),
                each.spend,
                each.chats,
                own.get(each.ad_id) or usual,
                _sku(ads[each.ad_id].brief),
            )
            for each in readings
            if each.ad_id in ads and ads[each.ad_id].effective_status == "active"
        ]


@dataclass(slots=True)
class _AccountToday:
    account: PlatformAccount
    known: AdAccount
    fault: AdsFault | None = None

    def checks(self) -> Iterator[AlarmCheck]:
        about, pages = self._ask(self.account.describe) or self.known, self.account.rules.pages
        yield blocked_account(about, pages, self.fault)
        yield unreachable_account(self.known, pages, self.fault)
        findings = None if self.fault else self._ask(self.account.examine)
        if findings is not None:
            yield broken_page(about, findings)

    def readings(self, day: date) -> list[AdInsight]:
        if self.fault:
            return []
        return self._ask(lambda: self.account.readings(day, day)) or []

    def _ask(self, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except AdsFault as fault:
            self.fault = fault
            return None


def _sku(brief: Mapping[str, object]) -> str | None:
    sku = brief.get("sku")
    return sku if isinstance(sku, str) else None
