"""Real ad accounts through Meta's Graph API (docs/meta.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.ads.facebook.account import FacebookAccount
from bot.ads.facebook.amounts import from_meta, offset, to_meta
from bot.ads.facebook.creation import Advertiser
from bot.ads.facebook.doctor import Doctor
from bot.ads.facebook.graph_client import GraphClient
from bot.ads.facebook.rate_limiter import RateLimiter
from bot.ads.facebook.version import VERSION, VERSION_ENDS, version_warning
from bot.ads.platform import PlatformAccount
from bot.brands import Brand
from bot.settings import Settings, WrongSetting
from memory.ads.ad_account import AccountFinding
from memory.storage.timestamps import Clock

__all__ = [
    "VERSION",
    "VERSION_ENDS",
    "Advertiser",
    "Facebook",
    "FacebookAccount",
    "GraphClient",
    "RateLimiter",
    "connect",
    "from_meta",
    "offset",
    "to_meta",
    "version_warning",
]


@dataclass(frozen=True, slots=True)
class Facebook:
    accounts: Mapping[str, FacebookAccount]
    doctor: Doctor

    def by_brand(self) -> dict[str, dict[str, PlatformAccount]]:
        brands = dict.fromkeys(account.brand for account in self.accounts.values())
        return {name: {key: one for key, one in self.accounts.items() if one.brand == name} for name in brands}

    def examine(self) -> list[AccountFinding]:
        """Shared checks once, then those of each account."""
        return [*self.doctor.examine(), *(found for each in self.accounts.values() for found in each.examine_itself())]


def connect(settings: Settings, brands: Mapping[str, Brand], clock: Clock) -> Facebook | None:
    """The accounts of META_AD_ACCOUNTS, without a request; None without META_ACCESS_TOKEN. Raises WrongSetting."""
    if not settings.meta_access_token:
        return None
    folder = Path(settings.memory.storage_dir)
    folder.mkdir(parents=True, exist_ok=True)
    limiter = RateLimiter(clock, folder / "meta_usage.json")
    graph = GraphClient(
        settings.meta_access_token, settings.meta_app_secret, limiter, clock, url=settings.meta_graph_url
    )
    owners = {account: _brand_of(account, brand, brands) for account, brand in settings.meta_ad_accounts.items()}
    accounts = {
        account: FacebookAccount(graph, account, brand.id, _advertiser(settings, brand), brand_currency=brand.currency)
        for account, brand in owners.items()
    }
    return Facebook(accounts, Doctor(graph, _advertiser(settings, next(iter(owners.values())))))


def _brand_of(account: str, brand: str, brands: Mapping[str, Brand]) -> Brand:
    if not brand and len(brands) == 1:
        return next(iter(brands.values()))
    if brand not in brands:
        known = ", ".join(brands)
        raise WrongSetting(f"META_AD_ACCOUNTS: {account} needs its brand, as {account}=brand, with a brand of {known}")
    return brands[brand]


def _advertiser(settings: Settings, brand: Brand) -> Advertiser:
    return Advertiser(
        page_id=settings.meta_page_id,
        phone=brand.whatsapp[0].removeprefix("+") if brand.whatsapp else "",
        dataset_id=settings.meta_dataset_id,
        whatsapp_account_id=settings.meta_whatsapp_account_id,
    )
