"""Launches by real processes that are killed at any instant, on an account in this process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from bot.ads.changes.account_actions import AccountActions
from bot.ads.changes.plans.refusals import AccountBusy
from bot.ads.changes.spend_limits import SpendLimits
from bot.ads.platform import AdsFault, OutcomeUnknown
from memory.storage.database import Database
from memory.storage.timestamps import now
from tests.ads.buying import BRAND, SAM, SameLimits, idea, rupees
from tests.ads.paper_account import RULES, PaperAccount
from tests.migrated import place_migrated

ACCOUNT = "act_1"
LEASE = timedelta(seconds=0.3)
HOME = Path(__file__).parents[3]


class FarAccount:
    """The account over a socket; the answer may never come."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __getattr__(self, method: str) -> Any:
        def ask(*asked: Any) -> Any:
            with Client(self._address) as line:
                line.send((method, asked))
                try:
                    fault, answer = line.recv()
                except (EOFError, ConnectionError) as error:
                    raise OutcomeUnknown("no answer") from error
            if fault is not None:
                raise fault
            return answer

        return ask


@dataclass
class Killing:
    """Starts a process that launches, kills it, starts the next, until everything is live."""

    folder: Path
    count: int = 100  # of ten things each
    kills: int = 0
    account: PaperAccount = field(default_factory=lambda: PaperAccount(losing=0.1, lag=1, clock=now))

    def __post_init__(self) -> None:
        self.names = [f"Idea {number}" for number in range(self.count)]
        self._address = str(self.folder / "account")
        self._listener = Listener(self._address, backlog=50)
        self._chance = random.Random(7)
        place_migrated(self.folder / "hawker.db")
        threading.Thread(target=self._listen, daemon=True).start()

    def until_all_are_live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            assert time.monotonic() < end, "it takes too long"
            process = self._start()
            try:
                self._wait_for_work(process)
                process.wait(self._chance.uniform(0.05, 0.5) if self.kills < 8 else end - time.monotonic())
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                self.kills += 1
                continue
            assert process.returncode == 0
            return

    def close(self) -> None:
        self._listener.close()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.ads.changes.killed_launches", str(self.folder), str(self.count)]
        return subprocess.Popen(command, cwd=HOME)

    def _wait_for_work(self, process: subprocess.Popen[bytes]) -> None:
        before = len(self.account.asked)
        while process.poll() is None and len(self.account.asked) == before:
            time.sleep(0.01)  # another process's start: nothing wakes us

    def _listen(self) -> None:
        while True:
            try:
                line = self._listener.accept()
            except OSError:
                return  # closed: the test is over
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: Connection) -> None:
        with line:
            try:
                method, asked = line.recv()
                line.send(self._outcome(method, asked))
            except (EOFError, ConnectionError):
                return  # killed before it had asked, or before it heard; a lost answer says nothing, too

    def _outcome(self, method: str, asked: Any) -> tuple[AdsFault | None, Any]:
        try:
            return None, getattr(self.account, method)(*asked)
        except OutcomeUnknown as lost:
            raise EOFError from lost
        except AdsFault as fault:
            return fault, None


def launch_all(folder: Path, count: int) -> None:
    account: Any = FarAccount(str(folder / "account"))
    limits = SpendLimits(rupees(Decimal(1_000_000)), RULES.worst_day, rupees(Decimal(1_000_000)))
    actions = AccountActions(
        Database(folder / "hawker.db"), now, {BRAND: {ACCOUNT: account}}, SameLimits(limits),
        lambda seconds: None, LEASE,
    )  # fmt: skip
    for number in range(count):
        key = f"idea {number}"
        while (known := actions.changes.by_key(key)) is None or known.state == "open":
            try:
                actions.launch(BRAND, ACCOUNT, idea(f"Idea {number}", "50", "50", "50"), SAM, key=key)
            except (AccountBusy, OutcomeUnknown):
                time.sleep(0.05)  # until the killed process's turn is over


if __name__ == "__main__":
    launch_all(Path(sys.argv[1]), int(sys.argv[2]))
