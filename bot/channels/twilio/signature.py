"""Twilio's webhook signature (https://www.twilio.com/docs/usage/security)."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from werkzeug.datastructures import MultiDict

from bot.channels.channel import Form


class Signatures:
    """Several secrets: auth tokens during a rotation, or shared keys."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._validators = [RequestValidator(token) for token in tokens if token]

    def given(self, headers: Mapping[str, str]) -> bool:
        return bool(headers.get(SIGNATURE_HEADER))

    def good(self, url: str, form: Form, headers: Mapping[str, str]) -> bool:
        """Malformed signatures are wrong, not errors."""
        given = headers.get(SIGNATURE_HEADER)
        if not given:
            return False
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER))
        values = MultiDict(form)
        try:
            for validator in self._validators:
                exact = validator.compute_signature(url, values, algorithm)
                if compare_digest(exact.encode(), given.encode("utf-8", "replace")):
                    return True
                if validator.validate(url, values, given, algorithm):  # also tries the URL with and without a port
                    return True
        except ValueError:  # half a character in the query, or an algorithm that Twilio does not use
            return False
        return False


def sign(token: str, url: str, form: Mapping[str, str] | Form, algorithm: str) -> dict[str, str]:
    """`algorithm`: HMAC_SHA1 or HMAC_SHA256."""
    headers = {SIGNATURE_HEADER: RequestValidator(token).compute_signature(url, MultiDict(form), algorithm)}
    if algorithm != "HMAC_SHA1":
        headers[SIGNATURE_SETTINGS_HEADER] = f"key=webhooks_sharedkey_local,algorithm={algorithm}"
    return headers
