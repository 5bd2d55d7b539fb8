"""A seeded market that reacts to ad budgets day by day."""

# * Chats saturate with a day's spend (`RESPONSES`), wear out, and are rarer during learning.
# * Weekdays and festivals affect all ads alike.
# * A chat becomes an order at the ad's rate, days later (`Delay`); some orders are returned.
# * Some chats lose their referral, so the shop cannot trace their orders to an ad.
# * The platform overspends a day's budget, but not a week's. Insights are restated for some days.
#
# Money: whole rupees as floats.

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

OVERSPEND: Final = 1.75  # budgets that one day may cost; a week from Sunday to Saturday never costs more than seven
STEP: Final = 0.20  # a larger change of budget sends an ad back to learning
LONGEST_DELAY: Final = 35  # days; an order later than this is not traced to its chat
SUNDAY: Final = 6

# Share of a day's chats in each hour from midnight, in the account's time zone: quiet nights, noon and evening peaks.
HOURS: Final[tuple[float, ...]] = (
    0.016, 0.009, 0.006, 0.004, 0.004, 0.008, 0.018, 0.030, 0.041, 0.050, 0.056, 0.058,
    0.060, 0.058, 0.052, 0.048, 0.047, 0.050, 0.058, 0.069, 0.080, 0.080, 0.061, 0.037,
)  # fmt: skip

# What a day's spend is worth after saturation: (spend, the ad's saturation) to effective spend. Each starts with slope 1.
RESPONSES: Final[Mapping[str, Callable[[Floats, Floats], Floats]]] = {
    "exponential": lambda spend, scale: -scale * np.expm1(-spend / scale),
    "hyperbolic": lambda spend, scale: spend / (1 + spend / scale),
    "root": lambda spend, scale: 2 * scale * (np.sqrt(1 + spend / scale) - 1),
    "logarithmic": lambda spend, scale: scale * np.log1p(spend / scale),
}


@dataclass(frozen=True, slots=True)
class Delay:
    """`shares[a]`: of orders `a` days after the chat. Sums to 1."""

    name: str
    shares: tuple[float, ...]

    def by_age(self) -> Floats:
        """Cumulative shares."""
        return np.cumsum(np.array(self.shares))


def delay(name: str, weights: Floats) -> Delay:
    """Normalises weights per day of age."""
    kept = np.asarray(weights, dtype=np.float64)[: LONGEST_DELAY + 1]
    return Delay(name, tuple((kept / kept.sum()).tolist()))


def fading(mean_days: float) -> Floats:
    """Weights of a constant daily chance."""
    weights: Floats = np.exp(-np.arange(LONGEST_DELAY + 1) / mean_days)
    return weights


def hump(middle: float, spread: float) -> Floats:
    """Weights around one day after the chat."""
    ages = np.arange(LONGEST_DELAY + 1)
    weights: Floats = np.exp(-0.5 * ((ages - middle) / spread) ** 2)
    weights /= weights.sum()
    return weights


def usual_delays() -> dict[str, Delay]:
    # At once, within days, slowly, at once or on pay day, on the same day of the week.
    fast, slow = fading(0.8), fading(6.0)
    weekly = sum((hump(7.0 * week, 0.7) * 0.5**week for week in range(5)), np.zeros(LONGEST_DELAY + 1))
    return {
        "fast": delay("fast", fast),
        "days": delay("days", 0.5 * fast / fast.sum() + 0.5 * fading(3.0) / fading(3.0).sum()),
        "slow": delay("slow", slow),
        "bimodal": delay("bimodal", 0.55 * fast / fast.sum() + 0.45 * hump(9, 2.0)),
        "weekly": delay("weekly", weekly),
    }


