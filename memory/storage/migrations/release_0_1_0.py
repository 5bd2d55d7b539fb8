"""The tables as version 0.1.0 made them. Released: never edited, only followed by another release's steps."""

from __future__ import annotations

from memory.storage.database import EachInItsWay

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

ATTRIBUTION_TABLES = (
    # One row for each person who came through an ad on a day; the practice market writes many chats in one row. `chats`
    # is 0 where the same person came again the same day. Once a person is erased `contact_id` is empty.
    """CREATE TABLE ad_chats (
        id INTEGER PRIMARY KEY,
        brand TEXT NOT NULL,
        ad_id TEXT NOT NULL,
        day INTEGER NOT NULL,
        hour INTEGER,
        chats INTEGER NOT NULL,
        leads INTEGER NOT NULL DEFAULT 0,
        came_back INTEGER,
        language TEXT,
        country TEXT,
        contact_id INTEGER,
        touch_id INTEGER,
        at TEXT
    )""",
    "CREATE INDEX ad_chats_by_day ON ad_chats (brand, ad_id, day, chats, leads)",  # figures are read from it alone
    "CREATE INDEX ad_chats_by_contact ON ad_chats (contact_id)",
    "CREATE UNIQUE INDEX ad_chats_by_touch ON ad_chats (touch_id)",
    # One row for each order that came through an ad. Value and margin are in `currency`, the ad account's where the
    # amount could be converted, and never sums over currencies. `buyer` tells one customer from another.
    """CREATE TABLE ad_sales (
        id INTEGER PRIMARY KEY,
        brand TEXT NOT NULL,
        number TEXT,
        contact_id INTEGER,
        buyer TEXT,
        first_ad_id TEXT NOT NULL,
        first_chat_day INTEGER NOT NULL,
        last_ad_id TEXT NOT NULL,
        last_chat_day INTEGER NOT NULL,
        ordered_at TEXT NOT NULL,
        day INTEGER NOT NULL,
        hour INTEGER,
        sku TEXT,
        currency TEXT NOT NULL,
        value INTEGER NOT NULL,
        margin INTEGER NOT NULL,
        state TEXT NOT NULL,
        state_at TEXT NOT NULL,
        came_back INTEGER,
        language TEXT,
        country TEXT,
        UNIQUE (brand, number)
    )""",
    "CREATE INDEX ad_sales_by_last ON ad_sales (brand, last_ad_id, day)",
    "CREATE INDEX ad_sales_by_first ON ad_sales (brand, first_ad_id, day)",
    "CREATE INDEX ad_sales_by_contact ON ad_sales (contact_id)",
)

