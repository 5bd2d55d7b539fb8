"""A practice account's first ads, and the market behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bot.ads.practice.account_list import PracticeSpec
from bot.ads.practice.market import Scope, World, draw

HISTORY: Final = 60  # days that have been played before practice starts
SPARE_ADS: Final = 40  # places in the market for ads that are made later
ANGLES: Final = (
    "money-saving", "style", "security", "quality", "gift", "cash-on-delivery", "new-arrivals", "expert-advice",
)  # fmt: skip
SEASONS: Final = ("Summer", "Festive", "Everyday", "Travel", "Outlet", "Back to school")
FORMATS: Final = ("image", "video", "carousel")
WORDS: Final = {
    "money-saving": ("The same quality for less", "See the price before you ask twice."),
    "style": ("Made to be looked at", "New shapes and colours for this season."),
    "security": ("Bought safely, returned easily", "14 days to return it, 24 months of warranty."),
    "quality": ("Made to last", "Tested parts, honest warranty."),
    "gift": ("A gift they will use", "Packed and delivered in time."),
    "cash-on-delivery": ("Pay when it is in your hands", "No card needed to order."),
    "new-arrivals": ("Just in", "What came in this week, while it lasts."),
    "expert-advice": ("Ask before you buy", "A person who knows answers in this chat."),
}


@dataclass(frozen=True, slots=True)
class FirstAd:
    campaign: str
    angle: str
    format: str
    landing_page: str | None
    paused: bool


def market_of(spec: PracticeSpec) -> World:
    rng = np.random.default_rng(spec.seed)
    budget = spec.daily_budget * spec.rupees
    count = spec.ads + SPARE_ADS
    scope = Scope(
        ads=(count, count),
        angles=(len(ANGLES), len(ANGLES)),
        chat_cost=22.0,
        sale_rate=0.06,
        saturation=max(400.0, float(budget) / max(spec.ads, 1) * 2.0),
        wear=(0.0, 0.012),
        response=("exponential", "hyperbolic", "root"),
        delays=("fast", "days", "slow", "bimodal"),
    )
    world = draw(rng, scope, HISTORY + 30)
    named = {f"angle {number}": angle for number, angle in enumerate(ANGLES, 1)}
    return replace(world, ads=tuple(replace(ad, angle=named[ad.angle]) for ad in world.ads))


def first_ads(spec: PracticeSpec, world: World) -> list[FirstAd]:
    """One ad per ad set, some paused."""
    rng = np.random.default_rng([spec.seed, 1])
    return [
        FirstAd(
            campaign=SEASONS[place % min(len(SEASONS), 1 + spec.ads // 8)],
            angle=ad.angle,
            format=str(rng.choice(FORMATS)),
            landing_page="https://shop.example.com/voyage/offers" if rng.random() < 0.2 else None,
            paused=bool(rng.random() < 0.15),
        )
        for place, ad in enumerate(world.ads[: spec.ads])
    ]
