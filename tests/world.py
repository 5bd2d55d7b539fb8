"""The whole product on a real file; only Twilio and the model are played, over HTTP, by servers as strict as they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

from bot.channels.simulator import Customer, Pace, SmallTwilio
from bot.settings import Settings
from bot.web.access import issue_token
from bot.wiring.program import ROSTER, Program, assemble
from memory.people.contacts import Contact
from memory.shop.orders import Order
from memory.storage.errors import UnknownContact
from memory.storage.timestamps import Clock, now
from tests.migrated import place_migrated
from tests.model_server import KEY, ModelServer
from tests.waiting import HANG_SECONDS, wait_until

ADMIN, STAFF, ANALYST = "+919876500001", "+919876500002", "+919876500003"
JOHN, MARIA = "+14155550101", "+34600111222"
AT_ONCE = Pace(0, 0, 0)
PATIENT_SECONDS = "120"  # the longest that the setting takes: a busy machine is no slow model


@dataclass
class MovableClock:
    """The true time, and what a test adds to it."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return now() + self.ahead

    def passes(self, **time: float) -> None:
        """So much time goes by, as `timedelta` names it."""
        self.ahead += timedelta(**time)


class Chat:
    """One person's phone: says something, hears the answer."""

    def __init__(self, customer: Customer) -> None:
        self.phone = customer

    def says(self, text: str, *, replies: int = 1, **more: str) -> str:
        """Sends a text; what came back, parts joined."""
        sent = self.phone.says(text, **more)
        return "\n".join(letter.body for letter in self.phone.wait_for_reply(sent, count=replies))

    def presses(self, title: str) -> str:
        """Presses a quick reply; what came back."""
        return "\n".join(letter.body for letter in self.phone.wait_for_reply(self.phone.presses(title)))

    def hears(self, count: int) -> list[str]:
        """Everything said to this phone, once there are `count` messages."""
        chats = self.phone._twilio.chats
        with chats.changed:
            came = chats.changed.wait_for(lambda: len(self.phone.heard()) >= count, HANG_SECONDS)
        assert came, f"{len(self.phone.heard())} of {count} messages came"
        return self.phone.heard()


class World:
    """A shop that is open."""

    def __init__(self, program: Program, twilio: SmallTwilio, port: int, brand: str) -> None:
        self.brand = brand
        self.program = program
        self.memory = program.memory
        self.twilio = twilio
        self.url = f"http://127.0.0.1:{port}"

    def person(self, phone: str = JOHN, name: str = "") -> Chat:
        """Somebody with a phone."""
        return Chat(self.twilio.customer(phone, name or "Someone"))

    def token(self, role: str = "analyst") -> dict[str, str]:
        """Headers that let a request in."""
        token = issue_token(self.program.keys, self.program.clock, role)
        return {"Authorization": f"Bearer {token}"}

    def get(self, path: str, role: str = "analyst") -> Any:
        """What the HTTP API answers to that role."""
        answer = requests.get(self.url + path, headers=self.token(role), timeout=HANG_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def contact(self, phone: str = JOHN) -> Contact:
        """What is stored of a person."""
        return self.memory.contacts.find(self.brand, phone)

    def orders(self, phone: str = JOHN) -> list[Order]:
        """A person's orders, the newest first."""
        return self.memory.orders.of_contact(self.contact(phone).id)

    def turn(self, phone: str = JOHN) -> dict[str, Any]:
        """The record of the last turn: who answered, and why."""
        self.settled()
        rows = self.memory.db.all("SELECT * FROM turns WHERE contact_id = :id ORDER BY id", id=self.contact(phone).id)
        return dict(rows[-1])

    def forgotten(self, phone: str = JOHN) -> None:
        """Wait until nothing is known of a person: the farewell is said first, then they are erased."""
        wait_until(lambda: not self._knows(phone), lambda: "the person is still known")
        self.settled()

    def _knows(self, phone: str) -> bool:
        try:
            return bool(self.contact(phone))
        except UnknownContact:
            return False

    def settled(self) -> None:
        """Wait until nothing is waiting, being answered or being said."""
        wait_until(lambda: not self.program.turns.backlog(), lambda: "the queue did not empty")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    """Settings for a shop in `folder`."""
    return {
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder / 'hawker.db'}",
        "MEMORY_STORAGE_DIR": str(folder),
        "STAFF": f"{ADMIN}=admin,{STAFF}=staff,{ANALYST}=analyst",
        "REPLY_QUIET_SECONDS": "0.05",
        "RESEND_AFTER_SECONDS": "5",  # the small Twilio lists at once what it took
        "PRACTICE_DAYS_PER_HOUR": "0",
        "PRACTICE_CUSTOMERS_PER_HOUR": "0",
        **more,
    }


@contextmanager
def open_shop(
    folder: Path, *, pace: Pace = AT_ONCE, clock: Clock = now, model: ModelServer | None = None,
    roster: Path = ROSTER, jobs: bool = True, brand: str = "voyage", files: Path | None = None, **settings: str,
) -> Iterator[World]:  # fmt: skip
    """The program, served and working, until the block ends; `model` writes its answers, and is waited for.

    `files` is the folder of another shop than the demo's: its brands.toml, with the brand `brand`, and its catalogue.csv.
    With `jobs` off messages are answered, and the clock's jobs run only when they are called.
    """
    if files is not None:
        own = {"BRANDS_FILE": str(files / "brands.toml"), "CATALOGUE_FILE": str(files / "catalogue.csv")}
        settings = {**own, **settings}
    if model is not None:
        written = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "REPLY_DEADLINE_SECONDS": PATIENT_SECONDS}
        settings = {**written, **settings}
    if not settings.keys() & {"DATABASE_URL", "DATABASE_KEY"}:
        place_migrated(folder / "hawker.db")
    port = free_port()
    program = assemble(
        Settings.from_environment(environment(folder, port, **settings)), clock=clock, pace=pace, roster=roster
    )
    server = make_server("127.0.0.1", port, program.web, threaded=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    (program if jobs else program.worker).start()
    assert program.twilio is not None
    try:
        yield World(program, program.twilio, port, brand)
    finally:
        program.stop()
        program.twilio.stop()
        server.shutdown()
        serving.join()
        server.server_close()
