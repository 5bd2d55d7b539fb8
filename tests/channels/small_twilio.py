"""The Twilio channel over HTTP against the small Twilio, with a webhook that remembers what it was sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server

from bot.channels.channel import INBOUND_PATH, STATUS_PATH, DeliveryStatus, WebhookRefused, WebhookRequest
from bot.channels.simulator import Pace, SmallTwilio, serving
from bot.channels.twilio import TwilioChannel
from bot.settings import Settings
from memory.conversations.channel_messages import Inbound, OutboxRow
from tests.waiting import HANG_SECONDS

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MARIA = "+34600000001"
OURS = "+14155238886"


@dataclass
class Clock:
    """The time, moved by the test."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Webhook:
    """Checks and reads what is posted to it."""

    channel: TwilioChannel | None = None
    requests: list[WebhookRequest] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    statuses: list[DeliveryStatus] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # what to answer to the next messages, instead of 200
    changed: threading.Condition = field(default_factory=threading.Condition)

    def app(self) -> Flask:
        app = Flask("webhook")
        app.add_url_rule(INBOUND_PATH, "in", self._take, methods=["POST"])
        app.add_url_rule(STATUS_PATH, "status", self._take, methods=["POST"])
        return app

    def wait(self, statuses: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.statuses) >= statuses, HANG_SECONDS), self.statuses

    def _take(self) -> Response:
        assert self.channel is not None
        if self.answers and request.path == INBOUND_PATH:
            return Response(status=self.answers.pop(0))
        form = list(request.form.items(multi=True))
        posted = WebhookRequest(request.path, request.query_string.decode(), form, dict(request.headers))
        try:
            self.channel.check_request(posted)
        except WebhookRefused:
            return Response(status=403)
        with self.changed:
            self.requests.append(posted)
            match self.channel.read_form(form, posted.query):
                case Inbound() as message:
                    self.inbound.append(message)
                case DeliveryStatus() as status:
                    self.statuses.append(status)
            self.changed.notify_all()
        return Response(self.channel.webhook_reply.body, content_type=self.channel.webhook_reply.content_type)


@dataclass
class TwilioWorld:
    clock: Clock
    webhook: Webhook
    twilio: SmallTwilio
    channel: TwilioChannel


@contextmanager
def twilio_world(**more: Any) -> Iterator[TwilioWorld]:
    """`more` goes to the small Twilio."""
    clock, webhook = Clock(), Webhook()
    server = make_server("127.0.0.1", 0, webhook.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with serving(f"http://127.0.0.1:{server.server_port}", clock, pace=Pace(0, 0, 0), **more) as twilio:
            settings = Settings.from_environment({})
            webhook.channel = TwilioChannel(settings, clock, twilio.account, sleep=lambda seconds: None)
            yield TwilioWorld(clock, webhook, twilio, webhook.channel)
    finally:
        server.shutdown()
        server.server_close()


def a_row(body: str = "Hello", to: str = f"whatsapp:{MARIA}", **more: Any) -> OutboxRow:
    return OutboxRow(**{"id": 7, "to": to, "sender": OURS, "body": body, "first_tried_at": NOW, **more})
