"""The only way to change an ad account: check the limits, write it down, do it, write down what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from bot.ads.changes.creation import Creation, Interrupted, again, parts_of, token_in
from bot.ads.changes.exposure import NOTHING, Picture, Thing, highest, raised
from bot.ads.changes.plan import (
    AGENT,
    Actor,
    ActorRole,
    Archive,
    Launch,
    Pause,
    Resume,
    SetBudget,
    Step,
    from_json,
    name_of,
    to_json,
    told,
)
from bot.ads.changes.refusals import (
    AccountBusy,
    CannotUndo,
    ChangedMeanwhile,
    Frozen,
    NeedsApproval,
    NoLimits,
    NotAllowed,
    NothingToDo,
    OverCap,
    Refused,
    Stopped,
    TooOften,
    UnknownAccount,
)
from bot.ads.changes.spend_limits import AccountLimits, SpendLimits
from bot.ads.changes.step_effects import (
    STATUS,
    applied,
    applied_change,
    bound,
    changed_meanwhile,
    check_amount,
    key_of,
    lowers,
    planned_with,
    refuse_if_already,
    shown_of,
    summary_of,
    was_lowering,
    where,
)
from bot.ads.platform import Account, AccountBlocked, Accounts, AdsFault, OutcomeUnknown, RequestWrong
from bot.language.money import Money
from memory.ads.ad_account import AdAccount, Kind, Structure
from memory.ads.emergency_stop import Alarms, Held, Stops
from memory.audit_log.account_changes import AccountHeld, AccountLeases, Cause, Change, Changes, Intention
from memory.audit_log.approvals import Approval, Approvals
from memory.audit_log.creation_intents import Intents, LaunchRecord
from memory.storage.database import Database
from memory.storage.timestamps import Clock

LEASE = timedelta(minutes=3)  # longer than any one request to a platform takes, all its waiting included
LATE = timedelta(minutes=10)  # what was asked for and not answered may still be done so long after
GIVE_UP = timedelta(hours=24)  # a launch that could not be finished for so long is taken away
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan. A change may be done, refused by the platform, not done, or still open."""

    changes: tuple[Change, ...] = ()
    refused: tuple[tuple[Step, Refused], ...] = ()
    waiting: Approval | None = None
    fault: AdsFault | None = None  # what ended it early; the steps after it were not begun

    @property
    def done(self) -> tuple[Change, ...]:
        """What is certain to be done."""
        return tuple(change for change in self.changes if change.state == "done")


@dataclass(slots=True)
class _Turn:
    """One process's turn at one account: what it saw, and what it has changed since."""

    account: Account
    brand: str
    structure: Structure
    picture: Picture
    token: str
    fault: AdsFault | None = None

    @property
    def about(self) -> AdAccount:
        return self.structure.account

    @property
    def at(self) -> datetime:
        return self.structure.seen_at

    @property
    def day(self) -> date:
        return self.day_of(self.at)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.about.time_zone)).date()


@dataclass(frozen=True, slots=True)
class _Order:
    """A step, and on whose word it is done."""

    step: Step
    by: Actor
    key: str | None = None
    approval_id: int | None = None
    undoes_id: int | None = None
    ordered: bool = False  # an admin has ordered exactly this, or it puts back what an alarm did: no further approval
    releases: str = ""  # what held it so far: an alarm that is over


_Seen = tuple[Thing, datetime, str]  # what it was, at which moment of the account, in which currency


