"""Alarm rules: today's figures → what to pause or throttle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.account_state import AccountObject
from bot.ads.changes.plans.plan import Actor, Pause, Resume, SetBudget, Step, amount_text
from bot.ads.changes.plans.refusals import (
    ChangedMeanwhile,
    NoBudgetHere,
    NotAllowed,
    NothingToDo,
    UnknownObject,
)
from bot.ads.platform import AccountBlocked, AdsFault, NotAuthorised, VersionEnded
from bot.language.money import Money
from memory.ads.ad_account import AccountFinding, AdAccount, Kind
from memory.ads.emergency_stop import AlarmRecord, HeldObject, HeldState
from memory.audit_log.account_changes import Cause
from memory.conversations.turns import Pressure

GUARD = Actor("guard", "agent")
# No chat where ten were to be expected: by chance 1 in 22,000 for each ad and check (Poisson).
CHATS_EXPECTED = 10
MOST_WAITING = 50  # customers without an answer
SLOWEST = timedelta(minutes=10)  # the reply that nine in ten are faster than
FEWEST_REPLIES = 20  # below that a slow one says nothing

Act = Literal["pause", "throttle", "freeze"]


@dataclass(frozen=True, slots=True)
class AlarmTarget:
    account_id: str
    kind: Kind
    object_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Alarm:
    sentence: str
    act: Act
    targets: tuple[AlarmTarget, ...] = ()
    whole_accounts: tuple[str, ...] = ()  # ids of accounts to pause or throttle as a whole
    freezes: tuple[str, ...] = ()  # ids of accounts without raises, resumes and launches while the alarm lasts
    ends_itself: bool = False  # False: it ends when a person resumes


@dataclass(frozen=True, slots=True)
class AlarmCheck:
    cause: str
    alarm: Alarm | None
    all_clear: str = ""  # what staff are told when the alarm ends


@dataclass(frozen=True, slots=True)
class AdToday:
    target: AlarmTarget
    spend: Money
    chats: int | None  # None: unknown, not zero
    usual_chat_cost: Money | None  # of the last 30 days: its own, else the account's; None: not known yet
    sku: str | None = None  # the item it sells


def spend_without_chats(ads: Sequence[AdToday]) -> list[AlarmCheck]:
    """The ad, its link or the phone number is broken."""
    return [AlarmCheck(f"no chats {ad.target.object_id}", _without_chats(ad)) for ad in ads]


def broken_page(account: AdAccount, findings: Sequence[AccountFinding]) -> AlarmCheck:
    broken = [finding.sentence for finding in findings if finding.stops_chats]
    sentence = f"Chats can't begin from the ads in {account.name} ({'; '.join(broken)}): all of them were paused."
    all_clear = f"The page of {account.name} is well again: its ads run as before."
    alarm = Alarm(sentence, "pause", (), (account.id,), (account.id,), ends_itself=True) if broken else None
    return AlarmCheck(f"broken page {account.id}", alarm, all_clear)


def blocked_account(account: AdAccount, pages: str, fault: AdsFault | None) -> AlarmCheck:
    """Restricted, disabled or unpaid. `pages`: where people settle it."""
    blocked = isinstance(fault, AccountBlocked) or account.status in ("disabled", "unsettled", "closed")
    why = str(fault) if isinstance(fault, AccountBlocked) else f"it is {account.status}"
    sentence = (
        f"{account.name} is blocked ({why}). Its ads were paused, and nothing is launched there. Settle it in"
        f" {pages}, then resume."
    )
    alarm = Alarm(sentence, "pause", (), (account.id,), (account.id,)) if blocked else None
    return AlarmCheck(f"blocked account {account.id}", alarm)


def unreachable_account(account: AdAccount, pages: str, fault: AdsFault | None) -> AlarmCheck:
    """No request works, pauses included."""
    lost = isinstance(fault, NotAuthorised | VersionEnded)
    sentence = (
        f"{account.name} can't be reached ({fault}), so nothing can be changed there, and its ads go on within the rule that"
        f" pauses them at the daily cap. To stop them now, use {pages}."
    )
    alarm = Alarm(sentence, "freeze", freezes=(account.id,), ends_itself=True) if lost else None
    return AlarmCheck(f"token {account.id}", alarm, f"{account.name} can be reached again.")


def sold_out_ads(ads: Sequence[AdToday], stock: Mapping[str, int]) -> list[AlarmCheck]:
    skus = sorted({ad.sku for ad in ads if ad.sku is not None and ad.sku in stock})
    return [AlarmCheck(f"stock {sku}", _sold_out(sku, ads, stock), f"{sku} is in stock again: its ads run as before.")
            for sku in skus]  # fmt: skip


def overloaded_desk(desk: Pressure, account_ids: Sequence[str]) -> AlarmCheck:
    slow = desk.replies >= FEWEST_REPLIES and desk.slow_reply > SLOWEST
    minutes = int(desk.slow_reply.total_seconds() // 60)
    sentence = (
        f"The desk can't keep up: {desk.waiting} customers wait, one reply in ten takes more than {minutes} minutes."
        " The budgets of all running ads were halved until it can."
    )
    alarm = Alarm(sentence, "throttle", (), tuple(account_ids), tuple(account_ids), ends_itself=True)
    drowning = desk.waiting >= MOST_WAITING or slow
    return AlarmCheck("desk", alarm if drowning else None, "The desk keeps up again: the ads have their budgets back.")


@dataclass(frozen=True, slots=True)
class AlarmActions:
    actions: AccountActions

    def apply(self, brand: str, checks: Iterable[AlarmCheck]) -> None:
        """Failed actions are retried at the next check. Objects that a person resumes during an alarm stay on."""
        for check in checks:
            record = self.actions.alarms.active(brand, check.cause)
            if check.alarm is not None:
                self._raise_alarm(brand, check.cause, check.alarm, record)
            elif record is not None and record.ends_itself:
                self._end(record, check.all_clear)

    def _raise_alarm(self, brand: str, cause: str, alarm: Alarm, record: AlarmRecord | None) -> None:
        if record is None:
            record = self.actions.alarms.raise_(
                brand, cause, alarm.sentence, freezes=alarm.freezes, ends_itself=alarm.ends_itself
            )
        if not self.actions.stops.held(record.held_under):
            with suppress(AdsFault):  # the next check tries again
                self.actions.stops.hold(self._held(record, alarm))
        for held_object in self.actions.stops.held(record.held_under, "to_pause"):
            self._pause_or_throttle(held_object, record.sentence)

    def _held(self, record: AlarmRecord, alarm: Alarm) -> list[HeldObject]:
        if alarm.act == "throttle":
            return [held for each in alarm.whole_accounts for held in self._halved(record, each)]
        running = [
            AlarmTarget(account_id, held_object.kind, held_object.id, held_object.name)
            for account_id in alarm.whole_accounts
            for held_object in self.actions.running(record.brand, account_id)[0]
        ]
        return [
            HeldObject(record.brand, record.held_under, each.account_id, each.kind, each.object_id, each.name)
            for each in (*alarm.targets, *running)
        ]

    def _halved(self, record: AlarmRecord, account_id: str) -> list[HeldObject]:
        about, owners = self.actions.running_budget_owners(record.brand, account_id)
        return [
            HeldObject(
                record.brand,
                record.held_under,
                account_id,
                owner.kind,
                owner.id,
                owner.name,
                was=owner.budget,
                becomes=half,
            )
            for owner in owners
            if owner.budget is not None and (half := _half(owner, about)) is not None
        ]

    def _pause_or_throttle(self, held_object: HeldObject, why: str) -> None:
        step: Step = Pause(held_object.kind, held_object.object_id, why, cause=Cause.ALARM)
        if held_object.becomes is not None:
            step = SetBudget(
                held_object.kind,
                held_object.object_id,
                held_object.becomes,
                why,
                seen=held_object.was,
                cause=Cause.ALARM,
            )
        self.actions.stops.mark(held_object, *self._outcome(held_object, step, "paused", "to_pause"))

    def _end(self, record: AlarmRecord, all_clear: str) -> None:
        for held_object in self.actions.stops.held(record.held_under, "paused", "to_pause"):
            if held_object.state == "to_pause":
                self.actions.stops.mark(held_object, "left", "the alarm was over before it could be paused")
            else:
                self._put_back(held_object)
        if not self.actions.stops.held(record.held_under, "paused"):
            self.actions.alarms.end(record, all_clear)

    def _put_back(self, held_object: HeldObject) -> None:
        step: Step = Resume(held_object.kind, held_object.object_id, "what had paused it is over")
        if held_object.becomes is not None and held_object.was is not None:
            step = SetBudget(
                held_object.kind,
                held_object.object_id,
                held_object.was,
                "the desk keeps up again",
                seen=held_object.becomes,
            )
        self.actions.stops.mark(held_object, *self._outcome(held_object, step, "put_back", "paused"))

    def _outcome(self, held_object: HeldObject, step: Step, good: HeldState, bad: HeldState) -> tuple[HeldState, str]:
        try:
            outcome = self.actions.carry_out_for_alarm(held_object, step, GUARD)
        except AdsFault as fault:
            return bad, str(fault)
        for _step, refused in outcome.refused:
            # A person has decided otherwise meanwhile: their change stays. Any other refusal is retried.
            theirs = isinstance(refused, NothingToDo | UnknownObject | ChangedMeanwhile | NoBudgetHere)
            return ("left" if theirs else bad), str(refused)
        return (good, "") if outcome.done else (bad, str(outcome.fault or "the account has not answered"))

    def release(self, alarm: AlarmRecord, by: Actor) -> None:
        """Ended by a person. Raises NotAllowed."""
        if by.role not in ("staff", "admin"):
            raise NotAllowed("Alarms are ended by staff and admins.")
        self._end(alarm, f"The alarm was ended by a person: {alarm.sentence}")


def _without_chats(ad: AdToday) -> Alarm | None:
    if ad.chats != 0 or ad.usual_chat_cost is None or ad.usual_chat_cost.amount <= 0:
        return None
    expected = ad.spend.amount / ad.usual_chat_cost.amount
    if expected < CHATS_EXPECTED:
        return None
    return Alarm(
        f"“{ad.target.name}” spent {amount_text(ad.spend)} today without one chat, where a chat usually costs"
        f" {amount_text(ad.usual_chat_cost)}: it was paused. Try its link, then resume it.",
        "pause",
        (ad.target,),
    )


def _sold_out(sku: str, ads: Sequence[AdToday], stock: Mapping[str, int]) -> Alarm | None:
    targets = tuple(ad.target for ad in ads if ad.sku == sku)
    if stock[sku] > 0 or not targets:
        return None
    names = ", ".join(f"“{target.name}”" for target in targets)
    return Alarm(f"{sku} is sold out, and its ads were paused: {names}.", "pause", targets, ends_itself=True)


def _half(owner: AccountObject, about: AdAccount) -> Money | None:
    assert owner.budget is not None, "only what owns a budget is throttled"
    half = Money(max((owner.budget.amount / 2), about.min_daily_budget.amount), owner.budget.currency).rounded()
    return half if half.amount < owner.budget.amount else None
