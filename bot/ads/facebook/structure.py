"""Graph objects → ours. A missing required field raises AdsFault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from bot.ads.facebook.amounts import from_meta
from bot.ads.facebook.vocabulary import (
    EFFECTIVE_STATUSES,
    LEARNING_PHASES,
    STATUSES,
    objective_from,
    status_from,
)
from bot.ads.platform import AdsFault
from bot.language.money import Money
from memory.ads.ad_account import (
    Activity,
    Ad,
    AdAccount,
    AdSet,
    AdStatus,
    Campaign,
    Comment,
    Creative,
    EffectiveStatus,
    Kind,
    Learning,
)

ACCOUNT_FIELDS = "id,name,currency,timezone_name,account_status,min_daily_budget"
CAMPAIGN_FIELDS = "id,name,objective,status,effective_status,daily_budget,created_time"
AD_SET_FIELDS = "id,name,campaign_id,status,effective_status,daily_budget,targeting,learning_stage_info"
CREATIVE_FIELDS = (
    "id,name,status,body,title,object_type,video_id,image_hash,link_url,object_story_spec,effective_object_story_id"
)
AD_FIELDS = "id,name,adset_id,creative{id},status,effective_status"
ACTIVITY_FIELDS = "event_time,event_type,actor_name,application_id,application_name,object_id,object_type,extra_data"
COMMENT_FIELDS = "id,message,created_time,is_hidden"

EDGES: Mapping[Kind, str] = {"campaign": "campaigns", "ad_set": "adsets", "creative": "adcreatives", "ad": "ads"}
_ACCOUNT_STATUS = {
    1: "active",
    2: "disabled",
    3: "unsettled",
    7: "in_review",
    8: "unsettled",
    9: "active",  # in the grace period after a failed payment: ads still run
    100: "closed",
    101: "closed",
}
_CHAT = ("api.whatsapp.com", "wa.me/", "whatsapp.com/send")

Row = Mapping[str, Any]


def account(row: Row, brand: str, minimums: list[dict[str, Any]]) -> AdAccount:
    """Minimum budget: the larger of its own and its `minimum_budgets` row."""
    what = "the account"
    currency = _text(row, "currency", what)
    minimum_units = [_required(row, "min_daily_budget", what)]
    minimum_units += [each.get("min_daily_budget_imp") for each in minimums if each.get("currency") == currency]
    status = _required(row, "account_status", what)
    if status not in _ACCOUNT_STATUS:
        raise AdsFault(f"Meta tells an account status that Hawker does not know ({status}): look at it in Ads Manager")
    return AdAccount(
        id=_text(row, "id", what),
        brand=brand,
        name=_text(row, "name", what),
        currency=currency,
        time_zone=_text(row, "timezone_name", what),
        status=_ACCOUNT_STATUS[status],
        min_daily_budget=max(
            (from_meta(units or 0, currency) for units in minimum_units), key=lambda money: money.amount
        ),
    )


def campaign(row: Row, account_id: str, currency: str) -> Campaign:
    what = f"campaign {row.get('id')}"
    return Campaign(
        id=_text(row, "id", what),
        account_id=account_id,
        name=_text(row, "name", what),
        objective=objective_from(_text(row, "objective", what)),
        status=_status(row, what),
        effective_status=_effective_status(row, what),
        daily_budget=budget(row, currency),
        created_at=timestamp(_required(row, "created_time", what)),
    )


def ad_set(row: Row, account_id: str, currency: str) -> AdSet:
    what = f"ad set {row.get('id')}"
    return AdSet(
        id=_text(row, "id", what),
        account_id=account_id,
        campaign_id=_text(row, "campaign_id", what),
        name=_text(row, "name", what),
        status=_status(row, what),
        effective_status=_effective_status(row, what),
        daily_budget=budget(row, currency),
        targeting=row.get("targeting") or {},
        learning=_learning(row.get("learning_stage_info")),
    )


def creative(row: Row, account_id: str) -> Creative:
    spec = row.get("object_story_spec") or {}
    shown = spec.get("link_data") or spec.get("video_data") or spec.get("photo_data") or {}
    return Creative(
        id=_text(row, "id", "a creative"),
        account_id=account_id,
        name=str(row.get("name") or ""),
        body=str(row.get("body") or shown.get("message") or ""),
        headline=str(row.get("title") or shown.get("name") or shown.get("title") or ""),
        format=_format(row, spec),
        landing_page=_landing_page(row, shown),
        story_id=row.get("effective_object_story_id"),
        image_hash=row.get("image_hash") or shown.get("image_hash") or None,
    )


def ad(row: Row, account_id: str) -> Ad:
    what = f"ad {row.get('id')}"
    return Ad(
        id=_text(row, "id", what),
        account_id=account_id,
        ad_set_id=_text(row, "adset_id", what),
        creative_id=_text(_required(row, "creative", what), "id", f"the creative of {what}"),
        name=_text(row, "name", what),
        status=_status(row, what),
        effective_status=_effective_status(row, what),
    )


def activity(row: Row, app_id: str, currency: str) -> Activity | None:
    """None for billing, people and audiences."""
    event = _text(row, "event_type", "an entry of the log")
    kind = _kind_of(event)
    if kind is None:
        return None
    what: Literal["budget", "status", "other"] = (
        "budget" if "budget" in event else "status" if event.endswith("_status") else "other"
    )
    # By app, not by person: the token's owner may also click in Ads Manager, which is another app.
    ours = str(row.get("application_id") or "") == app_id
    before, after = _change(row.get("extra_data"), what, currency)
    return Activity(
        at=timestamp(_required(row, "event_time", "an entry of the log")),
        actor=str((row.get("application_name") if ours else row.get("actor_name")) or "unknown"),
        ours=ours,
        what=what,
        kind=kind,
        object_id=_text(row, "object_id", "an entry of the log"),
        before=before,
        after=after,
    )


def comment(row: Row, ad_id: str) -> Comment:
    what = "a comment"
    return Comment(
        id=_text(row, "id", what),
        ad_id=ad_id,
        at=timestamp(_required(row, "created_time", what)),
        text=str(row.get("message") or ""),
        hidden=row.get("is_hidden") is True,
    )


def budget(row: Row, currency: str) -> Money | None:
    """None if another object owns it (Meta sends nothing, or 0)."""
    units = row.get("daily_budget")
    return None if units in (None, "", "0", 0) else from_meta(units, currency)


def timestamp(text: object) -> datetime:
    """`2026-11-21T10:00:00+0530` → UTC."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except ValueError:
        raise AdsFault(
            f"Meta told a time that is none ({str(text)[:30]!r}): it is read again with the next cycle"
        ) from None


