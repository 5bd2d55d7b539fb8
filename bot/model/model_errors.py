"""Errors of model calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum

from bot.model.token_prices import Spent


class Reason(StrEnum):
    """Stored with the turn."""

    TIMEOUT = "timeout"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    REFUSED = "refused"
    GARBAGE = "garbage"
    OVER_BUDGET = "over budget"
    BREAKER_OPEN = "breaker open"


class ModelUnavailable(Exception):
    """The text says what to do, and has no customer's words."""

    def __init__(
        self,
        reason: Reason,
        text: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ):
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.status = status  # HTTP status, where there was one
        self.code = code  # the server's own word for it, such as unsupported_parameter
        self.retry_after = retry_after  # seconds, where the server or the breaker named them
        self.spent = Spent()  # on earlier calls of the same turn; the desk fills it in


class NotOffered(Exception):
    """The server cannot hear or see: tell the customer, do not retry."""


class NoTime(ModelUnavailable):
    """Nothing was sent."""


def error_of_status(status: int, headers: Mapping[str, str], code: str | None) -> ModelUnavailable:
    code = code if code and re.fullmatch(r"[a-z_]{1,40}", code) else None
    known = f" ({code})" if code else ""
    if status == 429:
        text = f"the model server asks for fewer requests{known}; check the account's limits"
        return ModelUnavailable(Reason.RATE_LIMITED, text, status=status, retry_after=_retry_after(headers))
    if status >= 500 or status in (408, 409):
        text = f"the model server failed with {status}"
        return ModelUnavailable(Reason.SERVER_ERROR, text, status=status, retry_after=_retry_after(headers))
    advice = {
        401: "; check OPENAI_API_KEY",
        403: "; check what OPENAI_API_KEY may do",
        404: "; check OPENAI_MODEL and OPENAI_BASE_URL",
    }.get(status, "; check OPENAI_BASE_URL" if status < 400 else "")
    text = f"the model server refused with {status}{known}{advice}"
    return ModelUnavailable(Reason.REFUSED, text, status=status, code=code)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from either form of RFC 9110."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", said):
        return float(said)
    try:
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(wait.total_seconds(), 0.0)
