"""Approvals: one plan, one person, one expiry, used once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import INTEGER, ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

ApprovalState = Literal["waiting", "approved", "used", "rejected", "replaced", "stale"]


class CannotApprove(MemoryFault):
    """The approval is unknown, somebody else's, expired, used or changed; nothing happened."""


@dataclass(frozen=True, slots=True)
class Approval:
    id: int
    brand: str
    account_id: str
    plan: str  # JSON, every step with its amounts
    digest: str
    summary: str  # what is asked, in words
    proposed_by: str
    role: str
    asked_of: str | None  # None: nobody has been asked yet
    key: str | None
    undoes_id: int | None
    proposed_at: datetime
    expires_at: datetime
    state: ApprovalState
    decided_by: str | None
    decided_at: datetime | None
    reason: str


AD_APPROVALS = Table(
    "ad_approvals",
    Column("id", ROW_ID),
    Column("brand", TEXT),
    Column("account_id", TEXT),
    Column("plan", TEXT),
    Column("digest", TEXT),
    Column("summary", TEXT),
    Column("proposed_by", TEXT),
    Column("role", TEXT),
    Column("asked_of", TEXT, null=True),
    Column("key", TEXT, null=True, unique=True),
    Column("undoes_id", INTEGER, null=True),
    Column("proposed_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    Column("state", TEXT),
    Column("decided_by", TEXT, null=True),
    Column("decided_at", TIMESTAMP, null=True),
    Column("reason", TEXT, default="''"),
    indexes=[
        Index("ad_approvals_waiting", "brand, id", where="state = 'waiting'"),
        Index("ad_approvals_begun", "account_id, id", where="state = 'approved'"),
    ],
)
APPROVAL = AD_APPROVALS.rows(Approval)
_APPROVALS = f"SELECT {APPROVAL.columns} FROM ad_approvals"


class Approvals:
    """Proposed by anybody, answered by the one person who was asked. `length`: until it expires."""

    def __init__(self, db: Database, clock: Clock, length: timedelta = timedelta(hours=24)) -> None:
        self._db = db
        self._clock = clock
        self._length = length

    def propose(
        self, brand: str, account_id: str, plan: str, summary: str, *, by: str, role: str,
        asked_of: str | None = None, key: str | None = None, undoes_id: int | None = None,
    ) -> Approval:  # fmt: skip
        """Request approval of exactly this plan; an identical waiting one is returned.

        One approval per account waits at a time: a newer plan voids the older one.
        """
        now = self._clock()
        with self._db.transaction(durable=True):
            self._db.hold(f"approvals of {account_id}")
            known = self._same(account_id, plan, key)
            if known is not None:
                return known
            self._db.run(
                "UPDATE ad_approvals SET state = 'replaced', decided_at = :now"
                " WHERE account_id = :account AND state = 'waiting'",
                account=account_id,
                now=to_text(now),
            )
            row = AD_APPROVALS.stored(
                brand=brand,
                account_id=account_id,
                plan=plan,
                digest=digest_of(plan),
                summary=summary,
                proposed_by=by,
                role=role,
                asked_of=asked_of,
                key=key,
                undoes_id=undoes_id,
                proposed_at=now,
                expires_at=now + self._length,
                state="waiting",
            )
            number = self._db.insert(AD_APPROVALS.insert(row, "RETURNING id"), **row)
            return self.get(brand, number)

    def ask(self, brand: str, number: int, person: str) -> bool:
        """Assign the approval to `person`; False where it is somebody else's or over."""
        asked = self._db.run(
            "UPDATE ad_approvals SET asked_of = :person WHERE id = :id AND brand = :brand AND state = 'waiting'"
            " AND (asked_of IS NULL OR asked_of = :person) AND expires_at > :now",
            person=person,
            id=number,
            brand=brand,
            now=to_text(self._clock()),
        )
        return bool(asked)

    def approve(self, brand: str, number: int, person: str) -> Approval:
        """Once, as the person who was asked. Raises CannotApprove."""
        return self._decide(brand, number, person, "approved", "")

    def reject(self, brand: str, number: int, person: str, reason: str) -> Approval:
        """As the person who was asked. Raises CannotApprove."""
        return self._decide(brand, number, person, "rejected", reason)

    def check(self, brand: str, number: int, person: str) -> Approval:
        """Raises CannotApprove as `approve` would."""
        approval = self.get(brand, number)
        self._check(approval, person)
        return approval

    def finish(self, number: int, state: Literal["used", "stale"], reason: str = "") -> None:
        self._db.run(
            "UPDATE ad_approvals SET state = :state, reason = :reason WHERE id = :id AND state IN ('waiting', 'approved')",
            state=state,
            reason=reason,
            id=number,
        )

    def get(self, brand: str, number: int) -> Approval:
        """Raises CannotApprove."""
        approval = APPROVAL.one(self._db, f"{_APPROVALS} WHERE id = :id AND brand = :brand", id=number, brand=brand)
        if approval is None:
            raise CannotApprove(f"There is no approval {number}; send “approvals” to see what waits.")
        return approval

    def waiting(self, brand: str, person: str | None = None) -> list[Approval]:
        """Oldest first; with `person`, theirs and unassigned ones."""
        asked = " AND (asked_of IS NULL OR asked_of = :person)" if person else ""
        return APPROVAL.all(
            self._db,
            f"{_APPROVALS} WHERE brand = :brand AND state = 'waiting' AND expires_at > :now{asked} ORDER BY id",
            brand=brand,
            person=person,
            now=to_text(self._clock()),
        )

    def begun(self, account_id: str) -> list[Approval]:
        """Approved and not finished: the process that carried it out is gone."""
        return APPROVAL.all(
            self._db, f"{_APPROVALS} WHERE account_id = :id AND state = 'approved' ORDER BY id", id=account_id
        )

    def of_key(self, account_id: str, key: str) -> Approval | None:
        """The newest with this idempotency key."""
        return APPROVAL.one(
            self._db,
            f"{_APPROVALS} WHERE account_id = :account AND key = :key ORDER BY id DESC LIMIT 1",
            account=account_id,
            key=key,
        )

    def _same(self, account_id: str, plan: str, key: str | None) -> Approval | None:
        return APPROVAL.one(
            self._db,
            f"{_APPROVALS} WHERE account_id = :account AND (key = :key OR (digest = :digest"
            " AND state = 'waiting' AND expires_at > :now)) ORDER BY id DESC LIMIT 1",
            account=account_id,
            key=key,
            digest=digest_of(plan),
            now=to_text(self._clock()),
        )

    def _decide(self, brand: str, number: int, person: str, state: ApprovalState, reason: str) -> Approval:
        with self._db.transaction(durable=True):
            self._db.hold(f"approval {number}")
            self.check(brand, number, person)
            self._db.run(
                "UPDATE ad_approvals SET state = :state, decided_by = :person, decided_at = :now, reason = :reason"
                " WHERE id = :id",
                state=state,
                person=person,
                now=to_text(self._clock()),
                reason=reason,
                id=number,
            )
            return self.get(brand, number)

    def over(self, approval: Approval) -> str | None:
        """Why it can't be answered any more; None where it waits."""
        if approval.state != "waiting":
            return f"Approval {approval.id} {OVER[approval.state]}."
        if approval.expires_at <= self._clock():
            return f"Approval {approval.id} has expired; the next plan asks anew."
        return None

    def _check(self, approval: Approval, person: str) -> None:
        over = self.over(approval)
        if over is not None:
            raise CannotApprove(over)
        if approval.asked_of is None:
            raise CannotApprove(f"Nobody has been asked approval {approval.id} yet; send “approvals” to be asked.")
        if approval.asked_of != person:
            raise CannotApprove(f"Approval {approval.id} was asked of somebody else; only they can answer it.")
        if digest_of(approval.plan) != approval.digest:
            raise CannotApprove(f"The plan of approval {approval.id} is no longer what was asked; ask for it anew.")


OVER = {
    "approved": "was given already, and is being carried out",
    "used": "was used already; each counts once",
    "rejected": "was rejected",
    "replaced": "was replaced by a newer plan; send “approvals” to see it",
    "stale": "no longer fits the account: something in it has been changed since",
}


def digest_of(plan: str) -> str:
    return hashlib.sha256(plan.encode()).hexdigest()
