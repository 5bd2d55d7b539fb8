"""The simulator's page."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.channels.simulator import require_local
from bot.settings import Settings


def pages(settings: Settings) -> Blueprint:
    """The page is a 404 unless the channel is simulated, and answers this machine only."""
    made = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/pages")
    made.add_url_rule("/simulator", "simulator", lambda: _simulator(settings))
    made.add_url_rule("/", "front", lambda: _front(settings))
    return made


def _front(settings: Settings) -> BaseResponse:
    if not settings.simulated:
        abort(404)
    require_local()
    return redirect(url_for("pages.simulator"))


def _simulator(settings: Settings) -> Response:
    if not settings.simulated:
        abort(404)
    require_local()
    staff = [{"who": number, "role": role} for number, role in settings.staff.items()]
    answer = make_response(render_template("simulator.html", staff=staff))
    # Microphone for voice notes; nothing else of the visitor's machine.
    answer.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    return answer
