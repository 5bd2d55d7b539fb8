"""Compares groups of ads and of people: pure functions."""

# The 5 % level holds for all comparisons of a morning together (Bonferroni); counts are divided by the overdispersion.

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from memory.ads.learnings.strategy import Claim, Rate, likelihood

Measure = Literal["ctr", "chat_to_order"]
EarningOutcome = Literal["worked", "failed", "unclear"]
GroupRates = Mapping[tuple[str, str], Rate]  # by measure and group, as memory tries claims again
ENOUGH: Final[Mapping[str, int]] = {"ctr": 2_000, "chat_to_order": 60}  # impressions, chats: on each side
CHANCE: Final = 0.05  # that any of a morning's comparisons is one of chance
MIN_RATIO: Final = 1.15  # how many times better at least
ENOUGH_ADS: Final = 2  # of a group: what one ad does is not its angle's merit
ENOUGH_ORDERS: Final = 10  # before money is judged
ENOUGH_CHATS: Final = 100  # before it is said that a group brings no orders that pay
MIN_DISTANCE: Final = (
    0.1  # from the return on spend of all ads together: where everything loses, that is no group's doing
)
SURE: Final = 1.64  # standard deviations: nineteen of twenty
ALL_BUT: Final = "not "  # before a group: everything of its kind but it


@dataclass(frozen=True, slots=True)
class AdResult:
    """Money in units of the account's cost per chat, so that accounts add up."""

    ad_id: str
    groups: tuple[str, ...]  # angle:security, format:video, …
    impressions: int
    clicks: int
    chats: int
    orders: int
    spend: float
    margin: float

    def rate(self, measure: Measure) -> Rate:
        if measure == "ctr":
            return Rate(min(self.clicks, self.impressions), self.impressions)
        return Rate(min(self.orders, self.chats), self.chats)


@dataclass(frozen=True, slots=True)
class Comparison:
    claim: Claim
    better: Rate
    than: Rate
    confidence: float

    @property
    def sentence(self) -> str:
        what = "are clicked more" if self.claim.measure == "ctr" else "turn more chats into orders"
        return (
            f"{group_text(self.claim.better)} {what} than {group_text(self.claim.than).lower()}:"
            f" {self.better.share:.1%} against {self.than.share:.1%}"
        )


@dataclass(frozen=True, slots=True)
class Earning:
    group: str
    ads: int
    chats: int
    orders: int
    ctr: float
    chat_to_order: float
    roi: float  # profit for each unit spent
    outcome: EarningOutcome  # unclear unless significant and unlike the other ads'

    @property
    def sentence(self) -> str:
        verdict = {"worked": "earned", "failed": "lost", "unclear": "brought"}[self.outcome]
        return (
            f"{group_text(self.group)} {verdict} {abs(self.roi) if self.outcome != 'unclear' else self.roi:.0%} of what was"
            f" spent: {self.orders} orders from {self.chats} chats over {self.ads} ads"
        )


def group_text(group: str) -> str:
    """`angle:security` → Ads on security."""
    kind, value = kind_of(group), group.partition(":")[2]
    words = {
        "angle": "Ads on {}", "format": "Ads as {}", "language": "People who write {}", "country": "People from {}",
        "hour": "Chats that open at {} o'clock", "returning": "{} customers", "landing_page": "Ads that lead to {}",
    }  # fmt: skip
    positive = words.get(kind, "{}").format(value)
    if not group.startswith(ALL_BUT):
        return positive[:1].upper() + positive[1:]
    return {"angle": "Ads on anything else", "format": "Ads in other formats"}.get(kind, "All others")


