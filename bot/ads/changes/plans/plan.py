"""Steps that change an ad account, and their stored form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from babel.numbers import format_currency

from bot.language.money import Money
from bot.roles import Role
from memory.ads.ad_account import Kind, Objective
from memory.audit_log.account_changes import Cause

StepName = Literal["set_budget", "pause", "resume", "archive", "launch"]
ActorRole = Role | Literal["agent"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person by number, or a part of the program."""

    who: str
    role: ActorRole


AGENT: Final = Actor("ad agent", "agent")  # its decisions each morning, and what it tidies up


@dataclass(frozen=True, slots=True)
class SetBudget:
    kind: Kind
    object_id: str
    amount: Money
    why: str
    seen: Money | None = None  # the budget when this was decided
    readings: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    kind: Kind
    object_id: str
    why: str
    readings: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    kind: Kind
    object_id: str
    why: str
    readings: tuple[int, ...] = ()
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """Permanent."""

    kind: Kind
    object_id: str
    why: str
    readings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """One ad set with its one ad."""

    name: str
    daily_budget: Money
    targeting: Mapping[str, Any]
    ad_name: str
    body: str
    headline: str
    image_hash: str
    greeting: str


@dataclass(frozen=True, slots=True)
class Launch:
    name: str
    audiences: tuple[Audience, ...]
    why: str
    objective: Objective = "engagement"
    special_ad_categories: tuple[str, ...] = ()
    readings: tuple[int, ...] = ()

    @property
    def planned(self) -> Money:
        """Sum of the daily budgets."""
        total = self.audiences[0].daily_budget
        for audience in self.audiences[1:]:
            total = total + audience.daily_budget
        return total


Step = SetBudget | Pause | Resume | Archive | Launch
_NAMES: Mapping[type, StepName] = {
    SetBudget: "set_budget",
    Pause: "pause",
    Resume: "resume",
    Archive: "archive",
    Launch: "launch",
}
_STEPS = {name: step for step, name in _NAMES.items()}


def name_of(step: Step) -> StepName:
    return _NAMES[type(step)]


def to_json(steps: Sequence[Step]) -> str:
    """Equal steps give equal text: its digest identifies a plan."""
    return json.dumps([{"step": name_of(step), **_plain(step)} for step in steps], sort_keys=True, ensure_ascii=False)


def from_json(text: str) -> tuple[Step, ...]:
    return tuple(_step(dict(stored)) for stored in json.loads(text))


def audience_to_json(audience: Audience) -> dict[str, Any]:
    return _plain(audience)


def audience_from_json(stored: Mapping[str, Any]) -> Audience:
    return Audience(**{**stored, "daily_budget": _money(stored["daily_budget"])})


def _plain(step: Step | Audience) -> dict[str, Any]:
    # A step without a cause is the same text as before steps had causes: approvals that wait are found by its digest.
    values = {name: getattr(step, name) for name in step.__dataclass_fields__}
    return {name: _value(value) for name, value in values.items() if name != "cause" or value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Money):
        return [str(value.amount), value.currency]
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, Audience):
        return _plain(value)
    return dict(value) if isinstance(value, Mapping) else value


def _step(stored: dict[str, Any]) -> Step:
    kind = _STEPS[stored.pop("step")]
    stored["readings"] = tuple(stored["readings"])
    if "cause" in stored:
        stored["cause"] = Cause(stored["cause"])
    if kind is SetBudget:
        stored["amount"], stored["seen"] = _money(stored["amount"]), stored["seen"] and _money(stored["seen"])
    if kind is Launch:
        # An approval's plan has a digest, so no migration can rewrite it: 0.1.0 wrote OUTCOME_ENGAGEMENT.
        stored["objective"] = stored["objective"].rpartition("_")[2].lower()
        stored["audiences"] = tuple(audience_from_json(audience) for audience in stored["audiences"])
        stored["special_ad_categories"] = tuple(stored["special_ad_categories"])
    step: Step = kind(**stored)
    return step


def _money(stored: Sequence[str]) -> Money:
    amount, currency = stored
    return Money(Decimal(amount), currency)


def amount_text(money: Money) -> str:
    """For staff: ₹1,20,000, €45.50."""
    amount = money.rounded().amount
    pattern = "¤#,##,##0" if money.currency == "INR" else "¤#,##0"
    return str(
        format_currency(
            amount,
            money.currency,
            pattern if amount == amount.to_integral_value() else None,
            locale="en_IN" if money.currency == "INR" else "en",
            currency_digits=amount != amount.to_integral_value(),
        )
    )
