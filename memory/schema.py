"""The tables, as the list of steps that made them. A step that has been released is never edited, only followed."""

from __future__ import annotations

from memory.approvals import APPROVALS_TABLES
from memory.attribution import ATTRIBUTION_TABLES
from memory.campaign_records import CAMPAIGN_RECORD_TABLES
from memory.campaigns import CAMPAIGN_TABLES
from memory.changes import CHANGES_TABLES
from memory.charts import CHART_TABLES
from memory.cycles import CYCLE_TABLES
from memory.deeds import DEEDS_TABLES
from memory.events import EVENT_TABLES
from memory.facts import KNOWING_TABLES
from memory.goods import GOODS_TABLES
from memory.graph import GRAPH_VIEWS
from memory.intents import INTENTS_TABLES
from memory.readings import READING_TABLES
from memory.search import SEARCH_TABLES, SEARCH_WAITING, VECTORS_IN_SERVER
from memory.stops import STOPS_TABLES
from memory.strategy import STRATEGY_TABLES
from memory.summaries import SUMMARY_TABLES
from memory.tasks import TASKS_TABLES

# AUTOINCREMENT where rows are erased and their ids are known outside: in a callback's address, in staff's "reply 3:".
# Without it SQLite gives the id of an erased row to the next one, and what is meant for the one reaches the other.
PEOPLE = (
    """CREATE TABLE contacts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        name TEXT,
        language TEXT,
        preferred_currency TEXT,
        address TEXT NOT NULL,
        our_number TEXT NOT NULL,
        session_id INTEGER,
        total_interactions INTEGER NOT NULL DEFAULT 0,
        first_seen_at TEXT NOT NULL,
        last_interaction_at TEXT,
        opted_out_at TEXT,
        unreachable_at TEXT,
        marketing_off_at TEXT,
        first_touch_id INTEGER,
        last_touch_id INTEGER,
        failed_answers INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX contacts_by_brand ON contacts (brand, id)",
    "CREATE INDEX contacts_by_interaction ON contacts (brand, last_interaction_at)",
    """CREATE TABLE identities (
        brand TEXT NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        raw TEXT NOT NULL,
        PRIMARY KEY (brand, kind, value)
    )""",
    "CREATE INDEX identities_by_contact ON identities (contact_id)",
    """CREATE TABLE touches (
        id INTEGER PRIMARY KEY,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        message_id INTEGER NOT NULL,
        source_id TEXT,
        source_type TEXT,
        clid TEXT,
        headline TEXT,
        body TEXT,
        source_url TEXT,
        raw TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX touches_by_contact ON touches (contact_id, id)",
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        created_at TEXT NOT NULL,
        last_at TEXT NOT NULL,
        total_messages INTEGER NOT NULL DEFAULT 0,
        summary TEXT
    )""",
    "CREATE INDEX sessions_by_contact ON sessions (contact_id, id)",
    """CREATE TABLE facts (
        id INTEGER PRIMARY KEY,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        subject TEXT NOT NULL,
        predicate TEXT NOT NULL,
        value TEXT NOT NULL,
        valid_from TEXT NOT NULL,
        valid_to TEXT,
        message_id INTEGER
    )""",
    "CREATE INDEX facts_by_contact ON facts (contact_id, predicate, id)",
    """CREATE TABLE interests (
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        brand TEXT NOT NULL,
        interest TEXT NOT NULL,
        times INTEGER NOT NULL,
        last_at TEXT NOT NULL,
        message_id INTEGER,
        PRIMARY KEY (contact_id, interest)
    )""",
    # How often something happened, kept as it happens: counting a million rows on request would take a second.
    """CREATE TABLE tallies (
        brand TEXT NOT NULL,
        name TEXT NOT NULL,
        day TEXT NOT NULL,
        key TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (brand, name, day, key)
    )""",
    # Digests of provider ids whose person was erased: a late callback or listing must not bring them back.
    "CREATE TABLE erased (digest TEXT PRIMARY KEY, at TEXT NOT NULL)",
    # What the provider still has of erased people; each id goes when the provider has deleted it.
    "CREATE TABLE forgetting (provider_id TEXT PRIMARY KEY)",
)

CONVERSATION = (
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        session_id INTEGER NOT NULL,
        role TEXT NOT NULL,
        provider_id TEXT UNIQUE,
        kind TEXT NOT NULL,
        content TEXT NOT NULL,
        message_type TEXT,
        language TEXT,
        metadata TEXT NOT NULL DEFAULT '{}',
        raw TEXT,
        state TEXT NOT NULL,
        urgent INTEGER NOT NULL DEFAULT 0,
        at TEXT NOT NULL,
        due_at TEXT,
        turn_id INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        outgoing TEXT,
        after_id INTEGER,
        first_tried_at TEXT,
        sent_at TEXT,
        provider_status TEXT,
        outside_at TEXT,
        error_code INTEGER,
        error TEXT
    )""",
    "CREATE INDEX messages_by_contact ON messages (contact_id, id)",
    # The provider's ids of attempts that failed, whose message was made ready again: their late callbacks and listings
    # say nothing about the message any more.
    "CREATE TABLE attempts (provider_id TEXT PRIMARY KEY, message_id INTEGER NOT NULL, contact_id INTEGER NOT NULL)",
    "CREATE INDEX attempts_by_contact ON attempts (contact_id)",
    "CREATE INDEX messages_waiting ON messages (contact_id) WHERE state = 'waiting'",
    "CREATE INDEX messages_unsent ON messages (contact_id, id) WHERE state IN ('ready', 'sending', 'unknown')",
    "CREATE INDEX messages_aside ON messages (state, contact_id, id) WHERE state IN ('parked', 'dead')",
    """CREATE TABLE leases (
        contact_id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        owner TEXT NOT NULL,
        expires_at TEXT NOT NULL
    )""",
    """CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        at TEXT NOT NULL,
        waited_ms INTEGER NOT NULL,
        answered_by TEXT NOT NULL,
        why TEXT,
        model TEXT,
        tokens_in INTEGER NOT NULL DEFAULT 0,
        tokens_out INTEGER NOT NULL DEFAULT 0,
        cost_micros INTEGER NOT NULL DEFAULT 0,
        used TEXT NOT NULL DEFAULT '{}'
    )""",
    "CREATE INDEX turns_by_contact ON turns (contact_id, id)",
    # Reply times and who answered are read from the index alone.
    "CREATE INDEX turns_by_time ON turns (brand, at, waited_ms, answered_by)",
    """CREATE TABLE statuses (
        id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL,
        contact_id INTEGER NOT NULL,
        status TEXT NOT NULL,
        error_code INTEGER,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX statuses_by_contact ON statuses (contact_id)",
    """CREATE TABLE handovers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contacts (id),
        reason TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        until TEXT NOT NULL,
        closed_at TEXT,
        closed_by TEXT
    )""",
    "CREATE INDEX handovers_by_contact ON handovers (contact_id, id)",
    "CREATE INDEX handovers_open ON handovers (brand, until) WHERE closed_at IS NULL",
    """CREATE TABLE media (
        id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL,
        contact_id INTEGER NOT NULL,
        content_type TEXT NOT NULL,
        content BLOB NOT NULL,
        description TEXT,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX media_by_contact ON media (contact_id)",
    """CREATE TABLE workers (
        owner TEXT PRIMARY KEY,
        seen_at TEXT NOT NULL
    )""",
    "CREATE TABLE job_runs (job TEXT NOT NULL, slot TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (job, slot))",
    "CREATE TABLE switched_off (kind TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (kind, key))",
    """CREATE TABLE counters (
        name TEXT NOT NULL,
        slot TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (name, slot)
    )""",
)

