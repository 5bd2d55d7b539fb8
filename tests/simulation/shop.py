"""A shop under faults: customers, web processes, workers on one file, and what must be true at the end."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask

from bot.brands import BrandNumbers, read_brands
from bot.channels.twilio import TwilioAccount, TwilioChannel
from bot.delivery.missed_messages import CatchUp
from bot.delivery.outbox import Outbox
from bot.delivery.sorter import Sorter, SorterParts
from bot.delivery.worker import Worker, WorkerParts
from bot.settings import Settings
from bot.web.webhook import WebhookParts, webhook
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import STATUS_RANK, Message, Messages
from memory.conversations.sessions import Sessions
from memory.conversations.turns import MessageReading, Outcome, Turns
from memory.intake.durable_batches import Intake
from memory.intake.received_forms import ReceivedForms
from memory.people.contacts import Contact, Contacts
from memory.security.secret_keys import SecretKeys
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable
from memory.storage.job_runs import JobRuns, Switches
from memory.upkeep.erasure import Erasure
from tests.migrated import place_migrated
from tests.simulation.database import WriterLock, stepped_database
from tests.simulation.provider import ACCOUNT, HOST, OUR_NUMBER, PUBLIC, TOKEN, Network, Provider
from tests.simulation.schedule import Schedule, SimulatedPool, SimulatedProcess
from tests.turn_changes import turn_changes

BRAND = "voyage"
VOYAGE = read_brands(Path(__file__).parents[2] / "data" / "brands.toml")[BRAND]
WEBS, WORKERS = 2, 3
THREADS = 3  # turns at a time in one worker
RENEW_SECONDS = 3.0
PATIENCE = 1500.0  # simulated; a message may be looked up for ten minutes
RANKS = " ".join(f"WHEN '{status}' THEN {rank}" for status, rank in STATUS_RANK.items())
# A status of one try never goes back; the statement that would do it fails, and with it the play.
STATUS_GOES_BACK = f"""CREATE TRIGGER status_goes_back BEFORE UPDATE OF provider_status ON messages
    WHEN OLD.provider_id = NEW.provider_id
    AND CASE NEW.provider_status {RANKS} ELSE 0 END < CASE OLD.provider_status {RANKS} ELSE 0 END
    BEGIN SELECT RAISE(ABORT, 'a status goes back'); END"""
FINAL = ("handled", "sent", "delivered", "read", "failed", "parked", "suppressed", "dead")


class RepeatingDesk:
    """Repeats what was said; thinks for a while, and fails at times."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def answer(self, contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        chance = self._schedule.chance
        self._schedule.sleep(chance.choice((0.01, 0.5, 4.0)))
        if self._schedule.faults_on and chance.random() < 0.03:
            raise RuntimeError("the desk fails")
        said = ", ".join(message.content for message in waiting)
        replies = [Outgoing(f"You said: {said}")]
        if chance.random() < 0.3:
            replies.append(Outgoing(f"More on: {said}"))
        return Outcome(replies, readings={message.id: MessageReading("other") for message in waiting})


class LivingWorkers:
    """The locks of worker processes: a stopped one keeps its lock, a killed one loses it."""

    def __init__(self) -> None:
        self._started: dict[str, tuple[SimulatedProcess, int]] = {}

    def started(self, owner: str, process: SimulatedProcess) -> None:
        self._started[owner] = process, process.generation

    def is_alive(self, owner: str) -> bool:
        process, generation = self._started[owner]
        return process.alive and process.generation == generation


