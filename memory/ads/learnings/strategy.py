"""A brand's learnings, patterns, playbooks and decisions: `strategic_memory.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import NormalDist
from typing import Any

from memory.ads.learnings.record_validation import RECORD, Faults, moment_of, text_of
from memory.storage.database import Database
from memory.storage.errors import MemoryFault, NotStorable
from memory.storage.table import FLAG, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, from_text, to_text

LISTS = ("learnings", "successful_patterns", "failed_patterns", "playbooks")
DECISIONS = "strategic_decisions"
SUCCESS, FAILURE = "successful_patterns", "failed_patterns"
WITHDRAWN_BELOW = 0.5  # a claim less likely than its opposite is withdrawn
ENOUGH = 30  # tries on each side before a claim is rechecked
# What another brand may be told: groups and measures by their own names, nothing that somebody wrote.
SHARED_SUBJECTS = ("angle:", "format:", "language:", "country:", "hour:")
SHARED_MEASURES = ("ctr", "chat_to_order", "roas", "roi", "return_rate", "lift", "confidence")


class UnknownEntry(MemoryFault):
    """No such open entry."""


@dataclass(frozen=True, slots=True)
class StrategicEntry:
    id: int
    kind: str  # learnings, successful_patterns, failed_patterns, playbooks, strategic_decisions
    type: str  # audience_insight, creative_insight, campaign_launch, …
    subject: str | None  # what it is about, such as angle:security; None where nobody said
    valid_from: datetime
    valid_to: datetime | None  # None: still holds, or still open
    record: Mapping[str, Any]  # the fields of strategic_memory.json


@dataclass(frozen=True, slots=True)
class Claim:
    """One group does better than another, in successes out of tries, such as orders out of chats."""

    better: str
    than: str
    measure: str  # what is counted: chat_to_order, ctr, …


@dataclass(frozen=True, slots=True)
class Rate:
    successes: int
    tries: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.successes / self.tries if self.tries else 0.0


@dataclass(frozen=True, slots=True)
class Brief:
    """Newest first."""

    learnings: tuple[StrategicEntry, ...]
    worked: tuple[StrategicEntry, ...]
    failed: tuple[StrategicEntry, ...]
    playbooks: tuple[StrategicEntry, ...]
    open_decisions: tuple[StrategicEntry, ...]
    withdrawn: tuple[StrategicEntry, ...]  # ended recently
    elsewhere: tuple[Mapping[str, Any], ...]  # other brands' patterns, without anything that names them


STRATEGIC_ENTRIES = Table(
    "strategic_entries",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("kind", TEXT),
    Column("type", TEXT),
    Column("subject", TEXT, null=True),
    Column("valid_from", TIMESTAMP),
    Column("valid_to", TIMESTAMP, null=True),  # withdrawn, revised, or closed since then
    Column("record", RECORD),
    indexes=[
        Index("strategic_entries_by_brand", "brand, kind, id"),
        # One open entry per subject; its successor begins when it ends.
        Index("strategic_entries_open", "brand, kind, subject", unique=True, where="valid_to IS NULL"),
    ],
)
PATTERN_SHARING = Table("pattern_sharing", Column("brand", TEXT), Column("shared", FLAG), key="brand")
ENTRY = STRATEGIC_ENTRIES.rows(StrategicEntry)
_SHARED = STRATEGIC_ENTRIES.rows(StrategicEntry, "e")
_ENTRIES = f"SELECT {ENTRY.columns} FROM strategic_entries WHERE brand = :brand"


class Strategy:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def learn(
        self,
        brand: str,
        type_: str,
        insight: str,
        supporting_data: Mapping[str, Any],
        *,
        evidence: str = "",
        confidence: float | None = None,
        subject: str | None = None,
        claim: Claim | None = None,
    ) -> int:
        """Returns its id; ends the earlier one of the same `subject`.

        `confidence`: probability that it is true, 0 to 1. `recheck` tests a `claim` on later numbers.
        """
        record: dict[str, Any] = {"type": type_, "insight": insight, "supporting_data": dict(supporting_data)}
        record |= {"evidence": evidence} if evidence else {}
        record |= {} if confidence is None else {"confidence": confidence}
        record |= {} if claim is None else {"claim": asdict(claim)}
        if not subject:
            # The same for a claim and its opposite, so that one replaces the other.
            subject = None if claim is None else f"claim:{claim.measure}:{':'.join(sorted((claim.better, claim.than)))}"
        return self._replace(brand, "learnings", record, subject)

    def pattern(
        self, brand: str, outcome: str, pattern: str, supporting_data: Mapping[str, Any], *, subject: str
    ) -> int:
        """`outcome`: successful_patterns or failed_patterns. Replaces that of `subject`."""
        if outcome not in (SUCCESS, FAILURE):
            raise NotStorable(f"a pattern is one of {SUCCESS} or {FAILURE}, not {outcome!r}")
        with self._db.transaction():
            other = FAILURE if outcome == SUCCESS else SUCCESS
            self._end_subject(brand, other, subject, "the opposite turned out")
            record = {"type": "pattern", "pattern": pattern, "supporting_data": dict(supporting_data)}
            return self._replace(brand, outcome, record, subject)

    def playbook(self, brand: str, name: str, steps: Sequence[str], *, when: str = "") -> int:
        """Replaces the one of the same name."""
        record = {"type": "playbook", "name": name, "steps": list(steps), **({"when": when} if when else {})}
        return self._replace(brand, "playbooks", record, f"playbook:{name}")

    def decide(
        self, brand: str, type_: str, context: Mapping[str, Any], reasoning: str, *, expected: str | None = None
    ) -> int:
        """Returns the id for `close_decision`."""
        record = {"type": type_, "context": {"brand": brand, **context}, "reasoning": reasoning}
        record |= {} if expected is None else {"expected_outcome": expected}
        return self._replace(brand, DECISIONS, record, None)

    def close_decision(self, brand: str, decision_id: int, outcome: str) -> None:
        """Raises UnknownEntry."""
        self._end(brand, decision_id, (DECISIONS,), {"actual_outcome": outcome})

    def withdraw(self, brand: str, entry_id: int, why: str) -> None:
        """Raises UnknownEntry."""
        self._end(brand, entry_id, LISTS, {"withdrawn": why})

    def recheck(self, brand: str, measured: Mapping[tuple[str, str], Rate]) -> list[StrategicEntry]:
        """Test open claims on rates by (measure, group); returns the entries revised or withdrawn.

        A claim less likely than its opposite is withdrawn. Below 30 tries on either side nothing changes.
        """
        changed = []
        for entry in self.entries(brand, "learnings"):
            claim = _claim(entry.record)
            sides = None if claim is None else _rates_of(claim, measured)
            if claim is not None and sides is not None:
                changed += self._recheck(brand, entry, claim, *sides)
        return [self.entry(brand, entry_id) for entry_id in changed]

    def entries(
        self, brand: str, kind: str, *, open_only: bool = True, about: str | None = None
    ) -> list[StrategicEntry]:
        """Newest first; `about`: only those that contain this word."""
        found = ENTRY.all(
            self._db,
            f"{_ENTRIES} AND kind = :kind AND (:all OR valid_to IS NULL) ORDER BY id DESC",
            brand=brand,
            kind=kind,
            all=not open_only,
        )
        return found if about is None else [each for each in found if _mentions(each, about)]

    def entry(self, brand: str, entry_id: int) -> StrategicEntry:
        """Raises UnknownEntry."""
        entry = ENTRY.one(self._db, f"{_ENTRIES} AND id = :id", brand=brand, id=entry_id)
        if entry is None:
            raise UnknownEntry(f"{brand} has nothing under number {entry_id}; take one from its list")
        return entry

    def brief_for(self, brand: str, *, about: Sequence[str] = (), most: int = 20) -> Brief:
        """`about`: only entries that contain one of these words."""

        def some(kind: str) -> tuple[StrategicEntry, ...]:
            found = self.entries(brand, kind)
            return tuple(each for each in found if not about or any(_mentions(each, word) for word in about))[:most]

        ended = [each for each in self.entries(brand, "learnings", open_only=False) if "withdrawn" in each.record]
        return Brief(
            learnings=some("learnings"),
            worked=some(SUCCESS),
            failed=some(FAILURE),
            playbooks=some("playbooks"),
            open_decisions=some(DECISIONS),
            withdrawn=tuple(ended[:most]),
            elsewhere=tuple(self.patterns_of_others(brand)[:most]),
        )

    def share_patterns(self, brand: str, *, shared: bool) -> None:
        """Off by default."""
        row = PATTERN_SHARING.stored(brand=brand, shared=shared)
        self._db.run(PATTERN_SHARING.insert(row, PATTERN_SHARING.update_on_conflict(row)), **row)

    def patterns_of_others(self, brand: str) -> list[Mapping[str, Any]]:
        """No free text."""
        found = _SHARED.all(
            self._db,
            f"SELECT {_SHARED.columns} FROM strategic_entries e JOIN pattern_sharing p ON p.brand = e.brand AND p.shared = 1"
            " WHERE e.brand <> :brand AND e.kind IN ('successful_patterns', 'failed_patterns') AND e.valid_to IS NULL"
            " AND e.subject IS NOT NULL ORDER BY e.id DESC",
            brand=brand,
        )
        return [_without_names(entry) for entry in found if (entry.subject or "").startswith(SHARED_SUBJECTS)]

    def exported(self, brand: str) -> dict[str, Any]:
        """In the shape of strategic_memory.json."""
        lists: dict[str, list[Any]] = {kind: [] for kind in (*LISTS, DECISIONS)}
        for entry in ENTRY.all(self._db, f"{_ENTRIES} ORDER BY id", brand=brand):
            lists[entry.kind].append(_as_exported(entry))
        decisions = lists.pop(DECISIONS)
        return {"brand_strategies": {brand: lists}, DECISIONS: decisions}

    def take_in(self, brand: str, memory: Any) -> list[str]:
        """Returns faults by place. Idempotent."""
        faults = Faults()
        told = faults.mapping(memory, "strategic_memory")
        with self._db.transaction():
            self._db.hold(f"strategy {brand}")
            for name, strategy in faults.mapping(told.get("brand_strategies", {}), "brand_strategies").items():
                if name.casefold() != brand.casefold():
                    faults.append(f"brand_strategies.{name[:80]}: is another brand's, take it in there")
                    continue
                self._take_lists(brand, faults.mapping(strategy, f"brand_strategies.{name}"), faults)
            for place, entry in faults.entries(told, DECISIONS, "strategic_memory"):
                self._take_entry(brand, DECISIONS, entry, place, faults)
        return faults

    def _take_lists(self, brand: str, strategy: Mapping[str, Any], faults: Faults) -> None:
        place = f"brand_strategies.{brand}"
        for kind in LISTS:
            for where, entry in faults.entries(strategy, kind, place):
                self._take_entry(brand, kind, entry, where, faults)
        for name in sorted(set(strategy) - set(LISTS)):
            faults.append(f"{place}.{name[:80]}: is none of {', '.join(LISTS)}")

    def _take_entry(self, brand: str, kind: str, entry: Any, place: str, faults: Faults) -> None:
        if not _fits(faults, kind, entry, place):
            return
        theirs = entry.get("context", {}).get("brand", brand) if kind == DECISIONS else brand
        if not isinstance(theirs, str) or theirs.casefold() != brand.casefold():
            faults.append(f"{place}.context.brand: is another brand's, take it in there")
            return
        record, validity = _split(entry)
        if not self._is_stored(brand, kind, text_of(record), validity):
            self._insert(brand, kind, record, validity)

    def _is_stored(self, brand: str, kind: str, record: str, validity: Mapping[str, Any]) -> bool:
        rows = self._db.all(
            "SELECT valid_from FROM strategic_entries WHERE brand = :brand AND kind = :kind AND record = :record",
            brand=brand,
            kind=kind,
            record=record,
        )
        return any(validity.get("valid_from") in (None, from_text(row["valid_from"])) for row in rows)

    def _replace(self, brand: str, kind: str, record: Mapping[str, Any], subject: str | None) -> int:
        faults = Faults()
        if not _fits(faults, kind, record, kind):
            raise NotStorable("; ".join(faults))
        with self._db.transaction():
            self._db.hold(f"strategy {brand}")
            if subject is not None:
                self._end_subject(brand, kind, subject, None)
            return self._insert(brand, kind, record, {"subject": subject})

    def _insert(self, brand: str, kind: str, record: Mapping[str, Any], validity: Mapping[str, Any]) -> int:
        subject, valid_to = validity.get("subject"), validity.get("valid_to")
        if subject is not None and valid_to is None and self._open(brand, kind, subject) is not None:
            subject = None  # imported beside today's entries: it does not replace them
        row = STRATEGIC_ENTRIES.stored(
            brand=brand,
            kind=kind,
            type=str(record.get("type", kind)),
            subject=subject,
            valid_from=validity.get("valid_from") or self._clock(),
            valid_to=valid_to,
            record=record,
        )
        return self._db.insert(STRATEGIC_ENTRIES.insert(row, "RETURNING id"), **row)

    def _open(self, brand: str, kind: str, subject: str) -> StrategicEntry | None:
        return ENTRY.one(
            self._db,
            f"{_ENTRIES} AND kind = :kind AND subject = :subject AND valid_to IS NULL",
            brand=brand,
            kind=kind,
            subject=subject,
        )

    def _end_subject(self, brand: str, kind: str, subject: str, why: str | None) -> None:
        before = self._open(brand, kind, subject)
        if before is not None:
            self._end(brand, before.id, (kind,), {"withdrawn": why} if why else {})

    def _end(self, brand: str, entry_id: int, kinds: Sequence[str], more: Mapping[str, Any]) -> None:
        with self._db.transaction():
            entry = self.entry(brand, entry_id)
            if entry.kind not in kinds or entry.valid_to is not None:
                raise UnknownEntry(f"number {entry_id} is over already, or is none of {', '.join(kinds)}")
            self._db.run(
                "UPDATE strategic_entries SET valid_to = :now, record = :record WHERE id = :id",
                now=to_text(self._clock()),
                record=text_of({**entry.record, **more}),
                id=entry_id,
            )

    def _recheck(self, brand: str, entry: StrategicEntry, claim: Claim, better: Rate, than: Rate) -> list[int]:
        likely = likelihood(better, than)
        numbers = f"{claim.better} {better.successes} of {better.tries}, {claim.than} {than.successes} of {than.tries}"
        if likely < WITHDRAWN_BELOW:
            self.withdraw(brand, entry.id, f"the numbers turned: {numbers}")
            return [entry.id]
        if abs(likely - entry.record.get("confidence", 0.0)) < 0.01:
            return []
        record = {**entry.record, "confidence": likely, "evidence": numbers}
        return [entry.id, self._replace(brand, "learnings", record, entry.subject)]


def likelihood(better: Rate, than: Rate) -> float:
    """Probability that the first true rate is higher: normal approximation of two Beta(1+s, 1+f) posteriors."""
    (first, first_spread), (second, second_spread) = _posterior(better), _posterior(than)
    return round(NormalDist().cdf((first - second) / (first_spread + second_spread) ** 0.5), 4)


def _posterior(rate: Rate) -> tuple[float, float]:
    a, b = 1 + rate.successes, 1 + rate.tries - rate.successes
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))


def _rates_of(claim: Claim, measured: Mapping[tuple[str, str], Rate]) -> tuple[Rate, Rate] | None:
    better, than = measured.get((claim.measure, claim.better)), measured.get((claim.measure, claim.than))
    if better is None or than is None or min(better.tries, than.tries) < ENOUGH:
        return None
    return better, than


def _claim(record: Mapping[str, Any]) -> Claim | None:
    claim = record.get("claim")
    if not isinstance(claim, Mapping) or set(claim) != {"better", "than", "measure"}:
        return None
    if not all(isinstance(text, str) for text in claim.values()):
        return None
    return Claim(**claim)


def _mentions(entry: StrategicEntry, word: str) -> bool:
    return word.casefold() in json.dumps([entry.subject, entry.record], ensure_ascii=False).casefold()


def _without_names(entry: StrategicEntry) -> Mapping[str, Any]:
    # No free text: it may name a brand, a campaign or a customer.
    data = entry.record.get("supporting_data", {})
    rates = {name: data[name] for name in SHARED_MEASURES if isinstance(data.get(name), int | float)}
    return {"outcome": entry.kind, "subject": entry.subject, "supporting_data": rates}


def _as_exported(entry: StrategicEntry) -> dict[str, Any]:
    valid_to = None if entry.valid_to is None else to_text(entry.valid_to)
    validity = {"subject": entry.subject, "valid_from": to_text(entry.valid_from), "valid_to": valid_to}
    return {**entry.record, **{name: value for name, value in validity.items() if value is not None}}


def _split(entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    record = dict(entry)
    validity: dict[str, Any] = {
        name: record.pop(name) for name in ("subject", "valid_from", "valid_to") if name in record
    }
    for name in ("valid_from", "valid_to"):
        if validity.get(name) is not None:
            validity[name] = moment_of(validity[name])
    return record, validity


_REQUIRED: dict[str, dict[str, type]] = {
    "learnings": {"type": str, "insight": str},
    DECISIONS: {"type": str, "context": dict, "reasoning": str},
}


def _fits(faults: Faults, kind: str, entry: Any, place: str) -> bool:
    required = _REQUIRED.get(kind, {})
    optional: dict[str, type] = {
        "supporting_data": dict,
        "confidence": float,
        "evidence": str,
        "subject": str,
        "type": str,
    }
    if not faults.fits(entry, place, required, optional):
        return False
    if not (entry.get("type", "") + entry.get("subject", "")).isprintable():
        faults.append(f"{place}: type and subject are printable texts")
        return False
    if not 0 <= entry.get("confidence", 0) <= 1:
        faults.append(f"{place}.confidence: lies between 0 and 1")
        return False
    return faults.moment(entry, "valid_from", place) and faults.moment(entry, "valid_to", place)
