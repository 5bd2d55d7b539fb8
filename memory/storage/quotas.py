"""Rate limits and daily budgets, counted in the database over all processes."""

from __future__ import annotations

from datetime import UTC, date, datetime

from memory.storage.database import Database
from memory.storage.table import INTEGER, TEXT, Column, Table
from memory.storage.timestamps import Clock, to_text

COUNTERS = Table("counters", Column("name", TEXT), Column("slot", TEXT), Column("n", INTEGER), key="name, slot")
_ADD = COUNTERS.insert(COUNTERS.columns, COUNTERS.update_on_conflict(COUNTERS.columns, n="counters.n + excluded.n"))


class Limits:
    """Each call checks and counts in one upsert."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def allow(self, name: str, limit: int, per_seconds: int) -> bool:
        """Count one `name`; False, and not counted, after `limit` in this window.

        Windows of `per_seconds` are fixed on the clock. `name` is stored as it is: use an id, never a phone number.
        """
        start = int(self._clock().timestamp()) // per_seconds * per_seconds
        window = to_text(datetime.fromtimestamp(start, UTC))
        with self._db.transaction():
            self._db.run("DELETE FROM counters WHERE name = :name AND slot < :window", name=_rate(name), window=window)
            return self._add(_rate(name), window, 1, limit)

    def reserve(self, brand: str, day: date, micros: int, budget: int) -> bool:
        """Reserve `micros` of a day's `budget`; False, and nothing reserved, where too little is left.

        In millionths of a US dollar. Correct it with `add_spend` when the cost is known. A killed process's
        reservation stays, so a budget is never exceeded.
        """
        return self._add(_spend(brand), day.isoformat(), micros, budget)

    def add_spend(self, brand: str, day: date, micros: int) -> None:
        """Add to a brand's spend of `day`, in millionths of a US dollar; negative gives back."""
        self._db.run(_ADD, name=_spend(brand), slot=day.isoformat(), n=micros)

    def spent(self, brand: str, day: date) -> int:
        """Spent or reserved on `day`, in millionths of a US dollar."""
        found = self._db.value(
            "SELECT n FROM counters WHERE name = :name AND slot = :day", name=_spend(brand), day=day.isoformat()
        )
        return 0 if found is None else int(found)

    def today(self) -> date:
        """The current UTC day, by which spend is counted."""
        return self._clock().astimezone(UTC).date()

    def forget_windows(self, before: datetime) -> int:
        """Delete rate windows that began before a moment, and return how many; budgets stay for reports."""
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
