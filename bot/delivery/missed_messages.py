"""Takes in messages that the webhook missed, from the provider's list."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta

from bot.brands import BrandNumbers
from bot.channels.channel import Channel, ChannelError
from memory.conversations.channel_messages import Inbound
from memory.conversations.messages import Messages
from memory.storage.database import Database
from memory.storage.job_runs import JobRuns
from memory.storage.timestamps import Clock

log = logging.getLogger(__name__)

FIRST_LOOK = timedelta(hours=24)
OVERLAP = timedelta(minutes=10)  # a message may be listed some time after it was sent


@dataclass(frozen=True, slots=True)
class CatchUp:
    channel: Channel
    db: Database
    messages: Messages
    runs: JobRuns
    numbers: BrandNumbers
    clock: Clock
    wake: threading.Event

    def run(self) -> None:
        last = self.runs.last("catch-up")
        since = self.clock() - FIRST_LOOK if last is None else last - OVERLAP
        try:
            taken = sum(
                self._take_in(inbound)
                for number in self.numbers.all()
                for inbound in self.channel.list_inbound(since, number)
            )
        except ChannelError as fault:
            log.warning("the provider's message list could not be read; the next run retries: %s", fault)
            return
        self.runs.note("catch-up")
        if taken:
            log.warning("the webhook had missed %s message(s); they are taken in now", taken)
            self.wake.set()

    def _take_in(self, inbound: Inbound) -> bool:
        brand = self.numbers.brand_of(inbound.to)
        if brand is None:
            return False
        with self.db.transaction(durable=True):
            return self.messages.take_in(brand, inbound) is not None
