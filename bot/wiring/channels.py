"""Builds the channel: Twilio or the simulator."""

from __future__ import annotations

from bot.channels.channel import Channel
from bot.channels.simulator import Pace, SmallTwilio
from bot.channels.twilio import TwilioChannel
from bot.wiring.foundation import Foundation


def small_twilio(foundation: Foundation, pace: Pace | None) -> SmallTwilio | None:
    """None for a real account."""
    settings = foundation.settings
    if not settings.simulated:
        return None
    return SmallTwilio(
        settings.local_url,
        f"http://127.0.0.1:{settings.port}/simulator/twilio",
        foundation.clock,
        path=settings.database_path.with_name("simulator.db"),
        senders=tuple(number for brand in foundation.brands.values() for number in brand.whatsapp),
        pace=pace,
    )


def channel(foundation: Foundation, twilio: SmallTwilio | None) -> Channel:
    return TwilioChannel(foundation.settings, foundation.clock, twilio.account if twilio else None)
