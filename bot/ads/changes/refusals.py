"""Why something is not done to an ad account; each text is a sentence for whoever asked."""

from __future__ import annotations

from memory.audit_log.approvals import Approval


class ChangeRefused(Exception):
    """This is not done, and nothing was changed; the text is a sentence for whoever asked."""


class NoLimits(ChangeRefused):
    """There is no cap for this account, or none in its currency: nothing is written there. The text is for staff."""


class UnknownObject(ChangeRefused):
    """The account holds no such thing, or it was archived."""


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
    """It is not as it was when this was decided: a person's change counts, and is planned with next time."""


class Frozen(ChangeRefused):
    """An alarm is on: the program raises nothing by itself there. People may."""


class TooOften(ChangeRefused):
    """The platform takes no more budget changes of this line for now."""


class AccountBusy(ChangeRefused):
    """Another process is changing this account at this moment."""


class UnknownAccount(ChangeRefused):
    """This brand has no such account."""


class CannotUndo(ChangeRefused):
    """This change can't be put back; the text says why."""


class NeedsApproval(ChangeRefused):
    """It waits for a person; `approval` is what they are asked."""

    def __init__(self, approval: Approval) -> None:
        super().__init__(f"This waits for an admin: {approval.summary} They write “approve {approval.id}”.")
        self.approval = approval
