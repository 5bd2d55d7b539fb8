"""Why campaigns were launched, how they were judged, and what was changed on them: `campaign_memory.json`."""

from __future__ import annotations

CAMPAIGN_RECORD_TABLES: tuple[str, ...] = (
    """CREATE TABLE campaign_launches (
        brand TEXT NOT NULL,
        campaign_id TEXT NOT NULL,
        launch_date TEXT,
        record TEXT NOT NULL,
        PRIMARY KEY (brand, campaign_id)
    )""",
    # `kind` is performance_snapshots or optimizations; `record` is the whole entry as it is exported.
    """CREATE TABLE campaign_entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        campaign_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        at TEXT NOT NULL,
        record TEXT NOT NULL
    )""",
    "CREATE INDEX campaign_entries_by_campaign ON campaign_entries (brand, campaign_id, kind, id)",
)
