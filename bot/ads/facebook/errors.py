"""Meta's error codes → faults, with a sentence for staff."""

# Sources: https://developers.facebook.com/docs/marketing-api/error-reference, …/insights/error-codes,
# …/overview/rate-limiting; subcodes of messaging ads from public reports.

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.ads.platform import (
    AccountBlocked,
    AdsFault,
    NotAuthorised,
    OutcomeUnknown,
    RequestWrong,
    TryLater,
    VersionEnded,
)

HOUR = 3600.0
MAX_QUOTE = 300  # of Meta's own text in a sentence of ours


class Throttled(TryLater):
    pass


class Transient(TryLater):
    """Retry soon."""


class TooMuchData(TryLater):
    """Ask in smaller pieces."""


class Flaky(RequestWrong):
    """Often passes on retry (1487390)."""


class UnknownClick(RequestWrong):
    pass


@dataclass(frozen=True, slots=True)
class ErrorRule:
    fault: type[AdsFault]
    sentence: str
    wait: float = 0.0  # seconds without another call of this kind
    quote: bool = False  # add Meta's own message


@dataclass(frozen=True, slots=True)
class GraphError:
    """`message` may hold the token until `redacted`."""

    code: int
    subcode: int | None
    message: str
    trace: str
    transient: bool

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> GraphError:
        return cls(
            code=_number(error.get("code")) or 0,
            subcode=_number(error.get("error_subcode")),
            message=str(error.get("error_user_msg") or error.get("message") or ""),
            trace=str(error.get("fbtrace_id") or ""),
            transient=error.get("is_transient") is True,
        )

    @property
    def label(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else f"{self.code}"
        return f"Meta {number}{f', trace {self.trace}' if self.trace else ''}"


_THROTTLED = "Meta takes no more calls of this kind for now; Hawker goes on by itself"
_TOO_MUCH = "Meta asks for a smaller question"
_TOKEN = "set a new META_ACCESS_TOKEN (docs/meta.md, step 3)"  # noqa: S105  # nosec B105 # a hint, not a token

TABLE: dict[tuple[int | None, int | None], ErrorRule] = {
    (1, None): ErrorRule(Transient, "Meta had a passing fault"),
    (2, None): ErrorRule(Transient, "Meta is out of service for a moment"),
    (1, 99): ErrorRule(TooMuchData, _TOO_MUCH),
    (100, 1504018): ErrorRule(TooMuchData, _TOO_MUCH),
    (-2, 2490547): ErrorRule(TooMuchData, _TOO_MUCH),
    (2, 1504043): ErrorRule(TooMuchData, _TOO_MUCH),
    (2601, None): ErrorRule(Transient, "Meta's report is not ready though it said so"),
    (4, None): ErrorRule(Throttled, _THROTTLED, HOUR),
    (4, 1504022): ErrorRule(Throttled, _THROTTLED, 300),
    (4, 1504039): ErrorRule(Throttled, _THROTTLED, 300),
    (17, None): ErrorRule(Throttled, _THROTTLED, 300),
    (17, 1885172): ErrorRule(TryLater, "the spending limit was changed ten times today: it can be changed tomorrow"),
    (32, None): ErrorRule(Throttled, _THROTTLED, HOUR),
    (613, 1487742): ErrorRule(Throttled, _THROTTLED, 300),
    (613, 5044001): ErrorRule(Throttled, _THROTTLED, 60),
    (613, 1487632): ErrorRule(
        TryLater, "this ad set's budget was changed four times within the hour: the next cycle changes it", HOUR
    ),
    (613, None): ErrorRule(
        AccountBlocked,
        "Meta's guard against abuse stopped us: make no change, and look for a notice in Business Support Home",
    ),
    (102, None): ErrorRule(NotAuthorised, f"Meta no longer knows the session of this token: {_TOKEN}"),
    (190, None): ErrorRule(NotAuthorised, f"Meta does not take the token: {_TOKEN}"),
    (190, 459): ErrorRule(
        NotAuthorised, "Meta wants the token's owner to confirm who they are: log in at facebook.com with that account"
    ),
    (190, 460): ErrorRule(NotAuthorised, f"the token's owner changed their password: {_TOKEN}, best of a system user"),
    (190, 463): ErrorRule(NotAuthorised, f"the token has expired: {_TOKEN}, best one that never expires"),
    (190, 467): ErrorRule(NotAuthorised, f"the token was taken back: {_TOKEN}"),
    (10, None): ErrorRule(
        NotAuthorised, "the token lacks a permission for this: see which in `flask --app app doctor`"
    ),
    (200, None): ErrorRule(
        NotAuthorised,
        "the token may not do this to the account or page: in Business settings, assign the asset to the system user"
        " with full control, and run `flask --app app doctor`",
    ),
    (100, None): ErrorRule(RequestWrong, "Meta finds the request wrong", quote=True),
    (100, 33): ErrorRule(
        RequestWrong, "Meta knows no such object, or the token may not see it: check the id and who it is assigned to"
    ),
    (None, 1885621): ErrorRule(
        RequestWrong, "the campaign holds the budget, so its ad sets can't: change the campaign's budget instead"
    ),
    (None, 1487246): ErrorRule(
        RequestWrong,
        "the page is not linked to the WhatsApp number: link them in the page's settings under Linked accounts",
    ),
    (None, 1443050): ErrorRule(
        RequestWrong, "the page has no WhatsApp number that can be advertised: link one in the page's settings"
    ),
    (None, 1815630): ErrorRule(
        RequestWrong, "the button of a video ad must carry no destination: make the creative again without it"
    ),
    (None, 1885392): ErrorRule(
        RequestWrong, "a single video can't be given as a set of assets: make the creative from one post"
    ),
    (None, 1487756): ErrorRule(RequestWrong, "two places of the audience overlap: take one of them out"),
    (None, 3260011): ErrorRule(
        RequestWrong, "what an ad set promotes can't be changed: make a new ad set and pause this one"
    ),
    (None, 1885272): ErrorRule(
        RequestWrong, "the budget is below Meta's minimum for this account: raise it or pause the ad set"
    ),
    (None, 1487390): ErrorRule(
        Flaky, "Meta could not make the creative, at three tries: have somebody make it in Ads Manager to see why"
    ),
    (368, None): ErrorRule(
        AccountBlocked, "Meta blocks this for policy reasons: create nothing, and ask for a review in Account Quality"
    ),
    (2635, None): ErrorRule(VersionEnded, "Meta no longer serves this API version: update Hawker"),
    (3018, None): ErrorRule(RequestWrong, "Meta keeps insights for 37 months only: ask for later days"),
    (None, 2804063): ErrorRule(RequestWrong, "the event lacks its messaging channel: this is a fault of Hawker's"),
    (None, 2804064): ErrorRule(RequestWrong, "the event has a wrong field: this is a fault of Hawker's"),
    (None, 2804066): ErrorRule(RequestWrong, "Meta knows no event of this name for messaging"),
    (None, 2804087): ErrorRule(UnknownClick, "Meta does not know this click id"),
    **dict.fromkeys(
        [(code, None) for code in (80000, 80003, 80004, 80014)], ErrorRule(Throttled, _THROTTLED, HOUR / 4)
    ),
}
_PERMISSIONS = range(200, 300)


def rule_for(said: GraphError) -> ErrorRule:
    if "reduce the amount of data" in said.message.lower():
        return TABLE[1, 99]
    for key in ((said.code, said.subcode), (None, said.subcode), (None, said.code), (said.code, None)):
        if key in TABLE:
            return TABLE[key]
    if said.code in _PERMISSIONS:
        return TABLE[200, None]
    if 80000 <= said.code < 80015:
        return TABLE[80004, None]
    fault = Transient if said.transient else RequestWrong
    return ErrorRule(fault, "Meta refused with an error that Hawker does not know", quote=True)


def fault_of(said: GraphError, until: datetime | None, secrets: tuple[str, ...]) -> AdsFault:
    rule = rule_for(said)
    words = f": {redacted(said.message, secrets)}" if rule.quote and said.message else ""
    sentence = f"{rule.sentence}{words} ({said.label})"
    if issubclass(rule.fault, TryLater):
        return rule.fault(sentence, until)
    return rule.fault(sentence)


def redacted(text: str, secrets: tuple[str, ...]) -> str:
    """Without secrets, truncated."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    text = re.sub(r"(access_token|appsecret_proof|input_token)=[^&\s]+", r"\1=…", text)
    text = re.sub(r"EA[A-Za-z0-9]{18,}", "…", text)
    return text[:MAX_QUOTE]


def outcome_unknown(what: str) -> OutcomeUnknown:
    """For a write without a readable answer."""
    return OutcomeUnknown(f"{what}: it may have been done or not; Hawker looks before it asks again")


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else None
