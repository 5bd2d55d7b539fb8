"""The small Twilio on a port of its own, for tests and benchmarks."""

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
    """A small Twilio that listens on a free port of this machine and calls the program at `public_url`.

    `more` are further arguments of SmallTwilio. It stops, callbacks and all, at the end of the block.
    """
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
