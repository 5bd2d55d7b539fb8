"""The simulator on its own port, for tests and benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from bot.channels.simulator.routes import blueprint
from bot.channels.simulator.small_twilio import SmallTwilio


@contextmanager
def serving(public_url: str, clock: Callable[[], datetime], **more: Any) -> Iterator[SmallTwilio]:
    """On a free local port until the block ends; `more` goes to SmallTwilio."""
    app = Flask("small_twilio")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    twilio = SmallTwilio(public_url, f"http://127.0.0.1:{server.server_port}/simulator/twilio", clock, **more)
    app.register_blueprint(blueprint(twilio))
    with _running(server):
        try:
            yield twilio
        finally:
            twilio.stop()


@contextmanager
def _running(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
