"""What version 0.3.0 changes. Not released yet: its steps may still be edited."""

from __future__ import annotations

from memory.storage.database import EachInItsWay, Steps

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

# Append-only: nothing is changed, and only what a signed checkpoint has cut off is deleted.
_ONLY_APPEND = "the audit log is append-only"

AUDIT_LOG = (
    """CREATE TABLE audit_entries (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        brand TEXT NOT NULL,
        actor TEXT NOT NULL,
        role TEXT NOT NULL,
        door TEXT NOT NULL,
        action TEXT NOT NULL,
        person INTEGER,
        subject TEXT NOT NULL,
        outcome TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    )""",
    "CREATE INDEX audit_entries_by_person ON audit_entries (person, id)",
    "CREATE INDEX audit_entries_by_actor ON audit_entries (actor, id)",
    """CREATE TABLE audit_checkpoints (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        entry_id INTEGER NOT NULL,
        hash TEXT NOT NULL,
        cut INTEGER NOT NULL,
        signature TEXT NOT NULL
    )""",
    EachInItsWay(
        sqlite=(
            *(
                f"CREATE TRIGGER {table}_{name} BEFORE {when} ON {table} {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{_ONLY_APPEND}'); END"
                for table in ("audit_entries", "audit_checkpoints")
                for name, when, condition in (
                    ("not_changed", "UPDATE", ""),
                    # INSERT OR REPLACE deletes without asking the triggers of DELETE.
                    ("not_replaced", "INSERT", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"),
                )
            ),
            "CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries WHEN NOT EXISTS"
            " (SELECT 1 FROM audit_checkpoints WHERE cut = 1 AND entry_id >= OLD.id)"
            f" BEGIN SELECT RAISE(ABORT, '{_ONLY_APPEND}'); END",
            "CREATE TRIGGER audit_checkpoints_kept BEFORE DELETE ON audit_checkpoints"
            f" BEGIN SELECT RAISE(ABORT, '{_ONLY_APPEND}'); END",
        ),
        postgresql=(
            f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_ONLY_APPEND}'; END $$",
            "CREATE FUNCTION audit_refuse_unless_cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF EXISTS (SELECT 1 FROM audit_checkpoints WHERE cut = 1 AND entry_id >= OLD.id) THEN RETURN OLD; END IF;"
            f" RAISE EXCEPTION '{_ONLY_APPEND}'; END $$",
            "CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse_unless_cut()",
            "CREATE TRIGGER audit_entries_not_changed BEFORE UPDATE ON audit_entries"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
            "CREATE TRIGGER audit_entries_not_emptied BEFORE TRUNCATE ON audit_entries"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
            "CREATE TRIGGER audit_checkpoints_not_changed BEFORE UPDATE OR DELETE ON audit_checkpoints"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
            "CREATE TRIGGER audit_checkpoints_not_emptied BEFORE TRUNCATE ON audit_checkpoints"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        ),
    ),
)

FAILED_READINGS = (
    """CREATE TABLE failed_readings (
        kind TEXT NOT NULL,
        contact_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL,
        told INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, contact_id, message_id)
    )""",
    "CREATE INDEX failed_readings_by_contact ON failed_readings (contact_id)",
)

# Until now a block counted as STOP for ever. STOP was answered by a message of its own type.
CAUSES_OF_OPT_OUTS = (
    "ALTER TABLE contacts ADD COLUMN opt_out_cause TEXT",
    """UPDATE contacts SET opt_out_cause = CASE
        WHEN EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = contacts.id AND m.role = 'assistant'
            AND m.message_type = 'opt_out') THEN 'person'
        WHEN EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = contacts.id AND m.error_code = 63014) THEN 'blocked'
        WHEN EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = contacts.id AND m.error_code = 21610) THEN 'provider'
        ELSE 'person' END WHERE opted_out_at IS NOT NULL""",
)

RELEASE_0_3_0: Steps = (
    ("021 received forms", RECEIVED_FORMS),
    ("022 failed readings", FAILED_READINGS),
    ("024 lease clock", LEASE_CLOCK),
    ("025 tries", TRIES),
    ("026 workers that stopped", WORKERS_THAT_STOPPED),
    ("027 recycled numbers", RECYCLED_NUMBERS),
    ("028 causes of opt-outs", CAUSES_OF_OPT_OUTS),
    ("030 api tokens", API_TOKENS),
    ("033 register keys", REGISTER_KEYS),
    ("034 audit log", AUDIT_LOG),
)
