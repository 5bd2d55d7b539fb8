"""Assembles the whole program of one process."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from bot.ads.agency import Agency
from bot.channels.channel import Channel
from bot.channels.simulator import Pace, SmallTwilio
from bot.delivery.scheduler import JobScheduler
from bot.delivery.sorter import Sorter
from bot.delivery.turn_router import TurnRouter
from bot.delivery.worker import Worker
from bot.language.detection import detect
from bot.language.reading.message_type import classify
from bot.model.language_model import LanguageModel
from bot.settings import Settings
from bot.wiring.ads import AdSide
from bot.wiring.channels import channel, small_twilio
from bot.wiring.delivery import catch_up, outbox, sorter, turn_router, worker
from bot.wiring.desk import seller
from bot.wiring.foundation import ROOT, Foundation
from bot.wiring.jobs import job_scheduler, shop_jobs
from bot.wiring.stores import Stores
from bot.wiring.web import site
from memory.agents.memory_manager import MemoryManager
from memory.conversations.turns import Turns
from memory.security.secret_keys import SecretKeys
from memory.storage.timestamps import Clock, now

ROSTER = ROOT / "data" / "practice.toml"


@dataclass(frozen=True, slots=True)
class Program:
    """Nothing runs before `start`."""

    settings: Settings
    memory: Stores
    agents: MemoryManager
    turns: Turns
    desk: TurnRouter
    channel: Channel
    twilio: SmallTwilio | None  # the simulator, where no account is set
    web: Flask
    worker: Worker
    sorter: Sorter  # the worker's
    job_scheduler: JobScheduler
    model: LanguageModel | None
    agency: Agency
    clock: Clock
    keys: SecretKeys

    def start(self) -> None:
        """In background threads."""
        # What is slow the first time is loaded before a customer waits for it.
        threading.Thread(target=self._warm, name="warm", daemon=True).start()
        self.worker.start()
        self.job_scheduler.start()

    def stop(self) -> None:
        """Finishes running work first."""
        self.job_scheduler.stop()
        self.worker.stop()
        if self.model is not None:
            self.model.close()
        if self.twilio is not None:
            self.twilio.stop()

    def work(self) -> None:
        """In this thread, until SIGTERM or SIGINT."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.worker.halt())
        if self.model is not None:
            self.model.warm()
        self.job_scheduler.start()
        self.worker.run()
        self.job_scheduler.stop()

    def _warm(self) -> None:
        classify("hello")
        detect("where can I see what you have to offer?")
        if self.model is not None:
            self.model.warm()


def assemble(settings: Settings, *, clock: Clock = now, pace: Pace | None = None, roster: Path = ROSTER) -> Program:
    """`roster` lists the practice accounts; `pace` is the simulator's.

    Raises BrandsWrong, WrongSetting, DatabaseUnavailable.
    """
    foundation = Foundation.built(settings, clock)
    arrived, wake = threading.Event(), threading.Event()
    twilio = small_twilio(foundation, pace)
    provider = channel(foundation, twilio)
    gate = outbox(foundation, provider)
    desk = seller(foundation)
    ads = AdSide.built(foundation, provider.limits, roster)
    router = turn_router(foundation, desk, ads.commands(), provider)
    missed = catch_up(foundation, provider, wake)
    jobs = [*ads.jobs(twilio), *shop_jobs(foundation, provider, missed, desk)]
    for event in (arrived, wake):
        foundation.stores.db.wake(event)
    sorting = sorter(foundation, gate, arrived, wake)
    return Program(
        settings=settings,
        memory=foundation.stores,
        agents=foundation.agents,
        turns=foundation.turns,
        desk=router,
        channel=provider,
        twilio=twilio,
        web=site(foundation, gate, ads, twilio, arrived),
        worker=worker(foundation, gate, router, sorting, wake),
        sorter=sorting,
        job_scheduler=job_scheduler(foundation, jobs),
        model=foundation.model,
        agency=ads.agency,
        clock=clock,
        keys=foundation.keys,
    )
