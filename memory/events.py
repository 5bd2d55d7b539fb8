"""What is told to the ad platform of orders, each thing once: planned, sent, accepted, refused, or too late."""

from __future__ import annotations

EVENT_TABLES: tuple[str, ...] = (
    # Once a person is erased, `number` leads nowhere and `clid` is empty.
    """CREATE TABLE ad_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        ad_id TEXT NOT NULL,
        number TEXT NOT NULL,
        name TEXT NOT NULL,
        contact_id INTEGER,
        clid TEXT NOT NULL,
        clicked_at TEXT NOT NULL,
        happened_at TEXT NOT NULL,
        value INTEGER,
        currency TEXT,
        state TEXT NOT NULL,
        why TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (brand, number, name)
    )""",
    "CREATE INDEX ad_events_planned ON ad_events (brand, account_id, id) WHERE state = 'planned'",
    "CREATE INDEX ad_events_by_contact ON ad_events (contact_id)",
)
