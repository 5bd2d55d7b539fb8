"""What staff may ask of the ad agent in chat: to pause, raise, approve, undo, stop, and what it knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from bot.ads.agency import Agency
from bot.ads.campaign_lookup import CampaignLookup, Target
from bot.ads.changes.account_actions import Outcome as Done
from bot.ads.changes.emergency_stop import ResumeReport, StopReport
from bot.ads.changes.plan import Actor, from_json, told
from bot.ads.changes.refusals import NeedsApproval, Refused
from bot.ads.new_ads.compliance import ClaimChecks
from bot.ads.platform import AdsFault
from bot.language.detection import detect
from bot.language.money import Money
from bot.language.normalisation import fold
from bot.language.words import alternatives, words_of_all
from bot.roles import Role
from bot.staff.commands.budget_commands import Budgets
from bot.staff.commands.command import Command, Line, Unclear, number_in
from bot.staff.commands.launch_form import Launches
from bot.staff.commands.named_target import named_target
from bot.staff.commands.task_commands import TaskCommands
from bot.staff.questions.built_in_answers import Reply
from bot.staff.questions.model_answers import Thinking, Thought
from memory.ads.ad_account import Kind
from memory.ads.tasks import Tasks
from memory.audit_log.account_changes import Change, UnknownChange
from memory.audit_log.approvals import Approval, CannotApprove
from memory.audit_log.staff_commands import Deeds
from memory.conversations.channel_messages import Outgoing
from memory.conversations.turn_changes import NotifyStaff

NO_ACCOUNTS: Final = (
    "No ad account is connected here. Set META_ACCESS_TOKEN and the other META_ settings for real ones, or"
    " PRACTICE_DAYS_PER_HOUR for practice accounts, and start Hawker again."
)
EVERYTHING: Final = frozenset(words_of_all("staff_questions", "everything"))
_NAME_AND_DAYS: Final = re.compile(
    rf"(.*?)\s*(?:\b(\d{{1,3}})(?:\s*(?:{alternatives('staff_questions', 'days')}))?)?", re.IGNORECASE | re.DOTALL
)
MOST_CHANGES: Final = 10
USUAL_DAYS: Final = 30  # of a chart

Aim = Mapping[str, Any]  # what a message was found to mean, as JSON: done again, it means the same
Said = list[str]  # the answer, and then what all staff are told


@dataclass(frozen=True, slots=True)
class AdCommands:
    """The ad commands. What changes an account is done while the turn is handled, once for each message.

    Accounts answer over the network, so nothing of it may run in the transaction in which the turn ends. What a message
    means and what it was answered with is written down before and after (`Deeds`), and the message's number is the
    action's key: a turn that is handled again does nothing again, and says the same.
    """

    agency: Agency
    deeds: Deeds
    tasks: Tasks
    thinking: Thinking
    claims: ClaimChecks

    def commands(self) -> dict[str, Command]:
        """By their first words."""
        return {
            "campaigns": Command("campaigns", "how the ads are doing", "analyst", self._campaigns),
            "campaign": Command("campaign summer", "one of them", "analyst", self._campaign),
            "chart": Command("chart summer 30", "a picture of the last days", "analyst", self._chart),
            "learnings": Command(
                "learnings video", "what was learned; with a word, about it", "analyst", self._learned
            ),
            "pause": Command("pause summer", "pause a campaign, ad set or ad", "staff", self._pause),
            "resume": Command("resume summer", "let it run; *resume* alone lifts a stop", "staff", self._resume),
            "budget": Command("budget summer 2500", "set what it may spend a day", "staff", self._budget),
            "launch": Command("launch", "a campaign of your own; shows the form", "staff", self._launch),
            "undo": Command("undo", "put back the last change; *undo 12* that one", "staff", self._undo),
            "changes": Command("changes", "the last changes of the ads", "analyst", self._changes),
            "approvals": Command("approvals", "what waits for a yes", "analyst", self._approvals),
            "approve": Command("approve 7", "say yes to it", "admin", self._approve),
            "reject": Command("reject 7 too early", "say no, and why", "admin", self._reject),
            "stop": Command("stop everything", "pause all ads at once", "admin", self._stop),
            **TaskCommands(self.tasks).commands(),
        }

    # -- what it knows

    def answer(self, line: Line) -> bool:
        """Answer a question in plain words; False where it is none that can be read, and nothing was said."""
        if not self.agency.accounts.get(line.brand):
            return False
        thought = self.thinking.answer(line.brand, line.whole, line.who.id, line.deadline)
        _note(line, thought)
        if thought.reply is not None:
            _give(line, thought.reply)
        return thought.reply is not None

    def why(self, line: Line) -> None:
        """Why the ads did what they did; with a name, one campaign or account."""
        self._accounts(line)
        if line.words.endswith("?") and self.answer(line):
            return
        line.say(self.agency.answers.why(line.brand, line.words or None, language=detect(line.whole)))

    def _campaigns(self, line: Line) -> None:
        self._accounts(line)
        if not (line.words and self.answer(line)):
            line.say(self.agency.answers.overview(line.brand, language=detect(line.whole)))

    def _campaign(self, line: Line) -> None:
        self._accounts(line)
        if not line.words:
            raise Unclear("Write *campaign summer*, with its name; *campaigns* tells of all.")
        if not (line.words.endswith("?") and self.answer(line)):
            line.say(self.agency.answers.about_campaign(line.brand, line.words, language=detect(line.whole)))

    def _chart(self, line: Line) -> None:
        self._accounts(line)
        name, days = _name_and_days(line.words)
        chart = self.agency.answers.chart_of(line.brand, name, days, language=detect(line.whole))
        _give(line, Reply(chart.caption, chart.url))

    def _learned(self, line: Line) -> None:
        self._accounts(line)
        own_name = line.words.casefold() == line.brand.casefold()
        word = None if own_name or not line.words else line.words
        line.say(self.agency.answers.learnings(line.brand, word, language=detect(line.whole)))

    # -- what it is told to do

    def _pause(self, line: Line) -> None:
        def act(aim: Aim) -> Said:
            kind, object_id = _kind(aim), aim["id"]
            change = self.agency.actions.pause(
                line.brand, aim["account"], kind, object_id, _by(line), _why(line), key=_key(line)
            )
            return [_sentence(change, aim["in"])]

        self._once(line, lambda: self._aim(line, "pause"), act)

    def _resume(self, line: Line) -> None:
        def act(aim: Aim) -> Said:
            kind, object_id = _kind(aim), aim["id"]
            change = self.agency.actions.resume(
                line.brand, aim["account"], kind, object_id, _by(line), _why(line), key=_key(line)
            )
            return [_sentence(change, aim["in"])]

        if not line.words or _is_everything(line.words):
            self._once(line, dict, lambda aim: self._lift(line))
        else:
            self._once(line, lambda: self._aim(line, "resume"), act)

    def _lift(self, line: Line) -> Said:
        report = self.agency.brakes.resume_everything(line.brand, _by(line))
        said = _resumed(report)
        return [said, *([f"An admin has lifted the stop. {said}"] if report.resumed or report.left else [])]

    def _budget(self, line: Line) -> None:
        budgets = Budgets(self.agency.actions, self._lookup)

        def act(aim: Aim) -> Said:
            steps = from_json(aim["steps"])
            outcome = self.agency.actions.carry_out(line.brand, aim["account"], steps, _by(line), key=_key(line))
            return self._outcome(line, outcome, aim["in"])

        self._once(line, lambda: budgets.aim(line.brand, line.words, _why(line)), act)

    def _launch(self, line: Line) -> None:
        launches = Launches(self.agency.memory.campaigns, self.agency.accounts, self.claims)

        def act(aim: Aim) -> Said:
            steps = from_json(aim["steps"])
            outcome = self.agency.actions.carry_out(line.brand, aim["account"], steps, _by(line), key=_key(line))
            for change in outcome.done:
                written = {"name": change.name, "objective": "OUTCOME_ENGAGEMENT", "launched_by": line.role}
                self.agency.memory.records.launched(line.brand, change.object_id, written)
            return self._outcome(line, outcome, aim["in"])

        self._once(line, lambda: launches.aim(line.brand, line.words, _why(line)), act)

    def _undo(self, line: Line) -> None:
        changes = self.agency.actions.changes

        def aim() -> Aim:
            last = changes.last_to_undo(line.brand) if not line.words else None
            if not line.words and last is None:
                raise Unclear("There is nothing to undo.")
            number = last.id if last is not None else number_in(line.words, "undo 12")
            return {"change": number, "undone": changes.undone_by(number) is not None}

        self._once(line, aim, lambda aim: self._put_back(line, aim))

    def _put_back(self, line: Line, aim: Aim) -> Said:
        actions, number = self.agency.actions, aim["change"]
        before = actions.changes.get(line.brand, number)
        by = None if aim["undone"] else actions.changes.undone_by(number)  # by this message, when it was handled first
        undoing = actions.undo(line.brand, _by(line), number) if by is None else actions.changes.get(line.brand, by)
        return [f"Change {number} ({_what(before)}) is put back. {_sentence(undoing, '')}"]

    def _changes(self, line: Line) -> None:
        self._accounts(line)
        page = self.agency.actions.changes.page(line.brand, limit=MOST_CHANGES)
        line.say("\n".join(_listed(change, line.who.phone) for change in page) or "Nothing was changed yet.")

    # -- approvals

    def _approvals(self, line: Line) -> None:
        self._accounts(line)
        approvals = self.agency.actions.approvals
        waiting = approvals.waiting(line.brand)
        parts = [self._shown(line, each) for each in waiting]
        line.say("\n\n".join(parts) or "Nothing waits for a yes.")

    def _shown(self, line: Line, approval: Approval) -> str:
        """The question as this person sees it; an admin who sees it and could answer it is the one who was asked."""
        if line.role != "admin":
            return f"*{approval.id}* waits for an admin: {approval.summary}"
        if not self.agency.actions.approvals.ask(line.brand, approval.id, line.who.phone):
            return f"*{approval.id}* was asked of another admin: {approval.summary}"
        return _question(approval)

    def _approve(self, line: Line) -> None:
        """A yes to a number alone is no yes to what it stands for: who has not seen the question is shown it first."""
        number = number_in(line.words, "approve 7")

        def act(aim: Aim) -> Said:
            if aim["waits"] and aim["new"] and self.agency.actions.approvals.ask(line.brand, number, line.who.phone):
                return [_question(self.agency.actions.approvals.get(line.brand, number))]
            return self._say_yes(line, aim)

        self._once(line, lambda: self._answered(line, number), act)

    def _answered(self, line: Line, number: int) -> Aim:
        """Which question, and how it stood when this message came: waiting, and shown to anybody yet."""
        approvals = self.agency.actions.approvals
        approval = approvals.get(line.brand, number)
        return {"approval": number, "waits": approvals.over(approval) is None, "new": approval.asked_of is None}

    def _say_yes(self, line: Line, aim: Aim) -> Said:
        actions, number = self.agency.actions, aim["approval"]
        approval = actions.approvals.get(line.brand, number)
        if aim["waits"] and approval.state in ("approved", "used") and approval.decided_by == line.who.phone:
            actions.recover(line.brand, approval.account_id)
            done = Done(tuple(actions.changes.of_approval(number)))
        else:
            done = actions.approve(line.brand, number, _by(line))
        said = self._outcome(line, done, "")[0]
        by_person = approval.role != "agent" and approval.proposed_by != line.who.phone
        return [said, *([f"Approval {number} was given. {said}"] if by_person else [])]

    def _reject(self, line: Line) -> None:
        self._accounts(line)
        first, _, reason = line.words.partition(" ")
        number = number_in(first, "reject 7 too early")
        if not reason.strip():
            raise Unclear(f"Write why, for the agent learns from it: *reject {number} too early*.")
        approvals, actor = self.agency.actions.approvals, _by(line)

        def act(aim: Aim) -> Said:
            approvals.ask(line.brand, number, actor.who)
            known = approvals.get(line.brand, number)
            if not (aim["waits"] and known.state == "rejected" and known.decided_by == actor.who):
                self.agency.actions.reject(line.brand, number, actor, reason.strip())
            return [f"Approval {number} is rejected: {reason.strip()} Nothing was changed."]

        self._once(line, lambda: self._answered(line, number), act)

    # -- stop

    def _stop(self, line: Line) -> None:
        first, _, why = line.words.partition(" ")
        if not _is_everything(first):
            raise Unclear("*stop everything* pauses all ads; *pause summer* only what you name.")

        def act(aim: Aim) -> Said:
            report = self.agency.brakes.stop_everything(line.brand, _by(line), why.strip() or "asked in chat")
            said = _stopped(report)
            return [said, f"An admin has stopped all ads. {said}"]

        self._once(line, dict, act)

    # -- once

    def _once(self, line: Line, aim: Callable[[], Aim], act: Callable[[Aim], Said]) -> None:
        """Do what the message means, or say what it was answered with when it was done."""
        self._accounts(line)
        try:
            deed = self.deeds.of(line.message_id) or self.deeds.begin(line.message_id, aim())
        except (Refused, AdsFault) as fault:
            raise Unclear(str(fault)) from fault
        said = deed.said if deed.said is not None else tuple(self._acted(line, lambda: act(deed.aim)))
        self.deeds.finish(line.message_id, said)
        line.say(said[0])
        line.changes.extend(NotifyStaff(line.who, notice) for notice in said[1:])

    def _acted(self, line: Line, act: Callable[[], Said]) -> Said:
        try:
            return act()
        except NeedsApproval as needed:
            return self._asked(line, needed.approval)
        except (Refused, CannotApprove, UnknownChange) as refused:
            return [str(refused)]
        except AdsFault as fault:
            return [f"The ad account could not be asked: {fault}"]

    def _asked(self, line: Line, approval: Approval) -> Said:
        if line.role == "admin" and self.agency.actions.approvals.ask(line.brand, approval.id, line.who.phone):
            return [f"This is more than may be raised without a yes. {_question(approval)}"]
        return [
            f"This waits for an admin: {approval.summary}",
            f"A colleague asks for a yes. *approve {approval.id}* shows it to an admin: {approval.summary}",
        ]

    def _outcome(self, line: Line, done: Done, where: str) -> Said:
        """What became of a plan, refusals and questions with it."""
        said = [_sentence(change, where) for change in done.changes[:MOST_CHANGES]]
        if len(done.changes) > MOST_CHANGES:
            said.append(f"… and {len(done.changes) - MOST_CHANGES} more; *changes* lists them.")
        said += list(dict.fromkeys(f"Not done: {refused}" for _step, refused in done.refused))
        if done.fault is not None and not done.changes:
            said.append(f"The ad account could not be asked: {done.fault}")
        asked = self._asked(line, done.waiting) if done.waiting else []
        return ["\n".join([*said, *asked[:1]]) or "Nothing was to be changed.", *asked[1:]]

    def _aim(self, line: Line, word: str) -> Aim:
        if not line.words:
            raise Unclear(f"Write *{word} summer*, with the name of a campaign, ad set or ad.")
        return _aimed_at(named_target(self._lookup, line.brand, line.words, word))

    @property
    def _lookup(self) -> CampaignLookup:
        return CampaignLookup(self.agency.memory.campaigns)

    def _accounts(self, line: Line) -> None:
        if not self.agency.accounts.get(line.brand):
            raise Unclear(NO_ACCOUNTS)


def _give(line: Line, reply: Reply) -> None:
    line.replies.append(Outgoing(reply.text, media_url=reply.picture, message_type="staff"))


def _note(line: Line, thought: Thought) -> None:
    """What the model had to do with it, for the record of the turn."""
    outcome = line.outcome
    outcome.tokens_in += thought.spent.tokens_in
    outcome.tokens_out += thought.spent.tokens_out
    outcome.cost_micros += thought.spent.cost_micros
    outcome.model = thought.model or outcome.model
    outcome.why = thought.why or outcome.why


def _name_and_days(words: str) -> tuple[str | None, int]:
    """“summer 30”, “summer 30 days”, “summer”, “30” or nothing."""
    found = _NAME_AND_DAYS.fullmatch(words.strip())
    name, days = (found[1], found[2]) if found else (words, None)
    return name.strip() or None, int(days) if days else USUAL_DAYS


def _aimed_at(target: Target) -> Aim:
    return {"account": target.account.id, "in": target.account.name, "kind": target.kind, "id": target.id}


def _kind(aim: Aim) -> Kind:
    return cast(Kind, aim["kind"])


def _is_everything(word: str) -> bool:
    return fold(word).strip(" .,!") in EVERYTHING


def _by(line: Line) -> Actor:
    return Actor(line.who.phone, cast(Role, line.role))


def _key(line: Line) -> str:
    return f"message {line.message_id}"


def _why(line: Line) -> str:
    return f"asked in chat: {line.whole.strip()[:200]}"


def _question(approval: Approval) -> str:
    number = approval.id
    return f"*{number}* {approval.summary} Write *approve {number}*, or *reject {number}* and why."


def _sentence(change: Change, where: str) -> str:
    if change.state == "open":
        return (
            f"{_what(change)} was asked for, and the account has not answered: it is looked up before the next change."
        )
    if change.state != "done":
        return f"Not done: {_what(change)}. {change.outcome}"
    return f"“{change.name}”{f' in {where}' if where else ''} {_became(change)}. *undo {change.id}* puts it back."


def _became(change: Change) -> str:
    if change.what == "set_budget":
        return f"has {_amount(change, change.becomes)} a day now, before it was {_amount(change, change.was)}"
    if change.what == "launch":
        return f"is launched with {_amount(change, change.becomes)} a day"
    return {"pause": "is paused", "resume": "runs again", "archive": "is archived"}[change.what]


def _what(change: Change) -> str:
    if change.what == "set_budget":
        return f"the budget of “{change.name}” to {_amount(change, change.becomes)}"
    return f"{change.what} “{change.name}”"


def _amount(change: Change, text: str) -> str:
    return told(Money(Decimal(text), change.raises.currency))


def _listed(change: Change, phone: str) -> str:
    who = "you" if change.who == phone else change.who if change.role == "agent" else f"a colleague ({change.role})"
    state = "" if change.state == "done" else f" [{change.state.replace('_', ' ')}]"
    return f"*{change.id}* {change.account_at:%d %b}, {who}: {_what(change)}{state}. {change.why}"


def _stopped(report: StopReport) -> str:
    accounts = len({thing.account_id for thing in report.paused})
    said = [f"{len(report.paused)} campaigns in {accounts} accounts are paused. Nothing is raised, resumed or launched"
            " until an admin writes *resume*."]  # fmt: skip
    said += [f"⚠️ Still running: “{thing.name}” ({thing.why})" for thing in report.running]
    if report.unread:
        said.append(f"⚠️ Not certain yet: {', '.join(report.unread)}. It is tried again by itself until it is.")
    return "\n".join(said)


def _resumed(report: ResumeReport) -> str:
    if not report.resumed and not report.left:
        return "Nothing is stopped, so there is nothing to resume; *resume summer* lets one campaign run."
    said = [f"{len(report.resumed)} campaigns run again."]
    said += [f"Not “{thing.name}”: {thing.why}" for thing in report.left]
    return "\n".join(said)
