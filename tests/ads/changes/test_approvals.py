from __future__ import annotations

import pytest

from bot.ads.changes.plans.plan import Resume, SetBudget, Step
from bot.ads.changes.plans.refusals import ChangedMeanwhile, NeedsApproval, NotAllowed, Stopped
from bot.ads.platform import TryLater
from memory.audit_log.account_changes import UnknownChange
from memory.audit_log.approvals import Approval, CannotApprove
from tests.ads.buying import ANA, BEN, BRAND, CYCLE, SAM, Buying, idea, rupees

ACCOUNT = "act_1"


def wanting(buying: Buying, line: str, amount: str, asked: str | None = ANA.who) -> Approval:
    """A raise above the threshold that waits for Ana's approval."""
    steps = [SetBudget("ad_set", line, rupees(amount), "it sells")]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, asked_of=asked)
    assert outcome.waiting is not None and outcome.changes == ()
    return outcome.waiting


def refused(buying: Buying, number: int, says: str, by: object = ANA) -> None:
    before = [dict(row) for row in buying.db.all("SELECT * FROM ad_approvals")]
    with pytest.raises(CannotApprove, match=says):
        buying.actions.approve(BRAND, number, by)  # type: ignore[arg-type]
    assert [dict(row) for row in buying.db.all("SELECT * FROM ad_approvals")] == before


def test_a_raise_above_the_threshold_waits_for_approval(buying: Buying) -> None:
    line = buying.account.line("1000", "Delhi")
    approval = wanting(buying, line, "2500")
    assert approval.summary == (
        "In Voyage India: set “Delhi” to ₹2,500 a day, now ₹1,000. Together up to ₹1,500 a day more."
    )
    assert buying.account.budget(line) == 1000
    (change,) = buying.actions.approve(BRAND, approval.id, ANA).done
    assert buying.account.budget(line) == 2500
    assert (change.approval_id, change.who, change.raises) == (approval.id, "cycle", rupees(0))
    assert buying.actions.approvals.get(BRAND, approval.id).state == "used"


def test_a_threshold_is_passed_by_the_smallest_amount_above_it(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", line, rupees(2000), SAM, "why")
    with pytest.raises(NeedsApproval):
        buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", line, rupees("2000.01"), SAM, "why")


def test_raises_cannot_be_split_over_ads_time_or_proposers(buying: Buying) -> None:
    lines = [buying.account.line("500", f"line {number}") for number in range(4)]
    paused = buying.account.line("200", "asleep", status="paused")
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[0], rupees(900), SAM, "why")
    buying.clock.pass_by(hours=12)
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[1], rupees(900), CYCLE, "why")
    buying.actions.resume(BRAND, ACCOUNT, "ad_set", paused, CYCLE, "why")
    with pytest.raises(NeedsApproval):
        buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[2], rupees(501), SAM, "why")
    with pytest.raises(NeedsApproval):
        buying.actions.launch(BRAND, ACCOUNT, idea("Winter", "40"), CYCLE)
    # What is cut makes no room for a raise elsewhere.
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[0], rupees(500), SAM, "why")
    with pytest.raises(NeedsApproval):
        buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[2], rupees(501), SAM, "why")
    buying.clock.pass_by(hours=12, minutes=1)
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", lines[2], rupees(900), SAM, "why")


def test_an_approved_raise_leaves_the_days_allowance_as_it_was(buying: Buying) -> None:
    line, other = buying.account.line("1000"), buying.account.line("500")
    approval = wanting(buying, line, "2500")
    buying.actions.approve(BRAND, approval.id, ANA)
    buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", other, rupees(1500), SAM, "why")


def test_a_forwarded_yes_does_nothing(buying: Buying) -> None:
    line = buying.account.line("1000")
    approval = wanting(buying, line, "2500")
    refused(buying, approval.id, "asked of somebody else", by=BEN)
    for who in (SAM, CYCLE):
        with pytest.raises(NotAllowed, match="Only an admin"):
            buying.actions.approve(BRAND, approval.id, who)
    assert buying.account.budget(line) == 1000
    buying.actions.approve(BRAND, approval.id, ANA)


def test_an_approval_for_any_admin_belongs_to_the_first_asked(buying: Buying) -> None:
    approval = wanting(buying, buying.account.line("1000"), "2500", asked=None)
    refused(buying, approval.id, "Nobody has been asked")
    approvals = buying.actions.approvals
    assert [approvals.ask(BRAND, approval.id, who) for who in (BEN.who, ANA.who, BEN.who)] == [True, False, True]
    assert [len(approvals.waiting(BRAND, who)) for who in (BEN.who, ANA.who)] == [1, 0]
    refused(buying, approval.id, "somebody else")
    assert buying.actions.approve(BRAND, approval.id, BEN).done


