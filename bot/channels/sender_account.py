"""Whose account sends: what the provider, real or simulated, needs to know us by."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Account:
    """An account at Twilio, or at the small Twilio on this machine.

    `tokens` are all that may have signed a webhook; the first one also signs us in to the REST API.
    `api_url` is empty for Twilio itself, else the address that stands in for each of its sub-domains.
    """

    sid: str
    tokens: tuple[str, ...]
    sender: str  # E.164
    public_url: str  # where the provider reaches our webhook, without a slash at the end
    api_url: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> Account:
        """The account at Twilio that the settings name."""
        return cls(
            sid=settings.twilio_account_sid,
            tokens=settings.twilio_auth_tokens,
            sender=settings.twilio_whatsapp_from,
            public_url=settings.public_url.rstrip("/"),
            api_url=settings.twilio_api_url.rstrip("/"),
        )


def local_url(settings: Settings) -> str:
    """Where this program is reached: PUBLIC_URL, or this machine's own address where none is set."""
    return settings.public_url.rstrip("/") or f"http://127.0.0.1:{settings.port}"
