"""The port to ad platforms: what an ad account can be asked, whoever is behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

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
    """`name` with the token behind it, by which the object is found again."""
    return f"{name}{MARK}{token}"


def without_token(name: str) -> str:
    """The name as people call it: without the token that stands behind what we launched."""
    return re.sub(rf"{re.escape(MARK)}\w+\Z", "", name)


class AdsFault(Exception):
    """The account could not do what was asked; the text is a sentence for staff and holds no token."""


class TryLater(AdsFault):
    """Refused for now, nothing was done; worth trying again at `until` (None: with the next cycle)."""

    def __init__(self, sentence: str, until: datetime | None = None) -> None:
        super().__init__(sentence)
        self.until = until


class OutcomeUnknown(AdsFault):
    """The answer was lost: it may have been done or not. Look before asking again."""


class NotAuthorised(AdsFault):
    """The token or a permission is missing, expired or taken away: writes stop, staff are told."""


class AccountBlocked(AdsFault):
    """The account or the page is restricted by policy: creation is frozen, staff are told."""


class RequestWrong(AdsFault):
    """What we asked for can't be done as it stands, and never will: not tried again."""


class VersionEnded(AdsFault):
    """The API version is no longer served: everything stops until Hawker is updated."""


@dataclass(frozen=True, slots=True)
class PlatformRules:
    """How a platform treats budgets, and where people see its accounts. The least budget is each account's own."""

    worst_day: Decimal  # daily budgets that one day may cost, 1 or more
    budget_changes_an_hour: int  # of one campaign or ad set; the next one is refused
    pages: str  # what the platform calls the pages on which people look after an account


class PlatformAccount(Protocol):
    """One ad account. Every method may raise `AdsFault`; reads are complete or fail, never a part of the pages."""

    @property
    def rules(self) -> PlatformRules:
        """Those of its platform; known without asking it."""
        ...

    def describe(self) -> AdAccount:
        """The account as it stands now."""
        ...

    def structure(self) -> Structure:
        """Everything in it."""
        ...

    def readings(self, since: date, until: date, *, breakdown: str | None = None) -> list[AdInsight]:
        """One reading per ad and day that had any delivery, both days included, in the account's calendar.

        `breakdown` is one of country, hour, placement, product; None for the whole ad.
        """
        ...

    def activities(self, since: datetime) -> list[Activity]:
        """What was changed from `since` on, oldest first."""
        ...

    def comments(self, ad_ids: Sequence[str], since: datetime) -> list[Comment]:
        """What people wrote under these ads from `since` on."""
        ...

    def create(self, new: New, token: str) -> str:
        """Make it, paused, with `token` behind its name; its id. Raises `OutcomeUnknown` when the answer was lost."""
        ...

    def find(self, kind: Kind, token: str) -> list[str]:
        """The ids of what carries this token; reads may lag behind a create by some seconds."""
        ...

    def set_status(self, kind: Kind, object_id: str, status: AdStatus) -> None:
        """Publish, pause, or take away. Doing it twice is the same as once."""
        ...

    def set_budget(self, kind: Kind, object_id: str, amount: Money) -> None:
        """Set the daily budget of a campaign or ad set that owns one. Doing it twice is the same as once."""
        ...

    def guard_spend(self, most_a_day: Money) -> str:
        """One rule on the platform's side that pauses everything above this spend of a day; its id. Replaces itself."""
        ...

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        """Tell the platform what happened; one outcome per event, in their order.

        An outcome with `again` was certainly not taken; one without is settled, even where its answer was lost.
        """
        ...

    def examine(self) -> list[AccountFinding]:
        """Token, permissions, page-to-number link, currency, version and its end date."""
        ...


Accounts = Mapping[str, Mapping[str, PlatformAccount]]  # brand → its accounts by id
