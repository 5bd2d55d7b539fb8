"""The webhook against a view that only reads the form: messages a second, and the wait."""

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
from urllib.parse import urlencode

from benchmarks.figures import Figure, share
from benchmarks.load import blast, pace
from bot.channels.channel import INBOUND_PATH
from bot.channels.twilio import sign
from memory.storage.database import Database
from tests.world import environment, free_port

HERE = Path(__file__).parent.parent
TOKEN, ACCOUNT = "0" * 32, "AC" + "0" * 32
MESSAGES = 4000
ROUNDS = 3


def measure() -> list[Figure]:
    """In turns, so that a slow moment of the machine meets both."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = free_port(), free_port()
        settings = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_WHATSAPP_FROM": "+14155238886",
            "PUBLIC_URL": f"http://127.0.0.1:{ours}",
        }
        place = environment(Path(folder), ours, **settings)
        with _gunicorn("app:web()", place, ours), _gunicorn("benchmarks.bare:app", {"PORT": str(bare)}, bare):
            return _compare(Path(folder), ours, bare)


def _compare(folder: Path, ours: int, bare: int) -> list[Figure]:
    rates: list[tuple[float, float]] = []
    for turn in range(ROUNDS):
        requests = [_request(ours, turn * MESSAGES + n) for n in range(MESSAGES)]
        rates.append((blast(ours, requests), blast(bare, requests)))
    stored = Database(folder / "hawker.db").value("SELECT count(*) FROM messages")
    if stored != ROUNDS * MESSAGES:
        raise RuntimeError(f"{stored} of {ROUNDS * MESSAGES} messages were stored")
    ratio = share([mine / yardstick for mine, yardstick in rates], 0.5)
    steady = pace(ours, [_request(ours, 10_000_000 + n) for n in range(500)], per_second=50)
    slow = share(steady, 0.99)
    return [
        Figure("webhook, messages a second", f"{share([mine for mine, _ in rates], 0.5):,.0f}"),
        Figure("a bare view, requests a second", f"{share([yardstick for _, yardstick in rates], 0.5):,.0f}"),
        Figure("webhook / bare view", f"{ratio:.2f}", "at least 0.40", ratio >= 0.4),
        Figure("webhook p99 at 50 a second", f"{slow:.1f} ms", "under 50 ms", slow < 50),
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
def _gunicorn(application: str, settings: dict[str, str], port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--log-level", "warning"]
    process = subprocess.Popen([*command, application], cwd=HERE, env={**os.environ, **settings, "PORT": str(port)})
    try:
        _until_up(port)
        yield
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
