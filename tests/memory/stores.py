"""Memory on a real file, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from memory.conversations.channel_messages import Inbound, Outgoing
from memory.conversations.messages import Messages
from memory.conversations.sessions import Sessions
from memory.conversations.turns import Turns
from memory.people.address import Address
from memory.people.contacts import Contacts
from memory.storage.database import Database
from memory.storage.lease_clock import LeaseTime
from memory.storage.table import to_microseconds
from tests.migrated import migrated_database
from tests.turn_changes import turn_changes

SHOP = "+14155238886"
BRAND = "voyage"


@dataclass
class TestClock:
    """Stands still until it is moved."""

    __test__ = False
    now: datetime = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    wrong_by: timedelta = timedelta(0)  # of the clock on the wall

    def __call__(self) -> datetime:
        return self.now + self.wrong_by

    def lease_time(self) -> LeaseTime:
        """The true time on a lease clock."""
        return LeaseTime("test", to_microseconds(self.now))

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Stores:
    """Everything of memory that the queue needs, on one database."""

    url: str | Path
    clock: TestClock = field(default_factory=TestClock)

    def __post_init__(self) -> None:
        self.db = self.open()
        self.contacts = Contacts(self.db, self.clock)
        self.sessions = Sessions(self.db)
        self.messages = Messages(self.db, self.contacts, self.sessions, self.clock)
        changes = turn_changes(self.db, self.clock, self.contacts, self.messages)
        self.turns = Turns(self.db, self.messages, self.clock, changes)

    def open(self) -> Database:
        """The database, with every table."""
        return migrated_database(self.url, lease_clock=self.clock.lease_time)

    def hear(self, text: str, *, phone: str = "+919876543210", sid: str | None = None, urgent: bool = False) -> int:
        """A customer's message, stored; its id."""
        self._heard = getattr(self, "_heard", 0) + 1
        inbound = said(text, phone=phone, sid=sid or f"SM{self._heard:032d}", urgent=urgent)
        message_id = self.messages.take_in(BRAND, inbound)
        assert message_id is not None
        return message_id


def said(text: str, *, phone: str = "+919876543210", sid: str = "SM" + "0" * 32, urgent: bool = False) -> Inbound:
    """A text message as the channel hands it over."""
    return Inbound(
        provider_id=sid,
        to=SHOP,
        sender=Address(raw=f"whatsapp:{phone}", phone=phone),
        kind="text",
        body=text,
        received_at=datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
        urgent=urgent,
        raw={"Body": text},
    )


def as_is(outgoing: Outgoing) -> Sequence[Outgoing]:
    """A channel on which nothing is too long."""
    return [outgoing]
