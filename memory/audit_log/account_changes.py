"""Changes of ad accounts, stored before the platform is asked and settled with the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from bot.language.money import Money
from memory.ads.ad_account import Kind
from memory.audit_log.audit_trail import AuditTrail
from memory.storage.audit_event import AD_AGENT, AuditEvent, Door
from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.lease_clock import is_held
from memory.storage.table import (
    DECIMAL,
    INTEGER,
    ISO_DATE,
    JSON_TUPLE,
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

What = Literal["set_budget", "pause", "resume", "archive", "launch"]
# open: the account may have been asked, and may yet do it; not_done: it is certain that it was not done.
State = Literal["open", "done", "refused", "not_done", "overtaken"]


class Cause(StrEnum):
    """Why the program made a change. A person's change has none."""

    LOSING_MONEY = "losing_money"
    RESTING = "resting"  # paused until it is expected to bring more than others again
    CALLED_BACK = "called_back"
    NEW = "new"
    NO_MONEY_LEFT = "no_money_left"  # new, and the budget does not reach for it
    RAISED = "raised"
    CUT = "cut"
    KEPT = "kept"
    STAYS_PAUSED = "stays_paused"
    TEST_LOST = "test_lost"
    OFFER_ENDED = "offer_ended"  # what the ad says is true no longer
    ALARM = "alarm"
    EMERGENCY_STOP = "emergency_stop"


class UnknownChange(MemoryFault):
    pass


class AccountHeld(MemoryFault):
    """Another process works on this ad account: retry in a moment."""


@dataclass(frozen=True, slots=True)
class Intention:
    """A requested change.

    `was` and `becomes`: a status (paused), or an amount of `currency` per day. `raises`: increase of the planned daily
    spend; zero for decreases and approved changes. `account_at`: time in the account's calendar, simulated for a
    practice account.
    """

    brand: str
    account_id: str
    who: str  # the person's number, or the part of the program: cycle, guard
    role: str
    why: str
    what: What
    kind: Kind
    object_id: str
    name: str
    was: str
    becomes: str
    raises: Money
    account_at: datetime
    readings: tuple[int, ...] = ()  # ids of the readings that it stood on
    approval_id: int | None = None
    undoes_id: int | None = None
    key: str | None = None  # the same key is the same change, whoever comes with it again
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Change(Intention):
    id: int = 0
    at: datetime = datetime.min
    state: State = "open"
    outcome: str = ""  # why it was refused, or what it was overtaken by
    asked_at: datetime = datetime.min
    settled_at: datetime | None = None


AD_CHANGES = Table(
    "ad_changes",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("at", TIMESTAMP),
    Column("who", TEXT),
    Column("role", TEXT),
    Column("why", TEXT),
    Column("what", TEXT),
    Column("kind", TEXT),
    Column("object_id", TEXT),
    Column("name", TEXT),
    Column("was", TEXT),
    Column("becomes", TEXT),
    Column("currency", TEXT),
    Column("raises", DECIMAL),
    Column("readings", JSON_TUPLE),
    Column("approval_id", INTEGER, null=True),
    Column("undoes_id", INTEGER, null=True),
    Column("key", TEXT, null=True, unique=True),
    Column("state", TEXT),
    Column("outcome", TEXT),
    Column("asked_at", TIMESTAMP),
    Column("account_at", TIMESTAMP),
    Column("settled_at", TIMESTAMP, null=True),
    Column("cause", ColumnType("TEXT", Cause, str), null=True),
    indexes=[
        Index("ad_changes_by_brand", "brand, id"),
        Index("ad_changes_by_account", "account_id, account_at"),
        Index("ad_changes_open", "account_id, id", where="state = 'open'"),
    ],
)
# What each line had planned at most on a day: what was cut at noon may have been spent by then.
AD_PEAKS = Table(
    "ad_peaks",
    Column("account_id", TEXT),
    Column("day", ISO_DATE),
    Column("owner_id", TEXT),
    Column("planned", DECIMAL),
    key="account_id, day, owner_id",
)
AD_LEASES = Table(
    "ad_leases",
    Column("account_id", TEXT),
    Column("token", TEXT),
    Column("clock_id", TEXT),
    Column("expires_tick", INTEGER),
    key="account_id",
)
# The rule on the platform's side: above which spend of a day it pauses the account.
AD_SPEND_RULES = Table(
    "ad_spend_rules",
    Column("account_id", TEXT),
    Column("most", DECIMAL),
    Column("rule_id", TEXT),
    Column("at", TIMESTAMP),
    key="account_id",
)
_RAISES = decimal_money("raises", "currency")
INTENTION = AD_CHANGES.rows(Intention, raises=_RAISES)
CHANGE = AD_CHANGES.rows(Change, "c", raises=_RAISES)
_CHANGES = f"SELECT {CHANGE.columns} FROM ad_changes c"


