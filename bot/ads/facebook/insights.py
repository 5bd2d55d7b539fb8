"""Insights rows → readings; a missing field is unknown, not zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from bot.ads.facebook.amounts import spend_amount
from bot.ads.platform import RequestWrong
from bot.language.money import Money
from memory.ads.ad_account import AdInsight

MONTHS_KEPT = 37  # https://developers.facebook.com/docs/marketing-api/insights: error 3018 beyond
FIELDS = "ad_id,account_currency,spend,impressions,reach,inline_link_clicks,actions,action_values"
FEWER_FIELDS = "ad_id,account_currency,spend,impressions,inline_link_clicks,actions,action_values"
BREAKDOWNS: Mapping[str, tuple[str, ...]] = {
    "country": ("country",),
    "hour": ("hourly_stats_aggregated_by_advertiser_time_zone",),
    "placement": ("publisher_platform", "platform_position"),
    "product": ("product_id",),
}
CHAT = "onsite_conversion.messaging_conversation_started_7d"
PURCHASE_TIERS = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")  # each holds the next

MOST_DIGITS = 15  # of a count; what is longer is no count, and the database's integers end at 19

Row = Mapping[str, Any]
Notice = Callable[[str], None]


def report_request(since: date, until: date, breakdown: str | None, ad_ids: tuple[str, ...]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "level": "ad",
        "time_increment": 1,
        "time_range": {"since": since.isoformat(), "until": until.isoformat()},
        "fields": FEWER_FIELDS if breakdown else FIELDS,  # reach by breakdown is kept for 13 months only
        "use_unified_attribution_setting": True,
        "action_report_time": "impression",  # chats stand on the day whose money brought them
    }
    if breakdown:
        asked["breakdowns"] = list(BREAKDOWNS[breakdown])
    if ad_ids:
        asked["filtering"] = [{"field": "ad.id", "operator": "IN", "value": list(ad_ids)}]
    return asked


def check_breakdown(breakdown: str | None) -> str | None:
    """Raises RequestWrong."""
    if breakdown is not None and breakdown not in BREAKDOWNS:
        raise RequestWrong(f"there is no breakdown {breakdown!r}: ask for one of {', '.join(BREAKDOWNS)}, or for none")
    return breakdown


def first_reported_day(since: date, today: date) -> date:
    """`since`, or the first day that Meta still reports."""
    months = today.year * 12 + today.month - 1 - MONTHS_KEPT
    earliest = date(months // 12, months % 12 + 1, 1) + timedelta(days=today.day + 1)  # a spare day for time zones
    return max(since, earliest)


def readings(
    rows: Iterable[Row], account_id: str, currency: str, breakdown: str | None, seen_at: datetime, notice: Notice
) -> list[AdInsight]:
    """Unusable rows are skipped, and reported to `notice`."""
    taken: dict[tuple[object, ...], AdInsight] = {}
    for row in rows:
        money = spend_amount(row.get("spend"), currency)
        fault = _unusable(row, currency, breakdown)
        if money is None or fault:
            why = fault or "it has no spend, or one that is no amount"
            notice(f"insights of {account_id}, ad {row.get('ad_id', 'unknown')}: {why}; this row was left out")
            continue
        for odd in _contradictions(row):
            notice(f"insights of {account_id}, ad {row['ad_id']}, {row['date_start']}: {odd}")
        reading = _reading(row, money, account_id, breakdown, seen_at)
        key = (reading.ad_id, reading.day, reading.breakdown)
        if key in taken and taken[key] != reading:
            notice(f"insights of {account_id}, ad {reading.ad_id}: {reading.day} was told twice, the last one counts")
        taken[key] = reading
    return list(taken.values())


def _unusable(row: Row, currency: str, breakdown: str | None) -> str:
    if not row.get("ad_id"):
        return "it names no ad"
    if _day(row) is None or row["date_start"] != row.get("date_stop", row["date_start"]):
        return "it is not about one day"
    if row.get("account_currency", currency) != currency:
        return f"it is in {row['account_currency']}, the account in {currency}"
    if _count(row.get("impressions")) is None:
        return "it has no impressions, or a number that is none"
    if breakdown and not all(row.get(name) for name in BREAKDOWNS[breakdown]):
        return f"it does not say which {breakdown}"
    if breakdown == "hour" and _count(_hour(row)) is None:
        return "its hour is none"
    return ""


def _reading(row: Row, money: Money, account_id: str, breakdown: str | None, seen_at: datetime) -> AdInsight:
    actions, values = _amounts(row.get("actions")), _amounts(row.get("action_values"))
    tier = next((name for name in PURCHASE_TIERS if actions and name in actions), None)
    value = spend_amount(values[tier], money.currency) if tier and values and tier in values else None
    return AdInsight(
        account_id=account_id,
        ad_id=str(row["ad_id"]),
        day=date.fromisoformat(row["date_start"]),
        seen_at=seen_at,
        spend=money,
        impressions=_count(row["impressions"]) or 0,
        clicks=_count(row.get("inline_link_clicks")) or 0,  # left out where nobody clicked
        # Meta omits actions that did not happen: a list without chats is zero, no list is unknown.
        chats=None if actions is None else _count(actions.get(CHAT, 0)),
        reach=_count(row.get("reach")),
        purchases=_count(actions[tier]) if actions and tier else None,
        purchase_value=value,
        breakdown=(breakdown, _breakdown_value(row, breakdown)) if breakdown else None,
    )


def _day(row: Row) -> date | None:
    try:
        return date.fromisoformat(str(row.get("date_start")))
    except ValueError:
        return None


def _hour(row: Row) -> str:
    return str(row[BREAKDOWNS["hour"][0]])[:2]  # "14:00:00 - 14:59:59"


def _contradictions(row: Row) -> Iterable[str]:
    impressions, clicks, reach = (_count(row.get(name)) for name in ("impressions", "inline_link_clicks", "reach"))
    actions, values = _amounts(row.get("actions")), _amounts(row.get("action_values"))
    if impressions is not None and clicks is not None and clicks > impressions:
        yield f"{clicks} clicks on {impressions} impressions"
    if impressions is not None and reach is not None and reach > impressions:
        yield f"{reach} people reached by {impressions} impressions"
    tier = next((name for name in PURCHASE_TIERS if values and name in values), None)
    if tier and (not actions or tier not in actions):
        yield "it tells the value of purchases and not how many; the value was not taken"
    if actions is not None and CHAT in actions and _count(actions[CHAT]) is None:
        yield "its number of chats is none; it counts as not told"


def _amounts(actions: object) -> dict[str, object] | None:
    if not isinstance(actions, list):
        return None
    return {str(each.get("action_type")): each.get("value") for each in actions if isinstance(each, dict)}


def _count(value: object) -> int | None:
    written = str(value)
    return int(written) if written.isascii() and written.isdigit() and len(written) <= MOST_DIGITS else None


def _breakdown_value(row: Row, breakdown: str) -> str:
    if breakdown == "hour":
        return str(int(_hour(row)))
    return " ".join(str(row[name]) for name in BREAKDOWNS[breakdown])
