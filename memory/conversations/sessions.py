"""A session: what was said with one person without a day's silence in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from memory.storage.database import Database
from memory.storage.table import INTEGER, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import to_text

END = datetime.max.replace(tzinfo=UTC)
# What still has to be answered or said is not forgotten, however old it is; parked waits for its person to write.
UNFINISHED = "state IN ('waiting', 'ready', 'sending', 'unknown', 'parked')"
_OLD = f"contact_id = :contact AND at < :moment AND id <= :last AND NOT {UNFINISHED}"


SESSIONS = Table(
    "sessions",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("contact_id", INTEGER, references="contacts (id)"),
    Column("created_at", TIMESTAMP),
    Column("last_at", TIMESTAMP),
    Column("total_messages", INTEGER, default="0"),
    Column("summary", TEXT, null=True),
    indexes=[
        Index("sessions_by_contact", "contact_id, id"),
        Index("sessions_by_start", "brand, created_at"),
    ],
)


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one contact."""

    id: int
    contact_id: int
    created_at: datetime
    last_at: datetime
    total_messages: int


SESSION = SESSIONS.rows(Session, "s")


class Sessions:
    """Opens a session with the first message after `timeout` of silence; counts what is said in it."""

    def __init__(self, db: Database, *, timeout: timedelta = timedelta(hours=24)) -> None:
        self._db = db
        self._timeout = timeout

    def current(self, brand: str, contact_id: int, now: datetime) -> int:
        """The id of the session that a message said `now` belongs to; counts that message."""
        with self._db.transaction():
            session_id = self._went_on(contact_id, now)
            if session_id is not None:
                return session_id
            self._db.hold(f"session of {contact_id}")
            # Somebody may have opened one meanwhile.
            return self._went_on(contact_id, now) or self._open(brand, contact_id, now)

    def at(self, brand: str, contact_id: int, moment: datetime) -> int:
        """As `current`, for a message that may have been said long before others that are stored already."""
        with self._db.transaction():
            session_id = self._went_on(contact_id, moment, latest=moment)  # nearly always
            if session_id is not None:
                return session_id
            self._db.hold(f"session of {contact_id}")
            latest = self.latest(contact_id)
            if latest is None or moment >= latest.last_at:
                return self.current(brand, contact_id, moment)
            return self._around(contact_id, moment) or self._add(brand, contact_id, moment)

    def latest(self, contact_id: int) -> Session | None:
        """The session that is open or was last; None for a contact with whom nothing was said."""
        return SESSION.one(
            self._db,
            f"SELECT {SESSION.columns} FROM sessions s JOIN contacts c ON c.session_id = s.id WHERE c.id = :id",
            id=contact_id,
        )

    def summary(self, session_id: int) -> str | None:
        """What the session comes to, where somebody wrote it down."""
        text: str | None = self._db.value("SELECT summary FROM sessions WHERE id = :id", id=session_id)
        return text

    def summarise(self, session_id: int, text: str) -> None:
        """Write down what the session comes to."""
        self._db.run("UPDATE sessions SET summary = :text WHERE id = :id", text=text, id=session_id)

    def forget_before(self, brand: str, moment: datetime, *, at_once: int = 500) -> int:
        """Forget what was said to and by this brand before `moment`; how many sessions went as a whole.

        With the messages go their attachments, search rows, statuses, records and what was learned from them and no
        longer holds. Messages that are not answered or said yet stay, and people with an open hand-over. Done in
        transactions of `at_once` messages at most, so that nobody waits long; killed at any moment, the next call
        goes on. What the provider holds of it is noted for removal there.
        """
        gone = 0
        for contact_id in self._people_before(brand, moment):
            while self._forget_messages(contact_id, moment, at_once) == at_once:
                pass
            gone += self._forget_empty(contact_id, moment)
        return gone

    def _people_before(self, brand: str, moment: datetime) -> list[int]:
        rows = self._db.all(
            "SELECT DISTINCT contact_id FROM sessions WHERE brand = :brand AND created_at < :moment"
            " AND contact_id NOT IN (SELECT contact_id FROM handovers WHERE closed_at IS NULL AND until > :moment)",
            brand=brand,
            moment=to_text(moment),
        )
        return [row["contact_id"] for row in rows]

    def _forget_messages(self, contact_id: int, moment: datetime, at_once: int) -> int:
        with self._db.transaction():
            last = self._db.value(
                "SELECT max(id) FROM (SELECT id FROM messages WHERE contact_id = :contact AND at < :moment"
                f" AND NOT {UNFINISHED} ORDER BY id LIMIT :at_once) AS oldest",
                contact=contact_id,
                moment=to_text(moment),
                at_once=at_once,
            )
            if last is None:
                return 0
            for statement in _WITH_MESSAGES:
                self._db.run(statement, contact=contact_id, moment=to_text(moment), last=last)
            return self._db.run(
                f"DELETE FROM messages WHERE {_OLD}", contact=contact_id, moment=to_text(moment), last=last
            )

    def _forget_empty(self, contact_id: int, moment: datetime) -> int:
        """Sessions that are over and have no message left, and what is as old and hangs on no message."""
        when = {"contact": contact_id, "moment": to_text(moment)}
        with self._db.transaction():
            for statement in _WITH_SESSIONS:
                self._db.run(statement, **when)
            return self._db.run(
                "DELETE FROM sessions WHERE contact_id = :contact AND last_at < :moment AND NOT EXISTS"
                " (SELECT 1 FROM messages m WHERE m.contact_id = :contact AND m.session_id = sessions.id)",
                **when,
            )

    def _went_on(self, contact_id: int, now: datetime, *, latest: datetime = END) -> int | None:
        """Count a message in the session that is open, unless the last one in it came after `latest`; its id."""
        session_id: int | None = self._db.value(
            "UPDATE sessions SET last_at = :now, total_messages = total_messages + 1"
            " WHERE id = (SELECT session_id FROM contacts WHERE id = :contact_id)"
            " AND last_at > :open_since AND last_at <= :latest RETURNING id",
            now=to_text(now),
            contact_id=contact_id,
            open_since=to_text(now - self._timeout),
            latest=to_text(latest),
        )
        return session_id

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

    def _open(self, brand: str, contact_id: int, now: datetime) -> int:
        session_id = self._add(brand, contact_id, now)
        self._db.run("UPDATE contacts SET session_id = :session WHERE id = :id", session=session_id, id=contact_id)
        return session_id

    def _add(self, brand: str, contact_id: int, moment: datetime) -> int:
        row = SESSIONS.stored(brand=brand, contact_id=contact_id, created_at=moment, last_at=moment, total_messages=1)
        return self._db.insert(SESSIONS.insert(row, "RETURNING id"), **row)


