"""A simulated Twilio: posts signed forms, answers the SDK, injects faults."""

from bot.channels.simulator.customers import Customer, Sent
from bot.channels.simulator.fault_injection import InjectedFault
from bot.channels.simulator.local_requests import require_local
from bot.channels.simulator.routes import blueprint
from bot.channels.simulator.server import serving
from bot.channels.simulator.small_twilio import Pace, SmallTwilio

__all__ = ["Customer", "InjectedFault", "Pace", "Sent", "SmallTwilio", "blueprint", "require_local", "serving"]
