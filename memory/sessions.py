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

    def at(self, brand: str, contact_id: int, moment: datetime) -> int:
        """As `current`, for a message that may have been said long before others that are stored already."""
        with self._db.transaction():
            self._db.hold(f"session of {contact_id}")
            latest = self.latest(contact_id)
            if latest is None or moment >= latest.last_at:
                return self.current(brand, contact_id, moment)
            return self._around(contact_id, moment) or self._add(brand, contact_id, moment)

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

    def _around(self, contact_id: int, moment: datetime) -> int | None:
        """The session with less than `timeout` of silence between it and `moment`, which it now reaches to."""
        session_id: int | None = self._db.value(
            "SELECT id FROM sessions WHERE contact_id = :contact_id AND created_at < :until AND last_at > :since"
            " ORDER BY created_at DESC, id DESC LIMIT 1",
            contact_id=contact_id,
            until=to_text(moment + self._timeout),
            since=to_text(moment - self._timeout),
        )
        self._db.run(
            "UPDATE sessions SET total_messages = total_messages + 1,"
            " created_at = CASE WHEN created_at < :moment THEN created_at ELSE :moment END,"
            " last_at = CASE WHEN last_at > :moment THEN last_at ELSE :moment END WHERE id = :id",
            moment=to_text(moment),
            id=session_id,
        )
        return session_id

    def _open(self, brand: str, contact_id: int, now: datetime) -> None:
        session_id = self._add(brand, contact_id, now)
        self._db.run("UPDATE contacts SET session_id = :session WHERE id = :id", session=session_id, id=contact_id)

    def _add(self, brand: str, contact_id: int, moment: datetime) -> int:
        return self._db.insert(
            "INSERT INTO sessions (brand, contact_id, created_at, last_at, total_messages)"
            " VALUES (:brand, :contact_id, :now, :now, 1) RETURNING id",
            brand=brand,
            contact_id=contact_id,
            now=to_text(moment),
        )
