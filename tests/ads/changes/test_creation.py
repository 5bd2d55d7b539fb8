"""Creation exactly once, with lost and late answers and killed processes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.ads.changes.plans.plan import Launch, from_json, to_json
from bot.ads.changes.plans.refusals import NeedsApproval, OverCap, Stopped
from bot.ads.platform import AccountBlocked, AdsFault, OutcomeUnknown, RequestWrong, TryLater
from memory.ads.ad_account import Ad, AdSet, Campaign
from tests.ads.buying import ANA, BRAND, SAM, Buying, idea
from tests.ads.changes.killed_launches import Killing

ACCOUNT = "act_1"


def launch(buying: Buying, idea: Launch, key: str | None = None) -> str:
    return buying.actions.launch(BRAND, ACCOUNT, idea, SAM, key=key).state


def running(buying: Buying) -> list[str]:
    return [thing.name for thing in buying.account.things.values()
            if isinstance(thing, Campaign | AdSet | Ad) and thing.status == "active"]  # fmt: skip


def names(buying: Buying) -> list[str]:
    return [re.sub(r" ·\w{8}$", "", thing.name) for thing in buying.account.things.values()]


def test_parts_are_created_paused_and_the_campaign_starts_last(buying: Buying) -> None:
    assert launch(buying, idea("Winter", "300", "200")) == "done"
    writes = [asked for asked in buying.account.asked if asked[0] in ("create", "set_status")]
    assert [made for method, _token, made in writes if method == "create"] == [
        "Winter", "Winter 0", "Winter ad 0", "Winter ad 0", "Winter 1", "Winter ad 1", "Winter ad 1",
    ]  # fmt: skip
    switched = [buying.account.things[made] for method, made, _to in writes if method == "set_status"]
    assert [type(thing) for thing in switched] == [Ad, Ad, AdSet, AdSet, Campaign]
    assert buying.account.planned() == 500


def test_each_name_ends_in_a_token_of_its_own(buying: Buying) -> None:
    launch(buying, idea())
    tokens = [thing.name[-10:] for thing in buying.account.things.values()]
    assert all(re.fullmatch(r" ·\w{8}", token) for token in tokens)
    assert len(set(tokens)) == len(tokens) == 4


def test_lost_answers_are_looked_up_and_adopted(buying: Buying) -> None:
    buying.account.losing = 0.5
    while launch(buying, idea("Winter", "300"), key="winter") == "open":
        pass
    assert names(buying) == ["Winter", "Winter 0", "Winter ad 0", "Winter ad 0"]
    assert len(running(buying)) == 3


def test_duplicates_hidden_by_slow_reads_are_archived_before_publishing(buying: Buying) -> None:
    buying.account.lag = 4  # neither of the two looks shows it
    buying.account.losing = 0.3
    while launch(buying, idea(), key="winter") == "open":
        pass
    assert len(running(buying)) == 3
    kept = [thing for thing in buying.account.things.values() if getattr(thing, "status", "") != "archived"]
    assert sorted(type(thing).__name__ for thing in kept if not hasattr(thing, "body")) == ["Ad", "AdSet", "Campaign"]
    assert buying.account.planned() == 300


@pytest.mark.parametrize(
    "fault", [RequestWrong("The number is not linked."), AccountBlocked("The page is restricted.")]
)
@pytest.mark.parametrize("made", range(4))
def test_a_part_that_is_refused_takes_the_whole_launch_back(buying: Buying, fault: AdsFault, made: int) -> None:
    buying.account.faults = [("create", fault)]
    create, count = buying.account.create, iter(range(9))

    def after_some(new: object, token: str) -> str:
        if next(count) < made:
            buying.account.faults, kept = [], buying.account.faults
            done = create(new, token)  # type: ignore[arg-type]
            buying.account.faults = kept
            return done
        return create(new, token)  # type: ignore[arg-type]

    buying.account.create = after_some  # type: ignore[method-assign]
    change = buying.actions.launch(BRAND, ACCOUNT, idea(), SAM)
    assert (change.state, change.outcome) == ("not_done", str(fault))
    assert running(buying) == []
    assert all(getattr(thing, "status", "archived") == "archived" for thing in buying.account.things.values())
    (sentence,) = buying.told()
    assert sentence.startswith(f"“Winter” was not launched: {fault}")


@pytest.mark.parametrize("method", ["create", "set_status"])
def test_a_throttled_launch_is_finished_later(buying: Buying, method: str) -> None:
    buying.account.faults = [(method, TryLater("throttled"))]
    assert launch(buying, idea()) == "open"
    assert running(buying) == []
    assert buying.actions.room(BRAND, ACCOUNT).amount == 9700  # it counts already
    (change,) = buying.process().recover(BRAND, ACCOUNT)
    assert change.state == "done"
    assert buying.account.planned() == 300


def test_a_launch_unfinished_for_a_day_is_archived(buying: Buying) -> None:
    buying.account.faults = [("create", TryLater("throttled"))]
    launch(buying, idea())
    buying.clock.pass_by(hours=25)
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert change.state == "not_done"
    assert buying.account.things == {}


def test_what_cannot_be_taken_away_is_said_and_tried_again(buying: Buying) -> None:
    buying.account.faults = [
        *[("set_status", OutcomeUnknown("lost"))] * 3,
        *[("set_status", TryLater("throttled"))] * 2,
    ]
    launch(buying, idea())
    buying.clock.pass_by(hours=25)
    assert buying.actions.recover(BRAND, ACCOUNT) == []
    assert "can't be taken away yet" in buying.told()[0]
    buying.account.faults = []
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert (change.state, running(buying)) == ("not_done", [])


def test_a_stop_during_a_launch_archives_it(buying: Buying) -> None:
    buying.account.faults = [("set_status", TryLater("throttled"))]
    launch(buying, idea())
    report = buying.emergency_stop.stop_everything(BRAND, ANA, "fire")
    assert report.complete
    assert running(buying) == []
    with pytest.raises(Stopped):
        launch(buying, idea())


def test_a_launch_is_dropped_if_a_manual_edit_fills_the_cap(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_status", TryLater("throttled"))]
    launch(buying, idea())
    buying.account.person_sets(line, "9900")
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert change.state == "not_done"
    assert buying.account.planned() == 9900


def test_a_launch_above_the_cap_or_the_threshold_makes_nothing(buying: Buying) -> None:
    with pytest.raises(OverCap):
        launch(buying, idea("Winter", "9000", "1001"))
    with pytest.raises(NeedsApproval):
        launch(buying, idea("Winter", "600", "500"))
    assert buying.account.things == {}


def test_a_launch_is_the_same_after_it_was_stored(buying: Buying) -> None:
    launched = replace(idea("Winter", "300.50", "200"), special_ad_categories=("HOUSING",), readings=(1, 2))
    assert from_json(to_json([launched])) == (launched,)


def test_a_stored_plan_of_version_0_1_0_is_read() -> None:
    launched = idea("Winter", "300")
    assert from_json(to_json([launched]).replace('"engagement"', '"OUTCOME_ENGAGEMENT"')) == (launched,)


def test_the_nightly_sweep_archives_orphans_and_names_unknown_objects(buying: Buying) -> None:
    launch(buying, idea())
    made = next(thing for thing in buying.account.things.values() if isinstance(thing, Campaign))
    double = buying.account.campaign(made.name, status="paused")
    stranger = buying.account.campaign("Elsewhere ·k7Q2k7Q2", status="paused")
    buying.account.campaign("Somebody's own")
    said = buying.actions.sweep(BRAND, ACCOUNT)
    assert buying.account.status(double) == "archived"
    assert buying.account.status(stranger) == "paused"
    assert [made.id in sentence for sentence in said] == [False, False]
    assert [double in said[0], stranger in said[1]] == [True, True]
    buying.actions.sweep(BRAND, ACCOUNT)
    assert len(buying.told()) == 2


@pytest.mark.exhaustive
def test_a_thousand_interrupted_launches_create_each_object_once(killing: Killing) -> None:
    killing.until_all_are_live(seconds=600)  # a hang, not a measure: processes are killed and started again and again
    assert killing.kills == 8
    things = killing.account.things.values()
    kept = [thing for thing in things if getattr(thing, "status", "paused") != "archived"]
    assert len(kept) == 1000 and len({thing.name[-8:] for thing in kept}) == 1000
    assert sorted({re.sub(r" ·\w{8}$", "", thing.name) for thing in kept if isinstance(thing, Campaign)}) == sorted(
        killing.names
    )
    orphans = [thing for thing in things if getattr(thing, "status", "paused") == "active" and thing not in kept]
    assert orphans == []
    assert killing.account.planned() == 300 * 50
