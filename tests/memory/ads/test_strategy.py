"""Campaign and strategic memory: two files' shapes, revised and withdrawn claims."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.ads.learnings.campaign_records import CampaignRecords, UnknownOptimization
from memory.ads.learnings.strategy import FAILURE, SUCCESS, Claim, Rate, Strategy, UnknownEntry, likelihood
from memory.storage.errors import NotStorable
from tests.memory.ads.ad_account import BRAND
from tests.memory.stores import Stores

CAMPAIGN = {
    "launch_date": "2025-08-26T05:13:25.477823",
    "campaign_data": {"name": "Summer Collection", "objective": "conversions", "expected_outcome": "25% more sales"},
    "performance_snapshots": [
        {
            "performance": {"impressions": "15000", "clicks": "450", "ctr": "3.0", "cpc": "4.00"},
            "analysis": {"status": "excellent", "trends": ["High CTR: the creative is strong"]},
        }
    ],
    "optimizations": [{"type": "audience", "reasoning": "From the figures", "expected_impact": "15% more CTR"}],
}
LEARNING = {
    "type": "audience_insight",
    "insight": "People of 25 to 35 answer more",
    "supporting_data": {"engagement_rate": 4.2, "age_group": "25-35"},
}
DECISION = {
    "type": "campaign_launch",
    "context": {"brand": "Voyage", "objective": "conversions", "budget": {"daily_budget": 2000}},
    "reasoning": "The figures of last summer",
}


@pytest.fixture
def records(stores: Stores) -> CampaignRecords:
    return CampaignRecords(stores.db, stores.clock)


@pytest.fixture
def strategy(stores: Stores) -> Strategy:
    return Strategy(stores.db, stores.clock)


def test_a_campaign_file_comes_back_as_it_was(records: CampaignRecords) -> None:
    told = {"campaigns": {"sim_20250826_051325": CAMPAIGN}}
    assert records.take_in(BRAND, told) == []
    assert records.exported(BRAND) == told
    assert records.take_in(BRAND, told) == []
    assert records.exported(BRAND) == told, "taken in twice, kept twice"
    assert records.exported("other") == {"campaigns": {}}
    assert records.snapshots(BRAND)[0].record["analysis"]["status"] == "excellent"


def test_invalid_records_are_located_and_the_rest_imported(records: CampaignRecords) -> None:
    campaign = CAMPAIGN | {
        "performance_snapshots": [CAMPAIGN["performance_snapshots"][0], {"analysis": {}}, 7],  # type: ignore[index]
        "optimizations": [{"type": "audience"}],
    }
    faults = records.take_in(
        BRAND, {"campaigns": {"a": campaign, "b": [], "c": {"campaign_data": {}, "launch_date": "soon"}, "": {}}}
    )
    assert faults == [
        "campaigns.a.performance_snapshots[1].performance: is missing, expected an object",
        "campaigns.a.performance_snapshots[2]: expected an object, found a number",
        "campaigns.a.optimizations[0].reasoning: is missing, expected a text",
        "campaigns.b: expected an object, found a list",
        "campaigns.c.launch_date: expected a date and time such as 2026-08-26T05:13:25, found 'soon'",
        "campaigns.: a campaign's id has 1 to 200 printable characters",
    ]
    assert [*records.exported(BRAND)["campaigns"]] == ["a"]
    assert len(records.snapshots(BRAND, "a")) == 1


@pytest.mark.parametrize(
    "wrong", [None, [], "x", {"campaigns": 3}, {"campaigns": {"a": {"campaign_data": {"n": float("nan")}}}}]
)
def test_a_file_that_is_none_of_ours_changes_nothing(records: CampaignRecords, wrong: Any) -> None:
    assert len(records.take_in(BRAND, wrong)) == 1
    assert records.exported(BRAND) == {"campaigns": {}}


def test_an_optimisation_is_stored_with_reason_and_later_outcome(records: CampaignRecords) -> None:
    records.launched(BRAND, "c1", {"name": "Summer", "expected_outcome": "20 chats a day"})
    records.snapshot(BRAND, "c1", {"ctr": "3.0"}, {"status": "good", "trends": []})
    number = records.optimization(BRAND, "c1", "budget", "Chats are cheap", "6 more chats a day")
    records.record_outcome(BRAND, number, "4 more chats a day")
    told = records.exported(BRAND)["campaigns"]["c1"]
    assert told["launch_date"].startswith("2026-11-21T12:00")
    assert told["campaign_data"]["expected_outcome"] == "20 chats a day"
    assert told["optimizations"][0]["expected_impact"] == "6 more chats a day"
    assert told["optimizations"][0]["actual_impact"] == "4 more chats a day"
    with pytest.raises(UnknownOptimization):
        records.record_outcome("other", number, "stolen")
    with pytest.raises(NotStorable, match="status"):
        records.snapshot(BRAND, "c1", {}, {"status": 5})


def test_a_strategy_file_comes_back_as_it_was(strategy: Strategy, stores: Stores) -> None:
    told = {"brand_strategies": {BRAND: {"learnings": [LEARNING]}}, "strategic_decisions": [DECISION]}
    assert strategy.take_in(BRAND, told) == []
    first = strategy.exported(BRAND)
    [learning] = first["brand_strategies"][BRAND]["learnings"]
    assert LEARNING.items() <= learning.items()
    assert DECISION.items() <= first["strategic_decisions"][0].items()
    stores.clock.pass_by(days=1)
    assert strategy.take_in(BRAND, told) == []
    assert strategy.take_in(BRAND, first) == []
    assert strategy.exported(BRAND) == first


def test_another_brands_strategy_is_not_taken_in(strategy: Strategy) -> None:
    theirs = DECISION | {"context": {"brand": "other"}}
    told = {"brand_strategies": {"other": {"learnings": [LEARNING]}}, "strategic_decisions": [theirs, 5]}
    assert strategy.take_in(BRAND, told) == [
        "brand_strategies.other: is another brand's, take it in there",
        "strategic_memory.strategic_decisions[0].context.brand: is another brand's, take it in there",
        "strategic_memory.strategic_decisions[1]: expected an object, found a number",
    ]
    assert strategy.exported(BRAND) == {
        "brand_strategies": {
            BRAND: {"learnings": [], "successful_patterns": [], "failed_patterns": [], "playbooks": []}
        },
        "strategic_decisions": [],
    }


def test_a_new_learning_ends_the_old_one_of_its_subject(strategy: Strategy, stores: Stores) -> None:
    old = strategy.learn(BRAND, "creative_insight", "Video wins", {"lift": 0.6}, subject="format:video")
    stores.clock.pass_by(days=30)
    new = strategy.learn(BRAND, "creative_insight", "Video and image are even", {"lift": 0.0}, subject="format:video")
    assert [each.id for each in strategy.entries(BRAND, "learnings")] == [new]
    assert strategy.entry(BRAND, old).valid_to == strategy.entry(BRAND, new).valid_from == stores.clock()
    with pytest.raises(UnknownEntry):
        strategy.entry("other", new)


def test_a_claim_is_revised_then_withdrawn(strategy: Strategy) -> None:
    claim = Claim("video", "image", "chat_to_order")
    strategy.learn(BRAND, "creative_insight", "Video sells better", {}, confidence=0.7, claim=claim)

    def recheck(video: Rate, image: Rate) -> list[tuple[float, bool]]:
        measured = {("chat_to_order", "video"): video, ("chat_to_order", "image"): image}
        return [(each.record["confidence"], each.valid_to is None) for each in strategy.recheck(BRAND, measured)]

    assert recheck(Rate(9, 20), Rate(0, 200)) == [], "20 tries are too few to say anything"
    [(before, over), (after, holds)] = recheck(Rate(30, 100), Rate(20, 100))
    assert (before, over, holds) == (0.7, False, True)
    assert 0.9 < after < 1
    assert recheck(Rate(30, 100), Rate(20, 100)) == []
    [(_confidence, holds)] = recheck(Rate(100, 1000), Rate(200, 1000))
    assert not holds
    assert strategy.entries(BRAND, "learnings") == []
    brief = strategy.brief_for(BRAND)
    assert "video 100 of 1000, image 200 of 1000" in brief.withdrawn[0].record["withdrawn"]


def test_a_brief_has_successes_failures_and_open_decisions(strategy: Strategy) -> None:
    strategy.pattern(BRAND, SUCCESS, "Security sells", {"roas": 3.1}, subject="angle:security")
    strategy.pattern(BRAND, FAILURE, "Price draws browsers", {"roas": 0.4}, subject="angle:price")
    done = strategy.decide(BRAND, "budget", {"ad": "1"}, "It sells", expected="5 orders more")
    strategy.decide(BRAND, "pause", {"ad": "2"}, "It does not")
    strategy.close_decision(BRAND, done, "4 orders more")
    strategy.playbook(BRAND, "launch", ["small budget", "judge after 7 days"])
    brief = strategy.brief_for(BRAND)
    assert [each.record["pattern"] for each in (*brief.worked, *brief.failed)] == [
        "Security sells",
        "Price draws browsers",
    ]
    assert [each.type for each in brief.open_decisions] == ["pause"]
    assert brief.playbooks[0].record["steps"] == ["small budget", "judge after 7 days"]
    assert strategy.brief_for(BRAND, about=["security"]).failed == ()
    assert strategy.brief_for("other").worked == ()
    strategy.pattern(BRAND, FAILURE, "Security no longer sells", {"roas": 0.9}, subject="angle:security")
    assert strategy.brief_for(BRAND).worked == (), "a thing both worked and failed"


def test_only_shared_patterns_cross_brands_without_names(strategy: Strategy) -> None:
    data = {"roas": 3.1, "account": "act_77", "best_customer": "Asha", "orders": 41, "note": "+919876543210"}
    strategy.pattern(BRAND, SUCCESS, "Voyage's Asha campaign", data, subject="angle:security")
    strategy.pattern(BRAND, SUCCESS, "Ours", {"roas": 2.0}, subject="campaign:Asha")
    assert strategy.brief_for("other").elsewhere == ()
    strategy.share_patterns(BRAND, shared=True)
    assert strategy.brief_for("other").elsewhere == (
        {"outcome": SUCCESS, "subject": "angle:security", "supporting_data": {"roas": 3.1}},
    )
    assert strategy.brief_for(BRAND).elsewhere == ()
    strategy.share_patterns(BRAND, shared=False)
    assert strategy.patterns_of_others("other") == []


@pytest.mark.parametrize(
    ("better", "than"), [(Rate(3, 40), Rate(9, 70)), (Rate(0, 5), Rate(5, 5)), (Rate(1, 1), Rate(1, 1))]
)
def test_a_claim_and_its_opposite_share_the_whole(better: Rate, than: Rate) -> None:
    assert likelihood(better, than) + likelihood(than, better) == pytest.approx(1)


texts = st.text(max_size=8)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
anything = st.dictionaries(texts, json_values, max_size=4)
campaigns = st.dictionaries(
    texts,
    st.fixed_dictionaries(
        {"campaign_data": anything},
        optional={
            "launch_date": st.datetimes().map(lambda moment: moment.isoformat()) | texts,
            "performance_snapshots": st.lists(
                st.fixed_dictionaries({"performance": anything}) | json_values, max_size=3
            ),
            "optimizations": st.lists(
                st.fixed_dictionaries({"type": texts, "reasoning": texts, "more": json_values}) | anything, max_size=3
            ),
        },
    )
    | json_values,
    max_size=3,
)
entries = st.lists(
    st.fixed_dictionaries(
        {"type": texts, "insight": texts, "context": anything, "reasoning": texts},
        optional={
            "supporting_data": anything,
            "confidence": st.floats(-0.5, 1.5),
            "subject": texts,
            "valid_from": st.datetimes().map(lambda moment: moment.isoformat()) | texts,
            "valid_to": st.datetimes().map(lambda moment: moment.isoformat()),
        },
    )
    | json_values,
    max_size=4,
)


@given(campaigns, entries, entries, entries)
def test_what_is_exported_is_taken_in_and_exported_the_same(
    told: dict[str, Any], learnings: list[Any], patterns: list[Any], decisions: list[Any]
) -> None:
    """From any file, however broken."""
    with TemporaryDirectory() as folder:
        here, there = (Stores(Path(folder) / name) for name in ("here.db", "there.db"))
        strategies = {BRAND: {"learnings": learnings, "failed_patterns": patterns}}
        CampaignRecords(here.db, here.clock).take_in(BRAND, {"campaigns": told})
        Strategy(here.db, here.clock).take_in(BRAND, {"brand_strategies": strategies, "strategic_decisions": decisions})
        there.clock.pass_by(days=1)
        for store in (CampaignRecords, Strategy):
            out = store(here.db, here.clock).exported(BRAND)
            assert store(there.db, there.clock).take_in(BRAND, json.loads(json.dumps(out))) == []
            assert store(there.db, there.clock).exported(BRAND) == out
            assert store(here.db, here.clock).take_in(BRAND, out) == []
            assert store(here.db, here.clock).exported(BRAND) == out
        here.db.close()
        there.db.close()


def test_changes_without_outcome_are_found_by_their_time(stores: Stores) -> None:
    records = CampaignRecords(stores.db, stores.clock)
    begun = stores.clock()
    old = records.optimization(BRAND, "c1", "budget", "it earns", "more")
    stores.clock.pass_by(days=5)
    told = records.optimization(BRAND, "c1", "budget", "it earns", "more")
    due = records.optimization(BRAND, "c2", "pause", "it loses, as no actual_impact of others did", "less")
    stores.clock.pass_by(days=5)
    records.optimization(BRAND, "c3", "budget", "it earns", "more")
    records.optimization("other", "c9", "budget", "it earns", "more")
    records.record_outcome(BRAND, told, "8 a day")

    def found(after: int, before: int) -> list[int]:
        days = (begun + timedelta(days=after), begun + timedelta(days=before))
        return [entry.id for entry in records.without_outcome(BRAND, *days)]

    assert found(0, 10) == [old, due]
    assert found(1, 10) == [due]
    assert found(0, 5) == [old]


def test_the_same_file_comes_out_letter_by_letter(stores: Stores, tmp_path: Path) -> None:
    records = CampaignRecords(stores.db, stores.clock)
    records.optimization(BRAND, "c1", "budget", "chats cost less here", "more orders")
    records.snapshot(BRAND, "c1", {"spend": "1"}, {"status": "good", "trends": []})
    records.launched(BRAND, "c1", {"name": "Summer", "objective": "chats", "expected_outcome": "sales"})
    out = records.exported(BRAND)
    there = Stores(tmp_path / "there.db")
    elsewhere = CampaignRecords(there.db, there.clock)
    assert elsewhere.take_in(BRAND, out) == []
    assert json.dumps(elsewhere.exported(BRAND)) == json.dumps(out)
