"""Meta's words ↔ ours. Nothing outside this folder knows Meta's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.ads.platform import AdsFault, PlatformRules, RequestWrong
from memory.ads.ad_account import AdStatus, EffectiveStatus, LearningPhase, Objective

# One day may cost 75 % more than its budget, a week never more than seven budgets:
# https://www.facebook.com/business/help/190490051321426. The fifth change of one budget within an hour is refused
# (613/1487632).
RULES = PlatformRules(worst_day=Decimal("1.75"), budget_changes_an_hour=4, pages="Ads Manager")

STATUSES: Mapping[str, AdStatus] = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "ARCHIVED": "archived",
    "DELETED": "deleted",
}
EFFECTIVE_STATUSES: Mapping[str, EffectiveStatus] = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "DELETED": "deleted",
    "ARCHIVED": "archived",
    "PENDING_REVIEW": "in_review",
    "DISAPPROVED": "rejected",
    "PREAPPROVED": "approved",
    "PENDING_BILLING_INFO": "unpaid",
    "CAMPAIGN_PAUSED": "campaign_paused",
    "ADSET_PAUSED": "ad_set_paused",
    "IN_PROCESS": "processing",
    "WITH_ISSUES": "failing",
}
OBJECTIVES: Mapping[str, Objective] = {
    "OUTCOME_ENGAGEMENT": "engagement",
    "OUTCOME_LEADS": "leads",
    "OUTCOME_SALES": "sales",
    "OUTCOME_TRAFFIC": "traffic",
}
LEARNING_PHASES: Mapping[str, LearningPhase] = {"LEARNING": "learning", "SUCCESS": "finished", "FAIL": "limited"}

_META_STATUSES = {ours: metas for metas, ours in STATUSES.items()}
_META_OBJECTIVES = {ours: metas for metas, ours in OBJECTIVES.items()}


def status_from(status: str, what: str) -> AdStatus:
    """Raises AdsFault for an unknown status."""
    if status not in STATUSES:  # a guess could take what runs for what does not
        raise AdsFault(f"Meta tells a status of {what} that Hawker does not know: {status[:40]}")
    return STATUSES[status]


def status_to(status: AdStatus) -> str:
    return _META_STATUSES[status]


def objective_from(objective: str) -> Objective:
    return OBJECTIVES.get(objective, "other")  # people also make campaigns for awareness and the like


def objective_to(objective: Objective) -> str:
    """Raises RequestWrong for one that is never launched."""
    if objective not in _META_OBJECTIVES:
        raise RequestWrong(f"there is no objective {objective!r}: choose one of {', '.join(_META_OBJECTIVES)}")
    return _META_OBJECTIVES[objective]
