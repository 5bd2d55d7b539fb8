"""What version 0.2.0 changed. Released: never edited, only followed by another release's steps."""

from __future__ import annotations

from memory.storage.database import EachInItsWay

# JSON objects: language code → text.
TITLES_BY_LANGUAGE = (
    "ALTER TABLE goods ADD COLUMN titles TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE goods ADD COLUMN descriptions TEXT NOT NULL DEFAULT '{}'",
)

# Until now the reason of a pause was only a sentence. It began with the ad's name and ended with what was done.
CAUSES_OF_CHANGES = (
    "ALTER TABLE ad_changes ADD COLUMN cause TEXT",
    """UPDATE ad_changes SET cause = 'resting' WHERE what = 'pause' AND who = 'ad agent' AND role = 'agent'
        AND why LIKE '%; rests: other ads are expected to bring more for the same money.'""",
    """UPDATE ad_changes SET cause = 'losing_money' WHERE what = 'pause' AND who = 'ad agent' AND role = 'agent'
        AND why LIKE 'Ad “%; paused.'""",
)

# Statuses, objectives and learning phases were stored in the words of one ad platform.
_EFFECTIVE_STATUS = """CASE effective_status
    WHEN 'ACTIVE' THEN 'active'
    WHEN 'PAUSED' THEN 'paused'
    WHEN 'ARCHIVED' THEN 'archived'
    WHEN 'DELETED' THEN 'deleted'
    WHEN 'CAMPAIGN_PAUSED' THEN 'campaign_paused'
    WHEN 'ADSET_PAUSED' THEN 'ad_set_paused'
    WHEN 'PENDING_REVIEW' THEN 'in_review'
    WHEN 'DISAPPROVED' THEN 'rejected'
    WHEN 'PREAPPROVED' THEN 'approved'
    WHEN 'PENDING_BILLING_INFO' THEN 'unpaid'
    WHEN 'IN_PROCESS' THEN 'processing'
    WHEN 'WITH_ISSUES' THEN 'failing'
    ELSE 'unknown' END"""
_OBJECTIVES = ("ENGAGEMENT", "LEADS", "SALES", "TRAFFIC")
_PHASES = (("LEARNING", "learning"), ("SUCCESS", "finished"), ("FAIL", "limited"))
NEUTRAL_AD_WORDS = (
    *(
        f"UPDATE {table} SET status = lower(status), effective_status = {_EFFECTIVE_STATUS}"
        for table in ("ad_campaigns", "ad_sets", "ads")
    ),
    "UPDATE ad_campaigns SET objective = CASE WHEN objective IN ('OUTCOME_ENGAGEMENT', 'OUTCOME_LEADS',"
    " 'OUTCOME_SALES', 'OUTCOME_TRAFFIC') THEN lower(substr(objective, 9)) ELSE 'other' END",
    *(
        f'UPDATE ad_sets SET learning = replace(learning, \'"status": "{theirs}"\', \'"status": "{ours}"\')'
        f' WHERE learning LIKE \'%"status": "{theirs}"%\''
        for theirs, ours in _PHASES
    ),
    "UPDATE ad_changes SET was = lower(was), becomes = lower(becomes) WHERE what <> 'set_budget'",
    *(
        f'UPDATE {table} SET {column} = replace({column}, \'"objective": "OUTCOME_{word}"\','
        f' \'"objective": "{word.lower()}"\') WHERE {column} LIKE \'%"OUTCOME_{word}"%\''
        for table, column in (("ad_intents", "body"), ("campaign_launches", "record"), ("strategic_entries", "record"))
        for word in _OBJECTIVES
    ),
)

