"""Status, trends, fatigue and anomalies of an ad: pure functions."""

# Differences are significant at the 5 % level, anomalies at 0.1 %.

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist, median
from typing import Final, Literal

from bot.ads.step_results import Sentiment
from bot.language.normalisation import fold
from bot.language.patterns import folded_words
from bot.language.words import alternatives
from memory.ads.ad_account import Comment
from memory.ads.figures import Figures

ENOUGH_IMPRESSIONS: Final = 1_000
ENOUGH_CHATS: Final = 30
SURE: Final = 0.95
ANOMALY_LEVEL: Final = 0.001  # how seldom chance alone would do that
FATIGUE_RATIO: Final = 0.75  # of its own best week
DAILY_SPREAD: Final = 0.25  # how much a day's chats differ beyond counting: weekday, weather, auction

Status = Literal["too early", "excellent", "good", "fair", "poor"]


@dataclass(frozen=True, slots=True)
class Proportion:
    successes: int
    tries: int

    @property
    def rate(self) -> float:
        """0 without tries."""
        return self.successes / self.tries if self.tries else 0.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Medians over those with enough data."""

    ctr: float | None
    cost_per_chat: float | None  # in the currency of the figures
    chat_to_order: float | None
    roas: float | None
    of: int  # how many it is drawn from


@dataclass(frozen=True, slots=True)
class Analysis:
    status: Status
    trends: tuple[str, ...]  # sentences


@dataclass(frozen=True, slots=True)
class AdDayCount:
    day: date
    spend: float
    impressions: int
    clicks: int
    chats: int


def benchmark(figures: Sequence[Figures]) -> Benchmark:
    """`figures` in one currency."""
    shown = [each for each in figures if each.impressions >= ENOUGH_IMPRESSIONS]
    chatted = [each for each in shown if each.chats >= ENOUGH_CHATS]
    return Benchmark(
        ctr=_median([each.ctr for each in shown]),
        cost_per_chat=_median([float(c.amount) for each in chatted if (c := each.cost_per_chat) is not None]),
        chat_to_order=_median([each.chat_to_order for each in chatted]),
        roas=_median([float(each.roas) for each in chatted if each.roas is not None]),
        of=len(shown),
    )


def analyse(figures: Figures, usual: Benchmark, break_even_roas: float) -> Analysis:
    if figures.impressions < ENOUGH_IMPRESSIONS or figures.chats < ENOUGH_CHATS:
        return Analysis("too early", (f"{figures.chats} chats so far; judged from {ENOUGH_CHATS} on",))
    return Analysis(_status(figures, break_even_roas), tuple(_deviations(figures, usual)))


def _status(figures: Figures, break_even: float) -> Status:
    roas = float(figures.roas or 0)
    for status, least in (("excellent", 1.5), ("good", 1.1), ("fair", 0.9)):
        if roas >= least * break_even:
            return status  # type: ignore[return-value]
    return "poor"


def _deviations(figures: Figures, usual: Benchmark) -> list[str]:
    said = []
    if usual.ctr and figures.ctr and differs(Proportion(figures.clicks, figures.impressions), usual.ctr):
        said.append(_compared("CTR", f"{figures.ctr:.1%}", f"{usual.ctr:.1%}", figures.ctr / usual.ctr))
    if usual.chat_to_order and differs(
        Proportion(min(figures.orders, figures.chats), figures.chats), usual.chat_to_order
    ):
        rate = figures.chat_to_order or 0.0
        said.append(_compared("chat to order", f"{rate:.1%}", f"{usual.chat_to_order:.1%}", rate / usual.chat_to_order))
    cost = figures.cost_per_chat
    if usual.cost_per_chat and cost is not None and not 0.8 <= float(cost.amount) / usual.cost_per_chat <= 1.25:
        times = float(cost.amount) / usual.cost_per_chat
        said.append(
            _compared("cost per chat", f"{cost.amount:.2f}", f"{usual.cost_per_chat:.2f} {cost.currency}", times)
        )
    return said


def _compared(name: str, own: str, usual: str, times: float) -> str:
    return f"{name} {own}, {'above' if times > 1 else 'below'} the usual {usual}"


def differs(count: Proportion, usual: float) -> bool:
    """Two-sided significance test of a rate against `usual`."""
    if count.tries == 0 or not 0 < usual < 1:
        return False
    error = math.sqrt(usual * (1 - usual) / count.tries)
    return 2 * (1 - NormalDist().cdf(abs(count.rate - usual) / error)) < 1 - SURE


def changed(before: Proportion, after: Proportion) -> float:
    """Signed confidence that the rate rose (1) or fell (-1)."""
    if before.tries == 0 or after.tries == 0:
        return 0.0
    pooled = (before.successes + after.successes) / (before.tries + after.tries)
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.tries + 1 / after.tries))
    return 0.0 if error == 0 else 2 * NormalDist().cdf((after.rate - before.rate) / error) - 1


def counts_differ(before: int, after: int) -> bool:
    """Beyond Poisson noise and `DAILY_SPREAD`."""
    if before + after < ENOUGH_CHATS:
        return False
    spread = math.sqrt(before + after + DAILY_SPREAD**2 / 7 * (before**2 + after**2))
    return 2 * (1 - NormalDist().cdf(abs(after - before) / spread)) < 1 - SURE


def trends(days: Sequence[AdDayCount]) -> list[str]:
    """Against the week before."""
    last, before = _week(days, 0), _week(days, 1)
    said = []
    clicks = changed(_clicks(before), _clicks(last))
    if abs(clicks) >= SURE and _clicks(last).tries >= ENOUGH_IMPRESSIONS:
        said.append(f"CTR {_moved(clicks)} from {_clicks(before).rate:.1%} to {_clicks(last).rate:.1%} within a week")
    chats = changed(_chats(before), _chats(last))
    if abs(chats) >= SURE and _chats(last).tries >= ENOUGH_CHATS:
        said.append(f"chats per click {_moved(chats)} from {_chats(before).rate:.0%} to {_chats(last).rate:.0%}")
    return said


def _moved(sure: float) -> str:
    return "rose" if sure > 0 else "fell"


def fatigue(days: Sequence[AdDayCount]) -> str | None:
    """A sentence if CTR is significantly below the ad's own best week."""
    weeks = [_clicks(_week(days, back)) for back in range(1, 8)]
    known = [week for week in weeks if week.tries >= ENOUGH_IMPRESSIONS]
    now = _clicks(_week(days, 0))
    if not known or now.tries < ENOUGH_IMPRESSIONS:
        return None
    best = max(known, key=lambda week: week.rate)
    if now.rate < FATIGUE_RATIO * best.rate and changed(best, now) <= -0.99:
        return f"it tires: CTR {now.rate:.1%} this week, {best.rate:.1%} in its best"
    return None


