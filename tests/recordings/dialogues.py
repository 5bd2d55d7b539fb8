"""Dialogues as text files, and a phone in everybody's hand.

    ## name of the dialogue
    John: hi, I'm John              one message, and the replies to it
    John: and
    & the second one, please        a second message of the same turn
    John: [button 2]                presses the second button of the newest message that has any
    John: [picture], [voice], [location]
    John: two\\nlines                one message of two lines
    John: [ad 120211] hello         the first message after a click on that ad
    * 3 hours                       time goes by, then the clock's jobs run
    * morning                       the practice accounts' next morning
    * model: says …                 the next answer of the model; `calls name {"argument": 1}` is a call of a tool,
                                    `fails 500` an error; once there are no more answers, it has none

In a message {order} is the number of the newest order, {order 1} that of the first one. A dialogue with `* model` lines has
a scripted model, one with `* ads` has two practice ad accounts.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from bot.channels.simulator.chat_store import Letter
from bot.channels.simulator.customers import Sent
from bot.channels.twilio import sign
from memory.conversations.messages import UNSENT
from memory.storage.timestamps import to_text
from tests.model_server import ModelServer, Reply, calls, failing, says
from tests.world import ADMIN, ANALYST, JOHN, MARIA, STAFF, Chat, World

FOLDER: Final = Path(__file__).with_name("stories")
BEGUN: Final = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # a Monday
PEOPLE: Final = {
    "John": JOHN, "Maria": MARIA, "Beatriz": "+5511987654321", "Rahul": "+919812345678",
    "Ada": ADMIN, "Sam": STAFF, "Anne": ANALYST,
}  # fmt: skip
NAMES: Final = {number: name for name, number in PEOPLE.items()}
QUIET_SECONDS: Final = 2
PAUSE: Final = timedelta(seconds=17)  # before somebody writes
NETWORKED: Final = frozenset({"rates"})  # jobs that ask servers outside
ARRIVED: Final = ("sent", "delivered", "read")
# Of what shall be said to somebody only the oldest can be due: the others wait for it.
BUSY: Final = (
    "SELECT (SELECT count(*) FROM leases) + (SELECT count(*) FROM messages m WHERE (due_at IS NULL OR due_at <= :now OR"
    f" urgent = 1) AND (state = 'waiting' OR id IN (SELECT min(id) FROM messages WHERE {UNSENT} GROUP BY contact_id)))"
)
PATIENCE_SECONDS: Final = 120.0  # a busy machine is slow, not wrong


class NotAtRest(RuntimeError):
    """The program is still busy, or hangs."""


@dataclass
class StillClock:
    """Stands still until it is moved, so that how fast the machine is changes no time that is written down."""

    at: datetime = BEGUN

    def __call__(self) -> datetime:
        return self.at

    def passes(self, stretch: timedelta) -> None:
        """So much later."""
        self.at += stretch


@dataclass
class Dialogue:
    """What is said, line by line, in the order of the file."""

    name: str
    lines: list[str] = field(default_factory=list)

    @property
    def has_model(self) -> bool:
        return any(line.startswith("* model") for line in self.lines)

    @property
    def has_ads(self) -> bool:
        return "* ads" in self.lines


def read_dialogues() -> list[Dialogue]:
    """All of them, by file and place in it."""
    found: list[Dialogue] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                found.append(Dialogue(f"{path.stem}-{line[3:].strip().replace(' ', '-')}"))
            elif line.strip():
                found[-1].lines.append(line)
    return found


class Stage:
    """A dialogue being played. After every line the program comes to rest, so that nothing overtakes anything."""

    def __init__(self, world: World, clock: StillClock, model: ModelServer | None) -> None:
        self.world = world
        self.clock = clock
        self.model = model
        self.script: list[str] = []  # who said and heard what
        self._heard: dict[str, int] = {}
        # Messages travel one after another when the program is at rest: else it would be chance whether a status comes
        # before or after the program looks for it.
        self._travelling: list[Letter] = []
        world.twilio.dispatch = self._travelling.append  # type: ignore[method-assign, assignment]

    def play(self, dialogue: Dialogue) -> None:
        """All lines; a last run of the jobs."""
        self._run_jobs()
        burst = [*_bursts(dialogue.lines)]
        for lines in burst:
            if lines[0].startswith("* "):
                self._direct(lines[0][2:])
            else:
                self._speak(lines)
        self._direct("10 minutes")

    def _direct(self, what: str) -> None:
        self.script.append(f"* {what}")
        if what == "ads":
            return
        if what.startswith("model: "):
            assert self.model is not None
            self.model.plays(_scripted(what.removeprefix("model: ")))
            return
        if what == "morning":
            practice = self.world.program.agency.practice
            assert practice is not None
            practice.clock.skip(timedelta(days=1))
        else:
            amount, unit = what.split()
            self.clock.passes(timedelta(**{unit if unit.endswith("s") else f"{unit}s": float(amount)}))
        self._rest()
        self._run_jobs()

    def _speak(self, lines: list[str]) -> None:
        who, _, first = lines[0].partition(": ")
        self.clock.passes(PAUSE)
        person = self.world.person(PEOPLE[who], who)
        for text in (first, *(line[2:] for line in lines[1:])):
            self.script.append(f"{who}: {text}")
            self._send(person, self._filled(text).replace("\\n", "\n"))
            self._rest()  # a STOP or a button is answered at once
        self.clock.passes(timedelta(seconds=QUIET_SECONDS + 1))
        self._rest()

    def asked(self) -> list[str]:
        """What the model was asked, request by request."""
        requests = [] if self.model is None else [*self.model.requests, *self.model.read]
        return [json.dumps(each.body, ensure_ascii=False, indent=1).replace("\\n", "\n") for each in requests]

    def post(self, name: str, form: Sequence[tuple[str, str]]) -> None:
        """A signed form to the webhook, as the small Twilio's own account; who wrote it may be answered for a day."""
        own = [(key, self.world.twilio.account.sid if key == "AccountSid" else value) for key, value in form]
        fields = dict(own)
        url = self.world.twilio.webhook_url + ("/status" if "MessageStatus" in fields else "")
        if "Body" in fields:
            now = self.clock().isoformat()
            where = (fields["From"], fields["To"], fields["Body"])
            self.world.twilio.chats.keep(Letter(fields["MessageSid"], "inbound", *where, "received", now, now))
        headers = sign(self.world.twilio.account.tokens[0], url, own, "HMAC_SHA1")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = requests.post(url, data=urlencode(own), headers=headers, timeout=PATIENCE_SECONDS)
        self.script.append(f"* {name}: {answer.status_code} {answer.text}")
        self._rest()
        self.clock.passes(PAUSE)
        self._rest()

    def _send(self, person: Chat, text: str) -> Sent:
        phone = person.phone
        advert = re.match(r"\[ad (\w+)\] ", text)
        if advert:
            click = {"ReferralSourceType": "ad", "ReferralSourceId": advert[1], "ReferralCtwaClid": f"clid-{advert[1]}"}
            phone.arrives_through({**click, "ReferralHeadline": "Play faster", "ReferralBody": "Laptops from Voyage"})
            text = text[advert.end() :]
        button = re.fullmatch(r"\[button (\d)\]", text)
        if button:
            newest = next(letter for letter in reversed(phone.transcript()) if letter.buttons)
            return phone.presses(newest.buttons[int(button[1]) - 1]["title"])
        match text:
            case "[picture]":
                return phone.sends_picture(b"\xff\xd8a picture", "this one")
            case "[voice]":
                return phone.sends_voice(b"OggS a voice")
            case "[location]":
                return phone.sends_location("40.4167754", "-3.7037902", "Sol", "Puerta del Sol, Madrid")
            case _:
                return phone.says(text)

    def _filled(self, text: str) -> str:
        numbers = [row["number"] for row in self.world.memory.db.all("SELECT number FROM orders ORDER BY rowid")]
        if "{order}" in text:
            text = text.replace("{order}", numbers[-1])
        return re.sub(r"\{order (\d)\}", lambda found: numbers[int(found[1]) - 1], text)

    def _run_jobs(self) -> None:
        for job in self.world.program.job_scheduler._jobs:
            if job.name not in NETWORKED:
                job.do()
                self._rest()

    def _rest(self) -> None:
        """Until nothing is due, nobody works, and all that was said has arrived; later parts of a reply follow."""
        while True:
            self._wait_for_worker()
            if self._travelling:
                self._arrive()
            elif not self._goes_on_soon():
                break
        self._note_what_came()

    def _wait_for_worker(self) -> None:
        pause, until = threading.Event(), time.monotonic() + PATIENCE_SECONDS
        db = self.world.memory.db
        while db.value(BUSY, now=to_text(self.clock())):
            if time.monotonic() > until:
                raise NotAtRest(f"still busy after {PATIENCE_SECONDS} s")
            pause.wait(0.005)

    def _arrive(self) -> None:
        """What is on its way reaches the phones, in the order in which it was written."""
        letters = sorted(self._travelling, key=_outbox_id)
        del self._travelling[: len(letters)]
        for letter in letters:
            self.world.twilio._run_through_statuses(letter)

    def _goes_on_soon(self) -> bool:
        """Move the clock to the next part of a reply that waits for the one before it; False if there is none."""
        due = self.world.memory.db.value(
            f"SELECT min(due_at) FROM messages WHERE {UNSENT} AND after_id IS NOT NULL AND due_at > :now",
            now=to_text(self.clock()),
        )
        if due is None or datetime.fromisoformat(due) - self.clock() > timedelta(seconds=10):
            return False
        self.clock.at = datetime.fromisoformat(due)
        return True

    def _note_what_came(self) -> None:
        for address in sorted(self.world.twilio.chats.people):
            letters = self.world.twilio.chats.between(address)
            heard = [each for each in letters if each.direction == "outbound-api" and each.status in ARRIVED]
            for letter in heard[self._heard.get(address, 0) :]:
                self.script += _told(NAMES.get(address.removeprefix("whatsapp:"), address), letter)
            self._heard[address] = len(heard)


def _bursts(lines: list[str]) -> Iterator[list[str]]:
    """A line with those that continue its turn."""
    together: list[str] = []
    for line in lines:
        if not line.startswith("& ") and together:
            yield together
            together = []
        together.append(line)
    if together:
        yield together


def _scripted(line: str) -> Reply:
    word, _, rest = line.partition(" ")
    if word == "says":
        return says(rest)
    if word == "fails":
        return failing(int(rest))
    name, _, arguments = rest.partition(" ")
    return calls(name, **json.loads(arguments or "{}"))


def _outbox_id(letter: Letter) -> int:
    return int(parse_qs(urlsplit(letter.callback or "").query)["outbox"][0])


def _told(name: str, letter: Letter) -> list[str]:
    shown = [f"    → {name}: {line}" if n == 0 else f"      {line}" for n, line in enumerate(letter.body.split("\n"))]
    shown += [f"      [{button['title']}] {button['id']}" for button in letter.buttons]
    return shown + ([f"      (picture {letter.media_url})"] if letter.media_url else [])
