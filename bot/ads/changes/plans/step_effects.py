"""What a step does to an account, and its sentences for staff: pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.ads.changes.plans.exposure import NOTHING, Picture, Thing, raised
from bot.ads.changes.plans.plan import Archive, Launch, Pause, Resume, SetBudget, Step, amount_text, name_of
from bot.ads.changes.plans.refusals import CannotUndo, NotAnAmount, NothingToDo
from bot.language.money import Money
from memory.ads.ad_account import AdAccount, AdStatus, Kind
from memory.audit_log.account_changes import Change

STATUS: Mapping[str, AdStatus] = {"pause": "paused", "resume": "active", "archive": "archived"}
_SAID = {"paused": "paused", "active": "running", "archived": "archived"}


def target_of(step: Step) -> tuple[Kind, str]:
    """Kind and id; a launch has no id yet."""
    return ("campaign", "") if isinstance(step, Launch) else (step.kind, step.object_id)


def applied(picture: Picture, step: Step) -> Picture:
    """Raises UnknownObject."""
    if isinstance(step, SetBudget):
        return picture.with_budget(step.kind, step.object_id, step.amount)
    if isinstance(step, Launch):
        return picture
    return picture.with_status(step.kind, step.object_id, STATUS[name_of(step)])


def applied_change(picture: Picture, change: Change) -> Picture:
    if change.what == "set_budget":
        amount = Money(Decimal(change.becomes), change.raises.currency)
        return picture.with_budget(change.kind, change.object_id, amount)
    return picture.with_status(change.kind, change.object_id, STATUS[change.what])


def planned_with(picture: Picture, step: Step) -> dict[str, Decimal]:
    """Planned daily spend of each line after the step."""
    if isinstance(step, Launch):
        new = {f"new {number}": each.daily_budget.amount for number, each in enumerate(step.audiences)}
        return {**picture.planned(), **new}
    return applied(picture, step).planned()


def lowers(picture: Picture, step: Step) -> bool:
    """Whether it can only reduce spend."""
    if isinstance(step, SetBudget):
        shown = picture.budget_of(step.object_id)
        return shown is not None and step.amount.amount < shown.amount
    return isinstance(step, Pause | Archive)


def was_lowering(change: Change) -> bool:
    return change.what in ("pause", "archive") or (
        change.what == "set_budget" and Decimal(change.becomes) < Decimal(change.was)
    )


def shown_of(picture: Picture, change: Change) -> str | None:
    """In the change's notation; None: the object is gone."""
    thing = picture.find(change.object_id)
    if thing is None:
        return "archived" if change.what == "archive" else None
    if change.what != "set_budget":
        return thing.status
    amount = NOTHING if thing.budget is None else thing.budget.amount
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
    """Raises NotAnAmount where this cannot be a daily budget here."""
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


def refuse_if_already(thing: Thing, status: str) -> None:
    """Raises NothingToDo."""
    if thing.status == status:
        raise NothingToDo(f"“{thing.name}” is {_SAID[status]} already.")


def changed_meanwhile(thing: Thing, seen: Money, budget: Money) -> str:
    return (
        f"“{thing.name}” has {amount_text(budget)} a day now, not {amount_text(seen)} as when this was decided;"
        " nothing was changed."
    )


def bound(picture: Picture, step: Step) -> Step:
    """A later change of the budget voids the approval."""
    return replace(step, seen=picture.owner(step.kind, step.object_id)[1]) if isinstance(step, SetBudget) else step


def summary_of(about: AdAccount, picture: Picture, steps: Sequence[Step]) -> str:
    """For the admin who is asked."""
    grows = sum((raised(picture.planned(), planned_with(picture, step)) for step in steps), NOTHING)
    together = amount_text(Money(grows, about.currency))
    return (
        f"In {about.name}: {'; '.join(_asked(picture, step) for step in steps)}. Together up to {together} a day more."
    )


def _asked(picture: Picture, step: Step) -> str:
    if isinstance(step, Launch):
        return f"launch “{step.name}” with {amount_text(step.planned)} a day"
    thing = picture.thing(step.kind, step.object_id)
    if isinstance(step, SetBudget):
        return f"set “{thing.name}” to {amount_text(step.amount)} a day" + (
            f", now {amount_text(thing.budget)}" if thing.budget else ""
        )
    return f"let “{thing.name}” run again"


def key_of(key: str | None, step: Step) -> str | None:
    """Idempotency key of one step of a plan."""
    if key is None:
        return None
    return f"{key} {name_of(step)} {step.name if isinstance(step, Launch) else step.object_id}"
