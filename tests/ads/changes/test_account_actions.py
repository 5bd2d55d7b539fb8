from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.ads.changes.limit_checks import LATE
from bot.ads.changes.plans.plan import Archive, Pause, Resume, SetBudget, Step
from bot.ads.changes.plans.refusals import (
    AccountBusy,
    CannotUndo,
    ChangedMeanwhile,
    ChangeRefused,
    NeedsApproval,
    NoBudgetHere,
    NoLimits,
    NotAllowed,
    OverCap,
    TooOften,
    UnknownAccount,
    UnknownObject,
)
from bot.ads.platform import AdsFault, NotAuthorised, OutcomeUnknown, RequestWrong, TryLater
from bot.language.money import Money
from memory.ads.ad_account import AdSet
from memory.audit_log.account_changes import Change, UnknownChange
from tests.ads.buying import ANA, ANNE, BRAND, CYCLE, SAM, Buying, idea, rupees

ACCOUNT = "act_1"
MIDNIGHT = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)  # in Kolkata, where the account lives
SECOND = timedelta(seconds=1)


def budget(buying: Buying, line: str, amount: str, **more: object) -> Change:
    return buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", line, rupees(amount), SAM, "it sells", **more)  # type: ignore[arg-type]


def test_a_change_records_who_why_values_and_readings(buying: Buying) -> None:
    line = buying.account.line("1000", "Delhi")
    budget(buying, line, "1200", readings=(4, 9))
    (change,) = buying.actions.changes.page(BRAND)
    assert (change.who, change.role, change.why) == (SAM.who, "staff", "it sells")
    assert (change.name, change.was, change.becomes, change.readings) == ("Delhi", "1000", "1200", (4, 9))
    assert (change.state, change.raises, change.settled_at) == ("done", rupees(200), buying.clock.now)
    assert buying.account.budget(line) == 1200


def test_a_change_is_journaled_before_its_request_outside_transactions(buying: Buying) -> None:
    line = buying.account.line("1000")
    seen = []

    class Looking(type(buying.account)):  # type: ignore[misc]
        def set_budget(self, *asked: object) -> None:
            other = buying.process()
            seen.append((buying.db.in_transaction, [change.state for change in other.changes.open_in(ACCOUNT)]))
            super().set_budget(*asked)

    buying.account.__class__ = Looking
    budget(buying, line, "1100")
    assert seen == [(False, ["open"])]


def test_without_a_cap_nothing_is_written_but_pauses(buying: Buying) -> None:
    line, other = buying.account.line("1000"), buying.account.line("500", status="paused")
    buying.cap = None
    steps: list[Step] = [
        SetBudget("ad_set", line, rupees(900), ""),
        Resume("ad_set", other, ""),
        idea(),
        Archive("ad_set", line, ""),
    ]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, SAM)
    assert [type(why) for _step, why in outcome.refused] == [NoLimits] * 4
    assert outcome.changes == ()
    assert {method for method, *_ in buying.account.asked} == {"structure"}
    assert buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why").state == "done"


def test_the_worst_day_stays_within_the_cap(buying: Buying) -> None:
    line = buying.account.line("9500")
    buying.account.line("400")
    with pytest.raises(OverCap, match=r"would cost ₹17,675, its cap is ₹17,500"):
        budget(buying, line, "9700")
    budget(buying, line, "9600")
    assert buying.account.planned() == 10_000


def test_a_cut_counts_until_midnight_of_the_account(buying: Buying) -> None:
    one, two = buying.account.line("9500", "one"), buying.account.line("400", "two")
    budget(buying, one, "9000")
    with pytest.raises(OverCap):
        budget(buying, two, "700")
    buying.actions.pause(BRAND, ACCOUNT, "ad_set", one, SAM, "why")
    with pytest.raises(OverCap):
        budget(buying, two, "700")
    buying.clock.pass_by(hours=7)  # 19:00 in UTC, half past midnight in Kolkata
    budget(buying, two, "700")


