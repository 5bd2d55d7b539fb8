"""A session: what was said with one person without a day's silence in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from memory.database import Database
from memory.moments import from_text, to_text


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one contact."""

    id: int
    contact_id: int
    created_at: datetime
    last_at: datetime
    total_messages: int


class Sessions:
    """Opens a session with the first message after `timeout` of silence; counts what is said in it."""

    def __init__(self, db: Database, *, timeout: timedelta = timedelta(hours=24)) -> None:
        self._db = db
        self._timeout = timeout

    def current(self, brand: str, contact_id: int, now: datetime) -> int:
        """The id of the session that a message said `now` belongs to; counts that message."""
        with self._db.transaction():
            if not self._went_on(contact_id, now):
                self._db.hold(f"session of {contact_id}")
                if not self._went_on(contact_id, now):  # nobody opened one meanwhile
                    self._open(brand, contact_id, now)
            return int(self._db.value("SELECT session_id FROM contacts WHERE id = :id", id=contact_id))

    def latest(self, contact_id: int) -> Session | None:
        """The session that is open or was last; None for a contact with whom nothing was said."""
        row = self._db.one(
            "SELECT s.* FROM sessions s JOIN contacts c ON c.session_id = s.id WHERE c.id = :id",
            id=contact_id,
        )
        if row is None:
            return None
        return Session(
            row["id"],
            row["contact_id"],
            from_text(row["created_at"]),
            from_text(row["last_at"]),
            row["total_messages"],
        )

    def _went_on(self, contact_id: int, now: datetime) -> bool:
        return (
            self._db.run(
                "UPDATE sessions SET last_at = :now, total_messages = total_messages + 1"
                " WHERE id = (SELECT session_id FROM contacts WHERE id = :contact_id) AND last_at > :open_since",
                now=to_text(now),
                contact_id=contact_id,
                open_since=to_text(now - self._timeout),
            )
            > 0
        )

    def _open(self, brand: str, contact_id: int, now: datetime) -> None:
        session_id = self._db.insert(
            "INSERT INTO sessions (brand, contact_id, created_at, last_at, total_messages)"
            " VALUES (:brand, :contact_id, :now, :now, 1) RETURNING id",
            brand=brand,
            contact_id=contact_id,
            now=to_text(now),
        )
        self._db.run("UPDATE contacts SET session_id = :session WHERE id = :id", session=session_id, id=contact_id)
