"""What a step does to an account, and its sentences for staff: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.ads.changes.plans.account_state import NOTHING, AccountObject, AccountState, raised
from bot.ads.changes.plans.plan import Archive, Launch, Pause, Resume, SetBudget, Step, amount_text, name_of
from bot.ads.changes.plans.refusals import CannotUndo, NotAnAmount, NothingToDo
from bot.language.foreign_text import in_one_line
from bot.language.money import Money
from memory.ads.ad_account import AdAccount, AdStatus, Kind
from memory.audit_log.account_changes import Change

STATUS: Mapping[str, AdStatus] = {"pause": "paused", "resume": "active", "archive": "archived"}
_STATUS_WORDS = {"paused": "paused", "active": "running", "archived": "archived"}


def target_of(step: Step) -> tuple[Kind, str]:
    """A launch has no id yet."""
    return ("campaign", "") if isinstance(step, Launch) else (step.kind, step.object_id)


def applied(state: AccountState, step: Step) -> AccountState:
    """Raises UnknownObject."""
    if isinstance(step, SetBudget):
        return state.with_budget(step.kind, step.object_id, step.amount)
    if isinstance(step, Launch):
        return state
    return state.with_status(step.kind, step.object_id, STATUS[name_of(step)])


def applied_change(state: AccountState, change: Change) -> AccountState:
    if change.what == "set_budget":
        amount = Money(Decimal(change.becomes), change.raises.currency)
        return state.with_budget(change.kind, change.object_id, amount)
    return state.with_status(change.kind, change.object_id, STATUS[change.what])


def planned_with(state: AccountState, step: Step) -> dict[str, Decimal]:
    """Per budget owner, after the step."""
    if isinstance(step, Launch):
        new = {f"new {number}": each.daily_budget.amount for number, each in enumerate(step.audiences)}
        return {**state.planned(), **new}
    return applied(state, step).planned()


def lowers(state: AccountState, step: Step) -> bool:
    """Whether it can only reduce spend."""
    if isinstance(step, SetBudget):
        shown = state.budget_of(step.object_id)
        return shown is not None and step.amount.amount < shown.amount
    return isinstance(step, Pause | Archive)


def change_lowers(change: Change) -> bool:
    return change.what in ("pause", "archive") or (
        change.what == "set_budget" and Decimal(change.becomes) < Decimal(change.was)
    )


def current_value(state: AccountState, change: Change) -> str | None:
    """In the change's notation; None: the object is gone."""
    target = state.find(change.object_id)
    if target is None:
        return "archived" if change.what == "archive" else None
    if change.what != "set_budget":
        return target.status
    amount = NOTHING if target.budget is None else target.budget.amount
    return next((text for text in (change.becomes, change.was) if Decimal(text) == amount), str(amount))


def reverse(change: Change, undone_by: int | None) -> Step:
    """Raises CannotUndo."""
    if change.state != "done":
        raise CannotUndo(f"Change {change.id} was not done, so there is nothing to put back.")
    if undone_by is not None:
        raise CannotUndo(f"Change {change.id} was put back already, by change {undone_by}.")
    why, kind, object_id = f"undo of change {change.id}", change.kind, change.object_id
    if change.what == "set_budget":
        was, now = (Money(Decimal(text), change.raises.currency) for text in (change.was, change.becomes))
        return SetBudget(kind, object_id, was, why, seen=now)
    if change.what == "archive":
        raise CannotUndo(f"“{change.name}” was archived, and the platform brings nothing back; launch it anew.")
    if change.what == "pause" and change.was != "active":
        raise CannotUndo(
            f"Whether “{change.name}” was running before it was paused is not known; resume it if it should."
        )
    if change.what == "pause":
        return Resume(kind, object_id, why)
    return Pause(kind, object_id, why) if change.what == "resume" else Archive(kind, object_id, why)


def check_amount(about: AdAccount, amount: Money) -> None:
    """Raises NotAnAmount."""
    if amount.currency != about.currency:
        raise NotAnAmount(
            f"{about.name} has budgets in {about.currency}, not in {amount.currency}; say it in {about.currency}."
        )
    if not amount.amount.is_finite() or amount.amount <= 0:
        raise NotAnAmount("A daily budget must be above zero; to spend nothing, pause it.")
    if amount.rounded() != amount:
        raise NotAnAmount(f"{amount.amount} {amount.currency} can't be paid; the nearest is {amount_text(amount)}.")
    if amount.amount < about.min_daily_budget.amount:
        raise NotAnAmount(f"The least daily budget in {about.name} is {amount_text(about.min_daily_budget)}.")


def refuse_if_already(target: AccountObject, status: str) -> None:
    """Raises NothingToDo."""
    if target.status == status:
        raise NothingToDo(f"“{in_one_line(target.name)}” is {_STATUS_WORDS[status]} already.")


def changed_meanwhile(target: AccountObject, seen: Money, budget: Money) -> str:
    return (
        f"“{in_one_line(target.name)}” has {amount_text(budget)} a day now, not {amount_text(seen)} as when this was decided;"
        " nothing was changed."
    )


def with_seen_budget(state: AccountState, step: Step) -> Step:
    """A later change of this budget then voids the approval."""
    return replace(step, seen=state.owner(step.kind, step.object_id)[1]) if isinstance(step, SetBudget) else step


def summary_of(about: AdAccount, state: AccountState, steps: Sequence[Step]) -> str:
    grows = sum((raised(state.planned(), planned_with(state, step)) for step in steps), NOTHING)
    together = amount_text(Money(grows, about.currency))
    return f"In {in_one_line(about.name)}: {'; '.join(_request_text(state, step) for step in steps)}. Together up to {together} a day more."


def _request_text(state: AccountState, step: Step) -> str:
    if isinstance(step, Launch):
        return f"launch “{in_one_line(step.name)}” with {amount_text(step.planned)} a day"
    target = state.get(step.kind, step.object_id)
    if isinstance(step, SetBudget):
        return f"set “{in_one_line(target.name)}” to {amount_text(step.amount)} a day" + (
            f", now {amount_text(target.budget)}" if target.budget else ""
        )
    return f"let “{in_one_line(target.name)}” run again"


def key_of(key: str | None, step: Step) -> str | None:
    if key is None:
        return None
    return f"{key} {name_of(step)} {step.name if isinstance(step, Launch) else step.object_id}"
