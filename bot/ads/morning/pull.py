"""The morning step `pull`: stores an account's structure, insights and sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from bot.ads.morning.cycle import Morning
from bot.ads.platform import PlatformAccount
from bot.ads.practice import PracticeChats, PracticeSale
from bot.ads.step_results import PullResult
from memory.ads.attribution import AdSale, Attribution, ChatDay
from memory.ads.campaigns import Campaigns

RESTATED: Final = timedelta(days=28)  # so long the platform may tell a day differently
FIRST_PULL: Final = timedelta(days=60)


@runtime_checkable
class SellsItself(Protocol):
    """A practice account, whose customers are simulated."""

    def chats(self, since: date) -> Sequence[PracticeChats]: ...

    def sales(self, since: date) -> Sequence[PracticeSale]: ...


@dataclass(frozen=True, slots=True)
class Pull:
    """Idempotent."""

    campaigns: Campaigns
    attribution: Attribution

    def pull(self, morning: Morning) -> PullResult:
        account = morning.ad_account
        structure = account.structure()
        account_id = structure.account.id
        first = account_id not in {known.id for known in self.campaigns.accounts(morning.brand)}
        self.campaigns.store_structure(structure)
        today = morning.now.astimezone(ZoneInfo(structure.account.time_zone)).date()
        readings = account.readings(today - (FIRST_PULL if first else RESTATED), today)
        new = self.campaigns.store_readings(morning.brand, readings)
        carried = self._store_sales(morning.brand, account_id, account, today)
        return PullResult(ads=len(structure.ads), readings=new, carried=carried)

    def refresh(self, brand: str, account: PlatformAccount, now: datetime) -> None:
        """Between mornings: insights of yesterday and today, and sales."""
        known = account.describe()
        today = now.astimezone(ZoneInfo(known.time_zone)).date()
        self.campaigns.store_readings(brand, account.readings(today - timedelta(days=1), today))
        self._store_sales(brand, known.id, account, today)

    def _store_sales(self, brand: str, account_id: str, account: PlatformAccount, today: date) -> Decimal:
        if not isinstance(account, SellsItself):
            return Decimal(1)  # share of orders with a referral
        booked = self.attribution.stored_until(brand, account_id)
        since = today - FIRST_PULL if booked is None else booked + timedelta(days=1)
        chats = [ChatDay(each.ad_id, each.day, each.chats, each.leads) for each in account.chats(since)]
        self.attribution.store_chats(brand, chats)
        sales = account.sales(since - timedelta(days=1))
        carried = [sale for sale in sales if sale.ad_id is not None]
        zone = ZoneInfo(account.describe().time_zone)
        self.attribution.store_sales(brand, [_sale(sale, zone) for sale in carried])
        for sale in carried:
            if sale.returned_at is not None:
                self.attribution.move(brand, sale.number, "returned")
        return _share(account.sales(today - FIRST_PULL))


def _sale(sale: PracticeSale, zone: ZoneInfo) -> AdSale:
    return AdSale(
        number=sale.number,
        last_ad_id=sale.ad_id or "",
        chat_day=sale.chat_at.astimezone(zone).date(),
        ordered_at=sale.ordered_at,
        value=sale.value,
        margin=sale.margin,
        state="paid",
        buyer=sale.buyer,
    )


def _share(sales: Sequence[PracticeSale]) -> Decimal:
    """Shrunk towards 0.8 by twenty pseudo-orders."""
    carried = sum(sale.ad_id is not None for sale in sales)
    return (Decimal(carried + 16) / Decimal(len(sales) + 20)).quantize(Decimal("0.001"))
