"""Starts a process: settings → bot.wiring → web, worker, scheduler.

python app.py            web, worker and scheduler in one process (`make run`)
flask --app app worker   only worker and scheduler
gunicorn "app:web()"     only web
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import Flask

from bot.web.cli.database import CLOSED
from bot.wiring.start import greet, program_or_exit, require_free, settings_or_exit
from bot.wiring.web import closed_site

HERE = Path(__file__).parent


def web() -> Flask:
    """For gunicorn, beside a worker process."""
    return program_or_exit().web


def everything() -> Flask:
    """For gunicorn with one worker: web, worker and scheduler in one process."""
    program = program_or_exit()
    program.start()
    program.web.config["STOP"] = program.stop  # deploy/gunicorn.conf.py calls it when the process ends
    return program.web


def create_app() -> Flask:
    """For `flask --app app …`. Commands that need the database closed get no program."""
    if _command() in CLOSED:
        return closed_site(settings_or_exit())
    program = program_or_exit()

    @program.web.cli.command("worker")
    def worker() -> None:
        """Answer messages in this process until it is told to stop."""
        program.work()

    return program.web


def _command() -> str | None:
    """The command's name, before Flask has loaded the program that defines it."""
    words = iter(sys.argv[1:])
    for word in words:
        if word in ("--app", "-A", "--env-file", "-e"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def main() -> None:
    """Serves everything on PORT."""
    settings = settings_or_exit()
    require_free(settings.port)
    greet(settings)
    os.environ["WEB_CONCURRENCY"] = "1"
    os.environ["PORT"] = str(settings.port)  # gunicorn does not read .env
    arguments = ["gunicorn", "--config", str(HERE / "deploy" / "gunicorn.conf.py"), "app:everything()"]
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606  # nosec B606 # our own words, no shell


if __name__ == "__main__":
    main()
