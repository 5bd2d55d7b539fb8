"""API routes about conversations and health, and /openapi.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, Protocol

from flask import Flask, Response, current_app, jsonify, request
from flask_smorest import Api, Blueprint
from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import Length, OneOf, Range
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound
from werkzeug.wrappers import Response as ErrorResponse

from bot.settings import Settings
from bot.web.access import allow, caller, guard, public
from bot.web.api.problem_details import PROBLEM, problem, register_problems
from bot.web.request_audit import RequestAudit
from bot.web.response_headers import register_response_headers
from memory.audit_log.api_tokens import ApiTokens
from memory.audit_log.audit_trail import AuditTrail
from memory.conversation import ConversationMemory
from memory.conversations.analytics import Analytics
from memory.conversations.messages import Messages
from memory.conversations.turns import Turns
from memory.people.contacts import Contacts
from memory.security.secret_keys import SecretKeys
from memory.storage.audit_event import Door
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock, to_text
from memory.upkeep.erasure import Erasure

LARGEST_ID = (1 << 63) - 1
WRITE_PROBE = "write probe"  # one row: a database that can be read only, or is full, is not ready
WORKER_SILENCE = timedelta(seconds=30)
EXTENSION = "hawker"


class DoctorFinding(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def sentence(self) -> str: ...


class Examinable(Protocol):
    """Implemented by channels and `bot.ads.facebook.Facebook`."""

    def examine(self) -> Sequence[DoctorFinding]:
        """May use the network."""


class ProviderHealth(Protocol):
    """Implemented by `bot.delivery.outbox.Outbox`."""

    def provider_fault(self) -> str | None:
        """What to do about it, without persons; None if the provider takes messages."""


@dataclass(frozen=True, slots=True)
class Parts:
    """For the API and the terminal commands; built in `bot.wiring.web`."""

    settings: Settings
    keys: SecretKeys  # access.secret_keys
    clock: Clock
    brands: Sequence[str]  # the first is meant where none is named
    db: Database
    contacts: Contacts
    conversations: Mapping[str, ConversationMemory]  # by brand
    messages: Messages
    turns: Turns
    analytics: Analytics
    provider: ProviderHealth | None  # a part of /ready; None where nothing is sent
    examined: Sequence[Examinable]  # by the doctor
    erasure: Erasure


class Moment(fields.DateTime):
    """ISO 8601 in UTC: `2026-11-21T04:57:16.123456Z`."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:
        return value if value is None or isinstance(value, str) else to_text(value)