class Changes:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._audit = AuditTrail(db, clock)

    def intend(self, meant: Intention) -> Change:
        """Durable once the surrounding transaction is, with its entry in the audit log."""
        now = to_text(self._clock())
        row = INTENTION.values(meant) | {"at": now, "asked_at": now, "state": "open", "outcome": ""}
        by_agent = meant.role == "agent"
        with self._db.transaction():
            change_id = self._db.insert(AD_CHANGES.insert(row, "RETURNING id"), **row)
            self._audit.append(
                AuditEvent(
                    actor=AD_AGENT if by_agent else self._audit.actor_of(meant.brand, meant.who),
                    door=Door.PROGRAM if by_agent else Door.CHAT,
                    action=meant.what,
                    brand=meant.brand,
                    role=meant.role,
                    subject=f"change {change_id}: {meant.account_id} {meant.kind} {meant.object_id}",
                )
            )
            return self.get(meant.brand, change_id)

    def ask_again(self, change_id: int, account_at: datetime) -> None:
        self._db.run(
            "UPDATE ad_changes SET state = 'open', outcome = '', settled_at = NULL, asked_at = :now,"
            " account_at = :account_at WHERE id = :id",
            now=to_text(self._clock()),
            account_at=to_text(account_at),
            id=change_id,
        )

    def settle(self, change_id: int, state: State, outcome: str = "") -> bool:
        """False where it is settled already."""
        return bool(
            self._db.run(
                "UPDATE ad_changes SET state = :state, outcome = :outcome, settled_at = :now"
                " WHERE id = :id AND state = 'open'",
                state=state,
                outcome=outcome,
                now=to_text(self._clock()),
                id=change_id,
            )
        )

    def name_object(self, change_id: int, object_id: str) -> None:
        self._db.run("UPDATE ad_changes SET object_id = :object_id WHERE id = :id", object_id=object_id, id=change_id)

    def get(self, brand: str, change_id: int) -> Change:
        """Raises UnknownChange."""
        change = CHANGE.one(self._db, f"{_CHANGES} WHERE brand = :brand AND id = :id", brand=brand, id=change_id)
        if change is None:
            raise UnknownChange(f"there is no change {change_id}; ask for the list of changes to see their numbers")
        return change

    def by_key(self, key: str) -> Change | None:
        return CHANGE.one(self._db, f"{_CHANGES} WHERE key = :key", key=key)

    def of_approval(self, approval_id: int) -> list[Change]:
        return CHANGE.all(self._db, f"{_CHANGES} WHERE approval_id = :id ORDER BY id", id=approval_id)

    def open_in(self, account_id: str) -> list[Change]:
        """Changes with an unknown result, oldest first."""
        return CHANGE.all(self._db, f"{_CHANGES} WHERE account_id = :id AND state = 'open' ORDER BY id", id=account_id)

    def raised_since(self, account_id: str, since: datetime) -> Decimal:
        """Sum of unapproved raises of planned daily spend; open changes count as done."""
        rows = self._db.all(
            "SELECT raises FROM ad_changes WHERE account_id = :id AND account_at > :since AND state IN ('open', 'done')",
            id=account_id,
            since=to_text(since),
        )
        return sum((Decimal(row["raises"]) for row in rows), Decimal(0))

    def budgets_set_since(self, account_id: str, object_id: str, since: datetime) -> int:
        return int(
            self._db.value(
                "SELECT count(*) FROM ad_changes WHERE account_id = :account AND object_id = :id"
                " AND what = 'set_budget' AND account_at > :since AND state IN ('open', 'done')",
                account=account_id,
                id=object_id,
                since=to_text(since),
            )
        )

    def page(
        self, brand: str, *, account_id: str | None = None, object_id: str | None = None,
        before: int | None = None, limit: int = 50, since: datetime | None = None, until: datetime | None = None,
    ) -> list[Change]:  # fmt: skip
        """A brand's changes, newest first, at most 200; `before`: the last id of the previous page.

        [`since`, `until`) in the accounts' own time.
        """
        return CHANGE.all(
            self._db,
            f"{_CHANGES} WHERE brand = :brand"
            + (" AND account_id = :account_id" if account_id else "")
            + (" AND object_id = :object_id" if object_id else "")
            + (" AND id < :before" if before else "")
            + (" AND account_at >= :since" if since else "")
            + (" AND account_at < :until" if until else "")
            + " ORDER BY id DESC LIMIT :limit",
            brand=brand,
            account_id=account_id,
            object_id=object_id,
            before=before,
            since=None if since is None else to_text(since),
            until=None if until is None else to_text(until),
            limit=max(1, min(limit, 200)),
        )

    def last_to_undo(self, brand: str) -> Change | None:
        """The last done change that is no undo and was not undone."""
        return CHANGE.one(
            self._db,
            f"{_CHANGES} WHERE brand = :brand AND state = 'done' AND undoes_id IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM ad_changes AS u WHERE u.undoes_id = c.id AND u.state IN ('open', 'done'))"
            " ORDER BY id DESC LIMIT 1",
            brand=brand,
        )

    def undone_by(self, change_id: int) -> int | None:
        """The id of the change that undid this one."""
        found = self._db.value(
            "SELECT id FROM ad_changes WHERE undoes_id = :id AND state IN ('open', 'done')", id=change_id
        )
        return None if found is None else int(found)

    def note_peak(self, account_id: str, day: date, planned: Mapping[str, Decimal]) -> None:
        """Raise the day's highest planned spend of these budget owners."""
        known = self.peaks(account_id, day)
        for owner_id, amount in sorted(planned.items()):
            if amount > known.get(owner_id, Decimal(0)):
                row = AD_PEAKS.stored(account_id=account_id, day=day, owner_id=owner_id, planned=amount)
                self._db.run(AD_PEAKS.insert(row, AD_PEAKS.update_on_conflict(row)), **row)

    def peaks(self, account_id: str, day: date) -> dict[str, Decimal]:
        """The day's highest planned spend by budget owner."""
        rows = self._db.all(
            "SELECT owner_id, planned FROM ad_peaks WHERE account_id = :id AND day = :day",
            id=account_id,
            day=day.isoformat(),
        )
        return {row["owner_id"]: Decimal(row["planned"]) for row in rows}

    def forget_peaks(self, account_id: str, before: date) -> int:
        """Returns the number of rows."""
        return self._db.run(
            "DELETE FROM ad_peaks WHERE account_id = :id AND day < :before", id=account_id, before=before.isoformat()
        )

    def spend_rule(self, account_id: str) -> Decimal | None:
        """Daily spend above which the platform's own rule pauses the account; None without a rule."""
        most = self._db.value("SELECT most FROM ad_spend_rules WHERE account_id = :id", id=account_id)
        return None if most is None else Decimal(most)

    def note_spend_rule(self, account_id: str, most: Money, rule_id: str) -> None:
        row = AD_SPEND_RULES.stored(account_id=account_id, most=most.amount, rule_id=rule_id, at=self._clock())
        self._db.run(AD_SPEND_RULES.insert(row, AD_SPEND_RULES.update_on_conflict(row)), **row)


