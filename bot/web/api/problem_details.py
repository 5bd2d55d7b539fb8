"""Errors over HTTP as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Flask
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, ServiceUnavailable
from werkzeug.wrappers import Response

from memory.storage.errors import DatabaseUnavailable, MemoryFault, NotAnAddress, UnknownContact, UnknownMessage

MEANS: dict[type[MemoryFault], type[HTTPException]] = {
    NotAnAddress: BadRequest,
    UnknownContact: NotFound,
    UnknownMessage: NotFound,
}
PROBLEM = "application/problem+json"
RETRY_SECONDS = 5


def register_problems(app: Flask) -> None:
    """Also for Flask's own errors."""
    app.register_error_handler(HTTPException, problem)
    app.register_error_handler(DatabaseUnavailable, _unavailable)
    for fault in MEANS:
        app.register_error_handler(fault, _fault)


def problem(error: HTTPException) -> Response:
    """Redirects, and errors with their own response, stay as they are."""
    response = Response.force_type(error.get_response())
    if error.response is not None or error.code is None or error.code < 400:
        return response
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.code).phrase,
        "status": error.code,
        "detail": _detail(error),
    }
    response.set_data(json.dumps(body, ensure_ascii=False))
    response.content_type = PROBLEM
    return response


def _detail(error: HTTPException) -> str:
    """marshmallow's errors are shown by argument name."""
    refused: dict[str, dict[str, list[str]]] | None = getattr(error, "data", {}).get("messages")
    if refused is None:
        return error.description or ""
    return " ".join(
        f"{name}: {' '.join(map(str, texts))}"
        for place in refused.values()
        for name, texts in sorted(place.items(), key=lambda fault: str(fault[0]))
    )


def _fault(fault: MemoryFault) -> Response:
    return problem(MEANS[type(fault)](str(fault)))


def _unavailable(fault: DatabaseUnavailable) -> Response:
    return problem(ServiceUnavailable(str(fault), retry_after=RETRY_SECONDS))
