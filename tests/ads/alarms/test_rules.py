from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ads.alarms.rules import (
    AdToday,
    AlarmActions,
    AlarmCheck,
    AlarmTarget,
    blocked_account,
    broken_page,
    overloaded_desk,
    sold_out_ads,
    spend_without_chats,
    unreachable_account,
)
from bot.ads.changes.plans.plan import Resume, SetBudget, Step
from bot.ads.changes.plans.refusals import Frozen, NotAllowed, Stopped
from bot.ads.platform import AccountBlocked, NotAuthorised, TryLater, VersionEnded
from memory.ads.ad_account import AccountFinding
from memory.conversations.turns import Pressure
from tests.ads.buying import ANA, ANNE, BRAND, CYCLE, SAM, Buying, idea, rupees
from tests.ads.paper_account import PaperAccount

ACCOUNT, PAGES = "act_1", "the paper account"
BROKEN = [AccountFinding("page", False, "it has no WhatsApp number", stops_chats=True)]
WELL = [AccountFinding("page", True, "it is linked")]


def line(buying: Buying, object_id: str, spend: str, chats: int | None, usual: str | None = "60", sku: str | None = None) -> AdToday:  # fmt: skip
    target = AlarmTarget(buying.account.id, "ad_set", object_id, "Delhi")
    return AdToday(target, rupees(spend), chats, None if usual is None else rupees(usual), sku)


def act(buying: Buying, *checks: AlarmCheck) -> None:
    """Another hour's check, in any process."""
    AlarmActions(buying.process()).apply(BRAND, checks)


@pytest.mark.parametrize(
    ("spend", "chats", "usual", "alarmed"),
    [
        ("600", 0, "60", True),
        ("599", 0, "60", False),
        ("5000", 1, "60", False),
        ("5000", None, "60", False),
        ("5000", 0, None, False),
        ("0", 0, "0", False),
    ],
)
def test_spend_without_chats_needs_evidence(
    buying: Buying, spend: str, chats: int | None, usual: str | None, alarmed: bool
) -> None:
    (check,) = spend_without_chats([line(buying, "7", spend, chats, usual)])
    assert (check.alarm is not None) is alarmed


def test_an_ad_without_chats_is_paused_and_announced_once(buying: Buying) -> None:
    bad = buying.account.line("1000", "Delhi")
    checks = spend_without_chats([line(buying, bad, "700", 0)])
    for _ in range(3):
        act(buying, *checks)
        buying.clock.pass_by(hours=1)
    assert buying.account.status(bad) == "paused"
    assert buying.told() == [
        "“Delhi” spent ₹700 today without one chat, where a chat usually costs ₹60: it was paused. Try its link, then"
        " resume it."
    ]
    act(buying, *spend_without_chats([line(buying, bad, "0", 0)]))  # the next day: nothing is proven by that
    assert buying.account.status(bad) == "paused"
    with pytest.raises(Frozen):
        buying.actions.resume(BRAND, ACCOUNT, "ad_set", bad, CYCLE, "it had room")
    buying.actions.resume(BRAND, ACCOUNT, "ad_set", bad, SAM, "the link is mended")
    assert len(buying.told()) == 2
    assert buying.actions.alarms.all_active(BRAND) == []
    act(buying, *checks)  # the same figures again: a new alarm
    assert buying.account.status(bad) == "paused"


def test_a_failed_pause_is_retried_at_the_next_check(buying: Buying) -> None:
    bad = buying.account.line("1000", "Delhi")
    checks = spend_without_chats([line(buying, bad, "700", 0)])
    buying.account.faults = [("set_status", TryLater("throttled"))]
    act(buying, *checks)
    assert buying.account.status(bad) == "active"
    act(buying, *checks)
    assert buying.account.status(bad) == "paused"
    assert len(buying.told()) == 1


def test_alarms_pause_without_cap_during_stops_and_leases(buying: Buying) -> None:
    bad = buying.account.line("1000", "Delhi")
    buying.cap = None
    buying.actions.stops.begin(BRAND, ANA.who, "fire")
    buying.actions.access.leases.take(ACCOUNT, "another process")
    act(buying, *spend_without_chats([line(buying, bad, "700", 0)]))
    assert buying.account.status(bad) == "paused"


def test_a_broken_page_pauses_all_and_gives_back_exactly_that(buying: Buying) -> None:
    one, two = buying.account.campaign("one"), buying.account.campaign("two", status="paused")
    buying.account.line("500", campaign=one)
    about = buying.account.describe()
    act(buying, broken_page(about, BROKEN))
    assert buying.account.planned() == 0
    with pytest.raises(Frozen, match="it has no WhatsApp number"):
        buying.actions.launch(BRAND, ACCOUNT, idea(), CYCLE)
    act(buying, broken_page(about, WELL))
    assert [buying.account.status(each) for each in (one, two)] == ["active", "paused"]
    assert buying.told()[-1] == "The page of Voyage India is well again: its ads run as before."
    buying.actions.launch(BRAND, ACCOUNT, idea(), CYCLE)


