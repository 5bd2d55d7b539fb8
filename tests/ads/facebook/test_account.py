"""Meta's shapes, learning, log, comments, events, doctor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.ads.facebook import VERSION_ENDS, Advertiser, FacebookAccount, version_warning
from bot.ads.platform import AdsFault, NotAuthorised, OutcomeUnknown, RequestWrong, TryLater
from bot.language.money import Money
from memory.ads.ad_account import BusinessEvent, Learning, NewAdSet, NewCampaign, Objective
from tests.ads.facebook.graph_server import DATASET, PAGE, PHONE, WHATSAPP, GraphServer, WaitingClock, losing, refusing
from tests.ads.facebook.test_contract import MetaStage
from tests.ads.platform_contract import launch, publish

INDIA = {"geo_locations": {"countries": ["IN"]}}
EVENTS = f"POST {DATASET}/events"


@pytest.fixture
def stage() -> Iterator[MetaStage]:
    time = WaitingClock()
    with GraphServer(clock=time) as meta:
        meta.opens("act_111")
        yield MetaStage(meta, time, meta.account(graph=meta.graph(sleep=time.wait)), ZoneInfo("Asia/Kolkata"))
        assert meta.complaints == []


def examined(stage: MetaStage) -> dict[str, tuple[bool, str]]:
    return {each.name: (each.ok, each.sentence) for each in stage.account.examine()}


# Shapes


def test_the_learning_phase_has_metas_own_threshold(stage: MetaStage) -> None:
    made = launch(stage)
    told = {
        "status": "LEARNING",
        "conversions": 12,
        "last_sig_edit_ts": 1795000000,
        "dynamic_lp_conversions_threshold": 30,
    }
    stage.meta.objects[made.ad_set]["learning_stage_info"] = told
    assert stage.account.structure().ad_sets[0].learning is None  # Meta tells it of active ad sets only
    publish(stage, made)
    since = datetime.fromtimestamp(1795000000, stage.now().tzinfo)
    assert stage.account.structure().ad_sets[0].learning == Learning("learning", 12, 30, since)
    told.pop("dynamic_lp_conversions_threshold")
    assert stage.account.structure().ad_sets[0].learning == Learning("learning", 12, None, since)


@pytest.mark.parametrize(
    ("spec", "format", "landing_page"),
    [
        (
            {"link_data": {"link": "https://shop.example.com/locks", "message": "m"}},
            "image",
            "https://shop.example.com/locks",
        ),
        ({"link_data": {"link": "https://wa.me/14155550123", "message": "m"}}, "image", None),
        ({"link_data": {"link": "https://a.example", "child_attachments": [{}, {}]}}, "carousel", "https://a.example"),
        ({"video_data": {"call_to_action": {"type": "WHATSAPP_MESSAGE"}, "message": "m"}}, "video", None),
        (
            {"video_data": {"call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://b.example"}}}},
            "video",
            "https://b.example",
        ),
        ({}, "unknown", None),
    ],
)
def test_a_creative_of_any_make_is_read(
    stage: MetaStage, spec: dict[str, Any], format: str, landing_page: str | None
) -> None:
    stage.meta.holds("adcreatives", status="ACTIVE", object_story_spec=spec)
    (creative,) = stage.account.structure().creatives
    assert (creative.format, creative.landing_page) == (format, landing_page)


def test_a_campaign_that_owns_the_budget_gets_no_ad_set(stage: MetaStage) -> None:
    campaign = stage.meta.holds("campaigns", objective="OUTCOME_LEADS", daily_budget="50000")
    (read,) = stage.account.structure().campaigns
    assert read.daily_budget == Money(Decimal(500), "INR")
    with pytest.raises(RequestWrong, match="holds the budget"):
        stage.account.create(NewAdSet(campaign, "Adults", Money(Decimal(500), "INR"), INDIA), "k7Q2")
    stage.account.set_budget("campaign", campaign, Money(Decimal(700), "INR"))
    assert stage.meta.objects[campaign]["daily_budget"] == "70000"


def test_a_field_that_must_be_there_is_missed_by_name(stage: MetaStage) -> None:
    made = launch(stage)
    del stage.meta.objects[made.ad]["name"]
    with pytest.raises(AdsFault, match=f"'name' of ad {made.ad}"):
        stage.account.structure()


@pytest.mark.parametrize(("number", "word"), [(2, "disabled"), (3, "unsettled"), (7, "in_review"), (101, "closed")])
def test_the_accounts_status_is_a_word(stage: MetaStage, number: int, word: str) -> None:
    stage.meta.accounts["act_111"]["account_status"] = number
    assert stage.account.describe().status == word


# Making


def test_sales_are_promoted_with_the_dataset_and_traffic_by_clicks(stage: MetaStage) -> None:
    budget = Money(Decimal(500), "INR")
    wanted: list[tuple[Objective, str, dict[str, str]]] = [
        ("sales", "CONVERSATIONS", {"page_id": PAGE, "pixel_id": DATASET, "custom_event_type": "PURCHASE"}),
        ("traffic", "LINK_CLICKS", {"page_id": PAGE, "whatsapp_phone_number": PHONE}),
        ("leads", "CONVERSATIONS", {"page_id": PAGE, "whatsapp_phone_number": PHONE}),
    ]
    for n, (objective, goal, promoted) in enumerate(wanted):
        campaign = stage.account.create(NewCampaign("Summer", objective), f"k{n}")
        made = stage.meta.objects[stage.account.create(NewAdSet(campaign, "Adults", budget, INDIA), f"k{n}")]
        assert (made["optimization_goal"], made["promoted_object"]) == (goal, promoted)


@pytest.mark.parametrize(
    ("name", "objective", "targeting", "words"),
    [
        ("", "leads", INDIA, "no name"),
        ("x" * 500, "leads", INDIA, "longer than Meta takes"),
        ("Summer", "other", INDIA, "choose one of"),
        ("Summer", "leads", {}, "names no place"),
    ],
)
def test_what_meta_would_refuse_is_refused_before_it_is_sent(
    stage: MetaStage, name: str, objective: Objective, targeting: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestWrong, match=words):
        campaign = stage.account.create(NewCampaign(name, objective), "k7Q2")
        stage.account.create(NewAdSet(campaign, "Adults", Money(Decimal(500), "INR"), targeting), "k7Q2")


def test_a_page_without_the_number_is_told_in_words(stage: MetaStage) -> None:
    stage.meta.linked = "4915112345678"
    with pytest.raises(RequestWrong, match="not linked to the WhatsApp number"):
        launch(stage)


def test_a_new_object_may_be_late_in_the_lists(stage: MetaStage) -> None:
    stage.meta.lag = timedelta(seconds=30)
    made = launch(stage)
    assert stage.account.find("ad", "k7Q2") == []
    stage.time.wait(31)
    assert stage.account.find("ad", "k7Q2") == [made.ad]


# The log and the comments


def test_a_colleagues_change_is_theirs_in_whole_money(stage: MetaStage) -> None:
    made = launch(stage)
    stage.time.wait(60)
    since = stage.now()
    stage.meta.edited(made.ad_set, daily_budget="99900")
    stage.time.wait(60)
    stage.account.set_status("ad", made.ad, "active")
    theirs, ours = stage.account.activities(since)
    assert (theirs.ours, theirs.actor, theirs.kind, theirs.object_id) == (False, "Priya", "ad_set", made.ad_set)
    assert (theirs.before, theirs.after) == ("120", "999")
    assert (ours.ours, ours.what, ours.before, ours.after) == (True, "status", "paused", "active")
    assert ours.actor == "Hawker"


def test_entries_about_money_and_people_are_left_out(stage: MetaStage) -> None:
    known = {"account": "act_111", "at": int(stage.now().timestamp()), "event_time": "2026-11-21T06:00:00+0000"}
    for event in (
        "ad_account_billing_charge",
        "add_funding_source",
        "update_audience",
        "di_ad_set_learning_stage_exit",
        "lifetime_budget_spent",
    ):
        stage.meta.log.append({**known, "event_type": event, "object_id": "1", "actor_name": "x"})
    assert stage.account.activities(stage.now() - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("update_campaign_budget", "campaign"),
        ("create_campaign_group", "campaign"),
        ("update_ad_set_target_spec", "ad_set"),
        ("update_ad_creative", "ad"),
        ("ad_review_declined", "ad"),
        ("update_adgroup_stop_delivery", "ad"),
    ],
)
def test_an_entry_says_what_kind_of_object_it_is_about(stage: MetaStage, event: str, kind: str) -> None:
    known = {"account": "act_111", "at": int(stage.now().timestamp()), "event_time": "2026-11-21T11:30:00+0530"}
    stage.meta.log.append({**known, "event_type": event, "object_id": "1", "actor_name": "x", "extra_data": "not JSON"})
    (entry,) = stage.account.activities(stage.now())
    assert (entry.kind, entry.before, entry.after) == (kind, None, None)
    assert entry.at.isoformat() == "2026-11-21T06:00:00+00:00"


def test_comments_use_the_page_token_and_name_their_ad(stage: MetaStage) -> None:
    made = launch(stage)
    story = stage.meta.objects[made.creative]["effective_object_story_id"]
    stage.meta.objects[made.ad]["creative"]["effective_object_story_id"] = story
    said = {"message": "Is it waterproof?", "created_time": "2026-11-20T06:00:00+0000", "is_hidden": False}
    stage.meta.comments[story] = [{"id": "1", **said}, {"id": "2", **said, "created_time": "2026-10-01T06:00:00+0000"}]
    (comment,) = stage.account.comments([made.ad], stage.now() - timedelta(days=7))
    assert (comment.ad_id, comment.text, comment.hidden) == (made.ad, "Is it waterproof?", False)


@pytest.mark.parametrize("tasks", [[], ["ADVERTISE", "ANALYZE"]])
def test_comments_without_permission_are_a_fault_not_an_empty_list(stage: MetaStage, tasks: list[str]) -> None:
    stage.meta.tasks = tasks
    with pytest.raises(NotAuthorised, match="MODERATE"):
        stage.account.comments([launch(stage).ad], stage.now())


# Events


def purchase(stage: MetaStage, number: str, clid: str = "clid-1", **more: Any) -> BusinessEvent:
    return BusinessEvent(
        number, "Purchase", stage.now() - timedelta(hours=1), clid, Money(Decimal("1499.50"), "INR"), **more
    )


def test_an_event_is_told_as_meta_wants_it(stage: MetaStage) -> None:
    assert stage.account.send_events([purchase(stage, "order-1")])[0].accepted
    (event,) = stage.meta.events
    assert event["user_data"] == {"whatsapp_business_account_id": WHATSAPP, "ctwa_clid": "clid-1"}
    assert event["custom_data"] == {"currency": "INR", "value": 1499.5}
    assert event["event_time"] == int((stage.now() - timedelta(hours=1)).timestamp())


def test_one_bad_click_id_among_many_costs_nobody_else(stage: MetaStage) -> None:
    events = [purchase(stage, str(n), "clid-bad" if n == 37 else "clid-2") for n in range(60)]
    outcomes = stage.account.send_events(events)
    assert [each.id for each in outcomes if not each.accepted] == ["37"]
    assert "2804087" in outcomes[37].why
    assert sorted(int(event["event_id"]) for event in stage.meta.events) == [n for n in range(60) if n != 37]


def test_more_than_a_batch_go_in_batches(stage: MetaStage) -> None:
    assert all(each.accepted for each in stage.account.send_events([purchase(stage, str(n)) for n in range(2100)]))
    assert [len(json.loads(each.fields["data"])) for each in stage.meta.asked(EVENTS)] == [1000, 1000, 100]


def test_an_answer_that_took_none_is_a_failure(stage: MetaStage) -> None:
    stage.meta.takes_events = False
    (outcome,) = stage.account.send_events([purchase(stage, "1")])
    assert not outcome.accepted
    assert "META_DATASET_ID" in outcome.why


def test_an_event_whose_answer_was_lost_is_not_sent_again(stage: MetaStage) -> None:
    stage.meta.plays(losing(on=EVENTS))
    (outcome,) = stage.account.send_events([purchase(stage, "1")])
    assert (outcome.accepted, outcome.again) == (False, False)
    assert "count it twice" in outcome.why
    assert len(stage.meta.events) == 1


def test_events_that_were_certainly_not_sent_may_go_again(stage: MetaStage) -> None:
    seen = iter(range(9))
    stage.meta.rule = lambda request: refusing(4) if request.line == EVENTS and next(seen) else None
    outcomes = stage.account.send_events([purchase(stage, str(n)) for n in range(1500)])
    assert [each.accepted for each in outcomes] == [True] * 1000 + [False] * 500
    assert all(each.again for each in outcomes[1000:])
    assert not any(each.again for each in outcomes[:1000])


def test_a_fault_before_anything_was_sent_is_raised(stage: MetaStage) -> None:
    stage.meta.plays(refusing(190, 463, on=EVENTS))
    with pytest.raises(NotAuthorised):
        stage.account.send_events([purchase(stage, "1")])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"at": datetime(2026, 11, 14, 5, 59, tzinfo=UTC)}, "too late"),
        ({"clid": ""}, "click id"),
        ({"name": "Lead"}, "LeadSubmitted"),
        ({"value": None}, "needs its value"),
    ],
)
def test_what_meta_would_not_take_is_not_sent(stage: MetaStage, more: dict[str, Any], words: str) -> None:
    (outcome,) = stage.account.send_events([replace(purchase(stage, "1"), **more)])
    assert words in outcome.why
    assert (outcome.accepted, outcome.again) == (False, False)
    assert stage.meta.asked(EVENTS) == []


def test_a_budget_below_the_minimum_is_not_sent(stage: MetaStage) -> None:
    made = launch(stage)
    with pytest.raises(RequestWrong, match="below Meta's minimum of 40 INR"):
        stage.account.set_budget("ad_set", made.ad_set, Money(Decimal("39.99"), "INR"))
    assert stage.meta.asked(f"POST {made.ad_set}") == []


def test_without_a_dataset_nothing_is_told(stage: MetaStage) -> None:
    bare = FacebookAccount(stage.meta.graph(), "act_111", "voyage", Advertiser(PAGE, PHONE))
    with pytest.raises(RequestWrong, match="META_DATASET_ID"):
        bare.send_events([purchase(stage, "1")])


# The doctor


def test_the_doctor_stops_at_a_refused_token(stage: MetaStage) -> None:
    stage.meta.rule = lambda request: refusing(190, 463) if request.path == "debug_token" else None
    assert "expired" in examined(stage)["Meta token"][1]
    assert "Meta page" not in examined(stage)


def test_the_doctor_warns_of_a_token_that_ends_soon(stage: MetaStage) -> None:
    stage.meta.token_ends = int((stage.now() + timedelta(days=5)).timestamp())
    assert examined(stage)["Meta token"][0] is False
    stage.meta.token_ends = int((stage.now() + timedelta(days=50)).timestamp())
    assert examined(stage)["Meta token"] == (True, "it holds until 2027-01-10")


@pytest.mark.parametrize("permission", ["ads_management", "pages_manage_ads", "whatsapp_business_manage_events"])
def test_the_doctor_names_the_missing_permission(stage: MetaStage, permission: str) -> None:
    stage.meta.scopes.remove(permission)
    ok, sentence = examined(stage)["Meta permissions"]
    assert not ok
    assert permission in sentence


@pytest.mark.parametrize(("linked", "words"), [("", "no WhatsApp number"), ("4915112345678", "5678")])
def test_the_doctor_finds_a_page_without_its_number(stage: MetaStage, linked: str, words: str) -> None:
    stage.meta.linked = linked
    ok, sentence = examined(stage)["Meta page"]
    assert not ok
    assert words in sentence


def test_the_doctor_proves_the_way_of_events_without_leaving_one(stage: MetaStage) -> None:
    assert examined(stage)["Meta dataset"][0]
    assert stage.meta.events == []
    stage.meta.clicks.add("hawker-doctor")
    assert not examined(stage)["Meta dataset"][0]


def test_the_doctor_offers_the_whatsapp_account_that_the_token_names(stage: MetaStage) -> None:
    bare = FacebookAccount(stage.meta.graph(), "act_111", "voyage", Advertiser(PAGE, PHONE, DATASET))
    found = {each.name: each for each in bare.examine()}
    assert not found["Meta dataset"].ok
    assert WHATSAPP in found["Meta dataset"].sentence


def test_the_doctor_tells_the_accounts_money_and_trouble(stage: MetaStage) -> None:
    assert "budgets in INR, days of Asia/Kolkata" in examined(stage)["Meta act_111"][1]
    stage.meta.accounts["act_111"]["account_status"] = 2
    assert examined(stage)["Meta act_111"][0] is False


def test_a_doctor_who_meets_a_fault_finds_it(stage: MetaStage) -> None:
    stage.meta.rule = lambda request: refusing(200) if request.path in (PAGE, "act_111") else None
    found = examined(stage)
    missed = ("Meta page, not seen", "Meta act_111, not seen")
    assert [found[name][0] for name in (*missed, "Meta token")] == [False, False, True]
    assert "Meta page" not in found


# The version


@pytest.mark.parametrize(
    ("left", "words"), [(61, None), (60, "60 days"), (31, "60 days"), (30, "30 days"), (7, "7 days")]
)
def test_staff_are_warned_before_the_version_ends(left: int, words: str | None) -> None:
    said = version_warning(VERSION_ENDS - timedelta(days=left))
    assert (said is None) if words is None else (said is not None and words in said)


def test_after_its_end_the_version_is_past_it() -> None:
    for day in (VERSION_ENDS, VERSION_ENDS + timedelta(days=400)):
        said = version_warning(day)
        assert said is not None
        assert "update Hawker now" in said


def test_the_version_warning_changes_at_60_30_7_and_0_days() -> None:
    told = [version_warning(VERSION_ENDS - timedelta(days=left)) for left in range(90, -30, -1)]
    assert len(dict.fromkeys(told)) == 5


def test_a_lost_rule_is_found_again(stage: MetaStage) -> None:
    stage.meta.plays(losing(on="POST act_111/adrules_library"))
    most = Money(Decimal(5000), "INR")
    with pytest.raises(OutcomeUnknown):
        stage.account.guard_spend(most)
    assert stage.account.guard_spend(most) in stage.meta.objects
    assert len(stage.meta.living("adrules_library")) == 1


def test_an_unreadable_day_is_not_silently_short(stage: MetaStage) -> None:
    stage.meta.plays(refusing(2, on="GET .*/insights", times=9))
    stage.meta.delivered("1", date(2026, 11, 1), spend="1", impressions="1")
    with pytest.raises(TryLater):
        stage.account.readings(date(2026, 11, 1), date(2026, 11, 2))