@dataclass(frozen=True, slots=True)
class MarketAd:
    """Hidden from the agent. Rates per day of full delivery."""

    name: str
    angle: str
    chats_per_spend: float  # chats that one unit of money brings while the ad is fresh and its budget tiny
    saturation: float  # the day's spend at which its audience is being used up (the scale of RESPONSES)
    sale_rate: float  # share of its chats that become an order
    order_value: float  # mean value of an order
    margin: float  # share of the value that is left after goods and delivery, before the ad is paid
    return_rate: float  # share of its orders that come back; a returned order's margin is lost
    click_rate: float  # clicks per impression
    impression_price: float  # money per 1,000 impressions
    wear: float  # how fast it tires: share of response lost per day at a spend equal to its saturation
    born: int = 0  # the first day on which it can deliver

    @property
    def value_per_chat(self) -> float:
        """Net of returns."""
        return self.sale_rate * self.order_value * self.margin * (1 - self.return_rate)


@dataclass(frozen=True, slots=True)
class World:
    ads: tuple[MarketAd, ...]
    delay: Delay
    response: str = "exponential"  # a name in RESPONSES
    weekdays: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)  # factor on chats, Monday first
    festivals: Mapping[int, float] = field(default_factory=dict)  # day → factor on chats
    drift: Mapping[int, Mapping[str, float]] = field(default_factory=dict)  # day → ad → lasting factor on its sale rate
    value_spread: float = 0.4  # standard deviation of the logarithm of an order's value
    daily_noise: float = 0.10  # the same of a day's chats, beyond chance in counting
    lost_referrals: float = 0.15  # share of chats whose referral never arrives
    learning_chats: int = 50  # chats after which learning ends
    learning_loss: float = 0.20  # share of response lost while learning
    worn_floor: float = 0.35  # response that the most tired ad keeps
    return_days: int = 9  # days after the order on which a return is known
    restated_days: int = 3  # days for which the insights of a day still change
    restated_share: float = 0.06  # share of a day's chats and spend that is still missing on its own evening
    minimum: float = 50.0  # the least daily budget the account accepts for one ad
    first_weekday: int = 0  # weekday of day 0, Monday = 0

    def __post_init__(self) -> None:
        if self.response not in RESPONSES:
            raise ValueError(f"a market has no response {self.response!r}; choose one of {', '.join(RESPONSES)}")
        if len({ad.name for ad in self.ads}) != len(self.ads):
            raise ValueError("two ads of a market have one name; give each its own")


@dataclass(frozen=True, slots=True)
class MarketOrder:
    ad: int  # place of the ad in `World.ads`
    chat_day: int  # day of the chat that it came from
    day: int  # day of the order
    value: float  # what the customer pays
    margin: float  # what is left of it after goods and delivery, if it is not returned
    has_referral: bool  # whether the chat carried its referral: False, and the shop cannot tell the ad
    returned_on: int | None  # day on which it comes back; None if it is kept

    def margin_on(self, day: int) -> float:
        """As known on the evening of `day`: 0 once returned."""
        return 0.0 if self.returned_on is not None and self.returned_on <= day else self.margin


@dataclass(frozen=True, slots=True)
class Day:
    """Arrays follow the order of `World.ads`."""

    day: int
    budgets: Floats  # as set that morning
    spend: Floats  # as finally billed
    impressions: Counts
    clicks: Counts
    chats: Counts  # conversations started, as the platform finally counts them
    referred: Counts  # those of them that reached the shop with their referral
    orders: tuple[MarketOrder, ...]  # all orders placed on this day, whichever day they chatted
    learning: NDArray[np.bool_]  # whether the ad was in its learning phase
    expected_margin: Floats  # what this day's spend will bring on average, net of returns, all orders counted


@dataclass(frozen=True, slots=True)
class Insight:
    """Of one past day as of today, per ad."""

    day: int
    spend: Floats
    impressions: Counts
    clicks: Counts
    chats: Counts
    settled: bool  # no longer restated


