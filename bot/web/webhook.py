"""The provider's webhook: checks the signature, keeps the form, answers; nothing else."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request

from bot.channels.channel import INBOUND_PATH, STATUS_PATH, Channel, WebhookRefused, WebhookRequest
from bot.web.access import signed
from memory.conversations.intake import Intake
from memory.conversations.received_forms import ReceivedForms
from memory.storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True)
class WebhookParts:
    channel: Channel
    forms: ReceivedForms
    intake: Intake
    wake: threading.Event  # the sorter's, where it runs in this process


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
        form = _form()
        identity = parts.channel.identify(form)
        if identity is None:
            abort(400, "the form has neither a message id nor a sender")
        parts.intake.keep(parts.forms.arrived(identity, form, _query()))
        parts.wake.set()
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