class QuietStaff:
    """Counts what staff are told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        self.heard.append(text)
        return []


class Shop:
    """One play: customers write for a simulated minute under faults, then everything is left to come to rest."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.schedule = Schedule(seed)
        self.provider = Provider(self.schedule)
        self.staff = QuietStaff()
        self._file = folder / f"queue-{seed}.db"
        place_migrated(self._file)
        self._lock = WriterLock()
        # Every second play is of workers on several machines, which have no locked files.
        self.living = LivingWorkers() if seed % 2 else None
        self.db = Database(self._file)
        self.db.run(STATUS_GOES_BACK)
        names = [f"web {n}" for n in range(WEBS)] + [f"worker {n}" for n in range(WORKERS)]
        self.processes = [
            SimulatedProcess(name, self._start_web if name.startswith("web") else self._start_worker) for name in names
        ]

    def play(self) -> None:
        """Raises AssertionError with the trace where a promise is broken."""
        log = logging.getLogger("bot")
        level = log.level
        log.setLevel(logging.CRITICAL)  # every played fault would be logged
        try:
            self._play()
        finally:
            log.setLevel(level)

    def _play(self) -> None:
        schedule = self.schedule
        for process in self.processes:
            schedule.start(process)
        people = [f"+1415555{n:04d}" for n in range(schedule.chance.choice((1, 3, 6)))]
        for n in range(schedule.chance.choice((4, 12))):
            who, when = schedule.chance.choice(people), schedule.chance.uniform(0.0, 20.0)
            schedule.at(when, lambda who=who, n=n: self.provider.hear(who, f"m{n}"))  # type: ignore[misc]
        if schedule.chance.random() < 0.15:
            schedule.at(schedule.chance.uniform(5.0, 35.0), lambda: schedule.restart_machine(self.processes))
        try:
            schedule.run_until(lambda: schedule.now > 40.0, 60.0)
            schedule.calm(self.processes)
            schedule.at(schedule.now + 20.0, self._catch_up)
            schedule.run_until(lambda: schedule.now > 65.0 and self._at_rest(), PATIENCE)
        finally:
            schedule.kill_all(self.processes)
        self._check()
        self.db.close()

    # Processes

    def _start_web(self, process: SimulatedProcess) -> None:
        parts = _Parts(self, process)
        web = Flask("web")
        web.register_blueprint(
            webhook(WebhookParts(parts.channel, parts.forms, Intake(parts.forms), threading.Event()))
        )
        self.schedule.spawn(process, "requests", lambda: self._serve(web))

    def _serve(self, web: Flask) -> None:
        client = web.test_client()
        while True:
            callback = self.provider.next_callback()
            if callback is None:
                self.schedule.sleep(0.3)
                continue
            url = f"{callback.path}?{callback.query}" if callback.query else callback.path
            answered = False
            try:
                answered = client.post(url, data=callback.form, headers=callback.headers).status_code == 200
            finally:
                if not answered:
                    self.provider.again(callback)
            if answered and "Body" in callback.form:
                self.provider.took(callback.form["MessageSid"])

    def _start_worker(self, process: SimulatedProcess) -> None:
        parts = _Parts(self, process)
        pool = SimulatedPool(self.schedule, process)
        worker = Worker(
            WorkerParts(
                contacts=parts.contacts,
                turns=parts.turns,
                outbox=parts.outbox,
                handler=RepeatingDesk(self.schedule),
                sorter=parts.sorter,
                channel=parts.channel,
                staff=self.staff,
                clock=self.schedule.wall,
                deadline=timedelta(seconds=12),
                locks=None,
            ),
            threading.Event(),
            threads=THREADS,
            pool=pool,
            typing_pool=pool,
        )
        if self.living is not None:
            self.living.started(worker.owner, process)
        self.schedule.spawn(process, "sorter", lambda: self._every(0.3, parts.sorter.sort_all))
        self.schedule.spawn(process, "claims", lambda: self._every(0.4, worker.claim))
        self.schedule.spawn(process, "pulse", lambda: self._every(RENEW_SECONDS, worker.renew))

    def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            try:
                work()
            except DatabaseUnavailable:
                self.schedule.sleep(1.0)
            # Hours pass in the end, with little to do.
            self.schedule.sleep(seconds if self.schedule.faults_on else 3.0)

    def _catch_up(self) -> None:
        process = self.processes[-1]
        parts = _Parts(self, process)
        clock = self.schedule.wall
        catch_up = CatchUp(
            parts.channel, parts.db, parts.messages, JobRuns(parts.db, clock), parts.numbers, clock, threading.Event()
        )
        self.schedule.spawn(process, "catch-up", catch_up.run)

    # The end

    def _at_rest(self) -> bool:
        if self.provider.callbacks or self.db.value("SELECT 1 FROM received_forms WHERE sorted_at IS NULL"):
            return False
        left = ", ".join(f"'{state}'" for state in FINAL)
        return self.db.value(f"SELECT 1 FROM messages WHERE state NOT IN ({left})") is None

    def _check(self) -> None:
        db = self.db
        rows = db.all("SELECT * FROM messages ORDER BY id")
        inbound = {row["provider_id"]: row for row in rows if row["role"] == "user"}
        outbound = [row for row in rows if row["role"] == "assistant"]

        forms = db.all("SELECT provider_id, set_aside, sorted_at FROM received_forms")
        for form in forms:
            self._require(form["sorted_at"] is not None, f"form {form['provider_id']} was never sorted")
            self._require(form["set_aside"] is None, f"form {form['provider_id']} was set aside: {form['set_aside']}")
        kept = {form["provider_id"] for form in forms}
        for said in self.provider.said:
            self._require(not said.taken or said.sid in kept, f"{said.body} was accepted and not kept")
            self._require(said.sid in inbound, f"{said.body} of {said.sender} is lost")
        self._require(len(inbound) == len([row for row in rows if row["role"] == "user"]), "a message is stored twice")
        for row in inbound.values():
            self._require(row["state"] == "handled", f"{row['content']} ends as {row['state']}: {row['error']}")
            answers = [each for each in outbound if each["turn_id"] == row["turn_id"]]
            self._require(bool(answers), f"{row['content']} was handled without an answer")

        count = Counter(one.outbox_id for one in self.provider.accepted)
        denied = {one.outbox_id for one in self.provider.accepted if one.denied}
        for row in outbound:
            times = count[row["id"]]
            self._require(times <= 1 or row["id"] in denied, f"row {row['id']} was delivered {times} times")
            if row["state"] in ("sent", "delivered", "read"):
                self._require(times >= 1, f"row {row['id']} counts as {row['state']}, and never arrived")

        for person in {one.to for one in self.provider.accepted}:
            firsts = list(dict.fromkeys(one.outbox_id for one in self.provider.accepted if one.to == person))
            self._require(firsts == sorted(firsts), f"{person} got rows in the order {firsts}")

    def _require(self, true: bool, otherwise: str) -> None:
        assert true, otherwise + "\n" + "\n".join(self.schedule.trace)


