"""An ad account at Meta."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.ads.facebook import creation, doctor, insights, structure
from bot.ads.facebook.amounts import to_meta
from bot.ads.facebook.creation import Advertiser
from bot.ads.facebook.errors import Flaky, outcome_unknown
from bot.ads.facebook.events import EventUpload
from bot.ads.facebook.graph_client import Call, GraphClient
from bot.ads.facebook.rate_limiter import Lane
from bot.ads.facebook.reports import Reports
from bot.ads.facebook.vocabulary import RULES, objective_from, status_to
from bot.ads.platform import MARK, NotAuthorised, PlatformRules, RequestWrong, TryLater
from bot.language.money import Money
from memory.ads.ad_account import (
    AccountFinding,
    Activity,
    AdAccount,
    AdInsight,
    AdStatus,
    BusinessEvent,
    Comment,
    EventOutcome,
    Kind,
    New,
    NewAd,
    NewAdSet,
    NewCampaign,
    NewCreative,
    Structure,
)

RULE = "Hawker: most a day"
CREATIVE_TRIES = 3
_PARTS = {"page_welcome_message": "the greeting", "image_hash": "the picture", "name": "the headline"}
log = logging.getLogger(__name__)


class FacebookAccount:
    def __init__(
        self,
        graph: GraphClient,
        account_id: str,
        brand: str,
        advertiser: Advertiser,
        *,
        brand_currency: str = "",  # only compared
        notice: insights.Notice = log.warning,
    ) -> None:
        self.id = account_id
        self.brand = brand
        self._graph = graph
        self._advertiser = advertiser
        self._brand_currency = brand_currency
        self._notice = notice
        self._known: AdAccount | None = None
        self._app_id = ""
        self._own: set[str] = set()

    def __repr__(self) -> str:
        return f"FacebookAccount({self.id!r}, {self.brand!r})"

    @property
    def rules(self) -> PlatformRules:
        return RULES

    # What is there

    def describe(self) -> AdAccount:
        row = self._get(self.id, structure.ACCOUNT_FIELDS)
        minimums = self._pages(f"{self.id}/minimum_budgets", "currency,min_daily_budget_imp")
        self._known = structure.account(row, self.brand, minimums)
        return self._known

    def structure(self) -> Structure:
        account = self.describe()
        seen_at = self._graph.clock()
        campaigns = self._pages(f"{self.id}/campaigns", structure.CAMPAIGN_FIELDS)
        ad_sets = self._pages(f"{self.id}/adsets", structure.AD_SET_FIELDS)
        creatives = self._pages(f"{self.id}/adcreatives", structure.CREATIVE_FIELDS)
        ads = self._pages(f"{self.id}/ads", structure.AD_FIELDS)
        self._own |= {str(row["id"]) for rows in (campaigns, ad_sets, creatives, ads) for row in rows}
        return Structure(
            account=account,
            campaigns=tuple(structure.campaign(row, self.id, account.currency) for row in _not_removed(campaigns)),
            ad_sets=tuple(structure.ad_set(row, self.id, account.currency) for row in _not_removed(ad_sets)),
            creatives=tuple(structure.creative(row, self.id) for row in _not_removed(creatives)),
            ads=tuple(structure.ad(row, self.id) for row in _not_removed(ads)),
            seen_at=seen_at,
        )

    def readings(self, since: date, until: date, *, breakdown: str | None = None) -> list[AdInsight]:
        account = self._account()
        insights.check_breakdown(breakdown)
        seen_at = self._graph.clock()
        since = insights.first_reported_day(since, seen_at.astimezone(ZoneInfo(account.time_zone)).date())
        if since > until:
            return []
        rows = Reports(self._graph, self.id).rows(since, until, breakdown)
        return insights.readings(rows, self.id, account.currency, breakdown, seen_at, self._notice)

    def activities(self, since: datetime) -> list[Activity]:
        fields = {"since": int(since.timestamp()), "until": int(self._graph.clock().timestamp()) + 1}
        rows = self._pages(f"{self.id}/activities", structure.ACTIVITY_FIELDS, **fields)
        currency, app_id = self._account().currency, self._app()
        found = (structure.activity(row, app_id, currency) for row in rows)
        return sorted((each for each in found if each and each.at >= since), key=lambda each: each.at)

    def comments(self, ad_ids: Sequence[str], since: datetime) -> list[Comment]:
        stories = self._stories()
        unknown = [ad_id for ad_id in ad_ids if ad_id not in stories]
        if unknown:
            raise RequestWrong(f"{self.id} has no ad {unknown[0]}: look at the list of ads again")
        token = self._page_token() if ad_ids else ""
        found = [each for ad_id in ad_ids for each in self._comments_of(ad_id, stories[ad_id], token)]
        return sorted((each for each in found if each.at >= since), key=lambda each: each.at)

    # What is made and changed

    def create(self, new: New, token: str) -> str:
        edge, fields = self._request_fields(new, token)
        if isinstance(new, NewCreative):
            return self._create_creative(fields)
        return self._create(edge, fields)

    def find(self, kind: Kind, token: str) -> list[str]:
        rows = self._pages(f"{self.id}/{structure.EDGES[kind]}", "id,name,status")
        return [str(row["id"]) for row in _not_removed(rows) if str(row.get("name", "")).endswith(f"{MARK}{token}")]

    def set_status(self, kind: Kind, object_id: str, status: AdStatus) -> None:
        if kind == "creative" and status != "deleted":
            raise RequestWrong("a creative is not published or paused by itself: change the status of its ad")
        lane: Lane = "write" if status == "active" else "pause"
        self._require_own(kind, object_id, lane)
        self._change(object_id, {"status": status_to(status)}, lane)

    def set_budget(self, kind: Kind, object_id: str, amount: Money) -> None:
        if kind not in ("campaign", "ad_set"):
            raise RequestWrong("only campaigns and ad sets hold budgets: name the ad set of this ad")
        self._require_payable(amount)
        now = self._require_own(kind, object_id, "write", "daily_budget")
        held = structure.budget(now, amount.currency)
        if held is None:
            raise RequestWrong(
                f"{object_id} holds no daily budget: change the one that does, its campaign or its ad set"
            )
        if to_meta(held) != to_meta(amount):  # Meta allows four changes an hour, so none is spent on nothing
            self._change(object_id, {"daily_budget": to_meta(amount)}, "write")

    def guard_spend(self, most_a_day: Money) -> str:
        self._require_payable(most_a_day)
        rules = [row for row in self._pages(f"{self.id}/adrules_library", "id,name,status") if row.get("name") == RULE]
        wanted = _rule(to_meta(most_a_day))
        for row in rules[1:]:
            self._graph.ask(Call("DELETE", str(row["id"]), self.id, lane="write"))
        if not rules:
            return self._create("adrules_library", wanted)
        self._change(str(rules[0]["id"]), wanted, "write")
        return str(rules[0]["id"])

    def send_events(self, events: Sequence[BusinessEvent]) -> list[EventOutcome]:
        if not self._advertiser.dataset_id:
            raise RequestWrong("sales can't be told to Meta without a dataset: set META_DATASET_ID")
        if not self._advertiser.whatsapp_account_id:
            raise RequestWrong("sales can't be told to Meta without its WhatsApp account: set META_WHATSAPP_ACCOUNT_ID")
        return EventUpload(self._graph, self._advertiser).send(events)

    def examine(self) -> list[AccountFinding]:
        return [*doctor.Doctor(self._graph, self._advertiser).examine(), *self.examine_itself()]

    def examine_itself(self) -> list[AccountFinding]:
        """Without the checks that all accounts share."""
        return list(doctor.finding_of(f"Meta {self.id}", lambda: doctor.account(self.describe(), self._brand_currency)))

    # How

    def _get(self, path: str, fields: str, lane: Lane = "read") -> dict[str, Any]:
        return self._graph.ask(Call("GET", path, self.id, {"fields": fields}, lane=lane))

    def _pages(self, path: str, fields: str, **more: Any) -> list[dict[str, Any]]:
        return self._graph.pages(Call("GET", path, self.id, {"fields": fields, **more}))

    def _change(self, object_id: str, fields: dict[str, Any], lane: Lane) -> None:
        answer = self._graph.ask(Call("POST", object_id, self.id, fields, lane=lane))
        if answer.get("success") is not True:
            raise outcome_unknown(f"Meta did not say that {object_id} was changed")

    def _create(self, edge: str, fields: dict[str, Any]) -> str:
        answer = self._graph.ask(Call("POST", f"{self.id}/{edge}", self.id, fields, lane="write", once=True))
        if not answer.get("id"):
            raise outcome_unknown(f"Meta gave no id for the new object in {edge}")
        self._own.add(str(answer["id"]))
        return str(answer["id"])

    def _create_creative(self, fields: dict[str, Any]) -> str:
        # Now and then Meta refuses a good creative (1487390); nothing was created then, so a retry is safe.
        for _ in range(CREATIVE_TRIES - 1):
            try:
                return self._create("adcreatives", fields)
            except Flaky:
                self._graph.sleep(1.0)
        try:
            return self._create("adcreatives", fields)
        except Flaky as fault:
            raise RequestWrong(f"{fault}{self._rejected_part(fields)}") from None

    def _rejected_part(self, fields: dict[str, Any]) -> str:
        try:
            if self._validates(fields):
                return "; a trial of the same passes, so it may be made later"
            for part, words in _PARTS.items():
                if self._validates(creation.without(fields, part)):
                    return f"; without {words} Meta would take it"
        except TryLater:
            return ""
        return ""

    def _validates(self, fields: dict[str, Any]) -> bool:
        tried = {**fields, "execution_options": ["validate_only"]}
        try:
            self._graph.ask(Call("POST", f"{self.id}/adcreatives", self.id, tried))
        except RequestWrong:
            return False
        return True

    def _request_fields(self, new: New, token: str) -> tuple[str, dict[str, Any]]:
        if isinstance(new, NewCampaign):
            return "campaigns", creation.campaign(new, token)
        if isinstance(new, NewCreative):
            return "adcreatives", creation.creative(new, token, self._advertiser)
        if isinstance(new, NewAd):
            return "ads", creation.ad(new, token)
        return "adsets", self._ad_set_fields(new, token)

    def _ad_set_fields(self, new: NewAdSet, token: str) -> dict[str, Any]:
        self._require_payable(new.daily_budget)
        campaign = self._require_own("campaign", new.campaign_id, "write", "objective,daily_budget")
        if structure.budget(campaign, new.daily_budget.currency) is not None:
            raise RequestWrong("the campaign holds the budget itself: put the ad set into a campaign without one")
        return creation.ad_set(new, token, objective_from(str(campaign.get("objective"))), self._advertiser)

    def _require_payable(self, amount: Money) -> None:
        account = self._account()
        if amount.currency != account.currency:
            raise RequestWrong(
                f"the account pays in {account.currency}, not in {amount.currency}: say the amount in that"
            )
        to_meta(amount)
        if amount.amount < account.min_daily_budget.amount:
            least = f"{account.min_daily_budget.amount} {account.currency}"
            raise RequestWrong(f"{amount.amount} {amount.currency} a day is below Meta's minimum of {least}: say more")

    def _require_own(self, kind: Kind, object_id: str, lane: Lane, fields: str = "") -> dict[str, Any]:
        if object_id in self._own and not fields:
            return {}
        if not object_id.isascii() or not object_id.isdigit():
            raise RequestWrong(f"{object_id[:40]!r} is no id of Meta's: ids are numbers")
        row = self._get(object_id, ",".join(filter(None, ["id,account_id", fields])), lane)
        if f"act_{row.get('account_id')}" != self.id:
            raise RequestWrong(f"{kind.replace('_', ' ')} {object_id} is not in {self.id}: name one of this account's")
        self._own.add(object_id)
        return row

    def _account(self) -> AdAccount:
        return self._known or self.describe()

    def _app(self) -> str:
        if not self._app_id:
            self._app_id = str(self._graph.inspect_token().get("app_id") or "")
        return self._app_id

    def _stories(self) -> dict[str, str]:
        """Ad → its post; empty without one."""
        rows = self._pages(f"{self.id}/ads", "id,creative{effective_object_story_id}")
        return {str(row["id"]): str((row.get("creative") or {}).get("effective_object_story_id") or "") for row in rows}

    def _page_token(self) -> str:
        # With any token but the page's own, Meta returns an empty list of comments and no error.
        call = Call("GET", "me/accounts", self._advertiser.page_id, {"fields": "id,tasks,access_token"}, use="pages")
        page = next((row for row in self._graph.pages(call) if str(row.get("id")) == self._advertiser.page_id), None)
        if page is None or not page.get("access_token"):
            raise NotAuthorised("the token does not reach the page: assign META_PAGE_ID to the system user")
        if "MODERATE" not in (page.get("tasks") or []):
            raise NotAuthorised("comments can't be read: give the system user the task MODERATE on the page")
        return str(page["access_token"])

    def _comments_of(self, ad_id: str, story: str, token: str) -> list[Comment]:
        if not story:
            return []
        fields = {"filter": "stream", "fields": structure.COMMENT_FIELDS}
        call = Call("GET", f"{story}/comments", self._advertiser.page_id, fields, use="pages", token=token)
        return [structure.comment(row, ad_id) for row in self._graph.pages(call)]


def _not_removed(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row.get("status") not in ("ARCHIVED", "DELETED")]


def _rule(most: int) -> dict[str, Any]:
    """Every half hour Meta pauses campaigns that spend_amount more today; it has no rule for an account's sum."""
    filters = (("entity_type", "EQUAL", "CAMPAIGN"), ("time_preset", "EQUAL", "TODAY"), ("spent", "GREATER_THAN", most))
    return {
        "name": RULE,
        "evaluation_spec": {
            "evaluation_type": "SCHEDULE",
            "filters": [{"field": name, "operator": sign, "value": value} for name, sign, value in filters],
        },
        "execution_spec": {"execution_type": "PAUSE"},
        "schedule_spec": {"schedule_type": "SEMI_HOURLY"},
        "status": "ENABLED",
    }
