"""Alarm rules: figures → what to pause or throttle at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.exposure import Thing
from bot.ads.changes.plans.plan import Actor, Pause, Resume, SetBudget, Step, amount_text
from bot.ads.changes.plans.refusals import (
    ChangedMeanwhile,
    ChangeRefused,
    NoBudgetHere,
    NotAllowed,
    NothingToDo,
    UnknownObject,
)
from bot.ads.platform import AccountBlocked, AdsFault, NotAuthorised, VersionEnded
from bot.language.money import Money
from memory.ads.ad_account import AccountFinding, AdAccount, Kind
from memory.ads.emergency_stop import AlarmRecord, Held, HeldState
from memory.audit_log.account_changes import Cause
from memory.conversations.turns import Pressure

GUARD = Actor("guard", "agent")
# No chat where ten were to be expected: by chance 1 in 22,000 for each ad and look (Poisson).
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
    """`everything_in`: accounts to pause or throttle as a whole.

    `freezes`: accounts without raises, resumes and launches while it lasts. Without `ends_itself`, it ends when a
    person resumes.
    """

    sentence: str
    act: Act
    targets: tuple[AlarmTarget, ...] = ()
    everything_in: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    ends_itself: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """`gone`: what staff are told when the alarm ends."""

    cause: str
    alarm: Alarm | None
    gone: str = ""


@dataclass(frozen=True, slots=True)
class LineToday:
    """`chats` None is unknown, not zero."""

    target: AlarmTarget
    spend: Money
    chats: int | None
    usual_chat_cost: Money | None  # of the last 30 days: its own, else the account's; None: not known yet
    sku: str | None = None  # the item it sells


def spend_without_chats(lines: Sequence[LineToday]) -> list[Look]:
    """The ad, its link or the number is broken."""
    return [Look(f"no chats {line.target.object_id}", _without_chats(line)) for line in lines]


def broken_page(account: AdAccount, findings: Sequence[AccountFinding]) -> Look:
    """The page cannot take chats."""
    broken = [finding.sentence for finding in findings if finding.stops_chats]
    sentence = f"Chats can't begin from the ads in {account.name} ({'; '.join(broken)}): all of them were paused."
    gone = f"The page of {account.name} is well again: its ads run as before."
    alarm = Alarm(sentence, "pause", (), (account.id,), (account.id,), ends_itself=True) if broken else None
    return Look(f"broken page {account.id}", alarm, gone)


def blocked_account(account: AdAccount, pages: str, fault: AdsFault | None) -> Look:
    """Restricted, disabled or unpaid. `pages`: where people settle it."""
    blocked = isinstance(fault, AccountBlocked) or account.status in ("disabled", "unsettled", "closed")
    why = str(fault) if isinstance(fault, AccountBlocked) else f"it is {account.status}"
    sentence = (
        f"{account.name} is blocked ({why}). Its ads were paused, and nothing is launched there. Settle it in"
        f" {pages}, then resume."
    )
    alarm = Alarm(sentence, "pause", (), (account.id,), (account.id,)) if blocked else None
    return Look(f"blocked account {account.id}", alarm)


def token_trouble(account: AdAccount, pages: str, fault: AdsFault | None) -> Look:
    """No request works, pauses included."""
    lost = isinstance(fault, NotAuthorised | VersionEnded)
    sentence = (
        f"{account.name} can't be reached ({fault}), so nothing can be changed there, and its ads go on within the rule that"
        f" pauses them at the daily cap. To stop them now, use {pages}."
    )
    alarm = Alarm(sentence, "freeze", freezes=(account.id,), ends_itself=True) if lost else None
    return Look(f"token {account.id}", alarm, f"{account.name} can be reached again.")


def stock_gone(lines: Sequence[LineToday], stock: Mapping[str, int]) -> list[Look]:
    """Ads for sold-out items."""
    skus = sorted({line.sku for line in lines if line.sku is not None and line.sku in stock})
    return [Look(f"stock {sku}", _sold_out(sku, lines, stock), f"{sku} is in stock again: its ads run as before.")
            for sku in skus]  # fmt: skip


def desk_drowning(desk: Pressure, account_ids: Sequence[str]) -> Look:
    """Halves budgets until the desk keeps up."""
    slow = desk.replies >= FEWEST_REPLIES and desk.slow_reply > SLOWEST
    minutes = int(desk.slow_reply.total_seconds() // 60)
    sentence = (
        f"The desk can't keep up: {desk.waiting} customers wait, one reply in ten takes more than {minutes} minutes."
        " The budgets of all running ads were halved until it can."
    )
    alarm = Alarm(sentence, "throttle", (), tuple(account_ids), tuple(account_ids), ends_itself=True)
    drowning = desk.waiting >= MOST_WAITING or slow
    return Look("desk", alarm if drowning else None, "The desk keeps up again: the ads have their budgets back.")


@dataclass(frozen=True, slots=True)
class Guards:
    actions: AccountActions

    def act(self, brand: str, looks: Iterable[Look]) -> None:
        """What fails is retried at the next check.

        What a person switches on during an alarm stays on.
        """
        for look in looks:
            record = self.actions.alarms.on(brand, look.cause)
            if look.alarm is not None:
                self._sound(brand, look.cause, look.alarm, record)
            elif record is not None and record.ends_itself:
                self._end(record, look.gone)

    def _sound(self, brand: str, cause: str, alarm: Alarm, record: AlarmRecord | None) -> None:
        if record is None:
            record = self.actions.alarms.raise_(
                brand, cause, alarm.sentence, freezes=alarm.freezes, ends_itself=alarm.ends_itself
            )
        if not self.actions.stops.held(record.held_under):
            self._hold(record, alarm)
        for thing in self.actions.stops.held(record.held_under, "to_pause"):
            self._do(thing, record.sentence)

    def _hold(self, record: AlarmRecord, alarm: Alarm) -> None:
        try:
            self.actions.stops.hold(self._held(record, alarm))
        except AdsFault:  # the next check tries again
            return

    def _held(self, record: AlarmRecord, alarm: Alarm) -> list[Held]:
        if alarm.act == "throttle":
            return [held for each in alarm.everything_in for held in self._halved(record, each)]
        running = [
            AlarmTarget(account_id, thing.kind, thing.id, thing.name)
            for account_id in alarm.everything_in
            for thing in self.actions.running(record.brand, account_id)[0]
        ]
        return [
            Held(record.brand, record.held_under, each.account_id, each.kind, each.object_id, each.name)
            for each in (*alarm.targets, *running)
        ]

    def _halved(self, record: AlarmRecord, account_id: str) -> list[Held]:
        about, lines = self.actions.lines(record.brand, account_id)
        return [
            Held(
                record.brand,
                record.held_under,
                account_id,
                line.kind,
                line.id,
                line.name,
                was=line.budget,
                becomes=half,
            )
            for line in lines
            if line.budget is not None and (half := _half(line, about)) is not None
        ]

    def _do(self, thing: Held, why: str) -> None:
        step: Step = Pause(thing.kind, thing.object_id, why, cause=Cause.ALARM)
        if thing.becomes is not None:
            step = SetBudget(thing.kind, thing.object_id, thing.becomes, why, seen=thing.was, cause=Cause.ALARM)
        self.actions.stops.mark(thing, *self._outcome(thing, step, "paused", "to_pause"))

    def _end(self, record: AlarmRecord, gone: str) -> None:
        """Failures are retried."""
        for thing in self.actions.stops.held(record.held_under, "paused", "to_pause"):
            if thing.state == "to_pause":
                self.actions.stops.mark(thing, "left", "the alarm was over before it could be paused")
            else:
                self._put_back(thing)
        if not self.actions.stops.held(record.held_under, "paused"):
            self.actions.alarms.end(record, gone)

    def _put_back(self, thing: Held) -> None:
        step: Step = Resume(thing.kind, thing.object_id, "what had paused it is over")
        if thing.becomes is not None and thing.was is not None:
            step = SetBudget(thing.kind, thing.object_id, thing.was, "the desk keeps up again", seen=thing.becomes)
        self.actions.stops.mark(thing, *self._outcome(thing, step, "put_back", "paused"))

    def _outcome(self, thing: Held, step: Step, good: HeldState, bad: HeldState) -> tuple[HeldState, str]:
        """A person's own changes stay."""
        try:
            outcome = self.actions.guarded(thing, step, GUARD)
        except AdsFault as fault:
            return bad, str(fault)
        for _step, refused in outcome.refused:
            return ("left" if _settled(refused) else bad), str(refused)
        return (good, "") if outcome.done else (bad, str(outcome.fault or "the account has not answered"))

    def release(self, alarm: AlarmRecord, by: Actor) -> None:
        """By a person. Raises NotAllowed."""
        if by.role not in ("staff", "admin"):
            raise NotAllowed("Alarms are ended by staff and admins.")
        self._end(alarm, f"The alarm was ended by a person: {alarm.sentence}")


