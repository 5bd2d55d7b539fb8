"""Keeps calls below Meta's limits, by usage headers and our own count."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, Literal

from bot.ads.facebook.errors import Throttled
from memory.storage.timestamps import Clock

Use = Literal["ads_management", "ads_insights", "pages", "events"]
Lane = Literal["read", "write", "pause"]

# Headers alone are not enough: accounts were refused with code 17 while their header still said 0.01 %.
COST = {"GET": 1, "POST": 3, "DELETE": 3}  # https://developers.facebook.com/docs/marketing-api/overview/rate-limiting
WINDOW = 300.0  # seconds that a call counts in the score of its account
MOST_SCORE = {"development_access": 60, "standard_access": 9000}
SHARE = {"read": 0.75, "write": 0.9}  # of a limit; what is left above belongs to pauses
STALE = 300.0  # seconds after which a usage that no later answer confirmed no longer stops us
BIN = 5.0  # seconds counted together
_OF_THE_ACCOUNT = ("ads_management", "ads_insights")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Meter:
    """Usage of a limit in percent as of `at`; blocked before `until`. Unix seconds."""

    percent: float = 0.0
    at: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class CallUsage:
    meters: dict[str, Meter] = field(default_factory=dict)
    scores: dict[str, list[tuple[float, int]]] = field(default_factory=dict)  # per account: when, how much
    tiers: dict[str, str] = field(default_factory=dict)

    def score(self, account: str, now: float) -> int:
        kept = [(at, cost) for at, cost in self.scores.get(account, []) if at > now - WINDOW]
        self.scores[account] = kept
        return sum(cost for _, cost in kept)

    def count(self, account: str, cost: int, now: float) -> None:
        at = now - now % BIN
        counted = self.scores.setdefault(account, [])
        if counted and counted[-1][0] == at:
            counted[-1] = (at, counted[-1][1] + cost)
        else:
            counted.append((at, cost))


class RateLimiter:
    """Admits each call of one app; a reserve is kept for pauses.

    With `path`, the processes of this machine share the state.
    """

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        self._clock = clock
        self._path = path
        self._own = CallUsage()
        self._guard = threading.Lock()

    def admit(self, account: str, use: Use, lane: Lane, method: str) -> None:
        """Raises Throttled."""
        now = self._clock().timestamp()
        with self._usage() as usage:
            if lane != "pause":  # a pause is always tried: Meta decides
                self._check(usage, account, use, lane, COST[method], now)
            if use in _OF_THE_ACCOUNT:
                usage.count(account, COST[method], now)

    def learn(self, account: str, use: Use, headers: Mapping[str, str]) -> None:
        now = self._clock().timestamp()
        with self._usage() as usage:
            for name, meter in _meters(account, use, headers, now):
                usage.meters[name] = meter
            tier = _tier(headers)
            if tier in MOST_SCORE:
                usage.tiers[account] = tier

    def throttled(self, account: str, use: Use, code: int, wait: float) -> datetime:
        """Block this kind of call until the returned time: the header's (`learn` ran before), or `wait` seconds on."""
        now = self._clock().timestamp()
        name = _refused_meter(account, use, code)
        with self._usage() as usage:
            from_header = usage.meters.get(name, Meter()).until
            until = from_header if from_header > now else now + wait
            usage.meters[name] = Meter(100.0, now, until)
        return datetime.fromtimestamp(until, UTC)

    def _check(self, usage: CallUsage, account: str, use: Use, lane: Lane, cost: int, now: float) -> None:
        for name in _meters_of(account, use):
            meter = usage.meters.get(name, Meter())
            if meter.until > now:
                raise _wait(meter.until)
            if meter.percent >= 100 * SHARE[lane] and meter.at + STALE > now:
                raise _wait(meter.at + STALE)
        most = MOST_SCORE[usage.tiers.get(account, "development_access")] * SHARE[lane]
        if use in _OF_THE_ACCOUNT and usage.score(account, now) + cost > most:
            raise _wait(usage.scores[account][0][0] + WINDOW)

    @contextmanager
    def _usage(self) -> Iterator[CallUsage]:
        with self._guard:
            if self._path is None:
                yield self._own
                return
            with self._path.open("a+") as file:
                flock(file, LOCK_EX)
                file.seek(0)
                usage = _read(file.read())
                try:
                    yield usage
                finally:
                    file.truncate(0)
                    file.write(json.dumps(asdict(usage)))


