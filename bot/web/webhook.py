"""What Twilio calls: check the signature, write it down, say thank you. Nothing else happens in the request."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request

from bot.brands import BrandNumbers
from bot.channels.twilio import MissingSid, NotAMessage, WhatsApp
from bot.delivery.outbox import Outbox
from bot.web.access import signed
from memory.conversations.intake import Intake
from memory.storage.errors import DatabaseUnavailable, NotAnAddress

log = logging.getLogger(__name__)

LARGEST_FORM = 64 * 1024
THANKS = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@dataclass(frozen=True, slots=True)
class Door:
    """What the webhook hands messages to."""

    channel: WhatsApp
    intake: Intake
    outbox: Outbox
    numbers: BrandNumbers
    wake: threading.Event


def webhook(door: Door) -> Blueprint:
    """The routes that Twilio calls, each signed without exception."""
    routes = Blueprint("webhook", __name__, url_prefix="/webhook/whatsapp")

    @routes.before_request
    def check() -> None:
        request.max_content_length = LARGEST_FORM
        url = door.channel.signed_url(request.path, request.query_string.decode("latin-1"))
        if not door.channel.check_signature(url, request.form, request.headers):
            log.warning("refused a request that was not signed for %s; PUBLIC_URL must be what Twilio calls", url)
            abort(403, "the signature does not fit; see `flask --app app doctor`")
        if not door.channel.is_ours(request.form):
            abort(403, "this is another account's message")

    @routes.post("")
    @signed
    def take_in() -> Response:
        if "MessageStatus" in request.form and "Body" not in request.form:
            return _take_status(door)
        return _take_message(door)

    @routes.post("/status")
    @signed
    def take_status() -> Response:
        return _take_status(door)

    @routes.errorhandler(DatabaseUnavailable)
    def come_again(fault: DatabaseUnavailable) -> tuple[str, int]:
        log.error("a webhook could not be stored: %s", fault)
        return "the database cannot be written now; send it again", 503

    return routes


def _take_message(door: Door) -> Response:
    try:
        inbound = door.channel.read_form(request.form)
        brand = door.numbers.brand_of(inbound.to)
        if brand is None:
            log.warning("a message came for a number that no brand has; add it to the brands file")
        else:
            door.intake.take_in(brand, inbound)
            door.wake.set()
    except MissingSid as fault:
        abort(400, str(fault))
    except (NotAMessage, NotAnAddress) as fault:
        log.info("nothing to take in: %s", fault)
    return _thanks()


def _take_status(door: Door) -> Response:
    try:
        door.outbox.note(door.channel.read_status(request.form, request.args))
        door.wake.set()
    except MissingSid as fault:
        abort(400, str(fault))
    except NotAMessage as fault:
        log.info("nothing to take in: %s", fault)
    return _thanks()


def _thanks() -> Response:
    return Response(THANKS, content_type="text/xml; charset=utf-8")
