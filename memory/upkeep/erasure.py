"""Erases a person from every store with a signed receipt, and again from restored backups."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from memory.agents.short_term import ShortTerm
from memory.audit_log.audit_trail import AUDIT_CHECKPOINTS, AUDIT_ENTRIES, BEGINNING, AuditTrail
from memory.people.address_mentions import PersonMentions
from memory.people.contacts import ERASED, FORGETTING, OWNED, Contact, Contacts
from memory.security.secret_keys import KeyPurpose, SecretKeys
from memory.storage import sqlcipher
from memory.storage.audit_event import AuditEvent, Door
from memory.storage.database import Database
from memory.storage.errors import DatabaseUnavailable, MemoryFault, ShortTermUnavailable
from memory.storage.job_runs import JobRuns
from memory.storage.migrations import STEPS
from memory.storage.timestamps import Clock, from_text, to_text
from memory.upkeep.backup import NAMES
from memory.upkeep.erasure_register import (
    ERASED_PEOPLE,
    NOBODY,
    RECEIPTS,
    REGISTER_KEYS,
    ErasedList,
    ErasureRegister,
    Identity,
    erased_at,
    identity_of_work,
)
from memory.upkeep.personal_data import Reach, columns
from memory.upkeep.text_erasure import ErasedPerson, erase_texts

log = logging.getLogger(__name__)

SCRUBBED_WITHIN = timedelta(minutes=2)
REPORTS_COME_LATE = timedelta(minutes=10)  # the provider's on an erased person's messages: deleted as they are sorted
MET_AT_PROVIDER = "their copies at the provider are deleted one by one, asked for every minute until each is gone"
BY_HAND = "delete them by hand; if they are put back, the person is erased again"
# Of the audit log: action, what it made, and what becomes of it.
COPIES = (
    ("backup", "backups made by hand", BY_HAND),
    ("export", "exports made", "delete them by hand; import refuses the person"),
    ("copy", "copies of the database made", "erase the person there, too"),
    ("graph", "graphs copied to another server", "without names and numbers; copy it again"),
)
Receipt = dict[str, Any]
CARRIED = (ERASED, FORGETTING, RECEIPTS)  # what a restore must not undo, besides the register


class ReceiptRefused(MemoryFault):
    """The receipt is another shop's, or was altered."""


