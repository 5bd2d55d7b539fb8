"""The Twilio channel keeps the contract, against the strict local server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.channels.channel import INBOUND_PATH, STATUS_PATH, Channel, WebhookRequest
from tests.channels.channel_contract import PERSON, ChannelContract, ChannelStage
from tests.channels.small_twilio import OURS, TwilioWorld, twilio_world


@dataclass
class TwilioStage:
    """PERSON at the small Twilio."""

    world: TwilioWorld
    channel: Channel
    ours: str = OURS

    def now(self) -> datetime:
        return self.world.clock()

    def hours_pass(self, hours: float) -> None:
        self.world.clock.now += timedelta(hours=hours)

    def person_writes(self, text: str) -> WebhookRequest:
        self.world.twilio.customer(PERSON).says(text)
        return self._posted(INBOUND_PATH)[-1]

    def person_sends_picture(self, content: bytes) -> WebhookRequest:
        self.world.twilio.customer(PERSON).sends_picture(content)
        return self._posted(INBOUND_PATH)[-1]

    def person_presses(self, title: str) -> WebhookRequest:
        self.world.twilio.customer(PERSON).presses(title)
        return self._posted(INBOUND_PATH)[-1]

    def person_blocks_us(self) -> None:
        self.world.twilio.customer(PERSON).blocks()

    def person_heard(self, count: int) -> list[str]:
        customer, chats = self.world.twilio.customer(PERSON), self.world.twilio.chats
        with chats.changed:
            assert chats.changed.wait_for(lambda: len(customer.heard()) >= count, 10)
            return customer.heard()

    def statuses(self, count: int) -> list[WebhookRequest]:
        self.world.webhook.wait(count)
        return self._posted(STATUS_PATH)

    def lose_next_answer(self) -> None:
        self.world.twilio.fail("lose_answer")

    def drop_next_message(self) -> None:
        self.world.twilio.fail("drop")

    def throttle_next_message(self, seconds: int) -> None:
        self.world.twilio.fail("throttle", seconds=seconds)

    def approved_template(self, body: str) -> str:
        return self.world.twilio.template(body)

    def _posted(self, path: str) -> list[WebhookRequest]:
        return [posted for posted in self.world.webhook.requests if posted.path == path]


class TestTwilioKeepsTheContract(ChannelContract):
    @pytest.fixture
    def stage(self) -> Iterator[ChannelStage]:
        with twilio_world() as world:
            yield TwilioStage(world, world.channel)
