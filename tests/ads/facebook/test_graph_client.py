"""Faults of the network, of Meta and of pagination."""

from __future__ import annotations

import hmac
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.ads.facebook import GraphClient, RateLimiter
from bot.ads.facebook.graph_client import Call
from bot.ads.platform import (
    AccountBlocked,
    AdsFault,
    NotAuthorised,
    OutcomeUnknown,
    RequestWrong,
    TryLater,
    VersionEnded,
)
from bot.language.money import Money
from memory.ads.ad_account import NewCampaign, NewCreative
from tests.ads.facebook.graph_server import (
    SECRET,
    TOKEN,
    GraphFault,
    GraphServer,
    WaitingClock,
    garbled,
    late,
    losing,
    refusing,
    unheard,
)
from tests.ads.facebook.test_contract import MetaStage
from tests.ads.platform_contract import launch, publish
from tests.waiting import HANG_SECONDS, wait_until

CAMPAIGN = NewCampaign("Summer · security · picture")
CAMPAIGNS = "POST act_111/campaigns"


@pytest.fixture
def time() -> WaitingClock:
    return WaitingClock()


@pytest.fixture
def meta(time: WaitingClock) -> Iterator[GraphServer]:
    with GraphServer(clock=time) as server:
        server.opens("act_111")
        yield server


@pytest.fixture
def stage(meta: GraphServer, time: WaitingClock) -> MetaStage:
    account = meta.account(graph=meta.graph(sleep=time.wait))
    return MetaStage(meta, time, account, zone=ZoneInfo("Asia/Kolkata"))


# A create is sent once


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (losing(on=CAMPAIGNS), 1),
        (unheard(on=CAMPAIGNS), 0),
        (garbled(502, on=CAMPAIGNS), 1),
        (garbled(200, '{"id": "1', on=CAMPAIGNS), 1),
        (garbled(200, "{}", on=CAMPAIGNS), 1),
        (refusing(1, on=CAMPAIGNS), 0),
        (refusing(2, on=CAMPAIGNS), 0),
    ],
)
def test_a_create_with_a_lost_answer_is_sent_once(stage: MetaStage, fault: GraphFault, made: int) -> None:
    stage.meta.plays(fault)
    with pytest.raises(OutcomeUnknown, match="looks before"):
        stage.account.create(CAMPAIGN, "k7Q2")
    assert len(stage.meta.asked(CAMPAIGNS)) == 1
    assert len(stage.account.find("campaign", "k7Q2")) == made


def test_a_create_with_a_late_answer_is_sent_once(stage: MetaStage) -> None:
    stage.meta.plays(late(HANG_SECONDS, on=CAMPAIGNS))
    impatient = stage.meta.account(graph=stage.meta.graph(sleep=stage.time.wait, read_seconds=1.0))
    with pytest.raises(OutcomeUnknown, match="looks before"):
        impatient.create(CAMPAIGN, "k7Q2")
    wait_until(lambda: bool(stage.meta.living("campaigns")))
    assert len(stage.account.find("campaign", "k7Q2")) == 1
    assert len(stage.meta.asked(CAMPAIGNS)) == 1


def test_a_create_that_never_left_may_be_tried_later(time: WaitingClock) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        graph = GraphClient(
            TOKEN, SECRET, RateLimiter(time), time, url=f"http://127.0.0.1:{nobody.getsockname()[1]}", sleep=time.wait
        )
        with pytest.raises(TryLater, match="could not be reached"):
            graph.ask(Call("POST", "act_111/campaigns", "act_111", once=True))


def test_a_read_and_a_change_outlive_three_faults(stage: MetaStage) -> None:
    made = launch(stage)
    stage.meta.plays(refusing(2, on=f"POST {made.ad}"), losing(on=f"POST {made.ad}"), garbled(on=f"POST {made.ad}"))
    stage.account.set_status("ad", made.ad, "active")
    stage.meta.plays(refusing(1, on="GET act_111", times=3))
    assert stage.account.describe().currency == "INR"
    assert stage.meta.objects[made.ad]["status"] == "ACTIVE"


@pytest.mark.parametrize(
    "later", [losing(times=3), refusing(17, 2446079), refusing(613, 1487632), refusing(2, times=3)]
)
def test_a_change_of_which_one_answer_was_lost_is_unknown(stage: MetaStage, later: GraphFault) -> None:
    made = launch(stage)
    change = f"POST {made.ad_set}"
    stage.meta.plays(losing(on=change), replace(later, on=change))
    with pytest.raises(OutcomeUnknown):
        stage.account.set_budget(
            "ad_set", made.ad_set, Money(stage.account.describe().min_daily_budget.amount * 9, "INR")
        )
    assert stage.meta.objects[made.ad_set]["daily_budget"] == "36000"