class Problem(Schema):
    """Every error, by RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "what is wrong and what to do"})


class BrandQuery(Schema):
    """Unknown query parameters are ignored."""

    class Meta:
        unknown = EXCLUDE

    brand = fields.String(
        validate=Length(1, 100), metadata={"description": "whose data; by default the token's or the first brand"}
    )


class _HistoryQuery(BrandQuery):
    limit = fields.Integer(load_default=50, validate=Range(1, 500))
    before = fields.Integer(
        load_default=None,
        validate=Range(1, LARGEST_ID),
        metadata={"description": "only messages older than the one with this id"},
    )


class _UsersQuery(BrandQuery):
    limit = fields.Integer(load_default=50, validate=Range(1, 500))
    after = fields.Integer(
        load_default=0, validate=Range(0, LARGEST_ID), metadata={"description": "`next_after` of the page before"}
    )


class _DaysQuery(BrandQuery):
    days = fields.Integer(load_default=30, validate=Range(1, 366))


class UserSchema(Schema):
    phone_number = fields.String(
        required=True, metadata={"description": "E.164; the WhatsApp user id of a person who hides the number"}
    )
    user_id = fields.String(allow_none=True, metadata={"description": "WhatsApp's user id, where it gave one"})
    name = fields.String(allow_none=True)
    preferred_currency = fields.String(allow_none=True, metadata={"description": "ISO 4217"})
    interests = fields.List(fields.String(), metadata={"description": "the most frequent first"})
    last_interaction = Moment(allow_none=True)
    total_interactions = fields.Integer()
    language = fields.String(allow_none=True)
    first_seen = Moment()
    opted_out = Moment(allow_none=True, metadata={"description": "since when nothing may be sent to this person"})


class _AuditQuery(BrandQuery):
    person = fields.String(
        load_default=None, validate=Length(1, 200), metadata={"description": "their number or user id"}
    )
    actor = fields.String(load_default=None, metadata={"description": "contact:12, token:admin-1f2e, ad agent …"})
    door = fields.String(load_default=None, validate=OneOf([str(each) for each in Door]))
    action = fields.String(load_default=None)
    since = fields.AwareDateTime(load_default=None, default_timezone=UTC)
    until = fields.AwareDateTime(load_default=None, default_timezone=UTC)
    limit = fields.Integer(load_default=50, validate=Range(1, 499))
    before = fields.Integer(load_default=None, validate=Range(1, LARGEST_ID))


class AuditEntrySchema(Schema):
    """`hash` is over the other fields, `previous` the hash of the entry before."""

    id = fields.Integer()
    at = Moment()
    brand = fields.String()
    actor = fields.String()
    role = fields.String()
    door = fields.String()
    action = fields.String()
    person = fields.Integer(allow_none=True, metadata={"description": "a contact's id"})
    subject = fields.String()
    outcome = fields.String(metadata={"description": "empty, or why it was refused"})
    previous = fields.String()
    hash = fields.String()


class AuditSchema(Schema):
    entries = fields.List(fields.Nested(AuditEntrySchema))
    next_before = fields.Integer(allow_none=True)


class UserProfileSchema(UserSchema):
    city = fields.String(allow_none=True, dump_default=None)
    budget = fields.String(allow_none=True, dump_default=None)


class HeardMessageSchema(Schema):
    id = fields.Integer()
    timestamp = Moment(attribute="at")
    content = fields.String()
    message_type = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    metadata = fields.Dict()


class ConversationMessageSchema(HeardMessageSchema):
    """Messages by staff have role `assistant`, and `by` in their metadata."""

    role = fields.String(validate=OneOf(("user", "assistant")))
    kind = fields.String(metadata={"description": "text, image, audio, location, …"})
    state = fields.String(metadata={"description": "where the message is on its way"})


class SessionInfoSchema(Schema):
    created_at = Moment(allow_none=True)
    last_at = Moment(allow_none=True)
    total_messages = fields.Integer()


class ConversationSchema(Schema):
    """Messages are oldest first."""

    user_profile = fields.Nested(UserProfileSchema)
    messages = fields.List(fields.Nested(ConversationMessageSchema))
    session_info = fields.Nested(SessionInfoSchema)
    next_before = fields.Integer(
        allow_none=True, metadata={"description": "`before` of the next older page; null when there is none"}
    )


class ErasedSchema(Schema):
    erased = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"description": "rows by table"})
    at_provider = fields.Integer(metadata={"description": "messages handed over for removal at the provider"})
    receipt = fields.Dict(metadata={"description": "signed: what was removed, what remains where and until when"})


class UsersSummarySchema(Schema):
    total_interactions = fields.Integer()
    active_users_24h = fields.Integer()
    top_interests = fields.List(fields.Tuple((fields.String(), fields.Integer())))


class UserAnalyticsSchema(Schema):
    total_users = fields.Integer()
    summary = fields.Nested(UsersSummarySchema)
    users = fields.List(fields.Nested(UserSchema))
    next_after = fields.Integer(
        allow_none=True, metadata={"description": "`after` of the next page; null when there is none"}
    )


class DayCountSchema(Schema):
    """A UTC day."""

    day = fields.String()
    messages = fields.Integer()


class ReplyTimesSchema(Schema):
    """Milliseconds from the first unanswered message to the reply."""

    replies = fields.Integer()
    p50_ms = fields.Integer(allow_none=True)
    p95_ms = fields.Integer(allow_none=True)


class AnsweredSchema(Schema):
    """`share` of all turns is from 0 to 1."""

    replies = fields.Integer()
    share = fields.Float()


class MessageAnalyticsSchema(Schema):
    days = fields.Integer()
    since = fields.String()
    total = fields.Integer()
    by_day = fields.List(fields.Nested(DayCountSchema))
    by_type = fields.Dict(keys=fields.String(), values=fields.Integer())
    by_language = fields.Dict(keys=fields.String(), values=fields.Integer())
    reply_times = fields.Nested(ReplyTimesSchema)
    answered_by = fields.Dict(keys=fields.String(), values=fields.Nested(AnsweredSchema))


class KnownFactSchema(Schema):
    id = fields.Integer()
    predicate = fields.String()
    value = fields.String()
    since = Moment()
    until = Moment(allow_none=True)
    message_id = fields.Integer(allow_none=True, metadata={"description": "where it was said"})


class RecalledMessageSchema(Schema):
    id = fields.Integer()
    at = Moment()
    role = fields.String()
    content = fields.String()


class WhySchema(Schema):
    message_id = fields.Integer()
    answered_by = fields.String()
    why = fields.String(allow_none=True, metadata={"description": "why not the model, where there is one"})
    at = Moment()
    waited_ms = fields.Integer()
    model = fields.String(allow_none=True)
    tokens_in = fields.Integer()
    tokens_out = fields.Integer()
    cost_micros = fields.Integer(metadata={"description": "millionths of a US dollar"})
    used = fields.Dict(metadata={"description": "items, rates, facts and messages that the reply was made from"})
    heard = fields.List(fields.Nested(HeardMessageSchema))
    known = fields.List(fields.Nested(KnownFactSchema))
    recalled = fields.List(fields.Nested(RecalledMessageSchema))


class HealthSchema(Schema):
    status = fields.String()


class ReadinessSchema(Schema):
    """Each part is "ok", or what is wrong with it."""

    status = fields.String(validate=OneOf(("ready", "not ready")))
    parts = fields.Dict(keys=fields.String(), values=fields.String())


class _Arguments(FlaskParser):
    DEFAULT_VALIDATION_STATUS = 400


class TokenBlueprint(Blueprint):
    """Invalid arguments are a 400."""

    ARGUMENTS_PARSER = _Arguments()


class _OurApi(Api):
    ERROR_SCHEMA = Problem

    def handle_http_exception(self, error: HTTPException) -> ErrorResponse:
        return problem(error)

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


api = TokenBlueprint("api", __name__, description="Conversations, figures, and whether all is well")
NEEDS_TOKEN: dict[str, Any] = {"security": [{"token": []}]}


def register(app: Flask, parts: Parts, *further: TokenBlueprint) -> None:
    """Also the access check and the error format."""
    app.extensions[EXTENSION] = parts
    app.config.update(API_TITLE="Hawker", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    app.config["API_SPEC_OPTIONS"] = {
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}}
    }
    app.before_request(_refuse_zero_bytes)
    log = RequestAudit(AuditTrail(parts.db, parts.clock), parts.contacts, parts.messages, parts.brands)
    guard(app, parts.keys, parts.clock, ApiTokens(parts.db, parts.clock), log)
    ours = _OurApi(app)
    for blueprint in (api, *further):
        ours.register_blueprint(blueprint)
    register_problems(app)
    register_response_headers(app)

    @app.get("/openapi.json")
    @public
    def openapi() -> Response:
        return jsonify(ours.spec.to_dict())


def _refuse_zero_bytes() -> None:
    # PostgreSQL stores none, and no name or number has one.
    if "\0" in request.path or b"%00" in request.query_string or b"\0" in request.query_string:
        raise BadRequest("a zero byte has no meaning here")


@api.route("/conversation/<phone_number>", methods=["GET"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(_HistoryQuery, location="query")
@api.response(200, ConversationSchema)
@allow("analyst")
def conversation(query: dict[str, Any], phone_number: str) -> dict[str, Any]:
    """A person's profile, messages and session; by phone number in any spelling, or by WhatsApp user id."""
    memory = _parts().conversations[brand_asked(query)]
    return memory.get_conversation(phone_number, limit=query["limit"], before=query["before"])


