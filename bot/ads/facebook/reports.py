"""Asynchronous insights reports: start, poll, read, split on failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.ads.facebook.errors import TooMuchData
from bot.ads.facebook.graph_client import Call, GraphClient
from bot.ads.facebook.insights import report_request
from bot.ads.facebook.vocabulary import EFFECTIVE_STATUSES
from bot.ads.platform import TryLater

NO_PROGRESS = timedelta(minutes=10)  # a job whose percentage stands still that long is given up
DEADLINE = timedelta(minutes=60)  # for everything that one call of `rows` asks
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two polls; the last one goes on
_ENDED_BADLY = ("Job Failed", "Job Skipped")
_COMPLETED = "Job Completed"
_DAY = timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportPart:
    since: date
    until: date
    breakdown: str | None
    ad_ids: tuple[str, ...] = ()  # empty: all ads


class JobFailed(TryLater):
    """Smaller jobs may succeed."""


@dataclass(frozen=True, slots=True)
class Reports:
    graph: GraphClient
    account_id: str

    def rows(self, since: date, until: date, breakdown: str | None = None) -> list[Row]:
        """Complete, or raises AdsFault."""
        deadline = self.graph.clock() + DEADLINE
        waiting = [ReportPart(since, until, breakdown)]
        found: list[Row] = []
        while waiting:
            part = waiting.pop()
            try:
                found += self._rows_of_part(part, deadline)
            except (JobFailed, TooMuchData) as fault:
                waiting += self._halved(part, fault)
        return found

    def _rows_of_part(self, part: ReportPart, deadline: datetime) -> list[Row]:
        asked = report_request(part.since, part.until, part.breakdown, part.ad_ids)
        started = self.graph.ask(self._call("POST", f"{self.account_id}/insights", asked))
        job = started.get("report_run_id")
        if not job:
            raise JobFailed("Meta took a report and gave it no number: it is asked for again with the next cycle")
        self._wait_for(str(job), deadline)
        return self.graph.pages(self._call("GET", f"{job}/insights", {}))

    def _wait_for(self, job: str, deadline: datetime) -> None:
        moved, polls = self.graph.clock(), 0
        percent: object = None
        while True:
            answer = self.graph.ask(self._call("GET", job, {"fields": "async_status,async_percent_completion"}))
            status, now = answer.get("async_status"), self.graph.clock()
            if status == _COMPLETED:  # 100 % is not enough: Meta reports it before the job ends
                return
            if status in _ENDED_BADLY:
                raise JobFailed(f"Meta gave up a report ({status}): it is asked for again with the next cycle")
            if now >= deadline:
                raise TryLater("Meta's reports took more than an hour: they are asked for again with the next cycle")
            if answer.get("async_percent_completion") != percent:
                moved, percent = now, answer.get("async_percent_completion")
            if now - moved >= NO_PROGRESS:
                raise JobFailed("Meta's report stood still for ten minutes: it is asked for again with the next cycle")
            self.graph.sleep(WAITS[min(polls, len(WAITS) - 1)])
            polls += 1

    def _halved(self, part: ReportPart, fault: TryLater) -> list[ReportPart]:
        if part.since < part.until:
            middle = part.since + (part.until - part.since) // 2
            return [replace(part, until=middle), replace(part, since=middle + _DAY)]
        ads = part.ad_ids
        if not ads:
            # Archived and deleted ads may have spent on these days, too.
            fields = {"fields": "id", "effective_status": list(EFFECTIVE_STATUSES)}
            rows = self.graph.pages(Call("GET", f"{self.account_id}/ads", self.account_id, fields))
            ads = tuple(str(row["id"]) for row in rows)
        if len(ads) < 2:
            raise fault
        half = len(ads) // 2
        return [replace(part, ad_ids=ads[:half]), replace(part, ad_ids=ads[half:])]

    def _call(self, method: str, path: str, fields: Row) -> Call:
        return Call(method, path, self.account_id, fields, use="ads_insights")