class Market:
    """The same world, seed and budgets give the same days."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self.world = world
        self.days: list[Day] = []
        self._rng = rng
        ads = world.ads
        self._rate = np.array([ad.chats_per_spend for ad in ads])
        self._saturation = np.array([ad.saturation for ad in ads])
        self._sale_rate = np.array([ad.sale_rate for ad in ads])
        self._value = np.array([ad.order_value for ad in ads])
        self._margin = np.array([ad.margin for ad in ads])
        self._returns = np.array([ad.return_rate for ad in ads])
        self._click_rate = np.array([ad.click_rate for ad in ads])
        self._price = np.array([ad.impression_price for ad in ads])
        self._wear_rate = np.array([ad.wear for ad in ads])
        self._born = np.array([ad.born for ad in ads])
        self._worn = np.zeros(len(ads))
        self._week_budget_left = np.zeros(len(ads))
        self._since_edit = np.zeros(len(ads))
        self._budgets = np.zeros(len(ads))
        self._to_come: dict[int, list[MarketOrder]] = {}
        self._ages = np.array(world.delay.shares)

    @property
    def today(self) -> int:
        """The day that the next `step` plays, from 0."""
        return len(self.days)

    def step(self, budgets: Floats) -> Day:
        """One budget per ad; 0: paused. Raises ValueError."""
        asked = self._checked(budgets)
        day = self.today
        self._note_edits(asked)
        learning = self._since_edit < self.world.learning_chats
        spend = self._spend(asked, day)
        mean = self.mean_chats(spend)
        chats = self._rng.poisson(mean * self._noise(len(asked)))
        impressions, clicks = self._delivery(spend, chats)
        referred = self._rng.binomial(chats, 1 - self.world.lost_referrals)
        self._place_orders(day, chats, referred)
        played = Day(
            day, asked, spend, impressions, clicks, chats, referred,
            tuple(self._to_come.pop(day, ())), learning, mean * self.value_per_chat(),
        )  # fmt: skip
        self._since_edit = self._since_edit + chats
        self._worn = self._worn + self._wear_rate * spend / self._saturation
        self.days.append(played)
        return played

    def value_per_chat(self) -> Floats:
        value: Floats = self._sale_rate_today() * self._value * self._margin * (1 - self._returns)
        return value

    def mean_chats(self, spend: Floats) -> Floats:
        mean: Floats = self._rate * RESPONSES[self.world.response](spend, self._saturation) * self.condition()
        return mean

    def condition(self) -> Floats:
        """Factor on today's chats per ad."""
        return self.calendar(self.today) * self._freshness() * self._learning_factor() * (self._born <= self.today)

    def calendar(self, day: int) -> float:
        """Factor of weekday and festival."""
        weekday = (self.world.first_weekday + day) % 7
        return self.world.weekdays[weekday] * self.world.festivals.get(day, 1.0)

    def insights(self, day: int) -> Insight:
        """Settled after `World.restated_days`. Raises IndexError."""
        played, world = self.days[day], self.world
        age = self.today - 1 - day
        settled = age >= world.restated_days
        known = 1.0 if settled else 1 - world.restated_share * (1 - age / world.restated_days)
        return Insight(
            day,
            np.round(played.spend * known, 2),
            np.floor(played.impressions * known).astype(np.int64),
            np.floor(played.clicks * known).astype(np.int64),
            np.round(played.chats * known).astype(np.int64),
            settled,
        )

    def fork(self) -> Market:
        other = copy.copy(self)
        other._rng = copy.deepcopy(self._rng)
        other.days = list(self.days)
        other._to_come = {day: list(orders) for day, orders in self._to_come.items()}
        return other

    def chats_since_edit(self) -> Floats:
        return self._since_edit.copy()

    def still_to_come(self) -> tuple[MarketOrder, ...]:
        """Future orders of past chats (hidden truth)."""
        return tuple(order for day in sorted(self._to_come) for order in self._to_come[day])

    def orders_so_far(self) -> Counts:
        """Orders of past chats, future ones included (hidden truth)."""
        brought = np.zeros(len(self.world.ads), dtype=np.int64)
        placed = [order.ad for day in self.days for order in day.orders]
        np.add.at(brought, placed + [order.ad for order in self.still_to_come()], 1)
        return brought

    def _checked(self, budgets: Floats) -> Floats:
        asked = np.array(budgets, dtype=np.float64)
        if asked.shape != (len(self.world.ads),):
            raise ValueError(f"a day needs {len(self.world.ads)} budgets, one per ad; it got {asked.size}")
        if not np.all(np.isfinite(asked)) or np.any(asked < 0):
            raise ValueError("a budget is an amount from 0 up")
        return asked

    def _note_edits(self, asked: Floats) -> None:
        moved = np.abs(asked - self._budgets) > STEP * self._budgets * 1.01 + 1e-9
        self._since_edit = np.where(moved & (asked > 0), 0.0, self._since_edit)
        self._budgets = asked

    def _spend(self, asked: Floats, day: int) -> Floats:
        if (self.world.first_weekday + day) % 7 == SUNDAY or day == 0:
            self._week_budget_left = np.zeros(len(asked))
        self._week_budget_left = (
            self._week_budget_left + asked
        )  # what the week's budgets allow so far, less what was spent
        wish = asked * np.clip(self._rng.normal(1.0, 0.15, len(asked)) + self._surge(len(asked)), 0.6, OVERSPEND)
        spend: Floats = np.minimum(wish, np.maximum(self._week_budget_left + 0.75 * asked, 0.0))
        left = (SUNDAY - 1 - (self.world.first_weekday + day)) % 7  # days of the platform's week after this one
        spend = np.where(left == 0, np.minimum(spend, np.maximum(self._week_budget_left, 0.0)), spend)
        spend = np.where(self._born <= day, spend, 0.0)
        self._week_budget_left = self._week_budget_left - spend
        return spend

    def _surge(self, count: int) -> Floats:
        return np.where(self._rng.random(count) < 0.04, self._rng.uniform(0.2, 0.75, count), 0.0)

    def _noise(self, count: int) -> Floats:
        spread = self.world.daily_noise
        noise: Floats = np.exp(self._rng.normal(-0.5 * spread**2, spread, count))
        return noise

    def _delivery(self, spend: Floats, chats: Counts) -> tuple[Counts, Counts]:
        impressions = self._rng.poisson(1000 * spend / self._price)
        clicks = self._rng.binomial(impressions, np.clip(self._click_rate * self._freshness(), 0, 1))
        clicks = np.maximum(clicks, chats)
        return np.maximum(impressions, clicks).astype(np.int64), clicks.astype(np.int64)

    def _freshness(self) -> Floats:
        floor = self.world.worn_floor
        return floor + (1 - floor) * np.exp(-self._worn)

    def _learning_factor(self) -> Floats:
        return np.where(self._since_edit < self.world.learning_chats, 1 - self.world.learning_loss, 1.0)

    def _sale_rate_today(self) -> Floats:
        rate = self._sale_rate.copy()
        for day, factors in self.world.drift.items():
            if day <= self.today:
                rate = rate * np.array([factors.get(ad.name, 1.0) for ad in self.world.ads])
        limited: Floats = np.clip(rate, 0.0, 1.0)
        return limited

    def _place_orders(self, day: int, chats: Counts, referred: Counts) -> None:
        rate = self._sale_rate_today()
        carried = self._rng.binomial(referred, rate)
        lost = self._rng.binomial(chats - referred, rate)
        ads = np.repeat(np.arange(len(chats)), carried + lost)
        has_referral = np.concatenate([np.arange(c + n) < c for c, n in zip(carried, lost, strict=True)] or [[]])
        count, spread = len(ads), self.world.value_spread
        ages = self._rng.choice(len(self._ages), size=count, p=self._ages)
        values = self._value[ads] * np.exp(self._rng.normal(-0.5 * spread**2, spread, count))
        returned = self._rng.random(count) < self._returns[ads]
        margins = values * self._margin[ads]
        for ad, age, value, margin, known, back in zip(
            ads.tolist(), ages.tolist(), values.tolist(), margins.tolist(), has_referral, returned, strict=True
        ):
            on = day + age
            order = MarketOrder(ad, day, on, value, margin, bool(known), on + self.world.return_days if back else None)
            self._to_come.setdefault(on, []).append(order)


