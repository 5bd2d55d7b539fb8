"""Headers of every answer: what browsers may do with it."""

from __future__ import annotations

from flask import Flask, Response, request

# Nothing from elsewhere, nothing inline: what a customer writes can never run as a script.
PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; " + (
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def register_response_headers(app: Flask) -> None:
    """A view may set its own values."""

    @app.after_request
    def add(answer: Response) -> Response:
        page = answer.mimetype == "text/html"
        answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY if page else DATA_POLICY)
        for name, value in ALWAYS.items():
            answer.headers.setdefault(name, value)
        # Files of the pages are public; everything else may tell of persons.
        if not (request.endpoint or "").endswith("static"):
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
