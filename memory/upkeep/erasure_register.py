"""The register of erased people: keyed hashes by which imports and restored backups recognise them.

The keys are random and lie in the database, so that no change of SECRET_KEY makes the register forget. Where a list or
a receipt leaves the database, the keys go with it sealed under SECRET_KEY.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from memory.security.secret_keys import KeyPurpose, NotOurs, SecretKeys
from memory.storage.database import Database
from memory.storage.table import FLAG, JSON, REUSED_ROW_ID, TEXT, TIMESTAMP, Column, Index, Table
from memory.storage.timestamps import from_text, to_text

log = logging.getLogger(__name__)

LIST = "erased.txt"  # beside the backups: people that a restore must erase again
KEY, SECRET = "key", "secret"  # in the list, before a sealed key

ERASED_PEOPLE = Table("erased_people", Column("digest", TEXT), Column("at", TIMESTAMP), key="digest")
# What the digests are keyed with. `sealed`: a secret with which 0.2.0 made its digests, under today's SECRET_KEY; it
# signed tokens, too, so it is not kept in the clear. Else a random key in hexadecimal digits, the first of which is in
# use; others came with backups and receipts.
REGISTER_KEYS = Table(
    "register_keys",
    Column("id", REUSED_ROW_ID),
    Column("key", TEXT, unique=True),
    Column("sealed", FLAG),
)

RECEIPTS = Table(
    "receipts",
    Column("id", REUSED_ROW_ID),
    Column("number", TEXT, unique=True),
    Column("brand", TEXT),
    Column("at", TIMESTAMP),
    Column("receipt", JSON),
    indexes=[Index("receipts_by_brand", "brand, id")],
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Of a person: a kind (phone, user_id, …) and its value, at a brand."""

    brand: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ErasedList:
    """Erased people as a database, a list or a receipt knows them: digests, and the keys that made these."""

    erased: Mapping[str, str]  # digest → when
    keys: frozenset[bytes] = field(default=frozenset(), repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)  # that 0.2.0 used as keys

    def joined(self, other: ErasedList) -> ErasedList:
        later = {
            digest: max(self.erased.get(digest, ""), other.erased.get(digest, ""))
            for digest in (*self.erased, *other.erased)
        }
        return ErasedList(later, self.keys | other.keys, self.secrets | other.secrets)


NOBODY = ErasedList({})


def identity_of_work(contact_id: int) -> Identity:
    """Under which an agent's work for a contact is recognised in an import."""
    return Identity("", "contact", str(contact_id))


_LATER = "WHERE excluded.at > erased_people.at"
_REMEMBER = ERASED_PEOPLE.insert(
    ERASED_PEOPLE.columns, f"{ERASED_PEOPLE.update_on_conflict(ERASED_PEOPLE.columns)} {_LATER}"
)


