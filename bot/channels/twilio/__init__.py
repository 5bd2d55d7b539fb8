"""WhatsApp through Twilio: hears, says, looks up and fetches. The only home of the twilio package."""

from bot.channels.twilio.error_codes import (
    VERDICTS,
    Action,
    ChannelError,
    MediaRefused,
    Rejected,
    Retry,
    Unknown,
    Verdict,
    verdict_on,
)
from bot.channels.twilio.signature import sign
from bot.channels.twilio.webhook_forms import MissingSid, NotAMessage, Status, read_form, read_status
from bot.channels.twilio.whatsapp import (
    INBOUND_PATH,
    STATUS_PATH,
    Ambiguous,
    Finding,
    Found,
    NotThere,
    WhatsApp,
)

__all__ = [
    "INBOUND_PATH",
    "STATUS_PATH",
    "VERDICTS",
    "Action",
    "Ambiguous",
    "ChannelError",
    "Finding",
    "Found",
    "MediaRefused",
    "MissingSid",
    "NotAMessage",
    "NotThere",
    "Rejected",
    "Retry",
    "Status",
    "Unknown",
    "Verdict",
    "WhatsApp",
    "read_form",
    "read_status",
    "sign",
    "verdict_on",
]
