"""The path of a message on real parts, with a desk that only repeats: webhook, queue, worker, outbox, small Twilio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response
from werkzeug.serving import make_server

from bot.brands import BrandNumbers, read_brands
from bot.channels.simulator import Customer, Pace, SmallTwilio, serving
from bot.channels.twilio import TwilioChannel
from bot.delivery.outbox import RESEND_AFTER, Outbox
from bot.delivery.sorter import Sorter, SorterParts
from bot.delivery.worker import Worker, WorkerParts
from bot.settings import Settings
from bot.web.webhook import WebhookParts, webhook
from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import Message, Messages
from memory.conversations.sessions import Sessions
from memory.conversations.turns import MessageReading, Outcome, Turns
from memory.intake.durable_batches import Intake
from memory.intake.received_forms import ReceivedForms
from memory.people.contacts import Contact, Contacts
from memory.security.secret_keys import SecretKeys
from memory.storage.database import Database
from memory.storage.job_runs import Switches
from memory.storage.lease_clock import LeaseClock
from memory.storage.timestamps import Clock, now
from memory.upkeep.erasure import Erasure
from tests.migrated import migrated_database
from tests.turn_changes import turn_changes
from tests.waiting import wait_until

BRAND = "voyage"
PHONE = "+14155550101"
OPERATOR = "+919876500001"
VOYAGE = read_brands(Path(__file__).parents[2] / "data" / "brands.toml")[BRAND]
Handler = Callable[[Contact, Sequence[Message], datetime], Outcome]


def repeat(contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
    """Says everything back in one message."""
    words = ", ".join(message.content for message in waiting)
    return Outcome(
        [Outgoing(f"You said: {words}")], readings={message.id: MessageReading("other") for message in waiting}
    )


@dataclass
class Desk:
    """Answers as its test wants."""

    handler: Handler

    def answer(self, contact: Contact, waiting: Sequence[Message], deadline: datetime) -> Outcome:
        return self.handler(contact, waiting, deadline)


@dataclass
class Office:
    """Staff who are told aloud: nothing goes to a phone."""

    heard: list[str] = field(default_factory=list)

    def alarm(self, brand: str, text: str) -> list[Outgoing]:
        self.heard.append(text)
        return []


@dataclass
class Line:
    """Everything between a customer and a desk."""

    twilio: SmallTwilio
    db: Database
    contacts: Contacts
    messages: Messages
    turns: Turns
    outbox: Outbox
    channel: TwilioChannel
    worker: Worker
    sorter: Sorter
    forms: ReceivedForms
    templates: dict[str, str]
    handler: Handler = repeat
    alarms: list[str] = field(default_factory=list)

    def customer(self, phone: str = PHONE) -> Customer:
        """Somebody with a phone."""
        return self.twilio.customer(phone)

    def states(self) -> list[str]:
        """What became of what we said, oldest first."""
        rows = self.db.all("SELECT state FROM messages WHERE role = 'assistant' ORDER BY id")
        return [row["state"] for row in rows]

    def sorted(self, response: Response) -> Response:
        """After a post, where no worker runs: what came is sorted before the post is answered."""
        if response.status_code == HTTPStatus.OK:
            self.sorter.sort_all()
        return response

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to become true; where it never does, the states of our messages are shown."""
        wait_until(true, self.states)


@contextmanager
def open_line(
    where: Path | str,
    *,
    handler: Handler = repeat,
    pace: Pace | None = None,
    threads: int = 64,
    running: bool = True,
    clock: Clock = now,
    lease_clock: LeaseClock | None = None,
    resend_after: timedelta = RESEND_AFTER,
) -> Iterator[Line]:
    """A line that works until the block ends; with `running` off, nothing is answered before `worker.start()`.

    Not running, it sorts in the request: what was posted is a message when the post has been answered.

    `where`: a folder for its file, or a server's address. `clock` is ours; the small Twilio has the one on the wall.
    """
    web = Flask("line")
    server = make_server("127.0.0.1", 0, web, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    with serving(url, now, pace=pace or Pace(0, 0, 0)) as twilio:
        db = migrated_database(
            where / "hawker.db" if isinstance(where, Path) else where, timeout=2, lease_clock=lease_clock
        )
        line = _wire(db, url, twilio, handler, threads, web, clock, resend_after)
        if not running:
            web.after_request(line.sorted)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        if running:
            line.worker.start()
        try:
            yield line
        finally:
            if running:
                line.worker.stop()
            server.shutdown()
            thread.join()
            server.server_close()


def _wire(
    db: Database,
    url: str,
    twilio: SmallTwilio,
    handler: Handler,
    threads: int,
    web: Flask,
    clock: Clock,
    resend_after: timedelta,
) -> Line:
    contacts = Contacts(db, clock)
    messages = Messages(db, contacts, Sessions(db), clock, quiet_seconds=0.1)
    turns = Turns(db, messages, clock, turn_changes(db, clock, contacts, messages))
    channel = TwilioChannel(Settings.from_environment({"PUBLIC_URL": url}), clock, twilio.account)
    templates: dict[str, str] = {}
    brands = {BRAND: replace(VOYAGE, templates=templates)}
    office = Office()
    wake = threading.Event()
    switches = Switches(db, clock)
    erasure = Erasure(db, clock, SecretKeys(("s" * 32,)))
    outbox = Outbox(
        db, contacts, messages, turns, switches, channel, clock, brands, office, erasure, db.lease_time, resend_after
    )
    forms, arrived = ReceivedForms(db, clock), threading.Event()
    sorter = Sorter(SorterParts(db, forms, messages, outbox, channel, BrandNumbers(brands)), arrived, wake)
    worker_parts = WorkerParts(
        contacts, turns, outbox, Desk(handler), sorter, channel, office, clock, timedelta(seconds=12), locks=None
    )
    web.register_blueprint(webhook(WebhookParts(channel, forms, Intake(forms), arrived)))
    worker = Worker(worker_parts, wake, threads=threads)
    return Line(
        twilio, db, contacts, messages, turns, outbox, channel, worker, sorter, forms, templates, handler, office.heard
    )
