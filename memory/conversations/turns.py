"""A turn: all unanswered messages of one contact, claimed by one worker, answered once."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from memory.conversations.channel_messages import Outgoing
from memory.conversations.messages import MESSAGE, UNSENT, Message, Messages
from memory.conversations.turn_changes import Change
from memory.intake.received_forms import UNSORTED
from memory.people.contacts import tally
from memory.storage.database import Database
from memory.storage.errors import LeaseLost
from memory.storage.lease_clock import LeaseTime, is_held, is_over
from memory.storage.table import INTEGER, JSON, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, from_text, to_text

TURNS = Table(
    "turns",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("at", TIMESTAMP),
    Column("waited_ms", INTEGER),
    Column("answered_by", TEXT),
    Column("why", TEXT, null=True),
    Column("model", TEXT, null=True),
    Column("tokens_in", INTEGER, default="0"),
    Column("tokens_out", INTEGER, default="0"),
    Column("cost_micros", INTEGER, default="0"),
    Column("used", JSON, default="'{}'"),
    indexes=[
        Index("turns_by_contact", "contact_id, id"),
        Index("turns_by_time", "brand, at, waited_ms, answered_by"),
    ],
)
LEASES = Table(
    "leases",
    Column("contact_id", INTEGER),
    Column("token", TEXT),
    Column("owner", TEXT),
    Column("clock_id", TEXT),
    Column("expires_tick", INTEGER),
    key="contact_id",
)
WORKERS = Table(
    "workers",
    Column("owner", TEXT),
    Column("seen_at", TIMESTAMP),
    Column("told_at", TIMESTAMP, null=True),  # when staff were told that it stopped
    key="owner",
)
# A lease that another process committed meanwhile stays: the upsert sees it, the query before may not.
_GRANT = LEASES.insert(
    LEASES.columns,
    f"{LEASES.update_on_conflict(LEASES.columns)} WHERE NOT {is_held('leases.expires_tick', 'leases.clock_id')}",
)
_BEAT = WORKERS.insert(WORKERS.columns, WORKERS.update_on_conflict(WORKERS.columns))
_LONGEST_BACKOFF = 300.0  # seconds
# What is due later than any wait allows was written before the wall clock was set back.
_LONGER_THAN_ANY = timedelta(seconds=_LONGEST_BACKOFF + 60)
_RIPE = "max(urgent) = 1 OR max(due_at) <= :now OR max(due_at) > :never OR (min(at) <= :capped AND max(attempts) = 0)"


class ApplyChanges(Protocol):
    """Applies what a turn changes; `bot.delivery.turn_changes.TurnChanges` does."""

    def apply(self, changes: Sequence[Change]) -> Sequence[Outgoing]:
        """All changes in order, inside the finishing transaction; returns the messages to staff that result.

        Raises StaleDraft where a change is no longer possible.
        """


class SplitMessage(Protocol):
    """Splits a message into parts that the channel accepts; `bot.channels.channel.MessageLimits.parts` does."""

    def __call__(self, outgoing: Outgoing, /) -> Sequence[Outgoing]: ...


class Holders(Protocol):
    """Which workers' processes live; `bot.delivery.worker_locks.WorkerLocks` knows it on one machine."""

    def is_alive(self, owner: str) -> bool:
        """Also one that is stopped, and cannot renew its leases."""