_THESE = f"contact_id = :contact AND message_id IN (SELECT id FROM messages WHERE {_OLD})"
_WITH_MESSAGES = (
    "INSERT INTO forgetting (provider_id) SELECT provider_id FROM messages"
    f" WHERE {_OLD} AND provider_id IS NOT NULL ON CONFLICT DO NOTHING",
    f"INSERT INTO forgetting (provider_id) SELECT provider_id FROM attempts WHERE {_THESE} ON CONFLICT DO NOTHING",
    f"DELETE FROM attempts WHERE {_THESE}",
    f"DELETE FROM search_rows WHERE {_THESE}",
    f"DELETE FROM summaries WHERE {_THESE}",
    f"DELETE FROM statuses WHERE {_THESE}",
    f"DELETE FROM media WHERE {_THESE}",
    f"DELETE FROM mentions WHERE message_id IN (SELECT id FROM messages WHERE {_OLD})",
    "DELETE FROM turns WHERE contact_id = :contact AND at < :moment"
    f" AND id <= (SELECT max(turn_id) FROM messages WHERE {_OLD})",
    f"DELETE FROM facts WHERE valid_to IS NOT NULL AND {_THESE}",
    f"UPDATE facts SET message_id = NULL WHERE {_THESE}",  # it still holds; where it was said is not kept
    f"UPDATE interests SET message_id = NULL WHERE {_THESE}",
)
_WITH_SESSIONS = (
    "DELETE FROM turns WHERE contact_id = :contact AND at < :moment",
    "DELETE FROM facts WHERE contact_id = :contact AND valid_to < :moment",
    "DELETE FROM interests WHERE contact_id = :contact AND last_at < :moment",
    "DELETE FROM quotes WHERE contact_id = :contact AND asked_at < :moment",
    "DELETE FROM handovers WHERE contact_id = :contact AND coalesce(closed_at, until) < :moment",
)
