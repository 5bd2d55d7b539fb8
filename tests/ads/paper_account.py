"""An in-memory ad account with the platform's rules, lost answers, delayed reads and spend counts."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.ads.changes.plans.account_state import AccountState, raised
from bot.ads.platform import AdsFault, OutcomeUnknown, PlatformRules, RequestWrong, named
from bot.language.money import Money
from memory.ads.ad_account import (
    AccountFinding,
    Activity,
    Ad,
    AdAccount,
    AdInsight,
    AdSet,
    AdStatus,
    BusinessEvent,
    Campaign,
    Comment,
    Creative,
    EventOutcome,
    Kind,
    New,
    NewAdSet,
    NewCampaign,
    NewCreative,
    Structure,
)

Things = Campaign | AdSet | Creative | Ad
RULES = PlatformRules(worst_day=Decimal("1.75"), budget_changes_an_hour=4, pages="the paper account")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class PaperAccount:
    """`losing`: share of lost answers. `lag`: later requests until a read shows a create."""

    id: str = "act_1"
    currency: str = "INR"
    clock: Callable[[], datetime] = lambda: NOON
    losing: float = 0.0
    lag: int = 0
    practice: bool = False
    seed: int = 0
    things: dict[str, Things] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, object, to
    faults: list[tuple[str, AdsFault]] = field(default_factory=list)  # the next call of this method fails so
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)  # on their way; nobody waits for them
    hold_back: int = 0  # so many of the next writes get lost on their way, and come in later
    before_write: list[Callable[[], None]] = field(default_factory=list)  # happens while the next write is on its way
    after_write: list[Callable[[], None]] = field(default_factory=list)  # happens once the next write is done
    grown: list[tuple[datetime, Decimal]] = field(default_factory=list)  # by how much planned spend grew, and when
    spend_rules: list[Money] = field(default_factory=list)
    most_in_a_day: dict[date, dict[str, Decimal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._chance = random.Random(self.seed)
        self._lock = threading.RLock()
        self._shown_from: dict[str, int] = {}
        self._requests = 0
        self._last: dict[str, Decimal] = {}

    # -- a person in Ads Manager, whom nobody asks for limits

    def campaign(self, name: str = "Summer", budget: str | None = None, status: AdStatus = "active") -> str:
        money = None if budget is None else Money(Decimal(budget), self.currency)
        thing = Campaign(self._id(), self.id, name, "engagement", status, status, money, self.clock())
        return self._put(thing)

    def line(
        self, budget: str, name: str = "Delhi", *, campaign: str | None = None, status: AdStatus = "active"
    ) -> str:
        """An ad set with one running ad, in a running campaign."""
        above = campaign or self.campaign(f"{name}'s campaign")
        money = Money(Decimal(budget), self.currency)
        ad_set = self._put(AdSet(self._id(), self.id, above, name, status, status, money))
        creative = self._put(Creative(self._id(), self.id, name, "", "", "image", None))
        self._put(Ad(self._id(), self.id, ad_set, creative, name, "active", "active"))
        self._count()
        return ad_set

    def budget(self, object_id: str) -> Decimal:
        thing = self.things[object_id]
        assert isinstance(thing, AdSet | Campaign) and thing.daily_budget is not None
        return thing.daily_budget.amount

    def status(self, object_id: str) -> str:
        thing = self.things[object_id]
        assert not isinstance(thing, Creative)
        return thing.status

    def person_sets(self, object_id: str, budget: str) -> None:
        thing = self.things[object_id]
        assert isinstance(thing, AdSet | Campaign)
        self.things[object_id] = replace(thing, daily_budget=Money(Decimal(budget), self.currency))

    def person_switches(self, object_id: str, status: AdStatus) -> None:
        self._switch(object_id, status)

    def arrive(self) -> None:
        """Late requests take effect, or are refused unseen."""
        with self._lock:
            arrived, self.late = self.late, []
            for _sent, request in arrived:
                with suppress(RequestWrong):
                    request()

    # -- the account, as bot.ads.platform has it

    @property
    def rules(self) -> PlatformRules:
        return RULES

    def describe(self) -> AdAccount:
        least = Money(Decimal(40), self.currency)
        return AdAccount(
            self.id, "voyage", "Voyage India", self.currency, "Asia/Kolkata", "active", least, self.practice
        )

    def structure(self) -> Structure:
        with self._lock:
            self._begin("structure", "", "")
            shown = [thing for thing in self.things.values() if self._is_shown(thing)]
            return Structure(
                self.describe(),
                tuple(each for each in shown if isinstance(each, Campaign)),
                tuple(each for each in shown if isinstance(each, AdSet)),
                tuple(each for each in shown if isinstance(each, Creative)),
                tuple(each for each in shown if isinstance(each, Ad)),
                self.clock(),
            )

    def readings(self, since: date, until: date, *, breakdown: str | None = None) -> list[AdInsight]:
        return []

    def activities(self, since: datetime) -> list[Activity]:
        return []

    def comments(self, ad_ids: Sequence[str], since: datetime) -> list[Comment]:
        return []

    def create(self, new: New, token: str) -> str:
        with self._lock:
            self._begin("create", token, new.name)
            made = self._made(new, token)
            self._shown_from[made] = self._requests + self.lag
            self._answer()
            return made

    def find(self, kind: Kind, token: str) -> list[str]:
        with self._lock:
            self._begin("find", token, kind)
            kinds = {"campaign": Campaign, "ad_set": AdSet, "creative": Creative, "ad": Ad}
            return [
                thing.id for thing in self.things.values()
                if isinstance(thing, kinds[kind]) and thing.name.endswith(token) and self._is_shown(thing)
            ]  # fmt: skip

    def set_status(self, kind: Kind, object_id: str, status: AdStatus) -> None:
        self._write("set_status", object_id, status, lambda: self._switch(object_id, status))

    def set_budget(self, kind: Kind, object_id: str, amount: Money) -> None:
        def do() -> None:
            thing = self.things[object_id]
            assert isinstance(thing, AdSet | Campaign)
            if thing.daily_budget is None:
                raise RequestWrong("the budget is held elsewhere")
            self.things[object_id] = replace(thing, daily_budget=amount)
            self._count()

        self._write("set_budget", object_id, str(amount.amount), do)

    def guard_spend(self, most_a_day: Money) -> str:
        self.spend_rules.append(most_a_day)
        return f"rule{len(self.spend_rules)}"

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        return []

    def examine(self) -> list[AccountFinding]:
        return []

    # -- how it keeps its rules

    def planned(self) -> Decimal:
        """Daily budgets of what runs."""
        return sum(self._picture().planned().values(), Decimal(0))

    def worst_day(self) -> Decimal:
        """The most that any day may have cost, by the highest plan of each line on it."""
        return (
            max((sum(day.values(), Decimal(0)) for day in self.most_in_a_day.values()), default=Decimal(0))
            * RULES.worst_day
        )

    def a_new_day(self) -> None:
        self._count()

    def most_grown(self, within: timedelta) -> Decimal:
        """The most by which planned spend grew within `stretch`."""
        ends = [at for at, _amount in self.grown]
        return max((sum((amount for at, amount in self.grown if end - within < at <= end), Decimal(0)) for end in ends),
                   default=Decimal(0))  # fmt: skip

    def _count(self) -> None:
        today = self.most_in_a_day.setdefault(self.clock().astimezone(ZoneInfo("Asia/Kolkata")).date(), {})
        planned = self._picture().planned()
        growth = raised(self._last, planned)
        self.grown += [(self.clock(), growth)] if growth else []
        self._last = planned
        for owner, amount in planned.items():
            today[owner] = max(today.get(owner, Decimal(0)), amount)

    def _picture(self) -> AccountState:
        every = [thing for thing in self.things.values() if isinstance(thing, Creative) or thing.status != "archived"]
        return AccountState.of(
            Structure(
                self.describe(),
                tuple(each for each in every if isinstance(each, Campaign)),
                tuple(each for each in every if isinstance(each, AdSet)),
                (),
                tuple(each for each in every if isinstance(each, Ad)),
                self.clock(),
            )
        )

    def _write(self, method: str, object_id: str, to: str, do: Callable[[], None]) -> None:
        with self._lock:
            self._begin(method, object_id, to)
            if self.before_write:
                self.before_write.pop()()
            if object_id not in self.things:
                raise RequestWrong("there is no such object")
            if self.hold_back:
                self.hold_back -= 1
                self.late.append((self.clock(), do))
                raise OutcomeUnknown("no answer")
            do()
            if self.after_write:
                self.after_write.pop()()
            self._answer()

    def _begin(self, method: str, object_id: str, to: str) -> None:
        self._requests += 1
        self.asked.append((method, object_id, to))
        for fault in self.faults:
            if fault[0] == method:
                self.faults.remove(fault)
                raise fault[1]

    def _answer(self) -> None:
        if self._chance.random() < self.losing:
            raise OutcomeUnknown("the answer was lost")

    def _made(self, new: New, token: str) -> str:
        name = named(new.name, token)
        if isinstance(new, NewCampaign):
            return self._put(Campaign(self._id(), self.id, name, new.objective, "paused", "paused", None, self.clock()))
        if isinstance(new, NewCreative):
            return self._put(Creative(self._id(), self.id, name, new.body, new.headline, "image", None))
        if isinstance(new, NewAdSet):
            assert isinstance(self.things[new.campaign_id], Campaign)
            return self._put(
                AdSet(self._id(), self.id, new.campaign_id, name, "paused", "paused", new.daily_budget, new.targeting)
            )
        assert isinstance(self.things[new.ad_set_id], AdSet) and isinstance(self.things[new.creative_id], Creative)
        return self._put(Ad(self._id(), self.id, new.ad_set_id, new.creative_id, name, "paused", "paused"))

    def _switch(self, object_id: str, status: AdStatus) -> None:
        thing = self.things[object_id]
        assert not isinstance(thing, Creative)
        if thing.status == "archived" and status != "archived":
            raise RequestWrong("archived things stay archived")
        self.things[object_id] = replace(thing, status=status)
        if status == "archived":
            self._archive_below(object_id)
        self._count()

    def _archive_below(self, object_id: str) -> None:
        for below in list(self.things.values()):
            if (isinstance(below, AdSet) and below.campaign_id == object_id) or (
                isinstance(below, Ad) and below.ad_set_id == object_id
            ):
                self._switch(below.id, "archived")

    def _is_shown(self, thing: Things) -> bool:
        archived = not isinstance(thing, Creative) and thing.status == "archived"
        return not archived and self._requests >= self._shown_from.get(thing.id, 0)

    def _put(self, thing: Things) -> str:
        self.things[thing.id] = thing
        return thing.id

    def _id(self) -> str:
        return str(10_000 + next(self._ids))
