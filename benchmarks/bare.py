"""The yardstick for the webhook: a Flask view that reads the same form and does nothing with it."""

from __future__ import annotations

from flask import Flask, Response, request

app = Flask(__name__)


@app.post("/webhook/whatsapp")
def read() -> Response:
    return Response(f"<Response/><!-- {len(request.form)} -->", content_type="text/xml")
