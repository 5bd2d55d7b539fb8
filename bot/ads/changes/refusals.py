"""Why a change is refused; each text is a sentence for whoever asked."""

from __future__ import annotations

from memory.audit_log.approvals import Approval


class ChangeRefused(Exception):
    """Nothing was changed; the text is a sentence for whoever asked."""


class NoLimits(ChangeRefused):
    """No cap for this account, or none in its currency. The text is for staff."""


class UnknownObject(ChangeRefused):
    """It is not in the account, or was archived."""


class NoBudgetHere(ChangeRefused):
    """This holds no budget of its own; the text names what does."""


class NotAllowed(ChangeRefused):
    """This role may not do that; the text says who may."""


class NothingToDo(ChangeRefused):
    """It is so already."""


class NotAnAmount(ChangeRefused):
    """This budget can't be set: not above zero, below the account's least, or in another currency."""


class OverCap(ChangeRefused):
    """The worst day would pass the account's daily cap."""


class Stopped(ChangeRefused):
    """An admin has stopped everything; only pausing goes on."""


class ChangedMeanwhile(ChangeRefused):
    """A person has changed it since this was decided; the next plan starts from there."""


class Frozen(ChangeRefused):
    """An alarm is on: the agent raises nothing there. People may."""


class TooOften(ChangeRefused):
    """The platform takes no more budget changes of this line for now."""


class AccountBusy(ChangeRefused):
    """Another process holds this account's lease."""


class UnknownAccount(ChangeRefused):
    """This brand has no such account."""


class CannotUndo(ChangeRefused):
    """This change can't be put back; the text says why."""


class NeedsApproval(ChangeRefused):
    """It waits for an admin, who is asked `approval`."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(f"This waits for an admin: {approval.summary} They write “approve {approval.id}”.")
        self.approval = approval
