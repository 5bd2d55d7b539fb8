"""What version 0.3.0 changes. Not released yet: its steps may still be edited."""

from __future__ import annotations

from memory.storage.database import Steps

# A lease of an earlier version says nothing on another clock; it would have run out within minutes.
LEASE_CLOCK = (
    "DROP TABLE leases",
    """CREATE TABLE leases (
        contact_id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        owner TEXT NOT NULL,
        clock_id TEXT NOT NULL,
        expires_tick INTEGER NOT NULL
    )""",
    "DROP TABLE ad_leases",
    """CREATE TABLE ad_leases (
        account_id TEXT PRIMARY KEY,
        token TEXT NOT NULL,
        clock_id TEXT NOT NULL,
        expires_tick INTEGER NOT NULL
    )""",
    "ALTER TABLE cycles ADD COLUMN clock_id TEXT",
    "ALTER TABLE cycles ADD COLUMN held_until_tick INTEGER",
)

RELEASE_0_3_0: Steps = (("024 lease clock", LEASE_CLOCK),)
