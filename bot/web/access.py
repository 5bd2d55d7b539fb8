"""Access control by bearer tokens with a role; every route is marked with who may call it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import jwt
from flask import Flask, current_app, g, request
from jwt.types import Options
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Equal, Length, OneOf, Range
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from bot.roles import ROLES, Role, at_least
from bot.settings import Settings, WrongSetting
from bot.web.failed_attempts import FailedAttempts
from memory.audit_log.api_tokens import ApiToken, ApiTokens
from memory.security.secret_keys import KeyPurpose, SecretKeys, SecretTooShort
from memory.storage.timestamps import Clock

AUDIENCE = "hawker"
ALGORITHM = "HS256"
LONGEST = timedelta(days=365)
USUAL_DAYS = 90.0
A_TIME = Range(0, 1 << 40)  # seconds

View = TypeVar("View", bound=Callable[..., Any])


class InvalidToken(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Caller:
    name: str
    role: str
    brand: str | None  # None: every brand
    token: ApiToken


class _Claims(Schema):
    class Meta:
        unknown = EXCLUDE

    sub = fields.String(required=True, validate=Length(min=1))
    role = fields.String(required=True, validate=OneOf(ROLES))
    aud = fields.String(required=True, validate=Equal(AUDIENCE))
    jti = fields.String(
        load_default=None, validate=Length(1, 64)
    )  # tokens of 0.2.0 have none, and a `sub` of their own
    iat = fields.Integer(load_default=None, strict=True, validate=A_TIME)
    exp = fields.Integer(required=True, strict=True, validate=A_TIME)
    nbf = fields.Integer(load_default=0, strict=True)
    brand = fields.String(load_default=None, validate=Length(min=1))


def public(view: View) -> View:
    return _mark(view, "public")


def signed(view: View) -> View:
    """For routes that check the provider's signature themselves."""
    return _mark(view, "signed")


def allow(role: str) -> Callable[[View], View]:
    """For routes that need at least this role: analyst < staff < admin."""
    if role not in ROLES:
        raise ValueError(f"there is no role {role}; use one of {', '.join(ROLES)}")
    return lambda view: _mark(view, role)


class RequestLog(Protocol):
    """Implemented by `bot.web.request_audit.RequestAudit`."""

    def note(self, who: Caller) -> None:
        """Write down that they may do what they ask; where that is impossible, they may not."""


def guard(app: Flask, keys: SecretKeys, clock: Clock, tokens: ApiTokens, log: RequestLog) -> None:
    """Unmarked routes are closed. Whoever needs a role is noted in `log` before the route is asked."""

    marks = cache(lambda: who_may_call(app))  # no route is added once requests come
    failed = FailedAttempts()

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        who = marks().get(request.endpoint)
        if who is None:
            raise Forbidden("this route does not say who may call it, so nobody may")
        if who in ROLES:
            g.caller = _admit(who, _bearer(keys, clock, tokens, failed))
            log.note(g.caller)


def who_may_call(app: Flask) -> dict[str, str]:
    """Endpoint → public, signed, or the lowest role."""
    said = {endpoint: getattr(view, "who_may_call", None) for endpoint, view in app.view_functions.items()}
    static = [endpoint for endpoint in said if endpoint == "static" or endpoint.endswith(".static")]
    said |= dict.fromkeys(static, "public")
    return {endpoint: who for endpoint, who in said.items() if who is not None}


def caller() -> Caller:
    """Only inside routes that need a role."""
    found: Caller = g.caller
    return found


