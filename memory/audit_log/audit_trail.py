"""Who read or changed which person's data, order, budget or setting: append-only entries in a hash chain.

One chain for all processes: whoever appends holds a lock until its transaction ends, which SQLite's writers do anyway. A
chain per process would need somebody to vouch for how many chains there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from memory.people.address import Address
from memory.people.contacts import Contacts, read_address
from memory.security.secret_keys import KeyPurpose, SecretKeys
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.database import Database, Row
from memory.storage.errors import NotAnAddress
from memory.storage.table import FLAG, INTEGER, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, to_text

BEGINNING = "0" * 64  # what the first entry of all has for the hash before it
AT_ONCE = 1000
LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class AuditEntry(AuditEvent):
    id: int = 0
    at: datetime = datetime.min
    previous: str = ""
    hash: str = ""

    def __str__(self) -> str:
        person = "" if self.person is None else f"contact:{self.person}"
        said = (self.brand, self.actor, self.role, self.door, self.action, person, self.subject, self.outcome)
        return f"{self.id}  {self.at:%Y-%m-%d %H:%M:%S}Z  {'  '.join(filter(None, map(str, said)))}"


@dataclass(frozen=True, slots=True)
class Verification:
    """`faults`: codes with places, empty for a whole chain. `head`: the last hash, to be kept elsewhere."""

    entries: int
    head: str
    faults: tuple[str, ...]


# The ids are the entries' places in the chain, without gaps.
AUDIT_ENTRIES = Table(
    "audit_entries",
    Column("id", REUSED_ROW_ID),
    Column("at", TIMESTAMP),
    Column("brand", TEXT),
    Column("actor", TEXT),
    Column("role", TEXT),
    Column("door", TEXT),
    Column("action", TEXT),
    Column("person", INTEGER, null=True),
    Column("subject", TEXT),
    Column("outcome", TEXT),
    Column("previous", TEXT),
    Column("hash", TEXT),
    indexes=[Index("audit_entries_by_person", "person, id"), Index("audit_entries_by_actor", "actor, id")],
)
# The chain up to an entry, signed. `cut`: what is older than that may be deleted, and nothing else.
AUDIT_CHECKPOINTS = Table(
    "audit_checkpoints",
    Column("id", REUSED_ROW_ID),
    Column("at", TIMESTAMP),
    Column("entry_id", INTEGER),
    Column("hash", TEXT),
    Column("cut", FLAG),
    Column("signature", TEXT),
)
ENTRY = AUDIT_ENTRIES.rows(AuditEntry)
_ENTRIES = f"SELECT {ENTRY.columns} FROM audit_entries"
_INSERT = AUDIT_ENTRIES.insert(AUDIT_ENTRIES.columns)


class AuditTrail:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def append(self, event: AuditEvent) -> None:
        """Joins the open transaction: where that is undone, so is the entry."""
        with self._db.transaction():
            self._db.hold("audit log")
            last_id, last_hash = self._head()
            at = to_text(self._clock())
            subject = event.subject[:LONGEST_SUBJECT]
            facts = {
                "id": last_id + 1,
                "at": at,
                "brand": event.brand,
                "actor": event.actor,
                "role": event.role,
                "door": str(event.door),
                "action": event.action,
                "person": event.person,
                "subject": subject,
                "outcome": event.outcome,
                "previous": last_hash,
            }
            self._db.run(_INSERT, **facts, hash=_hash(facts))

    def actor_of(self, brand: str, who: str) -> str:
        """A member of staff by number or user id as `contact:12`; a part of the program by its name."""
        try:
            address: Address = read_address(who)
        except NotAnAddress:
            return who
        contact = Contacts(self._db, self._clock).known(brand, address)
        return "contact:unknown" if contact is None else f"contact:{contact.id}"

    def search(
        self, *, brand: str | None = None, person: int | None = None, actor: str | None = None, door: str | None = None,
        action: str | None = None, since: datetime | None = None, until: datetime | None = None,
        before: int | None = None, limit: int = 50,
    ) -> list[AuditEntry]:  # fmt: skip
        """Newest first, at most 500. `brand`: its own entries and those of no brand. [`since`, `until`)."""
        asked = {
            "(brand = :brand OR brand = '')": ("brand", brand),
            "person = :person": ("person", person),
            "actor = :actor": ("actor", actor),
            "door = :door": ("door", door),
            "action = :action": ("action", action),
            "at >= :since": ("since", None if since is None else to_text(since)),
            "at < :until": ("until", None if until is None else to_text(until)),
            "id < :before": ("before", before),
        }
        conditions = " AND ".join(condition for condition, (_name, value) in asked.items() if value is not None)
        values = {name: value for name, value in asked.values() if value is not None}
        where = f" WHERE {conditions}" if conditions else ""
        return ENTRY.all(
            self._db, f"{_ENTRIES}{where} ORDER BY id DESC LIMIT :most", most=max(1, min(limit, 500)), **values
        )

    def checkpoint(self, keys: SecretKeys) -> None:
        """Sign the chain as it is, so that what is there now cannot be rewritten or dropped unseen."""
        with self._db.transaction(durable=True):
            self._db.hold("audit log")
            entry_id, last_hash = self._head()
            newest = self._db.value("SELECT max(entry_id) FROM audit_checkpoints")
            if entry_id > (newest or 0):
                self._sign(keys, entry_id, last_hash, cut=False)

    def cut(self, keys: SecretKeys, before: datetime, actor: str = "program") -> int:
        """Delete entries from before a moment, up to a signed checkpoint; returns how many."""
        with self._db.transaction(durable=True):
            self._db.hold("audit log")
            # By the id, not by the times: a clock that was set back must not keep older entries.
            last = self._db.one(
                "SELECT id, hash FROM audit_entries WHERE id < coalesce((SELECT min(id) FROM audit_entries"
                " WHERE at >= :before), (SELECT max(id) + 1 FROM audit_entries)) ORDER BY id DESC LIMIT 1",
                before=to_text(before),
            )
            if last is None:
                return 0
            self._sign(keys, last["id"], last["hash"], cut=True)
            gone = self._db.run("DELETE FROM audit_entries WHERE id <= :id", id=last["id"])
            self.append(AuditEvent(actor, Door.PROGRAM, "audit cut", subject=f"{gone} entries to {last['id']}"))
        return gone

    def verify(self, keys: SecretKeys) -> Verification:
        """Whether each entry has the hash of the one before, and each checkpoint its signature and its entry."""
        faults = []
        checkpoints = self._db.all("SELECT * FROM audit_checkpoints ORDER BY id")
        signed_before = BEGINNING
        for point in checkpoints:
            text = _signed_text(point["at"], point["entry_id"], point["hash"], bool(point["cut"]), signed_before)
            if not keys.signed(KeyPurpose.CHECKPOINTS, text, bytes.fromhex(point["signature"])):
                faults.append(f"checkpoint {point['id']}: was changed, or SECRET_KEY of then is not set")
            signed_before = point["signature"]
        last_id, last_hash = self._cut_at()
        hashes = {point["entry_id"]: point["hash"] for point in checkpoints if point["entry_id"] > last_id}
        count = 0
        for entry in self._entries():
            facts = {name: entry[name] for name in AUDIT_ENTRIES.columns if name != "hash"}
            if entry["id"] != last_id + 1:
                faults.append(f"entries {last_id + 1} to {entry['id'] - 1}: are missing")
            if entry["previous"] != last_hash:
                faults.append(f"entry {entry['id']}: does not follow the one before")
            if entry["hash"] != _hash(facts):
                faults.append(f"entry {entry['id']}: was changed")
            if hashes.pop(entry["id"], entry["hash"]) != entry["hash"]:
                faults.append(f"entry {entry['id']}: is not the one that was signed")
            last_id, last_hash, count = entry["id"], entry["hash"], count + 1
        faults += [f"entries to {entry_id}: are missing, they were signed" for entry_id in hashes]
        return Verification(count, last_hash, tuple(faults))

    def _head(self) -> tuple[int, str]:
        last = self._db.one("SELECT id, hash FROM audit_entries ORDER BY id DESC LIMIT 1")
        return self._cut_at() if last is None else (last["id"], last["hash"])

    def _cut_at(self) -> tuple[int, str]:
        cut = self._db.one("SELECT entry_id, hash FROM audit_checkpoints WHERE cut = 1 ORDER BY id DESC LIMIT 1")
        return (0, BEGINNING) if cut is None else (cut["entry_id"], cut["hash"])

    def _sign(self, keys: SecretKeys, entry_id: int, last_hash: str, *, cut: bool) -> None:
        last = self._db.one("SELECT id, signature FROM audit_checkpoints ORDER BY id DESC LIMIT 1")
        number, before = (0, BEGINNING) if last is None else (last["id"], last["signature"])
        at = to_text(self._clock())
        signature = keys.sign(KeyPurpose.CHECKPOINTS, _signed_text(at, entry_id, last_hash, cut, before)).hex()
        row = {"id": number + 1, "at": at, "entry_id": entry_id, "hash": last_hash, "cut": int(cut)}
        self._db.run(AUDIT_CHECKPOINTS.insert(AUDIT_CHECKPOINTS.columns), **row, signature=signature)

    def _entries(self) -> Iterator[Row]:
        page = self._db.all("SELECT * FROM audit_entries ORDER BY id LIMIT :most", most=AT_ONCE)
        while page:
            yield from page
            page = self._db.all(
                "SELECT * FROM audit_entries WHERE id > :after ORDER BY id LIMIT :most",
                after=page[-1]["id"],
                most=AT_ONCE,
            )


def _hash(facts: Row) -> str:
    told = json.dumps([facts[name] for name in AUDIT_ENTRIES.columns if name != "hash"], ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _signed_text(at: str, entry_id: int, last_hash: str, cut: bool, before: str) -> str:
    return json.dumps([at, entry_id, last_hash, cut, before])