def _wait(until: float) -> Throttled:
    moment = datetime.fromtimestamp(until, UTC) + timedelta(seconds=1)
    return Throttled(
        f"Meta's limit of calls is nearly used up; Hawker keeps the rest for pauses and goes on at {moment:%H:%M} UTC",
        moment,
    )


def _meters_of(account: str, use: Use) -> list[str]:
    mine = [f"{account}/{use}", f"{account}/calls"] if use in _OF_THE_ACCOUNT else [f"{account}/{use}"]
    return [*mine, *(["app/insights"] if use == "ads_insights" else []), "app"]


def _refused_meter(account: str, use: Use, code: int) -> str:
    if code in (17, 613):
        return f"{account}/calls"
    if code == 4:
        return "app/insights" if use == "ads_insights" else "app"
    return f"{account}/{use}"


def _meters(account: str, use: Use, headers: Mapping[str, str], now: float) -> Iterator[tuple[str, Meter]]:
    for owner, uses in _json(headers, "X-Business-Use-Case-Usage").items():
        yield from _business_uses(account if owner == account.removeprefix("act_") else owner, uses, now)
    usage = _json(headers, "X-Ad-Account-Usage")
    if usage:
        percent = _float(usage.get("acc_id_util_pct"))
        rest = _float(usage.get("reset_time_duration")) if percent >= 100 else 0.0
        yield f"{account}/calls", Meter(percent, now, now + rest if rest else 0.0)
    usage = _json(headers, "X-FB-Ads-Insights-Throttle")
    if usage:
        yield f"{account}/ads_insights", Meter(_float(usage.get("acc_id_util_pct")), now)
        yield "app/insights", Meter(_float(usage.get("app_id_util_pct")), now)
    usage = _json(headers, "X-App-Usage")
    if usage:
        yield "app", Meter(_fullest(usage), now)


def _business_uses(owner: str, uses: object, now: float) -> Iterator[tuple[str, Meter]]:
    for usage in uses if isinstance(uses, list) else []:
        minutes = _float(usage.get("estimated_time_to_regain_access"))
        yield f"{owner}/{usage.get('type')}", Meter(_fullest(usage), now, now + 60 * minutes if minutes else 0.0)


def _fullest(usage: Mapping[str, Any]) -> float:
    return max(_float(usage.get(name)) for name in ("call_count", "total_cputime", "total_time"))


def _tier(headers: Mapping[str, str]) -> str:
    for name in ("X-Ad-Account-Usage", "X-FB-Ads-Insights-Throttle"):
        tier = _json(headers, name).get("ads_api_access_tier")
        if tier:
            return str(tier)
    return ""


def _json(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    written = headers.get(name)
    if written is None:
        return {}
    try:
        value = json.loads(written)
    except ValueError:
        log.warning("Meta's header %s is unreadable; only our own count of calls applies", name)
        return {}
    return value if isinstance(value, dict) else {}


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _read(text: str) -> CallUsage:
    try:
        stored = json.loads(text or "{}")
        meters = {name: Meter(**meter) for name, meter in stored.get("meters", {}).items()}
        scores = {name: [(at, cost) for at, cost in counted] for name, counted in stored.get("scores", {}).items()}
        return CallUsage(meters, scores, dict(stored.get("tiers", {})))
    except (ValueError, TypeError, AttributeError):
        log.warning("the file of Meta's usage is unreadable: counting starts again")
        return CallUsage()
