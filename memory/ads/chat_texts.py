"""Customers' texts by the ad that opened the chat, for counting topics."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.storage.database import Database, Row
from memory.storage.timestamps import to_text


@dataclass(frozen=True, slots=True)
class AdChat:
    """From the click on an ad until the click on another."""

    contact_id: int
    ad_id: str
    language: str | None  # as the person's profile has it
    texts: tuple[str, ...]  # oldest first


class AdChats:
    def __init__(self, db: Database) -> None:
        self._db = db

    def through_ads(self, brand: str, since: datetime) -> list[AdChat]:
        """One per person and ad; without staff and erased people."""
        which = {"brand": brand, "since": to_text(since)}
        clicks = self._db.all(_CLICKS, **which)
        said = self._db.all(_SAID, **which)
        return [*_ad_chats(clicks, said)]


_AN_AD = "t.source_type = 'ad' AND t.source_id IS NOT NULL AND t.at >= :since"
_CLICKS = (
    "SELECT t.contact_id, t.source_id AS ad_id, t.message_id, c.language FROM touches t JOIN contacts c ON c.id = t.contact_id"
    f" WHERE t.brand = :brand AND c.staff = 0 AND {_AN_AD} ORDER BY t.contact_id, t.message_id"
)
_SAID = (
    "SELECT m.contact_id, m.content, m.id FROM messages m WHERE m.brand = :brand AND m.role = 'user' AND m.at >= :since"
    f" AND m.contact_id IN (SELECT t.contact_id FROM touches t WHERE t.brand = :brand AND {_AN_AD}) ORDER BY m.id"
)


def _ad_chats(clicks: Sequence[Row], said: Sequence[Row]) -> Iterator[AdChat]:
    by_person: defaultdict[int, list[Row]] = defaultdict(list)
    for click in clicks:
        by_person[click["contact_id"]].append(click)
    texts: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for each in said:
        mine = by_person.get(each["contact_id"], [])
        place = bisect_right([click["message_id"] for click in mine], each["id"])
        if place:
            texts[each["contact_id"], mine[place - 1]["ad_id"]].append(each["content"])
    for contact_id, mine in by_person.items():
        for ad_id in dict.fromkeys(click["ad_id"] for click in mine):
            yield AdChat(contact_id, ad_id, mine[0]["language"], tuple(texts[contact_id, ad_id]))
