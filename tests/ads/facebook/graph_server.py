"""A local Graph API, as strict as Meta's, with faults on request.

    with GraphServer() as meta:
        meta.opens("act_111", currency="INR")
        meta.plays(losing(on="POST act_111/campaigns"), refusing(17, 2446079, on="GET act_111/ads"))
        graph = meta.graph()                      # a bot.ads.facebook.graph_client.GraphClient that talks to it
        account = meta.account("act_111")         # a FacebookAccount on top

Each fault is played at the first `times` requests whose "METHOD path" fits its `on` (a regular expression). Without one,
`meta.rule(request)` is asked.
"""

from __future__ import annotations

import hmac
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.ads.facebook import Advertiser, FacebookAccount, GraphClient, RateLimiter
from bot.ads.facebook.insights import BREAKDOWNS
from memory.storage.timestamps import Clock, now
from tests.ads.facebook import graph_rules as rules
from tests.ads.facebook.graph_rules import GraphRefusal, Row
from tests.waiting import HANG_SECONDS

TOKEN = "EAATestToken0123456789abcdefghijklmnop"
SECRET = "5ec2e70fa9b81d3c5ec2e70fa9b81d3c"
PAGE_TOKEN = "EAAPageToken0123456789abcdefghijklmn"
APP, PAGE, DATASET, WHATSAPP = "900100", "700100", "800100", "600100"
PHONE = "14155550123"
COLLEAGUE = "Priya"
VERSION = "v26.0"
SCOPES = (
    "ads_management ads_read business_management pages_manage_ads pages_read_engagement pages_show_list"
    " whatsapp_business_manage_events"
).split()
EDGES = ("campaigns", "adsets", "adcreatives", "ads", "adrules_library")
MOST_SCORE = {"development_access": 60, "standard_access": 9000}


@dataclass(frozen=True)
class GraphFault:
    on: str = ".*"
    error: GraphRefusal | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    body: bytes = b""
    lost: bool = False  # done, and nobody is told
    unheard: bool = False  # not done, and nobody is told
    after: float = 0.0  # seconds before the answer
    times: int = 1


def refusing(
    code: int, subcode: int | None = None, *, on: str = ".*", message: str = "", times: int = 1, **headers: str
) -> GraphFault:
    """An error as Meta writes it; `X_App_Usage="…"` becomes a header."""
    written = {name.replace("_", "-"): value for name, value in headers.items()}
    return GraphFault(on, GraphRefusal(code, subcode, message or f"error {code}/{subcode}"), written, times=times)


def losing(*, on: str = "POST .*", times: int = 1) -> GraphFault:
    """The request is carried out, its answer lost."""
    return GraphFault(on, lost=True, times=times)


def unheard(*, on: str = ".*", times: int = 1) -> GraphFault:
    """The connection ends before anything was done."""
    return GraphFault(on, unheard=True, times=times)


def late(seconds: float, *, on: str = ".*", times: int = 1) -> GraphFault:
    """Carried out, answered after a while."""
    return GraphFault(on, after=seconds, times=times)


def garbled(
    status: int = 502, body: str = "<html>Bad Gateway</html>", *, on: str = ".*", times: int = 1, **headers: str
) -> GraphFault:
    """Carried out; the answer is not Meta's."""
    return GraphFault(on, headers=headers, status=status, body=body.encode(), times=times)


@dataclass(frozen=True)
class GraphRequest:
    """Without version, token and proof."""

    method: str
    path: str
    fields: Mapping[str, str]
    token: str

    @property
    def line(self) -> str:
        """A fault's `on` is compared with it."""
        return f"{self.method} {self.path}"


@dataclass
class ReportJob:
    """`fate`: completes, fails, skips, hangs, crawls (for ever) or lies (100 % and still running)."""

    id: str
    account: str
    fields: Mapping[str, str]
    fate: str
    looks: int = 0

    @property
    def state(self) -> tuple[str, int]:
        """Status and percentage."""
        if self.fate == "fails":
            return "Job Failed", 0
        if self.fate == "skips":
            return "Job Skipped", 0
        if self.fate == "hangs":
            return "Job Running", 40
        if self.fate == "crawls":
            return "Job Running", self.looks % 90
        if self.fate == "lies" and self.looks < 5:
            return "Job Running", 100
        return ("Job Completed", 100) if self.looks > 2 else ("Job Running", 30 * self.looks)


