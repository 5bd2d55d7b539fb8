"""Ad commands in chat: pause, budget, approve, undo, stop and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.ads.agency import Agency
from bot.ads.campaign_lookup import AdObject, CampaignLookup
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.new_ads.compliance import ClaimChecks
from bot.ads.platform import AdsFault
from bot.language.normalisation import fold
from bot.language.words import words_of_all
from bot.staff.commands import change_sentences
from bot.staff.commands.account_commands import (
    AccountCommand,
    ApproveCommand,
    BegunByEarlierVersion,
    LiftStopCommand,
    PauseCommand,
    RejectCommand,
    ResumeCommand,
    StopCommand,
    UndoCommand,
    from_json,
    to_json,
)
from bot.staff.commands.account_execution import AccountExecution
from bot.staff.commands.ad_questions import AdQuestions, require_accounts
from bot.staff.commands.budget_commands import Budgets
from bot.staff.commands.command import CommandEntry, ProviderCheck, StaffCommand, Unclear, number_in
from bot.staff.commands.launch_form import Launches
from bot.staff.commands.named_target import named_target
from bot.staff.commands.task_commands import TaskCommands
from bot.staff.questions.model_answers import ModelAnswers
from memory.ads.tasks import Tasks
from memory.audit_log.approvals import Approval
from memory.audit_log.staff_commands import StaffCommandLog
from memory.conversations.turn_changes import NotifyStaff

EVERYTHING: Final = frozenset(words_of_all("staff_questions", "everything"))
UNFINISHED: Final = (
    "An earlier version began this and did not finish. See *changes* for what was done, then write it again."
)


@dataclass(frozen=True, slots=True)
class AdCommands:
    """Account changes run while the turn is handled, exactly once per message.

    They use the network, so they cannot run in the transaction that finishes the turn. The message is stored as an
    `AccountCommand` before it runs, and the answer after; a repeated turn repeats the answer.
    """

    agency: Agency
    log: StaffCommandLog
    tasks: Tasks
    model_answers: ModelAnswers
    claims: ClaimChecks

    @property
    def questions(self) -> AdQuestions:
        return AdQuestions(self.agency, self.model_answers)

    def commands(self) -> dict[str, CommandEntry]:
        return {
            **self.questions.commands(),
            "pause": CommandEntry(
                "pause summer", "pause a campaign, ad set or ad", "staff", self._order, ProviderCheck.AFTERWARDS
            ),
            "resume": CommandEntry(
                "resume summer", "let it run; *resume* alone lifts a stop", "staff", self._order, ProviderCheck.FIRST
            ),
            "budget": CommandEntry(
                "budget summer 2500", "set what it may spend a day", "staff", self._order, ProviderCheck.FIRST
            ),
            "launch": CommandEntry(
                "launch", "a campaign of your own; shows the form", "staff", self._order, ProviderCheck.FIRST
            ),
            "undo": CommandEntry(
                "undo", "put back the last change; *undo 12* that one", "staff", self._order, ProviderCheck.FIRST
            ),
            "changes": CommandEntry("changes", "the last changes of the ads", "analyst", self._changes),
            "approvals": CommandEntry("approvals", "what waits for a yes", "analyst", self._approvals),
            "approve": CommandEntry("approve 7", "say yes to it", "admin", self._order, ProviderCheck.FIRST),
            "reject": CommandEntry("reject 7 too early", "say no, and why", "admin", self._order, ProviderCheck.FIRST),
            "stop": CommandEntry(
                "stop everything", "pause all ads at once", "admin", self._order, ProviderCheck.AFTERWARDS
            ),
            **TaskCommands(self.tasks).commands(),
        }

    # -- lists

    def _changes(self, command: StaffCommand) -> None:
        require_accounts(self.agency, command.brand)
        page = self.agency.actions.changes.page(command.brand, limit=change_sentences.MOST_CHANGES)
        lines = [change_sentences.in_list(change, command.who.phone) for change in page]
        command.say("\n".join(lines) or "Nothing was changed yet.")

    def _approvals(self, command: StaffCommand) -> None:
        require_accounts(self.agency, command.brand)
        waiting = self.agency.actions.approvals.waiting(command.brand)
        command.say("\n\n".join(self._shown(command, each) for each in waiting) or "Nothing waits for a yes.")

    def _shown(self, command: StaffCommand, approval: Approval) -> str:
        """Showing it to an entitled admin counts as asking them."""
        if command.role != "admin":
            return f"*{approval.id}* waits for an admin: {approval.summary}"
        if not self.agency.actions.approvals.ask(command.brand, approval.id, command.who.phone):
            return f"*{approval.id}* was asked of another admin: {approval.summary}"
        return change_sentences.question(approval)

    # -- what changes an account

    def _order(self, command: StaffCommand) -> None:
        """Executes the command, or repeats the stored answer."""
        require_accounts(self.agency, command.brand)
        stored = self.log.of(command.message_id)
        if stored is None:
            try:
                stored = self.log.begin(command.message_id, to_json(self._read(command)))
            except (ChangeRefused, AdsFault) as fault:
                raise Unclear(str(fault)) from fault
        said = stored.answer
        if said is None:
            try:
                answer = AccountExecution(self.agency, command).run(from_json(stored.command))
            except BegunByEarlierVersion:
                raise Unclear(UNFINISHED) from None
            said = (answer.text, answer.notice) if answer.notice else (answer.text,)
            self.log.finish(command.message_id, said)
        command.say(said[0])
        command.changes.extend(NotifyStaff(command.who, notice) for notice in said[1:])

    def _read(self, command: StaffCommand) -> AccountCommand:  # noqa: C901 - one case for each command
        """Raises Unclear, and what reading accounts and approvals raises."""
        first, _, rest = command.words.partition(" ")
        match command.name:
            case "pause":
                target = self._target(command)
                return PauseCommand(target.account.id, target.account.name, target.kind, target.id)
            case "resume":
                if not command.words or _is_everything(command.words):
                    return LiftStopCommand()
                target = self._target(command)
                return ResumeCommand(target.account.id, target.account.name, target.kind, target.id)
            case "stop":
                if not _is_everything(first):
                    raise Unclear("*stop everything* pauses all ads; *pause summer* only what you name.")
                return StopCommand(rest.strip() or "asked in chat")
            case "budget":
                return Budgets(self.agency.actions, self._lookup).read(command.brand, command.words, command.why)
            case "launch":
                launches = Launches(self.agency.memory.campaigns, self.agency.accounts, self.claims)
                return launches.read(command.brand, command.words, command.why)
            case "undo":
                return self._read_undo(command)
            case "approve":
                number = number_in(command.words, "approve 7")
                approval = self.agency.actions.approvals.get(command.brand, number)
                return ApproveCommand(number, self._waits(approval), shown=approval.asked_of is not None)
            case "reject":
                number = number_in(first, "reject 7 too early")
                if not rest.strip():
                    raise Unclear(f"Write why, for the agent learns from it: *reject {number} too early*.")
                approval = self.agency.actions.approvals.get(command.brand, number)
                return RejectCommand(number, self._waits(approval), rest.strip())
            case name:
                raise AssertionError(f"{name} changes no ad account")

    def _read_undo(self, command: StaffCommand) -> UndoCommand:
        changes = self.agency.actions.changes
        if command.words:
            number = number_in(command.words, "undo 12")
        else:
            last = changes.last_to_undo(command.brand)
            if last is None:
                raise Unclear("There is nothing to undo.")
            number = last.id
        return UndoCommand(number, undone=changes.undone_by(number) is not None)

    def _waits(self, approval: Approval) -> bool:
        return self.agency.actions.approvals.over(approval) is None

    def _target(self, command: StaffCommand) -> AdObject:
        if not command.words:
            raise Unclear(f"Write *{command.name} summer*, with the name of a campaign, ad set or ad.")
        return named_target(self._lookup, command.brand, command.words, command.name)

    @property
    def _lookup(self) -> CampaignLookup:
        return CampaignLookup(self.agency.memory.campaigns)


def _is_everything(word: str) -> bool:
    return fold(word).strip(" .,!") in EVERYTHING