@dataclass(frozen=True, slots=True)
class Scope:
    """Ranges for `draw`. Spreads are standard deviations of logarithms."""

    ads: tuple[int, int] = (8, 16)
    angles: tuple[int, int] = (3, 5)
    chat_cost: float = 9.0  # median money per chat at a tiny budget
    chat_cost_spread: float = 0.30
    sale_rate: float = 0.032
    angle_spread: float = 0.35  # how much angles mean; 0: nothing
    ad_spread: float = 0.30
    clickbait: float = 0.15  # share of ads that chat twice as cheaply and sell a fifth as often
    saturation: float = 4_500.0
    saturation_spread: float = 0.5
    order_value: float = 1_500.0
    order_value_spread: float = 0.15
    margin: tuple[float, float] = (0.26, 0.36)
    return_rate: tuple[float, float] = (0.02, 0.12)
    wear: tuple[float, float] = (0.0, 0.03)
    lost_referrals: tuple[float, float] = (0.05, 0.25)
    response: tuple[str, ...] = ("exponential",)
    delays: tuple[str, ...] = ("fast", "days", "bimodal")
    festival: float = 1.5  # factor on chats over the days of a festival
    minimum: float = 50.0


def draw(rng: np.random.Generator, scope: Scope, days: int = 60) -> World:
    """With one three-day festival within `days`."""
    angles = rng.integers(scope.angles[0], scope.angles[1] + 1)
    lifts = rng.normal(0, scope.angle_spread, angles)
    count = int(rng.integers(scope.ads[0], scope.ads[1] + 1))
    ads = tuple(_draw_ad(rng, scope, index, lifts) for index in range(count))
    delays = usual_delays()
    start = int(rng.integers(0, max(days - 3, 1)))
    week = np.array([0.95, 0.95, 0.97, 1.0, 1.03, 1.1, 1.0]) * np.exp(rng.normal(0, 0.04, 7))
    return World(
        ads=ads,
        delay=delays[str(rng.choice(scope.delays))],
        response=str(rng.choice(scope.response)),
        weekdays=tuple((week / week.mean()).tolist()),
        festivals=dict.fromkeys(range(start, start + 3), scope.festival),
        lost_referrals=float(rng.uniform(*scope.lost_referrals)),
        minimum=scope.minimum,
        first_weekday=int(rng.integers(0, 7)),
    )


