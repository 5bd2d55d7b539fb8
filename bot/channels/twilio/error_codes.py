"""What went wrong at the provider, and what the program does about it: one table, one exception per outcome.

    ChannelError
    ├── Unknown    it may have been sent: look it up before anything is sent again
    ├── Retry      it was not sent: try again later
    ├── Rejected   it was refused: trying the same again would fail again
    └── MediaRefused   an attachment that we will not or cannot fetch

Codes and their meaning: https://www.twilio.com/docs/api/errors and
https://www.twilio.com/docs/whatsapp/api/error-code-mapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What is to be done about a message that the provider refused or failed."""

    STOP_SENDER = "stop_sender"  # nothing can be sent: keep the queue, alert the operator
    RETRY = "retry"
    RETRY_ONCE = "retry_once"
    SLOW_DOWN = "slow_down"  # this sender or this pair is too fast
    LOOK_UP = "look_up"
    BAD_ADDRESS = "bad_address"  # dead; the address cannot be written to
    ALERT = "alert"  # dead; the account is set up wrongly
    SUPPRESS = "suppress"  # the person blocked us or opted out
    SPLIT = "split"  # too long: a fault of ours
    TEXT_WITH_LINK = "text_with_link"  # the attachment failed: say it in words
    NEXT_TEMPLATE = "next_template"  # dead; this template is wrong: alert, use another
    DISABLE_TEMPLATE = "disable_template"
    STOP_PURPOSE = "stop_purpose"  # the provider forbids this class of message
    JOIN_SANDBOX = "join_sandbox"
    NEEDS_TEMPLATE = "needs_template"  # outside the 24-hour window: a template, or wait until they write
    PARK_UNTIL_RESET = "park_until_reset"
    NO_MARKETING = "no_marketing"
    CHECK_WEBHOOK = "check_webhook"  # it is our webhook that failed
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The action for a code, with a sentence for the operator.

    Where the action is to try again: how long to wait, and how often at most.
    """

    action: Action
    sentence: str
    after_seconds: float = 0
    attempts: int | None = None


_TABLE: dict[tuple[int, ...], Verdict] = {
    (20003,): Verdict(Action.STOP_SENDER, "Twilio does not accept the account or its token: set TWILIO_AUTH_TOKEN"),
    (20429,): Verdict(Action.RETRY, "Twilio is throttling us; it did not take the message", 5),
    (20500, 20503): Verdict(Action.LOOK_UP, "Twilio failed while taking the message", 10),
    (21211, 21614, 63024): Verdict(Action.BAD_ADDRESS, "the recipient's address cannot be written to"),
    (21408, 21606, 21910, 63007, 63031): Verdict(
        Action.ALERT, "the sender, its channel or its region is not set up: check TWILIO_WHATSAPP_FROM"
    ),
    (21610, 63014): Verdict(Action.SUPPRESS, "the person opted out or blocked us"),
    (21611, 30001): Verdict(Action.RETRY, "the provider's queue is full", 30),
    (21617,): Verdict(Action.SPLIT, "the text is longer than 1600 characters: it should have been split"),
    (21620, 21623, 63019, 11751): Verdict(
        Action.TEXT_WITH_LINK, "the attachment cannot be reached, is too large or is refused"
    ),
    (21655, 21656, 63027, 63028, 63021): Verdict(
        Action.NEXT_TEMPLATE,
        "the template, its language or its variables are wrong: check the brand's templates",
    ),
    (63040, 63041): Verdict(Action.DISABLE_TEMPLATE, "WhatsApp paused or disabled the template"),
    (63013,): Verdict(Action.STOP_PURPOSE, "WhatsApp's policy forbids this message: stop sending its kind"),
    (63015,): Verdict(
        Action.JOIN_SANDBOX,
        "the recipient must first send the sandbox's 'join …' phrase (see Twilio's console)",
    ),
    (63016,): Verdict(Action.NEEDS_TEMPLATE, "the 24-hour window is closed: only a template may go out"),
    (63017,): Verdict(Action.SLOW_DOWN, "the sender reached its limit", 3600),
    (63018,): Verdict(Action.SLOW_DOWN, "too many messages to this person or from this sender", 6),
    (63038,): Verdict(Action.PARK_UNTIL_RESET, "the account's daily limit is used up", 3600),
    (63032, 63049): Verdict(Action.NO_MARKETING, "WhatsApp declined to deliver marketing to this person"),
    (63001, 63002, 63003, 63005, 63008, 63010, 63012, 63020, 63022): Verdict(
        Action.RETRY, "WhatsApp or the provider has trouble", 30, attempts=5
    ),
    (30008,): Verdict(Action.RETRY_ONCE, "the message failed for a reason nobody knows", 60, attempts=1),
    (11200, 11205, 11235, 11237): Verdict(
        Action.CHECK_WEBHOOK, "Twilio could not reach our webhook: run `flask --app app doctor`"
    ),
    (12100, 12200, 12300): Verdict(Action.CHECK_WEBHOOK, "our webhook's answer was not TwiML: a fault of this program"),
}
VERDICTS = {code: verdict for codes, verdict in _TABLE.items() for code in codes}

_AGAIN = {Action.RETRY, Action.RETRY_ONCE, Action.SLOW_DOWN}


def verdict_on(code: int | None, http_status: int | None = None) -> Verdict:
    """What to do about an error code, from a REST answer or a status callback."""
    if code in VERDICTS:
        return VERDICTS[code]
    if http_status == 429:
        return VERDICTS[20429]
    if http_status is not None and (http_status >= 500 or http_status < 400):
        return VERDICTS[20500]
    if http_status in (401, 403):
        return VERDICTS[20003]
    return Verdict(Action.DEAD, "the provider refused the message: look the code up in Twilio's error dictionary")


class ChannelError(Exception):
    """The provider did not do what it was asked; the text is for the operator and names no person."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(f"{sentence} (code {code})" if code else sentence)
        self.sentence = sentence
        self.code = code


class Unknown(ChannelError):
    """The message may or may not have been taken: `look_up` it before anything is sent again."""


class Retry(ChannelError):
    """Nothing was sent; try again after `after_seconds`, at most `attempts` times (None: no limit)."""

    def __init__(
        self,
        sentence: str,
        after_seconds: float,
        code: int | None = None,
        action: Action = Action.RETRY,
        attempts: int | None = None,
    ) -> None:
        super().__init__(sentence, code)
        self.after_seconds = after_seconds
        self.action = action
        self.attempts = attempts


class Rejected(ChannelError):
    """The provider refused the message; `action` says what to do instead of trying again."""

    def __init__(self, sentence: str, code: int | None, action: Action) -> None:
        super().__init__(sentence, code)
        self.action = action


class MediaRefused(ChannelError):
    """An attachment that is not at the provider, is too large, or is gone."""


def failure(code: int | None, http_status: int | None = None) -> ChannelError:
    """The exception that an error code asks for."""
    verdict = verdict_on(code, http_status)
    if verdict.action is Action.LOOK_UP:
        return Unknown(verdict.sentence, code)
    if verdict.action in _AGAIN:
        return Retry(verdict.sentence, verdict.after_seconds, code, verdict.action, verdict.attempts)
    return Rejected(verdict.sentence, code, verdict.action)
