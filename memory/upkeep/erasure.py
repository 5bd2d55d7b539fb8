"""Erases a person from every store with a signed receipt, and again from restored backups."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from memory.agents.short_term import ShortTerm
from memory.people.contacts import ERASED, FORGETTING, OWNED, Contacts
from memory.storage import sqlcipher
from memory.storage.database import Database, Row
from memory.storage.errors import MemoryFault, ShortTermUnavailable
from memory.storage.job_runs import JobRuns
from memory.storage.migrations import STEPS
from memory.storage.secret_keys import KeyPurpose, SecretKeys
from memory.storage.table import JSON, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import Clock, from_text, to_text

log = logging.getLogger(__name__)

SCRUBBED_WITHIN = timedelta(minutes=2)
MET_AT_PROVIDER = "their copies at the provider are deleted one by one, asked for every minute until each is gone"
LIST = "erased.txt"  # beside the backups: people that a restore must erase again
Receipt = dict[str, Any]
# What agents keep: table → the columns in which a person may be named.
AGENTS = {
    "agent_memories": ("workflow_id", "key", "value"),
    "workflow_messages": ("workflow_id", "content", "metadata"),
    "execution_records": ("workflow_id", "record"),
    "workflow_sessions": ("workflow_id", "metadata"),
    "episodes": ("workflow_id", "summary"),
}
# Keyed hashes of the numbers and ids of erased people: a backup from before is cleaned of them.
ERASED_PEOPLE = Table("erased_people", Column("digest", TEXT), Column("at", TIMESTAMP), key="digest")
RECEIPTS = Table(
    "receipts",
    Column("id", REUSED_ROW_ID),
    Column("number", TEXT, unique=True),
    Column("brand", TEXT),
    Column("at", TIMESTAMP),
    Column("receipt", JSON),
    indexes=[Index("receipts_by_brand", "brand, id")],
)
CARRIED = (ERASED_PEOPLE, ERASED, FORGETTING, RECEIPTS)  # what a restore must not undo


_LATER = "WHERE excluded.at > erased_people.at"
_REMEMBER = ERASED_PEOPLE.insert(
    ERASED_PEOPLE.columns, f"{ERASED_PEOPLE.update_on_conflict(ERASED_PEOPLE.columns)} {_LATER}"
)


class ReceiptRefused(MemoryFault):
    """The receipt is another shop's, or was altered."""