def _required(row: Row, name: str, what: str) -> Any:
    if row.get(name) is None:
        raise AdsFault(f"Meta left out {name!r} of {what}: it is read again with the next cycle")
    return row[name]


def _text(row: Row, name: str, what: str) -> str:
    return str(_required(row, name, what))


def _status(row: Row, what: str) -> AdStatus:
    return status_from(_text(row, "status", what), what)


def _effective_status(row: Row, what: str) -> EffectiveStatus:
    return EFFECTIVE_STATUSES.get(_text(row, "effective_status", what), "unknown")


def _learning(row: Row | None) -> Learning | None:
    if not row or not row.get("status"):
        return None
    threshold, edited = row.get("dynamic_lp_conversions_threshold"), row.get("last_sig_edit_ts")
    return Learning(
        status=LEARNING_PHASES.get(row["status"], "unknown"),
        conversions=int(row.get("conversions") or 0),
        threshold=int(threshold) if threshold is not None else None,
        since=datetime.fromtimestamp(int(edited), UTC) if edited else None,
    )


def _format(row: Row, spec: Row) -> str:
    link = spec.get("link_data") or {}
    if link.get("child_attachments"):
        return "carousel"
    if spec.get("video_data") or row.get("video_id") or row.get("object_type") == "VIDEO":
        return "video"
    if link or spec.get("photo_data") or row.get("image_hash") or row.get("object_type") == "PHOTO":
        return "image"
    return "unknown"


def _landing_page(row: Row, shown: Row) -> str | None:
    button = shown.get("call_to_action") or {}
    link = shown.get("link") or (button.get("value") or {}).get("link") or row.get("link_url")
    chat = button.get("type") == "WHATSAPP_MESSAGE" or any(place in str(link or "") for place in _CHAT)
    return None if chat or not link else str(link)


def _kind_of(event: str) -> Kind | None:
    words: tuple[tuple[str, Kind], ...] = (
        ("ad_set", "ad_set"),
        ("adset", "ad_set"),
        ("campaign", "campaign"),
        ("adgroup", "ad"),  # Meta's old word
    )
    if event.startswith(("ad_account", "adaccount", "account", "di_")):
        return None
    kind = next((kind for word, kind in words if word in event), None)
    return kind or ("ad" if "_ad_" in f"_{event}_" else None)


def _change(written: object, what: str, currency: str) -> tuple[str | None, str | None]:
    try:
        extra = json.loads(str(written)) if written else {}
    except ValueError:
        return None, None
    if not isinstance(extra, dict):
        return None, None
    before, after = (_value(extra.get(name), name, currency, what == "budget") for name in ("old_value", "new_value"))
    if what == "status":
        return STATUSES.get(before or "", before), STATUSES.get(after or "", after)
    return before, after


def _value(value: object, name: str, currency: str, in_units: bool) -> str | None:
    if isinstance(value, dict):
        inner = value.get(name, value.get("value"))
        return (
            _value(inner, name, str(value.get("currency") or currency), in_units)
            if inner is not None
            else json.dumps(value)
        )
    if value is None:
        return None
    if in_units and str(value).isascii() and str(value).isdigit():
        return str(from_meta(value, currency).amount)
    return str(value)
