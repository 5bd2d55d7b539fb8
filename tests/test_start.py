"""What the first command does before anything serves."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import HANG_SECONDS
from tests.world import free_port

ROOT = Path(__file__).parents[1]


def test_a_taken_port_is_told_with_what_to_do_and_before_where_to_click(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environment = {**os.environ, "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path / 'h.db'}"}
        started = subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANG_SECONDS,
            check=False,
        )
    assert started.returncode == 1
    assert started.stdout == ""
    assert started.stderr.startswith(f"Hawker cannot serve on port {port} ")
    assert "PORT=" in started.stderr


def test_the_port_may_stand_in_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    (tmp_path / ".env").write_text(f"PORT={port}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    assert runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["bind"] == f"127.0.0.1:{port}"
