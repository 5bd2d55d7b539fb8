"""A small ad account for tests of memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from bot.language.money import Money
from memory.ads.ad_account import Ad, AdAccount, AdInsight, AdSet, Campaign, Creative, Structure

BRAND = "voyage"
ACCOUNT = "act_1"
SEEN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


def rupees(amount: int | str) -> Money:
    return Money(Decimal(amount), "INR")


def account(
    account_id: str = ACCOUNT, *, brand: str = BRAND, currency: str = "INR", zone: str = "Asia/Kolkata"
) -> AdAccount:
    least = Money(Decimal(100), currency)
    return AdAccount(account_id, brand, f"Shop {account_id}", currency, zone, "active", least, practice=True)


def structure(
    *ads: tuple[str, str],
    of: AdAccount | None = None,
    seen_at: datetime = SEEN,
    pages: dict[str, str] | None = None,
    formats: dict[str, str] | None = None,
) -> Structure:
    """One campaign and one ad set for each `(id, name)` of an ad."""
    held = of or account()
    made = datetime(2026, 9, 1, tzinfo=UTC)
    budget = Money(Decimal(500), held.currency)
    return Structure(
        account=held,
        campaigns=tuple(
            Campaign(f"c-{ad}", held.id, name.split(" · ")[0], "sales", "active", "active", None, made)
            for ad, name in ads
        ),
        ad_sets=tuple(
            AdSet(f"s-{ad}", held.id, f"c-{ad}", name, "active", "active", budget, {"countries": ["IN"]})
            for ad, name in ads
        ),
        creatives=tuple(
            Creative(f"k-{ad}", held.id, name, "body", "head", (formats or {}).get(ad, "image"), (pages or {}).get(ad))
            for ad, name in ads
        ),
        ads=tuple(Ad(ad, held.id, f"s-{ad}", f"k-{ad}", name, "active", "active") for ad, name in ads),
        seen_at=seen_at,
    )


def reading(
    ad: str,
    day: date,
    *,
    spend: int | str = 100,
    seen_at: datetime = SEEN,
    impressions: int = 1000,
    clicks: int = 30,
    chats: int | None = 5,
    purchases: int | None = None,
    account_id: str = ACCOUNT,
    currency: str = "INR",
    breakdown: tuple[str, str] | None = None,
) -> AdInsight:
    return AdInsight(
        account_id=account_id,
        ad_id=ad,
        day=day,
        seen_at=seen_at,
        spend=Money(Decimal(spend), currency),
        impressions=impressions,
        clicks=clicks,
        chats=chats,
        purchases=purchases,
        breakdown=breakdown,
    )
