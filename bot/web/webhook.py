"""The provider's webhook: checks the signature, stores, answers; nothing else."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request

from bot.brands import BrandNumbers
from bot.channels.channel import (
    INBOUND_PATH,
    STATUS_PATH,
    Channel,
    DeliveryStatus,
    SetAside,
    SetAsideReason,
    WebhookRefused,
    WebhookRequest,
)
from bot.delivery.outbox import Outbox
from bot.web.access import signed
from memory.conversations.channel_messages import Inbound
from memory.conversations.intake import Intake
from memory.storage.errors import DatabaseUnavailable, NotAnAddress

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True)
class WebhookParts:
    channel: Channel
    intake: Intake
    outbox: Outbox
    numbers: BrandNumbers
    wake: threading.Event

    def take_in(self, message: Inbound) -> None:
        brand = self.numbers.brand_of(message.to)
        if brand is None:
            log.warning("a message came for a number that no brand has; add it to the brands file")
            return
        try:
            self.intake.take_in(brand, message)
        except NotAnAddress as fault:
            log.info("a message is set aside: %s", fault)
        else:
            self.wake.set()


def webhook(parts: WebhookParts) -> Blueprint:
    routes = Blueprint("webhook", __name__)

    @routes.before_request
    def check() -> None:
        request.max_content_length = LARGEST_FORM
        asked = WebhookRequest(request.path, _query(), _form(), dict(request.headers))
        try:
            parts.channel.check_request(asked)
        except WebhookRefused as refused:
            abort(403, str(refused))

    @signed
    def take() -> Response:
        match parts.channel.read_form(_form(), _query()):
            case Inbound() as message:
                parts.take_in(message)
            case DeliveryStatus() as status:
                parts.outbox.note(status)
                parts.wake.set()
            case SetAside(SetAsideReason.NO_MESSAGE_ID):
                abort(400, "the form has no message id")
            case SetAside(reason):
                log.info("a form is set aside: %s", reason)
        reply = parts.channel.webhook_reply
        return Response(reply.body, content_type=reply.content_type)

    # Two addresses, because the provider is told one for each; what a form is, the form itself says.
    routes.add_url_rule(INBOUND_PATH, "take_in", take, methods=["POST"])
    routes.add_url_rule(STATUS_PATH, "take_status", take, methods=["POST"])

    @routes.errorhandler(DatabaseUnavailable)
    def come_again(fault: DatabaseUnavailable) -> tuple[str, int]:
        log.error("a webhook could not be stored: %s", fault)
        return "the database cannot be written now; send it again", 503

    return routes


def _form() -> list[tuple[str, str]]:
    return list(request.form.items(multi=True))


def _query() -> str:
    return request.query_string.decode("latin-1")
