"""An attachment that makes a program fail does not take its message with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bot.delivery.media_understanding import MediaUnderstanding
from memory.conversations.attachments import Attachments
from memory.conversations.failed_readings import FailedReadings
from memory.storage.timestamps import now
from tests.delivery.message_path import BRAND, PHONE, open_line


class FallsOver:
    """A model whose library meets a picture that it cannot take."""

    def understand(self, content: bytes, content_type: str, deadline: datetime) -> str | None:
        raise ValueError("broken picture")


def test_an_attachment_that_fails_three_times_is_left_out(tmp_path: Path) -> None:
    with open_line(tmp_path, running=False) as line:
        line.customer().sends(b"\xff\xd8picture", "image/jpeg", "do you have these?")
        [message] = line.messages.history(line.contacts.find(BRAND, PHONE).id)
        failed = FailedReadings(line.db)
        media = MediaUnderstanding(line.channel, Attachments(line.db, now), line.messages, FallsOver(), failed)
        for _ in range(2):
            with pytest.raises(ValueError, match="broken picture"):
                media.described([message], now())
        assert media.described([message], now()) == [message]
        assert [each.kind for each in failed.take_untold()] == ["attachment"]
