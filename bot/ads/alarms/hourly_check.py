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
    AlarmTarget,
    Guards,
    LineToday,
    Look,
    blocked_account,
    broken_page,
    desk_drowning,
    spend_without_chats,
    stock_gone,
    token_trouble,
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

    def look(self) -> None:
        """Hourly: accounts, stock and desk of every brand."""
        for brand, accounts in self.accounts.items():
            Guards(self.actions).act(brand, list(self._looks(brand, accounts)))
            self.speak(brand)

    def settle(self) -> None:
        """Every few minutes: recover what a crash or a lost answer left."""
        for brand, accounts in self.accounts.items():
            for account_id in accounts:
                self._try(account_id, partial(self.actions.recover, brand, account_id))
            self.speak(brand)

    def sweep(self) -> None:
        """Nightly: archive orphans of launches, report unknown ones."""
        for brand, accounts in self.accounts.items():
            for account_id in accounts:
                for sentence in self._try(account_id, partial(self.actions.sweep, brand, account_id)) or ():
                    self.actions.alarms.say(brand, f"sweep {account_id} {sentence}", sentence)
            self.speak(brand)

    def warn(self, sentence: str | None) -> None:
        """Tell the staff of every brand once."""
        for brand in self.accounts if sentence else ():
            self.actions.alarms.say(brand, f"warning {sentence}", sentence or "")
            self.speak(brand)

    def speak(self, brand: str) -> None:
        """Queue new notices for staff, each once."""
        for notice in self.actions.alarms.untold(brand):
            with self.db.transaction():
                self.staff.tell(brand, f"⚠️ {notice.sentence}")
                self.actions.alarms.told(notice.id)

    def _try(self, account_id: str, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except (AdsFault, ChangeRefused) as fault:
            log.warning("ad account %s: %s", account_id, fault)
            return None

    def _looks(self, brand: str, accounts: Mapping[str, PlatformAccount]) -> Iterator[Look]:
        known = {account.id: account for account in self.campaigns.accounts(brand)}
        seen: list[LineToday] = []
        for account_id, account in accounts.items():
            if account_id in known:
                today = _Today(account, known[account_id])
                yield from today.looks()
                seen += self._lines(brand, today)
        yield from spend_without_chats(seen)
        yield from stock_gone(seen, self.shop.stock(brand))
        yield desk_drowning(self.shop.pressure(brand), list(known))

    def _lines(self, brand: str, today: _Today) -> list[LineToday]:
        """Running ads today, with their usual cost per chat."""
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
            LineToday(
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
class _Today:
    """A fault ends the reading and becomes a finding."""

    account: PlatformAccount
    known: AdAccount
    fault: AdsFault | None = None

    def looks(self) -> Iterator[Look]:
        about, pages = self._ask(self.account.describe) or self.known, self.account.rules.pages
        yield blocked_account(about, pages, self.fault)
        yield token_trouble(self.known, pages, self.fault)
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
