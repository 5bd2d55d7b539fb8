"""Access control by bearer tokens with a role; every route is marked with who may call it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jwt
from flask import Flask, current_app, g, request
from jwt.types import Options
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Equal, Length, OneOf
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from bot.roles import ROLES, Role, at_least
from bot.settings import Settings, WrongSetting
from memory.storage.secret_keys import KeyPurpose, SecretKeys, SecretTooShort
from memory.storage.timestamps import Clock

AUDIENCE = "hawker"
ALGORITHM = "HS256"

View = TypeVar("View", bound=Callable[..., Any])


class InvalidToken(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Caller:
    name: str
    role: str
    brand: str | None  # None: every brand


class _Claims(Schema):
    class Meta:
        unknown = EXCLUDE

    sub = fields.String(required=True, validate=Length(min=1))
    role = fields.String(required=True, validate=OneOf(ROLES))
    aud = fields.String(required=True, validate=Equal(AUDIENCE))
    exp = fields.Integer(required=True, strict=True)
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


def guard(app: Flask, keys: SecretKeys, clock: Clock) -> None:
    """Unmarked routes are closed."""

    marks = cache(lambda: who_may_call(app))  # no route is added once requests come

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        who = marks().get(request.endpoint)
        if who is None:
            raise Forbidden("this route does not say who may call it, so nobody may")
        if who in ROLES:
            g.caller = _admit(who, keys, clock)


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


def issue_token(keys: SecretKeys, clock: Clock, role: str, *, brand: str | None = None, days: float = 90) -> str:
    """For one brand or all. Raises ValueError for an unknown role."""
    if role not in ROLES:
        raise ValueError(f"there is no role {role}; use one of {', '.join(ROLES)}")
    now = clock()
    claims: dict[str, Any] = {
        "sub": f"{role}-{secrets.token_hex(4)}",
        "role": role,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(days=days)).timestamp()),
    }
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
    if not claims["nbf"] <= clock().timestamp() < claims["exp"]:
        raise InvalidToken("this token has run out or does not hold yet; print another with: flask --app app token")
    return Caller(claims["sub"], claims["role"], claims["brand"])


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


def _admit(least: Role, keys: SecretKeys, clock: Clock) -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("send a token: Authorization: Bearer …; flask --app app token prints one", {})
    try:
        who = read_token(token.strip(), keys, clock)
    except InvalidToken as invalid:
        raise _unauthorized(str(invalid), {"error": "invalid_token"}) from invalid
    if not at_least(who.role, least):
        raise Forbidden(f"this needs the role {least}; the token has the role {who.role}")
    return who


def _unauthorized(detail: str, challenge: dict[str, str | None]) -> Unauthorized:
    current_app.logger.info("rejected a request without a valid token")
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": AUDIENCE, **challenge}))
