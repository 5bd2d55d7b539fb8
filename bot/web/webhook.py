"""The provider's webhook: checks the signature, keeps the form, answers; nothing else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import Forbidden, HTTPException, LengthRequired, RequestEntityTooLarge

from bot.channels.channel import INBOUND_PATH, STATUS_PATH, Channel, WebhookRefused, WebhookRequest
from bot.web.access import signed
from bot.web.failed_attempts import FailedAttempts
from memory.intake.durable_batches import Intake
from memory.intake.received_forms import ReceivedForms
from memory.storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024
# App configuration, for bot.web.buffering_worker: whether a request to this path with these headers (names in title case) is
# refused whatever its body is. Such a request gets its answer at once.
REFUSED_UNREAD = "REFUSED_UNREAD"


@dataclass(frozen=True, slots=True)
class WebhookParts:
    channel: Channel
    forms: ReceivedForms
    intake: Intake
    wake: threading.Event  # the sorter's, where it runs in this process


def refused_unread(channel: Channel, headers: Mapping[str, str]) -> HTTPException | None:
    """Why a request is refused before its body is read; `headers` have names in title case."""
    if not channel.is_signed(headers):
        return Forbidden("the signature is missing; see `flask --app app doctor`")
    length = headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        return LengthRequired("the form's length is missing")
    if len(length) > 9 or int(length) > LARGEST_FORM:
        return RequestEntityTooLarge(f"a form has at most {LARGEST_FORM} bytes")
    return None


def webhook(parts: WebhookParts) -> Blueprint:
    routes = Blueprint("webhook", __name__)

    failed = FailedAttempts()

    @routes.before_request
    def check() -> None:
        _require_signature(parts.channel, failed)

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


def _require_signature(channel: Channel, failed: FailedAttempts) -> None:
    headers = dict(request.headers)
    refusal = refused_unread(channel, headers)
    if isinstance(refusal, Forbidden):
        failed.count(request.remote_addr)
    if refusal is not None:
        raise refusal
    request.max_content_length = LARGEST_FORM
    try:
        channel.check_request(WebhookRequest(request.path, _query(), _form(), headers))
    except WebhookRefused as refused:
        failed.count(request.remote_addr)
        abort(403, str(refused))


def _form() -> list[tuple[str, str]]:
    return list(request.form.items(multi=True))


def _query() -> str:
    return request.query_string.decode("latin-1")
