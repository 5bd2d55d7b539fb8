"""A budget decision and its reason: a cause code with its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from memory.ads.ad_account import Kind
from memory.audit_log.account_changes import Cause

PAUSE_EVIDENCE: Final = 20.0  # to one: an ad at break-even gets here in at most one of twenty runs
NEVER_RAN: Final = (Cause.NEW, Cause.NO_MONEY_LEFT, Cause.STAYS_PAUSED)  # nothing was measured that would explain it


@dataclass(frozen=True, slots=True)
class BudgetReason:
    """In the account's currency; only orders with the ad's referral count."""

    cause: Cause | None
    before: Decimal
    budget: Decimal
    chats: int | None
    sales: float
    needed: float  # orders that should have come by now if the ad just paid for itself
    evidence: float  # to one, that it loses money
    return_of_next: float | None  # what one further unit of money is expected to bring back
    told: str = ""

    def sentence(self, name: str) -> str:
        if self.told:
            return self.told
        assert self.cause is not None and self.return_of_next is not None, "stored without its sentence"
        if self.cause in NEVER_RAN:
            return {
                Cause.STAYS_PAUSED: f"Ad {name} is paused and stays so.",
                Cause.NO_MONEY_LEFT: f"Ad {name} is new and rests: the budget does not reach for every ad.",
                Cause.NEW: f"Ad {name} is new: it starts at {plain_amount(self.budget)} a day to find out.",
            }[self.cause]
        sold = "1 sale" if self.sales == 1 else f"{self.sales:.0f} sales"
        return (
            f"Ad {name}: {self.chats} chats, {sold}, {self.needed:.1f} needed by now to pay for itself;"
            f" evidence {odds_text(self.evidence)} that it loses money;"
            f" the next 100 bring {self.return_of_next * 100:.0f}; {self._action_text()}."
        )

    def _action_text(self) -> str:
        match self.cause:
            case Cause.LOSING_MONEY:
                return "paused"
            case Cause.RESTING:
                return "rests: other ads are expected to bring more for the same money"
            case Cause.CALLED_BACK:
                return f"starts again at {plain_amount(self.budget)}"
            case Cause.KEPT:
                return f"kept at {plain_amount(self.budget)}"
            case Cause.RAISED:
                return f"raised {self._percent()} % to {plain_amount(self.budget)}"
            case Cause.CUT:
                threat = f", will pause at {PAUSE_EVIDENCE:.0f} to 1" if self.evidence > 1.05 else ""
                return f"cut {-self._percent()} % to {plain_amount(self.budget)}{threat}"
        raise ValueError(f"no budget is set because of {self.cause}")

    def _percent(self) -> int:
        return percent_moved(self.before, self.budget)


@dataclass(frozen=True, slots=True)
class BudgetDecision:
    """For an ad set, or for a campaign that owns the budget."""

    kind: Kind
    id: str
    name: str  # as people call it
    angle: str
    pause: bool  # for good: the evidence says that it loses money
    expected_profit: Decimal
    reason: BudgetReason

    @property
    def sentence(self) -> str:
        return self.reason.sentence(f"“{self.name}”")

    @staticmethod
    def upgraded(stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """From release 0.1.0, which stored a sentence as reason."""
        if not isinstance(stored["reason"], str):
            return stored
        numbers = {name: stored[name] for name in ("before", "budget", "sales", "needed", "evidence")}
        unknown = {"cause": None, "chats": None, "return_of_next": None}
        return {**stored, "reason": {**numbers, **unknown, "told": stored["reason"]}}


def percent_moved(before: Decimal, budget: Decimal) -> int:
    """Negative for a cut."""
    return round(100 * float(budget / before - 1))


def plain_amount(amount: Decimal) -> str:
    """Without currency: 1,250 or 12.50."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() or amount >= 100 else f"{amount:,.2f}"


def odds_text(evidence: float) -> str:
    """ "4 to 1"; "none" below 1."""
    if evidence < 1.05:
        return "none"
    if evidence >= 1000:
        return "over 1,000 to 1"
    return f"{evidence:.0f} to 1" if evidence >= 1.95 else f"{evidence:.1f} to 1"
