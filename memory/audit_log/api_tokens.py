"""The API's bearer tokens: which were issued until when, and which were taken back. The tokens themselves are not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.storage.database import Database
from memory.storage.errors import MemoryFault
from memory.storage.table import TEXT, TIMESTAMP, Column, Table
from memory.storage.timestamps import Clock, to_text


class UnknownToken(MemoryFault):
    pass


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: str
    role: str
    brand: str | None  # None: every brand
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


API_TOKENS = Table(
    "api_tokens",
    Column("id", TEXT),
    Column("role", TEXT),
    Column("brand", TEXT, null=True),
    Column("issued_at", TIMESTAMP),
    Column("expires_at", TIMESTAMP),
    Column("revoked_at", TIMESTAMP, null=True),
    key="id",
)
API_TOKEN = API_TOKENS.rows(ApiToken)


class ApiTokens:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def keep(self, token: ApiToken) -> None:
        """Also forgets those that have run out."""
        row = API_TOKEN.values(token)
        with self._db.transaction(durable=True):
            self._db.run("DELETE FROM api_tokens WHERE expires_at < :now", now=to_text(self._clock()))
            self._db.run(API_TOKENS.insert(row), **row)

    def revoke(self, token: ApiToken) -> None:
        """From the next request on, in every process. Again changes nothing."""
        row = API_TOKEN.values(token) | {"revoked_at": to_text(self._clock())}
        taken_back = API_TOKENS.update_on_conflict(
            ["revoked_at"], revoked_at="coalesce(api_tokens.revoked_at, excluded.revoked_at)"
        )
        with self._db.transaction(durable=True):
            self._db.run(API_TOKENS.insert(row, taken_back), **row)

    def is_revoked(self, token_id: str) -> bool:
        found = self._db.tuples("SELECT 1 FROM api_tokens WHERE id = :id AND revoked_at IS NOT NULL", id=token_id)
        return bool(found)

    def get(self, token_id: str) -> ApiToken:
        """Raises UnknownToken."""
        found = API_TOKEN.one(self._db, f"SELECT {API_TOKEN.columns} FROM api_tokens WHERE id = :id", id=token_id)
        if found is None:
            raise UnknownToken("no token has this id; flask --app app token --list shows them")
        return found

    def listed(self) -> Sequence[ApiToken]:
        """Those that have not run out, the newest first."""
        return API_TOKEN.all(
            self._db,
            f"SELECT {API_TOKEN.columns} FROM api_tokens WHERE expires_at >= :now ORDER BY issued_at DESC, id",
            now=to_text(self._clock()),
        )
