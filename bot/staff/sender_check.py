"""Compares a staff command with the message at the provider.

Twilio's signature joins names and values without separators: the values of a signed form can be cut anew, so that another sender
seems to say another text. The provider knows who wrote what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.channels.channel import Channel, ChannelError
from memory.conversations.messages import Message
from memory.people.contacts import Contact, canonical_phone
from memory.storage.errors import NotAnAddress
from memory.storage.timestamps import Clock

STALE = timedelta(hours=24)  # an older message is no command, whoever repeats it


class SenderVerdict(StrEnum):
    GENUINE = "genuine"
    FORGED = "forged"  # the provider has no such message, or another one under this id
    UNKNOWN = "unknown"  # the provider cannot be asked now


@dataclass(frozen=True, slots=True)
class SenderCheck:
    channel: Channel
    clock: Clock

    def verdict(self, who: Contact, message: Message) -> SenderVerdict:
        """`message` as stored, without what was made of its attachments. Uses the network: call it in no transaction."""
        if message.provider_id is None:
            return SenderVerdict.FORGED
        try:
            found = self.channel.fetch_inbound(message.provider_id)
        except ChannelError:
            return SenderVerdict.UNKNOWN
        if found is None or found.provider_id != message.provider_id or found.sender.phone is None:
            return SenderVerdict.FORGED
        try:
            same_sender = canonical_phone(found.sender.phone) == canonical_phone(who.phone)
        except NotAnAddress:
            return SenderVerdict.FORGED
        files = [media.url.rpartition("/")[2] for media in found.media]
        same_files = files == [media["url"].rpartition("/")[2] for media in message.metadata.get("media", ())]
        fresh = self.clock() - found.received_at < STALE
        same_text = found.body.strip() == message.content.strip()
        return SenderVerdict.GENUINE if same_sender and same_text and same_files and fresh else SenderVerdict.FORGED