@pytest.mark.parametrize("told", ['{"success": false}', "{}"])
def test_a_change_that_meta_does_not_confirm_is_unknown(stage: MetaStage, told: str) -> None:
    made = launch(stage)
    stage.meta.plays(garbled(200, told, on=f"POST {made.ad}"))
    with pytest.raises(OutcomeUnknown, match="was changed"):
        stage.account.set_status("ad", made.ad, "active")


def test_a_change_that_was_refused_at_once_was_not_made(stage: MetaStage) -> None:
    made = launch(stage)
    stage.meta.plays(refusing(17, 2446079, on=f"POST {made.ad}"))
    with pytest.raises(TryLater):
        stage.account.set_status("ad", made.ad, "active")
    assert stage.meta.objects[made.ad]["status"] == "PAUSED"


def test_the_fourth_fault_of_a_read_is_told(stage: MetaStage) -> None:
    stage.meta.plays(refusing(2, on="GET act_111", times=4))
    with pytest.raises(TryLater, match="out of service"):
        stage.account.describe()


# Every code has its fault, and its sentence says what to do


@pytest.mark.parametrize(
    ("code", "subcode", "fault", "words"),
    [
        (4, None, TryLater, "goes on by itself"),
        (4, 1504022, TryLater, "goes on by itself"),
        (17, 2446079, TryLater, "goes on by itself"),
        (32, None, TryLater, "goes on by itself"),
        (613, 1487742, TryLater, "goes on by itself"),
        (613, 5044001, TryLater, "goes on by itself"),
        (613, 1487632, TryLater, "next cycle"),
        (613, None, AccountBlocked, "Business Support Home"),
        (80000, None, TryLater, "goes on by itself"),
        (80003, None, TryLater, "goes on by itself"),
        (80004, 2446079, TryLater, "goes on by itself"),
        (80014, None, TryLater, "goes on by itself"),
        (190, None, NotAuthorised, "META_ACCESS_TOKEN"),
        (190, 459, NotAuthorised, "log in"),
        (190, 460, NotAuthorised, "password"),
        (190, 463, NotAuthorised, "expired"),
        (190, 467, NotAuthorised, "taken back"),
        (102, None, NotAuthorised, "META_ACCESS_TOKEN"),
        (10, None, NotAuthorised, "doctor"),
        (200, None, NotAuthorised, "assign"),
        (275, None, NotAuthorised, "assign"),
        (100, 33, RequestWrong, "check the id"),
        (100, 1885621, RequestWrong, "campaign's budget"),
        (100, 1487246, RequestWrong, "Linked accounts"),
        (100, 1443050, RequestWrong, "link one"),
        (100, 1815630, RequestWrong, "without it"),
        (100, 1885392, RequestWrong, "one post"),
        (100, 1487756, RequestWrong, "take one of them out"),
        (100, 3260011, RequestWrong, "new ad set"),
        (100, None, RequestWrong, "the words of Meta"),
        (368, None, AccountBlocked, "Account Quality"),
        (2635, None, VersionEnded, "update Hawker"),
        (3018, None, RequestWrong, "37 months"),
        (777123, None, RequestWrong, "the words of Meta"),
    ],
)
def test_each_error_code_has_its_fault_and_is_not_retried(
    stage: MetaStage, code: int, subcode: int | None, fault: type[AdsFault], words: str
) -> None:
    stage.meta.plays(refusing(code, subcode, on=CAMPAIGNS, message="the words of Meta", times=5))
    with pytest.raises(fault, match=words) as raised:
        stage.account.create(CAMPAIGN, "k7Q2")
    assert not isinstance(raised.value, OutcomeUnknown)
    assert f"Meta {code}" in str(raised.value)
    assert len(stage.meta.asked(CAMPAIGNS)) == 1


def test_a_creative_accepted_at_the_third_try_is_created_once(stage: MetaStage) -> None:
    stage.meta.plays(refusing(100, 1487390, on="POST act_111/adcreatives", times=2))
    made = launch(stage)
    assert stage.account.find("creative", "k7Q2") == [made.creative]


