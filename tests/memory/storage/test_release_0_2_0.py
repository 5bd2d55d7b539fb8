"""What the migrations of release 0.2.0 make of rows that an older release wrote, on each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from bot.language.money import Money
from memory.ads.ad_tests import AdTests
from memory.audit_log.account_changes import Changes
from memory.storage.database import Database
from memory.storage.migrations import STEPS
from memory.storage.migrations.release_0_1_0 import RELEASE_0_1_0
from tests.memory.stores import TestClock
from tests.servers import PostgresServer

BRAND = "voyage"
SEEN = "2520 chats, 32 sales, 62.0 needed by now to pay for itself; evidence over 1,000 to 1 that it loses money"
RESTS = "rests: other ads are expected to bring more for the same money"


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as release 0.1.0 made it."""
    if request.param == "sqlite":
        db = Database(tmp_path / "hawker.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        db = Database(server.create(f"older{uuid4().hex}"))
    db.migrate(RELEASE_0_1_0)
    yield db
    db.close()


def paused(db: Database, object_id: str, who: str, role: str, why: str) -> None:
    db.run(
        "INSERT INTO ad_changes (brand, account_id, at, who, role, why, what, kind, object_id, name, was, becomes,"
        " currency, raises, readings, state, outcome, asked_at, account_at) VALUES (:brand, 'act_1', :now, :who, :role,"
        " :why, 'pause', 'ad_set', :object_id, 'Delhi', 'ACTIVE', 'PAUSED', 'INR', '0', '[]', 'done', '', :now, :now)",
        brand=BRAND,
        object_id=object_id,
        who=who,
        role=role,
        why=why,
        now="2026-11-21T07:00:00.000000Z",
    )


def test_pauses_of_the_ad_agent_get_their_cause(older: Database) -> None:
    name = f"Interests · video; {RESTS}"
    paused(older, "losing", "ad agent", "agent", f"Ad “{name}”: {SEEN}; the next 100 bring 66; paused.")
    paused(older, "resting", "ad agent", "agent", f"Ad “Interests · paused.”: {SEEN}; the next 100 bring 70; {RESTS}.")
    paused(older, "judged", "ad agent", "agent", "the test's day has come and nobody wrote through it")
    paused(older, "by staff", "+34600000000", "staff", f"Ad “Delhi”: {SEEN}; the next 100 bring 70; {RESTS}.")
    older.migrate(STEPS)
    causes = {change.object_id: change.cause for change in Changes(older, TestClock()).page(BRAND)}
    assert causes == {"losing": "losing_money", "resting": "resting", "judged": None, "by staff": None}


def test_ad_states_and_objectives_get_neutral_words(older: Database) -> None:
    paused(older, "10", "+34600000000", "staff", "it is raining")
    older.run(
        "INSERT INTO ad_campaigns (brand, campaign_id, account_id, name, objective, status, effective_status, created_at,"
        " seen_at) VALUES (:brand, '10', 'act_1', 'Summer', 'OUTCOME_TRAFFIC', 'ACTIVE', 'WITH_ISSUES', '', ''),"
        " (:brand, '11', 'act_1', 'Old', 'PAGE_LIKES', 'PAUSED', 'SOMETHING_NEW', '', '')",
        brand=BRAND,
    )
    older.run(
        "INSERT INTO ad_sets (brand, ad_set_id, account_id, campaign_id, name, status, effective_status, targeting,"
        " learning, seen_at) VALUES (:brand, '20', 'act_1', '10', 'LEARNING', 'ACTIVE', 'ADSET_PAUSED', '{}', :learning, '')",
        brand=BRAND,
        learning='{"status": "FAIL", "conversions": 3, "threshold": 50, "since": null}',
    )
    older.run(
        "INSERT INTO campaign_launches (brand, campaign_id, record) VALUES (:brand, '10', :record)",
        brand=BRAND,
        record='{"campaign_data": {"name": "OUTCOME_LEADS", "objective": "OUTCOME_LEADS"}}',
    )
    older.migrate(STEPS)
    states = older.all("SELECT objective, status, effective_status FROM ad_campaigns ORDER BY campaign_id")
    assert [tuple(row.values()) for row in states] == [("traffic", "active", "failing"), ("other", "paused", "unknown")]
    ad_set = older.one("SELECT name, status, effective_status, learning FROM ad_sets")
    assert ad_set is not None and '"status": "limited"' in ad_set.pop("learning")
    assert ad_set == {"name": "LEARNING", "status": "active", "effective_status": "ad_set_paused"}
    record = older.value("SELECT record FROM campaign_launches")
    assert record == '{"campaign_data": {"name": "OUTCOME_LEADS", "objective": "leads"}}'
    [change] = Changes(older, TestClock()).page(BRAND)
    assert (change.was, change.becomes) == ("active", "paused")


IDEA = {"concept": {"name": "Otoño · “pago” · image"}, "argument": "payment", "brief": {"judged_on": "2026-12-05"}}


def decided(db: Database, number: int, outcome: str | None, **context: object) -> None:
    """A launch decision of release 0.1.0; ended where it has an outcome."""
    whole = {"brand": BRAND, "test": "act_1", "key": f"act_1 day {number} launch", "objective": "engagement",
             "budget": {"daily_budget": "1320.00", "currency": "INR"}, "idea": IDEA, **context}  # fmt: skip
    record = {"type": "campaign_launch", "context": whole, "reasoning": "asked often", "actual_outcome": outcome}
    db.run(
        "INSERT INTO strategic_entries (brand, kind, type, valid_from, valid_to, record) VALUES (:brand,"
        " 'strategic_decisions', 'campaign_launch', :begun, :ended, :record)",
        brand=BRAND,
        begun=f"2026-11-0{number}T07:00:00.000000Z",
        ended=None if outcome is None else f"2026-11-1{number}T07:00:00.000000Z",
        record=json.dumps(record, ensure_ascii=False),
    )


def test_running_and_ended_tests_become_rows(older: Database) -> None:
    sentences = [
        None,
        "kept, an ordinary ad from now on: 9 orders, 5.0 needed by now to pay for itself; paused: 3 chats",
        "paused: the test's day has come and nobody wrote through it; nothing was spent on it",
        "paused: the test's day has come and it is 9 to 1 that it loses money: 0 orders",
        "stopped before its day; nothing was spent on it",
        "not launched: Everything is stopped.",
        "somebody's own words",
    ]
    for number, sentence in enumerate(sentences, 1):
        decided(older, number, sentence)
    decided(older, 8, None, test=None)  # a launch that was no test
    decided(older, 9, None, idea="payment")
    decided(older, 9, None, budget={"daily_budget": "1320.00"})  # as a file from elsewhere may have it
    launched(older, "act_1 day 1 launch", "c1")
    before = older.all("SELECT * FROM strategic_entries ORDER BY id")
    older.migrate(STEPS)
    tests = AdTests(older, TestClock()).of_brand(BRAND)
    assert [(test.decision_id, test.outcome) for test in tests] == [
        (1, None), (2, "kept"), (3, "nobody_wrote"), (4, "lost"), (5, "stopped"), (6, "not_launched"), (7, None),
    ]  # fmt: skip
    running, kept, *_others = tests
    assert (running.key, running.budget, running.idea) == ("act_1 day 1 launch", Money(Decimal(1320), "INR"), IDEA)
    assert (running.begun_at, running.ended_at) == (datetime(2026, 11, 1, 7, tzinfo=UTC), None)
    assert (running.campaign_id, kept.campaign_id) == ("c1", None)
    assert kept.ended_at == datetime(2026, 11, 12, 7, tzinfo=UTC)
    assert [test.id for test in AdTests(older, TestClock()).running(BRAND, "act_1")] == [running.id]
    assert older.all("SELECT * FROM strategic_entries ORDER BY id") == before, "what was exported stays exported"


def launched(db: Database, key: str, campaign_id: str) -> None:
    db.run(
        "INSERT INTO ad_changes (brand, account_id, at, who, role, why, what, kind, object_id, name, was, becomes,"
        " currency, raises, readings, key, state, outcome, asked_at, account_at) VALUES (:brand, 'act_1', :now, 'ad agent',"
        " 'agent', 'a test', 'launch', 'campaign', :id, 'Otoño', '', '1320', 'INR', '0', '[]', :key, 'done', '', :now, :now)",
        brand=BRAND,
        id=campaign_id,
        key=key,
        now="2026-11-21T07:00:00.000000Z",
    )