def test_used_rejected_replaced_expired_and_unknown_each_get_a_sentence(buying: Buying) -> None:
    line = buying.account.line("1000")
    first = wanting(buying, line, "2500")
    second = wanting(buying, line, "2600")
    refused(buying, first.id, "replaced by a newer plan")
    buying.actions.approve(BRAND, second.id, ANA)
    refused(buying, second.id, "was used already")
    third = wanting(buying, line, "4000")
    rejected = buying.actions.reject(BRAND, third.id, ANA, "too early")
    assert (rejected.state, rejected.reason, rejected.decided_by) == ("rejected", "too early", ANA.who)
    refused(buying, third.id, "was rejected")
    fourth = wanting(buying, line, "4000")
    buying.clock.pass_by(hours=24)
    refused(buying, fourth.id, "has expired")
    refused(buying, 99, "There is no approval 99")
    with pytest.raises(CannotApprove, match="There is no approval"):
        buying.actions.approve("zen", fourth.id, ANA)
    assert buying.account.budget(line) == 2600


def test_a_stale_plan_is_not_executed(buying: Buying) -> None:
    line = buying.account.line("1000")
    approval = wanting(buying, line, "2500")
    buying.account.person_sets(line, "1800")
    with pytest.raises(ChangedMeanwhile, match="₹1,800 a day now, not ₹1,000"):
        buying.actions.approve(BRAND, approval.id, ANA)
    assert buying.account.budget(line) == 1800
    refused(buying, approval.id, "no longer fits the account")


def test_a_plan_altered_in_the_database_is_not_executed(buying: Buying) -> None:
    line = buying.account.line("1000")
    approval = wanting(buying, line, "2500")
    buying.db.run("UPDATE ad_approvals SET plan = replace(plan, '2500', '9500')")
    refused(buying, approval.id, "no longer what was asked")


def test_the_same_plan_keeps_its_number(buying: Buying) -> None:
    line = buying.account.line("1000")
    assert wanting(buying, line, "2500").id == wanting(buying, line, "2500").id


def test_a_rejected_plan_is_not_proposed_again(buying: Buying) -> None:
    steps = [SetBudget("ad_set", buying.account.line("1000"), rupees(2500), "")]
    outcomes = []
    for _ in range(2):
        outcomes.append(buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, key="monday", asked_of=ANA.who))
        if outcomes[0].waiting is not None and len(outcomes) == 1:
            buying.actions.reject(BRAND, outcomes[0].waiting.id, ANA, "no")
    assert outcomes[1].waiting is None
    assert [str(why) for _step, why in outcomes[1].refused] == ["Approval 1 was rejected."]


def test_an_approval_holds_against_neither_cap_nor_stop(buying: Buying) -> None:
    line = buying.account.line("1000")
    approval = wanting(buying, line, "9000")
    buying.account.line("5000")
    outcome = buying.actions.approve(BRAND, approval.id, ANA)
    assert outcome.done == () and "its cap is ₹17,500" in str(outcome.refused[0][1])
    approval = wanting(buying, line, "3000")
    buying.actions.stops.begin(BRAND, ANA.who, "fire")
    outcome = buying.actions.approve(BRAND, approval.id, ANA)
    assert isinstance(outcome.refused[0][1], Stopped)
    assert buying.account.budget(line) == 1000


def test_steps_within_limits_run_and_the_rest_becomes_one_approval(buying: Buying) -> None:
    one, two = buying.account.line("1000", "one"), buying.account.line("1000", "two")
    asleep = buying.account.line("700", "asleep", status="paused")
    steps: list[Step] = [
        SetBudget("ad_set", one, rupees(1500), ""),
        SetBudget("ad_set", two, rupees(1600), ""),
        Resume("ad_set", asleep, ""),
    ]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, asked_of=ANA.who)
    assert [change.object_id for change in outcome.done] == [one]
    assert outcome.waiting is not None
    assert outcome.waiting.summary.endswith(
        "set “two” to ₹1,600 a day, now ₹1,000; let “asleep” run again. Together up to ₹1,300 a day more."
    )
    buying.actions.approve(BRAND, outcome.waiting.id, ANA)
    assert buying.account.planned() == 1500 + 1600 + 700


def test_an_approved_plan_that_was_cut_short_is_finished_once(buying: Buying) -> None:
    one, two = buying.account.line("1000", "one"), buying.account.line("1000", "two")
    steps = [SetBudget("ad_set", line, rupees(2500), "") for line in (one, two)]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, asked_of=ANA.who)
    assert outcome.waiting is not None
    buying.account.faults = [("set_budget", TryLater("throttled"))]
    assert buying.actions.approve(BRAND, outcome.waiting.id, ANA).done == ()
    buying.process().recover(BRAND, ACCOUNT)
    buying.account.person_sets(one, "2000")
    buying.process().recover(BRAND, ACCOUNT)
    assert [buying.account.budget(line) for line in (one, two)] == [2000, 2500]
    assert buying.actions.approvals.get(BRAND, outcome.waiting.id).state == "used"


def test_nobody_sees_another_brands_changes_or_approvals(buying: Buying) -> None:
    approval = wanting(buying, buying.account.line("1000"), "2500")
    assert buying.actions.approvals.waiting("zen") == []
    assert not buying.actions.approvals.ask("zen", approval.id, ANA.who)
    with pytest.raises(UnknownChange):
        buying.actions.undo("zen", ANA, 1)