class Erasure:
    """`keys` sign receipts and key the hashes by which erased people are recognised.

    `backup_hours`: how long backups may still hold an erased person; None without backups.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        keys: SecretKeys,
        *,
        short_term: ShortTerm | None = None,
        short_term_seconds: int = 86400,
        backup_hours: float | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys
        self._short_term = short_term
        self._short_term_life = timedelta(seconds=short_term_seconds)
        self._backup_life = None if backup_hours is None else timedelta(hours=backup_hours)
        self._contacts = Contacts(db, clock)
        self._runs = JobRuns(db, clock)

    def erase(self, contact_id: int) -> Receipt:
        """Erase a person everywhere and return the receipt, which staff can read, too.

        Joins the open transaction. Raises UnknownContact.
        """
        with self._db.transaction(durable=True):
            brand, names = self._contacts.get(contact_id).brand, self._names(contact_id)
            digests = self._digests(contact_id)
            at_provider = len(self._contacts.provider_ids(contact_id))
            gone = _together(self._contacts.erase(contact_id), forget_agents(self._db, names))
            self._remember(digests, to_text(self._clock()))
            receipt = self._receipt(brand, digests, gone, at_provider)
            self._keep(receipt)
        self._forget_short_term(names)
        if not self._db.in_transaction:
            self.scrub()
        return receipt

    def erase_again(self, erased: Mapping[str, str]) -> int:
        """Erase people on this list (digest → time) who were known before that time; returns how many.

        For a restored backup. Somebody who came back later is a new person, and stays.
        """
        with self._db.transaction():
            for digest, at in erased.items():
                self._remember([digest], at)
        everybody = self._db.all("SELECT id, first_seen_at FROM contacts ORDER BY id")
        return sum(self._erase_if_listed(row["id"], row["first_seen_at"], erased) for row in everybody)

    def erased(self) -> dict[str, str]:
        """Keyed digests of erased numbers and ids → when they were erased; for a restore."""
        return {row["digest"]: row["at"] for row in self._db.all("SELECT digest, at FROM erased_people")}

    def receipts(self, brand: str, *, limit: int = 100) -> list[Receipt]:
        """Newest first."""
        rows = self._db.all(
            "SELECT receipt FROM receipts WHERE brand = :brand ORDER BY id DESC LIMIT :limit", brand=brand, limit=limit
        )
        return [json.loads(row["receipt"]) for row in rows]

    def scrub(self) -> bool:
        """Overwrite deleted rows in WAL and free pages, if somebody was erased since the last scrub.

        False where a reader was in the way; the scheduler retries within a minute.
        """
        last, done = self._db.value("SELECT max(at) FROM receipts"), self._runs.last("scrub")
        if last is None or (done is not None and to_text(done) > last):
            return True
        if not self._db.scrub((*OWNED, "contacts", *AGENTS)):
            return False
        self._runs.note("scrub")
        return True

    def forget_silent(self, brand: str, moment: datetime) -> int:
        """Delete people without sessions, last heard of before `moment`; returns how many.

        Orders stay as figures. People with an open order stay; of those who opted out, number and opt-out stay, or
        they would be written to again.
        """
        silent = self._db.all(f"SELECT c.id {_SILENT}", brand=brand, moment=to_text(moment))
        return sum(self._forget_if_silent(row["id"], brand, moment) for row in silent)

    def _forget_if_silent(self, contact_id: int, brand: str, moment: datetime) -> bool:
        # Checked again under the lock: a message may just have arrived.
        with self._db.transaction():
            for row in self._db.all("SELECT kind, value FROM identities WHERE contact_id = :id", id=contact_id):
                self._db.hold(f"identity {brand} {row['kind']} {row['value']}")
            still = self._db.one(
                f"SELECT c.opted_out_at {_SILENT} AND c.id = :id", brand=brand, moment=to_text(moment), id=contact_id
            )
            if still is None:
                return False
            if still["opted_out_at"] is None:
                self._contacts.erase(contact_id)
            else:
                self._contacts.forget_all_but_optout(contact_id)
        return True

    def _names(self, contact_id: int) -> list[str]:
        """Digits of their numbers, and their user ids."""
        rows = self._db.all("SELECT value FROM identities WHERE contact_id = :id AND kind <> 'written'", id=contact_id)
        return sorted({row["value"].removeprefix("+").replace(".", "") for row in rows})

    def _digests(self, contact_id: int) -> list[str]:
        rows = self._db.all(
            "SELECT brand, kind, value FROM identities WHERE contact_id = :id AND kind <> 'written' ORDER BY kind, value",
            id=contact_id,
        )
        return [self._keyed("erased person", f"{row['brand']} {row['kind']} {row['value']}") for row in rows]

    def _remember(self, digests: Iterable[str], at: str) -> None:
        for digest in digests:
            self._db.run(_REMEMBER, digest=digest, at=at)

    def _erase_if_listed(self, contact_id: int, first_seen_at: str, erased: Mapping[str, str]) -> bool:
        listed = [erased[digest] for digest in self._digests(contact_id) if digest in erased]
        if not listed or max(listed) < first_seen_at:
            return False
        names = self._names(contact_id)
        with self._db.transaction():
            self._contacts.erase(contact_id)
            forget_agents(self._db, names)
        return True

    def _receipt(self, brand: str, digests: Sequence[str], gone: Mapping[str, int], at_provider: int) -> Receipt:
        now = self._clock()
        orders = gone["orders without a person"]
        told = {
            "receipt": secrets.token_hex(8),
            "brand": brand,
            "person": sorted(digests),
            "erased_at": to_text(now),
            "removed": {layer: count for layer, count in gone.items() if layer != "orders without a person"},
            "remains": [*self._remains(now, at_provider, orders)],
        }
        signature = self._keys.sign(KeyPurpose.RECEIPTS, _signed_text(told)).hex()
        return told | {"signature": {"algorithm": "HMAC-SHA256", "value": signature}}

    def _remains(self, now: datetime, at_provider: int, orders: int) -> Iterable[dict[str, Any]]:
        yield _remaining("write-ahead log and free pages", now + SCRUBBED_WITHIN, "overwritten by the clock")
        yield _remaining("agents' short-term memory", now + self._short_term_life, "removed at once, or runs out")
        if self._backup_life is not None:
            yield _remaining("backups", now + self._backup_life, "erased in each of them at the next rotation")
        if at_provider:
            yield {"where": "provider", "count": at_provider, "until": None, "how": MET_AT_PROVIDER}
        if orders:
            yield {"where": "orders", "count": orders, "until": None, "how": "figures for the books, without a person"}

    def _keep(self, receipt: Receipt) -> None:
        row = RECEIPTS.stored(number=receipt["receipt"], brand=receipt["brand"], receipt=receipt)
        row["at"] = receipt["erased_at"]
        self._db.run(RECEIPTS.insert(row), **row)

    def _forget_short_term(self, names: Sequence[str]) -> None:
        # In another thread beside an open transaction, which must not wait for Redis; what cannot be reached
        # expires.
        if self._short_term is None:
            return
        if self._db.in_transaction:
            threading.Thread(target=_forget_naming, args=(self._short_term, names), name="short-term").start()
        else:
            _forget_naming(self._short_term, names)

    def _keyed(self, purpose: str, text: str) -> str:
        return _keyed(self._keys.secrets[0], purpose, text)


def _together(rows: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {table: rows.get(table, 0) + more.get(table, 0) for table in (*rows, *more)}


def forget_agents(db: Database, names: Sequence[str]) -> dict[str, int]:
    """Delete agents' entries that name these people, and workflows about one; returns rows by table.

    Numbers match with any spacing, if the country code is there.
    """
    gone = dict.fromkeys(AGENTS, 0)
    for name in names:
        about = {
            row["workflow_id"]
            for table, column in (("workflow_sessions", "metadata"), ("episodes", "summary"))
            for row in db.all(f"SELECT workflow_id FROM {table} WHERE {_names(column)}", name=f"%{name}%")
        }
        for table, columns in AGENTS.items():
            named = " OR ".join(_names(column) for column in columns)
            gone[table] += db.run(f"DELETE FROM {table} WHERE {named}", name=f"%{name}%")
            for workflow_id in about:
                gone[table] += db.run(f"DELETE FROM {table} WHERE workflow_id = :workflow", workflow=workflow_id)
    return gone


def verify(receipt: Receipt, keys: SecretKeys) -> None:
    """Raise ReceiptRefused unless this shop signed the receipt as it stands."""
    told = {name: value for name, value in receipt.items() if name != "signature"}
    signature = receipt.get("signature")
    given = signature.get("value", "") if isinstance(signature, dict) else ""
    try:
        genuine = keys.signed(KeyPurpose.RECEIPTS, _signed_text(told), bytes.fromhex(str(given)))
    except ValueError:
        genuine = False
    if not genuine:
        raise ReceiptRefused("this receipt was changed, or signed with a SECRET_KEY that is not set: it proves nothing")


def _signed_text(told: Receipt) -> str:
    return f"receipt\n{json.dumps(told, sort_keys=True)}"


def erase_in_copy(copy: Path, key: str | None, erased: Mapping[str, str], clock: Clock, keys: SecretKeys) -> int:
    """Erase the listed people from a copy that nobody has open; returns how many."""
    db = Database(copy, key=key)
    db.migrate(STEPS)
    again = Erasure(db, clock, keys).erase_again(erased)
    db.close()
    with closing(sqlcipher.connect(copy, key)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
    return again


def carry_over(old: Path, copy: Path, key: str | None) -> dict[str, str]:
    """Write the replaced database's erasures into a restored copy; returns its list of the erased.

    Logs a warning, and carries over nothing, where the replaced database is unreadable.
    """
    target = Database(copy, key=key)
    target.migrate(STEPS)
    with target.transaction():
        for table, rows in _known_of_erasures(old, key).items():
            for row in rows:
                values = {name: value for name, value in row.items() if name != "id"}
                target.run(table.insert(values, "ON CONFLICT DO NOTHING"), **values)
    carried = {row["digest"]: row["at"] for row in target.all("SELECT digest, at FROM erased_people")}
    target.close()
    return carried


def _known_of_erasures(old: Path, key: str | None) -> dict[Table, list[Row]]:
    source = Database(old, key=None if sqlcipher.is_plain(old) else key)
    try:
        there = {row["name"] for row in source.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {table: source.all(f"SELECT * FROM {table.name}") for table in CARRIED if table.name in there}
    except MemoryFault as fault:
        log.warning(
            "the replaced database is unreadable; erasures are known only from the list beside the backups: %s", fault
        )
        return {}
    finally:
        source.close()


def write_list(erased: Mapping[str, str], file: Path) -> None:
    """Write the list beside the backups, for when the database is lost."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text("".join(f"{digest} {at}\n" for digest, at in sorted(erased.items())))
    unfinished.replace(file)


