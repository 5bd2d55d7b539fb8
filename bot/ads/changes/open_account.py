"""An ad account as read, and its lease while it is being changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.ads.changes.plans.account_state import AccountState
from bot.ads.changes.plans.refusals import AccountBusy, UnknownAccount
from bot.ads.platform import Accounts, AdsFault, PlatformAccount
from memory.ads.ad_account import AdAccount, Structure
from memory.audit_log.account_changes import AccountHeld, AccountLeases


@dataclass(slots=True)
class OpenAccount:
    account: PlatformAccount
    brand: str
    structure: Structure
    state: AccountState  # follows our own changes
    lease_token: str = ""  # empty: it was only looked at
    fault: AdsFault | None = None  # of the platform; nothing more is begun after it

    @property
    def about(self) -> AdAccount:
        return self.structure.account

    @property
    def at(self) -> datetime:
        return self.structure.seen_at

    @property
    def day(self) -> date:
        return self.day_of(self.at)

    def day_of(self, at: datetime) -> date:
        """In the account's time zone."""
        return at.astimezone(ZoneInfo(self.about.time_zone)).date()


@dataclass(frozen=True, slots=True)
class AccountAccess:
    accounts: Accounts
    leases: AccountLeases
    notice: Callable[[OpenAccount], None]  # called with each account that is read for a change

    @contextmanager
    def hold(self, brand: str, account_id: str) -> Iterator[OpenAccount]:
        """Take the lease, then read. Raises AccountBusy, UnknownAccount, AdsFault."""
        token = secrets.token_hex(8)
        try:
            self.leases.take(account_id, token)
            try:
                opened = self.read(brand, account_id, token)
                self.notice(opened)
                yield opened
            finally:
                self.leases.give_back(account_id, token)
        except AccountHeld as held:
            raise AccountBusy(str(held)) from held

    def read(self, brand: str, account_id: str, lease_token: str = "") -> OpenAccount:  # nosec B107 # no lease, no token
        """Without a lease. Raises UnknownAccount, AdsFault."""
        account = self.account(brand, account_id)
        structure = account.structure()
        return OpenAccount(account, brand, structure, AccountState.of(structure), lease_token)

    def read_if_reachable(self, brand: str, account_id: str) -> OpenAccount | None:
        """Raises UnknownAccount."""
        try:
            seen = self.read(brand, account_id)
        except AdsFault:  # an unreadable account must not keep a pause from happening
            return None
        self.notice(seen)
        return seen

    def account(self, brand: str, account_id: str) -> PlatformAccount:
        """Raises UnknownAccount."""
        account = self.accounts.get(brand, {}).get(account_id)
        if account is None:
            raise UnknownAccount(f"{brand} has no ad account {account_id}.")
        return account