@dataclass(frozen=True, slots=True)
class StoppedWorker:
    """A process that lives, keeps contacts who wait, and has not renewed its leases for a while."""

    owner: str
    brands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive right to answer one contact, until it expires or is released."""

    contact_id: int
    token: str


@dataclass(frozen=True, slots=True)
class MessageReading:
    """What was understood of one incoming message."""

    message_type: str
    language: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """The result of a turn: replies, changes and its record, committed together or not at all."""

    replies: list[Outgoing] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    readings: dict[int, MessageReading] = field(default_factory=dict)
    answered_by: str = "built-in"  # model, built-in, people, nobody; staff for their commands
    why: str | None = None  # why the model did not answer, where there is one
    model: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    used: dict[str, Any] = field(default_factory=dict)  # what the reply stands on: skus, rates, facts, message ids


@dataclass(frozen=True, slots=True)
class Pressure:
    """Customers waiting, replies given, and the 90th percentile of the reply time."""

    waiting: int
    replies: int
    slow_reply: timedelta


class Turns:
    """Leases contacts that are due to workers, and commits the outcomes."""

    def __init__(
        self,
        db: Database,
        messages: Messages,
        clock: Clock,
        changes: ApplyChanges,
        *,
        lease_seconds: float = 12.0,
        quiet_cap_seconds: float = 8.0,
        holders: Holders | None = None,
    ) -> None:
        """`holders`: whose contacts nobody else takes over while they live, even when the lease is over."""
        self._db = db
        self._messages = messages
        self._clock = clock
        self._changes = changes
        self._lease = timedelta(seconds=lease_seconds)
        self._cap = timedelta(seconds=quiet_cap_seconds)
        self._holders = holders

    @property
    def half_lease(self) -> timedelta:
        return self._lease / 2

    def claim(self, owner: str, most: int, *, busy: Collection[int] = ()) -> list[Lease]:
        """Lease up to `most` contacts that are due and not leased.

        `busy`: contacts that this owner still works on. Their lease may have run out while the process was stopped.
        """
        if most < 1:
            return []
        alive = self._stopped_owners(owner)
        if not self._due(1 + len(busy), alive):
            return []
        with self._db.transaction():
            due = [contact_id for contact_id in self._due(most + len(busy), alive) if contact_id not in busy]
            granted = [self._grant(owner, contact_id) for contact_id in due[:most]]
        return [lease for lease in granted if lease is not None]

    def renew(self, leases: Sequence[Lease]) -> None:
        """Extend these leases; an expired one is lost.

        Pass only leases in use: one that could not be released must expire.
        """
        if not leases:
            return
        tokens = {f"token_{n}": lease.token for n, lease in enumerate(leases)}
        now = self._db.lease_time()
        self._db.run(
            f"UPDATE leases SET expires_tick = :expires WHERE token IN ({', '.join(':' + name for name in tokens)})"
            f" AND {is_held('expires_tick')}",
            expires=now.plus(self._lease).tick,
            **tokens,
            **now.values(),
        )

    def release(self, lease: Lease) -> None:
        """Let another worker claim the contact."""
        self._db.run(
            "DELETE FROM leases WHERE contact_id = :id AND token = :token", id=lease.contact_id, token=lease.token
        )

    def hold(self, lease: Lease) -> None:
        """Raise LeaseLost unless this lease is valid; call it inside the transaction that relies on it."""
        self._require(lease, self._db.lease_time())

    def hold_to_send(self, lease: Lease) -> None:
        """As `hold`, with at least half of the lease left: what is sent then may take the other half."""
        self._require(lease, self._db.lease_time().plus(self.half_lease))

    def _require(self, lease: Lease, valid_at: LeaseTime) -> None:
        held = self._db.value(
            f"SELECT 1 FROM leases l WHERE contact_id = :id AND token = :token AND {is_held('l.expires_tick', 'l.clock_id')}"
            f" {self._db.lock_rows('l')}",
            id=lease.contact_id,
            token=lease.token,
            **valid_at.values(),
        )
        if held is None:
            raise LeaseLost("another worker has taken this contact over; nothing of this attempt was kept")

    def is_urgent(self, contact_id: int) -> bool:
        """Whether a button or an opt-out is waiting."""
        urgent = self._db.value(
            "SELECT 1 FROM messages WHERE contact_id = :id AND state = 'waiting' AND urgent = 1 LIMIT 1", id=contact_id
        )
        return urgent is not None

    def waiting(self, contact_id: int) -> list[Message]:
        """The unanswered messages of a contact, oldest first; empty during the quiet time."""
        if not self._is_ripe(contact_id):
            return []
        return MESSAGE.all(
            self._db,
            f"SELECT {MESSAGE.columns} FROM messages WHERE contact_id = :id AND state = 'waiting' ORDER BY id",
            id=contact_id,
        )

    def finish(
        self, lease: Lease, handled: Sequence[Message], outcome: Outcome, *, split: SplitMessage, last_try: bool = False
    ) -> bool:
        """Commit the outcome in one transaction.

        False, and nothing written, when newer messages arrived: do the turn again with them. With `last_try` it is
        committed all the same, and they become the next turn. Raises LeaseLost, StaleDraft.
        """
        with self._db.transaction():
            self.hold(lease)
            if not last_try and self._newer(lease.contact_id, handled[-1].id):
                return False
            turn_id = self._record(handled, outcome)
            for message in handled:
                self._mark_handled(message, turn_id, outcome)
            notices = self._changes.apply(outcome.changes)
            self.speak(lease.contact_id, outcome.replies, split=split, turn_id=turn_id)
            self.speak(lease.contact_id, notices, split=split)
        return True

    def speak(
        self, contact_id: int, replies: Sequence[Outgoing], *, split: SplitMessage, turn_id: int | None = None
    ) -> list[int]:
        """Put messages into outboxes, long ones as several parts in order; their ids."""
        made = []
        for reply in replies:
            previous = None
            to = reply.contact_id if reply.contact_id is not None else contact_id
            for part in split(reply):
                previous = self._messages.put_out(to, part, after_id=previous)
                made.append(previous)
                self._db.run("UPDATE messages SET turn_id = :turn WHERE id = :id", turn=turn_id, id=previous)
        return made

    def postpone(self, lease: Lease, handled: Sequence[Message], error: str, *, most_attempts: int = 5) -> bool:
        """Retry a failed turn later, with exponential backoff; True when it went to the dead-letter list instead."""
        attempts = max(message.attempts for message in handled) + 1
        dead = attempts >= most_attempts
        due = self._clock() + timedelta(seconds=min(2.0**attempts, _LONGEST_BACKOFF))
        with self._db.transaction():
            self.hold(lease)
            for message in handled:
                self._db.run(
                    "UPDATE messages SET attempts = :attempts, error = :error, due_at = :due, state = :state,"
                    " urgent = 0 WHERE id = :id",
                    attempts=attempts,
                    error=error,
                    due=to_text(due),
                    state="dead" if dead else "waiting",
                    id=message.id,
                )
        return dead

    def beat(self, owner: str) -> None:
        """Record that this worker is alive."""
        self._db.run(_BEAT, **WORKERS.stored(owner=owner, seen_at=self._clock(), told_at=None))

    def stopped_workers(self, longer_than: timedelta) -> list[StoppedWorker]:
        """Whose leases ran out so long ago, whose process lives, and for whom somebody waits."""
        if self._holders is None:
            return []
        now = self._db.lease_time()
        rows = self._db.all(
            "SELECT DISTINCT l.owner, c.brand FROM leases l JOIN contacts c ON c.id = l.contact_id"
            " WHERE l.clock_id = :clock_id AND l.expires_tick <= :before AND (EXISTS (SELECT 1 FROM messages m"
            " WHERE m.contact_id = l.contact_id AND m.state = 'waiting') OR EXISTS (SELECT 1 FROM messages m"
            f" WHERE m.contact_id = l.contact_id AND m.{UNSENT})) ORDER BY l.owner, c.brand",
            clock_id=now.clock_id,
            before=now.plus(-longer_than).tick,
        )
        owners = {row["owner"] for row in rows}
        return [
            StoppedWorker(owner, tuple(row["brand"] for row in rows if row["owner"] == owner))
            for owner in sorted(owners)
            if self._holders.is_alive(owner)
        ]

    def note_told(self, owner: str) -> bool:
        """True for the first who says that this worker stopped, until it goes on."""
        return bool(
            self._db.run(
                "UPDATE workers SET told_at = :now WHERE owner = :owner AND told_at IS NULL",
                owner=owner,
                now=to_text(self._clock()),
            )
        )

    def last_beat(self) -> datetime | None:
        """When any worker last recorded that it is alive."""
        seen = self._db.value("SELECT max(seen_at) FROM workers")
        return None if seen is None else from_text(seen)

    def backlog(self) -> int:
        """How many messages wait to be sorted, answered or sent, over all brands."""
        counts = (
            f"SELECT count(*) FROM received_forms WHERE {UNSORTED}",
            "SELECT count(*) FROM messages WHERE state = 'waiting'",
            f"SELECT count(*) FROM messages WHERE {UNSENT}",
        )
        return sum(int(self._db.value(count)) for count in counts)

    def pressure(self, brand: str, since: datetime) -> Pressure:
        """A brand's load: who waits now, and how long replies took from `since` on."""
        waiting = self._db.value(
            "SELECT count(DISTINCT contact_id) FROM messages WHERE brand = :brand AND state = 'waiting'", brand=brand
        )
        waits = [
            row["waited_ms"]
            for row in self._db.all(
                "SELECT waited_ms FROM turns WHERE brand = :brand AND at >= :since ORDER BY waited_ms",
                brand=brand,
                since=to_text(since),
            )
        ]
        slow = waits[int(len(waits) * 0.9)] if waits else 0
        return Pressure(int(waiting), len(waits), timedelta(milliseconds=slow))

    def _stopped_owners(self, but: str) -> list[str]:
        """Other live workers with a lease that is over."""
        if self._holders is None:
            return []
        rows = self._db.all(
            f"SELECT DISTINCT owner FROM leases WHERE owner <> :owner AND NOT {is_held('expires_tick')}",
            owner=but,
            **self._db.lease_time().values(),
        )
        return [row["owner"] for row in rows if self._holders.is_alive(row["owner"])]

    def _due(self, most: int, alive: Sequence[str]) -> list[int]:
        """`alive`: owners whose contacts are theirs, whatever their leases say."""
        now, lease_time = self._clock(), self._db.lease_time()
        owners = {f"owner_{n}": owner for n, owner in enumerate(alive)}
        theirs = f" OR l.owner IN ({', '.join(':' + name for name in owners)})" if owners else ""
        rows = self._db.all(
            "SELECT due.contact_id FROM (SELECT contact_id, min(since) AS since FROM ("
            " SELECT contact_id, min(due_at) AS since FROM messages WHERE state = 'waiting' GROUP BY contact_id"
            f" HAVING {_RIPE}"
            " UNION ALL"
            f" SELECT contact_id, due_at FROM messages WHERE {UNSENT} AND {is_over('due_tick')}"
            f" AND id = (SELECT min(e.id) FROM messages e WHERE e.contact_id = messages.contact_id AND e.{UNSENT})"
            ") AS each_way GROUP BY contact_id) AS due JOIN contacts c ON c.id = due.contact_id"
            " WHERE NOT EXISTS (SELECT 1 FROM leases l WHERE l.contact_id = due.contact_id"
            f" AND ({is_held('l.expires_tick', 'l.clock_id')}{theirs}))"
            f" ORDER BY due.since LIMIT :most {self._db.lock_rows('c', skip_locked=True)}",
            now=to_text(now),
            capped=to_text(now - self._cap),
            never=to_text(now + _LONGER_THAN_ANY),
            most=most,
            **(lease_time.values() | lease_time.wait_values() | owners),
        )
        return [row["contact_id"] for row in rows]

    def _is_ripe(self, contact_id: int) -> bool:
        now = self._clock()
        return (
            self._db.one(
                "SELECT 1 FROM messages WHERE contact_id = :id AND state = 'waiting' GROUP BY contact_id"
                f" HAVING {_RIPE}",
                id=contact_id,
                now=to_text(now),
                capped=to_text(now - self._cap),
                never=to_text(now + _LONGER_THAN_ANY),
            )
            is not None
        )

    def _grant(self, owner: str, contact_id: int) -> Lease | None:
        """None when another process was faster."""
        now = self._db.lease_time()
        lease = Lease(contact_id, secrets.token_hex(8))
        row = LEASES.stored(
            contact_id=contact_id,
            token=lease.token,
            owner=owner,
            clock_id=now.clock_id,
            expires_tick=now.plus(self._lease).tick,
        )
        return lease if self._db.run(_GRANT, **(now.values() | row)) else None

    def _newer(self, contact_id: int, seen_id: int) -> bool:
        return (
            self._db.value(
                "SELECT 1 FROM messages WHERE contact_id = :id AND state = 'waiting' AND id > :seen LIMIT 1",
                id=contact_id,
                seen=seen_id,
            )
            is not None
        )

    def _record(self, handled: Sequence[Message], outcome: Outcome) -> int:
        now = self._clock()
        waited = now - handled[0].at
        row = TURNS.stored(
            brand=handled[0].brand,
            contact_id=handled[0].contact_id,
            at=now,
            waited_ms=int(waited.total_seconds() * 1000),
            answered_by=outcome.answered_by,
            why=outcome.why,
            model=outcome.model,
            tokens_in=outcome.tokens_in,
            tokens_out=outcome.tokens_out,
            cost_micros=outcome.cost_micros,
            used=outcome.used,
        )
        return self._db.insert(TURNS.insert(row, "RETURNING id"), **row)

    def _mark_handled(self, message: Message, turn_id: int, outcome: Outcome) -> None:
        reading = outcome.readings.get(message.id, MessageReading("other"))
        self._db.run(
            "UPDATE messages SET state = 'handled', turn_id = :turn, message_type = :type, language = :language,"
            " error = NULL, metadata = :metadata WHERE id = :id",
            turn=turn_id,
            type=reading.message_type,
            language=reading.language,
            metadata=json.dumps(message.metadata | reading.notes),
            id=message.id,
        )
        if reading.message_type == "staff":
            return  # statistics count customers only
        day = to_text(message.at)[:10]
        tally(self._db, message.brand, "message_type", key=reading.message_type, day=day)
        tally(self._db, message.brand, "language", key=reading.language or "unknown", day=day)
