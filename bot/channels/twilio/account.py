"""The Twilio account that sends: the real one, or the simulator's on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """`tokens` are all that may have signed a webhook; the first also signs us in to the REST API."""

    sid: str
    tokens: tuple[str, ...]
    sender: str  # E.164
    public_url: str  # where Twilio reaches our webhook, without a slash at the end
    api_url: str = ""  # in place of each of Twilio's hosts; empty for Twilio itself

    @classmethod
    def from_settings(cls, settings: Settings) -> TwilioAccount:
        """The account that the settings name."""
        return cls(
            sid=settings.twilio_account_sid,
            tokens=settings.twilio_auth_tokens,
            sender=settings.twilio_whatsapp_from,
            public_url=settings.public_url.rstrip("/"),
            api_url=settings.twilio_api_url.rstrip("/"),
        )
