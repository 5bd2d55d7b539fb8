"""Who asked to be erased: their last answer goes out first, then everything of theirs goes."""

from __future__ import annotations

from datetime import timedelta

from memory.database import Database
from memory.messages import UNSENT
from memory.moments import Clock, to_text

ERASURES = ("CREATE TABLE erasures (contact_id INTEGER PRIMARY KEY REFERENCES contacts (id), asked_at TEXT NOT NULL)",)
LONGEST_WAIT = timedelta(hours=1)


class Erasures:
    """Keeps the wish until it is done, so that no killed process forgets it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def ask(self, contact_id: int) -> None:
        """This contact is to be erased as soon as nothing waits to be said to them."""
        self._db.run(
            "INSERT INTO erasures (contact_id, asked_at) VALUES (:id, :now) ON CONFLICT DO NOTHING",
            id=contact_id,
            now=to_text(self._clock()),
        )

    def due(self) -> list[int]:
        """The contacts that `Contacts.erase` should take now: all was said and answered, or an hour has passed."""
        rows = self._db.all(
            "SELECT contact_id FROM erasures e WHERE asked_at <= :latest OR NOT EXISTS (SELECT 1 FROM messages m"
            f" WHERE m.contact_id = e.contact_id AND ({UNSENT} OR m.state = 'waiting'))",
            latest=to_text(self._clock() - LONGEST_WAIT),
        )
        return [row["contact_id"] for row in rows]
