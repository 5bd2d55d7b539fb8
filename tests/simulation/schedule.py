"""Runs simulated processes one statement at a time, in an order and with faults that follow from one seed.

Each task is a thread, and one thread runs at a time: it hands over at a step. A step is a place where time passes: each
SQL statement and each network call. There a process may be killed, stopped for a while, or the machine's wall clock set.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from memory.storage.lease_clock import LeaseTime

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Killed(BaseException):
    """Ends a task where it stands, as kill -9 does: whatever it still tries at the database or the network is refused."""


class Stuck(AssertionError):
    """Nothing can run any more, or the work never ends."""


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Chances at one step."""

    kill: float
    pause: float
    clock_step: float
    hand_over: float

    @classmethod
    def drawn(cls, chance: random.Random) -> FaultRates:
        """Between none at all and one in a few hundred steps: rare faults meet alone, frequent ones meet each other."""

        def rate(most: float) -> float:
            return chance.choice((0.0, most / 30, most / 6, most))

        return cls(rate(0.006), rate(0.006), rate(0.002), chance.choice((0.02, 0.1, 0.4)))


@dataclass(eq=False, slots=True)
class SimulatedProcess:
    name: str
    start: Callable[[SimulatedProcess], None]  # called again after a kill
    alive: bool = True
    stopped_until: float = 0.0
    generation: int = 0
    on_kill: list[Callable[[], None]] = field(default_factory=list)  # what the kernel does: locks are let go


@dataclass(eq=False, slots=True)
class Task:
    name: str
    process: SimulatedProcess
    generation: int
    wake_at: float
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    over: bool = False
    fault: BaseException | None = None

    @property
    def doomed(self) -> bool:
        return not self.process.alive or self.process.generation != self.generation


