"""The port to ad platforms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from bot.language.foreign_text import in_one_line
from bot.language.money import Money
from memory.ads.ad_account import (
    AccountFinding,
    Activity,
    AdAccount,
    AdInsight,
    AdStatus,
    BusinessEvent,
    Comment,
    EventOutcome,
    Kind,
    New,
    Structure,
)

MARK = " ·"  # stands between a name and the token that tells whether a create has happened


def named(name: str, token: str) -> str:
    return f"{name}{MARK}{token}"


def without_token(name: str) -> str:
    """The name as people know it, fit to stand in a sentence for them: others name campaigns, too."""
    return in_one_line(re.sub(rf"{re.escape(MARK)}\w+\Z", "", name), 400)


class AdsFault(Exception):
    """The text is a sentence for staff, without the access token."""


class TryLater(AdsFault):
    """Refused for now, nothing was done. Retry at `until` (None: at the next cycle)."""

    def __init__(self, sentence: str, until: datetime | None = None) -> None:
        super().__init__(sentence)
        self.until = until


class OutcomeUnknown(AdsFault):
    """The answer was lost: look up the outcome before a retry."""


class NotAuthorised(AdsFault):
    """Token or permission missing, expired or revoked: writes stop."""


class AccountBlocked(AdsFault):
    """By policy: creation stops."""


class RequestWrong(AdsFault):
    """Invalid request: never retried."""


class VersionEnded(AdsFault):
    """No longer served: update Hawker."""


@dataclass(frozen=True, slots=True)
class PlatformRules:
    worst_day: Decimal  # daily budgets that one day may cost, 1 or more
    budget_changes_an_hour: int  # of one campaign or ad set; more are refused
    pages: str  # what the platform calls the pages on which people look after an account


class PlatformAccount(Protocol):
    """Every method may raise `AdsFault`. A read is complete or fails."""

    @property
    def rules(self) -> PlatformRules:
        """Needs no request."""
        ...

    def describe(self) -> AdAccount: ...

    def structure(self) -> Structure: ...

    def readings(self, since: date, until: date, *, breakdown: str | None = None) -> list[AdInsight]:
        """Insights per ad and day with delivery, `until` included, in the account's time zone.

        `breakdown`: country, hour, placement or product; None for the whole ad.
        """
        ...

    def activities(self, since: datetime) -> list[Activity]:
        """Oldest first."""
        ...

    def comments(self, ad_ids: Sequence[str], since: datetime) -> list[Comment]: ...

    def create(self, new: New, token: str) -> str:
        """Returns the id of a paused object with `token` in its name."""
        ...

    def find(self, kind: Kind, token: str) -> list[str]:
        """Reads lag behind creates by seconds."""
        ...

    def set_status(self, kind: Kind, object_id: str, status: AdStatus) -> None:
        """Idempotent."""
        ...

    def set_budget(self, kind: Kind, object_id: str, amount: Money) -> None:
        """Idempotent. The object must own a daily budget."""
        ...

    def guard_spend(self, most_a_day: Money) -> str:
        """Upsert the platform's rule that pauses all ads above this; returns its id."""
        ...

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        """One outcome per event, in order. `again`: not taken, send it again."""
        ...

    def examine(self) -> list[AccountFinding]:
        """Checks token, permissions, page-to-number link, currency and version."""
        ...


Accounts = Mapping[str, Mapping[str, PlatformAccount]]  # brand → its accounts by id
