"""Whether a webhook was really signed by the provider (https://www.twilio.com/docs/usage/security)."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)
from werkzeug.datastructures import Headers, MultiDict

from bot.channels.twilio.webhook_forms import pairs_of


class Signatures:
    """Checks signatures made with any of several secrets: auth tokens during a rotation, or shared keys."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._validators = [RequestValidator(token) for token in tokens if token]

    def good(self, url: str, form: Any, headers: Mapping[str, str] | Headers) -> bool:
        """Whether `url` (as the provider called it) and `form` carry a signature of ours.

        No signature, an unknown algorithm, text that cannot be encoded: a wrong signature, not an error.
        """
        given = headers.get(SIGNATURE_HEADER)
        if not given:
            return False
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER))
        values = form if hasattr(form, "getlist") else MultiDict(pairs_of(form))
        try:
            return any(_fits(one, url, values, given, algorithm) for one in self._validators)
        except ValueError:  # half a character in the query, or an algorithm that Twilio does not use
            return False


def _fits(validator: RequestValidator, url: str, values: Any, given: str, algorithm: str) -> bool:
    """The address as it is nearly always fits; the SDK's own check also tries it with and without a port."""
    exact = validator.compute_signature(url, values, algorithm)
    if compare_digest(exact.encode(), given.encode("utf-8", "replace")):
        return True
    return bool(validator.validate(url, values, given, algorithm))


def sign(token: str, url: str, form: Any, algorithm: str) -> dict[str, str]:
    """The headers that a provider with `token` sends along; `algorithm` is HMAC_SHA1 or HMAC_SHA256."""
    values = form if hasattr(form, "getlist") else MultiDict(pairs_of(form))
    headers = {SIGNATURE_HEADER: RequestValidator(token).compute_signature(url, values, algorithm)}
    if algorithm != "HMAC_SHA1":
        headers[SIGNATURE_SETTINGS_HEADER] = f"key=webhooks_sharedkey_local,algorithm={algorithm}"
    return headers