def _without_chats(line: LineToday) -> Alarm | None:
    if line.chats != 0 or line.usual_chat_cost is None or line.usual_chat_cost.amount <= 0:
        return None
    expected = line.spend.amount / line.usual_chat_cost.amount
    if expected < CHATS_EXPECTED:
        return None
    return Alarm(
        f"“{line.target.name}” spent {amount_text(line.spend)} today without one chat, where a chat usually costs"
        f" {amount_text(line.usual_chat_cost)}: it was paused. Try its link, then resume it.",
        "pause",
        (line.target,),
    )


def _sold_out(sku: str, lines: Sequence[LineToday], stock: Mapping[str, int]) -> Alarm | None:
    targets = tuple(line.target for line in lines if line.sku == sku)
    if stock[sku] > 0 or not targets:
        return None
    names = ", ".join(f"“{target.name}”" for target in targets)
    return Alarm(f"{sku} is sold out, and its ads were paused: {names}.", "pause", targets, ends_itself=True)


def _half(line: Thing, about: AdAccount) -> Money | None:
    """None where the minimum allows no cut."""
    assert line.budget is not None, "only what owns a budget is throttled"
    half = Money(max((line.budget.amount / 2), about.min_daily_budget.amount), line.budget.currency).rounded()
    return half if half.amount < line.budget.amount else None


def _settled(refused: ChangeRefused) -> bool:
    """A person has decided otherwise meanwhile; else retry."""
    return isinstance(refused, NothingToDo | UnknownObject | ChangedMeanwhile | NoBudgetHere)
