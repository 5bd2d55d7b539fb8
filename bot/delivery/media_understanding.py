"""Stores attachments and adds transcripts and descriptions to their messages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Channel, ChannelError
from memory.conversations.attachments import Attachments
from memory.conversations.channel_messages import Media
from memory.conversations.failed_readings import FailedReadings, ReadingKind
from memory.conversations.messages import Message, Messages
from memory.storage.errors import DatabaseUnavailable

log = logging.getLogger(__name__)


class MediaModel(Protocol):
    """Implemented by `bot.sales.answering.model_writer.MediaDescriber`."""

    def understand(self, content: bytes, content_type: str, deadline: datetime) -> str | None:
        """None if the model cannot tell by the deadline."""


@dataclass(frozen=True, slots=True)
class MediaUnderstanding:
    channel: Channel
    attachments: Attachments
    messages: Messages
    model: MediaModel | None  # None: attachments are stored only
    failed: FailedReadings

    def described(self, waiting: Sequence[Message], deadline: datetime) -> list[Message]:
        return [self._describe(message, deadline) if message.metadata.get("media") else message for message in waiting]

    def _describe(self, message: Message, deadline: datetime) -> Message:
        understood = self.attachments.descriptions(message.id)
        for media in message.metadata["media"][len(understood) :]:
            try:
                understood.append(self._fetch(message, Media(media["url"], media["content_type"]), deadline))
            except DatabaseUnavailable:
                raise
            except Exception as fault:  # the outermost edge of an attachment: the message is answered without it
                log.exception("an attachment of message %s was not read", message.id)
                if not self.failed.count(ReadingKind.ATTACHMENT, message.contact_id, message.id, fault):
                    raise
                understood.append(None)
        words = " ".join(text for text in understood if text)
        if not words:
            return message
        self.messages.describe(message.id, understood=words)
        return replace(
            message,
            content=f"{message.content}\n{words}".strip(),
            metadata=message.metadata | {"understood": words},
        )

    def _fetch(self, message: Message, media: Media, deadline: datetime) -> str | None:
        try:
            content = self.channel.fetch_media(media)
        except ChannelError as fault:
            log.warning("an attachment of message %s was not fetched: %s", message.id, fault)
            return None
        words = self.model.understand(content, media.content_type, deadline) if self.model else None
        self.attachments.keep(message, media.content_type, content, words)
        return words
