"""Twilio's and WhatsApp's error codes as verdicts of the port.

Sources: https://www.twilio.com/docs/api/errors and https://www.twilio.com/docs/whatsapp/api/error-code-mapping.
"""

from __future__ import annotations

from bot.channels.channel import (
    ChannelError,
    FailureAction,
    FailureVerdict,
    FaultOf,
    Rejected,
    RetryLater,
    SendOutcomeUnknown,
)

_BY_CODES: dict[tuple[int, ...], FailureVerdict] = {
    # Account, sender, sandbox, webhook: the operator's
    (20003,): FailureVerdict(
        FailureAction.STOP_SENDING,
        FaultOf.OPERATOR,
        "Twilio does not accept the account or its token: set TWILIO_AUTH_TOKEN",
    ),
    (63038,): FailureVerdict(FailureAction.STOP_SENDING, FaultOf.OPERATOR, "the account's daily limit is used up"),
    (21408, 21606, 21910, 63007, 63031): FailureVerdict(
        FailureAction.GIVE_UP,
        FaultOf.OPERATOR,
        "the sender, its channel or its region is not set up: check TWILIO_WHATSAPP_FROM",
    ),
    (63015,): FailureVerdict(
        FailureAction.GIVE_UP,
        FaultOf.OPERATOR,
        "the recipient must first send the sandbox's 'join …' phrase (see Twilio's console)",
    ),
    (11200, 11205, 11235, 11237): FailureVerdict(
        FailureAction.GIVE_UP,
        FaultOf.OPERATOR,
        "Twilio could not reach our webhook: run `flask --app app doctor`",
    ),
    (63013,): FailureVerdict(
        FailureAction.GIVE_UP,
        FaultOf.OPERATOR,
        "WhatsApp's policy forbids this message: stop sending its kind",
    ),
    # Templates and the 24-hour window
    (63016,): FailureVerdict(
        FailureAction.NEEDS_TEMPLATE, FaultOf.PROGRAM, "the 24-hour window is closed: only a template may go out"
    ),
    (21655, 21656, 63027, 63028, 63021): FailureVerdict(
        FailureAction.TEMPLATE_UNUSABLE,
        FaultOf.OPERATOR,
        "the template, its language or its variables are wrong: check the brand's templates",
    ),
    (63040, 63041): FailureVerdict(
        FailureAction.TEMPLATE_UNUSABLE, FaultOf.OPERATOR, "WhatsApp paused or disabled the template"
    ),
    # The person
    (21211, 21614, 63024): FailureVerdict(
        FailureAction.UNREACHABLE, FaultOf.RECIPIENT, "the recipient's address cannot be written to"
    ),
    (21610,): FailureVerdict(
        FailureAction.OPTED_OUT, FaultOf.RECIPIENT, "Twilio keeps this person opted out until they send START"
    ),
    (63014,): FailureVerdict(FailureAction.BLOCKED, FaultOf.RECIPIENT, "the person blocked us"),
    (63032, 63049): FailureVerdict(
        FailureAction.NO_MARKETING, FaultOf.RECIPIENT, "WhatsApp declined to deliver marketing to this person"
    ),
    # What we sent
    (21617,): FailureVerdict(
        FailureAction.GIVE_UP,
        FaultOf.PROGRAM,
        "the text is longer than 1600 characters: it should have been split",
    ),
    (21620, 21623, 63019, 11751): FailureVerdict(
        FailureAction.LINK_INSTEAD_OF_MEDIA,
        FaultOf.PROGRAM,
        "the attachment cannot be reached, is too large or is refused",
    ),
    (12100, 12200, 12300): FailureVerdict(
        FailureAction.GIVE_UP, FaultOf.PROGRAM, "our webhook's answer was not TwiML: a fault of this program"
    ),
    # Trouble at Twilio or WhatsApp
    (20429,): FailureVerdict(
        FailureAction.RETRY, FaultOf.PROVIDER, "Twilio is throttling us; it did not take the message", 5
    ),
    (20500, 20503): FailureVerdict(
        FailureAction.LOOK_UP, FaultOf.PROVIDER, "Twilio failed while taking the message", 10
    ),
    (21611, 30001): FailureVerdict(FailureAction.RETRY, FaultOf.PROVIDER, "the provider's queue is full", 30),
    (63017,): FailureVerdict(FailureAction.RETRY, FaultOf.PROVIDER, "the sender reached its limit", 3600),
    (63018,): FailureVerdict(
        FailureAction.RETRY, FaultOf.PROVIDER, "too many messages to this person or from this sender", 6
    ),
    (63001, 63002, 63003, 63005, 63008, 63010, 63012, 63020, 63022): FailureVerdict(
        FailureAction.RETRY, FaultOf.PROVIDER, "WhatsApp or the provider has trouble", 30, attempts=5
    ),
    (30008,): FailureVerdict(
        FailureAction.RETRY, FaultOf.PROVIDER, "the message failed for a reason nobody knows", 60, attempts=1
    ),
}
VERDICTS = {code: verdict for codes, verdict in _BY_CODES.items() for code in codes}
# A gateway answers while the request may still be worked on behind it; so does an answer that is no failure.
_OF_A_GATEWAY = (None, 502, 504, *range(100, 400))
_NOT_IN_THE_TABLE = FailureVerdict(
    FailureAction.GIVE_UP,
    FaultOf.PROVIDER,
    "the provider refused the message: look the code up in Twilio's error dictionary",
)


def verdict_on(code: int | None, http_status: int | None = None) -> FailureVerdict:
    """By error code, else by HTTP status."""
    if code in VERDICTS:
        return VERDICTS[code]
    if http_status == 429:
        return VERDICTS[20429]
    if http_status is not None and (http_status >= 500 or http_status < 400):
        return VERDICTS[20500]
    if http_status in (401, 403):
        return VERDICTS[20003]
    return _NOT_IN_THE_TABLE


def failure(code: int | None, http_status: int | None = None) -> ChannelError:
    """The exception for an error code."""
    verdict = verdict_on(code, http_status)
    if verdict.action is FailureAction.LOOK_UP:
        return SendOutcomeUnknown(verdict.sentence, code, denied=http_status not in _OF_A_GATEWAY)
    if verdict.action is FailureAction.RETRY:
        return RetryLater(verdict.sentence, verdict.after_seconds, code, verdict.attempts)
    return Rejected(verdict, code)