def issue_token(
    keys: SecretKeys,
    clock: Clock,
    role: str,
    *,
    brand: str | None = None,
    days: float = USUAL_DAYS,
    tokens: ApiTokens | None = None,
) -> str:
    """For one brand or all; `tokens` keeps its id. Raises ValueError for an unknown role, or more than a year."""
    if role not in ROLES:
        raise ValueError(f"there is no role {role}; use one of {', '.join(ROLES)}")
    if not 0 < days <= LONGEST.days:
        raise ValueError(f"a token lasts {LONGEST.days} days at most")
    now = clock()
    token = ApiToken(secrets.token_hex(8), role, brand, now, now + timedelta(days=days))
    claims: dict[str, Any] = {
        "jti": token.id,
        "sub": f"{role}-{token.id}",
        "role": role,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    if tokens is not None:
        tokens.keep(token)
    return jwt.encode(claims | ({"brand": brand} if brand else {}), keys.signing(KeyPurpose.TOKENS), ALGORITHM)


def read_token(token: str, keys: SecretKeys, clock: Clock) -> Caller:
    """Raises InvalidToken."""
    try:
        # The time is ours to check: PyJWT would take the machine's, not the clock that everything else goes by.
        times_unchecked: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        raw = _decoded(token, keys, times_unchecked)
        claims = _Claims().load(raw)
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise InvalidToken("this token is not valid; print another with: flask --app app token") from error
    now, year = clock().timestamp(), LONGEST.total_seconds()
    issued = now if claims["iat"] is None else claims["iat"]
    # 0.2.0 issued tokens for ten years.
    ends = claims["exp"] if claims["iat"] is None else min(claims["exp"], issued + year)
    if not claims["nbf"] <= now < ends or ends > now + year:
        raise InvalidToken("this token has run out or does not hold yet; print another with: flask --app app token")
    known = ApiToken(
        claims["jti"] or claims["sub"],
        claims["role"],
        claims["brand"],
        datetime.fromtimestamp(issued, UTC),
        datetime.fromtimestamp(ends, UTC),
    )
    return Caller(claims["sub"], claims["role"], claims["brand"], known)


def _decoded(token: str, keys: SecretKeys, times_unchecked: Options) -> dict[str, Any]:
    *earlier, last = keys.verifying(KeyPurpose.TOKENS)
    for key in earlier:
        try:
            return jwt.decode(token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options=times_unchecked)
        except jwt.InvalidSignatureError:
            continue
    return jwt.decode(token, last, algorithms=[ALGORITHM], audience=AUDIENCE, options=times_unchecked)


def secret_keys(settings: Settings) -> SecretKeys:
    """SECRET_KEY, or a random key kept in the data folder. Raises WrongSetting if that is too short."""
    if settings.secret_key:
        return SecretKeys.of(settings.secret_key)
    path = Path(settings.memory.storage_dir) / "secret_key"
    if not path.exists():
        _keep_new_secret(path)
    try:
        return SecretKeys.of(path.read_text())
    except SecretTooShort as short:
        text = f"{path} is not a key of Hawker's ({short}); remove it, and a new one is made at the next start"
        raise WrongSetting(text) from short


def _keep_new_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place: of two processes that start together, both use the first one's key.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _mark(view: View, who: str) -> View:
    view.who_may_call = who  # type: ignore[attr-defined]
    return view


def _bearer(keys: SecretKeys, clock: Clock, tokens: ApiTokens, failed: FailedAttempts) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("send a token: Authorization: Bearer …; flask --app app token prints one", {})
    try:
        who = read_token(token.strip(), keys, clock)
        if tokens.is_revoked(who.token.id):
            raise InvalidToken("this token was taken back; print another with: flask --app app token")
    except InvalidToken as invalid:
        failed.count(request.remote_addr)
        raise _unauthorized(str(invalid), {"error": "invalid_token"}) from invalid
    return who


def _admit(least: Role, who: Caller) -> Caller:
    if not at_least(who.role, least):
        raise Forbidden(f"this needs the role {least}; the token has the role {who.role}")
    return who


def _unauthorized(detail: str, challenge: dict[str, str | None]) -> Unauthorized:
    current_app.logger.info("rejected a request without a valid token")
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": AUDIENCE, **challenge}))
