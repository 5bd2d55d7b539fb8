"""What a brand learned from its campaigns, what worked, what failed, and why it decided so: `strategic_memory.json`."""

from __future__ import annotations

STRATEGY_TABLES: tuple[str, ...] = (
    # `kind` is learnings, successful_patterns, failed_patterns, playbooks or strategic_decisions; `record` is the whole
    # entry as it is exported. `valid_to`: withdrawn, revised, or closed since then.
    """CREATE TABLE strategic_entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        kind TEXT NOT NULL,
        type TEXT NOT NULL,
        subject TEXT,
        valid_from TEXT NOT NULL,
        valid_to TEXT,
        record TEXT NOT NULL
    )""",
    "CREATE INDEX strategic_entries_by_brand ON strategic_entries (brand, kind, id)",
    # One open entry for each thing that is known; what replaces it begins where it ends.
    "CREATE UNIQUE INDEX strategic_entries_open ON strategic_entries (brand, kind, subject) WHERE valid_to IS NULL",
    "CREATE TABLE pattern_sharing (brand TEXT PRIMARY KEY, shared INTEGER NOT NULL)",
)