CAMPAIGN_RECORD_TABLES = (
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

CAMPAIGN_TABLES = (
    """CREATE TABLE ad_accounts (
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        name TEXT NOT NULL,
        currency TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        status TEXT NOT NULL,
        min_daily_budget INTEGER NOT NULL,
        practice INTEGER NOT NULL,
        seen_at TEXT NOT NULL,
        PRIMARY KEY (brand, account_id)
    )""",
    """CREATE TABLE ad_campaigns (
        brand TEXT NOT NULL,
        campaign_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        name TEXT NOT NULL,
        objective TEXT NOT NULL,
        status TEXT NOT NULL,
        effective_status TEXT NOT NULL,
        daily_budget INTEGER,
        created_at TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        gone_at TEXT,
        PRIMARY KEY (brand, campaign_id)
    )""",
    """CREATE TABLE ad_sets (
        brand TEXT NOT NULL,
        ad_set_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        campaign_id TEXT NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        effective_status TEXT NOT NULL,
        daily_budget INTEGER,
        targeting TEXT NOT NULL,
        learning TEXT,
        seen_at TEXT NOT NULL,
        gone_at TEXT,
        PRIMARY KEY (brand, ad_set_id)
    )""",
    """CREATE TABLE ad_creatives (
        brand TEXT NOT NULL,
        creative_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        headline TEXT NOT NULL,
        format TEXT NOT NULL,
        landing_page TEXT,
        story_id TEXT,
        seen_at TEXT NOT NULL,
        gone_at TEXT,
        PRIMARY KEY (brand, creative_id)
    )""",
    # An ad that only readings told of (archived before we looked) has no ad set, creative or name.
    """CREATE TABLE ads (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        ad_id TEXT NOT NULL,
        ad_set_id TEXT,
        creative_id TEXT,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        effective_status TEXT NOT NULL,
        angle TEXT NOT NULL,
        angle_given TEXT,
        landing_page_given TEXT,
        brief TEXT NOT NULL DEFAULT '{}',
        seen_at TEXT NOT NULL,
        gone_at TEXT,
        UNIQUE (brand, ad_id)
    )""",
    "CREATE INDEX ads_by_account ON ads (brand, account_id, id)",
    # Small numbers: the ad by our own number, the day counted from year 1, moments in microseconds since 1970, money in
    # ISO minor units of the account. What was told from `seen_at` on held until `superseded_at`.
    """CREATE TABLE ad_readings (
        id INTEGER PRIMARY KEY,
        ad INTEGER NOT NULL REFERENCES ads (id),
        day INTEGER NOT NULL,
        part TEXT NOT NULL,
        seen_at INTEGER NOT NULL,
        superseded_at INTEGER,
        telling INTEGER NOT NULL,
        spend INTEGER NOT NULL,
        impressions INTEGER NOT NULL,
        clicks INTEGER NOT NULL,
        chats INTEGER,
        reach INTEGER,
        purchases INTEGER,
        purchase_value INTEGER
    )""",
    "CREATE UNIQUE INDEX ad_readings_latest ON ad_readings (ad, part, day) WHERE superseded_at IS NULL",
    "CREATE INDEX ad_readings_by_day ON ad_readings (ad, day)",
)

CHART_TABLES = (
    """CREATE TABLE ad_charts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        spec TEXT NOT NULL,
        made_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
    )""",
    "CREATE INDEX ad_charts_by_end ON ad_charts (expires_at)",
)

EVENT_TABLES = (
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

STOPS_TABLES = (
    """CREATE TABLE ad_stops (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        who TEXT NOT NULL,
        why TEXT NOT NULL,
        at TEXT NOT NULL,
        complete_at TEXT,
        ended_at TEXT,
        ended_by TEXT
    )""",
    "CREATE UNIQUE INDEX ad_stops_in_force ON ad_stops (brand) WHERE ended_at IS NULL",
    # What a stop or an alarm has paused, to be put back exactly.
    """CREATE TABLE ad_held (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        cause TEXT NOT NULL,
        account_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        object_id TEXT NOT NULL,
        name TEXT NOT NULL,
        was TEXT,
        becomes TEXT,
        currency TEXT,
        state TEXT NOT NULL,
        why TEXT NOT NULL DEFAULT '',
        UNIQUE (cause, account_id, object_id)
    )""",
    # The campaigns that were seen switched on last: a stop pauses them even where the account can't be read.
    """CREATE TABLE ad_running (
        account_id TEXT NOT NULL,
        object_id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (account_id, object_id)
    )""",
    """CREATE TABLE ad_alarms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        cause TEXT NOT NULL,
        sentence TEXT NOT NULL,
        freezes TEXT NOT NULL,
        ends_itself INTEGER NOT NULL,
        at TEXT NOT NULL,
        ended_at TEXT
    )""",
    "CREATE UNIQUE INDEX ad_alarms_on ON ad_alarms (brand, cause) WHERE ended_at IS NULL",
    """CREATE TABLE ad_notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        key TEXT NOT NULL,
        sentence TEXT NOT NULL,
        at TEXT NOT NULL,
        told_at TEXT,
        UNIQUE (brand, key)
    )""",
    "CREATE INDEX ad_notices_untold ON ad_notices (brand, id) WHERE told_at IS NULL",
)

# Edges are read from the tables, so there is no copy that could be stale. A node is known by its kind and its key; orders go
# by our own numbers, which lead to no person.
GRAPH_VIEWS = (
    """CREATE VIEW graph_edges AS
    SELECT brand, 'campaign' AS from_kind, campaign_id AS from_key, 'IN_ACCOUNT' AS relation,
        'account' AS to_kind, account_id AS to_key, CAST(NULL AS INTEGER) AS day FROM ad_campaigns
    UNION ALL SELECT brand, 'ad_set', ad_set_id, 'IN_CAMPAIGN', 'campaign', campaign_id, NULL FROM ad_sets
    UNION ALL SELECT brand, 'ad', ad_id, 'IN_AD_SET', 'ad_set', ad_set_id, NULL FROM ads WHERE ad_set_id IS NOT NULL
    UNION ALL SELECT brand, 'ad', ad_id, 'SHOWS', 'creative', creative_id, NULL FROM ads WHERE creative_id IS NOT NULL
    UNION ALL SELECT brand, 'ad', ad_id, 'SPEAKS_OF', 'angle', angle, NULL FROM ads
    UNION ALL SELECT DISTINCT brand, 'creative', creative_id, 'SPEAKS_OF', 'angle', angle, CAST(NULL AS INTEGER)
        FROM ads WHERE creative_id IS NOT NULL
    UNION ALL SELECT brand, 'creative', creative_id, 'HAS_FORMAT', 'format', format, NULL FROM ad_creatives
    UNION ALL SELECT a.brand, 'ad', a.ad_id, 'LEADS_TO', 'landing_page',
        coalesce(a.landing_page_given, c.landing_page, 'chat'), NULL
        FROM ads a LEFT JOIN ad_creatives c ON c.brand = a.brand AND c.creative_id = a.creative_id
    UNION ALL SELECT brand, 'chats', ad_id || ' ' || day, 'CAME_FROM', 'ad', ad_id, day FROM ad_chats
        WHERE chats > 0 GROUP BY brand, ad_id, day
    UNION ALL SELECT brand, 'leads', ad_id || ' ' || day, 'AMONG', 'chats', ad_id || ' ' || day, day FROM ad_chats
        WHERE leads > 0 GROUP BY brand, ad_id, day
    UNION ALL SELECT brand, 'order', 'sale ' || id, 'CAME_FROM', 'chats', last_ad_id || ' ' || last_chat_day, day
        FROM ad_sales WHERE state IN ('ordered', 'paid')
    UNION ALL SELECT brand, 'learning', kind || ' ' || id, 'ABOUT', 'angle', substr(subject, 7), NULL
        FROM strategic_entries WHERE subject LIKE 'angle:%' AND valid_to IS NULL
    UNION ALL SELECT brand, 'learning', kind || ' ' || id, 'ABOUT', 'format', substr(subject, 8), NULL
        FROM strategic_entries WHERE subject LIKE 'format:%' AND valid_to IS NULL""",
)

CYCLE_TABLES = (
    """CREATE TABLE cycles (
        id INTEGER PRIMARY KEY,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        day TEXT NOT NULL,
        step TEXT NOT NULL,
        notes TEXT NOT NULL,
        holder TEXT,
        held_until TEXT,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        fault TEXT
    )""",
    "CREATE UNIQUE INDEX cycles_by_day ON cycles (brand, account_id, day)",
)

STRATEGY_TABLES = (
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

TASKS_TABLES = (
    # `key` is what it is about: the same need asks once while it is open. `mark` stands in the notes of the task in
    # Asana; `tried_at` is written before Asana is asked to make it, `gid` is Asana's number once that is known.
    """CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        key TEXT NOT NULL,
        title TEXT NOT NULL,
        why TEXT NOT NULL,
        what TEXT NOT NULL,
        due_on TEXT,
        campaign TEXT NOT NULL DEFAULT '',
        asked_at TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open',
        outcome TEXT NOT NULL DEFAULT '',
        done_at TEXT,
        done_by TEXT,
        learned INTEGER NOT NULL DEFAULT 0,
        mark TEXT NOT NULL,
        tried_at TEXT,
        gid TEXT,
        closed_there INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE UNIQUE INDEX tasks_open ON tasks (brand, key) WHERE state = 'open'",
    "CREATE INDEX tasks_by_brand ON tasks (brand, state, id)",
)

CHANGES_TABLES = (
    """CREATE TABLE ad_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        role TEXT NOT NULL,
        why TEXT NOT NULL,
        what TEXT NOT NULL,
        kind TEXT NOT NULL,
        object_id TEXT NOT NULL,
        name TEXT NOT NULL,
        was TEXT NOT NULL,
        becomes TEXT NOT NULL,
        currency TEXT NOT NULL,
        raises TEXT NOT NULL,
        readings TEXT NOT NULL,
        approval_id INTEGER,
        undoes_id INTEGER,
        key TEXT UNIQUE,
        state TEXT NOT NULL,
        outcome TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        account_at TEXT NOT NULL,
        settled_at TEXT
    )""",
    "CREATE INDEX ad_changes_by_brand ON ad_changes (brand, id)",
    "CREATE INDEX ad_changes_by_account ON ad_changes (account_id, account_at)",
    "CREATE INDEX ad_changes_open ON ad_changes (account_id, id) WHERE state = 'open'",
    # What each line had planned at most on a day: what was cut at noon may have been spent by then.
    """CREATE TABLE ad_peaks (
        account_id TEXT NOT NULL,
        day TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        planned TEXT NOT NULL,
        PRIMARY KEY (account_id, day, owner_id)
    )""",
    """CREATE TABLE ad_leases (
        account_id TEXT PRIMARY KEY,
        token TEXT NOT NULL,
        expires_at TEXT NOT NULL
    )""",
    # The rule on the platform's side: above which spend of a day it pauses the account.
    """CREATE TABLE ad_spend_rules (
        account_id TEXT PRIMARY KEY,
        most TEXT NOT NULL,
        rule_id TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
)

APPROVALS_TABLES = (
    """CREATE TABLE ad_approvals (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        plan TEXT NOT NULL,
        digest TEXT NOT NULL,
        summary TEXT NOT NULL,
        proposed_by TEXT NOT NULL,
        role TEXT NOT NULL,
        asked_of TEXT,
        key TEXT UNIQUE,
        undoes_id INTEGER,
        proposed_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        state TEXT NOT NULL,
        decided_by TEXT,
        decided_at TEXT,
        reason TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX ad_approvals_waiting ON ad_approvals (brand, id) WHERE state = 'waiting'",
    "CREATE INDEX ad_approvals_begun ON ad_approvals (account_id, id) WHERE state = 'approved'",
)

INTENTS_TABLES = (
    """CREATE TABLE ad_launches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        change_id INTEGER NOT NULL UNIQUE,
        name TEXT NOT NULL,
        at TEXT NOT NULL,
        state TEXT NOT NULL,
        fault TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX ad_launches_open ON ad_launches (account_id, id) WHERE state IN ('making', 'publishing')",
    """CREATE TABLE ad_intents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        launch_id INTEGER NOT NULL REFERENCES ad_launches (id),
        account_id TEXT NOT NULL,
        part TEXT NOT NULL,
        kind TEXT NOT NULL,
        token TEXT NOT NULL UNIQUE,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        object_id TEXT,
        asked_at TEXT,
        UNIQUE (launch_id, part)
    )""",
    "CREATE INDEX ad_intents_by_object ON ad_intents (account_id, object_id)",
)

DEEDS_TABLES = (
    """CREATE TABLE staff_deeds (
        message_id INTEGER PRIMARY KEY,
        aim TEXT NOT NULL,
        said TEXT,
        begun_at TEXT NOT NULL
    )""",
    "CREATE INDEX staff_deeds_by_time ON staff_deeds (begun_at)",
)

READING_TABLES = (
    # A finished turn marks what there is to read; a reader moves `read_upto`, a summary `summary_upto`.
    """CREATE TABLE readings (
        contact_id INTEGER PRIMARY KEY,
        marked INTEGER NOT NULL,
        read_upto INTEGER NOT NULL DEFAULT 0,
        summary_upto INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX readings_due ON readings (contact_id) WHERE marked > read_upto",
)

SUMMARY_TABLES = (
    """CREATE TABLE summaries (
        contact_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        content TEXT NOT NULL,
        by TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (contact_id, message_id)
    )""",
    "CREATE INDEX summaries_by_kind ON summaries (contact_id, kind, message_id)",
)

KNOWING_TABLES = (
    "ALTER TABLE facts ADD COLUMN said_by TEXT NOT NULL DEFAULT 'customer'",
    "ALTER TABLE facts ADD COLUMN confidence REAL NOT NULL DEFAULT 1",
    "ALTER TABLE facts ADD COLUMN again_at TEXT",  # when it was last said once more, and in which message
    "ALTER TABLE facts ADD COLUMN again_id INTEGER",
    "ALTER TABLE facts ADD COLUMN ended_by INTEGER",  # the message that ended it
)

SEARCH_ROWS = """CREATE TABLE search_rows (
    contact_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    told BLOB NOT NULL,
    terms BLOB NOT NULL,
    PRIMARY KEY (contact_id, message_id)
)"""
SEARCH_PROGRESS = "CREATE TABLE search_progress (id INTEGER PRIMARY KEY CHECK (id = 1), message_id INTEGER NOT NULL)"
SEARCH_TABLES = (
    # Clustered by contact, so that a recall reads neighbouring pages however many other people the file holds.
    EachInItsWay(
        sqlite=(f"{SEARCH_ROWS} WITHOUT ROWID",),
        postgresql=(SEARCH_ROWS.replace("BLOB", "BYTEA").replace("INTEGER", "BIGINT"),),
    ),
    # Not copied to another engine: there, everything is indexed anew.
    EachInItsWay(sqlite=(SEARCH_PROGRESS,), postgresql=(SEARCH_PROGRESS.replace("INTEGER", "BIGINT"),)),
    "INSERT INTO search_progress (id, message_id) VALUES (1, 0)",
)

PUT_IN_SEARCH_QUEUE = "INSERT INTO search_waiting (contact_id, message_id)"
QUEUE_WHAT_IS_NOT_INDEXED = (
    f"{PUT_IN_SEARCH_QUEUE} SELECT contact_id, id FROM messages WHERE id > (SELECT message_id FROM search_progress)"
)
SEARCH_QUEUE_BY_CONTACT = "CREATE INDEX search_waiting_by_contact ON search_waiting (contact_id)"
SEARCH_QUEUE = "CREATE TABLE search_waiting ({id}, contact_id {whole} NOT NULL, message_id {whole} NOT NULL)"
# An id is never given twice: whoever read a row and is slow must not take another one for it.
SEARCH_WAITING = (
    EachInItsWay(
        sqlite=(
            SEARCH_QUEUE.format(id="id INTEGER PRIMARY KEY AUTOINCREMENT", whole="INTEGER"),
            SEARCH_QUEUE_BY_CONTACT,
            "CREATE TRIGGER message_came AFTER INSERT ON messages"
            f" BEGIN {PUT_IN_SEARCH_QUEUE} VALUES (NEW.contact_id, NEW.id); END",
            "CREATE TRIGGER message_changed AFTER UPDATE OF content, contact_id ON messages"
            " WHEN NEW.content IS NOT OLD.content OR NEW.contact_id <> OLD.contact_id"
            f" BEGIN {PUT_IN_SEARCH_QUEUE} VALUES (NEW.contact_id, NEW.id); END",
            "CREATE TRIGGER message_went AFTER DELETE ON messages BEGIN"
            " DELETE FROM search_waiting WHERE contact_id = OLD.contact_id AND message_id = OLD.id;"
            " DELETE FROM search_rows WHERE contact_id = OLD.contact_id AND message_id = OLD.id; END",
            QUEUE_WHAT_IS_NOT_INDEXED,
            "DROP TABLE search_progress",
        ),
        postgresql=(
            SEARCH_QUEUE.format(id="id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", whole="BIGINT"),
            SEARCH_QUEUE_BY_CONTACT,
            "CREATE FUNCTION message_to_index() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" {PUT_IN_SEARCH_QUEUE} VALUES (NEW.contact_id, NEW.id); RETURN NULL; END $$",
            "CREATE FUNCTION message_out_of_index() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " DELETE FROM search_waiting WHERE contact_id = OLD.contact_id AND message_id = OLD.id;"
            " DELETE FROM search_rows WHERE contact_id = OLD.contact_id AND message_id = OLD.id; RETURN NULL; END $$",
            "CREATE TRIGGER message_came AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION message_to_index()",
            "CREATE TRIGGER message_changed AFTER UPDATE OF content, contact_id ON messages FOR EACH ROW"
            " WHEN (NEW.content <> OLD.content OR NEW.contact_id <> OLD.contact_id)"
            " EXECUTE FUNCTION message_to_index()",
            "CREATE TRIGGER message_went AFTER DELETE ON messages FOR EACH ROW EXECUTE FUNCTION message_out_of_index()",
            QUEUE_WHAT_IS_NOT_INDEXED,
            "DROP TABLE search_progress",
        ),
    ),
)
# pgvector where the server has it and lets us (halfvec came with its version 0.7); else vectors are bytes, as in a file.
VECTORS_IN_SERVER = EachInItsWay(
    sqlite=(),
    postgresql=(
        """DO $$ BEGIN
            IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector') THEN
                CREATE EXTENSION IF NOT EXISTS vector;
                ALTER TABLE search_rows ADD COLUMN IF NOT EXISTS vector halfvec(256);
                ALTER TABLE memory_vectors ADD COLUMN IF NOT EXISTS meaning halfvec(256);
            END IF;
        EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
            RAISE NOTICE 'pgvector cannot be used here; vectors are kept as bytes';
        END $$""",
    ),
)

GOODS_TABLES = (
    """CREATE TABLE goods (
        brand TEXT NOT NULL,
        sku TEXT NOT NULL,
        title TEXT NOT NULL,
        category TEXT NOT NULL,
        maker TEXT NOT NULL,
        description TEXT NOT NULL,
        keywords TEXT NOT NULL,
        prices TEXT NOT NULL,
        link TEXT NOT NULL,
        image TEXT NOT NULL,
        stock INTEGER NOT NULL CHECK (stock >= 0),
        position INTEGER NOT NULL,
        PRIMARY KEY (brand, sku)
    )""",
    """CREATE TABLE goods_imports (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        digest TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
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

RELEASE_0_1_0 = (
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
