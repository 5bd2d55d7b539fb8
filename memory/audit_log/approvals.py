"""What waits for a person's yes: one plan, one person, one expiry, used once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault
from memory.storage.timestamps import Clock, from_text, to_text

ApprovalState = Literal["waiting", "approved", "used", "rejected", "replaced", "stale"]


class CannotApprove(MemoryFault):
    """This approval can't be given or refused (unknown, somebody else's, expired, used, changed); nothing happened."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One plan that waits for one person."""

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


class Approvals:
    """Proposed by anybody, given by the one person who was asked. `length`: how long a question stands."""

    def __init__(self, db: Database, clock: Clock, length: timedelta = timedelta(hours=24)) -> None:
        self._db = db
        self._clock = clock
        self._length = length

    def propose(
        self, brand: str, account_id: str, plan: str, summary: str, *, by: str, role: str,
        asked_of: str | None = None, key: str | None = None, undoes_id: int | None = None,
    ) -> Approval:  # fmt: skip
        """Ask for a yes to exactly this plan; the same plan that waits already keeps its number, others are replaced.

        One question per account waits at a time: a newer plan for it makes the older one void.
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
            number = self._db.insert(
                "INSERT INTO ad_approvals (brand, account_id, plan, digest, summary, proposed_by, role, asked_of, key,"
                " undoes_id, proposed_at, expires_at, state) VALUES (:brand, :account, :plan, :digest, :summary, :by,"
                " :role, :asked_of, :key, :undoes_id, :now, :until, 'waiting') RETURNING id",
                brand=brand,
                account=account_id,
                plan=plan,
                digest=digest_of(plan),
                summary=summary,
                by=by,
                role=role,
                asked_of=asked_of,
                key=key,
                undoes_id=undoes_id,
                now=to_text(now),
                until=to_text(now + self._length),
            )
            return self.get(brand, number)

    def ask(self, brand: str, number: int, person: str) -> bool:
        """`person` is being asked this now; False where the question belongs to somebody else or is over."""
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
        """The yes of the person who was asked, once. Raises CannotApprove with the reason; then nothing has changed."""
        return self._decide(brand, number, person, "approved", "")

    def reject(self, brand: str, number: int, person: str, reason: str) -> Approval:
        """The no of the person who was asked. Raises CannotApprove."""
        return self._decide(brand, number, person, "rejected", reason)

    def check(self, brand: str, number: int, person: str) -> Approval:
        """The approval, if this person could answer it now. Raises CannotApprove as `approve` would."""
        approval = self.get(brand, number)
        self._check(approval, person)
        return approval

    def finish(self, number: int, state: Literal["used", "stale"], reason: str = "") -> None:
        """All that was approved has been done, or it can't be any more."""
        self._db.run(
            "UPDATE ad_approvals SET state = :state, reason = :reason WHERE id = :id AND state IN ('waiting', 'approved')",
            state=state,
            reason=reason,
            id=number,
        )

    def get(self, brand: str, number: int) -> Approval:
        """One approval of this brand. Raises CannotApprove."""
        row = self._db.one("SELECT * FROM ad_approvals WHERE id = :id AND brand = :brand", id=number, brand=brand)
        if row is None:
            raise CannotApprove(f"There is no approval {number}; send “approvals” to see what waits.")
        return _approval(row)

    def waiting(self, brand: str, person: str | None = None) -> list[Approval]:
        """What can still be approved, oldest first; with `person` only what they were asked, or nobody yet."""
        rows = self._db.all(
            "SELECT * FROM ad_approvals WHERE brand = :brand AND state = 'waiting' AND expires_at > :now"
            + (" AND (asked_of IS NULL OR asked_of = :person)" if person else "")
            + " ORDER BY id",
            brand=brand,
            person=person,
            now=to_text(self._clock()),
        )
        return [_approval(row) for row in rows]

    def begun(self, account_id: str) -> list[Approval]:
        """What was approved and not carried out to its end: the process that did it is gone."""
        rows = self._db.all(
            "SELECT * FROM ad_approvals WHERE account_id = :id AND state = 'approved' ORDER BY id", id=account_id
        )
        return [_approval(row) for row in rows]

    def of_key(self, account_id: str, key: str) -> Approval | None:
        """What was asked for the plan that was handed in under this key."""
        row = self._db.one(
            "SELECT * FROM ad_approvals WHERE account_id = :account AND key = :key ORDER BY id DESC LIMIT 1",
            account=account_id,
            key=key,
        )
        return None if row is None else _approval(row)

    def _same(self, account_id: str, plan: str, key: str | None) -> Approval | None:
        row = self._db.one(
            "SELECT * FROM ad_approvals WHERE account_id = :account AND (key = :key OR (digest = :digest"
            " AND state = 'waiting' AND expires_at > :now)) ORDER BY id DESC LIMIT 1",
            account=account_id,
            key=key,
            digest=digest_of(plan),
            now=to_text(self._clock()),
        )
        return None if row is None else _approval(row)

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
        """Why nobody can answer it any more; None where it waits."""
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
    """What identifies a plan: another amount is another digest."""
    return hashlib.sha256(plan.encode()).hexdigest()


def _approval(row: Row) -> Approval:
    return Approval(
        id=row["id"],
        brand=row["brand"],
        account_id=row["account_id"],
        plan=row["plan"],
        digest=row["digest"],
        summary=row["summary"],
        proposed_by=row["proposed_by"],
        role=row["role"],
        asked_of=row["asked_of"],
        key=row["key"],
        undoes_id=row["undoes_id"],
        proposed_at=from_text(row["proposed_at"]),
        expires_at=from_text(row["expires_at"]),
        state=cast(ApprovalState, row["state"]),
        decided_by=row["decided_by"],
        decided_at=None if row["decided_at"] is None else from_text(row["decided_at"]),
        reason=row["reason"],
    )
