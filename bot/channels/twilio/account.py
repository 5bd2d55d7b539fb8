"""The Twilio account, real or simulated."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """`tokens`: all that may sign webhooks; the first signs in to the REST API."""

    sid: str
    tokens: tuple[str, ...]
    sender: str  # E.164
    public_url: str  # where Twilio reaches our webhook, without a slash at the end
    api_url: str = ""  # in place of each of Twilio's hosts; empty for Twilio itself

    @classmethod
    def from_settings(cls, settings: Settings) -> TwilioAccount:
        return cls(
            sid=settings.twilio_account_sid,
            tokens=settings.twilio_auth_tokens,
            sender=settings.twilio_whatsapp_from,
            public_url=settings.public_url.rstrip("/"),
            api_url=settings.twilio_api_url.rstrip("/"),
        )
