"""Launches, performance snapshots and optimisations of campaigns: `campaign_memory.json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from memory.ads.learnings.record_validation import RECORD, Faults, text_of
from memory.storage.database import Database
from memory.storage.errors import MemoryFault, NotStorable
from memory.storage.table import ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

SNAPSHOTS, OPTIMIZATIONS = "performance_snapshots", "optimizations"
LONGEST_ID = 200


class UnknownOptimization(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    id: int
    campaign_id: str
    at: datetime
    record: Mapping[str, Any]  # the fields of campaign_memory.json


CAMPAIGN_LAUNCHES = Table(
    "campaign_launches",
    Column("brand", TEXT),
    Column("campaign_id", TEXT),
    Column("launch_date", TEXT, null=True),
    Column("record", RECORD),
    key="brand, campaign_id",
)
CAMPAIGN_ENTRIES = Table(
    "campaign_entries",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("campaign_id", TEXT),
    Column("kind", TEXT),  # performance_snapshots or optimizations
    Column("at", TIMESTAMP),
    Column("record", RECORD),
    indexes=[Index("campaign_entries_by_campaign", "brand, campaign_id, kind, id")],
)
CAMPAIGN_RECORD = CAMPAIGN_ENTRIES.rows(CampaignRecord)
_ENTRIES = f"SELECT {CAMPAIGN_RECORD.columns} FROM campaign_entries"


class CampaignRecords:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def launched(self, brand: str, campaign_id: str, campaign_data: Mapping[str, Any]) -> None:
        """`campaign_data`: any JSON, such as name, objective, expected_outcome, brief."""
        record = {"launch_date": self._clock().isoformat(), "campaign_data": dict(campaign_data)}
        _raise_faults(_launch_faults(campaign_id, record, campaign_id))
        self._store_launch(brand, campaign_id, record)

    def snapshot(
        self, brand: str, campaign_id: str, performance: Mapping[str, Any], analysis: Mapping[str, Any]
    ) -> int:
        """Returns the row id; `analysis` has `status` and `trends`."""
        now = self._clock().isoformat()
        record = {"timestamp": now, "performance": dict(performance), "analysis": dict(analysis)}
        return self._write(brand, campaign_id, SNAPSHOTS, record)

    def optimization(
        self, brand: str, campaign_id: str, type_: str, reasoning: str, expected_impact: str, **more: Any
    ) -> int:
        """Returns the id for `record_outcome`."""
        record = {"timestamp": self._clock().isoformat(), "type": type_, "reasoning": reasoning}
        return self._write(brand, campaign_id, OPTIMIZATIONS, record | {"expected_impact": expected_impact} | more)

    def record_outcome(self, brand: str, optimization_id: int, actual_impact: str) -> None:
        """Raises UnknownOptimization."""
        with self._db.transaction():
            row = self._db.one(
                "SELECT record FROM campaign_entries WHERE id = :id AND brand = :brand AND kind = 'optimizations'",
                id=optimization_id,
                brand=brand,
            )
            if row is None:
                raise UnknownOptimization(f"{brand} has no optimisation {optimization_id}; take a number from its list")
            told = json.loads(row["record"]) | {"actual_impact": actual_impact}
            self._db.run(
                "UPDATE campaign_entries SET record = :record WHERE id = :id", record=text_of(told), id=optimization_id
            )

    def launch(self, brand: str, campaign_id: str) -> Mapping[str, Any] | None:
        """`launch_date` and `campaign_data`; None if we did not launch it."""
        record: str | None = self._db.value(
            "SELECT record FROM campaign_launches WHERE brand = :brand AND campaign_id = :campaign",
            brand=brand,
            campaign=campaign_id,
        )
        return None if record is None else json.loads(record)

    def snapshots(self, brand: str, campaign_id: str | None = None, *, most: int = 100) -> list[CampaignRecord]:
        """Newest first."""
        return self._entries(brand, SNAPSHOTS, campaign_id, most)

    def optimizations(self, brand: str, campaign_id: str | None = None, *, most: int = 100) -> list[CampaignRecord]:
        """Newest first."""
        return self._entries(brand, OPTIMIZATIONS, campaign_id, most)

    def without_outcome(
        self, brand: str, since: datetime, before: datetime, *, most: int = 5000
    ) -> list[CampaignRecord]:
        """Optimisations in [`since`, `before`) without an actual impact, oldest first."""
        return CAMPAIGN_RECORD.all(
            self._db,
            f"{_ENTRIES} WHERE brand = :brand AND kind = 'optimizations' AND at >= :since AND at < :before AND record NOT LIKE :told ORDER BY id LIMIT :most",
            brand=brand,
            since=to_text(since),
            before=to_text(before),
            told='%"actual_impact":%',
            most=most,
        )

    def exported(self, brand: str) -> dict[str, Any]:
        """In the shape of campaign_memory.json."""
        launches = self._db.all(
            "SELECT campaign_id, record FROM campaign_launches WHERE brand = :brand ORDER BY campaign_id", brand=brand
        )
        rows = self._db.all(
            "SELECT campaign_id, kind, record FROM campaign_entries WHERE brand = :brand ORDER BY campaign_id, id",
            brand=brand,
        )
        launched = {row["campaign_id"]: json.loads(row["record"]) for row in launches}
        lists: dict[str, dict[str, list[Any]]] = {}
        for row in rows:
            of_campaign = lists.setdefault(row["campaign_id"], {SNAPSHOTS: [], OPTIMIZATIONS: []})
            of_campaign[row["kind"]].append(json.loads(row["record"]))
        empty: dict[str, Any] = {SNAPSHOTS: [], OPTIMIZATIONS: []}
        names = sorted({*launched, *lists})
        return {"campaigns": {name: launched.get(name, {}) | lists.get(name, empty) for name in names}}

    def take_in(self, brand: str, memory: Any) -> list[str]:
        """Returns faults by place. Idempotent. A launch in the file replaces the stored one."""
        faults = Faults()
        campaigns = faults.mapping(memory, "campaign_memory").get("campaigns", {})
        with self._db.transaction():
            self._db.hold(f"campaign records {brand}")
            for campaign_id, record in faults.mapping(campaigns, "campaigns").items():
                self._take_campaign(brand, campaign_id, record, faults)
        return faults

    def _take_campaign(self, brand: str, campaign_id: str, record: Any, faults: Faults) -> None:
        place = f"campaigns.{campaign_id[:LONGEST_ID]}"
        told = faults.mapping(record, place)
        launch = {name: value for name, value in told.items() if name not in (SNAPSHOTS, OPTIMIZATIONS)}
        wrong = _launch_faults(campaign_id, launch, place)
        faults.extend(wrong)
        if not wrong and launch:
            self._store_launch(brand, campaign_id, launch)
        if not _valid_id(campaign_id):
            return
        for kind in (SNAPSHOTS, OPTIMIZATIONS):
            good = [
                entry for where, entry in faults.entries(told, kind, place) if _entry_fits(faults, kind, entry, where)
            ]
            self._add(brand, campaign_id, kind, good)

    def _add(self, brand: str, campaign_id: str, kind: str, records: list[Any]) -> None:
        rows = self._db.all(
            "SELECT record FROM campaign_entries WHERE brand = :brand AND campaign_id = :campaign AND kind = :kind",
            brand=brand,
            campaign=campaign_id,
            kind=kind,
        )
        there = Counter(row["record"] for row in rows)  # two equal records in one file are two
        for record in records:
            text = text_of(record)
            if there[text] > 0:
                there[text] -= 1
            else:
                self._insert(brand, campaign_id, kind, record)

    def _write(self, brand: str, campaign_id: str, kind: str, record: Mapping[str, Any]) -> int:
        faults = Faults()
        _entry_fits(faults, kind, record, kind)
        if not _valid_id(campaign_id):
            faults.append(f"{campaign_id!r:.40} is no campaign's id")
        _raise_faults(faults)
        return self._insert(brand, campaign_id, kind, record)

    def _insert(self, brand: str, campaign_id: str, kind: str, record: Mapping[str, Any]) -> int:
        row = CAMPAIGN_ENTRIES.stored(brand=brand, campaign_id=campaign_id, kind=kind, at=self._clock(), record=record)
        return self._db.insert(CAMPAIGN_ENTRIES.insert(row, "RETURNING id"), **row)

    def _store_launch(self, brand: str, campaign_id: str, record: Mapping[str, Any]) -> None:
        row = CAMPAIGN_LAUNCHES.stored(
            brand=brand, campaign_id=campaign_id, launch_date=record.get("launch_date"), record=record
        )
        self._db.run(CAMPAIGN_LAUNCHES.insert(row, CAMPAIGN_LAUNCHES.update_on_conflict(row)), **row)

    def _entries(self, brand: str, kind: str, campaign_id: str | None, most: int) -> list[CampaignRecord]:
        return CAMPAIGN_RECORD.all(
            self._db,
            f"{_ENTRIES} WHERE brand = :brand AND kind = :kind AND (CAST(:campaign AS TEXT) IS NULL OR campaign_id = :campaign) ORDER BY id DESC LIMIT :most",
            brand=brand,
            kind=kind,
            campaign=campaign_id,
            most=most,
        )


def _valid_id(campaign_id: str) -> bool:
    return 0 < len(campaign_id) <= LONGEST_ID and campaign_id.isprintable()


def _launch_faults(campaign_id: str, record: Mapping[str, Any], place: str) -> Faults:
    faults = Faults()
    if not _valid_id(campaign_id):
        faults.append(f"{place}: a campaign's id has 1 to {LONGEST_ID} printable characters")
    elif record and faults.fits(record, place, {"campaign_data": dict}, {"launch_date": str}):
        faults.moment(record, "launch_date", place)
    return faults


def _entry_fits(faults: Faults, kind: str, entry: Any, place: str) -> bool:
    if kind == OPTIMIZATIONS:
        texts = {"type": str, "reasoning": str}
        return faults.fits(entry, place, texts, {"timestamp": str})
    if not faults.fits(entry, place, {"performance": dict}, {"analysis": dict, "timestamp": str}):
        return False
    return faults.fits(entry.get("analysis", {}), f"{place}.analysis", {}, {"status": str, "trends": list})


def _raise_faults(faults: Faults) -> None:
    if faults:
        raise NotStorable("; ".join(faults))