def anomaly(days: Sequence[AdDayCount]) -> str | None:
    """A sentence if the last day's chats deviate from what its spend predicts."""
    if len(days) < 8:
        return None
    *earlier, newest = days[-15:]
    spend, chats = sum(day.spend for day in earlier), sum(day.chats for day in earlier)
    if spend <= 0 or chats < ENOUGH_CHATS or newest.spend <= 0:
        return None
    expected = chats / spend * newest.spend
    spread = math.sqrt(expected + (DAILY_SPREAD * expected) ** 2)
    far = (newest.chats - expected) / spread
    if expected < 5 or 2 * (1 - NormalDist().cdf(abs(far))) >= ANOMALY_LEVEL:
        return None
    return f"odd: {newest.chats} chats on {newest.day}, about {expected:.0f} expected for that spend"


def _week(days: Sequence[AdDayCount], back: int) -> Sequence[AdDayCount]:
    end = len(days) - 7 * back
    return days[max(end - 7, 0) : max(end, 0)]


def _clicks(days: Sequence[AdDayCount]) -> Proportion:
    return Proportion(sum(day.clicks for day in days), sum(day.impressions for day in days))


def _chats(days: Sequence[AdDayCount]) -> Proportion:
    return Proportion(sum(min(day.chats, day.clicks) for day in days), sum(day.clicks for day in days))


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


_PRAISE: Final = folded_words(alternatives("sentiment", "praise"))
_BLAME: Final = folded_words(alternatives("sentiment", "blame"))
_NOT: Final = re.compile(rf"{folded_words(alternatives('sentiment', 'not')).pattern}\s\Z")
_PRAISING_SIGNS: Final = re.compile("[😍❤👍🔥]")
_BLAMING_SIGNS: Final = re.compile("[😡👎🤮]")


def sentiment(texts: Sequence[str]) -> Sentiment:
    """By word lists; praise with blame counts as blame."""
    read = [fold(text) for text in texts]
    blame = sum(_blames(text) for text in read)
    praise = sum(_praises(text) and not _blames(text) for text in read)
    return Sentiment(praise, blame, len(texts) - praise - blame)


def _praises(text: str) -> bool:
    said = any(not _NOT.search(text[: found.start()]) for found in _PRAISE.finditer(text))
    return said or bool(_PRAISING_SIGNS.search(text))


def _blames(text: str) -> bool:
    return bool(_BLAME.search(text) or _BLAMING_SIGNS.search(text))


def comment_sentiment(comments: Sequence[Comment]) -> dict[str, Sentiment]:
    """By ad."""
    ads = dict.fromkeys(comment.ad_id for comment in comments)
    return {ad_id: sentiment([each.text for each in comments if each.ad_id == ad_id]) for ad_id in ads}
