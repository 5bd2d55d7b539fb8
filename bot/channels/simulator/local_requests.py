"""The simulator answers this machine only: a customer made up by a stranger could order, and staff made up could spend."""

from __future__ import annotations

import re

from flask import abort, request

_HERE = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.I | re.A)


def require_local() -> None:
    """403 unless Host and Origin name this machine.

    A page elsewhere may point its own name at 127.0.0.1 (DNS rebinding), or post here from another origin.
    """
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if not _HERE.fullmatch(host):
        abort(403, "the simulator answers on this machine only: open http://127.0.0.1, or forward the port with ssh -L")
    if origin is not None and not _HERE.fullmatch(re.sub(r"\Ahttps?://", "", origin)):
        abort(403, "the simulator takes nothing from pages of another machine")