class GraphServer:
    """Its attributes may be changed while it runs."""

    def __init__(self, *, clock: Clock = now, secret: str = SECRET) -> None:
        self.clock = clock
        self.requests: list[GraphRequest] = []
        self.complaints: list[str] = []  # what Meta would take and we must not do
        self.rule: Callable[[GraphRequest], GraphFault | None] | None = None
        self.accounts: dict[str, Row] = {}
        self.objects: dict[str, Row] = {}  # by id; `edge` says what it is
        self.log: list[Row] = []  # the activities
        self.insights: list[Row] = []
        self.comments: dict[str, list[Row]] = {}  # by post
        self.events: list[Row] = []
        self.clicks: set[str] = {"clid-1", "clid-2", "clid-3"}
        self.images: set[str] = {"picture-1"}
        self.linked = PHONE  # the number that the page is linked to
        self.scopes = list(SCOPES)
        self.token_ends = 0  # unix seconds; 0: never
        self.tasks = ["ADVERTISE", "MODERATE"]
        self.tier = "standard_access"
        self.largest_page = 500
        self.heaviest_page = 0  # a page of more objects than this is too much data; 0: none is
        self.most_rows = 0  # a report of more rows than this fails; 0: none does
        self.fates: list[str] = []  # of the next jobs, first to last; then all complete
        self.circling = ""  # an edge whose pages repeat: its cursor goes in a circle
        self.repeating = ""  # an edge whose pages repeat under new cursors
        self.lag = timedelta(0)  # until a new object is in the lists
        self.takes_events = True
        self.headers: dict[str, str] = {}  # added to each answer
        self._secret = secret
        self._faults: list[GraphFault] = []
        self._numbers = iter(range(10_000_001, 99_999_999))
        self._scores: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
        self._budget_changes: dict[str, list[datetime]] = defaultdict(list)
        self._jobs: dict[str, ReportJob] = {}
        self._guard = threading.RLock()
        self.closed = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> GraphServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._http.shutdown()
        self._http.server_close()

    # For tests

    def opens(
        self,
        account: str = "act_111",
        *,
        currency: str = "INR",
        time_zone: str = "Asia/Kolkata",
        least: int = 4000,
        **more: Any,
    ) -> None:
        """A new ad account; `least`: its minimum daily budget in Meta's units."""
        told = {"name": f"Account {account}", "account_status": 1, "currency": currency, "timezone_name": time_zone}
        number = account.removeprefix("act_")
        self.accounts[account] = {"id": account, "account_id": number, "min_daily_budget": least, **told, **more}

    def plays(self, *faults: GraphFault) -> None:
        """Faults to come, in this order."""
        with self._guard:
            self._faults += [replace(fault, times=1) for fault in faults for _ in range(fault.times)]

    def graph(self, *, limiter: RateLimiter | None = None, clock: Clock | None = None, **more: Any) -> GraphClient:
        """A client on this server, whose waiting passes at once."""
        patience = {"read_seconds": HANG_SECONDS, "whole_seconds": HANG_SECONDS}
        return GraphClient(
            TOKEN, self._secret, limiter or RateLimiter(clock or self.clock), clock or self.clock, url=self.url,
            **patience | more,
        )  # fmt: skip

    def account(
        self, account: str = "act_111", *, graph: GraphClient | None = None, brand: str = "voyage", **more: Any
    ) -> FacebookAccount:
        return FacebookAccount(
            graph or self.graph(), account, brand, Advertiser(PAGE, PHONE, DATASET, WHATSAPP), **more
        )

    def holds(self, edge: str, account: str = "act_111", **fields: Any) -> str:
        """Insert an object; its id."""
        return self._keep(edge, account, {"status": "PAUSED", "name": f"old {edge}", **fields}, log=False)

    def delivered(self, ad_id: str, day: date, *, account: str = "act_111", **told: Any) -> Row:
        """Upsert insights of an ad on a day, as Meta's texts."""
        key = (ad_id, day.isoformat(), told.get("parts"))
        same = [row for row in self.insights if (row["ad_id"], row["date_start"], row.get("parts")) == key]
        row = same[0] if same else {"ad_id": ad_id, "date_start": day.isoformat(), "date_stop": day.isoformat()}
        row |= {"account": account, "account_currency": self.accounts[account]["currency"], **told}
        if not same:
            self.insights.append(row)
        return row

    def edited(self, object_id: str, **fields: Any) -> None:
        """A colleague changes an object in Ads Manager."""
        with self._guard:
            before = dict(self.objects[object_id])
            self.objects[object_id] |= fields
            self._note(object_id, before, app="119211728144504", actor=COLLEAGUE)

    def living(self, edge: str) -> list[Row]:
        """Objects that are not deleted."""
        return [
            row
            for row in self.objects.values()
            if row["edge"] == edge and row.get("status") not in ("DELETED", "ARCHIVED")
        ]

    def runs(self, object_id: str) -> bool:
        """It and everything above it is active."""
        return self._effective(self.objects[object_id]) == "ACTIVE"

    def asked(self, pattern: str) -> list[GraphRequest]:
        """The requests whose "METHOD path" fits."""
        return [request for request in self.requests if re.fullmatch(pattern, request.line)]

    # The wire

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: str
    ) -> tuple[int, bytes, Mapping[str, str], GraphFault]:
        """Status, body, headers, and the fault that is played, if any."""
        with self._guard:
            request, refusal = self._heard(method, target, headers, body)
            fault = self._fault(request)
            if fault.unheard:
                return 0, b"", {}, fault
            try:
                if refusal or fault.error:
                    raise refusal or fault.error or AssertionError
                status, told = 200, self._do(request)
            except GraphRefusal as error:
                status, told = _status(error), {"error": _error(error)}
            usage = self._usage(request.path)
            if fault.status:
                return fault.status, fault.body, fault.headers, fault
            return status, json.dumps(told).encode(), {**usage, **self.headers, **fault.headers}, fault

    def _heard(
        self, method: str, target: str, headers: Mapping[str, str], body: str
    ) -> tuple[GraphRequest, GraphRefusal | None]:
        parts = urlsplit(target)
        query, sent = (
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            dict(parse_qsl(body, keep_blank_values=True)),
        )
        fields = {**query, **sent}
        token = headers.get("authorization", "").removeprefix("Bearer ") or fields.pop("access_token", "")
        if "access_token" in query or (token and token in parts.query and "debug_token" not in parts.path):
            self.complaints.append(f"the token stands in the address of {method} {parts.path}")
        proof = fields.pop("appsecret_proof", "")
        _, version, path = (*parts.path.split("/", 2), "")[:3]
        request = GraphRequest(method, path, fields, token)
        self.requests.append(request)
        return request, self._door(version, token, proof)

    def _door(self, version: str, token: str, proof: str) -> GraphRefusal | None:
        if version != VERSION:
            return GraphRefusal(2635, None, f"(#2635) You are calling a deprecated version of the Ads API: {version}")
        if token not in (TOKEN, PAGE_TOKEN):
            return GraphRefusal(190, None, f"Malformed access token {token}")
        if self._secret and proof != hmac.new(self._secret.encode(), token.encode(), sha256).hexdigest():
            return GraphRefusal(100, None, "Invalid appsecret_proof provided in the API argument")
        return None

    def _fault(self, request: GraphRequest) -> GraphFault:
        for place, fault in enumerate(self._faults):
            if re.fullmatch(fault.on, request.line):
                return self._faults.pop(place)
        return (self.rule(request) if self.rule else None) or GraphFault()

    def _usage(self, path: str) -> dict[str, str]:
        account = self._account_of(path)
        if account is None:
            return {"X-App-Usage": json.dumps({"call_count": 1, "total_cputime": 1, "total_time": 1})}
        used = {"acc_id_util_pct": self._score(account) * 100 / MOST_SCORE[self.tier], "reset_time_duration": 300}
        return {"X-Ad-Account-Usage": json.dumps({**used, "ads_api_access_tier": self.tier})}

    def _score(self, account: str) -> int:
        since = self.clock() - timedelta(seconds=300)
        self._scores[account] = [(at, cost) for at, cost in self._scores[account] if at > since]
        return sum(cost for _, cost in self._scores[account])

    def _account_of(self, path: str) -> str | None:
        first = path.split("/")[0]
        if first in self.accounts:
            return first
        if first in self._jobs:
            return self._jobs[first].account
        return str(self.objects[first]["account"]) if first in self.objects else None

    # The verbs

    def _do(self, request: GraphRequest) -> Row:
        account = self._account_of(request.path)
        if account:
            self._scores[account].append((self.clock(), 1 if request.method == "GET" else 3))
            if self._score(account) > MOST_SCORE[self.tier]:
                raise GraphRefusal(17, 2446079, "(#17) User request limit reached")
        return {"GET": self._read, "POST": self._write, "DELETE": self._remove}[request.method](request)

    def _read(self, request: GraphRequest) -> Row:
        node, _, edge = request.path.partition("/")
        if node == "debug_token":
            return {"data": self._token(request.fields.get("input_token", ""))}
        if request.path == "me/accounts":
            page = {"id": PAGE, "name": "Shop", "access_token": PAGE_TOKEN, "tasks": self.tasks}
            return self._paged([page], "pages", request)
        if edge == "comments":
            found = self.comments.get(node, []) if request.token == PAGE_TOKEN else []  # silently, as Meta does
            return self._paged(found, "comments", request)
        if node in self._jobs:
            return self._report(self._jobs[node], edge, request)
        return self._listed(node, edge, request) if edge else self._node(node, request)

    def _node(self, node: str, request: GraphRequest) -> Row:
        asked = request.fields.get("fields", "id")
        if node == PAGE:
            page = {
                "id": PAGE,
                "name": "Shop",
                "has_whatsapp_number": bool(self.linked),
                "whatsapp_number": f"+{self.linked}",
            }
            return _shown(page, rules.fields_of("pages", asked))
        if node in self.accounts:
            return _shown(self.accounts[node], rules.fields_of("account", asked))
        row = self._object(node)
        return _shown(self._told(row), rules.fields_of(row["edge"], asked))

    def _listed(self, account: str, edge: str, request: GraphRequest) -> Row:
        if account not in self.accounts:
            raise GraphRefusal(100, 33, f"Unsupported get request. Object with ID '{account}' does not exist")
        if edge == "minimum_budgets":
            told = self.accounts[account]
            row = {"currency": told["currency"], "min_daily_budget_imp": told["min_daily_budget"]}
            return self._paged([row], edge, request)
        if edge == "activities":
            since, until = (int(request.fields[name]) for name in ("since", "until"))
            log = [row for row in self.log if row["account"] == account and since <= row["at"] <= until]
            return self._paged(log[::-1], edge, request)
        if edge not in EDGES:
            raise GraphRefusal(2500, None, f"Unknown path components: /{edge}")
        return self._paged([self._told(row) for row in self._of(account, edge, request)], edge, request)

    def _of(self, account: str, edge: str, request: GraphRequest) -> list[Row]:
        wanted = request.fields.get("effective_status")
        statuses = rules.parsed(wanted, "effective_status") if wanted else None
        before = self.clock() - self.lag
        rows = [row for row in self.objects.values() if row["edge"] == edge and row["account"] == account]
        rows = [row for row in rows if row["made_at"] <= before]
        if statuses:
            return [row for row in rows if self._effective(row) in statuses]
        return [row for row in rows if row.get("status") not in ("DELETED", "ARCHIVED")]

    def _paged(self, rows: list[Row], kind: str, request: GraphRequest) -> Row:
        asked = rules.fields_of(kind, request.fields.get("fields", "id"))
        shown = [_shown(row, asked) for row in rows]
        return self._page(shown, kind, request)

    def _page(self, shown: list[Row], kind: str, request: GraphRequest) -> Row:
        size = min(int(request.fields.get("limit", "25")), self.largest_page)
        if self.heaviest_page and min(size, len(shown)) > self.heaviest_page:
            raise GraphRefusal(1, None, "Please reduce the amount of data you're asking for, then retry your request")
        after = int(request.fields.get("after", "0").partition(".")[0] or 0)
        data = shown[after : after + size]
        more = after + size < len(shown) or kind in (self.circling, self.repeating)
        cursor = str(after if kind == self.repeating else 0 if kind == self.circling and after else after + size)
        if kind == self.repeating:
            cursor = f"{after}.{len(self.requests)}"
        following = {"next": f"{self.url}/{VERSION}/{request.path}?access_token={TOKEN}&after={cursor}"} if more else {}
        return {"data": data, "paging": {"cursors": {"before": str(after), "after": cursor}, **following}}

    def _token(self, token: str) -> Row:
        if token != TOKEN:
            return {
                "is_valid": False,
                "error": {"code": 190, "message": f"Malformed access token {token}"},
                "scopes": [],
            }
        ended = bool(self.token_ends) and self.token_ends < self.clock().timestamp()
        scopes = [{"scope": "whatsapp_business_manage_events", "target_ids": [WHATSAPP]}]
        told = {"app_id": APP, "application": "Hawker", "type": "SYSTEM_USER", "scopes": self.scopes}
        return {**told, "is_valid": not ended, "expires_at": self.token_ends, "granular_scopes": scopes}

    # Reports

    def _report(self, job: ReportJob, edge: str, request: GraphRequest) -> Row:
        if edge != "insights":
            job.looks += 1
            status, percent = job.state
            told = {"id": job.id, "async_status": status, "async_percent_completion": percent}
            return _shown(told, rules.fields_of("jobs", request.fields.get("fields", "id")))
        if job.state[0] != "Job Completed":
            raise GraphRefusal(2601, 1815107, "(#2601) Report is not ready")
        return self._page(self._rows(job), "insights", request)

    def _rows(self, job: ReportJob) -> list[Row]:
        span = rules.parsed(job.fields["time_range"], "time_range")
        ads = next((each["value"] for each in rules.parsed(job.fields.get("filtering", "[]"), "filtering")), None)
        parts = rules.parsed(job.fields.get("breakdowns", "[]"), "breakdowns")
        names = {*job.fields["fields"].split(","), "date_start", "date_stop", *parts}
        rows = [
            row
            for row in self.insights
            if row["account"] == job.account
            and span["since"] <= row["date_start"] <= span["until"]
            and (ads is None or row["ad_id"] in ads)
            and set(row.get("parts", ())) == set(parts)
        ]
        return [
            {name: value for name, value in {**row, **row.get("parts", {})}.items() if name in names} for row in rows
        ]

    def _start(self, account: str, fields: Mapping[str, str]) -> Row:
        rules.need(fields, "level", "time_increment", "time_range", "fields")
        span = rules.parsed(fields["time_range"], "time_range")
        today = self.clock().date()
        if date.fromisoformat(span["since"]) < today - timedelta(days=37 * 30.44):
            raise GraphRefusal(3018, None, "(#3018) The start date of the time range cannot be beyond 37 months")
        for name in rules.parsed(fields.get("breakdowns", "[]"), "breakdowns"):
            rules.one_of(name, tuple(part for parts in BREAKDOWNS.values() for part in parts), "breakdowns")
        job = ReportJob(
            str(next(self._numbers)), account, dict(fields), self.fates.pop(0) if self.fates else "completes"
        )
        if self.most_rows and len(self._rows(job)) > self.most_rows:
            job.fate = "fails"
        self._jobs[job.id] = job
        return {"report_run_id": job.id}

    # Making and changing

    def _write(self, request: GraphRequest) -> Row:
        node, _, edge = request.path.partition("/")
        if node == DATASET and edge == "events":
            return self._take_events(request.fields)
        if not edge:
            return self._update(self._object(node), request.fields)
        if node not in self.accounts:
            raise GraphRefusal(100, 33, f"Unsupported post request. Object with ID '{node}' does not exist")
        if edge == "insights":
            return self._start(node, request.fields)
        if edge not in EDGES:
            raise GraphRefusal(2500, None, f"Unknown path components: /{edge}")
        return self._make(edge, node, request.fields)

    def _make(self, edge: str, account: str, fields: Mapping[str, str]) -> Row:
        unknown = set(fields) - {*rules.TAKEN[edge].split(), "execution_options"}
        if unknown:
            self.complaints.append(f"{edge} take no {', '.join(sorted(unknown))}")
        row = self._checked(edge, account, fields)
        if "validate_only" in fields.get("execution_options", ""):
            return {"success": True}
        return {"id": self._keep(edge, account, row)}

    def _checked(self, edge: str, account: str, fields: Mapping[str, str]) -> Row:
        least = self.accounts[account]["min_daily_budget"]
        if edge == "campaigns":
            return rules.campaign(fields, least)
        if edge == "adsets":
            parent = self._object(fields.get("campaign_id", ""), account)
            return rules.ad_set(fields, parent, PAGE, self.linked, DATASET, least)
        if edge == "adcreatives":
            return {
                **rules.creative(fields, PAGE, self.images),
                "effective_object_story_id": f"{PAGE}_{next(self._numbers)}",
            }
        if edge == "adrules_library":
            return rules.rule(fields)
        row = rules.ad(fields)
        self._object(row["adset_id"], account)
        self._object(row["creative"]["id"], account)
        return row

    def _keep(self, edge: str, account: str, row: Row, *, log: bool = True) -> str:
        number = str(next(self._numbers))
        made = self.clock()
        known = {"id": number, "edge": edge, "account": account, "account_id": account.removeprefix("act_")}
        self.objects[number] = {**known, "made_at": made, "created_time": _time(made), **row}
        if log and edge not in ("adcreatives", "adrules_library"):  # Meta has no entry for a new creative
            self._note(number, None)
        return number

    def _update(self, row: Row, fields: Mapping[str, str]) -> Row:
        if "promoted_object" in fields:
            raise GraphRefusal(100, 3260011, "promoted_object can't be changed")
        if row["edge"] == "adrules_library":
            row |= rules.rule({"name": row["name"], **fields})
            return {"success": True}
        if "status" in fields:
            rules.one_of(fields["status"], rules.STATUSES, "status")
        if "daily_budget" in fields:
            self._check_budget(row, fields["daily_budget"])
        before = dict(row)
        row |= {name: fields[name] for name in ("status", "daily_budget", "name") if name in fields}
        self._note(row["id"], before)
        return {"success": True}

    def _check_budget(self, row: Row, written: str) -> None:
        units = rules.whole(written, "daily_budget")
        if not row.get("daily_budget"):
            raise GraphRefusal(100, 1885621, "You can only set an ad set budget or a campaign budget.")
        if units < self.accounts[row["account"]]["min_daily_budget"]:
            raise GraphRefusal(100, 1885272, "Your budget is too low")
        since = self.clock() - timedelta(hours=1)
        changes = [at for at in self._budget_changes[row["id"]] if at > since]
        if row["edge"] == "adsets" and len(changes) >= 4:
            raise GraphRefusal(613, 1487632, "You may change the budget of an ad set four times an hour")
        self._budget_changes[row["id"]] = [*changes, self.clock()]

    def _remove(self, request: GraphRequest) -> Row:
        self._object(request.path)["status"] = "DELETED"
        return {"success": True}

    def _take_events(self, fields: Mapping[str, str]) -> Row:
        rules.need(fields, "data")
        told = rules.parsed(fields["data"], "data")
        if len(told) > 1000:
            raise GraphRefusal(100, 2804008, "Too many events")
        for each in told:
            rules.event(each, self.clicks, WHATSAPP, self.clock())
        if self.takes_events:
            self.events += told
        return {"events_received": len(told) if self.takes_events else 0, "messages": [], "fbtrace_id": "trace"}

    def _object(self, number: str, account: str | None = None) -> Row:
        row = self.objects.get(number)
        if row is None or (account and row["account"] != account):
            raise GraphRefusal(
                100, 33, f"Object with ID '{number}' does not exist, cannot be loaded due to missing permissions"
            )
        return row

    def _told(self, row: Row) -> Row:
        told = {**row, "effective_status": self._effective(row)}
        if told["effective_status"] != "ACTIVE":
            told.pop("learning_stage_info", None)
        return told

    def _effective(self, row: Row) -> str:
        if row.get("status") != "ACTIVE" or row["edge"] in ("campaigns", "adcreatives", "adrules_library"):
            return str(row.get("status"))
        above = self.objects[row["adset_id" if row["edge"] == "ads" else "campaign_id"]]
        over = self._effective(above)
        if over == "ACTIVE":
            return "ACTIVE"
        return over if over == "CAMPAIGN_PAUSED" else "ADSET_PAUSED" if row["edge"] == "ads" else "CAMPAIGN_PAUSED"

    def _note(self, number: str, before: Row | None, *, app: str = APP, actor: str = "Hawker System User") -> None:
        row = self.objects[number]
        word = {"campaigns": "campaign", "adsets": "ad_set", "ads": "ad"}[row["edge"]]
        known = {"object_id": number, "application_id": app, "actor_name": actor, "account": row["account"]}
        known |= {"application_name": "Hawker" if app == APP else "Power Editor", "at": int(self.clock().timestamp())}
        for event, extra in _changes(word, before, row, self.accounts[row["account"]]["currency"]):
            written = {"event_type": event, "event_time": _time(self.clock()), "extra_data": json.dumps(extra)}
            self.log.append({**known, **written, "object_type": word.upper()})