@dataclass
class AccountActions:
    """Changes ad accounts, for the cycle, the guards and staff alike.

    `clock` is the one on the wall; days and hours of an account are those of its structure's `seen_at`. `pause`
    waits some seconds. Methods raise `Refused` with a sentence where nothing was done, `AdsFault` where the account
    could not be asked at all, and give back the change where something was tried.
    """

    db: Database
    clock: Clock
    accounts: Accounts
    limits: AccountLimits
    pause_for: Callable[[float], None]
    lease: timedelta = LEASE
    changes: Changes = field(init=False)
    approvals: Approvals = field(init=False)
    intents: Intents = field(init=False)
    stops: Stops = field(init=False)
    alarms: Alarms = field(init=False)

    def __post_init__(self) -> None:
        self.changes = Changes(self.db, self.clock)
        self.approvals = Approvals(self.db, self.clock)
        self.intents = Intents(self.db, self.clock)
        self.stops = Stops(self.db, self.clock)
        self.alarms = Alarms(self.db, self.clock)
        self._leases = AccountLeases(self.db, self.clock, self.lease)
        self._creation = Creation(self.intents, self.pause_for)

    # -- one thing

    def set_budget(
        self, brand: str, account_id: str, kind: Kind, object_id: str, amount: Money, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        """Set the daily budget of a campaign or ad set that owns one."""
        step = SetBudget(kind, object_id, amount, why, readings=readings)
        return self._one(brand, account_id, step, by, key)

    def pause(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None, cause: Cause | None = None,
    ) -> Change:  # fmt: skip
        """Pause it at once: no cap, approval, stop or other process is in the way."""
        return self._one(brand, account_id, Pause(kind, object_id, why, readings, cause), by, key)

    def resume(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        """Let it run again; counts as a raise by what it may spend a day."""
        return self._one(brand, account_id, Resume(kind, object_id, why, readings), by, key)

    def archive(
        self, brand: str, account_id: str, kind: Kind, object_id: str, by: Actor, why: str, *,
        readings: tuple[int, ...] = (), key: str | None = None,
    ) -> Change:  # fmt: skip
        """Take it away for good."""
        return self._one(brand, account_id, Archive(kind, object_id, why, readings), by, key)

    def launch(self, brand: str, account_id: str, launch: Launch, by: Actor, *, key: str | None = None) -> Change:
        """Make a campaign with its ad sets and ads, and publish it as a whole; the change names the campaign."""
        return self._one(brand, account_id, launch, by, key)

    # -- a plan

    def carry_out(
        self, brand: str, account_id: str, steps: Sequence[Step], by: Actor, *,
        key: str | None = None, asked_of: str | None = None,
    ) -> Outcome:  # fmt: skip
        """Do a plan: pauses first, then what lowers, then the rest in its order; what needs a yes becomes one approval.

        With a `key` the same plan may be handed in again after a crash: what was done is not done twice, what was
        left open is settled. `asked_of`: the admin who is to approve; None: whoever is asked first.
        """
        self._check_role(by)
        orders = [_Order(step, by, key_of(key, step)) for step in steps]
        return self._carry_out(brand, account_id, orders, asked_of=asked_of, key=key)

    # -- approvals

    def approve(self, brand: str, number: int, by: Actor) -> Outcome:
        """The yes of the admin who was asked; the plan is done at once. Raises CannotApprove or Refused."""
        self._check_admin(by, "approve")
        approval = self.approvals.check(brand, number, by.who)
        with self._turn(brand, approval.account_id) as turn:
            self._check_unchanged(turn, approval)
            return self._do_approved(turn, self.approvals.approve(brand, number, by.who))

    def reject(self, brand: str, number: int, by: Actor, reason: str) -> Approval:
        """The no of the admin who was asked. Raises CannotApprove or Refused."""
        self._check_admin(by, "reject")
        return self.approvals.reject(brand, number, by.who, reason)

    # -- afterwards

    def undo(self, brand: str, by: Actor, change_id: int | None = None) -> Change:
        """Put back the last change, or this one; goes through the same limits. Raises CannotUndo, UnknownChange."""
        self._check_role(by)
        change = self.changes.last_to_undo(brand) if change_id is None else self.changes.get(brand, change_id)
        if change is None:
            raise CannotUndo("There is nothing to undo.")
        step = self._reverse(change)
        outcome = self._carry_out(brand, change.account_id, [_Order(step, by, undoes_id=change.id)])
        return _only(outcome)

    def recover(self, brand: str, account_id: str) -> list[Change]:
        """Settle what a killed process left open: looked up, finished or given up, never done twice.

        What may still come in late stays open, and counts as if it had. Gives back what was settled. Where nothing
        is open the account is not asked.
        """
        if not self.changes.open_in(account_id) and not self.approvals.begun(account_id):
            return []
        with self._turn(brand, account_id) as turn:
            settled = self._settle_open(turn)
            for approval in self.approvals.begun(account_id):
                self._do_approved(turn, approval)
            return settled

    def sweep(self, brand: str, account_id: str) -> list[str]:
        """Each night: look for things that carry a token and should not be there; sentences for staff.

        Paused doubles and leftovers of launches that were taken away are archived; what is unknown, or switched on,
        is named and left alone.
        """
        with self._turn(brand, account_id) as turn:
            self.changes.forget_peaks(turn.about.id, turn.day - timedelta(days=2))
            return self._sweep(turn)

    def room(self, brand: str, account_id: str) -> Money:
        """How much daily budgets may be raised today, all together, before the cap is in the way."""
        turn = self._look(brand, account_id, "")
        limits = self.limits.limits_of(turn.about)
        used = sum(self._worst(turn).values(), NOTHING)
        return Money(max(limits.most_planned.amount - used, NOTHING), turn.about.currency)

    def pause_held(self, thing: Held, why: str, by: Actor) -> Change:
        """Pause what a stop holds: it was seen running, and is not read again before."""
        step = Pause(thing.kind, thing.object_id, why, cause=Cause.EMERGENCY_STOP)
        seen = (Thing(thing.kind, thing.object_id, thing.name, "active", None), self.clock(), NO_CURRENCY)
        account = self._account(thing.brand, thing.account_id)
        return self._pause(account, thing.brand, thing.account_id, seen, _Order(step, by))[0]

    def resume_as_ordered(self, brand: str, account_id: str, things: Sequence[Resume], by: Actor) -> Outcome:
        """Let these run again because an admin has ordered exactly that.

        No approval is needed, they were running before; the cap holds all the same. Raises NotAllowed.
        """
        self._check_admin(by, "order that")
        return self._carry_out(brand, account_id, [_Order(step, by, ordered=True) for step in things])

    def running(self, brand: str, account_id: str) -> tuple[list[Thing], bool]:
        """The campaigns that are switched on, and whether that was read now; else as they were seen last."""
        seen = self._glimpse(brand, account_id)
        if seen is not None:
            return seen.picture.running(), True
        known = self.stops.seen_running(account_id)
        return [Thing("campaign", object_id, name, "active", None) for object_id, name in known.items()], False

    def lines(self, brand: str, account_id: str) -> tuple[AdAccount, list[Thing]]:
        """The account, and what owns a budget in it that is being spent now."""
        turn = self._look(brand, account_id, "")
        planned = turn.picture.planned()
        return turn.about, [thing for thing in turn.picture.everything() if thing.id in planned]

    def guarded(self, thing: Held, step: Step, by: Actor) -> Outcome:
        """What an alarm does, or puts back when it is over; putting back needs no approval, the cap holds."""
        order = _Order(step, by, ordered=True, releases=thing.cause)
        return self._carry_out(thing.brand, thing.account_id, [order])

    # -- how a plan is done

    def _one(self, brand: str, account_id: str, step: Step, by: Actor, key: str | None) -> Change:
        self._check_role(by)
        return _only(self._carry_out(brand, account_id, [_Order(step, by, key)], key=key))

    def _carry_out(
        self, brand: str, account_id: str, orders: Sequence[_Order], *,
        asked_of: str | None = None, key: str | None = None,
    ) -> Outcome:  # fmt: skip
        tally = _Tally()
        self._pause_all(brand, account_id, [o for o in orders if isinstance(o.step, Pause)], tally)
        rest = [order for order in orders if not isinstance(order.step, Pause)]
        if rest:
            try:
                with self._turn(brand, account_id) as turn:
                    self._settle_open(turn)
                    self._work(turn, rest, tally)
                    self._propose(turn, tally, asked_of, key)
            except AccountBusy as busy:
                tally.refused += [(order.step, busy) for order in tally.unseen(rest)]
        return tally.outcome()

    def _work(self, turn: _Turn, orders: Sequence[_Order], tally: _Tally) -> None:
        for order in sorted(orders, key=lambda order: not lowers(turn.picture, order.step)):
            if turn.fault is not None:
                break
            try:
                tally.changes.append(self._do(turn, order))
            except _NeedsYes:
                tally.to_ask.append(order)
            except Refused as refused:
                tally.refused.append((order.step, refused))
            tally.begun.append(order)
        tally.fault = turn.fault

    def _do(self, turn: _Turn, order: _Order) -> Change:
        known = self.changes.by_key(order.key) if order.key else None
        if known is not None and (known.state not in ("open", "not_done") or known.what == "launch"):
            return known
        limits = self.limits.limits_of(turn.about)
        meant = self._intention(turn, order)
        if not lowers(turn.picture, order.step):
            self._keep_spend_rule(turn, limits)
        change = self._write_down(turn, order, meant, limits, known)
        if isinstance(order.step, Launch):
            return self._finish_launch(turn, change)
        change, turn.fault = self._ask(turn.account, change, certain=known is None or known.state == "not_done")
        if change.state == "done":
            turn.picture = applied(turn.picture, order.step)
            self._note_looked_at(turn, order)
        return change

    def _write_down(
        self, turn: _Turn, order: _Order, meant: Intention, limits: SpendLimits, known: Change | None
    ) -> Change:
        with self.db.transaction(durable=True):
            self.db.hold(f"ads of {turn.brand}")
            self._leases.renew(turn.about.id, turn.token)
            if not lowers(turn.picture, order.step):
                self._check_stop(turn.brand)
                self._check_alarms(turn, order)
                self._check_cap(turn, order.step, limits)
                self._check_threshold(turn, meant, limits)
            if not isinstance(order.step, Launch):  # its lines have no ids yet; under way, they count all the same
                worst = turn.picture.at_worst(self.changes.open_in(turn.about.id))
                self.changes.note_peak(turn.about.id, turn.day, planned_with(worst, order.step))
            if known is not None:
                self.changes.ask_again(known.id, turn.at)
                return known
            change = self.changes.intend(meant)
            if isinstance(order.step, Launch):
                self.intents.plan(turn.brand, turn.about.id, change.id, order.step.name, parts_of(order.step))
            return change

    def _ask(self, account: Account, change: Change, *, certain: bool) -> tuple[Change, AdsFault | None]:
        """`certain`: it was not asked for before, so that after a refusal it is not done."""
        ends: AdsFault | None = None
        try:
            again(lambda: _tell(account, change), self.pause_for)
            self.changes.settle(change.id, "done")
        except OutcomeUnknown as fault:
            ends = fault
        except AdsFault as fault:
            ends = None if isinstance(fault, RequestWrong) else fault
            if certain or (ends is None and was_lowering(change)):
                self.changes.settle(change.id, "not_done" if ends else "refused", str(fault))
        return self.changes.get(change.brand, change.id), ends

    # -- pausing

    def _pause_all(self, brand: str, account_id: str, orders: Sequence[_Order], tally: _Tally) -> None:
        if not orders:
            return
        account = self._account(brand, account_id)
        glimpse = self._glimpse(brand, account_id)
        for order in orders:
            try:
                seen = None if glimpse is None else _seen(glimpse, order.step)
                change, fault = self._pause(account, brand, account_id, seen, order)
            except Refused as refused:
                tally.refused.append((order.step, refused))
            else:
                tally.changes.append(change)
                tally.fault = tally.fault or fault

    def _glimpse(self, brand: str, account_id: str) -> _Turn | None:
        """The account as it is shown; None where it can't be read now, which must not keep anything running."""
        try:
            seen = self._look(brand, account_id, "")
        except AdsFault:
            return None
        self._notice(seen)
        return seen

    def _pause(
        self, account: Account, brand: str, account_id: str, seen: _Seen | None, order: _Order
    ) -> tuple[Change, AdsFault | None]:
        known = self.changes.by_key(order.key) if order.key else None
        if known is not None and known.state == "done":
            return known, None
        if known is not None:
            self.changes.ask_again(known.id, known.account_at)
            return self._ask(account, known, certain=False)
        meant = self._pause_meant(brand, account_id, seen, order)
        with self.db.transaction(durable=True):
            change = self.changes.intend(meant)
        return self._ask(account, change, certain=True)

    def _pause_meant(self, brand: str, account_id: str, seen: _Seen | None, order: _Order) -> Intention:
        assert isinstance(order.step, Pause)
        step = order.step
        name, was, at, currency = step.object_id, UNKNOWN, self.clock(), NO_CURRENCY
        if seen is not None:
            thing, at, currency = seen
            refuse_if_already(thing, "paused")
            name, was = thing.name, thing.status
        return Intention(
            brand, account_id, order.by.who, order.by.role, step.why, "pause", step.kind, step.object_id, name,
            was, "paused", Money(NOTHING, currency), at, step.readings, order.approval_id, order.undoes_id, order.key,
            step.cause,
        )  # fmt: skip

    # -- launching

    def _finish_launch(self, turn: _Turn, change: Change) -> Change:
        """Make what is still to be made, publish it; or take it away where it may not, or can't, be."""
        launch = self.intents.of_change(change.id)
        try:
            self._make_and_publish(turn, launch)
        except Interrupted as why:
            self._drop(turn, launch, str(why))
        except (RequestWrong, AccountBlocked) as fault:
            self._drop(turn, launch, str(fault))
            turn.fault = fault if isinstance(fault, AccountBlocked) else None
        except AdsFault as fault:  # nothing of it delivers; it is gone on with by `recover`
            turn.fault = fault
        return self.changes.get(change.brand, change.id)

    def _make_and_publish(self, turn: _Turn, launch: LaunchRecord) -> None:
        if self.clock() - launch.at > GIVE_UP:
            raise Interrupted("it could not be finished for a day")
        ids = self._creation.make(turn.account, launch, lambda: self._check_may_go_on(turn))
        self.changes.name_object(launch.change_id, ids["campaign"])
        with self.db.transaction():
            self.intents.publish(launch.id)
            self.changes.note_peak(turn.about.id, turn.day, self._launching(turn.about.id))
        self._creation.publish(turn.account, launch, lambda: self._check_may_go_on(turn))
        with self.db.transaction():
            self.intents.finish(launch.id, "live")
            self.changes.settle(launch.change_id, "done")

    def _check_may_go_on(self, turn: _Turn) -> None:
        """Before each request of a launch: it is still our turn, nothing was stopped, and the cap still holds."""
        with self.db.transaction():
            self.db.hold(f"ads of {turn.brand}")
            self._leases.renew(turn.about.id, turn.token)
            try:
                self._check_stop(turn.brand)
                self._check_cap(turn, None, self.limits.limits_of(turn.about))
            except Refused as refused:
                raise Interrupted(str(refused)) from refused

    def _drop(self, turn: _Turn, launch: LaunchRecord, why: str) -> None:
        try:
            self._creation.take_away(turn.account, launch)
        except AdsFault as fault:
            self.alarms.say(
                turn.brand,
                f"launch {launch.id} stuck",
                f"“{launch.name}” was not launched ({why}), and what was made of it can't be taken away yet ({fault});"
                f" it is tried again. Look at it in {turn.account.rules.pages}.",
            )
            return
        with self.db.transaction():
            self.intents.finish(launch.id, "dropped", why)
            self.changes.settle(launch.change_id, "not_done", why)
            told_why = (
                f"“{launch.name}” was not launched: {why} What had been made of it, never switched on, was archived."
            )
            self.alarms.say(turn.brand, f"launch {launch.id}", told_why)

    # -- undoing

    def _reverse(self, change: Change) -> Step:
        if change.state != "done":
            raise CannotUndo(f"Change {change.id} was not done, so there is nothing to put back.")
        by = self.changes.undone_by(change.id)
        if by is not None:
            raise CannotUndo(f"Change {change.id} was put back already, by change {by}.")
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

    # -- what was left open

    def _settle_open(self, turn: _Turn) -> list[Change]:
        settled = []
        for change in self.changes.open_in(turn.about.id):
            if turn.fault is not None:
                break
            now = self._finish_launch(turn, change) if change.what == "launch" else self._settle(turn, change)
            settled += [now] if now.state != "open" else []
        return settled

    def _settle(self, turn: _Turn, change: Change) -> Change:
        shown = shown_of(turn.picture, change)
        if shown == change.becomes:
            self.changes.settle(change.id, "done")
        elif shown is None:
            self.changes.settle(change.id, "overtaken", "it is not there any more")
        elif was_lowering(change) and shown in (change.was, "active"):
            return self._lower_again(turn, change)
        elif change.asked_at + LATE <= self.clock() and shown == change.was:
            self.changes.settle(change.id, "not_done", "it never reached the account")
        elif change.asked_at + LATE <= self.clock():
            self.changes.settle(change.id, "overtaken", f"it is {shown} now")
        return self.changes.get(change.brand, change.id)

    def _lower_again(self, turn: _Turn, change: Change) -> Change:
        settled, turn.fault = self._ask(turn.account, change, certain=False)
        if settled.state == "done":
            turn.picture = applied_change(turn.picture, change)
        return settled

    def _sweep(self, turn: _Turn) -> list[str]:
        known = self.intents.tokens(turn.about.id)
        live = {launch.id for launch in self.intents.open_in(turn.about.id)}
        said = []
        for thing in turn.picture.everything():
            intent = known.get(token_in(thing.name) or "")
            if token_in(thing.name) is None or (intent is not None and intent.launch_id in live):
                continue
            if intent is None or intent.state != "made" or intent.object_id != thing.id:
                said.append(self._leftover(turn, thing, ours=intent is not None))
        for sentence in said:
            self.alarms.say(turn.brand, f"sweep {turn.about.id} {sentence}", sentence)
        return said

    def _leftover(self, turn: _Turn, thing: Thing, *, ours: bool) -> str:
        what = f"{thing.kind.replace('_', ' ')} “{thing.name}” ({thing.id})"
        if not ours or thing.status != "paused":
            return f"The {what} in {turn.about.name} is in no list of ours; look at it in {turn.account.rules.pages}."
        try:
            self._do(turn, _Order(Archive(thing.kind, thing.id, "left over from a launch"), AGENT))
        except Refused as refused:
            return f"The {what} is left over from a launch and could not be archived: {refused}"
        return f"The {what} was left over from a launch, paused, and was archived."

    # -- approvals

    def _propose(self, turn: _Turn, tally: _Tally, asked_of: str | None, key: str | None) -> None:
        """One question for all steps that need a yes; the same plan asks once, and takes a no as the answer."""
        if not tally.to_ask:
            return
        steps = [bound(turn.picture, order.step) for order in tally.to_ask]
        by, undoes_id = tally.to_ask[0].by, tally.to_ask[0].undoes_id
        approval = self.approvals.propose(
            turn.brand, turn.about.id, to_json(steps), summary_of(turn.about, turn.picture, steps), by=by.who, role=by.role,
            asked_of=asked_of, key=key, undoes_id=undoes_id,
        )  # fmt: skip
        over = self.approvals.over(approval)
        if over is None:
            tally.waiting = approval
        else:
            tally.refused += [(step, Refused(over)) for step in steps]

    def _check_unchanged(self, turn: _Turn, approval: Approval) -> None:
        for step in from_json(approval.plan):
            if isinstance(step, SetBudget) and step.seen is not None:
                _name, budget = turn.picture.owner(step.kind, step.object_id)
                if budget != step.seen:
                    self.approvals.finish(approval.id, "stale")
                    raise ChangedMeanwhile(
                        changed_meanwhile(turn.picture.thing(step.kind, step.object_id), step.seen, budget)
                    )

    def _do_approved(self, turn: _Turn, approval: Approval) -> Outcome:
        by, tally = Actor(approval.proposed_by, role_of(approval.role)), _Tally()
        orders = [
            _Order(step, by, f"approval {approval.id} {number}", approval.id, approval.undoes_id)
            for number, step in enumerate(from_json(approval.plan))
        ]
        self._work(turn, orders, tally)
        outcome = tally.outcome()
        if outcome.fault is None and all(change.state not in ("open", "not_done") for change in outcome.changes):
            self.approvals.finish(approval.id, "used")
        elif approval.expires_at <= self.clock():
            self.approvals.finish(approval.id, "stale", "it could not be carried out in time")
        return outcome

    # -- the checks

    def _check_role(self, by: Actor) -> None:
        if by.role == "analyst":
            raise NotAllowed("An analyst reads figures; changes are made by staff and admins.")

    def _check_admin(self, by: Actor, what: str) -> None:
        if by.role != "admin":
            raise NotAllowed(f"Only an admin can {what}.")

    def _check_stop(self, brand: str) -> None:
        if self.stops.in_force(brand) is not None:
            raise Stopped(
                "Everything is stopped; nothing is raised, resumed or launched until an admin writes “resume”."
            )

    def _check_alarms(self, turn: _Turn, order: _Order) -> None:
        if order.by.role != "agent":
            return
        on = [alarm for alarm in self.alarms.all_on(turn.brand) if alarm.held_under != order.releases]
        holding = {held.cause for held in self.stops.holding(turn.about.id, where(order.step)[1])}
        for alarm in on:
            if turn.about.id in alarm.freezes or alarm.held_under in holding:
                raise Frozen(f"Not while this lasts: {alarm.sentence}")

    def _note_looked_at(self, turn: _Turn, order: _Order) -> None:
        """A person who lets something run again has seen the alarm: it is theirs now."""
        if order.by.role == "agent" or not isinstance(order.step, Resume):
            return
        on = {alarm.held_under: alarm for alarm in self.alarms.all_on(turn.brand)}
        for held in self.stops.holding(turn.about.id, order.step.object_id):
            self.stops.mark(held, "left", "resumed by a person")
            if held.cause in on and not on[held.cause].ends_itself:
                self.alarms.end(on[held.cause], f"“{held.name}” was resumed by a person: the alarm is over.")

    def _check_cap(self, turn: _Turn, step: Step | None, limits: SpendLimits) -> None:
        worst = sum(self._worst(turn, step).values(), NOTHING) * limits.worst_day
        if worst > limits.daily_cap.amount:
            cost = told(Money(worst, turn.about.currency))
            raise OverCap(
                f"The worst day of {turn.about.name} would cost {cost}, its cap is {told(limits.daily_cap)}. (A day may"
                f" cost {(limits.worst_day - 1) * 100:.0f} % more than planned, and what was lowered today counts until"
                " midnight.)"
            )

    def _check_threshold(self, turn: _Turn, meant: Intention, limits: SpendLimits) -> None:
        already = self.changes.raised_since(turn.about.id, turn.at - DAY)
        if meant.raises.amount > 0 and already + meant.raises.amount > limits.approval_above.amount:
            raise _NeedsYes

    def _worst(self, turn: _Turn, step: Step | None = None) -> dict[str, Decimal]:
        """The most that each line may have planned on this day: as shown, under way anywhere, or lowered since."""
        worst = turn.picture.at_worst(self.changes.open_in(turn.about.id))
        return highest(
            worst.planned(),
            planned_with(worst, step) if step is not None else {},
            self._launching(turn.about.id),
            self.changes.peaks(turn.about.id, turn.day),
            self.changes.peaks(turn.about.id, turn.day_of(turn.at - LATE)),  # may yet come in after midnight
        )

    def _launching(self, account_id: str) -> dict[str, Decimal]:
        """What the launches under way will have planned."""
        parts = [part for launch in self.intents.open_in(account_id) for part in self.intents.parts(launch.id)]
        return {
            part.object_id or part.token: Decimal(part.body["daily_budget"][0])
            for part in parts
            if part.kind == "ad_set"
        }

    def _keep_spend_rule(self, turn: _Turn, limits: SpendLimits) -> None:
        """Have the platform itself pause the account above the cap, should this program be dead by then."""
        if self.changes.spend_rule(turn.about.id) != limits.daily_cap.amount:
            rule_id = turn.account.guard_spend(limits.daily_cap)
            self.changes.note_spend_rule(turn.about.id, limits.daily_cap, rule_id)

    # -- what is meant

    def _intention(self, turn: _Turn, order: _Order) -> Intention:
        step, kind, object_id = order.step, *where(order.step)
        name, was, becomes = self._from_to(turn, step)
        grows = raised(turn.picture.planned(), planned_with(turn.picture, step))
        covered = order.ordered or order.approval_id is not None
        return Intention(
            turn.brand, turn.about.id, order.by.who, order.by.role, step.why, name_of(step), kind, object_id, name, was,
            becomes, Money(NOTHING if covered else grows, turn.about.currency), turn.at, step.readings,
            order.approval_id, order.undoes_id, order.key, step.cause if isinstance(step, SetBudget | Resume) else None,
        )  # fmt: skip

    def _from_to(self, turn: _Turn, step: Step) -> tuple[str, str, str]:
        """Name, from and to; a step that can't be done as it stands is refused here."""
        if isinstance(step, Launch):
            if not step.audiences:
                raise NothingToDo(f"“{step.name}” has no ad set to launch; give it an audience with a budget.")
            for audience in step.audiences:
                check_amount(turn.about, audience.daily_budget)
            return step.name, "", str(step.planned.amount)
        if isinstance(step, SetBudget):
            return self._budget_from_to(turn, step)
        thing = turn.picture.thing(step.kind, step.object_id)
        becomes = "active" if isinstance(step, Resume) else "archived"
        refuse_if_already(thing, becomes)
        return thing.name, thing.status, becomes

    def _budget_from_to(self, turn: _Turn, step: SetBudget) -> tuple[str, str, str]:
        check_amount(turn.about, step.amount)
        thing, budget = turn.picture.owner(step.kind, step.object_id)
        if step.seen is not None and step.seen != budget:
            raise ChangedMeanwhile(changed_meanwhile(thing, step.seen, budget))
        if budget == step.amount:
            raise NothingToDo(f"“{thing.name}” has {told(budget)} a day already.")
        hour = turn.at - timedelta(hours=1)
        most = turn.account.rules.budget_changes_an_hour
        if self.changes.budgets_set_since(turn.about.id, thing.id, hour) >= most:
            raise TooOften(f"The budget of “{thing.name}” was set {most} times this hour; try later.")
        return thing.name, str(budget.amount), str(step.amount.amount)

    # -- a turn at an account

    @contextmanager
    def _turn(self, brand: str, account_id: str) -> Iterator[_Turn]:
        token = secrets.token_hex(8)
        try:
            self._leases.take(account_id, token)
            try:
                turn = self._look(brand, account_id, token)
                self._notice(turn)
                yield turn
            finally:
                self._leases.give_back(account_id, token)
        except AccountHeld as held:
            raise AccountBusy(str(held)) from held

    def _look(self, brand: str, account_id: str, token: str) -> _Turn:
        account = self._account(brand, account_id)
        structure = account.structure()
        return _Turn(account, brand, structure, Picture.of(structure), token)

    def _notice(self, turn: _Turn) -> None:
        """What runs today counts today, whoever lowers it later; and a person's budgets above the cap are told."""
        planned = turn.picture.planned()
        with self.db.transaction():
            self.changes.note_peak(turn.about.id, turn.day, planned)
            self.stops.note_running(turn.about.id, {each.id: each.name for each in turn.picture.running()})
        try:
            limits = self.limits.limits_of(turn.about)
        except NoLimits:
            return
        worst = Money(sum(planned.values(), NOTHING) * limits.worst_day, turn.about.currency)
        if worst.amount > limits.daily_cap.amount:
            self.alarms.say(
                turn.brand,
                f"cap {turn.about.id} {turn.day}",
                f"The budgets in {turn.about.name} allow a day of {told(worst)}, above the cap of"
                f" {told(limits.daily_cap)}. Nothing is raised there until they are lowered, or the cap is.",
            )

    def _account(self, brand: str, account_id: str) -> Account:
        account = self.accounts.get(brand, {}).get(account_id)
        if account is None:
            raise UnknownAccount(f"{brand} has no ad account {account_id}.")
        return account


@dataclass(slots=True)
class _Tally:
    """An outcome while it is being made."""

    changes: list[Change] = field(default_factory=list)
    refused: list[tuple[Step, Refused]] = field(default_factory=list)
    to_ask: list[_Order] = field(default_factory=list)
    begun: list[_Order] = field(default_factory=list)
    waiting: Approval | None = None
    fault: AdsFault | None = None

    def unseen(self, orders: Sequence[_Order]) -> list[_Order]:
        return [order for order in orders if order not in self.begun]

    def outcome(self) -> Outcome:
        return Outcome(tuple(self.changes), tuple(self.refused), self.waiting, self.fault)


class _NeedsYes(Exception):
    """This step is for a person to decide."""


def role_of(stored: str) -> ActorRole:
    """A role as it was written down."""
    return cast(ActorRole, stored)


def _only(outcome: Outcome) -> Change:
    if outcome.waiting is not None:
        raise NeedsApproval(outcome.waiting)
    for _step, refused in outcome.refused:
        raise refused
    if not outcome.changes and outcome.fault is not None:
        raise outcome.fault
    return outcome.changes[0]


def _tell(account: Account, change: Change) -> None:
    if change.what == "set_budget":
        amount = Money(Decimal(change.becomes), change.raises.currency)
        account.set_budget(change.kind, change.object_id, amount)
    else:
        account.set_status(change.kind, change.object_id, STATUS[change.what])


def _seen(turn: _Turn, step: Step) -> _Seen:
    return turn.picture.thing(*where(step)), turn.at, turn.about.currency


NO_CURRENCY = "XXX"  # ISO's code for none
UNKNOWN = "unknown"  # what it was before, where the account could not be read
