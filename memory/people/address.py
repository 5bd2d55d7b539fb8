"""Where a message came from: the address of its sender, and the advertisement that was clicked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """From whom a message came, as the provider wrote it; a phone, a WhatsApp user id, or both."""

    raw: str
    phone: str | None = None  # E.164 as written, e.g. +5215512345678; memory.people.contacts makes variants one
    user_id: str | None = None  # business-scoped, e.g. IN.AbC123; WhatsApp makes a new one for a new account
    parent_id: str | None = None  # of all portfolios of one business, e.g. IN.ENT.AbC123


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement or post that a click came from; only on the first message after the click."""

    source_id: str | None
    source_type: str | None  # "ad" or "post": an organic post is not an ad
    clid: str | None  # Meta's click id; never invented, never replaced by the ad id
    headline: str | None
    body: str | None
    source_url: str | None
    raw: dict[str, str]  # every Referral* parameter as it came
