"""Staff run the ads from their chat: roles, names that fit several, budgets as people write them, and once each."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from bot.ads.changes.plans.plan import Actor, SetBudget
from bot.language.money import Money
from bot.staff.sender_check import SenderVerdict
from memory.ads.tasks import Need
from memory.audit_log.staff_commands import StaffCommandLog
from tests.memory.stores import BRAND
from tests.staff.staff_phones import ADA, ANA, ANNE, SAM, Newsroom

INDIA = "act_9001"
FORM = """launch
account: {account}
name: Winter · security · image
budget: {budget}
headline: Bought safely, returned easily
text: {text}
greeting: Hello! Which sunglasses are you looking for?
like: {like}"""
GOOD = {
    "account": "india",
    "budget": "200",
    "text": "Polarised sunglasses. Ask us which frame fits you.",
    "like": "summer india",
}


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def campaign(room: Newsroom, place: int = 0) -> str:
    return room.ads.accounts[place].structure().campaigns[0].id


def ad_set(room: Newsroom, place: int = 0) -> str:
    return room.ads.accounts[place].structure().ad_sets[0].id


def status(room: Newsroom, place: int = 0) -> str:
    return room.ads.accounts[place].structure().campaigns[0].status


def budgets(room: Newsroom, place: int = 0) -> list[Decimal]:
    return [each.daily_budget.amount for each in room.ads.accounts[place].structure().ad_sets if each.daily_budget]


def waiting(room: Newsroom) -> int:
    """A raise that the agent wants and may not have without a yes."""
    account = room.ads.accounts[0]
    amount = Money(budgets(room)[0] * 20, "INR")
    outcome = room.ads.agency.actions.carry_out(
        "voyage", INDIA, [SetBudget("ad_set", ad_set(room), amount, "it sells")], Actor("cycle", "agent")
    )
    assert outcome.waiting is not None, (outcome, account)
    return outcome.waiting.id


def test_a_name_that_fits_several_accounts_is_asked_about(room: Newsroom) -> None:
    said = room.says(SAM, "pause summer")
    assert "fits 2 campaigns" in said
    assert f"Summer, Voyage India Sunglasses: *pause {campaign(room)}*" in said
    assert "Voyage Spain Sunglasses" in said
    assert [status(room, 0), status(room, 1)] == ["active", "active"]


@pytest.mark.parametrize("words", ["the summer campaign in india", "sumer india", "SUMMER India", "{id}"])
def test_one_that_is_meant_is_paused_and_put_back(room: Newsroom, words: str) -> None:
    said = room.says(SAM, f"pause {words.format(id=campaign(room))}")
    assert said.startswith("“Summer” in Voyage India Sunglasses is paused.")
    assert [status(room, 0), status(room, 1)] == ["paused", "active"]
    assert "is put back" in room.says(SAM, "undo")
    assert status(room) == "active"
    assert "nothing to undo" in room.says(SAM, "undo")


def test_what_is_named_and_unknown_is_told_apart(room: Newsroom) -> None:
    assert "no campaign like “winter”" in room.says(SAM, "pause winter")
    assert "Write *pause summer*" in room.says(SAM, "pause")
    assert "is paused" in room.says(SAM, "pause summer india")
    assert "is paused already" in room.says(SAM, "pause summer india")
    assert "runs again" in room.says(SAM, "resume summer india")


def test_a_role_may_what_it_may(room: Newsroom) -> None:
    number = waiting(room)
    for line in ("pause summer india", "budget summer india 3000", "undo", "resume summer india", "done 1 x"):
        assert "needs the role staff" in room.says(ANNE, line)
    for line in (f"approve {number}", f"reject {number} no", "stop everything"):
        assert "needs the role admin" in room.says(SAM, line)
    assert "Only an admin can lift a stop" in room.says(SAM, "resume")
    assert status(room) == "active"
    assert "Nothing" not in room.says(ANNE, "approvals") and "waits for an admin" in room.says(ANNE, "approvals")
    assert room.ads.agency.actions.approvals.get("voyage", number).asked_of is None


def test_a_turn_that_is_handled_again_does_nothing_again_and_says_the_same(room: Newsroom) -> None:
    room.says(SAM, "pause summer spain")
    room.hear(SAM, "pause summer india")
    first = room.draft(SAM)
    again = room.draft(SAM)
    assert [each.body for each in first.replies] == [each.body for each in again.replies]
    room.keep(SAM, again)
    room.hear(SAM, "undo")
    first = room.draft(SAM)
    again = room.draft(SAM)
    room.keep(SAM, again)
    assert [status(room, 0), status(room, 1)] == ["active", "paused"]  # the older pause was not undone, too
    assert [each.body for each in first.replies] == [each.body for each in again.replies]


def test_a_turn_that_died_before_it_was_answered_is_taken_up(room: Newsroom) -> None:
    number = waiting(room)
    room.says(ANA, "approvals")
    room.says(SAM, "pause summer spain")
    room.says(SAM, "pause summer india")
    orders = [
        (SAM, "undo"),
        (ANA, f"approve {number}"),
        (SAM, f"budget {ad_set(room, 1)} 11"),
        (SAM, "pause summer india"),
    ]
    orders += [(SAM, "resume summer india"), (SAM, FORM.format(**GOOD)), (ANA, "stop everything")]
    for phone, line in orders:
        room.hear(phone, line)
        told = room.draft(phone).replies[-1].body
        room.stores.db.run(
            "UPDATE staff_deeds SET said = NULL WHERE begun_at = (SELECT max(begun_at) FROM staff_deeds)"
        )
        again = room.draft(phone)
        assert again.replies[-1].body == told
        room.keep(phone, again)
        room.ads.clock.pass_by(seconds=1)
    assert len(room.ads.agency.actions.changes.of_approval(number)) == 1
    assert len(room.ads.accounts[0].structure().campaigns) == 2


def test_a_command_that_an_earlier_version_left_unfinished_is_not_done_again(room: Newsroom) -> None:
    room.hear(SAM, "pause summer india")
    [message] = room.stores.turns.waiting(room.stores.contacts.find(BRAND, SAM).id)
    StaffCommandLog(room.stores.db, room.ads.clock).begin(message.id, {"account": "act_1", "in": "India", "id": "1"})
    assert "earlier version" in room.draft(SAM).replies[-1].body
    assert room.ads.agency.actions.changes.page(BRAND) == []


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("two thousand", "in digits.*budget .* 2000"),
        ("dos mil", "in digits"),
        ("-500", "below zero"),
        ("0", "above zero"),
        ("500 EUR", "budgets in INR, not in EUR"),
        ("$500", "not in USD"),
        ("", "Write the name and the amount"),
        ("by 500", "whole daily budget"),
        ("10%", "whole daily budget"),
        ("9 crore", "waits for an admin|cap"),
        ("1", "least daily budget"),
        ("1600.999", "can't be paid"),
        ("9" * 40, "so many digits"),
    ],
)
def test_a_budget_that_cannot_be_is_a_sentence(room: Newsroom, written: str, says: str) -> None:
    before = budgets(room)
    said = room.says(SAM, f"budget {ad_set(room)} {written}")
    assert re.search(says, said), said
    assert budgets(room) == before


def test_a_campaigns_budget_that_cannot_be_paid_is_shared_by_none(room: Newsroom) -> None:
    before = budgets(room)
    assert "can't be paid" in room.says(SAM, f"budget {campaign(room)} 2500.999")
    assert budgets(room) == before


@pytest.mark.parametrize(("written", "amount"), [("600", 600), ("₹600", 600), ("0.6k", 600), ("0.006 lakh", 600)])
def test_a_budget_is_set_however_it_is_written(room: Newsroom, written: str, amount: int) -> None:
    assert f"has ₹{amount} a day now" in room.says(SAM, f"budget {ad_set(room)} {written}")
    assert budgets(room)[0] == amount


def test_a_campaigns_budget_is_shared_by_its_ad_sets_as_before(room: Newsroom) -> None:
    before = budgets(room)
    total = sum(before)
    room.says(SAM, f"budget {campaign(room)} {total / 2:.2f}")
    after = budgets(room)
    assert sum(after) == Decimal(f"{total / 2:.2f}")
    assert all(abs(now - was / 2) < Decimal("0.05") for now, was in zip(after, before, strict=True))
    assert "less than" in room.says(SAM, f"budget {campaign(room)} 60")
    assert "leaves room for" in room.says(SAM, f"budget {campaign(room)} 40000")
    assert budgets(room) == after


def test_a_large_raise_waits_and_an_admin_sees_it_before_saying_yes(room: Newsroom) -> None:
    amount = budgets(room)[0] * 20
    said = room.says(SAM, f"budget {ad_set(room)} {amount}")
    assert said.startswith("This waits for an admin: In Voyage India Sunglasses")
    assert len(room.notices) == 1 and "approve 1" in room.notices[0]
    room.hear(ANA, "approve 1")
    room.draft(ANA)
    shown = room.draft(ANA)
    room.keep(ANA, shown)  # handled twice, it is still only a look at the question
    asked = shown.replies[-1].body
    assert "Write *approve 1*" in asked and budgets(room)[0] != amount
    assert "somebody else" in room.says(ADA, "approve 1")
    done = room.says(ANA, "approve 1")
    assert f"has ₹{amount:,.2f} a day now" in done and budgets(room)[0] == amount
    assert "used already" in room.says(ANA, "approve 1")
    assert "no approval 9" in room.says(ANA, "approve 9")
    assert "Write *approve 7*" in room.says(ANA, "approve it")


def test_a_no_has_a_reason_and_an_expired_question_is_over(room: Newsroom) -> None:
    number = waiting(room)
    assert "Write why" in room.says(ANA, f"reject {number}")
    assert "is rejected: too early" in room.says(ANA, f"reject {number} too early")
    assert "was rejected" in room.says(ANA, f"approve {number}")
    room.ads.clock.pass_by(hours=1)
    room.ads.accounts[0].set_budget("ad_set", ad_set(room), Money(budgets(room)[0] + 1, "INR"))
    number = waiting(room)
    room.says(ANA, "approvals")
    room.ads.clock.pass_by(hours=25)
    assert "has expired" in room.says(ANA, f"approve {number}")
    assert room.says(ANA, "approvals") == "Nothing waits for a yes."


def test_everything_stops_in_one_message_and_comes_back_in_one(room: Newsroom) -> None:
    assert "stop everything" in room.says(ANA, "stop summer")
    said = room.says(ANA, "stop everything the prices are wrong")
    assert said.startswith("2 campaigns in 2 accounts are paused.")
    assert len(room.notices) == 1
    assert [status(room, 0), status(room, 1)] == ["paused", "paused"]
    assert "Everything is stopped" in room.says(SAM, "resume summer india")
    assert room.says(ANA, "resume") == "2 campaigns run again."
    assert [status(room, 0), status(room, 1)] == ["active", "active"]
    assert "Nothing is stopped" in room.says(ANA, "resume") and room.notices == []


def test_changes_name_nobodys_number(room: Newsroom) -> None:
    room.says(SAM, "pause summer india")
    assert "you: pause “Summer”" in room.says(SAM, "changes")
    seen = room.says(ANNE, "changes")
    assert "a colleague (staff): pause “Summer”" in seen and SAM not in seen


def test_tasks_are_listed_and_done_with_what_came_of_it(room: Newsroom) -> None:
    assert room.says(ANNE, "tasks") == "The agent asks nothing of anybody."
    task = room.tasks.ask("voyage", Need("k", "A photo of the lock", "security sells", "one photo, 1080 × 1080"))
    assert f"*{task.id}* A photo of the lock" in room.says(ANNE, "tasks")
    assert "1080 × 1080" in room.says(ANNE, f"tasks {task.id}")
    assert "what came of it" in room.says(SAM, f"done {task.id}")
    assert "Thank you" in room.says(SAM, f"done {task.id} three photos are in the folder")
    assert room.tasks.get("voyage", task.id).outcome == "three photos are in the folder"
    assert "done already" in room.says(SAM, f"done {task.id} again")
    assert "no task 99" in room.says(SAM, "done 99 x")


def test_help_has_only_what_the_role_may(room: Newsroom) -> None:
    assert "*stop everything*" in room.says(ANA, "help")
    assert "*pause summer*" in room.says(SAM, "help") and "stop everything" not in room.says(SAM, "help")
    assert "*campaigns*" in room.says(ANNE, "help") and "*pause" not in room.says(ANNE, "help")


def test_without_accounts_the_commands_say_so(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, places=())
    for line in ("campaigns", "pause summer", "stop everything", "why", "approve 1"):
        assert "No ad account is connected" in room.says(ANA, line)
    assert "I don't know “hello”" in room.says(ANA, "hello there")


def test_a_campaign_is_written_as_a_form_and_launched_once(room: Newsroom) -> None:
    assert "launch\naccount: " in room.says(SAM, "launch")
    assert "Still missing: *budget:*" in room.says(SAM, "launch\n" + FORM.format(**GOOD).replace("budget: 200\n", ""))
    room.hear(SAM, FORM.format(**GOOD))
    first, again = room.draft(SAM), room.draft(SAM)
    room.keep(SAM, again)
    assert "is launched with ₹200 a day" in first.replies[-1].body == again.replies[-1].body
    made = [each for each in room.ads.accounts[0].structure().campaigns if each.name.startswith("Winter")]
    assert [each.status for each in made] == ["active"]
    structure = room.ads.accounts[0].structure()
    assert structure.creatives[-1].image_hash in {each.image_hash for each in structure.creatives[:-1]}
    assert room.ads.agency.memory.records.launch("voyage", made[0].id) is not None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"text": "Everything half price, today only."}, "unsupported claim.*no such discount"),
        ({"text": "Are you overweight? These are for you."}, "may not run as it is written"),
        ({"account": "mars"}, "Which ad account"),
        ({"like": "summer spain"}, "another account"),
        ({"budget": "two hundred"}, "in digits"),
        ({"budget": "200 EUR"}, "in INR"),
        ({"budget": "1"}, "least daily budget"),
        ({"budget": "9" * 40}, "so many digits"),
    ],
)
def test_a_form_that_cannot_be_launched_makes_nothing(room: Newsroom, wrong: dict[str, str], says: str) -> None:
    said = room.says(SAM, FORM.format(**{**GOOD, **wrong}))
    assert re.search(says, said), said
    assert len(room.ads.accounts[0].structure().campaigns) == 1


@pytest.mark.parametrize(
    ("verdict", "warned"), [(SenderVerdict.FORGED, "look at *changes*"), (SenderVerdict.UNKNOWN, "can't be asked")]
)
def test_stopping_is_done_at_once_and_doubted_after(room: Newsroom, verdict: SenderVerdict, warned: str) -> None:
    room.senders.said = verdict
    room.says(ANA, "stop everything")
    assert status(room) == "paused"
    assert any(warned in notice for notice in room.notices)


@pytest.mark.parametrize("verdict", [SenderVerdict.FORGED, SenderVerdict.UNKNOWN])
@pytest.mark.parametrize(
    "command", ["resume", "approve 1", "reject 1 no", "budget summer 2500", "undo", "launch", "done 1 x"]
)
def test_what_is_not_known_to_come_from_staff_is_not_done(room: Newsroom, verdict: SenderVerdict, command: str) -> None:
    room.senders.said = verdict
    assert "nothing was done" in room.says(ANA, command)