def test_what_a_person_switched_on_during_an_alarm_stays_on(buying: Buying) -> None:
    campaign = buying.account.campaign("one")
    buying.account.line("500", campaign=campaign)
    about = buying.account.describe()
    act(buying, broken_page(about, BROKEN))
    buying.account.person_switches(campaign, "active")
    act(buying, broken_page(about, BROKEN))
    assert buying.account.status(campaign) == "active"
    act(buying, broken_page(about, WELL))
    assert len(buying.told()) == 2


def test_a_blocked_account_waits_for_a_person(buying: Buying) -> None:
    campaign = buying.account.campaign("one")
    buying.account.line("500", campaign=campaign)
    about = buying.account.describe()
    act(buying, blocked_account(about, PAGES, AccountBlocked("policy")))
    act(buying, blocked_account(about, PAGES, None))
    assert buying.account.status(campaign) == "paused"
    with pytest.raises(Frozen):
        buying.actions.launch(BRAND, ACCOUNT, idea(), CYCLE)
    (alarm,) = buying.actions.alarms.all_active(BRAND)
    with pytest.raises(NotAllowed):
        AlarmActions(buying.actions).release(alarm, ANNE)
    AlarmActions(buying.actions).release(alarm, SAM)
    assert buying.account.status(campaign) == "active"


@pytest.mark.parametrize("fault", [NotAuthorised("the token has expired"), VersionEnded("v26.0 has ended")])
def test_a_lost_token_freezes_the_account_until_a_request_works(buying: Buying, fault: NotAuthorised) -> None:
    about = buying.account.describe()
    act(buying, unreachable_account(about, PAGES, fault))
    assert "can't be reached" in buying.told()[0] and f"use {PAGES}" in buying.told()[0]
    with pytest.raises(Frozen):
        buying.actions.launch(BRAND, ACCOUNT, idea(), CYCLE)
    act(buying, unreachable_account(about, PAGES, None))
    buying.actions.launch(BRAND, ACCOUNT, idea(), CYCLE)


def test_ads_without_stock_are_paused_until_it_returns(buying: Buying) -> None:
    gone, there = buying.account.line("500", "Delhi"), buying.account.line("500", "Mumbai")
    lines = [line(buying, gone, "10", 3, sku="VY-1"), line(buying, there, "10", 3, sku="VY-2")]
    act(buying, *sold_out_ads(lines, {"VY-1": 0, "VY-2": 4}))
    assert [buying.account.status(each) for each in (gone, there)] == ["paused", "active"]
    buying.clock.pass_by(hours=30)
    act(buying, *sold_out_ads(lines, {"VY-1": 2, "VY-2": 4}))
    assert buying.account.status(gone) == "active"
    assert buying.told() == ["VY-1 is sold out, and its ads were paused: “Delhi”.", "VY-1 is in stock again: its ads run as before."]  # fmt: skip


def test_a_sku_that_the_catalogue_does_not_know_alarms_nobody(buying: Buying) -> None:
    assert sold_out_ads([line(buying, "7", "10", 3, sku="VY-9"), line(buying, "8", "10", 3)], {"VY-1": 0}) == []


@pytest.mark.parametrize(
    ("waiting", "replies", "minutes", "drowning"),
    [(50, 0, 0, True), (49, 100, 10, False), (0, 20, 11, True), (0, 19, 60, False)],
)
def test_a_desk_is_overloaded_by_backlog_or_slow_replies(
    waiting: int, replies: int, minutes: int, drowning: bool
) -> None:
    check = overloaded_desk(Pressure(waiting, replies, timedelta(minutes=minutes)), [ACCOUNT])
    assert (check.alarm is not None) is drowning


def test_a_drowning_desk_halves_budgets_and_gives_them_back(buying: Buying) -> None:
    big, small = buying.account.line("4000", "big"), buying.account.line("60", "small")
    asleep = buying.account.line("500", "asleep", status="paused")
    changed = buying.account.line("1000", "changed")
    full, calm = Pressure(80, 30, timedelta(minutes=20)), Pressure(3, 30, timedelta(minutes=1))
    for _ in range(2):
        act(buying, overloaded_desk(full, [ACCOUNT]))
    assert [buying.account.budget(each) for each in (big, small, asleep, changed)] == [2000, 40, 500, 500]
    buying.account.person_sets(changed, "300")
    act(buying, overloaded_desk(calm, [ACCOUNT]))
    assert [buying.account.budget(each) for each in (big, small, asleep, changed)] == [4000, 60, 500, 300]
    assert len(buying.told()) == 2


def test_an_unreadable_account_is_throttled_at_the_next_check(buying: Buying) -> None:
    big = buying.account.line("4000", "big")
    buying.account.faults = [("structure", TryLater("throttled"))]
    for expected in (4000, 2000):
        act(buying, overloaded_desk(Pressure(80, 0, timedelta(0)), [ACCOUNT]))
        assert buying.account.budget(big) == expected
    assert len(buying.told()) == 1