def test_a_rejected_creative_names_the_rejected_part(stage: MetaStage) -> None:
    creatives = "POST act_111/adcreatives"
    stage.meta.rule = lambda request: (
        refusing(1487390, on=creatives)
        if request.line == creatives and "image_hash" in request.fields["object_story_spec"]
        else None
    )
    with pytest.raises(RequestWrong, match="without the picture Meta would take it"):
        stage.account.create(NewCreative("Lock", "Safe.", "Safe", stage.image, "Hello!"), "k7Q2")
    assert stage.account.find("creative", "k7Q2") == []


def test_a_creative_that_passes_only_validation_may_work_later(stage: MetaStage) -> None:
    stage.meta.plays(refusing(100, 1487390, on="POST act_111/adcreatives", times=3))
    with pytest.raises(RequestWrong, match="may be made later"):
        stage.account.create(NewCreative("Lock", "Safe.", "Safe", stage.image, "Hello!"), "k7Q2")
    assert stage.account.find("creative", "k7Q2") == []


# All pages or none


def test_all_pages_are_read_and_nothing_is_read_twice(stage: MetaStage) -> None:
    stage.meta.largest_page = 2
    made = [launch(stage, f"k7Q{n}").ad for n in range(5)]
    assert [ad.id for ad in stage.account.structure().ads] == made
    assert "access_token" not in "".join(f"{request.path}{request.fields}" for request in stage.meta.requests)


@pytest.mark.parametrize("how", ["circling", "repeating"])
def test_a_repeated_page_is_a_fault(stage: MetaStage, how: str) -> None:
    for n in range(5):
        launch(stage, f"k7Q{n}")
    stage.meta.largest_page = 2
    setattr(stage.meta, how, "ads")
    with pytest.raises(TryLater, match=r"twice|circle"):
        stage.account.structure()


def test_circular_empty_pages_end(stage: MetaStage) -> None:
    stage.meta.circling = "ads"
    with pytest.raises(TryLater, match="circle"):
        stage.account.find("ad", "k7Q2")


def test_the_token_does_not_follow_where_an_answer_leads(stage: MetaStage) -> None:
    with GraphServer() as elsewhere:
        stage.meta.plays(garbled(307, on="GET act_111", Location=f"{elsewhere.url}/v26.0/act_111"))
        with pytest.raises(RequestWrong, match="META_GRAPH_URL"):
            stage.account.describe()
        assert elsewhere.requests == []


def test_a_second_page_that_fails_fails_the_whole(stage: MetaStage) -> None:
    for n in range(5):
        launch(stage, f"k7Q{n}")
    stage.meta.largest_page = 2
    seen = iter(range(99))
    stage.meta.rule = lambda request: refusing(190, 463) if request.path == "act_111/ads" and next(seen) else None
    with pytest.raises(NotAuthorised):
        stage.account.find("ad", "k7Q0")


def test_a_page_with_too_much_data_is_split(stage: MetaStage) -> None:
    made = {launch(stage, f"k{n}").ad for n in range(40)}
    stage.meta.heaviest_page = 30
    assert {ad.id for ad in stage.account.structure().ads} == made
    stage.meta.heaviest_page = 1
    with pytest.raises(TryLater):
        stage.account.structure()


def test_another_accounts_object_is_not_touched(stage: MetaStage) -> None:
    stage.meta.opens("act_222")
    foreign = stage.meta.holds("campaigns", "act_222", objective="OUTCOME_ENGAGEMENT", daily_budget="50000")
    changes: list[Callable[[], None]] = [
        lambda: stage.account.set_status("campaign", foreign, "deleted"),
        lambda: stage.account.set_budget(
            "campaign", foreign, Money(stage.account.describe().min_daily_budget.amount * 9, "INR")
        ),
    ]
    for change in changes:
        with pytest.raises(RequestWrong, match="not in act_111"):
            change()
    assert stage.meta.objects[foreign]["status"] == "PAUSED"


def test_an_id_is_never_an_address(stage: MetaStage) -> None:
    for crooked in ("1/../../me", "act_111", "me?x=1", ""):
        with pytest.raises(RequestWrong, match="ids are numbers"):
            stage.account.set_status("ad", crooked, "paused")


def test_a_budget_that_stands_already_costs_no_change(stage: MetaStage) -> None:
    made = launch(stage)
    budget = Money(stage.account.describe().min_daily_budget.amount * 3, "INR")
    for _ in range(9):  # Meta allows four changes an hour
        stage.account.set_budget("ad_set", made.ad_set, budget)
    assert stage.meta.asked(f"POST {made.ad_set}") == []