ORDERS = (
    """CREATE TABLE quotes (
        contact_id INTEGER PRIMARY KEY REFERENCES contacts (id),
        brand TEXT NOT NULL,
        sku TEXT NOT NULL,
        title TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        unit_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        delivery TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        turn_message_id INTEGER
    )""",
    """CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        number TEXT NOT NULL UNIQUE,
        brand TEXT NOT NULL,
        contact_id INTEGER,
        state TEXT NOT NULL,
        sku TEXT NOT NULL,
        title TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        unit_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        delivery TEXT NOT NULL,
        payment_link TEXT,
        first_touch_id INTEGER,
        last_touch_id INTEGER,
        first_ad_id TEXT,
        last_ad_id TEXT,
        last_clid TEXT,
        created_at TEXT NOT NULL
    )""",
    "CREATE INDEX orders_by_contact ON orders (contact_id, id)",
    "CREATE INDEX orders_by_brand ON orders (brand, created_at)",
    """CREATE TABLE order_events (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        state TEXT NOT NULL,
        by TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX order_events_by_order ON order_events (order_id, id)",
)

# Messages of somebody else that tell of a contact: what staff were told, and what they wrote to answer.
MENTIONS = (
    """CREATE TABLE mentions (
        contact_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL
    )""",
    "CREATE INDEX mentions_by_contact ON mentions (contact_id)",
)

AGENTS = (
    """CREATE TABLE agent_memories (
        id INTEGER PRIMARY KEY,
        workflow_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (workflow_id, agent_id, key)
    )""",
    """CREATE TABLE memory_vectors (
        store TEXT NOT NULL,
        memory_id INTEGER NOT NULL REFERENCES agent_memories (id) ON DELETE CASCADE,
        vector BLOB NOT NULL,
        PRIMARY KEY (store, memory_id)
    )""",
    "CREATE INDEX memory_vectors_by_memory ON memory_vectors (memory_id)",
    """CREATE TABLE workflow_sessions (
        workflow_id TEXT PRIMARY KEY,
        token TEXT NOT NULL,
        started_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        metadata TEXT NOT NULL,
        agents TEXT NOT NULL
    )""",
    """CREATE TABLE workflow_messages (
        id INTEGER PRIMARY KEY,
        workflow_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        metadata TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
    "CREATE INDEX workflow_messages_by_workflow ON workflow_messages (workflow_id, id)",
    """CREATE TABLE execution_records (
        id INTEGER PRIMARY KEY,
        record_id TEXT NOT NULL UNIQUE,
        agent_id TEXT NOT NULL,
        workflow_id TEXT NOT NULL,
        at TEXT NOT NULL,
        record TEXT NOT NULL
    )""",
    "CREATE INDEX execution_records_by_agent ON execution_records (agent_id, id)",
    "CREATE INDEX execution_records_by_workflow ON execution_records (workflow_id, at)",
    # One row for each agent that took part, so that an agent's own episodes are found without reading others'.
    """CREATE TABLE episodes (
        id INTEGER PRIMARY KEY,
        workflow_id TEXT NOT NULL,
        agent_id TEXT NOT NULL,
        outcome TEXT NOT NULL,
        at TEXT NOT NULL,
        summary TEXT NOT NULL
    )""",
    "CREATE INDEX episodes_by_agent ON episodes (agent_id, id)",
)

# Members of staff write too, and are nobody's customers. Whoever asks for figures wants them left out at no cost.
STAFF = (
    "ALTER TABLE contacts ADD COLUMN staff INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX contacts_by_interaction",
    "CREATE INDEX customers_by_interaction ON contacts (brand, last_interaction_at) WHERE staff = 0",
    "DELETE FROM tallies WHERE name = 'message_type' AND key = 'staff'",
)

KEEPING = (
    "ALTER TABLE forgetting ADD COLUMN tried_at TEXT",  # the provider is asked last about what it just refused
    # Keyed hashes of the numbers and ids of erased people: a backup from before is cleaned of them.
    "CREATE TABLE erased_people (digest TEXT PRIMARY KEY, at TEXT NOT NULL)",
    """CREATE TABLE receipts (
        id INTEGER PRIMARY KEY,
        number TEXT NOT NULL UNIQUE,
        brand TEXT NOT NULL,
        at TEXT NOT NULL,
        receipt TEXT NOT NULL
    )""",
    "CREATE INDEX receipts_by_brand ON receipts (brand, id)",
    "CREATE INDEX sessions_by_start ON sessions (brand, created_at)",
    "CREATE INDEX mentions_by_message ON mentions (message_id)",
)

# Whoever wrote before this step is read from the beginning: facts by the model where there is one, and the summary.
KNOWING = (
    *KNOWING_TABLES,
    *READING_TABLES,
    *SUMMARY_TABLES,
    "INSERT INTO readings (contact_id, marked) SELECT contact_id, max(id) FROM messages"
    " WHERE contact_id IN (SELECT id FROM contacts WHERE staff = 0) GROUP BY contact_id",
    # What an erased person's agents did is found by the workflow, whose name is the contact's.
    "CREATE INDEX episodes_by_workflow ON episodes (workflow_id)",
)

ADVERTISING = (
    *CAMPAIGN_TABLES,
    *ATTRIBUTION_TABLES,
    *EVENT_TABLES,
    *CAMPAIGN_RECORD_TABLES,
    *STRATEGY_TABLES,
    *GRAPH_VIEWS,
)

STEPS = (
    ("001 people", PEOPLE),
    ("002 conversation", CONVERSATION),
    ("003 orders", ORDERS),
    ("004 goods", GOODS_TABLES),
    ("005 agents", AGENTS),
    ("006 mentions", MENTIONS),
    ("007 search", SEARCH_TABLES),
    ("008 staff", STAFF),
    ("009 knowing", KNOWING),
    ("010 keeping", KEEPING),
    ("011 cluster", (*SEARCH_WAITING, VECTORS_IN_SERVER, "CREATE INDEX media_by_message ON media (message_id)")),
    ("012 advertising", ADVERTISING),
    ("013 ad actions", CHANGES_TABLES + APPROVALS_TABLES + INTENTS_TABLES + STOPS_TABLES),
    ("015 cycles", CYCLE_TABLES),
    ("014 tasks", TASKS_TABLES + DEEDS_TABLES),
    ("016 charts", CHART_TABLES),
)
