"""Reports leave room for pauses; Meta's usage headers are kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ads.facebook import RateLimiter
from bot.ads.facebook.errors import Throttled
from bot.ads.facebook.rate_limiter import Lane, Use
from bot.ads.platform import TryLater
from tests.ads.facebook.graph_server import GraphServer, WaitingClock, refusing
from tests.ads.facebook.test_contract import MetaStage
from tests.ads.platform_contract import launch, publish

ACCOUNT = "act_111"


@pytest.fixture
def time() -> WaitingClock:
    return WaitingClock()


@pytest.fixture
def meta(time: WaitingClock) -> Iterator[GraphServer]:
    with GraphServer(clock=time) as server:
        server.opens(ACCOUNT)
        yield server


def until_refused(limiter: RateLimiter, lane: Lane, use: Use = "ads_management", *, most: int = 20_000) -> int:
    """How many reads go before one is refused."""
    for n in range(most):
        try:
            limiter.admit(ACCOUNT, use, lane, "GET")
        except Throttled:
            return n
    return most


def test_reads_leave_room_for_writes_and_writes_for_pauses(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    assert until_refused(limiter, "read") == 45  # of the 60 that an unknown account has
    assert until_refused(limiter, "write") == 9
    assert until_refused(limiter, "pause", most=100) == 100


def test_a_change_counts_as_three_reads(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    for _ in range(15):
        limiter.admit(ACCOUNT, "ads_management", "write", "POST")
    assert until_refused(limiter, "read") == 0


def test_code_4_at_a_report_stops_only_reports(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    limiter.throttled(ACCOUNT, "ads_insights", 4, 300)
    with pytest.raises(TryLater):
        limiter.admit("act_222", "ads_insights", "read", "GET")
    limiter.admit("act_222", "ads_management", "read", "GET")
    limiter.throttled(ACCOUNT, "ads_management", 4, 300)
    with pytest.raises(TryLater):
        limiter.admit("act_222", "ads_management", "read", "GET")


def test_the_room_of_a_known_tier_is_used(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    usage = {"acc_id_util_pct": 1, "reset_time_duration": 0, "ads_api_access_tier": "standard_access"}
    limiter.learn(ACCOUNT, "ads_management", {"X-Ad-Account-Usage": json.dumps(usage)})
    assert until_refused(limiter, "read") == 6750


def test_a_refused_call_says_when_and_then_it_goes(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    until_refused(limiter, "read")
    with pytest.raises(TryLater) as refused:
        limiter.admit(ACCOUNT, "ads_management", "read", "GET")
    assert refused.value.until is not None
    assert timedelta(0) < refused.value.until - time() <= timedelta(seconds=302)
    time.wait((refused.value.until - time()).total_seconds())
    limiter.admit(ACCOUNT, "ads_management", "read", "GET")


def test_accounts_do_not_count_for_each_other(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    until_refused(limiter, "read")
    limiter.admit("act_222", "ads_management", "read", "GET")


BUC = "X-Business-Use-Case-Usage"


@pytest.mark.parametrize(
    ("header", "told", "stops"),
    [
        (
            BUC,
            {"111": [{"type": "ads_insights", "call_count": 80, "total_cputime": 1, "total_time": 1}]},
            {"ads_insights"},
        ),
        (
            BUC,
            {"111": [{"type": "ads_insights", "call_count": 1, "total_cputime": 80, "total_time": 1}]},
            {"ads_insights"},
        ),
        (
            BUC,
            {"111": [{"type": "ads_management", "call_count": 1, "total_cputime": 1, "total_time": 80}]},
            {"ads_management"},
        ),
        (BUC, {"222": [{"type": "ads_insights", "call_count": 99, "total_cputime": 1, "total_time": 1}]}, set()),
        ("X-Ad-Account-Usage", {"acc_id_util_pct": 80}, {"ads_insights", "ads_management"}),
        ("X-FB-Ads-Insights-Throttle", {"app_id_util_pct": 80, "acc_id_util_pct": 1}, {"ads_insights"}),
        ("X-FB-Ads-Insights-Throttle", {"app_id_util_pct": 1, "acc_id_util_pct": 80}, {"ads_insights"}),
        ("X-App-Usage", {"call_count": 80, "total_cputime": 1, "total_time": 1}, {"ads_insights", "ads_management"}),
        ("X-App-Usage", {"call_count": 70, "total_cputime": 1, "total_time": 1}, set()),
    ],
)
def test_each_header_stops_the_reads_that_it_is_about(
    time: WaitingClock, header: str, told: object, stops: set[str]
) -> None:
    limiter = RateLimiter(time)
    limiter.learn(ACCOUNT, "ads_management", {header: json.dumps(told)})
    uses: tuple[Use, ...] = ("ads_insights", "ads_management")
    assert {use for use in uses if until_refused(limiter, "read", use, most=1) == 0} == stops
    limiter.admit(ACCOUNT, "ads_management", "write", "POST")
    time.wait(301)
    assert [until_refused(limiter, "read", use, most=1) for use in uses] == [1, 1]


def test_meta_says_in_minutes_when_it_goes_on(time: WaitingClock) -> None:
    limiter = RateLimiter(time)
    usage = {"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 19}
    limiter.learn(ACCOUNT, "ads_insights", {BUC: json.dumps({"111": [usage]})})
    time.wait(19 * 60 - 1)
    with pytest.raises(TryLater):
        limiter.admit(ACCOUNT, "ads_insights", "read", "GET")
    time.wait(2)
    limiter.admit(ACCOUNT, "ads_insights", "read", "GET")


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"111": 5}', '{"111": [{"call_count": "x"}]}'])
def test_a_header_that_cannot_be_read_stops_nothing(time: WaitingClock, broken: str) -> None:
    limiter = RateLimiter(time)
    limiter.learn(ACCOUNT, "ads_management", dict.fromkeys((BUC, "X-Ad-Account-Usage", "X-App-Usage"), broken))
    limiter.admit(ACCOUNT, "ads_management", "read", "GET")


def test_processes_share_what_one_of_them_learned(time: WaitingClock, tmp_path: Path) -> None:
    one, other = (RateLimiter(time, tmp_path / "usage.json") for _ in range(2))
    assert until_refused(one, "read") == 45
    assert until_refused(other, "read") == 0
    one.throttled(ACCOUNT, "pages", 32, 60)
    assert until_refused(other, "read", "pages") == 0
    time.wait(301)
    assert until_refused(other, "read") == 45


def test_no_call_is_forgotten_when_several_count_at_once(time: WaitingClock, tmp_path: Path) -> None:
    file = tmp_path / "usage.json"

    def fifty_pauses() -> None:
        limiter = RateLimiter(time, file)
        for _ in range(50):
            limiter.admit(ACCOUNT, "ads_management", "pause", "GET")

    threads = [threading.Thread(target=fifty_pauses) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(cost for _, cost in json.loads(file.read_text())["scores"][ACCOUNT]) == 200


@pytest.mark.parametrize("text", ["", '{"meters": {"app": {"perc', "[]", '{"meters": 5}', '{"scores": {"a": [1]}}'])
def test_a_half_written_file_starts_the_count_again(time: WaitingClock, tmp_path: Path, text: str) -> None:
    file = tmp_path / "usage.json"
    file.write_text(text)
    assert until_refused(RateLimiter(time, file), "read") == 45
    assert json.loads(file.read_text())


@given(
    st.lists(st.tuples(st.sampled_from(["read", "write", "pause"]), st.sampled_from(["GET", "POST"]), st.floats(0, 90)))
)
def test_reads_and_writes_stay_within_their_share(calls: list[tuple[Lane, str, float]]) -> None:
    time = WaitingClock()
    counted: list[tuple[datetime, int]] = []
    limiter = RateLimiter(time)
    for lane, method, seconds in calls:
        time.wait(seconds)
        cost = 1 if method == "GET" else 3
        score = sum(cost for at, cost in counted if at > time() - timedelta(seconds=290))
        try:
            limiter.admit(ACCOUNT, "ads_management", lane, method)
        except Throttled:
            assert lane != "pause"
            continue
        counted.append((time(), cost))
        assert lane == "pause" or score + cost <= {"read": 45, "write": 54}[lane]


# Against Meta's own count


def test_small_account_reports_stop_early_and_pauses_still_go(meta: GraphServer, time: WaitingClock) -> None:
    account = meta.account(graph=meta.graph(sleep=time.wait))
    made = launch_slowly(meta, time)
    meta.tier = "development_access"
    with pytest.raises(TryLater, match="keeps the rest for pauses"):
        for _ in range(100):
            account.structure()
    account.set_status("ad", made, "paused")
    assert meta.objects[made]["status"] == "PAUSED"


def launch_slowly(meta: GraphServer, time: WaitingClock) -> str:
    """The id of an ad that runs, launched long enough ago not to count."""
    stage = MetaStage(meta, time, meta.account(graph=meta.graph(sleep=time.wait)), ZoneInfo("Asia/Kolkata"))
    made = launch(stage)
    publish(stage, made)
    time.wait(600)
    return made.ad


def test_after_code_17_only_pauses_are_sent(meta: GraphServer, time: WaitingClock) -> None:
    made = launch_slowly(meta, time)
    account = meta.account(graph=meta.graph(sleep=time.wait))
    meta.plays(refusing(17, 2446079, on="GET act_111/campaigns"))
    with pytest.raises(TryLater) as refused:
        account.structure()
    asked = len(meta.requests)
    with pytest.raises(TryLater):
        account.structure()
    assert len(meta.requests) == asked
    account.set_status("ad", made, "paused")
    assert meta.objects[made]["status"] == "PAUSED"
    assert refused.value.until is not None
    time.wait((refused.value.until - time()).total_seconds() + 1)
    account.structure()


def test_a_throttled_report_does_not_stop_the_rest(meta: GraphServer, time: WaitingClock) -> None:
    account = meta.account(graph=meta.graph(sleep=time.wait))
    meta.plays(refusing(80000, 2446079, on="POST act_111/insights"))
    today = time().date()
    with pytest.raises(TryLater):
        account.readings(today, today)
    with pytest.raises(TryLater):
        account.readings(today, today)
    assert len(meta.asked("POST act_111/insights")) == 1
    account.structure()
