"""The all-in-one process: seconds to the first answered message, and idle memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.figures import Figure
from tests.world import environment, free_port

HERE = Path(__file__).parent.parent


def measure() -> list[Figure]:
    """Started as by `make run`, asked through the simulator."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = environment(Path(folder), port, REPLY_QUIET_SECONDS="0")
        for practice in ("PRACTICE_DAYS_PER_HOUR", "PRACTICE_CUSTOMERS_PER_HOUR"):
            del settings[practice]  # with the practice accounts, as a first start has them
        start = time.perf_counter()
        command = [sys.executable, "app.py"]
        program = subprocess.Popen(
            command, cwd=HERE, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _first_answer(port)
            answered = time.perf_counter() - start
            time.sleep(5)  # until what was loaded for the first answer has settled
            memory = sum(_resident(pid) for pid in _family(program.pid))
        finally:
            program.terminate()
            program.wait()
    return [
        Figure("start to first answered message", f"{answered:.1f} s", "under 5 s", answered < 5),
        Figure("idle memory, all in one", f"{memory:.0f} MB", "under 250 MB", memory < 250),
    ]


def _first_answer(port: int) -> None:
    chat = f"http://127.0.0.1:{port}/simulator/chats/+14155550101"
    said = False
    for _ in range(600):
        try:
            if not said:
                headers = {"Content-Type": "application/json", "X-Simulator": "page"}
                hello = urllib.request.Request(f"{chat}/messages", b'{"text": "hello"}', headers)
                urllib.request.urlopen(hello, timeout=5).read()
                said = True
            if b'"mine":false' in urllib.request.urlopen(chat, timeout=5).read().replace(b" ", b""):
                return
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"the simulator refused: {refused.read()!r}") from refused
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError("no answer came within twelve seconds")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _resident(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