def test_the_fifth_budget_change_within_an_hour_waits(stage: MetaStage) -> None:
    made = launch(stage)
    least = stage.account.describe().min_daily_budget.amount
    with pytest.raises(TryLater, match="four times") as raised:
        for n in range(5):
            stage.account.set_budget("ad_set", made.ad_set, Money(least * (4 + n), "INR"))
    assert raised.value.until is not None
    assert (raised.value.until - stage.now()).total_seconds() == 3600
    stage.account.set_status("ad_set", made.ad_set, "paused")


def test_a_spend_rule_is_replaced_and_its_duplicates_deleted(stage: MetaStage) -> None:
    spec: dict[str, Any] = {
        "evaluation_spec": {},
        "execution_spec": {},
        "status": "ENABLED",
        "name": "Hawker: most a day",
    }
    first, second = (stage.meta.holds("adrules_library", **spec) for _ in range(2))
    other = stage.meta.holds("adrules_library", **{**spec, "name": "Night"})
    assert stage.account.guard_spend(Money(stage.account.describe().min_daily_budget.amount * 10, "INR")) == first
    assert {rule["id"] for rule in stage.meta.living("adrules_library")} == {first, other}
    filters = stage.meta.objects[first]["evaluation_spec"]["filters"]
    assert {"field": "spent", "operator": "GREATER_THAN", "value": 40000} in filters
    assert second


# WaitingClock


def test_a_trickling_answer_ends_at_the_time_limit(time: WaitingClock) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_trickle, args=(server, done), daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        graph = GraphClient(
            TOKEN,
            SECRET,
            RateLimiter(time),
            time,
            url=address,
            sleep=time.wait,
            read_seconds=HANG_SECONDS,
            whole_seconds=0.2,
        )
        with pytest.raises(OutcomeUnknown, match="too long"):
            graph.ask(Call("POST", "act_111/campaigns", "act_111", once=True))
        done.set()


def _trickle(server: socket.socket, done: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):  # they hung up, as they should
            while not done.wait(0.02):
                connection.sendall(b" ")


# Secrets


@pytest.mark.parametrize("trouble", ["nobody there", "lost", "malformed", "garbled", "late", "no such host"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_token_and_proof_are_in_no_log_text_or_chain(
    meta: GraphServer, time: WaitingClock, caplog: pytest.LogCaptureFixture, trouble: str, method: str
) -> None:
    caplog.set_level(logging.DEBUG)
    url = {"nobody there": "http://127.0.0.1:1", "no such host": "http://nowhere.invalid"}.get(trouble, meta.url)
    if url == meta.url:
        meta.plays(*_troubles(trouble))
    graph = GraphClient(TOKEN, SECRET, RateLimiter(time), time, url=url, sleep=time.wait, read_seconds=0.2)
    with pytest.raises(AdsFault) as raised:
        graph.ask(Call(method, "act_111/campaigns", "act_111", {"input_token": TOKEN}, once=method == "POST"))
    told = "".join(traceback.format_exception(raised.value)) + caplog.text + "".join(map(_all_of, _chain(raised.value)))
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), sha256).hexdigest()
    assert [secret for secret in (TOKEN, SECRET, proof) if secret in told] == []
    assert TOKEN not in repr(graph) + repr(meta.account(graph=graph)) + repr(graph._http.__dict__)


def _troubles(name: str) -> list[GraphFault]:
    fault = {
        "lost": losing(on=".*", times=4),
        "malformed": refusing(190, None, message=f"Malformed access token {TOKEN}", times=4),
        "garbled": garbled(500, f"<html>{TOKEN}</html>", times=4),
        "late": late(HANG_SECONDS, times=4),
    }[name]
    return [fault]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _all_of(error: BaseException) -> str:
    return f"{error!r}{error.args}{vars(error)}"


def test_metas_own_words_are_quoted_without_the_token(stage: MetaStage) -> None:
    stage.meta.plays(
        refusing(100, message=f"Bad value, access_token={TOKEN} and EAAother0123456789abcdefghijk", on=CAMPAIGNS)
    )
    with pytest.raises(RequestWrong, match="Bad value") as raised:
        stage.account.create(CAMPAIGN, "k7Q2")
    assert "EAA" not in str(raised.value)


def test_the_token_travels_in_a_header_and_the_proof_fits(stage: MetaStage) -> None:
    publish(stage, launch(stage))
    assert stage.meta.complaints == []
    assert all("access_token" not in request.fields for request in stage.meta.requests)