class Schedule:
    """Seconds since the start in `now`; the machine's wall clock may be wrong."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rates = FaultRates.drawn(self.chance)
        self.now = 0.0
        self.faults_on = True
        self.trace: list[str] = []
        self.steps = 0
        self._wall_error = 0.0
        self._boots = 0
        self._booted_at = -1000.0
        self._tasks: list[Task] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ordinal = 0
        self._mine = threading.local()
        self._ours = threading.Semaphore(0)

    # Clocks

    def wall(self) -> datetime:
        """What the machine's wall clock shows."""
        return NOON + timedelta(seconds=self.now + self._wall_error)

    def true_time(self) -> datetime:
        """What the provider's clock shows."""
        return NOON + timedelta(seconds=self.now)

    def machine_time(self) -> LeaseTime:
        """The clock that nobody can set; it begins anew when the machine is restarted."""
        return LeaseTime(f"boot {self._boots}", int((self.now - self._booted_at) * 1e6))

    # For tasks

    @property
    def task(self) -> Task | None:
        """The one that is running; None outside of all."""
        return getattr(self._mine, "task", None)

    def step(self, what: str) -> None:
        """Time passes here, and anything may happen."""
        task = self.task
        if task is None:
            return
        if task.doomed:
            raise Killed
        self.steps += 1
        self.now += self.chance.expovariate(2000)
        if self.faults_on:
            self._misfortune(task, what)
        if task.process.stopped_until > self.now or self.chance.random() < self.rates.hand_over:
            self._hand_over(task, self.now)

    def sleep(self, seconds: float) -> None:
        task = self.task
        assert task is not None, "only a task can sleep"
        if task.doomed:
            raise Killed
        self._hand_over(task, self.now + seconds)

    def spawn(self, process: SimulatedProcess, name: str, work: Callable[[], Any]) -> None:
        task = Task(f"{process.name}.{process.generation} {name}", process, process.generation, self.now)
        self._tasks.append(task)
        threading.Thread(target=self._run_task, args=(task, work), name=task.name, daemon=True).start()

    # For the play

    def start(self, process: SimulatedProcess) -> None:
        process.alive = True
        process.stopped_until = 0.0
        process.generation += 1
        self.note(process.name, "starts")
        process.start(process)

    def at(self, when: float, event: Callable[[], None]) -> None:
        """Call it at that time, outside of all tasks."""
        self._ordinal += 1
        self._events.append((when, self._ordinal, event))

    def run_until(self, done: Callable[[], bool], at_most: float) -> None:
        """Let tasks run until `done`; raises Stuck `at_most` seconds of simulated time later."""
        end = self.now + at_most
        while not done():
            if self.now > end:
                raise Stuck(f"still at work after {at_most} simulated seconds")
            self._turn()

    def kill_all(self, processes: list[SimulatedProcess]) -> None:
        """The end of the play: no thread is left behind."""
        for process in processes:
            process.alive = False
        while self._tasks:
            self._resume(self._tasks[0])

    def restart_machine(self, processes: list[SimulatedProcess]) -> None:
        self.note("the machine", "is restarted")
        self._boots += 1
        self._booted_at = self.now
        for process in processes:
            if process.alive:
                self._kill(process)

    def calm(self, processes: list[SimulatedProcess]) -> None:
        """No more faults; who was stopped goes on."""
        self.faults_on = False
        for process in processes:
            process.stopped_until = 0.0

    def note(self, who: str, what: str) -> None:
        self.trace.append(f"{self.now:10.3f}  {who:24} {what}")

    def _misfortune(self, task: Task, what: str) -> None:
        drawn = self.chance.random()
        rates = self.rates
        if drawn < rates.kill:
            self.note(task.name, f"is killed at: {what}")
            self._kill(task.process)
            raise Killed
        drawn -= rates.kill
        if drawn < rates.pause:
            seconds = self.chance.choice((0.5, 3.0, 8.0, 20.0, 90.0)) * self.chance.uniform(0.5, 1.5)
            self.note(task.name, f"is stopped for {seconds:.1f} s at: {what}")
            task.process.stopped_until = self.now + seconds
            return
        drawn -= rates.pause
        if drawn < rates.clock_step:
            step = self.chance.choice((-86400, -3600, -30, -2, 2, 30, 3600, 86400))
            self.note("the wall clock", f"is set by {step:+} s")
            self._wall_error += step

    def _kill(self, process: SimulatedProcess) -> None:
        process.alive = False
        for let_go in process.on_kill:
            let_go()
        process.on_kill.clear()
        self.at(self.now + self.chance.uniform(0.2, 20.0), lambda: self.start(process))

    # Who runs next

    def _turn(self) -> None:
        due = [event for event in self._events if event[0] <= self.now]
        if due:
            first = min(due)
            self._events.remove(first)
            first[2]()
            return
        ready = [task for task in self._tasks if self._ready_at(task) <= self.now]
        if ready:
            self._resume(self.chance.choice(ready))
            return
        moments = [self._ready_at(task) for task in self._tasks] + [event[0] for event in self._events]
        if not moments:
            raise Stuck("nothing is left that could run")
        self.now = min(moments)

    def _ready_at(self, task: Task) -> float:
        if task.doomed:
            return 0.0  # its end takes no time
        return max(task.wake_at, task.process.stopped_until)

    def _resume(self, task: Task) -> None:
        task.baton.release()
        self._ours.acquire()
        if task.over:
            self._tasks.remove(task)
            if task.fault is not None:
                raise task.fault

    def _hand_over(self, task: Task, wake_at: float) -> None:
        task.wake_at = wake_at
        self._ours.release()
        task.baton.acquire()
        if task.doomed:
            raise Killed

    def _run_task(self, task: Task, work: Callable[[], Any]) -> None:
        self._mine.task = task
        task.baton.acquire()
        try:
            if not task.doomed:
                work()
        except Killed:
            pass
        except BaseException as fault:  # noqa: BLE001 - raised again where the play runs
            task.fault = fault
        task.over = True
        self._ours.release()


class SimulatedPool:
    """Stands where a worker has its pool of threads: each piece of work is a task of the worker's process."""

    def __init__(self, schedule: Schedule, process: SimulatedProcess) -> None:
        self._schedule = schedule
        self._process = process
        self._count = 0

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            future.set_running_or_notify_cancel()
            future.set_result(work(*arguments))

        self._count += 1
        self._schedule.spawn(self._process, f"work {self._count}", run)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """A play ends by killing its processes."""