def _draw_ad(rng: np.random.Generator, scope: Scope, index: int, lifts: Floats) -> MarketAd:
    angle = int(rng.integers(0, len(lifts)))
    bait = rng.random() < scope.clickbait
    cost = scope.chat_cost * np.exp(rng.normal(0, scope.chat_cost_spread)) * (0.5 if bait else 1.0)
    rate = scope.sale_rate * np.exp(lifts[angle] + rng.normal(0, scope.ad_spread)) * (0.2 if bait else 1.0)
    price = float(rng.uniform(90, 220))
    click_rate = min(0.5, price / 1000 / cost / float(rng.uniform(0.35, 0.6)))
    return MarketAd(
        name=f"ad {index + 1}",
        angle=f"angle {angle + 1}",
        chats_per_spend=float(1 / cost),
        saturation=float(scope.saturation * np.exp(rng.normal(0, scope.saturation_spread))),
        sale_rate=float(min(rate, 0.9)),
        order_value=float(scope.order_value * np.exp(rng.normal(0, scope.order_value_spread))),
        margin=float(rng.uniform(*scope.margin)),
        return_rate=float(rng.uniform(*scope.return_rate)),
        click_rate=float(click_rate),
        impression_price=price,
        wear=float(rng.uniform(*scope.wear)),
    )