def test_giving_back_keeps_to_the_cap_and_is_tried_again(buying: Buying) -> None:
    campaign = buying.account.campaign("one")
    buying.account.line("4000", campaign=campaign)
    about = buying.account.describe()
    act(buying, broken_page(about, BROKEN))
    buying.account.line("9000", "somebody else's")
    act(buying, broken_page(about, WELL))
    assert buying.account.status(campaign) == "paused"
    assert len(buying.actions.alarms.all_active(BRAND)) == 1
    buying.cap = "25000"
    act(buying, broken_page(about, WELL))
    assert buying.account.status(campaign) == "active"
    assert buying.actions.alarms.all_active(BRAND) == []


# -- stop everything


def test_stop_everything_pauses_every_account_and_blocks_every_process(buying: Buying) -> None:
    other = PaperAccount("act_2", clock=buying.clock)
    buying.accounts[other.id] = other
    lines = [buying.account.line("500"), other.line("700")]
    report = buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    assert report.complete and len(report.paused) == 2
    change = buying.actions.changes.page(BRAND)[0]
    assert (change.who, change.why, change.was, change.name) == (
        ANA.who, "stop everything: fire", "active", "Delhi's campaign",
    )  # fmt: skip
    assert buying.account.planned() == other.planned() == 0
    process = buying.process()
    steps: list[Step] = [
        idea(),
        Resume("campaign", report.paused[0].object_id, "why"),
        SetBudget("ad_set", lines[0], rupees(510), "why"),
    ]
    outcome = process.carry_out(BRAND, ACCOUNT, steps, ANA)
    assert [type(why) for _step, why in outcome.refused] == [Stopped] * 3
    process.set_budget(BRAND, ACCOUNT, "ad_set", lines[0], rupees(400), SAM, "cuts go on")


def test_only_an_admin_stops_and_resumes(buying: Buying) -> None:
    with pytest.raises(NotAllowed):
        buying.emergency_stop.stop_everything(BRAND, SAM, "fire")
    buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    with pytest.raises(NotAllowed):
        buying.emergency_stop.resume_everything(BRAND, SAM)
    assert buying.actions.stops.in_force(BRAND) is not None


def test_resume_puts_back_exactly_what_the_stop_had_paused(buying: Buying) -> None:
    on, off = buying.account.campaign("on"), buying.account.campaign("off", status="paused")
    gone = buying.account.campaign("gone")
    buying.account.line("3000", campaign=on)
    buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    buying.account.person_switches(gone, "archived")
    report = buying.emergency_stop.resume_everything(BRAND, ANA)
    assert [buying.account.status(each) for each in (on, off, gone)] == ["active", "paused", "archived"]
    assert [thing.name for thing in report.resumed] == ["on"]
    assert [thing.name for thing in report.left] == ["gone"]
    assert buying.account.planned() == 3000  # above the threshold: it had been running, and the admin has ordered it
    assert buying.emergency_stop.resume_everything(BRAND, ANA).resumed == ()


def test_failed_pauses_are_named_and_retried(buying: Buying) -> None:
    campaign = buying.account.campaign("on")
    buying.account.line("500", campaign=campaign)
    buying.account.faults = [("set_status", TryLater("throttled"))]
    report = buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    assert [(thing.name, thing.why) for thing in report.running] == [("on", "throttled")]
    again = buying.emergency_stop.retry_stop(BRAND)
    assert again is not None and again.complete
    assert buying.account.status(campaign) == "paused"
    buying.account.person_switches(campaign, "active")  # theirs, from now on
    assert buying.emergency_stop.retry_stop(BRAND) is None


def test_an_unreadable_account_is_paused_from_its_last_snapshot(buying: Buying) -> None:
    campaign = buying.account.campaign("on")
    line = buying.account.line("500", campaign=campaign)
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", line, rupees(400), SAM, "why")
    buying.account.faults = [("structure", TryLater("throttled"))]
    report = buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    assert buying.account.status(campaign) == "paused"
    assert report.unread == (ACCOUNT,)
    again = buying.emergency_stop.retry_stop(BRAND)
    assert again is not None and again.complete


def test_a_resume_in_flight_during_a_stop_is_paused(buying: Buying) -> None:
    campaign = buying.account.campaign("late", status="paused")
    buying.account.line("500", campaign=campaign)
    process = buying.process()

    def stop() -> None:
        assert not buying.emergency_stop.stop_everything(BRAND, ANA, "fire").complete

    buying.account.before_write = [stop]
    assert process.resume(BRAND, ACCOUNT, "campaign", campaign, SAM, "why").state == "done"
    assert buying.account.status(campaign) == "active"
    report = buying.emergency_stop.retry_stop(BRAND)
    assert report is not None and report.complete
    assert buying.account.status(campaign) == "paused"


def test_a_second_stop_finds_the_first(buying: Buying) -> None:
    buying.account.line("500")
    buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    first = buying.actions.stops.in_force(BRAND)
    buying.emergency_stop.stop_everything(BRAND, ANA, "again")
    assert buying.actions.stops.in_force(BRAND) is not None and first is not None
    buying.emergency_stop.resume_everything(BRAND, ANA)
    assert buying.account.planned() == 500
