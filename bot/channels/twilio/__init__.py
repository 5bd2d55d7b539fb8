"""WhatsApp through Twilio; the only user of the twilio package."""

from bot.channels.twilio.account import TwilioAccount
from bot.channels.twilio.error_codes import VERDICTS, verdict_on
from bot.channels.twilio.signature import sign
from bot.channels.twilio.whatsapp import LIMITS, TwilioChannel

__all__ = ["LIMITS", "VERDICTS", "TwilioAccount", "TwilioChannel", "sign", "verdict_on"]