class AccountLeases:
    """A lease on an ad account: one process at a time, expires after `length`."""

    def __init__(self, db: Database, length: timedelta) -> None:
        self._db = db
        self._length = length

    def take(self, account_id: str, token: str) -> None:
        """Lease the account under a secret `token`. Raises AccountHeld."""
        now = self._db.lease_time()
        lease = AD_LEASES.stored(
            account_id=account_id, token=token, clock_id=now.clock_id, expires_tick=now.plus(self._length).tick
        )
        held = is_held("ad_leases.expires_tick", "ad_leases.clock_id")
        over = f"{AD_LEASES.update_on_conflict(lease)} WHERE NOT {held}"
        taken = self._db.run(AD_LEASES.insert(lease, over), **(now.values() | lease))
        if not taken:
            raise AccountHeld("another process is changing this ad account now; try again in a moment")

    def renew(self, account_id: str, token: str) -> None:
        """Raises AccountHeld where the lease was lost meanwhile."""
        until = self._db.lease_time().plus(self._length)
        kept = self._db.run(
            "UPDATE ad_leases SET clock_id = :clock_id, expires_tick = :until"
            " WHERE account_id = :account AND token = :token",
            account=account_id,
            token=token,
            clock_id=until.clock_id,
            until=until.tick,
        )
        if not kept:
            raise AccountHeld("another process has taken over this ad account; it goes on from here")

    def give_back(self, account_id: str, token: str) -> None:
        self._db.run(
            "DELETE FROM ad_leases WHERE account_id = :account AND token = :token", account=account_id, token=token
        )