def _changes(word: str, before: Row | None, row: Row, currency: str) -> list[tuple[str, Row]]:
    if before is None:
        return [(f"create_{word}", {"new_value": row["name"]})]
    found: list[tuple[str, Row]] = []
    if before.get("daily_budget") != row.get("daily_budget"):
        old, new = (int(each["daily_budget"]) for each in (before, row))
        amount = {"type": "payment_amount", "currency": currency}
        found.append(
            (
                f"update_{word}_budget",
                {"old_value": {**amount, "old_value": old}, "new_value": {**amount, "new_value": new}},
            )
        )
    if before.get("status") != row.get("status"):
        found.append((f"update_{word}_run_status", {"old_value": before["status"], "new_value": row["status"]}))
    return found


def _shown(row: Mapping[str, Any], asked: Mapping[str, str]) -> Row:
    """Fields without a value are left out, as Meta does."""
    told = {"id": row["id"]} if "id" in row else {}
    for name, inner in asked.items():
        value = row.get(name)
        if value is not None:
            told[name] = {part: value[part] for part in inner.split(",") if part in value} if inner else value
    return told


def _error(error: GraphRefusal) -> Row:
    told: Row = {"message": error.message, "type": "OAuthException", "code": error.code, "fbtrace_id": "AbCdEf"}
    if error.subcode:
        told |= {"error_subcode": error.subcode, "is_transient": False, "error_user_msg": error.message}
    return told


def _status(error: GraphRefusal) -> int:
    return {1: 500, 2: 503, 190: 401, 200: 403, 10: 403}.get(error.code, 400)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


class _Http(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Many tests are about a client that gave up."""


def _handler(server: GraphServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0) or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, more, fault = server.answer(self.command, self.path, headers, body)
            if fault.lost or fault.unheard:
                self.close_connection = True
                return
            if fault.after:
                server.closed.wait(fault.after)
            self.send_response_only(status)
            for name, value in {"Content-Type": "application/json", **more, "Content-Length": str(len(told))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: tests read `requests`."""

    return Handler


class WaitingClock:
    """Stands still until somebody waits: `GraphClient(…, clock=time, sleep=time.wait)`."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)) -> None:
        self.now = start
        self.waited = 0.0

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.waited += seconds
