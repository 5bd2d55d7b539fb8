"""What the migrations of release 0.2.0 make of rows that an older release wrote, on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

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