class ErasureRegister:
    def __init__(self, db: Database, secret_keys: SecretKeys) -> None:
        self._db = db
        self._secret_keys = secret_keys

    def keep_keys(self) -> None:
        """Make a key where there is none, and seal what is sealed under the newest secret; at start, and on restore."""
        with self._db.transaction(durable=True):
            self._db.hold("register of erased people")
            if not self._db.value("SELECT count(*) FROM register_keys"):
                if self._db.value("SELECT count(*) FROM erased_people"):
                    self._seal_anew([*self._secret_keys.secrets])
                self._add(secrets.token_hex(32), sealed=False)
                return
            rows = self._db.all("SELECT key FROM register_keys WHERE sealed = 1 ORDER BY id")
            sealed = [row["key"] for row in rows]
            known = self._opened(sealed)
            newest = SecretKeys(self._secret_keys.secrets[:1])
            if sealed and (
                set(self._secret_keys.secrets) - {*known} or not all(_opens(newest, each) for each in sealed)
            ):
                # A secret set since may be the one that 0.2.0 used: an upgrade and a rotation in one step.
                self._seal_anew([*known, *self._secret_keys.secrets])

    def digests(self, people: Iterable[Identity]) -> list[str]:
        """What is remembered of these identities."""
        key = self._own_key()
        return sorted(_digest(key, person) for person in people)

    def remember(self, digests: Iterable[str], at: str) -> None:
        for digest in digests:
            self._db.run(_REMEMBER, digest=digest, at=at)

    def erased_at(self, people: Sequence[Identity]) -> str | None:
        """When somebody with one of these identities was erased last; None if never."""
        return erased_at(self.whole(), people)

    def whole(self) -> ErasedList:
        rows = self._db.all("SELECT key, sealed FROM register_keys ORDER BY id")
        return ErasedList(
            {row["digest"]: row["at"] for row in self._db.all("SELECT digest, at FROM erased_people")},
            frozenset(bytes.fromhex(row["key"]) for row in rows if not row["sealed"]),
            frozenset(self._opened([row["key"] for row in rows if row["sealed"]])),
        )

    def take_in(self, other: ErasedList) -> None:
        """Remember people erased elsewhere, and the keys to recognise them."""
        self.keep_keys()
        with self._db.transaction(durable=True):
            self._db.hold("register of erased people")
            known = self.whole()
            for key in sorted(other.keys - known.keys):
                self._add(key.hex(), sealed=False)
            if other.secrets - known.secrets:
                self._seal_anew([*sorted(known.secrets), *sorted(other.secrets)])
            for digest, at in other.erased.items():
                self.remember([digest], at)

    def sealed_key(self) -> str:
        """The key in use, for a receipt."""
        return self._secret_keys.seal(KeyPurpose.REGISTER, self._own_key())

    def _own_key(self) -> bytes:
        found = self._db.value("SELECT key FROM register_keys WHERE sealed = 0 ORDER BY id LIMIT 1")
        if found is None:
            self.keep_keys()
            return self._own_key()
        return bytes.fromhex(found)

    def _opened(self, sealed: Sequence[str]) -> list[str]:
        opened = []
        for each in sealed:
            try:
                opened.append(self._secret_keys.unseal(KeyPurpose.REGISTER, each).decode())
            except NotOurs:
                log.warning(
                    "people erased by version 0.2.0 are not recognised: add the SECRET_KEY of then, as SECRET_KEY=new,old"
                )
        return opened

    def _seal_anew(self, opened: Sequence[str]) -> None:
        # What no secret opens stays: the right one may be set again.
        for row in self._db.all("SELECT id, key FROM register_keys WHERE sealed = 1"):
            if _opens(self._secret_keys, row["key"]):
                self._db.run("DELETE FROM register_keys WHERE id = :id", id=row["id"])
        for secret in dict.fromkeys(opened):
            self._add(self._secret_keys.seal(KeyPurpose.REGISTER, secret.encode()), sealed=True)

    def _add(self, key: str, *, sealed: bool) -> None:
        row = REGISTER_KEYS.stored(key=key, sealed=sealed)
        self._db.run(REGISTER_KEYS.insert(row, "ON CONFLICT DO NOTHING"), **row)


def erased_at(known: ErasedList, people: Iterable[Identity]) -> str | None:
    """When somebody with one of these identities was erased last; None if never."""
    if not known.erased:
        return None
    keys = [*known.keys, *(secret.encode() for secret in known.secrets)]
    moments = [known.erased.get(_digest(key, person)) for person in people for key in keys]
    return max((moment for moment in moments if moment is not None), default=None)


def write_list(known: ErasedList, file: Path, secret_keys: SecretKeys) -> None:
    """Write the list beside the backups, for when the database is lost. The keys are sealed."""
    lines = [f"{KEY} {secret_keys.seal(KeyPurpose.REGISTER, key)}" for key in sorted(known.keys)]
    lines += [f"{SECRET} {secret_keys.seal(KeyPurpose.REGISTER, each.encode())}" for each in sorted(known.secrets)]
    lines += [f"{digest} {at}" for digest, at in sorted(known.erased.items())]
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text("".join(f"{line}\n" for line in lines))
    unfinished.replace(file)


def read_list(file: Path, secret_keys: SecretKeys) -> ErasedList:
    """Nobody where there is no file. A list of 0.2.0 has no keys: its digests were made with SECRET_KEY."""
    if not file.exists():
        return NOBODY
    entries = [line.split() for line in file.read_text().splitlines()]
    pairs = [(entry[0], entry[1]) for entry in entries if len(entry) == 2]
    sealed = [(name, value) for name, value in pairs if name in (KEY, SECRET)]
    erased = {name: to_text(from_text(value)) for name, value in pairs if name not in (KEY, SECRET)}
    if not sealed:
        return ErasedList(erased, secrets=frozenset(secret_keys.secrets))
    opened: dict[str, list[bytes]] = {KEY: [], SECRET: []}
    for name, value in sealed:
        try:
            opened[name].append(secret_keys.unseal(KeyPurpose.REGISTER, value))
        except NotOurs:
            log.warning("%s was written under a SECRET_KEY that is not set: add it, as SECRET_KEY=new,old", file)
    return ErasedList(erased, frozenset(opened[KEY]), frozenset(each.decode() for each in opened[SECRET]))


def _opens(secret_keys: SecretKeys, sealed: str) -> bool:
    try:
        secret_keys.unseal(KeyPurpose.REGISTER, sealed)
    except NotOurs:
        return False
    return True


def _digest(key: bytes, person: Identity) -> str:
    # As 0.2.0 made them, so that those are recognised.
    text = f"erased person\n{person.brand} {person.kind} {person.value}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