def test_a_cut_before_midnight_counts_until_late_requests_end(buying: Buying) -> None:
    one, two = buying.account.line("9000", "one"), buying.account.line("400", "two")
    buying.clock.now = MIDNIGHT - SECOND
    budget(buying, one, "9500")
    budget(buying, one, "9000")
    for moment in (MIDNIGHT, MIDNIGHT + LATE - SECOND):
        buying.clock.now = moment
        with pytest.raises(OverCap):
            budget(buying, two, "700")
    buying.clock.now = MIDNIGHT + LATE
    assert budget(buying, two, "700").state == "done"


def test_a_request_of_yesterday_that_comes_in_late_finds_room(buying: Buying) -> None:
    one, two = buying.account.line("9000", "one"), buying.account.line("400", "two")
    buying.clock.now = MIDNIGHT - SECOND
    buying.account.hold_back = 1  # the first try; the second is answered
    budget(buying, one, "9500")
    budget(buying, one, "9000")
    buying.clock.now = MIDNIGHT + LATE - 2 * SECOND
    with pytest.raises(OverCap):
        budget(buying, two, "700")
    buying.account.arrive()
    assert buying.account.budget(one) == 9500
    assert buying.account.worst_day() <= 17_500


def test_spend_just_after_midnight_counts_on_that_day(buying: Buying) -> None:
    one, two = buying.account.line("9000", "one"), buying.account.line("400", "two")
    buying.clock.now = MIDNIGHT + SECOND
    budget(buying, one, "9500")
    budget(buying, one, "9000")
    evening = MIDNIGHT + timedelta(days=1) - SECOND
    for moment in (MIDNIGHT + 2 * SECOND, MIDNIGHT + LATE, evening):
        buying.clock.now = moment
        with pytest.raises(OverCap):
            budget(buying, two, "700")
    buying.clock.now = MIDNIGHT + timedelta(days=1) + LATE
    assert budget(buying, two, "700").state == "done"


def test_a_raise_counts_today_even_if_lowered_at_once(buying: Buying) -> None:
    one, two = buying.account.line("9000", "one"), buying.account.line("400", "two")
    budget(buying, one, "9500")
    buying.account.person_sets(one, "9000")
    with pytest.raises(OverCap):
        budget(buying, two, "700")
    assert budget(buying, two, "500").state == "done"  # 9,500 and 500: just within the cap


def test_a_launch_counts_today_even_if_paused_at_once(buying: Buying) -> None:
    buying.above = "5000"
    line = buying.account.line("8900")
    launched = buying.actions.launch(BRAND, ACCOUNT, idea("Winter", "700"), SAM)
    buying.account.person_switches(launched.object_id, "paused")
    with pytest.raises(OverCap):
        budget(buying, line, "9301")
    assert budget(buying, line, "9300").state == "done"


def test_the_platform_itself_keeps_a_rule_at_the_cap(buying: Buying) -> None:
    line = buying.account.line("1000")
    budget(buying, line, "900")
    assert buying.account.spend_rules == []
    for amount in ("1000", "1100"):
        budget(buying, line, amount)
    assert buying.account.spend_rules == [rupees(17500)]
    buying.cap = "20000"
    budget(buying, line, "1200")
    assert buying.account.spend_rules == [rupees(17500), rupees(20000)]


def test_cuts_come_before_raises_and_pauses_before_both(buying: Buying) -> None:
    one, two, three = (buying.account.line(amount) for amount in ("1000", "2000", "100"))
    steps: list[Step] = [
        SetBudget("ad_set", one, rupees(1100), ""),
        SetBudget("ad_set", two, rupees(1800), ""),
        Pause("ad_set", three, ""),
    ]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE)
    writes = [asked[1] for asked in buying.account.asked if asked[0] != "structure"]
    assert writes == [three, two, one]
    assert len(outcome.done) == 3


def test_a_persons_edit_is_the_new_baseline(buying: Buying) -> None:
    line = buying.account.line("1000")
    step = SetBudget("ad_set", line, rupees(1100), "", seen=rupees(1000))
    buying.account.person_sets(line, "700")
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, [step], CYCLE)
    assert [type(refused) for _step, refused in outcome.refused] == [ChangedMeanwhile]
    assert buying.account.budget(line) == 700


