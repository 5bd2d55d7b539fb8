"""API routes about the ads, and the chart pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response
from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range
from werkzeug.exceptions import BadRequest, Gone, NotFound, ServiceUnavailable

from bot.ads.reports.answers import Answers, added
from bot.ads.reports.charts import NotDrawn, UnknownChart
from bot.language.money import Money
from bot.web.access import allow, public
from bot.web.api.conversations import LARGEST_ID, NEEDS_TOKEN, BrandQuery, Moment, TokenBlueprint, brand_asked
from memory.ads.attribution import Attribution
from memory.ads.campaigns import KnownCampaign
from memory.ads.charts import ChartGone
from memory.ads.daily_figures import daily
from memory.ads.figures import PERIODS, Figures, Lifetime
from memory.ads.graph import KINDS, Group, UnknownKind
from memory.ads.learnings.campaign_records import CampaignRecords
from memory.audit_log.account_changes import Change

EXTENSION = "hawker ads"
DAYS, MOST_DAYS = 30, 366
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)  # a month before or a day after has to be a date, too
MOST = 200  # lines on a page
QUESTIONS = ("angles", "formats", "landing_pages", "buy_again", "learned_about", "reached")


@dataclass(frozen=True, slots=True)
class AdParts:
    """Built in `bot.wiring.web`."""

    answers: Answers
    attribution: Attribution
    records: CampaignRecords


class _Page(BrandQuery):
    account = fields.String(validate=Length(1, 100), load_default=None, metadata={"description": "one ad account's id"})
    since = fields.Date(
        load_default=None,
        validate=Range(FIRST_DAY, LAST_DAY),
        metadata={"description": "first day, in the accounts' calendars"},
    )
    until = fields.Date(
        load_default=None,
        validate=Range(FIRST_DAY, LAST_DAY),
        metadata={"description": "last day; by default yesterday"},
    )
    limit = fields.Integer(load_default=50, validate=Range(1, MOST))

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        since, until = data["since"], data["until"]
        if since and until and not 0 <= (until - since).days < MOST_DAYS:
            raise ValidationError(f"has to be the day of `until` or one of the {MOST_DAYS - 1} before", "since")


class _CampaignsQuery(_Page):
    after = fields.Integer(
        load_default=0, validate=Range(0, 1_000_000), metadata={"description": "`next_after` of the page before"}
    )


class _NewestFirst(_Page):
    before = fields.Integer(
        load_default=None, validate=Range(1, LARGEST_ID), metadata={"description": "`next_before` of the page before"}
    )


class _AttributionQuery(_NewestFirst):
    ad = fields.String(validate=Length(1, 100), load_default=None, metadata={"description": "first or last ad of it"})


class _GraphQuery(BrandQuery):
    question = fields.String(required=True, validate=OneOf(QUESTIONS))
    angle = fields.String(load_default=None, validate=Length(1, 100), metadata={"description": "only its ads"})
    word = fields.String(load_default=None, validate=Length(1, 100), metadata={"description": "for learned_about"})
    days = fields.Integer(load_default=None, validate=Range(1, 36_500), metadata={"description": "the last ones only"})
    kind = fields.String(load_default=None, validate=OneOf(KINDS), metadata={"description": "for reached: of what"})
    key = fields.String(load_default=None, validate=Length(1, 200), metadata={"description": "for reached: of which"})
    to = fields.String(load_default=None, validate=OneOf(KINDS), metadata={"description": "for reached: only these"})
    direction = fields.String(load_default="back", validate=OneOf(("back", "onward")))
    limit = fields.Integer(load_default=50, validate=Range(1, MOST))


class AmountSchema(Schema):
    """The amount is text: a float would be inexact."""

    amount = fields.String()
    currency = fields.String(metadata={"description": "ISO 4217"})


class LineSchema(Schema):
    """In one currency; a ratio with a zero divisor is null."""

    id = fields.String()
    name = fields.String()
    currency = fields.String(metadata={"description": "ISO 4217; of every amount in this line"})
    since = fields.Date()
    until = fields.Date()
    spend = fields.String()
    impressions = fields.Integer()
    clicks = fields.Integer()
    chats = fields.Integer(metadata={"description": "people who wrote through the ad"})
    platform_chats = fields.Integer(allow_none=True, metadata={"description": "the platform's own count"})
    leads = fields.Integer()
    orders = fields.Integer(metadata={"description": "less cancelled and returned ones"})
    revenue = fields.String()
    margin = fields.String()
    profit = fields.String(metadata={"description": "margin less spend"})
    roas = fields.Float(allow_none=True)
    roi = fields.Float(allow_none=True)
    ctr = fields.Float(allow_none=True)
    cost_per_chat = fields.String(allow_none=True)
    chat_to_order = fields.Float(allow_none=True)
    elsewhere = fields.List(
        fields.Nested(AmountSchema), metadata={"description": "revenue without a rate, in no ratio here"}
    )
    moving = fields.Boolean(metadata={"description": "some of it may still be told differently"})


class CampaignLineSchema(LineSchema):
    account_id = fields.String(allow_none=True)
    account_name = fields.String(allow_none=True)
    status = fields.String(allow_none=True)


class CampaignLinesSchema(Schema):
    """Most spent first; totals by currency."""

    total = fields.List(fields.Nested(LineSchema))
    campaigns = fields.List(fields.Nested(CampaignLineSchema))
    next_after = fields.Integer(allow_none=True, metadata={"description": "`after` of the next page"})


class DecisionSchema(Schema):
    """A change of an account."""

    id = fields.Integer()
    at = Moment(metadata={"description": "in the account's time"})
    account_id = fields.String()
    role = fields.String(metadata={"description": "agent, guard, staff, admin"})
    what = fields.String()
    kind = fields.String()
    object_id = fields.String()
    name = fields.String()
    was = fields.String()
    becomes = fields.String()
    currency = fields.String()
    why = fields.String()
    state = fields.String()
    outcome = fields.String()
    approval_id = fields.Integer(allow_none=True)
    undoes_id = fields.Integer(allow_none=True)


class DecisionsSchema(Schema):
    decisions = fields.List(fields.Nested(DecisionSchema))
    next_before = fields.Integer(allow_none=True, metadata={"description": "`before` of the next page"})


class CampaignViewSchema(Schema):
    id = fields.String()
    name = fields.String()
    account_id = fields.String()
    account_name = fields.String()
    status = fields.String()
    gone = fields.Boolean(metadata={"description": "no longer in the account"})
    periods = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(LineSchema)))
    days = fields.List(fields.Nested(LineSchema))
    ads = fields.List(fields.Nested(LineSchema))
    launch = fields.Dict(allow_none=True, metadata={"description": "brief and context, where we launched it"})
    decisions = fields.List(fields.Nested(DecisionSchema))


class SaleSchema(Schema):
    id = fields.Integer()
    number = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True)
    first_ad_id = fields.String()
    first_chat_day = fields.Date()
    last_ad_id = fields.String()
    last_chat_day = fields.Date()
    ordered_at = Moment()
    day = fields.Date()
    sku = fields.String(allow_none=True)
    value = fields.Nested(AmountSchema)
    margin = fields.Nested(AmountSchema)
    state = fields.String(validate=OneOf(("ordered", "paid", "cancelled", "returned")))
    returning = fields.Boolean(allow_none=True, metadata={"description": "had bought before"})


class AttributedSchema(Schema):
    sales = fields.List(fields.Nested(SaleSchema))
    next_before = fields.Integer(allow_none=True, metadata={"description": "`before` of the next page"})


class GraphAnswerSchema(Schema):
    """Fields of `lines` depend on the question."""

    question = fields.String()
    answer = fields.List(fields.Dict())


ads = TokenBlueprint("ads", __name__, description="Campaigns, where orders came from, and why money was moved")


@ads.route("/analytics/campaigns", methods=["GET"])
@ads.doc(**NEEDS_TOKEN)
@ads.arguments(_CampaignsQuery, location="query")
@ads.response(200, CampaignLinesSchema)
@allow("analyst")
def campaigns(query: dict[str, Any]) -> dict[str, Any]:
    """What each campaign cost and brought; the last 30 whole days where no day is named."""
    answers, brand = _ads().answers, brand_asked(query)
    days = _days(query)
    asked = {"account_id": query["account"], "until": query["until"]}
    found = answers.figures.of(brand, "campaign", days, **asked)
    known = {each.id: each for each in answers.campaigns.campaigns(brand)}
    page = found[query["after"] :][: query["limit"]]
    end = query["after"] + len(page)
    return {
        "total": _totals(found),
        "campaigns": [_line(line) | _of(known.get(line.key)) for line in page],
        "next_after": end if end < len(found) else None,
    }


@ads.route("/analytics/campaigns/<campaign_id>", methods=["GET"])
@ads.doc(**NEEDS_TOKEN)
@ads.arguments(BrandQuery, location="query")
@ads.response(200, CampaignViewSchema)
@allow("analyst")
def campaign(query: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """One campaign: 1, 7 and 30 days, each of the last 30 days, its ads, its launch, its newest decisions."""
    parts, brand = _ads(), brand_asked(query)
    known = {each.id: each for each in parts.answers.campaigns.campaigns(brand)}.get(campaign_id)
    if known is None:
        raise NotFound("this brand has no such campaign; GET /analytics/campaigns lists them")
    answers = parts.answers
    all_days = daily(answers.db, answers.campaigns, answers.clock, brand, max(PERIODS), account_id=known.account_id)
    days = all_days.only(campaign_id=campaign_id)
    mine = {ad.ad_id for ad in answers.campaigns.ads(brand, account_id=known.account_id)
            if ad.campaign_id == campaign_id}  # fmt: skip
    lines = answers.figures.of(brand, "ad", max(PERIODS), account_id=known.account_id)
    return _of(known) | {
        "id": known.id,
        "name": known.name,
        "gone": known.gone,
        "periods": {str(period): [_line(each) for each in days.last(period, "campaign")] for period in PERIODS},
        "days": [_line(each) for each in days.days()],
        "ads": [_line(each) for each in lines if each.key in mine],
        "launch": parts.records.launch(brand, campaign_id),
        "decisions": [_decision(each) for each in answers.changes_of_campaign(brand, campaign_id, 20)],
    }


@ads.route("/analytics/decisions", methods=["GET"])
@ads.doc(**NEEDS_TOKEN)
@ads.arguments(_NewestFirst, location="query")
@ads.response(200, DecisionsSchema)
@allow("analyst")
def decisions(query: dict[str, Any]) -> dict[str, Any]:
    """Every change of an account, by the agent or by a person, with its reason; days are UTC here."""
    changes = _ads().answers.changes.page(
        brand_asked(query),
        account_id=query["account"],
        before=query["before"],
        limit=query["limit"],
        since=_midnight(query["since"]),
        until=_midnight(query["until"], after=1),
    )
    last = changes[-1].id if len(changes) == query["limit"] else None
    return {"decisions": [_decision(each) for each in changes], "next_before": last}


@ads.route("/analytics/attribution", methods=["GET"])
@ads.doc(**NEEDS_TOKEN)
@ads.arguments(_AttributionQuery, location="query")
@ads.response(200, AttributedSchema)
@allow("analyst")
def attribution(query: dict[str, Any]) -> dict[str, Any]:
    """The orders that came through ads, each with its first and its last one; the last 30 days where none is named."""
    until = query["until"] or _ads().answers.clock().date() + timedelta(days=1)  # where the day began already
    sales = _ads().attribution.sales(
        brand_asked(query),
        query["since"] or until - timedelta(days=DAYS),
        until,
        account_id=query["account"],
        ad_id=query["ad"],
        before=query["before"],
        limit=query["limit"],
    )
    return {"sales": sales, "next_before": sales[-1].id if len(sales) == query["limit"] else None}


@ads.route("/analytics/graph", methods=["GET"])
@ads.doc(**NEEDS_TOKEN)
@ads.arguments(_GraphQuery, location="query")
@ads.response(200, GraphAnswerSchema)
@allow("analyst")
def graph(query: dict[str, Any]) -> dict[str, Any]:
    """Questions over creatives, angles, pages, chats, leads and orders, such as “which page converts best”."""
    ask = {"buy_again": _buy_again, "learned_about": _learned_about, "reached": _reached}
    answer = ask.get(query["question"], _groups)(brand_asked(query), query)
    return {"question": query["question"], "answer": answer[: query["limit"]]}


def _groups(brand: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    found, days = _ads().answers.graph, {"days": query["days"]} if query["days"] else {}
    if query["question"] == "angles":
        return [_group(each) for each in found.angles(brand, **days)]
    ask = found.formats if query["question"] == "formats" else found.landing_pages
    return [_group(each) for each in ask(brand, angle=query["angle"], **days)]


def _buy_again(brand: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_lifetime(each) for each in _ads().answers.graph.buy_again(brand)]


def _learned_about(brand: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    if query["word"] is None:
        raise BadRequest("word: say about what, such as word=video")
    known = _ads().answers.graph.learned_about(brand, query["word"])
    entries = [("learning", each) for each in known.learnings] + [("withdrawn", each) for each in known.withdrawn]
    return [
        {"what": "those", **_group(known.those)},
        {"what": "others", **_group(known.others)},
        *({"what": what, "id": each.id, "record": dict(each.record)} for what, each in entries),
    ]


def _reached(brand: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    if query["kind"] is None or query["key"] is None:
        raise BadRequest("kind, key: say from where, such as kind=angle and key=security")
    try:
        nodes = _ads().answers.graph.reached(
            brand, query["kind"], query["key"], to=query["to"], direction=query["direction"]
        )
    except UnknownKind as unknown:
        raise BadRequest(str(unknown)) from unknown
    return [{"kind": node.kind, "key": node.key, "steps": node.steps} for node in nodes]


def pictures() -> Blueprint:
    """GET /chart/<token>.png, for anybody with the address, until it expires."""
    made = Blueprint("pictures", __name__)
    made.add_url_rule("/chart/<token>.png", "chart", _chart)
    return made


@public
def _chart(token: str) -> Response:
    try:
        picture = _ads().answers.gallery.picture(token)
    except UnknownChart as unknown:
        raise NotFound(str(unknown)) from unknown
    except ChartGone as gone:
        raise Gone(str(gone)) from gone
    except NotDrawn as fault:
        current_app.logger.error("a chart was not drawn: %s", fault)
        raise ServiceUnavailable("the chart could not be drawn now; try again in a moment") from fault
    answer = make_response(picture)
    answer.headers["Content-Type"] = "image/png"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


def register_ads(app: Flask, parts: AdParts) -> None:
    app.extensions[EXTENSION] = parts
    app.register_blueprint(pictures())


def _ads() -> AdParts:
    parts: AdParts = current_app.extensions[EXTENSION]
    return parts


def _days(query: Mapping[str, Any]) -> int:
    """Days up to `until`, or up to yesterday."""
    if query["since"] is None:
        return DAYS
    until = query["until"] or _ads().answers.clock().date() - timedelta(days=1)
    if not 0 <= (until - query["since"]).days < MOST_DAYS:
        raise BadRequest(f"since: has to be one of the last {MOST_DAYS} whole days")
    return int((until - query["since"]).days) + 1


def _midnight(day: date | None, *, after: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=after), time(), UTC)


def _of(known: KnownCampaign | None) -> dict[str, Any]:
    return {
        "account_id": known.account_id if known else None,
        "account_name": known.account_name if known else None,
        "status": known.effective_status if known else None,
    }


def _line(line: Figures) -> dict[str, Any]:
    ratios = {"roas": line.roas, "roi": line.roi, "ctr": line.ctr, "chat_to_order": line.chat_to_order}
    money = {"spend": line.spend, "revenue": line.revenue, "margin": line.margin, "profit": line.profit}
    counts = ("impressions", "clicks", "chats", "platform_chats", "leads", "orders")
    cost = line.cost_per_chat
    return {
        "id": line.key,
        "name": line.name,
        "currency": line.currency,
        "since": line.since,
        "until": line.until,
        **{name: str(amount.amount) for name, amount in money.items()},
        **{name: getattr(line, name) for name in counts},
        **{name: None if ratio is None else round(float(ratio), 6) for name, ratio in ratios.items()},
        "cost_per_chat": None if cost is None else str(round(cost.amount, 4)),
        "elsewhere": line.elsewhere,
        "moving": line.moving,
    }


def _totals(lines: Sequence[Figures]) -> list[dict[str, Any]]:
    currencies = dict.fromkeys(line.currency for line in lines)
    sums = [added([line for line in lines if line.currency == currency]) for currency in currencies]
    return [_line(total) | {"id": "all", "name": ""} for total in sums if total is not None]


def _decision(change: Change) -> dict[str, Any]:
    names = ("id", "account_id", "role", "what", "kind", "object_id", "name", "was", "becomes", "why", "state",
             "outcome", "approval_id", "undoes_id")  # fmt: skip
    return {name: getattr(change, name) for name in names} | {
        "at": change.account_at,
        "currency": change.raises.currency,
    }


def _group(group: Group) -> dict[str, Any]:
    counts = ("name", "ads", "impressions", "clicks", "chats", "leads", "orders", "conversion", "at_least", "enough")
    return {name: getattr(group, name) for name in counts} | {
        name: _amounts(getattr(group, name)) for name in ("spend", "revenue", "margin")
    }


def _lifetime(each: Lifetime) -> dict[str, Any]:
    return {
        "name": each.key,
        "buyers": each.buyers,
        "returned": each.returned,
        "return_rate": each.return_rate,
        "orders": each.orders,
        "revenue": _amounts(each.revenue),
        "margin": _amounts(each.margin),
    }


def _amounts(monies: Sequence[Money]) -> list[dict[str, str]]:
    return [{"amount": str(money.amount), "currency": money.currency} for money in monies]
