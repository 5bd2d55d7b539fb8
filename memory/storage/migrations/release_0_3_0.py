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

RECEIVED_FORMS = (
    """CREATE TABLE received_forms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        provider_id TEXT NOT NULL,
        state TEXT NOT NULL,
        address TEXT NOT NULL,
        our_number TEXT NOT NULL,
        form TEXT NOT NULL,
        query TEXT NOT NULL,
        received_at TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        set_aside TEXT,
        contact_id INTEGER,
        sorted_at TEXT,
        UNIQUE (provider_id, kind, state)
    )""",
    "CREATE INDEX received_forms_waiting ON received_forms (id) WHERE sorted_at IS NULL",
    "CREATE INDEX received_forms_aside ON received_forms (id) WHERE set_aside IS NOT NULL",
    "CREATE INDEX received_forms_sorted ON received_forms (sorted_at) WHERE sorted_at IS NOT NULL",
    "CREATE INDEX received_forms_by_contact ON received_forms (contact_id)",
)

# Of outgoing messages: why one is set aside, and what is known of the try that is under way.
TRIES = (
    "ALTER TABLE messages ADD COLUMN cause TEXT",
    "ALTER TABLE messages ADD COLUMN template_id TEXT",
    "ALTER TABLE messages ADD COLUMN clock_id TEXT",
    "ALTER TABLE messages ADD COLUMN tried_tick INTEGER",
    "ALTER TABLE messages ADD COLUMN due_tick INTEGER",
    "ALTER TABLE messages ADD COLUMN denied INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN look_ups INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN faults INTEGER NOT NULL DEFAULT 0",
)

# The same phone with another WhatsApp user id is another person. `at`: when an identity was learned; unknown so far.
RECYCLED_NUMBERS = (
    "ALTER TABLE identities ADD COLUMN at TEXT",
    """CREATE TABLE recycled_numbers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        phone TEXT NOT NULL,
        contact_id INTEGER NOT NULL,
        former_id INTEGER,
        at TEXT NOT NULL,
        state TEXT NOT NULL,
        told_at TEXT
    )""",
    "CREATE INDEX recycled_numbers_by_contact ON recycled_numbers (contact_id)",
    "CREATE INDEX recycled_numbers_by_former ON recycled_numbers (former_id)",
    "CREATE INDEX recycled_numbers_by_time ON recycled_numbers (brand, at)",
    "CREATE TABLE portfolio_moves (brand TEXT PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL)",
)

WORKERS_THAT_STOPPED = ("ALTER TABLE workers ADD COLUMN told_at TEXT",)  # when staff were told

API_TOKENS = (
    """CREATE TABLE api_tokens (
        id TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        brand TEXT,
        issued_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        revoked_at TEXT
    )""",
)

# Erased people were recognised by hashes keyed with SECRET_KEY; another secret forgot them.
REGISTER_KEYS = (
    """CREATE TABLE register_keys (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        sealed INTEGER NOT NULL
    )""",
)

RELEASE_0_3_0: Steps = (
    ("021 received forms", RECEIVED_FORMS),
    ("024 lease clock", LEASE_CLOCK),
    ("025 tries", TRIES),
    ("026 workers that stopped", WORKERS_THAT_STOPPED),
    ("027 recycled numbers", RECYCLED_NUMBERS),
    ("030 api tokens", API_TOKENS),
    ("033 register keys", REGISTER_KEYS),
)
