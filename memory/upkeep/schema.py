"""Every table, referenced tables first."""

from __future__ import annotations

from memory.ads.ad_tests import AD_TESTS
from memory.ads.attribution import AD_CHATS, AD_SALES
from memory.ads.campaigns import AD_ACCOUNTS, AD_CAMPAIGNS, AD_CREATIVES, AD_READINGS, AD_SETS, ADS
from memory.ads.charts import AD_CHARTS
from memory.ads.conversion_events import AD_EVENTS
from memory.ads.emergency_stop import AD_ALARMS, AD_HELD, AD_NOTICES, AD_RUNNING, AD_STOPS
from memory.ads.learnings.campaign_records import CAMPAIGN_ENTRIES, CAMPAIGN_LAUNCHES
from memory.ads.learnings.strategy import PATTERN_SHARING, STRATEGIC_ENTRIES
from memory.ads.morning_runs import CYCLES
from memory.ads.tasks import TASKS
from memory.agents.memory_manager import AGENT_MEMORIES, EPISODES, EXECUTION_RECORDS
from memory.agents.memory_search import MEMORY_VECTORS
from memory.agents.workflows import WORKFLOW_MESSAGES, WORKFLOW_SESSIONS
from memory.audit_log.account_changes import AD_CHANGES, AD_LEASES, AD_PEAKS, AD_SPEND_RULES
from memory.audit_log.api_tokens import API_TOKENS
from memory.audit_log.approvals import AD_APPROVALS
from memory.audit_log.audit_trail import AUDIT_CHECKPOINTS, AUDIT_ENTRIES
from memory.audit_log.creation_intents import AD_INTENTS, AD_LAUNCHES
from memory.audit_log.staff_commands import STAFF_DEEDS
from memory.conversations.attachments import MEDIA
from memory.conversations.failed_readings import FAILED_READINGS
from memory.conversations.handovers import HANDOVERS
from memory.conversations.messages import ATTEMPTS, MENTIONS, MESSAGES, STATUSES
from memory.conversations.reading_progress import READINGS
from memory.conversations.sessions import SESSIONS
from memory.conversations.summaries import SUMMARIES
from memory.conversations.turns import LEASES, TURNS, WORKERS
from memory.intake.received_forms import RECEIVED_FORMS
from memory.people.contacts import CONTACTS, ERASED, FORGETTING, IDENTITIES, TALLIES, TOUCHES
from memory.people.facts import FACTS, INTERESTS
from memory.people.recycled_numbers import PORTFOLIO_MOVES, RECYCLED_NUMBERS
from memory.recall.search import SEARCH_ROWS, SEARCH_WAITING
from memory.shop.catalogue_items import GOODS, GOODS_IMPORTS
from memory.shop.orders import ORDER_EVENTS, ORDERS, QUOTES
from memory.storage.job_runs import JOB_RUNS, SWITCHED_OFF
from memory.storage.quotas import COUNTERS
from memory.upkeep.erasure_register import ERASED_PEOPLE, RECEIPTS, REGISTER_KEYS

TABLES = (
    *(JOB_RUNS, SWITCHED_OFF, COUNTERS, WORKERS, TALLIES),
    *(CONTACTS, IDENTITIES, RECYCLED_NUMBERS, PORTFOLIO_MOVES, TOUCHES, FACTS, INTERESTS),
    RECEIVED_FORMS,
    *(
        SESSIONS,
        MESSAGES,
        ATTEMPTS,
        STATUSES,
        MENTIONS,
        MEDIA,
        SUMMARIES,
        READINGS,
        FAILED_READINGS,
        HANDOVERS,
        TURNS,
        LEASES,
    ),
    *(SEARCH_ROWS, SEARCH_WAITING),
    *(QUOTES, ORDERS, ORDER_EVENTS, GOODS, GOODS_IMPORTS),
    *(AGENT_MEMORIES, MEMORY_VECTORS, WORKFLOW_SESSIONS, WORKFLOW_MESSAGES, EXECUTION_RECORDS, EPISODES),
    *(AD_ACCOUNTS, AD_CAMPAIGNS, AD_SETS, AD_CREATIVES, ADS, AD_READINGS),
    *(AD_CHATS, AD_SALES, AD_EVENTS, AD_TESTS),
    *(CAMPAIGN_LAUNCHES, CAMPAIGN_ENTRIES, STRATEGIC_ENTRIES, PATTERN_SHARING),
    *(CYCLES, TASKS, AD_CHARTS),
    *(AD_STOPS, AD_HELD, AD_RUNNING, AD_ALARMS, AD_NOTICES),
    *(AD_CHANGES, AD_PEAKS, AD_LEASES, AD_SPEND_RULES, AD_APPROVALS, AD_LAUNCHES, AD_INTENTS, STAFF_DEEDS, API_TOKENS),
    *(AUDIT_ENTRIES, AUDIT_CHECKPOINTS),
    *(ERASED, FORGETTING, ERASED_PEOPLE, REGISTER_KEYS, RECEIPTS),
)
