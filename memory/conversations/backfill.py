"""Writes down what was said already, by a program's own hand or from a file: nothing of it is answered or sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from memory.conversations.messages import MESSAGES
from memory.conversations.sessions import Sessions
from memory.people.contacts import tally
from memory.storage.database import Database
from memory.storage.errors import NotStorable
from memory.storage.json_values import check_name, check_text, to_json
from memory.storage.timestamps import Clock, to_text

ROLES = ("user", "assistant")
SETTLED = {"user": "handled", "assistant": "sent"}  # states in which no worker looks for work
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # so far may another machine's clock be wrong


class Past:
    """Adds finished messages to a contact's conversation, into the session of their time."""

    def __init__(self, db: Database, sessions: Sessions, clock: Clock) -> None:
        self._db = db
        self._sessions = sessions
        self._clock = clock

    def read_moment(self, given: object) -> datetime:
        """An aware UTC time from a datetime or ISO 8601 text; without a zone it is UTC. Raises NotStorable."""
        moment = _moment(given)
        if moment < FIRST:
            raise NotStorable("this time is before 1970; nobody wrote messages then")
        if moment > self._clock() + AHEAD:
            raise NotStorable("this time is in the future; nothing was said then yet")
        return moment

    def add(
        self,
        brand: str,
        contact_id: int,
        role: str,
        content: str,
        at: datetime,
        *,
        message_type: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> int:
        """Write one message down; its id. Raises NotStorable, and then nothing was written."""
        row = MESSAGES.stored(
            brand=brand,
            contact_id=contact_id,
            role=check_role(role),
            kind="text",
            content=check_text("content", content),
            message_type=None if message_type is None else check_name("message_type", message_type),
            metadata=check_metadata(metadata),
            state=SETTLED[role],
            at=at,
        )
        with self._db.transaction():
            row["session_id"] = self._sessions.at(brand, contact_id, at)
            return self._db.insert(MESSAGES.insert(row, "RETURNING id"), **row)

    def count(self, brand: str, contact_id: int, times: int, last: datetime | None) -> None:
        """This person wrote `times` more messages, the last of them at `last`; the brand's figures follow."""
        with self._db.transaction():
            [after] = self._db.all(
                "UPDATE contacts SET total_interactions = total_interactions + :times, last_interaction_at ="
                " CASE WHEN coalesce(last_interaction_at, '') < CAST(:last AS TEXT) THEN :last"
                " ELSE last_interaction_at END WHERE id = :id RETURNING total_interactions, staff",
                times=times,
                last=None if last is None else to_text(last),
                id=contact_id,
            )
            if after["staff"] or not times:
                return
            tally(self._db, brand, "interactions", times=times)
            if after["total_interactions"] == times:
                tally(self._db, brand, "contacts")


def standing(at: datetime) -> Clock:
    """A clock that shows the time of which something is told."""
    return lambda: at


def check_role(role: object) -> str:
    """`role`, if it is one. Raises NotStorable."""
    if role not in ROLES:
        raise NotStorable(f"role must be {' or '.join(ROLES)}")
    return str(role)


def check_metadata(metadata: object) -> dict[str, Any]:
    """Notes on a message as they read back from JSON; none where None is given. Raises NotStorable."""
    if metadata is not None and not isinstance(metadata, dict):
        raise NotStorable("metadata must be a dict")
    if not metadata:
        return {}
    notes: dict[str, Any] = json.loads(to_json(metadata))
    return notes


def _moment(given: object) -> datetime:
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if not isinstance(moment, datetime):
            raise NotStorable("a time must be a datetime or text such as 2025-07-22T22:30:00")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotStorable("this is not a time; write it as 2025-07-22T22:30:00 or 2025-07-22T22:30:00+02:00") from None