@api.route("/conversation/<phone_number>", methods=["DELETE"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(BrandQuery, location="query")
@api.response(200, ErasedSchema)
@allow("admin")
def erase(query: dict[str, Any], phone_number: str) -> dict[str, Any]:
    """Erase a person: messages, profile, media, and what is personal in orders; here and at the provider."""
    parts = _parts()
    gone = erase_person(parts, brand_asked(query), phone_number)
    current_app.logger.info("%s erased a person", caller().name)
    return gone


@api.route("/analytics/users", methods=["GET"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(_UsersQuery, location="query")
@api.response(200, UserAnalyticsSchema)
@allow("analyst")
def users(query: dict[str, Any]) -> dict[str, Any]:
    """The people who have written to a brand."""
    analytics, brand, limit = _parts().analytics, brand_asked(query), query["limit"]
    summary = analytics.summary(brand)
    page = analytics.users(brand, limit=limit + 1, after=query["after"])
    return {
        "total_users": summary["total_users"],
        "summary": summary,
        "users": page[:limit],
        "next_after": page[limit - 1]["id"] if len(page) > limit else None,
    }


@api.route("/analytics/messages", methods=["GET"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(_DaysQuery, location="query")
@api.response(200, MessageAnalyticsSchema)
@allow("analyst")
def messages(query: dict[str, Any]) -> dict[str, Any]:
    """What customers wrote in the last days, and how fast and by whom they were answered."""
    analytics, brand, days = _parts().analytics, brand_asked(query), query["days"]
    return {"days": days, **analytics.messages(brand, days), **analytics.replies(brand, days)}


@api.route("/messages/<int:message_id>/why", methods=["GET"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(BrandQuery, location="query")
@api.response(200, WhySchema)
@allow("analyst")
def why(query: dict[str, Any], message_id: int) -> dict[str, Any]:
    """What a reply was made from: what was understood, and which items, rates and facts it stands on."""
    if message_id > LARGEST_ID:
        raise NotFound("there is no such message")
    return _parts().analytics.why(brand_asked(query), message_id)


@api.route("/audit", methods=["GET"])
@api.doc(**NEEDS_TOKEN)
@api.arguments(_AuditQuery, location="query")
@api.response(200, AuditSchema)
@allow("admin")
def audit(query: dict[str, Any]) -> dict[str, Any]:
    """Who read or changed what: newest first, of the brand and of the whole installation."""
    parts, limit, brand = _parts(), query["limit"], brand_asked(query)
    person = parts.contacts.find(brand, query["person"]).id if query["person"] else None
    narrowed = {name: query[name] for name in ("actor", "door", "action", "since", "until", "before")}
    found = AuditTrail(parts.db, parts.clock).search(brand=brand, person=person, limit=limit + 1, **narrowed)
    page = found[:limit]
    return {"entries": page, "next_before": page[-1].id if len(found) > limit else None}


@api.route("/health", methods=["GET"])
@api.response(200, HealthSchema)
@public
def health() -> dict[str, str]:
    """Whether this process answers."""
    return {"status": "ok"}


@api.route("/ready", methods=["GET"])
@api.response(200, ReadinessSchema)
@api.alt_response(503, schema=ReadinessSchema, description="a part is not ready")
@public
def ready() -> tuple[dict[str, Any], int]:
    """Whether customers would be answered: database, worker, provider."""
    parts = _parts()
    try:
        JobRuns(parts.db, parts.clock).note(WRITE_PROBE)
        found: dict[str, str | None] = {"database": None, "worker": _worker(parts)}
        if parts.provider is not None:
            found["provider"] = parts.provider.provider_fault()
    except DatabaseUnavailable as fault:
        found = {"database": str(fault)}
    well = not any(found.values())
    said = {name: wrong or "ok" for name, wrong in found.items()}
    return {"status": "ready" if well else "not ready", "parts": said}, 200 if well else 503


def erase_person(parts: Parts, brand: str, phone_number: str) -> dict[str, Any]:
    """Here; a scheduled job deletes the provider's copies. Raises NotAnAddress, UnknownContact.

    Returns `erased` (rows by table), `at_provider` (messages still there) and the signed `receipt`.
    """
    contact = parts.contacts.find(brand, phone_number)
    at_provider = len(parts.contacts.provider_ids(contact.id))
    receipt = parts.erasure.erase(contact.id)
    return {"erased": receipt["removed"], "at_provider": at_provider, "receipt": receipt}


def _parts() -> Parts:
    parts: Parts = current_app.extensions[EXTENSION]
    return parts


def brand_asked(query: Mapping[str, Any]) -> str:
    brands, own = _parts().brands, caller().brand
    asked: str = query.get("brand") or own or brands[0]
    if own is not None and asked != own:
        raise Forbidden(f"this token is for the brand {own} only")
    if asked not in brands:
        raise NotFound("there is no such brand")
    return asked


def _worker(parts: Parts) -> str | None:
    beat = parts.turns.last_beat()
    if beat is None:
        return "no worker has ever run; start one with: flask --app app worker"
    silent = parts.clock() - beat
    if silent > WORKER_SILENCE:
        return f"no worker has been heard of for {silent.total_seconds():.0f} seconds"
    return None
