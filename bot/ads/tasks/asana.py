"""A client of Asana's REST API (developers.asana.com)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from memory.ads.tasks import Task
from memory.storage.timestamps import Clock

TIMEOUT: Final = 10.0  # for an answer
PAGE: Final = 100  # Asana's most
MOST_PAGES: Final = 50
DEFAULT_WAIT: Final = timedelta(minutes=1)  # after a refusal without a Retry-After
FIELDS: Final = "gid,notes,completed,completed_at"


class AsanaFault(Exception):
    """The text is a sentence for staff, without the token."""


class AsanaThrottled(AsanaFault):
    """Throttled: nothing was done, retry at `until`."""

    def __init__(self, sentence: str, until: datetime) -> None:
        super().__init__(sentence)
        self.until = until


class AsanaOutcomeUnknown(AsanaFault):
    """The answer was lost: look up the task before a retry."""


class AsanaRefused(AsanaFault):
    """A retry does not help."""


@dataclass(frozen=True, slots=True)
class AsanaTask:
    gid: str
    notes: str
    completed: bool


@dataclass(slots=True)
class Asana:
    """Every method raises AsanaFault."""

    token: str = field(repr=False)
    project: str
    url: str  # ASANA_API_URL
    clock: Clock

    def create(self, task: Task) -> str:
        """Returns its gid."""
        need = task.need
        data: dict[str, Any] = {"name": need.title, "notes": notes_of(task), "projects": [self.project]}
        if need.due_on is not None:
            data["due_on"] = need.due_on.isoformat()
        return str(self._ask("POST", "/tasks", body={"data": data})["data"]["gid"])

    def find(self, mark: str) -> str | None:
        """Gid of the oldest task with this mark."""
        found = [task.gid for task in self._all({"project": self.project}) if mark in task.notes.split()]
        return min(found, key=lambda gid: (len(gid), gid)) if found else None

    def get(self, gid: str) -> AsanaTask | None:
        """None if it was deleted."""
        try:
            return _asana_task(self._ask("GET", f"/tasks/{gid}", {"opt_fields": FIELDS})["data"])
        except _NotFound:
            return None

    def last_comment(self, gid: str) -> str:
        """Empty without comments."""
        stories = self._ask("GET", f"/tasks/{gid}/stories", {"opt_fields": "type,text", "limit": str(PAGE)})["data"]
        comments = [str(each.get("text", "")) for each in stories if each.get("type") == "comment"]
        return comments[-1] if comments else ""

    def complete(self, gid: str) -> None:
        """A deleted task counts as complete."""
        try:
            self._ask("PUT", f"/tasks/{gid}", body={"data": {"completed": True}})
        except _NotFound:
            return

    def _all(self, which: Mapping[str, str]) -> Iterator[AsanaTask]:
        offset: str | None = None
        for _ in range(MOST_PAGES):
            page = {**which, "opt_fields": FIELDS, "limit": str(PAGE), **({"offset": offset} if offset else {})}
            answer = self._ask("GET", "/tasks", page)
            yield from (_asana_task(each) for each in answer["data"])
            offset = (answer.get("next_page") or {}).get("offset")
            if not offset:
                return
        raise AsanaRefused(f"The project in Asana holds more than {MOST_PAGES * PAGE} tasks; archive the old ones.")

    def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, *, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            answer = requests.request(
                method,
                self.url + path,
                params=query,
                json=body,
                headers={"Authorization": f"Bearer {self.token}", "Accept": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except (requests.ConnectionError, requests.Timeout) as lost:
            raise AsanaOutcomeUnknown(f"Asana did not answer ({type(lost).__name__}).") from None
        return self._read(answer)

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code == 429:
            raise AsanaThrottled("Asana takes no more requests for now.", self._until(answer))
        if answer.status_code >= 500:
            raise AsanaOutcomeUnknown(f"Asana has a fault of its own (HTTP {answer.status_code}).")
        if answer.status_code == 404:
            raise _NotFound("Asana has no such task or project; is ASANA_PROJECT right?")
        if answer.status_code in (401, 403):
            raise AsanaRefused("Asana refuses the token: set ASANA_ACCESS_TOKEN to one that may write in the project.")
        if not answer.ok:
            raise AsanaRefused(f"Asana refused the task (HTTP {answer.status_code}): {_reason(answer)}")
        try:
            read: dict[str, Any] = answer.json()
        except requests.JSONDecodeError:
            raise AsanaOutcomeUnknown("Asana's answer could not be read.") from None
        if not isinstance(read, dict) or "data" not in read:
            raise AsanaOutcomeUnknown("Asana's answer could not be read.")
        return read

    def _until(self, answer: requests.Response) -> datetime:
        said = answer.headers.get("Retry-After", "")
        try:
            seconds = float(said)
        except ValueError:
            return self.clock() + DEFAULT_WAIT
        return self.clock() + (timedelta(seconds=min(seconds, 3600)) if math.isfinite(seconds) else DEFAULT_WAIT)


class _NotFound(AsanaRefused):
    pass


def notes_of(task: Task) -> str:
    """The last line is the mark for `Asana.find`."""
    need = task.need
    parts = [f"Why: {need.why}", f"What: {need.what}"]
    parts += [f"Campaign: {need.campaign}"] if need.campaign else []
    parts += ["When it is done, say in a comment what came of it; then mark it complete.", task.mark]
    return "\n\n".join(parts)


def _asana_task(data: Mapping[str, Any]) -> AsanaTask:
    return AsanaTask(str(data["gid"]), str(data.get("notes") or ""), bool(data.get("completed")))


def _reason(answer: requests.Response) -> str:
    try:
        errors = answer.json().get("errors") or []
        return "; ".join(str(each.get("message", "")) for each in errors)[:300]
    except (requests.JSONDecodeError, AttributeError):
        return "no reason given"
