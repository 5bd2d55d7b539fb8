"""A small Twilio on this machine: signs and posts the real form, answers the real SDK, and fails when told to."""

from bot.channels.simulator.faults import Fault
from bot.channels.simulator.people import Customer, Sent
from bot.channels.simulator.provider import Pace, SmallTwilio
from bot.channels.simulator.routes import blueprint
from bot.channels.simulator.server import serving

__all__ = ["Customer", "Fault", "Pace", "Sent", "SmallTwilio", "blueprint", "serving"]
