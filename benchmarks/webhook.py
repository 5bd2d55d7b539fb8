"""The webhook against a view that reads the same form and does nothing: rate, processor time, the wait, and the sorter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from benchmarks.figures import Figure, share
from benchmarks.load import blast, pace
from bot.channels.channel import INBOUND_PATH
from bot.channels.twilio import sign
from bot.settings import Settings
from bot.wiring.program import Program, assemble
from memory.storage.timestamps import from_text
from tests.world import environment, free_port

HERE = Path(__file__).parent.parent
TOKEN, ACCOUNT = "0" * 32, "AC" + "0" * 32
MESSAGES = 1500
ROUNDS = 10
TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A gunicorn with its workers."""

    port: int
    master: int  # process id

    def processor_seconds(self) -> float:
        """Of the workers, since they began; reads Linux's /proc."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()
        stats = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / TICKS


class Load(NamedTuple):
    """What one round of requests took."""

    rate: float  # answers a second
    processor_ms: float  # a request


def measure() -> list[Figure]:
    """Rounds of ours and the yardstick in turn, so that a slow moment of the machine meets both."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = free_port(), free_port()
        settings = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_WHATSAPP_FROM": "+14155238886",
            "PUBLIC_URL": f"http://127.0.0.1:{ours}",
        }
        place = environment(Path(folder), ours, **settings)
        with (
            _gunicorn("app:web()", place, ours) as webhook,
            _gunicorn("benchmarks.bare:app", {"PORT": str(bare)}, bare) as yardstick,
        ):
            return [*_compare(webhook, yardstick), *_sort(assemble(Settings.from_environment(place)), webhook)]


def _compare(webhook: Server, yardstick: Server) -> list[Figure]:
    rounds: list[tuple[Load, Load]] = []
    for turn in range(ROUNDS):
        requests = [_request(webhook.port, turn * MESSAGES + n) for n in range(MESSAGES)]
        rounds.append((_load(webhook, requests), _load(yardstick, requests)))
    ours, bare = [load for load, _ in rounds], [load for _, load in rounds]
    ratio = share([mine.rate / other.rate for mine, other in rounds], 0.5)
    work = sum(load.processor_ms for load in ours) / sum(load.processor_ms for load in bare)
    return [
        Figure("webhook, messages a second", f"{share([load.rate for load in ours], 0.5):,.0f}"),
        Figure("a bare view, requests a second", f"{share([load.rate for load in bare], 0.5):,.0f}"),
        Figure("webhook / bare view, rate", f"{ratio:.2f}", "at least 0.45", ratio >= 0.45),
        Figure("webhook, processor time a message", f"{share([load.processor_ms for load in ours], 0.5):.2f} ms"),
        Figure("webhook / bare view, processor time", f"{work:.2f}", "at most 2", work <= 2),
    ]


def _load(server: Server, requests: list[bytes]) -> Load:
    before = server.processor_seconds()
    rate = blast(server.port, requests)
    return Load(rate, (server.processor_seconds() - before) * 1000 / len(requests))


def _sort(program: Program, webhook: Server) -> list[Figure]:
    """The sorter in a process of its own, as in a worker's; no turn is answered meanwhile."""
    forms, db = program.memory.forms, program.memory.db
    waiting = forms.count_waiting()
    if waiting != ROUNDS * MESSAGES:
        raise RuntimeError(f"{waiting} of {ROUNDS * MESSAGES} messages were kept")
    start = time.perf_counter()
    program.sorter.sort_all()
    backlog = waiting / (time.perf_counter() - start)
    stored = db.value("SELECT count(*) FROM messages")
    if stored != waiting:
        raise RuntimeError(f"{stored} of {waiting} messages were sorted")
    program.sorter.start()
    last = db.value("SELECT max(id) FROM received_forms")
    pace(webhook.port, [_request(webhook.port, 20_000_000 + n) for n in range(1000)], per_second=200)
    while forms.count_waiting():
        time.sleep(0.01)
    rows = db.tuples("SELECT received_at, sorted_at FROM received_forms WHERE id > :last", last=last)
    waits = [(from_text(done) - from_text(came)).total_seconds() * 1000 for came, done in rows]
    slow = share(waits, 0.99)
    steady = pace(webhook.port, [_request(webhook.port, 10_000_000 + n) for n in range(500)], per_second=50)
    program.sorter.stop()
    answered = share(steady, 0.99)
    return [
        Figure("webhook p99 at 50 a second", f"{answered:.1f} ms", "under 50 ms", answered < 50),
        Figure("sorted, p99 at 200 a second", f"{slow:.0f} ms", "under 100 ms", slow < 100),
        Figure("a backlog is sorted at, messages a second", f"{backlog:,.0f}"),
    ]


def _request(port: int, n: int) -> bytes:
    form = {
        "MessageSid": f"SM{n:032d}",
        "AccountSid": ACCOUNT,
        "From": f"whatsapp:+1415{n % 1000:07d}",
        "To": "whatsapp:+14155238886",
        "Body": "do you have gaming laptops under 1500 euros?",
        "NumMedia": "0",
        "WaId": f"1415{n % 1000:07d}",
        "ProfileName": "Customer",
        "SmsStatus": "received",
    }
    headers = sign(TOKEN, f"http://127.0.0.1:{port}{INBOUND_PATH}", form, "HMAC_SHA1")
    body = urlencode(form).encode()
    lines = [
        f"POST {INBOUND_PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def _gunicorn(application: str, settings: dict[str, str], port: int) -> Iterator[Server]:
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--log-level", "warning"]
    process = subprocess.Popen([*command, application], cwd=HERE, env={**os.environ, **settings, "PORT": str(port)})
    try:
        _until_up(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _until_up(port: int) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