# Tests were launch decisions with the idea and the key of the launch in their JSON. The decisions stay as they were exported.
AD_TESTS = (
    """CREATE TABLE ad_tests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        brand TEXT NOT NULL,
        account_id TEXT NOT NULL,
        key TEXT NOT NULL,
        decision_id INTEGER NOT NULL,
        daily_budget TEXT NOT NULL,
        currency TEXT NOT NULL,
        idea TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        campaign_id TEXT,
        ended_at TEXT,
        outcome TEXT
    )""",
    "CREATE INDEX ad_tests_by_account ON ad_tests (brand, account_id, id)",
    "CREATE UNIQUE INDEX ad_tests_running ON ad_tests (brand, account_id, key) WHERE ended_at IS NULL",
    EachInItsWay(
        sqlite=(
            """INSERT INTO ad_tests (decision_id, brand, begun_at, ended_at, account_id, key, daily_budget, currency, idea,
                outcome)
                SELECT id, brand, valid_from, valid_to, json_extract(record, '$.context.test'),
                    json_extract(record, '$.context.key'), json_extract(record, '$.context.budget.daily_budget'),
                    json_extract(record, '$.context.budget.currency'), json_extract(record, '$.context.idea'),
                    json_extract(record, '$.actual_outcome')
                FROM strategic_entries WHERE kind = 'strategic_decisions' AND type = 'campaign_launch'
                AND json_type(record, '$.context.idea') = 'object' AND json_type(record, '$.context.test') = 'text'
                AND json_type(record, '$.context.key') = 'text'
                AND json_type(record, '$.context.budget.daily_budget') = 'text'
                AND json_type(record, '$.context.budget.currency') = 'text'
                ORDER BY id ON CONFLICT DO NOTHING""",
        ),
        postgresql=(
            """INSERT INTO ad_tests (decision_id, brand, begun_at, ended_at, account_id, key, daily_budget, currency, idea,
                outcome)
                SELECT id, brand, valid_from, valid_to, record::json #>> '{context,test}',
                    record::json #>> '{context,key}', record::json #>> '{context,budget,daily_budget}',
                    record::json #>> '{context,budget,currency}', (record::json #> '{context,idea}')::text,
                    record::json ->> 'actual_outcome'
                FROM strategic_entries WHERE kind = 'strategic_decisions' AND type = 'campaign_launch'
                AND json_typeof(record::json #> '{context,idea}') = 'object'
                AND json_typeof(record::json #> '{context,test}') = 'string'
                AND json_typeof(record::json #> '{context,key}') = 'string'
                AND json_typeof(record::json #> '{context,budget,daily_budget}') = 'string'
                AND json_typeof(record::json #> '{context,budget,currency}') = 'string'
                ORDER BY id ON CONFLICT DO NOTHING""",
        ),
    ),
    # Here `outcome` is still the sentence that release 0.1.0 wrote; each began in one of these ways.
    """UPDATE ad_tests SET outcome = CASE
        WHEN ended_at IS NULL THEN NULL
        WHEN outcome LIKE 'kept, an ordinary ad from now on: %' THEN 'kept'
        WHEN outcome LIKE 'paused: the test''s day has come and nobody wrote through it%' THEN 'nobody_wrote'
        WHEN outcome LIKE 'paused: the test''s day has come and it is %' THEN 'lost'
        WHEN outcome LIKE 'stopped before its day; %' THEN 'stopped'
        WHEN outcome LIKE 'not launched: %' THEN 'not_launched'
        END""",
    """UPDATE ad_tests SET campaign_id = (SELECT min(c.object_id) FROM ad_changes c
        LEFT JOIN ad_approvals a ON a.id = c.approval_id
        WHERE c.account_id = ad_tests.account_id AND c.what = 'launch' AND c.state = 'done'
        AND (c.key = ad_tests.key OR a.key = ad_tests.key))""",
)

RELEASE_0_2_0 = (
    ("017 titles by language", TITLES_BY_LANGUAGE),
    ("018 causes of changes", CAUSES_OF_CHANGES),
    ("019 neutral ad words", NEUTRAL_AD_WORDS),
    ("020 ad tests", AD_TESTS),
)
