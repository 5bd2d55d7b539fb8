"""Meta's rules for a request, and the error if one is broken; used by the Graph server of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]

GOALS = {
    "OUTCOME_ENGAGEMENT": ("CONVERSATIONS", "LINK_CLICKS"),
    "OUTCOME_LEADS": ("CONVERSATIONS",),
    "OUTCOME_SALES": ("CONVERSATIONS", "MESSAGING_PURCHASE_CONVERSION"),
    "OUTCOME_TRAFFIC": ("LINK_CLICKS",),
}
STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
EVENTS = (
    "LeadSubmitted QualifiedLead Purchase AddToCart InitiateCheckout ViewContent OrderCreated OrderShipped"
    " OrderDelivered OrderCanceled OrderReturned CartAbandoned RatingProvided ReviewProvided"
).split()
TAKEN = {
    "campaigns": "name objective special_ad_categories is_adset_budget_sharing_enabled daily_budget bid_strategy status",
    "adsets": "name campaign_id daily_budget billing_event optimization_goal bid_strategy destination_type"
    " promoted_object targeting status",
    "adcreatives": "name object_story_spec",
    "ads": "name adset_id creative status",
    "adrules_library": "name evaluation_spec execution_spec schedule_spec status",
}
FIELDS = {
    "account": "id account_id name currency timezone_name account_status min_daily_budget",
    "campaigns": "id account_id name objective status effective_status daily_budget created_time special_ad_categories",
    "adsets": "id account_id name campaign_id status effective_status daily_budget targeting learning_stage_info"
    " promoted_object optimization_goal created_time",
    "adcreatives": "id account_id name status body title object_type video_id image_hash link_url object_story_spec"
    " effective_object_story_id",
    "ads": "id account_id name adset_id creative status effective_status created_time",
    "adrules_library": "id name status evaluation_spec execution_spec schedule_spec",
    "activities": "event_time event_type actor_name actor_id application_id application_name object_id object_type"
    " extra_data",
    "minimum_budgets": "currency min_daily_budget_imp",
    "comments": "id message created_time is_hidden",
    "jobs": "id async_status async_percent_completion",
    "pages": "id name has_whatsapp_number whatsapp_number access_token tasks",
}


class GraphRefusal(Exception):
    def __init__(self, code: int, subcode: int | None = None, message: str = "Invalid parameter") -> None:
        super().__init__(message)
        self.code, self.subcode, self.message = code, subcode, message


def fields_of(kind: str, asked: str) -> dict[str, str]:
    """`id,creative{id}` → {"id": "", "creative": "id"}; refuses unknown fields."""
    found: dict[str, str] = {}
    depth, start = 0, 0
    for place, sign in enumerate(f"{asked},"):
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            name, _, inner = asked[start:place].partition("{")
            found[name] = inner.removesuffix("}")
            start = place + 1
    unknown = [name for name in found if name not in FIELDS[kind].split()]
    if unknown:
        raise GraphRefusal(100, None, f"(#100) Tried accessing nonexistent field ({unknown[0]})")
    return found


def whole(written: object, name: str) -> int:
    """Digits only."""
    text = str(written)
    if not (text.isascii() and text.isdigit()):
        raise GraphRefusal(100, None, f"(#100) Param {name} must be an integer")
    return int(text)


def parsed(written: str, name: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        raise GraphRefusal(100, None, f"(#100) param {name} must be valid JSON") from None


def need(fields: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not fields.get(name):
            raise GraphRefusal(100, None, f"(#100) The parameter {name} is required")


def one_of(value: object, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise GraphRefusal(100, None, f"(#100) Param {name} must be one of {{{', '.join(allowed)}}}")
    return str(value)


def campaign(fields: Mapping[str, str], least: int) -> Row:
    need(fields, "name", "objective", "special_ad_categories", "status")
    one_of(fields["objective"], tuple(GOALS), "objective")
    one_of(fields["status"], STATUSES, "status")
    if not isinstance(parsed(fields["special_ad_categories"], "special_ad_categories"), list):
        raise GraphRefusal(100, None, "(#100) Param special_ad_categories must be an array")
    if "daily_budget" in fields:
        _enough(whole(fields["daily_budget"], "daily_budget"), least)
    elif fields.get("is_adset_budget_sharing_enabled") not in ("true", "false"):
        raise GraphRefusal(100, 4834011, "Must specify True or False in is_adset_budget_sharing_enabled field")
    kept = {name: fields[name] for name in ("name", "objective", "status", "daily_budget") if name in fields}
    return {**kept, "special_ad_categories": parsed(fields["special_ad_categories"], "special_ad_categories")}


def ad_set(fields: Mapping[str, str], parent: Row, page_id: str, linked: str, dataset: str, least: int) -> Row:
    need(
        fields,
        "name",
        "billing_event",
        "optimization_goal",
        "destination_type",
        "promoted_object",
        "targeting",
        "status",
    )
    one_of(fields["billing_event"], ("IMPRESSIONS",), "billing_event")
    one_of(fields["status"], STATUSES, "status")
    one_of(fields["optimization_goal"], GOALS[parent["objective"]], "optimization_goal")
    if parent.get("daily_budget") and "daily_budget" in fields:
        raise GraphRefusal(100, 1885621, "You can only set an ad set budget or a campaign budget.")
    if not parent.get("daily_budget"):
        need(fields, "daily_budget", "bid_strategy")
        _enough(whole(fields["daily_budget"], "daily_budget"), least)
    targeting = parsed(fields["targeting"], "targeting")
    if not targeting.get("geo_locations"):
        raise GraphRefusal(100, 1885364, "Ad set must have a location")
    if (targeting.get("targeting_automation") or {}).get("advantage_audience") not in (0, 1):
        raise GraphRefusal(100, 1870227, "Advantage audience flag required")
    promoted = _promoted(parsed(fields["promoted_object"], "promoted_object"), parent, page_id, linked, dataset)
    kept = {name: fields[name] for name in ("name", "status", "optimization_goal", "daily_budget") if name in fields}
    return {**kept, "campaign_id": parent["id"], "targeting": targeting, "promoted_object": promoted}


def _promoted(promoted: Row, parent: Row, page_id: str, linked: str, dataset: str) -> Row:
    if promoted.get("page_id") != page_id:
        raise GraphRefusal(100, 1885014, "promoted_object must name a page that you may advertise")
    if parent["objective"] == "OUTCOME_SALES":
        if promoted.get("pixel_id") != dataset or promoted.get("custom_event_type") != "PURCHASE":
            raise GraphRefusal(100, 1815437, "promoted_object must name the dataset and PURCHASE")
    elif not linked or promoted.get("whatsapp_phone_number", linked) != linked:
        raise GraphRefusal(100, 1487246, "The page is not linked to this WhatsApp number")
    return promoted


def creative(fields: Mapping[str, str], page_id: str, images: set[str]) -> Row:
    need(fields, "name", "object_story_spec")
    spec = parsed(fields["object_story_spec"], "object_story_spec")
    link = spec.get("link_data") or {}
    button = link.get("call_to_action") or {}
    if spec.get("page_id") != page_id:
        raise GraphRefusal(100, 1443050, "The page can't be used")
    if link.get("link") != "https://api.whatsapp.com/send" or not link.get("message"):
        raise GraphRefusal(100, 1885183, "link_data needs link and message")
    if button != {"type": "WHATSAPP_MESSAGE", "value": {"app_destination": "WHATSAPP"}}:
        raise GraphRefusal(100, 1815630, "call_to_action does not fit")
    if link.get("image_hash") and link["image_hash"] not in images:
        raise GraphRefusal(100, 1487411, "The image hash is not of this account")
    if "page_welcome_message" in link and "text_format" not in parsed(
        link["page_welcome_message"], "page_welcome_message"
    ):
        raise GraphRefusal(100, 1815166, "The welcome message has a wrong format")
    shown = {"body": link["message"], "title": link.get("name", ""), "image_hash": link.get("image_hash")}
    return {"name": fields["name"], "status": "ACTIVE", "object_story_spec": spec, "object_type": "SHARE", **shown}


def ad(fields: Mapping[str, str]) -> Row:
    need(fields, "name", "adset_id", "creative", "status")
    one_of(fields["status"], STATUSES, "status")
    made = parsed(fields["creative"], "creative")
    if not made.get("creative_id"):
        raise GraphRefusal(100, None, "(#100) creative must name creative_id")
    return {
        "name": fields["name"],
        "status": fields["status"],
        "adset_id": fields["adset_id"],
        "creative": {"id": made["creative_id"]},
    }


def rule(fields: Mapping[str, str]) -> Row:
    need(fields, "name", "evaluation_spec", "execution_spec")
    specs = {name: parsed(fields[name], name) for name in fields if name.endswith("_spec")}
    if specs["evaluation_spec"].get("evaluation_type") == "SCHEDULE" and not specs.get("schedule_spec"):
        raise GraphRefusal(100, None, "(#100) schedule_spec is required")
    named = {each.get("field") for each in specs["evaluation_spec"].get("filters") or []}
    if not {"entity_type", "time_preset"} <= named:
        raise GraphRefusal(100, None, "(#100) evaluation_spec needs filters for entity_type and time_preset")
    return {"name": fields["name"], "status": fields.get("status", "ENABLED"), **specs}


def event(told: Row, clicks: set[str], whatsapp_account: str, now: datetime) -> None:
    user = told.get("user_data") or {}
    if told.get("action_source") != "business_messaging" or told.get("messaging_channel") != "whatsapp":
        raise GraphRefusal(100, 2804063, "messaging_channel is missing")
    if told.get("event_name") not in EVENTS:
        raise GraphRefusal(100, 2804066, "event_name is not a messaging event")
    if not told.get("event_id") or not isinstance(told.get("event_time"), int):
        raise GraphRefusal(100, 2804064, "event_id and event_time are needed")
    if told["event_time"] < (now - timedelta(days=7)).timestamp() or told["event_time"] > now.timestamp() + 60:
        raise GraphRefusal(100, 2804003, "event_time is too long ago or to come")
    value = told.get("custom_data") or {}
    if told["event_name"] == "Purchase" and not (value.get("currency") and isinstance(value.get("value"), int | float)):
        raise GraphRefusal(100, 2804064, "a purchase needs currency and value")
    if user.get("whatsapp_business_account_id") != whatsapp_account or user.get("ctwa_clid") not in clicks:
        raise GraphRefusal(100, 2804087, "ctwa_clid is not valid")


def _enough(units: int, least: int) -> None:
    if units < least:
        raise GraphRefusal(100, 1885272, f"Your budget is too low: it must be at least {least}")


Makes = Callable[..., Row]
