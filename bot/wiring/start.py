"""Start-up checks and messages on the terminal."""

from __future__ import annotations

import socket

import click

from bot.brands import BrandsWrong
from bot.settings import Settings, WrongSetting
from bot.wiring.logs import log_at
from bot.wiring.program import Program, assemble
from memory.storage.errors import DatabaseUnavailable


def settings_or_exit() -> Settings:
    """Exits with a message for each wrong setting."""
    try:
        return Settings.from_environment()
    except WrongSetting as wrong:
        raise SystemExit(f"Hawker cannot start: a setting is wrong.\n{wrong}") from wrong


def program_or_exit() -> Program:
    settings = settings_or_exit()
    log_at(settings.log_level)
    try:
        return assemble(settings)
    except (BrandsWrong, WrongSetting) as wrong:
        raise SystemExit(f"Hawker cannot start.\n{wrong}") from wrong
    except DatabaseUnavailable as fault:
        raise SystemExit(f"Hawker cannot start: its database is {settings.database_path}.\n{fault}") from fault


def require_free(port: int) -> None:
    """Exits with a message if `port` is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a port just left counts as free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            another = f"stop what listens there, or choose another: PORT={port + 1 if port < 65535 else 8000} make run"
            raise SystemExit(f"Hawker cannot serve on port {port} ({taken.strerror}); {another}") from taken


def greet(settings: Settings) -> None:
    here = f"http://127.0.0.1:{settings.port}"
    if settings.simulated:
        click.echo(f"Try it:     {here}/simulator   (Twilio is simulated: set TWILIO_ACCOUNT_SID for the real one)")
    else:
        click.echo(f"Webhook:    {settings.public_url}/webhook/whatsapp   (Twilio is real)")
    model = settings.openai_model if settings.openai_api_key else "the built-in writer (set OPENAI_API_KEY for a model)"
    click.echo(f"Answers by: {model}")
    click.echo(f"API:        {here}/openapi.json   (a token: .venv/bin/flask --app app token --role analyst)")