class Erasure:
    """`keys` sign receipts.

    `backup_hours`: how long backups may still hold an erased person; None without backups. `backup_folder` and
    `database`: where copies lie that a receipt names; None where there are none.
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
        backup_folder: Path | None = None,
        database: Path | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys
        self.register = ErasureRegister(db, keys)
        self._short_term = short_term
        self._short_term_life = timedelta(seconds=short_term_seconds)
        self._backup_life = None if backup_hours is None else timedelta(hours=backup_hours)
        self._backup_folder = backup_folder
        self._database = database
        self._audit = AuditTrail(db, clock)
        self._contacts = Contacts(db, clock)
        self._runs = JobRuns(db, clock)

    def erase(self, contact_id: int, *, own_wish: bool = False) -> Receipt:
        """Erase a person everywhere and return the receipt, which staff can read, too.

        `own_wish`: asked for by the person in chat; else by whom the audit log names just before.

        Joins the open transaction. Raises UnknownContact.
        """
        with self._db.transaction(durable=True):
            contact = self._contacts.get(contact_id)
            brand = contact.brand
            copies = [*self._copies(contact)]
            person = ErasedPerson.of(self._db, contact_id)
            digests = self.register.digests(self._identities(contact_id))
            at_provider = len(self._contacts.provider_ids(contact_id))
            gone = self._remove(person)
            case = self.register.digests([identity_of_work(contact_id)])
            self.register.remember([*digests, *case], to_text(self._clock()))
            receipt = self._receipt(brand, digests, gone, at_provider, copies)
            self._keep(receipt)
            self._audit.append(
                AuditEvent(
                    actor=f"contact:{contact_id}" if own_wish else "program",
                    door=Door.CHAT if own_wish else Door.PROGRAM,
                    action="erased",
                    brand=brand,
                    person=contact_id,
                    subject=f"receipt {receipt['receipt']}",
                )
            )
        self._forget_short_term(person)
        if not self._db.in_transaction:
            self.scrub()
        return receipt

    def erase_again(self, more: ErasedList = NOBODY) -> int:
        """Erase people of the register, and of `more`, who were known before they were erased; returns how many.

        For a restored backup or a new machine. Somebody who came back later is a new person, and stays.
        """
        self.register.take_in(more)
        known = self.register.whole()
        if not known.erased:
            return 0
        people: dict[int, list[Identity]] = {}
        first_seen: dict[int, str] = {}
        for row in self._db.all(
            "SELECT c.id, c.first_seen_at, i.brand, i.kind, i.value FROM contacts c"
            " JOIN identities i ON i.contact_id = c.id WHERE i.kind <> 'written' ORDER BY c.id"
        ):
            people.setdefault(row["id"], []).append(Identity(row["brand"], row["kind"], row["value"]))
            first_seen[row["id"]] = row["first_seen_at"]
        listed = [each for each, own in people.items() if (erased_at(known, own) or "") >= first_seen[each]]
        for contact_id in listed:
            with self._db.transaction():
                self._remove(ErasedPerson.of(self._db, contact_id))
        return len(listed)

    def erase_again_from(self, receipts: Iterable[Receipt]) -> int:
        """Erase the people of these receipts, where the register is lost; returns how many were there.

        Raises ReceiptRefused.
        """
        return self.erase_again(erased_of(receipts, self._keys))

    def receipts(self, brand: str, *, limit: int = 100) -> list[Receipt]:
        """Newest first."""
        rows = self._db.all(
            "SELECT receipt FROM receipts WHERE brand = :brand ORDER BY id DESC LIMIT :limit", brand=brand, limit=limit
        )
        return [json.loads(row["receipt"]) for row in rows]

    def scrub(self) -> bool:
        """Overwrite deleted rows in WAL and free pages, if somebody was erased since the last scrub or just before it.

        False where a reader was in the way; the scheduler retries within a minute.
        """
        last, done = self._db.value("SELECT max(at) FROM receipts"), self._runs.last("scrub")
        if last is None or (done is not None and done > from_text(last) + REPORTS_COME_LATE):
            return True
        if not self._db.scrub((*OWNED, "contacts", *columns(Reach.FREE_TEXT))):
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

    def _remove(self, person: ErasedPerson) -> dict[str, int]:
        texts = erase_texts(self._db, person)
        rows = self._contacts.erase(person.contact_id)
        return {table: rows.get(table, 0) + texts.get(table, 0) for table in (*rows, *texts)}

    def _identities(self, contact_id: int) -> list[Identity]:
        rows = self._db.all(
            "SELECT brand, kind, value FROM identities WHERE contact_id = :id AND kind <> 'written' ORDER BY kind, value",
            id=contact_id,
        )
        return [Identity(row["brand"], row["kind"], row["value"]) for row in rows]

    def _receipt(
        self,
        brand: str,
        digests: Sequence[str],
        gone: Mapping[str, int],
        at_provider: int,
        copies: Sequence[dict[str, Any]],
    ) -> Receipt:
        now = self._clock()
        orders = gone["orders without a person"]
        told = {
            "receipt": secrets.token_hex(8),
            "brand": brand,
            "person": sorted(digests),
            "key": self.register.sealed_key(),  # of those digests, for a machine that has nothing but the receipt
            "erased_at": to_text(now),
            "removed": {layer: count for layer, count in gone.items() if layer != "orders without a person"},
            "remains": [*self._remains(now, at_provider, orders), *copies],
        }
        signature = self._keys.sign(KeyPurpose.RECEIPTS, _signed_text(told)).hex()
        return told | {"signature": {"algorithm": "HMAC-SHA256", "value": signature}}

    def _remains(self, now: datetime, at_provider: int, orders: int) -> Iterable[dict[str, Any]]:
        yield _remaining("write-ahead log and free pages", now + SCRUBBED_WITHIN, "overwritten by the clock")
        yield _remaining("agents' short-term memory", now + self._short_term_life, "removed at once, or runs out")
        if self._backup_life is not None:
            files = sorted(each.name for each in self._backup_folder.glob(NAMES)) if self._backup_folder else []
            how = "erased in each of them at the next rotation"
            yield _remaining("backups", now + self._backup_life, how) | {"files": files}
        if at_provider:
            yield {"where": "provider", "count": at_provider, "until": None, "how": MET_AT_PROVIDER}
        if orders:
            yield {"where": "orders", "count": orders, "until": None, "how": "figures for the books, without a person"}

    def _copies(self, contact: Contact) -> Iterator[dict[str, Any]]:
        """What was made of the person's data since they were first seen, and lies where erasure does not reach."""
        for action, where, how in COPIES:
            made = self._audit.search(brand=contact.brand, action=action, since=contact.first_seen_at, limit=500)
            files = sorted({entry.subject for entry in made if entry.subject})
            if made:
                yield {"where": where, "files": files, "until": None, "how": how}
        replaced = self._database.parent.glob(f"{self._database.name}.before-*") if self._database else []
        files = sorted(each.name for each in replaced)
        if files:
            yield {"where": "replaced databases", "files": files, "until": None, "how": BY_HAND}

    def _keep(self, receipt: Receipt) -> None:
        row = RECEIPTS.stored(number=receipt["receipt"], brand=receipt["brand"], receipt=receipt)
        row["at"] = receipt["erased_at"]
        self._db.run(RECEIPTS.insert(row), **row)

    def _forget_short_term(self, person: ErasedPerson) -> None:
        # In another thread beside an open transaction, which must not wait for Redis; what cannot be reached
        # expires.
        if self._short_term is None:
            return
        if self._db.in_transaction:
            threading.Thread(target=_forget_naming, args=(self._short_term, person.mentions), name="short-term").start()
        else:
            _forget_naming(self._short_term, person.mentions)


