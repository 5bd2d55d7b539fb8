"""The steps of release 0.2.0. Frozen once it is released."""

from __future__ import annotations

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

RELEASE_0_2_0 = (
    ("017 titles by language", TITLES_BY_LANGUAGE),
    ("018 causes of changes", CAUSES_OF_CHANGES),
    ("019 neutral ad words", NEUTRAL_AD_WORDS),
)
