"""How erasure reaches each column that may hold something of a person.

A table or column without an answer here fails a test: whoever adds one says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from memory.people.ad_anonymisation import LINKED
from memory.people.contacts import OWNED


class Reach(StrEnum):
    NOBODY = "holds nothing of a person"
    LINK = "the contact's id, set to NULL"
    EMPTIED = "emptied in the person's rows"
    FREE_TEXT = "the person's number and user id are replaced where a text names them"
    STAFF_NUMBER = "a member of staff's number, replaced when they are the person"
    HASH = "a hash, by which the person is recognised if they are to be brought back"
    AT_PROVIDER = "a message id, until the provider has deleted it"
    CONTACT_ID = "the contact's id, which leads nowhere any more"


# Rows of these tables are deleted as a whole: they hang on the contact, or on a row that does.
ROWS = frozenset({*OWNED, "contacts", "leases"})
# Rows that name the person alone are deleted; in others the person's number and user id are replaced.
AGENT_TEXTS: Mapping[str, tuple[str, ...]] = {
    "agent_memories": ("workflow_id", "key", "value"),
    "workflow_messages": ("workflow_id", "content", "metadata"),
    "execution_records": ("workflow_id", "record"),
    "workflow_sessions": ("workflow_id", "metadata"),
    "episodes": ("workflow_id", "summary"),
}
# Of the columns that are text, JSON or bytes; numbers and moments hold nobody, but for contact_id.
COLUMNS: Mapping[str, Mapping[Reach, str]] = {
    "handovers": {Reach.STAFF_NUMBER: "closed_by"},
    "orders": {
        Reach.LINK: "contact_id",
        Reach.EMPTIED: "delivery payment_link last_clid",
        Reach.NOBODY: "number brand state sku title currency first_ad_id last_ad_id",
    },
    # The person's own steps are deleted with the person; those of staff stay as figures.
    "order_events": {Reach.STAFF_NUMBER: "by", Reach.NOBODY: "state"},
    "goods": {
        Reach.NOBODY: "brand sku title category maker description keywords prices link image titles descriptions"
    },
    "goods_imports": {Reach.NOBODY: "digest"},
    "tallies": {Reach.NOBODY: "brand name day key"},
    "job_runs": {Reach.NOBODY: "job slot"},
    "switched_off": {Reach.NOBODY: "kind key"},
    "counters": {Reach.CONTACT_ID: "name", Reach.NOBODY: "slot"},
    "workers": {Reach.NOBODY: "owner"},
    "memory_vectors": {Reach.NOBODY: "store vector"},  # of a memory, with which they are deleted
    "ad_accounts": {Reach.NOBODY: "brand account_id name currency time_zone status"},
    "ad_campaigns": {Reach.NOBODY: "brand campaign_id account_id name objective status effective_status"},
    "ad_sets": {
        Reach.NOBODY: "brand ad_set_id account_id campaign_id name status effective_status targeting learning",
    },
    "ad_creatives": {
        Reach.NOBODY: "brand creative_id account_id name format landing_page story_id",
        Reach.FREE_TEXT: "body headline",
    },
    "ads": {
        Reach.NOBODY: "brand account_id ad_id ad_set_id creative_id name status effective_status angle angle_given"
        " landing_page_given",
        Reach.FREE_TEXT: "brief",
    },
    "ad_readings": {Reach.NOBODY: "part"},
    "ad_chats": {Reach.LINK: "contact_id", Reach.NOBODY: "brand ad_id language country"},
    "ad_sales": {
        Reach.LINK: "contact_id",
        Reach.EMPTIED: "number buyer",
        Reach.NOBODY: "brand first_ad_id last_ad_id sku currency state language country",
    },
    "ad_events": {
        Reach.LINK: "contact_id",
        Reach.EMPTIED: "number clid",
        Reach.NOBODY: "brand account_id ad_id name currency state why",
    },
    "ad_tests": {
        Reach.NOBODY: "brand account_id key daily_budget currency campaign_id outcome",
        Reach.FREE_TEXT: "idea",
    },
    "campaign_launches": {Reach.NOBODY: "brand campaign_id launch_date", Reach.FREE_TEXT: "record"},
    "campaign_entries": {Reach.NOBODY: "brand campaign_id kind", Reach.FREE_TEXT: "record"},
    "strategic_entries": {Reach.NOBODY: "brand kind type", Reach.FREE_TEXT: "subject record"},
    "portfolio_moves": {Reach.NOBODY: "brand", Reach.STAFF_NUMBER: "by"},
    "pattern_sharing": {Reach.NOBODY: "brand"},
    "cycles": {Reach.NOBODY: "brand account_id day step holder clock_id", Reach.FREE_TEXT: "notes fault"},
    "tasks": {
        Reach.NOBODY: "brand state mark gid due_on",
        Reach.FREE_TEXT: "key title why what campaign outcome",
        Reach.STAFF_NUMBER: "done_by",
    },
    "ad_charts": {Reach.NOBODY: "brand", Reach.FREE_TEXT: "spec"},
    "ad_stops": {Reach.NOBODY: "brand", Reach.FREE_TEXT: "why", Reach.STAFF_NUMBER: "who ended_by"},
    "ad_held": {
        Reach.NOBODY: "brand account_id kind object_id name was becomes currency state cause",
        Reach.FREE_TEXT: "why",
    },
    "ad_running": {Reach.NOBODY: "account_id object_id name"},
    "ad_alarms": {Reach.NOBODY: "brand cause", Reach.FREE_TEXT: "sentence freezes"},
    "ad_notices": {Reach.NOBODY: "brand key", Reach.FREE_TEXT: "sentence"},
    "ad_changes": {
        Reach.NOBODY: "brand account_id role what kind object_id name was becomes currency raises readings key state cause",
        Reach.FREE_TEXT: "why outcome",
        Reach.STAFF_NUMBER: "who",
    },
    "ad_peaks": {Reach.NOBODY: "account_id day owner_id planned"},
    "ad_leases": {Reach.NOBODY: "account_id token clock_id"},
    "ad_spend_rules": {Reach.NOBODY: "account_id most rule_id"},
    # A plan that names somebody no longer has its digest: it cannot be approved, and is asked for anew.
    "ad_approvals": {
        Reach.NOBODY: "brand account_id digest role key state",
        Reach.FREE_TEXT: "plan summary reason",
        Reach.STAFF_NUMBER: "proposed_by asked_of decided_by",
    },
    "ad_launches": {Reach.NOBODY: "brand account_id name state", Reach.FREE_TEXT: "fault"},
    "ad_intents": {Reach.NOBODY: "account_id part kind token state object_id", Reach.FREE_TEXT: "body"},
    "staff_deeds": {Reach.FREE_TEXT: "aim said"},
    "agent_memories": {Reach.FREE_TEXT: "workflow_id key value", Reach.NOBODY: "agent_id"},
    "workflow_messages": {Reach.FREE_TEXT: "workflow_id content metadata", Reach.NOBODY: "agent_id role"},
    "execution_records": {Reach.FREE_TEXT: "workflow_id record", Reach.NOBODY: "record_id agent_id"},
    "workflow_sessions": {Reach.FREE_TEXT: "workflow_id metadata", Reach.NOBODY: "token agents"},
    "episodes": {Reach.FREE_TEXT: "workflow_id summary", Reach.NOBODY: "agent_id outcome"},
    "api_tokens": {Reach.NOBODY: "id role brand"},
    "audit_entries": {
        Reach.CONTACT_ID: "actor",
        Reach.NOBODY: "brand role door action subject outcome previous hash",
    },
    "audit_checkpoints": {Reach.NOBODY: "hash signature"},
    "erased": {Reach.HASH: "digest"},
    "forgetting": {Reach.AT_PROVIDER: "provider_id"},
    "erased_people": {Reach.HASH: "digest"},
    "register_keys": {Reach.NOBODY: "key"},
    "receipts": {Reach.HASH: "number brand receipt"},
}
assert {*LINKED} <= {*COLUMNS}


def columns(reach: Reach) -> dict[str, list[str]]:
    """Table → its columns that are reached so."""
    return {table: answers[reach].split() for table, answers in COLUMNS.items() if reach in answers}
