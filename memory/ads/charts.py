"""The charts that were sent: what each shows, kept until its address has run out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.timestamps import Clock, to_text


class ChartGone(MemoryFault):
    """This chart's time is over; ask for a new one with “chart”."""


class Charts:
    """Specs of charts, each with its end. A spec holds figures of ads, and no person."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def keep(self, brand: str, spec: Mapping[str, Any], expires_at: datetime) -> int:
        """Keep what a chart shows; its number. Charts whose time is over go."""
        with self._db.transaction():
            self._db.run("DELETE FROM ad_charts WHERE expires_at <= :now", now=to_text(self._clock()))
            return self._db.insert(
                "INSERT INTO ad_charts (brand, spec, made_at, expires_at) VALUES (:brand, :spec, :now, :end) RETURNING id",
                brand=brand,
                spec=json.dumps(spec, ensure_ascii=False, sort_keys=True),
                now=to_text(self._clock()),
                end=to_text(expires_at),
            )

    def spec(self, chart_id: int) -> dict[str, Any]:
        """What this chart shows. Raises ChartGone."""
        spec: str | None = self._db.value(
            "SELECT spec FROM ad_charts WHERE id = :id AND expires_at > :now", id=chart_id, now=to_text(self._clock())
        )
        if spec is None:
            raise ChartGone("this chart is no longer kept; send “chart” for a new one")
        shown: dict[str, Any] = json.loads(spec)
        return shown
