"""How often and how dear something may be: counted in the database, so that every process counts together."""

from __future__ import annotations

from datetime import UTC, date, datetime

from memory.storage.database import Database
from memory.storage.table import INTEGER, TEXT, Column, Table
from memory.storage.timestamps import Clock, to_text

COUNTERS = Table("counters", Column("name", TEXT), Column("slot", TEXT), Column("n", INTEGER), key="name, slot")
_ADD = COUNTERS.insert(COUNTERS.columns, COUNTERS.update_on_conflict(COUNTERS.columns, n="counters.n + excluded.n"))


class Limits:
    """Rates and daily budgets. Each question that counts is one upsert: it asks and counts at once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def allow(self, name: str, limit: int, per_seconds: int) -> bool:
        """Count one more `name`; False, and not counted, when there were `limit` in this window already.

        Windows of `per_seconds` follow each other on the clock, the same for every process. The name ends up
        in the database as it is: put an id in it, never a phone number.
        """
        start = int(self._clock().timestamp()) // per_seconds * per_seconds
        window = to_text(datetime.fromtimestamp(start, UTC))
        with self._db.transaction():
            self._db.run("DELETE FROM counters WHERE name = :name AND slot < :window", name=_rate(name), window=window)
            return self._add(_rate(name), window, 1, limit)

    def reserve(self, brand: str, day: date, micros: int, budget: int) -> bool:
        """Set `micros` of a day's `budget` aside; False, and nothing set aside, when that much is not left.

        Both in millionths of a US dollar. Correct it with `add_spend` once the true cost is known; what a
        killed process had set aside stays spent, so a budget is never passed.
        """
        return self._add(_spend(brand), day.isoformat(), micros, budget)

    def add_spend(self, brand: str, day: date, micros: int) -> None:
        """Add to what a brand spent on `day`, in millionths of a US dollar; less than zero gives back."""
        self._db.run(_ADD, name=_spend(brand), slot=day.isoformat(), n=micros)

    def spent(self, brand: str, day: date) -> int:
        """What a brand spent or has set aside on `day`, in millionths of a US dollar."""
        found = self._db.value(
            "SELECT n FROM counters WHERE name = :name AND slot = :day", name=_spend(brand), day=day.isoformat()
        )
        return 0 if found is None else int(found)

    def today(self) -> date:
        """The day that spending counts on: UTC's."""
        return self._clock().astimezone(UTC).date()

    def forget_windows(self, before: datetime) -> int:
        """Drop the rate windows that began before a moment; budgets stay for the reports. How many went."""
        return self._db.run("DELETE FROM counters WHERE slot < :before AND name LIKE 'rate:%'", before=to_text(before))

    def _add(self, name: str, slot: str, n: int, most: int) -> bool:
        if n > most:
            return False
        added = self._db.run(f"{_ADD} WHERE counters.n + excluded.n <= :most", name=name, slot=slot, n=n, most=most)
        return added > 0


def _rate(name: str) -> str:
    return f"rate:{name}"


def _spend(brand: str) -> str:
    return f"spend:{brand}"