def _carry_audit_log(source: Database, target: Database) -> None:
    """What was written since the backup goes on in the restored copy, if its chain is the same."""
    with target.transaction():
        last = target.one("SELECT id, hash FROM audit_entries ORDER BY id DESC LIMIT 1") or {"id": 0, "hash": BEGINNING}
        joint = source.value("SELECT previous FROM audit_entries WHERE id = :next", next=last["id"] + 1)
        cut = source.value("SELECT max(entry_id) FROM audit_checkpoints WHERE cut = 1") or 0
        if joint != last["hash"] and cut <= last["id"]:
            return  # nothing since, or another chain
        for table in (AUDIT_CHECKPOINTS, AUDIT_ENTRIES):
            known = target.value(f"SELECT max(id) FROM {table.name}") or 0
            for row in source.all(f"SELECT * FROM {table.name} WHERE id > :known ORDER BY id", known=known):
                target.run(table.insert(row), **row)
        target.run("DELETE FROM audit_entries WHERE id <= :cut", cut=cut)


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


def erased_of(receipts: Iterable[Receipt], keys: SecretKeys) -> ErasedList:
    """The people of these receipts. Raises ReceiptRefused."""
    whole = NOBODY
    for receipt in receipts:
        verify(receipt, keys)
        erased = {digest: str(receipt["erased_at"]) for digest in receipt["person"]}
        if "key" in receipt:
            whole = whole.joined(ErasedList(erased, frozenset([keys.unseal(KeyPurpose.REGISTER, receipt["key"])])))
        else:  # version 0.2.0 made the digests with the secret itself
            whole = whole.joined(ErasedList(erased, secrets=frozenset(keys.secrets)))
    return whole


def erase_in_copy(copy: Path, key: str | None, erased: ErasedList, clock: Clock, keys: SecretKeys) -> int:
    """Erase the listed people from a copy that nobody has open; returns how many."""
    db = Database(copy, key=key)
    db.migrate(STEPS)
    again = Erasure(db, clock, keys).erase_again(erased)
    db.close()
    one_file(copy, key)
    return again


def one_file(copy: Path, key: str | None) -> None:
    """Leave nothing beside a closed file."""
    with closing(sqlcipher.connect(copy, key)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def carry_over(old: Path, copy: Path, key: str | None, keys: SecretKeys) -> ErasedList:
    """Write the replaced database's receipts into a restored copy; returns whom it knows to be erased.

    Logs a warning, and carries over nothing, where the replaced database is unreadable.
    """
    source = Database(old, key=None if sqlcipher.is_plain(old) else key)
    target = Database(copy, key=key)
    target.migrate(STEPS)
    try:
        there = {row["name"] for row in source.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
        with target.transaction():
            for table in CARRIED:
                for row in source.all(f"SELECT * FROM {table.name}") if table.name in there else []:
                    values = {name: value for name, value in row.items() if name != "id"}
                    target.run(table.insert(values, "ON CONFLICT DO NOTHING"), **values)
        if AUDIT_ENTRIES.name in there:
            _carry_audit_log(source, target)
        if REGISTER_KEYS.name in there:
            return ErasureRegister(source, keys).whole()
        erased = source.all("SELECT digest, at FROM erased_people") if ERASED_PEOPLE.name in there else []
        return ErasedList({row["digest"]: row["at"] for row in erased}, secrets=frozenset(keys.secrets))
    except DatabaseUnavailable as fault:
        log.warning(
            "the replaced database is unreadable; erasures are known only from the list beside the backups: %s", fault
        )
        return NOBODY
    finally:
        source.close()
        target.close()


def _forget_naming(short_term: ShortTerm, person: PersonMentions) -> None:
    try:
        short_term.forget_naming(person)
    except ShortTermUnavailable as fault:
        log.warning("short-term memory of an erased person is left to expire: %s", fault)


def _remaining(where: str, until: datetime, how: str) -> dict[str, Any]:
    return {"where": where, "until": to_text(until), "how": how}


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
