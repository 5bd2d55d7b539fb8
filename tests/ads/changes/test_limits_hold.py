"""Limits hold under lost and late answers, kills and two processes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.limit_checks import LATE
from bot.ads.changes.plans.plan import Archive, Pause, Resume, SetBudget, Step
from bot.ads.changes.plans.refusals import ChangeRefused
from bot.ads.platform import AdsFault, OutcomeUnknown
from memory.storage.database import Database
from tests.ads.buying import BRAND, CYCLE, Buying, idea, rupees

ACCOUNT = "act_1"
AMOUNTS = ("100", "500", "1000", "2000", "4000", "8000", "9900")
LINES = range(4)


class ProcessKilled(BaseException):
    """kill -9."""


class MortalDatabase(Database):
    """A dead process writes nothing."""

    dead = False

    def run(self, sql: str, /, **values: Any) -> int:
        if self.dead:
            raise ProcessKilled
        return super().run(sql, **values)


steps = st.one_of(
    st.tuples(st.just("budget"), st.sampled_from(LINES), st.sampled_from(AMOUNTS)),
    st.tuples(st.sampled_from(("pause", "resume", "archive")), st.sampled_from(LINES), st.just("")),
    st.tuples(st.just("launch"), st.just(0), st.sampled_from(AMOUNTS[:4])),
)
plans = st.lists(steps, min_size=1, max_size=4)
accidents = st.sampled_from(("none", "none", "lost", "late", "killed before", "killed after", "overtaken"))


class LimitsMachine(RuleBasedStateMachine):
    """One account, as many processes as there are plans."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.buying = Buying(Path(self._folder.name) / "hawker.db", above="1000000")
        self.account = self.buying.account
        self.lines = [self.account.line("1000", f"line {n}", status="active" if n < 2 else "paused") for n in LINES]

    @rule(plan=plans, accident=accidents, other=plans, minutes=st.sampled_from((0, 4, 9)), key=st.sampled_from("ab"))
    def a_plan(self, plan: Any, accident: str, other: Any, minutes: int, key: str) -> None:
        database = MortalDatabase(self.buying.url)
        process = AccountActions(
            database, self.buying.clock, {BRAND: self.buying.accounts}, self.buying, lambda s: None
        )
        self._prepare(accident, database, other, minutes)
        try:
            self._try(process, plan, key=f"{self.buying.clock.now:%d %H} {key}")
        except ProcessKilled:
            pass
        finally:
            database.close()
        self.account.faults, self.account.before_write, self.account.after_write = [], [], []
        self.account.hold_back = 0

    @rule()
    def recovering(self) -> None:
        self._quietly(lambda: self.buying.actions.recover(BRAND, ACCOUNT))

    @rule()
    def undoing(self) -> None:
        self._quietly(lambda: self.buying.actions.undo(BRAND, CYCLE))

    @rule(minutes=st.sampled_from((1, 4, 11, 60)))
    def time_passes(self, minutes: int) -> None:
        self._pass(minutes)

    @rule()
    def late_requests_come_in(self) -> None:
        self.account.arrive()

    @rule()
    def a_day_passes(self) -> None:
        self._pass(24 * 60)

    @invariant()
    def the_worst_day_is_within_the_cap(self) -> None:
        assert self.account.worst_day() <= 17_500

    def teardown(self) -> None:
        self.buying.db.close()
        self._folder.cleanup()

    def _pass(self, minutes: int) -> None:
        """Late requests come in within `LATE`, on the day on which they were sent."""
        then = self.buying.clock.now + timedelta(minutes=minutes)
        if any(sent + LATE <= then for sent, _request in self.account.late) or minutes > 60:
            self.account.arrive()
        self.buying.clock.now = then
        self.account.a_new_day()

    def _prepare(self, accident: str, database: MortalDatabase, other: Any, minutes: int) -> None:
        def die() -> None:
            database.dead = True
            raise ProcessKilled

        def be_overtaken() -> None:
            self._pass(minutes)
            self._quietly(lambda: self._try(self.buying.process(), other, key=None))

        if accident == "lost":
            self.account.faults = [("set_budget", OutcomeUnknown("lost")), ("set_status", OutcomeUnknown("lost"))] * 3
        if accident == "late":
            self.account.hold_back = 3
        if accident == "killed before":
            self.account.before_write = [die]
        if accident == "killed after":
            self.account.after_write = [die]
        if accident == "overtaken":
            self.account.before_write = [be_overtaken]

    def _try(self, process: AccountActions, plan: Any, key: str | None) -> None:
        process.carry_out(BRAND, ACCOUNT, steps_of(plan, self.lines), CYCLE, key=key)

    def _quietly(self, do: Callable[[], object]) -> None:
        try:
            do()
        except (ChangeRefused, AdsFault):
            return


def steps_of(plan: Any, lines: Sequence[str]) -> list[Step]:
    made: list[Step] = []
    for what, line, amount in plan:
        made.append(step_of(what, lines[line], amount))
    return made


def step_of(what: str, line: str, amount: str) -> Step:
    if what == "budget":
        return SetBudget("ad_set", line, rupees(amount), "")
    if what == "launch":
        return idea(f"Idea {amount}", amount)
    if what == "archive":
        return Archive("ad_set", line, "")
    return Pause("ad_set", line, "") if what == "pause" else Resume("ad_set", line, "")


LimitsMachine.TestCase.settings = settings(stateful_step_count=15)
TestLimitsMachine = LimitsMachine.TestCase


@given(st.lists(st.tuples(plans, st.sampled_from((0, 10, 600, 1500))), max_size=8))
def test_unapproved_raises_within_any_24_hours_stay_within_the_threshold(history: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        buying = Buying(Path(folder) / "hawker.db", above="1500")
        lines = [buying.account.line("500", f"line {n}", status="active" if n < 2 else "paused") for n in LINES]
        buying.account.grown.clear()
        for plan, minutes in history:
            buying.actions.carry_out(BRAND, ACCOUNT, steps_of(plan, lines), CYCLE)
            buying.clock.pass_by(minutes=minutes)
        assert buying.account.most_grown(timedelta(hours=24)) <= 1500
        buying.db.close()
