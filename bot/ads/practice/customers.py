"""Simulated customers: click a practice ad, chat with the real desk, and some buy."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.ads.platform import TryLater
from bot.ads.practice.account import Click, PracticeAccount
from bot.channels.simulator import SmallTwilio
from bot.channels.simulator.customers import Customer, Sent
from bot.language.languages import FIRST, LANGUAGES
from bot.language.words import table
from memory.shop.catalogue_items import Goods
from memory.storage.timestamps import Clock

MOST_AT_ONCE: Final = 3  # they share the desk with whoever tries it by hand
TYPING: Final = timedelta(seconds=4)  # between a reply and what they write next
PATIENCE: Final = timedelta(minutes=3)  # without a reply they are gone
SPOKEN: Final = {
    currency: language for language in LANGUAGES for currency in table(language, "practice_customers")["currencies"]
}


@dataclass(slots=True)
class _Visit:
    customer: Customer
    lines: list[str]  # still to be said
    said: Sent | None
    moved_at: datetime


class SimulatedCustomers:
    """A few at a time, advanced by `tick`."""

    def __init__(
        self,
        twilio: SmallTwilio,
        accounts: Sequence[PracticeAccount],
        goods: Goods,
        clock: Clock,
        per_hour: float,
        seed: int = 1,
    ) -> None:
        """They ask for `goods` of the first account's brand; `per_hour` of real time."""
        self._twilio = twilio
        self._accounts = accounts
        self._goods = goods
        self._clock = clock
        self._every = timedelta(hours=1) / per_hour if per_hour else None
        self._chance = random.Random(seed)  # noqa: S311  # nosec B311 # a play, not a secret
        self._visits: list[_Visit] = []
        self._next = clock() + (self._every or timedelta(0))
        self._lock = threading.Lock()

    def tick(self) -> None:
        with self._lock:
            now = self._clock()
            if self._every is not None and now >= self._next and len(self._visits) < MOST_AT_ONCE:
                self._next = now + self._every
                self._visits += self._newcomers(now)
            for visit in self._visits:
                self._advance(visit, now)
            self._visits = [each for each in self._visits if each.lines and now - each.moved_at < PATIENCE]

    def _newcomers(self, now: datetime) -> list[_Visit]:
        account = self._chance.choice(self._accounts)
        try:
            return [self._newcomer(account, account.random_click(self._chance.random()), now)]
        except TryLater:
            return []

    def _newcomer(self, account: PracticeAccount, click: Click, now: datetime) -> _Visit:
        words = table(SPOKEN.get(account.spec.currency, FIRST), "practice_customers")
        title = self._chance.choice(self._goods.items(self._accounts[0].spec.brand)).title
        phone = f"+1{self._chance.choice((212, 305, 415, 512, 617, 702))}55501{self._chance.randrange(100):02d}"
        customer = self._twilio.customer(phone, self._chance.choice(words["names"]))
        lines = [words["opening"]]
        if self._chance.random() < 0.6:
            lines.append(self._chance.choice(words["questions"]))
        lines += words["buying"] if self._chance.random() < click.buys else words["leaving"]
        return _Visit(customer.arrives_through(click.referral), [each.format(title=title) for each in lines], None, now)

    def _advance(self, visit: _Visit, now: datetime) -> None:
        if visit.said is not None and visit.customer.transcript()[-1].direction == "inbound":
            return  # no reply yet
        if visit.said is None or now - visit.moved_at >= TYPING:
            visit.said = visit.customer.says(visit.lines.pop(0))
            visit.moved_at = now
