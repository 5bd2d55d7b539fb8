"""Asynchronous insights reports: start, poll, read, split on failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.ads.facebook.errors import TooMuchData
from bot.ads.facebook.graph_client import Call, GraphClient
from bot.ads.facebook.insights import question
from bot.ads.facebook.vocabulary import EFFECTIVE_STATUSES
from bot.ads.platform import TryLater

NO_PROGRESS = timedelta(minutes=10)  # a job whose percentage stands still that long is given up
DEADLINE = timedelta(minutes=60)  # for everything that one call of `rows` asks
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two looks; the last one goes on
_ENDED_BADLY = ("Job Failed", "Job Skipped")
_COMPLETED = "Job Completed"
_SMALLER = timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """One job's part of a report; no `ad_ids`: all ads."""

    since: date
    until: date
    breakdown: str | None
    ad_ids: tuple[str, ...] = ()


class JobFailed(TryLater):
    """Smaller jobs may succeed."""


@dataclass(frozen=True, slots=True)
class Reports:
    graph: GraphClient
    account_id: str

    def rows(self, since: date, until: date, breakdown: str | None = None) -> list[Row]:
        """Raises AdsFault; never returns a part."""
        deadline = self.graph.clock() + DEADLINE
        waiting = [Piece(since, until, breakdown)]
        found: list[Row] = []
        while waiting:
            piece = waiting.pop()
            try:
                found += self._piece(piece, deadline)
            except (JobFailed, TooMuchData) as fault:
                waiting += self._halves(piece, fault)
        return found

    def _piece(self, piece: Piece, deadline: datetime) -> list[Row]:
        asked = question(piece.since, piece.until, piece.breakdown, piece.ad_ids)
        started = self.graph.ask(self._call("POST", f"{self.account_id}/insights", asked))
        job = started.get("report_run_id")
        if not job:
            raise JobFailed("Meta took a report and gave it no number: it is asked for again with the next cycle")
        self._watch(str(job), deadline)
        return self.graph.pages(self._call("GET", f"{job}/insights", {}))

    def _watch(self, job: str, deadline: datetime) -> None:
        moved, looks = self.graph.clock(), 0
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
            self.graph.pause(WAITS[min(looks, len(WAITS) - 1)])
            looks += 1

    def _halves(self, piece: Piece, fault: TryLater) -> list[Piece]:
        """By days, then by ads; raises `fault` for one ad on one day."""
        if piece.since < piece.until:
            middle = piece.since + (piece.until - piece.since) // 2
            return [replace(piece, until=middle), replace(piece, since=middle + _SMALLER)]
        ads = piece.ad_ids
        if not ads:
            # Archived and deleted ads may have spent on these days, too.
            fields = {"fields": "id", "effective_status": list(EFFECTIVE_STATUSES)}
            rows = self.graph.pages(Call("GET", f"{self.account_id}/ads", self.account_id, fields))
            ads = tuple(str(row["id"]) for row in rows)
        if len(ads) < 2:
            raise fault
        half = len(ads) // 2
        return [replace(piece, ad_ids=ads[:half]), replace(piece, ad_ids=ads[half:])]

    def _call(self, method: str, path: str, fields: Row) -> Call:
        return Call(method, path, self.account_id, fields, use="ads_insights")
