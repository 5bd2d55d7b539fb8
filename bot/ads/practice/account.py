"""A practice account: a simulated ad platform on the practice clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import numpy as np

from bot.ads.platform import MARK, PlatformRules, RequestWrong, TryLater, named
from bot.ads.practice.account_list import PracticeSpec
from bot.ads.practice.decisions_file import DecisionsFile, PracticeDecision
from bot.ads.practice.market import HOURS, OVERSPEND, Floats, Insight, Market
from bot.ads.practice.world import HISTORY, WORDS, FirstAd, first_ads, market_of
from bot.language.money import Money
from memory.ads.ad_account import (
    AccountFinding,
    Activity,
    Ad,
    AdAccount,
    AdInsight,
    AdSet,
    AdStatus,
    BusinessEvent,
    Campaign,
    Comment,
    Creative,
    EffectiveStatus,
    EventOutcome,
    Kind,
    Learning,
    New,
    NewAd,
    NewAdSet,
    NewCampaign,
    NewCreative,
    Structure,
)
from memory.storage.timestamps import Clock

OURS: Final = "Hawker"
DAY_CLOSES: Final = timedelta(minutes=30)  # practice time after midnight at which a day is played for good
EVENTS: Final = frozenset(
    "LeadSubmitted QualifiedLead Purchase AddToCart InitiateCheckout ViewContent OrderCreated OrderShipped"
    " OrderDelivered OrderCanceled OrderReturned CartAbandoned RatingProvided ReviewProvided".split()
)
EVENT_WINDOW: Final = timedelta(days=7)
RULES: Final = PlatformRules(worst_day=Decimal(str(OVERSPEND)), budget_changes_an_hour=4, pages="the practice account")
KINDS: Final[Mapping[Kind, str]] = {"campaign": "1", "ad_set": "2", "creative": "3", "ad": "4"}
BREAKDOWNS: Final = ("country", "hour", "placement", "product")
SHARES: Final[Mapping[str, Mapping[str, float]]] = {
    "placement": {"feed": 0.55, "stories": 0.25, "reels": 0.2},
    "hour": {f"{hour:02d}": share for hour, share in enumerate(HOURS)},
}
FEW_BUYERS: Final = 20  # orders after which some of them are second ones
COMING_BACK: Final = {"security": 16, "quality": 14, "expert-advice": 12, "money-saving": 4, "cash-on-delivery": 5}  # %
PRAISE: Final = ("Bought it last month, very happy.", "Looks great!", "Fast delivery, thank you.", "Muy bonito!")
DOUBT: Final = ("Is this real?", "Price please", "Clickbait, it costs more in the chat.", "No one answers...", "Caro!")


@dataclass(frozen=True, slots=True)
class PracticeSale:
    number: str
    ad_id: str | None  # None: its referral was lost
    chat_at: datetime
    ordered_at: datetime
    value: Money
    margin: Money  # after goods and delivery, before the ad is paid
    returned_at: datetime | None  # None while it is kept
    buyer: str  # the same for one customer's orders


@dataclass(frozen=True, slots=True)
class PracticeChats:
    """Chats with a referral on one complete day, as the shop counts them."""

    ad_id: str
    day: date
    chats: int
    leads: int  # of them, people who asked for a price or more


@dataclass(frozen=True, slots=True)
class Click:
    referral: dict[str, str]  # as Twilio sends it
    buys: float  # chance of an order, 0 to 1


@dataclass(slots=True)
class _Objects:
    campaigns: dict[str, Campaign]
    ad_sets: dict[str, AdSet]
    creatives: dict[str, Creative]
    ads: dict[str, Ad]
    places: dict[str, int]  # ad → its place in the market
    rule: float | None = None  # rupees a day


class PracticeAccount:
    """Its state is replayed from the decisions file, which processes may share."""

    def __init__(
        self,
        spec: PracticeSpec,
        decisions: DecisionsFile,
        clock: Clock,
        begun: datetime,
        desk_clock: Clock | None = None,
    ) -> None:
        self.spec = spec
        self._decisions = decisions
        self._clock = clock
        self._desk_clock = desk_clock or clock  # dates the desk's sales events
        self._zone = ZoneInfo(spec.time_zone)
        self._first_day = begun.astimezone(self._zone).date() - timedelta(days=HISTORY)
        self._lock = threading.RLock()
        self._market = Market(market_of(spec), np.random.default_rng([spec.seed, 2]))
        self._objects = self._set_up(first_ads(spec, self._market.world))
        self._at_first = self._budgets_and_states()
        self._seen = 0
        self._day_budgets = np.zeros(len(self._market.world.ads))
        self._share_done = 0.0
        self._sales: list[PracticeSale] = []

    @property
    def rules(self) -> PlatformRules:
        return RULES

    def describe(self) -> AdAccount:
        spec = self.spec
        return AdAccount(
            id=spec.id,
            brand=spec.brand,
            name=spec.name,
            currency=spec.currency,
            time_zone=spec.time_zone,
            status="active",
            min_daily_budget=spec.money(self._market.world.minimum),
            practice=True,
        )

    def structure(self) -> Structure:
        with self._up_to_date():
            standing = self._objects
            sets = tuple(self._with_learning(each) for each in standing.ad_sets.values() if _there(each))
            return Structure(
                account=self.describe(),
                campaigns=tuple(each for each in standing.campaigns.values() if _there(each)),
                ad_sets=sets,
                creatives=tuple(standing.creatives.values()),
                ads=tuple(
                    replace(ad, effective_status=self._effective(ad)) for ad in standing.ads.values() if _there(ad)
                ),
                seen_at=self._clock(),
            )

    def readings(self, since: date, until: date, *, breakdown: str | None = None) -> list[AdInsight]:
        """The newest day is incomplete. No data by country or product."""
        if breakdown not in (None, *BREAKDOWNS):
            raise RequestWrong(
                f"there is no breakdown {breakdown!r}: ask for one of {', '.join(BREAKDOWNS)}, or for none"
            )
        with self._up_to_date():
            ads = {place: ad_id for ad_id, place in self._objects.places.items()}
            found: list[AdInsight] = []
            for day in _days(max(since, self._first_day), min(until, self._today())):
                insight = self._insight(day)
                for place, ad_id in ads.items():
                    found += self._insights_of(ad_id, place, day, insight, breakdown)
            return found

    def activities(self, since: datetime) -> list[Activity]:
        held = dict(self._at_first)
        found = (self._activity(decision, held) for decision in self._decisions.after(self.spec.id, 0))
        return [each for each in found if each is not None and each.at >= since]

    def comments(self, ad_ids: Sequence[str], since: datetime) -> list[Comment]:
        with self._up_to_date():
            for ad_id in ad_ids:
                self._require("ad", ad_id)
            days = _days(max(since.astimezone(self._zone).date(), self._first_day), self._today() - timedelta(days=1))
            return [comment for ad_id in ad_ids for day in days for comment in self._comments(ad_id, day)]

    def create(self, new: New, token: str) -> str:
        with self._up_to_date():
            kind, made = self._stored_form(new, token)
            self._decide(OURS, kind, made["id"], "made", made)
            return str(made["id"])

    def find(self, kind: Kind, token: str) -> list[str]:
        with self._up_to_date():
            return [each.id for each in self._all(kind).values() if each.name.endswith(f"{MARK}{token}")]

    def set_status(self, kind: Kind, object_id: str, status: AdStatus) -> None:
        self._change(OURS, kind, object_id, "status", status)

    def set_budget(self, kind: Kind, object_id: str, amount: Money) -> None:
        """Only ad sets own budgets here."""
        self._change(OURS, kind, object_id, "budget", str(self._payable(kind, amount)))

    def edit_by_hand(self, actor: str, kind: Kind, object_id: str, field: str, value: str) -> None:
        """A colleague's edit; `field` is status or budget."""
        self._change(actor, kind, object_id, field, value)

    def guard_spend(self, most_a_day: Money) -> str:
        self._payable("ad_set", most_a_day)
        with self._up_to_date():
            self._decide(OURS, "account", self.spec.id, "rule", self.spec.in_rupees(most_a_day))
            return f"rule-{self.spec.id}"

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        """Accepts click ids of the last seven days."""
        return [self._outcome(event) for event in events]

    def examine(self) -> list[AccountFinding]:
        return [AccountFinding(f"ad account {self.spec.name}", True, "practice: simulated, no money is spent")]

    def sales(self, since: date) -> list[PracticeSale]:
        """Placed or returned from `since` on."""
        with self._up_to_date():
            start = datetime.combine(since, time(), self._zone)
            return [
                self._as_known(sale)
                for sale in self._sales
                if sale.ordered_at >= start or (sale.returned_at is not None and sale.returned_at >= start)
            ]

    def chats(self, since: date) -> list[PracticeChats]:
        """Complete days from `since` on."""
        with self._up_to_date():
            ads = {place: ad_id for ad_id, place in self._objects.places.items()}
            return [
                PracticeChats(ad_id, self._first_day + timedelta(days=day.day), chats, self._leads(place, chats))
                for day in self._market.days[max((since - self._first_day).days, 0) :]
                for place, ad_id in ads.items()
                if (chats := int(day.referred[place]))
            ]

    def random_click(self, chance: float) -> Click:
        """Weighted by budget; `chance` from 0 to 1 picks the ad. Raises TryLater if none runs."""
        with self._up_to_date():
            budgets = np.cumsum(self._budgets())
            if budgets[-1] <= 0:
                raise TryLater(f"no ad runs in {self.spec.name}")
            place = int(np.searchsorted(budgets, chance * budgets[-1], side="right").clip(0, len(budgets) - 1))
            ad = next(self._objects.ads[key] for key, each in self._objects.places.items() if each == place)
            words = self._objects.creatives[ad.creative_id]
            referral = {
                "ReferralSourceId": ad.id,
                "ReferralSourceType": "ad",
                "ReferralHeadline": words.headline,
                "ReferralBody": words.body,
                "ReferralSourceUrl": f"https://fb.me/{ad.id}",
                "ReferralCtwaClid": f"practice-{ad.id}-{int(chance * 1e9):09d}",
            }
            return Click(referral, min(0.9, 6 * self._market.world.ads[place].sale_rate))

    # How it goes on

    def _up_to_date(self) -> threading.RLock:
        """Replays decisions and complete days; returns the lock."""
        with self._lock:
            for decision in self._decisions.after(self.spec.id, self._seen):
                self._play_until(decision.at)
                self._apply(decision)
                self._seen = decision.id
            self._play_until(self._clock())
            self._apply_spend_rule()
        return self._lock

    def _play_until(self, moment: datetime) -> None:
        while self._next_day() < (moment - DAY_CLOSES).astimezone(self._zone).date():
            self._spread_until(1.0)
            self._book_orders(self._market.step(self._day_budgets).orders)
            self._day_budgets = np.zeros_like(self._day_budgets)
            self._share_done = 0.0
        if self._next_day() == moment.astimezone(self._zone).date():
            self._spread_until(_share_of_day(moment.astimezone(self._zone)))

    def _next_day(self) -> date:
        return self._first_day + timedelta(days=self._market.today)

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _spread_until(self, share: float) -> None:
        # A change at noon affects the rest of the day only.
        self._day_budgets = self._day_budgets + max(share - self._share_done, 0.0) * self._budgets()
        self._share_done = max(share, self._share_done)

    def _budgets(self) -> Floats:
        budgets = np.zeros(len(self._market.world.ads))
        for ad_id, place in self._objects.places.items():
            ad = self._objects.ads[ad_id]
            amount = self._objects.ad_sets[ad.ad_set_id].daily_budget
            if self._effective(ad) == "active" and amount is not None:
                budgets[place] = self.spec.in_rupees(amount)
        return budgets

    def _effective(self, ad: Ad) -> EffectiveStatus:
        ad_set = self._objects.ad_sets[ad.ad_set_id]
        campaign = self._objects.campaigns[ad_set.campaign_id]
        if campaign.status != "active":
            return "campaign_paused"
        if ad_set.status != "active":
            return "ad_set_paused"
        return ad.status

    def _insight(self, day: date) -> Insight:
        played = (day - self._first_day).days
        if played < self._market.today:
            return self._market.insights(played)
        return self._so_far()

    def _so_far(self) -> Insight:
        ahead = self._market.fork()
        day = ahead.step(self._day_budgets + (1 - self._share_done) * self._budgets())
        share = self._share_done
        return Insight(
            day.day,
            np.round(day.spend * share, 2),
            np.floor(day.impressions * share).astype(np.int64),
            np.floor(day.clicks * share).astype(np.int64),
            np.floor(day.chats * share).astype(np.int64),
            settled=False,
        )

    def _apply_spend_rule(self) -> None:
        limit = self._objects.rule
        if limit is None or float(self._so_far().spend.sum()) <= limit:
            return
        for campaign in [each for each in self._objects.campaigns.values() if each.status == "active"]:
            self._decide("automated rule", "campaign", campaign.id, "status", "paused")

    def _book_orders(self, orders: Sequence[Any]) -> None:
        ads = {place: ad_id for ad_id, place in self._objects.places.items()}
        for order in orders:
            returned = order.returned_on
            self._sales.append(
                PracticeSale(
                    number=f"P{self.spec.id[4:]}-{len(self._sales) + 1:05d}",
                    ad_id=ads[order.ad] if order.has_referral else None,
                    chat_at=self._at(order.chat_day, len(self._sales)),
                    ordered_at=self._at(order.day, len(self._sales) + 1),
                    value=self.spec.money(order.value),
                    margin=self.spec.money(order.margin),
                    returned_at=None if returned is None else self._at(returned, 0),
                    buyer=self._buyer(self._market.world.ads[order.ad].angle),
                )
            )

    def _buyer(self, angle: str) -> str:
        number = len(self._sales)
        if number > FEW_BUYERS and number * 7919 % 100 < COMING_BACK.get(angle, 8):
            return self._sales[number * 40503 % number].buyer
        return f"{self.spec.id}-{number + 1}"

    def _at(self, day: int, number: int) -> datetime:
        hour = time(8 + number * 7 % 15, number * 13 % 60)
        return datetime.combine(self._first_day + timedelta(days=day), hour, self._zone).astimezone(UTC)

    def _leads(self, place: int, chats: int) -> int:
        return round(chats * min(0.2 + 4 * self._market.world.ads[place].sale_rate, 0.8))

    def _as_known(self, sale: PracticeSale) -> PracticeSale:
        known = sale.returned_at is not None and sale.returned_at <= self._clock()
        return sale if known else replace(sale, returned_at=None)

    # What is decided

    def _decide(self, actor: str, kind: str, object_id: str, field: str, value: Any) -> None:
        self._decisions.decide(self.spec.id, self._clock(), actor, kind, object_id, field, value)
        self._up_to_date()

    def _change(self, actor: str, kind: Kind, object_id: str, field: str, value: str) -> None:
        with self._up_to_date():
            standing = self._all(kind).get(object_id)
            if standing is None or not _there(standing):
                raise RequestWrong(f"there is no {kind.replace('_', ' ')} {object_id} in {self.spec.name}")
            if field == "budget":
                self._check_edit_rate(object_id)
            self._decide(actor, kind, object_id, field, value)

    def _check_edit_rate(self, object_id: str) -> None:
        hour_ago = self._clock() - timedelta(hours=1)
        recent = [
            decision.at
            for decision in self._decisions.after(self.spec.id, 0)
            if decision.object_id == object_id and decision.field == "budget" and decision.at > hour_ago
        ]
        if len(recent) >= RULES.budget_changes_an_hour:
            raise TryLater(
                f"this budget was changed {RULES.budget_changes_an_hour} times within the hour; the next change waits",
                recent[0] + timedelta(hours=1),
            )

    def _payable(self, kind: Kind, amount: Money) -> int:
        if kind != "ad_set":
            raise RequestWrong(f"a {kind} holds no budget in {self.spec.name}: its ad sets do")
        minimum = self.spec.money(self._market.world.minimum)
        if amount.currency != self.spec.currency:
            raise RequestWrong(f"{self.spec.name} pays in {self.spec.currency}, not in {amount.currency}")
        if amount.minor < minimum.minor:
            raise RequestWrong(f"the least daily budget of {self.spec.name} is {minimum.amount} {minimum.currency}")
        return amount.minor

    def _budgets_and_states(self) -> dict[tuple[str, str], str]:
        standing = self._objects
        states = [each for kind in (standing.campaigns, standing.ad_sets, standing.ads) for each in kind.values()]
        held = {(each.id, "status"): str(each.status) for each in states}
        budgets = [(each.id, each.daily_budget) for each in standing.ad_sets.values()]
        return held | {(key, "budget"): str(amount.amount) for key, amount in budgets if amount is not None}

    def _activity(self, decision: PracticeDecision, held: dict[tuple[str, str], str]) -> Activity | None:
        """None if it is no change. Updates `held`, the values before."""
        if decision.field == "made":
            held[decision.object_id, "status"] = "paused"
            if "budget" in decision.value:
                held[decision.object_id, "budget"] = self._whole_units(decision.value["budget"])
        if decision.field not in ("budget", "status"):
            return None
        place = (decision.object_id, decision.field)
        after = self._whole_units(decision.value) if decision.field == "budget" else str(decision.value)
        before, held[place] = held.get(place), after
        return Activity(
            at=decision.at,
            actor=decision.actor,
            ours=decision.actor == OURS,
            what="budget" if decision.field == "budget" else "status",
            kind=cast(Kind, decision.kind),
            object_id=decision.object_id,
            before=before,
            after=after,
        )

    def _whole_units(self, minor: object) -> str:
        return str(Money.from_minor(int(str(minor)), self.spec.currency).amount)

    def _apply(self, decision: PracticeDecision) -> None:
        if decision.field == "rule":
            self._objects.rule = float(decision.value)
        elif decision.field == "made":
            self._insert(cast(Kind, decision.kind), decision.value, decision.at)
        elif decision.field == "budget":
            amount = Money.from_minor(int(decision.value), self.spec.currency)
            ad_set = self._objects.ad_sets[decision.object_id]
            self._objects.ad_sets[ad_set.id] = replace(ad_set, daily_budget=amount)
        else:
            standing = self._all(cast(Kind, decision.kind))
            standing[decision.object_id] = replace(
                standing[decision.object_id], status=decision.value, effective_status=decision.value
            )

    # What is in it

    def _set_up(self, ads: Sequence[FirstAd]) -> _Objects:
        standing = _Objects({}, {}, {}, {}, {})
        self._objects = standing
        at = datetime.combine(self._first_day, time(6), self._zone).astimezone(UTC)
        seasons = list(dict.fromkeys(ad.campaign for ad in ads))
        for place, season in enumerate(seasons, 1):
            self._insert("campaign", {"id": self._id("campaign", place), "name": season, "objective": "engagement"}, at)
        share = self.spec.money(float(self.spec.daily_budget * self.spec.rupees) / max(len(ads), 1))
        each = max(share.minor, self.spec.money(self._market.world.minimum).minor)
        for place, ad in enumerate(ads, 1):
            self._insert_first(ad, place, self._id("campaign", seasons.index(ad.campaign) + 1), each, at)
        kinds: tuple[Kind, ...] = ("campaign", "ad_set", "ad")
        for kind in kinds:
            holders = self._all(kind)
            for key in holders:
                holders[key] = replace(holders[key], status="active", effective_status="active")
        for place, ad in enumerate(ads, 1):
            if ad.paused:
                key = self._id("ad", place)
                standing.ads[key] = replace(standing.ads[key], status="paused", effective_status="paused")
        return standing

    def _insert_first(self, ad: FirstAd, place: int, campaign: str, budget: int, at: datetime) -> None:
        name = f"{ad.campaign} · {ad.angle} · {ad.format}"
        headline, body = WORDS[ad.angle]
        ids = {kind: self._id(kind, place) for kind in KINDS}
        self._insert("ad_set", {"id": ids["ad_set"], "name": name, "campaign_id": campaign, "budget": budget}, at)
        words = {"headline": headline, "body": body, "format": ad.format, "landing_page": ad.landing_page}
        self._insert("creative", {"id": ids["creative"], "name": name, **words}, at)
        self._insert(
            "ad", {"id": ids["ad"], "name": name, "ad_set_id": ids["ad_set"], "creative_id": ids["creative"]}, at
        )

    def _id(self, kind: str, number: int) -> str:
        return f"{self.spec.id[4:]}{KINDS[cast(Kind, kind)]}{number:06d}"

    def _stored_form(self, new: New, token: str) -> tuple[Kind, dict[str, Any]]:
        name = named(new.name, token)
        match new:
            case NewCampaign():
                if new.objective == "other":
                    raise RequestWrong(f"{self.spec.name} has no campaigns for other than what can be launched")
                return "campaign", {"id": self._next("campaign"), "name": name, "objective": new.objective}
            case NewAdSet():
                self._require("campaign", new.campaign_id)
                more = {"campaign_id": new.campaign_id, "budget": self._payable("ad_set", new.daily_budget)}
                return "ad_set", {"id": self._next("ad_set"), "name": name, **more, "targeting": dict(new.targeting)}
            case NewCreative():
                words = {"headline": new.headline, "body": new.body, "format": "image", "landing_page": None}
                words["image_hash"] = new.image_hash
                return "creative", {"id": self._next("creative"), "name": name, **words}
            case NewAd():
                self._require("ad_set", new.ad_set_id)
                self._require("creative", new.creative_id)
                self._free_place(name)
                return "ad", {
                    "id": self._next("ad"), "name": name, "ad_set_id": new.ad_set_id, "creative_id": new.creative_id,
                }  # fmt: skip

    def _next(self, kind: Kind) -> str:
        return self._id(kind, len(self._all(kind)) + 1)

    def _require(self, kind: Kind, object_id: str) -> None:
        if object_id not in self._all(kind):
            raise RequestWrong(f"there is no {kind.replace('_', ' ')} {object_id} in {self.spec.name}")

    def _insert(self, kind: Kind, made: Mapping[str, Any], at: datetime) -> None:
        account = self.spec.id
        standing = self._objects
        key, name = made["id"], made["name"]
        if kind == "campaign":
            standing.campaigns[key] = Campaign(key, account, name, made["objective"], "paused", "paused", None, at)
        elif kind == "ad_set":
            budget = Money.from_minor(made["budget"], self.spec.currency)
            targeting = made.get("targeting", {})
            standing.ad_sets[key] = AdSet(
                key, account, made["campaign_id"], name, "paused", "paused", budget, targeting
            )
        elif kind == "creative":
            standing.creatives[key] = Creative(
                key, account, name, made["body"], made["headline"], made["format"], made["landing_page"], f"{key}_story",
                made.get("image_hash", f"practice-{key}" if made["format"] == "image" else None),
            )  # fmt: skip
        else:
            standing.places[key] = self._free_place(name)
            standing.ads[key] = Ad(key, account, made["ad_set_id"], made["creative_id"], name, "paused", "paused")

    def _free_place(self, name: str) -> int:
        taken = set(self._objects.places.values())
        number = len(self._objects.ads)
        if number < self.spec.ads:
            return number  # the first ads take the first places, in order
        free = [place for place in range(self.spec.ads, len(self._market.world.ads)) if place not in taken]
        if not free:
            raise RequestWrong(f"{self.spec.name} has no room for another ad: take one away first")
        parts = {part.strip() for part in name.partition(MARK)[0].split(" · ")} | set(name.split(" · "))
        like = [place for place in free if self._market.world.ads[place].angle in parts]
        return (like or free)[0]

    def _all(self, kind: Kind) -> dict[str, Any]:
        standing = self._objects
        holders: dict[Kind, dict[str, Any]] = {
            "campaign": standing.campaigns,
            "ad_set": standing.ad_sets,
            "creative": standing.creatives,
            "ad": standing.ads,
        }
        return holders[kind]

    def _with_learning(self, ad_set: AdSet) -> AdSet:
        places = [place for ad, place in self._objects.places.items() if self._objects.ads[ad].ad_set_id == ad_set.id]
        since = self._market.chats_since_edit()
        chats = int(sum(since[place] for place in places))
        threshold = self._market.world.learning_chats
        learning = Learning("learning" if chats < threshold else "finished", min(chats, threshold), threshold, None)
        campaign = self._objects.campaigns[ad_set.campaign_id]
        effective: EffectiveStatus = ad_set.status if campaign.status == "active" else "campaign_paused"
        return replace(ad_set, learning=learning, effective_status=effective)

    def _insights_of(
        self, ad_id: str, place: int, day: date, insight: Insight, breakdown: str | None
    ) -> list[AdInsight]:
        if insight.impressions[place] == 0 and insight.spend[place] == 0:
            return []
        whole = AdInsight(
            account_id=self.spec.id,
            ad_id=ad_id,
            day=day,
            seen_at=self._clock(),
            spend=self.spec.money(insight.spend[place]),
            impressions=int(insight.impressions[place]),
            clicks=int(insight.clicks[place]),
            chats=int(insight.chats[place]),
        )
        if breakdown is None:
            return [whole]
        shares = SHARES.get(breakdown, {})
        return [self._part(whole, (breakdown, value), share) for value, share in shares.items()]

    def _part(self, whole: AdInsight, breakdown: tuple[str, str], share: float) -> AdInsight:
        return replace(
            whole,
            breakdown=breakdown,
            spend=self.spec.money(self.spec.in_rupees(whole.spend) * share),
            impressions=int(whole.impressions * share),
            clicks=int(whole.clicks * share),
            chats=int((whole.chats or 0) * share),
        )

    def _comments(self, ad_id: str, day: date) -> list[Comment]:
        place = self._objects.places[ad_id]
        rng = np.random.default_rng([self.spec.seed, place, day.toordinal()])
        truth = self._market.world.ads[place]
        honest = truth.sale_rate * 3 > float(np.median([ad.sale_rate for ad in self._market.world.ads]))
        written = []
        for number in range(int(rng.poisson(0.15))):
            text = str(rng.choice(PRAISE if rng.random() < (0.7 if honest else 0.1) else DOUBT))
            at = datetime.combine(day, time(int(rng.integers(8, 23))), self._zone).astimezone(UTC)
            written.append(Comment(f"{ad_id}_{day:%Y%m%d}_{number}", ad_id, at, text, hidden=False))
        return written

    def _outcome(self, event: BusinessEvent) -> EventOutcome:
        if not event.clid:
            return EventOutcome(event.id, False, "it came without a click id")
        if event.name not in EVENTS:
            return EventOutcome(event.id, False, f"there is no event {event.name!r}")
        if self._desk_clock() - event.at > EVENT_WINDOW:
            return EventOutcome(event.id, False, "more than seven days after the click")
        return EventOutcome(event.id, True, "")


def _there(standing: Campaign | AdSet | Ad) -> bool:
    return standing.status not in ("archived", "deleted")


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


_HOURS_DONE: Final = (0.0, *accumulate(HOURS))


def _share_of_day(local: datetime) -> float:
    done = _HOURS_DONE[local.hour] + HOURS[local.hour] * (local.minute * 60 + local.second) / 3600
    return min(done / _HOURS_DONE[-1], 1.0)
