"""Specs of charts that were sent, kept until their URL expires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import ROW_ID, TEXT, TIMESTAMP, Column, ColumnType, Index, Table
from memory.storage.timestamps import Clock, to_text


class ChartGone(MemoryFault):
    """The chart has expired."""


def _sorted_json(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, ensure_ascii=False, sort_keys=True)


AD_CHARTS = Table(
    "ad_charts",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("spec", ColumnType("TEXT", json.loads, _sorted_json)),
    Column("made_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    indexes=[Index("ad_charts_by_end", "expires_at")],
)


class Charts:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def keep(self, brand: str, spec: Mapping[str, Any], expires_at: datetime) -> int:
        """Returns its number; deletes expired specs."""
        now = self._clock()
        chart = AD_CHARTS.stored(brand=brand, spec=spec, made_at=now, expires_at=expires_at)
        with self._db.transaction():
            self._db.run("DELETE FROM ad_charts WHERE expires_at <= :now", now=to_text(now))
            return self._db.insert(AD_CHARTS.insert(chart, "RETURNING id"), **chart)

    def spec(self, chart_id: int) -> dict[str, Any]:
        """Raises ChartGone."""
        spec: str | None = self._db.value(
            "SELECT spec FROM ad_charts WHERE id = :id AND expires_at > :now", id=chart_id, now=to_text(self._clock())
        )
        if spec is None:
            raise ChartGone("this chart is no longer kept; send “chart” for a new one")
        shown: dict[str, Any] = json.loads(spec)
        return shown