def test_a_manual_edit_above_cap_alerts_once_and_blocks_raises(buying: Buying) -> None:
    line, other = buying.account.line("1000"), buying.account.line("500")
    buying.account.person_sets(line, "11000")
    for _ in range(2):
        with pytest.raises(OverCap):
            budget(buying, other, "600")
    assert buying.account.budget(line) == 11_000
    (sentence,) = buying.told()
    assert "a day of ₹20,125, above the cap of ₹17,500" in sentence
    budget(buying, other, "450")


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        (rupees(0), "above zero"),
        (rupees(-5), "above zero"),
        (rupees("12.345"), "can't be paid"),
        (rupees(39), "least daily budget in Voyage India is ₹40"),
        (Money(Decimal(100), "EUR"), "budgets in INR, not in EUR"),
        (rupees(1000), "has ₹1,000 a day already"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_with_a_sentence(buying: Buying, amount: Money, says: str) -> None:
    line = buying.account.line("1000")
    with pytest.raises(ChangeRefused, match=says):
        buying.actions.set_budget(BRAND, ACCOUNT, "ad_set", line, amount, SAM, "why")
    assert buying.actions.changes.page(BRAND) == []


def test_a_budget_is_set_where_it_is_held(buying: Buying) -> None:
    campaign = buying.account.campaign("Summer", "2000")
    line = buying.account.line("1", campaign=campaign)
    thing = buying.account.things[line]
    assert isinstance(thing, AdSet)
    buying.account.things[line] = replace(thing, daily_budget=None)
    with pytest.raises(NoBudgetHere, match="its campaign “Summer” holds it, ₹2,000 a day"):
        budget(buying, line, "100")
    buying.actions.set_budget(BRAND, ACCOUNT, "campaign", campaign, rupees(2100), SAM, "why")
    assert buying.account.planned() == 2100


def test_unknown_objects_accounts_and_analysts_are_refused_with_a_sentence(buying: Buying) -> None:
    with pytest.raises(UnknownObject, match="There is no ad set 77"):
        budget(buying, "77", "100")
    with pytest.raises(UnknownAccount):
        buying.actions.pause(BRAND, "act_9", "ad", "1", SAM, "why")
    with pytest.raises(NotAllowed, match="An analyst reads"):
        buying.actions.pause(BRAND, ACCOUNT, "ad", "1", ANNE, "why")


def test_the_fifth_budget_within_an_hour_is_not_asked_for(buying: Buying) -> None:
    line = buying.account.line("1000")
    for amount in ("990", "980", "970", "960"):
        budget(buying, line, amount)
    with pytest.raises(TooOften):
        budget(buying, line, "950")
    buying.clock.pass_by(minutes=61)
    budget(buying, line, "950")


def test_a_change_with_a_lost_answer_is_retried(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_budget", OutcomeUnknown("lost"))] * 2
    assert budget(buying, line, "1100").state == "done"
    assert buying.account.budget(line) == 1100


def test_a_refusal_after_a_lost_answer_stays_unknown(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.hold_back = 1

    def wait(seconds: float) -> None:
        buying.account.faults = [("set_budget", TryLater("throttled"))]

    change = buying.process(wait).set_budget(BRAND, ACCOUNT, "ad_set", line, rupees(1100), SAM, "why")
    assert change.state == "open"
    buying.account.arrive()
    (settled,) = buying.actions.recover(BRAND, ACCOUNT)
    assert settled.state == "done"


def test_what_the_platform_refuses_is_kept_with_its_reason(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_budget", RequestWrong("This ad set is part of a test."))]
    change = budget(buying, line, "1100")
    assert (change.state, change.outcome) == ("refused", "This ad set is part of a test.")
    assert budget(buying, line, "1100").state == "done"


@pytest.mark.parametrize("fault", [TryLater("throttled"), NotAuthorised("the token has expired")])
def test_a_plan_ends_where_the_account_takes_nothing_more(buying: Buying, fault: AdsFault) -> None:
    one, two = buying.account.line("1000"), buying.account.line("1000")
    buying.account.faults = [("set_budget", fault)]
    steps = [SetBudget("ad_set", line, rupees(1100), "") for line in (one, two)]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, key="monday")
    assert (outcome.fault, [change.state for change in outcome.changes]) == (fault, ["not_done"])
    again = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, key="monday")
    assert [change.state for change in again.changes] == ["done", "done"]
    assert len(buying.actions.changes.page(BRAND)) == 2


def test_the_same_key_is_done_once(buying: Buying) -> None:
    line = buying.account.line("1000")
    steps = [SetBudget("ad_set", line, rupees(1100), "")]
    for _ in range(2):
        outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE, key="monday")
        assert len(outcome.done) == 1
        buying.account.person_sets(line, "1000")
    assert buying.account.budget(line) == 1000


def test_a_raise_with_unknown_outcome_counts_until_it_expires(buying: Buying) -> None:
    one, two = buying.account.line("9000"), buying.account.line("400")
    lost = OutcomeUnknown("lost")
    buying.account.faults = [("set_budget", lost)] * 3
    assert budget(buying, one, "9500").state == "open"
    with pytest.raises(OverCap):
        budget(buying, two, "700")
    buying.clock.pass_by(minutes=11)
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert (change.state, change.outcome) == ("not_done", "it never reached the account")


def test_two_resumes_that_may_both_come_in_count_together(buying: Buying) -> None:
    campaign = buying.account.campaign("asleep", status="paused")
    line = buying.account.line("900", campaign=campaign, status="paused")
    buying.account.line("9200")
    buying.account.hold_back = 3
    assert buying.actions.resume(BRAND, ACCOUNT, "ad_set", line, SAM, "why").state == "open"
    with pytest.raises(OverCap):
        buying.actions.resume(BRAND, ACCOUNT, "campaign", campaign, SAM, "why")
    buying.account.arrive()
    assert buying.account.planned() == 9200


def test_recovering_looks_before_it_says_anything(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.losing = 1.0
    assert budget(buying, line, "1100").state == "open"
    buying.account.losing = 0.0
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert change.state == "done"
    assert buying.actions.recover(BRAND, ACCOUNT) == []


def test_a_pause_that_a_killed_process_left_is_done(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_status", OutcomeUnknown("lost"))] * 3
    assert buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why").state == "open"
    buying.process().recover(BRAND, ACCOUNT)
    assert buying.account.status(line) == "paused"


def test_a_permanently_refused_pause_is_not_retried_forever(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_status", OutcomeUnknown("lost"))] * 3
    buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why")
    buying.account.faults = [("set_status", RequestWrong("not this one"))]
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert (change.state, change.outcome) == ("refused", "not this one")


def test_what_a_person_did_after_a_crash_stays(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("set_budget", OutcomeUnknown("lost"))] * 3
    budget(buying, line, "900")
    buying.account.person_sets(line, "700")
    buying.clock.pass_by(minutes=11)
    (change,) = buying.actions.recover(BRAND, ACCOUNT)
    assert (change.state, change.outcome) == ("overtaken", "it is 700 now")
    assert buying.account.budget(line) == 700


def test_an_account_has_one_process_but_pausing_never_waits(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.actions.access.leases.take(ACCOUNT, "another process")
    with pytest.raises(AccountBusy):
        budget(buying, line, "1100")
    assert buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why").state == "done"
    buying.clock.pass_by(minutes=4)  # it is dead
    budget(buying, line, "1100")


def test_a_process_that_lost_its_turn_asks_for_nothing_more(buying: Buying) -> None:
    one, two = buying.account.line("1000"), buying.account.line("1000")

    class Slow(type(buying.account)):  # type: ignore[misc]
        def set_budget(self, *asked: object) -> None:
            super().set_budget(*asked)
            buying.clock.pass_by(minutes=4)
            buying.process().access.leases.take(ACCOUNT, "the next one")

    buying.account.__class__ = Slow
    steps = [SetBudget("ad_set", line, rupees(1100), "") for line in (one, two)]
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, steps, CYCLE)
    assert (len(outcome.done), [type(why) for _step, why in outcome.refused]) == (1, [AccountBusy])
    assert buying.account.budget(two) == 1000


def test_pausing_works_where_the_account_cannot_be_read(buying: Buying) -> None:
    line = buying.account.line("1000")
    buying.account.faults = [("structure", TryLater("throttled"))]
    change = buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why")
    assert (change.state, change.was) == ("done", "unknown")
    with pytest.raises(CannotUndo, match="not known"):
        buying.actions.undo(BRAND, SAM, change.id)


def test_undo_puts_back_the_last_change_through_the_same_limits(buying: Buying) -> None:
    line = buying.account.line("1000")
    cut = budget(buying, line, "800")
    put_back = buying.actions.undo(BRAND, SAM)
    assert buying.account.budget(line) == 1000
    assert (put_back.undoes_id, put_back.raises) == (cut.id, rupees(200))
    with pytest.raises(CannotUndo, match=f"was put back already, by change {put_back.id}"):
        buying.actions.undo(BRAND, SAM, cut.id)
    with pytest.raises(CannotUndo, match="nothing to undo"):
        buying.actions.undo(BRAND, SAM)


def test_undoing_a_large_cut_needs_approval(buying: Buying) -> None:
    line = buying.account.line("5000")
    cut = budget(buying, line, "3000")
    with pytest.raises(NeedsApproval) as asked:
        buying.actions.undo(BRAND, SAM)
    approval = asked.value.approval
    assert buying.actions.approvals.ask(BRAND, approval.id, ANA.who)
    buying.actions.approve(BRAND, approval.id, ANA)
    assert buying.account.budget(line) == 5000
    assert buying.actions.changes.undone_by(cut.id) is not None


def test_undo_of_each_kind(buying: Buying) -> None:
    line = buying.account.line("300")
    buying.actions.pause(BRAND, ACCOUNT, "ad_set", line, SAM, "why")
    buying.actions.undo(BRAND, SAM)
    assert buying.account.status(line) == "active"
    paused = buying.account.line("300", status="paused")
    buying.actions.resume(BRAND, ACCOUNT, "ad_set", paused, SAM, "why")
    buying.actions.undo(BRAND, SAM)
    assert buying.account.status(paused) == "paused"
    launched = buying.actions.launch(BRAND, ACCOUNT, idea(), SAM)
    buying.actions.undo(BRAND, SAM)
    assert buying.account.status(launched.object_id) == "archived"
    archived = buying.actions.archive(BRAND, ACCOUNT, "ad_set", line, SAM, "why")
    with pytest.raises(CannotUndo, match="brings nothing back"):
        buying.actions.undo(BRAND, SAM, archived.id)
    with pytest.raises(UnknownChange):
        buying.actions.undo(BRAND, SAM, 999)


def test_undo_does_not_fight_a_person(buying: Buying) -> None:
    line = buying.account.line("1000")
    budget(buying, line, "900")
    buying.account.person_sets(line, "500")
    with pytest.raises(ChangedMeanwhile, match="₹500 a day now, not ₹900"):
        buying.actions.undo(BRAND, SAM)


def test_changes_are_read_in_pages_and_by_brand(buying: Buying) -> None:
    line = buying.account.line("1000")
    for amount in ("990", "980", "970"):
        budget(buying, line, amount)
    first = buying.actions.changes.page(BRAND, limit=2)
    second = buying.actions.changes.page(BRAND, limit=2, before=first[-1].id)
    assert [change.becomes for change in first + second] == ["970", "980", "990"]
    assert buying.actions.changes.page(BRAND, object_id=line, account_id=ACCOUNT) == first + second
    assert buying.actions.changes.page("zen") == []
    with pytest.raises(UnknownChange):
        buying.actions.changes.get("zen", first[0].id)


def test_room_is_what_can_still_be_planned_today(buying: Buying) -> None:
    line = buying.account.line("4000")
    budget(buying, line, "3000")
    assert buying.actions.room(BRAND, ACCOUNT) == rupees(6000)


def test_a_resume_or_archive_without_effect_is_refused(buying: Buying) -> None:
    line = buying.account.line("100")
    outcome = buying.actions.carry_out(BRAND, ACCOUNT, [Resume("ad_set", line, ""), Archive("ad", "9", "")], CYCLE)
    assert [str(why) for _step, why in outcome.refused] == [
        "There is no ad 9 in this account any more.",
        "“Delhi” is running already.",
    ]