def read_list(file: Path) -> dict[str, str]:
    """Empty where there is no file."""
    if not file.exists():
        return {}
    entries = [line.split() for line in file.read_text().splitlines()]
    return {entry[0]: to_text(from_text(entry[1])) for entry in entries if len(entry) == 2}


def _forget_naming(short_term: ShortTerm, names: Sequence[str]) -> None:
    try:
        short_term.forget_naming(names)
    except ShortTermUnavailable as fault:
        log.warning("short-term memory of an erased person is left to expire: %s", fault)


def _remaining(where: str, until: datetime, how: str) -> dict[str, Any]:
    return {"where": where, "until": to_text(until), "how": how}


def _names(column: str) -> str:
    """SQL: whether the column contains `:name`, ignoring separators."""
    bare = column
    for mark in (" ", "-", "(", ")", "."):
        bare = f"replace({bare}, '{mark}', '')"
    return f"{bare} LIKE :name"


def _keyed(secret: str, purpose: str, text: str) -> str:
    return hmac.new(secret.encode(), f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


_SILENT = """FROM contacts c WHERE c.brand = :brand AND c.staff = 0
    AND coalesce(c.last_interaction_at, c.first_seen_at) < :moment
    AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.contact_id = c.id)
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = c.id)
    AND NOT EXISTS (SELECT 1 FROM handovers h WHERE h.contact_id = c.id AND h.closed_at IS NULL AND h.until > :moment)
    AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = c.id
        AND (o.created_at >= :moment OR o.state IN ('paid', 'shipped')))
    AND (c.opted_out_at IS NULL OR c.name IS NOT NULL OR c.language IS NOT NULL OR c.preferred_currency IS NOT NULL
        OR EXISTS (SELECT 1 FROM facts f WHERE f.contact_id = c.id)
        OR EXISTS (SELECT 1 FROM orders o WHERE o.contact_id = c.id)
        OR EXISTS (SELECT 1 FROM touches t WHERE t.contact_id = c.id))"""
