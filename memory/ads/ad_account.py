"""Types of an ad account: its objects, its insights, and requests for new objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from bot.language.money import Money

Kind = Literal["campaign", "ad_set", "creative", "ad"]
Objective = Literal["engagement", "leads", "sales", "traffic", "other"]  # other: we never launch these
AdStatus = Literal["active", "paused", "archived", "deleted"]  # the switch that somebody set
# What holds, with everything above it and the platform's review. failing: switched on, but something is wrong with it.
EffectiveStatus = Literal[
    "active", "paused", "campaign_paused", "ad_set_paused", "archived", "deleted",
    "in_review", "approved", "rejected", "processing", "unpaid", "failing", "unknown",
]  # fmt: skip
LearningPhase = Literal["learning", "finished", "limited", "unknown"]  # limited: too few conversions to end it


@dataclass(frozen=True, slots=True)
class AdAccount:
    """Days and budgets are in its own time zone and currency."""

    id: str  # as the platform writes it, such as act_1234
    brand: str
    name: str
    currency: str
    time_zone: str  # IANA name
    status: str  # active, disabled, unsettled, in_review, closed
    min_daily_budget: Money
    practice: bool = False  # simulated: no money is spent


@dataclass(frozen=True, slots=True)
class Learning:
    status: LearningPhase
    conversions: int
    threshold: int | None  # conversions that end the phase; None where the platform did not say
    since: datetime | None  # the last edit that restarted it


@dataclass(frozen=True, slots=True)
class Campaign:
    id: str
    account_id: str
    name: str
    objective: Objective
    status: AdStatus
    effective_status: EffectiveStatus
    daily_budget: Money | None  # None: the ad sets own the budgets
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AdSet:
    id: str
    account_id: str
    campaign_id: str
    name: str
    status: AdStatus
    effective_status: EffectiveStatus
    daily_budget: Money | None  # None: the campaign owns the budget
    targeting: Mapping[str, Any] = field(default_factory=dict)
    learning: Learning | None = None


@dataclass(frozen=True, slots=True)
class Creative:
    id: str
    account_id: str
    name: str
    body: str
    headline: str
    format: str  # image, video, carousel, unknown
    landing_page: str | None  # None: the ad opens the chat
    story_id: str | None = None  # the post under which people comment
    image_hash: str | None = None  # of its picture; not stored


@dataclass(frozen=True, slots=True)
class Ad:
    id: str
    account_id: str
    ad_set_id: str
    creative_id: str
    name: str
    status: AdStatus
    effective_status: EffectiveStatus


@dataclass(frozen=True, slots=True)
class Structure:
    """A snapshot of an account, without archived and deleted objects."""

    account: AdAccount
    campaigns: tuple[Campaign, ...]
    ad_sets: tuple[AdSet, ...]
    creatives: tuple[Creative, ...]
    ads: tuple[Ad, ...]
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class AdInsight:
    """One ad on one day of its account's calendar, as of `seen_at`; may be restated for 28 days.

    None: the platform left the field out, which is not zero.
    """

    account_id: str
    ad_id: str
    day: date
    seen_at: datetime
    spend: Money
    impressions: int
    clicks: int  # on the link, not on “see more”
    chats: int | None  # conversations started, by the platform's count
    reach: int | None = None
    purchases: int | None = None  # the platform's count, from one tier of its aliases only
    purchase_value: Money | None = None
    breakdown: tuple[str, str] | None = None  # such as ("country", "IN"); None: the whole ad


@dataclass(frozen=True, slots=True)
class Activity:
    """From the platform's own log."""

    at: datetime
    actor: str  # the platform's name of the person, or our app's name
    ours: bool
    what: Literal["budget", "status", "other"]
    kind: Kind
    object_id: str
    before: str | None  # a budget in whole units of the account's currency
    after: str | None


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    ad_id: str
    at: datetime
    text: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """Its ad sets own the budgets."""

    name: str
    objective: Objective = "engagement"
    special_ad_categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewAdSet:
    """Click-to-WhatsApp."""

    campaign_id: str
    name: str
    daily_budget: Money
    targeting: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewCreative:
    name: str
    body: str
    headline: str
    image_hash: str
    greeting: str  # what the chat opens with


@dataclass(frozen=True, slots=True)
class NewAd:
    ad_set_id: str
    creative_id: str
    name: str


New = NewCampaign | NewAdSet | NewCreative | NewAd


@dataclass(frozen=True, slots=True)
class BusinessEvent:
    """A conversion event of a chat, sent once."""

    id: str  # ours; the platform does not deduplicate by it
    name: str  # LeadSubmitted, Purchase, OrderCanceled, OrderReturned, …
    at: datetime
    clid: str  # the click id as it came; without one there is no event
    value: Money | None = None


@dataclass(frozen=True, slots=True)
class EventOutcome:
    id: str
    accepted: bool
    why: str  # empty where it was accepted
    again: bool = False  # certainly not accepted: safe to resend; False where the answer was lost


@dataclass(frozen=True, slots=True)
class AccountFinding:
    name: str
    ok: bool
    sentence: str  # the finding, and what to do about it
    stops_chats: bool = False  # no ad can open a chat until it is fixed
