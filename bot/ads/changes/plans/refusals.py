"""Why a change is refused; each text is a sentence for the person who asked."""

from __future__ import annotations

from memory.audit_log.approvals import Approval


class ChangeRefused(Exception):
    """Nothing was changed."""


class NoLimits(ChangeRefused):
    """The account has no cap, or none in its currency."""


class UnknownObject(ChangeRefused):
    pass


class NoBudgetHere(ChangeRefused):
    """Owns no budget; the text names the owner."""


class NotAllowed(ChangeRefused):
    pass


class NothingToDo(ChangeRefused):
    pass


class NotAnAmount(ChangeRefused):
    """Not above zero, below the minimum, or in another currency."""


class OverCap(ChangeRefused):
    pass


class Stopped(ChangeRefused):
    pass


class ChangedMeanwhile(ChangeRefused):
    """Changed by a person since this was decided."""


class Frozen(ChangeRefused):
    """An alarm forbids the agent, not people, to raise this."""


class TooOften(ChangeRefused):
    pass


class AccountBusy(ChangeRefused):
    pass


class UnknownAccount(ChangeRefused):
    pass


class CannotUndo(ChangeRefused):
    pass


class NeedsApproval(ChangeRefused):
    def __init__(self, approval: Approval) -> None:
        super().__init__(f"This waits for an admin: {approval.summary} They write “approve {approval.id}”.")
        self.approval = approval
