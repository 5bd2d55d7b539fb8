"""What the ad book keeps of a person who is erased: the figures, under nobody's name."""

from __future__ import annotations

from memory.storage.database import Database

LINKED = ("ad_chats", "ad_sales", "ad_events")  # rows of these belong to a contact


def forget_person(db: Database, contact_id: int) -> int:
    """Take a person out of the ad book: link, order numbers and click ids go; how many rows were touched.

    Several orders of one customer still count as one customer's, under a number that leads nowhere. What was planned to be
    told to the platform is dropped; that something was told stays, so that the counts still agree.
    """
    gone = db.run("UPDATE ad_chats SET contact_id = NULL, touch_id = NULL WHERE contact_id = :id", id=contact_id)
    db.run(
        "UPDATE ad_sales SET buyer = (SELECT 'gone ' || min(s.id) FROM ad_sales s WHERE s.contact_id = :id)"
        " WHERE contact_id = :id",
        id=contact_id,
    )
    gone += db.run("UPDATE ad_sales SET contact_id = NULL, number = NULL WHERE contact_id = :id", id=contact_id)
    gone += db.run("DELETE FROM ad_events WHERE contact_id = :id AND state = 'planned'", id=contact_id)
    gone += db.run(
        "UPDATE ad_events SET contact_id = NULL, clid = '', number = 'gone ' || id WHERE contact_id = :id",
        id=contact_id,
    )
    return gone
