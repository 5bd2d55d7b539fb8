"""What analysts ask: who the people of a brand are, what they write about, how fast they are answered."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

from memory.conversations.reply_sources import facts_used, messages_recalled
from memory.storage.database import Database, Row
from memory.storage.errors import UnknownContact, UnknownMessage
from memory.storage.timestamps import Clock, to_text

PROFILE = """SELECT c.id, c.name, c.language, c.preferred_currency, c.total_interactions,
    c.first_seen_at AS first_seen, c.last_interaction_at AS last_interaction, c.opted_out_at AS opted_out,
    coalesce(
        (SELECT min(i.value) FROM identities i WHERE i.contact_id = c.id AND i.kind = 'phone' AND i.raw = c.address),
        (SELECT min(i.value) FROM identities i WHERE i.contact_id = c.id AND i.kind = 'phone'),
        replace(c.address, 'whatsapp:', '')) AS phone_number,
    (SELECT min(i.value) FROM identities i WHERE i.contact_id = c.id AND i.kind = 'user_id') AS user_id
    FROM contacts c"""

# A turn's messages lie next to each other, so the scan for them can be bounded.
TURN_REACH = 200


class Analytics:
    """Questions over one brand at a time; staff are never counted among its people. What is asked often is answered from tallies, not by counting rows."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def profile(self, contact_id: int) -> Row:
        """What is known of one person: the contact's columns, `interests`, and current facts such as `city`.

        Raises UnknownContact.
        """
        row = self._db.one(f"{PROFILE} WHERE c.id = :id", id=contact_id)
        if row is None:
            raise UnknownContact("this contact is not known, or was erased")
        facts = self._db.all(
            "SELECT predicate, value FROM facts WHERE contact_id = :id AND subject = 'customer' AND valid_to IS NULL"
            " AND predicate IN ('city', 'budget') ORDER BY id",
            id=contact_id,
        )
        interests = self._db.all(
            "SELECT interest FROM interests WHERE contact_id = :id ORDER BY times DESC, last_at DESC, interest",
            id=contact_id,
        )
        return {
            **row,
            **{fact["predicate"]: fact["value"] for fact in facts},
            "interests": [each["interest"] for each in interests],
        }

    def summary(self, brand: str) -> dict[str, Any]:
        """`total_users`, `total_interactions`, `active_users_24h`, and the ten `top_interests` as (name, times)."""
        return {
            "total_users": self._tally(brand, "contacts"),
            "total_interactions": self._tally(brand, "interactions"),
            "active_users_24h": self._active_since(brand, timedelta(hours=24)),
            "top_interests": self._top_interests(brand, 10),
        }

    def users(self, brand: str, *, limit: int, after: int = 0) -> list[Row]:
        """The customers who have written to the brand, `limit` of them from beyond the id `after`, with `interests`."""
        rows = self._db.all(
            f"{PROFILE} WHERE c.brand = :brand AND c.id > :after AND c.total_interactions > 0 AND c.staff = 0"
            " ORDER BY c.id LIMIT :limit",
            brand=brand,
            after=after,
            limit=limit,
        )
        interests = self._interests_between(brand, after, rows[-1]["id"]) if rows else {}
        return [{**row, "interests": interests.get(row["id"], [])} for row in rows]

    def messages(self, brand: str, days: int) -> dict[str, Any]:
        """What customers wrote in the last `days` days, today included: `total`, `by_day`, `by_type`, `by_language`.

        Counts messages that were handled, by the UTC day on which they came.
        """
        since = to_text(self._clock() - timedelta(days=days - 1))[:10]
        by_type = self._tallies_since(brand, "message_type", "key", since)
        by_day = self._tallies_since(brand, "message_type", "day", since)
        return {
            "since": since,
            "total": sum(by_type.values()),
            "by_day": [{"day": day, "messages": by_day[day]} for day in sorted(by_day)],
            "by_type": by_type,
            "by_language": self._tallies_since(brand, "language", "key", since),
        }

    def replies(self, brand: str, days: int) -> dict[str, Any]:
        """How turns of the last `days` days were answered.

        `reply_times`: count, p50 and p95 in milliseconds from the first message of a turn to its reply (nearest
        rank; None without replies). `answered_by`: count and share of model, built-in and people.
        """
        since = to_text(self._clock() - timedelta(days=days - 1))[:10]
        rows = self._db.all(
            "SELECT answered_by, count(*) AS n FROM turns WHERE brand = :brand AND at >= :since"
            " AND answered_by NOT IN ('nobody', 'staff') GROUP BY answered_by",
            brand=brand,
            since=since,
        )
        counts = dict.fromkeys(("model", "built-in", "people"), 0) | {row["answered_by"]: row["n"] for row in rows}
        total = sum(counts.values())
        return {
            "reply_times": {
                "replies": total,
                "p50_ms": self._waited(brand, since, total, 0.50),
                "p95_ms": self._waited(brand, since, total, 0.95),
            },
            "answered_by": {
                who: {"replies": n, "share": round(n / total, 4) if total else 0.0} for who, n in counts.items()
            },
        }

    def why(self, brand: str, message_id: int) -> dict[str, Any]:
        """What the turn of this message was and stood on: the turn's columns, `used`, the messages `heard`; the facts
        `known` and the older messages `recalled`, looked up by the ids that `used` keeps.

        Raises UnknownMessage: not of this brand, or not part of a turn (yet).
        """
        row = self._db.one(
            "SELECT m.id AS message_id, m.role, m.content, m.contact_id AS contact, t.*"
            " FROM messages m JOIN turns t ON t.id = m.turn_id WHERE m.id = :id AND m.brand = :brand",
            id=message_id,
            brand=brand,
        )
        if row is None:
            raise UnknownMessage(f"message {message_id} is not known here, or was no part of an answered turn")
        used = json.loads(row["used"])
        return {
            **row,
            "used": used,
            "heard": self._heard(row, message_id),
            "known": facts_used(self._db, row["contact"], used),
            "recalled": messages_recalled(self._db, row["contact"], used),
        }

    def _heard(self, turn: Row, message_id: int) -> list[Row]:
        rows = self._db.all(
            "SELECT id, at, content, message_type, language, metadata FROM ("
            " SELECT * FROM (SELECT * FROM messages WHERE contact_id = :contact AND id <= :middle"
            "  ORDER BY id DESC LIMIT :reach) AS before"
            " UNION ALL"
            " SELECT * FROM (SELECT * FROM messages WHERE contact_id = :contact AND id > :middle"
            "  ORDER BY id LIMIT :reach) AS after"
            ") AS near WHERE turn_id = :turn AND role = 'user' ORDER BY id",
            contact=turn["contact"],
            middle=message_id,
            reach=TURN_REACH,
            turn=turn["id"],
        )
        return [{**row, "metadata": json.loads(row["metadata"])} for row in rows]

    def _tally(self, brand: str, name: str) -> int:
        return int(
            self._db.value(
                "SELECT coalesce(sum(n), 0) FROM tallies WHERE brand = :brand AND name = :name",
                brand=brand,
                name=name,
            )
        )

    def _tallies_since(self, brand: str, name: str, by: str, since: str) -> dict[str, int]:
        rows = self._db.all(
            f"SELECT {by} AS what, sum(n) AS n FROM tallies WHERE brand = :brand AND name = :name AND day >= :since"
            f" GROUP BY {by} HAVING sum(n) > 0 ORDER BY sum(n) DESC, {by}",
            brand=brand,
            name=name,
            since=since,
        )
        return {row["what"]: row["n"] for row in rows}

    def _active_since(self, brand: str, length: timedelta) -> int:
        return int(
            self._db.value(
                "SELECT count(*) FROM contacts WHERE brand = :brand AND staff = 0 AND last_interaction_at > :since",
                brand=brand,
                since=to_text(self._clock() - length),
            )
        )

    def _top_interests(self, brand: str, most: int) -> list[tuple[str, int]]:
        rows = self._db.all(
            "SELECT key, sum(n) AS n FROM tallies WHERE brand = :brand AND name = 'interests' GROUP BY key"
            " HAVING sum(n) > 0 ORDER BY sum(n) DESC, key LIMIT :most",
            brand=brand,
            most=most,
        )
        return [(row["key"], row["n"]) for row in rows]

    def _interests_between(self, brand: str, after: int, last: int) -> dict[int, list[str]]:
        rows = self._db.all(
            "SELECT i.contact_id, i.interest FROM contacts c JOIN interests i ON i.contact_id = c.id"
            " WHERE c.brand = :brand AND c.id > :after AND c.id <= :last"
            " ORDER BY i.contact_id, i.times DESC, i.last_at DESC, i.interest",
            brand=brand,
            after=after,
            last=last,
        )
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row["contact_id"], []).append(row["interest"])
        return found

    def _waited(self, brand: str, since: str, total: int, rank: float) -> int | None:
        waited: int | None = self._db.value(
            "SELECT waited_ms FROM turns WHERE brand = :brand AND at >= :since AND answered_by NOT IN ('nobody', 'staff')"
            " ORDER BY waited_ms LIMIT 1 OFFSET :skipped",
            brand=brand,
            since=since,
            skipped=max(math.ceil(total * rank) - 1, 0),
        )
        return waited