def rates(results: Sequence[AdResult], segments: GroupRates) -> dict[tuple[str, str], Rate]:
    """By measure and group; `not GROUP` is the rest of its kind."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for result in results:
        for measure in _MEASURES:
            rate = result.rate(measure)
            for group in result.groups:
                sums[measure, group][0] += rate.successes
                sums[measure, group][1] += rate.tries
    found = {place: Rate(*counts) for place, counts in sums.items()} | dict(segments)
    return found | _complements(found)


def _complements(found: GroupRates) -> dict[tuple[str, str], Rate]:
    totals: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (measure, group), rate in found.items():
        totals[measure, kind_of(group)][0] += rate.successes
        totals[measure, kind_of(group)][1] += rate.tries
    rests = {}
    for (measure, group), rate in found.items():
        successes, tries = totals[measure, kind_of(group)]
        rests[measure, f"{ALL_BUT}{group}"] = Rate(successes - rate.successes, tries - rate.tries)
    return rests


def findings(results: Sequence[AdResult], measured: GroupRates) -> list[Comparison]:
    """By descending confidence."""
    ads = Counter(group for result in results for group in result.groups)
    pairs = [
        (measure, group, rate, measured[measure, f"{ALL_BUT}{group}"])
        for (measure, group), rate in measured.items()
        if not group.startswith(ALL_BUT)
        and min(rate.tries, measured[measure, f"{ALL_BUT}{group}"].tries) >= ENOUGH[measure]
        and ads.get(group, ENOUGH_ADS) >= ENOUGH_ADS
    ]
    sure = 1 - CHANCE / max(2 * len(pairs), 1)
    kinds = {kind_of(group) for _measure, group, _own, _others in pairs}
    spread = {(str(m), kind): dispersion(results, m, kind) for m in _MEASURES for kind in kinds}
    found = []
    for measure, group, own, rest in pairs:
        finding = _finding(measure, group, own, rest, spread.get((measure, kind_of(group)), 1.0))
        if finding.confidence >= sure and finding.better.share >= MIN_RATIO * finding.than.share:
            found.append(finding)
    return sorted(found, key=lambda each: -each.confidence)


def _finding(measure: str, group: str, own: Rate, rest: Rate, spread: float) -> Comparison:
    likely = likelihood(_thinned(own, spread), _thinned(rest, spread))
    if likely >= 0.5:
        return Comparison(Claim(group, f"{ALL_BUT}{group}", measure), own, rest, likely)
    return Comparison(Claim(f"{ALL_BUT}{group}", group, measure), rest, own, 1 - likely)


def _thinned(rate: Rate, spread: float) -> Rate:
    return Rate(round(rate.successes / spread), round(rate.tries / spread))


def dispersion(results: Sequence[AdResult], measure: Measure, kind: str) -> float:
    """Factor on the binomial variance within groups, at least 1."""
    groups: defaultdict[str, list[Rate]] = defaultdict(list)
    for result in results:
        for group in result.groups:
            if kind_of(group) == kind and result.rate(measure).tries >= ENOUGH[measure] / 2:
                groups[group].append(result.rate(measure))
    squares, free = 0.0, 0
    for members in groups.values():
        pooled = sum(rate.successes for rate in members) / sum(rate.tries for rate in members)
        if 0 < pooled < 1:
            squares += sum(
                (rate.successes - rate.tries * pooled) ** 2 / (rate.tries * pooled * (1 - pooled)) for rate in members
            )
            free += len(members) - 1
    return max(1.0, squares / free) if free else 1.0


def earnings(results: Sequence[AdResult], kinds: Iterable[str]) -> list[Earning]:
    """By descending return on spend."""
    wanted, members = set(kinds), defaultdict(list)
    for result in results:
        for group in result.groups:
            if kind_of(group) in wanted:
                members[group].append(result)
    spread = {kind: dispersion(results, "chat_to_order", kind) for kind in wanted}
    spent = sum(ad.spend for ad in results)
    whole = sum(ad.margin for ad in results) / spent - 1 if spent > 0 else 0.0
    found = [_earning(group, ads, spread[kind_of(group)], whole) for group, ads in members.items()]
    return sorted((each for each in found if each is not None), key=lambda each: (-each.roi, each.group))


def _earning(group: str, ads: Sequence[AdResult], spread: float, whole: float) -> Earning | None:
    spend, margin = sum(ad.spend for ad in ads), sum(ad.margin for ad in ads)
    chats, orders = sum(ad.chats for ad in ads), sum(ad.orders for ad in ads)
    impressions, clicks = sum(ad.impressions for ad in ads), sum(ad.clicks for ad in ads)
    if spend <= 0 or chats == 0:
        return None
    return Earning(
        group=group,
        ads=len(ads),
        chats=chats,
        orders=orders,
        ctr=clicks / impressions if impressions else 0.0,
        chat_to_order=orders / chats,
        roi=margin / spend - 1,
        outcome=_outcome(spend, margin, chats, orders, spread)
        if len(ads) >= ENOUGH_ADS and abs(margin / spend - 1 - whole) >= MIN_DISTANCE
        else "unclear",
    )


def _outcome(spend: float, margin: float, chats: int, orders: int, spread: float) -> EarningOutcome:
    error = SURE * math.sqrt(spread / max(orders, 1))
    if orders >= ENOUGH_ORDERS and margin * (1 - error) > spend:
        return "worked"
    if chats >= ENOUGH_CHATS and margin * (1 + error) < spend:
        return "failed"
    return "unclear"


def kind_of(group: str) -> str:
    return group.removeprefix(ALL_BUT).partition(":")[0]


_MEASURES: Final[tuple[Measure, ...]] = ("ctr", "chat_to_order")
