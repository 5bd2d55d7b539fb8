"""WhatsApp through Twilio. The only home of the twilio package, and of Twilio's words."""

from bot.channels.twilio.account import TwilioAccount
from bot.channels.twilio.error_codes import VERDICTS, verdict_on
from bot.channels.twilio.signature import sign
from bot.channels.twilio.whatsapp import LIMITS, TwilioChannel

__all__ = ["LIMITS", "VERDICTS", "TwilioAccount", "TwilioChannel", "sign", "verdict_on"]