class _Parts:
    """What one process builds."""

    def __init__(self, shop: Shop, process: SimulatedProcess) -> None:
        schedule = shop.schedule
        clock = schedule.wall
        self.db = stepped_database(shop._file, schedule, shop._lock)
        self.contacts = Contacts(self.db, clock)
        self.messages = Messages(self.db, self.contacts, Sessions(self.db), clock)
        self.turns = Turns(
            self.db,
            self.messages,
            clock,
            turn_changes(self.db, clock, self.contacts, self.messages),
            holders=shop.living,
        )
        account = TwilioAccount(ACCOUNT, (TOKEN,), OUR_NUMBER, PUBLIC, HOST)
        self.channel = TwilioChannel(Settings.from_environment({"PUBLIC_URL": PUBLIC}), clock, account)
        for client in (self.channel._client, self.channel._quick_client):
            client.http_client.session.mount(HOST, Network(shop.provider))
        brands = {BRAND: replace(VOYAGE, templates={})}
        self.numbers = BrandNumbers(brands)
        self.forms = ReceivedForms(self.db, clock)
        self.outbox = Outbox(
            self.db,
            self.contacts,
            self.messages,
            self.turns,
            Switches(self.db, clock),
            self.channel,
            clock,
            brands,
            shop.staff,
            Erasure(self.db, clock, SecretKeys(("s" * 32,))),
            machine_clock=schedule.machine_time,
        )
        self.sorter = Sorter(
            SorterParts(self.db, self.forms, self.messages, self.outbox, self.channel, self.numbers),
            threading.Event(),
            threading.Event(),
        )
