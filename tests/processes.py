"""The program as real processes on one database: gunicorn for the web, `flask worker` for the answers, killed at will."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.channels.simulator import Customer, Pace, SmallTwilio, serving
from memory.storage.database import Database
from memory.storage.timestamps import now
from tests.waiting import HANG_SECONDS, wait_until
from tests.world import AT_ONCE, environment, free_port

HERE = Path(__file__).parent.parent


class Processes:
    """Web and worker processes, and the small Twilio that they talk to."""

    def __init__(self, folder: Path, twilio: SmallTwilio, settings: dict[str, str]) -> None:
        self.twilio = twilio
        self.db = Database(settings["DATABASE_URL"], key=settings.get("DATABASE_KEY"))
        self.url = settings["PUBLIC_URL"]
        self._environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
        self._log_file = folder / "processes.log"
        self._log = self._log_file.open("ab")
        self.running: list[subprocess.Popen[bytes]] = []

    def start_web(self, *, workers: int = 1) -> subprocess.Popen[bytes]:
        """gunicorn, ready for requests."""
        command = ["-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", str(workers), "app:web()"]
        process = self._start(command)
        self._until_healthy()
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker with its clock."""
        return self._start(["-m", "flask", "--app", "app", "worker"])

    def command(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """`flask --app app` with these words, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            cwd=HERE,
            env=self._environment | settings,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9, children and all."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def answered(self, people: list[Customer], each: int) -> None:
        """Wait until everybody has heard `each` answers, then see that nobody heard more."""
        chats = self.twilio.chats
        with chats.changed:
            chats.changed.wait_for(lambda: all(len(person.heard()) >= each for person in people), HANG_SECONDS)
        assert [len(person.heard()) for person in people] == [each] * len(people)

    def log(self) -> str:
        """What they have said so far."""
        return self._log_file.read_text()

    def stop_all(self) -> None:
        """Whatever is left."""
        for process in list(self.running):
            self.kill(process)
        self.db.close()
        self._log.close()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=HERE,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def _until_healthy(self) -> None:
        wait_until(self._is_healthy, self.log)

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=HANG_SECONDS) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


@contextmanager
def processes(folder: Path, *, pace: Pace = AT_ONCE, **settings: str) -> Iterator[Processes]:
    """A shop in `folder` with nothing running yet; everything is killed at the end of the block."""
    port = free_port()
    overrides = "#rc=3&rp=5xx,ct,rt"
    with serving(f"http://127.0.0.1:{port}", now, pace=pace, webhook_overrides=overrides) as twilio:
        account = {
            "TWILIO_ACCOUNT_SID": twilio.account.sid,
            "TWILIO_AUTH_TOKEN": twilio.account.tokens[0],
            "TWILIO_WHATSAPP_FROM": twilio.account.sender,
            "TWILIO_API_URL": twilio.account.api_url,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        shop = Processes(folder, twilio, environment(folder, port, **account, **settings))
        try:
            yield shop
        finally:
            shop.stop_all()
