"""Ad tests: new ads that run on a small budget until the end date of their brief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.language.money import Money
from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import (
    DECIMAL,
    INTEGER,
    JSON,
    ROW_ID,
    TEXT,
    TIMESTAMP,
    Column,
    ColumnType,
    Index,
    Table,
    decimal_money,
)
from memory.storage.timestamps import Clock, to_text


class UnknownAdTest(MemoryFault):
    pass


class AdTestOutcome(StrEnum):
    KEPT = "kept"  # an ordinary ad from then on
    LOST = "lost"  # paused: it loses money
    NOBODY_WROTE = "nobody_wrote"  # paused
    STOPPED = "stopped"  # by somebody, before its day
    NOT_LAUNCHED = "not_launched"
    UNREADABLE = "unreadable"  # its stored idea; left to people


@dataclass(frozen=True, slots=True)
class AdTest:
    """Stored before its launch is requested."""

    id: int
    brand: str
    account_id: str
    key: str  # of its launch: one per account and day
    decision_id: int  # the strategic decision with the reason
    budget: Money  # a day
    idea: Mapping[str, Any]  # concept, argument and brief as JSON
    begun_at: datetime
    campaign_id: str | None = None  # None: not launched yet
    ended_at: datetime | None = None
    outcome: AdTestOutcome | None = None  # None: not ended, or release 0.1.0 stored an outcome in free text


AD_TESTS = Table(
    "ad_tests",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("key", TEXT),
    Column("decision_id", INTEGER),
    Column("daily_budget", DECIMAL),
    Column("currency", TEXT),
    Column("idea", JSON),
    Column("begun_at", TIMESTAMP),
    Column("campaign_id", TEXT, null=True),
    Column("ended_at", TIMESTAMP, null=True),
    Column("outcome", ColumnType("TEXT", AdTestOutcome), null=True),
    indexes=[
        Index("ad_tests_by_account", "brand, account_id, id"),
        Index("ad_tests_running", "brand, account_id, key", unique=True, where="ended_at IS NULL"),
    ],
)
AD_TEST = AD_TESTS.rows(AdTest, budget=decimal_money("daily_budget", "currency"))


class AdTests:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(
        self, brand: str, account_id: str, key: str, decision_id: int, budget: Money, idea: Mapping[str, Any]
    ) -> AdTest:
        """Raises AlreadyStored if one runs under this key."""
        row = AD_TESTS.stored(
            brand=brand,
            account_id=account_id,
            key=key,
            decision_id=decision_id,
            daily_budget=budget.amount,
            currency=budget.currency,
            idea=idea,
            begun_at=self._clock(),
        )
        return self.get(brand, self._db.insert(AD_TESTS.insert(row, "RETURNING id"), **row))

    def get(self, brand: str, test_id: int) -> AdTest:
        """Raises UnknownAdTest."""
        sql = f"SELECT {AD_TEST.columns} FROM ad_tests WHERE brand = :brand AND id = :id"
        test = AD_TEST.one(self._db, sql, brand=brand, id=test_id)
        if test is None:
            raise UnknownAdTest(f"{brand} has no ad test {test_id}")
        return test

    def running(self, brand: str, account_id: str) -> list[AdTest]:
        """Not ended, launched or not; newest first."""
        return AD_TEST.all(
            self._db,
            f"SELECT {AD_TEST.columns} FROM ad_tests"
            " WHERE brand = :brand AND account_id = :account AND ended_at IS NULL ORDER BY id DESC",
            brand=brand,
            account=account_id,
        )

    def of_brand(self, brand: str) -> list[AdTest]:
        """Oldest first."""
        sql = f"SELECT {AD_TEST.columns} FROM ad_tests WHERE brand = :brand ORDER BY id"
        return AD_TEST.all(self._db, sql, brand=brand)

    def launched(self, brand: str, test_id: int, campaign_id: str) -> None:
        self._db.run(
            "UPDATE ad_tests SET campaign_id = :campaign WHERE brand = :brand AND id = :id",
            campaign=campaign_id,
            brand=brand,
            id=test_id,
        )

    def end(self, brand: str, test_id: int, outcome: AdTestOutcome) -> None:
        """Raises UnknownAdTest if it has ended already."""
        ended = self._db.run(
            "UPDATE ad_tests SET ended_at = :now, outcome = :outcome WHERE brand = :brand AND id = :id AND ended_at IS NULL",
            now=to_text(self._clock()),
            outcome=outcome,
            brand=brand,
            id=test_id,
        )
        if not ended:
            raise UnknownAdTest(f"{brand} has no ad test {test_id} that is running")
